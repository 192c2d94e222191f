#include "data/step.h"

#include <stdlib.h>

#include "base/base.h"
#include "data/date.h"

/* ---- places: times counted in units ---- */

static int64_t ticks_of_day(const struct wr_stamp_form *form) {
    return 86400 * form->second;
}

/* The local day of a time; *clock: the ticks since it began. */
static int64_t day_of(const struct wr_stamp_form *form, int64_t time, int64_t *clock) {
    int64_t local = wr_stamp_local(form, time), day = wr_floor_div(local, ticks_of_day(form));
    *clock = local - day * ticks_of_day(form);
    return day;
}

/* The business day, counted from the Monday before 1970; on a weekend, that of the Friday before.
 */
static int64_t business_of(int64_t day) {
    int weekday = wr_weekday(day);
    return wr_floor_div(day + 3, 7) * 5 + (weekday < 5 ? weekday : 4);
}

static int64_t day_of_business(int64_t business) {
    int64_t week = wr_floor_div(business, 5);
    return 7 * week - 3 + (business - 5 * week);
}

/* The day on which steps of months stand in this month. */
static int64_t day_in_month(int64_t month, int day) {
    int64_t first = wr_month_start(month), last = first + wr_month_days(month) - 1;
    if (day == WR_DAY_LAST_BUSINESS)
        return day_of_business(business_of(last));
    if (day == WR_DAY_FIRST_BUSINESS)
        return wr_weekday(first) < 5 ? first : day_of_business(business_of(first) + 1);
    return first + day - 1 < last ? first + day - 1 : last;
}

static int64_t place_of(const struct wr_stamp_form *form, enum wr_unit unit, int64_t time) {
    if (unit < WR_UNIT_DAY || form->kind != WR_STAMP_TIME)
        return time;
    int64_t clock, day = day_of(form, time, &clock);
    int number;
    switch (unit) {
    case WR_UNIT_BUSINESS_DAY:
        return business_of(day);
    case WR_UNIT_MONTH:
        return wr_month_of(day, &number);
    default:
        return day;
    }
}

/* The first time at a place; WR_LATEST if it is later than that. */
static int64_t time_at(const struct wr_stamp_form *form, const struct wr_step *step,
                       int64_t place) {
    if (step->unit < WR_UNIT_DAY || form->kind != WR_STAMP_TIME)
        return place < WR_LATEST ? place : WR_LATEST;
    int64_t day = place, local;
    if (place > WR_LATEST / 32)
        return WR_LATEST;
    if (step->unit == WR_UNIT_BUSINESS_DAY)
        day = day_of_business(place);
    if (step->unit == WR_UNIT_MONTH)
        day = day_in_month(place, step->day);
    if (WR_MUL_OVERFLOWS(day, ticks_of_day(form), &local) || local > WR_LATEST - ticks_of_day(form))
        return WR_LATEST;
    return wr_stamp_at_local(form, local + step->clock);
}

static bool is_anchored(const struct wr_step *step, int64_t place) {
    if (step->anchor == 0)
        return true;
    int months = step->by % 12 == 0 ? 12 : 3;
    return step->unit == WR_UNIT_MONTH ? (place - (step->anchor - 1)) % months == 0
                                       : wr_weekday(place) == step->anchor - 1;
}

bool wr_step_includes(const struct wr_stamp_form *form, const struct wr_step *step, int64_t time) {
    int64_t place = place_of(form, step->unit, time);
    return time_at(form, step, place) == time && is_anchored(step, place);
}

bool wr_step_count(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                   int64_t to, uint64_t *steps) {
    int64_t way = place_of(form, step->unit, to) - place_of(form, step->unit, from);
    *steps = (uint64_t)(way / step->by);
    return way > 0 && way % step->by == 0 && wr_step_includes(form, step, from) &&
           wr_step_includes(form, step, to);
}

int64_t wr_step_add(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                    uint64_t steps) {
    int64_t way, to;
    if (steps == 0)
        return from;
    if (steps > INT64_MAX || WR_MUL_OVERFLOWS(step->by, (int64_t)steps, &way) ||
        WR_ADD_OVERFLOWS(place_of(form, step->unit, from), way, &to))
        return WR_LATEST;
    return time_at(form, step, to);
}

int wr_step_compare(const struct wr_step *a, const struct wr_step *b) {
    /* each series has its own day of the month, except first and last business days */
    int days[2] = {a->day > WR_DAY_LAST ? a->day : 0, b->day > WR_DAY_LAST ? b->day : 0};
    if (a->unit != b->unit)
        return a->unit < b->unit ? -1 : 1;
    if (a->by != b->by)
        return a->by < b->by ? -1 : 1;
    return (days[0] > days[1]) - (days[0] < days[1]);
}

/* ---- the day of the month on which a series stands ---- */

/* The day of the month that all times share; WR_DAY_OWN: there is none. A single time gives its
 * day. */
