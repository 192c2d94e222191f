#include "cli/train/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/number.h"
#include "base/text.h"
#include "train/loss_weights.h"
#include "windrow/version.h"

enum { VALIDATIONS = 20, PATIENCE = 5 };

/* ---- windows ---- */

/* Reads a part of the rows to hold out: a window for each, as in a sweep. *windows: their number.
 */
static wr_status read_part(const struct setup *setup, const char *name,
                           const struct option_real *part, size_t *windows,
                           struct wr_error *error) {
    size_t rows = wr_series_rows(setup->data.series);
    double fraction = strtod(part->text, NULL); /* as a double, so that 0.7 of 10 rows is 7 */
    if (fraction >= 1)
        return wr_fail(error, WR_ERR_USAGE, "--%s %s: needs a part of the rows, below 1", name,
                       part->text);
    *windows = (size_t)(fraction * (double)rows);
    if (fraction > 0 && *windows == 0)
        return wr_fail(error, WR_ERR_DATA, "--%s %s of %zu rows is no whole row to hold out", name,
                       part->text, rows);
    return WR_OK;
}

static wr_status read_held(struct setup *setup, const struct train_options *options,
                           struct wr_error *error) {
    wr_status status = read_part(setup, "validate", &options->validate, &setup->held, error);
    if (status == WR_OK)
        status = read_part(setup, "hold-out", &options->hold_out, &setup->left, error);
    if (status != WR_OK || setup->held > 0 ||
        (!options->validate_every.given && !options->patience.given))
        return status;
    return wr_fail(error, WR_ERR_USAGE, "--%s goes with --validate",
                   options->validate_every.given ? "validate-every" : "patience");
}

static wr_status make_windows(struct setup *setup, const struct train_options *options,
                              struct wr_error *error) {
    wr_status status = read_held(setup, options, error);
    if (status != WR_OK)
        return status;
    size_t out = setup->held + setup->left; /* one of them is 0 */
    struct wr_windows_spec spec = {.input_columns = setup->data.inputs.index,
                                   .inputs = setup->data.inputs.count,
                                   .target_columns = setup->data.targets.index,
                                   .outputs = setup->data.targets.count,
                                   .seq_len = options->window.value,
                                   .scale = (enum wr_scale)options->data.scale.value,
                                   .scale_rows = wr_series_rows(setup->data.series) - out};
    status = wr_windows_make_scaled(setup->data.series, &spec, setup->init.input_scales,
                                    setup->init.target_scales, &setup->windows, error);
    if (status != WR_OK)
        return status;
    wr_windows_get(setup->windows, &setup->view);
    if (setup->view.count <= out)
        return wr_fail(error, WR_ERR_DATA,
                       "--%s %s holds out %zu of %zu rows, a window for each, and there are "
                       "%zu windows: none is left to train on; hold out fewer, or use shorter "
                       "windows",
                       setup->left > 0 ? "hold-out" : "validate",
                       setup->left > 0 ? options->hold_out.text : options->validate.text, out,
                       wr_series_rows(setup->data.series), setup->view.count);
    setup->trained = setup->view.count - out;
    return WR_OK;
}

static wr_status set_loss_weights(struct setup *setup, struct wr_error *error) {
    wr_status status = wr_loss_weights(setup->rule.loss, setup->windows, setup->data.targets.count,
                                       &setup->loss_weights, error);
    if (setup->loss_weights != NULL)
        setup->view.loss_weights = setup->loss_weights;
    return status;
}

/* ---- epochs ---- */

/* The largest number of epochs, at most 10, that divides the updates. */
static size_t epochs_for(size_t updates) {
    size_t epochs = 10;
    while (updates % epochs != 0)
        epochs--;
    return epochs;
}

