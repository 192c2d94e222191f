/* Makes forecasts from a fit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/pool.h"
#include "data/date.h"
#include "data/panel.h"
#include "forecast/fit.h"
#include "forecast/spread.h"
#include "windrow/session.h"

/* Limits the number of models at a time, so that the copies of a session stay small. */
#define FLOATS_AT_ONCE 3e7

/* Series of a panel, all of one window, that are forecast together. */
struct group {
    struct wr_device *cpu;
    const struct wr_fit *fit;
    const struct wr_panel *panel;
    struct wr_pool pool;   /* holds the arrays */
    struct wr_stack stack; /* the models of all series, seeds of each */
    size_t window, count;
    size_t horizon, outputs, width; /* width: T * I */
    const size_t *which;            /* (count) indices in the panel */
    const struct fitted **series;   /* (count) */
    struct wr_prepared **prepared;  /* (count) */
    struct wr_task *tasks;          /* (models) the window that each model sees */
    float *inputs;                  /* a window for each series, or if recursive for each model */
    float *predictions;             /* (models, O) */
    double *paths;                  /* (models, horizon) z */
    double *points;                 /* (seeds, horizon) */
    double *sorted;                 /* (seeds) */
    bool allow_gaps;                /* a window that touches a gap is no error */
    unsigned char *gaps;            /* (count) the window to forecast from touches a gap */
};

static void release(struct group *g) {
    for (size_t i = 0; i < g->count && g->prepared != NULL; i++)
        wr_prepared_free(g->prepared[i]);
    wr_pool_release(&g->pool);
}

static wr_status allocate(struct group *g, struct wr_error *error) {
    size_t P = wr_fit_parameters(g->fit), M = g->stack.count;
    g->series = wr_pool_take(&g->pool, g->count, sizeof *g->series, "series");
    g->prepared = wr_pool_take(&g->pool, g->count, sizeof *g->prepared, "series");
    g->tasks = wr_pool_take(&g->pool, M, sizeof *g->tasks, "models");
    g->stack.parameters = wr_pool_take(&g->pool, M * P, sizeof(float), "parameters");
    g->inputs = wr_pool_take(&g->pool, M * g->width, sizeof *g->inputs, "windows");
    g->predictions = wr_pool_take(&g->pool, M * g->outputs, sizeof *g->predictions, "predictions");
    g->paths = wr_pool_take(&g->pool, M * g->horizon, sizeof *g->paths, "forecasts");
    g->points =
        wr_pool_take(&g->pool, g->fit->recipe.seeds * g->horizon, sizeof *g->points, "forecasts");
    g->sorted = wr_pool_take(&g->pool, g->fit->recipe.seeds, sizeof *g->sorted, "forecasts");
    g->gaps = wr_pool_take(&g->pool, g->count, 1, "series");
    return wr_pool_status(&g->pool, error);
}

/* A stamp as a time; that of a month or a quarter is its first day. */
struct instant {
    struct wr_stamp_form form;
    int64_t time;
    int rest; /* nanoseconds */
};

static bool read_instant(const char *stamp, struct instant *instant) {
    if (!wr_stamp_read(stamp, &instant->form, &instant->time, &instant->rest))
        return false;
    if (instant->form.kind == WR_STAMP_MONTH || instant->form.kind == WR_STAMP_QUARTER) {
        instant->form.kind = WR_STAMP_TIME;
        instant->time = wr_month_start(instant->time) * 86400;
    }
    return true;
}

/* Whether a stamp is the time `other`, however it is written. */
static bool is_time(const char *stamp, const struct instant *other) {
    struct instant own;
    return read_instant(stamp, &own) && wr_stamp_alike(&own.form, &other->form) &&
           own.time == other->time && own.rest == other->rest;
}

/* Sets the scales' shift: where the panel's series begins, counted from the beginning of the one
 * that was fitted. Seasons and trends need it. */
static wr_status align(const struct group *g, size_t i, struct wr_scales *scales,
                       struct wr_error *error) {
    const struct fitted *series = g->series[i];
    char stamp[WR_STAMP_SIZE];
    struct instant last;
    size_t length = wr_panel_length(g->panel, g->which[i]);
    if (!g->fit->recipe.adjust && !g->fit->recipe.detrend)
        return WR_OK;
    bool is_read = read_instant(series->last, &last);
    for (size_t at = 0; at < length; at++) { /* the index in the fitted panel comes first */
        size_t step = (series->length - 1 + at) % length;
        wr_panel_stamp(g->panel, g->which[i], step, stamp);
        if (strcmp(stamp, series->last) == 0 || (is_read && is_time(stamp, &last))) {
            scales->shift = (int64_t)(series->length - 1) - (int64_t)step;
            return WR_OK;
        }
    }
    wr_panel_stamp(g->panel, g->which[i], length > 0 ? length - 1 : 0, stamp);
    return wr_fail(error, WR_ERR_DATA,
                   "%s: series %s, which ends at %s, does not contain %s, the last time stamp that "
                   "was fitted; the recipe's season and trend count from there",
                   wr_panel_path(g->panel), series->id, stamp, series->last);
}

