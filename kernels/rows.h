/* The stages for models whose W_hh lies in registers: fused_rows.cl. Here are forward and back;
 * rows_step.h has gradients, clip and update.
 *
 * WR_PACK models share a work-group of WR_GROUP work-items. A model's team is WR_LANES of them, and
 * a lane holds WR_ROWS rows of W_hh, which follow each other. It needs them for the forward product
 * and the update. It takes the columns of the same units from local memory, for the backward
 * product. h and da pass through local memory, four values at a load.
 *
 * W_xh and W_hy lie in registers too where a model has few inputs and outputs, and in local memory
 * otherwise. What the optimizer keeps lies in local memory.
 *
 * Further options given when the program is built:
 *   WR_PACK       models in a work-group
 *   WR_ROWS       rows of W_hh in a lane: 1, 2 or 4; it divides WR_H
 *   WR_GROUP      work-items in a work-group, at least WR_PACK * WR_LANES; the rest are spare
 *   WR_WARP_SYNC  1: the work-group is one warp of an NVIDIA GPU, which has a cheaper barrier */
#ifndef WR_ROWS_H
#define WR_ROWS_H

#include "recurrence.h"
#include "rows_layout.h"

#define WR_LANES (WR_H / WR_ROWS)
#define WR_ROW   WR_FOURS(WR_H) /* floats from one h_t, da_t or column of W_xh to the next */
#define WR_PITCH WR_APART(WR_H) /* floats from one row of W_hh or W_hy to the next */
#define WR_X_ROW WR_FOURS(WR_I)

/* Whether the optimizer steps from the gradient alone, so that a lane may step a parameter that
 * other lanes hold too. */
#define WR_DIRECT (WR_KEPT == 0 && !WR_BY_NORM)
#define WR_LEAN_I WR_LEAN_INPUTS(WR_I)             /* W_xh lies in registers */
#define WR_LEAN_O WR_LEAN_OUTPUTS(WR_O, WR_DIRECT) /* W_hy too; every lane makes predictions */

/* Where a model's arrays begin in its local memory. */
#define WR_NEAR_DA   (WR_T * WR_ROW)                                 /* after h (T, WR_ROW) */
#define WR_NEAR_HH   (2 * WR_T * WR_ROW)                             /* after da (T, WR_ROW) */
#define WR_NEAR_HY   (WR_NEAR_HH + WR_H * WR_PITCH)                  /* after W_hh (H, WR_PITCH) */
#define WR_NEAR_XH   (WR_NEAR_HY + WR_O * WR_PITCH)                  /* after W_hy (O, WR_PITCH) */
#define WR_NEAR_X    (WR_NEAR_XH + (WR_LEAN_I ? 0 : WR_I * WR_ROW))  /* after W_xh (I, WR_ROW) */
#define WR_NEAR_BY   (WR_NEAR_X + (WR_LEAN_I ? 0 : WR_T * WR_X_ROW)) /* after x (T, WR_X_ROW) */
#define WR_NEAR_DY   (WR_NEAR_BY + WR_FOURS(WR_O))
#define WR_NEAR_LOSS (WR_NEAR_DY + WR_FOURS(WR_O)) /* two factors (O) of each term of the loss */
#define WR_NEAR_NORM (WR_NEAR_BY + (WR_LEAN_O ? 0 : 4 * WR_FOURS(WR_O)))
#define WR_NEAR_KEPT (WR_NEAR_NORM + (WR_BY_NORM ? WR_NORM_ROOM(WR_H, WR_O) : 0))
#define WR_NEAR      WR_ROWS_NEAR(WR_I, WR_H, WR_O, WR_T, WR_KEPT, WR_DIRECT, WR_BY_NORM)

/* Where what the optimizer keeps of the tensors begins; that of W_hh (H, WR_PITCH) is the first. */
#define WR_KEPT_XH   (WR_H * WR_PITCH)            /* (I, WR_ROW) */
#define WR_KEPT_HY   (WR_KEPT_XH + WR_I * WR_ROW) /* (O, WR_ROW) */
#define WR_KEPT_BH   (WR_KEPT_HY + WR_O * WR_ROW) /* (H) */
#define WR_KEPT_BY   (WR_KEPT_BH + WR_ROW)        /* (O) */
#define WR_KEPT_ROOM WR_ROWS_KEPT(WR_I, WR_H, WR_O)

#define WR_BLOCK 4 /* parameters that a lane steps at a time */

#if WR_WARP_SYNC
#define wr_rows_sync() __asm__ volatile("bar.warp.sync 0xffffffff;" ::: "memory")
#else
#define wr_rows_sync() barrier(CLK_LOCAL_MEM_FENCE)
#endif

