/* windrow backtest: scores forecasts from earlier origins, and those of the naive and seasonal
 * naive methods. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "base/number.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/backtest/backtest_options.h"
#include "cli/cli.h"
#include "cli/forecast/forecast_run.h"
#include "cli/io/interrupt.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "cli/io/table.h"
#include "data/csv.h"
#include "windrow/backtest.h"

/* What a run of the command owns. */
struct run {
    const struct backtest_options *options;
    struct wr_error *error;
    struct wr_panel *panel;
    struct recipes recipes;
    struct levels levels;
    struct wr_device *device;
    struct progress progress;
    bool told; /* panel_tell was called */
    size_t step;
    struct wr_backtest backtest;
};

/* ---- which method is better ---- */

/* Methods are compared by MASE, or by MAE where MASE is not defined. */
static bool both_have_mase(const struct wr_backtest_scores *a, const struct wr_backtest_scores *b) {
    return !isnan(a->points.mase) && !isnan(b->points.mase);
}

/* Negative if a is better than b. */
static double compare(const struct wr_backtest_scores *a, const struct wr_backtest_scores *b) {
    return both_have_mase(a, b) ? a->points.mase - b->points.mase : a->points.mae - b->points.mae;
}

/* The number of series for which this naive method is better than windrow. */
static size_t count_better(const struct wr_backtest *backtest, enum wr_method naive) {
    size_t count = 0;
    for (size_t s = 0; s < backtest->series; s++)
        count += compare(&backtest->scores[naive][s], &backtest->scores[WR_METHOD_WINDROW][s]) < 0;
    return count;
}

/* The name of the method for people: "seasonal naive". */
static const char *method_label(enum wr_method method) {
    return method == WR_METHOD_SEASONAL ? "seasonal naive" : wr_method_name(method);
}

static void print_comparison(const struct wr_backtest *backtest, enum wr_method rival) {
    const struct wr_backtest_scores *own = &backtest->overall[WR_METHOD_WINDROW];
    const struct wr_backtest_scores *other = &backtest->overall[rival];
    bool mase = both_have_mase(own, other);
    double order = compare(other, own);
    printf("%s %s %s: %s %.4g against %.4g. ", order < 0 ? method_label(rival) : "windrow",
           order == 0 ? "is as good as" : "is better than",
           order < 0 ? "windrow" : method_label(rival), mase ? "MASE" : "MAE",
           order < 0 ? (mase ? other->points.mase : other->points.mae)
                     : (mase ? own->points.mase : own->points.mae),
           order < 0 ? (mase ? own->points.mase : own->points.mae)
                     : (mase ? other->points.mase : other->points.mae));
    printf("On %zu of %zu series %s is better.\n", count_better(backtest, rival), backtest->series,
           method_label(rival));
}

/* ---- the table ---- */

static void add_number(struct table *table, double value) {
    char text[TABLE_CELL] = "";
    if (!isnan(value))
        snprintf(text, sizeof text, "%.4g", value);
    table_add(table, text);
}

static void add_share(struct table *table, double share) {
    char text[TABLE_CELL] = "";
    if (!isnan(share))
        snprintf(text, sizeof text, "%.1f%%", 100 * share);
    table_add(table, text);
}

