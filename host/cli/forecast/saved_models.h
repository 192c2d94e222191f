/* forecast --model with files by windrow train, windrow export or PyTorch: models of one step,
 * whose prediction of the next row is fed back. */
#ifndef WR_CLI_SAVED_MODELS_H
#define WR_CLI_SAVED_MODELS_H

#include "cli/forecast/forecast_options.h"
#include "cli/model/model_file.h"

/* Where an input of the models comes from. */
struct saved_input {
    enum {
        SAVED_TARGET,
        SAVED_PAST,
        SAVED_FUTURE
    } source;         /* values, past or future of the panel */
    size_t covariate; /* its number there, of the latter two */
    size_t fed;       /* the target whose predictions it is beyond the last value; SIZE_MAX: none */
};

/* The models of the files of --model. Start with {0}. Call saved_models_release after a failure
 * too.
 */
struct saved_models {
    size_t count;
    struct model_file *files;       /* (count) with seq_len */
    enum wr_activation *activation; /* (count) */
    size_t models;                  /* of all files together */
    struct items inputs, targets;   /* names of columns; empty where no file tells them */
    struct saved_input *from;       /* (I) */
    size_t horizon, outputs;        /* O */
    size_t series;                  /* S of the panel */
    double *paths; /* (models, S, horizon, O) in the units of the file; NaN: not finite */
    size_t broken,
        *files_broken; /* models that have such predictions: all, and (count) of a file */
};

/* *found: the file holds models and no fit of windrow forecast. False also for a file that cannot
 * be read twice, or at all. WR_ERR_MEMORY. */
wr_status saved_models_find(const char *path, bool *found, struct wr_error *error);
/* Reads the files. WR_ERR_DATA names two files whose columns differ, and one that does not tell its
 * window. */
wr_status saved_models_load(const struct items *paths, const struct recipe_options *options,
                            struct saved_models *saved, struct wr_error *error);
/* Reads the panel, with the columns that the models know. WR_ERR_DATA if a series is too short for
 * a window, has a gap in its last one, or if a covariate is not known far enough ahead. */
wr_status saved_models_panel(struct saved_models *saved, const struct panel_options *options,
                             struct wr_panel **panel, struct wr_error *error);
/* The value of an input in a row of a series; NaN at a gap, and where it is not known. */
double saved_models_value(const struct saved_models *saved, const struct wr_panel *panel,
                          size_t series, size_t input, size_t row);
/* Forecasts each series by each model: fills in paths. */
wr_status saved_models_forecast(struct saved_models *saved, const struct wr_panel *panel,
                                struct wr_device *device, struct wr_error *error);
/* points (S, O, horizon): the mean or the median of the models whose predictions are finite, else
 * NaN. */
wr_status saved_models_combine(const struct saved_models *saved, enum wr_combine combine,
                               double *points, struct wr_error *error);
void saved_models_release(struct saved_models *saved);

#endif
