/* The series and its columns, as the options of enum data_option name them. */
#ifndef WR_CLI_DATA_OPTIONS_H
#define WR_CLI_DATA_OPTIONS_H

#include "cli/cli.h"
#include "cli/columns.h"

/* Start with {0}; data_release after any failure too. */
struct data {
    struct wr_series *series;
    struct columns inputs, targets, ignored;
    bool guessed;                     /* nobody named a column */
    char *input_names, *target_names; /* comma-separated */
};

/* WR_ERR_USAGE too where options of a file are given without one. */
wr_status data_read(struct data *data, const struct option_value *options, struct wr_error *error);
/* A line on stderr, if a file was read: what of it is used, and how it was read. Only what is in
 * doubt if quiet. */
void data_tell(const struct data *data, bool quiet);
void data_release(struct data *data);

#endif
