#include "train/validate.h"

#include "backend/backend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static wr_status check(const struct wr_validation *how, struct wr_error *error) {
    if (how->every == 0)
        return wr_fail(error, WR_ERR_USAGE, "validation every 0 epochs: at least 1 needed");
    if (how->patience == 0)
        return wr_fail(error, WR_ERR_USAGE, "\1patience\1 0: at least 1 needed");
    return WR_OK;
}

static wr_status check_arrays(const struct wr_train_state *state, const char *which,
                              struct wr_error *error) {
    if (state == NULL || (state->best != NULL && state->validated != NULL &&
                          state->best_epoch != NULL && state->waited != NULL))
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "the state %s has no arrays of the validation", which);
}

static wr_status check_from(const struct wr_validation *how, const struct wr_train_state *from,
                            size_t models, struct wr_error *error) {
    for (size_t m = 0; m < models; m++) {
        size_t epoch = from->best_epoch[m];
        if (epoch > from->epochs || (epoch == 0) != isnan(from->validated[m]))
            return wr_fail(error, WR_ERR_USAGE,
                           "model %zu of the state to go on from: validation loss %g after %zu of "
                           "%zu epochs",
                           m, from->validated[m], epoch, from->epochs);
        if (from->waited[m] >= how->patience)
            return wr_fail(error, WR_ERR_USAGE,
                           "model %zu of the state to go on from has ended, since \1patience\1 is "
                           "%zu: leave it out",
                           m, how->patience);
    }
    return WR_OK;
}

static wr_status check_states(const struct wr_train_options *options, size_t models,
                              struct wr_error *error) {
    wr_status status = check_arrays(options->from, "to go on from", error);
    if (status == WR_OK)
        status = check_arrays(options->to, "to fill in", error);
    return status == WR_OK && options->from != NULL
               ? check_from(options->validation, options->from, models, error)
               : status;
}

static wr_status allocate(struct wr_validator *v, struct wr_train_result *result,
                          struct wr_error *error) {
    size_t floats, slots;
    if (!wr_size_mul(v->models, v->count, &floats) || !wr_size_mul(v->models, v->batch, &slots))
        return wr_fail(error, WR_ERR_MEMORY, "validation of %zu models overflows memory",
                       v->models);
    v->current = wr_pool_take(&v->pool, floats, sizeof(float), "parameters");
    v->best = wr_pool_take(&v->pool, floats, sizeof(float), "best parameters");
    v->losses = wr_pool_take(&v->pool, slots, sizeof(float), "validation losses");
    v->means = wr_pool_take(&v->pool, v->models, sizeof(double), "validation losses");
    v->waited = wr_pool_take(&v->pool, v->models, sizeof(size_t), "validations");
    v->frozen = wr_pool_take(&v->pool, v->models, 1, "frozen models");
    wr_status status = wr_pool_status(&v->pool, error);
    if (status != WR_OK)
        return status;
    result->validated = wr_alloc(v->models, sizeof(double), "validation losses", error);
    result->best_epoch = wr_alloc(v->models, sizeof(size_t), "best epochs", error);
    result->stopped_at = wr_alloc(v->models, sizeof(size_t), "stopped models", error);
    if (result->validated == NULL || result->best_epoch == NULL || result->stopped_at == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < v->models; m++)
        result->validated[m] = (double)NAN;
    return WR_OK;
}

static void copy_model(const struct wr_validator *v, size_t m, const float *from, float *to) {
    memcpy(to + m * v->count, from + m * v->count, v->count * sizeof *to);
}

static void go_on(struct wr_validator *v, const struct wr_train_state *from,
                  struct wr_train_result *result) {
    for (size_t m = 0; m < v->models; m++) {
        result->validated[m] = from->validated[m];
        result->best_epoch[m] = from->best_epoch[m];
        v->waited[m] = from->waited[m];
        if (from->best_epoch[m] > 0)
            copy_model(v, m, from->best, v->best);
    }
}

void wr_validator_keep(const struct wr_validator *v, const struct wr_train_result *result,
                       struct wr_train_state *to) {
    if (v->how == NULL)
        return;
    memcpy(to->validated, result->validated, v->models * sizeof *to->validated);
    memcpy(to->best_epoch, result->best_epoch, v->models * sizeof *to->best_epoch);
    memcpy(to->waited, v->waited, v->models * sizeof *to->waited);
    memcpy(to->best, v->best, v->models * v->count * sizeof *to->best);
}

/* Opens the session for validation on the same device. A model without validation windows gets one
 * window, which is ignored. */
static wr_status open_session(struct wr_validator *v, struct wr_error *error) {
    const struct wr_ensemble *of = &v->trained->ensemble;
    struct wr_task *tasks = wr_alloc(v->models, sizeof *tasks, "validation windows", error);
    if (tasks == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < v->models; m++)
        if (v->how->count[m] > 0)
            tasks[m] = (struct wr_task){.first = v->how->first[m], .count = v->how->count[m]};
        else
            tasks[m].count = 1;
    struct wr_ensemble ensemble = {.stack = {of->stack.shape, v->models, v->current},
                                   .tasks = tasks,
                                   .batch = v->batch,
                                   .schedule = WR_SCHEDULE_FORWARD,
                                   .windows = of->windows,
                                   .rule = of->rule};
    wr_status status = wr_session_open(v->trained->device, &ensemble, &v->session, error);
    free(tasks);
    return status;
}

