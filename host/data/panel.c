/* Panels: finds series by name, and gives access to the data. */
#include "data/panel.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/text.h"
#include "data/cell.h"

wr_status wr_panel_new(const char *path, size_t pasts, size_t futures, struct wr_panel **panel,
                       struct wr_error *error) {
    *panel = calloc(1, sizeof **panel);
    size_t columns, capacity = 0;
    if (*panel == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for a panel", path);
    if (!wr_size_add(pasts, futures, &columns) || !wr_size_add(columns, 1, &columns))
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for %zu covariates", path, pasts);
    (*panel)->columns = columns;
    (*panel)->id_column = (*panel)->time_column = WR_NO_COLUMN;
    (*panel)->pasts = pasts;
    (*panel)->futures = futures;
    (*panel)->path = strdup(path);
    (*panel)->column = wr_grow(NULL, &capacity, columns, sizeof *(*panel)->column, path, error);
    if ((*panel)->path == NULL || (*panel)->column == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for %zu columns", path, columns);
    return WR_OK;
}

void wr_panel_free_rows(struct wr_panel_rows *rows) {
    free(rows->cells);
    free(rows->times);
    free(rows->lines);
    *rows = (struct wr_panel_rows){0};
}

void wr_panel_free(struct wr_panel *panel) {
    if (panel == NULL)
        return;
    for (size_t i = 0; i < panel->count; i++) {
        wr_panel_free_rows(&panel->series[i].rows);
        free(panel->series[i].id);
        free(panel->series[i].values);
        free(panel->series[i].observed);
        free(panel->series[i].lines);
    }
    free(panel->series);
    free(panel->slots);
    free(panel->column);
    free(panel->role);
    free(panel->path);
    free(panel->notes);
    free(panel->tz);
    wr_zone_free(panel->zone);
    wr_series_free(panel->header);
    free(panel);
}

/* The slot of a name: its series' slot, or the empty slot where it belongs. */
static size_t slot_of(const struct wr_panel *panel, const char *id, size_t length) {
    uint64_t hash = wr_hash(WR_HASH_START, id, length);
    size_t slot = (size_t)(hash ^ hash >> 32) & (panel->slot_count - 1);
    for (; panel->slots[slot] != 0; slot = (slot + 1) & (panel->slot_count - 1)) {
        const char *other = panel->series[panel->slots[slot] - 1].id;
        if (strncmp(other, id, length) == 0 && other[length] == '\0')
            break;
    }
    return slot;
}

/* Keeps at least half of the slots empty. */
static wr_status grow_slots(struct wr_panel *panel, struct wr_error *error) {
    if (panel->count < panel->slot_count / 2)
        return WR_OK;
    size_t count = panel->slot_count == 0 ? 16 : 2 * panel->slot_count;
    size_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for the names of series", panel->path);
    free(panel->slots);
    panel->slots = slots;
    panel->slot_count = count;
    for (size_t i = 0; i < panel->count; i++)
        slots[slot_of(panel, panel->series[i].id, strlen(panel->series[i].id))] = i + 1;
    return WR_OK;
}

wr_status wr_panel_find(struct wr_panel *panel, const char *id, size_t length, size_t *series,
                        struct wr_error *error) {
    wr_status status = grow_slots(panel, error);
    if (status != WR_OK)
        return status;
    size_t slot = slot_of(panel, id, length);
    if (panel->count > 0 && panel->slots[slot] != 0) {
        *series = panel->slots[slot] - 1;
        return WR_OK;
    }
    struct wr_panel_series *grown = wr_grow(panel->series, &panel->capacity, panel->count + 1,
                                            sizeof *grown, panel->path, error);
    if (grown == NULL)
        return WR_ERR_MEMORY;
    panel->series = grown;
    char *copy = strndup(id, length);
    if (copy == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for the names of series", panel->path);
    grown[panel->count] = (struct wr_panel_series){.id = copy, .form.second = 1};
    panel->slots[slot] = ++panel->count;
    *series = panel->count - 1;
    return WR_OK;
}

wr_status wr_panel_find_named(struct wr_panel *panel, const struct wr_csv *csv, const char *id,
                              size_t length, size_t *series, struct wr_error *error) {
    if (!wr_is_utf8(id, length))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu: the name of the series is not UTF-8; save the file as UTF-8 "
                       "CSV",
                       panel->path, csv->record_line);
    return wr_panel_find(panel, id, length, series, error);
}

double *wr_panel_add(struct wr_panel *panel, struct wr_panel_series *series, int64_t time,
                     size_t line, struct wr_error *error) {
    struct wr_panel_rows *rows = &series->rows;
    size_t count = rows->count + 1, row_size = panel->columns * sizeof(double);
    void *cells = wr_grow(rows->cells, &rows->cells_capacity, count, row_size, panel->path, error);
    if (cells == NULL)
        return NULL;
    rows->cells = cells;
    void *times =
        wr_grow(rows->times, &rows->times_capacity, count, sizeof *rows->times, panel->path, error);
    if (times == NULL)
        return NULL;
    rows->times = times;
    void *lines =
        wr_grow(rows->lines, &rows->lines_capacity, count, sizeof *rows->lines, panel->path, error);
    if (lines == NULL)
        return NULL;
    rows->lines = lines;
    rows->times[rows->count] = time;
    rows->lines[rows->count] = line;
    return rows->cells + panel->columns * rows->count++;
}

const char *wr_panel_cell(const struct wr_csv *csv, const char *cell, double *value) {
    *value = NAN;
    return wr_cell_missing(cell) ? NULL : wr_csv_value(csv, cell, value);
}

const char *wr_panel_line_word(const struct wr_panel *panel) {
    return panel->memory ? "row" : "line";
}

wr_status wr_panel_fail(const struct wr_panel *panel, const struct wr_panel_series *series,
                        size_t line, struct wr_error *error, const char *format, ...) {
    char text[512], id[WR_EXCERPT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return wr_fail(error, WR_ERR_DATA, "%s: %s %zu, series \"%s\": %s", panel->path,
                   wr_panel_line_word(panel), line, wr_excerpt(series->id, id), text);
}

static wr_status read_records(struct wr_csv *csv, wr_panel_reader *read,
                              const struct wr_panel_spec *spec, struct wr_panel **panel,
                              struct wr_error *error) {
    bool more;
    wr_status status = wr_csv_next(csv, &more, error);
    if (status == WR_OK && !more)
        return wr_fail(error, WR_ERR_DATA, "%s: is empty; a panel needs a header and records",
                       csv->path);
    if (status == WR_OK)
        status = read(csv, spec, panel, error);
    if (status != WR_OK)
        return status;
    if ((*panel)->count == 0)
        return wr_fail(error, WR_ERR_DATA, "%s: holds a header alone; a panel needs records",
                       csv->path);
    return wr_panel_finish(*panel, spec->missing, error);
}

wr_status wr_panel_read_stream(FILE *file, const char *path, wr_panel_reader *read,
                               const struct wr_panel_spec *spec, struct wr_panel **panel,
                               struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *panel = NULL;
    struct wr_csv csv;
    wr_status status = wr_csv_open(&csv, file, path, &spec->csv, error);
    if (status == WR_OK)
        status = read_records(&csv, read, spec, panel, error);
    if (status != WR_OK) {
        wr_panel_free(*panel);
        *panel = NULL;
    }
    wr_csv_release(&csv);
    return status;
}

static wr_status read_file(const char *path, wr_panel_reader *read,
                           const struct wr_panel_spec *spec, struct wr_panel **panel,
                           struct wr_error *error) {
    *panel = NULL;
    const char *name;
    FILE *file;
    wr_status status = wr_csv_open_file(path, &file, &name, error);
    if (status != WR_OK)
        return status;
    status = wr_panel_read_stream(file, name, read, spec, panel, error);
    wr_csv_close_file(file);
    return status;
}

wr_status wr_panel_read(const char *path, const struct wr_panel_spec *spec, struct wr_panel **panel,
                        struct wr_error *error) {
    static wr_panel_reader *const readers[] = {wr_panel_auto, wr_panel_long, wr_panel_wide};
    if ((unsigned)spec->layout > WR_PANEL_WIDE) {
        *panel = NULL;
        return wr_fail(error, WR_ERR_USAGE, "\1layout\1 %d: auto, long or wide needed",
                       (int)spec->layout);
    }
    return read_file(path, readers[spec->layout], spec, panel, error);
}

wr_status wr_panel_read_long(const char *path, const struct wr_panel_spec *spec,
                             struct wr_panel **panel, struct wr_error *error) {
    return read_file(path, wr_panel_long, spec, panel, error);
}

wr_status wr_panel_read_wide(const char *path, enum wr_missing missing, struct wr_panel **panel,
                             struct wr_error *error) {
    return read_file(path, wr_panel_wide, &(struct wr_panel_spec){.missing = missing}, panel,
                     error);
}

size_t wr_panel_count(const struct wr_panel *panel) {
    return panel->count;
}

const char *wr_panel_id(const struct wr_panel *panel, size_t series) {
    return panel->series[series].id;
}

const char *wr_panel_path(const struct wr_panel *panel) {
    return panel->path;
}

const struct wr_csv_found *wr_panel_found(const struct wr_panel *panel) {
    return panel->memory ? NULL : &panel->found;
}

bool wr_panel_numbered(const struct wr_panel *panel) {
    return panel->numbered;
}

const char *wr_panel_freq(const struct wr_panel *panel) {
    return panel->freq;
}

const char *wr_panel_tz(const struct wr_panel *panel) {
    return panel->tz != NULL ? panel->tz : "";
}

/* Whether the stamps, which are numbers, are years. */
static bool are_years(const struct wr_panel *panel) {
    for (size_t s = 0; s < panel->count; s++)
        if (panel->series[s].start < 1500 || panel->series[s].start >= 2200)
            return false;
    return true;
}

double wr_panel_step_seconds(const struct wr_panel *panel) {
    const struct wr_stamp_form *form = &panel->series[0].form;
    const double year = 86400 * 365.25;
    if (panel->numbered)
        return 0;
    if (form->kind == WR_STAMP_NUMBER)
        return are_years(panel) ? year * (double)panel->step.by : 0;
    return wr_step_seconds(form, &panel->step);
}

const char *wr_panel_notes(const struct wr_panel *panel) {
    return panel->notes != NULL ? panel->notes : "";
}

size_t wr_panel_length(const struct wr_panel *panel, size_t series) {
    return panel->series[series].length;
}

const double *wr_panel_values(const struct wr_panel *panel, size_t series) {
    return panel->series[series].values;
}

const double *wr_panel_observed(const struct wr_panel *panel, size_t series) {
    const struct wr_panel_series *s = &panel->series[series];
    return s->observed != NULL ? s->observed : s->values;
}

size_t wr_panel_line(const struct wr_panel *panel, size_t series, size_t index) {
    const struct wr_panel_series *s = &panel->series[series];
    return s->lines != NULL ? s->lines[index] : s->line + index * s->line_step;
}

size_t wr_panel_pasts(const struct wr_panel *panel) {
    return panel->pasts;
}

size_t wr_panel_futures(const struct wr_panel *panel) {
    return panel->futures;
}

const double *wr_panel_past(const struct wr_panel *panel, size_t series, size_t covariate) {
    const struct wr_panel_series *s = &panel->series[series];
    return s->values + (1 + covariate) * s->known;
}

const double *wr_panel_future(const struct wr_panel *panel, size_t series, size_t covariate) {
    const struct wr_panel_series *s = &panel->series[series];
    return s->values + (1 + panel->pasts + covariate) * s->known;
}

size_t wr_panel_known(const struct wr_panel *panel, size_t series) {
    return panel->series[series].known;
}

const char *wr_panel_future_text(const struct wr_panel *panel, size_t covariate, char to[96]) {
    return wr_series_column_text(panel->header, panel->column[1 + panel->pasts + covariate], to);
}

char *wr_panel_covariates(const struct wr_panel *panel) {
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    for (size_t i = 1; file != NULL && i < panel->columns; i++) {
        const char *name = wr_series_name(panel->header, panel->column[i]);
        fprintf(file, "%s%s ", i > 1 ? ", " : "", i <= panel->pasts ? "past" : "future");
        if (name != NULL && wr_is_utf8(name, strlen(name)))
            fputs(name, file);
        else
            fprintf(file, "%zu", panel->column[i] + 1);
    }
    return wr_text_close(file, &text);
}

void wr_panel_stamp(const struct wr_panel *panel, size_t series, size_t step,
                    char stamp[WR_STAMP_SIZE]) {
    WR_ARITHMETIC(callers);
    const struct wr_panel_series *s = &panel->series[series];
    wr_stamp_write(&s->form, wr_step_add(&s->form, &s->step, s->start, step), stamp);
}
