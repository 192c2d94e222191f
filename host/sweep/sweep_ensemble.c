/* Trains one ensemble of a sweep on one device, from start values or checkpoints to outcomes or the
 * next checkpoint. */
#include "sweep/sweep_run.h"

#include "base/pool.h"
#include "windrow/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ensemble {
    struct wr_sweep_worker *worker;
    struct wr_sweep_run *run;
    struct wr_slice slice;
    size_t *order; /* (M) a range of the run's order, not shared until the slice is put back */
    const struct wr_sweep_windows *windows;
    struct wr_stack stack; /* M models */
    struct wr_layout layout;
    struct wr_pool pool;          /* holds the arrays, and the stack's parameters */
    struct wr_task *tasks;        /* (M) */
    size_t points;                /* N: points of a whole curve */
    size_t next_point;            /* index of the next point to record */
    struct wr_curve_point *curve; /* (M, N) since the last checkpoint */
    size_t *curve_count;          /* (M) */
    double epoch_cost;            /* of one trial */
    double began;
    bool trained; /* training has begun: from now on a failure is the device's */
    struct wr_train_result result;
};

static const struct wr_trial_options *trial_of(const struct ensemble *e, size_t m) {
    return &e->run->trials[e->order[m]];
}

static int64_t id_of(const struct ensemble *e, size_t m) {
    return e->run->states[e->order[m]].id;
}

/* ---- memory ---- */

static void release(struct ensemble *e) {
    wr_pool_release(&e->pool);
    wr_train_result_release(&e->result);
}

static wr_status allocate(struct ensemble *e, struct wr_error *error) {
    size_t M = e->stack.count, floats, points;
    if (!wr_size_mul(M, e->layout.count, &floats) || !wr_size_mul(M, e->points, &points))
        return wr_fail(error, WR_ERR_MEMORY, "the parameters of %zu models overflow", M);
    e->stack.parameters = wr_pool_take(&e->pool, floats, sizeof(float), "parameters");
    e->tasks = wr_pool_take(&e->pool, M, sizeof *e->tasks, "tasks");
    e->curve = wr_pool_take(&e->pool, points, sizeof *e->curve, "loss curves");
    e->curve_count = wr_pool_take(&e->pool, M, sizeof(size_t), "loss curves");
    return wr_pool_status(&e->pool, error);
}

/* ---- start values and checkpoints ---- */

static wr_status read_checkpoints(struct ensemble *e, struct wr_error *error) {
    size_t P = e->layout.count;
    wr_status status = WR_OK;
    pthread_mutex_lock(&e->run->study_lock);
    for (size_t m = 0; m < e->stack.count && status == WR_OK; m++)
        status = wr_study_read_checkpoint(e->run->study, id_of(e, m), e->stack.parameters + m * P,
                                          P, error);
    pthread_mutex_unlock(&e->run->study_lock);
    return status;
}

static wr_status draw_starts(struct ensemble *e, struct wr_error *error) {
    struct wr_stack one = {.shape = e->stack.shape, .count = 1};
    wr_status status = WR_OK;
    for (size_t m = 0; m < e->stack.count && status == WR_OK; m++) {
        const struct wr_trial_options *trial = trial_of(e, m);
        one.parameters = e->stack.parameters + m * e->layout.count;
        status = wr_parameters_init(&one, trial->init, &trial->seed, error);
    }
    return status;
}

static wr_status open_session(struct ensemble *e, struct wr_session **session,
                              struct wr_error *error) {
    size_t batch = trial_of(e, 0)->batch, bytes;
    struct wr_ensemble ensemble = {.stack = e->stack,
                                   .batch = batch == WR_BATCH_ALL ? SIZE_MAX : batch,
                                   .schedule = e->run->sweep->schedule,
                                   .windows = e->windows->view};
    wr_status status = wr_session_memory(e->worker->device, &ensemble, &bytes, error);
    if (status == WR_OK)
        status = allocate(e, error);
    if (status == WR_OK)
        status = e->slice.epoch > 0 ? read_checkpoints(e, error) : draw_starts(e, error);
    if (status != WR_OK)
        return status;
    for (size_t m = 0; m < e->stack.count; m++)
        e->tasks[m] = (struct wr_task){
            .count = e->windows->trained, .lr = trial_of(e, m)->lr, .clip = trial_of(e, m)->clip};
    ensemble.stack = e->stack;
    ensemble.tasks = e->tasks;
    return wr_session_open(e->worker->device, &ensemble, session, error);
}

/* ---- training ---- */

/* The epoch of point i of a curve. N points are spread evenly over the epochs, the first and the
 * last epoch among them. A single point is the last epoch. */
