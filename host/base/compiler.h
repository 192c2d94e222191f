/* The one place for what GNU C adds to C11. */
#ifndef WR_COMPILER_H
#define WR_COMPILER_H

#define WR_PRINTF(position, first) __attribute__((format(printf, position, first)))
#define WR_AT_END(function)        __attribute__((cleanup(function), unused)) /* of its block */
#define WR_MUL_OVERFLOWS(a, b, to) __builtin_mul_overflow((a), (b), (to))
#define WR_ADD_OVERFLOWS(a, b, to) __builtin_add_overflow((a), (b), (to))

#endif
