#include "cli/show/show_command.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/io/report_lines.h"
#include "cli/io/table.h"
#include "cli/study/stores.h"
#include "data/csv.h"

#define DIGITS 6 /* digits of losses in tables */

const char *const show_settings[SHOW_SETTINGS] = {"series",         "data-seed",
                                                  "rows",           "inputs",
                                                  "target",         "delimiter",
                                                  "decimal",        "header",
                                                  "ignore",         "scale",
                                                  "input_means",    "input_deviations",
                                                  "target_means",   "target_deviations",
                                                  "epochs",         "validate",
                                                  "validate-every", "patience",
                                                  "loss",           "loss-number",
                                                  "halving",        "data",
                                                  "numerics",       "curve",
                                                  "windrow"};

bool show_has_table(const struct show *show, enum field option) {
    const struct option_choice *by = &show->options->by;
    if (by->given)
        return by->value == option;
    return option == FIELD_HIDDEN ||
           (option != FIELD_SEED && show->varies[option] && !show->many[option]);
}

/* ---- tables ---- */

static const char *const group_columns[] = {"trials",         "done",   "diverged",       "failed",
                                            "pruned",         "best",   "lower_quartile", "median",
                                            "upper_quartile", "seconds"};
#define GROUP_COLUMNS (sizeof group_columns / sizeof *group_columns)
enum { PRUNED_COLUMN = 4 };

/* Writes the columns of a group as text, the option first. */
static void group_texts(enum field option, const struct wr_study_group *group, int digits,
                        char texts[1 + GROUP_COLUMNS][FIELD_TEXT]) {
    const size_t counts[] = {group->trials, group->done, group->diverged, group->failed,
                             group->pruned};
    const double scores[] = {group->best, group->lower_quartile, group->median,
                             group->upper_quartile};
    field_value(option, group->value, texts[0]);
    for (size_t i = 0; i < 5; i++)
        snprintf(texts[1 + i], FIELD_TEXT, "%zu", counts[i]);
    for (size_t i = 0; i < 4; i++)
        field_number(scores[i], digits, texts[6 + i]);
    field_number(group->seconds, digits > 0 ? 3 : 0, texts[10]);
}

struct group_table {
    enum field option;
    bool pruned; /* whether to tell how many were */
    struct table table;
};

static wr_status add_group(void *context, const struct wr_study_group *group) {
    struct group_table *groups = context;
    char texts[1 + GROUP_COLUMNS][FIELD_TEXT];
    group_texts(groups->option, group, DIGITS, texts);
    for (size_t i = 0; i <= GROUP_COLUMNS; i++)
        if (i != 1 + PRUNED_COLUMN || groups->pruned)
            table_add(&groups->table, texts[i]);
    return WR_OK;
}

static wr_status print_groups(const struct show *show, enum field option) {
    static const char *const heads[GROUP_COLUMNS] = {"trials", "done",   "diverged", "failed",
                                                     "pruned", "best",   "25%",      "median",
                                                     "75%",    "seconds"};
    bool pruned = show->counts.pruned > 0;
    struct group_table groups = {option, pruned, {.columns = GROUP_COLUMNS + pruned}};
    table_add(&groups.table, field_name(option));
    for (size_t i = 0; i < GROUP_COLUMNS; i++)
        if (i != PRUNED_COLUMN || pruned)
            table_add(&groups.table, heads[i]);
    wr_status status =
        wr_study_groups(show->study, field_name(option), add_group, &groups, show->error);
    if (status == WR_OK)
        return table_print(&groups.table, show->error);
    table_release(&groups.table);
    return status;
}

/* Columns of the best trials: the options that vary, and the results. */
struct best_table {
    enum field fields[FIELDS];
    struct table table;
};

static wr_status add_trial(void *context, const struct wr_trial *trial) {
    struct best_table *best = context;
    for (size_t i = 0; i < best->table.columns; i++) {
        char text[FIELD_TEXT];
        field_text(trial, best->fields[i], best->fields[i] == FIELD_SECONDS ? 3 : DIGITS, text);
        table_add(&best->table, text);
    }
    return WR_OK;
}

static wr_status print_best(const struct show *show) {
    static const enum field results[] = {FIELD_SCORE, FIELD_LOSS, FIELD_SECONDS, FIELD_HASH};
    struct wr_trial_query query = {.best = true, .most = show->options->best.value};
    struct best_table best = {.fields = {FIELD_ID}};
    size_t columns = 1;
    for (enum field option = 0; option < FIELD_OPTIONS; option++)
        if (option == FIELD_HIDDEN || option == FIELD_SEED || show->varies[option])
            best.fields[columns++] = option;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        best.fields[columns++] = results[i];
    best.table.columns = columns;
    for (size_t i = 0; i < columns; i++)
        table_add(&best.table, field_name(best.fields[i]));
    wr_status status = wr_study_trials(show->study, &query, add_trial, &best, show->error);
    if (status == WR_OK)
        return table_print(&best.table, show->error);
    table_release(&best.table);
    return status;
}

