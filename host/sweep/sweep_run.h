/* The state of a sweep while it runs: its trials, the queue of those that are left, and its
 * workers. */
#ifndef WR_SWEEP_RUN_H
#define WR_SWEEP_RUN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arithmetic.h"
#include "sweep/sweep_data.h"

/* Trials that can train together and have trained the same number of epochs. */
struct wr_slice {
    size_t first, count; /* a range of the run's `order` */
    size_t epoch;        /* epochs done */
    size_t until;        /* epochs to do, before the trials end or wait for their bracket */
    double cost;         /* of the epochs that one trial has left until then */
    size_t group;        /* of the trials; slices of lower ones come first */
    uint64_t refused;    /* bit i: worker i cannot train them */
};

/* The trials of a bracket of successive halving. */
struct wr_hand {
    size_t first, count; /* a range of the run's `members` */
    bool over;           /* all have ended */
};

struct wr_sweep_worker {
    struct wr_sweep_run *run;
    struct wr_device *device;
    size_t index; /* its bit in wr_slice.refused */
    pthread_t thread;
    bool lost;
    double rate;        /* cost per second; 0: not known yet */
    size_t most_floats; /* models * H * H of the largest ensemble that it gets: larger ones have
                           failed */
    double in_flight;   /* cost of the epochs that it has trained and not yet committed */
};

struct wr_sweep_run {
    const struct wr_sweep *sweep;
    struct wr_study *study;
    const struct wr_sweep_options *options;
    const fenv_t *callers; /* the caller's floating-point environment: on_event runs in it */
    struct wr_sweep_data data;
    size_t count;
    struct wr_trial_options *trials; /* (count) */
    int64_t *ids;                    /* (count) */
    struct wr_trial_state *states;   /* (count) */
    size_t *groups;                  /* (count) brackets; of a list its parts; of a grid 0 */
    size_t *members;                 /* (count) with halving: the trials by their brackets */
    struct wr_hand *hands;           /* (hand_count) */
    size_t hand_count;

    pthread_mutex_t study_lock; /* the study serves one thread at a time; taken before `lock` */
    pthread_mutex_t lock;       /* protects all that follows */
    pthread_cond_t changed;
    size_t *order; /* indices of the trials that are left; a slice is a range of it */
    size_t order_count;
    struct wr_slice *slices;
    size_t slice_count, slice_capacity;
    struct wr_sweep_worker *workers; /* (worker_count) */
    size_t worker_count, lost, busy, finished;
    bool alone;              /* no thread could be started: the calling thread works */
    atomic_bool ending;      /* start no new ensemble, and stop at the next epoch */
    atomic_bool stopped;     /* the same, because the caller's stop flag was set */
    atomic_bool over_budget; /* the same, because the time is used up */
    wr_status status;        /* what the sweep returns */
    struct wr_error *error;  /* the caller's, or NULL */
    struct wr_sweep_result result;
    double cost, cost_done; /* of this run */
    double began, training; /* when the run began, and when its workers did */
};

/* ---- queue.c; call all but the first with `lock` held ---- */

/* Cuts the trials that are left into slices. */
wr_status wr_queue_fill(struct wr_sweep_run *run, struct wr_error *error);
/* Puts trials (count) that have a checkpoint into the queue. At most `rungs` times each. */
wr_status wr_queue_put_trials(struct wr_sweep_run *run, const size_t *trials, size_t count,
                              struct wr_error *error);
/* Takes the next ensemble for a worker. Returns false if there is none for it. */
bool wr_queue_take(struct wr_sweep_worker *worker, struct wr_slice *slice);
/* Puts a slice, or the rest of one, into the queue. */
wr_status wr_queue_put(struct wr_sweep_run *run, const struct wr_slice *slice,
                       struct wr_error *error);
/* The cost of the epochs that one trial of a slice has left. */
double wr_queue_cost(const struct wr_sweep_run *run, const struct wr_slice *slice);
/* Call it when a worker cannot train even this trial alone. It then gets none of the slices of this
 * shape that wait now. */
void wr_queue_refuse(const struct wr_sweep_worker *worker, const struct wr_trial_options *trial);
/* Takes a slice that no remaining worker can train. Returns false if there is none. */
bool wr_queue_take_refused(struct wr_sweep_run *run, struct wr_slice *slice);

/* ---- sweep_ensemble.c ---- */

/* Trains a slice to its end or to the next checkpoint, commits, and puts back what is left of it.
 * After a failure it ends the run, or puts the slice back for smaller ensembles or another
 * worker. */
void wr_ensemble_train(struct wr_sweep_worker *worker, const struct wr_slice *slice);

/* ---- sweep.c ---- */

/* Whether training must stop at the next epoch. */
bool wr_sweep_ending(const struct wr_sweep_run *run);
/* Calls on_event. Call it on the sweep's calling thread, without `lock`. */
void wr_sweep_report(struct wr_sweep_run *run);
/* Ends the run with an error and takes over the error's contents. NULL: on_event returned status.
 * Only the first end counts. */
void wr_sweep_end(struct wr_sweep_run *run, wr_status status, struct wr_error *error);

#endif
