/* Series: CSV, good and bad, and the synthetic one. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/series.h"
#include "libc_faults.h"

static wr_status read_by(const char *text, size_t size, const struct wr_csv_options *options,
                         struct wr_series **series, struct wr_error *error) {
    FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
    assert_non_null(file);
    wr_status status = wr_series_read_stream(file, "t.csv", options, series, error);
    fclose(file);
    return status;
}

static wr_status read_bytes(const char *text, size_t size, struct wr_series **series,
                            struct wr_error *error) {
    return read_by(text, size, &(struct wr_csv_options){0}, series, error);
}

static struct wr_series *read_text(const char *text) {
    struct wr_error error = {0};
    struct wr_series *series;
    if (read_bytes(text, strlen(text), &series, &error) != WR_OK)
        fail_msg("%s", error.text);
    return series;
}

static void assert_column(const struct wr_series *series, const char *column, size_t rows,
                          const double *expected) {
    struct wr_error error = {0};
    size_t index;
    const double *values;
    if (wr_series_find(series, column, &index, &error) != WR_OK ||
        wr_series_values(series, index, &values, &error) != WR_OK)
        fail_msg("%s", error.text);
    assert_int_equal(wr_series_rows(series), rows);
    for (size_t i = 0; i < rows; i++)
        assert_true(values[i] == expected[i]);
}

#define DOUBLES(...)                                                                               \
    (const double[]) {                                                                             \
        __VA_ARGS__                                                                                \
    }

/* Checks the names of the header, joined by '|', or "-" if there is no header. */
static void assert_header(const char *text, const char *expected, size_t rows) {
    struct wr_series *series = read_text(text);
    char names[128] = "";
    for (size_t i = 0; i < wr_series_columns(series); i++) {
        const char *name = wr_series_name(series, i);
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s%s", i == 0 ? "" : "|",
                 name == NULL ? "-" : name);
    }
    assert_string_equal(names, expected);
    assert_int_equal(wr_series_rows(series), rows);
    assert_null(wr_series_name(series, wr_series_columns(series)));
    wr_series_free(series);
}

static void test_forms(void **state) {
    (void)state;
    static const char *const same[] = {"a,b\n1,2\n3,4\n",
                                       "a,b\r\n1,2\r\n3,4\r\n",
                                       "a,b\n1,2\n3,4",
                                       "a,b\r1,2\r3,4\r",
                                       "a,b\n1,2\n3,4\n\n\n",
                                       ("\xef\xbb\xbf"
                                        "a,b\n1,2\n3,4\n"),
                                       "a,b\n1,2\n3,4\n \t\r\n ",
                                       "\"a\",\"b\"\n\"1\",2\n3,\"4\"",
                                       " a ,\tb\n 1 , 2\n3\t,4 ",
                                       "\xef\xbb\xbf\"a\",b\r\n1,\" 2 \"\r\n3,4",
                                       "a, \"b\"\n1,  \"2\"\n\t\"3\", 4",
                                       "a,b\n+1,2.\n3e0,.4e1\n",
                                       "a,b\n1.0,20e-1\n0003,4E+0\n"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct wr_series *series = read_text(same[i]);
        assert_int_equal(wr_series_columns(series), 2);
        assert_string_equal(wr_series_name(series, 1), "b");
        assert_column(series, "a", 2, DOUBLES(1, 3));
        assert_column(series, "b", 2, DOUBLES(2, 4));
        assert_column(series, "2", 2, DOUBLES(2, 4));
        wr_series_free(series);
    }
}

