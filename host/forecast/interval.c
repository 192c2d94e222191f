/* Intervals by split conformal prediction. The errors of the calibration fit (calibrate.c) are
 * taken for those of the full fit. */
#include <math.h>
#include <stdlib.h>

#include "base/arithmetic.h"
#include "base/pool.h"
#include "forecast/fit.h"
#include "forecast/quantiles.h"
#include "forecast/spread.h"

#define FEWEST_AT_STEP 20 /* errors that a step needs, to estimate how errors grow */

/* ---- half-widths, in units of the spread ---- */

/* Whether series s has an error of the value number `place` after its first origin, counted from
 * 0. */
static bool is_known(const struct calibration *c, size_t s, size_t horizon, size_t place) {
    size_t first = place < horizon ? 0 : place - horizon + 1;
    for (size_t o = first; o < c->counts[s] && o <= place; o++)
        if (isfinite(c->errors[(c->first[s] + o) * horizon + place - o]))
            return true;
    return false;
}

/* The number of values of series s that were forecast and observed. Counts as if origins were one
 * value apart; they may be farther apart. */
static size_t count_known(const struct wr_fit *fit, size_t s) {
    const struct calibration *c = &fit->calibration;
    size_t K = fit->recipe.horizon, known = 0;
    for (size_t place = 0; c->counts[s] > 0 && place < c->counts[s] + K - 1; place++)
        known += is_known(c, s, K, place);
    return known;
}

bool wr_borrows(const struct wr_fit *fit, size_t s) {
    return fit->calibration.origins > 0 && count_known(fit, s) == 0;
}

/* What is estimated from the errors of all series, and memory to work in. */
struct evidence {
    const struct wr_fit *fit;
    const double *levels;
    struct wr_pool pool; /* holds the arrays */
    size_t count;        /* levels */
    double *growth;      /* (horizon) mean |error| at a step divided by that at all steps */
    double *widths; /* (levels, horizon) for a series without errors of its own; NaN: unknown */
    double *errors; /* memory for the errors of a series, or of all if some series borrow */
    double *step;   /* (levels) half-widths of the current series and step */
    double *own;    /* (levels) those of the current series for growth 1; NaN: it has no errors */
};

/* Collects the absolute errors of series first .. end-1 at steps k .. last, and returns their
 * number. If there are several series, constant ones are left out: their errors of 0 say nothing
 * about others. */
static size_t collect(const struct wr_fit *fit, size_t first, size_t end, size_t k, size_t last,
                      double *errors) {
    const struct calibration *c = &fit->calibration;
    size_t K = fit->recipe.horizon, n = 0;
    for (size_t s = first; s < end; s++) {
        if (c->spreads[s] == 0 && end - first > 1)
            continue;
        for (size_t o = 0; o < c->counts[s]; o++)
            for (size_t step = k; step <= last; step++) {
                float error = c->errors[(c->first[s] + o) * K + step];
                if (isfinite(error))
                    errors[n++] = fabs((double)error);
            }
    }
    return n;
}

/* Estimates how errors grow from step to step. The growth is 1 if there are too few errors. */
static wr_status find_growth(struct evidence *e, struct wr_error *error) {
    const struct calibration *c = &e->fit->calibration;
    size_t K = e->fit->recipe.horizon, fewest = SIZE_MAX;
    size_t *known = wr_alloc(K, sizeof *known, "errors", error);
    if (known == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < e->fit->count; s++) {
        const float *errors = c->errors + c->first[s] * K;
        for (size_t i = 0; c->spreads[s] > 0 && i < c->counts[s] * K; i++)
            if (isfinite(errors[i])) {
                e->growth[i % K] += fabs((double)errors[i]);
                known[i % K]++;
            }
    }
    double all = 0;
    for (size_t k = 0; k < K; k++) {
        fewest = known[k] < fewest ? known[k] : fewest;
        e->growth[k] /= (double)known[k];
        all += e->growth[k] / (double)K;
    }
    for (size_t k = 0; k < K; k++)
        e->growth[k] = fewest >= FEWEST_AT_STEP && e->growth[k] > 0 ? e->growth[k] / all : 1;
    free(known);
    return WR_OK;
}

