/* Trains a chunk of series as one ensemble, in which each model has the windows of its own
 * series. */
#include "forecast/fit.h"

#include <string.h>

#include "base/pool.h"
#include "windrow/train.h"

/* ---- the size of a chunk ---- */

#define CHUNK_FLOATS 5e7  /* of windows; a session copies them */
#define CHUNK_WORK   2e12 /* multiplications and additions: about a minute on a few cores */
#define GPU_FASTER   100  /* times as many in the same minute */

static struct wr_recipe recipe_with(const struct wr_fit *fit, size_t window) {
    struct wr_recipe recipe = fit->recipe;
    recipe.window = window;
    return recipe;
}

size_t wr_chunk_size(const struct wr_device *device, const struct wr_fit *fit,
                     const struct wr_panel *panel, const size_t *until, const size_t *which,
                     size_t most) {
    const struct wr_recipe recipe = recipe_with(fit, fit->series[which[0]].window);
    double H = (double)recipe.hidden, I = (double)fit->stack.shape.inputs,
           O = (double)fit->stack.shape.outputs;
    double T = (double)recipe.window, seeds = (double)recipe.seeds;
    double P = (double)wr_fit_parameters(fit), floats = 0, work = 0;
    bool gpu = wr_device_get_info(device)->gpu;
    size_t count = 0;
    for (; count < most && fit->series[which[count]].window == recipe.window; count++) {
        size_t length = wr_used_length(panel, until, which[count]);
        double windows = (double)wr_recipe_windows(&recipe, length);
        double visits = recipe.updates > 0 ? (double)recipe.updates * (double)recipe.batch
                                           : (double)recipe.epochs * windows;
        floats += windows * (T * I + O) + 8 * seeds * P;
        work += seeds * visits * (6 * T * H * (H + I) + 6 * H * O) +
                seeds * visits / (double)recipe.batch * 30 * P;
        if (count > 0 && (floats > CHUNK_FLOATS || work > CHUNK_WORK * (gpu ? GPU_FASTER : 1)))
            break;
    }
    return count;
}

/* ---- what it trains on ---- */

struct training {
    const struct wr_chunk *chunk;
    struct wr_pool pool;     /* holds the arrays */
    struct wr_recipe recipe; /* with this chunk's window */
    struct wr_stack stack;
    size_t P;
    size_t windows;                /* of all series */
    size_t *starts, *counts;       /* (count) first window and number of windows of each series */
    struct wr_task *tasks;         /* (models) */
    size_t *validates, *validated; /* (models) first window and number of windows to validate */
    float *inputs, *targets, *weights;
};

/* Appends the windows of a series, in time order. */
static wr_status cut_series(struct training *t, size_t i, size_t room, struct wr_error *error) {
    const struct wr_chunk *c = t->chunk;
    size_t s = c->which[i];
    const struct fitted *series = &c->fit->series[s];
    size_t width = t->stack.shape.seq_len * t->stack.shape.inputs, outputs = t->stack.shape.outputs;
    struct wr_prepared *prepared = NULL;
    wr_status status = wr_prepared_make(c->panel, s, wr_used_length(c->panel, c->until, s),
                                        &t->recipe, &series->scales, &prepared, error);
    if (status != WR_OK)
        return status;
    size_t count = wr_prepared_windows(prepared, 0);
    if (t->windows + count > room)
        status =
            wr_fail(error, WR_ERR_MEMORY, "series %s has more windows than expected", series->id);
    if (status == WR_OK && count == 0) /* of a task, 0 windows would be those of all that follow */
        status = wr_fail(error, WR_ERR_DATA, "series %s has no window", series->id);
    t->starts[i] = t->windows;
    t->counts[i] = count;
    for (size_t w = 0; w < count && status == WR_OK; w++, t->windows++)
        wr_prepared_window(prepared, w, t->inputs + t->windows * width,
                           t->targets + t->windows * outputs);
    wr_prepared_free(prepared);
    return status;
}

