/* Steps 1 to 4 of a recipe, and what they learn from a series. */
#include "forecast/scales.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/random.h"
#include "data/panel.h"
#include "forecast/decompose.h"
#include "forecast/spread.h"

/* ---- means and deviations ---- */

/* Values are taken relative to one of them, so that values far above their spread lose no digits.
 * They are divided by the largest such distance, so that no square overflows. */
void wr_moments(const struct wr_track *track, size_t first, size_t count, double *mean,
                double *deviation) {
    double pivot = NAN, largest = 0, sum = 0, squares = 0;
    size_t known = 0;
    *mean = 0;
    *deviation = 0;
    for (size_t t = first; t < first + count; t++) {
        if (isnan(pivot))
            pivot = wr_at(track, t);
        largest = fmax(largest, fabs(wr_at(track, t) - pivot)); /* fmax ignores NaN */
    }
    if (isnan(pivot))
        return;
    *mean = pivot;
    if (largest == 0)
        return;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(wr_at(track, t))) {
            sum += (wr_at(track, t) - pivot) / largest;
            known++;
        }
    double middle = sum / (double)known;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(wr_at(track, t))) {
            double away = (wr_at(track, t) - pivot) / largest - middle;
            squares += away * away;
        }
    *mean = pivot + middle * largest;
    *deviation = sqrt(squares / (double)known) * largest;
}

double wr_mean_magnitude(const struct wr_track *track, size_t first, size_t count) {
    double sum = 0;
    size_t known = 0;
    for (size_t t = first; t < first + count; t++)
        known += isnan(wr_at(track, t)) ? 0 : 1;
    for (size_t t = first; t < first + count; t++)
        if (!isnan(wr_at(track, t)))
            sum += fabs(wr_at(track, t)) / (double)known; /* so that no sum overflows */
    return sum;
}

static struct wr_track track_of(const double *values, size_t count) {
    return (struct wr_track){values, count, NULL};
}

/* The mean, and a deviation to divide by: 1 if all values are equal. */
static void series_moments(const double *values, size_t count, double *mean, double *deviation) {
    struct wr_track track = track_of(values, count);
    wr_moments(&track, 0, count, mean, deviation);
    if (*deviation == 0)
        *deviation = 1;
}

/* ---- steps 1 to 4 ---- */

/* The seasonal index of value t. If the series is not adjusted, the one that changes nothing. */
static double seasonal_index(const struct wr_scales *scales, size_t t) {
    if (scales->season == 0)
        return scales->additive ? 0 : 1;
    int64_t season = (int64_t)scales->season;
    int64_t place = ((int64_t)t + scales->shift) % season;
    return scales->indices[place < 0 ? place + season : place];
}

static double line_at(const struct wr_scales *scales, size_t t) {
    return scales->intercept + scales->slope * (double)((int64_t)t + scales->shift);
}

/* log(value / reference) if both are positive. Near 1 their difference has more digits than their
 * ratio (W. Kahan's form of log(1 + x), as in HP's Advanced Functions Handbook of 1982). */
static double log_ratio(double value, double reference) {
    double ratio = value / reference, away = (value - reference) / reference, sum = 1 + away;
    if (!(ratio > 0.5 && ratio < 2))
        return ratio >= DBL_MIN && ratio <= DBL_MAX ? wr_log(ratio)
                                                    : wr_log(value) - wr_log(reference);
    return sum == 1 ? away : wr_log(sum) * (away / (sum - 1));
}

double wr_inverse_transform(const struct wr_scales *scales, double y) {
    if (scales->transform != WR_TRANSFORM_LOG)
        return scales->reference + y;
    return fabs(y) < 0.5 ? scales->reference + scales->reference * expm1(y)
                         : scales->reference * exp(y);
}

/* The least value that has a logarithm; 0 if there is none. */
static double least_positive(const double *values, size_t length) {
    double least = INFINITY;
    for (size_t t = 0; t < length; t++)
        if (values[t] >= DBL_MIN && values[t] < least)
            least = values[t];
    return isinf(least) ? 0 : least;
}

wr_status wr_transform_values(const struct wr_panel *panel, size_t series, size_t until,
                              const struct wr_scales *scales, bool raise, double *y,
                              struct wr_error *error) {
    const double *values = wr_panel_values(panel, series);
    double least = raise ? least_positive(values, until) : 0;
    for (size_t t = 0; t < until; t++) {
        y[t] = t < scales->start ? NAN : values[t] - scales->reference;
        if (t < scales->start || scales->transform != WR_TRANSFORM_LOG)
            continue;
        double value = values[t] < least ? least : values[t];
        if (value < DBL_MIN) /* wr_log takes no smaller value */
            return wr_fail(error, WR_ERR_DATA,
                           "%s: %s %zu, series %s: log of %g: values above 0 needed; fit it, or "
                           "if the fit was loaded fit it again, with \1transform=none\1",
                           wr_panel_path(panel), wr_panel_line_word(panel),
                           wr_panel_line(panel, series, t), wr_panel_id(panel, series), values[t]);
        y[t] = isnan(value) ? value : log_ratio(value, scales->reference);
    }
    return WR_OK;
}

void wr_remove_season_trend(const struct wr_scales *scales, double *y, size_t length) {
    for (size_t t = 0; t < length; t++) {
        double index = seasonal_index(scales, t);
        y[t] = (scales->additive ? y[t] - index : y[t] / index) - line_at(scales, t);
    }
}

