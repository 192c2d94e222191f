#include "data/date.h"

#include <stdbool.h>

int64_t wr_floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static bool is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int wr_month_days(int64_t month) {
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year = wr_floor_div(month, 12);
    int m = (int)(month - 12 * year);
    return days[m] + (m == 1 && is_leap(year));
}

/* The day number of 1 January. */
static int64_t year_start(int64_t year) {
    int64_t y = year - 1;
    return 365 * year + wr_floor_div(y, 4) - wr_floor_div(y, 100) + wr_floor_div(y, 400) - 719527;
}

int64_t wr_month_start(int64_t month) {
    int64_t year = wr_floor_div(month, 12), days = year_start(year);
    for (int64_t m = 12 * year; m < month; m++)
        days += wr_month_days(m);
    return days;
}

int64_t wr_month_of(int64_t day, int *number) {
    /* at most the year from 1970 on, at least the year before 1970 */
    int64_t year = wr_floor_div(day, 366) + 1970;
    for (int64_t off; (off = wr_floor_div(day - year_start(year), 366)) != 0;)
        year += off;
    if (day >= year_start(year + 1))
        year++;
    int64_t month = 12 * year, left = day - year_start(year);
    while (left >= wr_month_days(month))
        left -= wr_month_days(month++);
    *number = (int)left + 1;
    return month;
}

int wr_weekday(int64_t day) {
    return (int)(day + 3 - 7 * wr_floor_div(day + 3, 7));
}
