/* Panels from arrays in memory: each row becomes what a record of a long CSV becomes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/text.h"
#include "data/cell.h"
#include "data/panel.h"

#define LATEST_NUMBER 999999999999999999 /* of 18 digits, as a file may have them */
#define FIRST_SECOND  (-62167219200)     /* 0000-01-01 */
#define LAST_SECOND   253402300799       /* 9999-12-31 23:59:59 */

/* What a panel is made from. */
struct source {
    const struct wr_panel_arrays *arrays;
    const struct wr_panel_spec *spec;
    const char *name;          /* of the arrays, for messages */
    const char *target;        /* its name */
    const double **columns;    /* (panel's columns) */
    size_t *series;            /* (names) 1 + the index of the series of this name, or 0: not yet */
    struct wr_stamp_form form; /* of the time stamps that are numbers or ticks */
};

/* ---- before the rows ---- */

static bool are_whole(const struct wr_panel_arrays *arrays, const struct wr_panel_spec *spec) {
    bool whole = arrays->target != NULL && (spec->pasts == 0 || arrays->past != NULL) &&
                 (spec->futures == 0 || arrays->future != NULL);
    whole = whole && (spec->pasts == 0 || spec->past != NULL) &&
            (spec->futures == 0 || spec->future != NULL);
    for (size_t i = 0; i < spec->pasts && whole; i++)
        whole = arrays->past[i] != NULL && spec->past[i] != NULL;
    for (size_t i = 0; i < spec->futures && whole; i++)
        whole = arrays->future[i] != NULL && spec->future[i] != NULL;
    return whole;
}

static wr_status check(const struct source *source, struct wr_error *error) {
    const struct wr_panel_arrays *arrays = source->arrays;
    int64_t ticks = arrays->ticks;
    if (!are_whole(arrays, source->spec))
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: lacks the values of the target, or values or the name of a covariate",
                       source->name);
    if ((arrays->ids == NULL) != (arrays->id_count == 0) ||
        (arrays->codes == NULL ? arrays->id_count > 1 : arrays->id_count == 0))
        return wr_fail(
            error, WR_ERR_USAGE,
            "%s: has %zu names of series and %s for its rows; give both, or one name, or "
            "neither",
            source->name, arrays->id_count, arrays->codes != NULL ? "codes" : "no codes");
    if (arrays->stamps != NULL && arrays->times != NULL)
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: has time stamps as texts and as numbers; give one of them",
                       source->name);
    if (ticks != 0 && ticks != 1 && ticks != 1000 && ticks != 1000000 && ticks != 1000000000)
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: %lld ticks per second; needs 1, 1000, 1000000 or 1000000000, or 0 for "
                       "numbers that are no dates",
                       source->name, (long long)ticks);
    if (arrays->times == NULL && (ticks != 0 || arrays->utc))
        return wr_fail(error, WR_ERR_USAGE, "%s: has %s, but no times to be read so", source->name,
                       ticks != 0 ? "ticks" : "utc");
    return arrays->rows > 0
               ? WR_OK
               : wr_fail(error, WR_ERR_DATA, "%s: has no rows; a panel needs some", source->name);
}

