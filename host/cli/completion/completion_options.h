/* The options of windrow completion. */
#ifndef WR_CLI_COMPLETION_OPTIONS_H
#define WR_CLI_COMPLETION_OPTIONS_H

#include "cli/options/options.h"

struct completion_options {
    struct option_operand shell;
};
extern const struct command completion_usage;

wr_status completion_command(const struct completion_options *options, struct wr_error *error);

#endif
