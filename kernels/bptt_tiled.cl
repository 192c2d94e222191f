/* Stage bptt for batches of many windows.
 *
 * wr_bptt_deltas_tiled: one work-group per (model, WR_TILE_ROWS slots), for all t; it keeps dL/dy
 * as well. wr_bptt_segments: one work-group per (model, segment of windows, tile of parameters)
 * sums a segment of the gradients. wr_bptt_add_segments: one work-item per (model, parameter) adds
 * those sums in their order. A launch of the last two takes `slice` segments of a batch, from
 * number `segment` on, so that the sums of segments need little memory. Formulas and the other
 * arrays: bptt.cl.
 *
 * dy (M, B, O)  segments (M, slice, P)  rests (M, P): for wr_add_segment, only if a batch has many
 * segments */
#include "tiles.h"

__kernel __attribute__((reqd_work_group_size(WR_TILE_ITEMS, 1, 1))) void wr_bptt_deltas_tiled(
    ulong first, ulong count, ulong models, ulong batch, const __global struct wr_model_task *tasks,
    const __global struct wr_model_progress *progress, const __global ulong *visited,
    const __global float *parameters, const __global float *targets, ulong target_stride,
    const __global float *gradient_factors, const __global float *hidden,
    const __global float *predictions, __global float *deltas, __global float *dy) {
    WR_TILE_ROOM(rows, columns);
    const uint lane = get_local_id(0), row = wr_tile_row(lane), column = wr_tile_column(lane);
    const struct wr_window_tile tile =
        wr_window_tile_of(first, count, models, batch, tasks, progress, visited);
    const __global float *theta = parameters + tile.m * WR_P;
    const __global float *h = hidden + tile.unit * (WR_T * WR_H);
    __global float *da = deltas + tile.unit * (WR_T * WR_H);
    float4 sum[4];

    dy += tile.unit * WR_O;
    for (WR_INDEX e = lane; e < tile.rows * WR_O; e += WR_TILE_ITEMS) {
        WR_INDEX r = e / WR_O, o = e - r * WR_O;
        dy[e] = gradient_factors[tile.n] *
                wr_slope(predictions[tile.unit * WR_O + e] -
                         targets[wr_tile_window(&tile, r) * target_stride + o]);
    }
    wr_global_sync();
    for (WR_INDEX t = tile.rows ? WR_T : 0; t-- > 0;) {
        const int last = t == WR_T - 1;
        for (WR_INDEX at = 0; at < WR_H; at += WR_TILE_COLUMNS) {
#pragma unroll
            for (uint r = 0; r < 4; ++r)
                sum[r] = (float4)(0.0f);
            const struct wr_lines from = {last ? dy : da + (t + 1) * WR_H,
                                          last ? WR_O : WR_T * WR_H, 1, tile.rows, 0};
            const struct wr_lines w = {theta + (last ? WR_W_HY : WR_W_HH) + at, 1, WR_H, WR_H - at,
                                       0};
            wr_tile_sum(lane, last ? WR_O : WR_H, from, w, rows, columns, sum);
#pragma unroll
            for (uint r = 0; r < 4; ++r) {
                const float dh[4] = {sum[r].x, sum[r].y, sum[r].z, sum[r].w};
#pragma unroll
                for (uint c = 0; c < 4; ++c) {
                    if (row + r >= tile.rows || at + column + c >= WR_H)
                        continue;
                    WR_INDEX here = ((row + r) * WR_T + t) * WR_H + at + column + c;
                    da[here] = wr_delta(h[here], dh[c]);
                }
            }
        }
        wr_global_sync();
    }
}

/* The parameters of a work-group: a tile of one of three outer products, from row `row` and column
 * `column` on. The column behind the product's last one is that of the bias, whose factor is 1.
 * tiles_layout.h counts the tiles. */
enum { WR_HH, WR_XH, WR_HY }; /* da h_{t-1}; da [x_t 1]; dy [h_{T-1} 1] */

