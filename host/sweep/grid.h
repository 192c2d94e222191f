/* The trials of a sweep's grid, in their order. */
#ifndef WR_GRID_H
#define WR_GRID_H

#include "windrow/sweep.h"

/* Makes all trials of the grid, *trials (*count). The caller frees them with free. Each list is
 * sorted first, so that the order of the trials does not depend on the order of the lists'
 * values. */
wr_status wr_grid_expand(const struct wr_grid *grid, struct wr_trial_options **trials,
                         size_t *count, struct wr_error *error);

/* WR_ERR_USAGE names the field that is out of its range. */
wr_status wr_trial_options_check(const struct wr_trial_options *options, struct wr_error *error);

#endif
