/* The time column of a long CSV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/date.h"
#include "data/panel.h"

enum { DAY = 86400 };

wr_status wr_panel_set_times(struct wr_panel *panel, const struct wr_panel_spec *spec,
                             struct wr_error *error) {
    char shown[WR_EXCERPT];
    if (spec->freq != NULL && !wr_step_read(spec->freq, &panel->step))
        return wr_fail(
            error, WR_ERR_DATA,
            "%s: \1freq=%s\1 is no step of time stamps; needs D, B, W, W-SUN, MS, ME, BM, "
            "QS, QE, YS, YE, h, min, 15min, s, or a number, or another such",
            panel->path, wr_excerpt(spec->freq, shown));
    if (panel->numbered && (spec->freq != NULL || spec->tz != NULL))
        return wr_fail(error, WR_ERR_DATA,
                       panel->memory ? "%s: has no time stamps, so neither steps of them nor a "
                                       "time zone; give stamps or times"
                                     : "%s: has no column of time stamps, so neither steps of "
                                       "them nor a time zone; name the column with \1time\1",
                       panel->path);
    panel->asked = spec->freq != NULL;
    if (spec->tz == NULL)
        return WR_OK;
    panel->tz = strdup(spec->tz);
    return panel->tz != NULL
               ? wr_zone_open(spec->tz, &panel->zone, error)
               : wr_fail(error, WR_ERR_MEMORY, "%s: no memory for a time zone", panel->path);
}

/* ---- ticks ---- */

static wr_status fail_range(const struct wr_panel *panel, const struct wr_panel_series *series,
                            size_t line, struct wr_error *error) {
    return wr_panel_fail(panel, series, line, error,
                         "the time stamp is too far from 1970 for its file's fractions of a "
                         "second; nanoseconds reach from 1824 to 2116");
}

static bool scale_time(int64_t *time, int64_t factor) {
    return !WR_MUL_OVERFLOWS(*time, factor, time) && *time <= WR_LATEST && *time >= -WR_LATEST;
}

wr_status wr_panel_set_ticks(struct wr_panel *panel, int64_t second, struct wr_error *error) {
    int64_t factor = second / panel->series[0].form.second;
    for (size_t s = 0; factor > 1 && s < panel->count; s++) {
        struct wr_panel_series *series = &panel->series[s];
        series->form.second = second;
        for (size_t i = 0; i < series->rows.count; i++)
            if (!scale_time(&series->rows.times[i], factor))
                return fail_range(panel, series, series->rows.lines[i], error);
    }
    return WR_OK;
}

/* Converts seconds and nanoseconds to ticks; adds ticks per second if needed. */
static wr_status to_ticks(struct wr_panel *panel, struct wr_panel_series *series, size_t line,
                          int nanosecond, int64_t *time, struct wr_error *error) {
    int64_t second = nanosecond == 0             ? 1
                     : nanosecond % 1000000 == 0 ? 1000
                     : nanosecond % 1000 == 0    ? 1000000
                                                 : 1000000000;
    wr_status status = wr_panel_set_ticks(panel, second, error);
    if (status != WR_OK)
        return status;
    if (!scale_time(time, series->form.second))
        return fail_range(panel, series, line, error);
    *time += nanosecond / (1000000000 / series->form.second);
    return WR_OK;
}

/* ---- zones ---- */

/* Whether the series already has a record at this instant or later. */
static bool has_reached(const struct wr_panel_series *series, int64_t instant, int nanosecond) {
    const struct wr_panel_rows *rows = &series->rows;
    int64_t second = series->form.second;
    if (rows->count == 0)
        return false;
    int64_t last = wr_floor_div(rows->times[rows->count - 1], second);
    int64_t ticks = rows->times[rows->count - 1] - last * second;
    return instant < last || (instant == last && nanosecond <= ticks * (1000000000 / second));
}

