#include "sweep/grid.h"

#include "base/arithmetic.h"
#include "base/base.h"
#include "sweep/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a grid ---- */

/* A list of values of the grid; each value has `size` bytes. */
struct list {
    const char *name; /* its field of wr_grid */
    const void *values;
    size_t count, size;
    int (*compare)(const void *a, const void *b);
};
enum { LISTS = 8 };

#define COMPARE(name, type)                                                                        \
    static int name(const void *a, const void *b) {                                                \
        type x = *(const type *)a, y = *(const type *)b;                                           \
        return (x > y) - (x < y);                                                                  \
    }
COMPARE(compare_sizes, size_t)
COMPARE(compare_reals, float)
COMPARE(compare_inits, enum wr_init)
COMPARE(compare_seeds, uint32_t)

static int compare_rules(const void *a, const void *b) {
    struct wr_trial_options x = {.rule = *(const struct wr_rule *)a};
    struct wr_trial_options y = {.rule = *(const struct wr_rule *)b};
    wr_trial_options_settle(&x);
    wr_trial_options_settle(&y);
    return wr_trial_options_compare(&x, &y);
}

/* Lists the options in the order in which they vary, which is that of wr_trial_options_compare; the
 * last one varies fastest. */
static void list_all(const struct wr_grid *g, struct list lists[LISTS]) {
    static const struct wr_rule notebook = {0};
    size_t rules = g->rule_count > 0 ? g->rule_count : 1;
    const struct list all[LISTS] = {
        {"hidden", g->hidden, g->hidden_count, sizeof *g->hidden, compare_sizes},
        {"window", g->window, g->window_count, sizeof *g->window, compare_sizes},
        {"batch", g->batch, g->batch_count, sizeof *g->batch, compare_sizes},
        {"rules", g->rule_count > 0 ? g->rules : &notebook, rules, sizeof *g->rules, compare_rules},
        {"init", g->init, g->init_count, sizeof *g->init, compare_inits},
        {"lr", g->lr, g->lr_count, sizeof *g->lr, compare_reals},
        {"clip", g->clip, g->clip_count, sizeof *g->clip, compare_reals},
        {"seeds", g->seeds, g->seed_count, sizeof *g->seeds, compare_seeds}};
    memcpy(lists, all, sizeof all);
}

static wr_status check_values(const struct wr_grid *g, struct wr_error *error) {
    struct wr_trial_options one = {.hidden = 1, .window = 1};
    wr_status status = WR_OK;
#define CHECK_LIST(field, count)                                                                   \
    for (size_t i = 0; i < g->count && status == WR_OK; i++) {                                     \
        one.field = g->field[i];                                                                   \
        status = wr_trial_options_check(&one, error);                                              \
    }
    CHECK_LIST(hidden, hidden_count)
    CHECK_LIST(window, window_count)
    CHECK_LIST(batch, batch_count)
    CHECK_LIST(lr, lr_count)
    CHECK_LIST(clip, clip_count)
    CHECK_LIST(init, init_count)
    for (size_t i = 0; i < g->rule_count && status == WR_OK; i++) {
        one.rule = g->rules[i];
        status = wr_trial_options_check(&one, error);
    }
    return status;
}

/* Copies a list in ascending order, each value once. */
static wr_status sort_list(struct list *list, void **copy, struct wr_error *error) {
    if (list->count == 0)
        return wr_fail(error, WR_ERR_USAGE, "the grid has no \1%s\1", list->name);
    char *sorted = *copy = wr_alloc(list->count, list->size, "a list of the grid", error);
    if (sorted == NULL)
        return WR_ERR_MEMORY;
    memcpy(sorted, list->values, list->count * list->size);
    qsort(sorted, list->count, list->size, list->compare);
    size_t count = 1;
    for (size_t i = 1; i < list->count; i++)
        if (list->compare(sorted + (count - 1) * list->size, sorted + i * list->size) != 0)
            memmove(sorted + count++ * list->size, sorted + i * list->size, list->size);
    list->values = sorted;
    list->count = count;
    return WR_OK;
}

static wr_status count_trials(const struct list lists[LISTS], size_t *trials,
                              struct wr_error *error) {
    double product = 1;
    for (size_t k = 0; k < LISTS; k++)
        product *= (double)lists[k].count;
    char rules[64] = "";
    if (lists[3].count > 1)
        snprintf(rules, sizeof rules, ", and there are %zu learning rules", lists[3].count);
    if (product > WR_MOST_TRIALS)
        return wr_fail(
            error, WR_ERR_USAGE,
            "the grid has %.0f trials: \1hidden\1 gives %zu values, \1window\1 %zu, "
            "\1batch\1 %zu, \1init\1 %zu, \1lr\1 %zu, \1clip\1 %zu, \1seeds\1 %zu%s; %d trials "
            "are the most",
            product, lists[0].count, lists[1].count, lists[2].count, lists[4].count, lists[5].count,
            lists[6].count, lists[7].count, rules, WR_MOST_TRIALS);
    *trials = (size_t)product;
    return WR_OK;
}

