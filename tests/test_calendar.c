/* Time stamps: which text is one, the step between them, and how they continue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "data/step.h"

/* Returns seconds, or nanoseconds for stamps with a fraction of a second. */
static int64_t read_stamp(const char *text, struct wr_stamp_form *form) {
    int64_t time;
    int nanosecond;
    if (!wr_stamp_read(text, form, &time, &nanosecond))
        fail_msg("%s is no stamp", text);
    if (nanosecond == 0)
        return time;
    form->second = 1000000000;
    return time * form->second + nanosecond;
}

static void test_written_as_read(void **state) {
    (void)state;
    static const char *const stamps[] = {"2020-01-31",
                                         "1970-01-01",
                                         "1969-12-31",
                                         "0000-01-01",
                                         "0004-02-29",
                                         "1899-12-31T23:59",
                                         "2000-02-29 00:00:00",
                                         "2020-06-01T12:30:59Z",
                                         "2020-06-01 12:30+01:00",
                                         "2020-06-01T12:30:00-0930",
                                         "2020-06-01T12:30:00+01",
                                         "9999-12-31T23:59:59",
                                         "2020-07",
                                         "0000-01",
                                         "1987",
                                         "0",
                                         "-12",
                                         "007",
                                         "-0012",
                                         "123456789012345678",
                                         "2024/02/29",
                                         "2024/02/29 10:00",
                                         "2024/07",
                                         "2020-Q1",
                                         "2020Q4",
                                         "2020 Q3",
                                         "2024-01-01T00:00:00.000Z",
                                         "2024-01-01 00:00:00.5",
                                         "1969-12-31T23:59:59.999",
                                         "2024-01-01T00:00:00.000001",
                                         "2024-01-01T00:00:00.123456789+05:30",
                                         "2024-01-01 00:00:00 UTC",
                                         "2024-01-01 00:00:00 +01:00",
                                         "2024-01-01 00:00:00UTC"};
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        struct wr_stamp_form form;
        char written[WR_STAMP_SIZE];
        wr_stamp_write(&form, read_stamp(stamps[i], &form), written);
        assert_string_equal(written, stamps[i]);
    }
}

static void test_no_stamps(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "x",
                                        "2020-13",
                                        "2020-00-01",
                                        "2020-1-1",
                                        "2020-02-30",
                                        "2021-02-29",
                                        "1900-02-29",
                                        "2020-01-00",
                                        "2020-01-01T",
                                        "2020-01-01T24:00",
                                        "2020-01-01T12",
                                        "2020-01-01T12:60",
                                        "2020-01-01T12:00:60",
                                        "2020-01-01T12:00:00.",
                                        "2020-01-01T12:00:00.1234567890",
                                        "2020-01-01T12:00.5",
                                        "2020-01-01 12:00 CET",
                                        "2020-Q5",
                                        "2020-Q0",
                                        "2020Q",
                                        "2020/Q1",
                                        "2020-01/01",
                                        "2020/01-01",
                                        "2020/1/1",
                                        "2020-01-01X12:00",
                                        "2020-01-01T12:00+1",
                                        "2020-01-01T12:00+24:00",
                                        "2020-01-01T12:00+01:60",
                                        "2020-01-01T12:00+013",
                                        "2020-01-01T12:00+0160",
                                        "2020-01-01T12:00Z+01",
                                        "2020-01-01Z",
                                        "01/02/2024",
                                        "1234567890123456789",
                                        "1.5",
                                        "1e3",
                                        "-",
                                        "+-1",
                                        "2020-01-01 x",
                                        "2020-01-01T12:00+01:"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct wr_stamp_form form;
        int64_t time;
        int nanosecond;
        if (wr_stamp_read(texts[i], &form, &time, &nanosecond))
            fail_msg("\"%s\" was read", texts[i]);
    }
}

/* Every day of eight centuries agrees with the C library. */
static void test_calendar(void **state) {
    (void)state;
    struct wr_stamp_form form;
    read_stamp("2020-01-01", &form);
    for (int64_t day = -200000; day < 100000; day += 1) {
        time_t seconds = (time_t)(day * 86400);
        struct tm tm;
        char stamp[WR_STAMP_SIZE], expected[WR_STAMP_SIZE];
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%d", &tm);
        wr_stamp_write(&form, seconds, stamp);
        assert_string_equal(stamp, expected);
        assert_int_equal(read_stamp(stamp, &form), seconds);
    }
}