static void test_header(void **state) {
    (void)state;
    assert_header("1,2\n3,4\n", "-|-", 2);
    assert_header("x,2\n3,4\n", "x|2", 1);
    assert_header("x\n1\n", "x", 1);
    assert_header("5", "-", 1);
    assert_header("1,\n3,4\n", "-|-", 2); /* a gap shows nothing */
    assert_header(",\n3,4\n", "-|-", 2);
    assert_header(",x\n3,4\n", "|x", 1);
    assert_header("nan,1\n3,4\n", "-|-", 2); /* numbers that cannot be used */
    assert_header("-inf,1e400\n3,4\n", "-|-", 2);
    assert_header("0x10,1\n3,4\n", "0x10|1", 1); /* text */
    assert_header("1_000,1\n3,4\n", "1_000|1", 1);
    assert_header("\"a\nb\",\"c\"\"d\"\n1,2\n", "a\nb|c\"d", 1);
    assert_header("a\"b,c\n1,2\n", "a\"b|c", 1); /* a quote inside a cell */
    assert_header("\"\"\n1\n", "-", 2);
}

/* A first record of the same kinds as the records below it is data; in doubt, a note tells so. */
static void test_header_kinds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool header, doubted;
    } cases[] = {
        {"2023-01-01,100.19\n2023-01-02,107.3\n", false, false},
        {"a,1\nb,2\n", false, false},
        {"a,2023-01-01,1\na,2023-01-02,2\n", false, false},
        {"2023-01-01,-\n2023-01-02,107.3\n", false, true}, /* a date is not a name */
        {"2023-01-01,x\n2023-01-02,y\n", false, false},
        {"date,sales\n2023-01-01,100.19\n", true, false},
        {"date,sales\n2023-01-01,\n2023-01-02,5\n", true, false},
        {"a,b\n,1\n2,\n", true, false},
        {"name,2023-01-01,2023-01-02\na,1,2\n", true, false},
        {"0,1\n2023-01-01,100.19\n", true, true}, /* a header of numbers, because dates follow */
        {"x,2\n3,4\n", true, true},
        {"unique_id,y\na,\nb,\n", true, false},
        {"name,city\nx,y\n", true, false}, /* not decidable: a header by default */
        {"Datum;Umsatz\n01.02.2023;1,5\n02.02.2023;2,5\n", true, false},
        {"2019,2020\n1.5,2\n3,4.5\n", false, true},
        {"2019,2020\n2021,2022\n", false, false},
        {"1,2\n3,5\n", false, true},
        {"NA,1\n3,4\n", false, false},
        {"2,1\n3,4\n", false, false},
        {"1,5\n3,4\n", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_series *series = read_text(cases[i].text);
        const struct wr_csv_found *found = wr_series_found(series);
        if (found->header != cases[i].header || found->header_doubted != cases[i].doubted)
            fail_msg("\"%s\": %s%s", cases[i].text, found->header ? "a header" : "data",
                     found->header_doubted ? ", in doubt" : "");
        assert_true(found->header_found);
        assert_true((wr_series_name(series, 0) != NULL) == found->header);
        wr_series_free(series);
        for (int header = 0; header < 2; header++) { /* an explicit choice is taken */
            struct wr_error error = {0};
            struct wr_csv_options options = {.header = header ? WR_HEADER_YES : WR_HEADER_NO};
            assert_int_equal(
                read_by(cases[i].text, strlen(cases[i].text), &options, &series, &error), WR_OK);
            found = wr_series_found(series);
            assert_true(found->header == header && !found->header_found && !found->header_doubted);
            wr_series_free(series);
        }
    }
}