static void add_head(struct table *table, const struct levels *levels) {
    static const char *const heads[] = {"", "MAE", "RMSE", "sMAPE", "MASE", "CRPS"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_add(table, i == 0 ? "overall" : heads[i]);
    for (size_t i = 0; i < levels->count; i++) {
        char text[TABLE_CELL];
        snprintf(text, sizeof text, "in %.16s%%", levels->texts.texts[i]);
        table_add(table, text);
        table_add(table, "width");
    }
}

static wr_status print_table(struct run *run) {
    struct table table = {.columns = 6 + 2 * run->levels.count};
    add_head(&table, &run->levels);
    for (size_t m = 0; m < WR_METHODS; m++) {
        const struct wr_backtest_scores *scores = &run->backtest.overall[m];
        table_add(&table, method_label((enum wr_method)m));
        add_number(&table, scores->points.mae);
        add_number(&table, scores->points.rmse);
        add_number(&table, scores->points.smape);
        add_number(&table, scores->points.mase);
        add_number(&table, scores->crps);
        for (size_t i = 0; i < run->levels.count; i++) {
            add_share(&table, scores->coverage[i]);
            add_number(&table, scores->width[i]);
        }
    }
    return table_print(&table, run->error);
}

static wr_status print_results(struct run *run) {
    size_t series = run->backtest.series, origins = run->options->origins.value;
    printf("%zu series, %zu origin%s %zu step%s apart, %zu to forecast from each", series, origins,
           origins == 1 ? "" : "s", run->step, run->step == 1 ? "" : "s",
           run->recipes.recipes->horizon);
    if (run->backtest.scored < run->backtest.values)
        printf("\n%zu of these %zu values are missing: %zu are scored",
               run->backtest.values - run->backtest.scored, run->backtest.values,
               run->backtest.scored);
    fputs("\n\n", stdout);
    wr_status status = print_table(run);
    if (status != WR_OK)
        return status;
    putchar('\n');
    print_comparison(&run->backtest, WR_METHOD_NAIVE);
    print_comparison(&run->backtest, WR_METHOD_SEASONAL);
    cli_flush();
    return WR_OK;
}

/* ---- JSON ---- */

static json_t *method_object(const struct run *run, enum wr_method method) {
    const struct wr_backtest_scores *scores = &run->backtest.overall[method];
    json_t *intervals = json_array();
    for (size_t i = 0; i < run->levels.count; i++)
        intervals =
            wr_json_push(intervals, json_pack("{s:f, s:o, s:o}", "level", run->levels.levels[i],
                                              "coverage", json_number(scores->coverage[i]), "width",
                                              json_number(scores->width[i])));
    json_t *object = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "method", wr_method_name(method), "mae",
        json_number(scores->points.mae), "rmse", json_number(scores->points.rmse), "smape",
        json_number(scores->points.smape), "mase", json_number(scores->points.mase), "crps",
        json_number(scores->crps), "intervals", intervals);
    if (method != WR_METHOD_WINDROW)
        object = wr_json_put(object, "better_on",
                             json_integer((json_int_t)count_better(&run->backtest, method)));
    return object;
}

static wr_status print_json(struct run *run) {
    json_t *methods = json_array(), *names = json_array();
    for (size_t m = 0; m < WR_METHODS; m++)
        methods = wr_json_push(methods, method_object(run, (enum wr_method)m));
    for (size_t i = 0; i < run->recipes.count; i++)
        names = wr_json_push(names, json_text(run->recipes.recipes[i].name));
    const struct wr_fit_report *report = &run->backtest.report;
    return json_print(
        json_pack("{s:I, s:I, s:I, s:I, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:o}",
                  "series", (json_int_t)report->series, "horizon",
                  (json_int_t)run->recipes.recipes->horizon, "origins",
                  (json_int_t)run->options->origins.value, "step", (json_int_t)run->step, "refit",
                  (int)run->options->refit.given, "recipes", names, "models",
                  (json_int_t)report->models, "shorter", (json_int_t)report->shorter, "naive",
                  (json_int_t)report->naive, "diverged", (json_int_t)report->diverged, "updates",
                  (json_int_t)report->updates, "seconds", report->seconds, "values",
                  (json_int_t)run->backtest.values, "scored", (json_int_t)run->backtest.scored,
                  "methods", methods),
        "windrow.backtest/1", run->error);
}

/* ---- --csv ---- */

static void put_number(FILE *file, double value) {
    char text[WR_NUMBER_TEXT];
    fputc(',', file);
    if (!isnan(value))
        fputs(wr_number_text(value, text), file);
}

static void put_head(FILE *file, const struct levels *levels) {
    fputs("unique_id,method,mae,rmse,smape,mase,crps", file);
    for (size_t i = 0; i < levels->count; i++)
        fprintf(file, ",coverage-%s,width-%s", levels->texts.texts[i], levels->texts.texts[i]);
    fputc('\n', file);
}

static void put_series(FILE *file, const struct run *run, size_t series) {
    for (size_t m = 0; m < WR_METHODS; m++) {
        const struct wr_backtest_scores *scores = &run->backtest.scores[m][series];
        wr_csv_print(file, wr_panel_id(run->panel, series));
        fprintf(file, ",%s", wr_method_name((enum wr_method)m));
        put_number(file, scores->points.mae);
        put_number(file, scores->points.rmse);
        put_number(file, scores->points.smape);
        put_number(file, scores->points.mase);
        put_number(file, scores->crps);
        for (size_t i = 0; i < run->levels.count; i++) {
            put_number(file, scores->coverage[i]);
            put_number(file, scores->width[i]);
        }
        fputc('\n', file);
    }
}