/* ---- before the tables ---- */

/* Settings that are printed before the tables. */
enum {
    SERIES,
    SEED,
    ROWS,
    INPUTS,
    TARGET,
    SCALE,
    EPOCHS,
    VALIDATE,
    EVERY,
    PATIENCE,
    LOSS,
    LOSS_NUMBER,
    SETTINGS
};

/* Reads the settings into texts. A setting that the study lacks is "". The caller frees each with
 * free. */
static wr_status read_settings(const struct show *show, char *texts[SETTINGS]) {
    static const char *const names[SETTINGS] = {
        "series", "data-seed", "rows",           "inputs",   "target", "scale",
        "epochs", "validate",  "validate-every", "patience", "loss",   "loss-number"};
    wr_status status = WR_OK;
    for (size_t i = 0; i < SETTINGS && status == WR_OK; i++) {
        status = wr_study_setting(show->study, names[i], &texts[i], show->error);
        if (status == WR_OK && texts[i] == NULL && (texts[i] = calloc(1, 1)) == NULL)
            status = wr_fail(show->error, WR_ERR_MEMORY, "no memory for a setting");
    }
    return status;
}

static void print_series(char *const texts[SETTINGS]) {
    report_named("series    ", texts[SERIES]);
    if (*texts[SEED] != '\0')
        report_named(", seed ", texts[SEED]);
    report_named(", ", texts[ROWS]);
    report_named(" rows: ", texts[INPUTS]);
    report_named(" -> ", texts[TARGET]);
    report_named(", scale ", texts[SCALE]);
    putchar('\n');
}

/* Prints the options that all trials share, but the seed. */
static void print_shared(const struct show *show) {
    for (enum field option = 0; option < FIELD_OPTIONS; option++) {
        char text[WR_NUMBER_TEXT];
        if (option != FIELD_SEED && !show->varies[option] && field_is_needed(&show->first, option))
            printf(", %s %s", field_name(option),
                   wr_option_text(&show->first, (enum wr_option)option, text));
    }
}

static void print_loss(char *const texts[SETTINGS]) {
    if (*texts[LOSS] != '\0' && strcmp(texts[LOSS], "mse") != 0)
        report_named(", loss ", texts[LOSS]);
    if (*texts[LOSS_NUMBER] != '\0' && strcmp(texts[LOSS_NUMBER], "0") != 0)
        report_named(" ", texts[LOSS_NUMBER]);
    if (*texts[PATIENCE] != '\0' && strcmp(texts[PATIENCE], "0") != 0) {
        report_named("\nstopping  after ", texts[PATIENCE]);
        fputs(" validations without a new best, one ", stdout);
        if (strcmp(texts[EVERY], "1") == 0)
            fputs("after each epoch", stdout);
        else {
            report_named("every ", texts[EVERY]);
            fputs(" epochs", stdout);
        }
    }
}

static void print_training(const struct show *show, char *const texts[SETTINGS]) {
    report_named("training  ", texts[EPOCHS]);
    fputs(" epochs", stdout);
    if (show->counts.trials > 0)
        print_shared(show);
    print_loss(texts);
    double held = strtod(texts[VALIDATE], NULL);
    if (held > 0)
        printf("\nscore     mean loss of the windows held out, the last %g%% of the rows\n",
               100 * held);
    else
        printf("\nscore     mean loss of a window in the last epoch\n");
}

static wr_status print_why(void *context, const struct wr_trial *trial) {
    bool *told = context;
    if (trial->status == WR_TRIAL_FAILED && !*told) {
        printf("          trial %lld failed", (long long)trial->id);
        report_named(": ", trial->why);
        putchar('\n');
        *told = true;
    }
    return WR_OK;
}

static wr_status print_head(const struct show *show) {
    const struct wr_study_counts *counts = &show->counts;
    const size_t numbers[] = {counts->done, counts->pruned, counts->diverged, counts->failed,
                              counts->pending};
    static const char *const words[] = {"done", "pruned", "diverged", "failed", "pending"};
    const char *before = ": ";
    report_named("study     ", show->options->study.text);
    printf(", %zu trial%s", counts->trials, counts->trials == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] > 0) {
            printf("%s%zu %s", before, numbers[i], words[i]);
            before = ", ";
        }
    printf("; %.*f s of training\n", counts->seconds < 100 ? 2 : 0, counts->seconds);
    bool told = false;
    wr_status status = WR_OK;
    if (counts->failed > 0)
        status = wr_study_trials(show->study, &(struct wr_trial_query){0}, print_why, &told,
                                 show->error);
    char *texts[SETTINGS] = {NULL};
    if (status == WR_OK)
        status = read_settings(show, texts);
    if (status == WR_OK) {
        print_series(texts);
        print_training(show, texts);
    }
    for (size_t i = 0; i < SETTINGS; i++)
        free(texts[i]);
    return status;
}

