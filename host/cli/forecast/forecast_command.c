/* windrow forecast: reads a panel, fits models or loads a fit, and writes a CSV of forecasts. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/number.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/forecast/forecast_options.h"
#include "cli/forecast/forecast_run.h"
#include "cli/forecast/saved_models.h"
#include "cli/groups/csv_options.h"
#include "cli/io/interrupt.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "cli/io/typed.h"
#include "data/csv.h"
#include "forecast/fit.h"

/* What a run of the command owns. */
struct run {
    const struct forecast_options *options;
    struct wr_error *error;
    struct wr_panel *panel;
    struct recipes recipes;
    struct levels levels;
    struct items saves, models; /* paths of --save and --model */
    struct wr_device *device;
    struct progress progress;
    struct wr_mix mix;         /* empty with saved models */
    struct saved_models saved; /* of --model, where the files are no fits; else {0} */
    struct wr_fit_report report;
    const char *no_intervals; /* a file of --model that has no intervals; --levels is not given */
    const char *why;          /* the reason for that */
    size_t horizon;           /* horizon of the CSV, at most `steps` */
    size_t steps;             /* horizon of the mix, or of saved models */
    size_t lines;             /* series of the CSV: those of the panel, but with saved models that
                                 have several targets, those */
    double *points;           /* (lines, steps) */
    double *low, *high;       /* (levels, lines, steps) */
};

/* ---- fitting or loading ---- */

/* Checks that the output files can be written. They are opened later, when there is something to
 * write. */
static wr_status try_outputs(struct run *run) {
    const struct option_text *output = &run->options->output;
    wr_status status = WR_OK;
    interrupt_catch(); /* before this, an interrupt leaves nothing to clean up */
    if (output->given || run->saves.count > 0)
        signal(SIGPIPE, SIG_IGN); /* a closed pipe must be an error of the write */
    for (size_t i = 0; i < run->saves.count && status == WR_OK; i++) {
        status = wr_output_try(run->saves.texts[i], run->error);
    }
    if (status == WR_OK && output->given)
        status = wr_output_try(output->text, run->error);
    return status;
}

static wr_status read_saves(struct run *run) {
    const struct option_text *save = &run->options->save;
    wr_status status =
        save->given ? items_make("save", save->text, &run->saves, run->error) : WR_OK;
    if (status == WR_OK && save->given && run->saves.count != run->recipes.count)
        return wr_fail(run->error, WR_ERR_USAGE,
                       "--save %s: %zu file%s for %zu recipe%s; needs one for each", save->text,
                       run->saves.count, run->saves.count == 1 ? "" : "s", run->recipes.count,
                       run->recipes.count == 1 ? "" : "s");
    return status;
}

/* Checks that known future values cover the horizon, before the training, which may take hours. */
static wr_status check_covariates(struct run *run) {
    wr_status status = WR_OK;
    for (size_t s = 0; s < wr_panel_count(run->panel) && status == WR_OK; s++)
        status = wr_covariates_reach(run->panel, s, wr_panel_length(run->panel, s),
                                     run->recipes.recipes, run->error);
    return status;
}

static wr_status fit(struct run *run) {
    wr_status status = recipes_make("forecast", &run->options->panel, &run->options->recipe,
                                    &run->panel, &run->recipes, run->error);
    if (status == WR_OK)
        status = check_covariates(run);
    if (status == WR_OK)
        status = read_saves(run);
    if (status == WR_OK)
        status = try_outputs(run);
    if (status == WR_OK)
        status = run_open_device(&run->options->run, &run->device, run->error);
    if (status != WR_OK)
        return status;
    struct wr_fit_options how = {.on_event = run_on_event,
                                 .context = &run->progress,
                                 .stop = &interrupt_seen,
                                 .resume = run->options->resume.text,
                                 .calibrate = run->levels.count > 0};
    panel_tell(run->panel, run->options->run.quiet.given);
    run_start(&run->progress, &run->options->run, &run->recipes);
    status = wr_mix_fit(run->device, run->panel, run->recipes.recipes, run->recipes.count, NULL,
                        &how, &run->mix, run->error);
    progress_clear(&run->progress);
    report_deviation(run->device);
    return status;
}

