/* GNU C beyond C11, in one place. */
#ifndef WR_COMPILER_H
#define WR_COMPILER_H

#define WR_PRINTF(position, first) __attribute__((format(printf, position, first)))
#define WR_AT_END(function)        __attribute__((cleanup(function), unused)) /* at block end */
#define WR_MUL_OVERFLOWS(a, b, to) __builtin_mul_overflow((a), (b), (to))
#define WR_ADD_OVERFLOWS(a, b, to) __builtin_add_overflow((a), (b), (to))

#endif
