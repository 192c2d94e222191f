/* All stages, many updates in one launch: schedule fused.
 *
 * Each model has one work-group, which is one team. Its parameters, its state and its gradient sums
 * lie for the whole launch in local memory, each if the host found that it fits, or else in global
 * memory. A launch makes at most `updates` updates of each model and ends with epoch `end` - 1.
 * `progress` keeps where a model stands in its epoch, so a launch may end anywhere.
 *
 * Further options given when the program is built:
 *   WR_STATE_LOCAL, WR_PARAM_LOCAL, WR_SUMS_LOCAL  1: in local memory
 *   WR_SUMS_SPACE  address space of the gradient sums
 *   WR_SUMS        gradient sums (P) that a batch needs:
 *                    0 for one window, if the rule allows each element to be applied at once
 *                    1 for one segment of windows
 *                    2 for more segments
 *                    3 for more than WR_PLAIN_SEGMENTS segments
 *
 * parameters (M, P)  epoch_losses (rows, M), row 0 is epoch `begin`  gradient_factors (B + 1)
 * kept (M, WR_KEPT, P): what the optimizer keeps  corrections (pairs, 2): Adam's
 * scratch (M, WR_SCRATCH): what is not local of h (T, H), da (T, H), y (O), segment (P), sum (P),
 * rest (P) */
#include "fused_layout.h"
#include "recurrence.h"

#define WR_STATE   WR_FUSED_STATE(WR_H, WR_O, WR_T, WR_BY_NORM)
#define WR_SCRATCH WR_FUSED_SCRATCH(WR_STATE, WR_STATE_LOCAL, (WR_SUMS * WR_P), WR_SUMS_LOCAL)

/* Adds a window's gradients to the sums of its batch; slot is its place in the batch. No barrier is
 * needed, since a lane sees only its own parameters. */
#if WR_SUMS > 0
static inline void wr_accumulate(WR_INDEX lane, ulong slot, float scale, const __global float *x,
                                 const __global float *target, const WR_STATE_SPACE float *y,
                                 const WR_STATE_SPACE float *h, const WR_STATE_SPACE float *da,
                                 WR_SUMS_SPACE float *sums) {
    for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM) {
        float segment = slot % WR_SEGMENT == 0 ? 0.0f : sums[p];
        sums[p] = wr_gradient(p, segment, scale, x, target, y, h, da);
    }
}

/* Adds a complete segment to the batch's sum. */
static inline void wr_close_segment(WR_INDEX lane, ulong slot, WR_SUMS_SPACE float *sums) {
#if WR_SUMS > 1
    const ulong segment = slot / WR_SEGMENT;
    for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM) {
        float sum = segment > 0 ? sums[WR_P + p] : 0.0f, rest = 0.0f;
#if WR_SUMS > 2
        rest = segment > WR_PLAIN_SEGMENTS ? sums[2 * WR_P + p] : 0.0f;
#endif
        wr_add_segment(segment, sums[p], &sum, &rest);
        sums[WR_P + p] = sum;
#if WR_SUMS > 2
        sums[2 * WR_P + p] = rest;
#endif
    }
#endif
}

/* Clips the batch's gradient g and makes the step. squares (WR_NORM_ROWS) is working memory. */
static inline void wr_apply(WR_INDEX lane, const struct wr_stepping *by, float clip,
                            const WR_SUMS_SPACE float *g, WR_STATE_SPACE float *squares,
                            WR_PARAM_SPACE float *theta, __global float *kept) {
#if WR_BY_NORM
    for (WR_INDEX row = lane; row < WR_NORM_ROWS; row += WR_TEAM)
        squares[row] = wr_row_square(g, row);
    wr_team_sync();
    const float factor = wr_factor(squares, clip);
#endif
    for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM) {
        if (wr_is_fixed(p))
            continue;
#if WR_BY_NORM
        theta[p] = wr_stepped(by, theta[p], g[p] * factor, kept + p);
#else
        theta[p] = wr_stepped(by, theta[p], wr_clip(g[p], clip), kept + p);
#endif
    }
}
#endif