/* A delimiter is chosen if it cuts all records into equally many cells, and gives numbers. */
static void test_delimiters(void **state) {
    (void)state;
    static const struct {
        const char *text;
        char delimiter;
        size_t columns;
        const char *value; /* of the first cell of the last column; NULL: not a number */
    } cases[] = {
        {"a;b\n1;2\n3;4\n", ';', 2, "2"},
        {"a\tb\n1\t2\n3\t4\n", '\t', 2, "2"},
        {"a|b\n1|2\n3|4\n", '|', 2, "2"},
        {"a,b\n1,2\n3,4\n", ',', 2, "2"},
        {"a\n1\n3\n", ',', 1, "1"},
        {"a;b\n1,5;2,5\n3,5;4,5\n", ';', 2, NULL},
        {"1,5;2,5\n3,5;4,5\n", ';', 2, NULL}, /* commas give equally many cells, too, but text */
        {"1,5\t2,5\n3,5\t4,5\n", '\t', 2, NULL},
        {"a|b,c\nu|v,3\nu|w,6\n", ',', 2, "3"}, /* two are possible: the usual one */
        {"tags,n\na;b;c,2\nd,3\n", ',', 2, "2"},
        {"tags,n\na;b,2\nc;d,3\n", ',', 2, "2"},
        {"\"a;b\",n\n\"c;d\",2\n", ',', 2, "2"},
        {"\"a,b\";n\n\"c,d\";2\n", ';', 2, "2"},
        {"sep=;\r\na;b\r\n1;2\r\n", ';', 2, "2"},
        {"\xef\xbb\xbf\"SEP=|\"\na|b\n1|2\n", '|', 2, "2"},
        {"sep=:\na:b\n1:2\n", ':', 2, "2"},
        {"a;b;\n1;2;\n3;4;\n", ';', 3, NULL},
        {"a;b\n1;2;\n3;4;\n", ';', 2, "2"}, /* only the header has no delimiter at its end */
        {"depth|m\n1\n2\n", ',', 1, "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_series *series = read_text(cases[i].text);
        const double *values;
        size_t columns = wr_series_columns(series);
        if (wr_series_found(series)->delimiter != cases[i].delimiter || columns != cases[i].columns)
            fail_msg("\"%s\": '%c', %zu columns", cases[i].text, wr_series_found(series)->delimiter,
                     columns);
        wr_status status = wr_series_values(series, columns - 1, &values, NULL);
        assert_int_equal(status, cases[i].value != NULL ? WR_OK : WR_ERR_DATA);
        assert_true(status != WR_OK || values[0] == strtod(cases[i].value, NULL));
        wr_series_free(series);
    }
    struct wr_series *series;
    struct wr_error error = {0};
    const char *text = "a;b\n1;2\n";
    assert_int_equal(
        read_by(text, strlen(text), &(struct wr_csv_options){.delimiter = ','}, &series, &error),
        WR_OK);
    assert_int_equal(wr_series_columns(series), 1);
    wr_series_free(series);
    text = "sep=;\na,b\n1,x\n"; /* the line sep= is used, and line numbers count it */
    assert_int_equal(
        read_by(text, strlen(text), &(struct wr_csv_options){.delimiter = ','}, &series, &error),
        WR_OK);
    const double *values;
    assert_int_equal(wr_series_values(series, 1, &values, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "line 3, column \"b\""));
    wr_series_free(series);
}

/* A value that cannot be a delimiter is refused: (int)(char)0xff would be EOF, and a file would
 * never end. */
static void test_no_delimiter(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    static const char *const lines[] = {"sep=\xff\na,b\n1,2\n", "sep=5\na,b\n1,2\n",
                                        "sep=.\na,b\n1,2\n", "sep=\"\na,b\n1,2\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(
            read_by(lines[i], strlen(lines[i]), &(struct wr_csv_options){0}, &series, &error),
            WR_ERR_DATA);
        assert_non_null(strstr(error.text, "sep="));
    }
    series = read_text("sep=;x,n\n1,2\n"); /* the name of a column, not a separator */
    assert_int_equal(wr_series_found(series)->delimiter, ',');
    assert_column(series, "sep=;x", 1, DOUBLES(1));
    wr_series_free(series);
    series = read_text("sep=\xff\xff,n\n1,2\n");
    assert_int_equal(wr_series_columns(series), 2);
    wr_series_free(series);
    assert_int_equal(read_by(lines[0], strlen(lines[0]), &(struct wr_csv_options){.delimiter = ','},
                             &series, &error),
                     WR_OK);
    assert_column(series, "b", 1, DOUBLES(2));
    wr_series_free(series);
    static const char wrong[] = {'\xff', '"', '\n', '\r', '\x1b', '5', 'e', '.', '-'};
    for (size_t i = 0; i < sizeof wrong; i++) {
        assert_int_equal(
            read_by("a\n1\n", 4, &(struct wr_csv_options){.delimiter = wrong[i]}, &series, &error),
            WR_ERR_USAGE);
        assert_null(series);
    }
    assert_int_equal(
        read_by("a\n1\n", 4, &(struct wr_csv_options){.decimal = '\xff'}, &series, &error),
        WR_ERR_USAGE);
}

