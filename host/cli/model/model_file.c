#include "cli/model/model_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/groups/rule_options.h"

const char *model_file_says(const struct model_file *file, const char *key) {
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].value;
    return NULL;
}

wr_status model_file_fail(const struct model_file *file, const char *key, const char *needs,
                          struct wr_error *error) {
    const char *value = model_file_says(file, key);
    char text[WR_EXCERPT];
    if (value == NULL)
        return wr_fail(error, WR_ERR_DATA, "%s: its metadata lack \"%s\"; %s would do", file->path,
                       key, needs);
    return wr_fail(error, WR_ERR_DATA, "%s: its metadata say %s \"%s\"; %s would do", file->path,
                   key, wr_excerpt(value, text), needs);
}

wr_status model_file_read(const char *path, struct model_file *file, struct wr_error *error) {
    int stacked = 0;
    file->path = path;
    wr_status status = wr_parameters_load_described(path, &file->stack, &stacked, &file->metadata,
                                                    &file->metadata_count, error);
    file->stacked = stacked != 0;
    if (status == WR_OK &&
        (model_file_says(file, "windrow_fit") || model_file_says(file, "windrow_series")))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: a fit of windrow forecast, whose models see what its recipe makes of "
                       "the series; windrow forecast --model takes it",
                       path);
    return status;
}

/* ---- options that the file fixes ---- */

/* The specs of the options that a file may set. windrow export writes no rule, because the models
 * of a study have the notebook's rule. */
static struct option_spec activation_spec(void) {
    return option_spec_at(&rule_group, offsetof(struct rule_options, activation));
}
static struct option_spec bias_spec(void) {
    return option_spec_at(&rule_group, offsetof(struct rule_options, bias));
}
static struct option_spec scale_spec(void) {
    return option_spec_at(&data_group, offsetof(struct data_options, scale));
}

static wr_status apply_choice(const struct model_file *file, struct option_spec spec,
                              struct option_choice *value, struct wr_error *error) {
    const char *said = model_file_says(file, spec.name);
    char words[256];
    if (said == NULL && model_file_says(file, "windrow") == NULL)
        return WR_OK; /* a file of another program */
    struct option_choice own = {.text = said != NULL ? said : spec.fallback};
    if (!option_read_choice(&spec, own.text, &own.value))
        return model_file_fail(file, spec.name, wr_list_words(spec.choices, words, sizeof words),
                               error);
    if (value->given && value->value != own.value)
        return wr_fail(error, WR_ERR_DATA, "--%s %s contradicts %s, whose %s is %s; leave --%s out",
                       spec.name, value->text, file->path, spec.name, own.text, spec.name);
    if (!value->given)
        *value = own;
    return WR_OK;
}

/* Reads `count` finite numbers, such as "1.5,-2e3", into scales[which], scales[2 + which] and so
 * on. which = 1: deviations, which must be above 0. */
static bool read_numbers(const char *text, size_t count, size_t which, double *scales) {
    for (size_t i = 0; i < count; i++) {
        size_t length = strspn(text, "+-.0123456789eE");
        char *end;
        double value = strtod(text, &end);
        bool last = i + 1 == count;
        if (length == 0 || end != text + length || *end != (last ? '\0' : ',') ||
            !isfinite(value) || (which == 1 && !(value > 0)))
            return false;
        scales[2 * i + which] = value;
        text = end + 1;
    }
    return true;
}

/* Reads means and deviations. Where they are not needed they may be missing, but not malformed. */
static wr_status read_scales(const struct model_file *file, const char *const keys[2], bool needed,
                             size_t count, double **scales, struct wr_error *error) {
    static const char *const needs[2] = {"a finite number for each column",
                                         "a finite number above 0 for each column"};
    *scales = wr_alloc(count, 2 * sizeof **scales, "the scale of columns", error);
    if (*scales == NULL)
        return WR_ERR_MEMORY;
    for (size_t which = 0; which < 2; which++) {
        const char *text = model_file_says(file, keys[which]);
        if (text == NULL ? needed : !read_numbers(text, count, which, *scales))
            return model_file_fail(file, keys[which], needs[which], error);
    }
    return WR_OK;
}

