/* Gradients, clip and update for models whose W_hh lies in registers: the second half of the stages
 * of fused_rows.cl. rows.h has the first, and says how lanes share a model. */
#ifndef WR_ROWS_STEP_H
#define WR_ROWS_STEP_H

#include "rows.h"

/* ---- gradients ---- */

static inline float wr_rows_gradient_xh(const struct wr_place *place,
                                        const struct wr_window *window, uint r, uint i) {
#if WR_LEAN_I
    return window->g_xh[r][i];
#else
    const __local float *da = place->near + WR_NEAR_DA + WR_J(place, r);
    float g = 0.0f;
#pragma unroll
    for (uint t = WR_T; t-- > 0;)
        g = wr_fma(da[t * WR_ROW], WR_INPUT(place, window, t, i), g);
    return g;
#endif
}

/* ---- clip and update ---- */

#if WR_BY_NORM
/* Four elements of the rows of dW_hh of a lane's units, from column k on. */
static inline void wr_rows_gradients(const struct wr_place *place, uint k, float4 g[WR_ROWS]) {
    const __local float *da = place->near + WR_NEAR_DA;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        g[r] = (float4)(0.0f);
#pragma unroll
    for (uint t = WR_T - 1; t > 0; --t) {
        const float4 part = ((const __local float4 *)(place->near + (t - 1) * WR_ROW))[k / 4];
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            const float own = da[t * WR_ROW + WR_J(place, r)];
            g[r].x = wr_fma(own, part.x, g[r].x);
            g[r].y = wr_fma(own, part.y, g[r].y);
            g[r].z = wr_fma(own, part.z, g[r].z);
            g[r].w = wr_fma(own, part.w, g[r].w);
        }
    }
}
#endif

/* The bound of this window's gradients: the clip, or the factor of the norm. */
static inline float wr_rows_bound(const struct wr_place *place, const struct wr_window *window,
                                  float clip) {
#if WR_BY_NORM
    __local float *near = place->near, *squares = near + WR_NEAR_NORM;
    __local float *g_b_h = squares + WR_FOURS(WR_NORM_ROWS);
    const __local float *last = near + (WR_T - 1) * WR_ROW;
    const int biases = (WR_FIXED & 1) == 0;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        if (!place->spare) {
            float sum = 0.0f;
            g_b_h[WR_J(place, r)] = window->g_b_h[r];
            WR_SUM(sum, i, WR_I, wr_rows_gradient_xh(place, window, r, i),
                   wr_rows_gradient_xh(place, window, r, i));
            squares[WR_J(place, r)] = sum;
        }
    }
    float sum[WR_ROWS], segment[WR_ROWS];
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        float4 g[WR_ROWS];
        wr_rows_gradients(place, k, g);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            if (k % WR_SEGMENT == 0) {
                sum[r] = k == 0 ? 0.0f : k == WR_SEGMENT ? segment[r] : wr_add(sum[r], segment[r]);
                segment[r] = 0.0f;
            }
            segment[r] = wr_fma(g[r].x, g[r].x, segment[r]);
            if (k + 1 < WR_H)
                segment[r] = wr_fma(g[r].y, g[r].y, segment[r]);
            if (k + 2 < WR_H)
                segment[r] = wr_fma(g[r].z, g[r].z, segment[r]);
            if (k + 3 < WR_H)
                segment[r] = wr_fma(g[r].w, g[r].w, segment[r]);
        }
    }
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        if (!place->spare)
            squares[WR_H + WR_J(place, r)] =
                WR_H <= WR_SEGMENT ? segment[r] : wr_add(sum[r], segment[r]);
    for (uint o = place->spare ? WR_O : place->lane; o < WR_O; o += WR_LANES) {
        float sum = 0.0f;
        const float dy = near[WR_NEAR_DY + o];
        WR_SUM(sum, k, WR_H, wr_fma(dy, last[k], 0.0f), wr_fma(dy, last[k], 0.0f));
        squares[2 * WR_H + biases + o] = sum;
    }
    wr_rows_sync();
    if (place->lane == 0 && !place->spare) {
        float of_b_h = 0.0f, of_b_y = 0.0f;
        WR_SUM(of_b_h, j, WR_H, g_b_h[j], g_b_h[j]);
        WR_SUM(of_b_y, o, WR_O, 0.0f + near[WR_NEAR_DY + o], 0.0f + near[WR_NEAR_DY + o]);
        if (biases)
            squares[2 * WR_H] = of_b_h;
        if ((WR_FIXED & 2) == 0)
            squares[WR_NORM_ROWS - 1] = of_b_y;
    }
    wr_rows_sync();
    return wr_factor(squares, clip);
