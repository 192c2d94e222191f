/* What the tests of wr_tanh share. */
#ifndef TEST_TANH_RANGE_H
#define TEST_TANH_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define TANH_SIGN UINT32_C(0x80000000)
#define TANH_INF  UINT32_C(0x7f800000)
/* Number of floats that are compared at the same time. */
#define TANH_RANGE 65536

/* Writes the bits of wr_tanh of the floats with bits first .. first + count - 1. Every NaN becomes
 * 0x7fc00000. */
void tanh_range(uint32_t first, uint32_t *bits, size_t count);

/* The error of y against the true tanh of a finite x, in units of the last place of the true
 * value. */
double tanh_ulps(float x, float y);

#endif
