/* What windrow forecast and windrow backtest share: options for series, recipes and changes to
 * recipes, and the functions that turn these into a panel and recipes. */
#ifndef WR_CLI_FORECAST_H
#define WR_CLI_FORECAST_H

#include "cli/cli.h"
#include "cli/io/progress.h"
#include "windrow/forecast.h"
#include "windrow/mix.h"
#include "windrow/panel.h"

/* The first options of both commands. */
enum panel_option {
    PANEL_DATA,
    PANEL_LAYOUT,
    PANEL_CSV, /* then the other options of enum csv_option */
    PANEL_ID = PANEL_CSV + CSV_OPTIONS,
    PANEL_TIME,
    PANEL_TARGET,
    PANEL_PAST,
    PANEL_FUTURE,
    PANEL_MISSING,
    PANEL_FREQ,
    PANEL_TZ,
    PANEL_OPTIONS
};
enum recipe_option {
    RECIPE_HORIZON = PANEL_OPTIONS,
    RECIPE_NAMES,
    RECIPE_SEASON,
    RECIPE_WINDOW,
    RECIPE_CHUNK,
    RECIPE_RECURSIVE,
    RECIPE_TRANSFORM,
    RECIPE_ADJUST,
    RECIPE_DETREND,
    RECIPE_DIFFERENCE,
    RECIPE_SCALE,
    RECIPE_RESIDUAL,
    RECIPE_NORMALIZE,
    RECIPE_HIDDEN,
    RECIPE_SEEDS,
    RECIPE_SEED,
    RECIPE_INIT,
    RECIPE_COMBINE,
    RECIPE_BOUND,
    RECIPE_BATCH,
    RECIPE_UPDATES,
    RECIPE_EPOCHS,
    RECIPE_LR,
    RECIPE_CLIP,
    RECIPE_VALIDATE,
    RECIPE_VALIDATIONS,
    RECIPE_PATIENCE,
    RECIPE_RULE, /* then the other options of enum rule_option */
    RECIPE_OPTIONS = RECIPE_RULE + RULE_OPTIONS
};
/* The options after those of the recipe. */
enum run_option {
    RUN_LEVELS = RECIPE_OPTIONS,
    RUN_DEVICE,
    RUN_THREADS,
    RUN_INEXACT,
    RUN_JSON,
    RUN_QUIET,
    RUN_OPTIONS
};
enum forecast_option {
    FORECAST_OUTPUT = RUN_OPTIONS,
    FORECAST_SAVE,
    FORECAST_MODEL,
    FORECAST_RESUME,
    FORECAST_OPTIONS
};
enum backtest_option {
    BACKTEST_ORIGINS = RUN_OPTIONS,
    BACKTEST_STEP,
    BACKTEST_REFIT,
    BACKTEST_CSV,
    BACKTEST_OPTIONS
};

extern const struct option_spec forecast_options[FORECAST_OPTIONS];
extern const struct option_spec backtest_options[BACKTEST_OPTIONS];

/* ---- panel.c ---- */

/* The items of the list given to --option, such as "a,b". An item may be quoted as in CSV. Start
 * with {0}. Call items_release after a failure too. */
struct items {
    size_t count;
    char **texts; /* (count) */
};
wr_status items_make(const char *option, const char *list, struct items *items,
                     struct wr_error *error);
void items_release(struct items *items);

/* The step and the zone of time stamps for options that are not given. NULL: the step is found in
 * the data, and there is no zone. */
struct panel_times {
    const char *freq, *tz;
};
/* Reads the series that the options name. The caller frees *panel with wr_panel_free. */
wr_status panel_read(const char *command, const struct option_value *options,
                     const struct panel_times *usual, struct wr_panel **panel,
                     struct wr_error *error);
/* Warns of what is in doubt. Unless --quiet, prints which columns were used and what the step of
 * the time stamps is. */
void panel_tell(const struct wr_panel *panel, const struct option_value *options);
/* The name of the recipe for the step of the time stamps. *step: the step in words ("days").
 * Returns NULL if time stamps are numbers. */
const char *panel_recipe(const struct wr_panel *panel, const char **step);
/* Whether the step is a business day. */
bool panel_is_business(const struct wr_panel *panel);

/* ---- forecast_recipe.c ---- */

struct recipes {
    size_t count;
    struct wr_recipe *recipes; /* (count), all with the same horizon */
    char choice[160];          /* which recipe was taken, and why; "" with --recipe */
};
/* Reads the panel and makes the recipes: those of --recipe, else the one for the panel's step.
 * Other options then change them. The caller owns both, after a failure too. */
wr_status recipes_make(const char *command, const struct option_value *options,
                       struct wr_panel **panel, struct recipes *recipes, struct wr_error *error);
void recipes_release(struct recipes *recipes);

/* ---- forecast_run.c ---- */

/* --levels. Start with {0}. Call levels_release after a failure too. */
struct levels {
    struct items texts; /* as typed */
    size_t count;       /* 0: none */
    double *levels;     /* (count) in percent, ascending */
};
wr_status levels_make(const struct option_value *options, struct levels *levels,
                      struct wr_error *error);
void levels_release(struct levels *levels);

wr_status run_open_device(const struct option_value *options, struct wr_device **device,
                          struct wr_error *error);
/* Starts the progress. Unless --quiet, prints which recipe was taken. */
void run_start(struct progress *progress, const struct option_value *options,
               const struct recipes *recipes);
/* Shows the progress of a fit. context: a struct progress. */
void run_on_event(void *context, const struct wr_fit_event *event);
/* Prints a few lines on stderr about the fit. */
void run_tell_report(const struct wr_mix *mix, const struct wr_fit_report *report);
/* The same as an object for --json; NULL without memory. */
struct json_t *run_json_report(const struct wr_mix *mix, const struct wr_fit_report *report);
/* If models diverged, prints a line on stderr and returns CLI_DIVERGED. */
wr_status run_check_diverged(const struct wr_fit_report *report);

#endif
