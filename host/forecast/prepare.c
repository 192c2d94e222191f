#include "forecast/prepare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "data/panel.h"
#include "forecast/scales.h"

struct wr_prepared {
    size_t span; /* number of values in a window's inputs: T * D */
    size_t chunk, horizon, outputs, difference, residual;
    enum wr_normalize normalize;
    struct wr_scales scales; /* a copy, but without covariates */
    double lowest, highest;  /* bounds of the forecast y (after step 1) */

    size_t length;
    double *z;    /* (length); NaN at gaps and at the first `difference` */
    double *tail; /* (difference): the last values before step 3, NaN if unknown */
    size_t covariates;
    double *known;  /* (covariates, length): standardised; future ones from `horizon` steps later */
    size_t windows; /* number of windows without gaps */
    size_t *starts; /* (windows): where their inputs begin, increasing */
};

static size_t lesser(size_t a, size_t b) {
    return a < b ? a : b;
}

/* A window hardly varies if its statistic is below this fraction of the same statistic of the
 * series. It is not compared with the local mean, which says nothing about how a series varies. */
#define LEAST_FRACTION 1e-6

/* What one window is normalised by. */
struct norm {
    double center, deviation;
};

static struct norm norm_of(const struct wr_prepared *p, const struct wr_track *track,
                           size_t start) {
    struct norm norm = {0, 1};
    double own = 0, usual = p->scales.usual;
    switch (p->normalize) {
    case WR_NORMALIZE_NONE:
        break;
    case WR_NORMALIZE_LAST:
        norm.center = wr_at(track, start + p->span - 1);
        break;
    case WR_NORMALIZE_MEAN:
        own = wr_mean_magnitude(track, start, p->span);
        norm.deviation = own > LEAST_FRACTION * usual ? own : usual;
        break;
    case WR_NORMALIZE_STANDARD:
        wr_moments(track, start, p->span, &norm.center, &own);
        norm.deviation = own > LEAST_FRACTION * usual ? own : usual;
        break;
    }
    return norm;
}

/* The index of the base of target k of the window that ends before `end`. The base is the latest
 * value before `end` that lies a multiple of `residual` steps before the target. */
static size_t base_of(const struct wr_prepared *p, size_t end, size_t k) {
    return end - p->residual + k % p->residual;
}

static bool inputs_whole(const struct wr_prepared *p, const struct wr_track *track, size_t start) {
    for (size_t t = start; t < start + p->span; t++) {
        if (isnan(wr_at(track, t)))
            return false;
        for (size_t c = 0; c < p->covariates; c++)
            if (isnan(p->known[c * p->length + t]))
                return false;
    }
    return true;
}

/* Whether the bases of all targets are known. */
static bool bases_whole(const struct wr_prepared *p, const struct wr_track *track, size_t end) {
    if (end < p->residual)
        return false;
    for (size_t k = 0; k < lesser(p->residual, p->outputs); k++)
        if (isnan(wr_at(track, base_of(p, end, k))))
            return false;
    return true;
}

static bool targets_whole(const struct wr_prepared *p, size_t end) {
    for (size_t k = 0; k < p->outputs; k++)
        if (isnan(p->z[end + k]))
            return false;
    return true;
}

static struct wr_track track_of(const struct wr_prepared *p, const double *path) {
    return (struct wr_track){p->z, p->length, path};
}

static wr_status find_windows(struct wr_prepared *p, struct wr_error *error) {
    struct wr_track track = track_of(p, NULL);
    size_t needed = p->span + p->outputs;
    size_t most = p->length < needed ? 0 : p->length - needed + 1;
    p->starts = wr_alloc(most, sizeof *p->starts, "the windows of a series", error);
    if (!p->starts)
        return WR_ERR_MEMORY;
    for (size_t start = 0; start < most; start++) {
        size_t end = start + p->span;
        if (targets_whole(p, end) && bases_whole(p, &track, end) && inputs_whole(p, &track, start))
            p->starts[p->windows++] = start;
    }
    return WR_OK;
}

static void prepare_covariates(const struct wr_panel *panel, size_t series,
                               const struct wr_scales *scales, struct wr_prepared *p) {
    for (size_t c = 0; c < p->covariates; c++) {
        bool future = c >= wr_panel_pasts(panel);
        size_t ahead = future ? p->horizon : 0;
        size_t known = future ? wr_panel_known(panel, series) : p->length;
        const double *values = wr_covariate(panel, series, c);
        double *standard = p->known + c * p->length;
        for (size_t t = 0; t < p->length; t++)
            standard[t] = t + ahead < known
                              ? (values[t + ahead] - scales->means[c]) / scales->deviations[c]
                              : NAN;
    }
}

