/* Panels: many series from long and wide CSV, good and bad. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/panel.h"
#include "libc_faults.h"

static wr_status read_text(const char *text, wr_panel_reader *read,
                           const struct wr_panel_spec *spec, struct wr_panel **panel,
                           struct wr_error *error) {
    static const struct wr_panel_spec plain = {0};
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    wr_status status =
        wr_panel_read_stream(file, "p.csv", read, spec != NULL ? spec : &plain, panel, error);
    fclose(file);
    return status;
}

static struct wr_panel *good(const char *text, wr_panel_reader *read,
                             const struct wr_panel_spec *spec) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    if (read_text(text, read, spec, &panel, &error) != WR_OK)
        fail_msg("%s", error.text);
    return panel;
}

/* Checks that the error contains `line`, and after it `what`. */
static void bad(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec,
                const char *line, const char *what) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    assert_int_equal(read_text(text, read, spec, &panel, &error), WR_ERR_DATA);
    assert_null(panel);
    assert_memory_equal(error.text, "p.csv: ", 7);
    assert_null(strpbrk(error.text, "\r\n"));
    if (strstr(error.text, line) == NULL || strstr(error.text, what) == NULL)
        fail_msg("%s\nlacks \"%s\" or \"%s\"", error.text, line, what);
}

#define DOUBLES(...)                                                                               \
    (const double[]) {                                                                             \
        __VA_ARGS__                                                                                \
    }

static void assert_doubles(const double *values, size_t count, const double *expected) {
    for (size_t i = 0; i < count; i++)
        assert_true(isnan(expected[i]) ? isnan(values[i]) : values[i] == expected[i]);
}

static void assert_series(const struct wr_panel *panel, size_t series, const char *id,
                          size_t length, const double *expected) {
    assert_true(series < wr_panel_count(panel));
    assert_string_equal(wr_panel_id(panel, series), id);
    assert_int_equal(wr_panel_length(panel, series), length);
    assert_doubles(wr_panel_values(panel, series), length, expected);
}

static void assert_stamp(const struct wr_panel *panel, size_t series, size_t step,
                         const char *expected) {
    char stamp[WR_STAMP_SIZE];
    wr_panel_stamp(panel, series, step, stamp);
    assert_string_equal(stamp, expected);
}

static void test_long(void **state) {
    (void)state;
    struct wr_panel *panel = good("\xef\xbb\xbfunique_id,ds,y\r\n"
                                  "a,2020-01-01,1\r\n"
                                  "\"b, c\",2020-02-28,10\r\n"
                                  " a ,\"2020-01-02\", 2 \r\n"
                                  "\"b, c\",2020-02-29,\"20\"\r\n"
                                  "a,2020-01-03,3\r\n",
                                  wr_panel_long, NULL);
    assert_int_equal(wr_panel_count(panel), 2);
    assert_string_equal(wr_panel_path(panel), "p.csv");
    assert_false(wr_panel_numbered(panel));
    assert_series(panel, 0, "a", 3, DOUBLES(1, 2, 3));
    assert_series(panel, 1, "b, c", 2, DOUBLES(10, 20));
    assert_int_equal(wr_panel_line(panel, 0, 0), 2);
    assert_int_equal(wr_panel_line(panel, 0, 2), 6);
    assert_int_equal(wr_panel_line(panel, 1, 1), 5);
    assert_int_equal(wr_panel_known(panel, 0), 3);
    assert_stamp(panel, 0, 0, "2020-01-01");
    assert_stamp(panel, 0, 40, "2020-02-10");
    assert_stamp(panel, 1, 2, "2020-03-01");
    wr_panel_free(panel);
}