/* *start: where this series begins to vary, which may differ from the one that was fitted. 0 if the
 * last window begins before that. */
static wr_status find_start(const struct group *g, size_t i, size_t end,
                            const struct wr_recipe *recipe, size_t *start, struct wr_error *error) {
    size_t needed = wr_recipe_length(recipe, 1) - wr_recipe_outputs(recipe);
    wr_status status = wr_quiet_start(wr_panel_values(g->panel, g->which[i]), end, start, error);
    if (status == WR_OK && end - *start < needed)
        *start = 0;
    return status;
}

static wr_status prepare(struct group *g, const size_t *until, struct wr_error *error) {
    struct wr_recipe recipe = g->fit->recipe;
    size_t P = wr_fit_parameters(g->fit), seeds = recipe.seeds;
    recipe.window = g->window;
    for (size_t i = 0; i < g->count; i++) {
        size_t s = g->which[i], end = wr_used_length(g->panel, until, s);
        const struct fitted *series = g->series[i] = wr_fit_find(g->fit, wr_panel_id(g->panel, s));
        struct wr_scales scales = series->scales;
        wr_status status = find_start(g, i, end, &recipe, &scales.start, error);
        if (status == WR_OK)
            status = align(g, i, &scales, error);
        if (status == WR_OK)
            status = wr_covariates_reach(g->panel, s, end, &recipe, error);
        if (status == WR_OK)
            status = wr_prepared_make(g->panel, s, end, &recipe, &scales, &g->prepared[i], error);
        if (status != WR_OK)
            return status;
        memcpy(g->stack.parameters + i * seeds * P,
               g->fit->stack.parameters + series->first_model * P, seeds * P * sizeof(float));
    }
    return WR_OK;
}

/* Whether the forecast of a recursive model has become infinite or NaN before this step. Then it
 * has no next window. */
static bool has_overflowed(const struct group *g, size_t m, size_t step) {
    return step > 0 && !isfinite(g->paths[m * g->horizon + step - 1]);
}

/* Fills in the window of each model at a step. The models of a series share one window, unless the
 * recipe is recursive. */
static wr_status fill_windows(struct group *g, size_t step, struct wr_error *error) {
    size_t seeds = g->fit->recipe.seeds;
    bool recursive = g->fit->recipe.recursive;
    for (size_t m = 0; m < g->stack.count; m++) {
        size_t i = m / seeds, window = recursive ? m : i;
        g->tasks[m] = (struct wr_task){.first = window, .count = 1};
        if ((!recursive && m % seeds > 0) || has_overflowed(g, m, step))
            continue;
        const double *path = step > 0 ? g->paths + m * g->horizon : NULL;
        if (wr_prepared_last(g->prepared[i], path, step, g->inputs + window * g->width))
            continue;
        g->gaps[i] = 1;
        if (!g->allow_gaps)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: series %s: the last window, of %zu values, touches a gap or is "
                           "longer than the series; \1missing=interpolate\1 fills gaps",
                           wr_panel_path(g->panel), g->series[i]->id,
                           g->window * g->fit->recipe.chunk);
    }
    return WR_OK;
}

/* Fails if a model overflows that has not diverged: otherwise nobody would notice. Diverged models
 * are left out and counted. */
static wr_status check_paths(const struct group *g, struct wr_error *error) {
    size_t seeds = g->fit->recipe.seeds;
    for (size_t m = 0; m < g->stack.count; m++) {
        const struct fitted *series = g->series[m / seeds];
        if (!g->fit->diverged[series->first_model + m % seeds] && has_overflowed(g, m, g->horizon))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: series %s: its forecast overflows, fed back %zu times; a smaller "
                           "\1lr\1, \1scale=true\1 or fewer steps may help",
                           wr_panel_path(g->panel), series->id, g->horizon - 1);
    }
    return WR_OK;
}

/* Gives the models the windows of the next step: opens *session at the first one. */
static wr_status show_windows(const struct group *g, struct wr_session **session,
                              struct wr_error *error) {
    const struct wr_recipe *recipe = &g->fit->recipe;
    const struct wr_ensemble ensemble = {
        .stack = g->stack,
        .tasks = g->tasks,
        .batch = 1,
        .schedule = WR_SCHEDULE_FORWARD,
        .windows = {.count = recipe->recursive ? g->stack.count : g->count,
                    .input_stride = g->width,
                    .inputs = g->inputs},
        .rule = {.activation = recipe->rule.activation},
    };
    return *session == NULL ? wr_session_open(g->cpu, &ensemble, session, error)
                            : wr_session_write_windows(*session, &ensemble.windows, error);
}

