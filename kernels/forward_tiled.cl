/* Stage forward for batches of many windows: the windows of a tile share every load of a weight.
 *
 * One work-group per (model, WR_TILE_ROWS slots), for all t. Formulas and arrays: forward.cl. */
#include "tiles.h"

/* Four biases; 0 beyond the last. */
static inline float4 wr_biases(const __global float *b, WR_INDEX first, WR_INDEX count) {
    return (float4)(first < count ? b[first] : 0.0f, first + 1 < count ? b[first + 1] : 0.0f,
                    first + 2 < count ? b[first + 2] : 0.0f,
                    first + 3 < count ? b[first + 3] : 0.0f);
}

__kernel __attribute__((reqd_work_group_size(WR_TILE_ITEMS, 1, 1))) void
wr_forward_tiled(ulong first, ulong count, ulong models, ulong batch,
                 const __global struct wr_model_task *tasks,
                 const __global struct wr_model_progress *progress, const __global ulong *visited,
                 const __global float *parameters, const __global float *inputs, ulong input_stride,
                 const __global float *targets, ulong target_stride, const __global float *weights,
                 __global float *hidden, __global float *predictions, __global float *losses) {
    WR_TILE_ROOM(rows, columns);
    const uint lane = get_local_id(0), row = wr_tile_row(lane), column = wr_tile_column(lane);
    const struct wr_window_tile tile =
        wr_window_tile_of(first, count, models, batch, tasks, progress, visited);
    const __global float *theta = parameters + tile.m * WR_P;
    const __global float *x = inputs + tile.window * input_stride;
    __global float *h = hidden + tile.unit * (WR_T * WR_H);
    __global float *y = predictions + tile.unit * WR_O;
    float4 sum[4];

    for (WR_INDEX t = 0; t < (tile.rows ? WR_T : 0); ++t) {
        for (WR_INDEX at = 0; at < WR_H; at += WR_TILE_COLUMNS) {
#pragma unroll
            for (uint r = 0; r < 4; ++r)
                sum[r] = wr_biases(theta + WR_B_H, at + column, WR_H);
            const struct wr_lines xs = {x + t * WR_I, input_stride, 1, tile.rows, tile.windows};
            const struct wr_lines w_xh = {theta + WR_W_XH + at * WR_I, WR_I, 1, WR_H - at, 0};
            wr_tile_sum(lane, WR_I, xs, w_xh, rows, columns, sum);
            const struct wr_lines hs = {t > 0 ? h + (t - 1) * WR_H : h, WR_T * WR_H, 1, tile.rows,
                                        0};
            const struct wr_lines w_hh = {theta + WR_W_HH + at * WR_H, WR_H, 1, WR_H - at, 0};
            wr_tile_sum(lane, t > 0 ? WR_H : 0, hs, w_hh, rows, columns, sum);
#pragma unroll
            for (uint r = 0; r < 4; ++r) {
                const float a[4] = {sum[r].x, sum[r].y, sum[r].z, sum[r].w};
#pragma unroll
                for (uint c = 0; c < 4; ++c)
                    if (row + r < tile.rows && at + column + c < WR_H)
                        h[((row + r) * WR_T + t) * WR_H + at + column + c] = wr_activate(a[c]);
            }
        }
        wr_global_sync();
    }
    for (WR_INDEX at = 0; at < (tile.rows ? WR_O : 0); at += WR_TILE_COLUMNS) {
#pragma unroll
        for (uint r = 0; r < 4; ++r)
            sum[r] = wr_biases(theta + WR_B_Y, at + column, WR_O);
        const struct wr_lines hs = {h + (WR_T - 1) * WR_H, WR_T * WR_H, 1, tile.rows, 0};
        const struct wr_lines w_hy = {theta + WR_W_HY + at * WR_H, WR_H, 1, WR_O - at, 0};
        wr_tile_sum(lane, WR_H, hs, w_hy, rows, columns, sum);
#pragma unroll
        for (uint r = 0; r < 4; ++r) {
            const float a[4] = {sum[r].x, sum[r].y, sum[r].z, sum[r].w};
#pragma unroll
            for (uint c = 0; c < 4; ++c)
                if (row + r < tile.rows && at + column + c < WR_O)
                    y[(row + r) * WR_O + at + column + c] = a[c];
        }
    }
    wr_global_sync();
    for (uint r = lane; r < tile.rows; r += WR_TILE_ITEMS)
        losses[tile.unit + r] =
            wr_loss(y + r * WR_O, targets + wr_tile_window(&tile, r) * target_stride, weights);
}
