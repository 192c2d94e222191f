/* The stages for models whose W_hh lies in registers twice, by rows and by columns: fused_wide.cl.
 *
 * A model has a work-group. WR_PARTS lanes share row j of W_hh and column j: work-item s * WR_H + j
 * holds part s of both. No lane takes W_hh from another one: both copies of an element make the
 * same step from the same gradient. All else lies in local memory. h and da are read four values at
 * a time, the same by all work-items side by side.
 *
 * Sums are cut where numerics.h cuts them, so parts begin at multiples of WR_SEGMENT. A lane makes
 * the sums of its part's segments, which pass through local memory to the lane of part 0, which
 * adds all of its row's or column's in order.
 *
 * Further option given when the program is built:
 *   WR_PARTS  lanes that share a row, none of them without a part. The host gives 2, the only
 * number whose bits tests compare. */
#ifndef WR_WIDE_H
#define WR_WIDE_H

#include "wide_layout.h"

#define WR_STATE_ROW WR_WIDE_ROW(WR_H)
#include "recurrence.h"

#define WR_SEGMENTS      WR_WIDE_SEGMENTS(WR_H)
#define WR_PART_SEGMENTS WR_WIDE_PART_SEGMENTS(WR_H, WR_PARTS)
#define WR_PART          (WR_PART_SEGMENTS * WR_SEGMENT)
#define WR_LAST          (WR_H - (WR_PARTS - 1) * WR_PART) /* elements of the last part */
#define WR_ITEMS         WR_WIDE_ITEMS(WR_H, WR_PARTS)

/* Where a model's arrays begin in local memory; h (T, WR_STATE_ROW) is the first. */
#define WR_NEAR_DA (WR_T * WR_STATE_ROW) /* (T, WR_STATE_ROW) */
#define WR_NEAR_SUMS                                                                               \
    (2 * WR_T * WR_STATE_ROW) /* segment sums of rows and columns (segments, WR_H) */
#define WR_NEAR_OF_Y (WR_NEAR_SUMS + WR_PARTS * WR_PART_SEGMENTS * WR_H) /* (WR_O, WR_SEGMENTS) */
#define WR_NEAR_Y    (WR_NEAR_OF_Y + WR_O * WR_SEGMENTS)                 /* (WR_O) */
#define WR_NEAR_XH   (WR_NEAR_Y + WR_O)                                  /* W_xh (H, I) */
#define WR_NEAR_BH   (WR_NEAR_XH + WR_H * WR_I)                          /* b_h (H) */
#define WR_NEAR_HY   (WR_NEAR_BH + WR_H)                                 /* W_hy (O, H) */
#define WR_NEAR_BY   (WR_NEAR_HY + WR_O * WR_H)                          /* b_y (O) */
#define WR_NEAR      WR_WIDE_NEAR(WR_I, WR_H, WR_O, WR_T, WR_PARTS)

/* The parameters from WR_NEAR_XH on: how many there are, and which number q is. */
#define WR_REST       (WR_P - WR_H * WR_H)
#define WR_REST_IS(q) ((q) < WR_W_HH ? (q) : (q) + WR_H * WR_H)

#define wr_wide_sync() barrier(CLK_LOCAL_MEM_FENCE)

/* Functions are WR_INLINE, since arrays stay in registers only where the functions that take them
 * are inlined. PoCL 3.1 also makes wrong code of a function with a barrier that is called twice,
 * and of segment sums that are stored under a condition: avoid both; the wide cases of test_parity
 * show whether the code is right. */

/* A work-item's place. */
struct wr_place {
    uint id, part, j;
    __local float *near;
};

/* What a lane holds of its model. */
struct wr_held {
    float row[WR_PART], column[WR_PART];
};

/* Whether the lane's part has an element k. */
#define WR_HAS(place, k) ((k) < WR_LAST || (place)->part < WR_PARTS - 1)

/* ---- sums that lanes share ---- */

/* Adds the terms w[k] * v[k] of the lane's segments to segment[r]; v is in local memory. Loops go
 * from segment to segment first, since no segment waits for another one. */
WR_INLINE void wr_wide_segments(const struct wr_place *place, const float w[WR_PART],
                                const __local float *v, float segment[WR_PART_SEGMENTS]) {
#pragma unroll
    for (uint n = 0; n < WR_SEGMENT; n += 4) {
#pragma unroll
        for (uint r = 0; r < WR_PART_SEGMENTS; ++r) {
            const uint k = r * WR_SEGMENT + n;
            if (WR_HAS(place, k)) {
                const float4 four = ((const __local float4 *)v)[k / 4];
                segment[r] = wr_fma(w[k], four.x, segment[r]);
                if (WR_HAS(place, k + 1))
                    segment[r] = wr_fma(w[k + 1], four.y, segment[r]);
                if (WR_HAS(place, k + 2))
                    segment[r] = wr_fma(w[k + 2], four.z, segment[r]);
                if (WR_HAS(place, k + 3))
                    segment[r] = wr_fma(w[k + 3], four.w, segment[r]);
            }
        }
    }
}

