/* The step of a panel's time stamps: one for the file, which every series has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/text.h"
#include "data/date.h"
#include "data/panel.h"

enum { MOST_STEPS = 16, /* tried on every series */ NAMES_SHOWN = 5 };

/* The step of a series on its own. The classes, in the order of how much they say: one value, two,
 * more with uneven differences, more with mostly equal differences. */
struct own {
    struct wr_step step;
    enum { ONE, TWO, UNEVEN, REGULAR } class;
};

/* How well a step fits the series. */
struct support {
    size_t series, values; /* that accept the step */
    uint64_t missing;      /* stamps of the step that these do not have */
};

/* ---- one series ---- */

/* The file's step, completed for a series: steps of months stand on the day of the month of the
 * series itself. */
static struct wr_step step_of_series(const struct wr_panel *panel,
                                     const struct wr_panel_series *series,
                                     const struct wr_step *step) {
    struct wr_step own = *step;
    const struct wr_panel_rows *rows = &series->rows;
    wr_step_complete(&series->form, rows->times, rows->count, &own);
    if (panel->asked || own.unit != WR_UNIT_MONTH || own.day > WR_DAY_LAST ||
        (rows->count == 1 && wr_step_includes(&series->form, &own, rows->times[0])))
        return own;
    own.day = WR_DAY_OWN;
    wr_step_complete(&series->form, rows->times, rows->count, &own);
    return own;
}

/* Whether a step fits a series: it includes every stamp and, if the series is regular, it is most
 * of the differences. *missing: the stamps that the series does not have. */
static bool fits(const struct wr_panel *panel, const struct wr_panel_series *series,
                 const struct wr_step *step, bool regular, uint64_t *missing) {
    const struct wr_panel_rows *rows = &series->rows;
    struct wr_step own = step_of_series(panel, series, step);
    size_t single = 0;
    *missing = 0;
    for (size_t i = 0; i + 1 < rows->count; i++) {
        uint64_t steps;
        if (!wr_step_count(&series->form, &own, rows->times[i], rows->times[i + 1], &steps))
            return false;
        *missing += steps - 1;
        single += steps == 1;
    }
    return wr_step_includes(&series->form, &own, rows->times[0]) &&
           (!regular || 2 * single >= rows->count - 1);
}

/* Whether a series accepts a step: the step fits and, if the series is regular, the series' own
 * step does not leave fewer stamps missing. */
static bool accepts(const struct wr_panel *panel, const struct wr_panel_series *series,
                    const struct own *own, const struct wr_step *step, uint64_t *missing) {
    bool regular = own->class == REGULAR;
    uint64_t less;
    if (!fits(panel, series, step, regular, missing))
        return false;
    return !regular || wr_step_compare(&own->step, step) == 0 ||
           !fits(panel, series, &own->step, true, &less) || less >= *missing;
}

/* ---- the file ---- */

/* Orders by class, the most values first, then by step, then by day of the month. */
static int compare_own(const void *a, const void *b) {
    const struct own *x = a, *y = b;
    int order = wr_step_compare(&x->step, &y->step);
    if (x->class != y->class)
        return x->class > y->class ? -1 : 1;
    return order != 0 ? order : (x->step.day > y->step.day) - (x->step.day < y->step.day);
}

static wr_status find_own(const struct wr_panel *panel, struct own *own, struct wr_error *error) {
    for (size_t s = 0; s < panel->count; s++) {
        const struct wr_panel_series *series = &panel->series[s];
        size_t count = series->rows.count;
        bool regular;
        wr_status status =
            wr_step_find(&series->form, series->rows.times, count, &own[s].step, &regular, error);
        if (status != WR_OK)
            return status;
        own[s].class = count == 1 ? ONE : count == 2 ? TWO : regular ? REGULAR : UNEVEN;
    }
    return WR_OK;
}

/* The steps that occur most often in the first class: how many, at most MOST_STEPS. Sorts own
 * (count). */
