/* The floating-point arithmetic of all results: round to nearest, keep subnormal numbers, no traps.
 * A host program may set other modes in the thread that calls us (fesetround, flush to zero).
 * Therefore every public function that computes starts with WR_ARITHMETIC, and so do our own
 * threads. Callbacks run in the caller's arithmetic, by WR_ARITHMETIC_OF. */
#ifndef WR_ARITHMETIC_H
#define WR_ARITHMETIC_H

#include <fenv.h>

#include "base/compiler.h"

static inline fenv_t wr_arithmetic_set(const fenv_t *wanted) {
    fenv_t before;
    fegetenv(&before);
    fesetenv(wanted);
    return before;
}

static inline void wr_arithmetic_reset(const fenv_t *before) {
    fesetenv(before);
}

/* Sets our arithmetic up to the end of the block. `callers` is declared as the fenv_t that was set
 * before. */
#define WR_ARITHMETIC(callers)                                                                     \
    const fenv_t callers WR_AT_END(wr_arithmetic_reset) = wr_arithmetic_set(FE_DFL_ENV)
/* Sets the arithmetic of *env up to the end of the block. */
#define WR_ARITHMETIC_OF(env)                                                                      \
    const fenv_t wr_ours WR_AT_END(wr_arithmetic_reset) = wr_arithmetic_set(env)

#endif
