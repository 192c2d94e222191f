/* Stage clip: every element of the batch gradient bounded to [-c, c], c = +infinity for none.
 *
 * One work-item per (model, parameter). Formula: wr_clip in numerics.h.
 *
 * gradients (M, P) */
#include "recurrence.h"

__kernel void wr_clip_gradients(ulong first, ulong count, ulong models,
                                const __global struct wr_model_task *tasks,
                                const __global struct wr_model_progress *progress,
                                __global float *gradients) {
    ulong m = get_global_id(0) / WR_P;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        wr_windows_here(tasks[m].count, first, count) == 0)
        return;
    gradients[get_global_id(0)] = wr_clip(gradients[get_global_id(0)], tasks[m].clip);
}
