/* How much local memory fused_rows.cl takes: what the host and the kernel must agree on. All sizes
 * are in floats. */
#ifndef WR_ROWS_LAYOUT_H
#define WR_ROWS_LAYOUT_H

#include "layout.h"

/* Work-items that share a model of H units. Each has ROWS units. */
#define WR_ROWS_LANES(H, ROWS) ((H) / (ROWS))
/* The units and, behind them, what spare work-items write: those of a work-group of GROUP that
 * belong to none of its PACK models. */
#define WR_ROWS_WIDTH(H, ROWS, PACK, GROUP)                                                        \
    ((H) + ((GROUP) - (PACK)*WR_ROWS_LANES(H, ROWS)) * (ROWS))

/* Whether a lane holds its part of W_xh, and of W_hy, in registers: for few inputs, and for few
 * outputs if the optimizer steps from the gradient alone (DIRECT). */
#define WR_LEAN_INPUTS(I)          ((I) <= 8)
#define WR_LEAN_OUTPUTS(O, DIRECT) ((DIRECT) && (O) <= 4)

#define WR_FOURS(n) (((n) + 3) / 4 * 4)
/* Floats from one array of n floats to the next: an odd number of fours. Then eight lanes that each
 * read four floats, at the same place of eight neighbouring arrays, use different banks of local
 * memory. */
#define WR_APART(n) (WR_FOURS(n) + (WR_FOURS(n) / 4 % 2 ? 0 : 4))

/* Room for the squares of a gradient's rows, and for the gradient of b_h. */
#define WR_NORM_ROOM(H, O) (WR_FOURS(WR_NORM_ROWS_OF(H, O, 0)) + WR_FOURS(H))

/* Room for one value of the optimizer for each parameter. W, here and below, is WR_ROWS_WIDTH: the
 * floats of a vector (H) that are written. */
#define WR_ROWS_KEPT(I, H, W, O) ((H)*WR_APART(W) + ((I) + (O) + 1) * WR_FOURS(W) + WR_FOURS(O))

/* Floats from one model to the next in a work-group: `need`, and padding so that the units of the
 * next model begin in the bank that follows the units of this one. */
#define WR_ROWS_SPREAD(need, H) ((need) + ((WR_FOURS(H) - (need)) & 31))

#define WR_ROWS_NEED(I, H, W, O, T, KEPT, DIRECT, BY_NORM)                                         \
    (2 * (T)*WR_FOURS(W) + ((H) + (O)) * WR_APART(W) +                                             \
     (WR_LEAN_INPUTS(I) ? 0 : (I)*WR_FOURS(W) + (T)*WR_FOURS(I)) +                                 \
     (WR_LEAN_OUTPUTS(O, DIRECT) ? 0 : 4 * WR_FOURS(O)) + ((BY_NORM) ? WR_NORM_ROOM(H, O) : 0) +   \
     (KEPT)*WR_ROWS_KEPT(I, H, W, O))

#define WR_ROWS_NEAR(I, H, W, O, T, KEPT, DIRECT, BY_NORM)                                         \
    WR_ROWS_SPREAD(WR_ROWS_NEED(I, H, W, O, T, KEPT, DIRECT, BY_NORM), H)

/* Bytes of local memory of one model: `near` floats (WR_ROWS_NEAR) and two flags. */
#define WR_ROWS_BYTES(near) ((near) * sizeof(float) + 2 * sizeof(int))

#endif
