/* The trials of a sweep in their order, and what one costs. */
#ifndef WR_GRID_H
#define WR_GRID_H

#include "windrow/sweep.h"

/* All trials of the grid: *trials (*count), freed by the caller with free. Each list is put in
 * order first, so that a grid gives the same order however it was written. */
wr_status wr_grid_expand(const struct wr_grid *grid, struct wr_trial_options **trials,
                         size_t *count, struct wr_error *error);

#endif
