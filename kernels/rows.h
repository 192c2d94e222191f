/* The stages for models whose W_hh lies in registers: fused_rows.cl. This file has forward and
 * back, with the gradient of W_hh; rows_step.h has the other gradients, clip and update.
 *
 * WR_PACK models share a work-group of WR_GROUP work-items. A model's team is WR_LANES of them, and
 * a lane has WR_ROWS units, which follow each other. It holds their columns of W_hh, for the
 * backward product, their gradient and the update: all three take the same da_t[j], so one load
 * serves them. It takes the rows of its units from local memory, for the forward product. h and da
 * pass through local memory, four values at a load.
 *
 * W_xh and W_hy lie in registers too if a model has few inputs and outputs, and in local memory
 * otherwise. What the optimizer keeps lies in local memory.
 *
 * Further options given when the program is built:
 *   WR_PACK       models in a work-group
 *   WR_ROWS       units of a lane, and so rows of W_hh: 1, 2 or 4; it divides WR_H
 *   WR_GROUP      work-items in a work-group, at least WR_PACK * WR_LANES; the rest are spare
 *   WR_UNROLLED   1: the backward loop over time is unrolled. That spares instructions, and takes
 *                 registers: compilers put off the gradient's terms and keep every da_t.
 *   WR_WARP_SYNC  1: the work-group is one warp of an NVIDIA GPU, which has a cheaper barrier */
#ifndef WR_ROWS_H
#define WR_ROWS_H

#include "recurrence.h"
#include "rows_layout.h"

#define WR_LANES WR_ROWS_LANES(WR_H, WR_ROWS)
#define WR_UNITS WR_FOURS(WR_H) /* floats of a row or column in registers */
#define WR_WIDTH WR_ROWS_WIDTH(WR_H, WR_ROWS, WR_PACK, WR_GROUP)
#define WR_ROW   WR_FOURS(WR_WIDTH) /* floats from one h_t, da_t or column of W_xh to the next */
#define WR_PITCH WR_APART(WR_WIDTH) /* floats from one row of W_hh or W_hy to the next */
#define WR_X_ROW WR_FOURS(WR_I)

/* Whether the optimizer steps from the gradient alone, so that a lane may step a parameter that
 * other lanes hold too. */
#define WR_DIRECT (WR_KEPT == 0 && !WR_BY_NORM)
/* Whether a bound of the gradient is computed first, which tells if any element needs clipping.
 * Clipping costs more than the step and is seldom needed. */
#define WR_MAY_CLIP (WR_DIRECT && WR_ACTIVATION == WR_KIND_TANH)
#define WR_LEAN_I   WR_LEAN_INPUTS(WR_I)             /* W_xh lies in registers */
#define WR_LEAN_O   WR_LEAN_OUTPUTS(WR_O, WR_DIRECT) /* W_hy too; every lane makes predictions */

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
#define WR_NEAR      WR_ROWS_NEAR(WR_I, WR_H, WR_WIDTH, WR_O, WR_T, WR_KEPT, WR_DIRECT, WR_BY_NORM)

/* Where what the optimizer keeps of the tensors begins; that of W_hh (H, WR_PITCH) is the first. */
#define WR_KEPT_XH   (WR_H * WR_PITCH)            /* (I, WR_ROW) */
#define WR_KEPT_HY   (WR_KEPT_XH + WR_I * WR_ROW) /* (O, WR_ROW) */
#define WR_KEPT_BH   (WR_KEPT_HY + WR_O * WR_ROW) /* (H) */
#define WR_KEPT_BY   (WR_KEPT_BH + WR_ROW)        /* (O) */
#define WR_KEPT_ROOM WR_ROWS_KEPT(WR_I, WR_H, WR_WIDTH, WR_O)

#define WR_BLOCK 4 /* parameters that a lane steps at a time */

#if WR_WARP_SYNC
#define wr_rows_sync() __asm__ volatile("bar.warp.sync 0xffffffff;" ::: "memory")
#else
#define wr_rows_sync() barrier(CLK_LOCAL_MEM_FENCE)
#endif

/* A work-item's place. A spare one belongs to no team. It meets every barrier, does what lane 0 of
 * the last team does, and writes behind the units of that team. */
