/* Sums for many outputs at once, for the tiled stages: a work-group of WR_TILE_ITEMS makes a tile
 * of WR_TILE_ROWS x WR_TILE_COLUMNS outputs, each work-item 4 x 4 of them. Terms pass through local
 * memory a segment at a time. Formulas and the order of every sum: numerics.h.
 *
 * Every work-item calls every function. The loops of a work-group with nothing to do have no
 * rounds. It does not return early, so that it meets all barriers (recurrence.h says why).
 *
 * Further options given when the program is built:
 *   WR_TILE_ROWS, WR_TILE_COLUMNS  multiples of 4; rows are windows, or rows of a gradient */
#ifndef WR_TILES_H
#define WR_TILES_H

#include "recurrence.h"
#include "tiles_layout.h"

#define WR_TILE_ACROSS   (WR_TILE_COLUMNS / 4) /* work-items side by side */
#define WR_TILE_ITEMS    WR_TILE_ITEMS_OF(WR_TILE_ROWS, WR_TILE_COLUMNS)
#define WR_ROW_PITCH     WR_TILE_PITCH(WR_TILE_ROWS)
#define WR_COLUMN_PITCH  WR_TILE_PITCH(WR_TILE_COLUMNS)
#define wr_local_sync()  barrier(CLK_LOCAL_MEM_FENCE)
#define wr_global_sync() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)

/* The group's local memory for a segment of terms: [term][line]. */
#define WR_TILE_ROOM(rows, columns)                                                                \
    __local float4 rows##4 [WR_SEGMENT * WR_ROW_PITCH / 4];                                        \
    __local float4 columns##4 [WR_SEGMENT * WR_COLUMN_PITCH / 4];                                  \
    __local float *rows = (__local float *)rows##4, *columns = (__local float *)columns##4

/* Lines of terms in global memory: rows or columns of a tile. */
struct wr_lines {
    const __global float *at;
    ulong line_stride, term_stride;
    WR_INDEX count;                /* lines that exist; the tile may be larger */
    const __global ulong *windows; /* (count) which lines, or NULL: in order */
};

static inline ulong wr_line_of(struct wr_lines from, uint line) {
#ifdef WR_ORDER
    if (from.windows)
        return from.windows[line];
#endif
    return line;
}

/* Where a work-item's outputs begin in the tile. */
static inline uint wr_tile_row(uint lane) {
    return lane / WR_TILE_ACROSS * 4;
}

static inline uint wr_tile_column(uint lane) {
    return lane % WR_TILE_ACROSS * 4;
}

static inline float4 wr_fma4(float a, float4 b, float4 sum) {
    return (float4)(wr_fma(a, b.x, sum.x), wr_fma(a, b.y, sum.y), wr_fma(a, b.z, sum.z),
                    wr_fma(a, b.w, sum.w));
}

/* Adds one term to all 4 x 4 sums. */
static inline void wr_tile_term(uint lane, uint term, const __local float *rows,
                                const __local float *columns, float4 segment[4]) {
    float4 a = *(const __local float4 *)(rows + term * WR_ROW_PITCH + wr_tile_row(lane));
    float4 b = *(const __local float4 *)(columns + term * WR_COLUMN_PITCH + wr_tile_column(lane));
    segment[0] = wr_fma4(a.x, b, segment[0]);
    segment[1] = wr_fma4(a.y, b, segment[1]);
    segment[2] = wr_fma4(a.z, b, segment[2]);
    segment[3] = wr_fma4(a.w, b, segment[3]);
}

/* Adds the first `terms` terms in local memory, at most WR_SEGMENT. The terms behind them are not
 * added as 0, since that would turn -0 into 0. */
static inline void wr_tile_terms(uint lane, uint terms, const __local float *rows,
                                 const __local float *columns, float4 segment[4]) {
    if (terms == WR_SEGMENT)
#pragma unroll
        for (uint term = 0; term < WR_SEGMENT; ++term)
            wr_tile_term(lane, term, rows, columns, segment);
    else
        for (uint term = 0; term < terms; ++term)
            wr_tile_term(lane, term, rows, columns, segment);
}