static wr_status choose_epochs(struct setup *setup, const struct train_options *options,
                               struct wr_error *error) {
    size_t windows = setup->trained, updates = options->updates.value;
    size_t batch = options->batch.value < windows ? options->batch.value : windows;
    setup->updates = (windows - 1) / batch + 1;
    setup->epoch_visits = windows;
    setup->epochs = options->epochs.value;
    if (!options->updates.given)
        return WR_OK;
    if (updates % setup->updates == 0) {
        setup->epochs = updates / setup->updates;
        return WR_OK;
    }
    setup->epochs = epochs_for(updates);
    setup->updates = updates / setup->epochs;
    if (!wr_size_mul(setup->updates, batch, &setup->epoch_visits))
        return wr_fail(error, WR_ERR_USAGE, "--updates %zu of %zu windows overflow", updates,
                       batch);
    return WR_OK;
}

static void choose_validation(struct setup *setup, const struct train_options *options) {
    if (setup->held == 0)
        return;
    setup->every = setup->epochs >= VALIDATIONS ? setup->epochs / VALIDATIONS : 1;
    if (options->validate_every.given)
        setup->every = options->validate_every.value;
    setup->patience = options->patience.given ? options->patience.value : PATIENCE;
}

/* ---- models ---- */

/* The names of enum wr_init; another text is the name of a file. */
static const char *const init_names[] = {"notebook", "pytorch", "glorot", "orthogonal"};
#define INIT_FILE (sizeof init_names / sizeof *init_names)

static size_t init_kind(const struct train_options *options) {
    size_t kind = 0;
    while (kind < INIT_FILE && strcmp(options->init.text, init_names[kind]) != 0)
        kind++;
    return kind;
}

struct model_choices setup_choices(struct train_options *options) {
    return (struct model_choices){.activation = &options->rule.activation,
                                  .bias = &options->rule.bias,
                                  .scale = &options->data.scale,
                                  .window = &options->window};
}

/* Columns only become defaults: other series have other names. */
static void apply_columns(const struct model_file *file, struct data_options *options) {
    if (options->inputs.given || options->target.given)
        return;
    options->inputs.text = model_file_says(file, "inputs");
    options->target.text = model_file_says(file, "targets");
}

wr_status setup_init(struct setup *setup, struct train_options *options, struct wr_error *error) {
    const char *path = options->init.text;
    const struct model_choices choices = setup_choices(options);
    if (init_kind(options) != INIT_FILE)
        return WR_OK;
    if (access(path, F_OK) != 0)
        return wr_fail(error, WR_ERR_DATA,
                       "--init %s: neither notebook, pytorch, glorot, orthogonal nor a file: %s",
                       path, strerror(errno));
    wr_status status = model_file_read(path, &setup->init, error);
    if (status == WR_OK)
        status = model_file_apply(&setup->init, &choices, error);
    if (status == WR_OK)
        apply_columns(&setup->init, &options->data);
    return status;
}

/* Checks that the shape of --init FILE agrees with the data, --hidden and --models. */
static wr_status check_start(struct setup *setup, const struct train_options *options,
                             struct wr_error *error) {
    const struct model_file *file = &setup->init;
    const struct wr_shape *found = &file->stack.shape;
    if (options->hidden.given && options->hidden.value != found->hidden)
        return wr_fail(error, WR_ERR_DATA,
                       "--hidden %zu contradicts %s, whose hidden size is %zu; leave --hidden out",
                       options->hidden.value, file->path, found->hidden);
    wr_status status = model_file_check_columns(file, &setup->data, error);
    if (status != WR_OK)
        return status;
    if (file->stacked && file->stack.count != setup->stack.count)
        return wr_fail(error, WR_ERR_DATA, "%s holds %zu models, --models is %zu; try --models %zu",
                       file->path, file->stack.count, setup->stack.count, file->stack.count);
    return WR_OK;
}

