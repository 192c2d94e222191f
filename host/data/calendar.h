/* Time stamps: read, and written again as they were.
 *
 * A time is a count: of numbers, of months since the year 0, or of ticks since 1970, a tick being a
 * second or a part of one. Ticks are of UTC where a stamp tells its offset or the zone is known,
 * else of the file's own clock. */
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

/* The last part of a WR_STAMP_TIME that is written. */
enum { WR_DETAIL_DAY, WR_DETAIL_HOUR, WR_DETAIL_MINUTE, WR_DETAIL_SECOND /* and decimals, to 9 */ };

/* How a stamp is written. */
struct wr_stamp_form {
    enum wr_stamp_kind kind;
    char mark;      /* between year and month: '-', '/', ' ', or 0: there are digits alone */
    char separator; /* 'T' or ' ' before the time of day */
    char detail;
    char width;   /* digits of a number that starts with zeros, else 0 */
    char zone[8]; /* as it stands there: "", "Z", " UTC", "+01", "+0100", "+01:00", " +01:00" */
    int offset;   /* the seconds by which that is ahead of UTC */
    const struct wr_zone *rules; /* the zone in which days begin, or NULL: the offset tells */
    int64_t second;              /* the ticks of a second: 1, 1e3, 1e6 or 1e9 */
};

/* Reads all of text but blanks around it; form->second is 1, *time in seconds, and *nanosecond what
 * is beyond. Numbers have at most 18 digits. */
bool wr_stamp_read(const char *text, struct wr_stamp_form *form, int64_t *time, int *nanosecond);
/* Whether text is a date, or part of one, written in an order that is not the year's first:
 * 31/01/2024. */
bool wr_stamp_is_reversed(const char *text);
/* Of text that is no stamp, but is written as one: the part that the calendar or the clock does not
 * have, "month", "day" or "time of day"; else NULL. */
const char *wr_stamp_lacks(const char *text);
/* A number whose digits are YYYYMM, YYYYMMDD, or that and HH, HHMM or HHMMSS; false: they are not.
 */
bool wr_stamp_from_digits(int64_t number, struct wr_stamp_form *form, int64_t *time);
/* Whether a series may have both: of one kind, both with an offset or both without. */
bool wr_stamp_alike(const struct wr_stamp_form *a, const struct wr_stamp_form *b);
void wr_stamp_write(const struct wr_stamp_form *form, int64_t time, char stamp[WR_STAMP_SIZE]);

/* The ticks that clocks show (since 1970 there) at a time. */
int64_t wr_stamp_local(const struct wr_stamp_form *form, int64_t time);
/* The first time at which they show it, or if they skip it, wr_zone_instants' time. */
int64_t wr_stamp_at_local(const struct wr_stamp_form *form, int64_t local);

#endif
