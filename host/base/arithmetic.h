/* The arithmetic that results are defined by: to nearest, subnormal numbers kept, no traps. A host
 * program may have set something else in the thread that calls us (fesetround, flush to zero). So
 * every public function that computes begins with WR_ARITHMETIC, threads of our own do, and what is
 * called back runs in its caller's arithmetic, by WR_ARITHMETIC_OF. */
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

/* From here to the end of the block; `callers` is a fenv_t, what was set before. */
#define WR_ARITHMETIC(callers)                                                                     \
    const fenv_t callers WR_AT_END(wr_arithmetic_reset) = wr_arithmetic_set(FE_DFL_ENV)
/* To the end of the block, that of *env. */
#define WR_ARITHMETIC_OF(env)                                                                      \
    const fenv_t wr_ours WR_AT_END(wr_arithmetic_reset) = wr_arithmetic_set(env)

#endif