#else
    return clip;
#endif
}

static inline float wr_bounded(float g, float bound) {
#if WR_BY_NORM
    return g * bound;
#else
    return wr_clip(g, bound);
#endif
}

/* `count` parameters, at most WR_BLOCK, after one step down their bounded gradients g; kept: what
 * the optimizer keeps of the first, `apart` floats before that of the next. Everything is read
 * before anything is written, so that nothing waits for a store that might be to the same place. */
static inline void wr_rows_steps(const struct wr_stepping *by, uint count, float *theta,
                                 const float *g, __local float *kept, uint apart) {
    float first[WR_BLOCK], second[WR_BLOCK];
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count) {
            first[n] = WR_KEPT > 0 ? kept[n * apart] : 0.0f;
            second[n] = WR_KEPT > 1 ? kept[WR_KEPT_ROOM + n * apart] : 0.0f;
        }
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count)
            theta[n] = wr_step_one(by, theta[n], g[n], &first[n], &second[n]);
#if WR_KEPT > 0
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count) {
            kept[n * apart] = first[n];
            if (WR_KEPT > 1)
                kept[WR_KEPT_ROOM + n * apart] = second[n];
        }
#endif
}

/* One step of the columns of W_hh; `clips`: whether any element of their gradient may be over the
 * clip. */
static inline void wr_rows_step_hh(const struct wr_place *place, struct wr_held *held,
                                   const struct wr_window *window, const struct wr_stepping *by,
                                   float bound, int clips) {
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
#pragma unroll
        for (uint j = 0; j < WR_H; j += WR_BLOCK) {
            const uint count = WR_H - j < WR_BLOCK ? WR_H - j : WR_BLOCK;
            float g[WR_BLOCK];
#pragma unroll
            for (uint n = 0; n < WR_BLOCK; ++n)
                if (n < count)
                    g[n] =
                        clips ? wr_bounded(window->g_hh[r][j + n], bound) : window->g_hh[r][j + n];
            wr_rows_steps(by, count, held->column[r] + j, g,
                          place->near + WR_NEAR_KEPT + j * WR_PITCH + WR_J(place, r), WR_PITCH);
        }
}

/* `count` columns of W_xh, at most WR_BLOCK, from column i on. */
static inline void wr_rows_step_xh(const struct wr_place *place, struct wr_held *held,
                                   const struct wr_window *window, const struct wr_stepping *by,
                                   float bound, uint r, uint i, uint count) {
    float g[WR_BLOCK], w[WR_BLOCK];
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count) {
            g[n] = wr_bounded(wr_rows_gradient_xh(place, window, r, i + n), bound);
            w[n] = WR_W_XH_OF(place, held, r, i + n);
        }
    wr_rows_steps(by, count, w, g,
                  place->near + WR_NEAR_KEPT + WR_KEPT_XH + i * WR_ROW + WR_J(place, r), WR_ROW);
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count)
            WR_W_XH_OF(place, held, r, i + n) = w[n];
}