wr_status wr_validator_open(struct wr_validator *v, const struct wr_train_options *options,
                            struct wr_session *trained, struct wr_train_result *result,
                            struct wr_error *error) {
    const struct wr_validation *how = options->validation;
    *v = (struct wr_validator){.how = how, .trained = trained};
    if (how == NULL)
        return WR_OK;
    v->models = trained->ensemble.stack.count;
    v->count = trained->layout.count;
    v->most_windows = 1;
    for (size_t m = 0; m < v->models; m++)
        if (how->count[m] > v->most_windows)
            v->most_windows = how->count[m];
    v->batch = v->most_windows < WR_EVALUATED_AT_ONCE ? v->most_windows : WR_EVALUATED_AT_ONCE;
    wr_status status = check(how, error);
    if (status == WR_OK)
        status = check_states(options, v->models, error);
    if (status == WR_OK)
        status = allocate(v, result, error);
    if (status == WR_OK && options->from != NULL)
        go_on(v, options->from, result);
    if (status == WR_OK)
        status = wr_session_read(trained, WR_PARAMETERS, v->current, error);
    return status == WR_OK ? open_session(v, error) : status;
}

void wr_validator_close(struct wr_validator *v) {
    wr_session_close(v->session);
    wr_pool_release(&v->pool);
    *v = (struct wr_validator){0};
}

size_t wr_validator_epochs_left(const struct wr_validator *v, size_t done) {
    return v->how != NULL ? v->how->every - done % v->how->every : SIZE_MAX;
}

/* ---- one validation ---- */

wr_status wr_add_losses(struct wr_session *session, size_t models, size_t count, size_t batch,
                        float *losses, double *sums, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t first = 0; first < count && status == WR_OK; first += batch) {
        size_t windows = count - first < batch ? count - first : batch;
        status = wr_session_forward(session, first, windows, error);
        if (status == WR_OK)
            status = wr_session_read(session, WR_LOSSES, losses, error);
        for (size_t m = 0; m < models && status == WR_OK; m++)
            for (size_t b = 0; b < windows; b++) /* 0 if the model has no window left */
                sums[m] += (double)losses[m * batch + b];
    }
    return status;
}

/* Computes means (M) as wr_evaluate does: in double, in window order. */
static wr_status evaluate(struct wr_validator *v, struct wr_error *error) {
    wr_status status = wr_session_read(v->trained, WR_PARAMETERS, v->current, error);
    if (status == WR_OK)
        status = wr_session_write_parameters(v->session, v->current, error);
    if (status == WR_OK) /* skips the work for frozen models */
        status = wr_session_freeze(v->session, v->frozen, error);
    memset(v->means, 0, v->models * sizeof *v->means);
    if (status == WR_OK)
        status = wr_add_losses(v->session, v->models, v->most_windows, v->batch, v->losses,
                               v->means, error);
    for (size_t m = 0; m < v->models; m++)
        v->means[m] /= (double)v->how->count[m];
    return status;
}

static void judge(struct wr_validator *v, size_t m, size_t done, struct wr_train_result *result) {
    bool first = isnan(result->validated[m]);
    if (isfinite(v->means[m]) && (first || v->means[m] < result->validated[m])) {
        result->validated[m] = v->means[m];
        result->best_epoch[m] = done;
        v->waited[m] = 0;
        copy_model(v, m, v->current, v->best);
    } else if (++v->waited[m] >= v->how->patience) {
        v->frozen[m] = 1;
        result->stopped_at[m] = done;
    }
}

wr_status wr_validator_validate(struct wr_validator *v, size_t done, struct wr_train_result *result,
                                bool *over, struct wr_error *error) {
    if (v->how == NULL || done == v->validated_at)
        return WR_OK;
    v->validated_at = done;
    wr_status status = evaluate(v, error);
    *over = status == WR_OK;
    for (size_t m = 0; m < v->models && status == WR_OK; m++) {
        bool diverged = result->diverged_at[m] != WR_NOT_DIVERGED;
        if (!diverged && !v->frozen[m] && v->how->count[m] > 0)
            judge(v, m, done, result);
        *over = *over && (diverged || v->frozen[m]);
    }
    return status == WR_OK ? wr_session_freeze(v->trained, v->frozen, error) : status;
}

wr_status wr_validator_finish(struct wr_validator *v, const struct wr_train_result *result,
                              struct wr_error *error) {
    if (v->how == NULL)
        return WR_OK;
    wr_status status = wr_session_read(v->trained, WR_PARAMETERS, v->current, error);
    for (size_t m = 0; m < v->models && status == WR_OK; m++)
        if (result->best_epoch[m] > 0)
            copy_model(v, m, v->best, v->current);
    return status == WR_OK ? wr_session_write_parameters(v->trained, v->current, error) : status;
}
