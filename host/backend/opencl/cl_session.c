/* Sessions: their buffers, and copies into them and out of them. */
#include "backend/opencl/opencl.h"

#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define FILL_BYTES ((size_t)1 << 20) /* written at the same time */

wr_status wr_cl_put(struct wr_cl_session *session, enum wr_cl_buffer which, const void *from,
                    size_t bytes, struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    cl_int code = clEnqueueWriteBuffer(device->queue, session->buffers[which], CL_TRUE, 0, bytes,
                                       from, 0, NULL, NULL);
    return wr_cl_check(device, "clEnqueueWriteBuffer", code, error);
}

wr_status wr_cl_get(struct wr_cl_session *session, enum wr_cl_buffer which, void *to, size_t bytes,
                    struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    cl_int code = clEnqueueReadBuffer(device->queue, session->buffers[which], CL_TRUE, 0, bytes, to,
                                      0, NULL, NULL);
    return wr_cl_check(device, "clEnqueueReadBuffer", code, error);
}

/* Writes instead of calling clEnqueueFillBuffer: Oclgrind treats bytes that this fills as
 * uninitialised. */
wr_status wr_cl_fill(struct wr_cl_session *session, enum wr_cl_buffer which, size_t bytes,
                     uint32_t pattern, struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    size_t room = bytes < FILL_BYTES ? bytes : FILL_BYTES;
    uint32_t *block =
        wr_alloc(room / sizeof pattern, sizeof pattern, "a block to fill with", error);
    if (!block)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < room / sizeof pattern; ++i)
        block[i] = pattern;
    cl_int code = CL_SUCCESS;
    for (size_t at = 0; code == CL_SUCCESS && at < bytes; at += room) {
        size_t length = bytes - at < room ? bytes - at : room;
        code = clEnqueueWriteBuffer(device->queue, session->buffers[which], CL_TRUE, at, length,
                                    block, 0, NULL, NULL);
    }
    free(block);
    return wr_cl_check(device, "clEnqueueWriteBuffer", code, error);
}

wr_status wr_cl_buffers_make(struct wr_cl_session *session, int first, int last,
                             struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    wr_status status = WR_OK;
    for (int i = first; status == WR_OK && i < last; ++i) {
        cl_int code;
        if (session->plan.bytes[i] == 0 || session->buffers[i])
            continue;
        session->buffers[i] =
            clCreateBuffer(device->context, CL_MEM_READ_WRITE, session->plan.bytes[i], NULL, &code);
        status = wr_cl_check(device, "clCreateBuffer", code, error);
        if (status == WR_OK)
            status = wr_cl_fill(session, (enum wr_cl_buffer)i, session->plan.bytes[i], 0, error);
    }
    return status;
}

static wr_status put_tasks(struct wr_cl_session *session, struct wr_error *error) {
    const struct wr_ensemble *ensemble = &session->base.ensemble;
    struct wr_model_task *tasks =
        wr_alloc(ensemble->stack.count, sizeof *tasks, "the models' tasks", error);
    if (!tasks)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < ensemble->stack.count; ++m) {
        const struct wr_task *task = &ensemble->tasks[m];
        tasks[m] =
            (struct wr_model_task){.first = task->first,
                                   .count = task->count,
                                   .visits = task->visits,
                                   .lr = task->lr,
                                   .clip = task->clip,
                                   .seed = task->seed,
                                   .decay_per_update = wr_decay_per_update(&session->base, m)};
    }
    wr_status status =
        wr_cl_put(session, WR_CL_TASKS, tasks, session->plan.bytes[WR_CL_TASKS], error);
    free(tasks);
    return status;
}

/* Every model has trained session->epochs epochs and goes on. */
static wr_status put_progress(struct wr_cl_session *session, struct wr_error *error) {
    size_t M = session->base.ensemble.stack.count;
    struct wr_model_progress *progress =
        wr_alloc(M, sizeof *progress, "the models' progress", error);
    if (!progress)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < M; ++m) {
        progress[m].epoch = (uint32_t)session->epochs;
        progress[m].diverged = WR_RUNNING;
    }
    wr_status status =
        wr_cl_put(session, WR_CL_PROGRESS, progress, session->plan.bytes[WR_CL_PROGRESS], error);
    free(progress);
    return status;
}

static wr_status put_gradient_factors(struct wr_cl_session *session, struct wr_error *error) {
    const struct wr_ensemble *ensemble = &session->base.ensemble;
    if (session->plan.bytes[WR_CL_GRADIENT_FACTORS] == 0) /* it does not train */
        return WR_OK;
    float *gradient_factors =
        wr_alloc(ensemble->batch + 1, sizeof *gradient_factors, "gradient factors", error);
    if (!gradient_factors)
        return WR_ERR_MEMORY;
    for (size_t n = 1; n <= ensemble->batch; ++n)
        gradient_factors[n] =
            wr_gradient_factor(ensemble->rule.loss, ensemble->stack.shape.outputs, n);
    wr_status status = wr_cl_put(session, WR_CL_GRADIENT_FACTORS, gradient_factors,
                                 session->plan.bytes[WR_CL_GRADIENT_FACTORS], error);
    free(gradient_factors);
    return status;
}

static wr_status put_corrections(struct wr_cl_session *session, struct wr_error *error) {
    float *corrections;
    size_t pairs;
    if (session->plan.pairs == 0)
        return WR_OK;
    wr_status status = wr_corrections(&session->base.ensemble.rule, &corrections, &pairs, error);
    if (status != WR_OK)
        return status;
    status = wr_cl_put(session, WR_CL_CORRECTIONS, corrections,
                       session->plan.bytes[WR_CL_CORRECTIONS], error);
    free(corrections);
    return status;
}

