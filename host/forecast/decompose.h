/* Season and trend of a series as the benchmarks of the M4 competition find them (S. Makridakis,
 * E. Spiliotis and V. Assimakopoulos, "The M4 competition: 100,000 time series and 61 forecasting
 * methods", Int. J. Forecasting 36, 2020). Values that are NaN are not known. */
#ifndef WR_DECOMPOSE_H
#define WR_DECOMPOSE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the autocorrelation r at lag m = season is significant at 90 %: at least 3 m values and
 * |r_m| > 1.645 sqrt((1 + 2 (r_1^2 + .. + r_{m-1}^2)) / length). */
bool wr_is_seasonal(const double *values, size_t length, size_t season);

/* Indices (season) of a classical decomposition, index i of values i, i + season, ..:
 * multiplicative: the mean ratio of a value to the centred moving average over a season (2 x m
 * where m is even), divided by the mean of all indices;
 * additive: the mean difference of the two, less the mean of all indices.
 * False: a place in the season has no such average, or the decomposition is multiplicative and a
 * value is not positive. */
bool wr_seasonal_indices(const double *values, size_t length, size_t season, bool additive,
                         double *indices);

/* The line of least squares: value t is near intercept + slope t. */
void wr_line(const double *values, size_t length, double *intercept, double *slope);

#endif
