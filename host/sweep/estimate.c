/* Estimates the work of a sweep before it runs. */
#include "windrow/sweep.h"

#include "base/arithmetic.h"
#include "base/base.h"
#include "sweep/grid.h"
#include "sweep/halving.h"
#include "sweep/part.h"
#include "sweep/sweep_data.h"
#include "sweep/trial.h"
#include "windrow/bench.h"

#include <stdlib.h>
#include <string.h>

struct lookup {
    struct wr_trial_options *trials; /* (count), sorted: those that train together are neighbours */
    bool *ended;                     /* (count) */
    size_t count;
};

/* ---- shapes ---- */

/* Trials that can train together. */
struct group {
    struct wr_trial_options trial; /* one of them */
    size_t left;
    double cost; /* of one trial */
    double rate; /* cost per second, all devices together; 0: not measured */
};

/* Fills in the groups that have trials left, at most one per trial, and returns their number. */
static size_t group_trials(const struct lookup *lookup, const struct wr_sweep_data *data,
                           struct group *groups) {
    size_t groups_count = 0;
    for (size_t i = 0; i < lookup->count; i++) {
        const struct wr_trial_options *trial = &lookup->trials[i];
        struct group *last = groups_count > 0 ? &groups[groups_count - 1] : NULL;
        if (lookup->ended[i])
            continue;
        if (last != NULL && wr_trial_options_fit(&last->trial, trial)) {
            last->left++;
            continue;
        }
        groups[groups_count++] = (struct group){.trial = *trial,
                                                .left = 1,
                                                .cost = wr_sweep_epoch_cost(data, trial) *
                                                        wr_halving_expected(data->sweep, 0)};
    }
    return groups_count;
}

/* Counts the groups of all trials, also those that have all ended. */
static size_t count_shapes(const struct lookup *lookup) {
    size_t shapes = 0;
    for (size_t i = 0; i < lookup->count; i++)
        shapes += i == 0 || !wr_trial_options_fit(&lookup->trials[i - 1], &lookup->trials[i]);
    return shapes;
}

static int compare_trials(const void *a, const void *b) {
    return wr_trial_options_compare(a, b);
}

/* ---- measuring ---- */

enum { MOST_MEASURED = 8, MODELS_MEASURED = 256 };
#define MEASURED_SECONDS 0.03
#define MEASURED_WEIGHTS 16777216.0 /* of all models: large ones take long to make and to copy */

static wr_status measure(const struct wr_sweep_data *data, struct group *group,
                         struct wr_device *const *devices, size_t device_count,
                         struct wr_error *error) {
    const struct wr_sweep_windows *w = wr_sweep_windows_of(data, group->trial.window);
    size_t batch = group->trial.batch;
    if (batch == WR_BATCH_ALL || batch > w->trained)
        batch = w->trained;
    size_t models = group->left < MODELS_MEASURED ? group->left : MODELS_MEASURED;
    double hidden = (double)group->trial.hidden, most = MEASURED_WEIGHTS / (hidden * hidden);
    if ((double)models > most)
        models = most > 1 ? (size_t)most : 1;
    struct wr_bench_cell cell = {.shape = wr_sweep_shape(data->sweep, &group->trial),
                                 .batch = batch,
                                 .schedule = data->sweep->schedule,
                                 .rule = wr_sweep_rule(data->sweep, &group->trial)};
    struct wr_bench_options how = {.seconds = MEASURED_SECONDS, .repeats = 1};
    size_t steps = (w->trained - 1) / batch + 1;
    double updates = (double)steps * wr_halving_expected(data->sweep, 0);
    wr_status status = WR_OK;
    for (size_t d = 0; d < device_count && status == WR_OK; d++) {
        struct wr_bench_result result;
        cell.models = models;
        status = wr_bench_run(devices[d], &cell, &how, &result, error);
        while (status == WR_ERR_MEMORY && cell.models > 1) { /* wr_sweep_run will do the same */
            cell.models /= 2;
            status = wr_bench_run(devices[d], &cell, &how, &result, error);
        }
        if (status == WR_OK)
            group->rate += group->cost * result.updates_per_second / updates;
    }
    return status;
}

/* Measures some groups, evenly spread. Each of the others gets the rate of the measured group
 * before it. */
