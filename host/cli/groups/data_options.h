/* Reads the series and its columns that the options of enum data_option name. */
#ifndef WR_CLI_DATA_OPTIONS_H
#define WR_CLI_DATA_OPTIONS_H

#include "cli/cli.h"
#include "cli/groups/columns.h"

/* Start with {0}. Call data_release after a failure too. */
struct data {
    struct wr_series *series;
    struct columns inputs, targets, ignored;
    bool guessed;                     /* no option names a column */
    char *input_names, *target_names; /* comma-separated */
};

/* Reads the series and chooses the columns. Returns WR_ERR_USAGE also where options of a file are
 * given without --data. */
wr_status data_read(struct data *data, const struct option_value *options, struct wr_error *error);
/* If a file was read, prints a line on stderr: which columns are used and how the file was read. If
 * quiet, prints only what is in doubt. */
void data_tell(const struct data *data, bool quiet);
void data_release(struct data *data);

#endif
