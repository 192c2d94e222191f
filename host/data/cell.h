/* Cells of a CSV file: what is missing, what is a number, what is a date. */
#ifndef WR_CELL_H
#define WR_CELL_H

#include <stdbool.h>

#include "data/csv.h"

enum wr_cell_kind {
    WR_CELL_MISSING, /* empty, NA, N/A, null, None, NaN */
    WR_CELL_NUMBER,  /* finite or not */
    WR_CELL_COMMA,   /* a number with the other decimal mark */
    WR_CELL_DATE,    /* a time stamp that is not a number */
    WR_CELL_TEXT
};
/* The kind of a cell. *value: the number, or NaN if it is none. */
enum wr_cell_kind wr_csv_kind(const struct wr_csv *csv, const char *cell, double *value);

/* Whether a cell has only blanks. */
bool wr_cell_empty(const char *cell);
/* Whether a cell is empty or a word for a missing value. */
bool wr_cell_missing(const char *cell);
/* Whether a cell is the word, ignoring case and blanks around it. */
bool wr_cell_is(const char *cell, const char *word);
/* The cell's first byte that is not blank; *length excludes blanks at the end. */
const char *wr_cell_trim(const char *cell, size_t *length);
/* Whether a cell is a number, finite or not, with the file's decimal mark. */
bool wr_csv_number(const struct wr_csv *csv, const char *cell, double *value);
/* NULL, or what is wrong with a value: it is not finite, or does not fit a float. */
const char *wr_value_flaw(double value);
/* Reads a cell as a value. NULL, or what is wrong with it. */
const char *wr_csv_value(const struct wr_csv *csv, const char *cell, double *value);

/* WR_ERR_DATA unless the record has as many cells as the first. If all records below a header end
 * with a delimiter, their empty last cell is dropped. */
wr_status wr_csv_check_count(struct wr_csv *csv, size_t columns, struct wr_error *error);
#endif
