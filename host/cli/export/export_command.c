#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/export/export_options.h"
#include "cli/io/typed.h"
#include "cli/study/fields.h"
#include "cli/study/stores.h"
#include "cli/study/trials.h"
#include "sweep/check.h"
#include "windrow/version.h"

/* The settings of a study that export reads. */
enum setting {
    SERIES,
    DATA_SEED_SETTING,
    DELIMITER, /* these three: of a series from a file; older studies lack them */
    DECIMAL,
    HEADER,
    ROWS,
    INPUTS,
    TARGET,
    SCALE,
    INPUT_MEANS,
    INPUT_DEVIATIONS,
    TARGET_MEANS,
    TARGET_DEVIATIONS,
    EPOCHS,
    VALIDATE,
    NUMERICS,
    SETTINGS
};
static const char *const setting_names[SETTINGS] = {
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
};

struct export {
    const struct export_options *options;
    const char *path;
    struct wr_error *error;
    struct wr_study *study;
    char *settings[SETTINGS]; /* NULL: the study has none */
    size_t count;
    struct wr_trial *trials; /* (count), best first */
    char *why;               /* why the first failed trial failed */
    struct wr_stack stack;   /* their models */
};

/* ---- choosing trials ---- */

static wr_status add_trial(void *context, const struct wr_trial *trial) {
    struct export *export = context;
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

/* Fails if --best N asks for more trials than there are, or if one file cannot stack them. */
static wr_status check_best(const struct export *export) {
    const struct option_size *hidden = &export->options->hidden;
    const char *of = hidden->given ? " of hidden size " : "",
               *size = hidden->given ? hidden->text : "";
    if (export->count == 0)
        return wr_fail(export->error, WR_ERR_DATA, "%s: no trial%s%s is done", export->path, of,
                       size);
    if (export->count < export->options->best.value)
        return wr_fail(export->error, WR_ERR_DATA,
                       "%s: only %zu trials%s%s are done; try --best %zu", export->path,
                       export->count, of, size, export->count);
    size_t first = export->trials[0].options.hidden, same = 0;
    while (same < export->count && export->trials[same].options.hidden == first)
        same++;
    if (same == export->count)
        return WR_OK;
    char *sizes = hidden_sizes(export);
    if (sizes == NULL)
        return wr_fail(export->error, WR_ERR_MEMORY, "no memory for a list of hidden sizes");
    wr_status status =
        wr_fail(export->error, WR_ERR_DATA,
                "%s: the %zu best trials differ in hidden size (%s), and one file stacks models of "
                "one; try --hidden %zu",
                export->path, export->count, sizes, first);
    free(sizes);
    return status;
}

static wr_status choose(struct export *export) {
    const struct export_options *options = export->options;
    bool one = options->trial.given;
    struct wr_trial_query query = {.best = !one, .most = 1};
    if (one)
        query.id = (int64_t)options->trial.value;
    else
        query = (struct wr_trial_query){
            .hidden = options->hidden.value, .best = true, .most = options->best.value};
    wr_status status = wr_study_trials(export->study, &query, add_trial, export, export->error);
    if (status != WR_OK)
        return status;
    return one ? check_trial(export) : check_best(export);
}

/* ---- parameters ---- */

static void print_option(FILE *file, const char *name, const char *value) {
    fprintf(file, " --%s ", name);
    print_shell_word(file, value);
}

/* Prints the command that trains the trial again with the same bits. Returns false where no command
 * does: windrow train cannot use an older WR_NUMERICS_VERSION. */
static bool print_remake(FILE *file, const struct export *export, const struct wr_trial *trial) {
    char *const *settings = export->settings, text[FIELD_TEXT];
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i] == NULL && (i < INPUT_MEANS || i > TARGET_DEVIATIONS) &&
            (i < DATA_SEED_SETTING || i > HEADER))
            return false;
    bool synthetic = strcmp(settings[SERIES], "ar2") == 0;
    double validate = strtod(settings[VALIDATE], NULL), rows = strtod(settings[ROWS], NULL);
    snprintf(text, sizeof text, "%d", WR_NUMERICS_VERSION);
    if (strcmp(settings[NUMERICS], text) != 0)
        return false;
    fputs("windrow train", file);
    if (synthetic) { /* the first rows of the synthetic series do not depend on its length */
        fprintf(file, " --length %.0f", rows - (double)(size_t)(validate * rows));
        print_option(file, "data-seed", settings[DATA_SEED_SETTING]);
    } else {
        print_option(file, "data", settings[SERIES]);
        for (size_t i = DELIMITER; i <= HEADER; i++)
            if (settings[i] != NULL)
                print_option(file, setting_names[i], settings[i]);
        print_option(file, "inputs", settings[INPUTS]);
        print_option(file, "target", settings[TARGET]);
        if (validate > 0)
            print_option(file, "hold-out", settings[VALIDATE]);
    }
    print_option(file, "scale", settings[SCALE]);
    print_option(file, "epochs", settings[EPOCHS]);
    for (enum field option = 0; option < FIELD_OPTIONS; option++) {
        field_text(trial, option, 0, text);
        print_option(file, field_names[option], text);
    }
    print_option(file, "save", export->options->save.text);
    return true;
}

/* The rank of a trial among those of the study, best first. */
struct rank {
    int64_t id;
    size_t rank;
};

