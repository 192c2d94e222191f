/* Stage bptt: back-propagation through time on the batch of the last forward.
 *
 * wr_bptt_deltas: one team per (model, slot). wr_bptt_gradients: one work-item per (model,
 * parameter), which adds the batch's windows in segments of WR_SEGMENT. Formulas: P. J. Werbos,
 * "Backpropagation through time", Proc. IEEE 78, 1990; order of the sums: numerics.h.
 *
 * parameters, gradients (M, P)  hidden, deltas (M, B, T, H)  predictions (M, B, O)
 * visited (M, B): wr_epoch_visit  gradient_factors (B + 1): the factor of dL/dy in a batch of n
 * windows, at n */
#include "recurrence.h"

__kernel void wr_bptt_deltas(ulong first, ulong count, ulong models, ulong batch,
                             const __global struct wr_model_task *tasks,
                             const __global struct wr_model_progress *progress,
                             const __global ulong *visited, const __global float *parameters,
                             const __global float *targets, ulong target_stride,
                             const __global float *gradient_factors, const __global float *hidden,
                             const __global float *predictions, __global float *deltas) {
    ulong unit = get_global_id(0) / WR_TEAM; /* model * batch + slot */
    WR_INDEX lane = get_global_id(0) - unit * WR_TEAM;
    ulong m = unit / batch, slot = unit - m * batch;
    ulong n = m < models ? wr_windows_here(tasks[m].visits, first, count) : 0;
    if (slot >= n || progress[m].diverged != WR_RUNNING) {
        m = slot = unit = n = 0;
        lane = WR_IDLE;
    }
    ulong window = wr_window_of(tasks + m, first, slot, visited + m * batch);
    wr_deltas(lane, parameters + m * WR_P, gradient_factors[n], targets + window * target_stride,
              predictions + unit * WR_O, hidden + unit * (WR_T * WR_H),
              deltas + unit * (WR_T * WR_H));
}

__kernel void wr_bptt_gradients(ulong first, ulong count, ulong models, ulong batch,
                                const __global struct wr_model_task *tasks,
                                const __global struct wr_model_progress *progress,
                                const __global ulong *visited, const __global float *inputs,
                                ulong input_stride, const __global float *targets,
                                ulong target_stride, const __global float *gradient_factors,
                                const __global float *hidden, const __global float *predictions,
                                const __global float *deltas, __global float *gradients) {
    ulong m = get_global_id(0) / WR_P;
    WR_INDEX p = get_global_id(0) - m * WR_P;
    if (m >= models || progress[m].diverged != WR_RUNNING)
        return;
    ulong n = wr_windows_here(tasks[m].visits, first, count);
    if (n == 0)
        return;
    float sum = 0.0f, rest = 0.0f;
    for (ulong start = 0; start < n; start += WR_SEGMENT) {
        float segment = 0.0f;
        for (ulong slot = start; slot < n && slot < start + WR_SEGMENT; ++slot) {
            ulong unit = m * batch + slot;
            ulong window = wr_window_of(tasks + m, first, slot, visited + m * batch);
            segment = wr_gradient(p, segment, gradient_factors[n], inputs + window * input_stride,
                                  targets + window * target_stride, predictions + unit * WR_O,
                                  hidden + unit * (WR_T * WR_H), deltas + unit * (WR_T * WR_H));
        }
        wr_add_segment(start / WR_SEGMENT, segment, &sum, &rest);
    }
    gradients[m * WR_P + p] = sum;
}
