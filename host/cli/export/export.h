/* What the files of windrow export share. */
#ifndef WR_CLI_EXPORT_H
#define WR_CLI_EXPORT_H

#include "cli/export/export_options.h"
#include "cli/study/fields.h"

/* The settings of a study that export reads. */
enum setting {
    SERIES,
    DATA_SEED_SETTING,
    DELIMITER, /* these three: of a series from a file; older studies lack them */
    DECIMAL,
    HEADER,
    ROWS,
    INPUTS,
    TARGET,
    SCALE,
    INPUT_MEANS,
    INPUT_DEVIATIONS,
    TARGET_MEANS,
    TARGET_DEVIATIONS,
    EPOCHS,
    VALIDATE,
    NUMERICS,
    VALIDATE_EVERY,
    PATIENCE,
    LOSS,
    LOSS_NUMBER,
    SETTINGS
};
extern const char *const setting_names[SETTINGS];

/* What becomes one file. */
struct export {
    const struct export_options *options;
    const char *path;
    struct wr_error *error;
    struct wr_study *study;
    char *const *settings;  /* (SETTINGS) of the study; NULL: it has none */
    char value[FIELD_TEXT]; /* with --by: of that option, the trials have it */
    char *file;             /* what is written */
    size_t count;
    struct wr_trial *trials; /* (count), best first */
    char *why;               /* why the first failed trial failed */
    struct wr_stack stack;   /* their models */
};

/* The option of the number that goes with the study's loss; NULL if there is none. */
const char *export_loss_number(const struct export *export);
/* Whether the loss is not the default. */
bool export_has_loss(const struct export *export);
/* Fails because the chosen trial has no parameters: names the command that makes them again. */
wr_status export_fail_not_kept(const struct export *export);
/* Fails because the stack's trial `which` has no parameters: names the sweep that keeps them. */
wr_status export_fail_not_stacked(const struct export *export, size_t which);

#endif
