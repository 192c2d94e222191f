/* Sweeps: every combination of given options and seeds, or a list of trials, is trained, in
 * ensembles, and kept in a study.
 *
 * Trials with the same hidden size, window, batch and learning rule train together. A trial's bits
 * do not depend on the devices, on the other trials of its ensemble, or on how often the sweep was
 * stopped or killed and run again. */
#ifndef WINDROW_SWEEP_H
#define WINDROW_SWEEP_H

#include <signal.h>
#include <stdbool.h>
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

struct wr_sweep;

/* The grid: all combinations of the lists. A value that is listed twice counts once. */
struct wr_grid {
    const size_t *hidden, *window, *batch; /* batch: WR_BATCH_ALL for all */
    const float *lr, *clip;
    const enum wr_init *init;
    const uint32_t *seeds;
    size_t hidden_count, window_count, batch_count, lr_count, clip_count, init_count, seed_count;
    const struct wr_rule *rules; /* (rule_count) learning rules, as in struct wr_trial_options */
    size_t rule_count;           /* 0: the notebook's */
};
/* Counts the trials of the grid. WR_ERR_USAGE for more than WR_MOST_TRIALS (the text gives the
 * count), for an empty list and for values out of their ranges. */
#define WR_MOST_TRIALS 100000000
wr_status wr_grid_count(const struct wr_grid *grid, size_t *trials, struct wr_error *error);

/* An option to draw: one of some values, each as likely, or a number of a range. */
struct wr_axis {
    const char *option;   /* as wr_study_groups names it */
    const double *values; /* (count); words by their index in the enumeration, "bias" 0 to 3 for
                             both, hidden, head, none */
    size_t count;         /* 0: a range */
    double least, most;   /* whole numbers: both ends are drawn as well */
    bool logarithmic;     /* uniform in the logarithm; least > 0 */
};
/* Draws trials (count) by Philox. An option of trial i depends on (seed, i) and its axis alone, so
 * that a longer sample begins with the shorter one, and the bits are the same on every host.
 * Options without an axis are those of `base`, but numbers of the learning rule are the defaults of
 * the trial's optimizer (wr_rule_init). A trial may be drawn twice where axes have few values.
 * WR_ERR_USAGE for an unknown option, an empty range, and values out of their ranges. */
wr_status wr_sample(const struct wr_trial_options *base, const struct wr_axis *axes,
                    size_t axis_count, uint32_t seed, struct wr_trial_options *trials, size_t count,
                    struct wr_error *error);

/* Successive halving (K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and
 * hyperparameter optimization", AISTATS 2016): trials are dealt into brackets. All trials of a
 * bracket train to its first rung; the best 1/eta of them by their scores there go on to the next,
 * and so on, and the last ones train to the end. The others end as WR_TRIAL_PRUNED.
 *
 * Which trials share a bracket depends on the options of all trials of the sweep, and so the trials
 * of such a study stay the same. What is pruned depends on no device, stop or shard: a shard has
 * whole brackets. A trial that fails counts as one that did worst. */
struct wr_halving {
    size_t eta;     /* 0: there is no halving; else >= 2 */
    size_t rungs;   /* R >= 1: rung r = 0 .. R-1 is after epochs / eta^(R-r) epochs, rounded up,
                       with early stopping to a multiple of validate_every */
    size_t bracket; /* trials of a bracket, at most; >= 2 */
};
/* Epochs of a rung of the sweep; of rung R: those of the whole training. */
size_t wr_halving_epochs(const struct wr_sweep *sweep, size_t rung);