static void test_columns(void **state) {
    (void)state;
    struct wr_panel *panel =
        good("w,t,v\n-,2001,1\n-,2002,2\n", wr_panel_long, &(struct wr_panel_spec){.time = "t"});
    assert_series(panel, 0, "v", 2, DOUBLES(1, 2)); /* one series, the first numbers */
    assert_stamp(panel, 0, 2, "2003");
    wr_panel_free(panel);
    panel = good("t,v\n7,1\n5,2\n", wr_panel_long, &(struct wr_panel_spec){.target = "2"});
    assert_series(panel, 0, "v", 2, DOUBLES(1, 2));
    assert_true(wr_panel_numbered(panel));
    assert_stamp(panel, 0, 2, "3");
    wr_panel_free(panel);
    panel = good("k,ds,y,z\nu,1,1,5\nv,1,2,6\n", wr_panel_long,
                 &(struct wr_panel_spec){.id = "k", .target = "z"});
    assert_series(panel, 1, "v", 1, DOUBLES(6));
    wr_panel_free(panel);
    bad("unique_id,ds,y\na,1,1\n", wr_panel_long, &(struct wr_panel_spec){.target = "q"},
        "no column \"q\"", "\"unique_id\", \"ds\", \"y\"");
    bad("unique_id,ds,v\na,1,x\n", wr_panel_long, NULL, "line 2", "name the target");
    bad("unique_id,y,y\na,1,2\n", wr_panel_long, NULL, "columns 2 and 3", "by its number");
}

/* A column of series that is not named, so that its series would be mixed, is refused; the message
 * names the columns. */
static void test_unused(void **state) {
    (void)state;
    static const struct {
        const char *text, *id, *time, *target, *ignore;
        const char *refused; /* NULL: it is accepted */
    } cases[] = {
        {"d,v\n2020-01-01,1\n2020-01-02,2\n", NULL, NULL, NULL, NULL, "\"d\" (dates)"},
        {"d,v\n2020-01-01,1\n2020-01-02,2\n", NULL, NULL, "v", NULL, "--time"},
        {"d,v\n2020-01-01,1\n2020-01-02,2\n", NULL, NULL, "v", "d", NULL},
        {"d,v\n2020-01-01,1\n2020-01-02,2\n", NULL, "d", NULL, NULL, NULL},
        {"s,v\na,1\na,2\nb,3\n", NULL, NULL, "v", NULL, "\"s\" (text)"},
        {"s,v\na,1\na,2\nb,3\n", "s", NULL, "v", NULL, NULL},
        {"s,v\na,1\na,2\na,3\n", NULL, NULL, "v", NULL, NULL}, /* one name, one series */
        {"s,v\n1,1\n1,2\n2,3\n2,4\n", NULL, NULL, "v", NULL, "whole numbers that repeat"},
        {"s,v\n1,1\n2,2\n1,3\n2,4\n", NULL, NULL, "v", NULL, "whole numbers that repeat"},
        {"s,v\n1,1\n1,2\n2,3\n2,4\n", NULL, NULL, NULL, NULL, "\"s\" (whole"},
        {"s,v\n1,1\n1,2\n2,3\n1,4\n", NULL, NULL, "v", NULL, NULL}, /* repeated values */
        {"s,v\n1.5,1\n1.5,2\n2,3\n2,4\n", NULL, NULL, "v", NULL, NULL},
        {"s,v\n7,1\n7,2\n7,3\n", NULL, NULL, NULL, NULL, "one number in all lines"},
        {"year,v\n1999,1\n2000,2.5\n2001,3\n", NULL, NULL, NULL, NULL,
         "\"year\" (whole numbers that rise"},
        {"year,v\n1999,1\n2000,2.5\n2001,3\n", NULL, NULL, "v", NULL, "--time"},
        {"year,v\n1999,1\n2000,2.5\n2001,3\n", NULL, NULL, "v", "year", NULL},
        {"n,v\n1,1\n2,2.5\n3,3\n", NULL, NULL, "v", NULL, NULL}, /* row numbers */
        {"s,t,v\nx,1,1\ny,2,2\n", NULL, "t", "v", NULL, NULL},   /* times: one series */
        {"s,t,v\nx,1,1\ny,2,2\n", NULL, "t", NULL, NULL, "\"s\" (text)"},
        {"s,t,v\nx,1,1\nx,2,2\ny,1,2\n", NULL, "t", "v", NULL, "--id s?"},
        {",d,v\n0,1,5\n1,2,6\n", NULL, "d", NULL, NULL, NULL},
        {"a,v\nx,\"1,5\"\ny,\"2,5\"\n", "a", NULL, NULL, NULL, "decimal mark"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct wr_panel_spec spec = {.id = cases[i].id,
                                           .time = cases[i].time,
                                           .target = cases[i].target,
                                           .ignore = &cases[i].ignore,
                                           .ignores = cases[i].ignore != NULL};
        if (cases[i].refused != NULL)
            bad(cases[i].text, wr_panel_long, &spec, "p.csv", cases[i].refused);
        else
            wr_panel_free(good(cases[i].text, wr_panel_long, &spec));
    }
    struct wr_panel *panel =
        good(",d,v\n0,1,5\n1,2,6\n", wr_panel_long, &(struct wr_panel_spec){.time = "d"});
    assert_series(panel, 0, "v", 2, DOUBLES(5, 6)); /* not the index */
    wr_panel_free(panel);
}

/* The layout follows from names, dates and numbered columns. */
static void test_layouts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int series; /* 0: neither */
        bool numbered;
    } cases[] = {
        {"UNIQUE_ID;DS;Y\na;2020-01-01;1\nb;2020-01-01;1\n", 2, false},
        {"id,V1,V2\na,1,2\nb,1,2\nc,1,2\n", 3, true},
        {"id|1|2|3\na|1|2|3\nb|1||\n", 2, true},
        {"v\n1\n2\n", 1, true},
        {"1\n2\n4\n", 1, true},
        {"id;V1;V2\na;1,5;2\n", 0, true},
        {"name,color,size\nx,red,1\ny,blue,2\n", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].series == 0) {
            bad(cases[i].text, wr_panel_auto, NULL, "neither long", "--layout");
            continue;
        }
        struct wr_panel *panel = good(cases[i].text, wr_panel_auto, NULL);
        assert_int_equal(wr_panel_count(panel), cases[i].series);
        assert_true(wr_panel_numbered(panel) == cases[i].numbered);
        wr_panel_free(panel);
    }
    bad("id;V1;V2\na;1,5;2\n", wr_panel_auto, NULL, "--decimal , reads", "by the delimiter ';'");
    struct wr_panel *panel =
        good("a;1,5;2\nb;3;4\n", wr_panel_wide,
             &(struct wr_panel_spec){.csv = {.decimal = ',', .header = WR_HEADER_NO}});
    assert_series(panel, 0, "a", 2, DOUBLES(1.5, 2));
    assert_int_equal(wr_panel_count(panel), 2);
    wr_panel_free(panel);
    panel =
        good("2020-01-01,1\n2020-01-02,2\n", wr_panel_auto, &(struct wr_panel_spec){.time = "1"});
    assert_series(panel, 0, "2", 2, DOUBLES(1, 2)); /* named after its column */
    assert_false(wr_panel_found(panel)->header);
    wr_panel_free(panel);
    bad("5,6\n1,2\n", wr_panel_auto, NULL, "line 1", "no header");
}

