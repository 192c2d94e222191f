/* A series from a CSV file. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "data/cell.h"
#include "data/csv.h"
#include "data/series.h"

static wr_status add_row(struct wr_series *series, const struct wr_csv *csv, locale_t c,
                         struct wr_error *error) {
    wr_status status = wr_csv_check_count(csv, series->columns, error);
    if (status != WR_OK)
        return status;
    for (size_t i = 0; i < series->columns; i++) {
        struct wr_column *column = &series->column[i];
        double *values = wr_grow(column->values, &column->capacity, series->rows + 1,
                                 sizeof *values, series->source, error);
        if (values == NULL)
            return WR_ERR_MEMORY;
        column->values = values;
        const char *cell = wr_csv_cell(csv, i);
        const char *why = wr_cell_value(cell, c, &values[series->rows]);
        if (why == NULL)
            continue;
        values[series->rows] = NAN;
        if (column->bad_line != 0)
            continue;
        char excerpt[WR_EXCERPT];
        column->bad_text = strdup(wr_excerpt(cell, excerpt));
        if (column->bad_text == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for it", series->source);
        column->bad_line = csv->record_line;
        column->bad_why = why;
    }
    series->rows++;
    return WR_OK;
}

/* The first record has been read. */
static wr_status fill(struct wr_series *series, struct wr_csv *csv, locale_t c,
                      struct wr_error *error) {
    bool more;
    wr_status status = wr_csv_is_header(csv, c) ? wr_series_name_columns(series, csv, error)
                                                : add_row(series, csv, c, error);
    while (status == WR_OK) {
        status = wr_csv_next(csv, &more, error);
        if (status != WR_OK || !more)
            break;
        status = add_row(series, csv, c, error);
    }
    if (status == WR_OK && series->rows == 0)
        return wr_fail(error, WR_ERR_DATA, "%s: holds a header alone; a series needs rows",
                       series->source);
    return status;
}

static wr_status read_records(struct wr_csv *csv, struct wr_series **series, locale_t c,
                              struct wr_error *error) {
    bool more;
    wr_status status = wr_csv_next(csv, &more, error);
    if (status != WR_OK)
        return status;
    if (!more)
        return wr_fail(error, WR_ERR_DATA, "%s: is empty; a series needs rows", csv->path);
    status = wr_series_new(csv->path, csv->count, series, error);
    if (status != WR_OK)
        return status;
    status = fill(*series, csv, c, error);
    if (status != WR_OK) {
        wr_series_free(*series);
        *series = NULL;
    }
    return status;
}

wr_status wr_series_read_stream(FILE *file, const char *path, struct wr_series **series,
                                struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *series = NULL;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for reading it", path);
    struct wr_csv csv;
    wr_csv_init(&csv, file, path);
    wr_status status = read_records(&csv, series, c, error);
    wr_csv_release(&csv);
    freelocale(c);
    return status;
}

wr_status wr_series_read_csv(const char *path, struct wr_series **series, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *series = NULL;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return wr_fail(error, wr_cause(errno, WR_ERR_DATA), "%s: cannot be opened: %s", path,
                       strerror(errno));
    wr_status status = wr_series_read_stream(file, path, series, error);
    fclose(file);
    return status;
}