#define WR_HH_TILES WR_HH_TILES_OF(WR_H, WR_TILE_ROWS, WR_TILE_COLUMNS)
#define WR_XH_TILES WR_XH_TILES_OF(WR_I, WR_H, WR_TILE_ROWS, WR_TILE_COLUMNS)
#define WR_TILES    WR_GRADIENT_TILES_OF(WR_I, WR_H, WR_O, WR_TILE_ROWS, WR_TILE_COLUMNS)

struct wr_gradient_tile {
    int product;
    WR_INDEX row, column, height, width; /* the product's size, without the column of 1 */
    WR_INDEX steps;                      /* terms of a window */
};

static inline struct wr_gradient_tile wr_gradient_tile_of(WR_INDEX index) {
    struct wr_gradient_tile tile;
    tile.product = index < WR_HH_TILES ? WR_HH : index < WR_HH_TILES + WR_XH_TILES ? WR_XH : WR_HY;
    index -= tile.product == WR_HH   ? 0
             : tile.product == WR_XH ? WR_HH_TILES
                                     : WR_HH_TILES + WR_XH_TILES;
    tile.height = tile.product == WR_HY ? WR_O : WR_H;
    tile.width = tile.product == WR_XH ? WR_I : WR_H;
    tile.steps = tile.product == WR_HH ? WR_T - 1 : tile.product == WR_XH ? WR_T : 1;
    WR_INDEX down = WR_CEIL_DIV(tile.height, WR_TILE_ROWS), across = index / down;
    tile.row = (index - across * down) * WR_TILE_ROWS;
    tile.column = across * WR_TILE_COLUMNS;
    return tile;
}

/* The parameter at row r, column c of the product; WR_P if there is none. */
static inline WR_INDEX wr_parameter_of(struct wr_gradient_tile tile, WR_INDEX r, WR_INDEX c) {
    WR_INDEX bias = tile.product == WR_XH ? WR_B_H : tile.product == WR_HY ? WR_B_Y : WR_P;
    WR_INDEX w = tile.product == WR_HH ? WR_W_HH : tile.product == WR_XH ? WR_W_XH : WR_W_HY;
    if (r >= tile.height || c > tile.width || (c == tile.width && bias == WR_P))
        return WR_P;
    return c == tile.width ? bias + r : w + r * tile.width + c;
}

/* Loads lines at .. at + lines - 1 of up to WR_SEGMENT vectors into local memory. Vector number
 * `term` begins at from[starts[term]]. A line beyond the width is 1. */
static inline void wr_vectors_load(uint lane, const __global float *from,
                                   const __local ulong *starts, WR_INDEX at, WR_INDEX width,
                                   uint terms, uint lines, uint pitch, __local float *to) {
    for (uint e = lane; e < lines * terms; e += WR_TILE_ITEMS) {
        uint term = e / lines, line = e % lines;
        to[term * pitch + line] = at + line < width ? from[starts[term] + at + line] : 1.0f;
    }
}

