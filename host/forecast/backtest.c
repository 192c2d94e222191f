#include "windrow/backtest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/pool.h"
#include "data/panel.h"
#include "forecast/fit.h"
#include "forecast/quantiles.h"
#include "forecast/spread.h"
#include "windrow/mix.h"

#define MOST_ERRORS 200 /* of a naive method: the latest ones, at each step */

const char *wr_method_name(enum wr_method method) {
    static const char *const names[WR_METHODS] = {"windrow", "naive", "seasonal-naive"};
    return names[method];
}

/* Forecasts of all series from one origin. */
struct forecasts {
    double *points;     /* (series, horizon) */
    double *low, *high; /* (levels, series, horizon) */
};

struct backtest {
    const struct wr_panel *panel;
    struct wr_panel *seen; /* as known at the current origin */
    const struct wr_backtest_spec *spec;
    size_t series, horizon, season, step;
    struct wr_pool pool;     /* holds the arrays */
    size_t *until;           /* (series) number of values before the current origin */
    struct forecasts now;    /* of the current method */
    double *errors, *sorted; /* (MOST_ERRORS, horizon), (MOST_ERRORS): of a naive method */
    struct wr_backtest *result;
    struct wr_backtest_scores *counts[WR_METHODS]; /* (series) terms of each sum in the result */
    struct wr_error *error;
};

/* ---- sums and means ---- */

/* Adds a weighted value to a sum, and its weight to the count. NaN is left out. */
static void add(double *sum, double *count, double value, double weight) {
    if (isnan(value))
        return;
    *sum += weight * value;
    *count += weight;
}

/* Adds scores to sums. The RMSE is summed as its square. */
static void add_scores(struct wr_backtest_scores *sums, struct wr_backtest_scores *counts,
                       const struct wr_backtest_scores *scores, size_t levels, double weight) {
    const struct wr_scores *points = &scores->points;
    add(&sums->points.mae, &counts->points.mae, points->mae, weight);
    add(&sums->points.rmse, &counts->points.rmse, points->rmse * points->rmse, weight);
    add(&sums->points.smape, &counts->points.smape, points->smape, weight);
    add(&sums->points.mase, &counts->points.mase, points->mase, weight);
    add(&sums->crps, &counts->crps, scores->crps, weight);
    for (size_t i = 0; i < levels; i++) {
        add(&sums->coverage[i], &counts->coverage[i], scores->coverage[i], weight);
        add(&sums->width[i], &counts->width[i], scores->width[i], weight);
    }
}

static void divide(struct wr_backtest_scores *sums, const struct wr_backtest_scores *counts,
                   size_t levels) {
    sums->points.mae /= counts->points.mae; /* 0 / 0 is NaN */
    sums->points.rmse = sqrt(sums->points.rmse / counts->points.rmse);
    sums->points.smape /= counts->points.smape;
    sums->points.mase /= counts->points.mase;
    sums->crps /= counts->crps;
    for (size_t i = 0; i < levels; i++) {
        sums->coverage[i] /= counts->coverage[i];
        sums->width[i] /= counts->width[i];
    }
}

/* ---- scores of one forecast ---- */

/* Twice the pinball loss of q, the forecast quantile at probability p, for the value y. */
static double quantile_loss(double y, double q, double p) {
    return 2 * (y - q) * (p - (y < q ? 1 : 0));
}

/* Sets coverage, width and CRPS over the horizon of series s. */
static void score_intervals(const struct backtest *b, size_t s, const double *truth,
                            struct wr_backtest_scores *scores) {
    struct wr_backtest_scores counts = {0};
    for (size_t k = 0; k < b->horizon; k++) {
        if (isnan(truth[k]))
            continue;
        double loss = 0, quantiles = 0;
        add(&loss, &quantiles, quantile_loss(truth[k], b->now.points[s * b->horizon + k], 0.5), 1);
        for (size_t i = 0; i < b->spec->level_count; i++) {
            size_t at = (i * b->series + s) * b->horizon + k;
            double low = b->now.low[at], high = b->now.high[at], p = b->spec->levels[i] / 200;
            if (isnan(low) || isnan(high))
                continue;
            bool inside = truth[k] >= low && truth[k] <= high;
            add(&scores->coverage[i], &counts.coverage[i], inside ? 1 : 0, 1);
            add(&scores->width[i], &counts.width[i], high - low, 1);
            add(&loss, &quantiles, quantile_loss(truth[k], low, 0.5 - p), 1);
            add(&loss, &quantiles, quantile_loss(truth[k], high, 0.5 + p), 1);
        }
        add(&scores->crps, &counts.crps, loss / quantiles, 1);
    }
    scores->crps /= counts.crps;
    for (size_t i = 0; i < b->spec->level_count; i++) {
        scores->coverage[i] /= counts.coverage[i];
        scores->width[i] /= counts.width[i];
    }
}

