/* From a series to the windows that a model sees, and from its outputs back to values: the seven
 * steps of struct wr_recipe.
 *
 * Fitting: wr_scales_make, then wr_prepared_make and a wr_prepared_window for each training window.
 * Forecasting, all at once:          or recursively, `path` growing by one:
 *   wr_prepared_last(p, NULL, 0, in)   for k < horizon: wr_prepared_last(p, path, k, in)
 *   outputs of the model for in          outputs (1) of the model for in
 *   wr_prepared_next(p, NULL, 0,         wr_prepared_next(p, path, k, outputs, path + k)
 *                    outputs, path)
 *   wr_prepared_undo(p, path, points)  wr_prepared_undo(p, path, points)
 * A wr_prepared does not change, so that many models share it. */
#ifndef WR_PREPARE_H
#define WR_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/forecast.h"
#include "windrow/panel.h"
#include "windrow/status.h"

/* ---- what a recipe makes of a panel (a recipe that wr_recipe_check took) ---- */

/* Model shape: I = chunk * (1 + covariates), O = horizon, or 1 if recursive; T is recipe->window.
 */
size_t wr_recipe_inputs(const struct wr_recipe *recipe, const struct wr_panel *panel);
size_t wr_recipe_outputs(const struct wr_recipe *recipe);
/* Windows with targets that `length` values without gaps have; and values for `windows` of them.
 */
size_t wr_recipe_windows(const struct wr_recipe *recipe, size_t length);
size_t wr_recipe_length(const struct wr_recipe *recipe, size_t windows);
/* Values of which wr_recipe_shorten makes windows. */
size_t wr_recipe_shortest(const struct wr_recipe *recipe);
/* Windows of which fewer are too alike to learn from: 1 + max(8, horizon / 2). */
size_t wr_recipe_fewest(const struct wr_recipe *recipe);
/* *shorter: the recipe with the longest window, recipe's at most, of which `length` values have as
 * many. False: not even with window 1,
 * so that seasonal naive is left. */
bool wr_recipe_shorten(const struct wr_recipe *recipe, size_t length, struct wr_recipe *shorter);

/* ---- scales: what was learnt of a series in steps 2 to 5, to do the same to its later values and
 * to undo it ---- */

struct wr_scales {
    enum wr_transform transform; /* none or log: what the recipe's choice comes to */
    /* What step 1 subtracts from a value, or divides it by before the logarithm: one of the values,
     * so that a level far above their spread costs no digits. 0, or 1 with log: where the level
     * counts. */
    double reference;
    bool nonnegative;        /* no forecast below 0 */
    bool additive;           /* indices are subtracted, else divided by */
    size_t season;           /* of indices; 0: the series is not adjusted */
    double *indices;         /* (season) of value t: indices[(t + shift) mod season] */
    double intercept, slope; /* the line at t + shift; 0 without detrend */
    double mean, deviation;  /* 0, 1 without scale */
    double usual;            /* step 7's statistic of all z, for windows that hardly vary */
    size_t covariates;       /* past ones, then future ones */
    double *means;           /* (covariates) */
    double *deviations;      /* (covariates) */
    bool constant;           /* all values are the same: seasonal naive knows as much */
    size_t start;  /* values before the series begins to vary (wr_quiet_start): not learnt from. The
                      caller's to set to 0 for a series that begins elsewhere. */
    int64_t shift; /* 0 from wr_scales_make. The caller's, to prepare a series that begins `shift`
                      steps after the one of which the scales were made. */
};

/* Of the first `until` values (1 .. length) alone. WR_ERR_USAGE: a recursive recipe and a panel
 * with covariates; WR_ERR_DATA: log of what is not positive. wr_scales_free takes *scales also
 * after an error, and {0}. */
wr_status wr_scales_make(const struct wr_panel *panel, size_t series, size_t until,
                         const struct wr_recipe *recipe, struct wr_scales *scales,
                         struct wr_error *error);
void wr_scales_free(struct wr_scales *scales);

/* ---- a prepared series ---- */

struct wr_prepared;

/* z of the first `until` values after step 4, and covariates. Reads no value beyond `until`, and of
 * future covariates none beyond until + horizon. Keeps no pointer to panel, recipe or scales.
 * WR_ERR_DATA: log of what is not positive. The caller owns *prepared: wr_prepared_free. */
wr_status wr_prepared_make(const struct wr_panel *panel, size_t series, size_t until,
                           const struct wr_recipe *recipe, const struct wr_scales *scales,
                           struct wr_prepared **prepared, struct wr_error *error);
void wr_prepared_free(struct wr_prepared *prepared);

/* Training windows, in time order, whose targets end before the last `hold_out` values; those that
 * touch a gap are left out. */
size_t wr_prepared_windows(const struct wr_prepared *prepared, size_t hold_out);
/* inputs (T, I), targets (O). */
void wr_prepared_window(const struct wr_prepared *prepared, size_t window, float *inputs,
                        float *targets);

/* WR_ERR_DATA, naming line and covariate, if a future covariate is not known for the `horizon`
 * steps after the first `until` values: to be asked before a forecast. */
wr_status wr_covariates_reach(const struct wr_panel *panel, size_t series, size_t until,
                              const struct wr_recipe *recipe, struct wr_error *error);

/* The window whose inputs (T, I) end with the last value, or with path (steps), the z forecast so
 * far. False: it touches a gap, or begins before the first value, or a future covariate ends.
 * inputs may be NULL, to ask for no more than that. */
bool wr_prepared_last(const struct wr_prepared *prepared, const double *path, size_t steps,
                      float *inputs);
/* z (O) for which outputs (O) of that window stand: undoes steps 7 and 6. z may be path + steps. */
void wr_prepared_next(const struct wr_prepared *prepared, const double *path, size_t steps,
                      const float *outputs, double *z);
/* points (horizon) of the z (horizon) that follow the last value: undoes steps 4 to 1, and keeps
 * to the recipe's bounds. */
void wr_prepared_undo(const struct wr_prepared *prepared, const double *path, double *points);

#endif
