#include "backend/session.h"

#include "backend/optional.h"
#include "base/arithmetic.h"
#include "layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *wr_schedule_name(enum wr_schedule schedule) {
    static const char *const names[] = {"auto", "staged", "fused"};
    return names[schedule];
}

const char *wr_tensor_name(enum wr_tensor tensor) {
    static const char *const names[] = {"parameters",  "gradients", "hidden", "deltas",
                                        "predictions", "losses",    "state"};
    return names[tensor];
}

wr_status wr_check_process(const struct wr_device *device, struct wr_error *error) {
    return wr_is_ours(device) ? WR_OK
                              : wr_fail(error, WR_ERR_USAGE,
                                        "%s was opened by process %ld and does not work in process "
                                        "%ld, which fork has made: open a device there",
                                        device->info.id, (long)device->process, (long)getpid());
}

size_t wr_batch_windows(const struct wr_session *session, size_t model) {
    size_t count = session->ensemble.visits[model];
    if (session->batch_first >= count)
        return 0;
    size_t left = count - session->batch_first;
    return left < session->batch_count ? left : session->batch_count;
}

/* ---- argument checks ---- */

static bool all_finite(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* Floats that the view's inputs (or targets) span; false if that overflows. */
static bool view_span(size_t count, size_t stride, size_t width, size_t *span) {
    return wr_size_mul(count - 1, stride, span) && wr_size_add(*span, width, span);
}

static wr_status check_windows(const struct wr_ensemble *ensemble, struct wr_error *error) {
    const struct wr_windows_view *view = &ensemble->windows;
    const struct wr_shape *shape = &ensemble->shape;
    size_t width, inputs, targets;
    if (view->count == 0 || view->inputs == NULL || view->targets == NULL ||
        view->loss_weights == NULL)
        return wr_fail(error, WR_ERR_USAGE, "the ensemble has no windows");
    if (!wr_size_mul(shape->seq_len, shape->inputs, &width) ||
        !view_span(view->count, view->input_stride, width, &inputs) ||
        !view_span(view->count, view->target_stride, shape->outputs, &targets))
        return wr_fail(error, WR_ERR_MEMORY, "%zu windows of %zu steps overflow", view->count,
                       shape->seq_len);
    if (!all_finite(view->inputs, inputs) || !all_finite(view->targets, targets) ||
        !all_finite(view->loss_weights, shape->outputs))
        return wr_fail(error, WR_ERR_DATA, "the windows hold a value that is not finite");
    return WR_OK;
}

static wr_status check_model(const struct wr_ensemble *ensemble, size_t m, struct wr_error *error) {
    if (ensemble->lr != NULL && !(isfinite(ensemble->lr[m]) && ensemble->lr[m] >= 0))
        return wr_fail(error, WR_ERR_USAGE, "learning rate %g of model %zu: finite and >= 0 needed",
                       (double)ensemble->lr[m], m);
    if (ensemble->clip != NULL && !(ensemble->clip[m] >= 0))
        return wr_fail(error, WR_ERR_USAGE, "clip %g of model %zu: >= 0 needed",
                       (double)ensemble->clip[m], m);
    if (ensemble->visits != NULL && ensemble->visits[m] == 0)
        return wr_fail(error, WR_ERR_USAGE,
                       "model %zu visits 0 windows an epoch: at least 1 needed", m);
    size_t first = ensemble->window_first != NULL ? ensemble->window_first[m] : 0;
    size_t windows = ensemble->windows.count;
    size_t count = ensemble->window_count != NULL ? ensemble->window_count[m] : windows - first;
    if (first >= windows || count == 0 || count > windows - first)
        return wr_fail(error, WR_ERR_USAGE, "model %zu: %zu windows from %zu on, of %zu", m, count,
                       first, windows);
    if (ensemble->rule.order != WR_ORDER_SEQUENTIAL && count > UINT32_MAX)
        return wr_fail(error, WR_ERR_USAGE, "model %zu: %zu windows to choose from, of %u at most",
                       m, count, UINT32_MAX);
    return WR_OK;
}

/* Everything but the parameters and, where lr is NULL, what a memory estimate can do without. */
static wr_status check_sizes(const struct wr_ensemble *ensemble, struct wr_layout *layout,
                             struct wr_error *error) {
    if (ensemble->models == 0 || ensemble->models > UINT32_MAX)
        return wr_fail(error, WR_ERR_USAGE, "%zu models: 1 to %u allowed", ensemble->models,
                       UINT32_MAX);
    if (ensemble->batch == 0)
        return wr_fail(error, WR_ERR_USAGE, "a batch of 0 windows: at least 1 needed");
    wr_status status = wr_layout_of(&ensemble->shape, layout, error);
    return status == WR_OK ? check_windows(ensemble, error) : status;
}

static wr_status check_ensemble(const struct wr_ensemble *ensemble, struct wr_error *error) {
    if (ensemble->lr == NULL || ensemble->clip == NULL || ensemble->parameters == NULL)
        return wr_fail(error, WR_ERR_USAGE, "an ensemble needs lr, clip and parameters");
    wr_status rule = wr_rule_check(&ensemble->rule, error);
    if (rule != WR_OK)
        return rule;
    for (size_t m = 0; m < ensemble->models; m++) {
        wr_status status = check_model(ensemble, m, error);
        if (status != WR_OK)
            return status;
    }
    return WR_OK;
}

/* The most visits that an epoch of a model makes. */
static size_t most_visits(const struct wr_ensemble *ensemble) {
    const size_t *visits = ensemble->visits != NULL ? ensemble->visits : ensemble->window_count;
    if (visits == NULL)
        return ensemble->windows.count;
    size_t most = 0;
    for (size_t m = 0; m < ensemble->models; m++)
        most = visits[m] > most ? visits[m] : most;
    return most;
}

/* Turns WR_SCHEDULE_AUTO into what the device can do, and cuts the batch to what there is. */
static wr_status resolve(struct wr_device *device, struct wr_ensemble *ensemble,
                         struct wr_error *error) {
    size_t most = most_visits(ensemble);
    if (ensemble->batch > most)
        ensemble->batch = most;
    const char *why = "";
    bool fits =
        ensemble->schedule != WR_SCHEDULE_STAGED && wr_device_fits_fused(device, ensemble, &why);
    if (ensemble->schedule == WR_SCHEDULE_FUSED && !fits)
        return wr_fail(error, WR_ERR_DEVICE, "`schedule=fused` on %s: %s; staged takes any shape",
                       device->info.id, why);
    ensemble->schedule = fits ? WR_SCHEDULE_FUSED : WR_SCHEDULE_STAGED;
    return WR_OK;
}

/* ---- memory ---- */

/* Bytes on the host beside the session: the caller's parameters and losses, our copies. */
static bool host_bytes(const struct wr_ensemble *ensemble, const struct wr_layout *layout,
                       size_t *bytes) {
    size_t each;
    return wr_size_mul(layout->count, sizeof(float), &each) && wr_size_add(each, 64, &each) &&
           wr_size_mul(each, ensemble->models, bytes);
}

static wr_status check_memory(struct wr_device *device, const struct wr_ensemble *ensemble,
                              const struct wr_layout *layout, size_t *bytes,
                              struct wr_error *error) {
    size_t host, limit = wr_memory_limit();
    const struct wr_shape *shape = &ensemble->shape;
    wr_status status = device->backend->memory(device, ensemble, bytes, error);
    if (status != WR_OK)
        return status;
    if (!host_bytes(ensemble, layout, &host) ||
        (device->backend->host_memory && !wr_size_add(host, *bytes, &host)))
        return wr_fail(error, WR_ERR_MEMORY, "%zu models with hidden size %zu overflow memory",
                       ensemble->models, shape->hidden);
    char need[32], have[32];
    if (*bytes > device->info.memory)
        return wr_fail(error, WR_ERR_MEMORY, "%zu models with hidden size %zu need %s; %s has %s",
                       ensemble->models, shape->hidden, wr_bytes_text((double)*bytes, need),
                       device->info.id, wr_bytes_text((double)device->info.memory, have));
    if (host > limit)
        return wr_fail(error, WR_ERR_MEMORY,
                       "%zu models with hidden size %zu need %s; this machine has %s",
                       ensemble->models, shape->hidden, wr_bytes_text((double)host, need),
                       wr_bytes_text((double)limit, have));
    return WR_OK;
}

wr_status wr_session_memory(struct wr_device *device, const struct wr_ensemble *ensemble,
                            size_t *bytes, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_ensemble resolved = *ensemble;
    struct wr_layout layout;
    wr_status status = wr_check_process(device, error);
    if (status == WR_OK)
        status = check_sizes(ensemble, &layout, error);
    if (status == WR_OK)
        status = resolve(device, &resolved, error);
    return status == WR_OK ? check_memory(device, &resolved, &layout, bytes, error) : status;
}

/* ---- open and close ---- */

/* The next `count` elements of `size` bytes in the session's one allocation. */
static void *carve(char **next, size_t count, size_t size) {
    char *here = *next;
    *next += (count * size + 15) & ~(size_t)15;
    return here;
}

static void *carve_copy(char **next, const void *from, size_t count, size_t size) {
    return memcpy(carve(next, count, size), from, count * size);
}

/* Per-model arrays: given or by default. */
static void copy_models(struct wr_session *session, const struct wr_ensemble *from, char **next) {
    struct wr_ensemble *to = &session->ensemble;
    size_t models = to->models;
    size_t *first = carve(next, models, sizeof *first), *count = carve(next, models, sizeof *count);
    size_t *visits = carve(next, models, sizeof *visits);
    float *clip = carve(next, models, sizeof *clip);
    uint32_t *seeds = carve(next, models, sizeof *seeds);
    to->lr = carve_copy(next, from->lr, models, sizeof *to->lr);
    session->epoch_steps = carve(next, models, sizeof *session->epoch_steps);
    for (size_t m = 0; m < models; m++) {
        first[m] = from->window_first != NULL ? from->window_first[m] : 0;
        count[m] =
            from->window_count != NULL ? from->window_count[m] : to->windows.count - first[m];
        clip[m] = from->clip[m] > 0 ? from->clip[m] : INFINITY; /* 0 is "none", without a case */
        visits[m] = from->visits != NULL ? from->visits[m] : count[m];
        seeds[m] = from->seeds != NULL ? from->seeds[m] : 0;
        session->epoch_steps[m] = (visits[m] - 1) / to->batch + 1;
        if (session->epoch_steps[m] > session->most_steps)
            session->most_steps = session->epoch_steps[m];
        if (visits[m] > session->most_visits)
            session->most_visits = visits[m];
    }
    to->window_first = first;
    to->window_count = count;
    to->visits = visits;
    to->seeds = seeds;
    to->clip = clip;
}

static wr_status copy_ensemble(struct wr_session *session, const struct wr_ensemble *from,
                               struct wr_error *error) {
    struct wr_windows_view *view = &session->ensemble.windows;
    const struct wr_shape *shape = &from->shape;
    size_t inputs = 0, targets = 0, models = from->models, floats, bytes;
    /* check_windows has seen that the spans do not overflow */
    (void)view_span(view->count, view->input_stride, shape->seq_len * shape->inputs, &inputs);
    (void)view_span(view->count, view->target_stride, shape->outputs, &targets);
    size_t per_model = 4 * sizeof(size_t) + 2 * sizeof(float) + sizeof(uint32_t);
    if (!wr_size_add(inputs, targets, &floats) || !wr_size_add(floats, shape->outputs, &floats) ||
        !wr_size_mul(floats, sizeof(float), &bytes) ||
        !wr_size_add(bytes, models * per_model + 256, &bytes))
        return wr_fail(error, WR_ERR_MEMORY, "%zu windows overflow memory", view->count);
    char *next = session->owned = wr_alloc(bytes, 1, "windows and models", error);
    if (next == NULL)
        return WR_ERR_MEMORY;
    copy_models(session, from, &next);
    view->inputs = carve_copy(&next, view->inputs, inputs, sizeof(float));
    view->targets = carve_copy(&next, view->targets, targets, sizeof(float));
    view->loss_weights = carve_copy(&next, view->loss_weights, shape->outputs, sizeof(float));
    return WR_OK;
}

wr_status wr_session_open_with(struct wr_device *device, const struct wr_ensemble *ensemble,
                               wr_device_check_fn *check, struct wr_session **session,
                               struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *session = NULL;
    struct wr_ensemble resolved = *ensemble;
    struct wr_layout layout;
    size_t bytes;
    wr_status status = wr_check_process(device, error);
    if (status == WR_OK)
        status = check_sizes(ensemble, &layout, error);
    if (status == WR_OK)
        status = check_ensemble(ensemble, error);
    if (status == WR_OK)
        status = resolve(device, &resolved, error);
    if (status == WR_OK)
        status = check_memory(device, &resolved, &layout, &bytes, error);
    if (status == WR_OK && check != NULL)
        status = check(device, &resolved, error);
    if (status != WR_OK)
        return status;

    struct wr_session *opened = wr_alloc(1, device->backend->session_size, "a session", error);
    if (opened == NULL)
        return WR_ERR_MEMORY;
    opened->device = device;
    opened->ensemble = resolved;
    opened->layout = layout;
    opened->in_order = wr_in_order(ensemble);
    status = copy_ensemble(opened, ensemble, error);
    if (status == WR_OK)
        status = device->backend->open_session(opened, error);
    opened->ensemble.parameters = NULL; /* the caller's, and uploaded by now */
    if (status != WR_OK) {
        wr_session_close(opened);
        return status;
    }
    *session = opened;
    return WR_OK;
}

void wr_session_close(struct wr_session *session) {
    if (session == NULL)
        return;
    if (session->device->backend->closes_anywhere || wr_is_ours(session->device))
        session->device->backend->close_session(session);
    free(session->owned);
    free(session);
}

/* ---- operations ---- */

enum wr_schedule wr_session_schedule(const struct wr_session *session) {
    return session->ensemble.schedule;
}

/* Saturates: a tensor that does not fit memory has no read-back either. */
static size_t product(size_t a, size_t b) {
    size_t result;
    return wr_size_mul(a, b, &result) ? result : SIZE_MAX;
}

size_t wr_session_tensor_size(const struct wr_session *session, enum wr_tensor tensor) {
    const struct wr_ensemble *ensemble = &session->ensemble;
    const struct wr_shape *shape = &ensemble->shape;
    size_t slots = product(ensemble->models, ensemble->batch);
    switch (tensor) {
    case WR_PARAMETERS:
    case WR_GRADIENTS:
        return product(ensemble->models, session->layout.count);
    case WR_HIDDEN:
    case WR_DELTAS:
        return product(slots, product(shape->seq_len, shape->hidden));
    case WR_PREDICTIONS:
        return product(slots, shape->outputs);
    case WR_LOSSES:
        return slots;
    case WR_STATE:
        return product(ensemble->models * wr_rule_states(&ensemble->rule), session->layout.count);
    }
    return 0;
}

/* In a process that fork has made nothing helps. After a stop midway models stand at different
 * updates: nothing but new parameters helps. */
static wr_status check_whole(const struct wr_session *session, struct wr_error *error) {
    wr_status status = wr_check_process(session->device, error);
    if (status == WR_OK && session->spent)
        status = wr_fail(error, WR_ERR_USAGE,
                         "the last run of this session did not end: write parameters");
    return status;
}

/* Every NaN is 0x7fc00000 once it leaves the device. */
static void canonicalise(float *values, size_t count) {
    static const uint32_t pattern = 0x7fc00000u;
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            memcpy(&values[i], &pattern, sizeof pattern);
}

/* Zeroes the slots that no window of the last batch filled; a diverged model fills none.
 * slots (M, B, width) */
static wr_status zero_unfilled(struct wr_session *session, float *slots, size_t width,
                               struct wr_error *error) {
    size_t batch = session->ensemble.batch, models = session->ensemble.models;
    uint32_t *diverged = wr_alloc(models, sizeof *diverged, "diverged epochs", error);
    if (diverged == NULL)
        return WR_ERR_MEMORY;
    wr_status status = session->device->backend->diverged(session, diverged, error);
    for (size_t m = 0; m < models && status == WR_OK; m++) {
        size_t filled = diverged[m] == WR_NOT_DIVERGED ? wr_batch_windows(session, m) : 0;
        memset(slots + (m * batch + filled) * width, 0, (batch - filled) * width * sizeof *slots);
    }
    free(diverged);
    return status;
}

wr_status wr_session_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                          struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_whole(session, error);
    size_t count = wr_session_tensor_size(session, tensor);
    bool kept = tensor == WR_PARAMETERS || tensor == WR_STATE;
    if (status == WR_OK && !kept && session->batch_count == 0) {
        memset(values, 0, count * sizeof *values); /* no stage has run */
        return WR_OK;
    }
    if (status == WR_OK)
        status = session->device->backend->read(session, tensor, values, error);
    if (status == WR_OK && !kept && tensor != WR_GRADIENTS)
        status = zero_unfilled(session, values,
                               count / (session->ensemble.models * session->ensemble.batch), error);
    if (status == WR_OK)
        canonicalise(values, count);
    return status;
}

