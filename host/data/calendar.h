/* Time stamps: read, stepped, written again.
 *
 * A time is a count in the unit of its kind: of numbers, of months since the year 0, of days or of
 * seconds since 1970-01-01, as the file's own clock shows it: offsets are kept, not applied. The
 * calendar is the Gregorian one throughout (ISO 8601). */
#ifndef WR_CALENDAR_H
#define WR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "windrow/panel.h"

enum wr_stamp_kind {
    WR_STAMP_NUMBER, /* years too */
    WR_STAMP_MONTH,  /* YYYY-MM */
    WR_STAMP_DAY,    /* YYYY-MM-DD */
    WR_STAMP_MINUTE, /* ...THH:MM */
    WR_STAMP_SECOND  /* ...THH:MM:SS */
};

/* How a stamp is written. */
struct wr_stamp_form {
    enum wr_stamp_kind kind;
    char separator; /* 'T' or ' ' before the time of day */
    char zone[7];   /* "", "Z", "+01", "+0100" or "+01:00" */
    char width;     /* digits of a number that starts with zeros, else 0 */
};

/* Reads all of text but blanks around it. Numbers have at most 18 digits. */
bool wr_stamp_read(const char *text, struct wr_stamp_form *form, int64_t *time);
/* Whether two are of one kind, with one separator and zone. */
bool wr_stamp_alike(const struct wr_stamp_form *a, const struct wr_stamp_form *b);
void wr_stamp_write(const struct wr_stamp_form *form, int64_t time, char stamp[WR_STAMP_SIZE]);

struct wr_step {
    int64_t by; /* > 0, in the times' unit, or in months where day is not 0 */
    int day;    /* of the month, or its last where the month is shorter */
};

/* The most frequent difference of times (count) that rise; of several the smallest. One time alone
 * gives one unit. WR_ERR_MEMORY. */
wr_status wr_step_find(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                       struct wr_step *step, struct wr_error *error);
/* *steps from one time to a later one; false if that is no whole number. */
bool wr_step_count(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                   int64_t to, uint64_t *steps);
/* The time so many steps after another; INT64_MAX / 2 if it is beyond. */
int64_t wr_step_from(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                     uint64_t steps);
/* "3 days", "3600 seconds". Returns text. */
const char *wr_step_text(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]);

#endif
