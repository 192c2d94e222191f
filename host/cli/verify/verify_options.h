/* The options of windrow verify. */
#ifndef WR_CLI_VERIFY_OPTIONS_H
#define WR_CLI_VERIFY_OPTIONS_H

#include "cli/options/options.h"

struct verify_options {
    struct option_text device;
    struct option_flag json, quiet;
};
extern const struct command verify_usage;

wr_status verify_command(const struct verify_options *options, struct wr_error *error);

#endif
