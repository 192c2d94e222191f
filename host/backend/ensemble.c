#include "backend/ensemble.h"

#include "model/choices.h"

#include <math.h>
#include <string.h>

/* ---- checks ---- */

static bool all_finite(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* Floats that `count` windows span, each `width` wide; false if that overflows. */
static bool view_span(size_t count, size_t stride, size_t width, size_t *span) {
    return wr_size_mul(count - 1, stride, span) && wr_size_add(*span, width, span);
}

bool wr_has_targets(const struct wr_windows_view *view) {
    return view->targets != NULL && view->loss_weights != NULL;
}

/* Floats that the view's inputs and targets span; without targets, one window's room for them.
 * False if that overflows. */
static bool spans(const struct wr_windows_view *view, bool has_targets,
                  const struct wr_shape *shape, size_t *inputs, size_t *targets) {
    size_t width;
    return wr_size_mul(shape->seq_len, shape->inputs, &width) &&
           view_span(view->count, view->input_stride, width, inputs) &&
           view_span(view->count, has_targets ? view->target_stride : 0, shape->outputs, targets);
}

static wr_status check_values(const struct wr_windows_view *view, bool has_targets,
                              const struct wr_shape *shape, struct wr_error *error) {
    size_t inputs = 0, targets = 0; /* check_windows has seen that they do not overflow */
    (void)spans(view, has_targets, shape, &inputs, &targets);
    if (!all_finite(view->inputs, inputs) ||
        (has_targets &&
         (!all_finite(view->targets, targets) || !all_finite(view->loss_weights, shape->outputs))))
        return wr_fail(error, WR_ERR_DATA, "the windows hold a value that is not finite");
    return WR_OK;
}

static wr_status check_windows(const struct wr_ensemble *ensemble, struct wr_error *error) {
    const struct wr_windows_view *view = &ensemble->windows;
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t inputs, targets;
    if (view->count == 0 || view->inputs == NULL)
        return wr_fail(error, WR_ERR_USAGE, "the ensemble has no windows");
    if (!wr_has_targets(view) &&
        (wr_trains(ensemble) || view->targets != NULL || view->loss_weights != NULL))
        return wr_fail(error, WR_ERR_USAGE,
                       "the windows lack targets or loss_weights: training needs both, schedule "
                       "forward both or neither");
    if (!spans(view, wr_has_targets(view), shape, &inputs, &targets))
        return wr_fail(error, WR_ERR_MEMORY, "%zu windows of %zu steps overflow", view->count,
                       shape->seq_len);
    return check_values(view, wr_has_targets(view), shape, error);
}

static wr_status check_task(const struct wr_ensemble *ensemble, size_t m, struct wr_error *error) {
    const struct wr_task task = wr_ensemble_task(ensemble, m), *given = &ensemble->tasks[m];
    size_t windows = ensemble->windows.count;
    bool trains = wr_trains(ensemble);
    if (trains && !(isfinite(given->lr) && given->lr >= 0))
        return wr_fail(error, WR_ERR_USAGE, "\1lr\1 %g of model %zu: finite and at least 0 needed",
                       (double)given->lr, m);
    if (trains && !(given->clip >= 0))
        return wr_fail(error, WR_ERR_USAGE, "\1clip\1 %g of model %zu: at least 0 needed",
                       (double)given->clip, m);
    if (given->first >= windows || task.count > windows - given->first)
        return wr_fail(error, WR_ERR_USAGE, "model %zu: %zu windows from %zu on, of %zu", m,
                       given->count, given->first, windows);
    if (trains && ensemble->rule.order != WR_ORDER_SEQUENTIAL && task.count > UINT32_MAX)
        return wr_fail(error, WR_ERR_USAGE, "model %zu: %zu windows to choose from, of %u at most",
                       m, task.count, UINT32_MAX);
    return WR_OK;
}

wr_status wr_ensemble_check_sizes(const struct wr_ensemble *ensemble, struct wr_layout *layout,
                                  struct wr_error *error) {
    const struct wr_stack *stack = &ensemble->stack;
    if (stack->count == 0 || stack->count > UINT32_MAX)
        return wr_fail(error, WR_ERR_USAGE, "%zu models: 1 to %u allowed", stack->count,
                       UINT32_MAX);
    if ((unsigned)ensemble->schedule > WR_SCHEDULE_FORWARD)
        return wr_fail(error, WR_ERR_USAGE, "\1schedule\1 %d: there is no such",
                       (int)ensemble->schedule);
    if (ensemble->batch == 0)
        return wr_fail(error, WR_ERR_USAGE, "\1batch\1 0: at least 1 window needed");
    wr_status status = wr_layout_of(&stack->shape, layout, error);
    if (status == WR_OK)
        status = check_windows(ensemble, error);
    for (size_t m = 0; m < stack->count && ensemble->tasks != NULL && status == WR_OK; m++)
        status = check_task(ensemble, m, error);
    const struct wr_rule forward = wr_rule_forward(&ensemble->rule);
    return status == WR_OK ? wr_rule_check(wr_trains(ensemble) ? &ensemble->rule : &forward, error)
                           : status;
}

wr_status wr_ensemble_check(const struct wr_ensemble *ensemble, struct wr_error *error) {
    if ((wr_trains(ensemble) && ensemble->tasks == NULL) || ensemble->stack.parameters == NULL)
        return wr_fail(error, WR_ERR_USAGE, "an ensemble needs tasks and parameters");
    return WR_OK;
}

/* ---- what a task's zeros stand for ---- */

struct wr_task wr_ensemble_task(const struct wr_ensemble *ensemble, size_t m) {
    struct wr_task task = ensemble->tasks != NULL ? ensemble->tasks[m] : (struct wr_task){0};
    if (task.count == 0)
        task.count = ensemble->windows.count - task.first;
    if (task.visits == 0 || !wr_trains(ensemble))
        task.visits = task.count;
    if (!(task.clip > 0) || !wr_trains(ensemble))
        task.clip = INFINITY; /* so that backends need no case for "no bound" */
    return task;
}

size_t wr_ensemble_most_visits(const struct wr_ensemble *ensemble) {
    size_t most = 0;
    if (ensemble->tasks == NULL)
        return ensemble->windows.count;
    for (size_t m = 0; m < ensemble->stack.count; m++) {
        size_t visits = wr_ensemble_task(ensemble, m).visits;
        most = visits > most ? visits : most;
    }
    return most;
}

bool wr_in_order(const struct wr_ensemble *ensemble) {
    if (ensemble->rule.order != WR_ORDER_SEQUENTIAL)
        return false;
    for (size_t m = 0; m < ensemble->stack.count && ensemble->tasks != NULL; m++) {
        const struct wr_task task = wr_ensemble_task(ensemble, m);
        if (task.visits != task.count)
            return false;
    }
    return true;
}

/* ---- the session's copy ---- */

/* The next `count` elements of `size` bytes in the session's one allocation. */
static void *carve(char **next, size_t count, size_t size) {
    char *here = *next;
    *next += (count * size + 15) & ~(size_t)15;
    return here;
}

static void copy_tasks(struct wr_session *session, const struct wr_ensemble *from, char **next) {
    size_t models = from->stack.count;
    struct wr_task *tasks = carve(next, models, sizeof *tasks);
    session->epoch_steps = carve(next, models, sizeof *session->epoch_steps);
    for (size_t m = 0; m < models; m++) {
        tasks[m] = wr_ensemble_task(from, m);
        session->epoch_steps[m] = (tasks[m].visits - 1) / session->ensemble.batch + 1;
        if (session->epoch_steps[m] > session->most_steps)
            session->most_steps = session->epoch_steps[m];
        if (tasks[m].visits > session->most_visits)
            session->most_visits = tasks[m].visits;
    }
    session->ensemble.tasks = tasks;
}

static void copy_values(struct wr_session *session, const struct wr_windows_view *from) {
    const struct wr_windows_view *view = &session->ensemble.windows;
    const struct wr_shape *shape = &session->ensemble.stack.shape;
    size_t inputs = 0, targets = 0;
    (void)spans(view, session->has_targets, shape, &inputs, &targets);
    memcpy(session->inputs, from->inputs, inputs * sizeof(float));
    if (!session->has_targets)
        return;
    memcpy(session->targets, from->targets, targets * sizeof(float));
    memcpy(session->loss_weights, from->loss_weights, shape->outputs * sizeof(float));
}

wr_status wr_ensemble_copy(struct wr_session *session, const struct wr_ensemble *from,
                           struct wr_error *error) {
    struct wr_windows_view *view = &session->ensemble.windows;
    const struct wr_shape *shape = &from->stack.shape;
    size_t inputs = 0, targets = 0, floats, bytes;
    session->has_targets = wr_has_targets(view);
    /* check_windows has seen that they do not overflow */
    (void)spans(view, session->has_targets, shape, &inputs, &targets);
    size_t per_model = sizeof(struct wr_task) + sizeof *session->epoch_steps;
    if (!wr_size_add(inputs, targets, &floats) || !wr_size_add(floats, shape->outputs, &floats) ||
        !wr_size_mul(floats, sizeof(float), &bytes) ||
        !wr_size_add(bytes, from->stack.count * per_model + 256, &bytes))
        return wr_fail(error, WR_ERR_MEMORY, "%zu windows overflow memory", view->count);
    char *next = session->owned = wr_alloc(bytes, 1, "windows and models", error);
    if (next == NULL)
        return WR_ERR_MEMORY;
    copy_tasks(session, from, &next);
    view->inputs = session->inputs = carve(&next, inputs, sizeof(float));
    view->targets = session->targets = carve(&next, targets, sizeof(float));
    view->loss_weights = session->loss_weights = carve(&next, shape->outputs, sizeof(float));
    copy_values(session, &from->windows);
    return WR_OK;
}

wr_status wr_ensemble_copy_windows(struct wr_session *session, const struct wr_windows_view *from,
                                   struct wr_error *error) {
    const struct wr_windows_view *view = &session->ensemble.windows;
    if (from->count != view->count || from->input_stride != view->input_stride ||
        (session->has_targets && from->target_stride != view->target_stride))
        return wr_fail(error, WR_ERR_USAGE,
                       "%zu windows of strides %zu and %zu: %zu of %zu and %zu needed, as at open",
                       from->count, from->input_stride, from->target_stride, view->count,
                       view->input_stride, view->target_stride);
    if (from->inputs == NULL || (session->has_targets && !wr_has_targets(from)))
        return wr_fail(error, WR_ERR_USAGE, "windows without %s",
                       from->inputs == NULL ? "inputs" : "the targets and weights of the first");
    wr_status status =
        check_values(from, session->has_targets, &session->ensemble.stack.shape, error);
    if (status == WR_OK)
        copy_values(session, from);
    return status;
}
