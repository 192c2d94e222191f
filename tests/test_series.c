/* Series: CSV, good and bad, and the synthetic one. */
#include "series_support.h"

#include <locale.h>
#include <math.h>

#include "libc_faults.h"

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

/* Compares the texts that a series keeps, one after the other. */
static void assert_texts(const char *path, const char *column, size_t index, const char *texts,
                         size_t used) {
    struct wr_error error = {0};
    struct wr_series *series;
    assert_int_equal(
        wr_series_read_csv_texts(path, &(struct wr_csv_options){0}, column, &series, &error),
        WR_OK);
    assert_int_equal(series->texts_column, index);
    assert_int_equal(series->texts_used, used);
    if (used > 0)
        assert_memory_equal(series->texts, texts, used);
    wr_series_free(series);
}

static void test_texts(void **state) {
    (void)state;
    const char *quoted = WR_TEST_SOURCE_DIR "/data/quoted.csv";
    assert_texts(quoted, "time", 0,
                 "1\0"
                 "2\0"
                 "3",
                 6);
    assert_texts(quoted, "2", 1, "2.5\0-3e1\0.5", 12);
    assert_texts(quoted, "no such", SIZE_MAX, NULL, 0);
    assert_texts(quoted, NULL, SIZE_MAX, NULL, 0);
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

/* The same numbers in every order in which an array may hold them. */
static void test_array_orders(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    static const double rows[] = {1, 2, 3, 4, 5, 6}, columns[] = {1, 4, 2, 5, 3, 6},
                        wide[] = {0, 1, 2, 3, 0, 4, 5, 6}, upward[] = {4, 5, 6, 1, 2, 3};
    const struct wr_series_array arrays[] = {
        {.rows = 2, .columns = 3, .values = rows, .names = names},
        {.rows = 2, .columns = 3, .values = rows, .row_stride = 3, .column_stride = 1},
        {.rows = 2, .columns = 3, .values = columns, .row_stride = 1, .column_stride = 2},
        {.rows = 2, .columns = 3, .values = wide + 1, .row_stride = 4, .column_stride = 1},
        {.rows = 2, .columns = 3, .values = upward + 3, .row_stride = -3, .column_stride = 1}};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        struct wr_series *series;
        assert_int_equal(wr_series_of(&arrays[i], &series, NULL), WR_OK);
        assert_int_equal(wr_series_columns(series), 3);
        assert_null(wr_series_found(series));
        assert_column(series, "1", 2, DOUBLES(1, 4));
        assert_column(series, "2", 2, DOUBLES(2, 5));
        assert_column(series, i == 0 ? "c" : "3", 2, DOUBLES(3, 6));
        assert_ptr_not_equal(wr_series_name(series, 0), names[0]); /* copied */
        wr_series_free(series);
    }
}

static void test_array_refusals(void **state) {
    (void)state;
    static const char *const names[] = {"good", "bad"};
    static const double values[] = {1, 2, 3, NAN, 5, INFINITY};
    struct wr_series_array array = {.rows = 3, .columns = 2, .values = values, .names = names};
    struct wr_error error = {0};
    struct wr_series *series;
    const double *column;
    size_t index;
    assert_int_equal(wr_series_of(&array, &series, &error), WR_OK);
    assert_column(series, "good", 3, DOUBLES(1, 3, 5));
    assert_int_equal(wr_series_first_numeric(series, &index, &error), WR_OK);
    assert_int_equal(index, 0);
    assert_int_equal(wr_series_values(series, 1, &column, &error), WR_ERR_DATA);
    assert_string_equal(error.text, "memory: row 2, column \"bad\" (number 2): \"nan\" is not a "
                                    "finite number that fits a float; mend it, or choose another "
                                    "column");
    wr_series_free(series);
    array.name = "frame";
    array.rows = 0;
    assert_int_equal(wr_series_of(&array, &series, &error), WR_ERR_DATA);
    assert_string_equal(error.text, "frame: has 0 rows and 2 columns; a series needs one of each");
    assert_null(series);
    array.rows = 3;
    array.columns = 0;
    assert_int_equal(wr_series_of(&array, &series, &error), WR_ERR_DATA);
    array.columns = 2;
    array.values = NULL;
    assert_int_equal(wr_series_of(&array, &series, &error), WR_ERR_USAGE);
    array.values = values;
    long n = 0;
    for (;; n++) {
        test_faults.allocation = n;
        wr_status status = wr_series_of(&array, &series, &error);
        if (status == WR_OK)
            break;
        assert_int_equal(status, WR_ERR_MEMORY);
        assert_null(series);
    }
    test_faults.allocation = -1;
    wr_series_free(series);
    assert_int_equal(n, 8); /* the series, its source, its columns; names, values; the bad text */
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
        cmocka_unit_test(test_forms),         cmocka_unit_test(test_files),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_malformed),     cmocka_unit_test(test_bad_cells),
        cmocka_unit_test(test_find),          cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_first_numeric), cmocka_unit_test(test_long_file),
        cmocka_unit_test(test_locale),        cmocka_unit_test(test_ar2),
        cmocka_unit_test(test_array_orders),  cmocka_unit_test(test_array_refusals),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
