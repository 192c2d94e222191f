#include "data/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY    86400
#define LATEST (INT64_MAX / 2) /* so that what is reckoned with times fits */

/* The greatest whole number that is at most a / b; b > 0. */
static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static bool is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* month = 12 year + 0 .. 11 */
static int days_in_month(int64_t month) {
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year = floor_div(month, 12);
    int m = (int)(month - 12 * year);
    return days[m] + (m == 1 && is_leap(year));
}

/* Days from 1970-01-01 to the first of January. */
static int64_t year_start(int64_t year) {
    int64_t y = year - 1;
    return 365 * year + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) - 719527;
}

static int64_t month_start(int64_t month) {
    int64_t year = floor_div(month, 12), days = year_start(year);
    for (int64_t m = 12 * year; m < month; m++)
        days += days_in_month(m);
    return days;
}

/* The month of a day, and its number in there from 1. */
static int64_t month_of(int64_t day, int *number) {
    int64_t year = floor_div(day, 366) + 1970; /* not too late from 1970 on, nor too early before */
    for (int64_t off; (off = floor_div(day - year_start(year), 366)) != 0;)
        year += off;
    if (day >= year_start(year + 1))
        year++;
    int64_t month = 12 * year, left = day - year_start(year);
    while (left >= days_in_month(month))
        left -= days_in_month(month++);
    *number = (int)left + 1;
    return month;
}

/* Reads so many digits; -1 if they are not there. */
static int digits(const char **text, int count) {
    int value = 0;
    for (; count > 0; count--, ++*text) {
        if (**text < '0' || **text > '9')
            return -1;
        value = 10 * value + (**text - '0');
    }
    return value;
}

/* `mark` and two digits up to `most`, which are read; -1 if they are not there. */
static int part(const char **text, char mark, int most) {
    if (**text != mark)
        return -1;
    const char *at = *text + 1;
    int value = digits(&at, 2);
    if (value < 0 || value > most)
        return -1;
    *text = at;
    return value;
}

static bool is_end(const char *text) {
    return text[strspn(text, " \t\n")] == '\0';
}

/* At most 18 digits, with a sign or without. */
static bool read_number(const char *text, struct wr_stamp_form *form, int64_t *time) {
    bool minus = *text == '-';
    const char *start = text += minus || *text == '+';
    int64_t value = 0;
    for (; *text >= '0' && *text <= '9' && text - start < 18; text++)
        value = 10 * value + (*text - '0');
    if (text == start || !is_end(text))
        return false;
    form->kind = WR_STAMP_NUMBER;
    form->width = (char)(*start == '0' && text - start > 1 ? text - start : 0);
    *time = minus ? -value : value;
    return true;
}

/* Z, +HH, +HHMM, +HH:MM, or nothing. */
static bool read_zone(const char *text, char zone[7]) {
    const char *start = text;
    if (*text == 'Z') {
        text++;
    } else if (*text == '+' || *text == '-') {
        int minutes = part(&text, *text, 23) < 0 ? -1 : 0;
        if (minutes == 0 && !is_end(text))
            minutes = *text == ':' ? part(&text, ':', 59) : digits(&text, 2);
        if (minutes < 0 || minutes > 59)
            return false;
    }
    memcpy(zone, start, (size_t)(text - start)); /* six bytes at most */
    zone[text - start] = '\0';
    return is_end(text);
}

/* What follows a date: *seconds since midnight. */
static bool read_clock(const char *text, struct wr_stamp_form *form, int64_t *seconds) {
    form->separator = *text;
    int hour = part(&text, *text, 23), minute = hour < 0 ? -1 : part(&text, ':', 59), second = 0;
    if (minute < 0)
        return false;
    form->kind = WR_STAMP_MINUTE;
    if (*text == ':') {
        second = part(&text, ':', 59);
        form->kind = WR_STAMP_SECOND;
    }
    *seconds = 3600 * (int64_t)hour + 60 * (int64_t)minute + second;
    return second >= 0 && read_zone(text, form->zone);
}

bool wr_stamp_read(const char *text, struct wr_stamp_form *form, int64_t *time) {
    *form = (struct wr_stamp_form){0};
    text += strspn(text, " \t\n");
    const char *at = text;
    int year = digits(&at, 4), month = year < 0 ? -1 : part(&at, '-', 12);
    if (month < 0)
        return read_number(text, form, time);
    int64_t months = 12 * (int64_t)year + month - 1, seconds = 0;
    if (month == 0)
        return false;
    form->kind = WR_STAMP_MONTH;
    *time = months;
    if (is_end(at))
        return true;
    int day = part(&at, '-', days_in_month(months));
    if (day < 1)
        return false;
    form->kind = WR_STAMP_DAY;
    *time = month_start(months) + day - 1;
    if (is_end(at))
        return true;
    if ((*at != 'T' && *at != ' ') || !read_clock(at, form, &seconds))
        return false;
    *time = *time * DAY + seconds;
    return true;
}

bool wr_stamp_alike(const struct wr_stamp_form *a, const struct wr_stamp_form *b) {
    return a->kind == b->kind && a->separator == b->separator && strcmp(a->zone, b->zone) == 0;
}

