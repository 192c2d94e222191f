/* The internals of a fit. The shape of a model's parameters does not depend on its window, so the
 * models of all series form one stack, whatever their windows. */
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
    size_t first_model;       /* index of its first model in the stack, or WR_NAIVE */
    size_t length;            /* number of values that it was fitted from */
    char last[WR_STAMP_SIZE]; /* time stamp of the last of these values */
    struct wr_scales scales;
};

/* Errors of the calibration fit, which sees only the first values of each series, on the values
 * that it has not seen. They are divided by the spread of their series. */
struct calibration {
    size_t origins;  /* of the series that has most of them; 0: not calibrated */
    double *spreads; /* (series) wr_spread of the values that were fitted */
    size_t *counts;  /* (series) number of origins; 0: the series is too short */
    size_t *first;   /* (series) index of its first origin among all errors */
    float *errors;   /* (origins of all series, horizon): observed minus forecast; NaN at a gap */
};

struct wr_fit {
    char *path; /* of the file that it was read from, or NULL */
    struct wr_recipe recipe;
    char *covariates;        /* wr_panel_covariates of the panel that was fitted */
    char *freq, *tz;         /* wr_panel_freq and wr_panel_tz of it, or "" */
    size_t count;            /* series */
    struct fitted *series;   /* (count) in the panel's order */
    size_t *by_id;           /* (count) indices of series, sorted by id */
    struct wr_stack stack;   /* seeds models of each series that is not naive; its seq_len is the
                                recipe's window */
    unsigned char *diverged; /* (models) */
    struct calibration calibration;
    bool uncalibrated; /* from a file of Windrow 0.1: its intervals were wrong for short series */
    struct wr_fit_report report;
};

/* The number of values of a series that are used: until[series], or all if `until` is NULL. */
static inline size_t wr_used_length(const struct wr_panel *panel, const size_t *until,
                                    size_t series) {
    return until != NULL ? until[series] : wr_panel_length(panel, series);
}

/* WR_ERR_USAGE if until (series of the panel, or NULL) counts more values than a series has. */
wr_status wr_check_until(const struct wr_panel *panel, const size_t *until, struct wr_error *error);

/* fit.c */
size_t wr_fit_parameters(const struct wr_fit *fit); /* P */
/* Makes by_id. */
wr_status wr_fit_index(struct wr_fit *fit, struct wr_error *error);
/* Returns NULL if there is no such series. */
const struct fitted *wr_fit_find(const struct wr_fit *fit, const char *id);

/* chunk.c: trains the series which[0 .. count-1], which all have one window, and writes their
 * models into the stack. on_fraction is told which fraction of the chunk is done. */
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
/* How many of the series that `which` names, in their order, form one chunk: 1 to `most`, all with
 * the window of the first. */
size_t wr_chunk_size(const struct wr_device *device, const struct wr_fit *fit,
                     const struct wr_panel *panel, const size_t *until, const size_t *which,
                     size_t most);

/* parts.c: keeps the chunks that are done in a folder. */
#define WR_PART_ENDING ".windrow-part" /* ending of the files' names */
struct wr_parts {
    const char *folder; /* NULL: nothing is kept */
    uint64_t key;       /* of the fit */
};
/* Makes the folder and reads the chunks that are done into the fit. Sets done[s] (series) to 1 for
 * their series. */
wr_status wr_parts_open(struct wr_parts *parts, const struct wr_panel *panel, const size_t *until,
                        struct wr_fit *fit, const char *folder, unsigned char *done,
                        struct wr_error *error);
wr_status wr_parts_add(struct wr_parts *parts, const struct wr_fit *fit, const size_t *which,
                       size_t count, struct wr_error *error);

/* score.c: the MAE of seasonal naive within the values, each forecast from the value a season
 * before. NaN if no such pair of values is known. */
double wr_insample_error(const double *values, size_t length, size_t season);

/* fit.c: wr_fit for a recipe that has been checked. If `full` is not NULL, this is the calibration
 * fit of `full`, a fit on later values too: its windows are no longer than those of `full`, and
 * need not end with the last value. */
wr_status wr_fit_checked(struct wr_device *device, const struct wr_panel *panel,
                         const struct wr_recipe *recipe, const size_t *until,
                         const struct wr_fit_options *options, const struct wr_fit *full,
                         struct wr_fit **fit, struct wr_error *error);

/* calibrate.c */
/* Makes the calibration fit and fills in the calibration of `fit`. */
wr_status wr_fit_calibrate(struct wr_device *device, const struct wr_panel *panel,
                           const size_t *until, const struct wr_fit_options *options,
                           struct wr_fit *fit, struct wr_error *error);

/* Fits that run one after the other. Events tell the progress of all of them together. */
struct wr_fit_sequence {
    const struct wr_fit_options *options; /* the caller's */
    size_t index, count;                  /* the fit that runs now, and the number of fits */
    double began;                         /* wr_seconds */
};
/* The options of fit number sequence->index. */
struct wr_fit_options wr_fit_sequence_options(struct wr_fit_sequence *sequence);

/* fit.c: the caller's options, with an on_event that is called in the caller's floating-point
 * environment. *caller must live as long as the result. */
struct wr_fit_caller {
    const struct wr_fit_options *options;
    const fenv_t *callers;
};
struct wr_fit_options wr_fit_caller_options(struct wr_fit_caller *caller);

/* Sets `first` and allocates the errors and spreads. `counts` must be known. */
wr_status wr_calibration_room(struct calibration *calibration, size_t series, size_t horizon,
                              struct wr_error *error);

/* interval.c: whether series s takes its intervals from the errors of all series, since it has none
 * of its own: it is too short, or none of its held-out values was observed. */
bool wr_borrows(const struct wr_fit *fit, size_t s);

/* fit_forecast.c: wr_fit_forecast on a device that was opened as "cpu". If a window to forecast
 * from touches a gap, the forecast is NaN and no error. */
wr_status wr_fit_forecast_with_gaps(struct wr_device *cpu, const struct wr_fit *fit,
                                    const struct wr_panel *panel, const size_t *until,
                                    double *points, struct wr_error *error);

/* fit_file.c: the hash of a text, the metadata of a file, and of the file's models. */
#define WR_FIT_HASH_KEY "windrow_fit_hash"
void wr_fit_hash(const char *text, const struct wr_stack *stack, char hash[17]);
/* Compares `hash` with the one that the metadata of a file have under `key`. Returns WR_ERR_DATA,
 * with "PATH: FLAW", if they differ, or if the file has none and `required` is true. */
wr_status wr_fit_check_hash(const char *path, const char *key, const char *hash, bool required,
                            const char *flaw, struct wr_error *error);

/* recipe_json.c: all fields of a recipe except its rule's decay_epochs. */
json_t *wr_recipe_to_json(const struct wr_recipe *recipe);
/* WR_ERR_DATA names the field that is missing or of another kind. `path` is for messages. */
wr_status wr_recipe_from_json(const json_t *json, const char *path, struct wr_recipe *recipe,
                              struct wr_error *error);

#endif