__kernel __attribute__((reqd_work_group_size(WR_TILE_ITEMS, 1, 1))) void
wr_bptt_segments(ulong first, ulong count, ulong segment, ulong slice, ulong models, ulong batch,
                 const __global struct wr_model_task *tasks,
                 const __global struct wr_model_progress *progress, const __global ulong *visited,
                 const __global float *inputs, ulong input_stride, const __global float *hidden,
                 const __global float *deltas, const __global float *dy, __global float *segments) {
    WR_TILE_ROOM(rows, columns);
    __local ulong row_starts[WR_SEGMENT], column_starts[WR_SEGMENT];
    WR_ASSERT(sizeof rows4 + sizeof columns4 + sizeof row_starts + sizeof column_starts <=
              WR_TILE_BYTES(WR_TILE_ROWS, WR_TILE_COLUMNS));
    const uint lane = get_local_id(0);
    const ulong place = get_group_id(0) / WR_TILES; /* m * slice + segment of the slice */
    const struct wr_gradient_tile tile =
        wr_gradient_tile_of((WR_INDEX)(get_group_id(0) - place * WR_TILES));
    ulong m = place / slice, start = (segment + (place - m * slice)) * WR_SEGMENT; /* slot */
    ulong n = m < models ? wr_windows_here(tasks[m].visits, first, count) : 0;
    ulong windows = min(wr_windows_here(n, start, batch), (ulong)WR_SEGMENT);
    if (windows > 0 && progress[m].diverged != WR_RUNNING)
        windows = 0;
    if (windows == 0)
        m = start = 0;
    const ulong unit = m * batch + start;
    const ulong terms = windows * tile.steps;
    const __global float *left = tile.product == WR_HY ? dy : deltas;
    const __global float *right = tile.product == WR_XH ? inputs : hidden;

    float4 sum[4];
#pragma unroll
    for (uint r = 0; r < 4; ++r)
        sum[r] = (float4)(0.0f);
    for (ulong at = 0; at < terms; at += WR_SEGMENT) { /* one chain, WR_SEGMENT terms at a time */
        const uint here = (uint)min(terms - at, (ulong)WR_SEGMENT);
        if (lane < here) {
            ulong w = (at + lane) / tile.steps, t = WR_T - 1 - ((at + lane) - w * tile.steps);
            ulong u = unit + w;
            row_starts[lane] = tile.product == WR_HY ? u * WR_O : (u * WR_T + t) * WR_H;
            column_starts[lane] =
                tile.product == WR_XH
                    ? wr_window_of(tasks + m, first, start + w, visited + m * batch) *
                              input_stride +
                          t * WR_I
                    : (u * WR_T + t - (tile.product == WR_HH)) * WR_H;
        }
        wr_local_sync();
        wr_vectors_load(lane, left, row_starts, tile.row, tile.height, here, WR_TILE_ROWS,
                        WR_ROW_PITCH, rows);
        wr_vectors_load(lane, right, column_starts, tile.column, tile.width, here, WR_TILE_COLUMNS,
                        WR_COLUMN_PITCH, columns);
        wr_local_sync();
        wr_tile_terms(lane, here, rows, columns, sum);
    }
#pragma unroll
    for (uint r = 0; r < 4; ++r) {
        const float values[4] = {sum[r].x, sum[r].y, sum[r].z, sum[r].w};
#pragma unroll
        for (uint c = 0; c < 4; ++c) {
            WR_INDEX p = wr_parameter_of(tile, tile.row + wr_tile_row(lane) + r,
                                         tile.column + wr_tile_column(lane) + c);
            if (windows > 0 && p < WR_P)
                segments[place * WR_P + p] = values[c];
        }
    }
}

__kernel void wr_bptt_add_segments(ulong first, ulong count, ulong segment, ulong slice,
                                   ulong models, const __global struct wr_model_task *tasks,
                                   const __global struct wr_model_progress *progress,
                                   const __global float *segments, __global float *rests,
                                   __global float *gradients) {
    ulong m = get_global_id(0) / WR_P;
    WR_INDEX p = get_global_id(0) - m * WR_P;
    if (m >= models || progress[m].diverged != WR_RUNNING)
        return;
    ulong all = WR_CEIL_DIV(wr_windows_here(tasks[m].visits, first, count), WR_SEGMENT);
    ulong here = wr_windows_here(all, segment, slice);
    if (here == 0)
        return;
    const __global float *sums = segments + m * slice * WR_P + p;
    float sum = segment > 0 ? gradients[m * WR_P + p] : 0.0f;
    float rest = segment > WR_PLAIN_SEGMENTS ? rests[m * WR_P + p] : 0.0f;
    for (ulong i = 0; i < here; ++i)
        wr_add_segment(segment + i, sums[i * WR_P], &sum, &rest);
    gradients[m * WR_P + p] = sum;
    if (segment + here > WR_PLAIN_SEGMENTS)
        rests[m * WR_P + p] = rest;
}