/* The stamps of a series: how they continue, and the name of their step. */
struct stamps {
    struct wr_stamp_form form;
    int64_t times[32];
    size_t count;
};

/* Reads stamps: separated by blanks in the text, with a T before the time. */
static struct stamps read_stamps(const char *text) {
    struct stamps stamps = {.count = 0};
    char copy[512], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *part = strtok_r(copy, " ", &rest); part != NULL; part = strtok_r(NULL, " ", &rest))
        stamps.times[stamps.count++] = read_stamp(part, &stamps.form);
    return stamps;
}

static void assert_next(const char *text, const char *name, const char *step_text,
                        const char *next) {
    struct stamps stamps = read_stamps(text);
    const struct wr_stamp_form *form = &stamps.form;
    struct wr_step step;
    char stamp[WR_STAMP_SIZE];
    bool regular;
    assert_int_equal(wr_step_find(form, stamps.times, stamps.count, &step, &regular, NULL), WR_OK);
    assert_string_equal(wr_step_name(form, &step, stamp), name);
    assert_string_equal(wr_step_text(form, &step, stamp), step_text);
    wr_stamp_write(form, wr_step_add(form, &step, stamps.times[stamps.count - 1], 1), stamp);
    assert_string_equal(stamp, next);
}

static void test_steps(void **state) {
    (void)state;
    assert_next("2020-01-01 2020-01-02", "D", "1 day", "2020-01-03");
    assert_next("2020-02-20 2020-02-27", "W", "7 days", "2020-03-05");
    assert_next("2020-02-20 2020-02-27 2020-03-12 2020-03-19", "W", "7 days", "2020-03-26");
    assert_next("2020-01-31 2020-02-29 2020-03-31", "ME", "1 month", "2020-04-30");
    assert_next("2023-12-31 2024-01-31 2024-02-29", "ME", "1 month", "2024-03-31");
    assert_next("2020-06-30 2020-09-30", "QE", "3 months", "2020-12-31");
    assert_next("2020-01-30 2020-02-29 2020-03-30", "M-30", "1 month", "2020-04-30");
    assert_next("2019-12-30 2020-01-30 2020-02-29", "M-30", "1 month", "2020-03-30");
    assert_next("2020-11-01 2020-12-01", "MS", "1 month", "2021-01-01");
    assert_next("2019-02-28 2020-02-29", "YE", "12 months", "2021-02-28");
    assert_next("2020-05-17 2021-05-17", "12M-17", "12 months", "2022-05-17");
    assert_next("2020-01-01T06:00 2020-02-01T06:00", "MS", "1 month", "2020-03-01T06:00");
    assert_next("2020-01-01T06:00 2020-02-01T07:00", "745h", "745 hours", "2020-03-03T08:00");
    assert_next("2020-02-28T23:00:00Z 2020-02-29T00:00:00Z", "h", "1 hour", "2020-02-29T01:00:00Z");
    assert_next("2020-12-31T23:30 2020-12-31T23:45", "15min", "15 minutes", "2021-01-01T00:00");
    assert_next("1999-11 1999-12", "M", "1 month", "2000-01");
    assert_next("1999-Q3 1999-Q4", "Q", "3 months", "2000-Q1");
    assert_next("2019Q4", "Q", "3 months", "2020Q1");
    assert_next("1999 2000 2001", "1", "1", "2002");
    assert_next("008 009", "1", "1", "010");
    assert_next("2020-01-01", "D", "1 day", "2020-01-02");
    assert_next("2020-01-01T10:00", "min", "1 minute", "2020-01-01T10:01");
    assert_next("2020-03", "M", "1 month", "2020-04");
    assert_next("1 2 3 10 11 12 20", "1", "1", "21"); /* the most frequent */
    assert_next("1 11 13 23 25", "2", "2", "27");     /* of equally frequent ones the smallest */
    assert_next("2020-01-15 2020-02-15 2020-04-15 2020-05-15", "M-15", "1 month", "2020-06-15");
    assert_next("2024-01-01T00:00:00.000Z 2024-01-01T01:00:00.000Z", "h", "1 hour",
                "2024-01-01T02:00:00.000Z");
    assert_next("2024-01-01T00:00:00.5 2024-01-01T00:00:00.75", "250ms", "250 milliseconds",
                "2024-01-01T00:00:01.00");
    assert_next("2024-01-01T00:00:00.000000001 2024-01-01T00:00:00.000000003", "2ns",
                "2 nanoseconds", "2024-01-01T00:00:00.000000005");
    /* Thursday, Friday, Monday, Tuesday, then Thursday because a day is missing. */
    assert_next("2024-01-04 2024-01-05 2024-01-08 2024-01-09 2024-01-11 2024-01-12", "B",
                "1 business day", "2024-01-15");
    assert_next("2024-01-01 2024-01-02 2024-01-03 2024-01-04 2024-01-05", "D", "1 day",
                "2024-01-06"); /* no weekend is missing */
    assert_next("2024-01-05 2024-01-06 2024-01-08 2024-01-09", "D", "1 day", "2024-01-10");
    assert_next("2018-02-28 2018-03-30 2018-04-30", "BME", "1 month", "2018-05-31");
    assert_next("2024-02-29 2024-03-29 2024-04-30 2024-05-31", "BME", "1 month", "2024-06-28");
    assert_next("2023-03-31 2023-06-30 2023-09-29", "BQE", "3 months", "2023-12-29");
    assert_next("2021-12-31 2022-12-30 2023-12-29", "BYE", "12 months", "2024-12-31");
    assert_next("2023-05-01 2023-06-01 2023-07-03", "BMS", "1 month", "2023-08-01");
    assert_next("2018-03-30 2018-04-30", "BME", "1 month", "2018-05-31");
    assert_next("2020-02-28 2020-03-31", "BME", "1 month", "2020-04-30");
}

