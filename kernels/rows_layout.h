/* How much local memory fused_rows.cl takes: what the host and the kernel must agree on. All sizes
 * are in floats. */
#ifndef WR_ROWS_LAYOUT_H
#define WR_ROWS_LAYOUT_H

/* Up to how many inputs and outputs a lane holds its part of W_xh and W_hy in registers; outputs
 * only where the optimizer steps from the gradient alone. */
#define WR_LEAN_INPUTS(I)          ((I) <= 8)
#define WR_LEAN_OUTPUTS(O, DIRECT) ((DIRECT) && (O) <= 4)

#define WR_FOURS(n) (((n) + 3) / 4 * 4)
/* From one array of n floats to the next, so that eight lanes which each read four floats, at the
 * same place of arrays next to each other, meet in no bank of local memory: fours, odd in number.
 */
#define WR_APART(n) (WR_FOURS(n) + (WR_FOURS(n) / 4 % 2 ? 0 : 4))

/* For the squares of a gradient's rows, and the gradient of b_h. */
#define WR_NORM_ROOM(H, O) (WR_FOURS(2 * (H) + (O) + 2) + WR_FOURS(H))

/* What an optimizer keeps, once. W here and below: floats that are written of a vector (H), which
 * are more than H where lanes that belong to no model write, too. */
#define WR_ROWS_KEPT(I, H, W, O) ((H)*WR_APART(W) + ((I) + (O) + 1) * WR_FOURS(W) + WR_FOURS(O))

/* From one model to the next in a work-group: `need`, and as much more as makes the units of the
 * next model go on in the banks where those of this one end. */
#define WR_ROWS_SPREAD(need, H) ((need) + ((WR_FOURS(H) - (need)) & 31))

#define WR_ROWS_NEED(I, H, W, O, T, KEPT, DIRECT, BY_NORM)                                         \
    (2 * (T)*WR_FOURS(W) + ((H) + (O)) * WR_APART(W) +                                             \
     (WR_LEAN_INPUTS(I) ? 0 : (I)*WR_FOURS(W) + (T)*WR_FOURS(I)) +                                 \
     (WR_LEAN_OUTPUTS(O, DIRECT) ? 0 : 4 * WR_FOURS(O)) + ((BY_NORM) ? WR_NORM_ROOM(H, O) : 0) +   \
     (KEPT)*WR_ROWS_KEPT(I, H, W, O))

#define WR_ROWS_NEAR(I, H, W, O, T, KEPT, DIRECT, BY_NORM)                                         \
    WR_ROWS_SPREAD(WR_ROWS_NEED(I, H, W, O, T, KEPT, DIRECT, BY_NORM), H)

#endif
