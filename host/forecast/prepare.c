#include "forecast/prepare.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/random.h"
#include "forecast/decompose.h"

struct wr_prepared {
    size_t span; /* of a window's inputs: T * D */
    size_t chunk, horizon, outputs, difference, residual;
    enum wr_transform transform;
    enum wr_normalize normalize;
    struct wr_scales scales; /* a copy, without its covariates */

    size_t length;
    double *z;    /* (length); NaN at gaps and at the first `difference` */
    double *tail; /* (difference): the last values before step 3, NaN if unknown */
    size_t covariates;
    double *known;  /* (covariates, length): standardised; future ones as `horizon` steps later */
    size_t windows; /* those without gaps */
    size_t *starts; /* (windows): where their inputs begin, increasing */
};

/* Values, then those that were forecast after them. */
struct track {
    const double *values; /* (length) */
    size_t length;
    const double *path;
};

static double at(const struct track *track, size_t t) {
    return t < track->length ? track->values[t] : track->path[t - track->length];
}

static size_t lesser(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- means and deviations ---- */

/* Of `count` values from `first`, NaN left out; a deviation of at most `least` of the largest
 * magnitude counts as 1. Values are taken relative to that, so that no square overflows. */
static void moments(const struct track *track, size_t first, size_t count, double least,
                    double *mean, double *deviation) {
    double largest = 0, sum = 0, squares = 0;
    size_t known = 0;
    for (size_t t = first; t < first + count; t++)
        largest = fmax(largest, fabs(at(track, t))); /* fmax takes the number of a number and NaN */
    *mean = 0;
    *deviation = 1;
    if (largest == 0)
        return;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(at(track, t))) {
            sum += at(track, t) / largest;
            known++;
        }
    double middle = sum / (double)known;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(at(track, t))) {
            double away = at(track, t) / largest - middle;
            squares += away * away;
        }
    double away = sqrt(squares / (double)known);
    *mean = middle * largest;
    if (away > least)
        *deviation = away * largest;
}

static void series_moments(const double *values, size_t count, double *mean, double *deviation) {
    moments(&(struct track){values, count, NULL}, 0, count, 1e-12, mean, deviation);
}

/* What one window is normalised by. */
struct norm {
    double center, deviation;
};

static struct norm norm_of(const struct wr_prepared *p, const struct track *track, size_t start) {
    struct norm norm = {0, 1};
    double largest = 0, sum = 0;
    switch (p->normalize) {
    case WR_NORMALIZE_NONE:
        break;
    case WR_NORMALIZE_LAST:
        norm.center = at(track, start + p->span - 1);
        break;
    case WR_NORMALIZE_MEAN:
        for (size_t t = start; t < start + p->span; t++)
            largest = fmax(largest, fabs(at(track, t)));
        for (size_t t = start; t < start + p->span; t++)
            sum += fabs(at(track, t)) / (double)p->span;
        if (sum > 1e-6 * largest)
            norm.deviation = sum;
        break;
    case WR_NORMALIZE_STANDARD:
        moments(track, start, p->span, 1e-6, &norm.center, &norm.deviation);
        break;
    }
    return norm;
}

/* ---- steps 1 to 4 ---- */

static double seasonal_index(const struct wr_scales *scales, size_t t) {
    if (scales->season == 0)
        return 1;
    int64_t season = (int64_t)scales->season;
    int64_t place = ((int64_t)t + scales->shift) % season;
    return scales->indices[place < 0 ? place + season : place];
}

static double line_at(const struct wr_scales *scales, size_t t) {
    return scales->intercept + scales->slope * (double)((int64_t)t + scales->shift);
}

/* y (until): the values after step 1. */
static wr_status transform(const struct wr_panel *panel, size_t series, size_t until,
                           enum wr_transform transform, double *y, struct wr_error *error) {
    const double *values = wr_panel_values(panel, series);
    memcpy(y, values, until * sizeof *y);
    if (transform == WR_TRANSFORM_NONE)
        return WR_OK;
    for (size_t t = 0; t < until; t++) {
        if (values[t] < DBL_MIN) /* below lies what wr_log does not take */
            return wr_fail(error, WR_ERR_DATA,
                           "%s: line %zu, series %s: log of %g: values above 0 needed; choose no "
                           "transform",
                           wr_panel_path(panel), wr_panel_line(panel, series, t),
                           wr_panel_id(panel, series), values[t]);
        y[t] = isnan(values[t]) ? values[t] : wr_log(values[t]);
    }
    return WR_OK;
}

