/* What `windrow train` trains: the windows, the models and their start values. */
#ifndef WR_CLI_SETUP_H
#define WR_CLI_SETUP_H

#include "cli/data.h"
#include "cli/init_file.h"
#include "cli/rule.h"
#include "windrow/windows.h"

/* Start with {0}; setup_release after any failure too. */
struct setup {
    struct data data;
    struct wr_windows *windows;
    struct wr_windows_view view;
    size_t trained, held;   /* windows: the first ones train, those behind them validate */
    size_t every, patience; /* of the validation; 0 without */
    struct wr_shape shape;
    struct wr_layout layout;
    size_t models;
    struct wr_rule rule;
    size_t epochs, updates; /* of each model in the run; in an epoch */
    size_t epoch_visits;    /* windows that an epoch of a model visits */
    float *loss_weights;    /* (O) with mae, so that its losses are in the units of the series */
    uint32_t seed;          /* of the first model */
    struct init_file init;  /* of --init FILE: one model for all, or a stack of all; else {0} */
    float *parameters;      /* (M, P) */
    float *lr, *clip;       /* (M) */
    uint32_t *seeds;        /* (M) */
    size_t *visits;         /* (M) of epoch_visits */
    size_t *each_trained, *each_held; /* (M) of trained, held; NULL without validation */
};

/* Reads --init FILE, if there is one: what it says of its models becomes the value of options. */
wr_status setup_init(struct setup *setup, struct option_value *options, struct wr_error *error);
/* Series, columns, windows, the rule, the epochs and the shape of the models. */
wr_status setup_shape(struct setup *setup, const struct option_value *options,
                      struct wr_error *error);
/* Start values and hyperparameters: allocates what grows with the number of models. */
wr_status setup_models(struct setup *setup, const struct option_value *options,
                       struct wr_error *error);
void setup_release(struct setup *setup);

/* Saves parameters (M, P) with metadata that says what they were trained on, and how. */
wr_status setup_save(const struct setup *setup, const struct option_value *options,
                     const float *parameters, struct wr_error *error);

#endif