static wr_status predict(struct group *g, struct wr_error *error) {
    const struct wr_recipe *recipe = &g->fit->recipe;
    struct wr_session *session = NULL;
    size_t rounds = recipe->recursive ? g->horizon : 1;
    wr_status status = WR_OK;
    for (size_t step = 0; step < rounds && status == WR_OK; step++) {
        status = fill_windows(g, step, error);
        if (status == WR_OK)
            status = show_windows(g, &session, error);
        if (status == WR_OK)
            status = wr_session_forward(session, 0, 1, error);
        if (status == WR_OK)
            status = wr_session_read(session, WR_PREDICTIONS, g->predictions, error);
        for (size_t m = 0; m < g->stack.count && status == WR_OK; m++) {
            double *path = g->paths + m * g->horizon;
            if (has_overflowed(g, m, step))
                path[step] = (double)NAN;
            else
                wr_prepared_next(g->prepared[m / recipe->seeds], step > 0 ? path : NULL, step,
                                 g->predictions + m * g->outputs, path + step);
        }
    }
    wr_session_close(session);
    return status == WR_OK && recipe->recursive && !g->allow_gaps ? check_paths(g, error) : status;
}

/* ---- from seeds to a point ---- */

/* The mean or median of the finite values among `count`, which are `apart` doubles apart; NaN if
 * there is none. Adds in ascending order. */
static double combine(enum wr_combine how, const double *values, size_t count, size_t apart,
                      double *sorted) {
    size_t n = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i * apart]))
            sorted[n++] = values[i * apart];
    if (n == 0)
        return (double)NAN;
    wr_sort(sorted, n);
    if (how == WR_COMBINE_MEDIAN)
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    for (size_t i = 0; i < n; i++)
        sum += sorted[i];
    return sum / (double)n;
}

/* Sets the points of series i. Returns false if a step has no finite forecast of any model. */
static bool combine_series(struct group *g, size_t i, double *points) {
    const struct wr_recipe *recipe = &g->fit->recipe;
    size_t seeds = recipe->seeds, K = g->horizon;
    const unsigned char *diverged = g->fit->diverged + g->series[i]->first_model;
    bool whole = true;
    for (size_t seed = 0; seed < seeds; seed++) {
        double *own = g->points + seed * K;
        wr_prepared_undo(g->prepared[i], g->paths + (i * seeds + seed) * K, own);
        for (size_t k = 0; k < K && diverged[seed]; k++)
            own[k] = (double)NAN;
    }
    for (size_t k = 0; k < K; k++) {
        points[k] = combine(recipe->combine, g->points + k, seeds, K, g->sorted);
        whole = whole && isfinite(points[k]);
    }
    return whole;
}

/* Seasonal naive from the values after a quiet start. */
static wr_status naive(const struct wr_fit *fit, const struct wr_panel *panel, const size_t *until,
                       size_t s, double *points, struct wr_error *error) {
    const double *values = wr_panel_values(panel, s);
    size_t length = wr_used_length(panel, until, s), start;
    wr_status status = wr_quiet_start(values, length, &start, error);
    if (status == WR_OK)
        wr_naive(values + start, length - start, fit->recipe.season, fit->recipe.horizon, points);
    return status;
}

static wr_status forecast_group(struct group *g, const size_t *until, double *points,
                                struct wr_error *error) {
    size_t K = g->horizon;
    wr_status status = allocate(g, error);
    if (status == WR_OK)
        status = prepare(g, until, error);
    if (status == WR_OK)
        status = predict(g, error);
    for (size_t i = 0; i < g->count && status == WR_OK; i++) {
        double *own = points + g->which[i] * K;
        if (!combine_series(g, i, own))
            status = naive(g->fit, g->panel, until, g->which[i], own, error);
        for (size_t k = 0; k < K && g->gaps[i]; k++)
            own[k] = (double)NAN;
    }
    return status;
}

/* ---- series with the same window ---- */

/* Collects the next series of the panel with this window, from *next on, as many as one group can
 * hold. */
static size_t gather(const struct wr_fit *fit, const struct wr_panel *panel, size_t window,
                     size_t *next, size_t *which) {
    double each = (double)fit->recipe.seeds *
                  ((double)wr_fit_parameters(fit) + (double)(window * fit->stack.shape.inputs) +
                   2 * (double)fit->recipe.horizon);
    size_t count = 0;
    for (; *next < wr_panel_count(panel); ++*next) {
        if (wr_fit_find(fit, wr_panel_id(panel, *next))->window != window)
            continue;
        if (count > 0 && (double)(count + 1) * each > FLOATS_AT_ONCE)
            break;
        which[count++] = *next;
    }
    return count;
}

