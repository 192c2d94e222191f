/* All stages, many updates in one launch, with W_hh in registers twice: schedule fused for batches
 * of one window, larger H, and a rule that steps from the gradient alone. wide.h says how lanes
 * share a model; each model has a work-group.
 *
 * The arguments are those of wr_fused_rows. `kept` is not used, since the optimizer keeps nothing.
 */
#include "wide.h"

/* Loads a model from global memory: theta (P). */
WR_INLINE void wr_wide_load(const struct wr_place *place, const __global float *theta,
                            struct wr_held *held) {
    const uint j = place->j, begin = place->part * WR_PART;
    __local float *near = place->near;
#pragma unroll
    for (uint k = 0; k < WR_PART; ++k) {
        const int has = WR_HAS(place, k);
        held->row[k] = has ? theta[WR_W_HH + j * WR_H + begin + k] : 0.0f;
        held->column[k] = has ? theta[WR_W_HH + (begin + k) * WR_H + j] : 0.0f;
    }
    for (uint q = place->id; q < WR_REST; q += WR_ITEMS)
        near[WR_NEAR_XH + q] = theta[WR_REST_IS(q)];
    /* h_t and da_t are read four floats at a time, so the floats behind them are read as well. */
    if (place->id == 0)
        for (uint t = 0; t < 2 * WR_T; ++t)
            for (uint k = WR_H; k < WR_STATE_ROW; ++k)
                near[t * WR_STATE_ROW + k] = 0.0f;
}

/* Stores a model in global memory. */
WR_INLINE void wr_wide_store(const struct wr_place *place, const struct wr_held *held,
                             __global float *theta) {
#pragma unroll
    for (uint k = 0; k < WR_PART; ++k)
        if (WR_HAS(place, k))
            theta[WR_W_HH + place->j * WR_H + place->part * WR_PART + k] = held->row[k];
    for (uint q = place->id; q < WR_REST; q += WR_ITEMS)
        theta[WR_REST_IS(q)] = place->near[WR_NEAR_XH + q];
}

/* Whether this lane's share of the model is finite. */
WR_INLINE int wr_wide_finite(const struct wr_place *place, const struct wr_held *held) {
    int finite = 1;
#pragma unroll
    for (uint k = 0; k < WR_PART; ++k)
        if (WR_HAS(place, k))
            finite &= wr_is_finite(held->row[k]);
    for (uint q = place->id; q < WR_REST; q += WR_ITEMS)
        finite &= wr_is_finite(place->near[WR_NEAR_XH + q]);
    return finite;
}

__kernel __attribute__((reqd_work_group_size(WR_ITEMS, 1, 1))) void
wr_fused_wide(ulong updates, uint begin, uint end, ulong models,
              const __global struct wr_model_task *tasks,
              __global struct wr_model_progress *progress, __global float *parameters,
              const __global float *inputs, ulong input_stride, const __global float *targets,
              ulong target_stride, const __global float *weights,
              const __global float *gradient_factors, __global float *epoch_losses,
              __global float *kept, const __global float *corrections, ulong pairs) {
    __local float4 near[WR_NEAR / 4];
    __local int flags[2];
    WR_ASSERT((WR_PARTS - 1) * WR_PART < WR_H); /* no lane is without a part */
    WR_ASSERT(WR_NEAR_BY + WR_O <= WR_NEAR);
    volatile __local int *bad = flags, *clips = flags + 1;
    const uint id = get_local_id(0), part = id / WR_H;
    const struct wr_place place = {.id = id,
                                   .part = part,
                                   .j = id - part * WR_H, /* not %: Oclgrind lacks freeze */
                                   .near = (__local float *)near};
    /* This form takes few registers. */
    const ulong m = get_global_offset(0) / WR_ITEMS + get_group_id(0);
    const struct wr_model_task task = tasks[m];
    struct wr_model_progress at = progress[m];
    struct wr_held held;
    wr_wide_load(&place, parameters + m * WR_P, &held);
    if (id == 0)
        *bad = *clips = 0;
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE); /* reads of global memory end here */

    const float scale = gradient_factors[1];
    for (ulong u = 0; u < updates && at.epoch < end && at.diverged == WR_RUNNING; ++u) {
        const ulong visited = wr_window_at(&task, at.epoch, at.window);
        const __global float *x = inputs + visited * input_stride;
        const __global float *target = targets + visited * target_stride;
        struct wr_stepping by;
        wr_step_at(&task, wr_update_at(&task, at.epoch, at.window, 1), corrections, pairs, &by);
        wr_wide_hidden(&place, &held, x);
        if (id == 0)
            *clips = 0; /* all lanes have read it before the last update ended */
        wr_wide_predict(&place);
        wr_add_long(&at.total, &at.rest, wr_loss(place.near + WR_NEAR_Y, target, weights));
        wr_wide_deltas(&place, &held, scale, target, task.clip, clips);
        wr_wide_step_rest(&place, &by, task.clip, scale, x, target);
        if (*clips) /* clipping costs more than the step, and trained models seldom need it */
            wr_wide_step_hh(&place, &held, &by, task.clip, 1);
        else
            wr_wide_step_hh(&place, &held, &by, task.clip, 0);
        at.window += 1;
        const int ends = at.window == task.visits;
        if (ends && !(wr_wide_finite(&place, &held) && wr_is_finite(at.total)))
            atomic_or(bad, 1);
        wr_wide_sync();
        if (ends) {
            if (id == 0)
                epoch_losses[(at.epoch - begin) * models + m] = at.total;
            if (*bad) /* the model trains no further */
                at.diverged = at.epoch;
            at.window = 0;
            at.total = at.rest = 0.0f;
            at.epoch += 1;
        }
    }
    wr_wide_store(&place, &held, parameters + m * WR_P);
    if (id == 0)
        progress[m] = at;
}
