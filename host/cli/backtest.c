/* windrow backtest: scores of forecasts from earlier origins, beside naive and seasonal naive. */
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/output.h"
#include "cli/forecast.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/table.h"
#include "data/csv.h"
#include "windrow/backtest.h"

/* All that a run owns. */
struct run {
    const struct option_value *options;
    struct wr_error *error;
    struct wr_panel *panel;
    struct recipes recipes;
    struct levels levels;
    struct wr_device *device;
    struct progress progress;
    struct wr_output *output; /* of --csv */
    size_t step;
    struct wr_backtest backtest;
};

/* ---- who is better ---- */

/* What methods are compared by: MASE, or where that is not defined MAE. */
static bool has_mase(const struct wr_backtest_scores *a, const struct wr_backtest_scores *b) {
    return !isnan(a->points.mase) && !isnan(b->points.mase);
}

/* Less than 0 where a is better than b. */
static double compare(const struct wr_backtest_scores *a, const struct wr_backtest_scores *b) {
    return has_mase(a, b) ? a->points.mase - b->points.mase : a->points.mae - b->points.mae;
}

/* Series for which the naive method is better than windrow. */
static size_t count_better(const struct wr_backtest *backtest, enum wr_method naive) {
    size_t count = 0;
    for (size_t s = 0; s < backtest->series; s++)
        count += compare(&backtest->scores[naive][s], &backtest->scores[WR_METHOD_WINDROW][s]) < 0;
    return count;
}

/* In words: "seasonal naive". */
static const char *spoken(enum wr_method method) {
    return method == WR_METHOD_SEASONAL ? "seasonal naive" : wr_method_name(method);
}

static void tell_rival(const struct wr_backtest *backtest, enum wr_method rival) {
    const struct wr_backtest_scores *own = &backtest->overall[WR_METHOD_WINDROW];
    const struct wr_backtest_scores *other = &backtest->overall[rival];
    bool mase = has_mase(own, other);
    double order = compare(other, own);
    printf("%s %s %s: %s %.4g against %.4g. ", order < 0 ? spoken(rival) : "windrow",
           order == 0 ? "is as good as" : "is better than", order < 0 ? "windrow" : spoken(rival),
           mase ? "MASE" : "MAE",
           order < 0 ? (mase ? other->points.mase : other->points.mae)
                     : (mase ? own->points.mase : own->points.mae),
           order < 0 ? (mase ? own->points.mase : own->points.mae)
                     : (mase ? other->points.mase : other->points.mae));
    printf("On %zu of %zu series %s is better.\n", count_better(backtest, rival), backtest->series,
           spoken(rival));
}

/* ---- the table ---- */

static void add_number(struct table *table, double value) {
    char text[TABLE_CELL] = "";
    if (!isnan(value))
        snprintf(text, sizeof text, "%.4g", value);
    table_add(table, text);
}

static void add_part(struct table *table, double part) {
    char text[TABLE_CELL] = "";
    if (!isnan(part))
        snprintf(text, sizeof text, "%.1f%%", 100 * part);
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
        table_add(&table, spoken((enum wr_method)m));
        add_number(&table, scores->points.mae);
        add_number(&table, scores->points.rmse);
        add_number(&table, scores->points.smape);
        add_number(&table, scores->points.mase);
        add_number(&table, scores->crps);
        for (size_t i = 0; i < run->levels.count; i++) {
            add_part(&table, scores->coverage[i]);
            add_number(&table, scores->width[i]);
        }
    }
    return table_print(&table, run->error);
}

static wr_status print_results(struct run *run) {
    size_t series = run->backtest.series, origins = run->options[BACKTEST_ORIGINS].size;
    printf("%zu series, %zu origin%s %zu step%s apart, %zu to forecast from each\n\n", series,
           origins, origins == 1 ? "" : "s", run->step, run->step == 1 ? "" : "s",
           run->recipes.recipes->horizon);
    wr_status status = print_table(run);
    if (status != WR_OK)
        return status;
    putchar('\n');
    tell_rival(&run->backtest, WR_METHOD_NAIVE);
    tell_rival(&run->backtest, WR_METHOD_SEASONAL);
    cli_flush();
    return WR_OK;
}

/* ---- JSON ---- */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *method_object(const struct run *run, enum wr_method method) {
    const struct wr_backtest_scores *scores = &run->backtest.overall[method];
    json_t *intervals = json_array();
    for (size_t i = 0; i < run->levels.count; i++)
        json_array_append_new(
            intervals, json_pack("{s:f, s:o, s:o}", "level", run->levels.levels[i], "coverage",
                                 number(scores->coverage[i]), "width", number(scores->width[i])));
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "method", wr_method_name(method), "mae",
                  number(scores->points.mae), "rmse", number(scores->points.rmse), "smape",
                  number(scores->points.smape), "mase", number(scores->points.mase), "crps",
                  number(scores->crps), "intervals", intervals);
    if (object != NULL && method != WR_METHOD_WINDROW)
        json_object_set_new(object, "better_on",
                            json_integer((json_int_t)count_better(&run->backtest, method)));
    return object;
}

