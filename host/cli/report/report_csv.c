/* The data of the page of a backtest's CSV, and of a history of benches. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/io/json_write.h"
#include "cli/report/report.h"
#include "data/cell.h"
#include "data/csv.h"

enum { ROWS_MOST = 20000 };

/* A column of the file, or a start of columns' names. */
struct column {
    const char *name;
    bool number;
    bool many; /* all columns whose names start like this */
};

struct csv_page {
    const struct source *source;
    const struct column *columns; /* (count) that the file may have */
    size_t count, needed;         /* the first `needed` columns must be there */
    struct wr_csv csv;
    size_t width;         /* cells of a row */
    bool *is_number;      /* (width) of each cell; NULL: not read yet */
    json_t *heads, *rows; /* NULL after an allocation failed */
};

/* The column of this name; NULL if the page knows none. */
static const struct column *find(const struct csv_page *page, const char *name) {
    for (size_t i = 0; i < page->count; i++) {
        const struct column *column = &page->columns[i];
        size_t length = strlen(column->name);
        if (column->many ? strncmp(name, column->name, length) == 0
                         : strcmp(name, column->name) == 0)
            return column;
    }
    return NULL;
}

static wr_status fail_line(const struct csv_page *page, const char *what) {
    return wr_fail(page->source->error, WR_ERR_DATA, "%s:%zu: %s", page->source->path,
                   page->csv.record_line, what);
}

static wr_status read_head(struct csv_page *page) {
    page->width = page->csv.count;
    page->is_number =
        wr_alloc(page->width, sizeof *page->is_number, "columns", page->source->error);
    if (page->is_number == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < page->width; i++) {
        const char *name = wr_csv_cell(&page->csv, i);
        const struct column *column = find(page, name);
        char excerpt[WR_EXCERPT];
        if (i < page->needed && strcmp(name, page->columns[i].name) != 0)
            return wr_fail(page->source->error, WR_ERR_DATA,
                           "%s:1: column %zu is \"%s\", not \"%s\"", page->source->path, i + 1,
                           wr_excerpt(name, excerpt), page->columns[i].name);
        page->is_number[i] = column != NULL && column->number;
        page->heads = wr_json_push(page->heads, json_text(name));
    }
    return page->width >= page->needed ? WR_OK : fail_line(page, "columns are missing");
}

static wr_status read_row(struct csv_page *page) {
    json_t *row = json_array();
    wr_status status = wr_csv_check_count(&page->csv, page->width, page->source->error);
    for (size_t i = 0; i < page->width && status == WR_OK; i++) {
        const char *cell = wr_csv_cell(&page->csv, i);
        double value = NAN;
        if (!page->is_number[i])
            row = wr_json_push(row, json_text(cell));
        else if (wr_cell_missing(cell) || wr_csv_number(&page->csv, cell, &value))
            row = wr_json_push(row, json_number(value));
        else
            status = fail_line(page, "a cell is no number");
    }
    if (status == WR_OK && json_array_size(page->rows) == ROWS_MOST)
        status = fail_line(page, "more than 20000 rows are too many for a page");
    page->rows = wr_json_push(page->rows, row);
    return status;
}

static wr_status read_rows(struct csv_page *page) {
    static const struct wr_csv_options how = {
        .delimiter = ',', .decimal = '.', .header = WR_HEADER_YES};
    struct wr_error *error = page->source->error;
    bool more = true;
    FILE *file = fmemopen((void *)page->source->text, page->source->size, "r");
    if (file == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for reading it", page->source->path);
    wr_status status = wr_csv_open(&page->csv, file, page->source->path, &how, error);
    while (status == WR_OK && more) {
        status = wr_csv_next(&page->csv, &more, error);
        if (status == WR_OK && more)
            status = page->is_number == NULL ? read_head(page) : read_row(page);
    }
    wr_csv_release(&page->csv);
    fclose(file);
    if (status == WR_OK && json_array_size(page->rows) == 0)
        status = page->rows == NULL
                     ? report_check_made(page->source, NULL)
                     : wr_fail(error, WR_ERR_DATA, "%s: it has no rows", page->source->path);
    return status;
}

static wr_status draw(const struct source *source, const char *kind, const struct column *columns,
                      size_t count, size_t needed, json_t **object) {
    struct csv_page page = {.source = source,
                            .columns = columns,
                            .count = count,
                            .needed = needed,
                            .heads = json_array(),
                            .rows = json_array()};
    wr_status status = read_rows(&page);
    free(page.is_number);
    json_t *made =
        json_pack("{s:s, s:o, s:o, s:o}", "kind", kind, "file",
                  json_text(source->options->file.text), "columns", page.heads, "rows", page.rows);
    if (status == WR_OK)
        status = report_check_made(source, made);
    if (status == WR_OK)
        *object = made;
    else
        json_decref(made);
    return status;
}

wr_status report_backtest_csv(const struct source *source, json_t **object) {
    static const struct column columns[] = {
        {"unique_id", false, false}, {"method", false, false},  {"mae", true, false},
        {"rmse", true, false},       {"smape", true, false},    {"mase", true, false},
        {"crps", true, false},       {"coverage-", true, true}, {"width-", true, true}};
    return draw(source, "scores", columns, sizeof columns / sizeof *columns, 7, object);
}

wr_status report_bench_csv(const struct source *source, json_t **object) {
    static const struct column columns[] = {
        {"date", false, false},    {"commit", false, false},   {"version", false, false},
        {"machine", false, false}, {"device", false, false},   {"threads", true, false},
        {"M", true, false},        {"H", true, false},         {"T", true, false},
        {"B", true, false},        {"schedule", false, false}, {"updates_per_s", true, false},
        {"of_peak", true, false},  {"spread", true, false}};
    return draw(source, "history", columns, sizeof columns / sizeof *columns, 13, object);
}