static wr_status choose_seeds(struct setup *setup, const struct train_options *options,
                              struct wr_error *error) {
    setup->stack.count = options->models.value;
    setup->seed = (uint32_t)options->seed.value;
    if (setup->stack.count - 1 > UINT32_MAX - setup->seed)
        return wr_fail(error, WR_ERR_USAGE,
                       "--seed %s with --models %s: the last seed would be %zu, %u is the largest",
                       options->seed.text, options->models.text,
                       (size_t)setup->seed + setup->stack.count - 1, UINT32_MAX);
    return WR_OK;
}

wr_status setup_shape(struct setup *setup, const struct train_options *options,
                      struct wr_error *error) {
    wr_status status = choose_seeds(setup, options, error);
    if (status == WR_OK)
        status = rule_read(&options->rule, &setup->rule, error);
    if (status == WR_OK)
        status = data_read(&setup->data, &options->data, error);
    if (status == WR_OK && setup->init.path != NULL)
        status = check_start(setup, options, error); /* before its scales are used */
    if (status == WR_OK)
        status = make_windows(setup, options, error);
    if (status == WR_OK)
        status = choose_epochs(setup, options, error);
    if (status == WR_OK)
        status = set_loss_weights(setup, error);
    if (status != WR_OK)
        return status;
    choose_validation(setup, options);
    setup->rule.decay_epochs = setup->epochs;
    setup->stack.shape = (struct wr_shape){
        .inputs = setup->data.inputs.count,
        .hidden = setup->init.path != NULL ? setup->init.stack.shape.hidden : options->hidden.value,
        .outputs = setup->data.targets.count,
        .seq_len = options->window.value};
    return wr_layout_of(&setup->stack.shape, &setup->layout, error);
}

/* Sets the parameters (M, P): from the file, or drawn by the seeds. */
static wr_status fill_parameters(struct setup *setup, const struct train_options *options,
                                 struct wr_error *error) {
    const struct model_file *file = &setup->init;
    size_t each = setup->layout.count;
    if (file->path != NULL) {
        for (size_t m = 0; m < setup->stack.count; m++)
            memcpy(setup->stack.parameters + m * each,
                   file->stack.parameters + (file->stacked ? m * each : 0), each * sizeof(float));
        return WR_OK;
    }
    uint32_t *seeds = wr_alloc(setup->stack.count, sizeof *seeds, "seeds", error);
    if (seeds == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < setup->stack.count; m++)
        seeds[m] = setup->seed + (uint32_t)m;
    wr_status status =
        wr_parameters_init(&setup->stack, (enum wr_init)init_kind(options), seeds, error);
    free(seeds);
    return status;
}

static void set_tasks(struct setup *setup, const struct train_options *options) {
    for (size_t m = 0; m < setup->stack.count; m++) {
        setup->tasks[m] = (struct wr_task){.count = setup->trained,
                                           .visits = setup->epoch_visits,
                                           .lr = options->lr.value,
                                           .clip = options->clip.value,
                                           .seed = setup->seed + (uint32_t)m};
        if (setup->held > 0) {
            setup->held_first[m] = setup->trained;
            setup->held_count[m] = setup->held;
        }
    }
}

