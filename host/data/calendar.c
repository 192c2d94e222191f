#include "data/calendar.h"

#include <stdio.h>
#include <string.h>

#include "data/date.h"

enum { DAY = 86400 };

/* Reads `count` digits; -1 if they are not there. */
static int digits(const char **text, int count) {
    int value = 0;
    for (; count > 0; count--, ++*text) {
        if (**text < '0' || **text > '9')
            return -1;
        value = 10 * value + (**text - '0');
    }
    return value;
}

/* Reads `mark` and a number of two digits, at most `most`; -1 if they are not there. */
static int two_digits(const char **text, char mark, int most) {
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

/* Reads an integer of at most 18 digits, with or without a sign. */
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

/* Reads Z, UTC, +HH, +HHMM or +HH:MM, which a blank may precede, or nothing. */
static bool read_zone(const char *text, struct wr_stamp_form *form) {
    const char *start = text;
    if (is_end(text))
        return true;
    text += *text == ' ';
    if (*text == 'Z') {
        text++;
    } else if (strncmp(text, "UTC", 3) == 0) {
        text += 3;
    } else if (*text == '+' || *text == '-') {
        int sign = *text == '-' ? -1 : 1, hours = two_digits(&text, *text, 23), minutes = 0;
        if (hours >= 0 && !is_end(text))
            minutes = *text == ':' ? two_digits(&text, ':', 59) : digits(&text, 2);
        if (hours < 0 || minutes < 0 || minutes > 59)
            return false;
        form->offset = sign * (3600 * hours + 60 * minutes);
    }
    memcpy(form->zone, start, (size_t)(text - start)); /* seven bytes at most */
    form->zone[text - start] = '\0';
    return text > start && is_end(text);
}

/* Reads 1 to 9 digits after the point into *nanosecond. */
static bool read_fraction(const char **text, struct wr_stamp_form *form, int *nanosecond) {
    const char *start = *text;
    int unit = 100000000;
    for (; **text >= '0' && **text <= '9' && unit > 0; ++*text, unit /= 10)
        *nanosecond += unit * (**text - '0');
    form->detail = (char)(WR_DETAIL_SECOND + (*text - start));
    return *text > start;
}

/* Reads what follows a date: the time of day (*seconds since midnight and *nanosecond) and the
 * zone. */
static bool read_clock(const char *text, struct wr_stamp_form *form, int64_t *seconds,
                       int *nanosecond) {
    form->separator = *text;
    int hour = two_digits(&text, *text, 23), minute = hour < 0 ? -1 : two_digits(&text, ':', 59),
        second = 0;
    if (minute < 0)
        return false;
    form->detail = WR_DETAIL_MINUTE;
    if (*text == ':') {
        second = two_digits(&text, ':', 59);
        form->detail = WR_DETAIL_SECOND;
        if (second >= 0 && *text == '.') {
            text++;
            if (!read_fraction(&text, form, nanosecond))
                return false;
        }
    }
    *seconds = 3600 * (int64_t)hour + 60 * (int64_t)minute + second;
    return second >= 0 && read_zone(text, form);
}

/* Reads what follows the year: Q1, -Q1 or " Q1". */
static bool read_quarter(const char *text, int year, struct wr_stamp_form *form, int64_t *time) {
    form->kind = WR_STAMP_QUARTER;
    form->mark = (char)(*text == '-' || *text == ' ' ? *text++ : '\0');
    if (*text != 'Q' || text[1] < '1' || text[1] > '4' || !is_end(text + 2))
        return false;
    *time = 12 * (int64_t)year + 3 * (int64_t)(text[1] - '1');
    return true;
}

bool wr_stamp_read(const char *text, struct wr_stamp_form *form, int64_t *time, int *nanosecond) {
    *form = (struct wr_stamp_form){.second = 1};
    *nanosecond = 0;
    text += strspn(text, " \t\n");
    const char *at = text;
    int year = digits(&at, 4);
    char mark = (char)(year >= 0 && *at == '/' ? '/' : '-');
    if (year >= 0 && read_quarter(at, year, form, time))
        return true;
    *form = (struct wr_stamp_form){.mark = mark, .second = 1};
    int month = year < 0 ? -1 : two_digits(&at, mark, 12);
    if (month < 0) {
        form->mark = '\0';
        return read_number(text, form, time);
    }
    int64_t months = 12 * (int64_t)year + month - 1, seconds = 0;
    if (month == 0)
        return false;
    form->kind = WR_STAMP_MONTH;
    *time = months;
    if (is_end(at))
        return true;
    int day = two_digits(&at, mark, wr_month_days(months));
    if (day < 1)
        return false;
    form->kind = WR_STAMP_TIME;
    *time = DAY * (wr_month_start(months) + day - 1);
    if (is_end(at))
        return true;
    if ((*at != 'T' && *at != ' ') || !read_clock(at, form, &seconds, nanosecond))
        return false;
    *time += seconds - form->offset;
    return true;
}

const char *wr_stamp_wrong_part(const char *text) {
    static const struct {
        size_t at, end;
        const char *number, *what;
    } parts[] = {{11, 19, "00:00:00", "time of day"}, {8, 10, "01", "day"}, {5, 7, "01", "month"}};
    char copy[64];
    struct wr_stamp_form form;
    int64_t time;
    int nanosecond;
    text += strspn(text, " \t\n");
    if (strlen(text) >= sizeof copy)
        return NULL;
    strcpy(copy, text);
    /* make one part after the other valid, the clock first: the part that makes the stamp valid is
     * wrong */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strlen(copy) <= parts[i].at)
            continue;
        for (size_t at = parts[i].at; at < parts[i].end && strchr("+-Zz", copy[at]) == NULL; at++)
            if (copy[at] >= '0' && copy[at] <= '9')
                copy[at] = parts[i].number[at - parts[i].at];
        if (wr_stamp_read(copy, &form, &time, &nanosecond))
            return form.kind != WR_STAMP_QUARTER ? parts[i].what : NULL;
    }
    return NULL;
}

