/* The stages for one model and one window, each defined once: the stage kernels and the fused
 * kernel both call these. Formulas and the order of every sum: numerics.h.
 *
 * A team of WR_TEAM work-items works on one window together; `lane` is the index in the team, and
 * every lane of a team calls every function. A team of 1 needs no barrier. The lane of a team with
 * nothing to do is WR_IDLE, which lies beyond every array: it does nothing but meets all barriers
 * (PoCL 3.1 fails on some kernels whose barriers stand after a conditional return).
 *
 * Options given when the program is built:
 *   WR_I, WR_H, WR_O, WR_T  inputs, hidden, outputs, seq_len, with the suffix of WR_INDEX
 *   WR_INDEX                uint, or ulong where a model's arrays need it
 *   WR_TEAM                 work-items in a team
 *   WR_PARAM_SPACE          address space of the parameters
 *   WR_STATE_SPACE          address space of h, da and y
 *   WR_SUMS_SPACE           address space of gradients; __global where not given
 *
 * Options of the learning rule, given where it is not the notebook's. Floats are given as their
 * bits, which print alike in every locale:
 *   WR_ACTIVATION, WR_LOSS, WR_OPTIMIZER, WR_DECAY  WR_KIND_...
 *   WR_LOSS_NUMBER, WR_MOMENTUM, WR_BETA1, WR_BETA2, WR_EPSILON, WR_WEIGHT_DECAY
 *   WR_BY_NORM              1: clip bounds the gradient's norm
 *   WR_FIXED                windrow/rule.h's WR_FIXED_...
 *   WR_ORDER, WR_RECENCY    given where an epoch is not every window once, in order
 *
 * theta (P)  x (T, I)  target (O)  h (T, H)  da (T, H)  y (O) */
#ifndef WR_RECURRENCE_H
#define WR_RECURRENCE_H

#include "layout.h"
#include "numerics.h"
#include "rule/activation.h"
#include "rule/decay.h"
#include "rule/loss.h"
#include "rule/optimizer.h"
#include "rule/order.h"

#define WR_W_XH WR_OFFSET_W_XH(WR_I, WR_H, WR_O)
#define WR_W_HH WR_OFFSET_W_HH(WR_I, WR_H, WR_O)
#define WR_B_H  WR_OFFSET_B_H(WR_I, WR_H, WR_O)
#define WR_W_HY WR_OFFSET_W_HY(WR_I, WR_H, WR_O)
#define WR_B_Y  WR_OFFSET_B_Y(WR_I, WR_H, WR_O)
#define WR_P    WR_PARAMETERS_OF(WR_I, WR_H, WR_O)

#define WR_IDLE ((WR_INDEX)-1)

/* The build fails where a constant condition does not hold. A statement. */
#define WR_ASSERT(condition) ((void)sizeof(char[(condition) ? 1 : -1]))

#ifndef WR_STATE_ROW
#define WR_STATE_ROW WR_H /* floats from one h_t or da_t to the next */
#endif

#if WR_TEAM > 1
#define wr_team_sync() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#else
#define wr_team_sync()
#endif

/* Adds the terms a * b for i = 0 .. n-1 to sum, in segments: numerics.h. */
#define WR_SUM(sum, i, n, a, b)                                                                    \
    for (WR_INDEX segment_start = 0; segment_start < (n); segment_start += WR_SEGMENT) {           \
        float segment = segment_start == 0 ? (sum) : 0.0f;                                         \
        for (WR_INDEX i = segment_start; i < (n) && i < segment_start + WR_SEGMENT; ++i)           \
            segment = wr_fma((a), (b), segment);                                                   \
        (sum) = segment_start == 0 ? segment : wr_add((sum), segment);                             \
    }

/* ---- the learning rule ---- */

