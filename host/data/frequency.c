/* Names of steps: pandas' frequency aliases, old and new. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "data/step.h"

#define BILLION INT64_C(1000000000)

/* If several names mean the same, the first one is written. */
static const struct name {
    const char *name;
    enum wr_unit unit;
    int64_t by;
    int day;
} names[] = {{"D", WR_UNIT_DAY, 1, 0},
             {"B", WR_UNIT_BUSINESS_DAY, 1, 0},
             {"W", WR_UNIT_DAY, 7, 0},
             {"M", WR_UNIT_MONTH, 1, WR_DAY_OWN},
             {"MS", WR_UNIT_MONTH, 1, 1},
             {"ME", WR_UNIT_MONTH, 1, WR_DAY_LAST},
             {"BMS", WR_UNIT_MONTH, 1, WR_DAY_FIRST_BUSINESS},
             {"BME", WR_UNIT_MONTH, 1, WR_DAY_LAST_BUSINESS},
             {"BM", WR_UNIT_MONTH, 1, WR_DAY_LAST_BUSINESS},
             {"Q", WR_UNIT_MONTH, 3, WR_DAY_OWN},
             {"QS", WR_UNIT_MONTH, 3, 1},
             {"QE", WR_UNIT_MONTH, 3, WR_DAY_LAST},
             {"BQS", WR_UNIT_MONTH, 3, WR_DAY_FIRST_BUSINESS},
             {"BQE", WR_UNIT_MONTH, 3, WR_DAY_LAST_BUSINESS},
             {"BQ", WR_UNIT_MONTH, 3, WR_DAY_LAST_BUSINESS},
             {"Y", WR_UNIT_MONTH, 12, WR_DAY_OWN},
             {"YS", WR_UNIT_MONTH, 12, 1},
             {"YE", WR_UNIT_MONTH, 12, WR_DAY_LAST},
             {"BYS", WR_UNIT_MONTH, 12, WR_DAY_FIRST_BUSINESS},
             {"BYE", WR_UNIT_MONTH, 12, WR_DAY_LAST_BUSINESS},
             {"BY", WR_UNIT_MONTH, 12, WR_DAY_LAST_BUSINESS},
             {"A", WR_UNIT_MONTH, 12, WR_DAY_OWN},
             {"AS", WR_UNIT_MONTH, 12, 1},
             {"BAS", WR_UNIT_MONTH, 12, WR_DAY_FIRST_BUSINESS},
             {"BA", WR_UNIT_MONTH, 12, WR_DAY_LAST_BUSINESS},
             {"h", WR_UNIT_TICK, 3600 * BILLION, 0},
             {"H", WR_UNIT_TICK, 3600 * BILLION, 0},
             {"min", WR_UNIT_TICK, 60 * BILLION, 0},
             {"T", WR_UNIT_TICK, 60 * BILLION, 0},
             {"s", WR_UNIT_TICK, BILLION, 0},
             {"S", WR_UNIT_TICK, BILLION, 0},
             {"ms", WR_UNIT_TICK, BILLION / 1000, 0},
             {"L", WR_UNIT_TICK, BILLION / 1000, 0},
             {"us", WR_UNIT_TICK, 1000, 0},
             {"U", WR_UNIT_TICK, 1000, 0},
             {"ns", WR_UNIT_TICK, 1, 0},
             {"N", WR_UNIT_TICK, 1, 0}};
enum { NAMES = sizeof names / sizeof *names };

static const char *const weekdays[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", NULL};
static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                     "AUG", "SEP", "OCT", "NOV", "DEC", NULL};

/* Reads what follows a name: "", "-SUN" of weeks, "-NOV" of quarters and years, "-15" of M. */
static bool read_suffix(const char *text, struct wr_step *step) {
    size_t which, day;
    if (*text == '\0')
        return true;
    if (*text++ != '-')
        return false;
    if (step->unit == WR_UNIT_MONTH && step->by == 1) {
        bool good = step->day == WR_DAY_OWN && wr_read_whole(text, &day) && day >= 1 && day <= 31;
        step->day = good ? (int)day : WR_DAY_OWN;
        return good;
    }
    if ((step->unit != WR_UNIT_MONTH && step->by != 7) || step->unit == WR_UNIT_TICK ||
        !wr_find_word(step->unit == WR_UNIT_MONTH ? months : weekdays, text, &which))
        return false;
    step->anchor = 1 + (int)which;
    return true;
}

