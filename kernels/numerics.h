/* clang-format off */
/* The arithmetic that every path shares, to the bit: host C, host SIMD lanes and OpenCL C.
 *
 * docs/contract.md is the contract: each stage's formula in full, how far rounding takes each sum,
 * and what may change when. This is its short form, to read beside the code.
 *
 * Allowed are + - *, fma, compare-and-select, integer and bit operations. A product feeds a sum
 * only through wr_fma, so that contraction has nothing left to change. A file that wants these
 * functions on SIMD lanes defines WR_FLOAT, WR_INT and the primitives below before it includes this
 * one.
 *
 * The order of every sum (WR_NUMERICS_VERSION 2): terms are cut into segments of WR_SEGMENT terms; a
 * segment is one fma chain in ascending order; the segments' sums are added in ascending order.
 *
 *   sum         its terms, in order                          its first segment starts at
 *   a_t[j]      W_xh[j,i] * x_t[i] over i                    b_h[j]
 *               then W_hh[j,k] * h_{t-1}[k] over k, t >= 1   the sum of the line above
 *   y[o]        W_hy[o,k] * h_{T-1}[k] over k                b_y[o]
 *   loss        (weight[o] * s[o]) * r[o] over o             0
 *   dh[k]       W_hy[o,k] * dy[o] over o, at t = T-1         0
 *               W_hh[j,k] * da_{t+1}[j] over j, before       0
 *   gradient    one segment: 16 windows in order, inside     0
 *               a window t = T-1 .. 0
 *   norm        of rows: g * g; then the rows one by one     0; the first row
 *   total_loss  the windows' losses, by wr_add_long          0
 *
 *   e[o] = y[o] - target[o]; s[o] is the loss's slope there, r[o] what it is multiplied with
 *   dy[o] = scale_n * s[o]
 *   da_t[j] = wr_flush(wr_fma(-h, h, 1) * dh), h = h_t[j], with tanh
 *   dW_xh[j,i]: da_t[j] * x_t[i];  dW_hh[j,k]: da_t[j] * h_{t-1}[k], t >= 1;  db_h[j]: da_t[j] * 1
 *   dW_hy[o,k]: dy[o] * h_{T-1}[k];  db_y[o]: dy[o] * 1
 *
 * The gradient's segments from number WR_PLAIN_SEGMENTS on are added by wr_add_long. Counts and hashes
 * are integers, and exact. */
/* clang-format on */
#ifndef WR_NUMERICS_H
#define WR_NUMERICS_H

#define WR_SEGMENT        16
#define WR_PLAIN_SEGMENTS 4096 /* of a batch's gradient: 65,536 windows */

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
#ifndef WR_SHIFT_RIGHT
#define WR_SHIFT_RIGHT(i, n) ((i) >> (n)) /* of a WR_INT that is not negative */
#endif
/* The lesser (greater) of the two; b where they are equal or either is NaN. Lanes that have an
 * instruction for it define their own. */
#ifndef wr_lesser
#define wr_lesser(a, b)  wr_if_less((a), (b), (a), (b))
#define wr_greater(a, b) wr_if_less((b), (a), (a), (b))
#endif

/* total + x, for every sum of kernels that is not a chain of fma. Some compilers of OpenCL C
 * (Intel's for CPUs) change the order of the + of a loop, and none changes that of an fma. The bits
 * are those of total + x, since x * 1 is exact. The host's compilers keep the order of a +, and an
 * fma is slow on machines that have none. */
static inline WR_FLOAT wr_add(WR_FLOAT total, WR_FLOAT x) {
#ifdef __OPENCL_VERSION__
    return wr_fma(x, WR_CONST(1.0f), total);
#else
    return total + x;
#endif
}

static inline WR_FLOAT wr_abs(WR_FLOAT x) {
    return wr_as_float(wr_as_int(x) & WR_ICONST(0x7fffffff));
}

