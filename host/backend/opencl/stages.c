/* The stages. Each is one or two launches, or more where gradients are tiled. */
#include "backend/opencl/opencl.h"

#include "numerics.h"

wr_status wr_cl_stages_make(struct wr_cl_session *session, struct wr_error *error) {
    if (session->stages_ready)
        return WR_OK;
    wr_status status =
        wr_cl_plan_check(wr_cl_device_of(&session->base), &session->plan, true, NULL, error);
    if (status == WR_OK)
        status = wr_cl_buffers_make(session, WR_CL_FIRST_STAGE_BUFFER, WR_CL_BUFFERS, error);
    if (status == WR_OK)
        status = wr_cl_staged_make(session, error);
    session->stages_ready = status == WR_OK;
    return status;
}

/* Enqueues one kernel on windows first .. first + count - 1 of every model. */
static wr_status enqueue(struct wr_cl_session *session, enum wr_cl_kernel which, size_t first,
                         size_t count, struct wr_error *error) {
    wr_status status = wr_cl_set_argument(session, which, WR_CL_ARG_FIRST, first, error);
    if (status == WR_OK)
        status = wr_cl_set_argument(session, which, WR_CL_ARG_COUNT, count, error);
    return status == WR_OK ? wr_cl_launch(session, which, error) : status;
}

/* Enqueues the gradients of the batch, one slice of its segments after the other. */
static wr_status gradients_tiled(struct wr_cl_session *session, size_t first, size_t count,
                                 struct wr_error *error) {
    const enum wr_cl_kernel kernels[] = {WR_CL_SEGMENTS_TILED, WR_CL_ADD_SEGMENTS};
    const size_t B = session->base.ensemble.batch, slots = count < B ? count : B;
    wr_status status = WR_OK;
    for (size_t segment = 0; status == WR_OK && segment * WR_SEGMENT < slots;
         segment += session->plan.slice) {
        for (size_t i = 0; status == WR_OK && i < sizeof kernels / sizeof kernels[0]; ++i) {
            status = wr_cl_set_argument(session, kernels[i], WR_CL_ARG_SEGMENT, segment, error);
            if (status == WR_OK)
                status = enqueue(session, kernels[i], first, count, error);
        }
    }
    return status;
}

wr_status wr_cl_stage(struct wr_cl_session *session, enum wr_cl_kernel which, size_t first,
                      size_t count, struct wr_error *error) {
    wr_status status = WR_OK;
    if (which == WR_CL_FORWARD && !session->base.in_order)
        status = enqueue(session, WR_CL_EPOCH_VISIT, first, count, error);
    if (which == WR_CL_CLIP && session->base.ensemble.rule.clipping == WR_CLIPPING_NORM)
        status = enqueue(session, WR_CL_CLIP_FACTORS, first, count, error);
    if (status != WR_OK)
        return status;
    if (session->plan.staged == WR_CL_TILED) {
        if (which == WR_CL_BPTT_GRADIENTS)
            return gradients_tiled(session, first, count, error);
        which = which == WR_CL_FORWARD       ? WR_CL_FORWARD_TILED
                : which == WR_CL_BPTT_DELTAS ? WR_CL_DELTAS_TILED
                                             : which;
    }
    return enqueue(session, which, first, count, error);
}

/* Runs one stage on the current batch of the session and waits for its end. */
static wr_status stage(struct wr_session *base, enum wr_cl_kernel which, struct wr_error *error) {
    struct wr_cl_session *session = (struct wr_cl_session *)base;
    wr_status status = wr_cl_stages_make(session, error);
    if (status == WR_OK)
        status = wr_cl_stage(session, which, base->batch_first, base->batch_count, error);
    return status == WR_OK ? wr_cl_finish(session, error) : status;
}

wr_status wr_cl_forward(struct wr_session *session, struct wr_error *error) {
    return stage(session, WR_CL_FORWARD, error);
}

wr_status wr_cl_bptt(struct wr_session *session, struct wr_error *error) {
    wr_status status = stage(session, WR_CL_BPTT_DELTAS, error);
    return status == WR_OK ? stage(session, WR_CL_BPTT_GRADIENTS, error) : status;
}

wr_status wr_cl_clip(struct wr_session *session, struct wr_error *error) {
    return stage(session, WR_CL_CLIP, error);
}

wr_status wr_cl_update(struct wr_session *session, struct wr_error *error) {
    return stage(session, WR_CL_UPDATE, error);
}
