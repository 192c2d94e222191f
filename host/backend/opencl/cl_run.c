/* Trains whole epochs, fused or staged. The work is cut into stretches of about a tenth of a
 * second. */
#include "backend/opencl/opencl.h"

#include "layout.h"

/* Seconds between two ticks: progress is shown, Ctrl-C works, and no launch is long enough for a
 * watchdog. */
#define STRETCH  0.1
#define GROWTH   8 /* how much longer than the last one a stretch can be, at most */
#define LAUNCHES 8 /* launches of a stretch where halves of the models overlap */

/* One call of run. */
struct run {
    struct wr_cl_session *session;
    wr_tick_fn *tick;
    void *context;
    size_t done;  /* epochs of this call in earlier chunks */
    double began; /* when this stretch began */
};

/* The updates of all models together after each has made `steps`, or as many as `epochs` epochs
 * have for it if that is fewer. */
static double updates_made(const struct run *run, size_t epochs, size_t steps) {
    const struct wr_session *session = &run->session->base;
    double sum = 0;
    for (size_t m = 0; m < session->ensemble.stack.count; ++m) {
        double all = (double)epochs * (double)session->epoch_steps[m];
        sum += (double)steps < all ? (double)steps : all;
    }
    return sum;
}

/* Waits for the device, sets the pace from the time that `steps` steps took, and ticks. `updates`
 * is the number of updates of all models since the call began. */
static wr_status end_stretch(struct run *run, size_t steps, double updates,
                             struct wr_error *error) {
    wr_status status = wr_cl_finish(run->session, error);
    if (status != WR_OK)
        return status;
    double now = wr_seconds(), took = now - run->began;
    double most = (double)steps * GROWTH; /* limit of the pace; never below the pace */
    if (most < (double)run->session->pace)
        most = (double)run->session->pace;
    double fitting = took > 0 ? (double)steps * STRETCH / took : most;
    if (fitting > most)
        fitting = most;
    run->session->pace = fitting > 1 ? (size_t)fitting : 1;
    run->began = now;
    if (run->tick != NULL && run->tick(run->context, updates) != WR_OK)
        return wr_fail(error, WR_ERR_STOPPED, "stopped after %.0f updates", updates);
    return WR_OK;
}

/* Enqueues `steps` updates of every model. */
static wr_status enqueue_fused(struct wr_cl_session *session, enum wr_cl_kernel which, size_t steps,
                               struct wr_error *error) {
    const bool several = wr_cl_device_of(&session->base)->second && !session->base.known_case;
    const size_t launches = several ? LAUNCHES : 1;
    wr_status status = WR_OK;
    for (size_t i = 0; status == WR_OK && i < launches; ++i) {
        const size_t updates = steps / launches + (i < steps % launches);
        if (updates > 0)
            status = wr_cl_set_argument(session, which, WR_CL_ARG_UPDATES, updates, error);
        if (status == WR_OK && updates > 0)
            status = wr_cl_launch_halves(session, which, error);
    }
    return status;
}

/* Trains `rows` epochs. Each launch makes some updates of every model. */
static wr_status run_fused(struct run *run, size_t rows, struct wr_error *error) {
    struct wr_cl_session *session = run->session;
    size_t all = rows * session->base.most_steps, made = 0;
    const enum wr_cl_kernel which = session->plan.wide.parts > 0  ? WR_CL_RUN_WIDE
                                    : session->plan.rows.pack > 0 ? WR_CL_RUN_ROWS
                                                                  : WR_CL_RUN_FUSED;
    wr_status status = WR_OK;
    while (status == WR_OK && made < all) {
        size_t steps = session->pace < all - made ? session->pace : all - made;
        status = wr_cl_set_argument(session, which, WR_CL_ARG_BEGIN, session->epochs, error);
        if (status == WR_OK)
            status =
                wr_cl_set_argument(session, which, WR_CL_ARG_END, session->epochs + rows, error);
        if (status == WR_OK)
            status = enqueue_fused(session, which, steps, error);
        made += steps;
        if (status == WR_OK)
            status = end_stretch(
                run, steps, updates_made(run, run->done, SIZE_MAX) + updates_made(run, rows, made),
                error);
    }
    return status;
}

