/* The stages for one model and one window, each defined once: the stage kernels and the fused
 * kernel both call these. Formulas and the order of every sum: numerics.h.
 *
 * A team of WR_TEAM work-items works on one window together; `lane` is the index in the team, and
 * every lane of a team calls every function. A team of 1 needs no barrier. A team with nothing to
 * do takes WR_IDLE for its lane, which lies beyond every array: it does nothing, yet meets all
 * barriers (PoCL 3.1 fails on some kernels whose barriers stand after a conditional return).
 *
 * Options given when the program is built:
 *   WR_I, WR_H, WR_O, WR_T  inputs, hidden, outputs, seq_len, with the suffix of WR_INDEX
 *   WR_INDEX                uint, or ulong where a model's arrays need it
 *   WR_TEAM                 work-items in a team
 *   WR_PARAM_SPACE          address space of the parameters
 *   WR_STATE_SPACE          address space of h, da and y
 *
 * theta (P)  x (T, I)  target (O)  h (T, H)  da (T, H)  y (O) */
#ifndef WR_RECURRENCE_H
#define WR_RECURRENCE_H

#include "layout.h"
#include "numerics.h"

#define WR_W_XH WR_OFFSET_W_XH(WR_I, WR_H, WR_O)
#define WR_W_HH WR_OFFSET_W_HH(WR_I, WR_H, WR_O)
#define WR_B_H  WR_OFFSET_B_H(WR_I, WR_H, WR_O)
#define WR_W_HY WR_OFFSET_W_HY(WR_I, WR_H, WR_O)
#define WR_B_Y  WR_OFFSET_B_Y(WR_I, WR_H, WR_O)
#define WR_P    WR_PARAMETERS_OF(WR_I, WR_H, WR_O)

#define WR_IDLE ((WR_INDEX)-1)

#if WR_TEAM > 1
#define wr_team_sync() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#else
#define wr_team_sync()
#endif

/* sum: the start before, the sum of start and the terms a * b for i = 0 .. n-1 after. */
#define WR_SUM(sum, i, n, a, b)                                                                    \
    for (WR_INDEX run_start = 0; run_start < (n); run_start += WR_RUN) {                           \
        float run = run_start == 0 ? (sum) : 0.0f;                                                 \
        for (WR_INDEX i = run_start; i < (n) && i < run_start + WR_RUN; ++i)                       \
            run = wr_fma((a), (b), run);                                                           \
        (sum) = run_start == 0 ? run : (sum) + run;                                                \
    }

/* Windows that a model has in the batch first .. first + count - 1. */
static inline ulong wr_windows_here(ulong windows, ulong first, ulong count) {
    return windows <= first ? 0 : min(windows - first, count);
}

static inline int wr_is_finite(float x) {
    return (as_int(x) & 0x7f800000) != 0x7f800000;
}

/* h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h), t = 0 .. T-1 */
static inline void wr_hidden(WR_INDEX lane, const WR_PARAM_SPACE float *theta,
                             const __global float *x, WR_STATE_SPACE float *h) {
    for (WR_INDEX t = 0; t < WR_T; ++t) {
        for (WR_INDEX j = lane; j < WR_H; j += WR_TEAM) {
            float a = theta[WR_B_H + j];
            WR_SUM(a, i, WR_I, theta[WR_W_XH + j * WR_I + i], x[t * WR_I + i]);
            if (t > 0)
                WR_SUM(a, k, WR_H, theta[WR_W_HH + j * WR_H + k], h[(t - 1) * WR_H + k]);
            h[t * WR_H + j] = wr_tanh(a);
        }
        wr_team_sync();
    }
}

/* y = W_hy h_{T-1} + b_y */
static inline void wr_predict(WR_INDEX lane, const WR_PARAM_SPACE float *theta,
                              const WR_STATE_SPACE float *h, WR_STATE_SPACE float *y) {
    for (WR_INDEX o = lane; o < WR_O; o += WR_TEAM) {
        float sum = theta[WR_B_Y + o];
        WR_SUM(sum, k, WR_H, theta[WR_W_HY + o * WR_H + k], h[(WR_T - 1) * WR_H + k]);
        y[o] = sum;
    }
    wr_team_sync();
}

/* The window's loss; weights (O). */
static inline float wr_loss(const WR_STATE_SPACE float *y, const __global float *target,
                            const __global float *weights) {
    float loss = 0.0f;
    WR_SUM(loss, o, WR_O, weights[o] * (y[o] - target[o]), y[o] - target[o]);
    return loss;
}

/* da_t = dL/da_t, t = T-1 .. 0; dL/dy = scale (y - target) */
static inline void wr_deltas(WR_INDEX lane, const WR_PARAM_SPACE float *theta, float scale,
                             const __global float *target, const WR_STATE_SPACE float *y,
                             const WR_STATE_SPACE float *h, WR_STATE_SPACE float *da) {
    for (WR_INDEX t = WR_T; t-- > 0;) {
        for (WR_INDEX k = lane; k < WR_H; k += WR_TEAM) {
            float dh = 0.0f;
            if (t == WR_T - 1)
                WR_SUM(dh, o, WR_O, theta[WR_W_HY + o * WR_H + k], scale * (y[o] - target[o]))
            else
                WR_SUM(dh, j, WR_H, theta[WR_W_HH + j * WR_H + k], da[(t + 1) * WR_H + j])
            float hk = h[t * WR_H + k];
            da[t * WR_H + k] = wr_flush(wr_fma(-hk, hk, 1.0f) * dh);
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
            sum = wr_fma(da[t * WR_H + j], x[t * WR_I + i], sum);
    } else if (p < WR_B_H) {
        WR_INDEX j = (p - WR_W_HH) / WR_H, k = (p - WR_W_HH) - j * WR_H;
        for (WR_INDEX t = WR_T - 1; t > 0; --t)
            sum = wr_fma(da[t * WR_H + j], h[(t - 1) * WR_H + k], sum);
    } else if (p < WR_W_HY) {
        WR_INDEX j = p - WR_B_H;
        for (WR_INDEX t = WR_T; t-- > 0;)
            sum += da[t * WR_H + j];
    } else if (p < WR_B_Y) {
        WR_INDEX o = (p - WR_W_HY) / WR_H, k = (p - WR_W_HY) - o * WR_H;
        sum = wr_fma(scale * (y[o] - target[o]), h[(WR_T - 1) * WR_H + k], sum);
    } else {
        WR_INDEX o = p - WR_B_Y;
        sum += scale * (y[o] - target[o]);
    }
    return sum;
}

/* A parameter after one step down its clipped gradient g. */
static inline float wr_descend(float theta, float g, float lr) {
    return wr_fma(-lr, g, theta);
}

/* Whether all parameters are finite, told to every lane; flag is the team's own. */
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