struct wr_place {
    uint lane;
    int spare;
    __local float *near;         /* its model's local memory */
    __local float *own;          /* the same, from the lane's first unit on */
    volatile __local int *clips; /* whether a gradient of its model may be over the clip */
};

/* What a lane holds of its model. */
struct wr_held {
    float column[WR_ROWS][WR_UNITS], b_h[WR_ROWS];
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
    float last[WR_ROWS];                           /* h_{T-1} of its units */
    float g_hh[WR_ROWS][WR_UNITS], g_b_h[WR_ROWS]; /* gradients: of its columns, and of b_h */
#if WR_LEAN_I
    float g_xh[WR_ROWS][WR_I];
#endif
#if WR_LEAN_O
    float dy[WR_O];
#endif
};

/* A lane's unit r, and where row j of W_hh lies in local memory: lanes next to each other load from
 * places next to each other, which lie in different banks. */
#define WR_J(place, r)  ((place)->lane * WR_ROWS + (r))
#define WR_ROW_PLACE(j) (((j) % WR_ROWS * WR_LANES + (j) / WR_ROWS) * WR_PITCH)

/* Element t, i of the window's inputs, and a lane's element i of row r of W_xh. */
#if WR_LEAN_I
#define WR_INPUT(place, window, t, i) ((window)->x[(t)*WR_I + (i)])
#define WR_W_XH_OF(place, held, r, i) ((held)->w_xh[r][i])
#else
#define WR_INPUT(place, window, t, i) ((place)->near[WR_NEAR_X + (t)*WR_X_ROW + (i)])
#define WR_W_XH_OF(place, held, r, i) ((place)->near[WR_NEAR_XH + (i)*WR_ROW + WR_J(place, r)])
#endif

/* The elements of a lane's units of a vector (H) in local memory, the first of them at v, in one
 * access. */
static inline void wr_rows_get(const __local float *v, float own[WR_ROWS]) {
#if WR_ROWS == 4
    const float4 all = *(const __local float4 *)v;
    own[0] = all.x, own[1] = all.y, own[2] = all.z, own[3] = all.w;
#elif WR_ROWS == 2
    const float2 all = *(const __local float2 *)v;
    own[0] = all.x, own[1] = all.y;
#else
    own[0] = *v;
#endif
}

static inline void wr_rows_put(const float own[WR_ROWS], __local float *v) {
#if WR_ROWS == 4
    *(__local float4 *)v = (float4)(own[0], own[1], own[2], own[3]);
#elif WR_ROWS == 2
    *(__local float2 *)v = (float2)(own[0], own[1]);
#else
    *v = own[0];
#endif
}

/* Copies a lane's columns of W_hh to local memory. */
static inline void wr_rows_put_hh(const struct wr_place *place, const struct wr_held *held) {
#pragma unroll
    for (uint j = 0; j < WR_H; ++j) {
        float own[WR_ROWS];
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            own[r] = held->column[r][j];
        wr_rows_put(own, place->own + WR_NEAR_HH + WR_ROW_PLACE(j));
    }
}

/* Adds four terms to every sum[r], w[r][k] * v[k] from k on. segment[r] is the sum of the segment
 * that is not complete yet. */
static inline void wr_four_terms(float sum[WR_ROWS], float segment[WR_ROWS],
                                 const float w[WR_ROWS][WR_UNITS], uint k, float4 v) {
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        if (k > 0 && k % WR_SEGMENT == 0) {
            sum[r] = k == WR_SEGMENT ? segment[r] : wr_add(sum[r], segment[r]);
            segment[r] = 0.0f;
        }
        segment[r] = wr_fma(w[r][k], v.x, segment[r]);
        if (k + 1 < WR_H)
            segment[r] = wr_fma(w[r][k + 1], v.y, segment[r]);
        if (k + 2 < WR_H)
            segment[r] = wr_fma(w[r][k + 2], v.z, segment[r]);
        if (k + 3 < WR_H)
            segment[r] = wr_fma(w[r][k + 3], v.w, segment[r]);
    }
}

