#include "backend/session.h"

#include "backend/ensemble.h"

#include "backend/optional.h"
#include "base/arithmetic.h"
#include "layout.h"
#include "model/choices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *wr_schedule_name(enum wr_schedule schedule) {
    static const char *const names[] = {"auto", "staged", "fused", "forward"};
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
    size_t count = session->ensemble.tasks[model].visits;
    if (session->batch_first >= count)
        return 0;
    size_t left = count - session->batch_first;
    return left < session->batch_count ? left : session->batch_count;
}

/* ---- memory ---- */

/* Turns WR_SCHEDULE_AUTO into what the device can do, and cuts the batch to what there is. */
static wr_status resolve(struct wr_device *device, struct wr_ensemble *ensemble,
                         struct wr_error *error) {
    size_t most = wr_ensemble_most_visits(ensemble);
    if (ensemble->batch > most)
        ensemble->batch = most;
    const char *why = "";
    if (!wr_has_targets(&ensemble->windows))
        ensemble->windows.target_stride = 0; /* the same zeros for every window */
    if (!wr_trains(ensemble)) {
        ensemble->rule = wr_rule_forward(&ensemble->rule);
        return WR_OK;
    }
    bool fits =
        ensemble->schedule != WR_SCHEDULE_STAGED && wr_device_fits_fused(device, ensemble, &why);
    if (ensemble->schedule == WR_SCHEDULE_FUSED && !fits)
        return wr_fail(error, WR_ERR_DEVICE, "\1schedule=fused\1 on %s: %s; staged takes any shape",
                       device->info.id, why);
    ensemble->schedule = fits ? WR_SCHEDULE_FUSED : WR_SCHEDULE_STAGED;
    return WR_OK;
}

/* Bytes on the host beside the session: the caller's parameters and losses, our copies. */
static bool host_bytes(const struct wr_ensemble *ensemble, const struct wr_layout *layout,
                       size_t *bytes) {
    size_t each;
    return wr_size_mul(layout->count, sizeof(float), &each) && wr_size_add(each, 64, &each) &&
           wr_size_mul(each, ensemble->stack.count, bytes);
}