/* Names that --freq takes. A step that has several names is written with one of them. */
static void test_names(void **state) {
    (void)state;
    static const char *const same[] = {
        "D",     "2D",     "B",   "W",   "2W", "W-SUN",  "W-MON", "M",      "MS",
        "ME",    "M-15",   "BMS", "BME", "QS", "QS-FEB", "QE",    "QE-NOV", "BQE",
        "YS",    "YE-JUN", "BYE", "Q",   "Y",  "h",      "6h",    "15min",  "s",
        "500ms", "us",     "3ns", "1",   "7",  "2MS",    "BQS",   "BYS",    "2QE"};
    static const char *const other[][2] = {
        {"BM", "BME"},  {"BQ", "BQE"},  {"A", "Y"},     {"AS", "YS"},   {"A-JUN", "Y-JUN"},
        {"H", "h"},     {"T", "min"},   {"S", "s"},     {"60min", "h"}, {"7D", "W"},
        {"3MS", "QS"},  {"12ME", "YE"}, {"01D", "D"},   {"BA", "BYE"},  {"90s", "90s"},
        {"M-31", "ME"}, {"M-1", "MS"},  {"1000ms", "s"}};
    static const char *const none[] = {
        "",    "0D",          "-1D",        "d",     "D-1",   "W-",    "W-SO", "M-32",
        "M-0", "MS-15",       "B-MON",      "QE-13", "1.5h",  "h-MON", "0",    "x",
        "D D", "9999999999D", "999999999h", "W-JAN", "Q-MON", "D-MON", "ME-",  "15 min"};
    const struct wr_stamp_form nanoseconds = {.kind = WR_STAMP_TIME, .second = 1000000000};
    struct wr_step step;
    char name[WR_STAMP_SIZE];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (!wr_step_read(same[i], &step))
            fail_msg("%s was not read", same[i]);
        assert_string_equal(wr_step_name(&nanoseconds, &step, name), same[i]);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        if (!wr_step_read(other[i][0], &step))
            fail_msg("%s was not read", other[i][0]);
        assert_string_equal(wr_step_name(&nanoseconds, &step, name), other[i][1]);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (wr_step_read(none[i], &step))
            fail_msg("%s was read", none[i]);
}

