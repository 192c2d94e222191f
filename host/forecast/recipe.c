/* The named recipes, the checks of a recipe, and the sizes that follow from it. */
#include <math.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "forecast/prepare.h"
#include "model/choices.h"
#include "windrow/forecast.h"

/* A number of a rule that is 0 here gets the default of wr_rule_init. */
#define ADAM(weight)                                                                               \
    .optimizer = WR_OPTIMIZER_ADAM, .decay = WR_DECAY_LINEAR, .loss = WR_LOSS_MAE,                 \
    .weight_decay = (weight)
#define SHUFFLED(weight) .rule = {ADAM(weight), .order = WR_ORDER_SHUFFLED}
#define RECENT(weight)   .rule = {ADAM(weight), .order = WR_ORDER_RECENT}
#define ENSEMBLE                                                                                   \
    .transform = WR_TRANSFORM_AUTO, .seeds = 16, .init = WR_INIT_ORTHOGONAL, .batch = 1,           \
    .lr = 5e-3f, .bound = WR_BOUND_ZERO
#define LAST .normalize = WR_NORMALIZE_LAST, .scale = true

#define HOURS                                                                                      \
    .window = 7, .chunk = 24, .season = 24, .hidden = 32, .updates = 15000, ENSEMBLE, SHUFFLED(0)
#define HOURLY      .normalize = WR_NORMALIZE_STANDARD, HOURS
#define HOURLY_LAST LAST, HOURS
/* Daily series are much like a random walk: early stopping keeps only what helps on held-out
 * days. */
#define DAILY                                                                                      \
    .window = 8, .chunk = 7, .season = 7, LAST, .hidden = 16, .updates = 6000, .validate = 0.2,    \
    .validations = 20, .patience = 5, ENSEMBLE, RECENT(0)
#define WEEKLY                                                                                     \
    .window = 4, .chunk = 26, .season = 52, LAST, .hidden = 16, .updates = 4000, ENSEMBLE,         \
    RECENT(0.5f)
#define MONTHLY(weight)                                                                            \
    .window = 3, .chunk = 12, .season = 12, LAST, .hidden = 16, .updates = 3000, ENSEMBLE,         \
    SHUFFLED(weight)
#define QUARTERLY(weight)                                                                          \
    .window = 3, .chunk = 4, .season = 4, LAST, .hidden = 8, .updates = 2000, ENSEMBLE,            \
    SHUFFLED(weight)
#define YEARLY                                                                                     \
    .window = 4, .chunk = 1, .season = 1, LAST, .hidden = 8, .updates = 1000, ENSEMBLE, SHUFFLED(1)

static const struct named {
    const char *about;
    struct wr_recipe recipe;
} recipes[] = {
    {"hours: a week, day by day", {.name = "hourly", HOURLY}},
    {"hourly, as differences from the hour a day before",
     {.name = "hourly-residual", .residual = 24, HOURLY}},
    {"hourly, of differences from the hour a week before",
     {.name = "hourly-difference", .difference = 168, HOURLY}},
    {"hourly, each window less its last value", {.name = "hourly-last", HOURLY_LAST}},
    {"days: eight weeks, week by week", {.name = "daily", DAILY}},
    {"daily, as differences from the weekday a week before",
     {.name = "daily-residual", .residual = 7, DAILY}},
    {"weeks: two years, half by half", {.name = "weekly", WEEKLY}},
    {"weekly, as differences from the week a year before",
     {.name = "weekly-residual", .residual = 52, WEEKLY}},
    {"weekly, of differences from the week a year before",
     {.name = "weekly-difference", .difference = 52, WEEKLY}},
    {"months: three years, year by year, without the season where there is one",
     {.name = "monthly", .adjust = true, MONTHLY(1)}},
    {"monthly, with the season to learn", {.name = "monthly-season", MONTHLY(0)}},
    {"monthly, as differences from the month a year before",
     {.name = "monthly-residual", .residual = 12, MONTHLY(0)}},
    {"quarters: three years, year by year, without the season where there is one",
     {.name = "quarterly", .adjust = true, QUARTERLY(1)}},
    {"quarterly, with the season to learn", {.name = "quarterly-season", QUARTERLY(0)}},
    {"quarterly, as differences from the quarter a year before",
     {.name = "quarterly-residual", .residual = 4, QUARTERLY(0)}},
    {"years: four of them", {.name = "yearly", YEARLY}},
    {"the teaching notebook that Windrow grew from, step by step",
     {.name = "notebook",
      .window = 5,
      .chunk = 1,
      .recursive = true,
      .season = 1,
      .hidden = 20,
      .seeds = 1,
      .init = WR_INIT_NOTEBOOK,
      .batch = 1,
      .epochs = 2500,
      .lr = 1e-4f,
      .clip = 1.0f}},
    /* It is SimpleRNN(6, linear, no bias) of Keras, whose epsilon is 1e-7. */
    {"the RNN of the M4 competition's organisers: 6 linear units; hourly, or set the season",
     {.name = "m4-rnn",
      .window = 3,
      .chunk = 1,
      .recursive = true,
      .season = 24,
      .adjust = true,
      .detrend = true,
      .hidden = 6,
      .seeds = 1,
      .init = WR_INIT_ORTHOGONAL,
      .batch = 1,
      .epochs = 100,
      .lr = 1e-3f,
      .rule = {.activation = WR_ACTIVATION_IDENTITY,
               .optimizer = WR_OPTIMIZER_RMSPROP,
               .beta2 = 0.9f,
               .epsilon = 1e-7f,
               .order = WR_ORDER_SHUFFLED,
               .fixed = WR_FIXED_HIDDEN_BIAS}}}};