static wr_status check_memory(struct wr_device *device, const struct wr_ensemble *ensemble,
                              const struct wr_layout *layout, size_t *bytes,
                              struct wr_error *error) {
    size_t host, limit = wr_memory_limit();
    const struct wr_shape *shape = &ensemble->stack.shape;
    wr_status status = device->backend->memory(device, ensemble, bytes, error);
    if (status != WR_OK)
        return status;
    if (!host_bytes(ensemble, layout, &host) ||
        (device->backend->host_memory && !wr_size_add(host, *bytes, &host)))
        return wr_fail(error, WR_ERR_MEMORY, "%zu models with hidden size %zu overflow memory",
                       ensemble->stack.count, shape->hidden);
    char need[32], have[32];
    if (*bytes > device->info.memory)
        return wr_fail(error, WR_ERR_MEMORY, "%zu models with hidden size %zu need %s; %s has %s",
                       ensemble->stack.count, shape->hidden, wr_bytes_text((double)*bytes, need),
                       device->info.id, wr_bytes_text((double)device->info.memory, have));
    if (host > limit)
        return wr_fail(error, WR_ERR_MEMORY,
                       "%zu models with hidden size %zu need %s; this machine has %s",
                       ensemble->stack.count, shape->hidden, wr_bytes_text((double)host, need),
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
        status = wr_ensemble_check_sizes(ensemble, &layout, error);
    if (status == WR_OK)
        status = resolve(device, &resolved, error);
    return status == WR_OK ? check_memory(device, &resolved, &layout, bytes, error) : status;
}

/* ---- open and close ---- */

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
        status = wr_ensemble_check_sizes(ensemble, &layout, error);
    if (status == WR_OK)
        status = wr_ensemble_check(ensemble, error);
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
    opened->in_order = wr_in_order(&resolved);
    status = wr_ensemble_copy(opened, ensemble, error);
    if (status == WR_OK)
        status = device->backend->open_session(opened, error);
    opened->ensemble.stack.parameters = NULL; /* the caller's, and uploaded by now */
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

/* Whether the session has no such tensor. */
static bool lacks(const struct wr_session *session, enum wr_tensor tensor) {
    return (!wr_trains(&session->ensemble) && (tensor == WR_GRADIENTS || tensor == WR_DELTAS)) ||
           (!session->has_targets && tensor == WR_LOSSES);
}

size_t wr_session_tensor_size(const struct wr_session *session, enum wr_tensor tensor) {
    const struct wr_ensemble *ensemble = &session->ensemble;
    if (lacks(session, tensor))
        return 0;
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t slots = product(ensemble->stack.count, ensemble->batch);
    switch (tensor) {
    case WR_PARAMETERS:
    case WR_GRADIENTS:
        return product(ensemble->stack.count, session->layout.count);
    case WR_HIDDEN:
    case WR_DELTAS:
        return product(slots, product(shape->seq_len, shape->hidden));
    case WR_PREDICTIONS:
        return product(slots, shape->outputs);
    case WR_LOSSES:
        return slots;
    case WR_STATE:
        return product(ensemble->stack.count * wr_rule_states(&ensemble->rule),
                       session->layout.count);
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
    size_t batch = session->ensemble.batch, models = session->ensemble.stack.count;
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
    if ((unsigned)tensor > WR_STATE)
        return wr_fail(error, WR_ERR_USAGE, "tensor %d: 0 to %d needed", (int)tensor, WR_STATE);
    if (status == WR_OK && lacks(session, tensor))
        return wr_fail(error, WR_ERR_USAGE, "a session %s has no %s",
                       tensor == WR_LOSSES ? "whose windows have no targets"
                                           : "that does not train",
                       wr_tensor_name(tensor));
    size_t count = wr_session_tensor_size(session, tensor);
    bool kept = tensor == WR_PARAMETERS || tensor == WR_STATE;
    if (status == WR_OK && count == 0)
        return WR_OK;
    if (status == WR_OK && !kept && session->batch_count == 0) {
        memset(values, 0, count * sizeof *values); /* no stage has run */
        return WR_OK;
    }
    if (status == WR_OK)
        status = session->device->backend->read(session, tensor, values, error);
    if (status == WR_OK && !kept && tensor != WR_GRADIENTS)
        status =
            zero_unfilled(session, values,
                          count / (session->ensemble.stack.count * session->ensemble.batch), error);
    if (status == WR_OK)
        canonicalise(values, count);
    return status;
}

/* Parameters can be written to any session; the rest has a meaning only where models train. */
static wr_status check_state(const struct wr_session *session, size_t epochs,
                             const float *parameters, const float *state, struct wr_error *error) {
    if (parameters == NULL)
        return wr_fail(error, WR_ERR_USAGE, "a write of models without parameters");
    if (epochs >= WR_NOT_DIVERGED)
        return wr_fail(error, WR_ERR_USAGE, "\1epochs\1 %zu: 0 to %u needed", epochs,
                       WR_NOT_DIVERGED - 1);
    if ((epochs > 0 || state != NULL) && !wr_trains(&session->ensemble))
        return wr_fail(error, WR_ERR_USAGE,
                       "epochs or state of an optimizer on a session of schedule forward, which "
                       "does not train");
    return WR_OK;
}

wr_status wr_session_write_state(struct wr_session *session, size_t epochs, const float *parameters,
                                 const float *state, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = wr_check_process(session->device, error);
    if (status == WR_OK)
        status = check_state(session, epochs, parameters, state, error);
    if (status != WR_OK)
        return status;
    session->stages_done = 0;
    session->batch_count = 0;
    status = session->device->backend->write_state(session, epochs, parameters, state, error);
    session->start = epochs;
    session->spent = status != WR_OK;
    session->used = false;
    return status;
}

wr_status wr_session_write_parameters(struct wr_session *session, const float *values,
                                      struct wr_error *error) {
    return wr_session_write_state(session, 0, values, NULL, error);
}

wr_status wr_session_write_windows(struct wr_session *session,
                                   const struct wr_windows_view *windows, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_whole(session, error);
    if (status == WR_OK)
        status = wr_ensemble_copy_windows(session, windows, error);
    if (status != WR_OK)
        return status;
    session->stages_done = 0;
    session->batch_count = 0;
    status = wr_device_write_windows(session, error);
    session->torn = status != WR_OK;
    return status;
}

wr_status wr_session_freeze(struct wr_session *session, const unsigned char *frozen,
                            struct wr_error *error) {
    wr_status status = check_whole(session, error);
    session->used = true;
    return status == WR_OK ? wr_device_freeze(session, frozen, error) : status;
}

/* Fails if the device holds some of the last windows and some of those before. */
static wr_status check_windows(const struct wr_session *session, struct wr_error *error) {
    return !session->torn
               ? WR_OK
               : wr_fail(error, WR_ERR_USAGE, "the last write of windows failed: write them again");
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
    status = check_windows(session, error);
    if (status != WR_OK)
        return status;
    session->batch_first = first;
    session->batch_count = count;
    session->stages_done = 1;
    return session->device->backend->forward(session, error);
}

/* `what` is for sessions that train. */
static wr_status check_trains(const struct wr_session *session, const char *what,
                              struct wr_error *error) {
    wr_status status = check_whole(session, error);
    if (status == WR_OK && !wr_trains(&session->ensemble))
        status = wr_fail(error, WR_ERR_USAGE,
                         "%s on a session of schedule forward, which does not train", what);
    return status;
}

static wr_status check_stage(const struct wr_session *session, const char *stage,
                             const char *before, unsigned done, struct wr_error *error) {
    wr_status status = check_trains(session, stage, error);
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
    session->used = true;
    return session->device->backend->update(session, error);
}

/* The tick of a run, in its caller's arithmetic. */
struct ticking {
    wr_tick_fn *tick;
    void *context;
    const fenv_t *callers;
    wr_status status; /* what it returned */
};

static wr_status tick_as_caller(void *context, double updates) {
    struct ticking *ticking = context;
    WR_ARITHMETIC_OF(ticking->callers);
    return ticking->status = ticking->tick(ticking->context, updates);
}

wr_status wr_session_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                         void *context, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = check_trains(session, "run", error);
    if (status == WR_OK)
        status = check_windows(session, error);
    if (status != WR_OK || epochs == 0)
        return status;
    session->stages_done = 0;
    session->used = true;
    struct ticking ticking = {.tick = tick, .context = context, .callers = &callers};
    struct wr_error own = {0};
    if (tick != NULL)
        wr_error_release(error);
    status = session->device->backend->run(session, epochs, losses,
                                           tick != NULL ? tick_as_caller : NULL, &ticking, &own);
    if (ticking.status != WR_OK)
        status = wr_end_by_callback(ticking.status, "tick", error);
    else if (status != WR_OK)
        wr_error_move(&own, error);
    wr_error_release(&own);
    session->batch_count = 0; /* what the stage buffers hold now is the backend's affair */
    session->spent = status != WR_OK;
    if (status == WR_OK && losses != NULL)
        canonicalise(losses, epochs * session->ensemble.stack.count);
    return status;
}

wr_status wr_session_diverged(struct wr_session *session, uint32_t *diverged,
                              struct wr_error *error) {
    wr_status status = check_whole(session, error);
    if (status == WR_OK)
        status = session->device->backend->diverged(session, diverged, error);
    for (size_t m = 0; m < session->ensemble.stack.count && status == WR_OK; m++)
        if (diverged[m] == WR_FROZEN)
            diverged[m] = WR_NOT_DIVERGED;
    return status;
}

double wr_session_epoch_updates(const struct wr_session *session) {
    double updates = 0;
    for (size_t m = 0; m < session->ensemble.stack.count; m++)
        updates += (double)session->epoch_steps[m];
    return updates;
}