static size_t point_epoch(const struct ensemble *e, size_t i) {
    size_t last = e->run->sweep->epochs - 1;
    return e->points > 1 ? (size_t)((double)i * (double)last / (double)(e->points - 1) + 0.5)
                         : last;
}

static void record_curve(struct ensemble *e, const struct wr_train_event *event) {
    size_t first = e->slice.epoch + event->first_epoch;
    for (; e->next_point < e->points; e->next_point++) {
        size_t epoch = point_epoch(e, e->next_point);
        if (epoch >= first + event->epochs)
            return;
        if (epoch < first)
            continue;
        const float *losses = event->losses + (epoch - first) * e->stack.count; /* (M) */
        for (size_t m = 0; m < e->stack.count; m++)
            if (isfinite(losses[m]))
                e->curve[m * e->points + e->curve_count[m]++] =
                    (struct wr_curve_point){epoch, losses[m]};
    }
}

static wr_status on_event(void *context, const struct wr_train_event *event) {
    struct ensemble *e = context;
    if (event->epochs > 0)
        record_curve(e, event);
    pthread_mutex_lock(&e->run->lock);
    e->worker->in_flight = event->fraction * (double)e->stack.count * e->slice.cost;
    pthread_mutex_unlock(&e->run->lock);
    if (e->run->alone)
        wr_sweep_report(e->run);
    return WR_OK;
}

static bool enough(void *context, const struct wr_train_event *event) {
    const struct ensemble *e = context;
    return event->seconds >= e->run->sweep->checkpoint_seconds || wr_sweep_ending(e->run);
}

static wr_status train(struct ensemble *e, struct wr_error *error) {
    struct wr_session *session = NULL;
    struct wr_train_options how = {.epochs = e->run->sweep->epochs - e->slice.epoch,
                                   .on_event = on_event,
                                   .enough = enough,
                                   .context = e};
    wr_status status = open_session(e, &session, error);
    if (status == WR_OK) {
        e->trained = true;
        status = wr_train(session, &how, &e->result, error);
    }
    if (status == WR_OK)
        status = wr_session_read(session, WR_PARAMETERS, e->stack.parameters, error);
    wr_session_close(session);
    return status;
}

/* ---- results ---- */

/* The outcomes and the checkpoints of an ensemble's trials. */
struct results {
    struct wr_pool pool;                     /* holds the arrays */
    struct wr_trial_outcome *outcomes;       /* (M) room for all */
    struct wr_trial_checkpoint *checkpoints; /* (M) */
    size_t outcome_count, checkpoint_count, diverged;
    float *done;       /* (done, P) parameters of the trials that are done, for validation */
    double *mean_loss; /* (done) */
    size_t done_count;
};

static wr_status allocate_results(const struct ensemble *e, struct results *r,
                                  struct wr_error *error) {
    size_t M = e->stack.count;
    r->outcomes = wr_pool_take(&r->pool, M, sizeof *r->outcomes, "outcomes");
    r->checkpoints = wr_pool_take(&r->pool, M, sizeof *r->checkpoints, "checkpoints");
    r->mean_loss = wr_pool_take(&r->pool, M, sizeof *r->mean_loss, "losses");
    r->done = wr_pool_take(&r->pool, M * e->layout.count, sizeof(float), "parameters");
    return wr_pool_status(&r->pool, error);
}

static void add_outcome(const struct ensemble *e, struct results *r, size_t m, bool diverged) {
    size_t P = e->layout.count;
    const float *parameters = e->stack.parameters + m * P;
    struct wr_trial_outcome *outcome = &r->outcomes[r->outcome_count++];
    *outcome = (struct wr_trial_outcome){
        .id = id_of(e, m),
        .status = diverged ? WR_TRIAL_DIVERGED : WR_TRIAL_DONE,
        .loss = (double)e->result.losses[m],
        .validation_loss = NAN,
        .score = NAN,
        .hash = wr_parameters_hash(&e->stack.shape, parameters),
        .curve = e->curve + m * e->points,
        .curve_count = e->curve_count[m],
        .device = wr_device_get_info(e->worker->device)->id,
        .seconds = e->result.seconds / (double)e->stack.count,
    };
    if (diverged) {
        outcome->diverged_at = e->slice.epoch + e->result.diverged_at[m];
        r->diverged++;
        return;
    }
    outcome->parameters = parameters;
    outcome->parameter_count = P;
    memcpy(r->done + r->done_count++ * P, parameters, P * sizeof *parameters);
}

