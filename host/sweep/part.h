/* Chooses the trials that a run trains. */
#ifndef WR_PART_H
#define WR_PART_H

#include <stdbool.h>

#include "sweep/sweep_data.h"

/* Sets ended (count) to true for each of the trials that has ended in the study. */
wr_status wr_part_find_ended(const struct wr_trial_options *trials, size_t count,
                             struct wr_study *study, bool *ended, struct wr_error *error);

/* Arrays of the trials of a sweep. The caller frees them with free. */
struct wr_part {
    struct wr_trial_options *trials;
    int64_t *ids;   /* their places in the grid or list, from 1 on */
    size_t *groups; /* with halving their brackets, which are not divided among shards; of a list
                       its parts; of a grid 0 */
};
/* Makes the trials of a sweep, *count. Of a shard of a grid they are its own alone, with little
 * memory for the others. */
wr_status wr_part_make(const struct wr_sweep_data *data, struct wr_part *part, size_t *count,
                       struct wr_error *error);
/* Keeps those of the trials (*count) that belong to the sweep's shard and have not ended in `known`
 * (which may be NULL), in their order. With halving, all trials of a bracket are kept unless all
 * have ended. */
wr_status wr_part_choose(const struct wr_sweep_data *data, struct wr_study *known,
                         const struct wr_part *part, size_t *count, struct wr_error *error);

#endif