static wr_status cut_windows(struct training *t, struct wr_error *error) {
    const struct wr_chunk *c = t->chunk;
    size_t width = t->stack.shape.seq_len * t->stack.shape.inputs, room = 0, inputs, targets;
    for (size_t i = 0; i < c->count; i++)
        room += wr_recipe_windows(&t->recipe, wr_used_length(c->panel, c->until, c->which[i]));
    if (!wr_size_mul(room, width, &inputs) || !wr_size_mul(room, t->stack.shape.outputs, &targets))
        return wr_fail(error, WR_ERR_MEMORY, "%zu windows overflow memory", room);
    t->inputs = wr_pool_take(&t->pool, inputs, sizeof *t->inputs, "windows");
    t->targets = wr_pool_take(&t->pool, targets, sizeof *t->targets, "windows");
    t->weights = wr_pool_take(&t->pool, t->stack.shape.outputs, sizeof *t->weights, "loss weights");
    t->starts = wr_pool_take(&t->pool, c->count, sizeof *t->starts, "windows");
    t->counts = wr_pool_take(&t->pool, c->count, sizeof *t->counts, "windows");
    wr_status status = wr_pool_status(&t->pool, error);
    if (status != WR_OK)
        return status;
    for (size_t o = 0; o < t->stack.shape.outputs; o++)
        t->weights[o] = 1.0f / (float)t->stack.shape.outputs;
    for (size_t i = 0; i < c->count && status == WR_OK; i++)
        status = cut_series(t, i, room, error);
    return status;
}

/* ---- the models ---- */

/* Keeps the latest windows for validation. Windows before these that share target values with them
 * are left out, if enough windows remain. */
static void hold_out(const struct training *t, size_t m, size_t count) {
    size_t held = (size_t)(t->recipe.validate * (double)count), gap = t->recipe.horizon - 1;
    if (held == 0 || held >= count)
        return;
    if (held + gap >= count / 2)
        gap = 0;
    t->tasks[m].count = count - held - gap;
    t->validates[m] = t->tasks[m].first + count - held;
    t->validated[m] = held;
}

