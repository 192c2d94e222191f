/* The options of windrow version. */
#ifndef WR_CLI_VERSION_OPTIONS_H
#define WR_CLI_VERSION_OPTIONS_H

#include "cli/groups/config_options.h"

struct version_options {
    struct option_flag json;
    struct config_options config;
};
extern const struct command version_usage;

wr_status version_command(const struct version_options *options, struct wr_error *error);
/* Prints the line of windrow --version. */
void version_print(void);

#endif
