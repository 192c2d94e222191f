/* The options of windrow status. */
#ifndef WR_CLI_STATUS_OPTIONS_H
#define WR_CLI_STATUS_OPTIONS_H

#include "cli/groups/config_options.h"

struct status_options {
    struct option_operand study;
    struct option_flag json;
    struct config_options config;
};
extern const struct command status_usage;

wr_status status_command(const struct status_options *options, struct wr_error *error);

#endif
