/* Turns the rows of a series into values at regular steps, and treats gaps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/panel.h"

#define MOST_MISSING 100 /* missing stamps allowed for each that a series has */

struct span {
    size_t first, last, end; /* rows of the first value, the last value, and the last covariates */
};

static double cell(const struct wr_panel *panel, const struct wr_panel_series *series, size_t row,
                   size_t column) {
    return series->rows.cells[row * panel->columns + column];
}

static bool has_future(const struct wr_panel *panel, const struct wr_panel_series *series,
                       size_t row) {
    for (size_t c = 1 + panel->pasts; c < panel->columns; c++)
        if (!isnan(cell(panel, series, row, c)))
            return true;
    return false;
}

static wr_status find_span(const struct wr_panel *panel, const struct wr_panel_series *series,
                           struct span *span, struct wr_error *error) {
    size_t count = series->rows.count, first = 0;
    while (first < count && isnan(cell(panel, series, first, 0)))
        first++;
    if (first == count)
        return wr_panel_fail(panel, series, series->rows.lines[0], error,
                             "the series has no value; give it one, or leave it out");
    size_t last = count - 1;
    while (isnan(cell(panel, series, last, 0)))
        last--;
    size_t end = count - 1;
    while (end > last && !has_future(panel, series, end))
        end--;
    *span = (struct span){first, last, end};
    return WR_OK;
}

/* A hint about time zones as another reason of uneven stamps, or "". */
static const char *zone_hint(const struct wr_panel_series *series) {
    const struct wr_stamp_form *form = &series->form;
    if (form->kind != WR_STAMP_TIME || form->detail == WR_DETAIL_DAY || form->rules != NULL)
        return "";
    if (series->offset_line != 0)
        return "; their offset changes, so \1tz\1, as \1tz=Europe/Berlin\1, may make days even";
    return *form->zone == '\0' ? "; or if clocks were changed there, name the zone with \1tz\1"
                               : "";
}

static wr_status fail_step(const struct wr_panel *panel, const struct wr_panel_series *series,
                           size_t row, struct wr_error *error) {
    const int64_t *times = series->rows.times;
    const size_t *lines = series->rows.lines;
    char at[WR_STAMP_SIZE], step[WR_STAMP_SIZE];
    wr_stamp_write(&series->form, times[row], at);
    wr_step_text(&series->form, &series->step, step);
    if (!wr_step_includes(&series->form, &series->step, times[row]))
        return wr_panel_fail(
            panel, series, lines[row], error,
            "steps of %s (\1freq=%s\1) do not stand on %s; mend the time stamps, or "
            "choose another step with \1freq\1%s",
            step, panel->freq, at, zone_hint(series));
    return wr_panel_fail(panel, series, lines[row], error,
                         "%s is no whole number of steps of %s after %s %zu; mend the time "
                         "stamps, or put the values on regular ones%s",
                         at, step, wr_panel_line_word(panel), lines[row - 1], zone_hint(series));
}

/* *other: the step that was asked for is not that of the series, because most stamps would be
 * missing. *own: the step of the series. */
static wr_status is_other_step(const struct wr_panel *panel, const struct wr_panel_series *series,
                               bool *other, struct wr_step *own, struct wr_error *error) {
    const struct wr_panel_rows *rows = &series->rows;
    size_t gaps = 0;
    bool regular;
    *other = false;
    if (!panel->asked)
        return WR_OK;
    for (size_t i = 0; i + 1 < rows->count; i++) {
        uint64_t steps;
        gaps += wr_step_count(&series->form, &series->step, rows->times[i], rows->times[i + 1],
                              &steps) &&
                steps > 1;
    }
    wr_status status = wr_step_find(&series->form, rows->times, rows->count, own, &regular, error);
    *other = regular && 2 * gaps > rows->count;
    return status;
}

static wr_status fail_missing(const struct wr_panel *panel, const struct wr_panel_series *series,
                              size_t row, struct wr_error *error) {
    const int64_t *times = series->rows.times;
    char to[WR_STAMP_SIZE], lacks[WR_STAMP_SIZE], step[WR_STAMP_SIZE], theirs[WR_STAMP_SIZE];
    struct wr_step own;
    bool other;
    wr_status status = is_other_step(panel, series, &other, &own, error);
    if (status != WR_OK)
        return status;
    wr_step_text(&series->form, &series->step, step);
    if (other)
        return wr_panel_fail(panel, series, series->rows.lines[row + 1], error,
                             "the time stamps are in steps of %s, but \1freq\1 or the fit asks for "
                             "steps of %s (%s); choose another \1freq\1, or fit again",
                             wr_step_text(&series->form, &own, theirs), step, panel->freq);
    wr_stamp_write(&series->form, times[row + 1], to);
    wr_stamp_write(&series->form, wr_step_add(&series->form, &series->step, times[row], 1), lacks);
    return wr_panel_fail(panel, series, series->rows.lines[row + 1], error,
                         "%s is missing before %s, in steps of %s; fill it in, or take "
                         "\1missing=drop\1 or \1missing=interpolate\1%s",
                         lacks, to, step, zone_hint(series));
}

