/* Chooses which trials train together, and in which order. Trials with a checkpoint come first, so
 * that few checkpoints are kept. Among the others those of lower groups come first (brackets, or
 * parts of a list), and in a group the longest, so that the last ensembles are short. */
#include "sweep/sweep_run.h"

#include "base/base.h"
#include "sweep/halving.h"
#include "sweep/store.h"
#include "sweep/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An ensemble should take about this long. A device of unknown speed gets what a slow device can
 * do, and a limited number of models, fewer if there are several devices. */
#define ENSEMBLE_SECONDS 60.0
#define LEAST_SECONDS    1.0
#define FIRST_RATE       3e10
/* With a budget, as much of it. */
#define BUDGET_PARTS 20
enum { FIRST_MODELS = 1024, FIRST_MODELS_OF_SEVERAL = 64, MODELS_ROUNDED_TO = 32 };

double wr_queue_cost(const struct wr_sweep_run *run, const struct wr_slice *slice) {
    return wr_sweep_epoch_cost(&run->data, &run->trials[run->order[slice->first]]) *
           (double)(slice->until - slice->epoch);
}

/* ---- slices ---- */

wr_status wr_queue_put(struct wr_sweep_run *run, const struct wr_slice *slice,
                       struct wr_error *error) {
    if (run->slice_count == run->slice_capacity) {
        size_t capacity = run->slice_capacity * 2 + 64;
        struct wr_slice *grown = realloc(run->slices, capacity * sizeof *grown);
        if (grown == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "no memory for the queue");
        run->slices = grown;
        run->slice_capacity = capacity;
    }
    struct wr_slice *put = &run->slices[run->slice_count++];
    *put = *slice;
    put->cost = wr_queue_cost(run, slice);
    return WR_OK;
}

/* Takes the first `count` trials of a slice. */
static struct wr_slice cut(struct wr_sweep_run *run, struct wr_slice *from, size_t count) {
    struct wr_slice taken = *from;
    taken.count = count;
    from->first += count;
    from->count -= count;
    if (from->count == 0)
        *from = run->slices[--run->slice_count];
    return taken;
}

static bool same_ensemble(const struct wr_sweep_run *run, size_t a, size_t b) {
    return run->groups[a] == run->groups[b] && run->states[a].epoch == run->states[b].epoch &&
           wr_trial_options_fit(&run->trials[a], &run->trials[b]);
}

/* Trials with a checkpoint come first, then lower groups, and then by what lets them train
 * together. */
