/* An ensemble of a sweep while it trains, and what becomes of its trials. */
#ifndef WR_ENSEMBLE_H
#define WR_ENSEMBLE_H

#include <math.h>

#include "base/pool.h"
#include "sweep/sweep_run.h"
#include "windrow/train.h"

struct ensemble {
    struct wr_sweep_worker *worker;
    struct wr_sweep_run *run;
    struct wr_slice slice;
    size_t *order; /* (M) a range of the run's order, not shared until the slice is put back */
    const struct wr_sweep_windows *windows;
    struct wr_stack stack; /* M models; their parameters are those of `at` */
    struct wr_rule rule;
    size_t states; /* S: floats that the optimizer keeps of a parameter */
    struct wr_layout layout;
    struct wr_pool pool;          /* holds the arrays */
    struct wr_task *tasks;        /* (M) */
    size_t *held_first, *held;    /* (M) windows of early stopping */
    struct wr_train_state at;     /* where the training stands */
    size_t points;                /* N: points of a whole curve */
    size_t next_point;            /* index of the next point to record */
    struct wr_curve_point *curve; /* (M, N) since the last checkpoint */
    size_t *curve_count;          /* (M) */
    double epoch_cost;            /* of one trial */
    double began;
    bool trained; /* training has begun: from now on a failure is the device's */
    struct wr_train_result result;
};

/* The outcomes and the checkpoints of an ensemble's trials. */
struct results {
    struct wr_pool pool;                     /* holds the arrays */
    struct wr_trial_outcome *outcomes;       /* (M) room for all */
    struct wr_trial_checkpoint *checkpoints; /* (M) */
    size_t *places;                          /* (M) the model of each checkpoint */
    size_t *ended; /* (M) the trial of each outcome, as its index in the run */
    size_t outcome_count, checkpoint_count, diverged;
    float *done;       /* (done, P) parameters of the trials that are done, for validation */
    double *mean_loss; /* (done) */
    size_t done_count;
};

static inline const struct wr_trial_options *trial_of(const struct ensemble *e, size_t m) {
    return &e->run->trials[e->order[m]];
}

static inline int64_t id_of(const struct ensemble *e, size_t m) {
    return e->run->states[e->order[m]].id;
}

static inline bool stops_early(const struct ensemble *e) {
    return e->run->sweep->patience > 0;
}

/* Makes an outcome or a checkpoint of each trial; scores those that are done, and those that wait
 * for their brackets. Only the trials that go on stay in `order`. The caller releases results->pool
 * also after an error. */
wr_status wr_results_collect(struct ensemble *ensemble, struct results *results,
                             struct wr_error *error);

#endif
