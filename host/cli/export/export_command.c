#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/export/export.h"
#include "cli/study/stores.h"
#include "cli/study/trials.h"
#include "sweep/check.h"
#include "windrow/version.h"

const char *const setting_names[SETTINGS] = {
    [SERIES] = "series",
    [DATA_SEED_SETTING] = "data-seed",
    [DELIMITER] = "delimiter",
    [DECIMAL] = "decimal",
    [HEADER] = "header",
    [ROWS] = "rows",
    [INPUTS] = "inputs",
    [TARGET] = "target",
    [SCALE] = "scale",
    [INPUT_MEANS] = "input_means",
    [INPUT_DEVIATIONS] = "input_deviations",
    [TARGET_MEANS] = "target_means",
    [TARGET_DEVIATIONS] = "target_deviations",
    [EPOCHS] = "epochs",
    [VALIDATE] = "validate",
    [NUMERICS] = "numerics",
    [VALIDATE_EVERY] = "validate-every",
    [PATIENCE] = "patience",
    [LOSS] = "loss",
    [LOSS_NUMBER] = "loss-number",
};

/* What a run of the command owns. */
struct run {
    const struct export_options *options;
    struct wr_error *error;
    struct wr_study *study;
    char *settings[SETTINGS];
    size_t count;
    struct export *exports; /* (count) */
};

/* ---- choosing trials ---- */

static wr_status add_trial(struct export *export, const struct wr_trial *trial) {
    struct wr_trial *grown = realloc(export->trials, (export->count + 1) * sizeof *grown);
    if (grown == NULL)
        return wr_fail(export->error, WR_ERR_MEMORY, "no memory for %zu trials", export->count + 1);
    export->trials = grown;
    grown[export->count] = *trial;
    grown[export->count].device = "";
    grown[export->count++].why = "";
    if (trial->status != WR_TRIAL_FAILED || export->why != NULL)
        return WR_OK;
    export->why = strdup(trial->why);
    return export->why != NULL ? WR_OK : wr_fail(export->error, WR_ERR_MEMORY, "no memory for why");
}

/* The file that the trial goes to, by its value of --by; NULL if there is none, or no room in it.
 */
static struct export *export_of(struct run *run, const struct wr_trial *trial) {
    const struct option_choice *by = &run->options->by;
    enum wr_option option = (enum wr_option)by->value;
    char number[WR_NUMBER_TEXT];
    size_t i = 0;
    if (!by->given)
        return &run->exports[0];
    if (!wr_option_counts(&trial->options, option))
        return NULL;
    const char *value = wr_option_text(&trial->options, option, number);
    while (i < run->count && strcmp(value, run->exports[i].value) != 0)
        i++;
    bool room = i < run->count && run->exports[i].count < run->options->best.value;
    return room ? &run->exports[i] : NULL;
}

static wr_status deal_trial(void *context, const struct wr_trial *trial) {
    struct export *export = export_of(context, trial);
    return export != NULL ? add_trial(export, trial) : WR_OK;
}

/* Fails if --trial K does not exist or has no parameters. */
static wr_status check_trial(const struct export *export) {
    const struct wr_trial *trial = export->trials;
    const char *id = export->options->trial.text;
    struct wr_study_counts counts;
    if (trial == NULL) {
        wr_status status = wr_study_count(export->study, &counts, export->error);
        return status != WR_OK ? status
                               : wr_fail(export->error, WR_ERR_DATA,
                                         "%s has no trial %s: it has %zu, which windrow show "
                                         "%s --csv lists",
                                         export->path, id, counts.trials, export->path);
    }
    if (trial->status == WR_TRIAL_PENDING)
        return wr_fail(export->error, WR_ERR_DATA, "%s: trial %s is not done yet", export->path,
                       id);
    if (trial->status == WR_TRIAL_DIVERGED)
        return wr_fail(export->error, WR_ERR_DATA,
                       "%s: trial %s diverged in epoch %zu; parameters of such trials are not kept",
                       export->path, id, trial->diverged_at);
    if (trial->status == WR_TRIAL_PRUNED)
        return wr_fail(export->error, WR_ERR_DATA,
                       "%s: trial %s was pruned after %zu epochs, because others were better; "
                       "parameters of such trials are not kept",
                       export->path, id, trial->epochs);
    if (trial->status == WR_TRIAL_FAILED)
        return wr_fail(export->error, WR_ERR_DATA, "%s: trial %s could not be trained: %s",
                       export->path, id, export->why);
    return WR_OK;
}

