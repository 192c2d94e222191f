/* All stages, many updates in one launch, with W_hh in registers: schedule fused for batches of one
 * window and small H, by the notebook's rule.
 *
 * WR_PACK models share a work-group; a model's team is WR_H work-items. Lane j holds row j of W_hh,
 * for the forward product and the update, and takes column j from local memory, for the backward
 * product. h and da pass through local memory, four values at a load. Teams whose
 * model has nothing left to do go along to every barrier.
 *
 * Arguments as wr_fused's; progress is kept between launches likewise. */
#include "recurrence.h"

#define WR_ROW ((WR_H + 3) / 4 * 4) /* floats of a row in local memory: whole float4s */

/* sum continued over terms w[k] * v[k] for k = 0 .. H-1; v (WR_ROW) in local memory. */
static inline float wr_row_product(float sum, const float *w, const __local float *v) {
    float run = sum;
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        float4 part = ((const __local float4 *)v)[k / 4];
        if (k > 0 && k % WR_RUN == 0) {
            sum = k == WR_RUN ? run : sum + run;
            run = 0.0f;
        }
        run = wr_fma(w[k], part.x, run);
        if (k + 1 < WR_H)
            run = wr_fma(w[k + 1], part.y, run);
        if (k + 2 < WR_H)
            run = wr_fma(w[k + 2], part.z, run);
        if (k + 3 < WR_H)
            run = wr_fma(w[k + 3], part.w, run);
    }
    return WR_H <= WR_RUN ? run : sum + run;
}

/* A parameter after one step down its clipped gradient g. */
static inline float wr_descend(float theta, float g, float lr) {
    return wr_fma(-lr, g, theta);
}

/* One step of row w down its gradient, the sum over t = T-1 .. 1 of da[t] * h_{t-1};
 * h (T, WR_ROW). */
static inline void wr_row_descend(float *w, const float *da, const __local float *h, float lr,
                                  float clip) {
    float g[WR_ROW];
    int over = 0;
#pragma unroll
    for (uint k = 0; k < WR_H; k += 4) {
        float4 sum = (float4)(0.0f);
#pragma unroll
        for (uint t = WR_T - 1; t > 0; --t) {
            float4 part = ((const __local float4 *)(h + (t - 1) * WR_ROW))[k / 4];
            sum.x = wr_fma(da[t], part.x, sum.x);
            sum.y = wr_fma(da[t], part.y, sum.y);
            sum.z = wr_fma(da[t], part.z, sum.z);
            sum.w = wr_fma(da[t], part.w, sum.w);
        }
        g[k] = sum.x;
        g[k + 1] = sum.y;
        g[k + 2] = sum.z;
        g[k + 3] = sum.w;
    }
    /* Clipping costs more than the step, and trained models seldom need it. No NaN is over the
     * clip, which would pass it on. */
#pragma unroll
    for (uint k = 0; k < WR_H; ++k)
        over |= fabs(g[k]) > clip;
    if (over) {
#pragma unroll
        for (uint k = 0; k < WR_H; ++k)
            g[k] = wr_clip(g[k], clip);
    }
#pragma unroll
    for (uint k = 0; k < WR_H; ++k)
        w[k] = wr_descend(w[k], g[k], lr);
}

static inline void wr_row_store(const float *row, __local float *to) {
#pragma unroll
    for (uint k = 0; k < WR_H; ++k)
        to[k] = row[k];
}