static void add_checkpoint(const struct ensemble *e, struct results *r, size_t m) {
    r->checkpoints[r->checkpoint_count++] = (struct wr_trial_checkpoint){
        .id = id_of(e, m),
        .epoch = e->slice.epoch + e->result.epochs,
        .parameters = e->stack.parameters + m * e->layout.count,
        .parameter_count = e->layout.count,
        .curve = e->curve + m * e->points,
        .curve_count = e->curve_count[m],
        .seconds = e->result.seconds / (double)e->stack.count,
    };
}

/* Sets the scores of the trials that are done. */
static wr_status score(const struct ensemble *e, struct results *r, struct wr_error *error) {
    const struct wr_sweep_windows *w = e->windows;
    wr_status status = WR_OK;
    const struct wr_stack done_models = {e->stack.shape, r->done_count, r->done};
    if (w->held > 0 && r->done_count > 0)
        status =
            wr_evaluate(&done_models, NULL, &w->view, w->trained, w->held, r->mean_loss, error);
    for (size_t i = 0, done = 0; i < r->outcome_count && status == WR_OK; i++) {
        struct wr_trial_outcome *outcome = &r->outcomes[i];
        if (outcome->status != WR_TRIAL_DONE)
            continue;
        outcome->score = outcome->loss / (double)w->trained;
        if (w->held > 0)
            outcome->score = outcome->validation_loss = r->mean_loss[done++];
    }
    return status;
}

/* Makes an outcome or a checkpoint of each trial. Only the trials that go on stay in `order`. */
static wr_status collect_results(struct ensemble *e, struct results *r, struct wr_error *error) {
    bool at_end = e->slice.epoch + e->result.epochs == e->run->sweep->epochs;
    wr_status status = allocate_results(e, r, error);
    for (size_t m = 0; m < e->stack.count && status == WR_OK; m++) {
        bool diverged = e->result.diverged_at[m] != WR_NOT_DIVERGED;
        if (diverged || at_end)
            add_outcome(e, r, m, diverged);
        else
            add_checkpoint(e, r, m);
    }
    if (status == WR_OK)
        status = score(e, r, error);
    if (status != WR_OK)
        return status;
    size_t left = 0;
    for (size_t m = 0; m < e->stack.count; m++)
        if (!at_end && e->result.diverged_at[m] == WR_NOT_DIVERGED)
            e->order[left++] = e->order[m];
    e->slice.count = left;
    return WR_OK;
}

static wr_status commit(struct ensemble *e, const struct results *r, struct wr_error *error) {
    struct wr_sweep_run *run = e->run;
    pthread_mutex_lock(&run->study_lock);
    wr_status status = wr_study_commit(run->study, r->outcomes, r->outcome_count, r->checkpoints,
                                       r->checkpoint_count, error);
    pthread_mutex_unlock(&run->study_lock);
    return status;
}

/* Updates the run's counts after a commit, and puts back what is left of the slice. */
static wr_status update_run(struct ensemble *e, const struct results *r, struct wr_error *error) {
    struct wr_sweep_run *run = e->run;
    double trained = (double)e->result.epochs * e->epoch_cost * (double)e->stack.count;
    wr_status status = WR_OK;
    pthread_mutex_lock(&run->lock);
    e->worker->in_flight = 0;
    e->worker->rate = trained / (wr_seconds() - e->began);
    e->slice.epoch += e->result.epochs;
    run->cost_done += (double)e->stack.count * e->slice.cost;
    run->result.updates += e->result.updates;
    run->result.ran += r->outcome_count;
    run->result.diverged += r->diverged;
    run->result.done += r->outcome_count - r->diverged;
    if (e->slice.count > 0) {
        run->cost_done -= (double)e->slice.count * wr_queue_cost(run, &e->slice);
        status = wr_queue_put(run, &e->slice, error);
    }
    pthread_mutex_unlock(&run->lock);
    return status;
}

/* ---- failures ---- */

/* Whether a device still works: opening a session runs the kernels. */
static bool device_works(struct wr_device *device) {
    float parameters[5] = {0}; /* (1, P) */
    const float one = 1;
    const struct wr_task task = {.lr = 1, .clip = 1};
    const struct wr_ensemble ensemble = {
        .stack = {{.inputs = 1, .hidden = 1, .outputs = 1, .seq_len = 1}, 1, parameters},
        .tasks = &task,
        .batch = 1,
        .windows = {.count = 1, .inputs = &one, .targets = &one, .loss_weights = &one},
    };
    struct wr_session *session = NULL;
    wr_status status = wr_session_open(device, &ensemble, &session, NULL);
    wr_session_close(session);
    return status != WR_ERR_DEVICE;
}

/* Puts the slice back after a failure. The worker gets half as many models next time; if a single
 * model has failed, it gets no more of this shape. The device is lost if it fails while it trains a
 * single model, or does not work at all any more. */
