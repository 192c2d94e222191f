#include "forecast/decompose.h"

#include <math.h>

static double mean_of(const double *values, size_t length) {
    double sum = 0;
    size_t known = 0;
    for (size_t t = 0; t < length; t++)
        if (!isnan(values[t])) {
            sum += values[t];
            known++;
        }
    return known > 0 ? sum / (double)known : 0;
}

static double lagged_products(const double *values, size_t length, double mean, size_t lag) {
    double sum = 0;
    for (size_t t = lag; t < length; t++) {
        double product = (values[t] - mean) * (values[t - lag] - mean);
        if (!isnan(product))
            sum += product;
    }
    return sum;
}

bool wr_is_seasonal(const double *values, size_t length, size_t season) {
    if (season < 2 || length / 3 < season)
        return false;
    double mean = mean_of(values, length);
    double variance = lagged_products(values, length, mean, 0);
    double squares = 0;
    for (size_t lag = 1; lag < season; lag++) {
        double r = lagged_products(values, length, mean, lag) / variance;
        squares += r * r;
    }
    double r = lagged_products(values, length, mean, season) / variance;
    return fabs(r) > 1.645 * sqrt((1 + 2 * squares) / (double)length);
}

/* The moving average over a season around t. If the season is even, the two values at its ends
 * count half. */
static double moving_average(const double *values, size_t t, size_t season) {
    size_t half = season / 2;
    double ends = values[t - half] + values[t + half];
    double sum = season % 2 == 0 ? ends / 2 : ends;
    for (size_t i = t - half + 1; i < t + half; i++)
        sum += values[i];
    return sum / (double)season;
}

/* The mean distance of the values at one place in the season from the moving average around them.
 * The distance is a difference or a ratio. */
static double mean_distance(const double *values, size_t length, size_t season, size_t place,
                            bool additive) {
    size_t half = season / 2, known = 0;
    double sum = 0;
    for (size_t t = place; t + half < length; t += season) {
        double average = t < half ? NAN : moving_average(values, t, season);
        double away = additive ? values[t] - average : values[t] / average;
        if (!isnan(away)) {
            sum += away;
            known++;
        }
    }
    return sum / (double)known;
}

bool wr_seasonal_indices(const double *values, size_t length, size_t season, bool additive,
                         double *indices) {
    for (size_t t = 0; t < length && !additive; t++)
        if (values[t] <= 0)
            return false;
    for (size_t i = 0; i < season; i++)
        indices[i] = mean_distance(values, length, season, i, additive);
    double mean = 0; /* not mean_of, which would hide a place without a value */
    for (size_t i = 0; i < season; i++)
        mean += indices[i] / (double)season;
    bool usable = true;
    for (size_t i = 0; i < season; i++) {
        indices[i] = additive ? indices[i] - mean : indices[i] / mean;
        usable = usable && (additive || indices[i] > 0) && isfinite(indices[i]);
    }
    return usable;
}

void wr_line(const double *values, size_t length, double *intercept, double *slope) {
    double times = 0, products = 0, squares = 0;
    double mean = mean_of(values, length);
    size_t known = 0;
    for (size_t t = 0; t < length; t++)
        if (!isnan(values[t])) {
            times += (double)t;
            known++;
        }
    double middle = known > 0 ? times / (double)known : 0;
    for (size_t t = 0; t < length; t++)
        if (!isnan(values[t])) {
            double away = (double)t - middle;
            products += away * (values[t] - mean);
            squares += away * away;
        }
    *slope = squares > 0 ? products / squares : 0;
    *intercept = mean - *slope * middle;
}
