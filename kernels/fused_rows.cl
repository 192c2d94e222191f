/* All stages, many updates in one launch, with W_hh in registers: schedule fused for batches of one
 * window and small H. rows.h says how lanes share a model.
 *
 * The arguments are those of wr_fused, and `progress` is kept between launches in the same way. A
 * team whose model has nothing left to do still meets every barrier. */
#include "rows_step.h"

#if WR_KEPT > 0
/* Where the optimizer's value of parameter p lies in local memory. */
static inline uint wr_kept_place(uint p) {
    if (p < WR_W_HH) {
        const uint j = p / WR_I;
        return WR_KEPT_XH + (p - j * WR_I) * WR_ROW + j;
    }
    if (p < WR_B_H) {
        const uint j = (p - WR_W_HH) / WR_H;
        return (p - WR_W_HH - j * WR_H) + j * WR_PITCH;
    }
    if (p < WR_W_HY)
        return WR_KEPT_BH + p - WR_B_H;
    if (p < WR_B_Y) {
        const uint o = (p - WR_W_HY) / WR_H;
        return WR_KEPT_HY + (p - WR_W_HY - o * WR_H) + o * WR_ROW;
    }
    return WR_KEPT_BY + p - WR_B_Y;
}
#endif

/* Loads a model from global memory: theta (P), kept (WR_KEPT, P). Here and in wr_rows_store, a unit
 * has one pointer, and its parameters lie at fixed offsets from it. Otherwise compilers compute an
 * address for each parameter here and keep it until the store. */
static inline void wr_rows_load(const struct wr_place *place, const __global float *theta,
                                const __global float *kept, struct wr_held *held) {
    __local float *near = place->near;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        const uint j = WR_J(place, r);
        const __global float *column = theta + WR_W_HH + j;
        held->b_h[r] = column[WR_B_H - WR_W_HH];
#pragma unroll
        for (uint i = 0; i < WR_H; ++i)
            held->column[r][i] = column[i * WR_H];
        for (uint i = 0; i < WR_I; ++i)
            if (WR_LEAN_I || !place->spare)
                WR_W_XH_OF(place, held, r, i) = theta[WR_W_XH + j * WR_I + i];
        for (uint o = 0; o < WR_O; ++o) {
            const float w = column[WR_W_HY - WR_W_HH + o * WR_H];
#if WR_LEAN_O
            held->w_hy[o][r] = w;
#endif
            if (!place->spare)
                near[WR_NEAR_HY + o * WR_PITCH + j] = w;
        }
    }
    wr_rows_put_hh(place, held);
#if WR_LEAN_O
#pragma unroll
    for (uint o = 0; o < WR_O; ++o)
        held->b_y[o] = theta[WR_B_Y + o];
#else
    for (uint o = place->spare ? WR_O : place->lane; o < WR_O; o += WR_LANES)
        near[WR_NEAR_BY + o] = theta[WR_B_Y + o];
#endif
    /* h_t is read four floats at a time, so the floats behind it are read as well. */
    if (place->lane == 0 && !place->spare)
        for (uint t = 0; t < WR_T; ++t)
            for (uint k = WR_H; k < WR_ROW; ++k)
                near[t * WR_ROW + k] = 0.0f;
#if WR_KEPT > 0
    for (uint p = place->spare ? WR_P : place->lane; p < WR_P; p += WR_LANES)
        for (uint s = 0; s < WR_KEPT; ++s)
            near[WR_NEAR_KEPT + s * WR_KEPT_ROOM + wr_kept_place(p)] = kept[s * WR_P + p];
#endif
}

/* Stores a model in global memory. */
static inline void wr_rows_store(const struct wr_place *place, const struct wr_held *held,
                                 __global float *theta, __global float *kept) {
    const __local float *near = place->near;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        const uint j = WR_J(place, r);
        __global float *column = theta + WR_W_HH + j;
        column[WR_B_H - WR_W_HH] = held->b_h[r];
#pragma unroll
        for (uint i = 0; i < WR_H; ++i)
            column[i * WR_H] = held->column[r][i];
        for (uint i = 0; i < WR_I; ++i)
            theta[WR_W_XH + j * WR_I + i] = WR_W_XH_OF(place, held, r, i);
        for (uint o = 0; o < WR_O; ++o)
            column[WR_W_HY - WR_W_HH + o * WR_H] = near[WR_NEAR_HY + o * WR_PITCH + j];
    }
#if WR_LEAN_O
    if (place->lane == 0) {
#pragma unroll
        for (uint o = 0; o < WR_O; ++o)
            theta[WR_B_Y + o] = held->b_y[o];
    }
#else
    for (uint o = place->lane; o < WR_O; o += WR_LANES)
        theta[WR_B_Y + o] = near[WR_NEAR_BY + o];
#endif
#if WR_KEPT > 0
    for (uint p = place->lane; p < WR_P; p += WR_LANES)
        for (uint s = 0; s < WR_KEPT; ++s)
            kept[s * WR_P + p] = near[WR_NEAR_KEPT + s * WR_KEPT_ROOM + wr_kept_place(p)];
#endif
}

