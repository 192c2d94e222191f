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

/* Reads a CSV file, or standard input if path is "-", once from the first byte to the last. The
 * file is UTF-8 as in RFC 4180: quoted cells, CRLF or LF, an optional byte order mark; blanks
 * around a cell are ignored. Every record has as many cells as the first. If all records below a
 * header have one more cell and it is empty, it is ignored. Blank lines may stand only at the end.
 *
 * A number is decimal in every locale, with the decimal mark of the options and no other marks.
 * "nan", "inf" and "1e400" are numbers that cannot be used; hexadecimal is text. A column may have
 * cells that are empty, text or no finite float: only its use is an error, with file, line and
 * column.
 *
 * The delimiter is the one that splits the first records most evenly, or the one that a first line
 * sep=; names. The first record is a header if one of its cells is text or a date above numbers or
 * dates that it does not match, but not if it has a date above dates. An empty cell and NA do not
 * count.
 *
 * WR_ERR_DATA names file and line if the file cannot be read, has no rows, or is not such a CSV.
 * The caller frees *series with wr_series_free. */
wr_status wr_series_read_csv_with(const char *path, const struct wr_csv_options *options,
                                  struct wr_series **series, struct wr_error *error);
/* The same with options of {0}. */
wr_status wr_series_read_csv(const char *path, struct wr_series **series, struct wr_error *error);

/* Numbers in the caller's memory. The value of a row and a column is
 * values[row * row_stride + column * column_stride]. Strides count values, not bytes, and may be
 * negative. If both are 0, rows follow one another (numpy's C order: columns, 1). Where columns
 * follow one another (Fortran order), they are 1 and the number of rows. */
struct wr_series_array {
    const char *name; /* in messages, where a file has its path; NULL: "memory" */
    size_t rows, columns;
    const double *values;
    ptrdiff_t row_stride, column_stride;
    const char *const *names; /* (columns); NULL: columns have numbers only, "1", "2", ... */
};
/* Makes a series from an array, which is copied with its names. As in a file, a column may hold NaN
 * and other values that are no finite float: only its use is an error, which names row and column,
 * both from 1. WR_ERR_DATA without a row or a column, WR_ERR_USAGE without values. The caller frees
 * *series with wr_series_free. */
wr_status wr_series_of(const struct wr_series_array *array, struct wr_series **series,
                       struct wr_error *error);

/* x[0] = 20, x[1] = 21, x[t] = 0.7 x[t-1] + 0.2 x[t-2] + N(0, 0.5), where 0.5 is the standard
 * deviation. The values are computed in double from the counter-based generator and are the same on
 * every host. The series has one column, "x". WR_ERR_USAGE unless length >= 2. */
wr_status wr_series_ar2(size_t length, uint32_t seed, struct wr_series **series,
                        struct wr_error *error);

void wr_series_free(struct wr_series *series);

size_t wr_series_rows(const struct wr_series *series);
size_t wr_series_columns(const struct wr_series *series);
/* The header's name of a column (from 0), or NULL if there are no names. */
const char *wr_series_name(const struct wr_series *series, size_t column);

/* How the file was read, owned by the series; NULL if it was not read from a file. */
const struct wr_csv_found *wr_series_found(const struct wr_series *series);

/* Finds a column by its name, where case does not matter unless two names differ by case alone,
 * else by its number from 1. WR_ERR_DATA lists the columns if there is none, or if several have the
 * name. */
wr_status wr_series_find(const struct wr_series *series, const char *column, size_t *index,
                         struct wr_error *error);
/* The first column whose cells are all finite numbers that fit a float. A first column without a
 * name is skipped if its whole numbers increase from row to row, because it is an index; in an
 * array no column is. */
wr_status wr_series_first_numeric(const struct wr_series *series, size_t *index,
                                  struct wr_error *error);
/* The cells (rows) of a column, owned by the series. WR_ERR_DATA names file, line (or row)
 * and column of the first cell that is not a finite number that fits a float. */
wr_status wr_series_values(const struct wr_series *series, size_t column, const double **values,
                           struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