static wr_status write_csv(struct run *run) {
    struct wr_text text;
    struct wr_output *output;
    if (!run->options->csv.given)
        return WR_OK;
    FILE *file = wr_text_open(&text);
    if (file != NULL) {
        put_head(file, &run->levels);
        for (size_t s = 0; s < run->backtest.series; s++)
            put_series(file, run, s);
    }
    char *bytes = wr_text_close(file, &text);
    if (bytes == NULL)
        return wr_fail(run->error, WR_ERR_MEMORY, "no memory for the scores");
    wr_status status = wr_output_open(run->options->csv.text, &output, run->error);
    if (status == WR_OK)
        status = wr_output_write(output, bytes, text.size, run->error);
    free(bytes);
    if (status == WR_OK)
        return wr_output_commit(output, run->error);
    wr_output_abandon(output);
    return status;
}

/* ---- the command ---- */

/* Prints once what was read. It is called when data and options have been checked, so that nothing
 * is printed before an error. */
static void tell_data(struct run *run) {
    if (!run->told)
        panel_tell(run->panel, run->options->run.quiet.given);
    run->told = true;
}

static wr_status on_event(void *context, const struct wr_fit_event *event) {
    struct run *run = context;
    tell_data(run);
    return run_on_event(&run->progress, event);
}

static wr_status run_backtest(struct run *run) {
    const struct backtest_options *options = run->options;
    struct wr_backtest_spec spec = {.recipes = run->recipes.recipes,
                                    .recipe_count = run->recipes.count,
                                    .origins = options->origins.value,
                                    .step = run->step,
                                    .refit = options->refit.given,
                                    .levels = run->levels.levels,
                                    .level_count = run->levels.count};
    struct wr_fit_options how = {.on_event = on_event, .context = run, .stop = &interrupt_seen};
    run_start(&run->progress, &options->run, &run->recipes);
    wr_status status =
        wr_backtest(run->device, run->panel, &spec, &how, &run->backtest, run->error);
    progress_clear(&run->progress);
    if (status == WR_OK)
        tell_data(run);
    return status;
}

static wr_status prepare(struct run *run) {
    const struct backtest_options *options = run->options;
    wr_status status = levels_make(&options->run, &run->levels, run->error);
    if (status == WR_OK)
        status = recipes_make("backtest", &options->panel, &options->recipe, &run->panel,
                              &run->recipes, run->error);
    if (status != WR_OK)
        return status;
    run->step = options->step.given ? options->step.value : run->recipes.recipes->horizon;
    interrupt_catch(); /* before this, an interrupt leaves nothing to clean up */
    if (options->csv.given) {
        signal(SIGPIPE, SIG_IGN); /* a closed pipe must be an error of the write */
        status = wr_output_try(options->csv.text, run->error);
    }
    return status == WR_OK ? run_open_device(&options->run, &run->device, run->error) : status;
}

static wr_status tell_results(struct run *run) {
    report_deviation(run->device);
    if (!run->options->run.quiet.given)
        report_speed(run->backtest.report.updates, run->backtest.report.seconds);
    wr_status status = run->options->run.json.given ? print_json(run) : print_results(run);
    return status == WR_OK ? run_check_diverged(&run->backtest.report) : status;
}

static wr_status run_all(struct run *run) {
    wr_status status = prepare(run);
    if (status == WR_OK)
        status = run_backtest(run);
    if (interrupt_seen) /* an interrupt may also have caused another error */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted; no file was written");
    if (status == WR_OK)
        status = write_csv(run);
    if (status == WR_ERR_STORAGE && interrupt_seen) /* the interrupt may have caused this error */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted while the files were written");
    return status == WR_OK ? tell_results(run) : status;
}

wr_status backtest_command(const struct backtest_options *options, struct wr_error *error) {
    struct run run = {.options = options, .error = error};
    wr_status status = run_all(&run);
    wr_backtest_release(&run.backtest);
    wr_device_close(run.device);
    levels_release(&run.levels);
    recipes_release(&run.recipes);
    wr_panel_free(run.panel);
    return status;
}
