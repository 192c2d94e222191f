/* What show and export tell of a trial, as text. */
#ifndef WR_CLI_FIELDS_H
#define WR_CLI_FIELDS_H

#include "windrow/study.h"

/* The options come first. */
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

/* "" where there is none; options as windrow train reads them. digits: as for field_number. */
void field_text(const struct wr_trial *trial, enum field field, int digits, char text[FIELD_TEXT]);
/* The number with so many significant digits; 0: with as many as bring it back. "" for NaN. */
void field_number(double value, int digits, char text[FIELD_TEXT]);
/* The total_loss of a trial for field_number: a float, which its shortest decimal brings back. */
double field_loss(const struct wr_trial *trial);
/* The value of an option as windrow train reads it, from that of a group. */
void field_value(enum field option, const char *value, char text[FIELD_TEXT]);

#endif