static void test_seattle(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel;
    const char *path = WR_TEST_SOURCE_DIR "/data/seattle-weather.csv";
    assert_int_equal(
        wr_panel_read_long(path, &(struct wr_panel_spec){.time = "date", .target = "temp_max"},
                           &panel, &error),
        WR_OK);
    assert_int_equal(wr_panel_count(panel), 1);
    assert_string_equal(wr_panel_id(panel, 0), "temp_max");
    assert_int_equal(wr_panel_length(panel, 0), 1461);
    assert_true(wr_panel_values(panel, 0)[0] == 12.8);
    assert_stamp(panel, 0, 1460, "2015-12-31");
    assert_stamp(panel, 0, 1461, "2016-01-01");
    assert_int_equal(wr_panel_line(panel, 0, 1460), 1462);
    wr_panel_free(panel);
    path = WR_TEST_SOURCE_DIR "/data/missing.csv";
    assert_int_equal(wr_panel_read_long(path, &(struct wr_panel_spec){0}, &panel, &error),
                     WR_ERR_DATA);
    assert_non_null(strstr(error.text, "cannot be opened"));
}

static void test_covariates(void **state) {
    (void)state;
    const struct wr_panel_spec spec = {.past = (const char *const[]){"p"},
                                       .pasts = 1,
                                       .future = (const char *const[]){"g", "f"},
                                       .futures = 2};
    struct wr_panel *panel = good("unique_id,ds,y,p,f,g\n"
                                  "a,1,1,11,21,31\na,2,2,12,22,32\n"
                                  "b,1,5,15,25,35\n"
                                  "a,3,,,23,33\na,4,nan,,24,34\na,5,,,,\n",
                                  wr_panel_long, &spec);
    assert_series(panel, 0, "a", 2, DOUBLES(1, 2));
    assert_int_equal(wr_panel_pasts(panel), 1);
    assert_int_equal(wr_panel_futures(panel), 2);
    assert_int_equal(wr_panel_known(panel, 0), 4);
    assert_int_equal(wr_panel_known(panel, 1), 1);
    assert_doubles(wr_panel_past(panel, 0, 0), 2, DOUBLES(11, 12));
    assert_doubles(wr_panel_future(panel, 0, 0), 4, DOUBLES(31, 32, 33, 34));
    assert_doubles(wr_panel_future(panel, 0, 1), 4, DOUBLES(21, 22, 23, 24));
    assert_true(wr_panel_future(panel, 1, 0)[0] == 35);
    wr_panel_free(panel);
    const char *gap = "unique_id,ds,y,p,f,g\na,1,1,1,1,1\na,2,2,,2,2\na,3,3,3,3,3\n";
    bad(gap, wr_panel_long, &spec, "line 3, series \"a\"",
        "column \"p\" (number 4) has a gap at 2");
    const char *beyond = "unique_id,ds,y,p,f,g\na,1,1,1,1,1\na,2,,,2,\na,3,,,3,3\n";
    struct wr_panel_spec drop = spec, fill = spec;
    drop.missing = WR_MISSING_DROP;
    fill.missing = WR_MISSING_INTERPOLATE;
    bad(beyond, wr_panel_long, &spec, "line 3, series \"a\"", "column \"g\"");
    bad(beyond, wr_panel_long, &drop, "line 3, series \"a\"", "column \"g\"");
    panel = good(beyond, wr_panel_long, &fill);
    assert_doubles(wr_panel_future(panel, 0, 0), 3, DOUBLES(1, 2, 3));
    wr_panel_free(panel);
    panel = good(gap, wr_panel_long, &drop);
    assert_doubles(wr_panel_past(panel, 0, 0), 3, DOUBLES(1, NAN, 3));
    wr_panel_free(panel);
    bad("unique_id,ds,y,p,f,g\na,1,1,1,1,1\na,2,2,,2,2\n", wr_panel_long, &fill, "line 3",
        "column \"p\"");
}

