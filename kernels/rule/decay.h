/* The learning rate over time. Included after numerics.h, with WR_FLOAT = float. */
#ifndef WR_DECAY_H
#define WR_DECAY_H

#include "layout.h"
#include "rule/kinds.h"

/* KIND(kind, name) */
#define WR_DECAYS(KIND)                                                                            \
    KIND(CONSTANT, "constant")                                                                     \
    KIND(LINEAR, "linear")                                                                         \
    KIND(COSINE, "cosine")
#define WR_DECAY_HELP                                                                              \
    "The learning rate over the whole run: constant, or falling to 0 linearly or along a cosine."

/* sin(pi y) for |y| <= 1/2: an odd polynomial, fitted so that it errs least and that its end is
 * exactly 1; at most 1.5e-7 from the true value, and never beyond 1. */
static inline float wr_sine(float y) {
    float z = y * y;
    float p = wr_fma(z, 0.0771209374f, -0.597994268f);
    p = wr_fma(z, p, 2.55002403f);
    p = wr_fma(z, p, -5.16770744f);
    p = wr_fma(z, p, 3.14159274f);
    return y * p;
}

/* The part of the rate that is left at update u; decay_per_update = 1 / the updates until its end.
 */
static inline float wr_decay_left(int kind, WR_UINT64 u, float decay_per_update) {
    float done = wr_lesser((float)u * decay_per_update, 1.0f);
    if (kind == WR_KIND_LINEAR)
        return 1.0f - done;
    if (kind == WR_KIND_COSINE)
        return wr_fma(-0.5f, wr_sine(done - 0.5f), 0.5f);
    return 1.0f;
}

#endif