static wr_status forecast_window(struct wr_device *cpu, const struct wr_fit *fit,
                                 const struct wr_panel *panel, const size_t *until, bool allow_gaps,
                                 size_t window, size_t *which, double *points,
                                 struct wr_error *error) {
    wr_status status = WR_OK;
    size_t next = 0, count;
    while (status == WR_OK && (count = gather(fit, panel, window, &next, which)) > 0) {
        struct group g = {.cpu = cpu,
                          .fit = fit,
                          .panel = panel,
                          .window = window,
                          .count = count,
                          .stack = {fit->stack.shape, .count = count * fit->recipe.seeds},
                          .horizon = fit->recipe.horizon,
                          .outputs = fit->stack.shape.outputs,
                          .width = window * fit->stack.shape.inputs,
                          .which = which,
                          .allow_gaps = allow_gaps};
        g.stack.shape.seq_len = window;
        status = forecast_group(&g, until, points, error);
        release(&g);
    }
    return status;
}

/* Refuses a panel with other time steps. A model of business days, for example, knows nothing of
 * Saturdays. */
static wr_status check_step(const struct wr_fit *fit, const struct wr_panel *panel,
                            struct wr_error *error) {
    struct wr_step own, theirs;
    if (!wr_step_read(fit->freq, &own) || !wr_step_read(wr_panel_freq(panel), &theirs) ||
        (own.unit == theirs.unit && own.by == theirs.by))
        return WR_OK;
    return wr_fail(
        error, WR_ERR_DATA,
        "%s: time stamps in steps of %s, but the fit was made in steps of %s; fit again, "
        "or name the step with \1freq\1",
        wr_panel_path(panel), wr_panel_freq(panel), fit->freq);
}

/* Checks that every series of the panel was fitted, with the same covariates and time steps. */
static wr_status check_panel(const struct wr_fit *fit, const struct wr_panel *panel,
                             struct wr_error *error) {
    char *covariates = wr_panel_covariates(panel);
    if (covariates == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the names of covariates");
    bool same = strcmp(covariates, fit->covariates) == 0 &&
                wr_recipe_inputs(&fit->recipe, panel) == fit->stack.shape.inputs;
    wr_status status =
        same ? WR_OK
             : wr_fail(error, WR_ERR_DATA,
                       "%s: covariates \"%s\", but the fit has \"%s\": name the same, in the "
                       "same order, with \1past\1 and \1future\1",
                       wr_panel_path(panel), covariates, fit->covariates);
    free(covariates);
    if (status == WR_OK)
        status = check_step(fit, panel, error);
    if (status != WR_OK)
        return status;
    for (size_t s = 0; s < wr_panel_count(panel); s++)
        if (wr_fit_find(fit, wr_panel_id(panel, s)) == NULL)
            return wr_fail(error, WR_ERR_DATA, "%s: series %s has not been fitted",
                           wr_panel_path(panel), wr_panel_id(panel, s));
    return WR_OK;
}

static wr_status forecast_all(struct wr_device *cpu, const struct wr_fit *fit,
                              const struct wr_panel *panel, const size_t *until, bool allow_gaps,
                              double *points, struct wr_error *error) {
    size_t K = fit->recipe.horizon, count = wr_panel_count(panel);
    wr_status status = check_panel(fit, panel, error);
    if (status != WR_OK)
        return status;
    size_t *which = wr_alloc(count, sizeof *which, "series", error);
    if (which == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < count && status == WR_OK; s++)
        if (wr_fit_find(fit, wr_panel_id(panel, s))->window == 0)
            status = naive(fit, panel, until, s, points + s * K, error);
    for (size_t window = fit->recipe.window; window > 0 && status == WR_OK; window--)
        status = forecast_window(cpu, fit, panel, until, allow_gaps, window, which, points, error);
    free(which);
    return status;
}

wr_status wr_fit_forecast(const struct wr_fit *fit, const struct wr_panel *panel,
                          const size_t *until, double *points, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_device *cpu = NULL;
    wr_status status = wr_check_until(panel, until, error);
    if (status == WR_OK)
        status = wr_device_open("cpu", NULL, &cpu, error);
    if (status == WR_OK)
        status = forecast_all(cpu, fit, panel, until, false, points, error);
    wr_device_close(cpu);
    return status;
}

wr_status wr_fit_forecast_with_gaps(struct wr_device *cpu, const struct wr_fit *fit,
                                    const struct wr_panel *panel, const size_t *until,
                                    double *points, struct wr_error *error) {
    return forecast_all(cpu, fit, panel, until, true, points, error);
}
