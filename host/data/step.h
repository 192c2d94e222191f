/* Steps between time stamps: of a calendar or of a clock, as --freq names them. */
#ifndef WR_STEP_H
#define WR_STEP_H

#include "data/calendar.h"

enum wr_unit {
    WR_UNIT_NUMBER,
    WR_UNIT_TICK,
    WR_UNIT_DAY,          /* from here on by local days, at one time of the day */
    WR_UNIT_BUSINESS_DAY, /* Monday to Friday */
    WR_UNIT_MONTH
};

/* Where in a month steps stand: on a day from 1 to 31, or on the last where the month is shorter;
 * so 31 is the last. */
enum { WR_DAY_OWN, WR_DAY_LAST = 31, WR_DAY_FIRST_BUSINESS, WR_DAY_LAST_BUSINESS };

struct wr_step {
    enum wr_unit unit;
    int64_t by;    /* > 0 units */
    int day;       /* WR_UNIT_MONTH: WR_DAY_OWN: where each series stands */
    int anchor;    /* asked for: 1 + weekday (0: Monday) of steps of 7 days, the month (1 to 12) of
                      steps of 3 or 12 months; 0: any */
    int64_t clock; /* ticks of the day at which steps stand, of a series */
};

/* What --freq may be: "D", "15min", "W-SUN", "QE", "7", ...; ticks are nanoseconds. */
bool wr_step_read(const char *text, struct wr_step *step);
/* The same the other way, in ticks of form->second: the shortest such text. Returns text. */
const char *wr_step_name(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]);
/* In words: "3 days", "1 business day". Returns text. */
const char *wr_step_text(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]);
/* Seconds, on average; 0 of numbers. */
double wr_step_seconds(const struct wr_stamp_form *form, const struct wr_step *step);

/* The step of times (count) that rise: of months if their days agree, of business days if weekends
 * alone are left out, of days or of a clock; by the most frequent difference, of several the
 * smallest. One time alone gives one unit. *regular: there are two differences or more, and three
 * of four are that. WR_ERR_MEMORY. */
wr_status wr_step_find(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                       struct wr_step *step, bool *regular, struct wr_error *error);
/* Fills in what depends on the series: clock, and day if it is WR_DAY_OWN. */
void wr_step_settle(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                    struct wr_step *step);

/* Of a settled step. Whether steps stand at a time at all. */
bool wr_step_holds(const struct wr_stamp_form *form, const struct wr_step *step, int64_t time);
/* *steps from one time to a later one, at which steps stand; false if that is no whole number. */
bool wr_step_count(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                   int64_t to, uint64_t *steps);
/* The time so many steps after another; WR_LATEST if it is beyond. */
int64_t wr_step_from(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                     uint64_t steps);
/* Less than 0 where a comes before b in an order of all steps but for what settling fills in; 0
 * where they are the same. */
int wr_step_compare(const struct wr_step *a, const struct wr_step *b);

#endif
