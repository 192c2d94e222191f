/* Stage clip: bounds every element of the batch's gradient to [-c, c], where c = +infinity bounds
 * none; or multiplies the gradient so that its norm is at most c.
 *
 * wr_clip_factors, only for norms: one team per model makes the factor. wr_clip_gradients: one
 * work-item per (model, parameter). Formulas: wr_clip and wr_norm_factor in numerics.h.
 *
 * gradients (M, P)  squares (M, WR_SQUARES): of the rows, then the factor */
#include "recurrence.h"

#define WR_SQUARES WR_SQUARES_OF(WR_H, WR_O, WR_FIXED)

__kernel void wr_clip_factors(ulong first, ulong count, ulong models,
                              const __global struct wr_model_task *tasks,
                              const __global struct wr_model_progress *progress,
                              const __global float *gradients, __global float *squares) {
    ulong m = get_global_id(0) / WR_TEAM;
    WR_INDEX lane = get_global_id(0) - m * WR_TEAM;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        wr_windows_here(tasks[m].visits, first, count) == 0) {
        m = 0;
        lane = WR_IDLE;
    }
    gradients += m * WR_P;
    squares += m * WR_SQUARES;
    for (WR_INDEX row = lane; row < WR_NORM_ROWS; row += WR_TEAM)
        squares[row] = wr_row_square(gradients, row);
    wr_team_sync();
    if (lane == 0)
        squares[WR_NORM_ROWS] = wr_factor(squares, tasks[m].clip);
}

__kernel void wr_clip_gradients(ulong first, ulong count, ulong models,
                                const __global struct wr_model_task *tasks,
                                const __global struct wr_model_progress *progress,
                                const __global float *squares, __global float *gradients) {
    ulong m = get_global_id(0) / WR_P;
    if (m >= models || progress[m].diverged != WR_RUNNING ||
        wr_windows_here(tasks[m].visits, first, count) == 0)
        return;
#if WR_BY_NORM
    gradients[get_global_id(0)] *= squares[m * WR_SQUARES + WR_NORM_ROWS];
#else
    gradients[get_global_id(0)] = wr_clip(gradients[get_global_id(0)], tasks[m].clip);
#endif
}