/* Step 2 of y (length). */
static void level(const struct wr_scales *scales, double *y, size_t length) {
    for (size_t t = 0; t < length; t++)
        y[t] = y[t] / seasonal_index(scales, t) - line_at(scales, t);
}

/* Step 3 of y (length). */
static void differ(double *y, size_t length, size_t difference) {
    if (difference == 0)
        return;
    for (size_t t = length; t-- > 0;)
        y[t] = t < difference ? NAN : y[t] - y[t - difference];
}

/* ---- scales ---- */

static bool is_constant(const double *values, size_t length) {
    for (size_t t = 1; t < length; t++)
        if (!isnan(values[t]) && values[t] != values[0])
            return false;
    return true;
}

/* Covariates are numbered past ones first. */
static const double *covariate(const struct wr_panel *panel, size_t series, size_t c) {
    size_t pasts = wr_panel_pasts(panel);
    return c < pasts ? wr_panel_past(panel, series, c) : wr_panel_future(panel, series, c - pasts);
}

static wr_status scale_covariates(const struct wr_panel *panel, size_t series, size_t until,
                                  struct wr_scales *scales, struct wr_error *error) {
    size_t count = wr_panel_pasts(panel) + wr_panel_futures(panel);
    scales->covariates = count;
    scales->means = wr_alloc(count, sizeof *scales->means, "means of covariates", error);
    scales->deviations =
        wr_alloc(count, sizeof *scales->deviations, "deviations of covariates", error);
    if (!scales->means || !scales->deviations)
        return WR_ERR_MEMORY;
    for (size_t c = 0; c < count; c++)
        series_moments(covariate(panel, series, c), until, &scales->means[c],
                       &scales->deviations[c]);
    return WR_OK;
}

/* Learns steps 2 to 4 of y (until), the values after step 1, which it changes. */
static wr_status learn(const struct wr_recipe *recipe, double *y, size_t until,
                       struct wr_scales *scales, struct wr_error *error) {
    if (recipe->adjust && wr_is_seasonal(y, until, recipe->season)) {
        scales->indices =
            wr_alloc(recipe->season, sizeof *scales->indices, "seasonal indices", error);
        if (!scales->indices)
            return WR_ERR_MEMORY;
        if (wr_seasonal_indices(y, until, recipe->season, scales->indices))
            scales->season = recipe->season;
    }
    level(scales, y, until); /* adjusted: there is no line yet */
    struct wr_scales line = {.deviation = 1};
    if (recipe->detrend) {
        wr_line(y, until, &line.intercept, &line.slope);
        level(&line, y, until);
        scales->intercept = line.intercept;
        scales->slope = line.slope;
    }
    differ(y, until, recipe->difference);
    if (recipe->scale)
        series_moments(y, until, &scales->mean, &scales->deviation);
    return WR_OK;
}

wr_status wr_scales_make(const struct wr_panel *panel, size_t series, size_t until,
                         const struct wr_recipe *recipe, struct wr_scales *scales,
                         struct wr_error *error) {
    *scales = (struct wr_scales){.deviation = 1};
    if (recipe->recursive && wr_panel_pasts(panel) + wr_panel_futures(panel) > 0)
        return wr_fail(error, WR_ERR_USAGE,
                       "a recursive recipe sees no covariates, but %s is read with some: forecast "
                       "all steps at once, or leave them out",
                       wr_panel_path(panel));
    scales->constant = is_constant(wr_panel_values(panel, series), until);
    double *y = wr_alloc(until, sizeof *y, "a series", error);
    if (!y)
        return WR_ERR_MEMORY;
    wr_status status = transform(panel, series, until, recipe->transform, y, error);
    if (status == WR_OK)
        status = learn(recipe, y, until, scales, error);
    if (status == WR_OK)
        status = scale_covariates(panel, series, until, scales, error);
    free(y);
    return status;
}

void wr_scales_free(struct wr_scales *scales) {
    free(scales->indices);
    free(scales->means);
    free(scales->deviations);
    *scales = (struct wr_scales){0};
}

/* ---- a prepared series ---- */

/* Where target k of the window that ends before `end` is counted from: a multiple of `residual`
 * steps before it, and known. */
static size_t base_of(const struct wr_prepared *p, size_t end, size_t k) {
    return end - p->residual + k % p->residual;
}

static bool inputs_whole(const struct wr_prepared *p, const struct track *track, size_t start) {
    for (size_t t = start; t < start + p->span; t++) {
        if (isnan(at(track, t)))
            return false;
        for (size_t c = 0; c < p->covariates; c++)
            if (isnan(p->known[c * p->length + t]))
                return false;
    }
    return true;
}