/* The number of observed values of series s among those that are forecast. */
static size_t count_observed(const struct backtest *b, size_t s) {
    const double *truth = wr_panel_observed(b->panel, s) + b->until[s];
    size_t count = 0;
    for (size_t k = 0; k < b->horizon; k++)
        count += isnan(truth[k]) ? 0 : 1;
    return count;
}

/* Adds the scores of the current forecasts. The weight is the fraction of the forecast values that
 * were observed. */
static void score_method(struct backtest *b, enum wr_method method) {
    for (size_t s = 0; s < b->series; s++) {
        struct wr_backtest_scores scores = {0};
        const double *values = wr_panel_observed(b->panel, s), *truth = values + b->until[s];
        wr_score(b->now.points + s * b->horizon, truth, b->horizon, values, b->until[s], b->season,
                 &scores.points);
        score_intervals(b, s, truth, &scores);
        add_scores(&b->result->scores[method][s], &b->counts[method][s], &scores,
                   b->spec->level_count, (double)count_observed(b, s) / (double)b->horizon);
    }
}

/* ---- naive methods ---- */

/* Collects the absolute errors (count, horizon) of the naive method within the first `until` values
 * and returns count. Each forecast has a season of values before it. */
static size_t past_errors(struct backtest *b, const double *values, size_t until, size_t season) {
    size_t H = b->horizon, count = 0;
    double *forecast = b->sorted + MOST_ERRORS;
    for (size_t ends = until; ends >= H + season && count < MOST_ERRORS; ends--, count++) {
        wr_naive(values, ends - H, season, H, forecast);
        for (size_t k = 0; k < H; k++)
            b->errors[count * H + k] = fabs(values[ends - H + k] - forecast[k]);
    }
    return count;
}

/* Sets the intervals of step k. The half-widths are the conformal quantiles of the errors, or the
 * largest error if there are too few errors. They are at least `least`. */
static void naive_intervals(struct backtest *b, size_t s, size_t k, size_t count, double least) {
    size_t known = 0;
    double largest = NAN;
    for (size_t i = 0; i < count; i++)
        if (!isnan(b->errors[i * b->horizon + k])) {
            b->sorted[known++] = b->errors[i * b->horizon + k];
            largest = fmax(largest, b->sorted[known - 1]);
        }
    for (size_t i = 0; i < b->spec->level_count; i++) {
        size_t at = (i * b->series + s) * b->horizon + k;
        double half = wr_quantile(b->sorted, known, b->spec->levels[i] / 100);
        if (isnan(half))
            half = largest;
        half = half < least ? least : half; /* NaN stays */
        b->now.low[at] = b->now.points[s * b->horizon + k] - half;
        b->now.high[at] = b->now.points[s * b->horizon + k] + half;
    }
}

/* Forecasts from the values after a quiet start. If these are too few for errors, the errors come
 * from all values. */
static wr_status forecast_series(struct backtest *b, size_t s, size_t season) {
    const double *values = wr_panel_observed(b->panel, s);
    size_t H = b->horizon, length = b->until[s], start;
    wr_status status = wr_quiet_start(values, length, &start, b->error);
    if (status != WR_OK)
        return status;
    wr_naive(values + start, length - start, season, H, b->now.points + s * H);
    if (b->spec->level_count == 0)
        return WR_OK;
    size_t enough = H + (season > H ? season : H);
    bool few =
        start > 0 && length - start < enough; /* then errors of quiet values are among them */
    size_t from = few ? 0 : start;
    size_t count = past_errors(b, values + from, length - from, season);
    double jump = wr_late_jump(values, length, start, few ? enough : 2 * H);
    for (size_t k = 0; k < H; k++)
        naive_intervals(b, s, k, count, jump);
    return WR_OK;
}

