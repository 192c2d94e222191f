/* What the tests of wr_tanh share. */
#ifndef TEST_TANH_RANGE_H
#define TEST_TANH_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define TANH_SIGN UINT32_C(0x80000000)
#define TANH_INF  UINT32_C(0x7f800000)
/* Comparisons look at so many floats at a time. */
#define TANH_RANGE 65536

/* The bits of wr_tanh of the floats with bits first .. first + count - 1, every NaN as 0x7fc00000.
 */
void tanh_range(uint32_t first, uint32_t *bits, size_t count);

/* How far y is from the true tanh of a finite x, in units of the last place of the latter. */
double tanh_ulps(float x, float y);

#endif