__kernel __attribute__((reqd_work_group_size(WR_TEAM, 1, 1))) void
wr_fused(ulong updates, uint begin, uint end, ulong models, ulong batch,
         const __global struct wr_model_task *tasks, __global struct wr_model_progress *progress,
         __global float *parameters, const __global float *inputs, ulong input_stride,
         const __global float *targets, ulong target_stride, const __global float *weights,
         const __global float *gradient_factors, __global float *scratch,
         __global float *epoch_losses, __global float *kept, const __global float *corrections,
         ulong pairs) {
    WR_ASSERT(WR_SUMS > 0 || !WR_BY_NORM); /* a norm is that of a whole gradient */
    WR_ASSERT(!WR_BY_NORM || WR_NORM_ROWS <= WR_STATE);
    __local int flag;
    ulong m = get_global_id(0) / WR_TEAM;
    WR_INDEX lane = get_local_id(0);
    if (m >= models) {
        m = updates = 0;
        lane = WR_IDLE;
    }
#if WR_STATE_LOCAL
    __local float state[WR_STATE];
#else
    __global float *state = scratch + m * WR_SCRATCH;
#endif
#if WR_PARAM_LOCAL
    __local float theta[WR_P];
#else
    __global float *theta = parameters + m * WR_P;
#endif
#if WR_SUMS > 0 && WR_SUMS_LOCAL
    __local float sums[WR_SUMS * WR_P];
#elif WR_SUMS > 0
    __global float *sums = scratch + m * WR_SCRATCH + WR_STATE * (1 - WR_STATE_LOCAL);
#endif
    WR_STATE_SPACE float *h = state, *da = state + WR_T * WR_H, *y = state + 2 * WR_T * WR_H;
    const struct wr_model_task task = tasks[m];
    struct wr_model_progress at = progress[m];
    kept += m * (WR_KEPT * WR_P);
#if WR_PARAM_LOCAL
    for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM)
        theta[p] = parameters[m * WR_P + p];
#endif
    wr_team_sync();

    for (ulong u = 0; u < updates && at.epoch < end && at.diverged == WR_RUNNING; ++u) {
        ulong n = min(task.visits - at.window, batch);
        float scale = gradient_factors[n];
        struct wr_stepping by;
        wr_step_at(&task, wr_update_at(&task, at.epoch, at.window, batch), corrections, pairs, &by);
        for (ulong slot = 0; slot < n; ++slot) {
            const ulong window = wr_window_at(&task, at.epoch, at.window + slot);
            const __global float *x = inputs + window * input_stride;
            const __global float *target = targets + window * target_stride;
            wr_hidden(lane, theta, x, h);
            wr_predict(lane, theta, h, y);
            wr_add_long(&at.total, &at.rest, wr_loss(y, target, weights));
            wr_deltas(lane, theta, scale, target, y, h, da);
#if WR_SUMS > 0
            wr_accumulate(lane, slot, scale, x, target, y, h, da, sums);
            if (slot % WR_SEGMENT == WR_SEGMENT - 1 || slot == n - 1)
                wr_close_segment(lane, slot, sums);
#else
            for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM)
                theta[p] = wr_stepped(
                    &by, theta[p],
                    wr_clip(wr_gradient(p, 0.0f, scale, x, target, y, h, da), task.clip), kept + p);
#endif
            wr_team_sync();
        }
#if WR_SUMS > 0
        wr_apply(lane, &by, task.clip, sums + (WR_SUMS > 1) * WR_P, state, theta, kept);
        wr_team_sync();
#endif
        at.window += n;
        if (at.window < task.visits)
            continue;
        if (lane == 0)
            epoch_losses[(at.epoch - begin) * models + m] = at.total;
        if (!wr_all_finite(lane, theta, &flag) || !wr_is_finite(at.total))
            at.diverged = at.epoch;
        at.window = 0;
        at.total = at.rest = 0.0f;
        at.epoch += 1;
    }

#if WR_PARAM_LOCAL
    for (WR_INDEX p = lane; p < WR_P; p += WR_TEAM)
        parameters[m * WR_P + p] = theta[p];
#endif
    if (lane == 0)
        progress[m] = at;
}
