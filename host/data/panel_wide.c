/* Wide CSV: a record for each series. */
#include <math.h>

#include "base/arithmetic.h"
#include "data/cell.h"
#include "data/panel.h"

/* Numbers that do not rise number no steps: they are the values of a series. */
static bool is_values(const struct wr_csv *csv, locale_t c) {
    double last = -INFINITY, value;
    bool rising = true;
    for (size_t i = 1; i < csv->count; i++) {
        if (!wr_cell_number(wr_csv_cell(csv, i), c, &value))
            return false;
        rising = rising && value > last;
        last = value;
    }
    return !rising;
}

static wr_status check_header(const struct wr_csv *csv, locale_t c, struct wr_error *error) {
    if (csv->count < 2)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: has one column; a wide file has a column of names, then one for each "
                       "step",
                       csv->path);
    if (is_values(csv, c))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu holds values; a wide file starts with a header", csv->path,
                       csv->record_line);
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
                            locale_t c, struct wr_error *error) {
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
        const char *why = wr_panel_cell(wr_csv_cell(csv, i), c, cell);
        char excerpt[WR_EXCERPT];
        if (why != NULL)
            return wr_panel_fail(panel, series, csv->record_line, error,
                                 "column %zu: \"%s\" %s; leave the cell empty where a value is "
                                 "missing",
                                 i + 1, wr_excerpt(wr_csv_cell(csv, i), excerpt), why);
    }
    return WR_OK;
}

wr_status wr_panel_wide(struct wr_csv *csv, const struct wr_panel_spec *spec, locale_t c,
                        struct wr_panel **panel, struct wr_error *error) {
    (void)spec;
    size_t columns = csv->count;
    wr_status status = check_header(csv, c, error);
    if (status == WR_OK)
        status = wr_panel_new(csv->path, 0, 0, panel, error);
    for (bool more; status == WR_OK;) {
        status = wr_csv_next(csv, &more, error);
        if (status != WR_OK || !more)
            break;
        status = add_record(*panel, csv, columns, c, error);
    }
    if (status == WR_OK)
        (*panel)->numbered = true;
    return status;
}

wr_status wr_panel_read_wide(const char *path, enum wr_missing missing, struct wr_panel **panel,
                             struct wr_error *error) {
    WR_ARITHMETIC(callers);
    return wr_panel_read_file(path, wr_panel_wide, &(struct wr_panel_spec){.missing = missing},
                              panel, error);
}
