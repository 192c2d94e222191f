/* Time stamps: what is one, the step between them, and how they go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "data/calendar.h"

static int64_t read_stamp(const char *text, struct wr_stamp_form *form) {
    int64_t time;
    if (!wr_stamp_read(text, form, &time))
        fail_msg("%s is no stamp", text);
    return time;
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
                                         "123456789012345678"};
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
                                        "2020-01-01T12:00:00.5",
                                        "2020-01-01X12:00",
                                        "2020-01-01T12:00+1",
                                        "2020-01-01T12:00+24:00",
                                        "2020-01-01T12:00+01:60",
                                        "2020-01-01T12:00+013",
                                        "2020-01-01T12:00+0160",
                                        "2020-01-01T12:00Z+01",
                                        "2020-01-01Z",
                                        "2020/01/01",
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
        if (wr_stamp_read(texts[i], &form, &time))
            fail_msg("\"%s\" was read", texts[i]);
    }
}

/* Every day of eight centuries, against the C library. */
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
        wr_stamp_write(&form, day, stamp);
        assert_string_equal(stamp, expected);
        assert_int_equal(read_stamp(stamp, &form), day);
    }
}

/* Stamps (count, blank-separated in text; a T before the time) go on with `next`. */
static void assert_next(const char *text, const char *step_text, const char *next) {
    struct wr_stamp_form form;
    struct wr_step step;
    int64_t times[16];
    size_t count = 0;
    char copy[256], stamp[WR_STAMP_SIZE], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *part = strtok_r(copy, " ", &rest); part != NULL; part = strtok_r(NULL, " ", &rest))
        times[count++] = read_stamp(part, &form);
    assert_int_equal(wr_step_find(&form, times, count, &step, NULL), WR_OK);
    assert_string_equal(wr_step_text(&form, &step, stamp), step_text);
    wr_stamp_write(&form, wr_step_from(&form, &step, times[count - 1], 1), stamp);
    assert_string_equal(stamp, next);
}

static void test_steps(void **state) {
    (void)state;
    assert_next("2020-01-01 2020-01-02", "1 day", "2020-01-03");
    assert_next("2020-02-20 2020-02-27", "7 days", "2020-03-05");
    assert_next("2020-01-31 2020-02-29 2020-03-31", "1 month", "2020-04-30");
    assert_next("2020-06-30 2020-09-30", "3 months", "2020-12-31");
    assert_next("2020-01-30 2020-02-29 2020-03-30", "1 month", "2020-04-30");
    assert_next("2019-12-30 2020-01-30 2020-02-29", "1 month", "2020-03-30");
    assert_next("2020-11-01 2020-12-01", "1 month", "2021-01-01");
    assert_next("2019-02-28 2020-02-29", "12 months", "2021-02-28");
    assert_next("2020-05-17 2021-05-17", "12 months", "2022-05-17");
    assert_next("2020-01-01T06:00 2020-02-01T06:00", "1 month", "2020-03-01T06:00");
    assert_next("2020-01-01T06:00 2020-02-01T07:00", "2682000 seconds", "2020-03-03T08:00");
    assert_next("2020-02-28T23:00:00Z 2020-02-29T00:00:00Z", "3600 seconds",
                "2020-02-29T01:00:00Z");
    assert_next("2020-12-31T23:30 2020-12-31T23:45", "900 seconds", "2021-01-01T00:00");
    assert_next("1999-11 1999-12", "1 month", "2000-01");
    assert_next("1999 2000 2001", "1", "2002");
    assert_next("008 009", "1", "010");
    assert_next("2020-01-01", "1 day", "2020-01-02");
    assert_next("2020-01-01T10:00", "60 seconds", "2020-01-01T10:01");
    assert_next("2020-03", "1 month", "2020-04");
    assert_next("1 2 3 10 11 12 20", "1", "21"); /* the most frequent */
    assert_next("1 11 13 23 25", "2", "27");     /* of several the smallest */
    assert_next("2020-01-15 2020-02-15 2020-04-15 2020-05-15", "1 month", "2020-06-15");
}

static void test_counts(void **state) {
    (void)state;
    struct wr_stamp_form form;
    uint64_t steps;
    int64_t a = read_stamp("2020-01-31", &form), b = read_stamp("2020-05-31", &form);
    assert_true(wr_step_count(&form, &(struct wr_step){1, 31}, a, b, &steps));
    assert_int_equal(steps, 4);
    assert_false(wr_step_count(&form, &(struct wr_step){3, 31}, a, b, &steps));
    assert_true(wr_step_count(&form, &(struct wr_step){1, 0}, a, b, &steps));
    assert_int_equal(steps, 121);
    assert_false(wr_step_count(&form, &(struct wr_step){1, 0}, b, a, &steps));
    assert_false(wr_step_count(&form, &(struct wr_step){1, 0}, a, a, &steps));
}

/* Steps beyond all calendars stay numbers. */
static void test_far(void **state) {
    (void)state;
    static const char *const stamps[] = {"2020-01-01", "2020-01", "2020-01-01T00:00:00+01:00",
                                         "999999999999999999"};
    for (size_t i = 0; i < 4; i++)
        for (int day = 0; day < 2; day++) {
            struct wr_stamp_form form;
            char text[WR_STAMP_SIZE];
            int64_t time = read_stamp(stamps[i], &form);
            struct wr_step step = {123456789, form.kind >= WR_STAMP_DAY && day ? 31 : 0};
            for (uint64_t steps = 1; steps != 0; steps *= 2) {
                int64_t to = wr_step_from(&form, &step, time, steps);
                assert_true(to > time);
                wr_stamp_write(&form, to, text);
                assert_true(strlen(text) >= 4);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_as_read), cmocka_unit_test(test_no_stamps),
        cmocka_unit_test(test_calendar),        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_counts),          cmocka_unit_test(test_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
