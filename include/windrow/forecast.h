/* Forecasts: for each series of a panel an ensemble of small recurrent networks, one per seed, each
 * trained on that series alone; what they see and how they learn is a recipe. */
#ifndef WINDROW_FORECAST_H
#define WINDROW_FORECAST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/device.h"
#include "windrow/model.h"
#include "windrow/panel.h"
#include "windrow/rule.h"
#include "windrow/session.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- recipes ---- */

enum wr_normalize { /* of each window, by its own inputs z */
                    WR_NORMALIZE_NONE,
                    WR_NORMALIZE_LAST,    /* z - last */
                    WR_NORMALIZE_MEAN,    /* z / mean |z|, for values that do not change sign */
                    WR_NORMALIZE_STANDARD /* (z - mean) / population standard deviation */
};
enum wr_transform {
    WR_TRANSFORM_NONE,
    WR_TRANSFORM_LOG,
    WR_TRANSFORM_AUTO /* log of series whose values are all positive, others as they are; values
                         that come after a fit and have no logarithm count as the least that has */
};
enum wr_bound {
    WR_BOUND_NONE,
    WR_BOUND_ZERO /* no forecast and no interval below 0, where no value of the series is */
};
enum wr_combine { WR_COMBINE_MEAN, WR_COMBINE_MEDIAN }; /* of the seeds' forecasts */

/* clang-format off */
/* How a series v becomes windows. A quiet start, such as the zeros before a product is sold, is
 * left out: as many values as change, each time, by at most 1/20 of the median change after them,
 * and 1/4 of the first. Then, in this order, each undone in a forecast:
 *
 *  1. transform: log v. Where the steps below do not depend on the series' base value, the values
 *     are taken relative to one of them first (v - r, log (v / r)): a base value far above the
 *     spread costs no digits, and y + c is forecast as y, plus c. After a logarithm, or with scale,
 *     or with normalize mean or standard, k y is forecast as y, times k.
 *
 *  2. adjust: a series whose autocorrelation at lag `season` is significant (the test of the M4
 *     competition's benchmarks, 90 %) is divided by the seasonal indices of a classical
 *     multiplicative decomposition; after a logarithm, or with values of 0 or less, those of an
 *     additive one are subtracted. detrend: less its line of least squares.
 *
 *  3. difference D: z[t] - z[t-D].
 *
 *  4. scale: (z - mean) / deviation of the series.
 *
 *  5. A window's inputs are window * chunk consecutive values, `chunk` a step, oldest first, then
 *     at each step the same of each past covariate, and of each future covariate the values
 *     `horizon` steps later; its targets are the next `horizon` values (one if recursive).
 *     Covariates are standardised per series.
 *
 *  6. residual S: each target less the value S steps before it, or the latest known one at a
 *     multiple of S steps.
 *
 *  7. normalize: inputs and targets by the window's own statistics (targets that are residuals are
 *     scaled alone). Where that is below 1e-6 of the same statistic of the whole series, the latter
 *     counts.
 *
 * What is forecast keeps to bounds: after a logarithm it goes beyond the values of the series by at
 * most twice the median change over a horizon (in logarithms), and see `bound`. */
/* clang-format on */
struct wr_recipe {
    char name[32];
    size_t window;  /* T: steps a model sees */
    size_t chunk;   /* D: values a step holds */
    size_t horizon; /* K: steps to forecast; 0 in a named recipe: the caller fills it in */
    bool recursive; /* one step ahead, fed back, instead of all at once; excludes covariates */
    size_t season;  /* S: for adjust (1: nothing to adjust), seasonal naive and MASE */
    enum wr_transform transform;
    bool adjust, detrend;
    size_t difference; /* 0: none */
    bool scale;
    size_t residual; /* 0: none */
    enum wr_normalize normalize;

    size_t hidden; /* H */
    size_t seeds;  /* models of each series, with seeds seed .. seed + seeds - 1 */
    uint32_t seed;
    enum wr_init init;
    size_t batch;   /* windows per update */
    size_t updates; /* of each model; 0: epochs count */
    size_t epochs;  /* passes over the model's windows, where updates is 0 */
    float lr, clip;
    struct wr_rule rule; /* decay_epochs is filled in: to the end of training */
    /* Early stopping: the part of each series' windows, its latest, that is not trained on but
     * validates; 0: none. A model stops after `patience` validations without a new best, and its
     * best parameters are kept. Training is cut into `validations` parts. */
    double validate;
    size_t validations, patience;
    enum wr_combine combine;
    enum wr_bound bound;
};

/* A named recipe. WR_ERR_USAGE lists the names. */
wr_status wr_recipe_named(const char *name, struct wr_recipe *recipe, struct wr_error *error);
/* Name and one line about it of recipe number index, or NULL past the last. */
const char *wr_recipe_name(size_t index, const char **about);
/* WR_ERR_USAGE, naming the value that is out of its range or goes with no other. */
wr_status wr_recipe_check(const struct wr_recipe *recipe, struct wr_error *error);

/* ---- fits ---- */