double wr_restore_season_trend(const struct wr_scales *scales, size_t t, double y) {
    double index = seasonal_index(scales, t), adjusted = y + line_at(scales, t);
    return scales->additive ? adjusted + index : adjusted * index;
}

void wr_difference(double *y, size_t length, size_t difference) {
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

/* The statistic of all z (length), by which step 7 normalises windows that hardly vary. */
static double usual_of(const struct wr_recipe *recipe, const double *z, size_t length) {
    struct wr_track track = track_of(z, length);
    double mean, usual = 0;
    if (recipe->normalize == WR_NORMALIZE_MEAN)
        usual = wr_mean_magnitude(&track, 0, length);
    else if (recipe->normalize == WR_NORMALIZE_STANDARD)
        wr_moments(&track, 0, length, &mean, &usual);
    return usual > 0 ? usual : 1;
}

/* Learns steps 2 to 4, and what step 7 needs, from y (until), the values after step 1. Changes
 * y. */
static wr_status learn(const struct wr_recipe *recipe, double *y, size_t until,
                       struct wr_scales *scales, struct wr_error *error) {
    size_t start = scales->start;
    if (recipe->adjust && wr_is_seasonal(y + start, until - start, recipe->season)) {
        scales->indices =
            wr_alloc(recipe->season, sizeof *scales->indices, "seasonal indices", error);
        if (!scales->indices)
            return WR_ERR_MEMORY;
        if (wr_seasonal_indices(y, until, recipe->season, scales->additive, scales->indices))
            scales->season = recipe->season;
    }
    wr_remove_season_trend(scales, y, until); /* removes the season alone: there is no line yet */
    struct wr_scales line = {.additive = true, .deviation = 1};
    if (recipe->detrend) {
        wr_line(y, until, &line.intercept, &line.slope);
        wr_remove_season_trend(&line, y, until);
        scales->intercept = line.intercept;
        scales->slope = line.slope;
    }
    wr_difference(y, until, recipe->difference);
    if (recipe->scale)
        series_moments(y, until, &scales->mean, &scales->deviation);
    for (size_t t = 0; t < until; t++)
        y[t] = (y[t] - scales->mean) / scales->deviation;
    scales->usual = usual_of(recipe, y, until);
    return WR_OK;
}

/* ---- step 1 ---- */

static bool at_least(const double *values, size_t length, double least) {
    for (size_t t = 0; t < length; t++)
        if (values[t] < least)
            return false;
    return true;
}

/* The lower median of the known values, which is one of them. sorted: room for `length` values. */
static double median_of(const double *values, size_t length, double *sorted) {
    size_t known = 0;
    for (size_t t = 0; t < length; t++)
        if (!isnan(values[t]))
            sorted[known++] = values[t];
    wr_sort(sorted, known);
    return known > 0 ? sorted[(known - 1) / 2] : 0;
}

/* Whether the windows stay the same if a constant is added to every y (after the logarithm, if it
 * is taken). */
static bool is_translation_invariant(const struct wr_recipe *recipe,
                                     const struct wr_scales *scales) {
    if (recipe->adjust && !scales->additive)
        return false;
    return recipe->detrend || recipe->difference > 0 || recipe->scale ||
           recipe->normalize == WR_NORMALIZE_LAST || recipe->normalize == WR_NORMALIZE_STANDARD;
}

/* Chooses step 1 and the kind of step 2. y: room for `until` values. */
static void choose(const struct wr_recipe *recipe, const double *values, size_t until, double *y,
                   struct wr_scales *scales) {
    bool positive = at_least(values, until, DBL_MIN);
    scales->transform = recipe->transform;
    if (recipe->transform == WR_TRANSFORM_AUTO)
        scales->transform = positive ? WR_TRANSFORM_LOG : WR_TRANSFORM_NONE;
    bool log = scales->transform == WR_TRANSFORM_LOG;
    scales->additive = log || !positive;
    scales->nonnegative = recipe->bound == WR_BOUND_ZERO && at_least(values, until, 0);
    scales->reference = log ? 1 : 0;
    /* The logarithm of values that are not positive fails later. */
    if (is_translation_invariant(recipe, scales) && (positive || !log))
        scales->reference = median_of(values, until, y);
}

wr_status wr_scales_make(const struct wr_panel *panel, size_t series, size_t until,
                         const struct wr_recipe *recipe, struct wr_scales *scales,
                         struct wr_error *error) {
    const double *values = wr_panel_values(panel, series);
    *scales = (struct wr_scales){.deviation = 1, .usual = 1};
    if (recipe->recursive && wr_panel_pasts(panel) + wr_panel_futures(panel) > 0)
        return wr_fail(
            error, WR_ERR_USAGE,
            "a recipe that is \1recursive\1 sees no covariates, but %s is read with some: "
            "forecast all steps at once, or leave them out",
            wr_panel_path(panel));
    double *y = wr_alloc(until, sizeof *y, "a series", error);
    if (!y)
        return WR_ERR_MEMORY;
    scales->constant = is_constant(values, until);
    wr_status status = wr_quiet_start(values, until, &scales->start, error);
    choose(recipe, values + scales->start, until - scales->start, y, scales);
    if (status == WR_OK)
        status = wr_transform_values(panel, series, until, scales, false, y, error);
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