/* The stamp as it was given, shortened for a message. Returns to. */
static const char *stamp_text(const struct wr_given_stamp *stamp, char to[WR_EXCERPT]) {
    char written[WR_STAMP_SIZE];
    if (stamp->text != NULL)
        return wr_excerpt(stamp->text, to);
    wr_stamp_write(&stamp->form, stamp->number, written);
    return wr_excerpt(written, to);
}

/* Converts a local time to an instant: of two, the first, unless the series has reached it already.
 */
static wr_status to_instant(struct wr_panel *panel, struct wr_panel_series *series,
                            const struct wr_given_stamp *stamp, int nanosecond, int64_t *time,
                            struct wr_error *error) {
    int64_t instants[2];
    char text[WR_EXCERPT];
    int count = wr_zone_instants(panel->zone, *time, instants);
    if (count == 0)
        return wr_panel_fail(panel, series, stamp->line, error,
                             "clocks in the time zone skip %s; name another zone, or mend the "
                             "time stamp",
                             stamp_text(stamp, text));
    *time = instants[count == 2 && has_reached(series, instants[0], nanosecond)];
    return WR_OK;
}

/* Adds the form of a stamp to the form of its series. */
static void merge_forms(struct wr_panel_series *series, const struct wr_stamp_form *form,
                        int64_t time, int nanosecond, size_t line) {
    struct wr_stamp_form *own = &series->form;
    int64_t local = time + form->offset;
    int clock = (int)(local - DAY * wr_floor_div(local, DAY));
    if (form->detail > own->detail)
        own->detail = form->detail;
    if (own->separator == '\0')
        own->separator = form->separator;
    if (own->rules == NULL && form->offset != own->offset && series->offset_line == 0)
        series->offset_line = line;
    series->last = *form;
    if (series->rows.count == 0)
        series->clock = clock;
    if (series->clock != clock || nanosecond != 0)
        series->clock = -1;
}

/* The time that shows the same time of day with the last offset as this time does with its own. */
static int64_t at_last_offset(const struct wr_panel_series *series, int64_t time) {
    int64_t second = series->form.second, day = DAY * second;
    int64_t off = time + (series->last.offset - series->clock) * second + day / 2;
    return time - (off - day * wr_floor_div(off, day) - day / 2);
}

/* Whether all times can be converted so: they must stay in ascending order. */
static bool are_days(const struct wr_panel_series *series) {
    const struct wr_panel_rows *rows = &series->rows;
    for (size_t i = 1; series->clock >= 0 && i < rows->count; i++)
        if (at_last_offset(series, rows->times[i]) <= at_last_offset(series, rows->times[i - 1]))
            return false;
    return series->clock >= 0;
}

void wr_panel_unify_offsets(struct wr_panel *panel) {
    for (size_t s = 0; s < panel->count; s++) {
        struct wr_panel_series *series = &panel->series[s];
        if (series->offset_line == 0)
            continue;
        if (!are_days(series)) {
            series->clock = -1;
            series->form.offset = 0;
            memcpy(series->form.zone, "Z", 2);
            continue;
        }
        for (size_t i = 0; i < series->rows.count; i++)
            series->rows.times[i] = at_last_offset(series, series->rows.times[i]);
        series->form.offset = series->last.offset;
        memcpy(series->form.zone, series->last.zone, sizeof series->form.zone);
    }
}

/* ---- reading ---- */

static wr_status fail_stamp(const struct wr_panel *panel, const struct wr_panel_series *series,
                            size_t line, const char *cell, struct wr_error *error) {
    char shown[WR_EXCERPT];
    if (wr_stamp_is_reversed(cell))
        return wr_panel_fail(panel, series, line, error,
                             "\"%s\" may be a day of two months, since the year does not stand "
                             "first; write YYYY-MM-DD or YYYY/MM/DD",
                             wr_excerpt(cell, shown));
    const char *lacks = wr_stamp_wrong_part(cell);
    if (lacks != NULL)
        return wr_panel_fail(panel, series, line, error,
                             "\"%s\" is no time stamp: there is no such %s; mend it",
                             wr_excerpt(cell, shown), lacks);
    return wr_panel_fail(panel, series, line, error,
                         "\"%s\" is no time stamp; write YYYY-MM-DD, YYYY-MM-DDTHH:MM, "
                         "YYYY-MM-DDTHH:MM:SS, YYYY-MM, YYYY-Q1, YYYY or an integer",
                         wr_excerpt(cell, shown));
}