/* A work-item's place. */
struct wr_place {
    uint lane;
    int spare;           /* it belongs to no team: it goes along to barriers and writes nothing */
    __local float *near; /* its model's local memory */
};

/* What a lane holds of its model. */
struct wr_held {
    float row[WR_ROWS][WR_ROW], b_h[WR_ROWS];
#if WR_LEAN_I
    float w_xh[WR_ROWS][WR_I];
#endif
#if WR_LEAN_O
    float w_hy[WR_O][WR_ROWS], b_y[WR_O];
#endif
};

/* What a lane holds of a window. */
struct wr_window {
    const __global float *x, *target;
    float h[WR_T][WR_ROWS], da[WR_T][WR_ROWS];
#if WR_LEAN_O
    float dy[WR_O];
#endif
};

/* A lane's row r, and where it lies among the rows of W_hh in local memory: lanes next to each
 * other store to places next to each other, which lie in different banks. */
#define WR_J(place, r)         ((place)->lane * WR_ROWS + (r))
#define WR_ROW_PLACE(place, r) (((r)*WR_LANES + (place)->lane) * WR_PITCH)

/* Element t, i of the window's inputs, and a lane's element i of row r of W_xh. */
#if WR_LEAN_I
#define WR_INPUT(place, window, t, i) ((window)->x[(t)*WR_I + (i)])
#define WR_W_XH_OF(place, held, r, i) ((held)->w_xh[r][i])
#else
#define WR_INPUT(place, window, t, i) ((place)->near[WR_NEAR_X + (t)*WR_X_ROW + (i)])
#define WR_W_XH_OF(place, held, r, i) ((place)->near[WR_NEAR_XH + (i)*WR_ROW + WR_J(place, r)])
#endif

/* A lane's part of a vector (H) in local memory: the elements of its rows, in one access. */
static inline void wr_rows_get(const __local float *v, uint lane, float own[WR_ROWS]) {
#if WR_ROWS == 4
    const float4 all = ((const __local float4 *)v)[lane];
    own[0] = all.x, own[1] = all.y, own[2] = all.z, own[3] = all.w;
#elif WR_ROWS == 2
    const float2 all = ((const __local float2 *)v)[lane];
    own[0] = all.x, own[1] = all.y;
#else
    own[0] = v[lane];
#endif
}

static inline void wr_rows_put(const float own[WR_ROWS], uint lane, __local float *v) {
#if WR_ROWS == 4
    ((__local float4 *)v)[lane] = (float4)(own[0], own[1], own[2], own[3]);
#elif WR_ROWS == 2
    ((__local float2 *)v)[lane] = (float2)(own[0], own[1]);
#else
    v[lane] = own[0];
#endif
}

/* Every sum[r] continued over terms w[r][k] * v[k] for k = 0 .. H-1; v (WR_ROW) in local memory. */
static inline void wr_products(float sum[WR_ROWS], const float w[WR_ROWS][WR_ROW],
                               const __local float *v) {
    float run[WR_ROWS];
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        run[r] = sum[r];
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        const float4 part = ((const __local float4 *)v)[k / 4];
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            if (k > 0 && k % WR_RUN == 0) {
                sum[r] = k == WR_RUN ? run[r] : wr_add(sum[r], run[r]);
                run[r] = 0.0f;
            }
            run[r] = wr_fma(w[r][k], part.x, run[r]);
            if (k + 1 < WR_H)
                run[r] = wr_fma(w[r][k + 1], part.y, run[r]);
            if (k + 2 < WR_H)
                run[r] = wr_fma(w[r][k + 2], part.z, run[r]);
            if (k + 3 < WR_H)
                run[r] = wr_fma(w[r][k + 3], part.w, run[r]);
        }
    }
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        sum[r] = WR_H <= WR_RUN ? run[r] : wr_add(sum[r], run[r]);
}

/* ---- forward ---- */

/* x to local memory, where it does not stay in caches as well as few inputs do. */
static inline void wr_rows_inputs(const struct wr_place *place, const struct wr_window *window) {
#if !WR_LEAN_I
    if (!place->spare)
        for (uint t = 0; t < WR_T; ++t)
            for (uint i = place->lane; i < WR_I; i += WR_LANES)
                place->near[WR_NEAR_X + t * WR_X_ROW + i] = window->x[t * WR_I + i];
    wr_rows_sync();
#endif
}

/* What a_t is before the product with h_{t-1}. */
static inline void wr_rows_from_inputs(const struct wr_place *place, const struct wr_held *held,
                                       const struct wr_window *window, uint t, float a[WR_ROWS]) {
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        a[r] = held->b_h[r];
        WR_SUM(a[r], i, WR_I, WR_W_XH_OF(place, held, r, i), WR_INPUT(place, window, t, i));
    }
}

