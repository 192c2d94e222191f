/* Stage update: a step of the optimizer down the clipped gradient.
 *
 * One work-item per (model, parameter). Formulas: numerics.h.
 *
 * parameters, gradients (M, P)  kept (M, WR_KEPT, P): what the optimizer keeps */
#include "recurrence.h"

__kernel void wr_update(ulong first, ulong count, ulong models, ulong batch,
                        const __global struct wr_model_task *tasks,
                        const __global struct wr_model_progress *progress,
                        const __global float *gradients, const __global float *corrections,
                        ulong pairs, __global float *kept, __global float *parameters) {
    ulong m = get_global_id(0) / WR_P;
    WR_INDEX p = get_global_id(0) - m * WR_P;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        wr_windows_here(tasks[m].visits, first, count) == 0 || wr_is_fixed(p))
        return;
    const struct wr_model_task task = tasks[m];
    const ulong u = wr_update_at(&task, progress[m].epoch, first, batch);
    struct wr_stepping by;
    wr_step_at(&task, u, corrections, pairs, &by);
    parameters[get_global_id(0)] =
        wr_stepped(&by, parameters[get_global_id(0)], gradients[get_global_id(0)],
                   kept + m * (WR_KEPT * WR_P) + p);
}