/* Terms w[k] * v[k] of a row or column, whose sum starts at `start`: the lane's segments, all of
 * which go to local memory; and their own sum. */
WR_INLINE float wr_wide_product(const struct wr_place *place, float start, const float w[WR_PART],
                                const __local float *v) {
    __local float *sums =
        place->near + WR_NEAR_SUMS + place->part * WR_PART_SEGMENTS * WR_H + place->j;
    float segment[WR_PART_SEGMENTS];
    segment[0] = start;
#pragma unroll
    for (uint r = 1; r < WR_PART_SEGMENTS; ++r)
        segment[r] = 0.0f;
    wr_wide_segments(place, w, v + place->part * WR_PART, segment);
#pragma unroll
    for (uint r = 0; r < WR_PART_SEGMENTS; ++r)
        sums[r * WR_H] = segment[r];
#pragma unroll
    for (uint r = 1; r < WR_PART_SEGMENTS; ++r)
        segment[0] = wr_add(segment[0], segment[r]);
    return segment[0];
}

/* The whole sum from that of part 0's lane. */
WR_INLINE float wr_wide_sum(const struct wr_place *place, float sum) {
    const __local float *sums = place->near + WR_NEAR_SUMS + place->j;
#pragma unroll
    for (uint r = WR_PART_SEGMENTS; r < WR_SEGMENTS; ++r)
        sum = wr_add(sum, sums[r * WR_H]);
    return sum;
}

/* ---- forward ---- */

/* The part of a_t[j] that is not of h. */
WR_INLINE float wr_wide_from_inputs(const struct wr_place *place, const __global float *x) {
    const __local float *w_xh = place->near + WR_NEAR_XH + place->j * WR_I;
    float a = place->near[WR_NEAR_BH + place->j];
    WR_SUM(a, i, WR_I, w_xh[i], x[i]);
    return a;
}

WR_INLINE void wr_wide_hidden(const struct wr_place *place, const struct wr_held *held,
                              const __global float *x) {
    __local float *h = place->near;
    if (place->part == 0)
        h[place->j] = wr_activate(wr_wide_from_inputs(place, x));
    wr_wide_sync();
#pragma unroll
    for (uint t = 1; t < WR_T; ++t) {
        const float start = place->part == 0 ? wr_wide_from_inputs(place, x + t * WR_I) : 0.0f;
        const float sum = wr_wide_product(place, start, held->row, h + (t - 1) * WR_STATE_ROW);
        wr_wide_sync();
        if (place->part == 0)
            h[t * WR_STATE_ROW + place->j] = wr_activate(wr_wide_sum(place, sum));
        wr_wide_sync();
    }
}

/* Predictions y; each segment of their sums has a lane. */
WR_INLINE void wr_wide_predict(const struct wr_place *place) {
    __local float *near = place->near, *of_y = near + WR_NEAR_OF_Y;
    const __local float *last = near + (WR_T - 1) * WR_STATE_ROW, *w_hy = near + WR_NEAR_HY;
    for (uint n = place->id; n < WR_O * WR_SEGMENTS; n += WR_ITEMS) {
        const uint o = n / WR_SEGMENTS, first = (n - o * WR_SEGMENTS) * WR_SEGMENT;
        float segment = first == 0 ? near[WR_NEAR_BY + o] : 0.0f;
#pragma unroll
        for (uint k = 0; k < WR_SEGMENT; ++k)
            if (first + k < WR_H)
                segment = wr_fma(w_hy[o * WR_H + first + k], last[first + k], segment);
        of_y[n] = segment;
    }
    wr_wide_sync();
    for (uint o = place->id; o < WR_O; o += WR_ITEMS) {
        float y = of_y[o * WR_SEGMENTS];
#pragma unroll
        for (uint r = 1; r < WR_SEGMENTS; ++r)
            y = wr_add(y, of_y[o * WR_SEGMENTS + r]);
        near[WR_NEAR_Y + o] = y;
    }
    wr_wide_sync();
}

/* ---- back ---- */

/* Whether an element of row j of dW_hh may be over the clip; row j's own lane calls this. Its
 * gradient adds da_t[j] * h_{t-1}[k] from t = T-1 down to 1. If no |h| is above 1, it is at most
 * the sum of |da_t[j]|. That holds for the rounded sums too, since rounding keeps the order of
 * numbers. NaN is not over the clip: clipping would not change it. */
WR_INLINE int wr_wide_may_clip(const struct wr_place *place, float clip) {
    const __local float *h = place->near + place->j, *da = h + WR_NEAR_DA;
    float most = 0.0f;
    int may = 0;
#pragma unroll
    for (uint t = WR_T - 1; t > 0; --t) {
        most = wr_add(most, fabs(da[t * WR_STATE_ROW]));
        if (WR_ACTIVATION != WR_KIND_TANH)
            may |= fabs(h[(t - 1) * WR_STATE_ROW]) > 1.0f;
    }
    return may || most > clip;
}

