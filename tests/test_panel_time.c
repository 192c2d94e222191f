/* The time stamps of panels: their forms, the step between them, and how they continue. */
#include "panel_support.h"

static void test_stamps(void **state) {
    (void)state;
    const char *const head = "unique_id,ds,y\n";
    static const struct {
        const char *rows, *line, *what;
    } cases[] = {
        {"a,2020-01-01,1\na,2020-01-02,1\na,2020-01-02,1\n", "line 4, series \"a\"",
         "2020-01-02 stands twice, on line 3"},
        {"a,2020-01-01,1\nb,2020-01-01,1\na,2019-12-31,1\n", "line 4, series \"a\"",
         "2019-12-31 is not later than 2020-01-01 on line 2"},
        {"a,2020-01-01,1\na,2020-13-01,1\n", "line 3, series \"a\"",
         "is no time stamp: there is no such month; mend it"},
        {"a,2023-02-29,1\n", "line 2", "\"2023-02-29\" is no time stamp: there is no such day"},
        {"a,2023-02-29 01:00Z,1\n", "line 2", "there is no such day"},
        {"a,2024-01-01 24:00,1\n", "line 2", "there is no such time of day"},
        {"a,2024-01-01T10:60:00.5+01:00,1\n", "line 2", "there is no such time of day"},
        {"a,2024-01-01 10:00 CET,1\n", "line 2", "is no time stamp; write"},
        {"a,2024-Q7,1\n", "line 2", "is no time stamp; write"},
        {"a,January,1\n", "line 2", "is no time stamp; write"},
        {"a,,1\n", "line 2, series \"a\"", "is no time stamp"},
        {"a,2020-01-01,1\nb,2020-01,1\n", "line 3, series \"b\"", "another kind"},
        {"a,2020-01-01T00:00Z,1\na,2020-01-01T01:00,1\n", "line 3", "written otherwise"},
        {"a,2020-01-01T00:00Z,1\na,2020-01-01T01:00+01:00,1\n", "line 3", "stands twice"},
        {"a,2020-01-01,1\na,02/01/2020,1\n", "line 3", "\"02/01/2020\" may be a day of two months"},
        {"a,2020-01-01 00:00,1\na,2020-01-01 00:00,1\n", "line 3", "name the zone with `tz`"},
        {"a,2020-01-01 00:00,1\na,2020-01-01 01:00,1\na,2020-01-01 03:00,1\n", "line 4",
         "name the zone with `tz`"},
        {"a,3000-01-01T00:00:00.000000001,1\n", "line 2", "nanoseconds reach"},
        {"a,1,1\na,3,1\na,5,1\na,6,1\n", "line 5, series \"a\"", "no whole number of steps of 2"},
        {"a,1,1\na,2,x\n", "line 3, series \"a\"", "\"x\" is not a number"},
        {"a,1,1\na,2,inf\n", "line 3, series \"a\"", "not a finite number"},
        {"a,1,1\na,2,1e39\n", "line 3, series \"a\"", "not a finite number"},
        {"a,1,1\n,2,1\n", "line 3", "no name of a series"},
        {"a,1,1\na,2\n", "line 3", "2 cells"},
        {"", "header alone", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s", head, cases[i].rows);
        bad(text, wr_panel_long, NULL, cases[i].line, cases[i].what);
    }
    bad("1,2\n3,4\n", wr_panel_long, NULL, "line 1", "no header");
    bad("\n", wr_panel_long, NULL, "is empty", "");
    struct wr_panel *panel = good("unique_id,ds,y\na,2020-01-01 00:00,1\nb,2020-01-01T00:00Z,1\n"
                                  "b,2020-01-01T06:00Z,1\n",
                                  wr_panel_long, NULL);
    assert_stamp(panel, 0, 1, "2020-01-01 06:00"); /* in the only step of the file */
    assert_stamp(panel, 1, 5, "2020-01-02T06:00Z");
    wr_panel_free(panel);
}

/* The rows of one series, "2020-01-01,5" and so on, under unique_id,ds,y. */
static struct wr_panel *read_rows(const char *rows, const struct wr_panel_spec *spec) {
    char text[8192];
    snprintf(text, sizeof text, "unique_id,ds,y\n%s", rows);
    return good(text, wr_panel_long, spec);
}

static void bad_rows(const char *rows, const struct wr_panel_spec *spec, const char *line,
                     const char *what) {
    char text[8192];
    snprintf(text, sizeof text, "unique_id,ds,y\n%s", rows);
    bad(text, wr_panel_long, spec, line, what);
}

/* Checks the step of the stamps, its name, the stamp that comes `next`, and the `note` that is
 * told, or a part of it. */
static void assert_goes_on(const char *rows, const struct wr_panel_spec *spec, const char *freq,
                           const char *next, const char *note) {
    struct wr_panel *panel = read_rows(rows, spec);
    size_t last = wr_panel_count(panel) - 1;
    assert_string_equal(wr_panel_freq(panel), freq);
    assert_stamp(panel, last, wr_panel_length(panel, last), next);
    if (strstr(wr_panel_notes(panel), note) == NULL)
        fail_msg("%slacks \"%s\"", wr_panel_notes(panel), note);
    wr_panel_free(panel);
}

static void test_steps(void **state) {
    (void)state;
    const struct wr_panel_spec fill = {.missing = WR_MISSING_INTERPOLATE};
    const char *days = "a,2023-01-05,1\na,2023-01-06,2\na,2023-01-09,3\na,2023-01-10,4\n";
    const char *holiday =
        "a,2023-01-05,1\na,2023-01-06,2\na,2023-01-10,4\na,2023-01-11,5\na,2023-01-12,6\n";
    assert_goes_on(days, NULL, "B", "2023-01-11", "1 business day (`freq=B`)");
    bad_rows(holiday, NULL, "line 4", "2023-01-09 is missing before 2023-01-10, in steps of 1 bus");
    struct wr_panel *panel = read_rows(holiday, &fill);
    assert_series(panel, 0, "a", 6, DOUBLES(1, 2, 3, 4, 5, 6));
    assert_stamp(panel, 0, 6, "2023-01-13");
    assert_stamp(panel, 0, 7, "2023-01-16");
    wr_panel_free(panel);
    bad_rows(days, &(struct wr_panel_spec){.freq = "D"}, "line 4", "2023-01-07 is missing");
    bad_rows("a,2023-01-06,1\na,2023-01-07,1\n", &(struct wr_panel_spec){.freq = "B"}, "line 3",
             "steps of 1 business day (`freq=B`) do not stand on 2023-01-07");
    bad_rows("a,2023-01-07,1\na,2023-01-09,1\n", &(struct wr_panel_spec){.freq = "B"}, "line 2",
             "do not stand on 2023-01-07");
    assert_goes_on("a,2023-01-05,1\na,2023-01-06,2\n", &(struct wr_panel_spec){.freq = "B"}, "B",
                   "2023-01-09", "");
    assert_goes_on("a,2018-01-31,1\na,2018-02-28,2\na,2018-03-30,3\n", NULL, "BME", "2018-04-30",
                   "(`freq=BME`)");
    assert_goes_on("a,2024-01-31,1\na,2024-02-29,2\n", &(struct wr_panel_spec){.freq = "BM"}, "BME",
                   "2024-03-29", "");
    assert_goes_on("a,2024-01-31,1\na,2024-02-29,2\n", NULL, "ME", "2024-03-31", "(`freq=ME`)");
    assert_goes_on("a,2024-01-07,1\na,2024-01-14,2\n", NULL, "W-SUN", "2024-01-21", "7 days");
    bad_rows("a,2024-01-07,1\na,2024-01-14,2\na,2024-01-28,3\n", NULL, "line 4",
             "2024-01-21 is missing before");
    bad_rows("a,2024-01-07,1\na,2024-01-14,2\n", &(struct wr_panel_spec){.freq = "W-MON"}, "line 2",
             "steps of 7 days (`freq=W-MON`) do not stand on 2024-01-07");
    assert_goes_on("a,2024-01-08,1\n", &(struct wr_panel_spec){.freq = "W"}, "W-MON", "2024-01-15",
                   "");
    assert_goes_on("a,2023-11-30,1\na,2024-02-29,2\n", NULL, "QE-NOV", "2024-05-31", "");
    assert_goes_on("a,2023-10-01,1\na,2024-01-01,2\n", NULL, "QS-JAN", "2024-04-01", "");
    bad_rows("a,2023-11-30,1\na,2024-02-29,2\n", &(struct wr_panel_spec){.freq = "QE-DEC"},
             "line 2", "do not stand on 2023-11-30");
    assert_goes_on("a,2022-06-30,1\na,2023-06-30,2\n", NULL, "YE-JUN", "2024-06-30", "");
    assert_goes_on("a,2022-01,1\na,2022-02,2\n", &(struct wr_panel_spec){.freq = "MS"}, "MS",
                   "2022-03", "");
    assert_goes_on("a,2022-Q4,1\na,2023-Q1,2\n", NULL, "Q", "2023-Q2", "3 months");
    assert_goes_on("a,2021,1\na,2022,2\n", &(struct wr_panel_spec){.freq = "YS"}, "1", "2023", "");
    assert_goes_on("a,2024-01-01,1\n", &(struct wr_panel_spec){.freq = "6h"}, "6h",
                   "2024-01-01 06:00", "");
    assert_goes_on("a,2024-01-01 00:00,1\n", &(struct wr_panel_spec){.freq = "500ms"}, "500ms",
                   "2024-01-01 00:00:00.5", "");
    static const struct {
        const char *rows, *freq, *what;
    } none[] = {{"a,1,1\n", "D", "numbers, which have no steps of 1 day"},
                {"a,2020-01,1\n", "D", "months, which have no steps of 1 day"},
                {"a,2020-Q1,1\n", "M", "quarters, which have no steps of 1 month"},
                {"a,2020-01-01,1\n", "1", "dates, which have no steps of 1"},
                {"a,2020-01-01,1\n", "fortnight", "`freq=fortnight` is no step of time stamps"}};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        bad_rows(none[i].rows, &(struct wr_panel_spec){.freq = none[i].freq}, "", none[i].what);
    bad("a,y\n1,1\n", wr_panel_long, &(struct wr_panel_spec){.freq = "D"}, "", "`time`");
}

/* Integers: read as dates if all of them are dates and none is likely to be a number. */
static void test_digits(void **state) {
    (void)state;
    const struct wr_panel_spec number = {.freq = "1"};
    assert_goes_on("a,202311,1\na,202312,2\n", NULL, "M", "202401", "202311 is 2023-11; `freq=1`");
    assert_goes_on("a,20240227,1\na,20240228,2\n", NULL, "D", "20240229", "20240227 is 2024-02-27");
    assert_goes_on("a,20240131,1\na,20240229,2\n", NULL, "ME", "20240331", "dates");
    assert_goes_on("a,2024022822,1\na,2024022823,2\n", NULL, "h", "2024022900",
                   "2024022822 is 2024-02-28 22:00");
    assert_goes_on("a,202311,1\na,202312,2\n", &number, "1", "202313", "");
    assert_goes_on("a,202312,1\na,202313,2\n", NULL, "1", "202314", "steps of 1 (`freq=1`)");
    assert_goes_on("a,202311,1\na,202312,2\nb,202313,2\n", NULL, "1", "202314", "steps of 1");
    assert_goes_on("a,300001,1\na,300002,2\n", NULL, "1", "300003", "steps of 1 (");
    assert_goes_on("a,300001,1\na,300002,2\n", &(struct wr_panel_spec){.freq = "M"}, "M", "300003",
                   "dates");
    assert_goes_on("a,174908,1\na,174909,2\na,174910,3\na,174911,4\na,174912,5\na,175001,6\n"
                   "a,175002,7\na,175003,8\n",
                   NULL, "M", "175004", "174908 is 1749-08");
    assert_goes_on("a,1704067200,1\na,1704070800,1\n", NULL, "3600", "1704074400", "3600");
    assert_goes_on("a,2022,1\na,2023,2\n", NULL, "1", "2024", "");
    assert_goes_on("a,1,1\na,2,2\n", NULL, "1", "3", "");
    bad_rows("a,202311,1\na,202312,2\na,2024-01,2\n", NULL, "line 4", "another kind");
    bad_rows("a,202311,1\na,202401,2\na,202402,3\na,202403,4\n", NULL, "line 3",
             "202312 is missing before 202401, in steps of 1 month");
}

/* A file has one step, in whatever order its rows are. */
static void test_mixed(void **state) {
    (void)state;
    const char *daily = "d,2023-01-01,1\nd,2023-01-02,1\nd,2023-01-03,1\nd,2023-01-04,1\n";
    const char *monthly = "m,2023-01-01,1\nm,2023-02-01,1\nm,2023-03-01,1\n";
    const char *two = "t,2023-01-01,1\nt,2023-01-08,5\n", *one = "o,2023-02-11,1\n";
    const struct wr_panel_spec fill = {.missing = WR_MISSING_INTERPOLATE};
    char text[1024];
    for (int turn = 0; turn < 2; turn++) {
        snprintf(text, sizeof text, "%s%s", turn ? daily : monthly, turn ? monthly : daily);
        bad_rows(
            text, &fill, turn ? "line 6, series \"m\"" : "line 2, series \"m\"",
            "its time stamps are in steps of 1 month, but the file is in steps of 1 day, which "
            "suit 1 of 2");
        snprintf(text, sizeof text, "%s%s%s", turn ? daily : two, turn ? two : daily, one);
        bad_rows(text, NULL, turn ? "line 7, series \"t\"" : "line 3, series \"t\"",
                 "2023-01-02 is missing before 2023-01-08");
        struct wr_panel *panel = read_rows(text, &fill);
        assert_int_equal(wr_panel_length(panel, turn ? 1 : 0), 8);
        assert_string_equal(wr_panel_freq(panel), "D");
        assert_stamp(panel, 2, 1, "2023-02-12");
        assert_non_null(strstr(wr_panel_notes(panel), "2 series of one or two values take the step "
                                                      "of the others: "));
        wr_panel_free(panel);
    }
    /* most are months */
    bad_rows("m,2023-01-31,1\nm,2023-02-28,1\nm,2023-03-31,1\nd,2023-01-01,1\nd,2023-01-02,1\n"
             "d,2023-01-03,1\nn,2023-01-31,1\nn,2023-02-28,1\nn,2023-03-31,1\n",
             NULL, "line 5, series \"d\"",
             "but the file is in steps of 1 month, which suit 2 of 3");
    /* most are business days, whatever stands on them; or most are days */
    static const int weeks[] = {4, 5, 8, 9, 10, 11, 12, 15}, days[] = {4, 5, 6, 7, 8, 9, 10, 11};
    for (int turn = 0; turn < 2; turn++) {
        size_t at = 0;
        for (int id = 'a'; id <= 'c'; id++)
            for (int i = 0; i < 8; i++)
                at += (size_t)snprintf(text + at, sizeof text - at, "%c,2024-01-%02d,1\n", id,
                                       (id == 'c') == (turn == 0) ? days[i] : weeks[i]);
        bad_rows(text, &fill, "line 18, series \"c\"",
                 turn == 0 ? "its time stamps are in steps of 1 day, but the file is in steps of 1 "
                             "business day, which suit 2 of 3"
                           : "its time stamps are in steps of 1 business day, but the file is in "
                             "steps of 1 day, which suit 2 of 3");
    }
    /* a step that is a multiple of another */
    bad_rows("a,1,1\na,2,1\na,3,1\nb,2,1\nb,4,1\nb,6,1\nb,8,1\nc,5,1\nc,6,1\nc,7,1\n", &fill,
             "line 5, series \"b\"",
             "steps of 2, but the file is in steps of 1, which suit 2 of 3");
    /* short series that alone would have steps of days or of months */
    assert_goes_on("l,2023-01-05,1\nl,2023-01-06,1\nl,2023-01-09,1\nl,2023-01-10,1\n"
                   "s,2023-01-03,1\ns,2023-01-04,1\ns,2023-01-05,1\ns,2023-01-06,1\n"
                   "t,2023-01-04,1\nt,2023-01-05,1\nt,2023-01-06,1\n",
                   NULL, "B", "2023-01-09", "business");
    assert_goes_on("l,2018-02-28,1\nl,2018-03-30,1\nl,2018-04-30,1\ns,2018-01-31,1\n"
                   "s,2018-02-28,1\nt,2018-02-28,1\n",
                   NULL, "BME", "2018-03-30",
                   "of one or two values take the step of the others: s, t");
    /* each series has its own day of the month, weekday and time of day */
    struct wr_panel *panel = read_rows("a,2023-01-01,1\na,2023-02-01,1\na,2023-03-01,1\n"
                                       "b,2023-01-15,1\nb,2023-02-15,1\nb,2023-03-15,1\n"
                                       "c,2023-01-20,1\n",
                                       NULL);
    assert_string_equal(wr_panel_freq(panel), "M");
    assert_stamp(panel, 0, 3, "2023-04-01");
    assert_stamp(panel, 1, 3, "2023-04-15");
    assert_stamp(panel, 2, 1, "2023-02-20");
    wr_panel_free(panel);
    panel = read_rows("a,2023-01-01 06:00,1\na,2023-01-08 06:00,1\nb,2023-01-02 12:00,1\n"
                      "b,2023-01-09 12:00,1\n",
                      NULL);
    assert_string_equal(wr_panel_freq(panel), "W");
    assert_stamp(panel, 1, 2, "2023-01-16 12:00");
    wr_panel_free(panel);
    bad_rows("a,2023-01-06,1\na,2023-01-09,1\na,2023-01-10,1\na,2023-01-11,1\nb,2023-01-07,1\n",
             NULL, "line 6, series \"b\"", "do not stand on 2023-01-07");
}

/* Stamps that are written in several forms. */
static void test_forms(void **state) {
    (void)state;
    assert_goes_on("a,2024-01-01T00:00:00Z,1\na,2024-01-01 01:00:00Z,2\n", NULL, "h",
                   "2024-01-01T02:00:00Z", "");
    assert_goes_on("a,2024-01-01,1\na,2024-01-01 12:00:00,2\n", NULL, "12h", "2024-01-02 00:00:00",
                   "");
    assert_goes_on("a,2024-01-01T00:00:00,1\na,2024-01-01T00:00:00.250000,2\n", NULL, "250ms",
                   "2024-01-01T00:00:00.500000", "");
    assert_goes_on("a,2024-01-01T00:00:00.123456789,1\na,2024-01-01T00:00:01.123456789,2\n", NULL,
                   "s", "2024-01-01T00:00:02.123456789", "");
    assert_goes_on("a,2024-01-01T00:00:00,1\nb,2024-01-01T00:00:00.5,1\na,2024-01-01T00:00:01,2\n"
                   "b,2024-01-01T00:00:01.5,2\n",
                   NULL, "s", "2024-01-01T00:00:02.5", "");
    assert_goes_on("a,2024/01/30,1\na,2024/01/31,2\n", NULL, "D", "2024/02/01", "");
    assert_goes_on("a,2024-01-01T00:00+01:00,1\na,2024-01-01T01:00+01:00,1\n", NULL, "h",
                   "2024-01-01T02:00+01:00", "");
    /* an hour before and after clocks go back, in UTC */
    assert_goes_on("a,2024-10-27T01:00:00+02:00,1\na,2024-10-27T02:00:00+02:00,2\n"
                   "a,2024-10-27T02:00:00+01:00,3\na,2024-10-27T03:00:00+01:00,4\n",
                   NULL, "h", "2024-10-27T03:00:00Z",
                   "changes on line 4, so they go on in UTC; `tz`");
    /* local midnights: steps of days */
    assert_goes_on("a,2024-10-26T00:00:00+02:00,1\na,2024-10-27T00:00:00+02:00,2\n"
                   "a,2024-10-28T00:00:00+01:00,3\na,2024-10-29T00:00:00+01:00,4\n",
                   NULL, "D", "2024-10-30T00:00:00+01:00",
                   "changes on line 4, so they go on in the last, +01:00, and in days of 24 hours");
    assert_goes_on("a,2024-09-30 00:00 -04:00,1\na,2024-10-31 00:00 -04:00,2\n"
                   "a,2024-11-30 00:00 -05:00,3\n",
                   NULL, "ME", "2024-12-31 00:00 -05:00", "the last, -05:00");
    /* the same local time twice is not a step of a day */
    bad_rows("a,2024-10-26T02:00+02:00,1\na,2024-10-27T02:00+02:00,2\na,2024-10-27T02:00+01:00,3\n",
             NULL, "line 3", "2024-10-26T01:00Z is missing before 2024-10-27T00:00Z");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamps), cmocka_unit_test(test_steps), cmocka_unit_test(test_digits),
        cmocka_unit_test(test_mixed),  cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
