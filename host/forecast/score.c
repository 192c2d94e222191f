/* Naive forecasts, and the scores of forecasts. */
#include <math.h>

#include "base/arithmetic.h"
#include "forecast/fit.h"

/* The latest known value that lies a whole number of seasons (0: none) before time t. If there is
 * none, the latest known value. */
static double latest(const double *values, size_t length, size_t season, size_t t) {
    while (season > 0 && t >= season) {
        t -= season;
        if (t < length && !isnan(values[t]))
            return values[t];
    }
    for (size_t i = length; i > 0; i--)
        if (!isnan(values[i - 1]))
            return values[i - 1];
    return NAN;
}

void wr_naive(const double *values, size_t length, size_t season, size_t horizon,
              double *forecast) {
    for (size_t k = 0; k < horizon; k++)
        forecast[k] = latest(values, length, season, length + k);
}

double wr_insample_error(const double *values, size_t length, size_t season) {
    double sum = 0;
    size_t known = 0;
    for (size_t t = season; t < length; t++) {
        double error = fabs(values[t] - values[t - season]);
        if (!isnan(error)) {
            sum += error;
            known++;
        }
    }
    return sum / (double)known;
}

void wr_score(const double *forecast, const double *truth, size_t horizon, const double *insample,
              size_t length, size_t season, struct wr_scores *scores) {
    WR_ARITHMETIC(callers);
    double absolute = 0, squares = 0, relative = 0;
    size_t known = 0;
    for (size_t k = 0; k < horizon; k++) {
        if (isnan(truth[k])) /* a gap */
            continue;
        double error = fabs(truth[k] - forecast[k]);
        double size = fabs(truth[k]) + fabs(forecast[k]);
        absolute += error;
        squares += error * error;
        relative += size == 0 ? 0 : error / size;
        known++;
    }
    double steps = (double)known;
    double usual = wr_insample_error(insample, length, season);
    *scores = (struct wr_scores){.mae = absolute / steps,
                                 .rmse = sqrt(squares / steps),
                                 .smape = 200 * (relative / steps),
                                 .mase = usual > 0 ? absolute / steps / usual : NAN};
}