static wr_status measure_all(const struct wr_sweep_data *data, struct group *groups, size_t count,
                             struct wr_device *const *devices, size_t device_count,
                             struct wr_error *error) {
    wr_status status = WR_OK;
    size_t measured = count < MOST_MEASURED ? count : MOST_MEASURED;
    for (size_t i = 0; i < measured && status == WR_OK; i++)
        status = measure(data, &groups[i * count / measured], devices, device_count, error);
    for (size_t i = 1; i < count; i++)
        if (groups[i].rate == 0)
            groups[i].rate = groups[i - 1].rate;
    return status;
}

/* ---- the estimate ---- */

/* Adds a group to the estimate: how many of its trials train together in a minute, and what memory
 * they need. */
static wr_status estimate_group(const struct wr_sweep_data *data, const struct group *group,
                                struct wr_device *device, struct wr_sweep_plan *plan,
                                struct wr_error *error) {
    double together = 60 * group->rate / group->cost;
    size_t models = together < 1 ? 1 : (size_t)together, bytes, batch = group->trial.batch;
    models = together < (double)group->left ? models : group->left;
    struct wr_ensemble ensemble = {
        .stack = {wr_sweep_shape(data->sweep, &group->trial), .count = models},
        .batch = batch == WR_BATCH_ALL ? SIZE_MAX : batch,
        .schedule = data->sweep->schedule,
        .rule = wr_sweep_rule(data->sweep, &group->trial),
        .windows = wr_sweep_windows_of(data, group->trial.window)->view};
    wr_status status = wr_session_memory(device, &ensemble, &bytes, error);
    while (status == WR_ERR_MEMORY && models > 1) { /* wr_sweep_run will do the same */
        ensemble.stack.count = models /= 2;
        status = wr_session_memory(device, &ensemble, &bytes, error);
    }
    if (status != WR_OK)
        return status;
    wr_error_release(error);
    plan->memory = bytes > plan->memory ? bytes : plan->memory;
    plan->ensembles += (group->left - 1) / models + 1;
    plan->left += group->left;
    plan->seconds += (double)group->left * group->cost / group->rate;
    return WR_OK;
}

static wr_status estimate_all(const struct wr_sweep_data *data, struct lookup *lookup,
                              struct wr_study *study, struct wr_device *const *devices,
                              size_t device_count, struct wr_sweep_plan *plan,
                              struct wr_error *error) {
    wr_status status = WR_OK;
    lookup->ended = wr_alloc(lookup->count, sizeof *lookup->ended, "trials", error);
    if (lookup->ended == NULL)
        return WR_ERR_MEMORY;
    if (study != NULL)
        status = wr_part_find_ended(lookup->trials, lookup->count, study, lookup->ended, error);
    plan->trials = lookup->count;
    plan->shapes = count_shapes(lookup);
    struct group *groups = wr_alloc(plan->shapes, sizeof *groups, "shapes", error);
    if (groups == NULL)
        return WR_ERR_MEMORY;
    size_t count = group_trials(lookup, data, groups);
    if (status == WR_OK)
        status = measure_all(data, groups, count, devices, device_count, error);
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = estimate_group(data, &groups[i], devices[0], plan, error);
    free(groups);
    return status;
}

wr_status wr_sweep_plan(const struct wr_sweep *sweep, struct wr_study *study,
                        struct wr_device *const *devices, size_t device_count,
                        struct wr_sweep_plan *plan, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_sweep_data data = {0};
    struct lookup lookup = {0};
    struct wr_part part = {0};
    *plan = (struct wr_sweep_plan){0};
    if (device_count == 0)
        return wr_fail(error, WR_ERR_USAGE, "a plan needs a device");
    wr_status status = wr_sweep_data_make(sweep, &data, error);
    if (status == WR_OK)
        status = wr_part_make(&data, &part, &lookup.count, error);
    if (status == WR_OK)
        status = wr_part_choose(&data, NULL, &part, &lookup.count, error);
    lookup.trials = part.trials;
    if (status == WR_OK && sweep->trials != NULL)
        qsort(lookup.trials, lookup.count, sizeof *lookup.trials, compare_trials);
    if (status == WR_OK)
        status = estimate_all(&data, &lookup, study, devices, device_count, plan, error);
    wr_sweep_data_release(&data);
    free(part.trials);
    free(part.ids);
    free(part.groups);
    free(lookup.ended);
    return status;
}
