/* How much a series varies from value to value. Errors are divided by this spread, so that errors
 * of several series can be combined. Values that are NaN are not known. */
#ifndef WR_SPREAD_H
#define WR_SPREAD_H

#include <stddef.h>

#include "windrow/status.h"

/* *start: the number of values before a series begins to vary, such as the zeros before a product
 * is sold. Each change between them is at most 1/20 of the median change after them, and at most
 * 1/4 of the first change after them. There must be at least 8 such values with 8 changes after
 * them; otherwise *start is 0. */
wr_status wr_quiet_start(const double *values, size_t length, size_t *start,
                         struct wr_error *error);

/* The largest change of a series that has jumped late; 0 for any other series. A series has jumped
 * late if it has fewer than `fewest` (at least 8) values from `start` on (wr_quiet_start), or from
 * a change on that is at least 20 times as large as all before it. */
double wr_late_jump(const double *values, size_t length, size_t start, size_t fewest);

/* Mean absolute difference between each known value from `start` on and the known value before it.
 * A constant that is added to the series does not change it, and two values are enough for it. 0:
 * all values are equal. */
double wr_spread(const double *values, size_t length, size_t start);

#endif
