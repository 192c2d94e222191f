/* The losses: s and r of an error e, see numerics.h. Included after numerics.h. */
#ifndef WR_LOSS_H
#define WR_LOSS_H

#include "rule/kinds.h"

/* KIND(kind, name, factor, degree): dL/dy of an output is factor * s / (O n); in other units of the
 * series, times d, the loss is that of d^degree. */
#define WR_LOSSES(KIND)                                                                            \
    KIND(MSE, "mse", 2, 2)                                                                         \
    KIND(MAE, "mae", 1, 1)                                                                         \
    KIND(HUBER, "huber", 1, 2)
#define WR_LOSS_HELP                                                                               \
    "mse (the mean squared error), mae (absolute), or huber (half the square of small errors, "    \
    "else absolute)."

/* A loss has one at most: `number` below. */
#define WR_LOSS_NUMBERS(NUMBER)                                                                    \
    NUMBER(HUBER_DELTA, huber_delta, REAL, WR_BIT(HUBER), x > 0 && x < INFINITY,                   \
           "finite and above 0", 1.0f, "1", "huber-delta", "huber's delta",                        \
           "Of huber: the largest small error, in deviations where the series is scaled.")

static inline WR_FLOAT wr_sign(WR_FLOAT e) {
    WR_FLOAT not_positive = wr_if_less(e, WR_CONST(0.0f), WR_CONST(-1.0f), e); /* NaN passes */
    return wr_if_less(WR_CONST(0.0f), e, WR_CONST(1.0f), not_positive);
}

WR_INLINE WR_FLOAT wr_slope_of(int loss, float number, WR_FLOAT e) {
    switch (loss) {
    case WR_KIND_MAE:
        return wr_sign(e);
    case WR_KIND_HUBER:
        return wr_clip(e, WR_CONST(number));
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
    default:
        return e * e;
    }
}
#endif

#endif
