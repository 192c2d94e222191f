/* windrow predict: reads models and a series, and writes a CSV of predictions. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "base/number.h"
#include "base/output.h"
#include "base/pool.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/groups/rule_options.h"
#include "cli/io/interrupt.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "cli/io/spread.h"
#include "cli/model/model_file.h"
#include "cli/predict/predict_options.h"
#include "cli/predict/scores.h"
#include "cli/predict/stamps.h"
#include "train/loss_weights.h"
#include "windrow/session.h"

/* What a run of the command owns. */
struct run {
    struct predict_options options; /* given options, and those that the file sets */
    struct option_choice bias;      /* which no option gives, since the file holds the biases */
    struct wr_error *error;
    struct model_file file;
    struct data data;
    struct stamps stamps;
    struct wr_stack stack;
    struct wr_layout layout;
    struct wr_rule rule;
    struct wr_windows *windows;
    struct wr_windows_view view; /* of the windows that are predicted */
    size_t first;                /* of these, among the windows */
    float *loss_weights;
    struct wr_device *device;
    struct wr_session *session;
    size_t batch;        /* windows at a time */
    struct wr_pool pool; /* holds the three arrays below */
    float *predictions;  /* (M, batch, O) */
    float *losses;       /* (M, batch) */
    double *values;      /* (M) of one target */
    struct scores scores;
    struct wr_output *output; /* NULL: stdout */
};

/* ---- the models, and the columns that they know ---- */

static struct model_choices choices_of(struct run *run) {
    return (struct model_choices){.activation = &run->options.activation,
                                  .bias = &run->bias,
                                  .scale = &run->options.data.scale,
                                  .window = &run->options.window};
}

/* Columns of the file are as if given, so that they are found or missed by their names. Where one
 * option of two is given and the models see what they predict, the other follows it. */
static void apply_columns(const struct model_file *file, struct data_options *options) {
    const char *inputs = model_file_says(file, "inputs");
    const char *targets = model_file_says(file, "targets");
    bool none = !options->inputs.given && !options->target.given;
    if (inputs == NULL || targets == NULL || (!none && strcmp(inputs, targets) == 0))
        return;
    if (!options->inputs.given)
        options->inputs = (struct option_text){.given = true, .text = inputs};
    if (!options->target.given)
        options->target = (struct option_text){.given = true, .text = targets};
}

static wr_status read_models(struct run *run) {
    struct predict_options *options = &run->options;
    const struct model_choices choices = choices_of(run);
    wr_status status = model_file_read(options->model.text, &run->file, run->error);
    if (status == WR_OK)
        status = model_file_apply(&run->file, &choices, run->error);
    if (status == WR_OK)
        status = model_file_check_window(&run->file, &options->window, run->error);
    if (status == WR_OK)
        status = model_file_rule(&run->file, &options->activation, &run->rule, run->error);
    if (status != WR_OK)
        return status;
    apply_columns(&run->file, &options->data);
    run->stack = run->file.stack;
    run->stack.shape.seq_len = options->window.value;
    return wr_layout_of(&run->stack.shape, &run->layout, run->error);
}

/* ---- the windows ---- */

static wr_status read_data(struct run *run) {
    const struct option_text *time = &run->options.time;
    size_t column;
    run->data.texts = time->given ? time->text : "ds";
    if (time->given && !run->options.data.file.given)
        return wr_fail(run->error, WR_ERR_USAGE, "--time goes with --data FILE");
    wr_status status = data_read(&run->data, &run->options.data, run->error);
    if (status == WR_OK && time->given)
        status = wr_series_find(run->data.series, time->text, &column, run->error);
    if (status == WR_OK)
        status = model_file_check_columns(&run->file, &run->data, run->error);
    return status == WR_OK ? stamps_make(run->data.series, &run->stamps, run->error) : status;
}

/* Takes the windows of the last N rows, and the one after them. */
static wr_status take_last(struct run *run) {
    const struct option_size *last = &run->options.last;
    size_t known = run->view.count - 1;
    if (!last->given)
        return WR_OK;
    if (last->value > known)
        return wr_fail(
            run->error, WR_ERR_DATA,
            "--last %s: %zu of the %zu rows have %zu before them; try --last %zu or less",
            last->text, known, run->stamps.rows, run->stack.shape.seq_len, known > 0 ? known : 1);
    run->first = known - last->value;
    run->view.inputs += run->first * run->view.input_stride;
    run->view.targets += run->first * run->view.target_stride;
    run->view.count -= run->first;
    return WR_OK;
}

