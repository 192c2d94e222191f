/* Sweeps: every combination of some options and seeds, trained in ensembles and kept in a study.
 *
 * Trials that agree in hidden size, window and batch train side by side. A trial's result does not
 * depend by a bit on the devices, on what it trains beside, or on how often the sweep was stopped
 * or killed and run again. */
#ifndef WINDROW_SWEEP_H
#define WINDROW_SWEEP_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/device.h"
#include "windrow/series.h"
#include "windrow/session.h"
#include "windrow/status.h"
#include "windrow/study.h"
#include "windrow/windows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The grid is the product of the lists, the last one varying fastest. A value that stands twice in
 * a list counts once. */
struct wr_grid {
    const size_t *hidden, *window, *batch; /* batch: WR_BATCH_ALL for all */
    const float *lr, *clip;
    const enum wr_init *init;
    const uint32_t *seeds;
    size_t hidden_count, window_count, batch_count, lr_count, clip_count, init_count, seed_count;
};
/* Trials of the grid. WR_ERR_USAGE, with the count, for more than WR_MOST_TRIALS; for an empty list
 * and for values outside their ranges too. */
#define WR_MOST_TRIALS 100000000
wr_status wr_grid_count(const struct wr_grid *grid, size_t *trials, struct wr_error *error);

struct wr_sweep {
    struct wr_grid grid;
    const struct wr_series *series;
    const size_t *input_columns, *target_columns; /* (inputs), (outputs) */
    size_t inputs, outputs;
    enum wr_scale scale; /* its statistics are those of the rows that training sees */
    size_t epochs;
    /* The last floor(validate * rows) rows are targets of windows that are held out: nothing is
     * trained on them, and trials are ranked by their mean loss. The same rows whatever the window.
     * 0: none, and trials are ranked by the mean loss of their last epoch. 0 <= validate < 1. */
    double validate;
    enum wr_schedule schedule;
    /* This part alone of `shards` parts of the grid, 0 .. shards-1: each trial, the dearest first,
     * is dealt to the part that has the least so far, so that parts take equal time. The same grid
     * is always cut in the same way, and a trial has the id that it has in a study of the whole
     * grid. shards 0: all of it. */
    size_t shard, shards;
    size_t curve_points;       /* epochs of which each trial's total_loss is kept, first and last
                                  among them; 0: none */
    double checkpoint_seconds; /* of training, at most, that the death of the process can cost */
};

/* What a sweep is going to do. */
struct wr_sweep_plan {
    size_t trials, left; /* of the grid or shard; those that the study does not hold yet */
    size_t shapes;       /* of models: combinations of hidden size, window and batch */
    size_t ensembles;    /* about */
    size_t memory;       /* bytes on the device, the largest ensemble */
    double seconds;      /* estimated from a short measurement of the device */
};
/* Checks the sweep against its series, and measures. study may be NULL; nothing is written to it.
 * WR_ERR_USAGE, WR_ERR_DATA (a window longer than the series, columns), WR_ERR_MEMORY,
 * WR_ERR_DEVICE. */
wr_status wr_sweep_plan(const struct wr_sweep *sweep, struct wr_study *study,
                        struct wr_device *const *devices, size_t device_count,
                        struct wr_sweep_plan *plan, struct wr_error *error);

/* Now and then, on the calling thread. */
struct wr_sweep_event {
    size_t trials, done, diverged, failed; /* of the grid; earlier runs count too */
    double fraction;                       /* of this run's work, 0 .. 1 */
    double seconds, seconds_left;          /* of this run; estimated */
};
/* Return WR_OK to go on; anything else ends the sweep like `stop`, and is what it returns. */
typedef wr_status wr_sweep_fn(void *context, const struct wr_sweep_event *event);

struct wr_sweep_options {
    struct wr_study *known; /* trials that have ended there are left out; or NULL */
    /* (device_count): each takes the next ensemble when free, on a thread of its own. Where the
     * system gives no more threads, fewer of them work, or the first on the calling thread. */
    struct wr_device *const *devices;
    size_t device_count;
    wr_sweep_fn *on_event; /* or NULL */
    void *context;
    /* Set to non-zero (by a signal handler, say): ends at the next whole epoch, commits what is
     * done, and returns WR_ERR_STOPPED. NULL: never. */
    const volatile sig_atomic_t *stop;
};

struct wr_sweep_result {
    size_t trials, done, diverged, failed, pending; /* of the grid, when the sweep ended */
    size_t ran;                                     /* trials that came to their end in this run */
    double updates, seconds;                        /* of this run */
};

/* Trains the trials of the grid that the study does not hold yet, longest first, from their
 * checkpoints where they have one. The study must be open for writing; settings that results depend
 * on are compared first (wr_study_settle): "numerics", "rows", "inputs", "target", "data" (a hash
 * of the columns used), "scale", "epochs", "validate", "curve", and the "shard" of a part. "grid"
 * is the number of trials of the whole grid, when it was last run. So a study of an older
 * WR_NUMERICS_VERSION is read, exported and merged with its like, and refused here: its trials and
 * new ones would not have the same bits.
 *
 * A trial that diverges, or fails (no device has memory for it), is a row like any other. A device
 * that fails is given no more work; WR_ERR_DEVICE once none is left. *result is filled in any case.
 */
wr_status wr_sweep_run(const struct wr_sweep *sweep, struct wr_study *study,
                       const struct wr_sweep_options *options, struct wr_sweep_result *result,
                       struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