bool wr_stamp_is_reversed(const char *text) {
    text += strspn(text, " \t\n");
    for (int i = 0; i < 2; i++) {
        size_t count = strspn(text, "0123456789");
        if (count < 1 || count > 2 || strchr("/.-", text[count]) == NULL || text[count] == '\0')
            return false;
        text += count + 1;
    }
    return *text >= '0' && *text <= '9';
}

bool wr_stamp_from_digits(int64_t number, struct wr_stamp_form *form, int64_t *time) {
    char text[24];
    int length = number < 0 ? 0 : snprintf(text, sizeof text, "%lld", (long long)number);
    const char *at = text;
    if (length < 6 || length > 14 || length % 2 != 0)
        return false;
    int year = digits(&at, 4), month = digits(&at, 2), day = 1;
    int64_t clock[3] = {0};
    int64_t months = 12 * (int64_t)year + month - 1;
    if (month < 1 || month > 12)
        return false;
    *form = (struct wr_stamp_form){.kind = WR_STAMP_MONTH, .second = 1};
    *time = months;
    if (length == 6)
        return true;
    day = digits(&at, 2);
    for (int i = 0; *at != '\0'; i++)
        clock[i] = digits(&at, 2);
    form->kind = WR_STAMP_TIME;
    form->detail = (char)((length - 8) / 2);
    *time = DAY * (wr_month_start(months) + day - 1) + 3600 * clock[0] + 60 * clock[1] + clock[2];
    return day >= 1 && day <= wr_month_days(months) && clock[0] < 24 && clock[1] < 60 &&
           clock[2] < 60;
}

bool wr_stamp_alike(const struct wr_stamp_form *a, const struct wr_stamp_form *b) {
    return a->kind == b->kind && (*a->zone == '\0') == (*b->zone == '\0');
}

