/* The optimizers, as PyTorch defines them. Included after numerics.h. */
#ifndef WR_OPTIMIZER_H
#define WR_OPTIMIZER_H

#include "rule/kinds.h"

/* KIND(kind, name, states, corrected): floats that it keeps of a parameter, 0 to 2; whether its
 * steps take the corrections of wr_stepping, which vary from update to update. */
#define WR_OPTIMIZERS(KIND)                                                                        \
    KIND(SGD, "sgd", 0, 0)                                                                         \
    KIND(MOMENTUM, "momentum", 1, 0)                                                               \
    KIND(RMSPROP, "rmsprop", 1, 0)                                                                 \
    KIND(ADAM, "adam", 2, 1)
#define WR_OPTIMIZER_HELP "sgd, momentum, rmsprop or adam, as PyTorch defines them."

#define WR_OPTIMIZER_NUMBERS(NUMBER)                                                               \
    NUMBER(MOMENTUM, momentum, REAL, WR_BIT(MOMENTUM), x >= 0 && x < 1, "at least 0 and below 1",  \
           0.9f, "0.9", "momentum", "Of momentum: the part of each step that the next keeps.")     \
    NUMBER(BETA1, beta1, REAL, WR_BIT(ADAM), x >= 0 && x < 1, "at least 0 and below 1", 0.9f,      \
           "0.9", "beta1", "Of adam: the part of the mean gradient that stays.")                   \
    NUMBER(BETA2, beta2, REAL, WR_BIT(RMSPROP) | WR_BIT(ADAM), x >= 0 && x < 1,                    \
           "at least 0 and below 1", optimizer == WR_KIND_RMSPROP ? 0.99f : 0.999f,                \
           "adam 0.999, rmsprop 0.99", "beta2",                                                    \
           "Of adam and rmsprop: the part of the mean square that stays.")                         \
    NUMBER(EPSILON, epsilon, REAL, WR_BIT(RMSPROP) | WR_BIT(ADAM), x >= 1e-12f && x < INFINITY,    \
           "finite and at least 1e-12", 1e-8f, "1e-8", "epsilon",                                  \
           "Of adam and rmsprop: added to the root of the mean square.")

/* Of any of them; no field of wr_stepping. */
#define WR_WEIGHT_NUMBERS(NUMBER)                                                                  \
    NUMBER(WEIGHT_DECAY, weight_decay, REAL, WR_ANY_KIND, x >= 0 && x < INFINITY,                  \
           "finite and at least 0", 0.0f, "0", "weight-decay",                                     \
           "Of any optimizer: parameters shrink by the learning rate times X before each step, "   \
           "as in AdamW.")