/* The hidden sizes of the trials, each once, such as "8, 16". The caller frees the text with free;
 * NULL without memory. */
static char *hidden_sizes(const struct export *export) {
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    for (size_t i = 0; file != NULL && i < export->count; i++) {
        size_t hidden = export->trials[i].options.hidden, before = 0;
        while (before < i && export->trials[before].options.hidden != hidden)
            before++;
        if (before == i)
            fprintf(file, "%s%zu", i > 0 ? ", " : "", hidden);
    }
    return wr_text_close(file, &text);
}

/* Fails if the models of one file would differ in what the file tells of all of them. */
static wr_status check_agreement(const struct export *export) {
    static const enum wr_option shared[] = {WR_OPTION_ACTIVATION, WR_OPTION_BIAS};
    const struct wr_trial_options *first = &export->trials[0].options;
    for (size_t i = 0; i < export->count; i++)
        for (size_t s = 0; s < sizeof shared / sizeof *shared; s++) {
            const struct wr_trial_options *next = &export->trials[i].options;
            char one[WR_NUMBER_TEXT], other[WR_NUMBER_TEXT];
            if (wr_option_get(first, shared[s]) != wr_option_get(next, shared[s]))
                return wr_fail(export->error, WR_ERR_DATA,
                               "%s: the best trials %" PRId64 " and %" PRId64 " differ in %s (%s, "
                               "%s), which is the same for all models of a file; try --best %zu",
                               export->path, export->trials[0].id, export->trials[i].id,
                               wr_option_name(shared[s]), wr_option_text(first, shared[s], one),
                               wr_option_text(next, shared[s], other), i);
        }
    return WR_OK;
}

/* Fails if --best N asks for more trials than there are, or if one file cannot stack them. */
static wr_status check_best(const struct export *export) {
    const struct option_size *hidden = &export->options->hidden;
    const struct option_choice *by = &export->options->by;
    char of[2 * FIELD_TEXT] = "";
    size_t length = 0;
    if (hidden->given)
        length = (size_t)snprintf(of, sizeof of, " of hidden size %.20s", hidden->text);
    if (by->given)
        snprintf(of + length, sizeof of - length, " of %s %s", by->text, export->value);
    if (export->count == 0)
        return wr_fail(export->error, WR_ERR_DATA, "%s: no trial%s is done", export->path, of);
    if (export->count < export->options->best.value)
        return wr_fail(export->error, WR_ERR_DATA, "%s: only %zu trials%s are done; try --best %zu",
                       export->path, export->count, of, export->count);
    size_t first = export->trials[0].options.hidden, same = 0;
    while (same < export->count && export->trials[same].options.hidden == first)
        same++;
    if (same == export->count)
        return check_agreement(export);
    char *sizes = hidden_sizes(export);
    if (sizes == NULL)
        return wr_fail(export->error, WR_ERR_MEMORY, "no memory for a list of hidden sizes");
    wr_status status =
        wr_fail(export->error, WR_ERR_DATA,
                "%s: the %zu best trials differ in hidden size (%s), and one file stacks models of "
                "one; try --hidden %zu%s",
                export->path, export->count, sizes, first,
                by->given ? "" : ", or --by hidden for a file of each");
    free(sizes);
    return status;
}

/* Finds the trials of all files. */
static wr_status choose(struct run *run) {
    const struct export_options *options = run->options;
    struct wr_trial_query query = {.hidden = options->hidden.value,
                                   .best = true,
                                   .most = options->by.given ? 0 : options->best.value};
    if (options->trial.given)
        query = (struct wr_trial_query){.id = (int64_t)options->trial.value, .most = 1};
    return wr_study_trials(run->study, &query, deal_trial, run, run->error);
}

/* ---- parameters ---- */

/* Checks that a model of this shape has `found` parameters. */
static wr_status check_shape(struct export *export, size_t found) {
    char *const *settings = export->settings;
    struct wr_layout layout;
    if (settings[INPUTS] == NULL || settings[TARGET] == NULL)
        return wr_fail(export->error, WR_ERR_DATA, "%s does not say which columns it is for",
                       export->path);
    export->stack.shape = (struct wr_shape){.inputs = wr_count_names(settings[INPUTS]),
                                            .hidden = export->trials[0].options.hidden,
                                            .outputs = wr_count_names(settings[TARGET]),
                                            .seq_len = export->trials[0].options.window};
    wr_status status = wr_layout_of(&export->stack.shape, &layout, export->error);
    if (status == WR_OK && layout.count != found)
        status = wr_fail(export->error, WR_ERR_DATA,
                         "%s: trial %" PRId64 " has %zu parameters, %s -> %s with %zu hidden units "
                         "has %zu",
                         export->path, export->trials[0].id, found, settings[INPUTS],
                         settings[TARGET], export->stack.shape.hidden, layout.count);
    return status;
}