static size_t most_common(struct own *own, size_t count, struct wr_step steps[MOST_STEPS]) {
    size_t found = 0, votes[MOST_STEPS];
    qsort(own, count, sizeof *own, compare_own);
    for (size_t i = 0, same; i < count && own[i].class == own[0].class; i += same) {
        for (same = 1; i + same < count && own[i + same].class == own[i].class &&
                       wr_step_compare(&own[i].step, &own[i + same].step) == 0;
             same++)
            ;
        size_t at = found < MOST_STEPS ? found++ : MOST_STEPS;
        for (; at > 0 && votes[at - 1] < same; at--)
            if (at < MOST_STEPS) {
                votes[at] = votes[at - 1];
                steps[at] = steps[at - 1];
            }
        if (at < MOST_STEPS) {
            votes[at] = same;
            steps[at] = own[i].step;
        }
    }
    return found;
}

static void try_step(const struct wr_panel *panel, const struct own *own,
                     const struct wr_step *step, struct support *support) {
    *support = (struct support){0};
    for (size_t s = 0; s < panel->count; s++) {
        uint64_t missing;
        if (!accepts(panel, &panel->series[s], &own[s], step, &missing))
            continue;
        support->series++;
        support->values += panel->series[s].rows.count;
        support->missing += missing;
    }
}

static bool is_better(const struct support *a, const struct support *b) {
    if (a->series != b->series)
        return a->series > b->series;
    if (a->missing != b->missing)
        return a->missing < b->missing;
    return a->values > b->values;
}

/* WR_ERR_DATA if a regular series does not accept the file's step. */
static wr_status check_series(const struct wr_panel *panel, const struct own *own,
                              const struct wr_panel_series *series, size_t suited,
                              struct wr_error *error) {
    uint64_t missing;
    char step[WR_STAMP_SIZE], ours[WR_STAMP_SIZE];
    if (own->class != REGULAR || wr_step_compare(&own->step, &panel->step) == 0 ||
        accepts(panel, series, own, &panel->step, &missing))
        return WR_OK;
    return wr_panel_fail(
        panel, series, series->rows.lines[0], error,
        "its time stamps are in steps of %s, but the file is in steps of %s, which "
        "suit %zu of %zu series; give it a file of its own, or choose the step "
        "with \1freq\1",
        wr_step_text(&series->form, &own->step, step),
        wr_step_text(&panel->series[0].form, &panel->step, ours), suited, panel->count);
}

static wr_status choose_step(struct wr_panel *panel, const struct own *own, struct own *sorted,
                             struct wr_error *error) {
    struct wr_step steps[MOST_STEPS] = {0};
    struct support best = {0}, support;
    memcpy(sorted, own, panel->count * sizeof *sorted);
    size_t count = most_common(sorted, panel->count, steps);
    panel->step = steps[0];
    for (size_t i = 0; i < count && count > 1; i++) {
        try_step(panel, own, &steps[i], &support);
        if (i > 0 && !is_better(&support, &best))
            continue;
        best = support;
        panel->step = steps[i];
    }
    wr_status status = WR_OK;
    for (size_t s = 0; s < panel->count && status == WR_OK && count > 1; s++)
        status = check_series(panel, &own[s], &panel->series[s], best.series, error);
    return status;
}

static wr_status find_step(struct wr_panel *panel, struct wr_error *error) {
    struct own *own = wr_alloc(panel->count, 2 * sizeof *own, "the steps of series", error);
    if (own == NULL)
        return WR_ERR_MEMORY;
    wr_status status = find_own(panel, own, error);
    if (status == WR_OK)
        status = choose_step(panel, own, own + panel->count, error);
    free(own);
    return status;
}

/* ---- the step that was asked for ---- */

static wr_status fail_asked(const struct wr_panel *panel, const char *what,
                            struct wr_error *error) {
    char step[WR_STAMP_SIZE];
    const struct wr_stamp_form nanoseconds = {.second = 1000000000};
    return wr_fail(error, WR_ERR_DATA, "%s: the time stamps are %s, which have no steps of %s",
                   panel->path, what, wr_step_text(&nanoseconds, &panel->step, step));
}

/* Shows the hours, minutes or fractions that the steps of a clock need. */
static void raise_detail(struct wr_stamp_form *form, int64_t nanoseconds) {
    static const int64_t units[] = {86400000000000, 3600000000000, 60000000000, 1000000000};
    int detail = WR_DETAIL_DAY;
    while (detail < WR_DETAIL_SECOND && nanoseconds % units[detail] != 0)
        detail++;
    if (detail == WR_DETAIL_HOUR && form->mark != '\0')
        detail = WR_DETAIL_MINUTE;
    for (int64_t unit = 1000000000; nanoseconds % unit != 0; unit /= 10)
        detail++;
    if (detail > form->detail)
        form->detail = (char)detail;
    if (form->detail > WR_DETAIL_DAY && form->separator == '\0' && form->mark != '\0')
        form->separator = ' ';
}

