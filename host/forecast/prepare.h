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

/* ---- sizes that follow from a recipe, after wr_recipe_check ---- */

/* Model shape: I = chunk * (1 + covariates), O = horizon, or 1 if recursive; T is recipe->window.
 */
size_t wr_recipe_inputs(const struct wr_recipe *recipe, const struct wr_panel *panel);
size_t wr_recipe_outputs(const struct wr_recipe *recipe);
/* The number of windows with targets in `length` values without gaps; and the number of values that
 * `windows` windows take. */
size_t wr_recipe_windows(const struct wr_recipe *recipe, size_t length);
size_t wr_recipe_length(const struct wr_recipe *recipe, size_t windows);
/* The least number of values for which wr_recipe_shorten returns true. */
size_t wr_recipe_shortest(const struct wr_recipe *recipe);
/* The least number of windows to learn from: 1 + max(8, horizon / 2). Fewer are too similar. */
size_t wr_recipe_fewest(const struct wr_recipe *recipe);
/* *shorter: the recipe with its window shortened until `length` values have wr_recipe_fewest
 * windows. Returns false if window 1 is still too long; then seasonal naive is left. */
bool wr_recipe_shorten(const struct wr_recipe *recipe, size_t length, struct wr_recipe *shorter);

/* ---- scales: what the steps learn from a series, to do the same to its later values and to undo
 * it ---- */

struct wr_scales {
    enum wr_transform transform; /* none or log, also if the recipe says auto */
    /* What step 1 subtracts from a value, or divides it by before the logarithm. It is one of the
     * values, so that values far above their spread lose no digits. If a constant that is
     * added to the series changes its windows, it is 0, or 1 with log. */
    double reference;
    bool nonnegative;        /* no forecast below 0 */
    bool additive;           /* indices are subtracted; otherwise values are divided by them */
    size_t season;           /* number of indices; 0: the series is not adjusted */
    double *indices;         /* (season) of value t: indices[(t + shift) mod season] */
    double intercept, slope; /* the line at t + shift; 0 without detrend */
    double mean, deviation;  /* 0, 1 without scale */
    double usual;            /* step 7's statistic of all z, used for windows that hardly vary */
    size_t covariates;       /* past ones, then future ones */
    double *means;           /* (covariates) */
    double *deviations;      /* (covariates) */
    bool constant;           /* all values are equal: seasonal naive is as good */
    /* The number of values before the series begins to vary (wr_quiet_start), which are not learnt
     * from. The caller may change it for a series that begins elsewhere. */
    size_t start;
    /* 0 from wr_scales_make. The caller sets it to prepare a series that begins `shift` steps after
     * the one of which the scales were made. */
    int64_t shift;
};

/* Makes the scales of the first `until` values (1 .. length). WR_ERR_USAGE: a recursive recipe and
 * a panel with covariates. WR_ERR_DATA: log of a value that is not positive. Call wr_scales_free
 * also after an error; it accepts {0} too. */
wr_status wr_scales_make(const struct wr_panel *panel, size_t series, size_t until,
                         const struct wr_recipe *recipe, struct wr_scales *scales,
                         struct wr_error *error);
void wr_scales_free(struct wr_scales *scales);

/* ---- a prepared series ---- */

struct wr_prepared;

/* Makes z, the first `until` values after step 4, and the covariates. Reads no value beyond
 * `until`, and of future covariates none beyond until + horizon. Keeps no pointer to panel, recipe
 * or scales. WR_ERR_DATA: log of a value that is not positive. The caller owns *prepared:
 * wr_prepared_free. */
wr_status wr_prepared_make(const struct wr_panel *panel, size_t series, size_t until,
                           const struct wr_recipe *recipe, const struct wr_scales *scales,
                           struct wr_prepared **prepared, struct wr_error *error);
void wr_prepared_free(struct wr_prepared *prepared);

/* The number of training windows, in time order, whose targets end before the last `hold_out`
 * values. Windows that touch a gap are left out. */
size_t wr_prepared_windows(const struct wr_prepared *prepared, size_t hold_out);
/* Fills in the inputs (T, I) and targets (O) of a window. */
void wr_prepared_window(const struct wr_prepared *prepared, size_t window, float *inputs,
                        float *targets);

/* Returns WR_ERR_DATA, with line and covariate, if a future covariate is not known for the
 * `horizon` steps after the first `until` values. Call it before a forecast. */
wr_status wr_covariates_reach(const struct wr_panel *panel, size_t series, size_t until,
                              const struct wr_recipe *recipe, struct wr_error *error);

/* Fills inputs (T, I) with the window that ends with the last value, or with path (steps), the z
 * forecast so far. Returns false if the window touches a gap or begins before the first value, or
 * if a future covariate ends too early. inputs may be NULL, for the result alone. */
bool wr_prepared_last(const struct wr_prepared *prepared, const double *path, size_t steps,
                      float *inputs);
/* Turns outputs (O) of that window into z (O): undoes steps 7 and 6. z may be path + steps. */
void wr_prepared_next(const struct wr_prepared *prepared, const double *path, size_t steps,
                      const float *outputs, double *z);
/* Turns path, the z (horizon) after the last value, into points (horizon): undoes steps 4 to 1 and
 * keeps to the recipe's bounds. */
void wr_prepared_undo(const struct wr_prepared *prepared, const double *path, double *points);

#endif
