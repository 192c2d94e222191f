/* Steps 1 to 4 of a recipe, one by one. */
#ifndef WR_SCALES_H
#define WR_SCALES_H

#include <stddef.h>

#include "forecast/prepare.h"

/* Values, then those that were forecast after them. */
struct wr_track {
    const double *values; /* (length) */
    size_t length;
    const double *path;
};

static inline double wr_at(const struct wr_track *track, size_t t) {
    return t < track->length ? track->values[t] : track->path[t - track->length];
}

/* Mean and population standard deviation of `count` values from `first`, NaN left out. The
 * deviation is 0 where all of them are equal, and nowhere else. */
void wr_moments(const struct wr_track *track, size_t first, size_t count, double *mean,
                double *deviation);
/* Mean magnitude of the same values; 0 where all of them are 0. */
double wr_mean_magnitude(const struct wr_track *track, size_t first, size_t count);

/* y (until): the values after step 1. WR_ERR_DATA: log of what is not positive; raise: those count
 * as the least that is, if there is one. */
wr_status wr_transform_values(const struct wr_panel *panel, size_t series, size_t until,
                              const struct wr_scales *scales, bool raise, double *y,
                              struct wr_error *error);
/* The value that step 1 makes y of. Infinite where exp overflows. */
double wr_value_of(const struct wr_scales *scales, double y);
/* Step 2 of y (length), and back for value t. */
void wr_level(const struct wr_scales *scales, double *y, size_t length);
double wr_unlevel(const struct wr_scales *scales, size_t t, double y);
/* Step 3 of y (length): NaN before `difference`. */
void wr_differ(double *y, size_t length, size_t difference);

/* Covariate c of a panel: past ones first. */
const double *wr_covariate(const struct wr_panel *panel, size_t series, size_t c);

#endif
