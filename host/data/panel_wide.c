/* Wide CSV: a record for each series. */
#include <math.h>

#include "base/arithmetic.h"
#include "data/cell.h"
#include "data/panel.h"

/* Whether the cells are values: numbers that do not increase do not number the steps. */
static bool is_values(const struct wr_csv *csv) {
    double last = -INFINITY, value;
    bool rising = true;
    for (size_t i = 1; i < csv->count; i++) {
        if (!wr_csv_number(csv, wr_csv_cell(csv, i), &value))
            return false;
        rising = rising && value > last;
        last = value;
    }
    return !rising;
}

/* Whether the cells after the first are numbers that increase by 1. */
static bool counts_up(const struct wr_csv *csv) {
    double last = 0, value;
    for (size_t i = 1; i < csv->count; i++) {
        if (!wr_csv_number(csv, wr_csv_cell(csv, i), &value) || (i > 1 && value != last + 1))
            return false;
        last = value;
    }
    return true;
}

/* Finds whether the first record, which was read last, is a header. */
static wr_status read_header(struct wr_csv *csv, struct wr_error *error) {
    if (csv->count < 2)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: has one column by the delimiter %s; a wide file has a column of names, "
                       "then one for each step",
                       csv->path, wr_csv_delimiter_text(csv->found.delimiter, (char[8]){0}));
    if (!csv->found.header_found)
        return WR_OK;
    if (is_values(csv))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu holds values; a wide file starts with a header, unless "
                       "\1header=no\1 says otherwise",
                       csv->path, csv->record_line);
    csv->found.header_doubted = !csv->found.header && !counts_up(csv);
    csv->found.header = true;
    return WR_OK;
}

static wr_status name_series(struct wr_panel *panel, const struct wr_csv *csv, size_t *series,
                             struct wr_error *error) {
    size_t length, before = panel->count;
    const char *id = wr_cell_trim(wr_csv_cell(csv, 0), &length);
    if (length == 0)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu starts with no name of a series; give it one", csv->path,
                       csv->record_line);
    wr_status status = wr_panel_find_named(panel, csv, id, length, series, error);
    if (status != WR_OK || *series == before)
        return status;
    return wr_panel_fail(panel, &panel->series[*series], csv->record_line, error,
                         "the series stands twice, on line %zu as well; leave one, or give it "
                         "another name",
                         panel->series[*series].rows.lines[0]);
}

static wr_status add_record(struct wr_panel *panel, const struct wr_csv *csv, size_t columns,
                            struct wr_error *error) {
    size_t index, count = csv->count;
    wr_status status = name_series(panel, csv, &index, error);
    if (status != WR_OK)
        return status;
    struct wr_panel_series *series = &panel->series[index];
    while (count > 2 && wr_cell_empty(wr_csv_cell(csv, count - 1)))
        count--;
    if (count > columns)
        return wr_panel_fail(panel, series, csv->record_line, error,
                             "the record has %zu cells, the header has %zu; lengthen the header",
                             count, columns);
    if (count < 2)
        return wr_panel_fail(panel, series, csv->record_line, error,
                             "the series has no value; give it one, or leave it out");
    for (size_t i = 1; i < count; i++) {
        double *cell = wr_panel_add(panel, series, (int64_t)i, csv->record_line, error);
        if (cell == NULL)
            return WR_ERR_MEMORY;
        const char *why = wr_panel_cell(csv, wr_csv_cell(csv, i), cell);
        char excerpt[WR_EXCERPT];
        if (why != NULL)
            return wr_panel_fail(panel, series, csv->record_line, error,
                                 "column %zu: \"%s\" %s; leave the cell empty where a value is "
                                 "missing",
                                 i + 1, wr_excerpt(wr_csv_cell(csv, i), excerpt), why);
    }
    return WR_OK;
}

wr_status wr_panel_wide(struct wr_csv *csv, const struct wr_panel_spec *spec,
                        struct wr_panel **panel, struct wr_error *error) {
    if (spec->freq != NULL || spec->tz != NULL)
        return wr_fail(
            error, WR_ERR_USAGE,
            "\1%s\1 goes with time stamps, but %s is wide, where steps are numbered; leave "
            "it out, or say \1layout=long\1",
            spec->freq != NULL ? "freq" : "tz", csv->path);
    wr_status status = read_header(csv, error);
    size_t columns = csv->found.header ? csv->count : SIZE_MAX;
    if (status == WR_OK)
        status = wr_panel_new(csv->path, 0, 0, panel, error);
    if (status == WR_OK)
        (*panel)->found = csv->found;
    bool more = !csv->found.header; /* whether the last record holds data */
    while (status == WR_OK) {
        if (more)
            status = add_record(*panel, csv, columns, error);
        if (status == WR_OK)
            status = wr_csv_next(csv, &more, error);
        if (!more)
            break;
    }
    if (status == WR_OK)
        (*panel)->numbered = true;
    return status;
}
