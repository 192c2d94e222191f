/* Long CSV: a record for each value. */
#include <string.h>

#include "base/arithmetic.h"
#include "data/cell.h"
#include "data/panel.h"

/* The last record read is the first, which may be a header. */
static wr_status read_header(struct wr_panel *panel, const struct wr_csv *csv,
                             const struct wr_panel_spec *spec, struct wr_error *error) {
    wr_status status = wr_series_new(panel->path, csv->count, &panel->header, error);
    panel->header_line = csv->found.header ? csv->record_line : 0;
    if (status == WR_OK && csv->found.header)
        status = wr_series_name_columns(panel->header, csv, error);
    if (status != WR_OK)
        return status;
    panel->role = wr_alloc(csv->count, sizeof *panel->role, "the roles of columns", error);
    return panel->role != NULL ? wr_panel_take_columns(panel, spec, error) : WR_ERR_MEMORY;
}

/* Fails because the name of a column, which would name the series, is not UTF-8. */
static wr_status fail_name(const struct wr_panel *panel, size_t column, struct wr_error *error) {
    char text[96];
    return wr_fail(
        error, WR_ERR_DATA, "%s: line %zu: the name of %s is not UTF-8; save the file as UTF-8 CSV",
        panel->path, panel->header_line, wr_series_column_text(panel->header, column, text));
}

/* Finds the series of the last record. */
static wr_status find_series(struct wr_panel *panel, const struct wr_csv *csv, size_t *series,
                             struct wr_error *error) {
    size_t length, target = panel->column[0];
    char number[24];
    const char *id;
    if (panel->id_column != WR_NO_COLUMN) {
        id = wr_cell_trim(wr_csv_cell(csv, panel->id_column), &length);
        if (length == 0)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: line %zu has no name of a series in column %zu; fill it in",
                           panel->path, csv->record_line, panel->id_column + 1);
    } else {
        id = panel->header->column[target].name;
        snprintf(number, sizeof number, "%zu", target + 1);
        if (id == NULL)
            id = number;
        length = strlen(id);
        if (!wr_is_utf8(id, length))
            return fail_name(panel, target, error);
    }
    return wr_panel_find_named(panel, csv, id, length, series, error);
}

static wr_status read_values(struct wr_panel *panel, const struct wr_panel_series *series,
                             const struct wr_csv *csv, double *cells, struct wr_error *error) {
    for (size_t i = 0; i < panel->columns; i++) {
        const char *cell = wr_csv_cell(csv, panel->column[i]);
        const char *why = wr_panel_cell(csv, cell, &cells[i]);
        char name[96], excerpt[WR_EXCERPT];
        if (why != NULL)
            return wr_panel_fail(panel, series, csv->record_line, error,
                                 "%s: \"%s\" %s; leave the cell empty where a value is missing",
                                 wr_series_column_text(panel->header, panel->column[i], name),
                                 wr_excerpt(cell, excerpt), why);
    }
    return WR_OK;
}

static wr_status add_record(struct wr_panel *panel, struct wr_csv *csv, struct wr_error *error) {
    size_t index;
    wr_status status = wr_csv_check_count(csv, panel->header->columns, error);
    if (status == WR_OK && panel->column[0] == WR_NO_COLUMN)
        status = wr_panel_guess_target(panel, csv, error);
    if (status == WR_OK)
        status = wr_panel_profile_unused(panel, csv, error);
    if (status == WR_OK)
        status = find_series(panel, csv, &index, error);
    if (status != WR_OK)
        return status;
    struct wr_panel_series *series = &panel->series[index];
    int64_t time = (int64_t)series->rows.count + 1;
    if (panel->time_column != WR_NO_COLUMN) {
        struct wr_given_stamp stamp = {.text = wr_csv_cell(csv, panel->time_column),
                                       .line = csv->record_line};
        status = wr_panel_read_time(panel, series, &stamp, csv, &time, error);
    }
    if (status != WR_OK)
        return status;
    double *cells = wr_panel_add(panel, series, time, csv->record_line, error);
    return cells != NULL ? read_values(panel, series, csv, cells, error) : WR_ERR_MEMORY;
}

wr_status wr_panel_long(struct wr_csv *csv, const struct wr_panel_spec *spec,
                        struct wr_panel **panel, struct wr_error *error) {
    wr_status status = wr_panel_new(csv->path, spec->pasts, spec->futures, panel, error);
    if (status == WR_OK)
        status = read_header(*panel, csv, spec, error);
    if (status == WR_OK)
        status = wr_panel_set_times(*panel, spec, error);
    if (status == WR_OK)
        (*panel)->found = csv->found;
    bool more = !csv->found.header; /* whether the last record holds data */
    while (status == WR_OK) {
        if (more)
            status = add_record(*panel, csv, error);
        if (status == WR_OK)
            status = wr_csv_next(csv, &more, error);
        if (!more)
            break;
    }
    if (status == WR_OK && (*panel)->count > 0)
        status = wr_panel_check_unused(*panel, error);
    return status;
}
