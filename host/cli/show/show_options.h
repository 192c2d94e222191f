/* The options of windrow show. */
#ifndef WR_CLI_SHOW_OPTIONS_H
#define WR_CLI_SHOW_OPTIONS_H

#include "cli/groups/config_options.h"

struct show_options {
    struct option_operand study;
    struct option_choice by; /* enum field */
    struct option_size best;
    struct option_flag csv, json;
    struct config_options config;
};
extern const struct command show_usage;

wr_status show_command(const struct show_options *options, struct wr_error *error);

#endif
