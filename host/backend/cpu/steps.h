/* What of a learning rule is the same for models in lanes and for rows in lanes: included by both,
 * after lanes.h and numerics.h. */
#ifndef WR_STEPS_H
#define WR_STEPS_H

#include "backend/cpu/engine.h"

/* ---- losses ---- */

/* s of an error e, and r: numerics.h. */
WR_INLINE WR_FLOAT slope_of(const struct wr_rule *rule, WR_FLOAT e) {
    switch (rule->loss) {
    case WR_LOSS_MAE:
        return wr_sign(e);
    case WR_LOSS_HUBER:
        return wr_clip(e, WR_CONST(rule->huber_delta));
    default:
        return e;
    }
}

WR_INLINE WR_FLOAT rest_of(const struct wr_rule *rule, WR_FLOAT s, WR_FLOAT e) {
    return rule->loss == WR_LOSS_HUBER ? wr_fma(WR_CONST(-0.5f), s, e) : e;
}

/* ---- activations ---- */

WR_INLINE WR_FLOAT activated(const struct wr_rule *rule, WR_FLOAT a) {
    switch (rule->activation) {
    case WR_ACTIVATION_RELU:
        return wr_relu(a);
    case WR_ACTIVATION_IDENTITY:
        return a;
    default:
        return wr_tanh(a);
    }
}

WR_INLINE WR_FLOAT delta_of(const struct wr_rule *rule, WR_FLOAT h, WR_FLOAT dh) {
    switch (rule->activation) {
    case WR_ACTIVATION_RELU:
        return wr_flush(wr_relu_delta(h, dh));
    case WR_ACTIVATION_IDENTITY:
        return wr_flush(dh);
    default:
        return wr_flush(wr_fma(-h, h, WR_CONST(1.0f)) * dh);
    }
}

/* ---- the last two stages ---- */

/* How gradients become changes: (g * factor) clipped to bound, then the optimizer's step in the
 * lanes that are active (> 0). */
struct change {
    WR_FLOAT factor, bound, active;
    struct wr_step step;
    bool plain; /* factor is 1 and bound infinite in all lanes, and all are active */
};

WR_INLINE WR_FLOAT if_active(const struct change *by, WR_FLOAT x, WR_FLOAT y) {
    return wr_if_less(WR_CONST(0.0f), by->active, x, y);
}

/* A vector of parameters p by its gradients g; state: `one` is momentum, mean square or mean, `two`
 * Adam's mean square. */
WR_INLINE void change_one(enum wr_optimizer optimizer, bool plain, const struct change *by,
                          WR_FLOAT g, WR_FLOAT *p, WR_FLOAT *one, WR_FLOAT *two) {
    WR_FLOAT theta = *p, state = g, square = g;
    if (!plain)
        g = wr_clip(g * by->factor, by->bound);
    if (optimizer != WR_OPTIMIZER_SGD)
        state = *one;
    if (optimizer == WR_OPTIMIZER_ADAM) {
        square = *two;
        theta = wr_step_adam(&by->step, theta, g, &state, &square);
    } else if (optimizer == WR_OPTIMIZER_RMSPROP) {
        theta = wr_step_rmsprop(&by->step, theta, g, &state);
    } else if (optimizer == WR_OPTIMIZER_MOMENTUM) {
        theta = wr_step_momentum(&by->step, theta, g, &state);
    } else {
        theta = wr_step_sgd(&by->step, theta, g);
    }
    *p = plain ? theta : if_active(by, theta, *p);
    if (optimizer != WR_OPTIMIZER_SGD)
        *one = plain ? state : if_active(by, state, *one);
    if (optimizer == WR_OPTIMIZER_ADAM)
        *two = plain ? square : if_active(by, square, *two);
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

static void change_range(enum wr_optimizer optimizer, const struct change *by,
                         const struct changed *c, size_t first, size_t end) {
    switch (optimizer) {
    case WR_OPTIMIZER_SGD:
        change_some(WR_OPTIMIZER_SGD, by, c, first, end);
        break;
    case WR_OPTIMIZER_MOMENTUM:
        change_some(WR_OPTIMIZER_MOMENTUM, by, c, first, end);
        break;
    case WR_OPTIMIZER_RMSPROP:
        change_some(WR_OPTIMIZER_RMSPROP, by, c, first, end);
        break;
    case WR_OPTIMIZER_ADAM:
        change_some(WR_OPTIMIZER_ADAM, by, c, first, end);
        break;
    }
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
                              .two = state + (b->rule->optimizer == WR_OPTIMIZER_ADAM ? all : 0)};
    bool fixed_h = (b->rule->fixed & WR_FIXED_HIDDEN_BIAS) != 0;
    bool fixed_y = (b->rule->fixed & WR_FIXED_HEAD_BIAS) != 0;
    change_range(b->rule->optimizer, by, &c, 0, fixed_h ? b_h : w_hy);
    change_range(b->rule->optimizer, by, &c, w_hy, fixed_y ? b_y : all);
}

/* What varies from lane to lane is given; the rest is the rule's. */
WR_INLINE struct wr_step step_of(const struct wr_rule *rule, WR_FLOAT descent, WR_FLOAT correct,
                                 WR_FLOAT correct2) {
    return (struct wr_step){
        .descent = descent,
        .shrink = wr_fma(descent, WR_CONST(rule->weight_decay), WR_CONST(1.0f)),
        .correct = correct,
        .correct2 = correct2,
        .momentum = rule->momentum,
        .beta1 = rule->beta1,
        .beta2 = rule->beta2,
        .fresh1 = 1.0f - rule->beta1,
        .fresh2 = 1.0f - rule->beta2,
        .epsilon = rule->epsilon,
    };
}

#endif