static void test_gaps(void **state) {
    (void)state;
    const struct wr_panel_spec drop = {.missing = WR_MISSING_DROP},
                               fill = {.missing = WR_MISSING_INTERPOLATE};
    const char *text = "ds,y\n2020-02-26,\n2020-02-27,1\n2020-02-28,NaN\n2020-03-01,7\n"
                       "2020-03-02,8\n2020-03-03,\n";
    bad(text, wr_panel_long, NULL, "line 5, series \"y\"",
        "2020-02-29 is missing before 2020-03-01");
    bad("ds,y\n1,1\n2,\n3,1\n", wr_panel_long, NULL, "line 3, series \"y\"", "has a gap at 2;");
    struct wr_panel *panel = good(text, wr_panel_long, &drop);
    assert_series(panel, 0, "y", 5, DOUBLES(1, NAN, NAN, 7, 8));
    assert_stamp(panel, 0, 0, "2020-02-27");
    assert_stamp(panel, 0, 5, "2020-03-03");
    assert_int_equal(wr_panel_line(panel, 0, 1), 4);
    assert_int_equal(wr_panel_line(panel, 0, 2), 5);
    assert_int_equal(wr_panel_line(panel, 0, 4), 6);
    wr_panel_free(panel);
    panel = good(text, wr_panel_long, &fill);
    assert_series(panel, 0, "y", 5, DOUBLES(1, 3, 5, 7, 8));
    wr_panel_free(panel);
    panel = good("ds,y\n1,\n2,3\n3,4\n4,\n", wr_panel_long, NULL); /* ends are cut off */
    assert_series(panel, 0, "y", 2, DOUBLES(3, 4));
    assert_stamp(panel, 0, 0, "2");
    wr_panel_free(panel);
    bad("unique_id,ds,y\na,1,1\nb,1,\nb,2,\n", wr_panel_long, NULL, "line 3, series \"b\"",
        "no value");
    bad("ds,y\n1,1\n2,1\n1000000,1\n", wr_panel_long, &drop, "line 4", "more than 100");
    bad("ds,y\n1,1\n2,1\n999999999999999999,1\n", wr_panel_long, &fill, "line 4", "more than 100");
}

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
        {"a,2020-01-01 00:00,1\na,2020-01-01 00:00,1\n", "line 3", "name the zone with --tz"},
        {"a,2020-01-01 00:00,1\na,2020-01-01 01:00,1\na,2020-01-01 03:00,1\n", "line 4",
         "name the zone with --tz"},
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
    assert_goes_on(days, NULL, "B", "2023-01-11", "1 business day (--freq B)");
    bad_rows(holiday, NULL, "line 4", "2023-01-09 is missing before 2023-01-10, in steps of 1 bus");
    struct wr_panel *panel = read_rows(holiday, &fill);
    assert_series(panel, 0, "a", 6, DOUBLES(1, 2, 3, 4, 5, 6));
    assert_stamp(panel, 0, 6, "2023-01-13");
    assert_stamp(panel, 0, 7, "2023-01-16");
    wr_panel_free(panel);
    bad_rows(days, &(struct wr_panel_spec){.freq = "D"}, "line 4", "2023-01-07 is missing");
    bad_rows("a,2023-01-06,1\na,2023-01-07,1\n", &(struct wr_panel_spec){.freq = "B"}, "line 3",
             "steps of 1 business day (--freq B) do not stand on 2023-01-07");
    bad_rows("a,2023-01-07,1\na,2023-01-09,1\n", &(struct wr_panel_spec){.freq = "B"}, "line 2",
             "do not stand on 2023-01-07");
    assert_goes_on("a,2023-01-05,1\na,2023-01-06,2\n", &(struct wr_panel_spec){.freq = "B"}, "B",
                   "2023-01-09", "");
    assert_goes_on("a,2018-01-31,1\na,2018-02-28,2\na,2018-03-30,3\n", NULL, "BME", "2018-04-30",
                   "(--freq BME)");
    assert_goes_on("a,2024-01-31,1\na,2024-02-29,2\n", &(struct wr_panel_spec){.freq = "BM"}, "BME",
                   "2024-03-29", "");
    assert_goes_on("a,2024-01-31,1\na,2024-02-29,2\n", NULL, "ME", "2024-03-31", "(--freq ME)");
    assert_goes_on("a,2024-01-07,1\na,2024-01-14,2\n", NULL, "W-SUN", "2024-01-21", "7 days");
    bad_rows("a,2024-01-07,1\na,2024-01-14,2\na,2024-01-28,3\n", NULL, "line 4",
             "2024-01-21 is missing before");
    bad_rows("a,2024-01-07,1\na,2024-01-14,2\n", &(struct wr_panel_spec){.freq = "W-MON"}, "line 2",
             "steps of 7 days (--freq W-MON) do not stand on 2024-01-07");
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
                {"a,2020-01-01,1\n", "fortnight", "\"fortnight\" is no step of time stamps"}};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        bad_rows(none[i].rows, &(struct wr_panel_spec){.freq = none[i].freq}, "", none[i].what);
    bad("a,y\n1,1\n", wr_panel_long, &(struct wr_panel_spec){.freq = "D"}, "", "--time");
}

