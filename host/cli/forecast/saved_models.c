#include "cli/forecast/saved_models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/groups/csv_options.h"
#include "data/panel.h"

wr_status saved_models_find(const char *path, bool *found, struct wr_error *error) {
    static const char *const keys[] = {"windrow_fit", "windrow_series"}; /* of a fit */
    wr_status status = WR_OK;
    *found = csv_can_reread(path) && access(path, F_OK) == 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && *found && status == WR_OK; i++) {
        char *value;
        status = wr_metadata_load(path, keys[i], &value, error);
        *found = value == NULL;
        free(value);
    }
    return status;
}

/* ---- the files ---- */

static wr_status load_file(struct saved_models *saved, size_t i, const char *path,
                           const struct recipe_options *options, struct wr_error *error) {
    struct model_file *file = &saved->files[i];
    struct option_choice activation = options->rule.activation, bias = {.text = "both"};
    struct option_choice scale = {.text = "none"};
    struct option_size window = options->window;
    const struct model_choices choices = {&activation, &bias, &scale, &window};
    if (!activation.given)
        activation.text = wr_activation_name(WR_ACTIVATION_TANH);
    wr_status status = model_file_read(path, file, error);
    if (status == WR_OK)
        status = model_file_apply(file, &choices, error);
    if (status == WR_OK)
        status = model_file_check_window(file, &window, error);
    if (status != WR_OK)
        return status;
    file->stack.shape.seq_len = window.value;
    saved->activation[i] = (enum wr_activation)activation.value;
    saved->models += file->stack.count;
    return WR_OK;
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Checks that all files are of the same columns. */
static wr_status check_same(const struct saved_models *saved, struct wr_error *error) {
    const struct model_file *first = &saved->files[0];
    for (size_t i = 1; i < saved->count; i++) {
        const struct model_file *file = &saved->files[i];
        if (file->stack.shape.inputs != first->stack.shape.inputs ||
            file->stack.shape.outputs != first->stack.shape.outputs ||
            !same_text(model_file_says(file, "inputs"), model_file_says(first, "inputs")) ||
            !same_text(model_file_says(file, "targets"), model_file_says(first, "targets")))
            return wr_fail(error, WR_ERR_DATA,
                           "%s and %s are of models with other columns, so that their forecasts "
                           "have no mean",
                           first->path, file->path);
    }
    return WR_OK;
}

/* Reads the list of a key, of `count` columns. */
static wr_status read_list(const struct model_file *file, const char *key, const char *list,
                           size_t count, struct items *items, struct wr_error *error) {
    struct wr_error why = {0};
    wr_status status = items_make(key, list, items, &why);
    if (status == WR_ERR_MEMORY)
        wr_fail(error, status, "%s", why.text);
    else if (status != WR_OK || items->count != count)
        status = model_file_fail(file, key, "a list of as many columns as the models have", error);
    wr_error_release(&why);
    return status;
}

static wr_status read_columns(struct saved_models *saved, struct wr_error *error) {
    const struct model_file *file = &saved->files[0];
    const char *inputs = model_file_says(file, "inputs");
    const char *targets = model_file_says(file, "targets");
    if (inputs == NULL || targets == NULL)
        return WR_OK;
    wr_status status =
        read_list(file, "inputs", inputs, file->stack.shape.inputs, &saved->inputs, error);
    if (status == WR_OK)
        status =
            read_list(file, "targets", targets, file->stack.shape.outputs, &saved->targets, error);
    return status;
}

wr_status saved_models_load(const struct items *paths, const struct recipe_options *options,
                            struct saved_models *saved, struct wr_error *error) {
    saved->files = wr_alloc(paths->count, sizeof *saved->files, "files of models", error);
    saved->activation = wr_alloc(paths->count, sizeof *saved->activation, "models", error);
    saved->files_broken = wr_alloc(paths->count, sizeof(size_t), "models", error);
    if (saved->files == NULL || saved->activation == NULL || saved->files_broken == NULL)
        return WR_ERR_MEMORY;
    wr_status status = WR_OK;
    for (size_t i = 0; i < paths->count && status == WR_OK; i++) {
        saved->count++;
        status = load_file(saved, i, paths->texts[i], options, error);
    }
    if (status == WR_OK)
        status = check_same(saved, error);
    if (status == WR_OK)
        status = read_columns(saved, error);
    saved->horizon = options->horizon.value;
    return status;
}

void saved_models_release(struct saved_models *saved) {
    for (size_t i = 0; i < saved->count; i++)
        model_file_release(&saved->files[i]);
    free(saved->files);
    free(saved->activation);
    free(saved->files_broken);
    items_release(&saved->inputs);
    items_release(&saved->targets);
    free(saved->from);
    free(saved->paths);
    *saved = (struct saved_models){0};
}

/* ---- the panel ---- */

static size_t find_item(const struct items *items, const char *name) {
    size_t i = 0;
    while (i < items->count && strcmp(items->texts[i], name) != 0)
        i++;
    return i;
}

/* Decides where the inputs come from, and lists the covariates among them as --past and --future
 * would: other targets than the first are known up to the last value, as the first one is, and
 * other columns must be known ahead if there is more than a step. */
static void place_inputs(const struct saved_models *saved, FILE *past, FILE *future) {
    size_t pasts = 0, futures = 0;
    for (size_t i = 0; i < saved->inputs.count; i++) {
        const char *name = saved->inputs.texts[i];
        struct saved_input *from = &saved->from[i];
        size_t target = find_item(&saved->targets, name);
        bool fed = target < saved->targets.count;
        *from = (struct saved_input){.fed = fed ? target : SIZE_MAX};
        if (fed && target == 0)
            continue;
        bool ahead = !fed && saved->horizon > 1;
        from->source = ahead ? SAVED_FUTURE : SAVED_PAST;
        from->covariate = ahead ? futures++ : pasts++;
        if (from->covariate > 0)
            fputc(',', ahead ? future : past);
        wr_csv_print(ahead ? future : past, name);
    }
}

/* Reads the panel with the columns that the files name. */
static wr_status read_named(struct saved_models *saved, const struct panel_options *given,
                            const struct panel_times *times, struct wr_panel **panel,
                            struct wr_error *error) {
    struct panel_options options = *given;
    struct wr_text texts[2];
    FILE *files[2] = {wr_text_open(&texts[0]), wr_text_open(&texts[1])};
    if (files[0] != NULL && files[1] != NULL)
        place_inputs(saved, files[0], files[1]);
    char *past = wr_text_close(files[0], &texts[0]), *future = wr_text_close(files[1], &texts[1]);
    wr_status status = WR_ERR_MEMORY;
    if (past == NULL || future == NULL)
        wr_fail(error, WR_ERR_MEMORY, "no memory for the names of columns");
    else {
        options.past = (struct option_text){.given = *past != '\0', .text = past};
        options.future = (struct option_text){.given = *future != '\0', .text = future};
        if (!options.target.given && options.layout.value != WR_PANEL_WIDE)
            options.target = (struct option_text){.given = true, .text = saved->targets.texts[0]};
        status = panel_read("forecast", &options, times, panel, error);
    }
    free(past);
    free(future);
    return status;
}

/* Places the inputs of a file that does not name them: the target, then --past, then --future. */
static wr_status place_unnamed(struct saved_models *saved, const struct wr_panel *panel,
                               struct wr_error *error) {
    size_t pasts = wr_panel_pasts(panel), count = 1 + pasts + wr_panel_futures(panel);
    const struct model_file *file = &saved->files[0];
    if (count != file->stack.shape.inputs)
        return wr_fail(error, WR_ERR_DATA,
                       "%s is for %zu inputs and does not name them; the target and the columns of "
                       "--past and --future are %zu",
                       file->path, file->stack.shape.inputs, count);
    saved->from[0] = (struct saved_input){.source = SAVED_TARGET, .fed = 0};
    for (size_t i = 1; i < count; i++)
        saved->from[i] = i <= pasts ? (struct saved_input){SAVED_PAST, i - 1, SIZE_MAX}
                                    : (struct saved_input){SAVED_FUTURE, i - 1 - pasts, SIZE_MAX};
    if (pasts == 0 || saved->horizon == 1)
        return WR_OK;
    return wr_fail(error, WR_ERR_DATA,
                   "%s: a column of --past is not known ahead, so that there is one step alone to "
                   "forecast; --future names columns that are",
                   file->path);
}

static const char *series_text(const struct wr_panel *panel, size_t series, char text[WR_EXCERPT]) {
    return wr_excerpt(wr_panel_id(panel, series), text);
}

static const double *source_of(const struct saved_models *saved, const struct wr_panel *panel,
                               size_t series, size_t input) {
    const struct saved_input *from = &saved->from[input];
    return from->source == SAVED_TARGET ? wr_panel_values(panel, series)
           : from->source == SAVED_PAST ? wr_panel_past(panel, series, from->covariate)
                                        : wr_panel_future(panel, series, from->covariate);
}

double saved_models_value(const struct saved_models *saved, const struct wr_panel *panel,
                          size_t series, size_t input, size_t row) {
    size_t known = saved->from[input].source == SAVED_FUTURE ? wr_panel_known(panel, series)
                                                             : wr_panel_length(panel, series);
    return row < known ? source_of(saved, panel, series, input)[row] : (double)NAN;
}

/* Checks that a series has all values that the windows of a file's models need. */
static wr_status check_series(const struct saved_models *saved, const struct model_file *file,
                              const struct wr_panel *panel, size_t series, struct wr_error *error) {
    size_t length = wr_panel_length(panel, series), window = file->stack.shape.seq_len;
    char name[WR_EXCERPT];
    if (length < window)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: series %s has %zu values, and the models of %s see "
                       "%zu",
                       wr_panel_path(panel), series_text(panel, series, name), length, file->path,
                       window);
    for (size_t i = 0; i < file->stack.shape.inputs; i++) {
        size_t end = length + (saved->from[i].fed == SIZE_MAX ? saved->horizon - 1 : 0);
        for (size_t row = length - window; row < end; row++)
            if (isnan(saved_models_value(saved, panel, series, i, row)) && row < length)
                return wr_fail(
                    error, WR_ERR_DATA,
                    "%s: series %s has a gap among the last %zu values, which the models "
                    "of %s see; \1missing=interpolate\1 fills it",
                    wr_panel_path(panel), series_text(panel, series, name), window, file->path);
            else if (isnan(saved_models_value(saved, panel, series, i, row)))
                return wr_fail(error, WR_ERR_DATA,
                               "%s: series %s: input %zu of %s is known for %zu steps after the "
                               "last value; \1horizon\1 %zu needs %zu: rows whose target is empty",
                               wr_panel_path(panel), series_text(panel, series, name), i + 1,
                               file->path, row - length, saved->horizon, saved->horizon - 1);
    }
    return WR_OK;
}