/* Reads more records after an error, to show which unused columns repeat. */
static void profile_more(struct wr_panel *panel, struct wr_csv *csv) {
    enum { RECORDS = 1 << 16 };
    bool more = true;
    wr_status status = WR_OK;
    for (size_t i = 0; i < RECORDS && more && status == WR_OK; i++) {
        status = wr_csv_next(csv, &more, NULL);
        if (status == WR_OK && more)
            status = wr_csv_check_count(csv, panel->header->columns, NULL);
        if (status == WR_OK && more)
            status = wr_panel_profile_unused(panel, csv, NULL);
    }
}

/* Fails because a stamp is not later than the one before. */
static wr_status fail_order(struct wr_panel *panel, const struct wr_panel_series *series,
                            const struct wr_given_stamp *stamp, struct wr_csv *csv, int64_t time,
                            struct wr_error *error) {
    const struct wr_panel_rows *rows = &series->rows;
    const struct wr_stamp_form *form = &series->form;
    char last[WR_STAMP_SIZE], hint[128], shown[WR_EXCERPT];
    const char *text = stamp_text(stamp, shown), *word = wr_panel_line_word(panel);
    size_t line = stamp->line;
    bool local = form->detail > WR_DETAIL_DAY && *form->zone == '\0' && form->rules == NULL;
    if (panel->id_column == WR_NO_COLUMN && csv != NULL)
        profile_more(panel, csv);
    if (time == rows->times[rows->count - 1])
        return wr_panel_fail(
            panel, series, line, error, "%s stands twice, on %s %zu as well; leave one of them%s%s",
            text, word, rows->lines[rows->count - 1],
            local ? ", or if clocks were set back there, name the zone with \1tz\1" : "",
            wr_panel_id_hint(panel, hint));
    wr_stamp_write(form, rows->times[rows->count - 1], last);
    return wr_panel_fail(panel, series, line, error,
                         "%s is not later than %s on %s %zu; sort each series by time%s%s", text,
                         last, word, rows->lines[rows->count - 1],
                         local ? ", or if clocks were set back there, name the zone with \1tz\1"
                               : "",
                         wr_panel_id_hint(panel, hint));
}

/* Reads the text of a stamp, or takes its ticks apart: *time in seconds, *nanosecond the rest. */
static bool take_apart(const struct wr_given_stamp *stamp, struct wr_stamp_form *form,
                       int64_t *time, int *nanosecond) {
    if (stamp->text != NULL)
        return wr_stamp_read(stamp->text, form, time, nanosecond);
    int64_t second = stamp->form.second;
    *form = stamp->form;
    form->second = 1;
    int64_t rest = stamp->number % second;
    *time = wr_floor_div(stamp->number, second);
    *nanosecond = (int)((rest < 0 ? rest + second : rest) * (1000000000 / second));
    return true;
}

/* Fails unless the stamp is of the kind of the panel's first one, and of the form of its series. */
static wr_status check_form(const struct wr_panel *panel, const struct wr_panel_series *series,
                            const struct wr_given_stamp *stamp, const struct wr_stamp_form *form,
                            struct wr_error *error) {
    const struct wr_panel_series *first = &panel->series[0];
    char text[WR_EXCERPT];
    const char *word = wr_panel_line_word(panel);
    if (form->kind != first->form.kind)
        return wr_panel_fail(panel, series, stamp->line, error,
                             "\"%s\" is of another kind than the time stamp on %s %zu; write all "
                             "of the file alike",
                             stamp_text(stamp, text), word, first->rows.lines[0]);
    if (!wr_stamp_alike(form, &series->form))
        return wr_panel_fail(panel, series, stamp->line, error,
                             "\"%s\" is written otherwise than the time stamp on %s %zu; write "
                             "all of a series with an offset, or all without",
                             stamp_text(stamp, text), word, series->rows.lines[0]);
    return WR_OK;
}

