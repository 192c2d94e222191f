/* Forecasts. Each series of a panel has an ensemble of small recurrent networks, one per seed,
 * which train on that series alone. A recipe says what they see and how they learn. */
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
    WR_TRANSFORM_AUTO /* log if all values of the series are positive, else none. Later values
                         without a logarithm count as the smallest value that has one */
};
enum wr_bound {
    WR_BOUND_NONE,
    WR_BOUND_ZERO /* no forecast and no interval goes below 0, if no value of the series does */
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
    size_t horizon; /* steps to forecast; a named recipe has 0, and the caller fills it in */
    bool recursive; /* forecasts one step and feeds it back, instead of all steps at once; not with
                       covariates */
    size_t season;  /* S: for adjust (1: no adjustment), seasonal naive and MASE */
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
    size_t updates; /* of each model; 0: epochs tells */
    size_t epochs;  /* passes over the model's windows, where updates is 0 */
    float lr, clip;
    struct wr_rule rule; /* decay_epochs is set to the end of training */
    /* Early stopping. `validate` is the share of each series' windows, the latest ones, that
     * validate and are not trained on; 0: none. There are `validations` validations, spread evenly
     * over the training. A model stops after `patience` validations without a new best loss, and
     * keeps its best parameters. */
    double validate;
    size_t validations, patience;
    enum wr_combine combine;
    enum wr_bound bound;
};

/* Fills in the recipe of this name. WR_ERR_USAGE lists the names. */
wr_status wr_recipe_named(const char *name, struct wr_recipe *recipe, struct wr_error *error);
/* The name of recipe number `index`, and a line about it; NULL past the last recipe. */
const char *wr_recipe_name(size_t index, const char **about);
/* WR_ERR_USAGE names the value that is out of its range or conflicts with another. */
wr_status wr_recipe_check(const struct wr_recipe *recipe, struct wr_error *error);

/* ---- fits ---- */

struct wr_fit_event {
    double fraction; /* of the work done, 0 .. 1 */
    double seconds, seconds_left;
};
typedef wr_status wr_fit_fn(void *context, const struct wr_fit_event *event);

struct wr_fit_options {
    wr_fit_fn *on_event; /* or NULL */
    void *context;
    const volatile sig_atomic_t *stop; /* set to non-zero to stop: WR_ERR_STOPPED; NULL: never */
    /* A folder that keeps the finished parts of the work, so that the same fit can continue after
     * it was stopped or killed; NULL: none. It is created if it does not exist. Several fits can
     * share it: each uses its own parts only. */
    const char *resume;
    bool calibrate; /* intervals are wanted: fit a second time, on fewer values, to measure the
                       errors */
};

/* What a fit did. */
struct wr_fit_report {
    size_t series, models;
    size_t shorter; /* series that are too short for the recipe's window, or have gaps
                       (WR_MISSING_DROP): their window is shorter */
    size_t naive; /* series that are constant, or have too few windows of any length: seasonal naive
                     forecasts them */
    size_t quiet; /* series with a quiet start, which is not trained on */
    /* series without errors of their own, because they are too short or none of their held-out
     * values was observed: their intervals use the errors of all series */
    size_t borrowed;
    size_t diverged;         /* models that diverged; their series' forecasts leave them out */
    double updates, seconds; /* training alone; 0 in a fit that was loaded */
};

struct wr_fit;

/* Fits every series of a panel to its first `until[s]` values (NULL: all). WR_ERR_USAGE if a series
 * has fewer. The recipe's horizon must be filled in. Models of one shape train together: as many as
 * fit in memory and take about a minute. The fit keeps the last values of each series, from which
 * wr_fit_forecast continues. WR_ERR_DATA names file, line and series. The caller frees *fit with
 * wr_fit_free. */
wr_status wr_fit(struct wr_device *device, const struct wr_panel *panel,
                 const struct wr_recipe *recipe, const size_t *until,
                 const struct wr_fit_options *options, struct wr_fit **fit, struct wr_error *error);
void wr_fit_free(struct wr_fit *fit);
void wr_fit_report(const struct wr_fit *fit, struct wr_fit_report *report);
const struct wr_recipe *wr_fit_recipe(const struct wr_fit *fit);

/* What a fit knows of the panel that was fitted. The texts belong to the fit. */
struct wr_fit_info {
    size_t series;
    const char *freq, *tz;  /* its step and zone in the form of wr_panel_spec, or "" */
    const char *covariates; /* their names in order, as "past a, future b", or "" */
    bool intervals;         /* it is calibrated, so that wr_fit_intervals gives intervals */
};
void wr_fit_get_info(const struct wr_fit *fit, struct wr_fit_info *info);

/* What a fit knows of one series, 0 .. series - 1, in the panel's order; all 0 for another number.
 */
struct wr_fit_series {
    const char *id;                       /* owned by the fit, as `last` */
    const char *last;                     /* the time stamp of the last value that was fitted */
    size_t length;                        /* values that were fitted */
    size_t window;                        /* steps that its models see; 0: naive */
    bool naive, shorter, quiet, borrowed; /* as wr_fit_report counts them; a fit that was loaded
                                             does not know `quiet` */
};
void wr_fit_get_series(const struct wr_fit *fit, size_t series, struct wr_fit_series *about);

/* Forecasts every series of a panel from the end of its first `until[s]` values (NULL: all) into
 * points (series, horizon), which the caller owns. The panel may be the one that was fitted, a
 * longer one, or another one with the same series names. WR_ERR_DATA if a name was not fitted. */
wr_status wr_fit_forecast(const struct wr_fit *fit, const struct wr_panel *panel,
                          const size_t *until, double *points, struct wr_error *error);

/* Intervals around points (series, horizon) by split conformal prediction (V. Vovk et al.,
 * "Algorithmic learning in a random world", 2005). A second fit, on fewer values, forecasts values
 * that it has not seen. Half a width is a quantile of its absolute errors at the same step. Values
 * that were filled in do not count (wr_panel_observed). If a series has too few errors at a step,
 * the quantile is that of its errors at all steps. If these are too few as well, Student's
 * distribution gives it from their mean square. A series without errors takes the quantile of all
 * series.
 *
 * Errors are divided by the spread of their series, which is the mean absolute difference between
 * neighbouring values. Widths are multiplied by the spread of the `until` values, or by that of the
 * fit if this is 0. A higher level is never narrower. After a jump of a series, half a width is at
 * least the largest change, until max(8, 2 horizon) values have followed.
 *
 * levels are in percent, 0 < level < 100: 95, not 0.95. low and high are (levels, series, horizon),
 * with NaN where no error is known. The fit must be calibrated. */
wr_status wr_fit_intervals(const struct wr_fit *fit, const struct wr_panel *panel,
                           const size_t *until, const double *points, const double *levels,
                           size_t count, double *low, double *high, struct wr_error *error);

/* Writes or reads one safetensors file with all that a forecast needs except the values:
 * parameters, recipe, scales, calibration. The file holds a hash of them, and wr_fit_load refuses a
 * file that was changed (WR_ERR_DATA). Files of version 0.1, which have no hash, are read. */
wr_status wr_fit_save(const struct wr_fit *fit, const char *path, struct wr_error *error);
wr_status wr_fit_load(const char *path, struct wr_fit **fit, struct wr_error *error);

/* ---- scores ---- */

/* Seasonal naive: step k is the last known value at the same position of the season. Season 1 is
 * naive. values (length), forecast (horizon). */
void wr_naive(const double *values, size_t length, size_t season, size_t horizon, double *forecast);

/* The scores of one forecast against the values that followed, over its horizon. */
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