static wr_status check_panel(const struct saved_models *saved, const struct wr_panel *panel,
                             struct wr_error *error) {
    wr_status status = WR_OK;
    if (saved->outputs > 1 && (saved->series > 1 || panel->id_column != WR_NO_COLUMN))
        return wr_fail(
            error, WR_ERR_DATA,
            "%s: its models forecast %zu columns, and %s has a column of series' names; a "
            "file of one series would do",
            saved->files[0].path, saved->outputs, wr_panel_path(panel));
    for (size_t i = 0; i < saved->count && status == WR_OK; i++)
        for (size_t s = 0; s < saved->series && status == WR_OK; s++)
            status = check_series(saved, &saved->files[i], panel, s, error);
    return status;
}

static wr_status check_options(const struct saved_models *saved,
                               const struct panel_options *options, struct wr_error *error) {
    const char *path = saved->files[0].path;
    bool named = saved->targets.count > 0;
    if (named && (options->past.given || options->future.given))
        return wr_fail(error, WR_ERR_USAGE, "--%s: %s names the columns that its models see",
                       options->past.given ? "past" : "future", path);
    if (saved->outputs > 1 && (!named || options->target.given))
        return wr_fail(error, WR_ERR_DATA,
                       "%s forecasts %zu columns, %s; windrow predict predicts the next row", path,
                       saved->outputs,
                       named ? "which --target does not name" : "and does not name them");
    return WR_OK;
}

wr_status saved_models_panel(struct saved_models *saved, const struct panel_options *options,
                             struct wr_panel **panel, struct wr_error *error) {
    const struct panel_times times = {0};
    const struct wr_shape *shape = &saved->files[0].stack.shape;
    bool named = saved->targets.count > 0;
    saved->outputs = shape->outputs;
    wr_status status = check_options(saved, options, error);
    saved->from = wr_alloc(shape->inputs, sizeof *saved->from, "inputs", error);
    if (saved->from == NULL)
        return WR_ERR_MEMORY;
    if (status == WR_OK)
        status = named ? read_named(saved, options, &times, panel, error)
                       : panel_read("forecast", options, &times, panel, error);
    if (status == WR_OK && !named)
        status = place_unnamed(saved, *panel, error);
    if (status != WR_OK)
        return status;
    saved->series = wr_panel_count(*panel);
    return check_panel(saved, *panel, error);
}
