/* The recipes that options name or change, of forecast and backtest. */
#ifndef WR_CLI_RECIPE_OPTIONS_H
#define WR_CLI_RECIPE_OPTIONS_H

#include "cli/groups/panel_options.h"
#include "cli/groups/rule_options.h"
#include "windrow/forecast.h"

struct recipe_options {
    struct option_size horizon;
    struct option_text names;
    struct option_size season, window, chunk;
    struct option_choice recursive, transform, adjust, detrend;
    struct option_size difference;
    struct option_choice scale;
    struct option_size residual;
    struct option_choice normalize;
    struct option_size hidden, seeds, seed;
    struct option_choice init, combine, bound;
    struct option_size batch, updates, epochs;
    struct option_real lr, clip, validate;
    struct option_size validations, patience;
    struct rule_options rule;
};
extern const struct option_group recipe_group;

struct recipes {
    size_t count;
    struct wr_recipe *recipes; /* (count), all with the same horizon */
    char choice[160];          /* which recipe was taken, and why; "" with --recipe */
};
/* Reads the panel and makes the recipes: those of --recipe, else the one for the panel's step.
 * Other options then change them. The caller owns both, after a failure too. */
wr_status recipes_make(const char *command, const struct panel_options *source,
                       const struct recipe_options *options, struct wr_panel **panel,
                       struct recipes *recipes, struct wr_error *error);
void recipes_release(struct recipes *recipes);

#endif