#ifndef WR_SUMS_SPACE
#define WR_SUMS_SPACE __global
#endif
#ifndef WR_ACTIVATION
#define WR_ACTIVATION WR_KIND_TANH
#endif
#ifndef WR_LOSS
#define WR_LOSS WR_KIND_MSE
#endif
#ifndef WR_LOSS_NUMBER
#define WR_LOSS_NUMBER 0
#endif
#ifndef WR_BY_NORM
#define WR_BY_NORM 0
#endif
#ifndef WR_DECAY
#define WR_DECAY WR_KIND_CONSTANT
#endif
#ifndef WR_FIXED
#define WR_FIXED 0
#endif
#ifndef WR_RECENCY
#define WR_RECENCY 1
#endif

static inline float wr_activate(float a) {
    return wr_activated(WR_ACTIVATION, a);
}

static inline float wr_delta(float h, float dh) {
    return wr_delta_of(WR_ACTIVATION, h, dh);
}

static inline float wr_slope(float e) {
    return wr_slope_of(WR_LOSS, as_float(WR_LOSS_NUMBER), e);
}

static inline float wr_rest(float s, float e) {
    return wr_rest_of(WR_LOSS, s, e);
}

/* ---- visits ---- */

/* Visits that a model makes in the batch first .. first + count - 1 of an epoch. */
static inline ulong wr_windows_here(ulong visits, ulong first, ulong count) {
    return visits <= first ? 0 : min(visits - first, count);
}

/* The view's window that a model visits at a place of an epoch. */
static inline ulong wr_window_at(const struct wr_model_task *task, uint epoch, ulong place) {
#ifdef WR_ORDER
    return task->first +
           wr_visited(WR_ORDER, WR_RECENCY, task->seed, task->count, epoch * task->visits + place);
#else
    return task->first + place;
#endif
}

/* The same for a slot of the stages' batch, which begins at place `first`; visited (B): what
 * wr_epoch_visit found, where an order needs it. */
static inline ulong wr_window_of(const __global struct wr_model_task *task, ulong first, ulong slot,
                                 const __global ulong *visited) {
#ifdef WR_ORDER
    return visited[slot];
#else
    return task->first + first + slot;
#endif
}

static inline int wr_is_finite(float x) {
    return (as_int(x) & 0x7f800000) != 0x7f800000;
}

/* ---- forward and back ---- */

/* h_t = activation(W_xh x_t + W_hh h_{t-1} + b_h), t = 0 .. T-1 */
static inline void wr_hidden(WR_INDEX lane, const WR_PARAM_SPACE float *theta,
                             const __global float *x, WR_STATE_SPACE float *h) {
    for (WR_INDEX t = 0; t < WR_T; ++t) {
        for (WR_INDEX j = lane; j < WR_H; j += WR_TEAM) {
            float a = theta[WR_B_H + j];
            WR_SUM(a, i, WR_I, theta[WR_W_XH + j * WR_I + i], x[t * WR_I + i]);
            if (t > 0)
                WR_SUM(a, k, WR_H, theta[WR_W_HH + j * WR_H + k], h[(t - 1) * WR_STATE_ROW + k]);
            h[t * WR_STATE_ROW + j] = wr_activate(a);
        }
        wr_team_sync();
    }
}

/* y = W_hy h_{T-1} + b_y */
static inline void wr_predict(WR_INDEX lane, const WR_PARAM_SPACE float *theta,
                              const WR_STATE_SPACE float *h, WR_STATE_SPACE float *y) {
    for (WR_INDEX o = lane; o < WR_O; o += WR_TEAM) {
        float sum = theta[WR_B_Y + o];
        WR_SUM(sum, k, WR_H, theta[WR_W_HY + o * WR_H + k], h[(WR_T - 1) * WR_STATE_ROW + k]);
        y[o] = sum;
    }
    wr_team_sync();
}

