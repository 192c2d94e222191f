/* The computation of one model in float64, written as directly as possible: loops in the order of
 * the formulas, no runs, no flush, no sharing with the library. Tests hold every backend to it;
 * test_reference.c holds it to finite differences. */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#include <stddef.h>

#include "windrow/model.h"
#include "windrow/rule.h"

struct reference {
    size_t inputs, hidden, outputs, seq_len; /* I, H, O, T */
    size_t windows, batch;                   /* W, B */
    double lr, clip;                         /* clip 0: none */
    struct wr_rule rule;                     /* but its order: that is `visits` */
    const size_t *visits; /* (visit_count) windows that an epoch visits, the caller's; NULL: all in
                             order */
    size_t visit_count;
    double *x;      /* (W, T, I) */
    double *target; /* (W, O) */
    double *weight; /* (O) of an output in the loss; 1/O at start */

    size_t w_xh, w_hh, b_h, w_hy, b_y, count; /* offsets in the flat parameters; P */
    double *parameters;                       /* (P) */
    double *gradients;                        /* (P) */
    double *terms; /* (P) sums of the absolute values of what bptt added up for each gradient: what
                      rounding errors are in proportion to, however much cancels */
    double *mean, *square; /* (P) what optimizers keep: momentum is a mean */
    size_t updates;        /* made so far */

    size_t first, n;     /* visits of the last forward */
    double *h;           /* (B, T, H) */
    double *da;          /* (B, T, H) */
    double *predictions; /* (B, O) */
    double *losses;      /* (B) */
};

/* All arrays zero but weight, and the notebook's rule. The caller fills x, target, parameters, lr
 * and clip. */
struct reference *reference_new(const struct wr_shape *shape, size_t windows, size_t batch);
void reference_free(struct reference *r);

void reference_forward(struct reference *r, size_t first, size_t n);
void reference_bptt(struct reference *r);
void reference_clip(struct reference *r);
void reference_update(struct reference *r);
/* One pass over the visits; returns total_loss. */
double reference_epoch(struct reference *r);

/* The loss whose gradient bptt gives: mean over the n windows and the outputs of the rule's loss
 * (of the last forward), whatever the weights. */
double reference_objective(const struct reference *r);

#endif