wr_status setup_models(struct setup *setup, const struct train_options *options,
                       struct wr_error *error) {
    size_t models = setup->stack.count, floats;
    if (!wr_size_mul(models, setup->layout.count, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "the parameters of %zu models overflow", models);
    struct wr_pool *pool = &setup->pool;
    setup->stack.parameters = wr_pool_take(pool, floats, sizeof(float), "parameters");
    setup->tasks = wr_pool_take(pool, models, sizeof *setup->tasks, "tasks");
    if (setup->held > 0) {
        setup->held_first = wr_pool_take(pool, models, sizeof *setup->held_first, "windows");
        setup->held_count = wr_pool_take(pool, models, sizeof *setup->held_count, "windows");
    }
    wr_status status = wr_pool_status(pool, error);
    if (status != WR_OK)
        return status;
    set_tasks(setup, options);
    status = fill_parameters(setup, options, error);
    if (status == WR_OK)
        wr_rule_clear_fixed(&setup->rule, &setup->layout, &setup->stack);
    free(setup->init.stack.parameters);
    setup->init.stack.parameters = NULL;
    return status;
}

void setup_release(struct setup *setup) {
    wr_windows_free(setup->windows);
    data_release(&setup->data);
    model_file_release(&setup->init);
    wr_pool_release(&setup->pool);
    free(setup->loss_weights);
    *setup = (struct setup){0};
}

/* ---- metadata ---- */

typedef void scale_fn(const struct wr_windows *windows, size_t i, double *mean, double *deviation);

/* Writes the means and deviations of the columns, such as "1.5,2", to texts[0] and texts[1]. The
 * caller frees them with free; NULL without memory. */
static void scale_texts(const struct wr_windows *windows, scale_fn *scale, size_t count,
                        char *texts[2]) {
    for (size_t which = 0; which < 2; which++) {
        struct wr_text text;
        FILE *file = wr_text_open(&text);
        for (size_t i = 0; file != NULL && i < count; i++) {
            double values[2];
            char number[WR_NUMBER_TEXT];
            scale(windows, i, &values[0], &values[1]);
            fprintf(file, "%s%s", i == 0 ? "" : ",", wr_number_text(values[which], number));
        }
        texts[which] = wr_text_close(file, &text);
    }
}

wr_status setup_save(const struct setup *setup, const struct train_options *options,
                     struct wr_error *error) {
    char numerics[16], epochs[24], every[24], patience[24], *inputs[2] = {NULL, NULL},
                                                            *targets[2] = {NULL, NULL};
    snprintf(numerics, sizeof numerics, "%d", WR_NUMERICS_VERSION);
    snprintf(epochs, sizeof epochs, "%zu", setup->epochs);
    scale_texts(setup->windows, wr_windows_input_scale, setup->stack.shape.inputs, inputs);
    scale_texts(setup->windows, wr_windows_target_scale, setup->stack.shape.outputs, targets);
    size_t count = 15;
    struct rule_texts texts;
    struct wr_metadata metadata[19 + RULE_TEXTS] = {
        {"windrow", wr_version()},
        {"numerics", numerics},
        {"window", options->window.text},
        {"inputs", setup->data.input_names},
        {"targets", setup->data.target_names},
        {"scale", options->data.scale.text},
        {"input_means", inputs[0]},
        {"input_deviations", inputs[1]},
        {"target_means", targets[0]},
        {"target_deviations", targets[1]},
        {"seed", options->seed.text},
        {"epochs", options->epochs.given ? options->epochs.text : epochs},
        {"lr", options->lr.text},
        {"clip", options->clip.text},
        {"batch", options->batch.text}};
    if (options->updates.given)
        metadata[count++] = (struct wr_metadata){"updates", options->updates.text};
    if (setup->held > 0) {
        snprintf(every, sizeof every, "%zu", setup->every);
        snprintf(patience, sizeof patience, "%zu", setup->patience);
        metadata[count++] = (struct wr_metadata){"validate", options->validate.text};
        metadata[count++] = (struct wr_metadata){"validate-every", every};
        metadata[count++] = (struct wr_metadata){"patience", patience};
    }
    if (setup->left > 0)
        metadata[count++] = (struct wr_metadata){"hold-out", options->hold_out.text};
    rule_describe(&options->rule, &setup->rule, &texts);
    for (size_t i = 0; i < texts.count; i++)
        metadata[count++] = (struct wr_metadata){texts.name[i], texts.value[i]};
    wr_status status;
    if (inputs[0] == NULL || inputs[1] == NULL || targets[0] == NULL || targets[1] == NULL)
        status = wr_fail(error, WR_ERR_MEMORY, "no memory for metadata");
    else
        status = wr_parameters_save(options->save.text, &setup->stack, metadata, count, error);
    for (size_t i = 0; i < 2; i++) {
        free(inputs[i]);
        free(targets[i]);
    }
    return status;
}
