/* A sweep that is running: its trials, what is left of them, and who works on what. */
#ifndef WR_SWEEP_RUN_H
#define WR_SWEEP_RUN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arithmetic.h"
#include "sweep/data.h"

/* Trials of one shape that stand at the same epoch. */
struct wr_slice {
    size_t first, count; /* of the run's order */
    size_t epoch;        /* epochs done */
    double cost;         /* of what is left of one trial */
    uint64_t refused;    /* by which workers, bit by bit */
};

struct wr_sweep_worker {
    struct wr_sweep_run *run;
    struct wr_device *device;
    size_t index; /* its bit in wr_slice.refused */
    pthread_t thread;
    bool lost;
    double rate;        /* cost per second; 0: not known yet */
    size_t most_floats; /* parameters of an ensemble, since larger ones have failed */
    double in_flight;   /* cost of the epochs that it has trained and not yet committed */
};

struct wr_sweep_run {
    const struct wr_sweep *sweep;
    struct wr_study *study;
    const struct wr_sweep_options *options;
    const fenv_t *callers; /* in whose arithmetic on_event is called */
    struct wr_sweep_data data;
    size_t count;
    struct wr_trial_options *trials; /* (count) */
    int64_t *ids;                    /* (count) */
    struct wr_trial_state *states;   /* (count) */

    pthread_mutex_t study_lock; /* the study serves one thread at a time; taken before `lock` */
    pthread_mutex_t lock;       /* all that follows */
    pthread_cond_t changed;
    size_t *order; /* trials that are left; a slice is a part of it */
    struct wr_slice *slices;
    size_t slice_count, slice_capacity;
    struct wr_sweep_worker *workers; /* (worker_count) */
    size_t worker_count, lost, busy, finished;
    bool alone;             /* the calling thread works, too, since none can be had beside it */
    atomic_bool ending;     /* no new ensembles, and an end at the next epoch */
    atomic_bool stopped;    /* the same, since the caller has asked for it */
    wr_status status;       /* what the sweep ends with */
    struct wr_error *error; /* says why: the caller's, or NULL */
    struct wr_sweep_result result;
    double cost, cost_done; /* of this run */
    double began;
};

/* ---- queue.c; all but the first with `lock` held ---- */

/* Cuts what is left into slices. */
wr_status wr_queue_fill(struct wr_sweep_run *run, struct wr_error *error);
/* Takes the next ensemble for a worker: false if there is none for it. */
bool wr_queue_take(struct wr_sweep_worker *worker, struct wr_slice *slice);
/* Puts a slice, or what is left of it, back. */
wr_status wr_queue_put(struct wr_sweep_run *run, const struct wr_slice *slice,
                       struct wr_error *error);
/* What is left of one trial of a slice costs. */
double wr_queue_cost(const struct wr_sweep_run *run, const struct wr_slice *slice);
/* A worker cannot train this trial alone: it gets no more of its shape that waits now. */
void wr_queue_refuse(const struct wr_sweep_worker *worker, const struct wr_trial_options *trial);
/* Takes a slice that every worker left refuses: false if there is none. */
bool wr_queue_take_refused(struct wr_sweep_run *run, struct wr_slice *slice);

/* ---- ensemble.c ---- */

/* Trains a slice up to its end, or to the next checkpoint, commits, and puts back what is left of
 * it. A failure is dealt with: the run is told, or the slice is cut smaller or refused. */
void wr_ensemble_train(struct wr_sweep_worker *worker, const struct wr_slice *slice);

/* ---- sweep.c ---- */

/* Whether work is to end at the next epoch. */
bool wr_sweep_ending(const struct wr_sweep_run *run);
/* Calls on_event, with `lock` free, on the calling thread of the sweep. */
void wr_sweep_tell(struct wr_sweep_run *run);
/* Ends the run with an error of which it takes the contents; the first one counts. */
void wr_sweep_end(struct wr_sweep_run *run, wr_status status, struct wr_error *error);

#endif