bool wr_step_read(const char *text, struct wr_step *step) {
    size_t digits = strspn(text, "0123456789");
    int64_t count = digits == 0 ? 1 : 0;
    if (digits > 9)
        return false;
    for (size_t i = 0; i < digits; i++)
        count = 10 * count + (*text++ - '0');
    *step = (struct wr_step){.unit = WR_UNIT_NUMBER, .by = count};
    if (*text == '\0' || count == 0)
        return digits > 0 && count > 0;
    size_t length = strcspn(text, "-");
    for (size_t i = 0; i < NAMES; i++)
        if (strncmp(names[i].name, text, length) == 0 && names[i].name[length] == '\0') {
            *step = (struct wr_step){names[i].unit, names[i].by, names[i].day, 0, 0};
            return read_suffix(text + length, step) &&
                   !WR_MUL_OVERFLOWS(step->by, count, &step->by);
        }
    return false;
}

/* Converts *by from ticks to the longest clock unit that divides it, and returns the unit's name.
 */
static const char *clock_unit(int64_t *by, int64_t second) {
    static const char *const parts[] = {"s", "ms", "us", "ns"};
    size_t part = 0;
    for (int64_t s = second; s > 1; s /= 1000)
        part++;
    for (; part > 0 && *by % 1000 == 0; part--)
        *by /= 1000;
    if (part > 0 || *by % 60 != 0)
        return parts[part];
    bool hours = *by % 3600 == 0;
    *by /= hours ? 3600 : 60;
    return hours ? "h" : "min";
}

/* The name of a calendar step's unit; *by becomes the number of these units. */
static const char *calendar_unit(const struct wr_step *step, int64_t *by) {
    const struct name *best = NULL;
    for (size_t i = 0; i < NAMES; i++) {
        const struct name *name = &names[i];
        bool fits = name->unit == step->unit && step->by % name->by == 0 && name->day == step->day;
        if (fits && (best == NULL || name->by > best->by))
            best = name;
    }
    *by /= best != NULL ? best->by : 1;
    return best != NULL ? best->name : "M";
}

const char *wr_step_name(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]) {
    int64_t by = step->by;
    char count[24] = "", suffix[8] = "";
    const char *name = "";
    if (step->unit == WR_UNIT_TICK)
        name = clock_unit(&by, form->second);
    else if (step->unit != WR_UNIT_NUMBER)
        name = calendar_unit(step, &by);
    if (step->unit == WR_UNIT_MONTH && step->day > 1 && step->day < WR_DAY_LAST)
        snprintf(suffix, sizeof suffix, "-%d", step->day);
    else if (step->anchor != 0 && step->unit == WR_UNIT_MONTH)
        snprintf(suffix, sizeof suffix, "-%s", months[step->anchor - 1]);
    else if (step->anchor != 0)
        snprintf(suffix, sizeof suffix, "-%s", weekdays[step->anchor - 1]);
    if (by != 1 || *name == '\0')
        snprintf(count, sizeof count, "%lld", (long long)by);
    snprintf(text, WR_STAMP_SIZE, "%s%s%s", count, name, suffix);
    return text;
}

const char *wr_step_text(const struct wr_stamp_form *form, const struct wr_step *step,
                         char text[WR_STAMP_SIZE]) {
    static const char *const units[] = {"", "", " day", " business day", " month"};
    static const struct {
        const char *name, *word;
    } clock[] = {{"h", " hour"},         {"min", " minute"},     {"s", " second"},
                 {"ms", " millisecond"}, {"us", " microsecond"}, {"ns", " nanosecond"}};
    int64_t by = step->by;
    const char *unit = units[step->unit];
    if (step->unit == WR_UNIT_TICK) {
        const char *name = clock_unit(&by, form->second);
        for (size_t i = 0; i < sizeof clock / sizeof *clock; i++)
            unit = strcmp(clock[i].name, name) == 0 ? clock[i].word : unit;
    }
    snprintf(text, WR_STAMP_SIZE, "%lld%s%s", (long long)by, unit,
             *unit != '\0' && by != 1 ? "s" : "");
    return text;
}

double wr_step_seconds(const struct wr_stamp_form *form, const struct wr_step *step) {
    static const double days[] = {0, 0, 1, 7 / 5.0, 365.25 / 12};
    return step->unit == WR_UNIT_TICK ? (double)step->by / (double)form->second
                                      : 86400 * days[step->unit] * (double)step->by;
}
