/* The inside of a series, for the files that make one. */
#ifndef WR_SERIES_H
#define WR_SERIES_H

#include <stdio.h>

#include "base/base.h"
#include "data/profile.h"
#include "windrow/series.h"

struct wr_column {
    char *name;     /* NULL: no header */
    double *values; /* (rows); NaN where a cell is bad */
    size_t capacity;
    size_t bad_line;     /* of the first bad cell; 0: there is none */
    const char *bad_why; /* "is not a number", ... */
    char *bad_text;      /* an excerpt of the cell */
    struct wr_profile profile;
};

struct wr_series {
    char *source; /* the file's path, or what else it is: starts every message */
    size_t rows, columns;
    struct wr_column *column; /* (columns) */
    bool file;                /* it was read from one, so: */
    struct wr_csv_found found;
};

/* A series without rows and names. */
wr_status wr_series_new(const char *source, size_t columns, struct wr_series **series,
                        struct wr_error *error);
/* Names the columns of a series without names after the record last read. */
wr_status wr_series_name_columns(struct wr_series *series, const struct wr_csv *csv,
                                 struct wr_error *error);
/* wr_series_read_csv_with on an open file, which stays open. */
wr_status wr_series_read_stream(FILE *file, const char *path, const struct wr_csv_options *options,
                                struct wr_series **series, struct wr_error *error);

/* Whether it is the first column, under a header that gives it no name: "" or, as pandas calls it
 * when it has read such a file, "Unnamed: 0". */
bool wr_series_is_unnamed(const struct wr_series *series, size_t column);
/* Whether such a column counts the rows. */
bool wr_series_is_index(const struct wr_series *series, size_t column);

/* Prints what wr_series_find finds the column by: its name, quoted as in CSV where a list needs it,
 * or its number where it has none that is its own. */
void wr_series_print_column(FILE *file, const struct wr_series *series, size_t column);

/* Prints `"wind"`, or `column 5` where it has no name. */
void wr_series_print_name(FILE *file, const struct wr_series *series, size_t column);

/* `column "wind" (number 5)` or `column 5`. Returns to. */
const char *wr_series_column_text(const struct wr_series *series, size_t column, char to[96]);

#endif
