/* Gradients, clip and update for models whose W_hh lies in registers: the second half of the stages
 * of fused_rows.cl. rows.h has the first, and says how lanes share a model. */
#ifndef WR_ROWS_STEP_H
#define WR_ROWS_STEP_H

#include "rows.h"

/* ---- gradients ---- */

/* Four elements of rows of dW_hh, from column k on: the sum over t = T-1 .. 1 of da_t * h_{t-1}. */
static inline void wr_rows_gradients(const struct wr_place *place, const struct wr_window *window,
                                     uint k, float4 g[WR_ROWS]) {
    float4 part[WR_T];
#pragma unroll
    for (uint t = WR_T - 1; t > 0; --t)
        part[t] = ((const __local float4 *)(place->near + (t - 1) * WR_ROW))[k / 4];
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        g[r] = (float4)(0.0f);
#pragma unroll
        for (uint t = WR_T - 1; t > 0; --t) {
            g[r].x = wr_fma(window->da[t][r], part[t].x, g[r].x);
            g[r].y = wr_fma(window->da[t][r], part[t].y, g[r].y);
            g[r].z = wr_fma(window->da[t][r], part[t].z, g[r].z);
            g[r].w = wr_fma(window->da[t][r], part[t].w, g[r].w);
        }
    }
}

static inline float wr_rows_gradient_b_h(const struct wr_window *window, uint r) {
    float g = 0.0f;
#pragma unroll
    for (uint t = WR_T; t-- > 0;)
        g = wr_add(g, window->da[t][r]);
    return g;
}

static inline float wr_rows_gradient_xh(const struct wr_place *place,
                                        const struct wr_window *window, uint r, uint i) {
    float g = 0.0f;
#pragma unroll
    for (uint t = WR_T; t-- > 0;)
        g = wr_fma(window->da[t][r], WR_INPUT(place, window, t, i), g);
    return g;
}

/* ---- clip and update ---- */

/* What bounds this window's gradients: the clip, or what they are multiplied by. */
static inline float wr_rows_bound(const struct wr_place *place, const struct wr_window *window,
                                  float clip) {
#if WR_BY_NORM
    __local float *near = place->near, *squares = near + WR_NEAR_NORM;
    __local float *g_b_h = squares + WR_FOURS(WR_NORM_ROWS);
    const __local float *last = near + (WR_T - 1) * WR_ROW;
    const int biases = (WR_FIXED & 1) == 0;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        float sum = 0.0f;
        if (!place->spare)
            g_b_h[WR_J(place, r)] = wr_rows_gradient_b_h(window, r);
        WR_SUM(sum, i, WR_I, wr_rows_gradient_xh(place, window, r, i),
               wr_rows_gradient_xh(place, window, r, i));
        if (!place->spare)
            squares[WR_J(place, r)] = sum;
    }
    float sum[WR_ROWS], run[WR_ROWS];
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        float4 g[WR_ROWS];
        wr_rows_gradients(place, window, k, g);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            if (k % WR_RUN == 0) {
                sum[r] = k == 0 ? 0.0f : k == WR_RUN ? run[r] : wr_add(sum[r], run[r]);
                run[r] = 0.0f;
            }
            run[r] = wr_fma(g[r].x, g[r].x, run[r]);
            if (k + 1 < WR_H)
                run[r] = wr_fma(g[r].y, g[r].y, run[r]);
            if (k + 2 < WR_H)
                run[r] = wr_fma(g[r].z, g[r].z, run[r]);
            if (k + 3 < WR_H)
                run[r] = wr_fma(g[r].w, g[r].w, run[r]);
        }
    }
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r)
        if (!place->spare)
            squares[WR_H + WR_J(place, r)] = WR_H <= WR_RUN ? run[r] : wr_add(sum[r], run[r]);
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
static inline void wr_rows_steps(const struct wr_step *by, uint count, float *theta, const float *g,
                                 __local float *kept, uint apart) {
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

/* One step of the rows of W_hh; `clips`: whether any element of their gradient may be over the
 * clip. */
static inline void wr_rows_step_hh(const struct wr_place *place, struct wr_held *held,
                                   const struct wr_window *window, const struct wr_step *by,
                                   float bound, int clips) {
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        const uint count = WR_H - k < 4 ? WR_H - k : 4;
        float4 four[WR_ROWS];
        wr_rows_gradients(place, window, k, four);
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            float g[4] = {four[r].x, four[r].y, four[r].z, four[r].w};
#pragma unroll
            for (uint n = 0; n < 4; ++n)
                g[n] = clips ? wr_bounded(g[n], bound) : g[n];
            wr_rows_steps(by, count, held->row[r] + k, g,
                          place->near + WR_NEAR_KEPT + WR_ROW_PLACE(place, r) + k, 1);
        }
    }
}

