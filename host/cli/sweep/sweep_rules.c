#include "cli/sweep/sweep_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "sweep/trial.h"

/* ---- lists ---- */

/* The options of trials, in the order in which those of the learning rule vary, and where their
 * lists stand. A number comes after its choice. */
#define LIST_AT(field) offsetof(struct grid_options, field)
static const struct {
    enum wr_option option;
    size_t at;
} lists[WR_OPTIONS] = {
    {WR_OPTION_HIDDEN, LIST_AT(hidden)},
    {WR_OPTION_WINDOW, LIST_AT(window)},
    {WR_OPTION_BATCH, LIST_AT(batch)},
    {WR_OPTION_INIT, LIST_AT(init)},
    {WR_OPTION_LR, LIST_AT(lr)},
    {WR_OPTION_CLIP, LIST_AT(clip)},
    {WR_OPTION_SEED, LIST_AT(seeds)},
    {WR_OPTION_OPTIMIZER, LIST_AT(optimizer)},
    {WR_OPTION_MOMENTUM, LIST_AT(momentum)},
    {WR_OPTION_BETA1, LIST_AT(beta1)},
    {WR_OPTION_BETA2, LIST_AT(beta2)},
    {WR_OPTION_EPSILON, LIST_AT(epsilon)},
    {WR_OPTION_WEIGHT_DECAY, LIST_AT(weight_decay)},
    {WR_OPTION_CLIP_BY, LIST_AT(clip_by)},
    {WR_OPTION_LR_DECAY, LIST_AT(lr_decay)},
    {WR_OPTION_ORDER, LIST_AT(order)},
    {WR_OPTION_RECENCY, LIST_AT(recency)},
    {WR_OPTION_ACTIVATION, LIST_AT(activation)},
    {WR_OPTION_BIAS, LIST_AT(bias)},
};
enum { FIRST_OF_RULE = 7, MOST_RULES = 1000000 };

static const union option_value *list_of(const struct grid_options *grid, size_t list) {
    return option_at(grid, lists[list].at);
}

static bool is_real(size_t list) {
    return wr_option_type(lists[list].option) == WR_OPTION_REAL;
}

static size_t list_count(const struct grid_options *grid, size_t list) {
    const union option_value *value = list_of(grid, list);
    return is_real(list) ? value->reals.count : value->sizes.count;
}

static double list_value(const struct grid_options *grid, size_t list, size_t i) {
    const union option_value *value = list_of(grid, list);
    if (is_real(list))
        return (double)value->reals.values[i];
    bool all = lists[list].option == WR_OPTION_BATCH && value->sizes.values[i] == SIZE_MAX;
    return all ? WR_BATCH_ALL : (double)value->sizes.values[i];
}

/* NULL: it is a list. */
static const struct option_range *range_of(const struct grid_options *grid, size_t list) {
    const union option_value *value = list_of(grid, list);
    if (wr_option_type(lists[list].option) == WR_OPTION_WORD)
        return NULL;
    const struct option_range *range = is_real(list) ? &value->reals.range : &value->sizes.range;
    return range->most > 0 ? range : NULL;
}

/* ---- numbers and their choices ---- */

/* The list of the choice that a number goes with. */
static size_t choice_of(size_t list) {
    enum wr_option option =
        lists[list].option == WR_OPTION_RECENCY ? WR_OPTION_ORDER : WR_OPTION_OPTIMIZER;
    size_t choice = 0;
    while (lists[choice].option != option)
        choice++;
    return choice;
}

static bool goes_with(size_t list, unsigned kind) {
    struct wr_trial_options trial = {0};
    wr_option_set(&trial, lists[choice_of(list)].option, kind);
    return wr_option_counts(&trial, lists[list].option);
}

static bool is_used(const struct grid_options *grid, size_t list) {
    size_t choice = choice_of(list);
    for (size_t i = 0; i < list_count(grid, choice); i++)
        if (goes_with(list, (unsigned)list_value(grid, choice, i)))
            return true;
    return false;
}

static wr_status fail_unused(const struct grid_options *grid, size_t list, struct wr_error *error) {
    size_t choice = choice_of(list);
    const char *name = option_spec_at(&grid_group, lists[choice].at).name, *word;
    char kinds[64] = "";
    for (unsigned kind = 0; (word = wr_option_word(lists[choice].option, kind)) != NULL; kind++)
        if (goes_with(list, kind))
            snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), "%s%s",
                     *kinds != '\0' ? " or " : "", word);
    return wr_fail(error, WR_ERR_USAGE, "--%s goes with --%s %s, found --%s %s",
                   option_spec_at(&grid_group, lists[list].at).name, name, kinds, name,
                   list_of(grid, choice)->head.text);
}

wr_status sweep_lists_check(const struct grid_options *grid, bool drawn, struct wr_error *error) {
    for (size_t list = 0; list < WR_OPTIONS; list++) {
        const struct option_head *head = &list_of(grid, list)->head;
        if (head->given && !is_used(grid, list))
            return fail_unused(grid, list, error);
        if (!drawn && range_of(grid, list) != NULL)
            return wr_fail(error, WR_ERR_USAGE,
                           "--%s %s is a range to draw from, which --sample N does; a grid takes "
                           "lists, and ranges with a step, A..B:STEP or A..B*FACTOR",
                           option_spec_at(&grid_group, lists[list].at).name, head->text);
    }
    return WR_OK;
}

