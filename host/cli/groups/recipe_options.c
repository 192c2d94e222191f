/* Makes recipes from options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/forecast/forecast_command.h"
#include "cli/groups/rule_options.h"

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
static wr_status choose_recipe(const struct option_value *options, const struct wr_panel *panel,
                               struct recipes *recipes, struct wr_error *error) {
    const char *step, *name = panel_recipe(panel, &step);
    bool numbered = name == NULL, seasonal = options[RECIPE_SEASON].given;
    char why[80] = "steps are numbered, and there is no --season";
    if (numbered)
        name = recipe_of_season(options[RECIPE_SEASON].size);
    if (!numbered)
        snprintf(why, sizeof why, "the time stamps are %s", step);
    else if (seasonal)
        snprintf(why, sizeof why, "a season has %zu steps", options[RECIPE_SEASON].size);
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

static wr_status name_recipes(const struct option_value *options, const struct items *names,
                              struct recipes *recipes, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < names->count && status == WR_OK; i++) {
        for (size_t j = 0; j < i; j++)
            if (strcmp(names->texts[i], names->texts[j]) == 0)
                return wr_fail(error, WR_ERR_USAGE, "--recipe %s: %s stands there twice",
                               options[RECIPE_NAMES].text, names->texts[i]);
        status = wr_recipe_named(names->texts[i], &recipes->recipes[i], error);
    }
    return status;
}

/* ---- changes ---- */

static void change_size(const struct option_value *option, size_t *value) {
    if (option->given)
        *value = option->size;
}

static void change_real(const struct option_value *option, float *value) {
    if (option->given)
        *value = option->real;
}

static void change_flag(const struct option_value *option, bool *value) {
    if (option->given)
        *value = option->choice != 0;
}

static void change_windows(const struct option_value *options, struct wr_recipe *recipe) {
    change_size(&options[RECIPE_HORIZON], &recipe->horizon);
    change_size(&options[RECIPE_SEASON], &recipe->season);
    change_size(&options[RECIPE_WINDOW], &recipe->window);
    change_size(&options[RECIPE_CHUNK], &recipe->chunk);
    change_size(&options[RECIPE_DIFFERENCE], &recipe->difference);
    change_size(&options[RECIPE_RESIDUAL], &recipe->residual);
    change_flag(&options[RECIPE_RECURSIVE], &recipe->recursive);
    change_flag(&options[RECIPE_ADJUST], &recipe->adjust);
    change_flag(&options[RECIPE_DETREND], &recipe->detrend);
    change_flag(&options[RECIPE_SCALE], &recipe->scale);
    if (options[RECIPE_TRANSFORM].given)
        recipe->transform = (enum wr_transform)options[RECIPE_TRANSFORM].choice;
    if (options[RECIPE_NORMALIZE].given)
        recipe->normalize = (enum wr_normalize)options[RECIPE_NORMALIZE].choice;
    if (recipe->horizon == 0)
        recipe->horizon = recipe->season > 1 ? recipe->season : DEFAULT_HORIZON;
}

static void change_models(const struct option_value *options, struct wr_recipe *recipe) {
    change_size(&options[RECIPE_HIDDEN], &recipe->hidden);
    change_size(&options[RECIPE_SEEDS], &recipe->seeds);
    change_size(&options[RECIPE_BATCH], &recipe->batch);
    change_real(&options[RECIPE_LR], &recipe->lr);
    change_real(&options[RECIPE_CLIP], &recipe->clip);
    if (options[RECIPE_SEED].given)
        recipe->seed = (uint32_t)options[RECIPE_SEED].size;
    if (options[RECIPE_INIT].given)
        recipe->init = (enum wr_init)options[RECIPE_INIT].choice;
    if (options[RECIPE_COMBINE].given)
        recipe->combine = (enum wr_combine)options[RECIPE_COMBINE].choice;
    if (options[RECIPE_BOUND].given)
        recipe->bound = (enum wr_bound)options[RECIPE_BOUND].choice;
    if (options[RECIPE_UPDATES].given || options[RECIPE_EPOCHS].given) {
        recipe->updates = options[RECIPE_UPDATES].given ? options[RECIPE_UPDATES].size : 0;
        recipe->epochs = options[RECIPE_EPOCHS].given ? options[RECIPE_EPOCHS].size : 0;
    }
    if (options[RECIPE_VALIDATE].given)
        recipe->validate = (double)options[RECIPE_VALIDATE].real;
    if (recipe->validate > 0 && recipe->validations == 0) {
        recipe->validations = DEFAULT_VALIDATIONS;
        recipe->patience = DEFAULT_PATIENCE;
    }
    change_size(&options[RECIPE_VALIDATIONS], &recipe->validations);
    change_size(&options[RECIPE_PATIENCE], &recipe->patience);
}