static wr_status make_windows(struct run *run) {
    struct wr_windows_spec spec = {.input_columns = run->data.inputs.index,
                                   .inputs = run->data.inputs.count,
                                   .target_columns = run->data.targets.index,
                                   .outputs = run->data.targets.count,
                                   .seq_len = run->stack.shape.seq_len,
                                   .scale = (enum wr_scale)run->options.data.scale.value};
    wr_status status = wr_windows_make_ahead(run->data.series, &spec, run->file.input_scales,
                                             run->file.target_scales, &run->windows, run->error);
    if (status != WR_OK)
        return status;
    wr_windows_get(run->windows, &run->view);
    status = wr_loss_weights(run->rule.loss, run->windows, run->stack.shape.outputs,
                             &run->loss_weights, run->error);
    if (run->loss_weights != NULL)
        run->view.loss_weights = run->loss_weights;
    return status == WR_OK ? take_last(run) : status;
}

/* ---- the session ---- */

/* Windows at a time: as many as make some millions of hidden values, which each device holds. */
static size_t choose_batch(const struct run *run) {
    const size_t values = 1 << 22, least = 32;
    const struct wr_shape *shape = &run->stack.shape;
    double each = (double)run->stack.count * (double)shape->seq_len * (double)shape->hidden;
    size_t batch = (size_t)((double)values / each);
    if (batch < least)
        batch = least;
    return batch < run->view.count ? batch : run->view.count;
}

static wr_status open_session(struct run *run) {
    const struct predict_options *options = &run->options;
    struct wr_device_options how = {.threads = options->cpu.threads.value,
                                    .inexact = options->cpu.inexact.given};
    size_t models = run->stack.count, slots, floats;
    run->batch = choose_batch(run);
    if (!wr_size_mul(models, run->batch, &slots) ||
        !wr_size_mul(slots, run->stack.shape.outputs, &floats))
        return wr_fail(run->error, WR_ERR_MEMORY, "the predictions of %zu models overflow", models);
    run->predictions = wr_pool_take(&run->pool, floats, sizeof(float), "predictions");
    run->losses = wr_pool_take(&run->pool, slots, sizeof(float), "losses");
    run->values = wr_pool_take(&run->pool, models, sizeof(double), "predictions");
    wr_status status = wr_pool_status(&run->pool, run->error);
    if (status == WR_OK)
        status = scores_make(run->stack.shape.outputs, models, &run->scores, run->error);
    if (status == WR_OK)
        status = device_open(options->device.text, &how, &run->device, run->error);
    const struct wr_ensemble ensemble = {.stack = run->stack,
                                         .batch = run->batch,
                                         .schedule = WR_SCHEDULE_FORWARD,
                                         .windows = run->view,
                                         .rule = run->rule};
    return status == WR_OK ? wr_session_open(run->device, &ensemble, &run->session, run->error)
                           : status;
}

static wr_status open_output(struct run *run) {
    const struct option_text *output = &run->options.output;
    interrupt_catch(); /* before this, an interrupt leaves nothing to clean up */
    if (!output->given)
        return WR_OK;
    signal(SIGPIPE, SIG_IGN); /* a closed pipe must be an error of the write */
    return wr_output_open(output->text, &run->output, run->error);
}

/* ---- the CSV ---- */

static void put_number(FILE *file, double value) {
    char text[WR_NUMBER_TEXT];
    fputc(',', file);
    if (isfinite(value))
        fputs(wr_number_text(value, text), file);
}

/* The start of a line: the target, the time stamp, and the model unless it is SIZE_MAX. */
static void put_start(FILE *file, const struct run *run, size_t window, size_t output,
                      size_t model) {
    wr_series_print_column(file, run->data.series, run->data.targets.index[output]);
    fputc(',', file);
    stamps_print(file, &run->stamps, window + run->stack.shape.seq_len);
    if (model != SIZE_MAX)
        fprintf(file, ",%zu", model);
}

/* Prints the lines of a target of the window in a slot of the batch, and scores it. */
static void put_target(FILE *file, struct run *run, size_t window, size_t slot, size_t output) {
    size_t outputs = run->stack.shape.outputs, how = run->options.combine.value, count = 0;
    double value = wr_windows_target(run->windows, window, output), mean, deviation;
    wr_windows_target_scale(run->windows, output, &mean, &deviation);
    for (size_t m = 0; m < run->stack.count; m++) {
        float scaled = run->predictions[(m * run->batch + slot) * outputs + output];
        double prediction = mean + deviation * (double)scaled;
        if (isfinite(prediction))
            run->values[count++] = prediction;
        else
            run->scores.broken[m] = 1;
        if (how != COMBINE_NONE)
            continue;
        put_start(file, run, window, output, m);
        put_number(file, value);
        put_number(file, prediction);
        fputc('\n', file);
    }
    double prediction = mean_or_median(run->values, count, how == COMBINE_MEDIAN);
    scores_add(&run->scores, output, prediction, value,
               wr_windows_naive(run->windows, window, output));
    if (how == COMBINE_NONE)
        return;
    put_start(file, run, window, output, SIZE_MAX);
    put_number(file, value);
    put_number(file, prediction);
    fputc('\n', file);
}

