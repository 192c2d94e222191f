/* The arithmetic that every path shares, to the bit: host C, host SIMD lanes and OpenCL C.
 *
 * Allowed are + - *, fma, compare-and-select, integer and bit operations. A product feeds a sum
 * only through wr_fma, so that contraction has nothing left to change. A file that wants these
 * functions on SIMD lanes defines WR_FLOAT, WR_INT and the primitives below before it includes this
 * one.
 *
 * The order of every sum (WR_NUMERICS_VERSION 1): terms are cut into runs of WR_RUN; a run is one
 * fma chain in ascending order; run sums are added in ascending order, to the first one. a_t[j]   x
 * part: terms W_xh[j,i] * x_t[i], the first run starts at b_h[j], later ones at 0; h part: terms
 * W_hh[j,k] * h_{t-1}[k], its first run starts at the x part, later ones at 0. At t = 0 there is no
 * h part. y[o]     terms W_hy[o,k] * h_{T-1}[k], the first run starts at b_y[o]. e[o]     = y[o] -
 * target[o]. loss     of a window: terms (weight[o] * e[o]) * e[o], starting at 0; weight = 1/O by
 * default. dy[o]    = scale_n * e[o], scale_n = 2/(O n) for a batch of n windows, divided in double
 * on the host and rounded once. dh[k]    at t = T-1: terms W_hy[o,k] * dy[o], starting at 0;
 *            before: terms W_hh[j,k] * da_{t+1}[j] over j, starting at 0.
 *   da_t[j]  = wr_flush(wr_fma(-h, h, 1) * dh), h = h_t[j].
 *   gradients: terms are the batch's windows; a run is one chain over its windows in ascending
 *            order, inside a window t = T-1 .. 0, starting at 0:
 *            dW_xh[j,i]: da_t[j] * x_t[i];  dW_hh[j,k]: da_t[j] * h_{t-1}[k], t >= 1;
 *            db_h[j]: da_t[j] * 1;  dW_hy[o,k]: dy[o] * h_{T-1}[k];  db_y[o]: dy[o] * 1.
 *   clip     g = wr_clip(g, c), c = +inf for none.
 *   update   theta = wr_fma(-lr, g, theta).
 *   total_loss: window losses added one by one in window order, starting at 0. */
#ifndef WR_NUMERICS_H
#define WR_NUMERICS_H

#define WR_RUN 16

#ifndef WR_FLOAT
#ifdef __OPENCL_VERSION__
#pragma OPENCL FP_CONTRACT OFF
#define WR_FLOAT        float
#define WR_INT          int
#define WR_CONST(c)     (c)
#define WR_ICONST(c)    (c)
#define wr_fma(a, b, c) fma((a), (b), (c))
#define wr_as_int(x)    as_int(x)
#define wr_as_float(i)  as_float(i)
/* a < b ? x : y; y where either is NaN */
#define wr_if_less(a, b, x, y) ((a) < (b) ? (x) : (y))
#else
#include <math.h>
#include <stdint.h>
#include <string.h>
#define WR_FLOAT               float
#define WR_INT                 uint32_t
#define WR_CONST(c)            (c)
#define WR_ICONST(c)           ((uint32_t)(c))
#define wr_fma(a, b, c)        fmaf((a), (b), (c))
#define wr_if_less(a, b, x, y) ((a) < (b) ? (x) : (y))
static inline uint32_t wr_as_int(float x) {
    uint32_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}
static inline float wr_as_float(uint32_t i) {
    float x;
    memcpy(&x, &i, sizeof x);
    return x;
}
#endif
#endif
/* The lesser (greater) of the two; b where they are equal or either is NaN. Lanes that have an
 * instruction for it define their own. */
#ifndef wr_lesser
#define wr_lesser(a, b)  wr_if_less((a), (b), (a), (b))
#define wr_greater(a, b) wr_if_less((b), (a), (a), (b))
#endif

static inline WR_FLOAT wr_abs(WR_FLOAT x) {
    return wr_as_float(wr_as_int(x) & WR_ICONST(0x7fffffff));
}

/* Bounds g to [-c, c]; passes NaN on. */
static inline WR_FLOAT wr_clip(WR_FLOAT g, WR_FLOAT c) {
    WR_FLOAT bounded = wr_lesser(c, g);
    return wr_greater(-c, bounded);
}

/* 0 for a delta below 2^-80 in magnitude: vanishing gradients would become subnormal otherwise,
 * slow on some devices and lost on others. */
static inline WR_FLOAT wr_flush(WR_FLOAT da) {
    return wr_if_less(wr_abs(da), WR_CONST(0x1p-80f), WR_CONST(0.0f), da);
}

/* tanh: odd, |tanh| <= 1, x itself for tiny |x|, NaN passes. tanh x = m / (m + 2), m = e^2|x| - 1;
 * e^2|x| = 2^n e^r by the degree-6 Taylor polynomial of (e^r - 1)/r; the reciprocal is an integer
 * first guess and cubic Newton steps. */
static inline WR_FLOAT wr_tanh(WR_FLOAT x) {
    WR_FLOAT ax = wr_abs(x);
    ax = wr_lesser(WR_CONST(10.0f), ax);
    WR_FLOAT magic = WR_CONST(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
    WR_FLOAT shifted = wr_fma(ax, WR_CONST(2.88539008f), magic);
    WR_FLOAT n = shifted - magic;
    WR_INT exponent = wr_as_int(shifted) << 23;
    WR_FLOAT r = wr_fma(n, WR_CONST(-0.693145752f), ax + ax);
    r = wr_fma(n, WR_CONST(-1.42860677e-6f), r);
    WR_FLOAT p = WR_CONST(1.98412698e-4f);
    p = wr_fma(p, r, WR_CONST(1.38888889e-3f));
    p = wr_fma(p, r, WR_CONST(8.33333333e-3f));
    p = wr_fma(p, r, WR_CONST(4.16666667e-2f));
    p = wr_fma(p, r, WR_CONST(1.66666667e-1f));
    p = wr_fma(p, r, WR_CONST(0.5f));
    p = wr_fma(p * r, r, r);
    WR_FLOAT scale = wr_as_float(exponent + WR_ICONST(0x3f800000));
    WR_FLOAT m = wr_fma(scale, p, scale - WR_CONST(1.0f));
    WR_FLOAT d = m + WR_CONST(2.0f);
    WR_FLOAT q = wr_as_float(WR_ICONST(0x7ef127ea) - wr_as_int(d));
    WR_FLOAT e = wr_fma(-d, q, WR_CONST(1.0f));
    q = wr_fma(wr_fma(e, e, e), q, q);
    e = wr_fma(-d, q, WR_CONST(1.0f));
    q = wr_fma(wr_fma(e, e, e), q, q);
    WR_FLOAT y = m * q;
    y = wr_lesser(WR_CONST(1.0f), y);
    y = wr_if_less(ax, WR_CONST(0x1p-12f), ax, y);
    return wr_as_float(wr_as_int(y) | (wr_as_int(x) & WR_ICONST((int)0x80000000)));
}

#endif