/* Uses the file's means and deviations for the columns, because the models know no others. */
static wr_status apply_scales(struct model_file *file, const struct option_choice *scale,
                              struct wr_error *error) {
    static const char *const inputs[] = {"input_means", "input_deviations"};
    static const char *const targets[] = {"target_means", "target_deviations"};
    bool needed = scale->value == WR_SCALE_STANDARD;
    if (model_file_says(file, "scale") == NULL)
        return WR_OK;
    wr_status status =
        read_scales(file, inputs, needed, file->stack.shape.inputs, &file->input_scales, error);
    if (status == WR_OK)
        status = read_scales(file, targets, needed, file->stack.shape.outputs, &file->target_scales,
                             error);
    if (needed)
        return status;
    free(file->input_scales);
    free(file->target_scales);
    file->input_scales = file->target_scales = NULL;
    return status;
}

static bool all_zero(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0)
            return false;
    return true;
}

/* Checks that the biases that --bias fixes are 0 in the file. */
static wr_status check_biases(const struct model_file *file, const struct option_choice *bias,
                              struct wr_error *error) {
    struct wr_shape shape = file->stack.shape;
    struct wr_layout layout;
    if (model_file_says(file, "bias") == NULL)
        return WR_OK;
    shape.seq_len = 1; /* any */
    wr_status status = wr_layout_of(&shape, &layout, error);
    unsigned lacking = rule_fixed(bias);
    for (size_t m = 0; m < file->stack.count && status == WR_OK; m++) {
        const float *model = file->stack.parameters + m * layout.count;
        bool hidden = lacking & WR_FIXED_HIDDEN_BIAS && !all_zero(model + layout.b_h, shape.hidden);
        if (hidden ||
            (lacking & WR_FIXED_HEAD_BIAS && !all_zero(model + layout.b_y, shape.outputs)))
            status =
                wr_fail(error, WR_ERR_DATA, "%s: its metadata say bias %s, but its %s are not 0",
                        file->path, bias->text, hidden ? "hidden biases" : "head's biases");
    }
    return status;
}

/* ---- defaults that the file gives, and columns ---- */

/* Uses the file's window if --window is not given. A stack by windrow export may hold models with
 * several windows: "5,7". */
static wr_status apply_window(struct model_file *file, struct option_size *window,
                              struct wr_error *error) {
    static const struct option_spec spec = {.name = "window", .least = 1};
    struct option_size own = {.text = model_file_says(file, spec.name)};
    file->usual_window = window->given ? NULL : window->text;
    if (own.text == NULL)
        return WR_OK;
    bool several =
        strchr(own.text, ',') != NULL && own.text[strspn(own.text, "0123456789,")] == '\0';
    if (!several && !option_read_size(&spec, own.text, &own.value))
        return model_file_fail(file, spec.name, "a whole number from 1 to 4294967295", error);
    if (window->given)
        return WR_OK;
    if (several)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: its models have the windows %.60s; choose by --window", file->path,
                       own.text);
    *window = own;
    return WR_OK;
}

wr_status model_file_apply(struct model_file *file, const struct model_choices *choices,
                           struct wr_error *error) {
    wr_status status = apply_choice(file, activation_spec(), choices->activation, error);
    if (status == WR_OK)
        status = apply_choice(file, bias_spec(), choices->bias, error);
    if (status == WR_OK)
        status = apply_choice(file, scale_spec(), choices->scale, error);
    if (status == WR_OK)
        status = apply_scales(file, choices->scale, error);
    if (status == WR_OK)
        status = check_biases(file, choices->bias, error);
    if (status == WR_OK)
        status = apply_window(file, choices->window, error);
    return status;
}

wr_status model_file_check_window(const struct model_file *file, const struct option_size *window,
                                  struct wr_error *error) {
    const char *own = model_file_says(file, "window");
    if (!window->given && own == NULL)
        return wr_fail(error, WR_ERR_DATA,
                       "%s does not say how many rows its models see; --window T does", file->path);
    if (!window->given || own == NULL || strchr(own, ',') != NULL ||
        strtod(own, NULL) == (double)window->value)
        return WR_OK;
    return wr_fail(error, WR_ERR_DATA,
                   "--window %s contradicts %s, whose window is %s; leave --window out",
                   window->text, file->path, own);
}

wr_status model_file_check_columns(const struct model_file *file, const struct data *data,
                                   struct wr_error *error) {
    const struct wr_shape *found = &file->stack.shape;
    if (found->inputs != data->inputs.count)
        return wr_fail(error, WR_ERR_DATA, "%s is for %zu inputs, --inputs %s has %zu", file->path,
                       found->inputs, data->input_names, data->inputs.count);
    if (found->outputs != data->targets.count)
        return wr_fail(error, WR_ERR_DATA, "%s is for %zu targets, --target %s has %zu", file->path,
                       found->outputs, data->target_names, data->targets.count);
    return WR_OK;
}