static wr_status allocate(struct wr_prepared *p, const struct wr_scales *scales,
                          struct wr_error *error) {
    size_t known;
    if (!wr_size_mul(p->covariates, p->length, &known))
        return wr_fail(error, WR_ERR_MEMORY, "%zu covariates of %zu values are too many",
                       p->covariates, p->length);
    p->z = wr_alloc(p->length, sizeof *p->z, "a series", error);
    p->tail = wr_alloc(p->difference, sizeof *p->tail, "the end of a series", error);
    p->known = wr_alloc(known, sizeof *p->known, "covariates", error);
    p->scales.indices =
        wr_alloc(scales->season, sizeof *p->scales.indices, "seasonal indices", error);
    return p->z && p->tail && p->known && p->scales.indices ? WR_OK : WR_ERR_MEMORY;
}

/* Bounds the forecasts of the logarithms y (length): they go beyond the values by at most twice the
 * median change over a horizon. An error of a logarithm is a factor of the value, and beside a
 * jump, such as from 1 to 1000, all other changes look small to a model. */
static wr_status bound_logs(struct wr_prepared *p, const double *y, struct wr_error *error) {
    double *changes = wr_alloc(p->length, sizeof *changes, "a series", error);
    size_t known = 0;
    if (!changes)
        return WR_ERR_MEMORY;
    p->lowest = INFINITY;
    p->highest = -INFINITY;
    for (size_t t = 0; t < p->length; t++) {
        p->lowest = fmin(p->lowest, y[t]);
        p->highest = fmax(p->highest, y[t]);
        double change = t < p->horizon ? NAN : fabs(y[t] - y[t - p->horizon]);
        if (!isnan(change))
            changes[known++] = change;
    }
    wr_sort(changes, known);
    double usual = known > 0 ? changes[known / 2] : p->highest - p->lowest;
    p->lowest -= 2 * usual;
    p->highest += 2 * usual;
    free(changes);
    return WR_OK;
}

/* Does steps 1 to 4, and prepares the covariates. */
static wr_status prepare(const struct wr_panel *panel, size_t series,
                         const struct wr_scales *scales, bool raise, struct wr_prepared *p,
                         struct wr_error *error) {
    wr_status status = allocate(p, scales, error);
    if (status == WR_OK)
        status = wr_transform_values(panel, series, p->length, scales, raise, p->z, error);
    if (status == WR_OK && scales->transform == WR_TRANSFORM_LOG)
        status = bound_logs(p, p->z, error);
    if (status != WR_OK)
        return status;
    if (scales->season > 0)
        memcpy(p->scales.indices, scales->indices, scales->season * sizeof *scales->indices);
    wr_remove_season_trend(scales, p->z, p->length);
    for (size_t i = 0; i < p->difference; i++)
        p->tail[i] = p->length + i < p->difference ? NAN : p->z[p->length + i - p->difference];
    wr_difference(p->z, p->length, p->difference);
    for (size_t t = 0; t < p->length; t++)
        p->z[t] = (p->z[t] - scales->mean) / scales->deviation;
    prepare_covariates(panel, series, scales, p);
    return find_windows(p, error);
}

wr_status wr_prepared_make(const struct wr_panel *panel, size_t series, size_t until,
                           const struct wr_recipe *recipe, const struct wr_scales *scales,
                           struct wr_prepared **prepared, struct wr_error *error) {
    *prepared = NULL;
    struct wr_prepared *p = wr_alloc(1, sizeof *p, "a series", error);
    if (!p)
        return WR_ERR_MEMORY;
    *p = (struct wr_prepared){.span = recipe->window * recipe->chunk,
                              .chunk = recipe->chunk,
                              .horizon = recipe->horizon,
                              .outputs = wr_recipe_outputs(recipe),
                              .difference = recipe->difference,
                              .residual = recipe->residual,
                              .normalize = recipe->normalize,
                              .scales = *scales,
                              .lowest = -INFINITY,
                              .highest = INFINITY,
                              .length = until,
                              .covariates = scales->covariates};
    p->scales.indices = p->scales.means = p->scales.deviations = NULL;
    wr_status status =
        prepare(panel, series, scales, recipe->transform == WR_TRANSFORM_AUTO, p, error);
    if (status != WR_OK) {
        wr_prepared_free(p);
        return status;
    }
    *prepared = p;
    return WR_OK;
}

void wr_prepared_free(struct wr_prepared *prepared) {
    if (!prepared)
        return;
    free(prepared->z);
    free(prepared->tail);
    free(prepared->known);
    free(prepared->starts);
    wr_scales_free(&prepared->scales);
    free(prepared);
}

/* ---- windows ---- */