/* Sorts copies of the lists and counts the trials. The caller frees the copies also after an
 * error. */
static wr_status prepare(const struct wr_grid *grid, struct list lists[LISTS], void *copies[LISTS],
                         size_t *trials, struct wr_error *error) {
    list_all(grid, lists);
    wr_status status = check_values(grid, error);
    for (size_t k = 0; k < LISTS && status == WR_OK; k++)
        status = sort_list(&lists[k], &copies[k], error);
    return status == WR_OK ? count_trials(lists, trials, error) : status;
}

static struct wr_trial_options trial_at(const struct list lists[LISTS], const size_t at[LISTS]) {
    struct wr_trial_options trial = {
        .hidden = ((const size_t *)lists[0].values)[at[0]],
        .window = ((const size_t *)lists[1].values)[at[1]],
        .batch = ((const size_t *)lists[2].values)[at[2]],
        .rule = ((const struct wr_rule *)lists[3].values)[at[3]],
        .init = ((const enum wr_init *)lists[4].values)[at[4]],
        .lr = ((const float *)lists[5].values)[at[5]],
        .clip = ((const float *)lists[6].values)[at[6]],
        .seed = ((const uint32_t *)lists[7].values)[at[7]],
    };
    wr_trial_options_settle(&trial);
    return trial;
}

/* Makes the trials first .. first + count - 1. */
static void fill_trials(const struct list lists[LISTS], size_t first,
                        struct wr_trial_options *trials, size_t count) {
    size_t at[LISTS];
    for (size_t k = LISTS; k-- > 0; first /= lists[k].count)
        at[k] = first % lists[k].count;
    for (size_t i = 0; i < count; i++) {
        trials[i] = trial_at(lists, at);
        for (size_t k = LISTS; k-- > 0 && ++at[k] == lists[k].count;)
            at[k] = 0;
    }
}

static wr_status allocate(size_t count, struct wr_trial_options **trials, int64_t **ids,
                          struct wr_error *error) {
    *trials = wr_alloc(count, sizeof **trials, "trials", error);
    *ids = wr_alloc(count, sizeof **ids, "trials", error);
    return *trials != NULL && *ids != NULL ? WR_OK : WR_ERR_MEMORY;
}

static void free_copies(void *copies[LISTS]) {
    for (size_t k = 0; k < LISTS; k++)
        free(copies[k]);
}

wr_status wr_grid_count(const struct wr_grid *grid, size_t *trials, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct list lists[LISTS];
    void *copies[LISTS] = {NULL};
    wr_status status = prepare(grid, lists, copies, trials, error);
    free_copies(copies);
    return status;
}

static wr_status expand(const struct wr_grid *grid, size_t first, size_t end,
                        struct wr_trial_options **trials, int64_t **ids, size_t *count,
                        struct wr_error *error) {
    struct list lists[LISTS];
    void *copies[LISTS] = {NULL};
    size_t all = 0;
    *count = 0;
    wr_status status = prepare(grid, lists, copies, &all, error);
    end = end < all ? end : all;
    if (status == WR_OK)
        status = allocate(first < end ? end - first : 0, trials, ids, error);
    if (status == WR_OK && first < end) {
        *count = end - first;
        fill_trials(lists, first, *trials, *count);
    }
    for (size_t i = 0; i < *count; i++)
        (*ids)[i] = (int64_t)(first + i) + 1;
    free_copies(copies);
    return status;
}

/* ---- parts of a grid ---- */

size_t wr_shard_of(double before, double cost, double all, size_t shards) {
    double shard = floor((before + cost / 2) / all * (double)shards);
    return shard < (double)shards ? (size_t)shard : shards - 1;
}

/* The lists that decide the cost of a trial come first. */
enum { COSTLY = 3 };

/* Trials of one cost, which follow one another. */
struct stretch {
    double before, cost; /* of all before it; of one of them */
    size_t count;
};