/* Whether all that the targets are counted from is there. */
static bool bases_whole(const struct wr_prepared *p, const struct track *track, size_t end) {
    if (end < p->residual)
        return false;
    for (size_t k = 0; k < lesser(p->residual, p->outputs); k++)
        if (isnan(at(track, base_of(p, end, k))))
            return false;
    return true;
}

static bool targets_whole(const struct wr_prepared *p, size_t end) {
    for (size_t k = 0; k < p->outputs; k++)
        if (isnan(p->z[end + k]))
            return false;
    return true;
}

static struct track track_of(const struct wr_prepared *p, const double *path) {
    return (struct track){p->z, p->length, path};
}

static wr_status find_windows(struct wr_prepared *p, struct wr_error *error) {
    struct track track = track_of(p, NULL);
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
        const double *values = covariate(panel, series, c);
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

/* Steps 1 to 4, and the covariates'. */
static wr_status prepare(const struct wr_panel *panel, size_t series,
                         const struct wr_scales *scales, struct wr_prepared *p,
                         struct wr_error *error) {
    wr_status status = allocate(p, scales, error);
    if (status == WR_OK)
        status = transform(panel, series, p->length, p->transform, p->z, error);
    if (status != WR_OK)
        return status;
    if (scales->season > 0)
        memcpy(p->scales.indices, scales->indices, scales->season * sizeof *scales->indices);
    level(scales, p->z, p->length);
    for (size_t i = 0; i < p->difference; i++)
        p->tail[i] = p->length + i < p->difference ? NAN : p->z[p->length + i - p->difference];
    differ(p->z, p->length, p->difference);
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
                              .transform = recipe->transform,
                              .normalize = recipe->normalize,
                              .scales = *scales,
                              .length = until,
                              .covariates = scales->covariates};
    p->scales.indices = p->scales.means = p->scales.deviations = NULL;
    wr_status status = prepare(panel, series, scales, p, error);
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
static void fill_inputs(const struct wr_prepared *p, const struct track *track, size_t start,
                        struct norm norm, float *inputs) {
    for (size_t first = start; first < start + p->span; first += p->chunk) {
        for (size_t t = first; t < first + p->chunk; t++)
            *inputs++ = (float)((at(track, t) - norm.center) / norm.deviation);
        for (size_t c = 0; c < p->covariates; c++)
            for (size_t t = first; t < first + p->chunk; t++)
                *inputs++ = (float)p->known[c * p->length + t];
    }
}

void wr_prepared_window(const struct wr_prepared *prepared, size_t window, float *inputs,
                        float *targets) {
    struct track track = track_of(prepared, NULL);
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
    for (size_t c = 0; c < wr_panel_futures(panel); c++) {
        const double *values = wr_panel_future(panel, series, c);
        for (size_t t = until; t < until + recipe->horizon; t++)
            if (t >= known || isnan(values[t]))
                return wr_fail(error, WR_ERR_DATA,
                               "%s: line %zu, series %s: future covariate %zu is known for %zu of "
                               "the %zu steps after this value; add records with it and an empty "
                               "target, or forecast fewer steps",
                               wr_panel_path(panel), wr_panel_line(panel, series, until - 1),
                               wr_panel_id(panel, series), c + 1, t - until, recipe->horizon);
    }
    return WR_OK;
}

/* ---- forecasts ---- */

bool wr_prepared_last(const struct wr_prepared *prepared, const double *path, size_t steps,
                      float *inputs) {
    struct track track = track_of(prepared, path);
    size_t end = prepared->length + steps;
    if (end < prepared->span)
        return false;
    size_t start = end - prepared->span;
    if (!inputs_whole(prepared, &track, start) || !bases_whole(prepared, &track, end))
        return false;
    for (size_t k = 0; k < lesser(prepared->difference, prepared->horizon); k++)
        if (isnan(prepared->tail[k]))
            return false;
    fill_inputs(prepared, &track, start, norm_of(prepared, &track, start), inputs);
    return true;
}

void wr_prepared_next(const struct wr_prepared *prepared, const double *path, size_t steps,
                      const float *outputs, double *z) {
    struct track track = track_of(prepared, path);
    size_t end = prepared->length + steps;
    struct norm norm = norm_of(prepared, &track, end - prepared->span);
    for (size_t k = 0; k < prepared->outputs; k++) {
        double base = prepared->residual == 0 ? norm.center : at(&track, base_of(prepared, end, k));
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
        size_t t = prepared->length + k;
        double y = (points[k] + line_at(scales, t)) * seasonal_index(scales, t);
        points[k] = prepared->transform == WR_TRANSFORM_LOG ? exp(y) : y;
    }
}