struct wr_sweep {
    struct wr_grid grid;
    /* (trial_count) The trials, instead of a grid; NULL: the grid's. A trial that is listed twice
     * counts once. */
    const struct wr_trial_options *trials;
    size_t trial_count;
    const struct wr_series *series;
    const size_t *input_columns, *target_columns; /* (inputs), (outputs) */
    size_t inputs, outputs;
    enum wr_scale scale; /* with the mean and deviation of the rows that training uses */
    size_t epochs;
    /* The last floor(validate * rows) rows are targets of held-out windows, whatever the window
     * length. Training does not use these windows, and trials are ranked by their mean loss. 0:
     * there are none, and trials are ranked by the mean loss of their last epoch. 0 <= validate
     * < 1. */
    double validate;
    /* Early stopping on these rows, as in struct wr_validation: a trial ends with its best
     * parameters, and its score is their loss. patience 0: there is none. */
    size_t validate_every, patience;
    struct wr_halving halving;
    enum wr_loss loss;      /* of all trials */
    float huber_delta, tau; /* of that loss, as in struct wr_rule */
    enum wr_schedule schedule;
    /* Train only part `shard`, 0 .. shards-1, of the trials in `shards` parts. Trials that follow
     * one another form a part, and parts take equal work. The same trials are always divided the
     * same way, and a trial has the same id as in a study of them all. shards 0: all. */
    size_t shard, shards;
    size_t curve_points; /* the number of epochs whose total_loss is kept for each trial, among them
                            the first and the last; 0: none */
    double checkpoint_seconds; /* the most training time that is lost if the process dies */
};

/* What a sweep will do. */
struct wr_sweep_plan {
    size_t trials, left; /* of the grid or part; left: those that the study has no result of */
    size_t shapes;       /* kinds of trials that can train together */
    size_t ensembles;    /* about */
    size_t memory;       /* bytes on the device for the largest ensemble */
    double seconds;      /* estimate from a short measurement on the devices */
};
/* Checks the sweep with its series, and measures the devices' speed. study may be NULL; it is not
 * written. WR_ERR_USAGE, WR_ERR_DATA (a window longer than the series, columns), WR_ERR_MEMORY,
 * WR_ERR_DEVICE. */
wr_status wr_sweep_plan(const struct wr_sweep *sweep, struct wr_study *study,
                        struct wr_device *const *devices, size_t device_count,
                        struct wr_sweep_plan *plan, struct wr_error *error);

/* Progress, sent from time to time on the calling thread. */
struct wr_sweep_event {
    size_t trials, done, diverged, failed, pruned; /* of all, with those of earlier runs */
    double fraction;                               /* of this run's work, 0 .. 1 */
    double seconds, seconds_left;                  /* of this run; estimated */
};
/* A status other than WR_OK ends the sweep after the current epoch: what is done is committed. */
typedef wr_status wr_sweep_fn(void *context, const struct wr_sweep_event *event);

struct wr_sweep_options {
    struct wr_study *known; /* trials that have ended in this study are left out; or NULL */
    /* (device_count): each device has a thread and takes the next ensemble when it is free. If the
     * system gives fewer threads, fewer devices work, or only the first, on the calling thread. */
    struct wr_device *const *devices;
    size_t device_count;
    wr_sweep_fn *on_event; /* or NULL */
    void *context;
    /* Set to non-zero (by a signal handler, for example), it ends the sweep after the current
     * epoch: what is done is committed, and WR_ERR_STOPPED is returned. NULL: never. */
    const volatile sig_atomic_t *stop;
    /* After so many seconds it ends as if stopped, but returns WR_OK, and the result has pending
     * trials. A list of trials is trained in its order, about 1,000 at a time. 0: no limit. */
    double budget_seconds;
};

struct wr_sweep_result {
    size_t trials, done, diverged, failed, pruned, pending; /* of all, at the end of the sweep */
    size_t ran;                                             /* trials that ended in this run */
    double updates, seconds;                                /* of this run */
};

/* Trains the trials of the grid that the study has no result of, longest first, from their
 * checkpoints if they have one. The study must be open for writing. The settings that results
 * depend on are compared first (wr_study_settle): "numerics", "rows", "inputs", "target", "data" (a
 * hash of the columns used), "scale", "epochs", "validate", "validate-every", "patience", "loss",
 * "loss-number", "halving" (with a hash of the trials' options), "curve", and the "shard" of a
 * part. "grid" is the number of trials of the whole grid in the last run. A study of an older
 * WR_NUMERICS_VERSION can be read, exported and merged with studies of that version, but is refused
 * here, because the bits of its trials and of new ones would differ.
 *
 * A trial that diverges or fails (no device has memory for it) is stored like any other. A device
 * that fails gets no more work; WR_ERR_DEVICE if none is left. *result is always filled in. */
wr_status wr_sweep_run(const struct wr_sweep *sweep, struct wr_study *study,
                       const struct wr_sweep_options *options, struct wr_sweep_result *result,
                       struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