static wr_status print_all(const struct show *show) {
    bool alone = show->options->by.given;
    wr_status status = alone ? WR_OK : print_head(show);
    if (status == WR_OK && !alone && show->counts.done > 0) {
        putchar('\n');
        status = print_best(show);
    }
    for (enum field option = 0; option < FIELD_OPTIONS && status == WR_OK; option++)
        if (show_has_table(show, option)) {
            fputs(alone ? "" : "\n", stdout);
            status = print_groups(show, option);
        }
    for (enum field option = 0; option < FIELD_OPTIONS && status == WR_OK && !alone; option++)
        if (option != FIELD_SEED && option != FIELD_HIDDEN && show->many[option])
            printf("\n%s has more than %d values; --by %s lists them\n", field_name(option),
                   FIELD_MANY_VALUES, field_name(option));
    return status;
}

/* ---- CSV ---- */

/* The field in a CSV column: first the number of the trial, then all others. */
static enum field csv_field(size_t column) {
    return column == 0 ? FIELD_ID : (enum field)(column - (column <= FIELD_ID));
}

static wr_status print_trial_row(void *context, const struct wr_trial *trial) {
    (void)context;
    char text[FIELD_TEXT];
    for (size_t i = 0; i < FIELDS; i++) {
        field_text(trial, csv_field(i), 0, text);
        wr_csv_print(stdout, text);
        putchar(',');
    }
    wr_csv_print(stdout, trial->why);
    putchar('\n');
    return WR_OK;
}

static wr_status print_group_row(void *context, const struct wr_study_group *group) {
    const enum field *option = context;
    char texts[1 + GROUP_COLUMNS][FIELD_TEXT];
    group_texts(*option, group, 0, texts);
    for (size_t i = 0; i <= GROUP_COLUMNS; i++)
        printf("%s%s", i > 0 ? "," : "", texts[i]);
    putchar('\n');
    return WR_OK;
}

static wr_status print_csv(const struct show *show) {
    const struct option_choice *by = &show->options->by;
    const struct option_size *best = &show->options->best;
    if (by->given) {
        enum field option = (enum field)by->value;
        fputs(field_name(option), stdout);
        for (size_t i = 0; i < GROUP_COLUMNS; i++)
            printf(",%s", group_columns[i]);
        putchar('\n');
        return wr_study_groups(show->study, field_name(option), print_group_row, &option,
                               show->error);
    }
    struct wr_trial_query query = {.best = best->given, .most = best->given ? best->value : 0};
    for (size_t i = 0; i < FIELDS; i++)
        printf("%s,", field_name(csv_field(i)));
    puts("why");
    return wr_study_trials(show->study, &query, print_trial_row, NULL, show->error);
}

/* ---- the command ---- */

static wr_status read_values(struct show *show, enum field option,
                             const struct wr_trial_options *last) {
    enum wr_option of = (enum wr_option)option;
    size_t values = 0;
    show->varies[option] = wr_option_get(&show->first, of) != wr_option_get(last, of);
    if (!show->varies[option] || option == FIELD_SEED)
        return WR_OK;
    wr_status status = wr_study_values(show->study, field_name(option), FIELD_MANY_VALUES + 1,
                                       &values, show->error);
    show->varies[option] = values > 1; /* where it means something */
    show->many[option] = values > FIELD_MANY_VALUES;
    return status;
}

static wr_status read_counts(struct show *show) {
    struct wr_trial_options last;
    wr_status status = wr_study_count(show->study, &show->counts, show->error);
    if (status == WR_OK)
        status = wr_study_spans(show->study, &show->first, &last, show->error);
    for (unsigned option = 0; option < FIELD_OPTIONS && status == WR_OK; option++)
        status = read_values(show, option, &last);
    return status;
}

wr_status show_command(const struct show_options *options, struct wr_error *error) {
    struct show show = {.options = options, .error = error};
    wr_status status = wr_study_open(options->study.text, WR_STUDY_READ, &show.study, error);
    torn_tell(show.study, options->study.text, false);
    if (status == WR_OK && options->csv.given)
        status = print_csv(&show);
    else if (status == WR_OK)
        status = read_counts(&show);
    if (status == WR_OK && !options->csv.given)
        status = options->json.given ? show_json(&show) : print_all(&show);
    wr_study_close(show.study);
    return status;
}