/* Loads terms first .. first + terms - 1 of all lines into local memory, and 0 for lines that do
 * not exist. */
static inline void wr_tile_load(uint lane, struct wr_lines from, WR_INDEX first, uint terms,
                                uint lines, uint pitch, __local float *to) {
    for (uint e = lane; e < lines * WR_SEGMENT;
         e += WR_TILE_ITEMS) { /* neighbouring work-items read neighbouring floats */
        uint line = from.term_stride == 1 ? e / WR_SEGMENT : e % lines;
        uint term = from.term_stride == 1 ? e % WR_SEGMENT : e / lines;
        to[term * pitch + line] = line < from.count && term < terms
                                      ? from.at[wr_line_of(from, line) * from.line_stride +
                                                (first + term) * from.term_stride]
                                      : 0.0f;
    }
}

/* Adds n terms to sum, in the order of WR_SUM. */
static inline void wr_tile_sum(uint lane, WR_INDEX n, struct wr_lines row, struct wr_lines column,
                               __local float *rows, __local float *columns, float4 sum[4]) {
    for (WR_INDEX first = 0; first < n; first += WR_SEGMENT) {
        uint terms = min(n - first, (WR_INDEX)WR_SEGMENT);
        wr_tile_load(lane, row, first, terms, WR_TILE_ROWS, WR_ROW_PITCH, rows);
        wr_tile_load(lane, column, first, terms, WR_TILE_COLUMNS, WR_COLUMN_PITCH, columns);
        wr_local_sync();
        float4 segment[4];
#pragma unroll
        for (uint r = 0; r < 4; ++r)
            segment[r] = first == 0 ? sum[r] : (float4)(0.0f);
        wr_tile_terms(lane, terms, rows, columns, segment);
#pragma unroll
        for (uint r = 0; r < 4; ++r)
            sum[r] = first == 0 ? segment[r] : wr_fma4(1.0f, segment[r], sum[r]); /* wr_add */
        wr_local_sync();
    }
}

/* A group's windows: at most WR_TILE_ROWS slots of one model, from `slot` on. */
struct wr_window_tile {
    ulong m, slot, unit;           /* unit: m * batch + slot */
    ulong window;                  /* the first one's in the view; 0 if `windows` has all */
    const __global ulong *windows; /* (rows) or NULL */
    WR_INDEX rows;                 /* 0: nothing to do */
    ulong n;                       /* windows of the batch */
};

static inline struct wr_window_tile wr_window_tile_of(
    ulong first, ulong count, ulong models, ulong batch, const __global struct wr_model_task *tasks,
    const __global struct wr_model_progress *progress, const __global ulong *visited) {
    struct wr_window_tile tile;
    WR_ASSERT(WR_TILE_ROWS % 4 == 0 && WR_TILE_COLUMNS % 4 == 0);
    ulong tiles = WR_WINDOW_TILES_OF(batch, WR_TILE_ROWS);
    tile.m = get_group_id(0) / tiles;
    tile.slot = (get_group_id(0) - tile.m * tiles) * WR_TILE_ROWS;
    tile.n = tile.m < models ? wr_windows_here(tasks[tile.m].visits, first, count) : 0;
    tile.rows = (WR_INDEX)min(wr_windows_here(tile.n, tile.slot, batch), (ulong)WR_TILE_ROWS);
    if (tile.rows == 0 || progress[tile.m].diverged != WR_RUNNING)
        tile.m = tile.slot = tile.n = tile.rows = 0;
    tile.unit = tile.m * batch + tile.slot;
#ifdef WR_ORDER
    tile.window = 0;
    tile.windows = visited + tile.unit;
#else
    tile.window = tasks[tile.m].first + first + tile.slot;
    tile.windows = 0;
#endif
    return tile;
}

/* The view's window in a row of the tile. */
static inline ulong wr_tile_window(const struct wr_window_tile *tile, WR_INDEX row) {
#ifdef WR_ORDER
    return tile->windows[row];
#else
    return tile->window + row;
#endif
}

#endif