static wr_status read_parameters(struct export *export) {
    size_t each = 0, floats;
    wr_status status = WR_OK;
    for (size_t i = 0; i < export->count && status == WR_OK; i++) {
        float *values = NULL;
        size_t count;
        status = wr_study_read_parameters(export->study, export->trials[i].id, &values, &count,
                                          export->error);
        if (status == WR_OK && values == NULL)
            return export->count > 1 ? export_fail_not_stacked(export, i)
                                     : export_fail_not_kept(export);
        if (status == WR_OK)
            status = check_shape(export, count);
        if (status == WR_OK && i == 0) {
            each = count;
            export->stack.count = export->count;
            if (!wr_size_mul(export->count, each, &floats))
                floats = SIZE_MAX;
            export->stack.parameters = wr_alloc(floats, sizeof(float), "parameters", export->error);
            status = export->stack.parameters != NULL ? WR_OK : WR_ERR_MEMORY;
        }
        if (status == WR_OK)
            memcpy(export->stack.parameters + i * each, values, each * sizeof *values);
        free(values);
    }
    return status;
}

/* ---- the file ---- */

/* The field of all trials, separated by commas; once if it is the same in all. The caller frees the
 * text with free; NULL without memory. */
static char *field_list(const struct export *export, enum field field) {
    char first[FIELD_TEXT], next[FIELD_TEXT];
    size_t same = 0;
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    if (file == NULL)
        return NULL;
    field_text(&export->trials[0], field, 0, first);
    for (size_t i = 0; i < export->count; i++) {
        field_text(&export->trials[i], field, 0, next);
        same += strcmp(first, next) == 0;
    }
    for (size_t i = 0; i < (same == export->count ? 1 : export->count); i++) {
        field_text(&export->trials[i], field, 0, next);
        fprintf(file, "%s%s", i > 0 ? "," : "", next);
    }
    return wr_text_close(file, &text);
}

/* Whether the metadata tell the field: all options but hidden, and what of the learning rule is not
 * the default in some trial. */
static bool is_told(const struct export *export, enum field field) {
    bool needed = field == FIELD_ID || field == FIELD_SCORE || field == FIELD_HASH;
    for (size_t i = 0; i < export->count && field < FIELD_OPTIONS && field != FIELD_HIDDEN; i++)
        needed |= field_is_needed(&export->trials[i].options, field);
    return needed;
}

/* The metadata of fields: keys and lists of values. */
struct told {
    size_t count;
    char names[FIELDS][FIELD_TEXT], *lists[FIELDS];
};

static wr_status tell_fields(const struct export *export, struct told *told) {
    wr_status status = WR_OK;
    for (enum field field = 0; field < FIELDS; field++) {
        if (!is_told(export, field))
            continue;
        char *list = told->lists[told->count] = field_list(export, field);
        if (list == NULL)
            status = wr_fail(export->error, WR_ERR_MEMORY, "no memory for metadata");
        field_option(field, told->names[told->count++]);
    }
    return status;
}

static wr_status save(const struct export *export) {
    static const enum setting settings[] = {
        NUMERICS,          INPUTS, TARGET,  SCALE, INPUT_MEANS, INPUT_DEVIATIONS, TARGET_MEANS,
        TARGET_DEVIATIONS, EPOCHS, VALIDATE};
    struct wr_metadata metadata[3 + FIELDS + SETTINGS] = {{"windrow", wr_version()}};
    struct told told = {0};
    size_t count = 1;
    wr_status status = tell_fields(export, &told);
    for (size_t i = 0; i < told.count; i++)
        metadata[count++] = (struct wr_metadata){told.names[i], told.lists[i]};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (export->settings[settings[i]] != NULL) /* windrow train calls this key "targets" */
            metadata[count++] =
                (struct wr_metadata){settings[i] == TARGET ? "targets" : setting_names[settings[i]],
                                     export->settings[settings[i]]};
    if (export_loss_number(export) != NULL)
        metadata[count++] =
            (struct wr_metadata){export_loss_number(export), export->settings[LOSS_NUMBER]};
    if (export_has_loss(export))
        metadata[count++] = (struct wr_metadata){"loss", export->settings[LOSS]};
    if (status == WR_OK)
        status = wr_parameters_save(export->file, &export->stack, metadata, count, export->error);
    for (size_t i = 0; i < told.count; i++)
        free(told.lists[i]);
    return status;
}

