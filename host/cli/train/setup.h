/* What `windrow train` trains: windows, models and their start values. */
#ifndef WR_CLI_SETUP_H
#define WR_CLI_SETUP_H

#include "base/pool.h"
#include "cli/model/model_file.h"
#include "cli/train/train_options.h"
#include "windrow/session.h"
#include "windrow/windows.h"

/* Start with {0}. Call setup_release after a failure too. */
struct setup {
    struct data data;
    struct wr_windows *windows;
    struct wr_windows_view view;
    size_t trained, held;   /* numbers of windows: the first ones train, the next ones validate */
    size_t left;            /* of --hold-out: windows behind those that train, which are not used */
    size_t every, patience; /* of the validation; 0 without it */
    struct wr_stack stack;
    struct wr_layout layout;
    struct wr_rule rule;
    size_t epochs, updates; /* epochs of the run; updates of a model in an epoch */
    size_t epoch_visits;    /* windows that a model visits in an epoch */
    float *loss_weights;    /* (O) with mae: make its losses in the units of the series */
    uint32_t seed;          /* seed of the first model */
    struct model_file init; /* of --init FILE: one model for all, or one for each; else {0} */
    struct wr_pool pool;    /* holds the parameters and the arrays below */
    struct wr_task *tasks;  /* (M) */
    size_t *held_first, *held_count; /* (M) of the validation; NULL without it */
};

/* The options that a file of models may set. */
struct model_choices setup_choices(struct train_options *options);
/* Reads --init FILE, if it is given, and applies its metadata to options. */
wr_status setup_init(struct setup *setup, struct train_options *options, struct wr_error *error);
/* Reads series, columns, windows and rule, and sets the epochs and the shape of the models. */
wr_status setup_shape(struct setup *setup, const struct train_options *options,
                      struct wr_error *error);
/* Sets start values and hyperparameters. Allocates what grows with the number of models. */
wr_status setup_models(struct setup *setup, const struct train_options *options,
                       struct wr_error *error);
void setup_release(struct setup *setup);

/* Saves the models. The metadata say how they were trained, and on what. */
wr_status setup_save(const struct setup *setup, const struct train_options *options,
                     struct wr_error *error);

#endif
