/* What the files of `windrow show` share. */
#ifndef WR_CLI_SHOW_H
#define WR_CLI_SHOW_H

#include "cli/show/show_options.h"
#include "cli/study/fields.h"

struct show {
    const struct show_options *options;
    struct wr_error *error;
    struct wr_study *study;
    struct wr_study_counts counts;
    bool varies[FIELD_OPTIONS];    /* whether trials differ in the option */
    bool many[FIELD_OPTIONS];      /* in so many values that a table by it is none for people */
    struct wr_trial_options first; /* the value of each option that does not vary */
};

/* Settings that a study may have. */
#define SHOW_SETTINGS 25
extern const char *const show_settings[SHOW_SETTINGS];

/* Whether to print a table by this option. With --by: that option only. Else hidden, and other
 * options that vary, without seed and those of many values. */
bool show_has_table(const struct show *show, enum field option);
/* Prints the object of --json on one line of stdout. */
wr_status show_json(const struct show *show);

#endif
