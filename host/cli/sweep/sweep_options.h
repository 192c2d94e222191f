/* The options of windrow sweep. */
#ifndef WR_CLI_SWEEP_OPTIONS_H
#define WR_CLI_SWEEP_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/data_options.h"
#include "model/choices.h"

/* What the trials differ in. */
#define GRID_REAL                        struct option_reals
#define GRID_WHOLE                       struct option_sizes
#define GRID_FIELD(ID, field, type, ...) GRID_##type field;
struct grid_options {
    struct option_sizes hidden, window, batch;
    struct option_choices init;
    struct option_reals lr, clip;
    struct option_sizes seeds;
    struct option_choices optimizer;
    WR_OPTIMIZER_NUMBERS(GRID_FIELD)
    WR_WEIGHT_NUMBERS(GRID_FIELD)
    struct option_choices clip_by, lr_decay, order;
    WR_ORDER_NUMBERS(GRID_FIELD)
    struct option_choices activation, bias;
};
extern const struct option_group grid_group;

struct sweep_options {
    struct data_options data;
    struct grid_options grid;
    struct option_size sample, sample_seed, halving, rungs, bracket;
    struct option_real budget;
    struct option_size epochs;
    struct option_real validate;
    struct option_size validate_every, patience;
    struct option_choice loss;
    struct option_real huber_delta, tau;
    struct option_text device;
    struct option_choice schedule;
    struct option_size threads;
    struct option_text store;
    struct option_flag fresh;
    struct option_text shard, known, keep;
    struct option_size curve;
    struct option_real checkpoint;
    struct option_choice journal;
    struct config_options config;
    struct option_flag dry_run, json, quiet;
};
extern const struct command sweep_usage;

wr_status sweep_command(const struct sweep_options *options, struct wr_error *error);

#endif
