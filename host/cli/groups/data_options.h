/* The series and its columns that options name, of the commands that train on a series. */
#ifndef WR_CLI_DATA_OPTIONS_H
#define WR_CLI_DATA_OPTIONS_H

#include "cli/groups/columns.h"
#include "cli/groups/csv_options.h"

struct data_options {
    struct option_text file;
    struct csv_options csv;
    struct option_choice synthetic;
    struct option_size length, seed;
    struct option_text target, inputs;
    struct option_choice scale; /* enum wr_scale */
};
extern const struct option_group data_group;

/* Start with {0} but for texts. Call data_release after a failure too. */
struct data {
    struct wr_series *series;
    struct columns inputs, targets, ignored;
    const char *texts; /* set by the caller: the column whose cells the series keeps as texts, where
                          the file has it (wr_series_read_csv_texts); NULL: none */
    bool guessed;      /* no option names a column */
    char *input_names, *target_names; /* comma-separated */
};

/* Reads the series and chooses the columns. Returns WR_ERR_USAGE also where options of a file are
 * given without --data. */
wr_status data_read(struct data *data, const struct data_options *options, struct wr_error *error);
/* If a file was read, prints a line on stderr: which columns are used and how the file was read. If
 * quiet, prints only what is in doubt. */
void data_tell(const struct data *data, bool quiet);
void data_release(struct data *data);

#endif