/* Names the columns: the target, then the covariates. */
static wr_status name_columns(struct wr_panel *panel, const struct source *source,
                              struct wr_error *error) {
    const struct wr_panel_spec *spec = source->spec;
    wr_status status = wr_series_new(panel->path, panel->columns, &panel->header, error);
    if (status != WR_OK)
        return status;
    panel->role = wr_alloc(panel->columns, sizeof *panel->role, "the roles of columns", error);
    if (panel->role == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < panel->columns; i++) {
        const char *name = i == 0             ? source->target
                           : i <= spec->pasts ? spec->past[i - 1]
                                              : spec->future[i - 1 - spec->pasts];
        panel->column[i] = i;
        panel->role[i] = i == 0 ? WR_ROLE_TARGET : WR_ROLE_COVARIATE;
        panel->header->column[i].name = strdup(name);
        if (panel->header->column[i].name == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its columns", panel->path);
    }
    return WR_OK;
}

static void list_columns(struct source *source) {
    const struct wr_panel_spec *spec = source->spec;
    const double **to = source->columns;
    *to++ = source->arrays->target;
    for (size_t i = 0; i < spec->pasts; i++)
        *to++ = source->arrays->past[i];
    for (size_t i = 0; i < spec->futures; i++)
        *to++ = source->arrays->future[i];
}

/* The form of dates that show what the ticks need: 3, 6 or 9 decimals of a second, or none, or no
 * time of day. Instants have one always. */
static struct wr_stamp_form date_form(const struct wr_panel_arrays *arrays) {
    struct wr_stamp_form form = {.kind = WR_STAMP_TIME, .mark = '-', .second = arrays->ticks};
    bool clock = arrays->utc;
    int64_t unit = arrays->ticks; /* the ticks of the last decimal that is shown */
    for (size_t i = 0; i < arrays->rows; i++) {
        clock = clock || arrays->times[i] % (86400 * arrays->ticks) != 0;
        while (arrays->times[i] % unit != 0)
            unit /= 1000;
    }
    if (clock) {
        form.separator = ' ';
        form.detail = WR_DETAIL_SECOND;
        for (; unit < arrays->ticks; unit *= 1000)
            form.detail = (char)(form.detail + 3);
    }
    if (arrays->utc)
        memcpy(form.zone, "+00:00", sizeof "+00:00");
    return form;
}

static void find_form(struct source *source) {
    const struct wr_panel_arrays *arrays = source->arrays;
    source->form = (struct wr_stamp_form){.second = 1}; /* numbers */
    if (arrays->times != NULL && arrays->ticks > 0)
        source->form = date_form(arrays);
}

/* ---- the rows ---- */

/* Adds the series of a name, unless another row has done so. */
static wr_status find_named(struct wr_panel *panel, const char *id, size_t row, size_t *series,
                            struct wr_error *error) {
    size_t length;
    id = wr_cell_trim(id != NULL ? id : "", &length);
    if (length == 0)
        return wr_fail(error, WR_ERR_DATA, "%s: row %zu has no name of a series; fill it in",
                       panel->path, row + 1);
    if (!wr_is_utf8(id, length))
        return wr_fail(error, WR_ERR_DATA, "%s: row %zu: the name of the series is not UTF-8",
                       panel->path, row + 1);
    return wr_panel_find(panel, id, length, series, error);
}

/* Finds the series of a row. A name is looked up once, because rows are many. */
static wr_status find_series(struct wr_panel *panel, const struct source *source, size_t row,
                             size_t *series, struct wr_error *error) {
    const struct wr_panel_arrays *arrays = source->arrays;
    int64_t code = arrays->codes != NULL ? arrays->codes[row] : 0;
    if (code < 0)
        return find_named(panel, NULL, row, series, error);
    if (arrays->codes != NULL && (uint64_t)code >= arrays->id_count)
        return wr_fail(error, WR_ERR_USAGE, "%s: row %zu has the code %lld of %zu names of series",
                       panel->path, row + 1, (long long)code, arrays->id_count);
    wr_status status = WR_OK;
    size_t *found = &source->series[code];
    if (*found == 0) {
        const char *id = arrays->ids != NULL ? arrays->ids[code] : source->target;
        status = find_named(panel, id, row, series, error);
        *found = status == WR_OK ? *series + 1 : 0;
    }
    *series = *found - 1;
    return status;
}

/* Checks what a text of a stamp could not say. */
static wr_status check_number(const struct wr_panel *panel, const struct wr_panel_series *series,
                              int64_t number, int64_t ticks, size_t line, struct wr_error *error) {
    if (number == INT64_MIN)
        return wr_panel_fail(panel, series, line, error, "has no time stamp (NaT); fill it in");
    if (ticks == 0 && (number > LATEST_NUMBER || number < -LATEST_NUMBER))
        return wr_panel_fail(panel, series, line, error,
                             "%lld is no time stamp: it has more than 18 digits",
                             (long long)number);
    if (ticks > 0 && (number / ticks > LAST_SECOND || number / ticks < FIRST_SECOND))
        return wr_panel_fail(panel, series, line, error,
                             "%lld is no time stamp: it is not in the years 0 to 9999",
                             (long long)number);
    return WR_OK;
}

static wr_status read_time(struct wr_panel *panel, const struct source *source,
                           struct wr_panel_series *series, size_t row, int64_t *time,
                           struct wr_error *error) {
    const struct wr_panel_arrays *arrays = source->arrays;
    struct wr_given_stamp stamp = {.form = source->form, .line = row + 1};
    wr_status status = WR_OK;
    if (arrays->times != NULL) {
        stamp.number = arrays->times[row];
        status = check_number(panel, series, stamp.number, arrays->ticks, stamp.line, error);
    } else {
        stamp.text = arrays->stamps[row] != NULL ? arrays->stamps[row] : "";
    }
    return status == WR_OK ? wr_panel_read_time(panel, series, &stamp, NULL, time, error) : status;
}

static wr_status read_values(const struct wr_panel *panel, const struct source *source,
                             const struct wr_panel_series *series, size_t row, double *cells,
                             struct wr_error *error) {
    char text[96];
    for (size_t i = 0; i < panel->columns; i++) {
        cells[i] = source->columns[i][row];
        const char *why = isnan(cells[i]) ? NULL : wr_value_flaw(cells[i]);
        if (why != NULL)
            return wr_panel_fail(panel, series, row + 1, error,
                                 "%s: \"%g\" %s; put NaN where a value is missing",
                                 wr_series_column_text(panel->header, i, text), cells[i], why);
    }
    return WR_OK;
}

static wr_status add_row(struct wr_panel *panel, const struct source *source, size_t row,
                         struct wr_error *error) {
    size_t index;
    wr_status status = find_series(panel, source, row, &index, error);
    if (status != WR_OK)
        return status;
    struct wr_panel_series *series = &panel->series[index];
    int64_t time = (int64_t)series->rows.count + 1;
    if (!panel->numbered)
        status = read_time(panel, source, series, row, &time, error);
    if (status != WR_OK)
        return status;
    double *cells = wr_panel_add(panel, series, time, row + 1, error);
    return cells != NULL ? read_values(panel, source, series, row, cells, error) : WR_ERR_MEMORY;
}

/* ---- all of it ---- */

static wr_status fill(struct wr_panel *panel, struct source *source, struct wr_error *error) {
    size_t names = source->arrays->id_count > 0 ? source->arrays->id_count : 1;
    source->columns = wr_alloc(panel->columns, sizeof *source->columns, source->name, error);
    source->series = wr_alloc(names, sizeof *source->series, source->name, error);
    if (source->columns == NULL || source->series == NULL)
        return WR_ERR_MEMORY;
    list_columns(source);
    find_form(source);
    wr_status status = name_columns(panel, source, error);
    if (status == WR_OK)
        status = wr_panel_set_times(panel, source->spec, error);
    for (size_t row = 0; row < source->arrays->rows && status == WR_OK; row++)
        status = add_row(panel, source, row, error);
    return status == WR_OK ? wr_panel_finish(panel, source->spec->missing, error) : status;
}

wr_status wr_panel_of(const struct wr_panel_arrays *arrays, const struct wr_panel_spec *spec,
                      struct wr_panel **panel, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct source source = {.arrays = arrays,
                            .spec = spec,
                            .name = arrays->name != NULL ? arrays->name : "memory",
                            .target = spec->target != NULL ? spec->target : "y"};
    *panel = NULL;
    wr_status status = check(&source, error);
    if (status == WR_OK)
        status = wr_panel_new(source.name, spec->pasts, spec->futures, panel, error);
    if (status == WR_OK) {
        (*panel)->memory = true;
        (*panel)->numbered = arrays->stamps == NULL && arrays->times == NULL;
        status = fill(*panel, &source, error);
    }
    free(source.columns);
    free(source.series);
    if (status == WR_OK)
        return WR_OK;
    wr_panel_free(*panel);
    *panel = NULL;
    return status;
}
