#include "sweep/part.h"

#include "base/base.h"

#include <stdlib.h>

/* ---- trials that have ended ---- */

struct lookup {
    const struct wr_trial_options *trials; /* (count), as wr_grid_expand sorts them */
    bool *ended;                           /* (count) */
    size_t count;
};

#define COMPARE_BY(field)                                                                          \
    if (a->field != b->field)                                                                      \
        return a->field < b->field ? -1 : 1;

static int compare_trials(const void *x, const void *y) {
    const struct wr_trial_options *a = x, *b = y;
    COMPARE_BY(hidden)
    COMPARE_BY(window)
    COMPARE_BY(batch)
    COMPARE_BY(init)
    COMPARE_BY(lr)
    COMPARE_BY(clip)
    COMPARE_BY(seed)
    return 0;
}

static wr_status note_ended(void *context, const struct wr_trial *trial) {
    struct lookup *lookup = context;
    const struct wr_trial_options *found = bsearch(&trial->options, lookup->trials, lookup->count,
                                                   sizeof *lookup->trials, compare_trials);
    bool ended = trial->status == WR_TRIAL_DONE || trial->status == WR_TRIAL_DIVERGED;
    ended = ended && !trial->torn;
    if (found != NULL && ended)
        lookup->ended[found - lookup->trials] = true;
    return WR_OK;
}

wr_status wr_part_find_ended(const struct wr_trial_options *trials, size_t count,
                             struct wr_study *study, bool *ended, struct wr_error *error) {
    static const struct wr_trial_query all = {0};
    struct lookup lookup = {trials, ended, count};
    return wr_study_trials(study, &all, note_ended, &lookup, error);
}

/* ---- shards ---- */

struct trial_cost {
    double cost;
    size_t trial;
};

static int compare_costs(const void *x, const void *y) {
    const struct trial_cost *a = x, *b = y;
    if (a->cost != b->cost)
        return a->cost > b->cost ? -1 : 1;
    return (a->trial > b->trial) - (a->trial < b->trial);
}

/* A shard and the cost of the trials that it has so far. */
struct load {
    double cost;
    size_t shard;
};

static bool lighter(const struct load *a, const struct load *b) {
    return a->cost != b->cost ? a->cost < b->cost : a->shard < b->shard;
}

/* Moves the first load of a heap to its place after its cost has grown. The lightest load comes
 * first. */
static void sift(struct load *heap, size_t count) {
    for (size_t at = 0, child = 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && lighter(&heap[child + 1], &heap[child]);
        if (!lighter(&heap[child], &heap[at]))
            return;
        struct load moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

/* Marks the trials of other shards. Each trial, the most expensive first, goes to the shard with
 * the lowest cost so far (R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969). */
static wr_status mark_others(const struct wr_sweep_data *data,
                             const struct wr_trial_options *trials, size_t count, bool *left_out,
                             struct wr_error *error) {
    size_t shards = data->sweep->shards;
    struct trial_cost *order = wr_alloc(count, sizeof *order, "shards", error);
    struct load *heap = wr_alloc(shards, sizeof *heap, "shards", error);
    if (order == NULL || heap == NULL) {
        free(order);
        free(heap);
        return WR_ERR_MEMORY;
    }
    for (size_t i = 0; i < shards; i++)
        heap[i].shard = i;
    for (size_t i = 0; i < count; i++)
        order[i] = (struct trial_cost){wr_sweep_epoch_cost(data, &trials[i]), i};
    qsort(order, count, sizeof *order, compare_costs);
    for (size_t i = 0; i < count; i++) {
        left_out[order[i].trial] = heap[0].shard != data->sweep->shard;
        heap[0].cost += order[i].cost;
        sift(heap, shards);
    }
    free(order);
    free(heap);
    return WR_OK;
}

wr_status wr_part_choose(const struct wr_sweep_data *data, struct wr_study *known,
                         struct wr_trial_options *trials, size_t *count, int64_t **ids,
                         struct wr_error *error) {
    wr_status status = WR_OK;
    bool *left_out = wr_alloc(*count, sizeof *left_out, "trials", error);
    *ids = wr_alloc(*count, sizeof **ids, "trials", error);
    if (left_out == NULL || *ids == NULL)
        status = WR_ERR_MEMORY;
    if (status == WR_OK && data->sweep->shards > 0)
        status = mark_others(data, trials, *count, left_out, error);
    if (status == WR_OK && known != NULL)
        status = wr_part_find_ended(trials, *count, known, left_out, error);
    size_t kept = 0;
    for (size_t i = 0; i < *count && status == WR_OK; i++) {
        if (left_out[i])
            continue;
        (*ids)[kept] = (int64_t)i + 1;
        trials[kept++] = trials[i];
    }
    *count = status == WR_OK ? kept : *count;
    free(left_out);
    return status;
}