/* The window's loss; weights (O). */
static inline float wr_loss(const WR_STATE_SPACE float *y, const __global float *target,
                            const __global float *weights) {
    float loss = 0.0f;
    WR_SUM(loss, o, WR_O, weights[o] * wr_slope(y[o] - target[o]),
           wr_rest(wr_slope(y[o] - target[o]), y[o] - target[o]));
    return loss;
}

/* da_t = dL/da_t, t = T-1 .. 0; dL/dy = scale slope(y - target) */
static inline void wr_deltas(WR_INDEX lane, const WR_PARAM_SPACE float *theta, float scale,
                             const __global float *target, const WR_STATE_SPACE float *y,
                             const WR_STATE_SPACE float *h, WR_STATE_SPACE float *da) {
    for (WR_INDEX t = WR_T; t-- > 0;) {
        for (WR_INDEX k = lane; k < WR_H; k += WR_TEAM) {
            float dh = 0.0f;
            if (t == WR_T - 1)
                WR_SUM(dh, o, WR_O, theta[WR_W_HY + o * WR_H + k],
                       scale * wr_slope(y[o] - target[o]))
            else
                WR_SUM(dh, j, WR_H, theta[WR_W_HH + j * WR_H + k], da[(t + 1) * WR_STATE_ROW + j])
            da[t * WR_STATE_ROW + k] = wr_delta(h[t * WR_STATE_ROW + k], dh);
        }
        wr_team_sync();
    }
}

/* The terms of one window added to `sum`, the gradient of parameter p. */
static inline float wr_gradient(WR_INDEX p, float sum, float scale, const __global float *x,
                                const __global float *target, const WR_STATE_SPACE float *y,
                                const WR_STATE_SPACE float *h, const WR_STATE_SPACE float *da) {
    if (p < WR_W_HH) {
        WR_INDEX j = p / WR_I, i = p - j * WR_I;
        for (WR_INDEX t = WR_T; t-- > 0;)
            sum = wr_fma(da[t * WR_STATE_ROW + j], x[t * WR_I + i], sum);
    } else if (p < WR_B_H) {
        WR_INDEX j = (p - WR_W_HH) / WR_H, k = (p - WR_W_HH) - j * WR_H;
        for (WR_INDEX t = WR_T - 1; t > 0; --t)
            sum = wr_fma(da[t * WR_STATE_ROW + j], h[(t - 1) * WR_STATE_ROW + k], sum);
    } else if (p < WR_W_HY) {
        WR_INDEX j = p - WR_B_H;
        for (WR_INDEX t = WR_T; t-- > 0;)
            sum = wr_add(sum, da[t * WR_STATE_ROW + j]);
    } else if (p < WR_B_Y) {
        WR_INDEX o = (p - WR_W_HY) / WR_H, k = (p - WR_W_HY) - o * WR_H;
        sum = wr_fma(scale * wr_slope(y[o] - target[o]), h[(WR_T - 1) * WR_STATE_ROW + k], sum);
    } else {
        WR_INDEX o = p - WR_B_Y;
        sum = wr_add(sum, scale * wr_slope(y[o] - target[o]));
    }
    return sum;
}

/* Adds x, the sum of a batch's segment number `segment`, to the gradient. *rest is used from number
 * WR_PLAIN_SEGMENTS on. */
static inline void wr_add_segment(ulong segment, float x, float *sum, float *rest) {
    if (segment >= WR_PLAIN_SEGMENTS)
        wr_add_long(sum, rest, x);
    else
        *sum = segment == 0 ? x : wr_add(*sum, x);
}

/* ---- clip and update ---- */

/* Rows whose squares make the gradient's norm, in this order: those of W_xh; every row of H
 * parameters in the order of the layout, of which b_h is one; b_y. */
#define WR_NORM_ROWS WR_NORM_ROWS_OF(WR_H, WR_O, WR_FIXED)

