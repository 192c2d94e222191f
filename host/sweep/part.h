/* Chooses the trials of a grid that a run trains. */
#ifndef WR_PART_H
#define WR_PART_H

#include <stdbool.h>

#include "sweep/sweep_data.h"

/* Sets ended (count) to true for each trial of a whole grid, as wr_grid_expand gives it, that is
 * done or has diverged in the study. */
wr_status wr_part_find_ended(const struct wr_trial_options *trials, size_t count,
                             struct wr_study *study, bool *ended, struct wr_error *error);

/* Keeps those trials of a whole grid (*count) that belong to the sweep's shard and have not ended
 * in `known` (which may be NULL), in their order. *ids (*count) are their places in the grid, from
 * 1 on; the caller frees them with free. */
wr_status wr_part_choose(const struct wr_sweep_data *data, struct wr_study *known,
                         struct wr_trial_options *trials, size_t *count, int64_t **ids,
                         struct wr_error *error);

#endif
