/* The options of windrow sweep. */
#ifndef WR_CLI_SWEEP_OPTIONS_H
#define WR_CLI_SWEEP_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/data_options.h"

/* What the trials differ in. */
struct grid_options {
    struct option_sizes hidden, window, batch;
    struct option_choices init;
    struct option_reals lr, clip;
    struct option_sizes seeds;
};
extern const struct option_group grid_group;

struct sweep_options {
    struct data_options data;
    struct grid_options grid;
    struct option_size epochs;
    struct option_real validate;
    struct option_text device;
    struct option_choice schedule;
    struct option_size threads;
    struct option_text store;
    struct option_flag fresh;
    struct option_text shard, keep;
    struct option_size curve;
    struct option_real checkpoint;
    struct option_choice journal;
    struct config_options config;
    struct option_flag dry_run, json, quiet;
};
extern const struct command sweep_usage;

wr_status sweep_command(const struct sweep_options *options, struct wr_error *error);

#endif