static inline float wr_row_square(const WR_SUMS_SPACE float *g, WR_INDEX row) {
    WR_INDEX later = row - WR_H + (WR_FIXED & 1) * (row >= 2 * WR_H), terms = WR_H;
    g += row < WR_H ? row * WR_I : WR_W_HH + later * WR_H;
    if (row < WR_H)
        terms = WR_I;
    else if (later == WR_H + 1 + WR_O)
        terms = WR_O;
    float sum = 0.0f;
    WR_SUM(sum, i, terms, g[i], g[i]);
    return sum;
}

/* The factor of a gradient; squares (WR_NORM_ROWS) of its rows. */
static inline float wr_factor(const WR_STATE_SPACE float *squares, float clip) {
    float sum = squares[0];
    for (WR_INDEX row = 1; row < WR_NORM_ROWS; ++row)
        sum = wr_add(sum, squares[row]);
    return wr_norm_factor(sum, clip);
}

/* Whether training leaves parameter p as it is. */
static inline int wr_is_fixed(WR_INDEX p) {
#if WR_FIXED & 1
    if (p >= WR_B_H && p < WR_W_HY)
        return 1;
#endif
#if WR_FIXED & 2
    if (p >= WR_B_Y)
        return 1;
#endif
    return 0;
}

/* The number of a model's update that begins at a place of an epoch. */
static inline ulong wr_update_at(const struct wr_model_task *task, uint epoch, ulong place,
                                 ulong batch) {
    return epoch * ((task->visits - 1) / batch + 1) + place / batch;
}

/* Fills what update number u takes of the rule; corrections (pairs, 2): Adam's. By pointer, since
 * Oclgrind does not know what clang makes of a returned struct here. */
static inline void wr_step_at(const struct wr_model_task *task, ulong u,
                              const __global float *corrections, ulong pairs,
                              struct wr_stepping *by) {
    by->descent = -task->lr;
#if WR_DECAY != WR_KIND_CONSTANT
    by->descent = -(task->lr * wr_decay_left(WR_DECAY, u, task->decay_per_update));
#endif
    by->correct = by->correct2 = 1.0f;
#if WR_CORRECTED
    by->correct = corrections[2 * min(u, pairs - 1)];
    by->correct2 = corrections[2 * min(u, pairs - 1) + 1];
#endif
#define WR_GIVEN(ID, field, type, kinds, range, words, value, shown, option, help)                 \
    by->field = as_float(WR_##ID);
    WR_OPTIMIZER_NUMBERS(WR_GIVEN)
    wr_stepping_complete(by, as_float(WR_WEIGHT_DECAY));
}

/* A parameter after one step down its clipped gradient g; *first and *second: what the optimizer
 * keeps of it. */
static inline float wr_step_one(const struct wr_stepping *by, float theta, float g, float *first,
                                float *second) {
    return wr_step_by(WR_OPTIMIZER, by, theta, g, first, second);
}

/* The same; kept points to the parameter's first value in (WR_KEPT, P). */
static inline float wr_stepped(const struct wr_stepping *by, float theta, float g,
                               __global float *kept) {
    float first = WR_KEPT > 0 ? kept[0] : 0.0f, second = WR_KEPT > 1 ? kept[WR_P] : 0.0f;
    theta = wr_step_one(by, theta, g, &first, &second);
#if WR_KEPT > 0
    kept[0] = first;
#endif
#if WR_KEPT > 1
    kept[WR_P] = second;
#endif
    return theta;
}

/* Whether all parameters are finite, which every lane learns; the team has a flag of its own. */
static inline int wr_all_finite(WR_INDEX lane, const WR_PARAM_SPACE float *theta,
                                volatile __local int *flag) {
    int bad = 0;
    for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM)
        bad |= !wr_is_finite(theta[p]);
#if WR_TEAM > 1
    if (lane == 0)
        *flag = 0;
    wr_team_sync();
    if (bad)
        atomic_or(flag, 1);
    wr_team_sync();
    bad = *flag;
    wr_team_sync();
#endif
    return !bad;
}

#endif