/* Checks that the fits have the same horizon. If a fit has no intervals and --levels is not given,
 * no intervals are forecast. */
static wr_status check_models(struct run *run) {
    for (size_t i = 0; i < run->models.count; i++) {
        const struct wr_fit *own = run->mix.fits[i];
        if (own->recipe.horizon != wr_mix_horizon(&run->mix))
            return wr_fail(run->error, WR_ERR_DATA, "%s forecasts %zu steps, %s %zu: no mean",
                           run->models.texts[0], wr_mix_horizon(&run->mix), run->models.texts[i],
                           own->recipe.horizon);
        if (own->calibration.origins > 0 || run->levels.count == 0)
            continue;
        const char *why = own->uncalibrated
                              ? "it is of Windrow 0.1, whose intervals were wrong for short series"
                              : "it was fitted with --levels none";
        if (run->options->run.levels.given)
            return wr_fail(run->error, WR_ERR_DATA,
                           "%s has no intervals, since %s; fit it again, or ask for --levels none",
                           run->models.texts[i], why);
        run->no_intervals = run->models.texts[i];
        run->why = why;
        levels_release(&run->levels);
    }
    return WR_OK;
}

/* saved: the files hold models, to which some options of a fit apply too. */
static wr_status check_no_fit(const struct run *run, bool saved) {
    struct recipe_options how = run->options->recipe;
    how.horizon.given = false; /* it may be shorter than that of the fit */
    if (saved)
        how.window.given = how.rule.activation.given = how.combine.given = false;
    const struct forecast_options *o = run->options;
    const struct {
        const char *name;
        bool given;
    } fitting[] = {{"device", o->run.device.given && !saved},
                   {"threads", o->run.cpu.threads.given && !saved},
                   {"inexact", o->run.cpu.inexact.given && !saved},
                   {"save", o->save.given},
                   {"resume", o->resume.given}};
    const char *given = options_given(&recipe_group, &how);
    for (size_t i = 0; i < sizeof fitting / sizeof *fitting && given == NULL; i++)
        given = fitting[i].given ? fitting[i].name : NULL;
    if (given == NULL)
        return WR_OK;
    return wr_fail(run->error, WR_ERR_USAGE,
                   "--%s says how to fit, but what --model names is fitted already", given);
}

/* Reads the panel. The step and the zone of time stamps are those of the fit, unless options give
 * others. */
static wr_status read_panel(struct run *run) {
    const struct wr_fit *fit = run->mix.fits[0];
    const struct panel_times own = {.freq = *fit->freq != '\0' ? fit->freq : NULL,
                                    .tz = *fit->tz != '\0' ? fit->tz : NULL};
    return panel_read("forecast", &run->options->panel, &own, &run->panel, run->error);
}

static wr_status load_fits(struct run *run) {
    wr_status status = wr_mix_new(run->models.count, &run->mix, run->error);
    for (size_t i = 0; i < run->models.count && status == WR_OK; i++)
        status = wr_fit_load(run->models.texts[i], &run->mix.fits[i], run->error);
    if (status == WR_OK)
        status = check_models(run);
    if (status == WR_OK)
        status = read_panel(run);
    return status == WR_OK ? try_outputs(run) : status;
}