/* Whether what this lane holds of its model is finite. */
static inline int wr_rows_finite(const struct wr_place *place, const struct wr_held *held) {
    const __local float *near = place->near;
    int finite = 1;
#pragma unroll
    for (uint r = 0; r < WR_ROWS; ++r) {
        finite &= wr_is_finite(held->b_h[r]);
        /* In local memory: a test of the registers would make compilers treat them as integers. */
        for (uint i = 0; i < WR_H; ++i)
            finite &= wr_is_finite(near[WR_NEAR_HH + WR_ROW_PLACE(i) + WR_J(place, r)]);
        for (uint i = 0; i < WR_I; ++i)
            finite &= wr_is_finite(WR_W_XH_OF(place, held, r, i));
        for (uint o = 0; o < WR_O; ++o)
            finite &= wr_is_finite(near[WR_NEAR_HY + o * WR_PITCH + WR_J(place, r)]);
    }
#if WR_LEAN_O
#pragma unroll
    for (uint o = 0; o < WR_O; ++o) /* every lane has the same */
        finite &= place->lane > 0 || wr_is_finite(held->b_y[o]);
#else
    for (uint o = place->lane; o < WR_O; o += WR_LANES)
        finite &= wr_is_finite(near[WR_NEAR_BY + o]);
#endif
    return finite;
}

__kernel __attribute__((reqd_work_group_size(WR_GROUP, 1, 1))) void
wr_fused_rows(ulong updates, uint begin, uint end, ulong models,
              const __global struct wr_model_task *tasks,
              __global struct wr_model_progress *progress, __global float *parameters,
              const __global float *inputs, ulong input_stride, const __global float *targets,
              ulong target_stride, const __global float *weights,
              const __global float *gradient_factors, __global float *epoch_losses,
              __global float *kept, const __global float *corrections, ulong pairs) {
    __local float4 near_all[WR_PACK * WR_NEAR / 4];
    __local int bad_all[WR_PACK], clips_all[WR_PACK];
    WR_ASSERT(WR_H % WR_ROWS == 0 && WR_PACK * WR_LANES <= WR_GROUP);
    WR_ASSERT(WR_NEAR_KEPT + WR_KEPT * WR_KEPT_ROOM <= WR_NEAR);
    WR_ASSERT(sizeof near_all + sizeof bad_all + sizeof clips_all <=
              WR_PACK * WR_ROWS_BYTES(WR_NEAR));
    const uint id = get_local_id(0), team = id / WR_LANES;
    const uint slot = team < WR_PACK ? team : WR_PACK - 1;
    const uint lane =
        team < WR_PACK ? id - team * WR_LANES : 0; /* not %: Oclgrind knows no freeze */
    __local float *near = (__local float *)near_all + slot * WR_NEAR;
    const struct wr_place place = {.spare = WR_GROUP > WR_PACK * WR_LANES && team >= WR_PACK,
                                   .lane = lane,
                                   .near = near,
                                   .own = near + (id - slot * WR_LANES) * WR_ROWS,
                                   .clips = clips_all + slot};
    volatile __local int *bad = bad_all + slot;
    const int first = place.lane == 0 && !place.spare;

    const ulong own_model = get_global_id(0) / WR_GROUP * WR_PACK + slot;
    const int exists = own_model < models && !place.spare;
    /* A model that does not exist reads the last one, and writes nothing. */
    const ulong m = own_model < models ? own_model : models - 1;
    const struct wr_model_task task = tasks[m];
    struct wr_model_progress at = progress[m];
    struct wr_held held;
    kept += m * (WR_KEPT * WR_P);
    wr_rows_load(&place, parameters + m * WR_P, kept, &held);
    if (first)
        *bad = 0;
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE); /* reads of global memory end here */

    const float scale = gradient_factors[1];
    for (ulong u = 0; u < updates; ++u) {
        const int works = exists && at.diverged == WR_RUNNING && at.epoch < end;
        const ulong visited = works ? wr_window_at(&task, at.epoch, at.window) : task.first;
        struct wr_window window = {.x = inputs + visited * input_stride,
                                   .target = targets + visited * target_stride};
        if (first)
            *place.clips = 0; /* all lanes read it before the last barrier below */
        wr_rows_inputs(&place, &window);
        wr_rows_hidden(&place, &held, &window);
        if (first)
            *bad = 0; /* all lanes read it before the first barrier above */
        const float loss = wr_rows_head(&place, &held, &window, weights, scale);
        wr_rows_deltas(&place, &held, &window, task.clip);
        const float bound = wr_rows_bound(&place, &window, task.clip);
        if (works) {
            struct wr_stepping by;
            wr_step_at(&task, wr_update_at(&task, at.epoch, at.window, 1), corrections, pairs, &by);
            wr_rows_step(&place, &held, &window, &by, bound);
            wr_add_long(&at.total, &at.rest, loss);
            at.window += 1;
        }
        const int ends = works && at.window == task.visits;
        if (ends && !(wr_rows_finite(&place, &held) && wr_is_finite(at.total)))
            atomic_or(bad, 1);
        wr_rows_sync();
        if (ends) {
            if (first)
                epoch_losses[(at.epoch - begin) * models + m] = at.total;
            if (*bad)
                at.diverged = at.epoch;
            at.window = 0;
            at.total = at.rest = 0.0f;
            at.epoch += 1;
        }
    }

    if (!exists)
        return;
    wr_rows_store(&place, &held, parameters + m * WR_P, kept);
    if (first)
        progress[m] = at;
}