/* Whether any element of the rows' gradient may be over the clip. No |h| is above 1, so none is
 * larger than the sum of |da_t|, but for rounding. NaN may be. */
static inline int wr_rows_clip(const struct wr_window *window, float clip) {
#if WR_DIRECT && WR_ACTIVATION == WR_KIND_TANH
    int clips = 0;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        float most = 0.0f;
#pragma unroll
        for (uint t = 1; t < WR_T; ++t)
            most += fabs(window->da[t][r]);
        clips |= !(1.001f * most <= clip);
    }
    return clips;
#else
    return 1;
#endif
}

/* `count` columns of W_xh, at most WR_BLOCK, from column i on. */
static inline void wr_rows_step_xh(const struct wr_place *place, struct wr_held *held,
                                   const struct wr_window *window, const struct wr_step *by,
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
                                     const struct wr_window *window, const struct wr_step *by,
                                     float bound) {
#pragma unroll
    for (uint o = 0; o < WR_O; ++o) {
#pragma unroll
        for (uint r = 0; r < WR_ROWS; ++r) {
            const float g = wr_fma(window->dy[o], window->h[WR_T - 1][r], 0.0f);
            held->w_hy[o][r] = wr_step_sgd(by, held->w_hy[o][r], wr_bounded(g, bound));
        }
        wr_rows_put(held->w_hy[o], place->lane, place->near + WR_NEAR_HY + o * WR_PITCH);
#if (WR_FIXED & 2) == 0
        held->b_y[o] = wr_step_sgd(by, held->b_y[o], wr_bounded(0.0f + window->dy[o], bound));
#endif
    }
}
#else
/* `count` rows of W_hy, at most WR_BLOCK, from row o on. */
static inline void wr_rows_step_hy(const struct wr_place *place, const struct wr_window *window,
                                   const struct wr_step *by, float bound, uint r, uint o,
                                   uint count) {
    __local float *w_hy = place->near + WR_NEAR_HY + WR_J(place, r);
    const __local float *dy = place->near + WR_NEAR_DY;
    float g[WR_BLOCK], w[WR_BLOCK];
#pragma unroll
    for (uint n = 0; n < WR_BLOCK; ++n)
        if (n < count) {
            g[n] = wr_bounded(wr_fma(dy[o + n], window->h[WR_T - 1][r], 0.0f), bound);
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
                                     const struct wr_window *window, const struct wr_step *by,
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

/* Every parameter after one step; the rows of W_hh go to local memory again. */
static inline void wr_rows_step(const struct wr_place *place, struct wr_held *held,
                                const struct wr_window *window, const struct wr_step *by,
                                float bound) {
    if (wr_rows_clip(window, bound)) /* which costs more than the step, and is seldom needed */
        wr_rows_step_hh(place, held, window, by, bound, 1);
    else
        wr_rows_step_hh(place, held, window, by, bound, 0);
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
#pragma unroll
        for (uint k = 0; k < WR_H; ++k)
            place->near[WR_NEAR_HH + WR_ROW_PLACE(place, r) + k] = held->row[r][k];
#if (WR_FIXED & 1) == 0
        float g = wr_bounded(wr_rows_gradient_b_h(window, r), bound);
        wr_rows_steps(by, 1, &held->b_h[r], &g,
                      place->near + WR_NEAR_KEPT + WR_KEPT_BH + WR_J(place, r), 1);
#endif
#if WR_LEAN_I /* registers have no index that varies */
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
