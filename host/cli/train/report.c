#include "cli/train/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/io/report_lines.h"
#include "cli/io/spread.h"
#include "cli/train/setup.h"
#include "windrow/train.h"

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

/* ---- before the training ---- */

void report_series(const struct data *data, const struct data_options *options) {
    size_t rows = wr_series_rows(data->series);
    if (options->file.given)
        report_named("series    ", options->file.text);
    else
        printf("series    %s, seed %s", options->synthetic.text, options->seed.text);
    printf(", %zu rows\n", rows);
}

/* Prints nothing for the notebook's rule. */
static void report_rule(const struct wr_rule *rule, const struct rule_options *options) {
    struct rule_texts texts;
    rule_describe(options, rule, &texts);
    for (size_t i = 0; i < texts.count; i++)
        printf("%s%s %s", i == 0 ? "rule      " : ", ", texts.name[i], texts.value[i]);
    if (texts.count > 0)
        putchar('\n');
}

void report_setup(const struct setup *setup, const struct train_options *options) {
    const struct wr_shape *shape = &setup->stack.shape;
    size_t windows = setup->trained;
    size_t batch = options->batch.value < windows ? options->batch.value : windows;
    report_series(&setup->data, &options->data);
    printf("windows   %zu of %zu row%s", windows, shape->seq_len, plural(shape->seq_len));
    report_named(": ", setup->data.input_names);
    report_named(" -> ", setup->data.target_names);
    printf(", scale %s\n", options->data.scale.text);
    printf("models    %zu, seed%s %u", setup->stack.count, plural(setup->stack.count), setup->seed);
    if (setup->stack.count > 1)
        printf(" to %u", setup->seed + (uint32_t)(setup->stack.count - 1));
    printf(": I = %zu, H = %zu, O = %zu, %zu parameters", shape->inputs, shape->hidden,
           shape->outputs, setup->layout.count);
    report_named(", init ", options->init.text);
    putchar('\n');
    printf("training  %zu epoch%s of %zu update%s, batch %zu, lr %g, clip %g\n", setup->epochs,
           plural(setup->epochs), setup->updates, plural(setup->updates), batch,
           (double)options->lr.value, (double)options->clip.value);
    if (setup->held > 0)
        printf("validate  %zu window%s behind them, every %zu epoch%s, patience %zu\n", setup->held,
               plural(setup->held), setup->every, plural(setup->every), setup->patience);
    if (setup->left > 0)
        printf("hold-out  %zu window%s behind them, not used\n", setup->left, plural(setup->left));
    report_rule(&setup->rule, &options->rule);
    cli_flush();
}

void report_device(const struct wr_device *device, const struct wr_session *session) {
    const struct wr_device_info *info = wr_device_get_info(device);
    fprintf(stderr, "device    %s: %s%s%s%s, schedule %s%s\n", info->id, info->name,
            info->detail[0] != '\0' ? " (" : "", info->detail, info->detail[0] != '\0' ? ")" : "",
            wr_schedule_name(wr_session_schedule(session)), info->exact ? "" : ", not exact");
}

/* ---- losses ---- */

int report_epoch_width(size_t epochs) {
    int width = snprintf(NULL, 0, "%zu", epochs - 1);
    return width > 4 ? width : 4;
}

wr_status report_losses(const char *label, const float *losses, size_t models, const char *ended,
                        struct wr_error *error) {
    double *finite = wr_alloc(models, sizeof *finite, "losses to sort", error);
    if (finite == NULL)
        return WR_ERR_MEMORY;
    size_t count = 0;
    for (size_t m = 0; m < models; m++)
        if (isfinite(losses[m]))
            finite[count++] = (double)losses[m];
    printf("%s  total_loss  ", label);
    print_losses(stdout, finite, count, models, ended);
    free(finite);
    cli_flush();
    return WR_OK;
}

wr_status report_validation(const struct setup *setup, const struct wr_train_result *result,
                            struct wr_error *error) {
    size_t models = setup->stack.count, count = 0;
    if (result->validated == NULL)
        return WR_OK;
    double *values = wr_alloc(models, sizeof *values, "losses to sort", error);
    if (values == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < models; m++)
        if (result->best_epoch[m] > 0)
            values[count++] = result->validated[m];
    printf("validation  mean_loss   ");
    print_losses(stdout, values, count, models, "diverged");
    count = 0;
    for (size_t m = 0; m < models; m++)
        if (result->best_epoch[m] > 0)
            values[count++] = (double)result->best_epoch[m];
    struct spread epochs = spread_of(values, count);
    free(values);
    if (count > 0 && models == 1)
        printf("best after  epochs      %.10g\n", epochs.median);
    else if (count > 0)
        printf("best after  epochs      min %.10g  median %.10g  max %.10g\n", epochs.least,
               epochs.median, epochs.most);
    cli_flush();
    return WR_OK;
}

/* ---- after the training ---- */

/* Prints a row for one output of the first window. forecasts (count), in the units of the series,
 * are those of models that did not diverge. */