/* ---- printing ---- */

/* Options of the file that are told on one line. */
struct telling {
    const struct model_file *file;
    const char *label;
    bool begun;
};

static void tell(struct telling *telling, const char *name, const char *value, const char *how) {
    if (telling->begun) {
        fputs(", ", stderr);
    } else {
        fputs(telling->label, stderr);
        wr_print_shown(stderr, telling->file->path);
        fputs(": ", stderr);
    }
    fprintf(stderr, "%s %s%s", name, value, how);
    telling->begun = true;
}

static void tell_choice(struct telling *telling, struct option_spec spec,
                        const struct option_choice *choice) {
    if (!choice->given && strcmp(choice->text, spec.fallback) != 0)
        tell(telling, spec.name, choice->text, "");
}

static void tell_options(const struct model_file *file, const char *label,
                         const struct model_choices *choices) {
    struct telling telling = {.file = file, .label = label};
    tell_choice(&telling, activation_spec(), choices->activation);
    tell_choice(&telling, bias_spec(), choices->bias);
    if (file->input_scales != NULL)
        tell(&telling, "scale", choices->scale->text, " by its own means and deviations");
    else
        tell_choice(&telling, scale_spec(), choices->scale);
    if (!choices->window->given &&
        (file->usual_window == NULL || strcmp(choices->window->text, file->usual_window) != 0))
        tell(&telling, "window", choices->window->text, "");
    if (telling.begun)
        fputc('\n', stderr);
}

static void tell_columns(const struct model_file *file, const char *label,
                         const struct data *data) {
    const char *own_inputs = model_file_says(file, "inputs"),
               *own_targets = model_file_says(file, "targets");
    if (own_inputs == NULL || own_targets == NULL ||
        (strcmp(own_inputs, data->input_names) == 0 &&
         strcmp(own_targets, data->target_names) == 0))
        return;
    const char *const words[][2] = {{label, file->path},
                                    {" was trained on ", own_inputs},
                                    {" -> ", own_targets},
                                    {"; here on ", data->input_names},
                                    {" -> ", data->target_names}};
    char excerpt[WR_EXCERPT];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        fputs(words[i][0], stderr);
        wr_print_shown(stderr, i == 0 ? words[i][1] : wr_excerpt(words[i][1], excerpt));
    }
    fputc('\n', stderr);
}

void model_file_tell(const struct model_file *file, const char *label,
                     const struct model_choices *choices, const struct data *data) {
    cli_flush();
    tell_options(file, label, choices);
    tell_columns(file, label, data);
}

void model_file_release(struct model_file *file) {
    free(file->stack.parameters);
    free(file->metadata);
    free(file->input_scales);
    free(file->target_scales);
    *file = (struct model_file){0};
}

/* ---- losses ---- */

/* Reads the value of a key into an option, if the file has it. */
static wr_status read_option(const struct model_file *file, const struct option_spec *spec,
                             union option_value *value, struct wr_error *error) {
    const char *said = model_file_says(file, spec->name);
    char words[256];
    if (said == NULL)
        return WR_OK;
    value->head.text = said;
    value->head.given = true;
    if (spec->kind == OPTION_CHOICE)
        return option_read_choice(spec, said, &value->choice.value)
                   ? WR_OK
                   : model_file_fail(file, spec->name,
                                     wr_list_words(spec->choices, words, sizeof words), error);
    return option_read_real(said, &value->real.value)
               ? WR_OK
               : model_file_fail(file, spec->name, "a finite number, not negative,", error);
}

wr_status model_file_rule(const struct model_file *file, const struct option_choice *activation,
                          struct wr_rule *rule, struct wr_error *error) {
    struct rule_options options = {.activation = *activation};
    bool own = model_file_says(file, "windrow") != NULL; /* else "loss" may mean anything */
    wr_status status = WR_OK;
    for (size_t i = 0; i < rule_group.count && own && status == WR_OK; i++) {
        const struct option_spec *spec = &rule_group.rows[i];
        /* the loss, and behind it its numbers */
        if (spec->at >= offsetof(struct rule_options, loss) &&
            spec->at < offsetof(struct rule_options, clip_by))
            status = read_option(file, spec, option_in(&options, spec->at), error);
    }
    if (status != WR_OK || rule_read(&options, rule, error) == WR_OK)
        return status;
    struct wr_error why = *error;
    *error = (struct wr_error){0};
    wr_fail(error, WR_ERR_DATA, "%s: its metadata: %s", file->path, why.text);
    wr_error_release(&why);
    return WR_ERR_DATA;
}
