/* What the files of `windrow show` share. */
#ifndef WR_CLI_SHOW_H
#define WR_CLI_SHOW_H

#include "cli/cli.h"
#include "cli/fields.h"

struct show {
    const struct option_value *options;
    struct wr_error *error;
    struct wr_study *study;
    struct wr_study_counts counts;
    size_t values[FIELD_OPTIONS];          /* how many each option has among the trials */
    char first[FIELD_OPTIONS][FIELD_TEXT]; /* the first of them */
};

/* Settings that a study may hold. */
#define SHOW_SETTINGS 20
extern const char *const show_settings[SHOW_SETTINGS];

/* Whether there is a table by this option: of --by, else hidden and what else varies but seeds. */
bool show_has_table(const struct show *show, enum field option);
/* The object of --json, on one line of stdout. */
wr_status show_json(const struct show *show);

#endif
