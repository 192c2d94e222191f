/* The options of windrow report. */
#ifndef WR_CLI_REPORT_OPTIONS_H
#define WR_CLI_REPORT_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/panel_options.h"

struct report_options {
    struct option_operand file;
    struct option_text html;
    struct option_size best;
    struct panel_options panel; /* of a fit */
    struct config_options config;
};
extern const struct command report_usage;

wr_status report_command(const struct report_options *options, struct wr_error *error);

#endif
