/* The file of options, which every command takes. */
#ifndef WR_CLI_CONFIG_OPTIONS_H
#define WR_CLI_CONFIG_OPTIONS_H

#include "cli/options/options.h"

struct config_options {
    struct option_config file;
};
extern const struct option_group config_group;

#endif