/* Models of one step have no errors of their own horizons, so no intervals. */
static wr_status load_saved(struct run *run) {
    const struct run_options *options = &run->options->run;
    if (!run->options->recipe.horizon.given)
        return wr_fail(run->error, WR_ERR_USAGE,
                       "%s predicts the next row; --horizon K tells how many to forecast",
                       run->models.texts[0]);
    if (run->levels.count > 0) {
        run->no_intervals = run->models.texts[0];
        run->why = "it keeps no errors of forecasts, of which intervals are made";
        if (options->levels.given)
            return wr_fail(run->error, WR_ERR_DATA,
                           "%s has no intervals, since %s; ask for --levels none",
                           run->no_intervals, run->why);
        levels_release(&run->levels);
    }
    wr_status status =
        saved_models_load(&run->models, &run->options->recipe, &run->saved, run->error);
    if (status == WR_OK)
        status = saved_models_panel(&run->saved, &run->options->panel, &run->panel, run->error);
    if (status == WR_OK)
        status = try_outputs(run);
    return status == WR_OK ? run_open_device(options, &run->device, run->error) : status;
}

/* Checks that the files are of one kind. *saved: they hold models, and no fits. */
static wr_status find_kind(const struct run *run, bool *saved) {
    char **texts = run->models.texts;
    bool same = true;
    size_t i = 0;
    wr_status status = saved_models_find(texts[0], saved, run->error);
    while (status == WR_OK && same && ++i < run->models.count) {
        status = saved_models_find(texts[i], &same, run->error);
        same = same == *saved;
    }
    if (status != WR_OK || same)
        return status;
    return wr_fail(run->error, WR_ERR_DATA,
                   "%s holds models of windrow train and %s does not: --model takes them, or fits "
                   "of windrow forecast --save",
                   texts[*saved ? 0 : i], texts[*saved ? i : 0]);
}

static wr_status load(struct run *run) {
    bool saved = false;
    wr_status status = items_make("model", run->options->model.text, &run->models, run->error);
    if (status == WR_OK)
        status = find_kind(run, &saved);
    if (status == WR_OK)
        status = check_no_fit(run, saved);
    if (status != WR_OK)
        return status;
    return saved ? load_saved(run) : load_fits(run);
}

static wr_status choose_horizon(struct run *run) {
    const struct option_size *horizon = &run->options->recipe.horizon;
    bool saved = run->saved.count > 0;
    run->horizon = run->steps = saved ? run->saved.horizon : wr_mix_horizon(&run->mix);
    run->lines = saved ? run->saved.series * run->saved.outputs : wr_panel_count(run->panel);
    if (!horizon->given)
        return WR_OK;
    if (horizon->value > run->horizon)
        return wr_fail(run->error, WR_ERR_DATA, "--horizon %zu: %s forecasts %zu steps at most",
                       horizon->value, run->models.texts[0], run->horizon);
    run->horizon = horizon->value;
    return WR_OK;
}

/* ---- forecasts ---- */

static wr_status forecast_saved(struct run *run) {
    const struct option_choice *combine = &run->options->recipe.combine;
    enum wr_combine how = combine->given ? (enum wr_combine)combine->value : WR_COMBINE_MEAN;
    wr_status status = saved_models_forecast(&run->saved, run->panel, run->device, run->error);
    if (status == WR_OK)
        status = saved_models_combine(&run->saved, how, run->points, run->error);
    run->report = (struct wr_fit_report){
        .series = run->saved.series, .models = run->saved.models, .diverged = run->saved.broken};
    return status;
}

static wr_status forecast(struct run *run) {
    size_t size, levels = run->levels.count;
    if (!wr_size_mul(run->lines, run->steps, &size))
        return wr_fail(run->error, WR_ERR_MEMORY, "the forecasts overflow memory");
    run->points = wr_alloc(size, sizeof *run->points, "forecasts", run->error);
    run->low = wr_alloc(size, levels * sizeof *run->low, "intervals", run->error);
    run->high = wr_alloc(size, levels * sizeof *run->high, "intervals", run->error);
    if (run->points == NULL || run->low == NULL || run->high == NULL)
        return WR_ERR_MEMORY;
    if (run->saved.count > 0)
        return forecast_saved(run);
    return wr_mix_forecast(&run->mix, run->panel, NULL, run->levels.levels, levels, run->points,
                           run->low, run->high, run->error);
}