wr_status wr_cl_write_windows(struct wr_session *base, struct wr_error *error) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    const struct wr_ensemble *ensemble = &base->ensemble;
    const struct {
        enum wr_cl_buffer which;
        const float *values;
    } arrays[] = {
        {WR_CL_INPUTS, ensemble->windows.inputs},
        {WR_CL_TARGETS, ensemble->windows.targets},
        {WR_CL_WEIGHTS, ensemble->windows.loss_weights},
    };
    wr_status status = WR_OK;
    for (size_t i = 0; status == WR_OK && i < sizeof arrays / sizeof arrays[0]; ++i)
        status = wr_cl_put(session, arrays[i].which, arrays[i].values,
                           session->plan.bytes[arrays[i].which], error);
    return status;
}

static wr_status upload(struct wr_cl_session *session, struct wr_error *error) {
    wr_status status = wr_cl_write_windows(&session->base, error);
    if (status == WR_OK)
        status = put_tasks(session, error);
    if (status == WR_OK)
        status = put_gradient_factors(session, error);
    if (status == WR_OK)
        status = put_corrections(session, error);
    if (status == WR_OK)
        status = wr_cl_write_state(&session->base, 0, session->base.ensemble.stack.parameters, NULL,
                                   error);
    return status;
}

wr_status wr_cl_open_session(struct wr_session *base, struct wr_error *error) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    const struct wr_cl_device *device = wr_cl_device_of(base);
    wr_status status =
        wr_cl_plan_make(device, &base->ensemble, &base->layout, &session->plan, error);
    if (status == WR_OK)
        status = wr_cl_plan_check(device, &session->plan, !session->plan.fused, NULL, error);
    if (status == WR_OK)
        status = wr_cl_buffers_make(session, 0, WR_CL_FIRST_STAGE_BUFFER, error);
    if (status == WR_OK)
        status = upload(session, error);
    if (status == WR_OK)
        status = session->plan.fused ? wr_cl_fused_make(session, error)
                                     : wr_cl_stages_make(session, error);
    session->pace = 1;
    return status;
}

void wr_cl_close_session(struct wr_session *base) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    for (int i = 0; i < WR_CL_KINDS; ++i)
        wr_cl_kernels_free(session, (enum wr_cl_kind)i);
    for (int i = 0; i < WR_CL_BUFFERS; ++i)
        if (session->buffers[i])
            clReleaseMemObject(session->buffers[i]);
}

wr_status wr_cl_read(struct wr_session *base, enum wr_tensor tensor, float *values,
                     struct wr_error *error) {
    static const enum wr_cl_buffer sources[] = {
        [WR_PARAMETERS] = WR_CL_PARAMETERS,
        [WR_GRADIENTS] = WR_CL_GRADIENTS,
        [WR_HIDDEN] = WR_CL_HIDDEN,
        [WR_DELTAS] = WR_CL_DELTAS,
        [WR_PREDICTIONS] = WR_CL_PREDICTIONS,
        [WR_LOSSES] = WR_CL_LOSSES,
        [WR_STATE] = WR_CL_STATE,
    };
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    enum wr_cl_buffer source = sources[tensor];
    if (session->plan.bytes[source] == 0) /* no state */
        return WR_OK;
    return wr_cl_get(session, source, values, session->plan.bytes[source], error);
}

wr_status wr_cl_write_state(struct wr_session *base, size_t epochs, const float *parameters,
                            const float *state, struct wr_error *error) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    size_t bytes = session->plan.bytes[WR_CL_STATE]; /* 0 where the optimizer has none */
    session->epochs = epochs;
    wr_status status = wr_cl_put(session, WR_CL_PARAMETERS, parameters,
                                 session->plan.bytes[WR_CL_PARAMETERS], error);
    if (status == WR_OK && bytes > 0)
        status = state != NULL ? wr_cl_put(session, WR_CL_STATE, state, bytes, error)
                               : wr_cl_fill(session, WR_CL_STATE, bytes, 0, error);
    return status == WR_OK ? put_progress(session, error) : status;
}

wr_status wr_cl_freeze(struct wr_session *base, const unsigned char *frozen,
                       struct wr_error *error) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    size_t M = base->ensemble.stack.count, bytes = session->plan.bytes[WR_CL_PROGRESS];
    struct wr_model_progress *progress =
        wr_alloc(M, sizeof *progress, "the models' progress", error);
    if (!progress)
        return WR_ERR_MEMORY;
    wr_status status = wr_cl_get(session, WR_CL_PROGRESS, progress, bytes, error);
    for (size_t m = 0; status == WR_OK && m < M; ++m)
        if (frozen[m] && progress[m].diverged == WR_RUNNING)
            progress[m].diverged = WR_FROZEN;
    if (status == WR_OK)
        status = wr_cl_put(session, WR_CL_PROGRESS, progress, bytes, error);
    free(progress);
    return status;
}

wr_status wr_cl_diverged(struct wr_session *base, uint32_t *diverged, struct wr_error *error) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    size_t M = base->ensemble.stack.count;
    struct wr_model_progress *progress =
        wr_alloc(M, sizeof *progress, "the models' progress", error);
    if (!progress)
        return WR_ERR_MEMORY;
    wr_status status =
        wr_cl_get(session, WR_CL_PROGRESS, progress, session->plan.bytes[WR_CL_PROGRESS], error);
    for (size_t m = 0; status == WR_OK && m < M; ++m)
        diverged[m] = progress[m].diverged == WR_RUNNING ? WR_NOT_DIVERGED : progress[m].diverged;
    free(progress);
    return status;
}
