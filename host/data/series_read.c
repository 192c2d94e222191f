/* Reads a series from a CSV file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "data/cell.h"
#include "data/csv.h"
#include "data/series.h"

static wr_status add_text(struct wr_series *series, const char *cell, struct wr_error *error) {
    size_t length;
    const char *from = wr_cell_trim(cell, &length);
    char *texts = wr_grow(series->texts, &series->texts_capacity, series->texts_used + length + 1,
                          1, series->source, error);
    if (texts == NULL)
        return WR_ERR_MEMORY;
    series->texts = texts;
    memcpy(texts + series->texts_used, from, length);
    texts[series->texts_used + length] = '\0';
    series->texts_used += length + 1;
    return WR_OK;
}

static wr_status add_row(struct wr_series *series, struct wr_csv *csv, struct wr_error *error) {
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
        status = wr_profile_add(&column->profile, csv, cell, error);
        if (status == WR_OK && i == series->texts_column)
            status = add_text(series, cell, error);
        if (status != WR_OK)
            return status;
        const char *why = wr_csv_value(csv, cell, &values[series->rows]);
        if (why == NULL)
            continue;
        values[series->rows] = NAN;
        column->flawed |= !wr_cell_missing(cell);
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

/* Reads the rows. The first record was read last. */
static wr_status fill(struct wr_series *series, struct wr_csv *csv, const char *texts,
                      struct wr_error *error) {
    bool more;
    wr_status status = WR_OK;
    if (csv->found.header)
        status = wr_series_name_columns(series, csv, error);
    if (status == WR_OK && texts != NULL)
        (void)wr_series_find(series, texts, &series->texts_column, NULL);
    if (status == WR_OK && !csv->found.header)
        status = add_row(series, csv, error);
    while (status == WR_OK) {
        status = wr_csv_next(csv, &more, error);
        if (status != WR_OK || !more)
            break;
        status = add_row(series, csv, error);
    }
    if (status == WR_OK && series->rows == 0)
        return wr_fail(error, WR_ERR_DATA, "%s: holds a header alone; a series needs rows",
                       series->source);
    return status;
}

static wr_status read_records(struct wr_csv *csv, const char *texts, struct wr_series **series,
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
    (*series)->file = true;
    (*series)->found = csv->found;
    status = fill(*series, csv, texts, error);
    if (status != WR_OK) {
        wr_series_free(*series);
        *series = NULL;
    }
    return status;
}

static wr_status read_stream(FILE *file, const char *path, const struct wr_csv_options *options,
                             const char *texts, struct wr_series **series, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *series = NULL;
    struct wr_csv csv;
    wr_status status = wr_csv_open(&csv, file, path, options, error);
    if (status == WR_OK)
        status = read_records(&csv, texts, series, error);
    wr_csv_release(&csv);
    return status;
}

wr_status wr_series_read_stream(FILE *file, const char *path, const struct wr_csv_options *options,
                                struct wr_series **series, struct wr_error *error) {
    return read_stream(file, path, options, NULL, series, error);
}

wr_status wr_series_read_csv_texts(const char *path, const struct wr_csv_options *options,
                                   const char *texts, struct wr_series **series,
                                   struct wr_error *error) {
    *series = NULL;
    const char *name;
    FILE *file;
    wr_status status = wr_csv_open_file(path, &file, &name, error);
    if (status != WR_OK)
        return status;
    status = read_stream(file, name, options, texts, series, error);
    wr_csv_close_file(file);
    return status;
}

wr_status wr_series_read_csv_with(const char *path, const struct wr_csv_options *options,
                                  struct wr_series **series, struct wr_error *error) {
    return wr_series_read_csv_texts(path, options, NULL, series, error);
}

wr_status wr_series_read_csv(const char *path, struct wr_series **series, struct wr_error *error) {
    return wr_series_read_csv_with(path, &(struct wr_csv_options){0}, series, error);
}
