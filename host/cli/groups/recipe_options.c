#include "cli/groups/recipe_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { DEFAULT_HORIZON = 14, DEFAULT_VALIDATIONS = 20, DEFAULT_PATIENCE = 5, BUSINESS_WEEK = 5 };

/* ---- choosing recipes ---- */

/* The recipe for numbered steps: the one with that season. */
static const char *recipe_of_season(size_t season) {
    static const struct {
        size_t season;
        const char *name;
    } names[] = {{24, "hourly"}, {52, "weekly"}, {12, "monthly"}, {4, "quarterly"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].season == season)
            return names[i].name;
    return "daily";
}

/* Chooses the recipe where --recipe is not given. */
static wr_status choose_recipe(const struct recipe_options *options, const struct wr_panel *panel,
                               struct recipes *recipes, struct wr_error *error) {
    const char *step, *name = panel_recipe(panel, &step);
    bool numbered = name == NULL, seasonal = options->season.given;
    char why[80] = "steps are numbered, and there is no --season";
    if (numbered)
        name = recipe_of_season(options->season.value);
    if (!numbered)
        snprintf(why, sizeof why, "the time stamps are %s", step);
    else if (seasonal)
        snprintf(why, sizeof why, "a season has %zu steps", options->season.value);
    snprintf(recipes->choice, sizeof recipes->choice, "recipe %s, since %s; --recipe names another",
             name, why);
    wr_status status = wr_recipe_named(name, recipes->recipes, error);
    if (numbered && !seasonal)
        recipes->recipes->season = 1;
    if (status == WR_OK && panel_is_business(panel)) { /* the season is a week of five days */
        recipes->recipes->season = BUSINESS_WEEK;
        recipes->recipes->chunk = BUSINESS_WEEK;
    }
    return status;
}

static wr_status name_recipes(const struct recipe_options *options, const struct items *names,
                              struct recipes *recipes, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < names->count && status == WR_OK; i++) {
        for (size_t j = 0; j < i; j++)
            if (strcmp(names->texts[i], names->texts[j]) == 0)
                return wr_fail(error, WR_ERR_USAGE, "--recipe %s: %s stands there twice",
                               options->names.text, names->texts[i]);
        status = wr_recipe_named(names->texts[i], &recipes->recipes[i], error);
    }
    return status;
}

/* ---- changes ---- */

static void change_size(const struct option_size *option, size_t *value) {
    if (option->given)
        *value = option->value;
}

static void change_real(const struct option_real *option, float *value) {
    if (option->given)
        *value = option->value;
}

static void change_flag(const struct option_choice *option, bool *value) {
    if (option->given)
        *value = option->value != 0;
}

static void change_windows(const struct recipe_options *options, struct wr_recipe *recipe) {
    change_size(&options->horizon, &recipe->horizon);
    change_size(&options->season, &recipe->season);
    change_size(&options->window, &recipe->window);
    change_size(&options->chunk, &recipe->chunk);
    change_size(&options->difference, &recipe->difference);
    change_size(&options->residual, &recipe->residual);
    change_flag(&options->recursive, &recipe->recursive);
    change_flag(&options->adjust, &recipe->adjust);
    change_flag(&options->detrend, &recipe->detrend);
    change_flag(&options->scale, &recipe->scale);
    if (options->transform.given)
        recipe->transform = (enum wr_transform)options->transform.value;
    if (options->normalize.given)
        recipe->normalize = (enum wr_normalize)options->normalize.value;
    if (recipe->horizon == 0)
        recipe->horizon = recipe->season > 1 ? recipe->season : DEFAULT_HORIZON;
}

