/* How much memory fused.cl takes for one model: what the host and the kernel must agree on. All
 * sizes are in floats. */
#ifndef WR_FUSED_LAYOUT_H
#define WR_FUSED_LAYOUT_H

/* h and da (T, H) and y (O). Between two batches, the squares of a gradient's rows lie there too,
 * which may be two more than that: WR_NORM_ROWS_OF. */
#define WR_FUSED_STATE(H, O, T, BY_NORM) (2 * (T) * (H) + (O) + 2 * (BY_NORM))

/* What a model has in global memory: its state and its gradient sums, each unless it is local. */
#define WR_FUSED_SCRATCH(state, state_local, sums, sums_local)                                     \
    (((state_local) ? 0 : (state)) + ((sums_local) ? 0 : (sums)))

#endif