void wr_stamp_write(const struct wr_stamp_form *form, int64_t time, char stamp[WR_STAMP_SIZE]) {
    if (form->kind == WR_STAMP_NUMBER) {
        snprintf(stamp, WR_STAMP_SIZE, "%0*lld", form->width + (time < 0), (long long)time);
        return;
    }
    bool clock = form->kind >= WR_STAMP_MINUTE;
    int64_t days = clock ? floor_div(time, DAY) : time, seconds = clock ? time - days * DAY : 0;
    int day = 0;
    int64_t month = form->kind == WR_STAMP_MONTH ? time : month_of(days, &day);
    int64_t year = floor_div(month, 12);
    int length = snprintf(stamp, WR_STAMP_SIZE, "%04lld-%02d", (long long)year,
                          (int)(month - 12 * year) + 1);
    if (form->kind >= WR_STAMP_DAY)
        length += snprintf(stamp + length, WR_STAMP_SIZE - (size_t)length, "-%02d", day);
    if (clock)
        length += snprintf(stamp + length, WR_STAMP_SIZE - (size_t)length, "%c%02d:%02d",
                           form->separator, (int)(seconds / 3600), (int)(seconds / 60 % 60));
    if (form->kind == WR_STAMP_SECOND)
        length +=
            snprintf(stamp + length, WR_STAMP_SIZE - (size_t)length, ":%02d", (int)(seconds % 60));
    snprintf(stamp + length, WR_STAMP_SIZE - (size_t)length, "%s", form->zone);
}

/* A time as the months that are stepped in: month, day in it, second of that day. */
struct date {
    int64_t month, second;
    int day;
};

static struct date date_of(const struct wr_stamp_form *form, int64_t time) {
    struct date date = {0};
    int64_t days = form->kind == WR_STAMP_DAY ? time : floor_div(time, DAY);
    date.second = form->kind == WR_STAMP_DAY ? 0 : time - days * DAY;
    date.month = month_of(days, &date.day);
    return date;
}

/* The day `day` of the month, or its last. */
static int day_in(int64_t month, int day) {
    int most = days_in_month(month);
    return day < most ? day : most;
}

/* The day of the month on which all times stand (31: the last), at one time of the day; else 0. */
static int common_day(const struct wr_stamp_form *form, const int64_t *times, size_t count) {
    if (form->kind < WR_STAMP_DAY || count < 2)
        return 0;
    struct date first = date_of(form, times[0]);
    bool last = true;
    int most = 0;
    for (size_t i = 0; i < count; i++) {
        struct date date = date_of(form, times[i]);
        if (date.second != first.second || (i == 1 && date.month == first.month))
            return 0;
        last = last && date.day == days_in_month(date.month);
        most = date.day > most ? date.day : most;
    }
    int day = last ? 31 : most;
    for (size_t i = 0; i < count; i++) {
        struct date date = date_of(form, times[i]);
        if (date.day != day_in(date.month, day))
            return 0;
    }
    return day;
}

static int64_t difference(const struct wr_stamp_form *form, int day, int64_t from, int64_t to) {
    return day == 0 ? to - from : date_of(form, to).month - date_of(form, from).month;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The most frequent of differences (count), which are sorted for it. */
static int64_t most_frequent(int64_t *differences, size_t count) {
    qsort(differences, count, sizeof *differences, compare);
    int64_t found = differences[0];
    for (size_t i = 0, most = 0, same; i < count; i += same) {
        for (same = 1; i + same < count && differences[i + same] == differences[i]; same++)
            ;
        if (same > most) {
            most = same;
            found = differences[i];
        }
    }
    return found;
}

wr_status wr_step_find(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                       struct wr_step *step, struct wr_error *error) {
    step->day = common_day(form, times, count);
    step->by = form->kind == WR_STAMP_MINUTE ? 60 : 1;
    if (count < 2)
        return WR_OK;
    step->by = difference(form, step->day, times[0], times[1]);
    size_t same = 1;
    while (same + 1 < count &&
           difference(form, step->day, times[same], times[same + 1]) == step->by)
        same++;
    if (same + 1 == count)
        return WR_OK;
    int64_t *differences = wr_alloc(count - 1, sizeof *differences, "the steps of a series", error);
    if (differences == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i + 1 < count; i++)
        differences[i] = difference(form, step->day, times[i], times[i + 1]);
    step->by = most_frequent(differences, count - 1);
    free(differences);
    return WR_OK;
}

bool wr_step_count(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                   int64_t to, uint64_t *steps) {
    int64_t way = difference(form, step->day, from, to);
    *steps = (uint64_t)(way / step->by);
    return way > 0 && way % step->by == 0;
}

int64_t wr_step_from(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                     uint64_t steps) {
    struct date date = step->day == 0 ? (struct date){.month = from} : date_of(form, from);
    int64_t way, to;
    if (steps > INT64_MAX || __builtin_mul_overflow(step->by, (int64_t)steps, &way) ||
        __builtin_add_overflow(date.month, way, &to))
        return LATEST;
    if (step->day == 0)
        return to < LATEST ? to : LATEST;
    if (to > LATEST / (32 * (int64_t)DAY))
        return LATEST;
    int64_t days = month_start(to) + day_in(to, step->day) - 1;
    return form->kind == WR_STAMP_DAY ? days : days * DAY + date.second;
}

const char *wr_step_text(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]) {
    static const char *const units[] = {"", " month", " day", " second", " second"};
    const char *unit = units[step->day != 0 ? WR_STAMP_MONTH : form->kind];
    snprintf(text, WR_STAMP_SIZE, "%lld%s%s", (long long)step->by, unit,
             *unit != '\0' && step->by != 1 ? "s" : "");
    return text;
}