static void change_models(const struct recipe_options *options, struct wr_recipe *recipe) {
    change_size(&options->hidden, &recipe->hidden);
    change_size(&options->seeds, &recipe->seeds);
    change_size(&options->batch, &recipe->batch);
    change_real(&options->lr, &recipe->lr);
    change_real(&options->clip, &recipe->clip);
    if (options->seed.given)
        recipe->seed = (uint32_t)options->seed.value;
    if (options->init.given)
        recipe->init = (enum wr_init)options->init.value;
    if (options->combine.given)
        recipe->combine = (enum wr_combine)options->combine.value;
    if (options->bound.given)
        recipe->bound = (enum wr_bound)options->bound.value;
    if (options->updates.given || options->epochs.given) {
        recipe->updates = options->updates.given ? options->updates.value : 0;
        recipe->epochs = options->epochs.given ? options->epochs.value : 0;
    }
    if (options->validate.given)
        recipe->validate = (double)options->validate.value;
    if (recipe->validate > 0 && recipe->validations == 0) {
        recipe->validations = DEFAULT_VALIDATIONS;
        recipe->patience = DEFAULT_PATIENCE;
    }
    change_size(&options->validations, &recipe->validations);
    change_size(&options->patience, &recipe->patience);
}

/* Changes the rule. Another choice brings its own defaults. Options that have no meaning with a
 * choice are refused. */
static wr_status change_rule(const struct rule_options *options, struct wr_recipe *recipe,
                             struct wr_error *error) {
    const struct wr_rule old = recipe->rule;
    struct wr_rule *rule = &recipe->rule;
    struct rule_options own = *options;
    rule_keep(&old, &own);
    wr_status status = rule_read(&own, rule, error);
    for (size_t i = 0; i < WR_NUMBERS; i++) {
        const struct wr_number *number = &wr_numbers[i];
        bool same = wr_chosen(rule, number->of) == wr_chosen(&old, number->of);
        if (!rule_gives(&own, i) && (same || number->kinds == WR_ANY_KIND))
            wr_number_set(number, rule, wr_number_get(number, &old));
    }
    rule->decay_epochs = old.decay_epochs;
    return status;
}

/* Checks that all recipes have the same horizon. Without --horizon, recipes with different seasons
 * have different horizons. */
static wr_status check_horizons(const struct recipes *recipes, struct wr_error *error) {
    const struct wr_recipe *first = recipes->recipes;
    for (size_t i = 1; i < recipes->count; i++)
        if (first[i].horizon != first[0].horizon)
            return wr_fail(error, WR_ERR_USAGE,
                           "--recipe: %s forecasts %zu steps, %s %zu; --horizon K makes them one",
                           first[0].name, first[0].horizon, first[i].name, first[i].horizon);
    return WR_OK;
}

static wr_status make_room(size_t count, struct recipes *recipes, struct wr_error *error) {
    recipes->recipes = wr_alloc(count, sizeof *recipes->recipes, "recipes", error);
    recipes->count = recipes->recipes != NULL ? count : 0;
    return recipes->recipes != NULL ? WR_OK : WR_ERR_MEMORY;
}

static wr_status change_all(const struct recipe_options *options, struct recipes *recipes,
                            struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < recipes->count && status == WR_OK; i++) {
        change_windows(options, &recipes->recipes[i]);
        change_models(options, &recipes->recipes[i]);
        status = change_rule(&options->rule, &recipes->recipes[i], error);
        if (status == WR_OK)
            status = wr_recipe_check(&recipes->recipes[i], error);
    }
    return status == WR_OK ? check_horizons(recipes, error) : status;
}

/* With --recipe, errors in options are found before a large file is read. */
wr_status recipes_make(const char *command, const struct panel_options *source,
                       const struct recipe_options *options, struct wr_panel **panel,
                       struct recipes *recipes, struct wr_error *error) {
    const struct panel_times usual = {0};
    if (!options->names.given) {
        wr_status status = panel_read(command, source, &usual, panel, error);
        if (status == WR_OK)
            status = make_room(1, recipes, error);
        if (status == WR_OK)
            status = choose_recipe(options, *panel, recipes, error);
        return status == WR_OK ? change_all(options, recipes, error) : status;
    }
    struct items names = {0};
    wr_status status = items_make("recipe", options->names.text, &names, error);
    if (status == WR_OK)
        status = make_room(names.count, recipes, error);
    if (status == WR_OK)
        status = name_recipes(options, &names, recipes, error);
    if (status == WR_OK)
        status = change_all(options, recipes, error);
    items_release(&names);
    return status == WR_OK ? panel_read(command, source, &usual, panel, error) : status;
}

void recipes_release(struct recipes *recipes) {
    free(recipes->recipes);
    *recipes = (struct recipes){0};
}
