/* Cells of a CSV file: what is empty, what is a number, what is a header. */
#ifndef WR_CELL_H
#define WR_CELL_H

#include <locale.h>
#include <stdbool.h>

#include "data/csv.h"
#include "data/series.h"

/* Nothing but blanks. */
bool wr_cell_empty(const char *cell);
/* Whether a cell is a number, finite or not; c: the "C" locale, for the decimal point. */
bool wr_cell_number(const char *cell, locale_t c, double *value);
/* NULL, or what is wrong with a cell as a value. */
const char *wr_cell_value(const char *cell, locale_t c, double *value);
/* The cell's first byte that is no blank; *length bytes are left without blanks at the end. */
const char *wr_cell_trim(const char *cell, size_t *length);

/* Whether the record last read has a cell of text. */
bool wr_csv_is_header(const struct wr_csv *csv, locale_t c);
/* WR_ERR_DATA unless the record has as many cells as the first. */
wr_status wr_csv_check_count(const struct wr_csv *csv, size_t columns, struct wr_error *error);
/* Names the columns of a series without names after the record last read. */
wr_status wr_series_name_columns(struct wr_series *series, const struct wr_csv *csv,
                                 struct wr_error *error);

#endif