static wr_status print_json(struct run *run) {
    json_t *methods = json_array(), *names = json_array();
    for (size_t m = 0; m < WR_METHODS; m++)
        json_array_append_new(methods, method_object(run, (enum wr_method)m));
    for (size_t i = 0; i < run->recipes.count; i++)
        json_array_append_new(names, json_text(run->recipes.recipes[i].name));
    const struct wr_fit_report *report = &run->backtest.report;
    return json_print(
        json_pack("{s:I, s:I, s:I, s:I, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "series",
                  (json_int_t)report->series, "horizon", (json_int_t)run->recipes.recipes->horizon,
                  "origins", (json_int_t)run->options[BACKTEST_ORIGINS].size, "step",
                  (json_int_t)run->step, "refit", (int)run->options[BACKTEST_REFIT].given,
                  "recipes", names, "models", (json_int_t)report->models, "shorter",
                  (json_int_t)report->shorter, "naive", (json_int_t)report->naive, "diverged",
                  (json_int_t)report->diverged, "updates", (json_int_t)report->updates, "seconds",
                  report->seconds, "methods", methods),
        run->error);
}

/* ---- --csv ---- */

static void put_number(FILE *file, double value) {
    if (isnan(value))
        fputc(',', file);
    else
        fprintf(file, ",%.9g", value);
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
    char *text = NULL;
    size_t size;
    if (run->output == NULL)
        return WR_OK;
    FILE *file = open_memstream(&text, &size);
    if (file != NULL) {
        put_head(file, &run->levels);
        for (size_t s = 0; s < run->backtest.series; s++)
            put_series(file, run, s);
    }
    wr_status status = file != NULL && fclose(file) == 0
                           ? wr_output_write(run->output, text, size, run->error)
                           : wr_fail(run->error, WR_ERR_MEMORY, "no memory for the scores");
    free(text);
    if (status == WR_OK) {
        status = wr_output_commit(run->output, run->error);
        run->output = NULL;
    }
    return status;
}

/* ---- all of it ---- */

static wr_status test_back(struct run *run) {
    const struct option_value *options = run->options;
    struct wr_backtest_spec spec = {.recipes = run->recipes.recipes,
                                    .recipe_count = run->recipes.count,
                                    .origins = options[BACKTEST_ORIGINS].size,
                                    .step = run->step,
                                    .refit = options[BACKTEST_REFIT].given,
                                    .levels = run->levels.levels,
                                    .level_count = run->levels.count};
    struct wr_fit_options how = {
        .on_event = run_on_event, .context = &run->progress, .stop = &interrupt_seen};
    run_start(&run->progress, options, run->panel, &run->recipes);
    wr_status status =
        wr_backtest(run->device, run->panel, &spec, &how, &run->backtest, run->error);
    progress_clear(&run->progress);
    return status;
}

static wr_status prepare(struct run *run) {
    const struct option_value *options = run->options;
    wr_status status = levels_make(options, &run->levels, run->error);
    if (status == WR_OK)
        status = recipes_make("backtest", options, &run->panel, &run->recipes, run->error);
    if (status != WR_OK)
        return status;
    run->step =
        options[BACKTEST_STEP].given ? options[BACKTEST_STEP].size : run->recipes.recipes->horizon;
    interrupt_catch(); /* up to here there is nothing to clean up */
    if (options[BACKTEST_CSV].given) {
        signal(SIGPIPE, SIG_IGN); /* a reader that leaves is an error, and costs no file */
        status = wr_output_open(options[BACKTEST_CSV].text, &run->output, run->error);
    }
    return status == WR_OK ? run_open_device(options, &run->device, run->error) : status;
}

static wr_status tell_results(struct run *run) {
    report_deviation(run->device);
    if (!run->options[RUN_QUIET].given)
        report_speed(run->backtest.report.updates, run->backtest.report.seconds);
    wr_status status = run->options[RUN_JSON].given ? print_json(run) : print_results(run);
    return status == WR_OK ? run_judge(&run->backtest.report) : status;
}

static wr_status run_all(struct run *run) {
    wr_status status = prepare(run);
    if (status == WR_OK)
        status = test_back(run);
    if (interrupt_seen) /* whatever else it may have broken off */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted; no file was written");
    if (status == WR_OK)
        status = write_csv(run);
    return status == WR_OK ? tell_results(run) : status;
}

wr_status backtest_command(const struct option_value *options, struct wr_error *error) {
    struct run run = {.options = options, .error = error};
    wr_status status = run_all(&run);
    wr_backtest_release(&run.backtest);
    wr_output_abandon(run.output);
    wr_device_close(run.device);
    levels_release(&run.levels);
    recipes_release(&run.recipes);
    wr_panel_free(run.panel);
    return status;
}
