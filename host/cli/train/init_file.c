#include "cli/train/init_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/cli.h"
#include "windrow/windows.h"

static const char *find(const struct init_file *file, const char *key) {
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].value;
    return NULL;
}

static wr_status fail_value(const struct init_file *file, const char *key, const char *needs,
                            struct wr_error *error) {
    const char *value = find(file, key);
    char text[WR_EXCERPT];
    if (value == NULL)
        return wr_fail(error, WR_ERR_DATA, "%s: its metadata lack \"%s\"; %s would do", file->path,
                       key, needs);
    return wr_fail(error, WR_ERR_DATA, "%s: its metadata say %s \"%s\"; %s would do", file->path,
                   key, wr_excerpt(value, text), needs);
}

wr_status init_file_read(const char *path, struct init_file *file, struct wr_error *error) {
    int stacked = 0;
    file->path = path;
    if (access(path, F_OK) != 0)
        return wr_fail(error, WR_ERR_DATA,
                       "--init %s: neither notebook, pytorch, glorot, orthogonal nor a file: %s",
                       path, strerror(errno));
    wr_status status = wr_parameters_load_described(path, &file->stack, &stacked, &file->metadata,
                                                    &file->metadata_count, error);
    file->stacked = stacked != 0;
    if (status == WR_OK && (find(file, "windrow_fit") || find(file, "windrow_series")))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: a fit of windrow forecast, whose models see what its recipe makes of "
                       "the series; windrow forecast --model takes it",
                       path);
    return status;
}

/* ---- options that the file fixes ---- */

/* Options that say how a model computes. windrow export writes no rule, because the models of a
 * study have the notebook's rule. */
#define AT(field) offsetof(struct train_options, field)
static const size_t fixed[] = {AT(rule.activation), AT(rule.bias), AT(data.scale)};
#define FIXED (sizeof fixed / sizeof *fixed)

static struct option_spec spec_at(size_t at) {
    return option_spec_at(&train_usage.options, at);
}

static wr_status apply_choice(const struct init_file *file, size_t at,
                              struct train_options *options, struct wr_error *error) {
    const struct option_spec spec = spec_at(at);
    struct option_choice *value = &option_in(options, at)->choice;
    const char *said = find(file, spec.name);
    char words[256];
    if (said == NULL && find(file, "windrow") == NULL)
        return WR_OK; /* a file of another program */
    struct option_choice own = {.text = said != NULL ? said : spec.fallback};
    if (!option_read_choice(&spec, own.text, &own.value))
        return fail_value(file, spec.name, wr_list_words(spec.choices, words, sizeof words), error);
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
static wr_status read_scales(const struct init_file *file, const char *const keys[2], bool needed,
                             size_t count, double **scales, struct wr_error *error) {
    static const char *const needs[2] = {"a finite number for each column",
                                         "a finite number above 0 for each column"};
    *scales = wr_alloc(count, 2 * sizeof **scales, "the scale of columns", error);
    if (*scales == NULL)
        return WR_ERR_MEMORY;
    for (size_t which = 0; which < 2; which++) {
        const char *text = find(file, keys[which]);
        if (text == NULL ? needed : !read_numbers(text, count, which, *scales))
            return fail_value(file, keys[which], needs[which], error);
    }
    return WR_OK;
}

/* Uses the file's means and deviations for the columns, because the models know no others. */
static wr_status apply_scales(struct init_file *file, const struct option_choice *scale,
                              struct wr_error *error) {
    static const char *const inputs[] = {"input_means", "input_deviations"};
    static const char *const targets[] = {"target_means", "target_deviations"};
    bool needed = scale->value == WR_SCALE_STANDARD;
    if (find(file, "scale") == NULL)
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
static wr_status check_biases(const struct init_file *file, const struct option_choice *bias,
                              struct wr_error *error) {
    struct wr_shape shape = file->stack.shape;
    struct wr_layout layout;
    if (find(file, "bias") == NULL)
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

/* ---- defaults that the file gives ---- */

/* Uses the file's window if --window is not given. A stack by windrow export may hold models with
 * several windows: "5,7". */
static wr_status apply_window(const struct init_file *file, struct option_size *window,
                              struct wr_error *error) {
    const struct option_spec spec = spec_at(AT(window));
    struct option_size own = {.text = find(file, spec.name)};
    if (own.text == NULL)
        return WR_OK;
    bool several =
        strchr(own.text, ',') != NULL && own.text[strspn(own.text, "0123456789,")] == '\0';
    if (!several && !option_read_size(&spec, own.text, &own.value))
        return fail_value(file, spec.name, "a whole number from 1 to 4294967295", error);
    if (window->given)
        return WR_OK;
    if (several)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: its models have the windows %.60s; choose by --window", file->path,
                       own.text);
    *window = own;
    return WR_OK;
}

static void apply_columns(const struct init_file *file, struct data_options *options) {
    if (options->inputs.given || options->target.given)
        return;
    options->inputs.text = find(file, "inputs");
    options->target.text = find(file, "targets");
}

wr_status init_file_apply(struct init_file *file, struct train_options *options,
                          struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < FIXED && status == WR_OK; i++)
        status = apply_choice(file, fixed[i], options, error);
    if (status == WR_OK)
        status = apply_scales(file, &options->data.scale, error);
    if (status == WR_OK)
        status = check_biases(file, &options->rule.bias, error);
    if (status == WR_OK)
        status = apply_window(file, &options->window, error);
    apply_columns(file, &options->data);
    return status;
}

/* ---- printing ---- */

static void tell_options(const struct init_file *file, const struct train_options *options) {
    const char *before = "init      ", *name = file->path, *colon = ": ";
    for (size_t i = 0; i <= FIXED; i++) {
        size_t at = i < FIXED ? fixed[i] : AT(window);
        const struct option_spec spec = spec_at(at);
        const struct option_head *option = &option_at(options, at)->head;
        bool own_scale = at == AT(data.scale) && file->input_scales != NULL;
        bool usual = option->given || strcmp(option->text, spec.fallback) == 0;
        if (usual && !own_scale)
            continue;
        fputs(before, stderr);
        wr_print_shown(stderr, name);
        fprintf(stderr, "%s%s %s%s", colon, spec.name, option->text,
                own_scale ? " by its own means and deviations" : "");
        before = ", ";
        name = colon = "";
    }
    if (*name == '\0')
        fputc('\n', stderr);
}

static void tell_columns(const struct init_file *file, const char *inputs, const char *targets) {
    const char *own_inputs = find(file, "inputs"), *own_targets = find(file, "targets");
    if (own_inputs == NULL || own_targets == NULL ||
        (strcmp(own_inputs, inputs) == 0 && strcmp(own_targets, targets) == 0))
        return;
    const char *const words[][2] = {{"init      ", file->path},
                                    {" was trained on ", own_inputs},
                                    {" -> ", own_targets},
                                    {"; here on ", inputs},
                                    {" -> ", targets}};
    char excerpt[WR_EXCERPT];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        fputs(words[i][0], stderr);
        wr_print_shown(stderr, i == 0 ? words[i][1] : wr_excerpt(words[i][1], excerpt));
    }
    fputc('\n', stderr);
}

void init_file_tell(const struct init_file *file, const struct train_options *options,
                    const char *inputs, const char *targets) {
    cli_flush();
    tell_options(file, options);
    tell_columns(file, inputs, targets);
}

void init_file_release(struct init_file *file) {
    free(file->stack.parameters);
    free(file->metadata);
    free(file->input_scales);
    free(file->target_scales);
    *file = (struct init_file){0};
}
