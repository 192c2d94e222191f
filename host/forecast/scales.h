/* Steps 1 to 4 of a recipe, one by one. */
#ifndef WR_SCALES_H
#define WR_SCALES_H

#include <stddef.h>

#include "forecast/prepare.h"

/* Values of a series, followed by its forecasts so far. */
struct wr_track {
    const double *values; /* (length) */
    size_t length;
    const double *path;
};

static inline double wr_at(const struct wr_track *track, size_t t) {
    return t < track->length ? track->values[t] : track->path[t - track->length];
}

/* Mean and population standard deviation of `count` values from `first` on. NaN are left out. The
 * deviation is 0 if and only if all values are equal. */
void wr_moments(const struct wr_track *track, size_t first, size_t count, double *mean,
                double *deviation);
/* Mean absolute value of the same values. 0 if all of them are 0. */
double wr_mean_magnitude(const struct wr_track *track, size_t first, size_t count);

/* Fills y (until) with the values after step 1. WR_ERR_DATA: log of a value that is not positive.
 * With `raise`, such values count as the least positive value, if there is one. */
wr_status wr_transform_values(const struct wr_panel *panel, size_t series, size_t until,
                              const struct wr_scales *scales, bool raise, double *y,
                              struct wr_error *error);
/* Undoes step 1: returns the value of y. It is infinite if exp overflows. */
double wr_inverse_transform(const struct wr_scales *scales, double y);
/* Step 2: removes season and trend from y (length), and restores them for value t. */
void wr_remove_season_trend(const struct wr_scales *scales, double *y, size_t length);
double wr_restore_season_trend(const struct wr_scales *scales, size_t t, double y);
/* Step 3 of y (length). The first `difference` values become NaN. */
void wr_difference(double *y, size_t length, size_t difference);

/* Covariate c of a panel. Past covariates come first. */
const double *wr_covariate(const struct wr_panel *panel, size_t series, size_t c);

#endif