static void test_decimal(void **state) {
    (void)state;
    const struct wr_csv_options comma = {.decimal = ','};
    struct wr_error error = {0};
    struct wr_series *series;
    static const char *const same[] = {"a;b\n1,5;2,25\n-3;4e2\n", "a\tb\n1,5\t2,25\n-3\t4,e2\n",
                                       "a,b\n\"1,5\",\"2,25\"\n\"-3\",400\n",
                                       "a;b\n +1,50 ;\"2,25\"\n-3,0;400,\n"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(read_by(same[i], strlen(same[i]), &comma, &series, &error), WR_OK);
        assert_column(series, "a", 2, DOUBLES(1.5, -3));
        assert_column(series, "b", 2, DOUBLES(2.25, 400));
        wr_series_free(series);
    }
    static const char *const bad[] = {"1.5", "1.234,5", "1,234,5", "1 234,5", ",", "1,5,"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        const double *values;
        snprintf(text, sizeof text, "a;b\n1;2\n3;%s\n", bad[i]);
        assert_int_equal(read_by(text, strlen(text), &comma, &series, &error), WR_OK);
        assert_int_equal(wr_series_values(series, 1, &values, &error), WR_ERR_DATA);
        assert_non_null(strstr(error.text, "line 3, column \"b\" (number 2): \""));
        assert_non_null(strstr(error.text, "is not a number"));
        wr_series_free(series);
    }
    const char *single = "1,5\n2,5\n"; /* one column, although commas cut all records alike */
    assert_int_equal(read_by(single, strlen(single), &comma, &series, &error), WR_OK);
    assert_int_equal(wr_series_columns(series), 1);
    assert_column(series, "1", 2, DOUBLES(1.5, 2.5));
    wr_series_free(series);
    series = read_text("a;b\nx;1,5\n"); /* the message says which option works */
    size_t index;
    assert_int_equal(wr_series_first_numeric(series, &index, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "column \"b\" (number 2): \"1,5\" is not a number; "
                                       "--decimal , reads decimal commas"));
    wr_series_free(series);
}

/* The index column that pandas writes is not a variable. */
static void test_index(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t first;
    } cases[] = {
        {",x\n0,5\n1,7\n", 1},   {"\"\",x\n1,5\n2,7\n", 1}, {"Unnamed: 0,x\n0,5\n1,7\n", 1},
        {",x\n40,5\n41,7\n", 1}, {",0\n0,5\n1,7\n", 1},     {",x\n0,5\n2,7\n", 1},
        {",x\n2,5\n0,7\n", 0},   {"i,x\n0,5\n1,7\n", 0},    {"0,5\n1,7\n", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_series *series = read_text(cases[i].text);
        struct wr_error error = {0};
        size_t index = 9;
        assert_int_equal(wr_series_first_numeric(series, &index, &error), WR_OK);
        assert_int_equal(index, cases[i].first);
        wr_series_free(series);
    }
}

/* A head longer than a block, and records that blocks cut anywhere. */
static void test_long_head(void **state) {
    (void)state;
    enum { COLUMNS = 30000, ROWS = 4 };
    char *text = malloc(ROWS * COLUMNS * 8 + 1);
    assert_non_null(text);
    size_t length = 0;
    for (size_t row = 0; row < ROWS; row++)
        for (size_t i = 0; i < COLUMNS; i++)
            length += (size_t)sprintf(text + length, row == 0 ? "c%zu%c" : "%zu%c", i,
                                      i + 1 < COLUMNS ? ';' : '\n');
    struct wr_series *series = read_text(text);
    assert_int_equal(wr_series_columns(series), COLUMNS);
    assert_column(series, "c29999", ROWS - 1, DOUBLES(29999, 29999, 29999));
    wr_series_free(series);
    free(text);
}

