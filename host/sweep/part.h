/* Which of a grid's trials a run is to train. */
#ifndef WR_PART_H
#define WR_PART_H

#include <stdbool.h>

#include "sweep/data.h"

/* ended (count): whether each trial of a whole grid, as wr_grid_expand gives it, is done or has
 * diverged in the study. */
wr_status wr_part_find_ended(const struct wr_trial_options *trials, size_t count,
                             struct wr_study *study, bool *ended, struct wr_error *error);

/* Keeps, of the trials of a whole grid (*count), those of the sweep's shard that have not ended in
 * `known` (which may be NULL), in their order. *ids (*count): their places in the grid, from 1 on;
 * freed by the caller with free. */
wr_status wr_part_choose(const struct wr_sweep_data *data, struct wr_study *known,
                         struct wr_trial_options *trials, size_t *count, int64_t **ids,
                         struct wr_error *error);

#endif
