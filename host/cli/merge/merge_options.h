/* The options of windrow merge. */
#ifndef WR_CLI_MERGE_OPTIONS_H
#define WR_CLI_MERGE_OPTIONS_H

#include "cli/groups/config_options.h"

struct merge_options {
    struct option_operand study;
    struct option_operands stores;
    struct option_text keep;
    struct option_choice journal;
    struct option_flag json, quiet;
    struct config_options config;
};
extern const struct command merge_usage;

wr_status merge_command(const struct merge_options *options, struct wr_error *error);

#endif