wr_status wr_session_write_parameters(struct wr_session *session, const float *values,
                                      struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = wr_check_process(session->device, error);
    if (status != WR_OK)
        return status;
    session->stages_done = 0;
    status = session->device->backend->write_parameters(session, values, error);
    session->spent = status != WR_OK;
    return status;
}

wr_status wr_session_freeze(struct wr_session *session, const unsigned char *frozen,
                            struct wr_error *error) {
    wr_status status = wr_check_process(session->device, error);
    return status == WR_OK ? wr_device_freeze(session, frozen, error) : status;
}

wr_status wr_session_forward(struct wr_session *session, size_t first, size_t count,
                             struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_whole(session, error);
    if (status != WR_OK)
        return status;
    size_t batch = session->ensemble.batch, most = session->most_visits;
    if (most < session->ensemble.windows.count)
        most = session->ensemble.windows.count;
    if (count == 0 || count > batch || first >= most)
        return wr_fail(error, WR_ERR_USAGE,
                       "forward on %zu windows from %zu on: 1 to %zu windows of %zu needed", count,
                       first, batch, most);
    session->batch_first = first;
    session->batch_count = count;
    session->stages_done = 1;
    return session->device->backend->forward(session, error);
}

static wr_status check_stage(const struct wr_session *session, const char *stage,
                             const char *before, unsigned done, struct wr_error *error) {
    wr_status status = check_whole(session, error);
    if (status == WR_OK && session->stages_done < done)
        status =
            wr_fail(error, WR_ERR_USAGE, "%s comes after %s, which has not run", stage, before);
    return status;
}