static wr_status forecast_row(const struct setup *setup, size_t output, double *forecasts,
                              size_t count, struct wr_error *error) {
    struct columns column = {1, &setup->data.targets.index[output]};
    char *text = columns_text(&column, setup->data.series), name[64];
    if (text == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the name of a column");
    wr_shown(text, name, sizeof name);
    free(text);
    double truth = wr_windows_target(setup->windows, 0, output);
    struct spread spread = spread_of(forecasts, count);
    if (setup->stack.count == 1)
        printf("%-12s  %#12.9g  %#12.9g  %#12.9g\n", name, spread.median, truth,
               spread.median - truth);
    else
        printf("%-12s  %#12.9g  %#12.9g  %#12.9g  %#12.9g  %#12.9g\n", name, spread.least,
               spread.median, spread.most, truth, spread.median - truth);
    return WR_OK;
}

static void forecast_head(size_t models) {
    if (models == 1)
        printf("\n%-12s  %12s  %12s  %12s\n", "first window", "forecast", "truth", "error");
    else
        printf("\n%-12s  %12s  %12s  %12s  %12s  %12s\n", "first window", "min", "median", "max",
               "truth", "median error");
}

/* predictions (M, 1, O); forecasts: space for M. */
static wr_status forecast_table(const struct setup *setup, const struct wr_train_result *result,
                                const float *predictions, double *forecasts,
                                struct wr_error *error) {
    size_t outputs = setup->stack.shape.outputs;
    wr_status status = WR_OK;
    forecast_head(setup->stack.count);
    for (size_t o = 0; o < outputs && status == WR_OK; o++) {
        double mean, deviation;
        size_t count = 0;
        wr_windows_target_scale(setup->windows, o, &mean, &deviation);
        for (size_t m = 0; m < setup->stack.count; m++)
            if (result->diverged_at[m] == WR_NOT_DIVERGED)
                forecasts[count++] = mean + deviation * (double)predictions[m * outputs + o];
        status = forecast_row(setup, o, forecasts, count, error);
    }
    return status;
}

/* The total loss of the naive forecast for the windows first .. first + count - 1. */
static double naive_loss(const struct setup *setup, size_t first, size_t count) {
    double total = 0;
    for (size_t w = first; w < first + count; w++) {
        double sum = 0;
        for (size_t o = 0; o < setup->stack.shape.outputs; o++) {
            double mean, deviation;
            wr_windows_target_scale(setup->windows, o, &mean, &deviation);
            sum += wr_loss_in_units(
                (int)setup->rule.loss, (double)wr_loss_number(&setup->rule), deviation,
                wr_windows_naive(setup->windows, w, o) - wr_windows_target(setup->windows, w, o));
        }
        total += sum / (double)setup->stack.shape.outputs;
    }
    return total;
}

/* Prints the naive forecast's loss, scaled to as many windows as an epoch visits, and its mean loss
 * over the windows held out. */
static void report_naive(const struct setup *setup) {
    char text[24];
    double visits = (double)setup->epoch_visits / (double)setup->trained;
    double total = naive_loss(setup, 0, setup->trained) * visits;
    printf("%-10s  total_loss  %s\n", "naive", loss_text(total, text));
    if (setup->held == 0)
        return;
    double mean = naive_loss(setup, setup->trained, setup->held) / (double)setup->held;
    printf("%-10s  mean_loss   %s\n", "naive", loss_text(mean, text));
}

wr_status report_forecast(const struct setup *setup, const struct wr_train_result *result,
                          struct wr_error *error) {
    size_t models = setup->stack.count;
    report_naive(setup);
    if (result->diverged == models)
        return WR_OK;
    /* models <= 2^32-1 whose parameters are in memory: the product fits */
    float *predictions =
        wr_alloc(models * setup->stack.shape.outputs, sizeof *predictions, "predictions", error);
    double *forecasts = wr_alloc(models, sizeof *forecasts, "forecasts", error);
    wr_status status = WR_ERR_MEMORY;
    if (predictions != NULL && forecasts != NULL)
        status = wr_predict(&setup->stack, setup->rule.activation, &setup->view, 0, 1, predictions,
                            error);
    if (status == WR_OK)
        status = forecast_table(setup, result, predictions, forecasts, error);
    cli_flush();
    free(forecasts);
    free(predictions);
    return status;
}

void report_diverged(const struct setup *setup, const struct wr_train_result *result) {
    size_t first = 0;
    for (size_t m = 1; m < setup->stack.count; m++)
        if (result->diverged_at[m] < result->diverged_at[first])
            first = m;
    cli_flush();
    if (setup->stack.count == 1)
        fprintf(stderr, "windrow: the model diverged in epoch %u; ", result->diverged_at[0]);
    else
        fprintf(stderr, "windrow: %zu of %zu models diverged, the first (seed %u) in epoch %u; ",
                result->diverged, setup->stack.count, setup->seed + (uint32_t)first,
                result->diverged_at[first]);
    fprintf(stderr, "a smaller --lr or --clip may help\n");
}
