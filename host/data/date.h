/* The Gregorian calendar (ISO 8601), also for early years. Days are counted from 1970-01-01, months
 * from January of the year 0. */
#ifndef WR_DATE_H
#define WR_DATE_H

#include <stdint.h>

/* The largest whole number that is at most a / b; b > 0. */
int64_t wr_floor_div(int64_t a, int64_t b);

int wr_month_days(int64_t month);
/* The first day of a month. */
int64_t wr_month_start(int64_t month);
/* The month of a day; *number is the day of the month, from 1. */
int64_t wr_month_of(int64_t day, int *number);
/* 0 is Monday. */
int wr_weekday(int64_t day);

#endif
