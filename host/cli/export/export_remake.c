/* Trials whose parameters were not kept, and how to get them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/export/export.h"
#include "cli/io/typed.h"
#include "windrow/version.h"

static void print_option(FILE *file, const char *name, const char *value) {
    fprintf(file, " --%s ", name);
    print_shell_word(file, value);
}

bool export_has_loss(const struct export *export) {
    return export->settings[LOSS] != NULL && strcmp(export->settings[LOSS], "mse") != 0;
}

const char *export_loss_number(const struct export *export) {
    const char *loss = export->settings[LOSS], *number = export->settings[LOSS_NUMBER];
    if (loss == NULL || number == NULL || strtod(number, NULL) == 0)
        return NULL;
    return strcmp(loss, "huber") == 0 ? "huber-delta" : "tau";
}

static void print_loss(FILE *file, const struct export *export) {
    if (export_has_loss(export))
        print_option(file, "loss", export->settings[LOSS]);
    if (export_loss_number(export) != NULL)
        print_option(file, export_loss_number(export), export->settings[LOSS_NUMBER]);
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
    bool early = strcmp(settings[PATIENCE], "0") != 0;
    double validate = strtod(settings[VALIDATE], NULL), rows = strtod(settings[ROWS], NULL);
    snprintf(text, sizeof text, "%d", WR_NUMERICS_VERSION);
    if (strcmp(settings[NUMERICS], text) != 0)
        return false;
    fputs("windrow train", file);
    if (synthetic) { /* the first rows of the synthetic series do not depend on its length */
        size_t held = early ? 0 : (size_t)(validate * rows);
        fprintf(file, " --length %.0f", rows - (double)held);
        print_option(file, "data-seed", settings[DATA_SEED_SETTING]);
    } else {
        print_option(file, "data", settings[SERIES]);
        for (size_t i = DELIMITER; i <= HEADER; i++)
            if (settings[i] != NULL)
                print_option(file, setting_names[i], settings[i]);
        print_option(file, "inputs", settings[INPUTS]);
        print_option(file, "target", settings[TARGET]);
        if (validate > 0 && !early)
            print_option(file, "hold-out", settings[VALIDATE]);
    }
    print_option(file, "scale", settings[SCALE]);
    print_option(file, "epochs", settings[EPOCHS]);
    for (size_t i = VALIDATE; early && i <= PATIENCE; i++)
        if (i != NUMERICS)
            print_option(file, setting_names[i], settings[i]);
    for (enum field option = 0; option < FIELD_OPTIONS; option++) {
        char name[FIELD_TEXT];
        field_text(trial, option, 0, text);
        if (field_is_needed(&trial->options, option))
            print_option(file, field_option(option, name), text);
    }
    print_loss(file, export);
    print_option(file, "save", export->file);
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

/* A sweep keeps the best trials of all options together, so the study keeps the whole stack if it
 * keeps the stack's last trial. */
wr_status export_fail_not_stacked(const struct export *export, size_t which) {
    struct rank last = {.id = export->trials[export->count - 1].id};
    struct wr_trial_query query = {.best = true};
    wr_status status = wr_study_trials(export->study, &query, count_up_to, &last, export->error);
    if (status != WR_ERR_STOPPED)
        return status != WR_OK ? status
                               : wr_fail(export->error, WR_ERR_DATA,
                                         "%s: trial %" PRId64 " is gone", export->path, last.id);
    if (export->options->by.given)
        return wr_fail(export->error, WR_ERR_DATA,
                       "%s: the parameters of trial %" PRId64 ", of %s %s, were not kept; sweep "
                       "another study with --keep all, which keeps those of every value",
                       export->path, export->trials[which].id, export->options->by.text,
                       export->value);
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

wr_status export_fail_not_kept(const struct export *export) {
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