static wr_status set_models(struct training *t, struct wr_error *error) {
    const struct wr_recipe *r = &t->recipe;
    size_t M = t->stack.count, floats;
    if (!wr_size_mul(M, t->P, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "%zu models overflow memory", M);
    t->tasks = wr_pool_take(&t->pool, M, sizeof *t->tasks, "models");
    t->validates = wr_pool_take(&t->pool, M, sizeof *t->validates, "models");
    t->validated = wr_pool_take(&t->pool, M, sizeof *t->validated, "models");
    t->stack.parameters = wr_pool_take(&t->pool, floats, sizeof(float), "parameters");
    uint32_t *seeds = wr_pool_take(&t->pool, M, sizeof *seeds, "models");
    wr_status status = wr_pool_status(&t->pool, error);
    if (status != WR_OK)
        return status;
    for (size_t m = 0; m < M; m++) {
        size_t i = m / r->seeds;
        seeds[m] = r->seed + (uint32_t)(m % r->seeds);
        t->tasks[m] = (struct wr_task){.first = t->starts[i],
                                       .count = t->counts[i],
                                       .lr = r->lr,
                                       .clip = r->clip,
                                       .seed = seeds[m]};
        hold_out(t, m, t->counts[i]);
    }
    struct wr_layout layout;
    status = wr_layout_of(&t->stack.shape, &layout, error);
    if (status == WR_OK)
        status = wr_parameters_init(&t->stack, r->init, seeds, error);
    if (status == WR_OK)
        wr_rule_clear_fixed(&r->rule, &layout, &t->stack);
    return status;
}

/* Returns the number of epochs. If the recipe counts updates, there are at most `validations`
 * epochs, since validation happens between epochs. Each of them has the same number of updates. */
static size_t set_epochs(struct training *t) {
    const struct wr_recipe *r = &t->recipe;
    if (r->updates == 0)
        return r->epochs;
    size_t most = r->validate > 0 ? r->validations : 1;
    size_t each = (r->updates - 1) / most + 1;
    for (size_t m = 0; m < t->stack.count; m++)
        t->tasks[m].visits = each * r->batch;
    return (r->updates - 1) / each + 1;
}

/* ---- training ---- */

static wr_status on_event(void *context, const struct wr_train_event *event) {
    const struct wr_chunk *chunk = context;
    double all = event->seconds + event->seconds_left; /* it knows of early stopping */
    return chunk->on_fraction(chunk->context, all > 0 ? event->seconds / all : 0);
}

static void keep(const struct training *t, const struct wr_train_result *result) {
    struct wr_fit *fit = t->chunk->fit;
    for (size_t m = 0; m < t->stack.count; m++) {
        size_t to =
            fit->series[t->chunk->which[m / t->recipe.seeds]].first_model + m % t->recipe.seeds;
        memcpy(fit->stack.parameters + to * t->P, t->stack.parameters + m * t->P,
               t->P * sizeof(float));
        bool kept = result->best_epoch != NULL && result->best_epoch[m] > 0;
        fit->diverged[to] = result->diverged_at[m] != WR_NOT_DIVERGED && !kept;
    }
    fit->report.updates += result->updates;
    fit->report.seconds += result->seconds;
}

/* The number of epochs from one validation to the next. */
static size_t validation_interval(const struct wr_recipe *recipe, size_t epochs) {
    return recipe->validations > 0 ? (epochs - 1) / recipe->validations + 1 : epochs;
}

static wr_status train(struct training *t, struct wr_error *error) {
    size_t epochs = set_epochs(t);
    struct wr_rule rule = t->recipe.rule;
    rule.decay_epochs = rule.decay != WR_DECAY_CONSTANT ? epochs : 0;
    struct wr_ensemble ensemble = {
        .stack = t->stack,
        .tasks = t->tasks,
        .batch = t->recipe.batch,
        .windows = {.count = t->windows,
                    .input_stride = t->stack.shape.seq_len * t->stack.shape.inputs,
                    .target_stride = t->stack.shape.outputs,
                    .inputs = t->inputs,
                    .targets = t->targets,
                    .loss_weights = t->weights},
        .rule = rule};
    struct wr_validation validation = {.first = t->validates,
                                       .count = t->validated,
                                       .every = validation_interval(&t->recipe, epochs),
                                       .patience = t->recipe.patience};
    struct wr_train_options options = {.epochs = epochs,
                                       .validation = t->recipe.validate > 0 ? &validation : NULL,
                                       .on_event = on_event,
                                       .context = (void *)t->chunk,
                                       .stop = t->chunk->stop};
    struct wr_train_result result = {0};
    struct wr_session *session = NULL;
    wr_status status = wr_session_open(t->chunk->device, &ensemble, &session, error);
    if (status == WR_OK)
        status = wr_train(session, &options, &result, error);
    if (status == WR_OK)
        status = wr_session_read(session, WR_PARAMETERS, t->stack.parameters, error);
    if (status == WR_OK)
        keep(t, &result);
    wr_train_result_release(&result);
    wr_session_close(session);
    return status;
}

wr_status wr_chunk_train(const struct wr_chunk *chunk, struct wr_error *error) {
    struct training t = {.chunk = chunk, .P = wr_fit_parameters(chunk->fit)};
    t.recipe = recipe_with(chunk->fit, chunk->fit->series[chunk->which[0]].window);
    t.stack.shape = chunk->fit->stack.shape;
    t.stack.shape.seq_len = t.recipe.window;
    t.stack.count = chunk->count * t.recipe.seeds;
    wr_status status = cut_windows(&t, error);
    if (status == WR_OK)
        status = set_models(&t, error);
    if (status == WR_OK)
        status = train(&t, error);
    wr_pool_release(&t.pool);
    return status;
}
