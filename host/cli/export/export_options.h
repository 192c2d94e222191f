/* The options of windrow export. */
#ifndef WR_CLI_EXPORT_OPTIONS_H
#define WR_CLI_EXPORT_OPTIONS_H

#include "cli/groups/config_options.h"

struct export_options {
    struct option_operand study;
    struct option_size trial, best, hidden;
    struct option_choice by; /* enum field */
    struct option_text save;
    struct config_options config;
};
extern const struct command export_usage;

wr_status export_command(const struct export_options *options, struct wr_error *error);

#endif