/* Integers: read as dates if all of them are dates and none is likely to be a number. */
static void test_digits(void **state) {
    (void)state;
    const struct wr_panel_spec number = {.freq = "1"};
    assert_goes_on("a,202311,1\na,202312,2\n", NULL, "M", "202401", "202311 is 2023-11; --freq 1");
    assert_goes_on("a,20240227,1\na,20240228,2\n", NULL, "D", "20240229", "20240227 is 2024-02-27");
    assert_goes_on("a,20240131,1\na,20240229,2\n", NULL, "ME", "20240331", "dates");
    assert_goes_on("a,2024022822,1\na,2024022823,2\n", NULL, "h", "2024022900",
                   "2024022822 is 2024-02-28 22:00");
    assert_goes_on("a,202311,1\na,202312,2\n", &number, "1", "202313", "");
    assert_goes_on("a,202312,1\na,202313,2\n", NULL, "1", "202314", "steps of 1 (--freq 1)");
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
                   "changes on line 4, so they go on in UTC; --tz");
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

static void test_wide(void **state) {
    (void)state;
    struct wr_panel *panel = good("\"V1\",\"V2\",\"V3\",\"V4\"\n\"H1\",\"1\",\"2\",\n"
                                  "\"H2\",\"3\",\"4\",\"5\"\n\"H3\",,6,\"\"\nH4,7\n",
                                  wr_panel_wide, NULL);
    assert_int_equal(wr_panel_count(panel), 4);
    assert_true(wr_panel_numbered(panel));
    assert_series(panel, 0, "H1", 2, DOUBLES(1, 2));
    assert_series(panel, 1, "H2", 3, DOUBLES(3, 4, 5));
    assert_series(panel, 2, "H3", 1, DOUBLES(6));
    assert_series(panel, 3, "H4", 1, DOUBLES(7));
    assert_int_equal(wr_panel_line(panel, 1, 2), 3);
    assert_stamp(panel, 1, 3, "4");
    assert_stamp(panel, 2, 0, "2");
    wr_panel_free(panel);
    const char *gap = "id,1,2,3\na,1,,3\n";
    bad(gap, wr_panel_wide, NULL, "line 2, series \"a\"", "gap at 2");
    panel = good(gap, wr_panel_wide, &(struct wr_panel_spec){.missing = WR_MISSING_INTERPOLATE});
    assert_series(panel, 0, "a", 3, DOUBLES(1, 2, 3));
    wr_panel_free(panel);
    bad("id,1,2\na,1,2\na,3,4\n", wr_panel_wide, NULL, "line 3, series \"a\"", "twice, on line 2");
    bad("id,1,2\na,1,x\n", wr_panel_wide, NULL, "line 2, series \"a\"", "column 3: \"x\"");
    bad("id,1,2\na,1,2,3\n", wr_panel_wide, NULL, "line 2, series \"a\"", "4 cells");
    bad("id,1,2\na,1,2\nb,,\n", wr_panel_wide, NULL, "line 3, series \"b\"", "no value");
    bad("id,1,2\na\n", wr_panel_wide, NULL, "line 2, series \"a\"", "no value");
    bad("id,1,2\n,1,2\n", wr_panel_wide, NULL, "line 2", "no name");
    bad("id\na\n", wr_panel_wide, NULL, "one column", "");
    bad("a,5,2\nb,1,2\n", wr_panel_wide, NULL, "line 1", "starts with a header");
}

