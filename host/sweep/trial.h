/* The options of a trial as a table. Whatever stores, compares, reads or prints them goes through
 * it, so that an option is named in one place. */
#ifndef WR_TRIAL_H
#define WR_TRIAL_H

#include "base/number.h"
#include "windrow/study.h"

/* In the order of the columns. */
enum wr_option {
    WR_OPTION_HIDDEN,
    WR_OPTION_WINDOW,
    WR_OPTION_BATCH,
    WR_OPTION_INIT,
    WR_OPTION_LR,
    WR_OPTION_CLIP,
    WR_OPTION_SEED,
    WR_OPTION_OPTIMIZER,
    WR_OPTION_MOMENTUM,
    WR_OPTION_BETA1,
    WR_OPTION_BETA2,
    WR_OPTION_EPSILON,
    WR_OPTION_WEIGHT_DECAY,
    WR_OPTION_CLIP_BY,
    WR_OPTION_LR_DECAY,
    WR_OPTION_ORDER,
    WR_OPTION_RECENCY,
    WR_OPTION_ACTIVATION,
    WR_OPTION_BIAS,
    WR_OPTIONS
};
/* The same as SQL: a list of columns, and that many parameters. */
#define WR_OPTION_COLUMNS                                                                          \
    "hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2, epsilon,"     \
    " weight_decay, clip_by, lr_decay, \"order\", recency, activation, bias"
#define WR_OPTION_PARAMETERS "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

enum wr_option_type { WR_OPTION_WHOLE, WR_OPTION_REAL, WR_OPTION_WORD };

/* "hidden", "clip_by". */
const char *wr_option_name(enum wr_option option);
enum wr_option_type wr_option_type(enum wr_option option);
/* The range of a number. */
double wr_option_least(enum wr_option option);
double wr_option_most(enum wr_option option);
/* The words of an option; NULL from the number of words on. */
const char *wr_option_word(enum wr_option option, unsigned word);
/* The index of the word; false if the option has no such word. */
bool wr_option_find_word(enum wr_option option, const char *text, unsigned *word);

/* The value of an option: a number, or the index of a word. A double holds each exactly. */
double wr_option_get(const struct wr_trial_options *trial, enum wr_option option);
void wr_option_set(struct wr_trial_options *trial, enum wr_option option, double value);
/* The value as windrow train reads it. Returns text, or a static word. */
const char *wr_option_text(const struct wr_trial_options *trial, enum wr_option option,
                           char text[WR_NUMBER_TEXT]);
/* Whether the option has a meaning beside the trial's others: beta1 has none without adam. */
bool wr_option_counts(const struct wr_trial_options *trial, enum wr_option option);

/* Writes the SQL condition under which the option has a meaning, such as "optimizer IN ('adam')";
 * "1" if it always has. Returns sql. */
#define WR_OPTION_CONDITION 96
const char *wr_option_condition(enum wr_option option, char sql[WR_OPTION_CONDITION]);

/* WR_ERR_USAGE names the field that is out of its range. */
wr_status wr_trial_options_check(const struct wr_trial_options *options, struct wr_error *error);
/* Sets options that have no meaning beside the others to 0, so that equal trials are equal. The
 * loss is the study's and is left alone. */
void wr_trial_options_settle(struct wr_trial_options *options);
/* The order of trials: hidden, window, batch, then the learning rule, then init, lr, clip, seed.
 * < 0, 0, > 0. */
int wr_trial_options_compare(const struct wr_trial_options *a, const struct wr_trial_options *b);
/* Continues a hash (wr_hash) with the options of a trial. */
uint64_t wr_trial_options_hash(uint64_t hash, const struct wr_trial_options *trial);
/* Whether two trials can train in one ensemble: all but init, lr, clip and seed agree. */
bool wr_trial_options_fit(const struct wr_trial_options *a, const struct wr_trial_options *b);

#endif
