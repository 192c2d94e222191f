/* A series: rows of numbers in time order, one column per variable. */
#ifndef WINDROW_SERIES_H
#define WINDROW_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "windrow/csv.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_series;

/* Reads a CSV file in UTF-8 (RFC 4180: quoted cells, CRLF or LF, an optional byte order mark;
 * blanks around a cell do not count), once from its first byte to its last, or standard input where
 * path is
 * "-". Every record has as many cells as the first, or one more that is empty where all
 * below a header do so; blank lines may
 * stand at the end alone.
 *
 * A number is decimal, whatever the locale, with the decimal mark of the options and no other
 * marks; "nan", "inf" and "1e400" are numbers that cannot be used, hexadecimal is text. Columns
 * with cells that are empty, text or no finite float may stand in the file; it is an error (with
 * file, line and column) only to use one.
 *
 * The delimiter is found by how alike the first records are cut, and named by a first line sep=;.
 * The first record is a header if one of its cells is text, or a date, above numbers or dates that
 * it does not fit; but not if it has a date above dates. An empty cell and NA tell nothing.
 *
 * WR_ERR_DATA with file and line where the file cannot be read, holds no row, or is no such CSV.
 * *series is owned by the caller: wr_series_free. */
wr_status wr_series_read_csv_with(const char *path, const struct wr_csv_options *options,
                                  struct wr_series **series, struct wr_error *error);
/* The same with options of {0}. */
wr_status wr_series_read_csv(const char *path, struct wr_series **series, struct wr_error *error);

/* x[0] = 20, x[1] = 21, x[t] = 0.7 x[t-1] + 0.2 x[t-2] + N(0, 0.5), 0.5 being the standard
 * deviation, computed in double from the counter-based generator: the same values on every host.
 * One column named "x". length >= 2, else WR_ERR_USAGE. */
wr_status wr_series_ar2(size_t length, uint32_t seed, struct wr_series **series,
                        struct wr_error *error);

void wr_series_free(struct wr_series *series);

size_t wr_series_rows(const struct wr_series *series);
size_t wr_series_columns(const struct wr_series *series);
/* The header's name of a column (counted from 0), or NULL where the file has no header. */
const char *wr_series_name(const struct wr_series *series, size_t column);

/* What the file was read by, owned by the series; NULL for a synthetic one. */
const struct wr_csv_found *wr_series_found(const struct wr_series *series);

/* The index of a column given by its name, in whatever case where no other one is written so, else
 * by its 1-based number. WR_ERR_DATA lists the
 * columns there are, and refuses a name that several columns have. */
wr_status wr_series_find(const struct wr_series *series, const char *column, size_t *index,
                         struct wr_error *error);
/* The first column whose cells are all finite numbers that fit a float, but for an unnamed first
 * column of whole numbers that rise from row to row, as an index does. */
wr_status wr_series_first_numeric(const struct wr_series *series, size_t *index,
                                  struct wr_error *error);
/* Checks that every cell of the column is a finite number that fits a float, and gives the cells:
 * (rows), owned by the series. The error names file, line and column of the first bad cell. */
wr_status wr_series_values(const struct wr_series *series, size_t column, const double **values,
                           struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
