/* What windrow forecast and windrow backtest share: the options that name series, recipes and how
 * recipes are changed, and the work of turning them into a panel and recipes. */
#ifndef WR_CLI_FORECAST_H
#define WR_CLI_FORECAST_H

#include "cli/cli.h"
#include "cli/progress.h"
#include "forecast/mix.h"
#include "windrow/forecast.h"
#include "windrow/panel.h"

/* The first options of both commands. */
enum panel_option {
    PANEL_DATA,
    PANEL_LAYOUT,
    PANEL_CSV, /* and the other options of enum csv_option */
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
    RECIPE_RULE, /* and the other options of enum rule_option */
    RECIPE_OPTIONS = RECIPE_RULE + RULE_OPTIONS
};
/* Then these. */
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

/* The parts of the list given to --option, "a,b": a part may be quoted as in CSV. Start with {0};
 * items_release after any failure too. */
struct items {
    size_t count;
    char **texts; /* (count) */
};
wr_status items_make(const char *option, const char *list, struct items *items,
                     struct wr_error *error);
void items_release(struct items *items);

/* The step and the zone of time stamps where no option names them; NULL: found, none. */
struct panel_times {
    const char *freq, *tz;
};
/* The series that the options name; the caller's: wr_panel_free. */
wr_status panel_read(const char *command, const struct option_value *options,
                     const struct panel_times *usual, struct wr_panel **panel,
                     struct wr_error *error);
/* Tells, unless --quiet, what the columns were taken for and what the steps of the time stamps are;
 * warns of what is in doubt. */
void panel_tell(const struct wr_panel *panel, const struct option_value *options);
/* The named recipe for the step of the time stamps, and *step: what that is ("days"). NULL: they
 * are numbers. */
const char *panel_recipe(const struct wr_panel *panel, const char **step);
/* Whether that is a business day. */
bool panel_is_business(const struct wr_panel *panel);

/* ---- forecast_recipe.c ---- */

struct recipes {
    size_t count;
    struct wr_recipe *recipes; /* (count), of one horizon */
    char choice[160];          /* which one was taken, and why; "" with --recipe */
};
/* The panel, and the recipes: those of --recipe, else the one for the panel's step; changed as the
 * other options say. Both are the caller's, after a failure too. */
wr_status recipes_make(const char *command, const struct option_value *options,
                       struct wr_panel **panel, struct recipes *recipes, struct wr_error *error);
void recipes_release(struct recipes *recipes);

/* ---- forecast_run.c ---- */

/* --levels. Start with {0}; levels_release after any failure too. */
struct levels {
    struct items texts; /* as typed */
    size_t count;       /* 0: none */
    double *levels;     /* (count) percent, rising */
};
wr_status levels_make(const struct option_value *options, struct levels *levels,
                      struct wr_error *error);
void levels_release(struct levels *levels);

wr_status run_open_device(const struct option_value *options, struct wr_device **device,
                          struct wr_error *error);
/* Tells, unless --quiet, which recipe was taken; and starts the progress. */
void run_start(struct progress *progress, const struct option_value *options,
               const struct recipes *recipes);
/* The progress of a fit. context: a struct progress. */
void run_on_event(void *context, const struct wr_fit_event *event);
/* What fitting did, in a few lines on stderr. */
void run_tell_report(const struct wr_mix *mix, const struct wr_fit_report *report);
/* The same as an object for --json: NULL without memory. */
struct json_t *run_json_report(const struct wr_mix *mix, const struct wr_fit_report *report);
/* A line on stderr, and CLI_DIVERGED, if models did. */
wr_status run_check_diverged(const struct wr_fit_report *report);

#endif
