#include "sweep/grid.h"

#include "base/arithmetic.h"
#include "base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A list of values of the grid; each value has `size` bytes. */
struct list {
    const char *name; /* its field of wr_grid */
    const void *values;
    size_t count, size;
    int (*compare)(const void *a, const void *b);
};
enum { LISTS = 7 };

#define COMPARE(name, type)                                                                        \
    static int name(const void *a, const void *b) {                                                \
        type x = *(const type *)a, y = *(const type *)b;                                           \
        return (x > y) - (x < y);                                                                  \
    }
COMPARE(compare_sizes, size_t)
COMPARE(compare_reals, float)
COMPARE(compare_inits, enum wr_init)
COMPARE(compare_seeds, uint32_t)

/* Lists the options in the order in which they vary; the last one varies fastest. */
static void list_all(const struct wr_grid *g, struct list lists[LISTS]) {
    const struct list all[LISTS] = {
        {"hidden", g->hidden, g->hidden_count, sizeof *g->hidden, compare_sizes},
        {"window", g->window, g->window_count, sizeof *g->window, compare_sizes},
        {"batch", g->batch, g->batch_count, sizeof *g->batch, compare_sizes},
        {"init", g->init, g->init_count, sizeof *g->init, compare_inits},
        {"lr", g->lr, g->lr_count, sizeof *g->lr, compare_reals},
        {"clip", g->clip, g->clip_count, sizeof *g->clip, compare_reals},
        {"seeds", g->seeds, g->seed_count, sizeof *g->seeds, compare_seeds}};
    memcpy(lists, all, sizeof all);
}

wr_status wr_trial_options_check(const struct wr_trial_options *o, struct wr_error *error) {
    const struct {
        const char *name;
        size_t value, least;
    } sizes[] = {{"hidden", o->hidden, 1}, {"window", o->window, 1}, {"batch", o->batch, 0}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < sizes[i].least || sizes[i].value > UINT32_MAX)
            return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %zu: %zu to %u needed", sizes[i].name,
                           sizes[i].value, sizes[i].least, UINT32_MAX);
    if (!isfinite(o->lr) || o->lr < 0)
        return wr_fail(error, WR_ERR_USAGE, "\1lr\1 %g: finite and at least 0 needed",
                       (double)o->lr);
    if (!isfinite(o->clip) || o->clip < 0)
        return wr_fail(error, WR_ERR_USAGE, "\1clip\1 %g: finite and at least 0 needed",
                       (double)o->clip);
    if (o->init != WR_INIT_NOTEBOOK && o->init != WR_INIT_PYTORCH)
        return wr_fail(error, WR_ERR_USAGE, "\1init\1 %d: notebook or pytorch needed",
                       (int)o->init);
    return WR_OK;
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
    if (product > WR_MOST_TRIALS)
        return wr_fail(
            error, WR_ERR_USAGE,
            "the grid has %.0f trials: \1hidden\1 gives %zu values, \1window\1 %zu, "
            "\1batch\1 %zu, \1init\1 %zu, \1lr\1 %zu, \1clip\1 %zu, \1seeds\1 %zu; %d trials are "
            "the most",
            product, lists[0].count, lists[1].count, lists[2].count, lists[3].count, lists[4].count,
            lists[5].count, lists[6].count, WR_MOST_TRIALS);
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
    return (struct wr_trial_options){
        .hidden = ((const size_t *)lists[0].values)[at[0]],
        .window = ((const size_t *)lists[1].values)[at[1]],
        .batch = ((const size_t *)lists[2].values)[at[2]],
        .init = ((const enum wr_init *)lists[3].values)[at[3]],
        .lr = ((const float *)lists[4].values)[at[4]],
        .clip = ((const float *)lists[5].values)[at[5]],
        .seed = ((const uint32_t *)lists[6].values)[at[6]],
    };
}

static void fill_trials(const struct list lists[LISTS], struct wr_trial_options *trials,
                        size_t count) {
    size_t at[LISTS] = {0};
    for (size_t i = 0; i < count; i++) {
        trials[i] = trial_at(lists, at);
        for (size_t k = LISTS; k-- > 0 && ++at[k] == lists[k].count;)
            at[k] = 0;
    }
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

wr_status wr_grid_expand(const struct wr_grid *grid, struct wr_trial_options **trials,
                         size_t *count, struct wr_error *error) {
    struct list lists[LISTS];
    void *copies[LISTS] = {NULL};
    *trials = NULL;
    wr_status status = prepare(grid, lists, copies, count, error);
    if (status == WR_OK) {
        *trials = wr_alloc(*count, sizeof **trials, "trials", error);
        status = *trials != NULL ? WR_OK : WR_ERR_MEMORY;
    }
    if (status == WR_OK)
        fill_trials(lists, *trials, *count);
    free_copies(copies);
    return status;
}
