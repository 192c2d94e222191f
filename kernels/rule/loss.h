/* The losses: s and r of an error e, see numerics.h. Included after numerics.h. */
#ifndef WR_LOSS_H
#define WR_LOSS_H

#include "rule/kinds.h"

/* KIND(kind, name, factor, degree): dL/dy of an output is factor * s / (O n); in other units of the
 * series, times d, the loss is that of d^degree. */
#define WR_LOSSES(KIND)                                                                            \
    KIND(MSE, "mse", 2, 2)                                                                         \
    KIND(MAE, "mae", 1, 1)                                                                         \
    KIND(HUBER, "huber", 1, 2)                                                                     \
    KIND(QUANTILE, "quantile", 1, 1)
#define WR_LOSS_HELP                                                                               \
    "mse (the mean squared error), mae (absolute), huber (half the square of small errors, else "  \
    "absolute), or quantile (absolute, weighted so that forecasts learn the quantile --tau)."

/* A loss has one at most: `number` below. */
#define WR_LOSS_NUMBERS(NUMBER)                                                                    \
    NUMBER(HUBER_DELTA, huber_delta, REAL, WR_BIT(HUBER), x > 0 && x < INFINITY,                   \
           "finite and above 0", 1.0f, "1", "huber-delta",                                         \
           "Of huber: the largest small error, in deviations where the series is scaled.")         \
    NUMBER(TAU, tau, REAL, WR_BIT(QUANTILE), x > 0 && x < 1, "above 0 and below 1", 0.5f, "0.5",   \
           "tau", "Of quantile: the part of the values that lies below it.")

static inline WR_FLOAT wr_sign(WR_FLOAT e) {
    WR_FLOAT not_positive = wr_if_less(e, WR_CONST(0.0f), WR_CONST(-1.0f), e); /* NaN passes */
    return wr_if_less(WR_CONST(0.0f), e, WR_CONST(1.0f), not_positive);
}

/* -tau for e < 0, 1 - tau for e > 0; NaN passes. */
static inline WR_FLOAT wr_tilt(WR_FLOAT e, float tau) {
    WR_FLOAT not_positive = wr_if_less(e, WR_CONST(0.0f), WR_CONST(-tau), e);
    return wr_if_less(WR_CONST(0.0f), e, WR_CONST(1.0f - tau), not_positive);
}

WR_INLINE WR_FLOAT wr_slope_of(int loss, float number, WR_FLOAT e) {
    switch (loss) {
    case WR_KIND_MAE:
        return wr_sign(e);
    case WR_KIND_HUBER:
        return wr_clip(e, WR_CONST(number));
    case WR_KIND_QUANTILE:
        return wr_tilt(e, number);
    default:
        return e;
    }
}

WR_INLINE WR_FLOAT wr_rest_of(int loss, WR_FLOAT s, WR_FLOAT e) {
    return loss == WR_KIND_HUBER ? wr_fma(WR_CONST(-0.5f), s, e) : e;
}

#ifndef __OPENCL_VERSION__
/* For reports, the loss itself: of an error in the units of a series with this deviation. */
static inline double wr_loss_in_units(int loss, double number, double deviation, double e) {
    double size = e < 0 ? -e : e, delta = number * deviation;
    switch (loss) {
    case WR_KIND_MAE:
        return size;
    case WR_KIND_HUBER:
        return size <= delta ? size * size / 2 : delta * (size - delta / 2);
    case WR_KIND_QUANTILE:
        return e < 0 ? -number * e : (1 - number) * e;
    default:
        return e * e;
    }
}
#endif

#endif
