/* What the tests of series share: reading a text, and a check of a column. */
#ifndef WR_TEST_SERIES_SUPPORT_H
#define WR_TEST_SERIES_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/series.h"

/* Reads `size` bytes as file t.csv, with options or with the defaults. */
wr_status read_by(const char *text, size_t size, const struct wr_csv_options *options,
                  struct wr_series **series, struct wr_error *error);
wr_status read_bytes(const char *text, size_t size, struct wr_series **series,
                     struct wr_error *error);
/* Reads the text and fails the test if that fails. */
struct wr_series *read_text(const char *text);
/* Compares the values of a column, by its name or number. */
void assert_column(const struct wr_series *series, const char *column, size_t rows,
                   const double *expected);

#define DOUBLES(...)                                                                               \
    (const double[]) {                                                                             \
        __VA_ARGS__                                                                                \
    }

#endif