/* Adds x to a sum of any length, whose value is *sum; *rest is what rounding has left out of it.
 * Both start at 0. W. Kahan's compensated sum, its error found by D. E. Knuth's six operations,
 * which need no order of magnitudes. A finite error is less than 2^104. Once *sum is infinite the
 * error is NaN, and *rest becomes 0: *sum stays infinite, as in a plain sum. */
static inline void wr_add_long(WR_FLOAT *sum, WR_FLOAT *rest, WR_FLOAT x) {
    WR_FLOAT before = *sum, term = wr_add(x, *rest), after = wr_add(before, term);
    WR_FLOAT arrived = wr_add(after, -before);
    WR_FLOAT stayed = wr_add(after, -arrived);
    WR_FLOAT error = wr_add(wr_add(term, -arrived), wr_add(before, -stayed));
    *sum = after;
    *rest = wr_if_less(wr_abs(error), WR_CONST(0x1p104f), error, WR_CONST(0.0f));
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
 * measured over every float. Its bias, which would add up in sums, is below 0.1 ulp. tanh(x/2) =
 * p/q, a rational function fitted so that tanh x = 2pq / (q^2 + p^2) errs least (scripts/fit_tanh);
 * near 1 it hardly depends on an error of p/q. With d the denominator, tanh x = p (2q/d): the
 * reciprocal r of d is an integer first guess and one tuned cubic step (3.2e-5), and the residual
 * of 2q - yd makes y = 2q/d almost always correctly rounded, and exactly 1 for tiny |x|. Beyond the
 * clip tanh is 1 to the last bit, and so is this. */
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

/* 1/d for 2^-120 < d < 2^120: an integer first guess, the cubic step of wr_tanh, and one of
 * Newton's; at most 0.52 ulp from the true value, measured over every float of a binade. */
static inline WR_FLOAT wr_reciprocal(WR_FLOAT d) {
    WR_FLOAT r = wr_as_float(WR_ICONST(0x7ef3340c) - wr_as_int(d));
    WR_FLOAT e = wr_fma(-d, r, WR_CONST(1.50096119f));
    r = r * wr_fma(e, e, WR_CONST(0.749039114f));
    e = wr_fma(-d, r, WR_CONST(1.0f));
    return wr_fma(e, r, r);
}

/* 1/sqrt(x) for x >= 2^-125, finite and large below, also at 0: an integer first guess and three of
 * Newton's steps; at most 1.93 ulp from the true value, measured over every float of two binades.
 */
static inline WR_FLOAT wr_rsqrt(WR_FLOAT x) {
    WR_FLOAT half_x = WR_CONST(0.5f) * x;
    WR_FLOAT r = wr_as_float(WR_ICONST(0x5f3759df) - WR_SHIFT_RIGHT(wr_as_int(x), 1));
    r = r * wr_fma(-(half_x * r), r, WR_CONST(1.5f));
    r = r * wr_fma(-(half_x * r), r, WR_CONST(1.5f));
    return r * wr_fma(-(half_x * r), r, WR_CONST(1.5f));
}

/* sqrt(v) for v = 0 and normal v: a first guess of 1/sqrt(v) and a step, both tuned by J. Kadlec
 * (2010), then one of Heron's; at most 7e-7 of the true value off. */
static inline WR_FLOAT wr_root(WR_FLOAT v) {
    WR_FLOAT r = wr_as_float(WR_ICONST(0x5f1ffff9) - WR_SHIFT_RIGHT(wr_as_int(v), 1));
    r = r * wr_fma(-(WR_CONST(0.703952253f) * v * r), r, WR_CONST(1.68191396f));
    WR_FLOAT root = v * r;
    return wr_fma(wr_fma(-root, root, v), WR_CONST(0.5f) * r, root);
}

/* The factor of a gradient, so that its norm, the root of sum, becomes at most c. */
static inline WR_FLOAT wr_norm_factor(WR_FLOAT sum, WR_FLOAT c) {
    return wr_if_less(c * c, sum, c * wr_rsqrt(sum), WR_CONST(1.0f));
}

#endif
