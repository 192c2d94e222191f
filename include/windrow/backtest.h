/* Backtests: forecasts from earlier origins are scored against the values that followed, beside
 * those of the naive and the seasonal naive method. */
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
    size_t origins; /* >= 1: forecasts of each series; the last forecast ends at the last value */
    size_t step;    /* values from one origin to the next; 0: the horizon */
    bool refit; /* true: fit again before each origin; false: fit once, before the first origin */
    const double *levels; /* (level_count) of the intervals, in percent, ascending */
    size_t level_count;   /* at most WR_MOST_LEVELS */
};

/* The scores of one method. Each is a mean over steps and origins. Gaps do not count, even if they
 * were filled in (wr_panel_observed). NaN: there was no value to score. An overall score is the
 * mean of the series' scores, each of equal weight. The overall RMSE is the root of the mean of the
 * series' squared RMSE. */
struct wr_backtest_scores {
    struct wr_scores points; /* MASE uses the values observed before each origin */
    /* The continuous ranked probability score: the mean of 2 (y - q) (p - [y < q]) over quantiles q
     * of probability p. The quantiles are the bounds of the intervals and, with p = 0.5, the point
     * forecast. Without intervals it is the absolute error. */
    double crps;
    double coverage[WR_MOST_LEVELS]; /* share of the values that lie in the interval */
    double width[WR_MOST_LEVELS];
};

struct wr_backtest {
    size_t series;
    size_t values; /* forecast values: series * origins * steps; a value that two origins forecast
                      counts twice */
    size_t scored; /* those of them that were observed */
    struct wr_backtest_scores *scores[WR_METHODS]; /* (series) each */
    struct wr_backtest_scores overall[WR_METHODS];
    /* summed over all fits; series, shorter and naive are those of the last fit */
    struct wr_fit_report report;
};

/* The intervals of naive and seasonal naive are conformal too: they come from the errors that these
 * methods made before each origin. Both methods use observed values only, and leave out a quiet
 * start. options->resume and options->calibrate are ignored. WR_ERR_DATA names a series that is too
 * short for its first origin. The caller releases *backtest with wr_backtest_release, also after a
 * failure. */
wr_status wr_backtest(struct wr_device *device, const struct wr_panel *panel,
                      const struct wr_backtest_spec *spec, const struct wr_fit_options *options,
                      struct wr_backtest *backtest, struct wr_error *error);
void wr_backtest_release(struct wr_backtest *backtest);

#ifdef __cplusplus
}
#endif
#endif