/* An option that is not given takes the recipe's value. */
static void keep_choice(struct option_value *option, unsigned choice, const char *name) {
    if (option->given)
        return;
    option->choice = choice;
    option->text = name;
}

/* Changes the rule. Another choice brings its own defaults. Options that have no meaning with a
 * choice are refused. */
static wr_status change_rule(const struct option_value *options, struct wr_recipe *recipe,
                             struct wr_error *error) {
    static const unsigned biases[] = {0, 2, 1, 3}; /* maps wr_rule.fixed to --bias */
    struct option_value own[RULE_OPTIONS];
    const struct wr_rule old = recipe->rule;
    struct wr_rule *rule = &recipe->rule;
    memcpy(own, options + RECIPE_RULE, sizeof own);
    for (unsigned c = 0; c < WR_CHOICES; c++)
        keep_choice(&own[rule_choices[c]], wr_chosen(&old, c), wr_kind_name(c, wr_chosen(&old, c)));
    keep_choice(&own[RULE_BIAS], biases[old.fixed & 3], NULL);
    wr_status status = rule_read(own, rule, error);
    for (size_t i = 0; i < WR_NUMBERS; i++) {
        const struct wr_number *number = &wr_numbers[i];
        bool same = wr_chosen(rule, number->of) == wr_chosen(&old, number->of);
        if (!own[rule_numbers[i]].given && (same || number->kinds == WR_ANY_KIND))
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
                           "recipe %s forecasts %zu steps, %s %zu; --horizon K makes them one",
                           first[0].name, first[0].horizon, first[i].name, first[i].horizon);
    return WR_OK;
}

static wr_status make_room(size_t count, struct recipes *recipes, struct wr_error *error) {
    recipes->recipes = wr_alloc(count, sizeof *recipes->recipes, "recipes", error);
    recipes->count = recipes->recipes != NULL ? count : 0;
    return recipes->recipes != NULL ? WR_OK : WR_ERR_MEMORY;
}

static wr_status change_all(const struct option_value *options, struct recipes *recipes,
                            struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < recipes->count && status == WR_OK; i++) {
        change_windows(options, &recipes->recipes[i]);
        change_models(options, &recipes->recipes[i]);
        status = change_rule(options, &recipes->recipes[i], error);
        if (status == WR_OK)
            status = wr_recipe_check(&recipes->recipes[i], error);
    }
    return status == WR_OK ? check_horizons(recipes, error) : status;
}

/* With --recipe, errors in options are found before a large file is read. */
wr_status recipes_make(const char *command, const struct option_value *options,
                       struct wr_panel **panel, struct recipes *recipes, struct wr_error *error) {
    if (!options[RECIPE_NAMES].given) {
        wr_status status = panel_read(command, options, &(struct panel_times){0}, panel, error);
        if (status == WR_OK)
            status = make_room(1, recipes, error);
        if (status == WR_OK)
            status = choose_recipe(options, *panel, recipes, error);
        return status == WR_OK ? change_all(options, recipes, error) : status;
    }
    struct items names = {0};
    wr_status status = items_make("recipe", options[RECIPE_NAMES].text, &names, error);
    if (status == WR_OK)
        status = make_room(names.count, recipes, error);
    if (status == WR_OK)
        status = name_recipes(options, &names, recipes, error);
    if (status == WR_OK)
        status = change_all(options, recipes, error);
    items_release(&names);
    return status == WR_OK ? panel_read(command, options, &(struct panel_times){0}, panel, error)
                           : status;
}

void recipes_release(struct recipes *recipes) {
    free(recipes->recipes);
    *recipes = (struct recipes){0};
}
