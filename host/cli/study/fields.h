/* The fields of a trial, as text. For show and export. */
#ifndef WR_CLI_FIELDS_H
#define WR_CLI_FIELDS_H

#include "windrow/study.h"

/* The options of a trial come first. */
enum field {
    FIELD_HIDDEN,
    FIELD_WINDOW,
    FIELD_BATCH,
    FIELD_INIT,
    FIELD_LR,
    FIELD_CLIP,
    FIELD_SEED,
    FIELD_OPTIONS,
    FIELD_ID = FIELD_OPTIONS,
    FIELD_STATUS,
    FIELD_LOSS,
    FIELD_VALIDATION_LOSS,
    FIELD_SCORE,
    FIELD_DIVERGED_AT,
    FIELD_HASH,
    FIELD_DEVICE,
    FIELD_SECONDS,
    FIELD_KEPT,
    FIELDS
};
/* "hidden", ..., "trial", "status", ... */
extern const char *const field_names[FIELDS];

#define FIELD_TEXT 64

/* Writes a field as text; "" where the trial has none. Options have the form that windrow train
 * reads. digits: as for field_number. */
void field_text(const struct wr_trial *trial, enum field field, int digits, char text[FIELD_TEXT]);
/* Writes the number with so many significant digits. digits 0: the fewest digits that give the same
 * double when read. "" for NaN. */
void field_number(double value, int digits, char text[FIELD_TEXT]);
/* The total_loss of a trial, for field_number. It is a float, so this is the double whose shortest
 * decimal is that of the float. */
double field_loss(const struct wr_trial *trial);
/* Writes the value of an option, taken from a group of trials, in the form that windrow train
 * reads. */
void field_value(enum field option, const char *value, char text[FIELD_TEXT]);

#endif
