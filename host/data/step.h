/* Steps between time stamps, of a calendar or a clock, as --freq names them. */
#ifndef WR_STEP_H
#define WR_STEP_H

#include "data/calendar.h"

enum wr_unit {
    WR_UNIT_NUMBER,
    WR_UNIT_TICK,
    WR_UNIT_DAY,          /* this and the next units count local days, at one time of day */
    WR_UNIT_BUSINESS_DAY, /* Monday to Friday */
    WR_UNIT_MONTH
};

/* The day on which steps of months stand: 1 to 31, or the last day if the month is shorter, so that
 * 31 is always the last day. */
enum { WR_DAY_OWN, WR_DAY_LAST = 31, WR_DAY_FIRST_BUSINESS, WR_DAY_LAST_BUSINESS };

struct wr_step {
    enum wr_unit unit;
    int64_t by; /* > 0 units */
    int day;    /* of WR_UNIT_MONTH; WR_DAY_OWN: each series has its own */
    int anchor; /* asked for: 1 + weekday (0: Monday) for steps of 7 days, the month (1 to 12) for
                   steps of 3 or 12 months; 0: any */
    int64_t clock; /* the time of day of a series' steps, in ticks */
};

/* Reads a --freq: "D", "15min", "W-SUN", "QE", "7", ...; ticks are nanoseconds. */
bool wr_step_read(const char *text, struct wr_step *step);
/* Writes the shortest such text of a step whose ticks are those of form->second. Returns text. */
const char *wr_step_name(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]);
/* Writes the step in words: "3 days", "1 business day". Returns text. */
const char *wr_step_text(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]);
/* The average seconds of a step; 0 for numbers. */
double wr_step_seconds(const struct wr_stamp_form *form, const struct wr_step *step);

/* Finds the step of ascending times (count): in months if their days agree, in business days if
 * only weekends are missing, else in days or clock units. It is the most frequent difference; of
 * several, the smallest. A single time gives one unit. *regular: there are at least two
 * differences, and at least three of four are this step. WR_ERR_MEMORY. */
wr_status wr_step_find(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                       struct wr_step *step, bool *regular, struct wr_error *error);
/* Fills in what depends on the series: clock, and day if it is WR_DAY_OWN. The functions below need
 * a completed step. */
void wr_step_complete(const struct wr_stamp_form *form, const int64_t *times, size_t count,
                      struct wr_step *step);

/* Whether a step can stand at this time. */
bool wr_step_includes(const struct wr_stamp_form *form, const struct wr_step *step, int64_t time);
/* Counts the steps from one time to a later one; false if the count is not whole, or steps cannot
 * stand at both times. */
bool wr_step_count(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                   int64_t to, uint64_t *steps);
/* The time that is `steps` steps later; WR_LATEST if it would be later than that. */
int64_t wr_step_add(const struct wr_stamp_form *form, const struct wr_step *step, int64_t from,
                    uint64_t steps);
/* Orders steps, ignoring what wr_step_complete fills in: less than 0 if a comes before b, 0 if they
 * are the same. */
int wr_step_compare(const struct wr_step *a, const struct wr_step *b);

#endif
