/* How much a series varies from value to value: what its errors are measured in, so that those of
 * several series can be taken together. NaN are values that are not known. */
#ifndef WR_SPREAD_H
#define WR_SPREAD_H

#include <stddef.h>

#include "windrow/status.h"

/* *start: how many values stand before a series begins to vary, such as the zeros before a product
 * is sold: as many as change, each time, by at most 1/20 of the median change after them and 1/4 of
 * the first; at least 8 values, with 8 changes after them, else 0. */
wr_status wr_quiet_start(const double *values, size_t length, size_t *start,
                         struct wr_error *error);

/* The largest change of a series whose last values are of another kind than those before: fewer
 * than `fewest` values (8 at least) stand from its `start` on (wr_quiet_start), or from a change on
 * that is at least 20 times as large as all before it. 0 of any other series. */
double wr_late_jump(const double *values, size_t length, size_t start, size_t fewest);

/* Mean absolute difference of each known value from `start` on and the known one before it: it does
 * not depend on the level, and exists for any two values. 0: all are the same. */
double wr_spread(const double *values, size_t length, size_t start);

#endif