#if WR_LEAN_O
static inline void wr_rows_step_head(const struct wr_place *place, struct wr_held *held,
                                     const struct wr_window *window, const struct wr_stepping *by,
                                     float bound) {
#pragma unroll
    for (uint o = 0; o < WR_O; ++o) {
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            const float g = wr_fma(window->dy[o], window->last[r], 0.0f);
            held->w_hy[o][r] = wr_step_sgd(by, held->w_hy[o][r], wr_bounded(g, bound));
        }
        wr_rows_put(held->w_hy[o], place->own + WR_NEAR_HY + o * WR_PITCH);
#if (WR_FIXED & 2) == 0
        held->b_y[o] = wr_step_sgd(by, held->b_y[o], wr_bounded(0.0f + window->dy[o], bound));
#endif
    }
}
#else
/* `count` rows of W_hy, at most WR_BLOCK, from row o on. */
static inline void wr_rows_step_hy(const struct wr_place *place, const struct wr_window *window,
                                   const struct wr_stepping *by, float bound, uint r, uint o,
                                   uint count) {
    __local float *w_hy = place->near + WR_NEAR_HY + WR_J(place, r);
    const __local float *dy = place->near + WR_NEAR_DY;
    float g[WR_BLOCK], w[WR_BLOCK];
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count) {
            g[n] = wr_bounded(wr_fma(dy[o + n], window->last[r], 0.0f), bound);
            w[n] = w_hy[(o + n) * WR_PITCH];
        }
    wr_rows_steps(by, count, w, g,
                  place->near + WR_NEAR_KEPT + WR_KEPT_HY + o * WR_ROW + WR_J(place, r), WR_ROW);
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count)
            w_hy[(o + n) * WR_PITCH] = w[n];
}

static inline void wr_rows_step_head(const struct wr_place *place, struct wr_held *held,
                                     const struct wr_window *window, const struct wr_stepping *by,
                                     float bound) {
    __local float *b_y = place->near + WR_NEAR_BY;
    const __local float *dy = place->near + WR_NEAR_DY;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        for (uint o = 0; o + WR_BLOCK <= WR_O; o += WR_BLOCK)
            wr_rows_step_hy(place, window, by, bound, r, o, WR_BLOCK);
        if (WR_O % WR_BLOCK > 0)
            wr_rows_step_hy(place, window, by, bound, r, WR_O / WR_BLOCK * WR_BLOCK,
                            WR_O % WR_BLOCK);
    }
#if (WR_FIXED & 2) == 0
    for (uint o = place->lane; o < WR_O; o += WR_LANES) {
        float g = wr_bounded(0.0f + dy[o], bound), b = b_y[o];
        wr_rows_steps(by, 1, &b, &g, place->near + WR_NEAR_KEPT + WR_KEPT_BY + o, 1);
        b_y[o] = b;
    }
#endif
}
#endif

/* Makes one step of every parameter, and copies W_hh to local memory again. */
static inline void wr_rows_step(const struct wr_place *place, struct wr_held *held,
                                const struct wr_window *window, const struct wr_stepping *by,
                                float bound) {
    if (!WR_MAY_CLIP || *place->clips)
        wr_rows_step_hh(place, held, window, by, bound, 1);
    else
        wr_rows_step_hh(place, held, window, by, bound, 0);
    wr_rows_put_hh(place, held);
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
#if (WR_FIXED & 1) == 0
        float g = wr_bounded(window->g_b_h[r], bound);
        wr_rows_steps(by, 1, &held->b_h[r], &g,
                      place->near + WR_NEAR_KEPT + WR_KEPT_BH + WR_J(place, r), 1);
#endif
#if WR_LEAN_I /* an index of registers must be constant */
#pragma unroll
#endif
        for (uint i = 0; i + WR_BLOCK <= WR_I; i += WR_BLOCK)
            wr_rows_step_xh(place, held, window, by, bound, r, i, WR_BLOCK);
        if (WR_I % WR_BLOCK > 0)
            wr_rows_step_xh(place, held, window, by, bound, r, WR_I / WR_BLOCK * WR_BLOCK,
                            WR_I % WR_BLOCK);
    }
    wr_rows_step_head(place, held, window, by, bound);
}

#endif
