#include "forecast/quantiles.h"

#include <math.h>

#include "base/base.h"

#define ROUNDING 1e-9 /* (n + 1) level may miss a whole number by this, for levels such as 0.8 */

bool wr_quantile_known(double n, double level) {
    return (n + 1) * level <= n + ROUNDING;
}

double wr_quantile(double *errors, size_t n, double level) {
    if (n == 0 || !wr_quantile_known((double)n, level))
        return (double)NAN;
    wr_sort(errors, n);
    double rank = fmax((double)(n + 1) * level - 1, 0), below = floor(rank + ROUNDING);
    size_t at = (size_t)below;
    double fraction = fmax(rank - below, 0);
    return at + 1 < n ? errors[at] + fraction * (errors[at + 1] - errors[at]) : errors[n - 1];
}

/* P(|t| < x) with a whole number of degrees of freedom: M. Abramowitz and I. A. Stegun, "Handbook
 * of Mathematical Functions", 26.7.3 and 26.7.4. */
static double student_probability(double x, size_t freedom) {
    double angle = atan(x / sqrt((double)freedom)), square = cos(angle) * cos(angle);
    bool odd = freedom % 2 == 1;
    double term = odd ? cos(angle) : 1, sum = freedom > 1 ? term : 0;
    for (size_t i = odd ? 3 : 2; i + 2 <= freedom; i += 2) {
        term *= square * (double)(i - 1) / (double)i;
        sum += term;
    }
    return odd ? (angle + sin(angle) * sum) * M_2_PI : sin(angle) * sum;
}

static double student_whole(double level, size_t freedom) {
    double low = 0, high = 1;
    while (student_probability(high, freedom) < level)
        high *= 2;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (student_probability(middle, freedom) < level)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Between whole numbers the quantile is nearly linear in 1 / freedom. */
double wr_student(double level, double freedom) {
    const double most = 1000;   /* equal to the normal distribution to three digits */
    freedom = fmax(freedom, 1); /* rounding may make it less, which has no quantile */
    double below = floor(fmin(freedom, most));
    double first = student_whole(level, (size_t)below);
    if (below >= most || freedom <= below)
        return first;
    double second = student_whole(level, (size_t)below + 1);
    double fraction = (1 / below - 1 / freedom) / (1 / below - 1 / (below + 1));
    return first + fraction * (second - first);
}
