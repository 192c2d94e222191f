/* Intervals by split conformal prediction: a fit on less forecasts, from many origins, what it has
 * not seen; how far off it was, step by step, is how far off the fit on all is taken to be. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "forecast/fit.h"

#define MOST_ORIGINS   100
#define ALL_ORIGINS    200000 /* of all series together, but at least one each */
#define FEWEST_ORIGINS 19     /* with which 95 % has a quantile */

double wr_scale_of(const double *values, size_t length, size_t season) {
    double usual = wr_insample_error(values, length, season), size = 0;
    size_t sizes = 0;
    if (usual > 0)
        return usual;
    for (size_t t = 0; t < length; t++)
        if (!isnan(values[t])) {
            size += fabs(values[t]);
            sizes++;
        }
    return size > 0 ? size / (double)sizes : 1;
}

/* ---- what is held out ---- */

/* The values of a series that the fit on less does not see: a fifth, or what FEWEST_ORIGINS take if
 * that is more, but never more than half. Origins stand `apart` steps from each other. */
struct held {
    size_t from;  /* values that the fit on less has */
    size_t count; /* origins; 0: too short */
    size_t apart;
};

static struct held hold_out(size_t until, size_t horizon, size_t most) {
    size_t held = until / 5, least = horizon + FEWEST_ORIGINS - 1;
    held = held > least ? held : least;
    held = held > horizon + 199 ? (least > horizon + 199 ? least : horizon + 199) : held;
    held = held < until / 2 ? held : until / 2;
    if (held < horizon || until - held < 2)
        return (struct held){.from = until};
    size_t places = held - horizon + 1;
    size_t apart = (places - 1) / most + 1;
    return (struct held){.from = until - held, .count = (places - 1) / apart + 1, .apart = apart};
}

struct calibrating {
    const struct wr_panel *panel;
    const size_t *until;
    struct wr_fit *fit; /* on all */
    struct held *held;  /* (series) */
    size_t *origin;     /* (series) */
    double *points;     /* (series, horizon) */
};

/* How far off the forecasts from origin number o are. */
static void note_errors(const struct calibrating *c, size_t o) {
    struct calibration *to = &c->fit->calibration;
    size_t K = c->fit->recipe.horizon;
    for (size_t s = 0; s < c->fit->count; s++) {
        if (o >= c->held[s].count)
            continue;
        const double *values = wr_panel_values(c->panel, s);
        double scale = wr_scale_of(values, c->held[s].from, c->fit->recipe.season);
        for (size_t k = 0; k < K; k++) {
            double error = fabs(values[c->origin[s] + k] - c->points[s * K + k]) / scale;
            to->errors[(to->first[s] + o) * K + k] = (float)error; /* NaN at a gap */
        }
    }
}

static wr_status forecast_origins(struct calibrating *c, const struct wr_fit *less,
                                  struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t o = 0; o < c->fit->calibration.origins && status == WR_OK; o++) {
        for (size_t s = 0; s < c->fit->count; s++) /* those that have no more repeat their last */
            c->origin[s] =
                c->held[s].count == 0
                    ? c->held[s].from
                    : c->held[s].from +
                          (o < c->held[s].count ? o : c->held[s].count - 1) * c->held[s].apart;
        status = wr_fit_forecast_known(less, c->panel, c->origin, c->points, error);
        if (status == WR_OK)
            note_errors(c, o);
    }
    return status;
}

