/* The fields of a trial, as text. For show and export. */
#ifndef WR_CLI_FIELDS_H
#define WR_CLI_FIELDS_H

#include "cli/options/options.h"
#include "sweep/trial.h"

/* The options of a trial, enum wr_option, come first. */
enum field {
    FIELD_HIDDEN = WR_OPTION_HIDDEN,
    FIELD_SEED = WR_OPTION_SEED,
    FIELD_OPTIONS = WR_OPTIONS,
    FIELD_ID = FIELD_OPTIONS,
    FIELD_STATUS,
    FIELD_LOSS,
    FIELD_VALIDATION_LOSS,
    FIELD_SCORE,
    FIELD_DIVERGED_AT,
    FIELD_EPOCHS,
    FIELD_BEST_EPOCH,
    FIELD_HASH,
    FIELD_DEVICE,
    FIELD_SECONDS,
    FIELD_KEPT,
    FIELDS
};
/* "hidden", ..., "trial", "status", ... */
const char *field_name(enum field field);
/* Those of the options, as the choices of --by. */
#define FIELD_OPTION_NAMES                                                                         \
    WORDS("hidden", "window", "batch", "init", "lr", "clip", "seed", "optimizer", "momentum",      \
          "beta1", "beta2", "epsilon", "weight_decay", "clip_by", "lr_decay", "order", "recency",  \
          "activation", "bias")

#define FIELD_TEXT 64

/* An option of more values makes a table that is none for people. */
enum { FIELD_MANY_VALUES = 32 };

/* Whether a command that trains such a trial must name the option: those of the learning rule are
 * left out where they are the default. */
bool field_is_needed(const struct wr_trial_options *options, enum field option);
/* Writes the name of windrow train's option: "clip-by" of clip_by. Returns text. */
const char *field_option(enum field option, char text[FIELD_TEXT]);

/* Writes a field as text; "" where the trial has none, or where an option means nothing beside the
 * others. Options have the form that windrow train reads. digits: as for field_number. */
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