static wr_status put_back(struct ensemble *e, wr_status failure, const char *why,
                          struct wr_error *error) {
    struct wr_sweep_run *run = e->run;
    struct wr_sweep_worker *worker = e->worker;
    bool lost = failure == WR_ERR_DEVICE &&
                ((e->stack.count == 1 && e->trained) || !device_works(worker->device));
    pthread_mutex_lock(&run->lock);
    worker->in_flight = 0;
    wr_status status = wr_queue_put(run, &e->slice, error);
    if (lost) {
        worker->lost = true;
        run->lost++;
    } else if (e->stack.count > 1) {
        worker->most_floats = e->stack.count / 2 * e->stack.shape.hidden * e->stack.shape.hidden;
    } else {
        wr_queue_refuse(worker, trial_of(e, 0));
    }
    if (run->lost == run->worker_count)
        status = wr_fail(error, WR_ERR_DEVICE, "%s", why);
    pthread_mutex_unlock(&run->lock);
    return status;
}

static wr_status fail_slice(struct ensemble *e, const struct wr_slice *slice, const char *why,
                            struct wr_error *error) {
    struct wr_sweep_run *run = e->run;
    struct wr_trial_outcome *outcomes = wr_alloc(slice->count, sizeof *outcomes, "outcomes", error);
    if (outcomes == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < slice->count; i++)
        outcomes[i] =
            (struct wr_trial_outcome){.id = run->states[run->order[slice->first + i]].id,
                                      .status = WR_TRIAL_FAILED,
                                      .why = why,
                                      .loss = NAN,
                                      .validation_loss = NAN,
                                      .score = NAN,
                                      .device = wr_device_get_info(e->worker->device)->id};
    struct results failed = {.outcomes = outcomes, .outcome_count = slice->count};
    wr_status status = commit(e, &failed, error);
    pthread_mutex_lock(&run->lock);
    run->result.failed += slice->count;
    run->result.ran += slice->count;
    run->cost_done += (double)slice->count * slice->cost;
    pthread_mutex_unlock(&run->lock);
    free(outcomes);
    return status;
}

/* Marks as failed the trials that no remaining device can train. */
static wr_status fail_refused(struct ensemble *e, const char *why, struct wr_error *error) {
    struct wr_slice slice;
    wr_status status = WR_OK;
    while (status == WR_OK) {
        pthread_mutex_lock(&e->run->lock);
        bool found = wr_queue_take_refused(e->run, &slice);
        pthread_mutex_unlock(&e->run->lock);
        if (!found)
            break;
        status = fail_slice(e, &slice, why, error);
    }
    return status;
}

/* Handles a device that lacks memory or fails. Returns WR_OK if another device or a smaller
 * ensemble may still succeed. */
static wr_status handle_failure(struct ensemble *e, wr_status failure, struct wr_error *error) {
    char why[sizeof error->text];
    if (failure != WR_ERR_MEMORY && failure != WR_ERR_DEVICE)
        return failure;
    memcpy(why, error->text, sizeof why);
    wr_error_release(error);
    wr_status status = put_back(e, failure, why, error);
    return status == WR_OK ? fail_refused(e, why, error) : status;
}

static wr_status train_and_commit(struct ensemble *e, struct wr_error *error) {
    struct results r = {0};
    wr_status status = wr_layout_of(&e->stack.shape, &e->layout, error);
    if (status == WR_OK)
        status = train(e, error);
    if (status != WR_OK)
        return handle_failure(e, status, error);
    status = collect_results(e, &r, error);
    if (status == WR_OK)
        status = commit(e, &r, error);
    if (status == WR_OK)
        status = update_run(e, &r, error);
    wr_pool_release(&r.pool);
    return status;
}

void wr_ensemble_train(struct wr_sweep_worker *worker, const struct wr_slice *slice) {
    struct wr_sweep_run *run = worker->run;
    const struct wr_trial_options *trial = &run->trials[run->order[slice->first]];
    size_t points = run->sweep->curve_points, epochs = run->sweep->epochs;
    struct ensemble e = {.worker = worker,
                         .run = run,
                         .slice = *slice,
                         .order = run->order + slice->first,
                         .windows = wr_sweep_windows_of(&run->data, trial->window),
                         .stack = {wr_sweep_shape(run->sweep, trial), .count = slice->count},
                         .points = points < epochs ? points : epochs,
                         .epoch_cost = wr_sweep_epoch_cost(&run->data, trial),
                         .began = wr_seconds()};
    struct wr_error error = {0};
    wr_status status = train_and_commit(&e, &error);
    release(&e);
    if (status != WR_OK)
        wr_sweep_end(run, status, &error);
    wr_error_release(&error);
}
