/* The arithmetic that every path shares, to the bit: host C, host SIMD lanes and OpenCL C.
 *
 * Allowed are + - *, fma, compare-and-select, integer and bit operations. A product feeds a sum
 * only through wr_fma, so that contraction has nothing left to change. A file that wants these
 * functions on SIMD lanes defines WR_FLOAT, WR_INT and the primitives below before it includes this
 * one.
 *
 * The order of every sum (WR_NUMERICS_VERSION 1): terms are cut into runs of WR_RUN; a run is one
 * fma chain in ascending order; run sums are added in ascending order, to the first one.
 *   a_t[j]   x part: terms W_xh[j,i] * x_t[i], the first run starts at b_h[j], later ones at 0;
 *            h part: terms W_hh[j,k] * h_{t-1}[k], its first run starts at the x part, later ones
 *            at 0. At t = 0 there is no h part.
 *   y[o]     terms W_hy[o,k] * h_{T-1}[k], the first run starts at b_y[o].
 *   e[o]     = y[o] - target[o].
 *   loss     of a window: terms (weight[o] * e[o]) * e[o], starting at 0; weight = 1/O by default.
 *   dy[o]    = scale_n * e[o], scale_n = 2/(O n) for a batch of n windows, divided in double on the
 *            host and rounded once.
 *   dh[k]    at t = T-1: terms W_hy[o,k] * dy[o], starting at 0;
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

/* tanh: odd, |tanh| <= 1, x itself for tiny |x|, NaN passes; at most 3.53 ulp from the true value,
 * measured over every float, and below 0.1 ulp of bias, which sums would gather. tanh(x/2) = p/q, a
 * rational function fitted so that tanh x = 2pq / (q^2 + p^2) errs least (scripts/fit_tanh); near 1
 * that forgives an error in p/q. With d the denominator, tanh x = p (2q/d): the reciprocal r of d
 * is an integer first guess and one tuned cubic step (3.2e-5), and the residual of 2q - yd makes y
 * = 2q/d all but correctly rounded, so exactly 1 for tiny |x|. Beyond the clip tanh is 1 to the
 * last bit, and so is this. */
static inline WR_FLOAT wr_tanh(WR_FLOAT x) {
    WR_FLOAT c = wr_clip(x, WR_CONST(9.02f));
    WR_FLOAT z = c * c;
    WR_FLOAT p = wr_fma(z, WR_CONST(1.14651120e-4f), WR_CONST(2.97920220e-2f));
    WR_FLOAT q = wr_fma(z, WR_CONST(2.47492744e-6f), WR_CONST(2.41692271e-3f));
    q = wr_fma(z, q, WR_CONST(2.26250648e-1f));
    p = wr_fma(c * z, p, c);
    q = wr_fma(z, q, WR_CONST(2.0f));
    WR_FLOAT q2 = q + q;
    WR_FLOAT d = wr_fma(q, q, p * p);
    WR_FLOAT r = wr_as_float(WR_ICONST(0x7ef3340c) - wr_as_int(d));
    WR_FLOAT e = wr_fma(-d, r, WR_CONST(1.50096119f));
    r = r * wr_fma(e, e, WR_CONST(0.749039114f));
    WR_FLOAT y = q2 * r;
    WR_FLOAT residual = wr_fma(y, d, -q2);
    return p * wr_fma(-residual, r, y);
}

#endif