/* The number of a stretch's trials that lie in parts below `shard`. */
static size_t count_below(const struct stretch *stretch, double all, size_t shard, size_t shards) {
    size_t low = 0, high = stretch->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        double before = stretch->before + stretch->cost * (double)middle;
        if (wr_shard_of(before, stretch->cost, all, shards) < shard)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void find_part(const struct list lists[LISTS], size_t shard, size_t shards, wr_cost_fn *cost,
                      const void *context, size_t *first, size_t *end) {
    struct stretch stretch = {.count = 1};
    size_t stretches = 1;
    double all = 0;
    for (size_t k = 0; k < LISTS; k++)
        *(k < COSTLY ? &stretches : &stretch.count) *= lists[k].count;
    for (int pass = 0; pass < 2; pass++) {
        size_t at[LISTS] = {0};
        stretch.before = 0;
        for (size_t i = 0; i < stretches; i++) {
            struct wr_trial_options trial = trial_at(lists, at);
            stretch.cost = cost(context, &trial);
            if (pass == 1) {
                *first += count_below(&stretch, all, shard, shards);
                *end += count_below(&stretch, all, shard + 1, shards);
            }
            stretch.before += stretch.cost * (double)stretch.count;
            for (size_t k = COSTLY; k-- > 0 && ++at[k] == lists[k].count;)
                at[k] = 0;
        }
        all = stretch.before;
    }
}

wr_status wr_grid_part(const struct wr_grid *grid, size_t shard, size_t shards, wr_cost_fn *cost,
                       const void *context, size_t *first, size_t *end, struct wr_error *error) {
    struct list lists[LISTS];
    void *copies[LISTS] = {NULL};
    size_t all = 0;
    wr_status status = prepare(grid, lists, copies, &all, error);
    *first = *end = 0;
    if (status == WR_OK && all <= shards) {
        *first = shard < all ? shard : all;
        *end = shard < all ? shard + 1 : all;
    } else if (status == WR_OK) {
        find_part(lists, shard, shards, cost, context, first, end);
    }
    free_copies(copies);
    return status;
}

/* ---- a list of trials ---- */

struct listed {
    const struct wr_trial_options *trial;
    size_t place;
};

/* By options; equal trials by their places. */
static int compare_listed(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    int order = wr_trial_options_compare(x->trial, y->trial);
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

/* Gives the id 0 to each trial that is listed before. */
static wr_status find_repeated(const struct wr_trial_options *trials, int64_t *ids, size_t count,
                               struct wr_error *error) {
    struct listed *order = wr_alloc(count, sizeof *order, "trials", error);
    if (order == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        order[i] = (struct listed){&trials[i], i};
    qsort(order, count, sizeof *order, compare_listed);
    for (size_t i = 1; i < count; i++)
        if (wr_trial_options_compare(order[i].trial, order[i - 1].trial) == 0)
            ids[order[i].place] = 0;
    free(order);
    return WR_OK;
}

static wr_status check_count(size_t count, struct wr_error *error) {
    if (count > 0 && count <= WR_MOST_TRIALS)
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "%zu trials: 1 to %d needed", count, WR_MOST_TRIALS);
}

static wr_status copy_list(const struct wr_sweep *sweep, struct wr_trial_options **trials,
                           int64_t **ids, size_t *count, struct wr_error *error) {
    wr_status status = check_count(sweep->trial_count, error);
    if (status == WR_OK)
        status = allocate(sweep->trial_count, trials, ids, error);
    for (size_t i = 0; i < sweep->trial_count && status == WR_OK; i++) {
        (*trials)[i] = sweep->trials[i];
        (*ids)[i] = (int64_t)i + 1;
        status = wr_trial_options_check(&(*trials)[i], error);
        wr_trial_options_settle(&(*trials)[i]);
    }
    if (status == WR_OK)
        status = find_repeated(*trials, *ids, sweep->trial_count, error);
    *count = 0;
    for (size_t i = 0; i < sweep->trial_count && status == WR_OK; i++)
        if ((*ids)[i] > 0) {
            (*trials)[*count] = (*trials)[i];
            (*ids)[(*count)++] = (*ids)[i];
        }
    return status;
}

/* ---- either ---- */

wr_status wr_trials_make(const struct wr_sweep *sweep, size_t first, size_t end,
                         struct wr_trial_options **trials, int64_t **ids, size_t *count,
                         struct wr_error *error) {
    *trials = NULL;
    *ids = NULL;
    return sweep->trials != NULL ? copy_list(sweep, trials, ids, count, error)
                                 : expand(&sweep->grid, first, end, trials, ids, count, error);
}

wr_status wr_trials_count(const struct wr_sweep *sweep, size_t *count, struct wr_error *error) {
    if (sweep->trials == NULL)
        return wr_grid_count(&sweep->grid, count, error);
    *count = sweep->trial_count;
    return check_count(*count, error);
}
