/* Trains one ensemble of a sweep on one device, from start values or checkpoints to outcomes or the
 * next checkpoint. */
#include "sweep/ensemble.h"

#include "sweep/halving.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

static void release(struct ensemble *e) {
    wr_pool_release(&e->pool);
    wr_train_result_release(&e->result);
}

static wr_status allocate(struct ensemble *e, struct wr_error *error) {
    size_t M = e->stack.count, floats, points, state;
    if (!wr_size_mul(M, e->layout.count, &floats) || !wr_size_mul(M, e->points, &points) ||
        !wr_size_mul(floats, e->states, &state))
        return wr_fail(error, WR_ERR_MEMORY, "the parameters of %zu models overflow", M);
    e->at.parameters = wr_pool_take(&e->pool, floats, sizeof(float), "parameters");
    e->at.optimizer = wr_pool_take(&e->pool, state, sizeof(float), "optimizers");
    if (stops_early(e)) {
        e->at.best = wr_pool_take(&e->pool, floats, sizeof(float), "best parameters");
        e->at.validated = wr_pool_take(&e->pool, M, sizeof(double), "validation losses");
        e->at.best_epoch = wr_pool_take(&e->pool, M, sizeof(size_t), "best epochs");
        e->at.waited = wr_pool_take(&e->pool, M, sizeof(size_t), "validations");
        e->held_first = wr_pool_take(&e->pool, M, sizeof(size_t), "windows");
        e->held = wr_pool_take(&e->pool, M, sizeof(size_t), "windows");
    }
    e->stack.parameters = e->at.parameters;
    e->tasks = wr_pool_take(&e->pool, M, sizeof *e->tasks, "tasks");
    e->curve = wr_pool_take(&e->pool, points, sizeof *e->curve, "loss curves");
    e->curve_count = wr_pool_take(&e->pool, M, sizeof(size_t), "loss curves");
    return wr_pool_status(&e->pool, error);
}

/* ---- start values and checkpoints ---- */

/* Copies a checkpoint to model m. */
static wr_status take_checkpoint(struct ensemble *e, size_t m, const struct wr_trial_checkpoint *c,
                                 struct wr_error *error) {
    size_t P = e->layout.count, S = e->states;
    if (c->parameter_count != P || c->epoch != e->slice.epoch)
        return wr_fail(error, WR_ERR_DATA,
                       "the checkpoint of trial %lld holds %zu parameters after %zu epochs, not "
                       "%zu after %zu",
                       (long long)c->id, c->parameter_count, c->epoch, P, e->slice.epoch);
    memcpy(e->at.parameters + m * P, c->parameters, P * sizeof(float));
    if (S > 0)
        memcpy(e->at.optimizer + m * S * P, c->optimizer, S * P * sizeof(float));
    if (!stops_early(e))
        return WR_OK;
    e->at.validated[m] = c->best_epoch > 0 ? c->validated : (double)NAN;
    e->at.best_epoch[m] = c->best_epoch;
    e->at.waited[m] = c->waited;
    if (c->best_epoch > 0)
        memcpy(e->at.best + m * P, c->best, P * sizeof(float));
    return WR_OK;
}

static wr_status read_checkpoints(struct ensemble *e, struct wr_error *error) {
    wr_status status = WR_OK;
    pthread_mutex_lock(&e->run->study_lock);
    for (size_t m = 0; m < e->stack.count && status == WR_OK; m++) {
        struct wr_trial_checkpoint checkpoint;
        void *memory;
        status = wr_study_read_checkpoint(e->run->study, id_of(e, m), &checkpoint, &memory, error);
        if (status == WR_OK)
            status = take_checkpoint(e, m, &checkpoint, error);
        free(memory);
    }
    pthread_mutex_unlock(&e->run->study_lock);
    e->at.epochs = e->slice.epoch;
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
    if (status == WR_OK)
        wr_rule_clear_fixed(&e->rule, &e->layout, &e->stack);
    return status;
}

