#include "cli/study/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sweep/store.h"

const char *field_name(enum field field) {
    static const char *const results[] = {
        [FIELD_ID - FIELD_OPTIONS] = "trial",
        [FIELD_STATUS - FIELD_OPTIONS] = "status",
        [FIELD_LOSS - FIELD_OPTIONS] = "loss",
        [FIELD_VALIDATION_LOSS - FIELD_OPTIONS] = "validation_loss",
        [FIELD_SCORE - FIELD_OPTIONS] = "score",
        [FIELD_DIVERGED_AT - FIELD_OPTIONS] = "diverged_at",
        [FIELD_EPOCHS - FIELD_OPTIONS] = "epochs",
        [FIELD_BEST_EPOCH - FIELD_OPTIONS] = "best_epoch",
        [FIELD_HASH - FIELD_OPTIONS] = "hash",
        [FIELD_DEVICE - FIELD_OPTIONS] = "device",
        [FIELD_SECONDS - FIELD_OPTIONS] = "seconds",
        [FIELD_KEPT - FIELD_OPTIONS] = "kept",
    };
    return field < FIELD_OPTIONS ? wr_option_name((enum wr_option)field)
                                 : results[field - FIELD_OPTIONS];
}

bool field_is_needed(const struct wr_trial_options *options, enum field option) {
    enum wr_option of = (enum wr_option)option;
    if (option <= FIELD_SEED)
        return true;
    bool is_word = wr_option_type(of) == WR_OPTION_WORD;
    bool has_default = is_word || of == WR_OPTION_WEIGHT_DECAY;
    return wr_option_counts(options, of) && (!has_default || wr_option_get(options, of) != 0);
}

const char *field_option(enum field option, char text[FIELD_TEXT]) {
    snprintf(text, FIELD_TEXT, "%s", field_name(option));
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '_' ? '-' : *at;
    return text;
}

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
    char number[WR_NUMBER_TEXT];
    if (wr_option_type((enum wr_option)option) == WR_OPTION_REAL)
        value = wr_number_text(wr_number_of_float(strtof(value, NULL)), number);
    snprintf(text, FIELD_TEXT, "%s", value);
}

static void option_text(const struct wr_trial_options *options, enum wr_option option,
                        char text[FIELD_TEXT]) {
    char number[WR_NUMBER_TEXT];
    if (wr_option_counts(options, option))
        snprintf(text, FIELD_TEXT, "%s", wr_option_text(options, option, number));
}

/* 0: there is none. */
static void count_text(size_t count, char text[FIELD_TEXT]) {
    if (count > 0)
        snprintf(text, FIELD_TEXT, "%zu", count);
}

void field_text(const struct wr_trial *trial, enum field field, int digits, char text[FIELD_TEXT]) {
    bool trained = wr_trial_has_ended(trial->status);
    text[0] = '\0';
    if (field < FIELD_OPTIONS)
        option_text(&trial->options, (enum wr_option)field, text);
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
    else if (field == FIELD_EPOCHS)
        count_text(trial->epochs, text);
    else if (field == FIELD_BEST_EPOCH)
        count_text(trial->best_epoch, text);
    else if (field == FIELD_HASH && trained)
        snprintf(text, FIELD_TEXT, "%016" PRIx64, trial->hash);
    else if (field == FIELD_DEVICE)
        snprintf(text, FIELD_TEXT, "%s", trial->device);
    else if (field == FIELD_SECONDS && trial->status != WR_TRIAL_PENDING)
        field_number(trial->seconds, digits, text);
    else if (field == FIELD_KEPT)
        snprintf(text, FIELD_TEXT, "%d", (int)trial->kept);
}
