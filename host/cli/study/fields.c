#include "cli/study/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/study/trials.h"

const char *const field_names[FIELDS] = {
    [FIELD_HIDDEN] = "hidden",
    [FIELD_WINDOW] = "window",
    [FIELD_BATCH] = "batch",
    [FIELD_INIT] = "init",
    [FIELD_LR] = "lr",
    [FIELD_CLIP] = "clip",
    [FIELD_SEED] = "seed",
    [FIELD_ID] = "trial",
    [FIELD_STATUS] = "status",
    [FIELD_LOSS] = "loss",
    [FIELD_VALIDATION_LOSS] = "validation_loss",
    [FIELD_SCORE] = "score",
    [FIELD_DIVERGED_AT] = "diverged_at",
    [FIELD_HASH] = "hash",
    [FIELD_DEVICE] = "device",
    [FIELD_SECONDS] = "seconds",
    [FIELD_KEPT] = "kept",
};

void field_number(double value, int digits, char text[FIELD_TEXT]) {
    text[0] = '\0';
    if (isnan(value))
        return;
    if (digits == 0) {
        wr_number_text(value, text);
        return;
    }
    snprintf(text, FIELD_TEXT, "%#.*g", digits, value);
    size_t last = strlen(text) - 1;
    if (text[last] == '.')
        text[last] = '\0';
}

double field_loss(const struct wr_trial *trial) {
    float loss = (float)trial->loss;
    return (double)loss == trial->loss ? wr_number_of_float(loss) : trial->loss;
}

void field_value(enum field option, const char *value, char text[FIELD_TEXT]) {
    if (option == FIELD_LR || option == FIELD_CLIP)
        trials_real(strtof(value, NULL), text);
    else
        snprintf(text, FIELD_TEXT, "%s", value);
}

static void option_text(const struct wr_trial_options *options, enum field field,
                        char text[FIELD_TEXT]) {
    if (field == FIELD_LR || field == FIELD_CLIP)
        trials_real(field == FIELD_LR ? options->lr : options->clip, text);
    else if (field == FIELD_INIT)
        snprintf(text, FIELD_TEXT, "%s", trials_init(options->init));
    else if (field == FIELD_BATCH)
        trials_batch(options->batch, text);
    else
        snprintf(text, FIELD_TEXT, "%zu",
                 field == FIELD_HIDDEN   ? options->hidden
                 : field == FIELD_WINDOW ? options->window
                                         : (size_t)options->seed);
}

void field_text(const struct wr_trial *trial, enum field field, int digits, char text[FIELD_TEXT]) {
    bool trained = trial->status == WR_TRIAL_DONE || trial->status == WR_TRIAL_DIVERGED;
    text[0] = '\0';
    if (field < FIELD_OPTIONS)
        option_text(&trial->options, field, text);
    else if (field == FIELD_ID)
        snprintf(text, FIELD_TEXT, "%" PRId64, trial->id);
    else if (field == FIELD_STATUS)
        snprintf(text, FIELD_TEXT, "%s", wr_trial_status_name(trial->status));
    else if (field == FIELD_LOSS)
        field_number(digits == 0 ? field_loss(trial) : trial->loss, digits, text);
    else if (field == FIELD_VALIDATION_LOSS)
        field_number(trial->validation_loss, digits, text);
    else if (field == FIELD_SCORE)
        field_number(trial->score, digits, text);
    else if (field == FIELD_DIVERGED_AT && trial->status == WR_TRIAL_DIVERGED)
        snprintf(text, FIELD_TEXT, "%zu", trial->diverged_at);
    else if (field == FIELD_HASH && trained)
        snprintf(text, FIELD_TEXT, "%016" PRIx64, trial->hash);
    else if (field == FIELD_DEVICE)
        snprintf(text, FIELD_TEXT, "%s", trial->device);
    else if (field == FIELD_SECONDS && trial->status != WR_TRIAL_PENDING)
        field_number(trial->seconds, digits, text);
    else if (field == FIELD_KEPT)
        snprintf(text, FIELD_TEXT, "%d", (int)trial->kept);
}