struct wr_fit_event {
    double fraction; /* of the work done, 0 .. 1 */
    double seconds, seconds_left;
};
struct wr_fit_options {
    void (*on_event)(void *context, const struct wr_fit_event *event); /* or NULL */
    void *context;
    const volatile sig_atomic_t *stop; /* set to non-zero to stop: WR_ERR_STOPPED; NULL: never */
    /* A folder in which the parts of the work that are done are kept, so that the same fit goes on
     * where it was stopped or killed; NULL: none. It is made if need be; fits share it, each sees
     * its own parts alone. */
    const char *resume;
    bool calibrate; /* intervals are wanted: fit a second time, on less, to see how far off it is */
};

/* What fitting did. */
struct wr_fit_report {
    size_t series, models;
    size_t shorter;  /* series too short for the recipe's window, or with gaps (WR_MISSING_DROP):
                        fitted with a shorter one */
    size_t naive;    /* series with too few of any window, or constant: seasonal naive */
    size_t quiet;    /* series that begin to vary late: what comes before is not learnt from */
    size_t borrowed; /* series without errors of their own, since they are too short or nothing was
                        observed of what was held out: intervals are by those of all */
    size_t diverged; /* models: left out of their series' forecast */
    double updates, seconds; /* training alone */
};

struct wr_fit;

/* Fits every series of a panel from its first `until[s]` values (NULL: all); horizon is filled in.
 * Models of one shape train together, as many at a time as memory and a chunk of about a minute
 * take. Each series keeps the end of its values, so that wr_fit_forecast can go on from there.
 * WR_ERR_DATA names file, line and series; *fit is owned by the caller: wr_fit_free. */
wr_status wr_fit(struct wr_device *device, const struct wr_panel *panel,
                 const struct wr_recipe *recipe, const size_t *until,
                 const struct wr_fit_options *options, struct wr_fit **fit, struct wr_error *error);
void wr_fit_free(struct wr_fit *fit);
void wr_fit_report(const struct wr_fit *fit, struct wr_fit_report *report);
const struct wr_recipe *wr_fit_recipe(const struct wr_fit *fit);

/* Forecasts of every series of a panel from the end of its first `until[s]` values (NULL: all):
 * points (series, horizon), owned by the caller. The panel may be the one that was fitted, a longer
 * one, or another with the same series names; a name that was not fitted is WR_ERR_DATA. */
wr_status wr_fit_forecast(const struct wr_fit *fit, const struct wr_panel *panel,
                          const size_t *until, double *points, struct wr_error *error);

/* Intervals around points (series, horizon) by split conformal prediction: the quantile of the
 * absolute errors, step by step, that a fit on less made on what it had not seen (V. Vovk et al.,
 * "Algorithmic learning in a random world", 2005). Values that were filled in are no evidence
 * (wr_panel_observed). A series with too few errors at a step has the quantile of those at all its
 * steps, or with too few of them what Student's distribution makes of their mean square; one
 * without any has the quantile of all series'. Errors are measured in the spread of their series,
 * the mean absolute difference of one value to the next, and widths are multiples of the same
 * spread of `until` values, or of that of the fit where it is 0. A higher level is never narrower.
 * Where a series has jumped, and fewer values than the larger of 8 and twice the horizon have
 * followed, half a width is at least its largest change. low, high (levels, series, horizon), NaN
 * where no error tells; levels in percent, 0 < level < 100: 95, not 0.95. The fit must have been
 * calibrated. */
wr_status wr_fit_intervals(const struct wr_fit *fit, const struct wr_panel *panel,
                           const size_t *until, const double *points, const double *levels,
                           size_t count, double *low, double *high, struct wr_error *error);

/* One safetensors file with all that a forecast needs but the values: parameters, recipe, scales,
 * calibration. It holds a hash of these: wr_fit_load refuses a file that has changed
 * (WR_ERR_DATA). Files of 0.1, which have none, are read. */
wr_status wr_fit_save(const struct wr_fit *fit, const char *path, struct wr_error *error);
wr_status wr_fit_load(const char *path, struct wr_fit **fit, struct wr_error *error);

/* ---- scores ---- */

/* Seasonal naive: step k is the last known value at the same place in the season; season 1: naive.
 * values (length), forecast (horizon). */
void wr_naive(const double *values, size_t length, size_t season, size_t horizon, double *forecast);

/* Of one forecast against what came, over its horizon. */
struct wr_scores {
    double mae, rmse;
    double smape; /* percent, 0 .. 200: mean of 200 |y - f| / (|y| + |f|); 0/0 counts as 0 */
    double mase;  /* MAE over the in-sample MAE of seasonal naive (R. J. Hyndman and A. B. Koehler,
                     "Another look at measures of forecast accuracy", Int. J. Forecasting 22, 2006);
                     NaN where that is 0 */
};
/* insample (length) are the values before the forecast. */
void wr_score(const double *forecast, const double *truth, size_t horizon, const double *insample,
              size_t length, size_t season, struct wr_scores *scores);

#ifdef __cplusplus
}
#endif
#endif