/* A kernel is built for one optimizer: WR_KEPT of its states, WR_CORRECTED. */
#ifdef __OPENCL_VERSION__
#ifndef WR_OPTIMIZER
#define WR_OPTIMIZER WR_KIND_SGD
#endif
#ifndef WR_MOMENTUM
#define WR_MOMENTUM 0
#endif
#ifndef WR_BETA1
#define WR_BETA1 0
#endif
#ifndef WR_BETA2
#define WR_BETA2 0
#endif
#ifndef WR_EPSILON
#define WR_EPSILON 0
#endif
#ifndef WR_WEIGHT_DECAY
#define WR_WEIGHT_DECAY 0
#endif
/* Not every compiler drops a product with 1. */
#define WR_SHRINKS                                  (WR_WEIGHT_DECAY != 0)
#define WR_STATES_OF(kind, name, states, corrected) +(WR_OPTIMIZER == WR_KIND_##kind) * (states)
#define WR_KEPT                                     (0 WR_OPTIMIZERS(WR_STATES_OF))
#define WR_CORRECTED_OF(kind, name, states, corrected)                                             \
    +(WR_OPTIMIZER == WR_KIND_##kind) * (corrected)
#define WR_CORRECTED (0 WR_OPTIMIZERS(WR_CORRECTED_OF))
#else
#define WR_SHRINKS 1
#endif

/* What a step takes beside gradient and parameter; lr, shrink and the corrections vary from update
 * to update. Update number u counts a model's updates from 0. */
struct wr_stepping {
    WR_FLOAT descent; /* -lr, lr = rate * wr_decay_left(u) */
    WR_FLOAT shrink;  /* wr_fma(descent, weight_decay, 1) */
    WR_FLOAT correct,
        correct2; /* Adam: 1/(1 - beta1^(u+1)), 1/sqrt(1 - beta2^(u+1)), from the host */
#define WR_FIELD(ID, field, type, kinds, range, words, value, shown, option, help) float field;
    WR_OPTIMIZER_NUMBERS(WR_FIELD)
    float fresh1, fresh2; /* 1 - beta1, 1 - beta2, rounded once */
};

/* Fills what follows from the rest. */
WR_INLINE void wr_stepping_complete(struct wr_stepping *by, float weight_decay) {
    by->shrink = wr_fma(by->descent, WR_CONST(weight_decay), WR_CONST(1.0f));
    by->fresh1 = 1.0f - by->beta1;
    by->fresh2 = 1.0f - by->beta2;
}

/* theta with its weight decayed. */
static inline WR_FLOAT wr_shrunk(const struct wr_stepping *by, WR_FLOAT theta) {
    return WR_SHRINKS ? theta * by->shrink : theta;
}

/* Each takes theta and the clipped g, and gives the new theta. What fades away is flushed to 0,
 * lest it become subnormal. */
static inline WR_FLOAT wr_step_sgd(const struct wr_stepping *by, WR_FLOAT theta, WR_FLOAT g) {
    return wr_fma(by->descent, g, wr_shrunk(by, theta));
}

static inline WR_FLOAT wr_step_momentum(const struct wr_stepping *by, WR_FLOAT theta, WR_FLOAT g,
                                        WR_FLOAT *velocity) {
    WR_FLOAT v = wr_flush(wr_fma(WR_CONST(by->momentum), *velocity, g));
    *velocity = v;
    return wr_fma(by->descent, v, wr_shrunk(by, theta));
}

/* The mean square, with g; it is never negative. */
static inline WR_FLOAT wr_mean_square(const struct wr_stepping *by, WR_FLOAT g, WR_FLOAT mean) {
    WR_FLOAT v = wr_fma(WR_CONST(by->beta2), mean, (WR_CONST(by->fresh2) * g) * g);
    return wr_if_less(v, WR_CONST(0x1p-110f), WR_CONST(0.0f), v);
}

static inline WR_FLOAT wr_step_rmsprop(const struct wr_stepping *by, WR_FLOAT theta, WR_FLOAT g,
                                       WR_FLOAT *square) {
    WR_FLOAT v = wr_mean_square(by, g, *square);
    *square = v;
    WR_FLOAT divisor = wr_root(v) + WR_CONST(by->epsilon);
    return wr_fma(by->descent, g * wr_reciprocal(divisor), wr_shrunk(by, theta));
}

static inline WR_FLOAT wr_step_adam(const struct wr_stepping *by, WR_FLOAT theta, WR_FLOAT g,
                                    WR_FLOAT *mean, WR_FLOAT *square) {
    WR_FLOAT m = wr_flush(wr_fma(WR_CONST(by->beta1), *mean, WR_CONST(by->fresh1) * g));
    WR_FLOAT v = wr_mean_square(by, g, *square);
    *mean = m;
    *square = v;
    WR_FLOAT divisor = wr_fma(wr_root(v), by->correct2, WR_CONST(by->epsilon));
    return wr_fma(by->descent * by->correct, m * wr_reciprocal(divisor), wr_shrunk(by, theta));
}

/* theta after one step; *first and *second: what the optimizer keeps of it. */
WR_INLINE WR_FLOAT wr_step_by(int optimizer, const struct wr_stepping *by, WR_FLOAT theta,
                              WR_FLOAT g, WR_FLOAT *first, WR_FLOAT *second) {
    switch (optimizer) {
    case WR_KIND_MOMENTUM:
        return wr_step_momentum(by, theta, g, first);
    case WR_KIND_RMSPROP:
        return wr_step_rmsprop(by, theta, g, first);
    case WR_KIND_ADAM:
        return wr_step_adam(by, theta, g, first, second);
    default:
        return wr_step_sgd(by, theta, g);
    }
}

#endif
