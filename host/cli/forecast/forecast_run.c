/* What forecast and backtest do before and after a fit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/forecast/forecast_run.h"
#include "cli/forecast/saved_models.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "forecast/fit.h"

enum { NAMES_SHOWN = 5, LEVELS_MOST = 16 };

/* ---- before ---- */

static wr_status fail_levels(const char *text, struct wr_error *error) {
    return wr_fail(error, WR_ERR_USAGE,
                   "--levels %s: needs none, or at most %d percentages above 0 and below 100, each "
                   "once",
                   text, LEVELS_MOST);
}

wr_status levels_make(const struct run_options *options, struct levels *levels,
                      struct wr_error *error) {
    const char *text = options->levels.text;
    if (strcmp(text, "none") == 0)
        return WR_OK;
    wr_status status = items_make("levels", text, &levels->texts, error);
    if (status != WR_OK)
        return status;
    size_t count = levels->texts.count;
    char **texts = levels->texts.texts;
    levels->levels = wr_alloc(count, sizeof *levels->levels, "levels", error);
    if (levels->levels == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        float real;
        if (!option_read_real(texts[i], &real) || !(real > 0 && real < 100) || count > LEVELS_MOST)
            return fail_levels(text, error);
        double level = strtod(texts[i], NULL);
        if (level < 1) /* a level below 1 % is most likely a fraction */
            return wr_fail(error, WR_ERR_USAGE,
                           "--levels %s: levels are percentages, 1 or more: 95, not 0.95", text);
        char *own = texts[i];
        size_t at = i; /* its place in ascending order */
        for (; at > 0 && levels->levels[at - 1] >= level; at--) {
            if (levels->levels[at - 1] <= level)
                return fail_levels(text, error);
            levels->levels[at] = levels->levels[at - 1];
            texts[at] = texts[at - 1];
        }
        levels->levels[at] = level;
        texts[at] = own;
    }
    levels->count = count;
    return WR_OK;
}

void levels_release(struct levels *levels) {
    items_release(&levels->texts);
    free(levels->levels);
    *levels = (struct levels){0};
}

wr_status run_open_device(const struct run_options *options, struct wr_device **device,
                          struct wr_error *error) {
    struct wr_device_options how = {.threads = options->cpu.threads.value,
                                    .inexact = options->cpu.inexact.given};
    return device_open(options->device.text, &how, device, error);
}

void run_start(struct progress *progress, const struct run_options *options,
               const struct recipes *recipes) {
    if (recipes->choice[0] != '\0' && !options->quiet.given)
        fprintf(stderr, "%s\n", recipes->choice);
    progress_start(progress, options->quiet.given);
}

wr_status run_on_event(void *context, const struct wr_fit_event *event) {
    progress_show(context, event->fraction, event->seconds, event->seconds_left);
    return WR_OK;
}

/* ---- after ---- */

static bool is_naive(const struct wr_fit *fit, size_t s) {
    return fit->series[s].first_model == WR_NAIVE;
}

static bool has_shorter_window(const struct wr_fit *fit, size_t s) {
    return !is_naive(fit, s) && fit->series[s].window < fit->recipe.window;
}

static bool begins_constant(const struct wr_fit *fit, size_t s) {
    return fit->series[s].scales.start > 0;
}

/* Prints "3 series <what>: a, b, c" with the first series for which is_so is true. Prints nothing
 * if count is 0. */
static void tell_series(const struct wr_fit *fit, size_t count, const char *what,
                        bool (*is_so)(const struct wr_fit *fit, size_t s)) {
    size_t told = 0;
    if (count == 0)
        return;
    fprintf(stderr, "%20s%zu series %s: ", "", count, what);
    for (size_t s = 0; s < fit->count && told < NAMES_SHOWN; s++)
        if (is_so(fit, s)) {
            fputs(told++ > 0 ? ", " : "", stderr);
            wr_print_shown(stderr, fit->series[s].id);
        }
    if (count > told)
        fprintf(stderr, " and %zu more", count - told);
    fputc('\n', stderr);
}

static void tell_fit(const struct wr_fit *fit) {
    struct wr_fit_report report;
    wr_fit_report(fit, &report);
    fprintf(stderr, "%-18s  %zu models of %zu series\n", fit->recipe.name, report.models,
            report.series);
    tell_series(fit, report.quiet, "learnt from where they begin to vary", begins_constant);
    tell_series(fit, report.shorter, "with a shorter window", has_shorter_window);
    tell_series(fit, report.naive, "too short or constant, so seasonal naive", is_naive);
    tell_series(fit, report.borrowed,
                "without errors of their own, so with intervals by those of all series",
                wr_borrows);
}

void run_tell_report(const struct wr_mix *mix, const struct wr_fit_report *report) {
    cli_flush();
    for (size_t i = 0; i < mix->count; i++)
        tell_fit(mix->fits[i]);
    report_speed(report->updates, report->seconds);
}

static json_t *report_object(const struct wr_fit_report *report) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "series",
                     (json_int_t)report->series, "models", (json_int_t)report->models, "quiet",
                     (json_int_t)report->quiet, "shorter", (json_int_t)report->shorter, "naive",
                     (json_int_t)report->naive, "borrowed", (json_int_t)report->borrowed,
                     "diverged", (json_int_t)report->diverged, "updates",
                     (json_int_t)report->updates, "seconds", report->seconds, "updates_per_second",
                     report->seconds > 0 ? report->updates / report->seconds : 0.0);
}

json_t *run_json_report(const struct wr_mix *mix, const struct wr_fit_report *report) {
    json_t *object = report_object(report), *recipes = json_array();
    for (size_t i = 0; i < mix->count; i++) {
        struct wr_fit_report own;
        wr_fit_report(mix->fits[i], &own);
        recipes = wr_json_push(recipes, wr_json_put(report_object(&own), "recipe",
                                                    json_text(wr_fit_recipe(mix->fits[i])->name)));
    }
    return wr_json_put(object, "recipes", recipes);
}

json_t *run_json_saved(const struct saved_models *saved, const struct wr_fit_report *report) {
    json_t *object = report_object(report), *files = json_array();
    for (size_t i = 0; i < saved->count; i++) {
        struct wr_fit_report own = {.series = report->series,
                                    .models = saved->files[i].stack.count,
                                    .diverged = saved->files_broken[i]};
        files = wr_json_push(
            files, wr_json_put(report_object(&own), "recipe", json_text(saved->files[i].path)));
    }
    return wr_json_put(object, "recipes", files);
}

wr_status run_check_diverged(const struct wr_fit_report *report) {
    if (report->diverged == 0)
        return WR_OK;
    cli_flush();
    fprintf(stderr,
            "windrow: %zu of %zu models diverged, and are left out of their series' forecasts; a "
            "smaller --lr or --clip may help, or --scale standard where values are large\n",
            report->diverged, report->models);
    return CLI_DIVERGED;
}
