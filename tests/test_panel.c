/* Panels: many series from long and wide CSV, good and bad. */
#include <math.h>

#include "panel_support.h"

#include "libc_faults.h"

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
        {"d,v\n2020-01-01,1\n2020-01-02,2\n", NULL, NULL, "v", NULL, "`time`"},
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
        {"year,v\n1999,1\n2000,2.5\n2001,3\n", NULL, NULL, "v", NULL, "`time`"},
        {"year,v\n1999,1\n2000,2.5\n2001,3\n", NULL, NULL, "v", "year", NULL},
        {"n,v\n1,1\n2,2.5\n3,3\n", NULL, NULL, "v", NULL, NULL}, /* row numbers */
        {"s,t,v\nx,1,1\ny,2,2\n", NULL, "t", "v", NULL, NULL},   /* times: one series */
        {"s,t,v\nx,1,1\ny,2,2\n", NULL, "t", NULL, NULL, "\"s\" (text)"},
        {"s,t,v\nx,1,1\nx,2,2\ny,1,2\n", NULL, "t", "v", NULL, "`id=s`?"},
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
            bad(cases[i].text, wr_panel_auto, NULL, "neither long", "`layout`");
            continue;
        }
        struct wr_panel *panel = good(cases[i].text, wr_panel_auto, NULL);
        assert_int_equal(wr_panel_count(panel), cases[i].series);
        assert_true(wr_panel_numbered(panel) == cases[i].numbered);
        wr_panel_free(panel);
    }
    bad("id;V1;V2\na;1,5;2\n", wr_panel_auto, NULL, "`decimal=,` reads", "by the delimiter ';'");
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
            wr_status status = read_panel_text(texts[i], i < 2 ? wr_panel_auto : wr_panel_wide,
                                               &spec, &panel, &error);
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
        cmocka_unit_test(test_gaps),      cmocka_unit_test(test_wide),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