static int compare_waiting(const void *x, const void *y, void *context) {
    const struct wr_sweep_run *run = context;
    size_t a = *(const size_t *)x, b = *(const size_t *)y;
    size_t epoch_a = run->states[a].epoch, epoch_b = run->states[b].epoch;
    if ((epoch_a > 0) != (epoch_b > 0))
        return epoch_a > 0 ? -1 : 1;
    if (run->groups[a] != run->groups[b])
        return run->groups[a] < run->groups[b] ? -1 : 1;
    int order = wr_trial_options_fit(&run->trials[a], &run->trials[b])
                    ? 0
                    : wr_trial_options_compare(&run->trials[a], &run->trials[b]);
    if (order == 0)
        order = (epoch_a < epoch_b) - (epoch_a > epoch_b);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Cuts the trials from `first` on to the end of `order` into slices. */
static wr_status put_slices(struct wr_sweep_run *run, size_t first, struct wr_error *error) {
    qsort_r(run->order + first, run->order_count - first, sizeof *run->order, compare_waiting, run);
    for (size_t end; first < run->order_count; first = end) {
        size_t trial = run->order[first];
        end = first + 1;
        while (end < run->order_count && same_ensemble(run, trial, run->order[end]))
            end++;
        struct wr_slice slice = {.first = first,
                                 .count = end - first,
                                 .epoch = run->states[trial].epoch,
                                 .until = wr_halving_until(run, trial),
                                 .group = run->groups[trial]};
        wr_status status = wr_queue_put(run, &slice, error);
        if (status != WR_OK)
            return status;
    }
    return WR_OK;
}

wr_status wr_queue_fill(struct wr_sweep_run *run, struct wr_error *error) {
    const struct wr_halving *halving = &run->sweep->halving;
    size_t room;
    if (!wr_size_mul(run->count, halving->eta > 0 ? 1 + halving->rungs : 1, &room))
        return wr_fail(error, WR_ERR_MEMORY, "the queue overflows memory");
    run->order = wr_alloc(room, sizeof *run->order, "the queue", error);
    if (run->order == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < run->count; i++) {
        const struct wr_trial_state *state = &run->states[i];
        if (wr_trial_has_ended(state->status))
            continue;
        if (!wr_halving_waits(state))
            run->order[run->order_count++] = i;
        run->cost += wr_halving_expected(run->sweep, state->epoch) *
                     wr_sweep_epoch_cost(&run->data, &run->trials[i]);
    }
    return put_slices(run, 0, error);
}

wr_status wr_queue_put_trials(struct wr_sweep_run *run, const size_t *trials, size_t count,
                              struct wr_error *error) {
    size_t first = run->order_count;
    memcpy(run->order + first, trials, count * sizeof *trials);
    run->order_count += count;
    return put_slices(run, first, error);
}

/* ---- the next ensemble ---- */

static double cost_waiting(const struct wr_sweep_run *run) {
    double cost = 0;
    for (size_t i = 0; i < run->slice_count; i++)
        cost += (double)run->slices[i].count * run->slices[i].cost;
    return cost;
}

/* If there are several devices, none takes more than half of its share of what is left, so that all
 * end at about the same time. Work of LEAST_SECONDS is not divided: it would be slower in
 * pieces. */
static double fair_share(const struct wr_sweep_worker *worker) {
    const struct wr_sweep_run *run = worker->run;
    double rates = 0;
    for (size_t i = 0; i < run->worker_count; i++)
        rates += run->workers[i].lost ? 0 : run->workers[i].rate;
    double share = cost_waiting(run) * worker->rate / rates / 2;
    double least = worker->rate * LEAST_SECONDS;
    return share > least ? share : least;
}

static size_t ensemble_size(const struct wr_sweep_worker *worker, const struct wr_slice *slice) {
    const struct wr_sweep_run *run = worker->run;
    const struct wr_trial_options *trial = &run->trials[run->order[slice->first]];
    bool known = worker->rate > 0, several = run->worker_count - run->lost > 1;
    double H = (double)trial->hidden;
    double seconds = ENSEMBLE_SECONDS, budget = run->options->budget_seconds;
    if (budget > 0 && budget / BUDGET_PARTS < seconds)
        seconds = budget / BUDGET_PARTS;
    double cost = (known ? worker->rate : FIRST_RATE) * seconds;
    if (known && several && fair_share(worker) < cost)
        cost = fair_share(worker);
    double models = cost / slice->cost, first = several ? FIRST_MODELS_OF_SEVERAL : FIRST_MODELS;
    if (!known && models > first)
        models = first;
    if (models > MODELS_ROUNDED_TO)
        models = floor(models / MODELS_ROUNDED_TO) * MODELS_ROUNDED_TO;
    double most = (double)worker->most_floats / (H * H);
    models = models < most ? models : most;
    if (models >= (double)slice->count)
        return slice->count;
    return models > 1 ? (size_t)models : 1;
}

static bool comes_before(const struct wr_slice *a, const struct wr_slice *b) {
    if ((a->epoch > 0) != (b->epoch > 0))
        return a->epoch > 0;
    if (a->group != b->group)
        return a->group < b->group;
    return a->cost != b->cost ? a->cost > b->cost : a->first < b->first;
}

bool wr_queue_take(struct wr_sweep_worker *worker, struct wr_slice *slice) {
    struct wr_sweep_run *run = worker->run;
    struct wr_slice *next = NULL;
    for (size_t i = 0; i < run->slice_count; i++) {
        struct wr_slice *candidate = &run->slices[i];
        bool refused = (candidate->refused >> worker->index & 1) != 0;
        if (!refused && (next == NULL || comes_before(candidate, next)))
            next = candidate;
    }
    if (next == NULL)
        return false;
    *slice = cut(run, next, ensemble_size(worker, next));
    return true;
}

void wr_queue_refuse(const struct wr_sweep_worker *worker, const struct wr_trial_options *trial) {
    struct wr_sweep_run *run = worker->run;
    for (size_t i = 0; i < run->slice_count; i++)
        if (wr_trial_options_fit(&run->trials[run->order[run->slices[i].first]], trial))
            run->slices[i].refused |= (uint64_t)1 << worker->index;
}

bool wr_queue_take_refused(struct wr_sweep_run *run, struct wr_slice *slice) {
    for (size_t i = 0; i < run->slice_count; i++) {
        bool wanted = false;
        for (size_t w = 0; w < run->worker_count; w++)
            wanted |= !run->workers[w].lost && (run->slices[i].refused >> w & 1) == 0;
        if (!wanted) {
            *slice = cut(run, &run->slices[i], run->slices[i].count);
            return true;
        }
    }
    return false;
}