const char *wr_recipe_name(size_t index, const char **about) {
    if (index >= sizeof recipes / sizeof *recipes)
        return NULL;
    if (about)
        *about = recipes[index].about;
    return recipes[index].recipe.name;
}

static wr_status unknown(const char *name, struct wr_error *error) {
    char names[512] = "";
    for (size_t i = 0; wr_recipe_name(i, NULL); i++) {
        size_t length = strlen(names);
        wr_format(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "",
                  wr_recipe_name(i, NULL));
    }
    return wr_fail(error, WR_ERR_USAGE, "\1recipe\1: there is no recipe \"%.40s\"; there are %s",
                   name, names);
}

static void fill_rule(struct wr_rule *rule) {
    struct wr_rule usual;
    wr_rule_init(&usual, rule->optimizer);
    for (size_t i = 0; i < WR_NUMBERS; i++)
        if (!(wr_number_get(&wr_numbers[i], rule) > 0))
            wr_number_set(&wr_numbers[i], rule, wr_number_get(&wr_numbers[i], &usual));
}

wr_status wr_recipe_named(const char *name, struct wr_recipe *recipe, struct wr_error *error) {
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (strcmp(recipes[i].recipe.name, name) == 0) {
            *recipe = recipes[i].recipe;
            fill_rule(&recipe->rule);
            return WR_OK;
        }
    return unknown(name, error);
}

/* ---- checks ---- */

#define MOST 1000000 /* so that no product of two sizes overflows */

static wr_status check_sizes(const struct wr_recipe *recipe, struct wr_error *error) {
    const struct {
        const char *name;
        size_t value, least;
    } sizes[] = {
        {"window", recipe->window, 1},         {"chunk", recipe->chunk, 1},
        {"horizon", recipe->horizon, 1},       {"season", recipe->season, 1},
        {"difference", recipe->difference, 0}, {"residual", recipe->residual, 0},
        {"hidden", recipe->hidden, 1},         {"seeds", recipe->seeds, 1},
        {"batch", recipe->batch, 1},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < sizes[i].least || sizes[i].value > MOST)
            return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %zu: %zu to %d needed", sizes[i].name,
                           sizes[i].value, sizes[i].least, MOST);
    const struct {
        const char *name;
        size_t value;
    } counts[] = {{"updates", recipe->updates},
                  {"epochs", recipe->epochs},
                  {"validations", recipe->validations},
                  {"patience", recipe->patience}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value > UINT32_MAX)
            return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %zu: 0 to %u needed", counts[i].name,
                           counts[i].value, UINT32_MAX);
    if (recipe->seeds - 1 > UINT32_MAX - recipe->seed)
        return wr_fail(error, WR_ERR_USAGE,
                       "\1seed\1 %u and the %zu after it: the last must be at most %u",
                       recipe->seed, recipe->seeds - 1, UINT32_MAX);
    return WR_OK;
}