static wr_status open_session(struct ensemble *e, struct wr_session **session,
                              struct wr_error *error) {
    size_t batch = trial_of(e, 0)->batch, bytes;
    struct wr_ensemble ensemble = {.stack = e->stack,
                                   .batch = batch == WR_BATCH_ALL ? SIZE_MAX : batch,
                                   .schedule = e->run->sweep->schedule,
                                   .windows = e->windows->view,
                                   .rule = e->rule};
    wr_status status = wr_session_memory(e->worker->device, &ensemble, &bytes, error);
    if (status == WR_OK)
        status = allocate(e, error);
    if (status == WR_OK)
        status = e->slice.epoch > 0 ? read_checkpoints(e, error) : draw_starts(e, error);
    if (status != WR_OK)
        return status;
    for (size_t m = 0; m < e->stack.count; m++)
        e->tasks[m] = (struct wr_task){.count = e->windows->trained,
                                       .lr = trial_of(e, m)->lr,
                                       .clip = trial_of(e, m)->clip,
                                       .seed = trial_of(e, m)->seed};
    for (size_t m = 0; m < e->stack.count && stops_early(e); m++) {
        e->held_first[m] = e->windows->trained;
        e->held[m] = e->windows->held;
    }
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
    size_t first = event->first_epoch;
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
    double epochs = event->fraction * (double)e->slice.until - (double)e->slice.epoch;
    e->worker->in_flight = epochs * e->epoch_cost * (double)e->stack.count;
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
    wr_status status = open_session(e, &session, error);
    if (status != WR_OK)
        return status;
    const struct wr_validation validation = {.first = e->held_first,
                                             .count = e->held,
                                             .every = e->run->sweep->validate_every,
                                             .patience = e->run->sweep->patience};
    struct wr_train_options how = {.epochs = e->slice.until,
                                   .validation = stops_early(e) ? &validation : NULL,
                                   .on_event = on_event,
                                   .enough = enough,
                                   .context = e,
                                   .from = e->slice.epoch > 0 ? &e->at : NULL,
                                   .to = &e->at};
    e->trained = true;
    status = wr_train(session, &how, &e->result, error);
    wr_session_close(session);
    return status;
}

/* ---- the commit ---- */

static wr_status commit(struct ensemble *e, const struct results *r, struct wr_error *error) {
    struct wr_sweep_run *run = e->run;
    pthread_mutex_lock(&run->study_lock);
    wr_status status = wr_study_commit(run->study, r->outcomes, r->outcome_count, r->checkpoints,
                                       r->checkpoint_count, error);
    pthread_mutex_unlock(&run->study_lock);
    return status;
}

/* Notes what was committed in the states of the trials. */
static void update_states(struct ensemble *e, const struct results *r) {
    for (size_t i = 0; i < r->outcome_count; i++) {
        struct wr_trial_state *state = &e->run->states[r->ended[i]];
        state->status = r->outcomes[i].status;
        state->epoch = r->outcomes[i].epochs;
        state->score = r->outcomes[i].score;
    }
    for (size_t i = 0; i < r->checkpoint_count; i++) { /* the trials that are left, in order */
        struct wr_trial_state *state = &e->run->states[e->order[i]];
        state->epoch = r->checkpoints[i].epoch;
        state->score = r->checkpoints[i].waits ? r->checkpoints[i].score : (double)NAN;
    }
}

/* Updates the run's counts after a commit, and puts back what is left of the slice. */
static wr_status update_run(struct ensemble *e, const struct results *r, struct wr_error *error) {
    struct wr_sweep_run *run = e->run;
    double trained =
        (double)(e->result.epochs - e->slice.epoch) * e->epoch_cost * (double)e->stack.count;
    wr_status status = WR_OK;
    pthread_mutex_lock(&run->lock);
    e->worker->in_flight = 0;
    e->worker->rate = trained / (wr_seconds() - e->began);
    e->slice.epoch = e->result.epochs;
    run->cost_done += (double)e->stack.count * e->slice.cost;
    run->result.updates += e->result.updates;
    run->result.ran += r->outcome_count;
    run->result.diverged += r->diverged;
    run->result.done += r->outcome_count - r->diverged;
    update_states(e, r);
    if (e->slice.count > 0 && e->slice.epoch < e->slice.until) {
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
    for (size_t i = 0; i < slice->count; i++)
        run->states[run->order[slice->first + i]].status = WR_TRIAL_FAILED;
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
    status = wr_results_collect(e, &r, error);
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
                         .rule = wr_sweep_rule(run->sweep, trial),
                         .points = points < epochs ? points : epochs,
                         .epoch_cost = wr_sweep_epoch_cost(&run->data, trial),
                         .began = wr_seconds()};
    e.states = wr_rule_states(&e.rule);
    struct wr_error error = {0};
    wr_status status = train_and_commit(&e, &error);
    release(&e);
    if (status == WR_OK)
        status = wr_halving_advance(run, &error);
    if (status != WR_OK)
        wr_sweep_end(run, status, &error);
    wr_error_release(&error);
}