wr_status wr_panel_read_time(struct wr_panel *panel, struct wr_panel_series *series,
                             const struct wr_given_stamp *stamp, struct wr_csv *csv, int64_t *time,
                             struct wr_error *error) {
    const struct wr_panel_series *first = &panel->series[0];
    const struct wr_panel_rows *rows = &series->rows;
    struct wr_stamp_form form;
    int nanosecond;
    size_t line = stamp->line;
    if (!take_apart(stamp, &form, time, &nanosecond))
        return fail_stamp(panel, series, line, stamp->text, error);
    if (rows->count == 0) {
        int64_t second = first->form.second;
        series->form = form;
        series->form.second = first->rows.count > 0 ? second : 1;
        series->form.rules = form.kind == WR_STAMP_TIME ? panel->zone : NULL;
    }
    wr_status status = check_form(panel, series, stamp, &form, error);
    if (status != WR_OK)
        return status;
    merge_forms(series, &form, *time, nanosecond, line);
    if (series->form.rules != NULL && *form.zone == '\0')
        status = to_instant(panel, series, stamp, nanosecond, time, error);
    if (status == WR_OK && form.kind == WR_STAMP_TIME)
        status = to_ticks(panel, series, line, nanosecond, time, error);
    if (status != WR_OK || rows->count == 0 || *time > rows->times[rows->count - 1])
        return status;
    return fail_order(panel, series, stamp, csv, *time, error);
}

/* ---- numbers that are dates ---- */

/* What the numbers are if read as dates. */
struct dates {
    size_t count;
    bool known;  /* all are from 1900 to 2100 */
    bool uneven; /* unevenly spaced as numbers */
};

static bool is_known(int64_t number) {
    while (number >= 10000)
        number /= 10;
    return number >= 1900 && number <= 2100;
}

/* Whether all numbers are dates of one length. */
static bool are_dates(const struct wr_panel *panel, struct dates *dates) {
    struct wr_stamp_form first, form;
    int64_t time;
    *dates = (struct dates){.known = true};
    if (!wr_stamp_from_digits(panel->series[0].rows.times[0], &first, &time))
        return false;
    for (size_t s = 0; s < panel->count; s++) {
        const struct wr_panel_rows *rows = &panel->series[s].rows;
        const int64_t *times = rows->times;
        for (size_t i = 0; i < rows->count; i++) {
            if (!wr_stamp_from_digits(times[i], &form, &time) || form.kind != first.kind ||
                form.detail != first.detail)
                return false;
            dates->known = dates->known && is_known(times[i]);
            dates->uneven |= i > 1 && times[i] - times[i - 1] != times[1] - times[0];
        }
        dates->count += rows->count;
    }
    return true;
}

bool wr_panel_digits_to_dates(struct wr_panel *panel) {
    /* About one number in eight has the digits of a date, so eight of them are no accident. */
    enum { ENOUGH = 8 };
    bool asked = panel->asked && panel->step.unit != WR_UNIT_NUMBER;
    struct dates dates;
    if (panel->numbered || panel->series[0].form.kind != WR_STAMP_NUMBER ||
        (panel->asked && !asked) || !are_dates(panel, &dates) ||
        !(asked || dates.known || (dates.uneven && dates.count >= ENOUGH)))
        return false;
    for (size_t s = 0; s < panel->count; s++) {
        struct wr_panel_series *series = &panel->series[s];
        for (size_t i = 0; i < series->rows.count; i++)
            wr_stamp_from_digits(series->rows.times[i], &series->form, &series->rows.times[i]);
    }
    return true;
}
