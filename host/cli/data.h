/* The series and its columns, as the options of enum data_option name them. */
#ifndef WR_CLI_DATA_H
#define WR_CLI_DATA_H

#include "cli/cli.h"
#include "cli/columns.h"

/* Start with {0}; data_release after any failure too. */
struct data {
    struct wr_series *series;
    struct columns inputs, targets;
    char *input_names, *target_names; /* comma-separated */
};

wr_status data_read(struct data *data, const struct option_value *options, struct wr_error *error);
void data_release(struct data *data);

#endif