static wr_status score_naive(struct backtest *b, enum wr_method method, size_t season) {
    wr_status status = WR_OK;
    for (size_t s = 0; s < b->series && status == WR_OK; s++)
        status = forecast_series(b, s, season);
    if (status == WR_OK)
        score_method(b, method);
    return status;
}

/* ---- origins ---- */

/* Moves to an origin. The first one is 0. */
static wr_status move_to(struct backtest *b, size_t origin) {
    size_t back, after;
    if (!wr_size_mul(b->spec->origins - 1 - origin, b->step, &back) ||
        !wr_size_add(back, b->horizon, &after))
        after = SIZE_MAX;
    for (size_t s = 0; s < b->series; s++) {
        size_t length = wr_panel_length(b->panel, s);
        if (length <= after)
            return wr_fail(b->error, WR_ERR_DATA,
                           "%s: %s %zu, series \"%s\": its %zu values are too few for %zu origins "
                           "%zu apart with %zu to forecast from each; ask for fewer origins or a "
                           "smaller horizon",
                           wr_panel_path(b->panel), wr_panel_line_word(b->panel),
                           wr_panel_line(b->panel, s, length - 1), wr_panel_id(b->panel, s), length,
                           b->spec->origins, b->step, b->horizon);
        b->until[s] = length - after;
    }
    wr_panel_asof_set(b->seen, b->panel, b->until);
    return WR_OK;
}

/* Adds the report of a fit. Models, updates and seconds are summed; counts of series are those of
 * the last fit. */
static void add_report(struct wr_fit_report *sum, const struct wr_mix *mix) {
    struct wr_fit_report own, before = *sum;
    wr_mix_report(mix, &own);
    *sum = own;
    sum->models += before.models;
    sum->diverged += before.diverged;
    sum->updates += before.updates;
    sum->seconds += before.seconds;
}

static wr_status fit(struct backtest *b, struct wr_device *device, struct wr_fit_sequence *sequence,
                     struct wr_mix *mix) {
    struct wr_fit_options own = wr_fit_sequence_options(sequence);
    own.resume = NULL;
    own.calibrate = b->spec->level_count > 0;
    wr_mix_release(mix);
    wr_status status = wr_mix_fit(device, b->seen, b->spec->recipes, b->spec->recipe_count,
                                  b->until, &own, mix, b->error);
    if (status == WR_OK)
        add_report(&b->result->report, mix);
    return status;
}

static wr_status score_origin(struct backtest *b, const struct wr_mix *mix) {
    wr_status status =
        wr_mix_forecast(mix, b->seen, b->until, b->spec->levels, b->spec->level_count,
                        b->now.points, b->now.low, b->now.high, b->error);
    if (status != WR_OK)
        return status;
    for (size_t s = 0; s < b->series; s++)
        b->result->scored += count_observed(b, s);
    b->result->values += b->series * b->horizon;
    score_method(b, WR_METHOD_WINDROW);
    status = score_naive(b, WR_METHOD_NAIVE, 1);
    return status == WR_OK ? score_naive(b, WR_METHOD_SEASONAL, b->season) : status;
}

static wr_status run(struct backtest *b, struct wr_device *device,
                     const struct wr_fit_options *options) {
    struct wr_mix mix = {0};
    struct wr_fit_sequence sequence = {
        .options = options, .count = b->spec->refit ? b->spec->origins : 1, .began = wr_seconds()};
    wr_status status = WR_OK;
    for (size_t o = 0; o < b->spec->origins && status == WR_OK; o++) {
        sequence.index = o;
        status = move_to(b, o);
        if (status == WR_OK && (o == 0 || b->spec->refit))
            status = fit(b, device, &sequence, &mix);
        if (status == WR_OK)
            status = score_origin(b, &mix);
    }
    wr_mix_release(&mix);
    return status;
}

/* ---- the whole backtest ---- */

static void finish(struct backtest *b) {
    size_t levels = b->spec->level_count;
    for (size_t m = 0; m < WR_METHODS; m++) {
        struct wr_backtest_scores *overall = &b->result->overall[m], counts = {0};
        for (size_t s = 0; s < b->series; s++) {
            divide(&b->result->scores[m][s], &b->counts[m][s], levels);
            add_scores(overall, &counts, &b->result->scores[m][s], levels, 1);
        }
        divide(overall, &counts, levels);
    }
}

