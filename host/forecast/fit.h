/* A fit from the inside. Parameters do not depend on a model's window, so the models of all series,
 * fitted with whatever window, make one stack. */
#ifndef WR_FIT_H
#define WR_FIT_H

#include <jansson.h>

#include "base/arithmetic.h"
#include "forecast/prepare.h"
#include "windrow/forecast.h"
#include "windrow/model.h"

#define WR_NAIVE SIZE_MAX

struct fitted {
    char *id;
    size_t window;            /* T: the recipe's, or a shorter one; 0: seasonal naive */
    size_t models;            /* its first model in the stack, or WR_NAIVE */
    size_t length;            /* values that it was fitted from */
    char last[WR_STAMP_SIZE]; /* the last one's time stamp */
    struct wr_scales scales;  /* not of naive ones */
};

/* Errors of a fit on less, on what it had not seen, over the spread of the series. */
struct calibration {
    size_t origins;  /* of the series that has most; 0: not calibrated */
    double *spreads; /* (series) wr_spread of the values that were fitted */
    size_t *counts;  /* (series) origins of each; 0: it is too short */
    size_t *first;   /* (series) its first among the errors */
    float *errors;   /* (origins of all series, horizon): truth less forecast; NaN at a gap */
};

struct wr_fit {
    char *path; /* of the file that it was read from, or NULL */
    struct wr_recipe recipe;
    char *covariates;        /* wr_panel_covariates of the panel that was fitted */
    char *freq, *tz;         /* wr_panel_freq and wr_panel_tz of it, or "" */
    struct wr_shape shape;   /* seq_len is the recipe's window */
    size_t count;            /* series */
    struct fitted *series;   /* (count) in the panel's order */
    size_t *by_id;           /* (count) indices of series, sorted by id */
    size_t models;           /* (series that are not naive) * seeds */
    float *parameters;       /* (models, P) */
    unsigned char *diverged; /* (models) */
    struct calibration calibration;
    bool uncalibrated; /* read from a file of 0.1, whose intervals were wrong for short series */
    struct wr_fit_report report;
};

/* The values of a series that count: `until` may be NULL for all. */
static inline size_t wr_until(const struct wr_panel *panel, const size_t *until, size_t series) {
    return until != NULL ? until[series] : wr_panel_length(panel, series);
}

/* fit.c */
size_t wr_fit_parameters(const struct wr_fit *fit); /* P */
/* Sorts by_id. */
wr_status wr_fit_index(struct wr_fit *fit, struct wr_error *error);
/* NULL: no such series. */
const struct fitted *wr_fit_find(const struct wr_fit *fit, const char *id);

/* chunk.c: trains series which[0 .. count-1], all of one window, and writes their models into the
 * stack. on_event's context: how much of the whole this is. */
struct wr_chunk {
    struct wr_device *device;
    const struct wr_panel *panel;
    const size_t *until; /* or NULL */
    struct wr_fit *fit;
    const size_t *which;
    size_t count;
    wr_status (*on_fraction)(void *context, double fraction);
    void *context;
    const volatile sig_atomic_t *stop;
};
wr_status wr_chunk_train(const struct wr_chunk *chunk, struct wr_error *error);
/* How many of the series that `which` names make one chunk: 1 to `most`, all with the window of the
 * first. */
size_t wr_chunk_size(const struct wr_device *device, const struct wr_fit *fit,
                     const struct wr_panel *panel, const size_t *until, const size_t *which,
                     size_t most);

/* parts.c: chunks that are done, in a folder. */
#define WR_PART_ENDING ".windrow-part" /* of their files */
struct wr_parts {
    const char *folder; /* NULL: none is kept */
    uint64_t key;       /* of the fit */
};
/* Makes the folder; reads what is done into the fit; done[s] (series) tells which. */
wr_status wr_parts_open(struct wr_parts *parts, const struct wr_panel *panel, const size_t *until,
                        struct wr_fit *fit, const char *folder, unsigned char *done,
                        struct wr_error *error);
wr_status wr_parts_add(struct wr_parts *parts, const struct wr_fit *fit, const size_t *which,
                       size_t count, struct wr_error *error);

/* score.c: MAE of seasonal naive, one step ahead, within the values; NaN if none has one before it.
 */
double wr_insample_error(const double *values, size_t length, size_t season);

/* fit.c: wr_fit, inside of it, of a checked recipe. `like` (or NULL: none) is a fit of later
 * values, which this one stands for: its windows are no longer, and need not end with the last
 * value. */
wr_status wr_fit_like(struct wr_device *device, const struct wr_panel *panel,
                      const struct wr_recipe *recipe, const size_t *until,
                      const struct wr_fit_options *options, const struct wr_fit *like,
                      struct wr_fit **fit, struct wr_error *error);

/* calibrate.c */
/* Fits on less and fills in the calibration. */
wr_status wr_fit_calibrate(struct wr_device *device, const struct wr_panel *panel,
                           const size_t *until, const struct wr_fit_options *options,
                           struct wr_fit *fit, struct wr_error *error);

/* fit.c: the same options, whose on_event is called in its caller's arithmetic. *outside lives as
 * long as they do. */
struct wr_fit_outside {
    const struct wr_fit_options *options;
    const fenv_t *callers;
};
struct wr_fit_options wr_fit_inside(struct wr_fit_outside *outside);

/* Sets `first`, and makes room for the errors and spreads, once `counts` are known. */
wr_status wr_calibration_room(struct calibration *calibration, size_t series, size_t horizon,
                              struct wr_error *error);

/* interval.c: whether series s has intervals, and they are those of all series, since it has no
 * errors: it is too short, or nothing was observed of what was held out. */
bool wr_borrows(const struct wr_fit *fit, size_t s);

/* predict.c: wr_fit_forecast, but NaN where a window to forecast from touches a gap; on a device
 * that was opened as "cpu". */
wr_status wr_fit_forecast_known(struct wr_device *cpu, const struct wr_fit *fit,
                                const struct wr_panel *panel, const size_t *until, double *points,
                                struct wr_error *error);

/* file.c: the hash that a fit's file holds of itself, of its metadata's text and of its models. */
#define WR_FIT_HASH_KEY "windrow_fit_hash"
void wr_fit_hash(const char *text, const struct wr_shape *shape, size_t models,
                 const float *parameters, char hash[17]);

/* recipe_json.c: every field of a recipe but its rule's decay_epochs. */
json_t *wr_recipe_to_json(const struct wr_recipe *recipe);
/* WR_ERR_DATA names what is missing or of another kind; path for messages. */
wr_status wr_recipe_from_json(const json_t *json, const char *path, struct wr_recipe *recipe,
                              struct wr_error *error);

#endif