/* Sets the widths of series without errors: the quantiles of all series' errors at the step, or at
 * all steps if those are too few. */
static void find_widths(struct evidence *e) {
    size_t K = e->fit->recipe.horizon, all = e->fit->count;
    for (size_t l = 0; l < e->count; l++) {
        size_t n = collect(e->fit, 0, all, 0, K - 1, e->errors);
        double every = wr_quantile(e->errors, n, e->levels[l] / 100);
        for (size_t k = 0; k < K; k++) {
            n = collect(e->fit, 0, all, k, k, e->errors);
            double width = wr_quantile(e->errors, n, e->levels[l] / 100);
            e->widths[l * K + k] = isnan(width) ? every : width;
        }
    }
}

static wr_status open_evidence(struct evidence *e, struct wr_error *error) {
    const struct calibration *c = &e->fit->calibration;
    size_t last = e->fit->count - 1, K = e->fit->recipe.horizon;
    bool borrowed = false;
    for (size_t s = 0; s <= last; s++)
        borrowed = borrowed || wr_borrows(e->fit, s);
    size_t room = borrowed ? c->first[last] + c->counts[last] : c->origins;
    e->growth = wr_pool_take(&e->pool, K, sizeof *e->growth, "errors");
    e->widths = wr_pool_take(&e->pool, K, e->count * sizeof *e->widths, "errors");
    e->errors = wr_pool_take(&e->pool, room, K * sizeof *e->errors, "errors");
    e->own = wr_pool_take(&e->pool, e->count, sizeof *e->own, "errors");
    e->step = wr_pool_take(&e->pool, e->count, sizeof *e->step, "errors");
    wr_status status = wr_pool_status(&e->pool, error);
    if (status != WR_OK)
        return status;
    if (borrowed)
        find_widths(e);
    return find_growth(e, error);
}

/* The number and the means of a series' errors at all steps, each divided by the growth at its
 * step. */
struct sums {
    size_t n;
    double mean, square; /* of the errors, and of their squares */
};

static struct sums collect_own(const struct evidence *e, size_t s) {
    const struct calibration *c = &e->fit->calibration;
    size_t K = e->fit->recipe.horizon;
    struct sums sums = {0};
    for (size_t i = 0; i < c->counts[s] * K; i++) {
        double error = (double)c->errors[c->first[s] * K + i] / e->growth[i % K];
        if (!isfinite(error))
            continue;
        sums.mean += error;
        sums.square += error * error;
        e->errors[sums.n++] = fabs(error);
    }
    sums.mean /= (double)sums.n;
    sums.square /= (double)sums.n;
    return sums;
}

/* The number of independent errors that tell as much as those of a series (F. E. Satterthwaite, "An
 * approximate distribution of estimates of variance components", Biometrics Bulletin 2, 1946). It
 * is at most the number of observed values that were forecast. It is smaller if the errors share a
 * common part, which shows when their mean is larger than chance explains. That part counts as one
 * error. */
static double freedom_of(const struct sums *sums, size_t values) {
    double n = (double)(sums->n < values ? sums->n : values), all = sums->square;
    double rest = all - sums->mean * sums->mean;
    double shared = n > 1 ? fmax(all - rest - rest / (n - 1), 0) : all;
    if (all == 0)
        return fmax(n, 1);
    return all * all / (shared * shared + (all - shared) * (all - shared) / n);
}

/* Sets e->own from the errors of a series at all steps: their quantile, or, if they are too few,
 * Student's quantile times the root of their mean square. */
static void find_own(struct evidence *e, size_t s) {
    struct sums sums = collect_own(e, s);
    double freedom = freedom_of(&sums, count_known(e->fit, s));
    for (size_t l = 0; l < e->count; l++) {
        double level = e->levels[l] / 100;
        e->own[l] = sums.n == 0 ? (double)NAN
                    : wr_quantile_known(freedom, level)
                        ? wr_quantile(e->errors, sums.n, level)
                        : wr_student(level, freedom) * sqrt(sums.square);
    }
}

/* The half-width of series s at step k. It comes from the series' errors at this step if they are
 * enough for the level, else from its errors at all steps, else, if it has none, from those of all
 * series. */