size_t wr_prepared_windows(const struct wr_prepared *prepared, size_t hold_out) {
    size_t count = prepared->windows;
    size_t end = prepared->length - lesser(hold_out, prepared->length);
    while (count > 0 && prepared->starts[count - 1] + prepared->span + prepared->outputs > end)
        count--;
    return count;
}

/* inputs (T, I): at each step a chunk of z, then one of each covariate. */
static void fill_inputs(const struct wr_prepared *p, const struct wr_track *track, size_t start,
                        struct norm norm, float *inputs) {
    for (size_t first = start; first < start + p->span; first += p->chunk) {
        for (size_t t = first; t < first + p->chunk; t++)
            *inputs++ = (float)((wr_at(track, t) - norm.center) / norm.deviation);
        for (size_t c = 0; c < p->covariates; c++)
            for (size_t t = first; t < first + p->chunk; t++)
                *inputs++ = (float)p->known[c * p->length + t];
    }
}

void wr_prepared_window(const struct wr_prepared *prepared, size_t window, float *inputs,
                        float *targets) {
    struct wr_track track = track_of(prepared, NULL);
    size_t start = prepared->starts[window], end = start + prepared->span;
    struct norm norm = norm_of(prepared, &track, start);
    fill_inputs(prepared, &track, start, norm, inputs);
    for (size_t k = 0; k < prepared->outputs; k++) {
        double base =
            prepared->residual == 0 ? norm.center : prepared->z[base_of(prepared, end, k)];
        targets[k] = (float)((prepared->z[end + k] - base) / norm.deviation);
    }
}

wr_status wr_covariates_reach(const struct wr_panel *panel, size_t series, size_t until,
                              const struct wr_recipe *recipe, struct wr_error *error) {
    size_t known = wr_panel_known(panel, series);
    char name[96];
    for (size_t c = 0; c < wr_panel_futures(panel); c++) {
        const double *values = wr_panel_future(panel, series, c);
        for (size_t t = until; t < until + recipe->horizon; t++)
            if (t >= known || isnan(values[t]))
                return wr_fail(
                    error, WR_ERR_DATA,
                    "%s: %s %zu, series %s: the future covariate in %s is known for %zu of "
                    "the %zu steps after this value; add records with it and an empty "
                    "target, or forecast fewer steps",
                    wr_panel_path(panel), wr_panel_line_word(panel),
                    wr_panel_line(panel, series, until - 1), wr_panel_id(panel, series),
                    wr_panel_future_text(panel, c, name), t - until, recipe->horizon);
    }
    return WR_OK;
}

/* ---- forecasts ---- */

bool wr_prepared_last(const struct wr_prepared *prepared, const double *path, size_t steps,
                      float *inputs) {
    struct wr_track track = track_of(prepared, path);
    size_t end = prepared->length + steps;
    if (end < prepared->span)
        return false;
    size_t start = end - prepared->span;
    if (!inputs_whole(prepared, &track, start) || !bases_whole(prepared, &track, end))
        return false;
    for (size_t k = 0; k < lesser(prepared->difference, prepared->horizon); k++)
        if (isnan(prepared->tail[k]))
            return false;
    if (inputs != NULL)
        fill_inputs(prepared, &track, start, norm_of(prepared, &track, start), inputs);
    return true;
}

void wr_prepared_next(const struct wr_prepared *prepared, const double *path, size_t steps,
                      const float *outputs, double *z) {
    struct wr_track track = track_of(prepared, path);
    size_t end = prepared->length + steps;
    struct norm norm = norm_of(prepared, &track, end - prepared->span);
    for (size_t k = 0; k < prepared->outputs; k++) {
        double base =
            prepared->residual == 0 ? norm.center : wr_at(&track, base_of(prepared, end, k));
        z[k] = (double)outputs[k] * norm.deviation + base;
    }
}

void wr_prepared_undo(const struct wr_prepared *prepared, const double *path, double *points) {
    const struct wr_scales *scales = &prepared->scales;
    size_t back = prepared->difference;
    for (size_t k = 0; k < prepared->horizon; k++) { /* points: values before step 3 */
        points[k] = path[k] * scales->deviation + scales->mean;
        if (back > 0)
            points[k] += k < back ? prepared->tail[k] : points[k - back];
    }
    for (size_t k = 0; k < prepared->horizon; k++) {
        double y = wr_restore_season_trend(scales, prepared->length + k, points[k]);
        if (y < prepared->lowest) /* NaN stays */
            y = prepared->lowest;
        if (y > prepared->highest)
            y = prepared->highest;
        points[k] = wr_inverse_transform(scales, y);
        if (scales->nonnegative && points[k] < 0)
            points[k] = 0;
    }
}