/* ---- the CSV ---- */

static void put_head(FILE *file, const struct levels *levels) {
    fputs("unique_id,ds,windrow", file);
    for (size_t i = 0; i < levels->count; i++)
        fprintf(file, ",windrow-lo-%s,windrow-hi-%s", levels->texts.texts[i],
                levels->texts.texts[i]);
    fputc('\n', file);
}

static void put_number(FILE *file, double value) {
    char text[WR_NUMBER_TEXT];
    fputc(',', file);
    if (!isnan(value)) /* NaN is an empty cell */
        fputs(wr_number_text(value, text), file);
}

/* The name of a series of the CSV. */
static const char *line_id(const struct run *run, size_t line) {
    return run->saved.outputs > 1 ? run->saved.targets.texts[line] : wr_panel_id(run->panel, line);
}

static void put_series(FILE *file, const struct run *run, size_t line) {
    size_t steps = run->steps, all = run->lines * steps;
    size_t series = run->saved.outputs > 1 ? 0 : line;
    for (size_t k = 0; k < run->horizon; k++) {
        char stamp[WR_STAMP_SIZE];
        wr_panel_stamp(run->panel, series, wr_panel_length(run->panel, series) + k, stamp);
        wr_csv_print(file, line_id(run, line));
        fputc(',', file);
        wr_csv_print(file, stamp);
        put_number(file, run->points[line * steps + k]);
        for (size_t i = 0; i < run->levels.count; i++) {
            put_number(file, run->low[i * all + line * steps + k]);
            put_number(file, run->high[i * all + line * steps + k]);
        }
        fputc('\n', file);
    }
}

/* Writes the lines of a series as one text to the file of --output. */
static wr_status write_series(struct run *run, size_t series, struct wr_output *output) {
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    if (file != NULL && series == 0)
        put_head(file, &run->levels);
    if (file != NULL)
        put_series(file, run, series);
    char *bytes = wr_text_close(file, &text);
    wr_status status =
        bytes != NULL ? wr_output_write(output, bytes, text.size, run->error)
                      : wr_fail(run->error, WR_ERR_MEMORY, "no memory for a series' forecasts");
    free(bytes);
    return status;
}

static wr_status write_csv(struct run *run) {
    struct wr_output *output;
    if (!run->options->output.given) {
        put_head(stdout, &run->levels);
        for (size_t s = 0; s < run->lines; s++)
            put_series(stdout, run, s);
        cli_flush();
        return WR_OK;
    }
    wr_status status = wr_output_open(run->options->output.text, &output, run->error);
    for (size_t s = 0; s < run->lines && status == WR_OK; s++)
        status = write_series(run, s, output);
    if (status == WR_OK)
        return wr_output_commit(output, run->error);
    wr_output_abandon(output);
    return status;
}

/* ---- the command ---- */

static wr_status write_files(struct run *run) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < run->saves.count && status == WR_OK; i++)
        status = wr_fit_save(run->mix.fits[i], run->saves.texts[i], run->error);
    return status == WR_OK ? write_csv(run) : status;
}

static wr_status tell_stopped(struct run *run) {
    if (!run->options->resume.given)
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted; no file was written");
    cli_flush();
    fprintf(stderr, "windrow: stopped; this goes on%s:\n",
            csv_can_reread(run->options->panel.data.text) ? "" : ", given the same data again");
    print_command(&forecast_usage, run->options);
    wr_error_release(run->error);
    return CLI_STOPPED;
}

/* The index of the lowest level at which series s has no interval, or run->levels.count. If a level
 * has none, higher levels have none either. */
static size_t first_unknown(const struct run *run, size_t s) {
    size_t steps = run->steps, all = run->lines * steps, level = 0;
    for (; level < run->levels.count; level++)
        for (size_t k = 0; k < run->horizon; k++)
            if (isnan(run->low[level * all + s * steps + k]))
                return level;
    return level;
}

