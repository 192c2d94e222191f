#include "windrow/train.h"

#include "backend/backend.h"
#include "base/arithmetic.h"
#include "train/validate.h"

#include <math.h>
#include <stdlib.h>

/* ---- forward alone, on the cpu backend ---- */

static wr_status sub_view(const struct wr_windows_view *windows, size_t first, size_t count,
                          struct wr_windows_view *range, struct wr_error *error) {
    if (count == 0 || first >= windows->count || count > windows->count - first)
        return wr_fail(error, WR_ERR_USAGE, "%zu windows from %zu on, of %zu", count, first,
                       windows->count);
    *range = *windows;
    range->count = count;
    range->inputs += first * windows->input_stride;
    if (range->targets != NULL)
        range->targets += first * windows->target_stride;
    return WR_OK;
}

/* The predictions for the first batch of a forward ensemble. */
static wr_status predict(const struct wr_ensemble *ensemble, float *predictions,
                         struct wr_error *error) {
    struct wr_device *cpu = NULL;
    struct wr_session *session = NULL;
    wr_status status = wr_device_open("cpu", NULL, &cpu, error);
    if (status == WR_OK)
        status = wr_session_open(cpu, ensemble, &session, error);
    if (status == WR_OK)
        status = wr_session_forward(session, 0, ensemble->batch, error);
    if (status == WR_OK)
        status = wr_session_read(session, WR_PREDICTIONS, predictions, error);
    wr_session_close(session);
    wr_device_close(cpu);
    return status;
}

wr_status wr_predict(const struct wr_stack *stack, enum wr_activation activation,
                     const struct wr_windows_view *windows, size_t first, size_t count,
                     float *predictions, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_ensemble ensemble = {.stack = *stack,
                                   .batch = count,
                                   .schedule = WR_SCHEDULE_FORWARD,
                                   .rule = {.activation = activation}};
    wr_status status = sub_view(windows, first, count, &ensemble.windows, error);
    return status == WR_OK ? predict(&ensemble, predictions, error) : status;
}

wr_status wr_predict_each(const struct wr_stack *stack, enum wr_activation activation,
                          const struct wr_windows_view *windows, const size_t *which,
                          float *predictions, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_task *tasks = wr_alloc(stack->count, sizeof *tasks, "tasks", error);
    if (tasks == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < stack->count; m++)
        tasks[m] = (struct wr_task){.first = which[m], .count = 1};
    const struct wr_ensemble ensemble = {.stack = *stack,
                                         .tasks = tasks,
                                         .batch = 1,
                                         .schedule = WR_SCHEDULE_FORWARD,
                                         .windows = *windows,
                                         .rule = {.activation = activation}};
    wr_status status = predict(&ensemble, predictions, error);
    free(tasks);
    return status;
}

wr_status wr_evaluate(const struct wr_stack *stack, const struct wr_rule *rule,
                      const struct wr_windows_view *windows, size_t first, size_t count,
                      double *mean_losses, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_device *cpu = NULL;
    struct wr_session *session = NULL;
    size_t batch = count < WR_EVALUATED_AT_ONCE ? count : WR_EVALUATED_AT_ONCE, floats;
    size_t models = stack->count;
    struct wr_ensemble ensemble = {
        .stack = *stack, .batch = batch, .schedule = WR_SCHEDULE_FORWARD};
    if (rule != NULL)
        ensemble.rule = *rule;
    wr_status status = sub_view(windows, first, count, &ensemble.windows, error);
    if (status != WR_OK)
        return status;
    if (!wr_size_mul(models, batch, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "the losses of %zu models overflow", models);
    float *losses = wr_alloc(floats, sizeof *losses, "losses", error); /* (M, batch) */
    if (losses == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < models; m++)
        mean_losses[m] = 0;
    status = wr_device_open("cpu", NULL, &cpu, error);
    if (status == WR_OK)
        status = wr_session_open(cpu, &ensemble, &session, error);
    if (status == WR_OK)
        status = wr_add_losses(session, models, count, batch, losses, mean_losses, error);
    for (size_t m = 0; m < models && status == WR_OK; m++)
        mean_losses[m] = isnan(mean_losses[m]) ? (double)NAN : mean_losses[m] / (double)count;
    wr_session_close(session);
    wr_device_close(cpu);
    free(losses);
    return status;
}
