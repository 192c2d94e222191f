/* Counter-based random numbers (Random123's Philox4x32-10, key 0). A value depends on (purpose,
 * seed, index) only, not on order, threads or earlier draws. */
#ifndef WR_RANDOM_H
#define WR_RANDOM_H

#include <stdint.h>

/* 3 and 4 are those of orders of windows (kernels/rule/order.h). */
enum wr_purpose {
    WR_PURPOSE_DATA = 1,
    WR_PURPOSE_INIT = 2,
    WR_PURPOSE_SAMPLE = 5,
    WR_PURPOSE_BRACKET = 6
};

/* Uniform in (0, 1): 52 bits from counter (purpose, seed, index), never 0 or 1. */
double wr_uniform(enum wr_purpose purpose, uint32_t seed, uint64_t index);
/* Standard normal: wr_normal_quantile of wr_uniform. */
double wr_normal(enum wr_purpose purpose, uint32_t seed, uint64_t index);

/* The functions below use only operations that IEEE 754 rounds correctly, in a fixed order, so that
 * the bits are the same on every host. libm's log differs between hosts in the last bit. */

/* The normal quantile of p, 0 < p < 1: AS241 (Wichura 1988), PPND16; relative error about 1e-15. */
double wr_normal_quantile(double p);
/* Natural logarithm of a positive, finite, normal x; within 1 ulp of the true value. */
double wr_log(double x);
/* e^x for |x| <= 700; relative error at most 4e-16. */
double wr_exp(double x);

#endif