/* Names go into JSON. */
static void test_names(void **state) {
    (void)state;
    static const char *const whole[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\xb1",
                                        "\xf4\x8f\xbf\xbf"};
    static const char *const broken[] = {"\xe9",         "\xc3",         "\xc3(",
                                         "\x80",         "\xc0\x80",     "\xe0\x80\x80",
                                         "\xed\xa0\x80", "\xf0\x9f\x8c", "\xf4\x90\x80\x80",
                                         "\xff"};
    char text[64];
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        snprintf(text, sizeof text, "unique_id,y\n\"a, %s\",1\n", whole[i]);
        struct wr_panel *panel = good(text, wr_panel_long, NULL);
        assert_string_equal(wr_panel_id(panel, 0) + 3, whole[i]);
        wr_panel_free(panel);
    }
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        snprintf(text, sizeof text, "unique_id,y\na,1\n%s,1\n", broken[i]);
        bad(text, wr_panel_long, NULL, "line 3", "not UTF-8");
        bad(text, wr_panel_wide, NULL, "line 3", "not UTF-8");
    }
}

/* Filled values can be told from observed ones. */
static void test_observed(void **state) {
    (void)state;
    static const char text[] = "unique_id,ds,y\na,1,1\na,2,\na,5,4\nb,1,7\nb,2,8\n";
    for (int drop = 0; drop < 2; drop++) {
        struct wr_panel_spec spec = {.missing = drop ? WR_MISSING_DROP : WR_MISSING_INTERPOLATE};
        struct wr_panel *panel = good(text, wr_panel_long, &spec);
        const double *observed = wr_panel_observed(panel, 0), *values = wr_panel_values(panel, 0);
        assert_int_equal(wr_panel_length(panel, 0), 5);
        for (size_t i = 0; i < 5; i++) {
            bool gap = i > 0 && i < 4;
            assert_int_equal(isnan(observed[i]) != 0, gap);
            assert_int_equal(isnan(values[i]) != 0, gap && drop);
        }
        assert_true(observed[0] == 1 && observed[4] == 4);
        assert_ptr_equal(wr_panel_observed(panel, 1), wr_panel_values(panel, 1));
        wr_panel_free(panel);
    }
}

