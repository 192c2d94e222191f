/* Quantiles of absolute errors: conformal ones for many errors, Student's for few. */
#ifndef WR_QUANTILES_H
#define WR_QUANTILES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether n errors are enough for the conformal quantile at level (0 < level < 1). If not, it lies
 * beyond the largest error. */
bool wr_quantile_known(double n, double level);

/* Sorts errors (n) and returns their conformal quantile: the error of rank (n + 1) level, counted
 * from 1. If the rank is not a whole number, interpolates between the errors of the two ranks next
 * to it. NaN if n errors are not enough. */
double wr_quantile(double *errors, size_t n, double level);

/* Returns x with P(|t| < x) = level, where t has Student's distribution with `freedom` >= 1 degrees
 * of freedom, which may be a fraction. */
double wr_student(double level, double freedom);

#endif
