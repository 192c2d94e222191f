/* The computation of one model in float64, written as directly as possible: loops in the order of
 * the formulas, no segments, no flush to zero, no code shared with the library. Tests compare every
 * backend with it; test_reference.c compares it with finite differences. */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#include <stddef.h>

#include "windrow/model.h"
#include "windrow/rule.h"

struct reference {
    size_t inputs, hidden, outputs, seq_len; /* I, H, O, T */
    size_t windows, batch;                   /* W, B */
    double lr, clip;                         /* clip 0: none */
    struct wr_rule rule;                     /* its order is not used: `visits` has the order */
    const size_t *visits; /* (visit_count) windows that an epoch visits; the caller owns them; NULL:
                             all in order */
    size_t visit_count;
    double *x;      /* (W, T, I) */
    double *target; /* (W, O) */
    double *weight; /* (O) weight of an output in the loss; 1/O at the start */

    size_t w_xh, w_hh, b_h, w_hy, b_y, count; /* offsets in the flat parameters; P */
    double *parameters;                       /* (P) */
    double *gradients;                        /* (P) */
    double *terms; /* (P) for each gradient, the sum of the absolute values of its terms: rounding
                      errors are proportional to it even if the terms cancel */
    double *mean, *square; /* (P) state of the optimizers: a momentum is in mean */
    size_t updates;        /* updates so far */

    size_t first, n;     /* visits of the last forward */
    double *h;           /* (B, T, H) */
    double *da;          /* (B, T, H) */
    double *predictions; /* (B, O) */
    double *losses;      /* (B) */
};

/* Returns a model with the notebook's rule; all arrays but weight are zero. The caller fills x,
 * target, parameters, lr and clip. */
struct reference *reference_new(const struct wr_shape *shape, size_t windows, size_t batch);
void reference_free(struct reference *r);

void reference_forward(struct reference *r, size_t first, size_t n);
void reference_bptt(struct reference *r);
void reference_clip(struct reference *r);
void reference_update(struct reference *r);
/* One pass over the visits; returns total_loss. */
double reference_epoch(struct reference *r);

/* The loss whose gradient bptt computes, of the last forward: the mean of the rule's loss over the
 * n windows and the outputs. The weights have no effect on it. */
double reference_objective(const struct reference *r);

#endif