wr_status wr_session_bptt(struct wr_session *session, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_stage(session, "bptt", "forward", 1, error);
    if (status != WR_OK)
        return status;
    session->stages_done = 2;
    return session->device->backend->bptt(session, error);
}

wr_status wr_session_clip(struct wr_session *session, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_stage(session, "clip", "bptt", 2, error);
    return status == WR_OK ? session->device->backend->clip(session, error) : status;
}

wr_status wr_session_update(struct wr_session *session, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_stage(session, "update", "bptt", 2, error);
    if (status != WR_OK)
        return status;
    session->stages_done = 0;
    return session->device->backend->update(session, error);
}

/* The tick of a run, in its caller's arithmetic. */
struct ticking {
    wr_tick_fn *tick;
    void *context;
    const fenv_t *callers;
};

static int tick_as_caller(void *context, double updates) {
    const struct ticking *ticking = context;
    WR_ARITHMETIC_OF(ticking->callers);
    return ticking->tick(ticking->context, updates);
}

wr_status wr_session_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                         void *context, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_whole(session, error);
    if (status != WR_OK || epochs == 0)
        return status;
    session->stages_done = 0;
    struct ticking ticking = {.tick = tick, .context = context, .callers = &callers};
    status = session->device->backend->run(session, epochs, losses,
                                           tick != NULL ? tick_as_caller : NULL, &ticking, error);
    session->batch_count = 0; /* what the stage buffers hold now is the backend's affair */
    session->spent = status != WR_OK;
    if (status == WR_OK && losses != NULL)
        canonicalise(losses, epochs * session->ensemble.models);
    return status;
}

wr_status wr_session_diverged(struct wr_session *session, uint32_t *diverged,
                              struct wr_error *error) {
    wr_status status = check_whole(session, error);
    if (status == WR_OK)
        status = session->device->backend->diverged(session, diverged, error);
    for (size_t m = 0; m < session->ensemble.models && status == WR_OK; m++)
        if (diverged[m] == WR_FROZEN)
            diverged[m] = WR_NOT_DIVERGED;
    return status;
}

double wr_session_epoch_updates(const struct wr_session *session) {
    double updates = 0;
    for (size_t m = 0; m < session->ensemble.models; m++)
        updates += (double)session->epoch_steps[m];
    return updates;
}
