/* Successive halving: which trials share a bracket, and which of them go on from a rung. */
#ifndef WR_HALVING_H
#define WR_HALVING_H

#include "sweep/sweep_run.h"

/* Checks the sweep's halving, beside its epochs and early stopping. */
wr_status wr_halving_check(const struct wr_sweep *sweep, struct wr_error *error);
/* Deals trials into brackets, by a permutation that their options decide: brackets (count) receives
 * the bracket of each, 0 .. n-1, whose sizes differ by at most 1. */
wr_status wr_halving_deal(const struct wr_sweep *sweep, const struct wr_trial_options *trials,
                          size_t count, size_t *brackets, struct wr_error *error);

/* ---- while a sweep runs; call these with run->lock held, but for the last ---- */

/* Lists the trials of each of the run's brackets. */
wr_status wr_halving_begin(struct wr_sweep_run *run, struct wr_error *error);
/* Whether the trial waits for the others of its bracket. */
bool wr_halving_waits(const struct wr_trial_state *state);
/* The epochs to which a trial trains before it ends or waits. */
size_t wr_halving_until(const struct wr_sweep_run *run, size_t trial);
/* The epochs that a trial is expected to train after `done`, if others are as good. Without halving
 * all that are left. */
double wr_halving_expected(const struct wr_sweep *sweep, size_t done);
/* Ends the wait of each bracket whose trials have all ended or wait: prunes, and puts those that go
 * on into the queue. Call it without locks. */
wr_status wr_halving_advance(struct wr_sweep_run *run, struct wr_error *error);

#endif
