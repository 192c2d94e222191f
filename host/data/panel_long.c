/* Long CSV: a record for each value. */
#include <math.h>
#include <string.h>

#include "data/cell.h"
#include "data/panel.h"

#define NONE SIZE_MAX

struct roles {
    size_t id, time; /* columns, or NONE */
};

/* The column asked for; without that, the one of the usual name, or NONE. */
static wr_status find_column(const struct wr_series *header, const char *asked, const char *usual,
                             size_t *column, struct wr_error *error) {
    if (asked != NULL)
        return wr_series_find(header, asked, column, error);
    *column = NONE;
    for (size_t i = 0; i < header->columns; i++)
        if (strcmp(header->column[i].name, usual) == 0)
            return wr_series_find(header, usual, column, error);
    return WR_OK;
}

static bool is_taken(const struct wr_panel *panel, const struct roles *roles, size_t column) {
    for (size_t i = 1; i < panel->columns; i++)
        if (panel->column[i] == column)
            return true;
    return column == roles->id || column == roles->time;
}

/* The first column without another part to play that holds a number in the first record. */
static wr_status first_number(struct wr_panel *panel, const struct roles *roles,
                              const struct wr_csv *csv, locale_t c, struct wr_error *error) {
    double value;
    for (size_t i = 0; i < csv->count; i++)
        if (!is_taken(panel, roles, i) && wr_cell_number(wr_csv_cell(csv, i), c, &value)) {
            panel->column[0] = i;
            return WR_OK;
        }
    return wr_fail(error, WR_ERR_DATA,
                   "%s: line %zu holds no number that could be the target, and there is no column "
                   "\"y\"; name the target",
                   panel->path, csv->record_line);
}

static wr_status find_covariates(struct wr_panel *panel, const struct wr_panel_spec *spec,
                                 struct wr_error *error) {
    wr_status status = WR_OK;
    size_t *column = panel->column + 1;
    for (size_t i = 0; status == WR_OK && i < spec->pasts; i++)
        status = wr_series_find(panel->header, spec->past[i], column++, error);
    for (size_t i = 0; status == WR_OK && i < spec->futures; i++)
        status = wr_series_find(panel->header, spec->future[i], column++, error);
    return status;
}

/* The header has been read. */
static wr_status read_header(struct wr_panel *panel, const struct wr_csv *csv,
                             const struct wr_panel_spec *spec, locale_t c, struct roles *roles,
                             struct wr_error *error) {
    if (!wr_csv_is_header(csv, c))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu is no header; start the file with the names of its columns",
                       panel->path, csv->record_line);
    wr_status status = wr_series_new(panel->path, csv->count, &panel->header, error);
    if (status == WR_OK)
        status = wr_series_name_columns(panel->header, csv, error);
    if (status == WR_OK)
        status = find_column(panel->header, spec->id, "unique_id", &roles->id, error);
    if (status == WR_OK)
        status = find_column(panel->header, spec->time, "ds", &roles->time, error);
    if (status == WR_OK)
        status = find_column(panel->header, spec->target, "y", &panel->column[0], error);
    panel->numbered = roles->time == NONE;
    return status == WR_OK ? find_covariates(panel, spec, error) : status;
}

/* The series of the record last read. */
static wr_status find_series(struct wr_panel *panel, const struct wr_csv *csv,
                             const struct roles *roles, size_t *series, struct wr_error *error) {
    size_t length;
    const char *id = roles->id == NONE ? panel->header->column[panel->column[0]].name
                                       : wr_cell_trim(wr_csv_cell(csv, roles->id), &length);
    if (roles->id == NONE)
        length = strlen(id);
    if (length == 0 && roles->id != NONE)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu has no name of a series in column %zu; fill it in",
                       panel->path, csv->record_line, roles->id + 1);
    return wr_panel_find_named(panel, csv, id, length, series, error);
}

static wr_status add_record(struct wr_panel *panel, const struct wr_csv *csv,
                            const struct roles *roles, locale_t c, struct wr_error *error) {
    size_t index;
    wr_status status = wr_csv_check_count(csv, panel->header->columns, error);
    if (status == WR_OK && panel->column[0] == NONE)
        status = first_number(panel, roles, csv, c, error);
    if (status == WR_OK)
        status = find_series(panel, csv, roles, &index, error);
    if (status != WR_OK)
        return status;
    struct wr_panel_series *series = &panel->series[index];
    int64_t time = (int64_t)series->rows.count + 1;
    if (roles->time != NONE)
        status = wr_panel_read_time(panel, series, csv, roles->time, &time, error);
    if (status != WR_OK)
        return status;
    double *cells = wr_panel_add(panel, series, time, csv->record_line, error);
    if (cells == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < panel->columns; i++) {
        const char *cell = wr_csv_cell(csv, panel->column[i]);
        const char *why = wr_panel_cell(cell, c, &cells[i]);
        char name[96], excerpt[WR_EXCERPT];
        if (why != NULL)
            return wr_panel_fail(panel, series, csv->record_line, error,
                                 "%s: \"%s\" %s; leave the cell empty where a value is missing",
                                 wr_series_column_text(panel->header, panel->column[i], name),
                                 wr_excerpt(cell, excerpt), why);
    }
    return WR_OK;
}

wr_status wr_panel_long(struct wr_csv *csv, const struct wr_panel_spec *spec, locale_t c,
                        struct wr_panel **panel, struct wr_error *error) {
    struct roles roles = {NONE, NONE};
    wr_status status = wr_panel_new(csv->path, spec->pasts, spec->futures, panel, error);
    if (status == WR_OK)
        status = read_header(*panel, csv, spec, c, &roles, error);
    if (status == WR_OK)
        status = wr_panel_set_times(*panel, spec, error);
    for (bool more; status == WR_OK;) {
        status = wr_csv_next(csv, &more, error);
        if (status != WR_OK || !more)
            break;
        status = add_record(*panel, csv, &roles, c, error);
    }
    return status;
}

wr_status wr_panel_read_long(const char *path, const struct wr_panel_spec *spec,
                             struct wr_panel **panel, struct wr_error *error) {
    return wr_panel_read_file(path, wr_panel_long, spec, panel, error);
}
