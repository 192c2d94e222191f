/* The tiles of the tiled kernels: what the host and the kernels must agree on. A tile has ROWS x
 * COLUMNS outputs. WR_SEGMENT is that of numerics.h. */
#ifndef WR_TILES_LAYOUT_H
#define WR_TILES_LAYOUT_H

#include "layout.h"

/* Work-items that compute a tile: each has 4 x 4 outputs. */
#define WR_TILE_ITEMS_OF(ROWS, COLUMNS) ((ROWS) / 4 * ((COLUMNS) / 4))

/* From one term of `lines` lines to the next in local memory, in floats. The four that are more
 * make bank conflicts fewer. */
#define WR_TILE_PITCH(lines) ((lines) + 4)

/* Bytes of local memory of a work-group: a segment of terms for the rows and for the columns, and
 * where the vectors of those terms begin (wr_bptt_segments). */
#define WR_TILE_BYTES(ROWS, COLUMNS)                                                               \
    (sizeof(float) * WR_SEGMENT * (WR_TILE_PITCH(ROWS) + WR_TILE_PITCH(COLUMNS)) +                 \
     sizeof(WR_UINT64) * 2 * WR_SEGMENT)

/* Tiles of a batch of B windows, whose rows are windows. */
#define WR_WINDOW_TILES_OF(B, ROWS) WR_CEIL_DIV(B, ROWS)

/* Tiles of the parameters: of three outer products, da h_{t-1}, da [x_t 1] and dy [h_{T-1} 1]. The
 * column of 1 is the bias's. */
#define WR_TILES_OF(height, width, ROWS, COLUMNS)                                                  \
    (WR_CEIL_DIV(height, ROWS) * WR_CEIL_DIV(width, COLUMNS))
#define WR_HH_TILES_OF(H, ROWS, COLUMNS)    WR_TILES_OF(H, H, ROWS, COLUMNS)
#define WR_XH_TILES_OF(I, H, ROWS, COLUMNS) WR_TILES_OF(H, (I) + 1, ROWS, COLUMNS)
#define WR_HY_TILES_OF(H, O, ROWS, COLUMNS) WR_TILES_OF(O, (H) + 1, ROWS, COLUMNS)
#define WR_GRADIENT_TILES_OF(I, H, O, ROWS, COLUMNS)                                               \
    (WR_HH_TILES_OF(H, ROWS, COLUMNS) + WR_XH_TILES_OF(I, H, ROWS, COLUMNS) +                      \
     WR_HY_TILES_OF(H, O, ROWS, COLUMNS))

#endif
