/* Reads time stamps, and writes them in the same format.
 *
 * A time is a count of numbers, of months since the year 0, or of ticks since 1970; a tick is a
 * second or a fraction of one. Ticks count in UTC if a stamp has an offset or the zone is known,
 * else on the file's own clock. */
#ifndef WR_CALENDAR_H
#define WR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/zone.h"
#include "windrow/panel.h"

#define WR_LATEST (INT64_MAX / 2) /* so that differences of times fit */

enum wr_stamp_kind {
    WR_STAMP_NUMBER,  /* years too */
    WR_STAMP_MONTH,   /* YYYY-MM */
    WR_STAMP_QUARTER, /* YYYY-Qn, YYYYQn; its first month */
    WR_STAMP_TIME     /* YYYY-MM-DD, with a time of day or without */
};

/* The finest part that a WR_STAMP_TIME shows. */
enum { WR_DETAIL_DAY, WR_DETAIL_HOUR, WR_DETAIL_MINUTE, WR_DETAIL_SECOND /* + 1 to 9 decimals */ };

/* How a stamp is written. */
struct wr_stamp_form {
    enum wr_stamp_kind kind;
    char mark;      /* between year and month: '-', '/', ' ', or 0 for digits only */
    char separator; /* 'T' or ' ' before the time of day */
    char detail;
    char width;   /* digits of a number that starts with zeros, else 0 */
    char zone[8]; /* as written: "", "Z", " UTC", "+01", "+0100", "+01:00", " +01:00" */
    int offset;   /* the seconds by which the zone is ahead of UTC */
    const struct wr_zone *rules; /* the zone of local days, or NULL: use the offset */
    int64_t second;              /* ticks per second: 1, 1e3, 1e6 or 1e9 */
};

/* Reads the whole text except blanks around it. form->second is 1, *time is in seconds, and
 * *nanosecond is the rest. Numbers have at most 18 digits. */
bool wr_stamp_read(const char *text, struct wr_stamp_form *form, int64_t *time, int *nanosecond);
/* Whether text is a date, or part of one, that does not start with the year, such as 31/01/2024. */
bool wr_stamp_is_reversed(const char *text);
/* If text has the form of a stamp but is invalid, the part that does not exist: "month", "day" or
 * "time of day". Else NULL. */
const char *wr_stamp_wrong_part(const char *text);
/* Reads a number with the digits YYYYMM, YYYYMMDD, or YYYYMMDD and HH, HHMM or HHMMSS; false if
 * they are no date. */
bool wr_stamp_from_digits(int64_t number, struct wr_stamp_form *form, int64_t *time);
/* Whether a series may have stamps of both forms: the same kind, both with or both without an
 * offset. */
bool wr_stamp_alike(const struct wr_stamp_form *a, const struct wr_stamp_form *b);
void wr_stamp_write(const struct wr_stamp_form *form, int64_t time, char stamp[WR_STAMP_SIZE]);

/* The ticks of the local clock (since 1970 in local time) at a time. */
int64_t wr_stamp_local(const struct wr_stamp_form *form, int64_t time);
/* The first time at which the local clock shows these ticks; if clocks skip them, the time that
 * wr_zone_instants gives. */
int64_t wr_stamp_at_local(const struct wr_stamp_form *form, int64_t local);

#endif
