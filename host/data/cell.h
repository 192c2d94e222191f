/* Cells of a CSV file: what is missing, what is a number, what is a date. */
#ifndef WR_CELL_H
#define WR_CELL_H

#include <stdbool.h>

#include "data/csv.h"

enum wr_cell_kind {
    WR_CELL_MISSING, /* empty, NA, N/A, null, None, NaN */
    WR_CELL_NUMBER,  /* finite or not */
    WR_CELL_COMMA,   /* it would be one by the other decimal mark */
    WR_CELL_DATE,    /* a time stamp that is no number */
    WR_CELL_TEXT
};
/* *value: the number, or NaN where it is none. */
enum wr_cell_kind wr_csv_kind(const struct wr_csv *csv, const char *cell, double *value);

/* Nothing but blanks. */
bool wr_cell_empty(const char *cell);
/* Empty, or a word for a value that is missing. */
bool wr_cell_missing(const char *cell);
/* Whether a cell is the word, whatever its case, but for blanks around it. */
bool wr_cell_is(const char *cell, const char *word);
/* The cell's first byte that is no blank; *length bytes are left without blanks at the end. */
const char *wr_cell_trim(const char *cell, size_t *length);
/* Whether a cell is a number by the file's decimal mark, finite or not. */
bool wr_csv_number(const struct wr_csv *csv, const char *cell, double *value);
/* NULL, or what is wrong with a cell as a value. */
const char *wr_csv_value(const struct wr_csv *csv, const char *cell, double *value);

/* WR_ERR_DATA unless the record has as many cells as the first. One more that is empty is dropped
 * where all records below a header have it: they end with a delimiter. */
wr_status wr_csv_check_count(struct wr_csv *csv, size_t columns, struct wr_error *error);
#endif