static void add_losses(struct run *run, size_t window, size_t slot) {
    for (size_t o = 0; o < run->stack.shape.outputs; o++)
        if (isnan(wr_windows_target(run->windows, window, o)))
            return;
    run->scores.scored++;
    for (size_t m = 0; m < run->stack.count; m++)
        run->scores.losses[m] += (double)run->losses[m * run->batch + slot];
}

/* Writes the text of some lines to the file of --output, or stdout. */
static wr_status write_lines(struct run *run, FILE *file, struct wr_text *text) {
    char *bytes = wr_text_close(file, text);
    wr_status status = WR_OK;
    if (bytes == NULL)
        status = wr_fail(run->error, WR_ERR_MEMORY, "no memory for lines of predictions");
    else if (run->output != NULL)
        status = wr_output_write(run->output, bytes, text->size, run->error);
    else
        fwrite(bytes, 1, text->size, stdout);
    free(bytes);
    return status;
}

/* Predicts the windows from `first` of the view on, a batch of them, and writes their lines. */
static wr_status predict_batch(struct run *run, size_t first) {
    size_t left = run->view.count - first, count = left < run->batch ? left : run->batch;
    wr_status status = wr_session_forward(run->session, first, count, run->error);
    if (status == WR_OK)
        status = wr_session_read(run->session, WR_PREDICTIONS, run->predictions, run->error);
    if (status == WR_OK)
        status = wr_session_read(run->session, WR_LOSSES, run->losses, run->error);
    if (status != WR_OK)
        return status;
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    if (file != NULL && first == 0)
        fprintf(file, "unique_id,ds,%sy,windrow\n",
                run->options.combine.value == COMBINE_NONE ? "model," : "");
    for (size_t slot = 0; slot < count && file != NULL; slot++) {
        for (size_t o = 0; o < run->stack.shape.outputs; o++)
            put_target(file, run, run->first + first + slot, slot, o);
        add_losses(run, run->first + first + slot, slot);
    }
    return write_lines(run, file, &text);
}

static wr_status predict(struct run *run) {
    wr_status status = WR_OK;
    for (size_t first = 0; first < run->view.count && status == WR_OK; first += run->batch)
        status = interrupt_seen ? WR_ERR_STOPPED : predict_batch(run, first);
    if (status == WR_OK && run->output != NULL) {
        status = wr_output_commit(run->output, run->error);
        run->output = NULL;
    }
    if (interrupt_seen && status != WR_OK) /* an interrupt may also have caused another error */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted; no file was written");
    cli_flush();
    return status;
}

/* ---- the scores ---- */

static char *target_name(const struct run *run, size_t output, struct wr_text *text) {
    FILE *file = wr_text_open(text);
    if (file != NULL)
        wr_series_print_column(file, run->data.series, run->data.targets.index[output]);
    return wr_text_close(file, text);
}

static wr_status tell_target(const struct run *run, size_t output) {
    const struct errors *own = &run->scores.own[output], *naive = &run->scores.naive[output];
    struct wr_text text;
    char numbers[4][24];
    char *name = target_name(run, output, &text);
    if (name == NULL)
        return wr_fail(run->error, WR_ERR_MEMORY, "no memory for the name of a column");
    if (own->count > 0) {
        fputs("errors    ", stderr);
        wr_print_shown(stderr, name);
        fprintf(stderr, ", %zu values: MAE %s  RMSE %s", own->count,
                loss_text(errors_mae(own), numbers[0]), loss_text(errors_rmse(own), numbers[1]));
        if (naive->count > 0)
            fprintf(stderr, "; naive: MAE %s  RMSE %s", loss_text(errors_mae(naive), numbers[2]),
                    loss_text(errors_rmse(naive), numbers[3]));
        fputc('\n', stderr);
    }
    free(name);
    return WR_OK;
}

/* Prints the errors of each target, and the mean losses of the models. */
static wr_status tell_scores(struct run *run) {
    size_t models = run->stack.count, count = 0;
    wr_status status = WR_OK;
    for (size_t o = 0; o < run->stack.shape.outputs && status == WR_OK; o++)
        status = tell_target(run, o);
    for (size_t m = 0; m < models; m++)
        if (isfinite(scores_loss(&run->scores, m)))
            run->values[count++] = scores_loss(&run->scores, m);
    if (status == WR_OK && run->scores.scored > 0) {
        fprintf(stderr, "losses    %zu windows: mean_loss ", run->scores.scored);
        print_losses(stderr, run->values, count, models, "not finite");
    }
    return status;
}

