/* Stage update: theta <- theta - lr g.
 *
 * One work-item per (model, parameter). Formula: numerics.h.
 *
 * parameters, gradients (M, P) */
#include "recurrence.h"

__kernel void wr_update(ulong first, ulong count, ulong models,
                        const __global struct wr_model_task *tasks,
                        const __global struct wr_model_progress *progress,
                        const __global float *gradients, __global float *parameters) {
    ulong m = get_global_id(0) / WR_P;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        wr_windows_here(tasks[m].count, first, count) == 0)
        return;
    parameters[get_global_id(0)] =
        wr_descend(parameters[get_global_id(0)], gradients[get_global_id(0)], tasks[m].lr);
}
