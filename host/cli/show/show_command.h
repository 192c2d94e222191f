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
    size_t values[FIELD_OPTIONS];          /* number of values of each option among the trials */
    char first[FIELD_OPTIONS][FIELD_TEXT]; /* the first value of each option */
};

/* Settings that a study may have. */
#define SHOW_SETTINGS 20
extern const char *const show_settings[SHOW_SETTINGS];

/* Whether to print a table by this option. With --by: that option only. Else hidden, and other
 * options that vary, without seed. */
bool show_has_table(const struct show *show, enum field option);
/* Prints the object of --json on one line of stdout. */
wr_status show_json(const struct show *show);

#endif