static wr_status take_clock(struct wr_panel *panel, struct wr_error *error) {
    int64_t by = panel->step.by, second = by % 1000000000 == 0 ? 1
                                          : by % 1000000 == 0  ? 1000
                                          : by % 1000 == 0     ? 1000000
                                                               : 1000000000;
    wr_status status = wr_panel_set_ticks(panel, second, error);
    for (size_t s = 0; s < panel->count; s++)
        raise_detail(&panel->series[s].form, by);
    panel->step.by = by / (1000000000 / panel->series[0].form.second);
    return status;
}

static wr_status take_asked(struct wr_panel *panel, struct wr_error *error) {
    struct wr_step *step = &panel->step;
    bool years = step->unit == WR_UNIT_MONTH && step->by % 12 == 0;
    switch (panel->series[0].form.kind) {
    case WR_STAMP_NUMBER:
        if (step->unit != WR_UNIT_NUMBER && !years)
            return fail_asked(panel, "numbers", error);
        if (years)
            *step = (struct wr_step){.unit = WR_UNIT_NUMBER, .by = step->by / 12};
        return WR_OK;
    case WR_STAMP_MONTH:
        return step->unit == WR_UNIT_MONTH ? WR_OK : fail_asked(panel, "months", error);
    case WR_STAMP_QUARTER:
        return step->unit == WR_UNIT_MONTH && step->by % 3 == 0
                   ? WR_OK
                   : fail_asked(panel, "quarters", error);
    case WR_STAMP_TIME:
        break;
    }
    if (step->unit == WR_UNIT_NUMBER)
        return fail_asked(panel, "dates", error);
    return step->unit == WR_UNIT_TICK ? take_clock(panel, error) : WR_OK;
}

/* ---- notes for the user ---- */

/* The anchor of a step as pandas names it: the weekday (1 + 0 for Monday) of weeks, the month of
 * years, the month of the last quarter's end or the first quarter's start. 0: there is none. */
static int anchor_of(const struct wr_panel_series *series) {
    const struct wr_step *step = &series->step;
    int64_t day = wr_floor_div(wr_stamp_local(&series->form, series->rows.times[0]),
                               86400 * series->form.second);
    int number, month = (int)(wr_month_of(day, &number) % 12);
    if (step->unit == WR_UNIT_DAY && step->by % 7 == 0)
        return 1 + wr_weekday(day);
    if (step->unit != WR_UNIT_MONTH || step->by % 3 != 0)
        return 0;
    if (step->by % 12 == 0)
        return 1 + month;
    return 1 + month % 3 + (step->day == 1 || step->day == WR_DAY_FIRST_BUSINESS ? 0 : 9);
}

/* Fills in the day and anchor that all series share, for the name of the step, unless the caller
 * asked for them. */
static void find_common(struct wr_panel *panel) {
    struct wr_step *step = &panel->step;
    bool days = !panel->asked || step->day == WR_DAY_OWN;
    bool anchors = !panel->asked || step->anchor == 0;
    for (size_t s = 0; s < panel->count; s++) {
        const struct wr_panel_series *series = &panel->series[s];
        if (series->form.kind != WR_STAMP_TIME)
            return;
        int day = series->step.day, anchor = anchor_of(series);
        if (days)
            step->day = s == 0 || step->day == day ? day : WR_DAY_OWN;
        if (anchors)
            step->anchor = s == 0 || step->anchor == anchor ? anchor : 0;
    }
}

static bool is_few(const struct wr_panel *panel, const struct wr_panel_series *series) {
    return !panel->asked && panel->count > 1 && series->rows.count < 3;
}

static void note_few(const struct wr_panel *panel, FILE *notes) {
    size_t count = 0;
    char name[WR_EXCERPT];
    for (size_t s = 0; s < panel->count; s++)
        count += is_few(panel, &panel->series[s]);
    if (count == 0 || count == panel->count)
        return;
    fprintf(notes, "%zu series of one or two values take%s the step of the others: ", count,
            count == 1 ? "s" : "");
    for (size_t s = 0, shown = 0; s < panel->count && shown < NAMES_SHOWN; s++)
        if (is_few(panel, &panel->series[s]))
            fprintf(notes, "%s%s", shown++ > 0 ? ", " : "", wr_excerpt(panel->series[s].id, name));
    if (count > NAMES_SHOWN)
        fprintf(notes, " and %zu more", count - NAMES_SHOWN);
    fputc('\n', notes);
}