/* *clips, which is 0 before, becomes 1 if an element of dW_hh may be over the clip. */
WR_INLINE void wr_wide_deltas(const struct wr_place *place, const struct wr_held *held, float scale,
                              const __global float *target, float clip,
                              volatile __local int *clips) {
    const __local float *h = place->near + place->j, *y = place->near + WR_NEAR_Y;
    const __local float *w_hy = place->near + WR_NEAR_HY + place->j;
    __local float *da = place->near + WR_NEAR_DA, *own = da + place->j;
    const uint last = (WR_T - 1) * WR_STATE_ROW;
    if (place->part == 0) {
        float dh = 0.0f;
        WR_SUM(dh, o, WR_O, w_hy[o * WR_H], scale * wr_slope(y[o] - target[o]));
        own[last] = wr_delta(h[last], dh);
    }
    wr_wide_sync();
#pragma unroll
    for (uint t = WR_T - 1; t-- > 0;) {
        const float sum = wr_wide_product(place, 0.0f, held->column, da + (t + 1) * WR_STATE_ROW);
        wr_wide_sync();
        if (place->part == 0) {
            own[t * WR_STATE_ROW] = wr_delta(h[t * WR_STATE_ROW], wr_wide_sum(place, sum));
            if (t == 0 && wr_wide_may_clip(place, clip))
                atomic_or(clips, 1);
        }
        wr_wide_sync();
    }
}

/* ---- clip and update ---- */

/* One step of the lane's part w of a row, or of a column. The gradient of an element is the sum
 * over t = T-2 .. 0 of own[t] * other[t * WR_STATE_ROW]: a row has da_{t+1} of its own and takes
 * h_t, a column the other way around. The floats behind the elements of the last part are read too,
 * and the steps made from them are never used: all of them lie in the model's local memory. */
WR_INLINE void wr_wide_step_part(const struct wr_place *place, float w[WR_PART],
                                 const float own[WR_T], const __local float *other,
                                 const struct wr_stepping *by, float clip, int clips) {
    other += place->part * WR_PART;
#pragma unroll
    for (uint begin = 0; begin < WR_PART; begin += WR_SEGMENT) {
        float g[WR_SEGMENT];
#pragma unroll
        for (uint k = 0; k < WR_SEGMENT; ++k)
            g[k] = 0.0f;
#pragma unroll
        for (uint t = WR_T - 1; t-- > 0;) {
#pragma unroll
            for (uint k = 0; k < WR_SEGMENT; k += 4) {
                const float4 four =
                    ((const __local float4 *)(other + t * WR_STATE_ROW + begin))[k / 4];
                g[k] = wr_fma(own[t], four.x, g[k]);
                g[k + 1] = wr_fma(own[t], four.y, g[k + 1]);
                g[k + 2] = wr_fma(own[t], four.z, g[k + 2]);
                g[k + 3] = wr_fma(own[t], four.w, g[k + 3]);
            }
        }
#pragma unroll
        for (uint k = 0; k < WR_SEGMENT; ++k)
            w[begin + k] = wr_step_sgd(by, w[begin + k], clips ? wr_clip(g[k], clip) : g[k]);
    }
}

/* Both copies of the lane's part. */
WR_INLINE void wr_wide_step_hh(const struct wr_place *place, struct wr_held *held,
                               const struct wr_stepping *by, float clip, int clips) {
    const __local float *h = place->near, *da = h + WR_NEAR_DA + WR_STATE_ROW;
    float own_h[WR_T], own_da[WR_T];
#pragma unroll
    for (uint t = 0; t < WR_T - 1; ++t) {
        own_h[t] = h[t * WR_STATE_ROW + place->j];
        own_da[t] = da[t * WR_STATE_ROW + place->j];
    }
    wr_wide_step_part(place, held->row, own_da, h, by, clip, clips);
    wr_wide_step_part(place, held->column, own_h, da, by, clip, clips);
}

/* All other parameters. */
WR_INLINE void wr_wide_step_rest(const struct wr_place *place, const struct wr_stepping *by,
                                 float clip, float scale, const __global float *x,
                                 const __global float *target) {
    const __local float *h = place->near;
    __local float *rest = place->near + WR_NEAR_XH;
    for (uint q = place->id; q < WR_REST; q += WR_ITEMS) {
        const uint p = WR_REST_IS(q);
        if (!wr_is_fixed(p))
            rest[q] = wr_step_sgd(
                by, rest[q],
                wr_clip(wr_gradient(p, 0.0f, scale, x, target, h + WR_NEAR_Y, h, h + WR_NEAR_DA),
                        clip));
    }
}

#endif