static int common_day(const struct wr_stamp_form *form, const int64_t *times, size_t count) {
    int most = 0, number;
    int64_t month = INT64_MIN, own, clock, first;
    bool same = true, last = true, closing = true, opening = true;
    day_of(form, times[0], &first);
    for (size_t i = 0; i < count; i++, month = own) {
        int64_t day = day_of(form, times[i], &clock);
        own = wr_month_of(day, &number);
        if (clock != first || own == month)
            return WR_DAY_OWN;
        most = number > most ? number : most;
        last = last && day == day_in_month(own, WR_DAY_LAST);
        closing = closing && day == day_in_month(own, WR_DAY_LAST_BUSINESS);
        opening = opening && day == day_in_month(own, WR_DAY_FIRST_BUSINESS);
    }
    for (size_t i = 0; i < count && same && !last; i++) {
        int64_t day = day_of(form, times[i], &clock);
        same = day == day_in_month(wr_month_of(day, &number), most);
    }
    if (last || (same && (most <= 28 || !closing)))
        return last ? WR_DAY_LAST : most;
    return closing ? WR_DAY_LAST_BUSINESS : opening ? WR_DAY_FIRST_BUSINESS : WR_DAY_OWN;
}

void wr_step_complete(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                      struct wr_step *step) {
    if (step->unit < WR_UNIT_DAY || form->kind != WR_STAMP_TIME)
        return;
    int64_t day = day_of(form, times[0], &step->clock);
    if (step->unit != WR_UNIT_MONTH || step->day != WR_DAY_OWN)
        return;
    step->day = common_day(form, times, count);
    if (step->day == WR_DAY_OWN) /* wr_step_includes then refuses the first time that differs */
        wr_month_of(day, &step->day);
}

/* ---- finding ---- */

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The most frequent difference, and *most, how often it occurs. Sorts differences (count). */
static int64_t most_frequent(int64_t *differences, size_t count, size_t *most) {
    qsort(differences, count, sizeof *differences, compare);
    int64_t found = differences[0];
    *most = 0;
    for (size_t i = 0, same; i < count; i += same) {
        for (same = 1; i + same < count && differences[i + same] == differences[i]; same++)
            ;
        if (same > *most) {
            *most = same;
            found = differences[i];
        }
    }
    return found;
}

/* Finds step->by, counted in step->unit. */
static wr_status find_by(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                         struct wr_step *step, bool *regular, struct wr_error *error) {
    int64_t *differences = wr_alloc(count - 1, sizeof *differences, "the steps of a series", error);
    if (differences == NULL)
        return WR_ERR_MEMORY;
    int64_t last = place_of(form, step->unit, times[0]);
    for (size_t i = 0; i + 1 < count; i++) {
        int64_t place = place_of(form, step->unit, times[i + 1]);
        differences[i] = place - last;
        last = place;
    }
    size_t most;
    step->by = most_frequent(differences, count - 1, &most);
    *regular = count > 2 && most >= count - 1 - (count - 1) / 4;
    free(differences);
    return WR_OK;
}

/* Whether all times have the step's time of day. */
static bool is_daily(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                     const struct wr_step *step) {
    for (size_t i = 0; i < count; i++)
        if (!wr_step_includes(form, step, times[i]))
            return false;
    return true;
}

/* Whether no time is on a weekend, and the times span at least one weekend. */
static bool is_business(const struct wr_stamp_form *form, const int64_t *times, size_t count) {
    int64_t clock, first = day_of(form, times[0], &clock);
    for (size_t i = 0; i < count; i++)
        if (wr_weekday(day_of(form, times[i], &clock)) > 4)
            return false;
    int64_t last = day_of(form, times[count - 1], &clock);
    return wr_floor_div(first + 3, 7) != wr_floor_div(last + 3, 7);
}

static wr_status find_days(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                           struct wr_step *step, bool *regular, struct wr_error *error) {
    wr_status status = find_by(form, times, count, step, regular, error);
    if (status != WR_OK || step->by != 1 || !is_business(form, times, count))
        return status;
    step->unit = WR_UNIT_BUSINESS_DAY;
    return find_by(form, times, count, step, regular, error);
}

/* A single time has no difference: its step is one unit. */
static void step_of_one(const struct wr_stamp_form *form, struct wr_step *step) {
    static const int seconds[] = {86400, 3600, 60, 1};
    int detail = form->detail < WR_DETAIL_SECOND ? form->detail : WR_DETAIL_SECOND;
    step->by = 1;
    if (form->kind == WR_STAMP_QUARTER)
        step->by = 3;
    if (form->kind != WR_STAMP_TIME)
        return;
    step->unit = form->detail == WR_DETAIL_DAY ? WR_UNIT_DAY : WR_UNIT_TICK;
    if (step->unit == WR_UNIT_TICK)
        step->by = seconds[detail] * form->second;
}

wr_status wr_step_find(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                       struct wr_step *step, bool *regular, struct wr_error *error) {
    static const enum wr_unit units[] = {WR_UNIT_NUMBER, WR_UNIT_MONTH, WR_UNIT_MONTH, WR_UNIT_DAY};
    *step = (struct wr_step){.unit = units[form->kind]};
    *regular = false;
    if (count < 2) {
        step_of_one(form, step);
        wr_step_complete(form, times, count, step);
        return WR_OK;
    }
    if (form->kind != WR_STAMP_TIME)
        return find_by(form, times, count, step, regular, error);
    day_of(form, times[0], &step->clock);
    step->day = common_day(form, times, count);
    if (step->day != WR_DAY_OWN)
        step->unit = WR_UNIT_MONTH;
    else if (is_daily(form, times, count, step))
        return find_days(form, times, count, step, regular, error);
    else
        step->unit = WR_UNIT_TICK;
    return find_by(form, times, count, step, regular, error);
}