wr_status wr_calibration_room(struct calibration *calibration, size_t series, size_t horizon,
                              struct wr_error *error) {
    size_t all = 0, floats;
    calibration->first = wr_alloc(series, sizeof *calibration->first, "series", error);
    if (calibration->first == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < series; s++) {
        calibration->first[s] = all;
        if (!wr_size_add(all, calibration->counts[s], &all))
            return wr_fail(error, WR_ERR_MEMORY, "the origins of %zu series overflow", series);
    }
    if (!wr_size_mul(all, horizon, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "the errors of %zu series overflow memory", series);
    calibration->errors = wr_alloc(floats, sizeof(float), "errors of forecasts", error);
    return calibration->errors != NULL ? WR_OK : WR_ERR_MEMORY;
}

static wr_status allocate(struct calibrating *c, struct wr_error *error) {
    struct calibration *to = &c->fit->calibration;
    size_t count = c->fit->count, K = c->fit->recipe.horizon;
    size_t most = ALL_ORIGINS / count;
    most = most < 1 ? 1 : most > MOST_ORIGINS ? MOST_ORIGINS : most;
    c->held = wr_alloc(count, sizeof *c->held, "series", error);
    c->origin = wr_alloc(count, sizeof *c->origin, "series", error);
    c->points = wr_alloc(count * K, sizeof *c->points, "forecasts", error);
    to->counts = wr_alloc(count, sizeof *to->counts, "series", error);
    if (c->held == NULL || c->origin == NULL || c->points == NULL || to->counts == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < count; s++) {
        c->held[s] = hold_out(wr_until(c->panel, c->until, s), K, most);
        c->origin[s] = c->held[s].from;
        to->counts[s] = c->held[s].count;
        to->origins = to->counts[s] > to->origins ? to->counts[s] : to->origins;
    }
    if (to->origins == 0)
        return wr_fail(
            error, WR_ERR_DATA,
            "%s: every series is too short for intervals: %zu values are forecast, and as "
            "many must be held out; --levels none forecasts without",
            wr_panel_path(c->panel), K);
    return wr_calibration_room(to, count, K, error);
}

wr_status wr_fit_calibrate(struct wr_device *device, const struct wr_panel *panel,
                           const size_t *until, const struct wr_fit_options *options,
                           struct wr_fit *fit, struct wr_error *error) {
    struct calibrating c = {.panel = panel, .until = until, .fit = fit};
    struct wr_fit *less = NULL;
    wr_status status = allocate(&c, error);
    if (status == WR_OK) {
        struct wr_fit_options second = *options;
        second.calibrate = false;
        status = wr_fit(device, panel, &fit->recipe, c.origin, &second, &less, error);
    }
    if (status == WR_OK) {
        fit->report.updates += less->report.updates;
        fit->report.seconds += less->report.seconds;
        status = forecast_origins(&c, less, error);
    }
    wr_fit_free(less);
    free(c.held);
    free(c.origin);
    free(c.points);
    return status;
}

/* ---- quantiles ---- */

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The number ceil((n + 1) level) of n ascending errors, or the last if there are too few. */
static double quantile(const float *sorted, size_t n, double level) {
    size_t rank = (size_t)ceil((double)(n + 1) * level - 1e-9);
    return n == 0 ? (double)NAN : (double)sorted[rank > n ? n - 1 : rank - 1];
}

/* Errors of series first .. end-1 at steps k .. last, sorted; returns how many there are. */
static size_t collect(const struct wr_fit *fit, size_t first, size_t end, size_t k, size_t last,
                      float *errors) {
    const struct calibration *c = &fit->calibration;
    size_t K = fit->recipe.horizon, n = 0;
    for (size_t s = first; s < end; s++)
        for (size_t o = 0; o < c->counts[s]; o++)
            for (size_t step = k; step <= last; step++) {
                float error = c->errors[(c->first[s] + o) * K + step];
                if (isfinite(error))
                    errors[n++] = error;
            }
    qsort(errors, n, sizeof *errors, by_value);
    return n;
}

/* Half-widths of series s at step k, in scales: of its own errors where they are enough for the
 * level, else of those of all series at this step, else of all at all steps. */
struct pool {
    float *own; /* room for one series' at a step */
    float *all; /* (n) of all series at step k */
    size_t all_count;
    float *every; /* (n) of all at all steps */
    size_t every_count;
};

static bool enough(size_t n, double level) {
    return ceil((double)(n + 1) * level - 1e-9) <= (double)n;
}

static double half_width(const struct pool *pool, size_t own, double level) {
    if (enough(own, level))
        return quantile(pool->own, own, level);
    if (enough(pool->all_count, level))
        return quantile(pool->all, pool->all_count, level);
    return quantile(pool->every, pool->every_count, level);
}

static wr_status open_pool(const struct wr_fit *fit, struct pool *pool, struct wr_error *error) {
    const struct calibration *c = &fit->calibration;
    size_t n = c->first[fit->count - 1] + c->counts[fit->count - 1];
    pool->own = wr_alloc(fit->calibration.origins, sizeof *pool->own, "errors", error);
    pool->all = wr_alloc(n, sizeof *pool->all, "errors", error);
    pool->every = wr_alloc(n * fit->recipe.horizon, sizeof *pool->every, "errors", error);
    if (pool->own == NULL || pool->all == NULL || pool->every == NULL)
        return WR_ERR_MEMORY;
    pool->every_count = collect(fit, 0, fit->count, 0, fit->recipe.horizon - 1, pool->every);
    return WR_OK;
}

/* A series of the panel: which it is of the fit, and its scale. */
struct target {
    size_t index;
    double scale;
};

static wr_status find_targets(const struct wr_fit *fit, const struct wr_panel *panel,
                              const size_t *until, struct target **targets,
                              struct wr_error *error) {
    size_t series = wr_panel_count(panel);
    *targets = wr_alloc(series, sizeof **targets, "series", error);
    if (*targets == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < series; s++) {
        const struct fitted *fitted = wr_fit_find(fit, wr_panel_id(panel, s));
        if (fitted == NULL)
            return wr_fail(error, WR_ERR_DATA, "%s: series %s has not been fitted",
                           wr_panel_path(panel), wr_panel_id(panel, s));
        (*targets)[s].index = (size_t)(fitted - fit->series);
        (*targets)[s].scale =
            wr_scale_of(wr_panel_values(panel, s), wr_until(panel, until, s), fit->recipe.season);
    }
    return WR_OK;
}

wr_status wr_fit_intervals(const struct wr_fit *fit, const struct wr_panel *panel,
                           const size_t *until, const double *points, const double *levels,
                           size_t count, double *low, double *high, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    size_t K = fit->recipe.horizon, series = wr_panel_count(panel);
    struct pool pool = {0};
    struct target *targets = NULL;
    if (fit->calibration.origins == 0)
        return wr_fail(error, WR_ERR_USAGE, "this fit has not been calibrated for intervals");
    for (size_t l = 0; l < count; l++)
        if (!(levels[l] > 0 && levels[l] < 100))
            return wr_fail(error, WR_ERR_USAGE, "level %g: above 0 and below 100 percent needed",
                           levels[l]);
    wr_status status = find_targets(fit, panel, until, &targets, error);
    if (status == WR_OK)
        status = open_pool(fit, &pool, error);
    for (size_t k = 0; k < K && status == WR_OK; k++) {
        pool.all_count = collect(fit, 0, fit->count, k, k, pool.all);
        for (size_t s = 0; s < series; s++) {
            size_t own = collect(fit, targets[s].index, targets[s].index + 1, k, k, pool.own);
            for (size_t l = 0; l < count; l++) {
                double half = targets[s].scale * half_width(&pool, own, levels[l] / 100);
                size_t at = (l * series + s) * K + k;
                low[at] = points[s * K + k] - half;
                high[at] = points[s * K + k] + half;
            }
        }
    }
    free(targets);
    free(pool.own);
    free(pool.all);
    free(pool.every);
    return status;
}
