/* The head of a CSV file: header, delimiter, decimal mark, and the index column of pandas. */
#include "series_support.h"

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
                                       "`decimal=,` reads decimal commas"));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),     cmocka_unit_test(test_header_kinds),
        cmocka_unit_test(test_delimiters), cmocka_unit_test(test_no_delimiter),
        cmocka_unit_test(test_decimal),    cmocka_unit_test(test_index),
        cmocka_unit_test(test_long_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