static void test_files(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    const char *path = WR_TEST_SOURCE_DIR "/data/seattle-weather.csv";
    assert_int_equal(wr_series_read_csv(path, &series, &error), WR_OK);
    assert_int_equal(wr_series_rows(series), 1461);
    assert_int_equal(wr_series_columns(series), 6);
    size_t index;
    const double *values;
    assert_int_equal(wr_series_find(series, "temp_max", &index, &error), WR_OK);
    assert_int_equal(wr_series_values(series, index, &values, &error), WR_OK);
    assert_true(values[0] == 12.8 && values[1460] == 5.6);
    assert_int_equal(wr_series_first_numeric(series, &index, &error), WR_OK);
    assert_string_equal(wr_series_name(series, index), "precipitation");
    assert_int_equal(wr_series_values(series, 0, &values, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "seattle-weather.csv: line 2, column \"date\" (number 1): "
                                       "\"2012-01-01\" is not a number"));
    wr_series_free(series);

    path = WR_TEST_SOURCE_DIR "/data/quoted.csv";
    assert_int_equal(wr_series_read_csv(path, &series, &error), WR_OK);
    assert_column(series, "time", 3, DOUBLES(1, 2, 3));
    assert_column(series, "depth, m", 3, DOUBLES(2.5, -30, 0.5));
    assert_int_equal(wr_series_values(series, 2, &values, &error), WR_ERR_DATA);
    assert_non_null(
        strstr(error.text, "line 2, column \"note\" (number 3): \"two\\x0alines\" is not"));
    wr_series_free(series);
}