/* start and the sum of terms w[k] * v[k], both (WR_ROW) in local memory. */
static inline float wr_rows_dot(float start, const __local float *w, const __local float *v) {
    float sum = 0.0f, segment = start;
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        const float4 a = ((const __local float4 *)w)[k / 4], b = ((const __local float4 *)v)[k / 4];
        if (k > 0 && k % WR_SEGMENT == 0) {
            sum = k == WR_SEGMENT ? segment : wr_add(sum, segment);
            segment = 0.0f;
        }
        segment = wr_fma(a.x, b.x, segment);
        if (k + 1 < WR_H)
            segment = wr_fma(a.y, b.y, segment);
        if (k + 2 < WR_H)
            segment = wr_fma(a.z, b.z, segment);
        if (k + 3 < WR_H)
            segment = wr_fma(a.w, b.w, segment);
    }
    return WR_H <= WR_SEGMENT ? segment : wr_add(sum, segment);
}

/* Every sum[r] continued over terms w[r][k] * v[k] for k = 0 .. H-1; v (WR_ROW) in local memory. */
static inline void wr_products(float sum[WR_ROWS], const float w[WR_ROWS][WR_UNITS],
                               const __local float *v) {
    float segment[WR_ROWS];
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        segment[r] = sum[r];
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4)
        wr_four_terms(sum, segment, w, k, ((const __local float4 *)v)[k / 4]);
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        sum[r] = WR_H <= WR_SEGMENT ? segment[r] : wr_add(sum[r], segment[r]);
}

/* ---- forward ---- */

/* Copies x to local memory if the inputs are many. Few inputs stay in the caches. */
static inline void wr_rows_inputs(const struct wr_place *place, const struct wr_window *window) {
#if !WR_LEAN_I
    if (!place->spare)
        for (uint t = 0; t < WR_T; ++t)
            for (uint i = place->lane; i < WR_I; i += WR_LANES)
                place->near[WR_NEAR_X + t * WR_X_ROW + i] = window->x[t * WR_I + i];
    wr_rows_sync();
#endif
}

/* The part of a_t that is not of h_{t-1}. */
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
    float a[WR_T][WR_ROWS], row[WR_ROWS][WR_UNITS];
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
#pragma unroll
        for (uint k = 0; k < WR_H; k += 4) {
            const float4 four =
                ((const __local float4 *)(place->near + WR_NEAR_HH +
                                          (r * WR_LANES + place->lane) * WR_PITCH))[k / 4];
            row[r][k] = four.x, row[r][k + 1] = four.y;
            row[r][k + 2] = four.z, row[r][k + 3] = four.w;
        }
/* All steps at once, since none waits for the step before. With W_xh in registers, too few are left
 * for that. */
#if !WR_LEAN_I
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
            wr_products(a[t], row, h + (t - 1) * WR_ROW);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            window->last[r] = wr_activate(a[t][r]);
        wr_rows_put(window->last, place->own + t * WR_ROW);
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
        const float y = wr_rows_dot(held->b_y[o], w_hy + o * WR_PITCH, last);
        error[o] = y - window->target[o];
        window->dy[o] = scale * wr_slope(error[o]);
    }
    WR_SUM(loss, o, WR_O, weights[o] * wr_slope(error[o]), wr_rest(wr_slope(error[o]), error[o]));
#else
    __local float *first = near + WR_NEAR_LOSS, *second = first + WR_FOURS(WR_O);
    for (uint o = place->spare ? WR_O : place->lane; o < WR_O; o += WR_LANES) {
        const float y = wr_rows_dot(near[WR_NEAR_BY + o], w_hy + o * WR_PITCH, last);
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

/* da_t of the lane's units from that of the next step. Adds the gradient's terms da_{t+1}[j] *
 * h_t[k]. */
static inline void wr_rows_back(const struct wr_place *place, const struct wr_held *held,
                                struct wr_window *window, uint t, float da[WR_ROWS]) {
    const __local float *next = place->near + WR_NEAR_DA + (t + 1) * WR_ROW;
    float h[WR_ROWS], dh[WR_ROWS], segment[WR_ROWS];
    wr_rows_get(place->own + t * WR_ROW, h);
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        dh[r] = segment[r] = 0.0f;
#pragma unroll
    for (uint j = 0; j < WR_H; j += 4) {
        const float4 four = ((const __local float4 *)next)[j / 4];
        wr_four_terms(dh, segment, held->column, j, four);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            float *g = window->g_hh[r] + j;
            g[0] = wr_fma(four.x, h[r], g[0]);
            if (j + 1 < WR_H)
                g[1] = wr_fma(four.y, h[r], g[1]);
            if (j + 2 < WR_H)
                g[2] = wr_fma(four.z, h[r], g[2]);
            if (j + 3 < WR_H)
                g[3] = wr_fma(four.w, h[r], g[3]);
        }
    }
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        dh[r] = WR_H <= WR_SEGMENT ? segment[r] : wr_add(dh[r], segment[r]);
        da[r] = wr_delta(h[r], dh[r]);
    }
}

