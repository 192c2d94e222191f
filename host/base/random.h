/* Counter-based random numbers (Random123's Philox4x32-10, key 0): every value is a function of
 * (purpose, seed, index) alone, so nothing depends on order, threads or what else was drawn. */
#ifndef WR_RANDOM_H
#define WR_RANDOM_H

#include <stdint.h>

enum wr_purpose { WR_PURPOSE_DATA = 1, WR_PURPOSE_INIT = 2 };

/* Uniform in (0, 1): 52 bits from counter (purpose, seed, index), never 0 or 1. */
double wr_uniform(enum wr_purpose purpose, uint32_t seed, uint64_t index);
/* Standard normal: wr_normal_quantile of wr_uniform. */
double wr_normal(enum wr_purpose purpose, uint32_t seed, uint64_t index);

/* What they stand on. Made of operations that IEEE 754 rounds correctly, in a fixed order, so the
 * same bits on every host; libm's own log differs between hosts in the last bit. */

/* The normal quantile of p, 0 < p < 1: AS241 (Wichura 1988), PPND16; relative error about 1e-15. */
double wr_normal_quantile(double p);
/* Natural logarithm of a positive, finite, normal x; within 1 ulp of the true value. */
double wr_log(double x);

#endif
