/* Steps 1 to 4 of a recipe, and what they learn of a series. */
#include "forecast/scales.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/random.h"
#include "forecast/decompose.h"

/* ---- means and deviations ---- */

void wr_moments(const struct wr_track *track, size_t first, size_t count, double least,
                double *mean, double *deviation) {
    /* Values are taken relative to the largest, so that no square overflows. */
    double largest = 0, sum = 0, squares = 0;
    size_t known = 0;
    for (size_t t = first; t < first + count; t++)
        largest = fmax(largest, fabs(wr_at(track, t))); /* of a number and NaN, the number */
    *mean = 0;
    *deviation = 1;
    if (largest == 0)
        return;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(wr_at(track, t))) {
            sum += wr_at(track, t) / largest;
            known++;
        }
    double middle = sum / (double)known;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(wr_at(track, t))) {
            double away = wr_at(track, t) / largest - middle;
            squares += away * away;
        }
    double away = sqrt(squares / (double)known);
    *mean = middle * largest;
    if (away > least)
        *deviation = away * largest;
}

static void series_moments(const double *values, size_t count, double *mean, double *deviation) {
    wr_moments(&(struct wr_track){values, count, NULL}, 0, count, 1e-12, mean, deviation);
}

/* ---- steps 1 to 4 ---- */

double wr_seasonal_index(const struct wr_scales *scales, size_t t) {
    if (scales->season == 0)
        return 1;
    int64_t season = (int64_t)scales->season;
    int64_t place = ((int64_t)t + scales->shift) % season;
    return scales->indices[place < 0 ? place + season : place];
}

double wr_line_at(const struct wr_scales *scales, size_t t) {
    return scales->intercept + scales->slope * (double)((int64_t)t + scales->shift);
}

/* Of the values that have a logarithm; 0 if none has. */
static double least_positive(const double *values, size_t length) {
    double least = INFINITY;
    for (size_t t = 0; t < length; t++)
        if (values[t] >= DBL_MIN && values[t] < least)
            least = values[t];
    return isinf(least) ? 0 : least;
}

wr_status wr_transform_values(const struct wr_panel *panel, size_t series, size_t until,
                              enum wr_transform transform, bool raise, double *y,
                              struct wr_error *error) {
    const double *values = wr_panel_values(panel, series);
    double least = raise ? least_positive(values, until) : 0;
    memcpy(y, values, until * sizeof *y);
    if (transform == WR_TRANSFORM_NONE)
        return WR_OK;
    for (size_t t = 0; t < until; t++) {
        double value = values[t] < least ? least : values[t];
        if (value < DBL_MIN) /* below lies what wr_log does not take */
            return wr_fail(error, WR_ERR_DATA,
                           "%s: line %zu, series %s: log of %g: values above 0 needed; choose no "
                           "transform",
                           wr_panel_path(panel), wr_panel_line(panel, series, t),
                           wr_panel_id(panel, series), values[t]);
        y[t] = isnan(value) ? value : wr_log(value);
    }
    return WR_OK;
}

void wr_level(const struct wr_scales *scales, double *y, size_t length) {
    for (size_t t = 0; t < length; t++)
        y[t] = y[t] / wr_seasonal_index(scales, t) - wr_line_at(scales, t);
}

void wr_differ(double *y, size_t length, size_t difference) {
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

const double *wr_covariate(const struct wr_panel *panel, size_t series, size_t c) {
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
        series_moments(wr_covariate(panel, series, c), until, &scales->means[c],
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
    wr_level(scales, y, until); /* adjusted: there is no line yet */
    struct wr_scales line = {.deviation = 1};
    if (recipe->detrend) {
        wr_line(y, until, &line.intercept, &line.slope);
        wr_level(&line, y, until);
        scales->intercept = line.intercept;
        scales->slope = line.slope;
    }
    wr_differ(y, until, recipe->difference);
    if (recipe->scale)
        series_moments(y, until, &scales->mean, &scales->deviation);
    return WR_OK;
}

static bool is_positive(const double *values, size_t length) {
    for (size_t t = 0; t < length; t++)
        if (values[t] < DBL_MIN)
            return false;
    return true;
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
    scales->transform = recipe->transform;
    if (recipe->transform == WR_TRANSFORM_AUTO)
        scales->transform = is_positive(wr_panel_values(panel, series), until) ? WR_TRANSFORM_LOG
                                                                               : WR_TRANSFORM_NONE;
    double *y = wr_alloc(until, sizeof *y, "a series", error);
    if (!y)
        return WR_ERR_MEMORY;
    wr_status status =
        wr_transform_values(panel, series, until, scales->transform, false, y, error);
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