/* ---- rules ---- */

struct making {
    const struct grid_options *grid;
    struct wr_rule *rules; /* (count) */
    size_t count, room;
};

static wr_status add_rule(struct making *making, const struct wr_rule *rule,
                          struct wr_error *error) {
    struct wr_rule *grown = NULL;
    if (making->count == MOST_RULES)
        return wr_fail(error, WR_ERR_USAGE, "the lists give more than %d learning rules",
                       MOST_RULES);
    if (making->count == making->room) {
        making->room = making->room * 2 + 16;
        grown = realloc(making->rules, making->room * sizeof *making->rules);
        if (grown == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "no memory for %zu learning rules", making->room);
        making->rules = grown;
    }
    making->rules[making->count++] = *rule;
    return WR_OK;
}

/* Completes the trial's rule with the lists from `list` on, in every way. A number that means
 * nothing beside the choices so far does not branch. */
static wr_status complete(struct making *making, const struct wr_trial_options *trial, size_t list,
                          struct wr_error *error) {
    if (list == WR_OPTIONS)
        return add_rule(making, &trial->rule, error);
    enum wr_option option = lists[list].option;
    size_t values = list_count(making->grid, list);
    if (values == 0 || !wr_option_counts(trial, option))
        return complete(making, trial, list + 1, error);
    wr_status status = WR_OK;
    for (size_t i = 0; i < values && status == WR_OK; i++) {
        struct wr_trial_options branch = *trial;
        wr_option_set(&branch, option, list_value(making->grid, list, i));
        if (option == WR_OPTION_OPTIMIZER) /* with its own defaults */
            wr_rule_init(&branch.rule, branch.rule.optimizer);
        status = complete(making, &branch, list + 1, error);
    }
    return status;
}

wr_status sweep_rules_make(const struct grid_options *grid, struct wr_rule **rules, size_t *count,
                           struct wr_error *error) {
    struct making making = {.grid = grid};
    const struct wr_trial_options trial = {0};
    wr_status status = complete(&making, &trial, FIRST_OF_RULE, error);
    *rules = making.rules;
    *count = making.count;
    return status;
}

/* ---- samples ---- */

/* Makes the axis of a list or range; its values are in *values, which the caller frees with free.
 */
static wr_status make_axis(const struct grid_options *grid, size_t list, struct wr_axis *axis,
                           double **values, struct wr_error *error) {
    const struct option_range *range = range_of(grid, list);
    size_t count = list_count(grid, list);
    *axis = (struct wr_axis){.option = wr_option_name(lists[list].option)};
    if (range != NULL) {
        axis->least = range->least;
        axis->most = range->most;
        axis->logarithmic = range->logarithmic;
        return WR_OK;
    }
    *values = wr_alloc(count, sizeof **values, "values to draw from", error);
    if (*values == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        (*values)[i] = list_value(grid, list, i);
    axis->values = *values;
    axis->count = count;
    return WR_OK;
}

wr_status sweep_sample(const struct grid_options *grid, uint32_t seed, size_t count,
                       struct wr_trial_options **trials, struct wr_error *error) {
    static const struct wr_trial_options base = {0};
    struct wr_axis axes[WR_OPTIONS];
    double *values[WR_OPTIONS] = {NULL};
    size_t axis_count = 0;
    wr_status status = WR_OK;
    if (count > WR_MOST_TRIALS)
        return wr_fail(error, WR_ERR_USAGE, "--sample %zu: %d trials are the most", count,
                       WR_MOST_TRIALS);
    *trials = wr_alloc(count, sizeof **trials, "trials", error);
    if (*trials == NULL)
        return WR_ERR_MEMORY;
    for (size_t list = 0; list < WR_OPTIONS && status == WR_OK; list++)
        if (list_count(grid, list) > 0 || range_of(grid, list) != NULL) {
            status = make_axis(grid, list, &axes[axis_count], &values[axis_count], error);
            axis_count++;
        }
    if (status == WR_OK)
        status = wr_sample(&base, axes, axis_count, seed, *trials, count, error);
    for (size_t i = 0; i < axis_count; i++)
        free(values[i]);
    return status;
}

/* ---- the loss ---- */

wr_status sweep_loss_read(const struct sweep_options *options, struct wr_sweep *sweep,
                          struct wr_error *error) {
    enum wr_loss loss = (enum wr_loss)options->loss.value;
    struct wr_rule defaults;
    wr_rule_init(&defaults, WR_OPTIMIZER_SGD);
    sweep->loss = loss;
    if (options->huber_delta.given && loss != WR_LOSS_HUBER)
        return wr_fail(error, WR_ERR_USAGE, "--huber-delta goes with --loss huber, found --loss %s",
                       options->loss.text);
    if (options->tau.given && loss != WR_LOSS_QUANTILE)
        return wr_fail(error, WR_ERR_USAGE, "--tau goes with --loss quantile, found --loss %s",
                       options->loss.text);
    if (loss == WR_LOSS_HUBER)
        sweep->huber_delta =
            options->huber_delta.given ? options->huber_delta.value : defaults.huber_delta;
    if (loss == WR_LOSS_QUANTILE)
        sweep->tau = options->tau.given ? options->tau.value : defaults.tau;
    return WR_OK;
}