/* Counts the steps from one row to the next. */
static wr_status count_steps(const struct wr_panel *panel, const struct wr_panel_series *series,
                             size_t row, enum wr_missing missing, uint64_t *steps,
                             struct wr_error *error) {
    const int64_t *times = series->rows.times;
    if (!wr_step_count(&series->form, &series->step, times[row], times[row + 1], steps))
        return fail_step(panel, series, row + 1, error);
    return *steps == 1 || missing != WR_MISSING_REFUSE ? WR_OK
                                                       : fail_missing(panel, series, row, error);
}

/* Fills place (count of rows) with the steps from the first row of the span to each row. */
static wr_status place_rows(const struct wr_panel *panel, const struct wr_panel_series *series,
                            const struct span *span, enum wr_missing missing, size_t *place,
                            struct wr_error *error) {
    uint64_t at = 0, steps;
    if (!wr_step_includes(&series->form, &series->step, series->start))
        return fail_step(panel, series, span->first, error);
    place[span->first] = 0;
    for (size_t row = span->first; row < span->end; row++) {
        wr_status status = count_steps(panel, series, row, missing, &steps, error);
        if (status != WR_OK)
            return status;
        /* at does not overflow: it stays far below 2^63, because times do */
        at += steps;
        if (at / MOST_MISSING > span->end - span->first + 1)
            return wr_panel_fail(panel, series, series->rows.lines[row + 1], error,
                                 "the series lacks more than %d time stamps for each that it has; "
                                 "mend the stamps",
                                 MOST_MISSING);
        place[row + 1] = (size_t)at;
    }
    return WR_OK;
}

