/* The options of windrow verify. */
#ifndef WR_CLI_VERIFY_OPTIONS_H
#define WR_CLI_VERIFY_OPTIONS_H

#include "cli/groups/config_options.h"

struct verify_options {
    struct option_text device;
    struct option_flag json, quiet;
    struct config_options config;
};
extern const struct command verify_usage;

wr_status verify_command(const struct verify_options *options, struct wr_error *error);

#endif