static void test_own_values(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel;
    assert_int_equal(wr_panel_of("x", DOUBLES(1, 2, 4), 3, &panel, &error), WR_OK);
    assert_series(panel, 0, "x", 3, DOUBLES(1, 2, 4));
    assert_true(wr_panel_numbered(panel));
    assert_stamp(panel, 0, 3, "4");
    wr_panel_free(panel);
    assert_int_equal(wr_panel_of("x", DOUBLES(1, NAN), 2, &panel, &error), WR_ERR_DATA);
    assert_null(panel);
    assert_int_equal(wr_panel_of("x", DOUBLES(1), 0, &panel, &error), WR_ERR_USAGE);
}

/* Thousands of names whose rows are not adjacent: the table of names grows, and every value finds
 * its series. */
static void test_many(void **state) {
    (void)state;
    enum { SERIES = 3000, LENGTH = 3 };
    size_t size = 32 * SERIES * LENGTH + 32, length;
    char *text = malloc(size);
    length = (size_t)snprintf(text, size, "unique_id,ds,y\n");
    for (int t = 0; t < LENGTH; t++)
        for (int s = 0; s < SERIES; s++)
            length +=
                (size_t)snprintf(text + length, size - length, "s%d,%d,%d\n", s, t, s * LENGTH + t);
    struct wr_panel *panel = good(text, wr_panel_long, NULL);
    assert_int_equal(wr_panel_count(panel), SERIES);
    for (size_t s = 0; s < SERIES; s++) {
        double v = (double)(s * LENGTH);
        char id[16];
        snprintf(id, sizeof id, "s%zu", s);
        assert_series(panel, s, id, LENGTH, DOUBLES(v, v + 1, v + 2));
        assert_int_equal(wr_panel_line(panel, s, 2), 2 + 2 * SERIES + s);
    }
    wr_panel_free(panel);
    free(text);
}

static void test_no_memory(void **state) {
    (void)state;
    static const char *const texts[] = {
        "unique_id;ds;y;f;g;h\na;1;1;2;p;1\nb;1;1;2;q;2\nb;2;1;2;r;3\na;2;1;2;p;4\nb;4;1;2;;9\na;3;"
        ";2;u;1\n",
        "unique_id,ds,y,f\na,1,1,2\nb,1,1,2\nb,2,1,2\na,2,1,2\nb,4,1,2\na,3,,2\n",
        "id,1,2,3\na,1,,3\nb,1,2\n"};
    const struct wr_panel_spec spec = {
        .future = (const char *const[]){"f"}, .futures = 1, .missing = WR_MISSING_INTERPOLATE};
    for (size_t i = 0; i < 3; i++) {
        struct wr_panel *panel = NULL;
        long n;
        for (n = 0;; n++) {
            struct wr_error error = {0};
            test_faults.allocation = n;
            wr_status status =
                read_text(texts[i], i < 2 ? wr_panel_auto : wr_panel_wide, &spec, &panel, &error);
            if (status == WR_OK)
                break;
            assert_int_equal(status, WR_ERR_MEMORY);
            assert_int_equal(error.status, WR_ERR_MEMORY);
            assert_null(panel);
        }
        test_faults.allocation = -1;
        wr_panel_free(panel);
        assert_true(n > 8);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long),      cmocka_unit_test(test_unused),
        cmocka_unit_test(test_layouts),   cmocka_unit_test(test_columns),
        cmocka_unit_test(test_seattle),   cmocka_unit_test(test_covariates),
        cmocka_unit_test(test_gaps),      cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_steps),     cmocka_unit_test(test_digits),
        cmocka_unit_test(test_mixed),     cmocka_unit_test(test_forms),
        cmocka_unit_test(test_wide),      cmocka_unit_test(test_own_values),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
