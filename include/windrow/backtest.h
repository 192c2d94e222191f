/* Backtests: how good the forecasts would have been that recipes had made from earlier origins,
 * beside naive and seasonal naive. */
#ifndef WINDROW_BACKTEST_H
#define WINDROW_BACKTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/forecast.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wr_method {
    WR_METHOD_WINDROW, /* the mean of the recipes' forecasts */
    WR_METHOD_NAIVE,   /* wr_naive with season 1 */
    WR_METHOD_SEASONAL /* wr_naive with the first recipe's season */
};
#define WR_METHODS 3
const char *wr_method_name(enum wr_method method);

#define WR_MOST_LEVELS 16

struct wr_backtest_spec {
    const struct wr_recipe *recipes; /* (recipe_count), of one horizon */
    size_t recipe_count;
    size_t origins; /* >= 1: forecasts of each series; the last one ends with its last value */
    size_t step;    /* values from one origin to the next; 0: the horizon */
    bool refit;     /* fit before each origin, not before the first alone */
    const double *levels; /* (level_count) of intervals, percent, rising */
    size_t level_count;   /* at most WR_MOST_LEVELS */
};

/* Of the forecasts of one method: means over steps and origins, values that are gaps left out, also
 * those that were filled in (wr_panel_observed); NaN where there is nothing to take a mean of. Over
 * series: means of theirs, each of equal weight. RMSE is the root of such a mean of squares. */
struct wr_backtest_scores {
    struct wr_scores points; /* MASE by the values observed before each origin */
    /* The continuous ranked probability score, from the quantiles q that the intervals' bounds and
     * the point (p = 0.5) stand for: the mean of 2 (y - q) (p - [y < q]). The absolute error where
     * there are no intervals. */
    double crps;
    double coverage[WR_MOST_LEVELS]; /* part of the values in the interval */
    double width[WR_MOST_LEVELS];
};

struct wr_backtest {
    size_t series;
    size_t values; /* that were forecast: series times origins times steps; one may count twice */
    size_t scored; /* of these, those that were observed */
    struct wr_backtest_scores *scores[WR_METHODS]; /* (series) each */
    struct wr_backtest_scores overall[WR_METHODS];
    struct wr_fit_report report; /* of all fits; series, shorter and naive of the last */
};

/* The intervals of naive and seasonal naive are conformal too: by the errors that they made before
 * each origin. Both know the values alone that were observed, and leave out a quiet start.
 * options->resume and calibrate do not count. WR_ERR_DATA names a series that is too short for its
 * first origin. *backtest is released by wr_backtest_release, after any failure too.
 */
wr_status wr_backtest(struct wr_device *device, const struct wr_panel *panel,
                      const struct wr_backtest_spec *spec, const struct wr_fit_options *options,
                      struct wr_backtest *backtest, struct wr_error *error);
void wr_backtest_release(struct wr_backtest *backtest);

#ifdef __cplusplus
}
#endif
#endif
