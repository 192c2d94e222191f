/* The account of an epoch, for the staged schedule.
 *
 * wr_epoch_visit, for windows out of order: one work-item per (model, slot) finds the window that
 * the model visits. wr_epoch_add: one work-item per model adds the batch's window losses to its
 * total, in window order. wr_epoch_end: one team per model checks that the total and all parameters
 * are finite, records loss and divergence, and starts the next epoch.
 *
 * visited (M, B): of the view  parameters (M, P)  losses (M, B)  epoch_losses (rows, M) */
#include "recurrence.h"

/* Losses that are read before any is added: reads overlap, additions do not. */
#define WR_AHEAD 32

__kernel void wr_epoch_visit(ulong first, ulong count, ulong models, ulong batch,
                             const __global struct wr_model_task *tasks,
                             const __global struct wr_model_progress *progress,
                             __global ulong *visited) {
    ulong m = get_global_id(0) / batch, slot = get_global_id(0) - m * batch;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        slot >= wr_windows_here(tasks[m].visits, first, count))
        return;
    const struct wr_model_task task = tasks[m];
    visited[m * batch + slot] = wr_window_at(&task, progress[m].epoch, first + slot);
}

__kernel void wr_epoch_add(ulong first, ulong count, ulong models, ulong batch,
                           const __global struct wr_model_task *tasks,
                           __global struct wr_model_progress *progress,
                           const __global float *losses) {
    ulong m = get_global_id(0);
    if (m >= models || progress[m].diverged != WR_RUNNING)
        return;
    ulong n = wr_windows_here(tasks[m].visits, first, count);
    float total = progress[m].total, rest = progress[m].rest;
    ulong slot = 0;
    for (; slot + WR_AHEAD <= n; slot += WR_AHEAD) {
        float ahead[WR_AHEAD];
        for (uint i = 0; i < WR_AHEAD; ++i)
            ahead[i] = losses[m * batch + slot + i];
        for (uint i = 0; i < WR_AHEAD; ++i)
            wr_add_long(&total, &rest, ahead[i]);
    }
    for (; slot < n; ++slot)
        wr_add_long(&total, &rest, losses[m * batch + slot]);
    progress[m].total = total;
    progress[m].rest = rest;
}

__kernel void wr_epoch_end(ulong row, ulong models, __global struct wr_model_progress *progress,
                           const __global float *parameters, __global float *epoch_losses) {
    __local int flag;
    ulong m = get_global_id(0) / WR_TEAM;
    WR_INDEX lane = get_global_id(0) - m * WR_TEAM;
    if (m >= models || progress[m].diverged != WR_RUNNING) {
        m = 0;
        lane = WR_IDLE;
    }
    int finite = wr_all_finite(lane, parameters + m * WR_P, &flag);
    if (lane != 0)
        return;
    float total = progress[m].total;
    epoch_losses[row * models + m] = total;
    if (!finite || !wr_is_finite(total))
        progress[m].diverged = progress[m].epoch;
    progress[m].epoch += 1;
    progress[m].total = progress[m].rest = 0.0f;
}