/* ---- the command ---- */

static wr_status read_settings(struct run *run) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < SETTINGS && status == WR_OK; i++)
        status = wr_study_setting(run->study, setting_names[i], &run->settings[i], run->error);
    return status;
}

static wr_status check_options(const struct export_options *options, struct wr_error *error) {
    if (!options->trial.given && !options->best.given)
        return wr_fail(error, WR_ERR_USAGE, "export needs --trial K or --best N");
    if (!options->save.given)
        return wr_fail(error, WR_ERR_USAGE, "export needs --save FILE");
    return WR_OK;
}

/* The file of a value of --by: "a.safetensors" becomes "a-8.safetensors". The caller frees it with
 * free; NULL without memory. */
static char *file_of(const char *path, const char *value) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    bool ending = dot != NULL && dot > path && (slash == NULL || dot > slash + 1);
    int stem = (int)(ending ? (size_t)(dot - path) : strlen(path));
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    if (file != NULL)
        fprintf(file, "%.*s-%s%s", stem, path, value, ending ? dot : "");
    return wr_text_close(file, &text);
}

/* Adds a file to write. value: of --by, or NULL. */
static wr_status add_export(struct run *run, const char *value) {
    const char *save = run->options->save.text;
    struct export *grown = realloc(run->exports, (run->count + 1) * sizeof *grown);
    if (grown == NULL)
        return wr_fail(run->error, WR_ERR_MEMORY, "no memory for %zu files", run->count + 1);
    run->exports = grown;
    struct export *export = &grown[run->count++];
    *export = (struct export){.options = run->options,
                              .path = run->options->study.text,
                              .error = run->error,
                              .study = run->study,
                              .settings = run->settings};
    if (value != NULL)
        snprintf(export->value, sizeof export->value, "%s", value);
    export->file = value != NULL ? file_of(save, export->value) : strdup(save);
    if (export->file == NULL)
        return wr_fail(run->error, WR_ERR_MEMORY, "no memory for the name of a file");
    if (!wr_path_same(export->file, export->path))
        return WR_OK;
    return wr_fail(run->error, WR_ERR_USAGE, "STUDY and --save name the same file, %s",
                   export->file);
}

/* Values none of whose trials are done have no file. */
static wr_status add_group(void *context, const struct wr_study_group *group) {
    struct run *run = context;
    char value[FIELD_TEXT];
    field_value((enum field)run->options->by.value, group->value, value);
    if (group->done > 0)
        return add_export(run, value);
    fprintf(stderr, "no trial of %s %s is done: no file\n", run->options->by.text, value);
    return WR_OK;
}

static wr_status add_exports(struct run *run) {
    const struct option_choice *by = &run->options->by;
    if (!by->given)
        return add_export(run, NULL);
    wr_status status = wr_study_groups(run->study, by->text, add_group, run, run->error);
    if (status == WR_OK && run->count == 0)
        return wr_fail(run->error, WR_ERR_DATA, "%s: no trial is done", run->options->study.text);
    return status;
}

/* Reads all that will be written before the first file is. */
static wr_status export_all(struct run *run) {
    wr_status status = read_settings(run);
    if (status == WR_OK)
        status = add_exports(run);
    if (status == WR_OK)
        status = choose(run);
    for (size_t i = 0; i < run->count && status == WR_OK; i++) {
        struct export *export = &run->exports[i];
        status = run->options->trial.given ? check_trial(export) : check_best(export);
        if (status == WR_OK)
            status = read_parameters(export);
    }
    for (size_t i = 0; i < run->count && status == WR_OK; i++)
        status = save(&run->exports[i]);
    return status;
}

wr_status export_command(const struct export_options *options, struct wr_error *error) {
    struct run run = {.options = options, .error = error};
    const char *path = options->study.text;
    wr_status status = check_options(options, error);
    if (status == WR_OK)
        status = wr_study_open(path, WR_STUDY_READ, &run.study, error);
    torn_tell(run.study, path, false);
    if (status == WR_OK)
        status = export_all(&run);
    wr_study_close(run.study);
    for (size_t i = 0; i < SETTINGS; i++)
        free(run.settings[i]);
    for (size_t i = 0; i < run.count; i++) {
        free(run.exports[i].file);
        free(run.exports[i].trials);
        free(run.exports[i].why);
        free(run.exports[i].stack.parameters);
    }
    free(run.exports);
    return status;
}
