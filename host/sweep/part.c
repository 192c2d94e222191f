#include "sweep/part.h"

#include "base/base.h"
#include "sweep/grid.h"
#include "sweep/halving.h"
#include "sweep/store.h"
#include "sweep/trial.h"

#include <stdlib.h>
#include <string.h>

/* ---- trials that have ended ---- */

struct lookup {
    const struct wr_trial_options **order; /* (count) the trials, sorted by their options */
    const struct wr_trial_options *trials; /* (count) */
    bool *ended;                           /* (count) */
    size_t count;
};

static int compare_pointers(const void *a, const void *b) {
    return wr_trial_options_compare(*(const struct wr_trial_options *const *)a,
                                    *(const struct wr_trial_options *const *)b);
}

static wr_status note_ended(void *context, const struct wr_trial *trial) {
    struct lookup *lookup = context;
    const struct wr_trial_options *wanted = &trial->options, **found;
    if (!wr_trial_has_ended(trial->status) || trial->torn)
        return WR_OK;
    found = bsearch(&wanted, lookup->order, lookup->count, sizeof *found, compare_pointers);
    if (found != NULL)
        lookup->ended[*found - lookup->trials] = true;
    return WR_OK;
}

wr_status wr_part_find_ended(const struct wr_trial_options *trials, size_t count,
                             struct wr_study *study, bool *ended, struct wr_error *error) {
    static const struct wr_trial_query all = {0};
    struct lookup lookup = {.trials = trials, .ended = ended, .count = count};
    lookup.order = wr_alloc(count, sizeof *lookup.order, "trials", error);
    if (lookup.order == NULL)
        return WR_ERR_MEMORY;
    bool sorted = true; /* as the trials of a grid are */
    for (size_t i = 0; i < count; i++) {
        lookup.order[i] = &trials[i];
        sorted = sorted && (i == 0 || wr_trial_options_compare(&trials[i - 1], &trials[i]) < 0);
    }
    if (!sorted)
        qsort(lookup.order, count, sizeof *lookup.order, compare_pointers);
    wr_status status = wr_study_trials(study, &all, note_ended, &lookup, error);
    free(lookup.order);
    return status;
}

/* ---- shards ---- */

/* The trials of a list are trained so many at a time, so that a budget is not spent on the longest
 * alone. */
enum { PART_OF_LIST = 1024 };

/* Work that stays together: a trial, or all of a bracket. */
static size_t piece_of(const struct wr_part *part, size_t trial, bool halving) {
    return halving ? part->groups[trial] : trial;
}

/* Marks the trials of other shards. Each shard has trials one after another, so that few pages of a
 * study change when shards are merged, or whole brackets, and about the same work. costs (count):
 * room. */
static void mark_others(const struct wr_sweep_data *data, const struct wr_part *part, size_t count,
                        double *costs, bool *left_out) {
    bool halving = data->sweep->halving.eta > 0;
    double work = 0, before = 0;
    size_t shards = data->sweep->shards, pieces = 0;
    for (size_t i = 0; i < count; i++) {
        size_t piece = piece_of(part, i, halving);
        double cost = wr_sweep_epoch_cost(data, &part->trials[i]);
        costs[piece] += cost;
        work += cost;
        pieces = piece < pieces ? pieces : piece + 1;
    }
    for (size_t piece = 0; piece < pieces; piece++) { /* costs[piece] becomes its shard */
        double cost = costs[piece];
        bool alone = pieces <= shards;
        costs[piece] = (double)(alone ? piece : wr_shard_of(before, cost, work, shards));
        before += cost;
    }
    for (size_t i = 0; i < count; i++)
        left_out[i] = costs[piece_of(part, i, halving)] != (double)data->sweep->shard;
}

static double cost_of(const void *context, const struct wr_trial_options *trial) {
    return wr_sweep_epoch_cost(context, trial);
}

/* Whether the shard's trials are made alone, so that a task of many needs little memory. */
static bool is_made_alone(const struct wr_sweep *sweep) {
    return sweep->shards > 0 && sweep->trials == NULL && sweep->halving.eta == 0;
}

wr_status wr_part_make(const struct wr_sweep_data *data, struct wr_part *part, size_t *count,
                       struct wr_error *error) {
    const struct wr_sweep *sweep = data->sweep;
    size_t first = 0, end = SIZE_MAX;
    wr_status status = WR_OK;
    *part = (struct wr_part){0};
    *count = 0;
    if (is_made_alone(sweep))
        status = wr_grid_part(&sweep->grid, sweep->shard, sweep->shards, cost_of, data, &first,
                              &end, error);
    if (status == WR_OK)
        status = wr_trials_make(sweep, first, end, &part->trials, &part->ids, count, error);
    if (status == WR_OK)
        part->groups = wr_alloc(*count, sizeof *part->groups, "trials", error);
    if (status == WR_OK && part->groups == NULL)
        status = WR_ERR_MEMORY;
    if (status == WR_OK && sweep->halving.eta > 0)
        return wr_halving_deal(sweep, part->trials, *count, part->groups, error);
    for (size_t i = 0; i < *count && sweep->trials != NULL && status == WR_OK; i++)
        part->groups[i] = i / PART_OF_LIST;
    return status;
}

/* Of a bracket all or nothing is left out: what its trials did decides which of them go on. */
static void keep_brackets(const struct wr_part *part, size_t count, double *left, bool *left_out) {
    memset(left, 0, count * sizeof *left);
    for (size_t i = 0; i < count; i++)
        left[part->groups[i]] += !left_out[i];
    for (size_t i = 0; i < count; i++)
        left_out[i] = left[part->groups[i]] == 0;
}

wr_status wr_part_choose(const struct wr_sweep_data *data, struct wr_study *known,
                         const struct wr_part *part, size_t *count, struct wr_error *error) {
    wr_status status = WR_OK;
    bool *left_out = wr_alloc(*count, sizeof *left_out, "trials", error);
    bool *ended = wr_alloc(*count, sizeof *ended, "trials", error);
    double *room = wr_alloc(*count, sizeof *room, "trials", error);
    if (left_out == NULL || ended == NULL || room == NULL)
        status = WR_ERR_MEMORY;
    if (status == WR_OK && data->sweep->shards > 0 && !is_made_alone(data->sweep))
        mark_others(data, part, *count, room, left_out);
    if (status == WR_OK && known != NULL)
        status = wr_part_find_ended(part->trials, *count, known, ended, error);
    if (status == WR_OK && known != NULL && data->sweep->halving.eta > 0)
        keep_brackets(part, *count, room, ended);
    size_t kept = 0;
    for (size_t i = 0; i < *count && status == WR_OK; i++) {
        if (left_out[i] || ended[i])
            continue;
        part->ids[kept] = part->ids[i];
        part->groups[kept] = part->groups[i];
        part->trials[kept++] = part->trials[i];
    }
    *count = status == WR_OK ? kept : *count;
    free(left_out);
    free(ended);
    free(room);
    return status;
}