static wr_status count_up_to(void *context, const struct wr_trial *trial) {
    struct rank *rank = context;
    rank->rank++;
    return trial->id != rank->id ? WR_OK : WR_ERR_STOPPED; /* found */
}

/* Fails because the stack's trial `which` has no parameters. A sweep keeps the best trials of all
 * hidden sizes together, so the study keeps the whole stack if it keeps the stack's last trial. */
static wr_status fail_not_stacked(const struct export *export, size_t which) {
    struct rank last = {.id = export->trials[export->count - 1].id};
    struct wr_trial_query query = {.best = true};
    wr_status status = wr_study_trials(export->study, &query, count_up_to, &last, export->error);
    if (status != WR_ERR_STOPPED)
        return status != WR_OK ? status
                               : wr_fail(export->error, WR_ERR_DATA,
                                         "%s: trial %" PRId64 " is gone", export->path, last.id);
    if (which == 0)
        return wr_fail(export->error, WR_ERR_DATA,
                       "%s: the parameters of these trials were not kept; sweep another study with "
                       "--keep best:%zu",
                       export->path, last.rank);
    return wr_fail(export->error, WR_ERR_DATA,
                   "%s: the parameters of %zu of these trials were kept, those of trial %" PRId64
                   " were not; try --best %zu, or sweep another study with --keep best:%zu",
                   export->path, which, export->trials[which].id, which, last.rank);
}

/* Fails because the chosen trial has no parameters. */
static wr_status fail_not_kept(const struct export *export) {
    const struct wr_trial *trial = export->trials;
    struct wr_text made;
    FILE *file = wr_text_open(&made);
    bool possible = file != NULL && print_remake(file, export, trial);
    char *text = wr_text_close(file, &made);
    if (text == NULL)
        return wr_fail(export->error, WR_ERR_MEMORY, "no memory for a command");
    wr_status status;
    if (possible)
        status = wr_fail(export->error, WR_ERR_DATA,
                         "%s: the parameters of trial %" PRId64
                         " were not kept (windrow sweep --keep all does); this trains it again, to "
                         "the same bits: %s",
                         export->path, trial->id, text);
    else
        status = wr_fail(export->error, WR_ERR_DATA,
                         "%s: the parameters of trial %" PRId64
                         " were not kept; sweep another study with --keep all",
                         export->path, trial->id);
    free(text);
    return status;
}

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
            return export->count > 1 ? fail_not_stacked(export, i) : fail_not_kept(export);
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

static wr_status save(const struct export *export) {
    static const enum field fields[] = {FIELD_ID,   FIELD_WINDOW, FIELD_BATCH, FIELD_INIT, FIELD_LR,
                                        FIELD_CLIP, FIELD_SEED,   FIELD_SCORE, FIELD_HASH};
    static const enum setting settings[] = {
        NUMERICS,          INPUTS, TARGET,  SCALE, INPUT_MEANS, INPUT_DEVIATIONS, TARGET_MEANS,
        TARGET_DEVIATIONS, EPOCHS, VALIDATE};
    enum { FIELDS_SAVED = sizeof fields / sizeof *fields };
    struct wr_metadata metadata[1 + FIELDS_SAVED + SETTINGS] = {{"windrow", wr_version()}};
    char *lists[FIELDS_SAVED];
    size_t count = 1;
    wr_status status = WR_OK;
    for (size_t i = 0; i < FIELDS_SAVED; i++) {
        lists[i] = field_list(export, fields[i]);
        if (lists[i] == NULL)
            status = wr_fail(export->error, WR_ERR_MEMORY, "no memory for metadata");
        metadata[count++] = (struct wr_metadata){field_names[fields[i]], lists[i]};
    }
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (export->settings[settings[i]] != NULL) /* windrow train calls this key "targets" */
            metadata[count++] =
                (struct wr_metadata){settings[i] == TARGET ? "targets" : setting_names[settings[i]],
                                     export->settings[settings[i]]};
    if (status == WR_OK)
        status = wr_parameters_save(export->options->save.text, &export->stack, metadata, count,
                                    export->error);
    for (size_t i = 0; i < FIELDS_SAVED; i++)
        free(lists[i]);
    return status;
}

/* ---- the command ---- */

static wr_status read_settings(struct export *export) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < SETTINGS && status == WR_OK; i++)
        status =
            wr_study_setting(export->study, setting_names[i], &export->settings[i], export->error);
    return status;
}

static wr_status check_options(const struct export_options *options, struct wr_error *error) {
    if (!options->trial.given && !options->best.given)
        return wr_fail(error, WR_ERR_USAGE, "export needs --trial K or --best N");
    if (!options->save.given)
        return wr_fail(error, WR_ERR_USAGE, "export needs --save FILE");
    return WR_OK;
}

wr_status export_command(const struct export_options *options, struct wr_error *error) {
    struct export export = {.options = options, .path = options->study.text, .error = error};
    wr_status status = check_options(options, error);
    if (status == WR_OK)
        status = wr_study_open(export.path, WR_STUDY_READ, &export.study, error);
    torn_tell(export.study, export.path, false);
    if (status == WR_OK)
        status = read_settings(&export);
    if (status == WR_OK)
        status = choose(&export);
    if (status == WR_OK)
        status = read_parameters(&export);
    if (status == WR_OK)
        status = save(&export);
    wr_study_close(export.study);
    for (size_t i = 0; i < SETTINGS; i++)
        free(export.settings[i]);
    free(export.trials);
    free(export.why);
    free(export.stack.parameters);
    return status;
}
