/* Counter-based random numbers (Random123's Philox4x32-10, key 0): every value is a function of
 * (purpose, seed, index) alone, so nothing depends on order, threads or what else was drawn. */
#ifndef WR_RANDOM_H
#define WR_RANDOM_H

#include <stdint.h>

enum wr_purpose { WR_PURPOSE_DATA = 1, WR_PURPOSE_INIT = 2 };

/* Uniform in (0, 1): 52 bits from counter (purpose, seed, index), never 0 or 1. */
double wr_uniform(enum wr_purpose purpose, uint32_t seed, uint64_t index);
/* Standard normal: AS241 (Wichura 1988, PPND16) of wr_uniform, in operations that are correctly
 * rounded everywhere, so the same bits on every host. */
double wr_normal(enum wr_purpose purpose, uint32_t seed, uint64_t index);

#endif
