/* Stage forward: hidden states, predictions and losses of a batch of windows of every model.
 *
 * One team per (model, slot); slot s of model m holds its visit first + s of the epoch. Formulas:
 * Elman's network with a linear head, windrow/model.h; order of the sums: numerics.h.
 *
 * visited (M, B): wr_epoch_visit
 * parameters (M, P)  hidden (M, B, T, H)  predictions (M, B, O)  losses (M, B)  weights (O) */
#include "recurrence.h"

__kernel void wr_forward(ulong first, ulong count, ulong models, ulong batch,
                         const __global struct wr_model_task *tasks,
                         const __global struct wr_model_progress *progress,
                         const __global ulong *visited, const __global float *parameters,
                         const __global float *inputs, ulong input_stride,
                         const __global float *targets, ulong target_stride,
                         const __global float *weights, __global float *hidden,
                         __global float *predictions, __global float *losses) {
    ulong unit = get_global_id(0) / WR_TEAM; /* model * batch + slot */
    WR_INDEX lane = get_global_id(0) - unit * WR_TEAM;
    ulong m = unit / batch, slot = unit - m * batch;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        slot >= wr_windows_here(tasks[m].visits, first, count)) {
        m = slot = unit = 0;
        lane = WR_IDLE;
    }
    ulong window = wr_window_of(tasks + m, first, slot, visited + m * batch);
    __global float *h = hidden + unit * (WR_T * WR_H);
    __global float *y = predictions + unit * WR_O;
    const __global float *theta = parameters + m * WR_P;
    wr_hidden(lane, theta, inputs + window * input_stride, h);
    wr_predict(lane, theta, h, y);
    if (lane == 0)
        losses[unit] = wr_loss(y, targets + window * target_stride, weights);
}