/* The seconds by which local time is ahead of UTC. */
static int offset_at(const struct wr_stamp_form *form, int64_t time) {
    return form->rules != NULL ? wr_zone_offset(form->rules, wr_floor_div(time, form->second))
                               : form->offset;
}

int64_t wr_stamp_local(const struct wr_stamp_form *form, int64_t time) {
    return time + offset_at(form, time) * form->second;
}

int64_t wr_stamp_at_local(const struct wr_stamp_form *form, int64_t local) {
    if (form->rules == NULL)
        return local - form->offset * form->second;
    int64_t second = wr_floor_div(local, form->second), instants[2];
    wr_zone_instants(form->rules, second, instants);
    return instants[0] * form->second + (local - second * form->second);
}

/* Appends to the stamp as snprintf does. */
#define PUT(stamp, ...)                                                                            \
    snprintf((stamp) + strlen(stamp), WR_STAMP_SIZE - strlen(stamp), __VA_ARGS__)

static void put_clock(const struct wr_stamp_form *form, int64_t ticks, char *stamp) {
    int64_t seconds = ticks / form->second, fraction = ticks % form->second;
    char colon[2] = {form->mark != '\0' ? ':' : '\0', '\0'};
    if (form->separator != '\0')
        PUT(stamp, "%c", form->separator);
    PUT(stamp, "%02d", (int)(seconds / 3600));
    if (form->detail >= WR_DETAIL_MINUTE)
        PUT(stamp, "%s%02d", colon, (int)(seconds / 60 % 60));
    if (form->detail >= WR_DETAIL_SECOND)
        PUT(stamp, "%s%02d", colon, (int)(seconds % 60));
    if (form->detail > WR_DETAIL_SECOND) {
        char nine[24];
        snprintf(nine, sizeof nine, "%09lld", (long long)(fraction * (1000000000 / form->second)));
        PUT(stamp, ".%.*s", form->detail - WR_DETAIL_SECOND, nine);
    }
}

/* Appends the zone as the file writes it. If the stamp has zone rules, "Z" and "UTC" become the
 * offset, such as "+00:00". */
static void put_zone(const struct wr_stamp_form *form, int64_t time, char *stamp) {
    if (*form->zone == '\0' || form->rules == NULL) {
        PUT(stamp, "%s", form->zone);
        return;
    }
    int offset = offset_at(form, time), minutes = (offset < 0 ? -offset : offset) / 60;
    PUT(stamp, "%s%c%02d:%02d", *form->zone == ' ' ? " " : "", offset < 0 ? '-' : '+', minutes / 60,
        minutes % 60);
}

void wr_stamp_write(const struct wr_stamp_form *form, int64_t time, char stamp[WR_STAMP_SIZE]) {
    if (form->kind == WR_STAMP_NUMBER) {
        snprintf(stamp, WR_STAMP_SIZE, "%0*lld", form->width + (time < 0), (long long)time);
        return;
    }
    const char mark[2] = {form->mark, '\0'};
    int day = 0;
    int64_t month = time, ticks = 0;
    if (form->kind == WR_STAMP_TIME) {
        int64_t local = wr_stamp_local(form, time), days = wr_floor_div(local, DAY * form->second);
        ticks = local - days * DAY * form->second;
        month = wr_month_of(days, &day);
    }
    int64_t year = wr_floor_div(month, 12);
    int in_year = (int)(month - 12 * year);
    *stamp = '\0';
    PUT(stamp, "%04lld%s", (long long)year, mark);
    if (form->kind == WR_STAMP_QUARTER)
        PUT(stamp, "Q%d", in_year / 3 + 1);
    else
        PUT(stamp, "%02d", in_year + 1);
    if (form->kind == WR_STAMP_TIME)
        PUT(stamp, "%s%02d", mark, day);
    if (form->kind == WR_STAMP_TIME && form->detail > WR_DETAIL_DAY)
        put_clock(form, ticks, stamp);
    put_zone(form, time, stamp);
}