static inline void wr_rows_hidden(const struct wr_place *place, const struct wr_held *held,
                                  struct wr_window *window) {
    __local float *h = place->near;
    float a[WR_T][WR_ROWS];
#if !WR_LEAN_I /* all at once, since they do not wait for the step before, but registers are few   \
                */
#pragma unroll
    for (uint t = 0; t < WR_T; ++t)
        wr_rows_from_inputs(place, held, window, t, a[t]);
#endif
#pragma unroll
    for (uint t = 0; t < WR_T; ++t) {
#if WR_LEAN_I
        wr_rows_from_inputs(place, held, window, t, a[t]);
#endif
        if (t > 0)
            wr_products(a[t], held->row, h + (t - 1) * WR_ROW);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            window->h[t][r] = wr_activate(a[t][r]);
        if (!place->spare)
            wr_rows_put(window->h[t], place->lane, h + t * WR_ROW);
        wr_rows_sync();
    }
}

/* Predictions, dL/dy, and the window's loss, which every lane gets. */
static inline float wr_rows_head(const struct wr_place *place, const struct wr_held *held,
                                 struct wr_window *window, const __global float *weights,
                                 float scale) {
    __local float *near = place->near;
    const __local float *last = near + (WR_T - 1) * WR_ROW, *w_hy = near + WR_NEAR_HY;
    float loss = 0.0f;
#if WR_LEAN_O
    float error[WR_O];
#pragma unroll
    for (uint o = 0; o < WR_O; ++o) {
        float y = held->b_y[o];
        WR_SUM(y, k, WR_H, w_hy[o * WR_PITCH + k], last[k]);
        error[o] = y - window->target[o];
        window->dy[o] = scale * wr_slope(error[o]);
    }
    WR_SUM(loss, o, WR_O, weights[o] * wr_slope(error[o]), wr_rest(wr_slope(error[o]), error[o]));
#else
    __local float *first = near + WR_NEAR_LOSS, *second = first + WR_FOURS(WR_O);
    for (uint o = place->spare ? WR_O : place->lane; o < WR_O; o += WR_LANES) {
        float y = near[WR_NEAR_BY + o];
        WR_SUM(y, k, WR_H, w_hy[o * WR_PITCH + k], last[k]);
        const float error = y - window->target[o], slope = wr_slope(error);
        near[WR_NEAR_DY + o] = scale * slope;
        first[o] = weights[o] * slope;
        second[o] = wr_rest(slope, error);
    }
    wr_rows_sync();
    WR_SUM(loss, o, WR_O, first[o], second[o]);
#endif
    return loss;
}

#if WR_LEAN_O
#define WR_DY(place, window, o) ((window)->dy[o])
#else
#define WR_DY(place, window, o) ((place)->near[WR_NEAR_DY + (o)])
#endif

/* ---- back ---- */

static inline void wr_rows_deltas(const struct wr_place *place, const struct wr_held *held,
                                  struct wr_window *window) {
    __local float *da = place->near + WR_NEAR_DA;
    const uint last_barrier = WR_T > 1 ? 1 : 0; /* the step after it reads nothing of other lanes */
    float column[WR_ROWS][WR_ROW];
#pragma unroll
    for (uint j = 0; j < WR_H; ++j) {
        float own[WR_ROWS];
        wr_rows_get(place->near + WR_NEAR_HH + (j % WR_ROWS * WR_LANES + j / WR_ROWS) * WR_PITCH,
                    place->lane, own);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            column[r][j] = own[r];
    }
#pragma unroll
    for (uint t = WR_T; t-- > 0;) {
        float dh[WR_ROWS];
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            dh[r] = 0.0f;
        if (t < WR_T - 1) {
            wr_products(dh, column, da + (t + 1) * WR_ROW);
        } else {
#pragma unroll
            for (uint r = 0; r < WR_ROWS; ++r) {
#if WR_LEAN_O
                WR_SUM(dh[r], o, WR_O, held->w_hy[o][r], window->dy[o]);
#else
                WR_SUM(dh[r], o, WR_O, place->near[WR_NEAR_HY + o * WR_PITCH + WR_J(place, r)],
                       WR_DY(place, window, o));
#endif
            }
        }
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            window->da[t][r] = wr_delta(window->h[t][r], dh[r]);
        if (t > 0 && !place->spare) /* no product takes that of t = 0 */
            wr_rows_put(window->da[t], place->lane, da + t * WR_ROW);
        if (t >= last_barrier)
            wr_rows_sync();
    }
}

#endif