static void note_digits(const struct wr_panel *panel, FILE *notes) {
    const struct wr_panel_series *first = panel->series;
    struct wr_stamp_form form = first->form;
    char digits[WR_STAMP_SIZE], stamp[WR_STAMP_SIZE];
    wr_stamp_write(&form, first->rows.times[0], digits);
    form.mark = '-';
    form.separator = ' ';
    if (form.detail == WR_DETAIL_HOUR)
        form.detail = WR_DETAIL_MINUTE;
    wr_stamp_write(&form, first->rows.times[0], stamp);
    fprintf(notes,
            "the numbers of the time stamps are taken for dates: %s is %s; \1freq=1\1 takes "
            "them for numbers\n",
            digits, stamp);
}

/* Only for the first such series. */
static void note_offsets(const struct wr_panel *panel, FILE *notes) {
    for (size_t s = 0; s < panel->count; s++) {
        const struct wr_panel_series *series = &panel->series[s];
        if (series->offset_line == 0)
            continue;
        fprintf(notes, "the offset of time stamps changes on %s %zu, so they go on in ",
                wr_panel_line_word(panel), series->offset_line);
        if (series->clock < 0)
            fputs("UTC; \1tz\1, as \1tz=Europe/Berlin\1, goes on in local time\n", notes);
        else
            fprintf(notes,
                    "the last, %s, and in days of 24 hours; \1tz\1, as \1tz=Europe/Berlin\1, heeds "
                    "later "
                    "changes\n",
                    series->last.zone + strspn(series->last.zone, " "));
        return;
    }
}

static wr_status write_notes(struct wr_panel *panel, bool digits, struct wr_error *error) {
    struct wr_text text;
    char step[WR_STAMP_SIZE];
    FILE *notes = wr_text_open(&text);
    if (notes == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for notes", panel->path);
    if (digits)
        note_digits(panel, notes);
    note_offsets(panel, notes);
    if (!panel->asked)
        fprintf(notes, "time stamps are in steps of %s (\1freq=%s\1)\n",
                wr_step_text(&panel->series[0].form, &panel->step, step), panel->freq);
    note_few(panel, notes);
    char *marked = wr_text_close(notes, &text);
    size_t room = marked != NULL ? 2 * strlen(marked) + 1 : 0;
    panel->notes = marked != NULL ? malloc(room) : NULL;
    if (panel->notes != NULL)
        wr_fields_shown(marked, panel->notes, room);
    free(marked);
    return panel->notes != NULL
               ? WR_OK
               : wr_fail(error, WR_ERR_MEMORY, "%s: no memory for notes", panel->path);
}

/* A time zone only matters for stamps with a time of day. */
static wr_status check_zone(const struct wr_panel *panel, struct wr_error *error) {
    bool clocks = panel->zone == NULL;
    for (size_t s = 0; s < panel->count; s++)
        clocks |= panel->series[s].form.kind == WR_STAMP_TIME &&
                  panel->series[s].form.detail > WR_DETAIL_DAY;
    return clocks ? WR_OK
                  : wr_fail(error, WR_ERR_DATA,
                            "%s: the time stamps have no time of day, so a time zone changes "
                            "nothing; leave out \1tz\1",
                            panel->path);
}

wr_status wr_panel_find_steps(struct wr_panel *panel, struct wr_error *error) {
    bool digits = wr_panel_digits_to_dates(panel);
    wr_panel_unify_offsets(panel);
    wr_status status = check_zone(panel, error);
    if (status == WR_OK)
        status = panel->asked ? take_asked(panel, error) : find_step(panel, error);
    if (status != WR_OK)
        return status;
    for (size_t s = 0; s < panel->count; s++)
        panel->series[s].step = step_of_series(panel, &panel->series[s], &panel->step);
    if (panel->numbered)
        return WR_OK;
    find_common(panel);
    wr_step_name(&panel->series[0].form, &panel->step, panel->freq);
    return write_notes(panel, digits, error);
}