/* The terms of da_t in the gradients of b_h and W_xh. */
static inline void wr_rows_terms(const struct wr_place *place, struct wr_window *window, uint t,
                                 const float da[WR_ROWS]) {
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        window->g_b_h[r] = wr_add(window->g_b_h[r], da[r]);
#if WR_LEAN_I
#pragma unroll
        for (uint i = 0; i < WR_I; ++i)
            window->g_xh[r][i] = wr_fma(da[r], WR_INPUT(place, window, t, i), window->g_xh[r][i]);
#endif
    }
}

static inline void wr_rows_last_delta(const struct wr_place *place, const struct wr_held *held,
                                      const struct wr_window *window, float da[WR_ROWS]) {
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        float dh = 0.0f;
#if WR_LEAN_O
        WR_SUM(dh, o, WR_O, held->w_hy[o][r], window->dy[o]);
#else
        WR_SUM(dh, o, WR_O, place->near[WR_NEAR_HY + o * WR_PITCH + WR_J(place, r)],
               WR_DY(place, window, o));
#endif
        da[r] = wr_delta(window->last[r], dh);
    }
}

static inline void wr_rows_clear(struct wr_window *window) {
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        window->g_b_h[r] = 0.0f;
#pragma unroll
        for (uint j = 0; j < WR_UNITS; ++j)
            window->g_hh[r][j] = 0.0f;
#if WR_LEAN_I
#pragma unroll
        for (uint i = 0; i < WR_I; ++i)
            window->g_xh[r][i] = 0.0f;
#endif
    }
}

/* Sets *place->clips if an element of the gradient of W_hh may be over the clip. No |h| is above 1,
 * so apart from rounding no element is larger than `most`, the sum of |da_t| over t > 0. If that is
 * NaN, *place->clips is set too. */
static inline void wr_rows_clip(const struct wr_place *place, const float most[WR_ROWS],
                                float clip) {
#if WR_MAY_CLIP
    int clips = 0;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        clips |= !(1.001f * most[r] <= clip);
    if (clips && !place->spare)
        *place->clips = 1;
#endif
}

/* Copies da_t to local memory, for the whole team. */
static inline void wr_rows_share(const struct wr_place *place, const float da[WR_ROWS], uint t) {
    wr_rows_put(da, place->own + WR_NEAR_DA + t * WR_ROW);
}

/* All da_t, and the gradients of W_hh, W_xh and b_h. */
static inline void wr_rows_deltas(const struct wr_place *place, const struct wr_held *held,
                                  struct wr_window *window, float clip) {
    float da[WR_ROWS];
    wr_rows_clear(window);
    wr_rows_last_delta(place, held, window, da);
    wr_rows_terms(place, window, WR_T - 1, da);
#if WR_T > 1
    float most[WR_ROWS];
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        most[r] = fabs(da[r]);
    wr_rows_share(place, da, WR_T - 1);
#if WR_T == 2
    wr_rows_clip(place, most, clip);
#endif
    wr_rows_sync();
    wr_rows_back(place, held, window, WR_T - 2, da);
    wr_rows_terms(place, window, WR_T - 2, da);
#if WR_T > 2
#if WR_UNROLLED
#pragma unroll
#else
#pragma unroll 1
#endif
    for (uint after = 0; after < WR_T - 2; ++after) {
        const uint t = WR_T - 3 - after;
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r)
            most[r] += fabs(da[r]);
        wr_rows_share(place, da, t + 1);
        if (t == 0)
            wr_rows_clip(place, most, clip);
        wr_rows_sync();
        wr_rows_back(place, held, window, t, da);
        wr_rows_terms(place, window, t, da);
    }
#endif
#else
    wr_rows_sync(); /* other lanes may still make predictions, from what the update will write */
#endif
#if !WR_LEAN_I
    wr_rows_share(place, da, 0); /* the lane reads it for the gradient of W_xh */
#endif
}

#endif