static json_t *model_objects(const struct run *run) {
    json_t *models = json_array();
    for (size_t m = 0; m < run->stack.count; m++) {
        char hash[17];
        snprintf(
            hash, sizeof hash, "%016" PRIx64,
            wr_parameters_hash(&run->stack.shape, run->stack.parameters + m * run->layout.count));
        models =
            wr_json_push(models, json_pack("{s:I, s:o, s:b, s:s}", "model", (json_int_t)m, "loss",
                                           json_number(scores_loss(&run->scores, m)), "finite",
                                           (int)!run->scores.broken[m], "hash", hash));
    }
    return models;
}

static json_t *target_objects(const struct run *run) {
    json_t *targets = json_array();
    for (size_t o = 0; o < run->stack.shape.outputs; o++) {
        const struct errors *own = &run->scores.own[o], *naive = &run->scores.naive[o];
        struct wr_text text;
        char *name = target_name(run, o, &text);
        json_t *shown = name != NULL ? json_text(name) : NULL;
        targets = wr_json_push(targets, json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "target", shown,
                                                  "scored", (json_int_t)own->count, "mae",
                                                  json_number(errors_mae(own)), "rmse",
                                                  json_number(errors_rmse(own)), "naive_mae",
                                                  json_number(errors_mae(naive)), "naive_rmse",
                                                  json_number(errors_rmse(naive))));
        free(name);
    }
    return targets;
}

static wr_status print_json(const struct run *run) {
    const struct wr_device_info *info = wr_device_get_info(run->device);
    return json_print(
        json_pack("{s:{s:s, s:o}, s:I, s:I, s:I, s:o, s:o}", "device", "backend", info->backend,
                  "name", json_text(info->name), "window", (json_int_t)run->stack.shape.seq_len,
                  "rows", (json_int_t)run->view.count, "scored", (json_int_t)run->scores.scored,
                  "targets", target_objects(run), "models", model_objects(run)),
        "windrow.predict/1", run->error);
}

/* Tells that predictions are not finite, even with --quiet, since cells are empty or lack models.
 */
static wr_status check_broken(const struct run *run) {
    size_t broken = scores_broken(&run->scores);
    if (broken == 0)
        return WR_OK;
    fprintf(stderr, "windrow: predictions of %zu of %zu models are not finite, and left out\n",
            broken, run->stack.count);
    return CLI_DIVERGED;
}

/* ---- the command ---- */

static void tell_setup(struct run *run) {
    const struct predict_options *options = &run->options;
    const struct model_choices choices = choices_of(run);
    data_tell(&run->data, options->quiet.given);
    report_deviation(run->device);
    if (options->quiet.given)
        return;
    model_file_tell(&run->file, "model     ", &choices, &run->data);
    if (run->stamps.texts != NULL && run->stamps.next[0] == '\0')
        fputs("the time stamps do not go on in steps, so the row after the last one has none\n",
              stderr);
}

static wr_status run_all(struct run *run) {
    const struct predict_options *options = &run->options;
    if (options->json.given && !options->output.given)
        return wr_fail(run->error, WR_ERR_USAGE,
                       "--json and the predictions both go to stdout; --output FILE takes these");
    wr_status status = read_models(run);
    if (status == WR_OK)
        status = read_data(run);
    if (status == WR_OK)
        status = make_windows(run);
    if (status == WR_OK)
        status = open_session(run);
    if (status == WR_OK)
        status = open_output(run);
    if (status == WR_OK) {
        tell_setup(run);
        status = predict(run);
    }
    if (status == WR_OK && !options->quiet.given)
        status = tell_scores(run);
    if (status == WR_OK && options->json.given)
        status = print_json(run);
    return status == WR_OK ? check_broken(run) : status;
}

wr_status predict_command(const struct predict_options *options, struct wr_error *error) {
    struct run run = {.options = *options, .bias = {.text = "both"}, .error = error};
    wr_status status = run_all(&run);
    wr_output_abandon(run.output);
    wr_session_close(run.session);
    wr_device_close(run.device);
    wr_windows_free(run.windows);
    wr_pool_release(&run.pool);
    scores_release(&run.scores);
    stamps_release(&run.stamps);
    data_release(&run.data);
    model_file_release(&run.file);
    free(run.loss_weights);
    return status;
}