/* Copies rows to columns, with NaN at steps without a row. */
static wr_status rows_to_columns(struct wr_panel *panel, struct wr_panel_series *series,
                                 const struct span *span, const size_t *place,
                                 struct wr_error *error) {
    size_t known = place[span->end] + 1, count, columns = panel->columns;
    if (!wr_size_mul(known, columns, &count))
        return wr_fail(error, WR_ERR_MEMORY, "%s: %zu times %zu values do not fit", panel->path,
                       known, columns);
    series->known = known;
    series->length = place[span->last] + 1;
    series->values = wr_alloc(count, sizeof *series->values, "a series", error);
    series->lines = wr_alloc(known, sizeof *series->lines, "the lines of a series", error);
    if (series->values == NULL || series->lines == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        series->values[i] = NAN;
    for (size_t row = span->first, i = 0; row <= span->end; row++) {
        while (i <= place[row])
            series->lines[i++] = series->rows.lines[row];
        for (size_t c = 0; c < columns; c++)
            series->values[c * known + place[row]] = cell(panel, series, row, c);
    }
    return WR_OK;
}

/* Evenly spaced lines, as in most files, need not be stored. */
static void pack_lines(struct wr_panel_series *series) {
    series->line = series->lines[0];
    series->line_step = series->known < 2 ? 0 : series->lines[1] - series->lines[0];
    for (size_t i = 0; i < series->known; i++)
        if (series->lines[i] != series->line + i * series->line_step)
            return;
    free(series->lines);
    series->lines = NULL;
}

/* Fills the values between two known ones, `from` and `to`. */
static void interpolate(double *values, size_t from, size_t to) {
    for (size_t i = from + 1; i < to; i++)
        values[i] =
            values[from] + (values[to] - values[from]) * ((double)(i - from) / (double)(to - from));
}

/* Fills or refuses the gaps among the first `count` values of a column. Only the first `within`
 * values may have gaps that stay. */
static wr_status fill_column(const struct wr_panel *panel, struct wr_panel_series *series,
                             size_t column, size_t count, size_t within, enum wr_missing missing,
                             struct wr_error *error) {
    double *values = series->values + column * series->known;
    char text[96] = "the value", stamp[WR_STAMP_SIZE];
    for (size_t i = 0, before = SIZE_MAX; i < count; i++) {
        if (!isnan(values[i])) {
            if (before != SIZE_MAX && missing == WR_MISSING_INTERPOLATE)
                interpolate(values, before, i);
            before = i;
            continue;
        }
        if (missing == WR_MISSING_DROP && i < within)
            continue;
        bool inside = before != SIZE_MAX && i + 1 < count;
        if (missing == WR_MISSING_INTERPOLATE && inside)
            continue;
        size_t s = (size_t)(series - panel->series);
        wr_panel_stamp(panel, s, i, stamp);
        if (panel->header != NULL)
            wr_series_column_text(panel->header, panel->column[column], text);
        return wr_panel_fail(panel, series, wr_panel_line(panel, s, i), error,
                             "%s has a gap at %s; fill it in%s", text, stamp,
                             missing != WR_MISSING_REFUSE ? ""
                                                          : ", or take \1missing=drop\1 or "
                                                            "\1missing=interpolate\1");
    }
    return WR_OK;
}

/* A copy of the series' columns; NULL: WR_ERR_MEMORY. */
static double *copy_columns(const struct wr_panel *panel, const struct wr_panel_series *series,
                            struct wr_error *error) {
    size_t count = panel->columns * series->known; /* fits: it is in memory */
    double *copy = wr_alloc(count, sizeof *copy, "a series", error);
    if (copy != NULL)
        memcpy(copy, series->values, count * sizeof *copy);
    return copy;
}

/* Keeps the columns as they are before their gaps are filled. */
static wr_status keep_observed(const struct wr_panel *panel, struct wr_panel_series *series,
                               struct wr_error *error) {
    bool gaps = false;
    for (size_t c = 0; c <= panel->pasts; c++)
        for (size_t i = 0; i < series->length; i++)
            gaps |= isnan(series->values[c * series->known + i]) != 0;
    if (gaps)
        series->observed = copy_columns(panel, series, error);
    return gaps && series->observed == NULL ? WR_ERR_MEMORY : WR_OK;
}

static wr_status fill_gaps(const struct wr_panel *panel, struct wr_panel_series *series,
                           enum wr_missing missing, struct wr_error *error) {
    wr_status status =
        missing == WR_MISSING_INTERPOLATE ? keep_observed(panel, series, error) : WR_OK;
    for (size_t c = 0; status == WR_OK && c < panel->columns; c++) {
        size_t count = c <= panel->pasts ? series->length : series->known;
        status = fill_column(panel, series, c, count, series->length, missing, error);
    }
    return status;
}

static wr_status make_series(struct wr_panel *panel, struct wr_panel_series *series,
                             enum wr_missing missing, struct wr_error *error) {
    struct wr_panel_rows *rows = &series->rows;
    struct span span = {0};
    wr_status status = find_span(panel, series, &span, error);
    if (status != WR_OK)
        return status;
    series->start = rows->times[span.first];
    series->left_out = span.first + (rows->count - 1 - span.end);
    size_t *place = wr_alloc(rows->count, sizeof *place, "the steps of a series", error);
    if (place == NULL)
        return WR_ERR_MEMORY;
    status = place_rows(panel, series, &span, missing, place, error);
    if (status == WR_OK)
        status = rows_to_columns(panel, series, &span, place, error);
    free(place);
    if (status != WR_OK)
        return status;
    pack_lines(series);
    status = fill_gaps(panel, series, missing, error);
    wr_panel_free_rows(rows);
    return status;
}

wr_status wr_panel_finish(struct wr_panel *panel, enum wr_missing missing, struct wr_error *error) {
    if ((unsigned)missing > WR_MISSING_INTERPOLATE)
        return wr_fail(error, WR_ERR_USAGE, "\1missing\1 %d: 0 to %d needed", (int)missing,
                       WR_MISSING_INTERPOLATE);
    wr_status status = wr_panel_find_steps(panel, error);
    for (size_t i = 0; status == WR_OK && i < panel->count; i++)
        status = make_series(panel, &panel->series[i], missing, error);
    return status;
}

/* ---- before an origin ---- */

wr_status wr_panel_asof_open(const struct wr_panel *panel, struct wr_panel **copy,
                             struct wr_error *error) {
    struct wr_panel *made = *copy = wr_alloc(1, sizeof *made, panel->path, error);
    if (made == NULL)
        return WR_ERR_MEMORY;
    *made = *panel;
    made->series = wr_alloc(panel->count, sizeof *made->series, panel->path, error);
    if (made->series == NULL)
        return WR_ERR_MEMORY;
    memcpy(made->series, panel->series, panel->count * sizeof *made->series);
    for (size_t s = 0; s < panel->count; s++)
        if (panel->series[s].observed != NULL)
            made->series[s].values = NULL;
    for (size_t s = 0; s < panel->count; s++)
        if (panel->series[s].observed != NULL &&
            (made->series[s].values = copy_columns(panel, &panel->series[s], error)) == NULL)
            return WR_ERR_MEMORY;
    return WR_OK;
}

void wr_panel_asof_set(struct wr_panel *copy, const struct wr_panel *panel, const size_t *until) {
    for (size_t s = 0; s < panel->count; s++) {
        const struct wr_panel_series *series = &panel->series[s];
        if (series->observed == NULL)
            continue;
        for (size_t c = 0; c <= panel->pasts; c++) {
            const double *observed = series->observed + c * series->known;
            double *values = copy->series[s].values + c * series->known;
            memcpy(values, series->values + c * series->known, series->known * sizeof *values);
            size_t known = until[s]; /* number of values up to the last observed one */
            while (known > 1 && isnan(observed[known - 1]))
                known--;
            for (size_t i = known; i < until[s]; i++)
                values[i] = values[known - 1];
        }
    }
}

void wr_panel_asof_close(struct wr_panel *copy) {
    for (size_t s = 0; copy != NULL && copy->series != NULL && s < copy->count; s++)
        if (copy->series[s].observed != NULL)
            free(copy->series[s].values);
    if (copy != NULL)
        free(copy->series);
    free(copy);
}