/* Numbers whose digits are dates. */
static void test_digits(void **state) {
    (void)state;
    static const struct {
        int64_t number;
        const char *date; /* NULL: none */
    } cases[] = {{202401, "202401"},
                 {20240229, "20240229"},
                 {2024022923, "2024022923"},
                 {202402292359, "202402292359"},
                 {20240229235959, "20240229235959"},
                 {202313, NULL},
                 {202300, NULL},
                 {20230229, NULL},
                 {20230200, NULL},
                 {2024022924, NULL},
                 {202402292360, NULL},
                 {20240229235960, NULL},
                 {2024, NULL},
                 {2024011, NULL},
                 {-202401, NULL},
                 {2024022923595900, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_stamp_form form;
        int64_t time;
        char stamp[WR_STAMP_SIZE];
        bool found = wr_stamp_from_digits(cases[i].number, &form, &time);
        if (found != (cases[i].date != NULL))
            fail_msg("%lld: %s", (long long)cases[i].number, found ? "a date" : "no date");
        if (!found)
            continue;
        wr_stamp_write(&form, time, stamp);
        assert_string_equal(stamp, cases[i].date);
    }
}

static void test_counts(void **state) {
    (void)state;
    struct wr_stamp_form form;
    uint64_t steps;
    const struct wr_step day = {WR_UNIT_DAY, 1, 0, 0, 0}, last = {WR_UNIT_MONTH, 1, 31, 0, 0},
                         quarter = {WR_UNIT_MONTH, 3, 31, 0, 0},
                         business = {WR_UNIT_BUSINESS_DAY, 1, 0, 0, 0};
    int64_t a = read_stamp("2020-01-31", &form), b = read_stamp("2020-05-31", &form);
    assert_true(wr_step_count(&form, &last, a, b, &steps));
    assert_int_equal(steps, 4);
    assert_false(wr_step_count(&form, &quarter, a, b, &steps));
    assert_true(wr_step_count(&form, &day, a, b, &steps));
    assert_int_equal(steps, 121);
    assert_false(wr_step_count(&form, &day, b, a, &steps));
    assert_false(wr_step_count(&form, &day, a, a, &steps));
    assert_false(wr_step_count(&form, &business, a, b, &steps)); /* a Sunday */
    b = read_stamp("2020-02-10", &form); /* from Friday to the Monday after next */
    assert_true(wr_step_count(&form, &business, a, b, &steps));
    assert_int_equal(steps, 6);
}

/* Steps forward and backward: places and times agree. */
static void test_places(void **state) {
    (void)state;
    static const char *const names[] = {"D", "B", "W", "MS", "ME", "BMS", "BME", "M-30", "QE", "h"};
    struct wr_stamp_form form;
    int64_t start = read_stamp("1969-12-31 00:00", &form);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wr_step step;
        uint64_t steps;
        assert_true(wr_step_read(names[i], &step));
        if (step.unit == WR_UNIT_TICK)
            step.by = 3600;
        int64_t from = wr_step_add(&form, &step, start, 1), last = from;
        for (uint64_t k = 1; k < 1000; k++) {
            int64_t time = wr_step_add(&form, &step, from, k);
            assert_true(time > last);
            assert_true(wr_step_includes(&form, &step, time));
            assert_true(wr_step_count(&form, &step, last, time, &steps));
            assert_int_equal(steps, 1);
            last = time;
        }
    }
}

/* Steps too large for a calendar stay numbers. */
static void test_far(void **state) {
    (void)state;
    static const char *const stamps[] = {"2020-01-01", "2020-01", "2020-01-01T00:00:00+01:00",
                                         "999999999999999999", "2020-01-01T00:00:00.000000001Z"};
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++)
        for (int unit = WR_UNIT_TICK; unit <= WR_UNIT_MONTH; unit++) {
            struct wr_stamp_form form;
            char text[WR_STAMP_SIZE];
            int64_t time = read_stamp(stamps[i], &form);
            struct wr_step step = {(enum wr_unit)unit, 123456789, 31, 0, 0};
            for (uint64_t steps = 1; steps != 0; steps *= 2) {
                int64_t to = wr_step_add(&form, &step, time, steps);
                assert_true(to > time);
                wr_stamp_write(&form, to, text);
                assert_true(strlen(text) >= 4);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_as_read),
        cmocka_unit_test(test_no_stamps),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