static wr_status check_kinds(const struct wr_recipe *recipe, struct wr_error *error) {
    const struct {
        const char *name;
        unsigned value, last;
    } kinds[] = {
        {"transform", recipe->transform, WR_TRANSFORM_AUTO},
        {"normalize", recipe->normalize, WR_NORMALIZE_STANDARD},
        {"init", recipe->init, WR_INIT_ORTHOGONAL},
        {"combine", recipe->combine, WR_COMBINE_MEDIAN},
        {"bound", recipe->bound, WR_BOUND_ZERO},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].value > kinds[i].last)
            return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %u: 0 to %u needed", kinds[i].name,
                           kinds[i].value, kinds[i].last);
    return WR_OK;
}

static wr_status check_training(const struct wr_recipe *recipe, struct wr_error *error) {
    if (recipe->updates == 0 && recipe->epochs == 0)
        return wr_fail(error, WR_ERR_USAGE,
                       "neither \1updates\1 nor \1epochs\1: at least 1 of one needed");
    if (!(recipe->lr >= 0 && isfinite(recipe->lr)))
        return wr_fail(error, WR_ERR_USAGE, "\1lr\1 %g: finite and at least 0 needed",
                       (double)recipe->lr);
    if (!(recipe->clip >= 0))
        return wr_fail(error, WR_ERR_USAGE, "\1clip\1 %g: at least 0 needed", (double)recipe->clip);
    if (!(recipe->validate >= 0 && recipe->validate < 1))
        return wr_fail(error, WR_ERR_USAGE,
                       "\1validate\1 %g: a part, at least 0 and below 1, needed", recipe->validate);
    if (recipe->validate > 0 && (recipe->validations == 0 || recipe->patience == 0))
        return wr_fail(
            error, WR_ERR_USAGE,
            "\1validate\1 goes with at least 1 of \1validations\1 and of \1patience\1, not "
            "%zu and %zu",
            recipe->validations, recipe->patience);
    struct wr_rule rule = recipe->rule;
    rule.decay_epochs = 1; /* filled in later */
    return wr_rule_check(&rule, error);
}

wr_status wr_recipe_check(const struct wr_recipe *recipe, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    if (memchr(recipe->name, '\0', sizeof recipe->name) == NULL ||
        !wr_is_utf8(recipe->name, strlen(recipe->name)))
        return wr_fail(error, WR_ERR_USAGE,
                       "the name of a recipe needs UTF-8 of at most %zu bytes, and a zero byte",
                       sizeof recipe->name - 1);
    wr_status status = check_sizes(recipe, error);
    if (status == WR_OK)
        status = check_kinds(recipe, error);
    if (status == WR_OK)
        status = check_training(recipe, error);
    return status;
}

/* ---- sizes ---- */

static size_t greater(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t wr_recipe_inputs(const struct wr_recipe *recipe, const struct wr_panel *panel) {
    return recipe->chunk * (1 + wr_panel_pasts(panel) + wr_panel_futures(panel));
}

size_t wr_recipe_outputs(const struct wr_recipe *recipe) {
    return recipe->recursive ? 1 : recipe->horizon;
}

size_t wr_recipe_length(const struct wr_recipe *recipe, size_t windows) {
    size_t before = greater(recipe->window * recipe->chunk, recipe->residual);
    return recipe->difference + before + wr_recipe_outputs(recipe) + windows - 1;
}

size_t wr_recipe_windows(const struct wr_recipe *recipe, size_t length) {
    size_t shortest = wr_recipe_length(recipe, 1);
    return length < shortest ? 0 : length - shortest + 1;
}

size_t wr_recipe_fewest(const struct wr_recipe *recipe) {
    return 1 + greater(8, recipe->horizon / 2);
}

size_t wr_recipe_shortest(const struct wr_recipe *recipe) {
    struct wr_recipe shorter = *recipe;
    shorter.window = 1;
    return wr_recipe_length(&shorter, wr_recipe_fewest(recipe));
}

bool wr_recipe_shorten(const struct wr_recipe *recipe, size_t length, struct wr_recipe *shorter) {
    size_t least = wr_recipe_fewest(recipe);
    *shorter = *recipe;
    if (wr_recipe_windows(recipe, length) >= least)
        return true;
    shorter->window = 1;
    if (wr_recipe_windows(shorter, length) < least)
        return false;
    size_t spare = length + recipe->window * recipe->chunk - wr_recipe_length(recipe, least);
    shorter->window = spare / recipe->chunk;
    return true;
}
