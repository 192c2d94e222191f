#include "forecast/spread.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/base.h"

#define QUIET 20 /* times smaller than later changes */
#define JUMP  4
/* Values of a quiet start, and changes after it: one outlier at the end is too few. */
#define FEWEST 8

/* The change to the known value t from the known one before it; NaN without either. */
static double change_to(const double *values, size_t t) {
    if (isnan(values[t]))
        return (double)NAN;
    for (size_t before = t; before > 0; before--)
        if (!isnan(values[before - 1]))
            return fabs(values[t] - values[before - 1]);
    return (double)NAN;
}

/* Whether changes of at most `most` are small compared with the median of the changes to value t
 * and later values. */
static bool is_quiet(const double *values, size_t length, size_t t, double most, double *changes) {
    size_t known = 0;
    for (; t < length; t++) {
        double change = change_to(values, t);
        if (!isnan(change))
            changes[known++] = change;
    }
    wr_sort(changes, known);
    return known >= FEWEST && QUIET * most <= changes[known / 2];
}

/* Only a change that is at least JUMP times as large as all before it can end a quiet start. Such
 * changes are few, so few medians are taken. A series that doubles at each step has none. */
wr_status wr_quiet_start(const double *values, size_t length, size_t *start,
                         struct wr_error *error) {
    double most = 0;
    double *changes = wr_alloc(length, sizeof *changes, "a series", error);
    *start = 0;
    if (changes == NULL)
        return WR_ERR_MEMORY;
    for (size_t t = 1; t < length; t++) {
        double change = change_to(values, t);
        if (!(change > most))
            continue;
        if (t >= FEWEST && change >= JUMP * most && is_quiet(values, length, t, most, changes))
            *start = t;
        most = change;
    }
    free(changes);
    return WR_OK;
}

double wr_late_jump(const double *values, size_t length, size_t start, size_t fewest) {
    double most = 0;
    fewest = fewest > FEWEST ? fewest : FEWEST;
    bool late = start > 0 && length - start < fewest;
    for (size_t t = 1; t < length; t++) {
        double change = change_to(values, t);
        if (!(change > most))
            continue;
        late |= t >= FEWEST && length - t < fewest && change >= QUIET * most;
        most = change;
    }
    return late ? most : 0;
}

double wr_spread(const double *values, size_t length, size_t start) {
    double sum = 0;
    size_t known = 0;
    for (size_t t = start + 1; t < length; t++) {
        double change = change_to(values, t);
        if (!isnan(change)) {
            sum += change;
            known++;
        }
    }
    return known > 0 ? sum / (double)known : 0;
}
