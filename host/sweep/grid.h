/* The trials of a sweep, in their order. */
#ifndef WR_GRID_H
#define WR_GRID_H

#include "windrow/sweep.h"

/* Makes trials of the sweep, *trials (*count), and their ids: their places in the grid or list,
 * from 1 on. The caller frees both with free. Lists of the grid are sorted first, so that the order
 * of the trials does not depend on the order of the lists' values. Of a grid only the trials first
 * .. end-1 are made (SIZE_MAX: to the last); of a list all. */
wr_status wr_trials_make(const struct wr_sweep *sweep, size_t first, size_t end,
                         struct wr_trial_options **trials, int64_t **ids, size_t *count,
                         struct wr_error *error);
/* The cost of a trial, which its hidden size, window and batch decide. */
typedef double wr_cost_fn(const void *context, const struct wr_trial_options *trial);
/* Divides a grid into `shards` parts of trials that follow one another and have about the same
 * cost: part `shard` is *first .. *end - 1, the trials whose middle lies in that part of the whole
 * cost. Trials that are no more than the shards have one each. */
wr_status wr_grid_part(const struct wr_grid *grid, size_t shard, size_t shards, wr_cost_fn *cost,
                       const void *context, size_t *first, size_t *end, struct wr_error *error);
/* The part in which the middle of a piece of cost lies that `before` comes before. */
size_t wr_shard_of(double before, double cost, double all, size_t shards);
/* Counts them. */
wr_status wr_trials_count(const struct wr_sweep *sweep, size_t *count, struct wr_error *error);

#endif
