/* What a learning rule can choose, as numbers: those of windrow/rule.h's enumerations, for kernels
 * too. host/model/rule.c holds the two to each other.
 *
 * The other headers of this folder have a choice each. There stand the table of its kinds, the
 * table of the numbers that go with some of them, the formulas, and the function that chooses among
 * these. Whatever else the host needs of a choice (names, options, ranges, defaults, build options
 * of kernels, fields of files) it makes from the tables.
 *
 * To add a kind: its number here, its row and its formula in the choice's header, and its name in
 * windrow/rule.h. The formula in exact arithmetic stands in numerics.h.
 *
 * A table of numbers has a row for each:
 *   NUMBER(ID, field, type, kinds, range, words of the range, default, its words,
 *          option, help)
 *   ID       kernels get the number as WR_ID, a loss's as WR_LOSS_NUMBER
 *   field    of struct wr_rule
 *   type     REAL (a float) or WHOLE (unsigned)
 *   kinds    those that the number goes with: WR_BIT(KIND) | ..., or WR_ANY_KIND
 *   range    a condition on x
 *   option   of the command line, without the dashes */
#ifndef WR_KINDS_H
#define WR_KINDS_H

#define WR_KIND_TANH     0
#define WR_KIND_RELU     1
#define WR_KIND_IDENTITY 2

#define WR_KIND_MSE      0
#define WR_KIND_MAE      1
#define WR_KIND_HUBER    2
#define WR_KIND_QUANTILE 3

#define WR_KIND_VALUE 0
#define WR_KIND_NORM  1

#define WR_KIND_SGD      0
#define WR_KIND_MOMENTUM 1
#define WR_KIND_RMSPROP  2
#define WR_KIND_ADAM     3

#define WR_KIND_CONSTANT 0
#define WR_KIND_LINEAR   1
#define WR_KIND_COSINE   2

#define WR_KIND_SEQUENTIAL 0
#define WR_KIND_SHUFFLED   1
#define WR_KIND_RECENT     2

#define WR_BIT(kind) (1u << WR_KIND_##kind)
#define WR_ANY_KIND  (~0u)

/* What a model's clip bounds: wr_clip and wr_norm_factor of numerics.h. KIND(kind, name) */
#define WR_CLIPPINGS(KIND)                                                                         \
    KIND(VALUE, "value")                                                                           \
    KIND(NORM, "norm")
#define WR_CLIPPING_HELP                                                                           \
    "What --clip bounds: value (each element of a gradient) or norm (the Euclidean norm of all "   \
    "of it)."

/* Functions that choose become part of their callers, who choose one kind, or one for a loop. */
#ifndef WR_INLINE
#define WR_INLINE static inline __attribute__((always_inline))
#endif

#endif