static wr_status allocate(struct backtest *b) {
    size_t count = b->series, size, levels = b->spec->level_count;
    if (!wr_size_mul(count, b->horizon, &size))
        return wr_fail(b->error, WR_ERR_MEMORY, "the forecasts of %zu series overflow memory",
                       count);
    b->until = wr_pool_take(&b->pool, count, sizeof *b->until, "series");
    b->now.points = wr_pool_take(&b->pool, size, sizeof(double), "forecasts");
    b->now.low = wr_pool_take(&b->pool, size, levels * sizeof(double), "intervals");
    b->now.high = wr_pool_take(&b->pool, size, levels * sizeof(double), "intervals");
    b->errors = wr_pool_take(&b->pool, b->horizon, MOST_ERRORS * sizeof(double), "errors");
    b->sorted = wr_pool_take(&b->pool, MOST_ERRORS + b->horizon, sizeof(double), "errors");
    for (size_t m = 0; m < WR_METHODS; m++)
        b->counts[m] = wr_pool_take(&b->pool, count, sizeof *b->counts[m], "scores");
    wr_status status = wr_pool_status(&b->pool, b->error);
    for (size_t m = 0; m < WR_METHODS && status == WR_OK; m++) {
        b->result->scores[m] = wr_alloc(count, sizeof *b->result->scores[m], "scores", b->error);
        status = b->result->scores[m] != NULL ? WR_OK : WR_ERR_MEMORY;
    }
    return status;
}

static wr_status check(const struct wr_backtest_spec *spec, struct wr_error *error) {
    if (spec->recipe_count == 0 || spec->origins == 0 || spec->level_count > WR_MOST_LEVELS)
        return wr_fail(error, WR_ERR_USAGE,
                       "a backtest needs a recipe, an origin, and at most %d levels: found %zu, "
                       "%zu and %zu",
                       WR_MOST_LEVELS, spec->recipe_count, spec->origins, spec->level_count);
    for (size_t l = 0; l < spec->level_count; l++)
        if (!(spec->levels[l] > (l > 0 ? spec->levels[l - 1] : 0) && spec->levels[l] < 100))
            return wr_fail(error, WR_ERR_USAGE,
                           "\1levels\1 %g: ascending, above 0 and below 100 percent needed",
                           spec->levels[l]);
    for (size_t i = 0; i < spec->recipe_count; i++)
        if (spec->recipes[i].horizon == 0 || spec->recipes[i].horizon != spec->recipes[0].horizon)
            return wr_fail(error, WR_ERR_USAGE,
                           "recipe %s forecasts %zu steps, %s %zu: all need the same horizon, 1 or "
                           "more",
                           spec->recipes[0].name, spec->recipes[0].horizon, spec->recipes[i].name,
                           spec->recipes[i].horizon);
    return WR_OK;
}

wr_status wr_backtest(struct wr_device *device, const struct wr_panel *panel,
                      const struct wr_backtest_spec *spec, const struct wr_fit_options *options,
                      struct wr_backtest *backtest, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_fit_caller caller = {.options = options, .callers = &callers};
    const struct wr_fit_options wrapped = wr_fit_caller_options(&caller);
    *backtest = (struct wr_backtest){0};
    wr_status status = check(spec, error);
    if (status != WR_OK)
        return status;
    struct backtest b = {.panel = panel,
                         .spec = spec,
                         .series = wr_panel_count(panel),
                         .horizon = spec->recipes[0].horizon,
                         .season = spec->recipes[0].season,
                         .step = spec->step > 0 ? spec->step : spec->recipes[0].horizon,
                         .result = backtest,
                         .error = error};
    backtest->series = b.series;
    status = wr_panel_asof_open(panel, &b.seen, error);
    if (status == WR_OK)
        status = allocate(&b);
    if (status == WR_OK)
        status = run(&b, device, &wrapped);
    if (status == WR_OK)
        finish(&b);
    wr_pool_release(&b.pool);
    wr_panel_asof_close(b.seen);
    return status;
}

void wr_backtest_release(struct wr_backtest *backtest) {
    if (backtest == NULL)
        return;
    for (size_t m = 0; m < WR_METHODS; m++)
        free(backtest->scores[m]);
    *backtest = (struct wr_backtest){0};
}