__kernel __attribute__((reqd_work_group_size(WR_PACK * WR_H, 1, 1))) void
wr_fused_rows(ulong updates, uint begin, uint end, ulong models,
              const __global struct wr_model_task *tasks,
              __global struct wr_model_progress *progress, __global float *parameters,
              const __global float *inputs, ulong input_stride, const __global float *targets,
              ulong target_stride, const __global float *weights, const __global float *scales,
              __global float *epoch_losses) {
    __local float4 h_all[WR_PACK * WR_T * WR_ROW / 4], da_all[WR_PACK * WR_T * WR_ROW / 4];
    __local float4 w_hy_all[WR_PACK * WR_O * WR_ROW / 4];
    __local float4 w_hh_all[WR_PACK * WR_H * WR_ROW / 4];
    __local int bad_all[WR_PACK];
    const uint id = get_local_id(0), slot = id / WR_H;
    const uint lane = id - slot * WR_H; /* not %: Oclgrind knows no freeze, which it leads to */
    __local float *h = (__local float *)h_all + slot * (WR_T * WR_ROW);
    __local float *da = (__local float *)da_all + slot * (WR_T * WR_ROW);
    __local float *w_hy = (__local float *)w_hy_all + slot * (WR_O * WR_ROW);
    __local float *w_hh = (__local float *)w_hh_all + slot * (WR_H * WR_ROW);
    volatile __local int *bad = bad_all + slot;

    const ulong own_model = get_group_id(0) * (ulong)WR_PACK + slot;
    const int exists = own_model < models;
    const ulong m = exists ? own_model : models - 1; /* a spare team reads, and writes nothing */
    __global float *theta = parameters + m * WR_P;
    const struct wr_model_task task = tasks[m];
    struct wr_model_progress at = progress[m];

    float row[WR_ROW], w_xh[WR_I], own_w_hy[WR_O], b_y[WR_O];
#pragma unroll
    for (uint k = 0; k < WR_H; ++k) {
        row[k] = theta[WR_W_HH + lane * WR_H + k];
    }
#pragma unroll
    for (uint i = 0; i < WR_I; ++i)
        w_xh[i] = theta[WR_W_XH + lane * WR_I + i];
#pragma unroll
    for (uint o = 0; o < WR_O; ++o) {
        own_w_hy[o] = theta[WR_W_HY + o * WR_H + lane];
        b_y[o] = theta[WR_B_Y + o];
        w_hy[o * WR_ROW + lane] = own_w_hy[o];
    }
    float b_h = theta[WR_B_H + lane];
    wr_row_store(row, w_hh + lane * WR_ROW);
    *bad = 0;
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE); /* reads of theta and progress end here */

    const float scale = scales[1];
    for (ulong u = 0; u < updates; ++u) {
        const int works = exists && at.diverged == WR_RUNNING && at.epoch < end;
        const ulong window = task.first + (works ? at.window : 0);
        const __global float *x = inputs + window * input_stride;
        const __global float *target = targets + window * target_stride;
        float own_h[WR_T], own_da[WR_T];

#pragma unroll
        for (uint t = 0; t < WR_T; ++t) {
            float a = b_h;
            WR_SUM(a, i, WR_I, w_xh[i], x[t * WR_I + i]);
            if (t > 0)
                a = wr_row_product(a, row, h + (t - 1) * WR_ROW);
            own_h[t] = wr_tanh(a);
            h[t * WR_ROW + lane] = own_h[t];
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        if (lane == 0)
            *bad = 0; /* read by all before the first barrier above */

        const __local float *last = h + (WR_T - 1) * WR_ROW;
        float prediction[WR_O]; /* every lane its own, which spares a barrier */
#pragma unroll
        for (uint o = 0; o < WR_O; ++o) {
            prediction[o] = b_y[o];
            WR_SUM(prediction[o], k, WR_H, w_hy[o * WR_ROW + k], last[k]);
        }
        float loss = 0.0f;
        WR_SUM(loss, o, WR_O, weights[o] * (prediction[o] - target[o]), prediction[o] - target[o]);

        float dy[WR_O], dh = 0.0f, column[WR_ROW];
#pragma unroll
        for (uint j = 0; j < WR_H; ++j)
            column[j] = w_hh[j * WR_ROW + lane];
#pragma unroll
        for (uint o = 0; o < WR_O; ++o)
            dy[o] = scale * (prediction[o] - target[o]);
        WR_SUM(dh, o, WR_O, own_w_hy[o], dy[o]);
#pragma unroll
        for (uint t = WR_T; t-- > 0;) {
            if (t < WR_T - 1)
                dh = wr_row_product(0.0f, column, da + (t + 1) * WR_ROW);
            own_da[t] = wr_flush(wr_fma(-own_h[t], own_h[t], 1.0f) * dh);
            da[t * WR_ROW + lane] = own_da[t];
            barrier(CLK_LOCAL_MEM_FENCE);
        }

        if (works) {
            wr_row_descend(row, own_da, h, task.lr, task.clip);
            wr_row_store(row, w_hh + lane * WR_ROW);
            float g = 0.0f;
#pragma unroll
            for (uint t = WR_T; t-- > 0;)
                g += own_da[t];
            b_h = wr_descend(b_h, wr_clip(g, task.clip), task.lr);
#pragma unroll
            for (uint i = 0; i < WR_I; ++i) {
                g = 0.0f;
#pragma unroll
                for (uint t = WR_T; t-- > 0;)
                    g = wr_fma(own_da[t], x[t * WR_I + i], g);
                w_xh[i] = wr_descend(w_xh[i], wr_clip(g, task.clip), task.lr);
            }
#pragma unroll
            for (uint o = 0; o < WR_O; ++o) {
                g = wr_fma(dy[o], own_h[WR_T - 1], 0.0f);
                own_w_hy[o] = wr_descend(own_w_hy[o], wr_clip(g, task.clip), task.lr);
                w_hy[o * WR_ROW + lane] = own_w_hy[o];
                b_y[o] = wr_descend(b_y[o], wr_clip(0.0f + dy[o], task.clip), task.lr);
            }
            at.total += loss;
            at.window += 1;
        }
        const int ends = works && at.window == task.visits;
        if (ends) {
            int finite = wr_is_finite(at.total) && wr_is_finite(b_h);
#pragma unroll
            for (uint k = 0; k < WR_H; ++k)
                finite &= wr_is_finite(row[k]);
#pragma unroll
            for (uint i = 0; i < WR_I; ++i)
                finite &= wr_is_finite(w_xh[i]);
#pragma unroll
            for (uint o = 0; o < WR_O; ++o)
                finite &= wr_is_finite(own_w_hy[o]) & wr_is_finite(b_y[o]);
            if (!finite)
                atomic_or(bad, 1);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (ends) {
            if (lane == 0)
                epoch_losses[(at.epoch - begin) * models + m] = at.total;
            if (*bad)
                at.diverged = at.epoch;
            at.window = 0;
            at.total = 0.0f;
            at.epoch += 1;
        }
    }

    if (!exists)
        return;
#pragma unroll
    for (uint k = 0; k < WR_H; ++k)
        theta[WR_W_HH + lane * WR_H + k] = row[k];
#pragma unroll
    for (uint i = 0; i < WR_I; ++i)
        theta[WR_W_XH + lane * WR_I + i] = w_xh[i];
#pragma unroll
    for (uint o = 0; o < WR_O; ++o) {
        theta[WR_W_HY + o * WR_H + lane] = own_w_hy[o];
        if (lane == 0)
            theta[WR_B_Y + o] = b_y[o];
    }
    theta[WR_B_H + lane] = b_h;
    if (lane == 0)
        progress[m] = at;
}