static void assert_unreadable(const char *path, const char *why) {
    struct wr_error error = {0};
    struct wr_series *series;
    assert_int_equal(wr_series_read_csv(path, &series, &error), WR_ERR_DATA);
    assert_int_equal(error.status, WR_ERR_DATA);
    assert_null(series);
    assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
    if (strstr(error.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
}

static void test_unreadable_files(void **state) {
    (void)state;
    assert_unreadable(WR_TEST_SOURCE_DIR "/data/missing.csv", "No such file");
    assert_unreadable(WR_TEST_SOURCE_DIR "/data", "Is a directory");
    assert_unreadable("", "No such file");
    assert_unreadable("/dev/null", "is empty");
    assert_unreadable("/dev/zero", "NUL byte"); /* endless */
    assert_unreadable(WR_TEST_SOURCE_DIR "/data/ragged.csv", "line 3 has 1 cells");
}

static void test_malformed(void **state) {
    (void)state;
#define CASE(text, says)                                                                           \
    { text, sizeof text - 1, says }
    static const struct {
        const char *text;
        size_t size;
        const char *says;
    } cases[] = {
        CASE("\n\n", "t.csv: is empty"),
        CASE("\xef\xbb\xbf", "t.csv: is empty"),
        CASE("a,b\n", "t.csv: holds a header alone"),
        CASE("a,b", "t.csv: holds a header alone"),
        CASE("a,b\n1,2\n3\n", "t.csv: the record on line 3 has 1 cells, the first record has 2"),
        CASE("a,b\n1,2,\n3,4\n", "line 2 has 3 cells"),
        CASE("a,b\n\"1\n\n\",2\n3,4,5\n", "line 5 has 3 cells"),
        CASE("a,b\n1,2\n\n3,4\n", "t.csv: line 3 is blank"),
        CASE("a\n1\n\n \n3\n", "t.csv: line 3 is blank"),
        CASE("\na\n1\n", "t.csv: line 1 is blank"),
        CASE("a,b\n1,2\n\"3,4\n5,6\n", "t.csv: line 3 opens a quote that is never closed"),
        CASE("a,\"b\n1,2", "t.csv: line 1 opens a quote"),
        CASE("\"", "t.csv: line 1 opens a quote"),
        CASE("a,b\n1,\"2\"x\n", "t.csv: line 2 has text after a closing quote"),
        CASE("\"a\" ,b\n1,2\n", "t.csv: line 1 has text after a closing quote"),
        CASE("a,b\n1,2\n3,\0\n", "t.csv: line 3 holds a NUL byte"),
        CASE("a,b\n1,2\n\"\n\0\",2", "t.csv: line 4 holds a NUL byte"),
        CASE("\xff\xfe"
             "a\0,\0b\0\n\0",
             "t.csv: line 1 holds a NUL byte"), /* UTF-16 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_error error = {0};
        struct wr_series *series;
        assert_int_equal(read_bytes(cases[i].text, cases[i].size, &series, &error), WR_ERR_DATA);
        assert_null(series);
        if (strstr(error.text, cases[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.text, cases[i].says);
    }
}

/* A cell that is not a usable number affects only its own column, and only if that is used. */
static void test_bad_cells(void **state) {
    (void)state;
    static const char not_number[] = "is not a number", not_finite[] = "is not a finite number",
                      empty[] = "is empty";
    static const char *const cases[][2] = {{"abc", not_number},
                                           {"0x10", not_number},
                                           {"0X1p3", not_number},
                                           {"1 2", not_number},
                                           {"1e", not_number},
                                           {"--1", not_number},
                                           {".", not_number},
                                           {"1.5m", not_number},
                                           {"1'000", not_number},
                                           {"1.234.567", "is not a number; marks of thousands"},
                                           {"$5", not_number},
                                           {"nan", not_finite},
                                           {"-NaN", not_finite},
                                           {"inf", not_finite},
                                           {"Infinity", not_finite},
                                           {"1e400", not_finite},
                                           {"-1e400", not_finite},
                                           {"3.5e38", not_finite},
                                           {"", empty},
                                           {"  \t", empty},
                                           {"1e-400", NULL},
                                           {"3.4028235e38", NULL},
                                           {"-0", NULL},
                                           {"1e-45", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *cell = cases[i][0], *says = cases[i][1];
        char text[128], place[128], shown[32];
        snprintf(text, sizeof text, "a,b\n1,2\n3,%s\n5,x\n", cell);
        struct wr_series *series = read_text(text);
        assert_column(series, "a", 3, DOUBLES(1, 3, 5));
        struct wr_error error = {0};
        const double *values;
        assert_int_equal(wr_series_values(series, 1, &values, &error), WR_ERR_DATA);
        if (says == NULL) /* the cell is accepted; the x after it is not */
            snprintf(place, sizeof place, "t.csv: line 4, column \"b\" (number 2): \"x\" is not");
        else
            snprintf(place, sizeof place, "t.csv: line 3, column \"b\" (number 2): \"%s\" %s",
                     wr_shown(cell, shown, sizeof shown), says);
        if (strstr(error.text, place) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.text, place);
        wr_series_free(series);
    }
}

static void test_find(void **state) {
    (void)state;
    struct wr_error error = {0};
    size_t index = 99;
    struct wr_series *series = read_text("3,b,b,,\"new\nline\"\n1,2,3,4,5\n");
    assert_int_equal(wr_series_find(series, "3", &index, &error), WR_OK);
    assert_int_equal(index, 0); /* a name has priority over a number */
    assert_int_equal(wr_series_find(series, "4", &index, &error), WR_OK);
    assert_int_equal(index, 3);
    assert_int_equal(wr_series_find(series, "005", &index, &error), WR_OK);
    assert_int_equal(index, 4);
    assert_int_equal(wr_series_find(series, "new\nline", &index, &error), WR_OK);
    assert_int_equal(index, 4);
    assert_int_equal(wr_series_find(series, "b", &index, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "t.csv: columns 2 and 3 are both named \"b\""));
    assert_int_equal(wr_series_find(series, "B", &index, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "t.csv: columns 2 and 3 are both named \"B\" but for case"));
    static const char *const missing[] = {
        "0", "6", "-1", "1.0", "", " 1", "5x", "18446744073709551617", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        assert_int_equal(wr_series_find(series, missing[i], &index, &error), WR_ERR_DATA);
        assert_non_null(strstr(error.text, missing[i]));
        assert_non_null(
            strstr(error.text, "it has the columns \"3\", \"b\", \"b\", \"\", \"new\\x0aline\""));
    }
    assert_int_equal(index, 4);
    wr_series_free(series);

    series = read_text("Abc,DS,ds,x\n1,2,3,4\n"); /* in any case; an exact match wins */
    assert_int_equal(wr_series_find(series, "aBC", &index, &error), WR_OK);
    assert_int_equal(index, 0);
    assert_int_equal(wr_series_find(series, "ds", &index, &error), WR_OK);
    assert_int_equal(index, 2);
    assert_int_equal(wr_series_find(series, "Ds", &index, &error), WR_ERR_DATA);
    wr_series_free(series);

    series = read_text("1,2\n3,4\n");
    assert_int_equal(wr_series_find(series, "temp", &index, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "it has no header, and columns 1 to 2"));
    const double *values;
    assert_int_equal(wr_series_values(series, 2, &values, &error), WR_ERR_USAGE);
    wr_series_free(series);
}

/* Hundreds of long names: the list is cut at its end. */
static void test_long_names(void **state) {
    (void)state;
    enum { COLUMNS = 300 };
    char *text = malloc(COLUMNS * 110);
    assert_non_null(text);
    size_t length = 0;
    for (int i = 0; i < COLUMNS; i++) /* 61 bytes of two-byte characters: cut between two */
        length += (size_t)sprintf(text + length, "%s%d%s", i == 0 ? "" : ",", i % 10,
                                  "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
                                  "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
                                  "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4");
    for (int i = 0; i < COLUMNS; i++)
        length += (size_t)sprintf(text + length, "%s1", i == 0 ? "\n" : ",");
    struct wr_series *series = read_text(text);
    free(text);
    struct wr_error error = {0};
    size_t index;
    assert_int_equal(wr_series_find(series, "x", &index, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "\u00e4...\", \"1\u00e4"));
    assert_non_null(strstr(error.text, "... (300 in all)"));
    wr_series_free(series);
}

static void test_first_numeric(void **state) {
    (void)state;
    struct wr_error error = {0};
    size_t index = 99;
    struct wr_series *series = read_text("a,b,c,d\n1,x,,3\n2,3,4,5\nnan,3,4,6\n");
    assert_int_equal(wr_series_first_numeric(series, &index, &error), WR_OK);
    assert_int_equal(index, 3);
    wr_series_free(series);
    series = read_text("day,b\n1,x\nmon,3\n");
    assert_int_equal(wr_series_first_numeric(series, &index, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "t.csv: line 3, column \"day\" (number 1): \"mon\" is not"));
    wr_series_free(series);
}

static void test_long_file(void **state) {
    (void)state;
    enum { ROWS = 20000 };
    char *text = malloc(ROWS * 32);
    assert_non_null(text);
    size_t length = 0;
    for (int i = 0; i < ROWS; i++)
        length += (size_t)sprintf(text + length, "%d,\"%d\n\"\n", i, -i);
    struct wr_series *series = read_text(text);
    const double *a, *b;
    assert_int_equal(wr_series_rows(series), ROWS);
    assert_int_equal(wr_series_values(series, 0, &a, NULL), WR_OK);
    assert_int_equal(wr_series_values(series, 1, &b, NULL), WR_OK);
    for (int i = 0; i < ROWS; i++)
        assert_true(a[i] == i && b[i] == -i);
    wr_series_free(series);
    free(text);
}

/* The decimal comma of the locale has no effect. */
static void test_locale(void **state) {
    (void)state;
    static const char make[] =
        "localedef -i de_DE -f UTF-8 '" WR_TEST_BINARY_DIR "/de_DE.UTF-8' >/dev/null 2>&1";
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && system(make) == 0)
        setenv("LOCPATH", WR_TEST_BINARY_DIR, 1);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        print_message("tested in \"C\" alone: no locale de_DE, and none can be made\n");
    else
        assert_true(strtod("2,5", NULL) == 2.5);
    struct wr_series *series = read_text("a;b,c\n1,2.5\n");
    assert_column(series, "c", 1, DOUBLES(2.5));
    wr_series_free(series);
    setlocale(LC_ALL, "C");
}

static void test_ar2(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series, *longer;
    const double *x, *y;
    assert_int_equal(wr_series_ar2(100, 0, &series, &error), WR_OK);
    assert_int_equal(wr_series_rows(series), 100);
    assert_int_equal(wr_series_columns(series), 1);
    assert_string_equal(wr_series_name(series, 0), "x");
    assert_int_equal(wr_series_values(series, 0, &x, &error), WR_OK);
    /* Every host must give these bits; a Philox in Python gives them too. */
    assert_true(x[0] == 20 && x[1] == 21);
    assert_true(x[2] == 18.661159382768144 && x[3] == 17.04285474954937);
    assert_true(x[99] == 1.2793930549344381);
    assert_int_equal(wr_series_ar2(200, 0, &longer, &error), WR_OK);
    assert_int_equal(wr_series_values(longer, 0, &y, &error), WR_OK);
    assert_memory_equal(x, y, 100 * sizeof *x);
    wr_series_free(longer);
    assert_int_equal(wr_series_ar2(100, 5, &longer, &error), WR_OK);
    assert_int_equal(wr_series_values(longer, 0, &y, &error), WR_OK);
    assert_true(y[2] == 18.730184681211128 && fabs(y[99] - 0.962860781544645) < 1e-13);
    wr_series_free(longer);
    wr_series_free(series);

    assert_int_equal(wr_series_ar2(2, 0, &series, &error), WR_OK);
    wr_series_free(series);
    for (size_t length = 0; length < 2; length++)
        assert_int_equal(wr_series_ar2(length, 0, &series, &error), WR_ERR_USAGE);
    assert_int_equal(wr_series_ar2(SIZE_MAX, 0, &series, &error), WR_ERR_MEMORY);
    assert_int_equal(wr_series_ar2((size_t)1 << 50, 0, &series, &error), WR_ERR_MEMORY);
    assert_null(series);
    wr_series_free(NULL);
}

/* Each allocation fails in turn: the error tells so and nothing leaks (the asan preset checks
 * that). */
static void test_no_memory(void **state) {
    (void)state;
    struct wr_series *series;
    long n = 0;
    for (;; n++) {
        struct wr_error error = {0};
        test_faults.allocation = n;
        wr_status status = read_bytes("a;b\n1;2\n3;\"x\"\n4;y\n5;6\n", 22, &series, &error);
        if (status == WR_OK) { /* and the exhausted memory did not change what was found */
            assert_int_equal(wr_series_columns(series), 2);
            assert_string_equal(wr_series_name(series, 1), "b");
            break;
        }
        assert_int_equal(status, WR_ERR_MEMORY);
        assert_int_equal(error.status, WR_ERR_MEMORY);
        assert_non_null(strstr(error.text, "t.csv"));
        assert_null(series);
    }
    test_faults.allocation = -1;
    wr_series_free(series);
    assert_true(n > 8);
    for (n = 0; n < 5; n++) {
        test_faults.allocation = n;
        assert_int_equal(wr_series_ar2(10, 0, &series, NULL), WR_ERR_MEMORY);
        assert_null(series);
    }
    test_faults.allocation = -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),         cmocka_unit_test(test_header),
        cmocka_unit_test(test_header_kinds),  cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_no_delimiter),  cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_index),         cmocka_unit_test(test_long_head),
        cmocka_unit_test(test_files),         cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_malformed),     cmocka_unit_test(test_bad_cells),
        cmocka_unit_test(test_find),          cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_first_numeric), cmocka_unit_test(test_long_file),
        cmocka_unit_test(test_locale),        cmocka_unit_test(test_ar2),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