/* Reports series without intervals. Even with --quiet, since their cells are empty. */
static void tell_unknown(const struct run *run) {
    for (size_t level = 0; level < run->levels.count; level++) {
        size_t unknown = 0, first = 0;
        for (size_t s = wr_panel_count(run->panel); s-- > 0;)
            if (first_unknown(run, s) == level) {
                unknown++;
                first = s;
            }
        if (unknown == 0)
            continue;
        fprintf(stderr,
                "%zu series without intervals at %s %%%s, since too few errors tell how "
                "wide they are: ",
                unknown, run->levels.texts.texts[level],
                level + 1 < run->levels.count ? " and above" : "");
        wr_print_shown(stderr, wr_panel_id(run->panel, first));
        if (unknown > 1)
            fprintf(stderr, " and %zu more", unknown - 1);
        fputc('\n', stderr);
    }
}

/* The exit code of models whose predictions are not finite, told even with --quiet. */
static wr_status check_saved(const struct run *run) {
    if (run->report.diverged == 0)
        return WR_OK;
    cli_flush();
    fprintf(stderr, "windrow: predictions of %zu of %zu models are not finite, and left out\n",
            run->report.diverged, run->report.models);
    return CLI_DIVERGED;
}

static json_t *json_report(const struct run *run) {
    if (run->saved.count == 0)
        return run_json_report(&run->mix, &run->report);
    return run_json_saved(&run->saved, &run->report);
}

static wr_status tell_results(struct run *run) {
    bool fitted = run->models.count == 0, saved = run->saved.count > 0;
    wr_status status = WR_OK;
    if (!saved)
        wr_mix_report(&run->mix, &run->report);
    if (fitted && !run->options->run.quiet.given)
        run_tell_report(&run->mix, &run->report);
    tell_unknown(run);
    if (run->options->run.json.given)
        status = json_print(json_report(run), "windrow.forecast/1", run->error);
    if (status == WR_OK && saved)
        return check_saved(run);
    return status == WR_OK && fitted ? run_check_diverged(&run->report) : status;
}

static void tell_model(const struct run *run) {
    panel_tell(run->panel, run->options->run.quiet.given);
    if (run->no_intervals != NULL && !run->options->run.quiet.given) {
        wr_print_shown(stderr, run->no_intervals);
        fprintf(stderr, " has no intervals, since %s\n", run->why);
    }
}

static wr_status run_all(struct run *run) {
    if (run->options->run.json.given && !run->options->output.given)
        return wr_fail(run->error, WR_ERR_USAGE,
                       "--json and the forecasts both go to stdout; --output FILE takes these");
    wr_status status = levels_make(&run->options->run, &run->levels, run->error);
    if (status == WR_OK)
        status = run->options->model.given ? load(run) : fit(run);
    if (status == WR_OK)
        status = choose_horizon(run);
    if (status == WR_OK)
        status = forecast(run);
    if (interrupt_seen) /* an interrupt may also have caused another error */
        return tell_stopped(run);
    if (status == WR_OK && run->models.count > 0) /* after a fit this was printed before the fit */
        tell_model(run);
    if (status == WR_OK)
        status = write_files(run);
    if (status == WR_ERR_STORAGE && interrupt_seen) /* the interrupt may have caused this error */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted while the files were written");
    return status == WR_OK ? tell_results(run) : status;
}

wr_status forecast_command(const struct forecast_options *options, struct wr_error *error) {
    struct run run = {.options = options, .error = error};
    wr_status status = run_all(&run);
    free(run.points);
    free(run.low);
    free(run.high);
    wr_mix_release(&run.mix);
    saved_models_release(&run.saved);
    wr_device_close(run.device);
    items_release(&run.saves);
    items_release(&run.models);
    levels_release(&run.levels);
    recipes_release(&run.recipes);
    wr_panel_free(run.panel);
    return status;
}
