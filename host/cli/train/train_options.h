/* The options of windrow train. */
#ifndef WR_CLI_TRAIN_OPTIONS_H
#define WR_CLI_TRAIN_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/cpu_options.h"
#include "cli/groups/data_options.h"
#include "cli/groups/rule_options.h"

struct train_options {
    struct data_options data;
    struct option_size window, hidden;
    struct option_text init; /* a word, or a file */
    struct option_size models, seed, epochs, updates;
    struct option_real lr, clip;
    struct option_size batch;
    struct option_real validate, hold_out;
    struct option_size validate_every, patience;
    struct rule_options rule;
    struct option_text device;
    struct option_choice schedule;
    struct cpu_options cpu;
    struct option_size log_every;
    struct option_text save, history;
    struct option_flag json, quiet;
    struct config_options config;
};
extern const struct command train_usage;

wr_status train_command(const struct train_options *options, struct wr_error *error);

#endif
