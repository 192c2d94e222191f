/* What forecast and backtest do before and after a fit. */
#ifndef WR_CLI_FORECAST_RUN_H
#define WR_CLI_FORECAST_RUN_H

#include "cli/groups/recipe_options.h"
#include "cli/groups/run_options.h"
#include "cli/io/progress.h"
#include "windrow/mix.h"

struct saved_models;

/* --levels. Start with {0}. Call levels_release after a failure too. */
struct levels {
    struct items texts; /* as typed */
    size_t count;       /* 0: none */
    double *levels;     /* (count) in percent, ascending */
};
wr_status levels_make(const struct run_options *options, struct levels *levels,
                      struct wr_error *error);
void levels_release(struct levels *levels);

wr_status run_open_device(const struct run_options *options, struct wr_device **device,
                          struct wr_error *error);
/* Starts the progress. Unless --quiet, prints which recipe was taken. */
void run_start(struct progress *progress, const struct run_options *options,
               const struct recipes *recipes);
/* Shows the progress of a fit. context: a struct progress. */
wr_status run_on_event(void *context, const struct wr_fit_event *event);
/* Prints a few lines on stderr about the fit. */
void run_tell_report(const struct wr_mix *mix, const struct wr_fit_report *report);
/* The same as an object for --json; NULL without memory. */
struct json_t *run_json_report(const struct wr_mix *mix, const struct wr_fit_report *report);
/* The same of saved models. */
struct json_t *run_json_saved(const struct saved_models *saved, const struct wr_fit_report *report);
/* If models diverged, prints a line on stderr and returns CLI_DIVERGED. */
wr_status run_check_diverged(const struct wr_fit_report *report);

#endif