/* Enqueues one update of every model that still has windows from `first` on. */
static wr_status enqueue_update(struct wr_cl_session *session, size_t first,
                                struct wr_error *error) {
    static const enum wr_cl_kernel stages[] = {WR_CL_FORWARD,        WR_CL_BPTT_DELTAS,
                                               WR_CL_BPTT_GRADIENTS, WR_CL_CLIP,
                                               WR_CL_UPDATE,         WR_CL_EPOCH_ADD};
    wr_status status = WR_OK;
    for (size_t i = 0; status == WR_OK && i < sizeof stages / sizeof stages[0]; ++i)
        status = wr_cl_stage(session, stages[i], first, session->base.ensemble.batch, error);
    return status;
}

/* Trains `rows` epochs with a launch for each stage. Only the end of a stretch waits. */
static wr_status run_staged(struct run *run, size_t rows, struct wr_error *error) {
    struct wr_cl_session *session = run->session;
    size_t most = session->base.most_steps, pending = 0;
    wr_status status = WR_OK;
    for (size_t row = 0; status == WR_OK && row < rows; ++row) {
        for (size_t step = 0; status == WR_OK && step < most; ++step) {
            status = enqueue_update(session, step * session->base.ensemble.batch, error);
            if (status == WR_OK && ++pending >= session->pace) {
                status = end_stretch(run, pending,
                                     updates_made(run, run->done + row, SIZE_MAX) +
                                         updates_made(run, 1, step + 1),
                                     error);
                pending = 0;
            }
        }
        if (status == WR_OK)
            status = wr_cl_set_argument(session, WR_CL_EPOCH_END, WR_CL_ARG_ROW, row, error);
        if (status == WR_OK)
            status = wr_cl_launch(session, WR_CL_EPOCH_END, error);
    }
    return status == WR_OK ? wr_cl_finish(session, error) : status;
}

/* Trains a chunk: `rows` epochs, no more than the device can keep losses of. losses (rows, M) or
 * NULL. */
static wr_status run_chunk(struct run *run, size_t rows, float *losses, struct wr_error *error) {
    struct wr_cl_session *session = run->session;
    size_t M = session->base.ensemble.stack.count;
    /* Diverged models write no loss, so that their losses stay NaN. */
    wr_status status =
        wr_cl_fill(session, WR_CL_EPOCH_LOSSES, rows * M * sizeof *losses, WR_CL_NAN, error);
    if (status == WR_OK)
        status = session->plan.fused ? run_fused(run, rows, error) : run_staged(run, rows, error);
    if (status != WR_OK || !losses)
        return status;
    return wr_cl_get(session, WR_CL_EPOCH_LOSSES, losses, rows * M * sizeof *losses, error);
}

wr_status wr_cl_run(struct wr_session *base, size_t epochs, float *losses, wr_tick_fn *tick,
                    void *context, struct wr_error *error) {
    struct run run = {.session = (struct wr_cl_session *)base,
                      .tick = tick,
                      .context = context,
                      .began = wr_seconds()};
    size_t most = run.session->plan.loss_rows, M = base->ensemble.stack.count;
    if (epochs >= WR_FROZEN - run.session->epochs)
        return wr_fail(error, WR_ERR_USAGE,
                       "%zu epochs after %zu: a model has at most %u; write parameters", epochs,
                       run.session->epochs, WR_FROZEN - 1);
    if (base->known_case) /* so that a known case also tests a long launch */
        run.session->pace = UINT32_MAX;
    wr_status status = WR_OK;
    while (status == WR_OK && run.done < epochs) {
        size_t left = epochs - run.done, rows = left < most ? left : most;
        status = run_chunk(&run, rows, losses ? losses + run.done * M : NULL, error);
        run.done += rows;
        run.session->epochs += rows;
    }
    if (status != WR_OK) /* so that nothing of this run writes into the next one */
        (void)wr_cl_finish(run.session, NULL);
    return status;
}
