/* The activations of hidden units. Included after numerics.h. */
#ifndef WR_ACTIVATION_H
#define WR_ACTIVATION_H

#include "rule/kinds.h"

/* KIND(kind, name) */
#define WR_ACTIVATIONS(KIND)                                                                       \
    KIND(TANH, "tanh")                                                                             \
    KIND(RELU, "relu")                                                                             \
    KIND(IDENTITY, "identity")
#define WR_ACTIVATION_HELP "Of the hidden units: tanh, relu or identity."

/* 0 for a < 0; NaN passes. */
static inline WR_FLOAT wr_relu(WR_FLOAT a) {
    return wr_if_less(a, WR_CONST(0.0f), WR_CONST(0.0f), a);
}

static inline WR_FLOAT wr_relu_delta(WR_FLOAT h, WR_FLOAT dh) {
    return wr_if_less(WR_CONST(0.0f), h, dh, h * WR_CONST(0.0f));
}

/* h of a. */
WR_INLINE WR_FLOAT wr_activated(int activation, WR_FLOAT a) {
    switch (activation) {
    case WR_KIND_RELU:
        return wr_relu(a);
    case WR_KIND_IDENTITY:
        return a;
    default:
        return wr_tanh(a);
    }
}

/* da of a unit whose activation is h. */
WR_INLINE WR_FLOAT wr_delta_of(int activation, WR_FLOAT h, WR_FLOAT dh) {
    switch (activation) {
    case WR_KIND_RELU:
        return wr_flush(wr_relu_delta(h, dh));
    case WR_KIND_IDENTITY:
        return wr_flush(dh);
    default:
        return wr_flush(wr_fma(-h, h, WR_CONST(1.0f)) * dh);
    }
}

#endif