static double half_width(struct evidence *e, size_t s, size_t k, size_t l) {
    size_t n = collect(e->fit, s, s + 1, k, k, e->errors);
    double width = wr_quantile(e->errors, n, e->levels[l] / 100);
    if (!isnan(width))
        return width;
    return isnan(e->own[l]) ? e->widths[l * e->fit->recipe.horizon + k] : e->own[l] * e->growth[k];
}

/* ---- intervals ---- */

static wr_status check(const struct wr_fit *fit, const double *levels, size_t count,
                       struct wr_error *error) {
    if (fit->calibration.origins == 0)
        return wr_fail(error, WR_ERR_USAGE, "this fit has not been calibrated for intervals");
    for (size_t l = 0; l < count; l++)
        if (!(levels[l] > 0 && levels[l] < 100))
            return wr_fail(error, WR_ERR_USAGE,
                           "\1levels\1 %g: above 0 and below 100 percent needed", levels[l]);
    return WR_OK;
}

/* The half-width at level l, made at least as large as that of each lower level, which may come
 * from other errors. */
static double widest(const struct evidence *e, size_t l) {
    double width = e->step[l];
    for (size_t other = 0; other < e->count; other++)
        if (e->levels[other] < e->levels[l] && e->step[other] > width)
            width = e->step[other];
    return width;
}

/* Sets the intervals of series s of the panel, which is series `own` of the fit. Its half-widths
 * are multiplied by `spread`, and are at least `least`. low, high (levels, series, horizon). */
static void put_intervals(struct evidence *e, size_t own, double spread, double least, size_t s,
                          size_t series, const double *points, double *low, double *high) {
    size_t K = e->fit->recipe.horizon;
    bool nonnegative = e->fit->series[own].scales.nonnegative;
    find_own(e, own);
    for (size_t k = 0; k < K; k++) {
        for (size_t l = 0; l < e->count; l++)
            e->step[l] = half_width(e, own, k, l);
        for (size_t l = 0; l < e->count; l++) {
            double half = spread * widest(e, l);
            half = half < least ? least : half; /* NaN stays */
            size_t at = (l * series + s) * K + k;
            low[at] = points[s * K + k] - half;
            high[at] = points[s * K + k] + half;
            if (nonnegative && low[at] < 0)
                low[at] = 0;
        }
    }
}

/* The factor of a series' half-widths: its spread, or the spread of the fitted values if its values
 * here are all equal. If the fitted values are all equal too, its own errors have factor 1, but
 * errors of other series have no factor: NaN. */
static double width_factor(const struct wr_fit *fit, size_t own, double spread) {
    if (spread == 0)
        spread = fit->calibration.spreads[own];
    if (spread == 0)
        spread = wr_borrows(fit, own) ? (double)NAN : 1;
    return spread;
}

wr_status wr_fit_intervals(const struct wr_fit *fit, const struct wr_panel *panel,
                           const size_t *until, const double *points, const double *levels,
                           size_t count, double *low, double *high, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct evidence evidence = {.fit = fit, .levels = levels, .count = count};
    wr_status status = check(fit, levels, count, error);
    if (status == WR_OK)
        status = wr_check_until(panel, until, error);
    if (status == WR_OK)
        status = open_evidence(&evidence, error);
    for (size_t s = 0; s < wr_panel_count(panel) && status == WR_OK; s++) {
        const struct fitted *fitted = wr_fit_find(fit, wr_panel_id(panel, s));
        const double *values = wr_panel_observed(panel, s);
        size_t length = wr_used_length(panel, until, s);
        size_t quiet;
        if (fitted == NULL) {
            status = wr_fail(error, WR_ERR_DATA, "%s: series %s has not been fitted",
                             wr_panel_path(panel), wr_panel_id(panel, s));
            break;
        }
        size_t own = (size_t)(fitted - fit->series);
        status = wr_quiet_start(values, length, &quiet, error);
        if (status == WR_OK)
            put_intervals(&evidence, own, width_factor(fit, own, wr_spread(values, length, quiet)),
                          wr_late_jump(values, length, quiet, 2 * fit->recipe.horizon), s,
                          wr_panel_count(panel), points, low, high);
    }
    wr_pool_release(&evidence.pool);
    return status;
}
