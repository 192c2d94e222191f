/* What becomes of the trials of an ensemble: outcomes, and checkpoints of those that go on. */
#include "sweep/ensemble.h"

#include <float.h>
#include <string.h>

static wr_status allocate_results(const struct ensemble *e, struct results *r,
                                  struct wr_error *error) {
    size_t M = e->stack.count;
    r->outcomes = wr_pool_take(&r->pool, M, sizeof *r->outcomes, "outcomes");
    r->checkpoints = wr_pool_take(&r->pool, M, sizeof *r->checkpoints, "checkpoints");
    r->places = wr_pool_take(&r->pool, M, sizeof *r->places, "checkpoints");
    r->ended = wr_pool_take(&r->pool, M, sizeof *r->ended, "outcomes");
    r->mean_loss = wr_pool_take(&r->pool, M, sizeof *r->mean_loss, "losses");
    r->done = wr_pool_take(&r->pool, M * e->layout.count, sizeof(float), "parameters");
    return wr_pool_status(&r->pool, error);
}

/* The parameters with which a trial ends: the best, if it stops early. */
static const float *last_parameters(const struct ensemble *e, size_t m) {
    bool best = stops_early(e) && e->at.best_epoch[m] > 0;
    return (best ? e->at.best : e->at.parameters) + m * e->layout.count;
}

static bool has_stopped(const struct ensemble *e, size_t m) {
    return stops_early(e) && e->result.stopped_at[m] > 0;
}

static void add_outcome(const struct ensemble *e, struct results *r, size_t m, bool diverged) {
    size_t P = e->layout.count;
    const float *parameters = last_parameters(e, m);
    r->ended[r->outcome_count] = e->order[m];
    struct wr_trial_outcome *outcome = &r->outcomes[r->outcome_count++];
    *outcome = (struct wr_trial_outcome){
        .id = id_of(e, m),
        .status = diverged ? WR_TRIAL_DIVERGED : WR_TRIAL_DONE,
        .epochs = has_stopped(e, m) ? e->result.stopped_at[m] : e->result.epochs,
        .best_epoch = stops_early(e) ? e->at.best_epoch[m] : 0,
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
        outcome->diverged_at = e->result.diverged_at[m];
        outcome->epochs = outcome->diverged_at + 1;
        r->diverged++;
        return;
    }
    outcome->parameters = parameters;
    outcome->parameter_count = P;
    memcpy(r->done + r->done_count++ * P, parameters, P * sizeof *parameters);
}

static void add_checkpoint(const struct ensemble *e, struct results *r, size_t m) {
    size_t P = e->layout.count, S = e->states;
    bool best = stops_early(e) && e->at.best_epoch[m] > 0;
    r->places[r->checkpoint_count] = m;
    r->checkpoints[r->checkpoint_count++] = (struct wr_trial_checkpoint){
        .id = id_of(e, m),
        .epoch = e->result.epochs,
        .parameters = e->at.parameters + m * P,
        .parameter_count = P,
        .optimizer = S > 0 ? e->at.optimizer + m * S * P : NULL,
        .best = best ? e->at.best + m * P : NULL,
        .validated = best ? e->at.validated[m] : 0,
        .best_epoch = best ? e->at.best_epoch[m] : 0,
        .waited = stops_early(e) ? e->at.waited[m] : 0,
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
            wr_evaluate(&done_models, &e->rule, &w->view, w->trained, w->held, r->mean_loss, error);
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

/* Whether the trials that are left wait here for the others of their brackets. */
static bool at_rung(const struct ensemble *e) {
    return e->result.epochs == e->slice.until && e->slice.until < e->run->sweep->epochs;
}

/* Sets the scores of trials that wait: as those of trials that end here. */
static wr_status score_waiting(const struct ensemble *e, struct results *r,
                               struct wr_error *error) {
    const struct wr_sweep_windows *w = e->windows;
    size_t P = e->layout.count, count = r->checkpoint_count;
    wr_status status = WR_OK;
    double *losses = wr_pool_take(&r->pool, count, sizeof *losses, "losses");
    float *models = wr_pool_take(&r->pool, count * P, sizeof *models, "parameters");
    if (losses == NULL || models == NULL)
        return wr_pool_status(&r->pool, error);
    for (size_t i = 0; i < count; i++) {
        const struct wr_trial_checkpoint *c = &r->checkpoints[i];
        memcpy(models + i * P, c->best != NULL ? c->best : c->parameters, P * sizeof *models);
        losses[i] = (double)e->result.losses[r->places[i]] / (double)w->trained;
    }
    const struct wr_stack stack = {e->stack.shape, count, models};
    if (w->held > 0)
        status = wr_evaluate(&stack, &e->rule, &w->view, w->trained, w->held, losses, error);
    for (size_t i = 0; i < count; i++) {
        r->checkpoints[i].waits = true;
        r->checkpoints[i].score = isfinite(losses[i]) ? losses[i] : DBL_MAX;
    }
    return status;
}

wr_status wr_results_collect(struct ensemble *e, struct results *r, struct wr_error *error) {
    bool at_end = e->result.epochs == e->run->sweep->epochs;
    wr_status status = allocate_results(e, r, error);
    for (size_t m = 0; m < e->stack.count && status == WR_OK; m++) {
        bool diverged = e->result.diverged_at[m] != WR_NOT_DIVERGED;
        if (diverged || at_end || has_stopped(e, m))
            add_outcome(e, r, m, diverged);
        else
            add_checkpoint(e, r, m);
    }
    if (status == WR_OK)
        status = score(e, r, error);
    if (status == WR_OK && at_rung(e) && r->checkpoint_count > 0)
        status = score_waiting(e, r, error);
    if (status != WR_OK)
        return status;
    size_t left = 0;
    for (size_t m = 0; m < e->stack.count; m++)
        if (!at_end && e->result.diverged_at[m] == WR_NOT_DIVERGED && !has_stopped(e, m))
            e->order[left++] = e->order[m];
    e->slice.count = left;
    return WR_OK;
}
