/* The internals of a series, for the files that make one. */
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
    size_t bad_line;     /* line (of an array: row) of the first bad cell; 0: there is none */
    bool flawed;         /* a bad cell is not just missing */
    const char *bad_why; /* "is not a number", ... */
    char *bad_text;      /* an excerpt of the cell */
    struct wr_profile profile;
};

struct wr_series {
    char *source; /* the file's path, or another name; messages start with it */
    size_t rows, columns;
    struct wr_column *column; /* (columns) */
    bool file;                /* read from a file, so that `found` is set */
    struct wr_csv_found found;
    /* The cells of one column as texts, one after the other, each with its NUL: see
     * wr_series_read_csv_texts. */
    size_t texts_column; /* or SIZE_MAX */
    char *texts;
    size_t texts_used, texts_capacity;
};

/* Makes a series without rows and column names. */
wr_status wr_series_new(const char *source, size_t columns, struct wr_series **series,
                        struct wr_error *error);
/* Names the columns of a series after the cells of the last record. */
wr_status wr_series_name_columns(struct wr_series *series, const struct wr_csv *csv,
                                 struct wr_error *error);
/* wr_series_read_csv_with for an open file, which stays open. */
wr_status wr_series_read_stream(FILE *file, const char *path, const struct wr_csv_options *options,
                                struct wr_series **series, struct wr_error *error);

/* wr_series_read_csv_with, and the series keeps the cells of a column as texts, without blanks
 * around them: of the column that wr_series_find finds by `texts`. If there is no such column, or
 * texts is NULL, it keeps none. */
wr_status wr_series_read_csv_texts(const char *path, const struct wr_csv_options *options,
                                   const char *texts, struct wr_series **series,
                                   struct wr_error *error);
/* wr_series_values, but cells may be missing: they are NaN. WR_ERR_DATA for any other bad cell. */
wr_status wr_series_values_known(const struct wr_series *series, size_t column,
                                 const double **values, struct wr_error *error);

/* Whether it is the first column and the header gives it no name: "" or, after pandas has read and
 * written such a file, "Unnamed: 0". */
bool wr_series_is_unnamed(const struct wr_series *series, size_t column);
/* Whether it is such a column and its numbers increase from row to row. */
bool wr_series_is_index(const struct wr_series *series, size_t column);

/* Prints a text by which wr_series_find finds the column: its name, quoted as in CSV if needed, or
 * its number if no name is its own. */
void wr_series_print_column(FILE *file, const struct wr_series *series, size_t column);

/* Prints `"wind"`, or `column 5` if it has no name. */
void wr_series_print_name(FILE *file, const struct wr_series *series, size_t column);

/* Writes `column "wind" (number 5)` or `column 5`. Returns to. */
const char *wr_series_column_text(const struct wr_series *series, size_t column, char to[96]);

#endif
