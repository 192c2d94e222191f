/* How far from 0 an error lies with a given probability: of many errors, and of few. */
#ifndef WR_QUANTILES_H
#define WR_QUANTILES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether n errors tell the quantile at level (0 < level < 1): their largest is beyond it. */
bool wr_quantile_known(double n, double level);

/* Sorts errors (n) and finds their conformal quantile: number (n + 1) level of them, counted from
 * 1, or between the two next to it where that is no whole number. NaN where n errors do not tell.
 */
double wr_quantile(double *errors, size_t n, double level);

/* |t| is below it with probability level, where t has Student's distribution with `freedom` >= 1
 * degrees of freedom, which need not be whole. */
double wr_student(double level, double freedom);

#endif
