/* The options of windrow devices. */
#ifndef WR_CLI_DEVICES_OPTIONS_H
#define WR_CLI_DEVICES_OPTIONS_H

#include "cli/groups/config_options.h"

struct devices_options {
    struct option_flag json;
    struct config_options config;
};
extern const struct command devices_usage;

wr_status devices_command(const struct devices_options *options, struct wr_error *error);

#endif
