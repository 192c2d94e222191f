/* What the lists and ranges of a sweep's options give: learning rules, and axes to draw from. */
#ifndef WR_CLI_SWEEP_RULES_H
#define WR_CLI_SWEEP_RULES_H

#include "cli/sweep/sweep_options.h"
#include "windrow/sweep.h"

/* WR_ERR_USAGE for a number of the learning rule that goes with none of the choices, and, unless
 * `drawn`, for a range to draw from. */
wr_status sweep_lists_check(const struct grid_options *grid, bool drawn, struct wr_error *error);

/* All combinations of the lists of the learning rule, *rules (*count), without numbers that mean
 * nothing beside the choices. The caller frees them with free. */
wr_status sweep_rules_make(const struct grid_options *grid, struct wr_rule **rules, size_t *count,
                           struct wr_error *error);

/* Draws trials (count) from the lists and ranges. The caller frees *trials with free. */
wr_status sweep_sample(const struct grid_options *grid, uint32_t seed, size_t count,
                       struct wr_trial_options **trials, struct wr_error *error);

/* Reads the loss of all trials into the sweep. */
wr_status sweep_loss_read(const struct sweep_options *options, struct wr_sweep *sweep,
                          struct wr_error *error);

#endif
