/* What of a learning rule is the same for models in lanes and for rows in lanes: included by both,
 * after lanes.h and numerics.h. */
#ifndef WR_STEPS_H
#define WR_STEPS_H

#include "backend/cpu/engine.h"

#include "rule/activation.h"
#include "rule/loss.h"
#include "rule/optimizer.h"

/* How gradients become changes: (g * factor) clipped to bound, then the optimizer's step in the
 * lanes that are active (> 0). */
struct change {
    WR_FLOAT factor, bound, active;
    struct wr_stepping step;
    bool plain; /* factor is 1 and bound infinite in all lanes, and all are active */
};

WR_INLINE WR_FLOAT if_active(const struct change *by, WR_FLOAT x, WR_FLOAT y) {
    return wr_if_less(WR_CONST(0.0f), by->active, x, y);
}

#define STATES_OF(kind, name, states, corrected) states,
WR_INLINE int states_of(enum wr_optimizer optimizer) {
    static const int states[] = {WR_OPTIMIZERS(STATES_OF)};
    return states[optimizer];
}

/* A vector of parameters p by its gradients g; one and two: what the optimizer keeps of it. */
WR_INLINE void change_one(enum wr_optimizer optimizer, bool plain, const struct change *by,
                          WR_FLOAT g, WR_FLOAT *p, WR_FLOAT *one, WR_FLOAT *two) {
    WR_FLOAT first = g, second = g;
    if (!plain)
        g = wr_clip(g * by->factor, by->bound);
    if (states_of(optimizer) > 0)
        first = *one;
    if (states_of(optimizer) > 1)
        second = *two;
    WR_FLOAT theta = wr_step_by((int)optimizer, &by->step, *p, g, &first, &second);
    *p = plain ? theta : if_active(by, theta, *p);
    if (states_of(optimizer) > 0)
        *one = plain ? first : if_active(by, first, *one);
    if (states_of(optimizer) > 1)
        *two = plain ? second : if_active(by, second, *two);
}

/* What is changed: vectors of parameters, gradients and state. */
struct changed {
    WR_FLOAT *p;
    const WR_FLOAT *g;
    WR_FLOAT *one, *two;
};

WR_INLINE void change_each(enum wr_optimizer optimizer, bool plain, const struct change *by,
                           const struct changed *c, size_t first, size_t end) {
    const struct change here = *by; /* which nothing else points to: kept in registers */
    for (size_t i = first; i < end; i++)
        change_one(optimizer, plain, &here, c->g[i], &c->p[i], &c->one[i], &c->two[i]);
}

WR_INLINE void change_some(enum wr_optimizer optimizer, const struct change *by,
                           const struct changed *c, size_t first, size_t end) {
    if (by->plain)
        change_each(optimizer, true, by, c, first, end);
    else
        change_each(optimizer, false, by, c, first, end);
}

#define CHANGE_SOME(kind, name, states, corrected)                                                 \
    case WR_OPTIMIZER_##kind:                                                                      \
        change_some(WR_OPTIMIZER_##kind, by, c, first, end);                                       \
        break;
static void change_range(enum wr_optimizer optimizer, const struct change *by,
                         const struct changed *c, size_t first, size_t end) {
    switch (optimizer) { WR_OPTIMIZERS(CHANGE_SOME) }
}

/* All parameters of a block but fixed ones; unit: floats of b->layout that make a vector. */
static void change_all(const struct wr_block *b, const struct change *by, size_t unit) {
    const struct wr_layout *at = b->layout;
    size_t all = at->count / unit, b_h = at->b_h / unit, w_hy = at->w_hy / unit;
    size_t b_y = at->b_y / unit;
    WR_FLOAT *state = (WR_FLOAT *)(void *)b->state;
    const struct changed c = {.p = (WR_FLOAT *)(void *)b->parameters,
                              .g = (const WR_FLOAT *)(const void *)b->gradients,
                              .one = state,
                              .two = state + (states_of(b->rule->optimizer) > 1 ? all : 0)};
    bool fixed_h = (b->rule->fixed & WR_FIXED_HIDDEN_BIAS) != 0;
    bool fixed_y = (b->rule->fixed & WR_FIXED_HEAD_BIAS) != 0;
    change_range(b->rule->optimizer, by, &c, 0, fixed_h ? b_h : w_hy);
    change_range(b->rule->optimizer, by, &c, w_hy, fixed_y ? b_y : all);
}

/* What varies from lane to lane is given; the rest is the rule's. */
#define GIVEN(ID, field, ...) by.field = rule->field;
WR_INLINE struct wr_stepping step_of(const struct wr_rule *rule, WR_FLOAT descent, WR_FLOAT correct,
                                     WR_FLOAT correct2) {
    struct wr_stepping by = {.descent = descent, .correct = correct, .correct2 = correct2};
    WR_OPTIMIZER_NUMBERS(GIVEN)
    wr_stepping_complete(&by, rule->weight_decay);
    return by;
}

#endif
