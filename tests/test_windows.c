/* Windows: layout, scaling, loss weights, the naive forecast, refusals. */
#include <float.h>
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
#include "windrow/windows.h"

static struct wr_series *read_text(const char *text) {
    struct wr_error error = {0};
    struct wr_series *series;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    if (wr_series_read_stream(file, "t.csv", &(struct wr_csv_options){0}, &series, &error) != WR_OK)
        fail_msg("%s", error.text);
    fclose(file);
    return series;
}

static struct wr_windows *make(const struct wr_series *series, const struct wr_windows_spec *spec) {
    struct wr_error error = {0};
    struct wr_windows *windows;
    if (wr_windows_make(series, spec, &windows, &error) != WR_OK)
        fail_msg("%s", error.text);
    return windows;
}

/* Compares every number of every window with the definition, through the strides of the view. */
static void assert_windows(const struct wr_series *series, const struct wr_windows_spec *spec) {
    struct wr_windows *windows = make(series, spec);
    struct wr_windows_view view;
    wr_windows_get(windows, &view);
    assert_int_equal(view.count, wr_series_rows(series) - spec->seq_len);
    assert_int_equal(wr_windows_count(windows), view.count);
    double mean, deviation;
    const double *values;
    for (size_t w = 0; w < view.count; w++) {
        for (size_t i = 0; i < spec->inputs; i++) {
            wr_windows_input_scale(windows, i, &mean, &deviation);
            assert_int_equal(wr_series_values(series, spec->input_columns[i], &values, NULL),
                             WR_OK);
            for (size_t t = 0; t < spec->seq_len; t++)
                assert_true(view.inputs[w * view.input_stride + t * spec->inputs + i] ==
                            (float)((values[w + t] - mean) / deviation));
        }
        for (size_t o = 0; o < spec->outputs; o++) {
            wr_windows_target_scale(windows, o, &mean, &deviation);
            assert_int_equal(wr_series_values(series, spec->target_columns[o], &values, NULL),
                             WR_OK);
            double truth = values[w + spec->seq_len];
            assert_true(view.targets[w * view.target_stride + o] ==
                        (float)((truth - mean) / deviation));
            assert_true(wr_windows_target(windows, w, o) == truth);
            assert_true(view.loss_weights[o] ==
                        (float)(deviation * deviation / (double)spec->outputs));
        }
    }
    wr_windows_free(windows);
}

static void test_layout(void **state) {
    (void)state;
    struct wr_series *series = read_text("a,b,c\n1,20,0.1\n2,10,0.2\n4,60,0.4\n8,40,0.7\n"
                                         "16,50,1.1\n32,30,1.6\n64,70,2.2\n");
    const size_t columns[] = {2, 0, 1, 0};
    for (size_t T = 1; T <= 6; T++)
        for (size_t I = 1; I <= 4; I++)
            for (size_t O = 1; O <= 3; O++)
                for (int scale = WR_SCALE_NONE; scale <= WR_SCALE_STANDARD; scale++)
                    assert_windows(series, &(struct wr_windows_spec){columns, I, columns + 1, O, T,
                                                                     (enum wr_scale)scale, 0});
    wr_series_free(series);
}

/* The notebook: 95 windows of 5 values, x[i..i+4] and x[i+5]. */
static void test_notebook(void **state) {
    (void)state;
    struct wr_series *series;
    assert_int_equal(wr_series_ar2(100, 0, &series, NULL), WR_OK);
    const double *x;
    assert_int_equal(wr_series_values(series, 0, &x, NULL), WR_OK);
    const size_t column = 0;
    struct wr_windows *windows =
        make(series, &(struct wr_windows_spec){&column, 1, &column, 1, 5, WR_SCALE_NONE, 0});
    struct wr_windows_view view;
    wr_windows_get(windows, &view);
    assert_int_equal(view.count, 95);
    assert_int_equal(view.input_stride, 1);
    assert_int_equal(view.target_stride, 1);
    for (size_t w = 0; w < 95; w++) {
        for (size_t t = 0; t < 5; t++)
            assert_true(view.inputs[w + t] == (float)x[w + t]);
        assert_true(view.targets[w] == (float)x[w + 5]);
    }
    assert_true(view.loss_weights[0] == 1);
    wr_windows_free(windows);
    wr_series_free(series);
}

/* Scales by the mean and deviation of another series. */
static void test_given_scale(void **state) {
    (void)state;
    struct wr_series *series = read_text("a,b\n2,1\n4,2\n6,3\n");
    const size_t columns[] = {0, 1};
    const double inputs[] = {1, 2, 0, 0.5}, targets[] = {-1, 4};
    struct wr_windows_spec spec = {.input_columns = columns,
                                   .inputs = 2,
                                   .target_columns = columns,
                                   .outputs = 1,
                                   .seq_len = 1};
    struct wr_windows *windows;
    struct wr_windows_view view;
    double mean, deviation;
    assert_int_equal(wr_windows_make_scaled(series, &spec, inputs, targets, &windows, NULL), WR_OK);
    wr_windows_get(windows, &view);
    assert_true(view.inputs[0] == 0.5f && view.inputs[1] == 2);
    assert_true(view.targets[0] == 1.25f && view.targets[1] == 1.75f);
    assert_true(view.loss_weights[0] == 16);
    wr_windows_target_scale(windows, 0, &mean, &deviation);
    assert_true(mean == -1 && deviation == 4);
    assert_true(wr_windows_target(windows, 0, 0) == 4);
    wr_windows_free(windows);
    static const double bad[][2] = {{0, 0}, {0, -1}, {0, INFINITY}, {NAN, 1}, {INFINITY, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wr_error error = {0};
        assert_int_equal(wr_windows_make_scaled(series, &spec, inputs, bad[i], &windows, &error),
                         WR_ERR_USAGE);
        assert_null(windows);
        assert_non_null(strstr(error.text, "column 1"));
    }
    wr_series_free(series);
}

static void test_scaling(void **state) {
    (void)state;
    /* a: mean 5, population deviation 2; b: constant, and not exact in binary; c: -3, 1 */
    struct wr_series *series = read_text("a,b,c\n2,0.1,-2\n4,0.1,-4\n4,0.1,-2\n4,0.1,-4\n5,0.1,-2\n"
                                         "5,0.1,-4\n7,0.1,-2\n9,0.1,-4\n");
    const size_t columns[] = {0, 1, 2};
    struct wr_windows_spec spec = {columns, 3, columns, 3, 1, WR_SCALE_STANDARD, 0};
    struct wr_windows *windows = make(series, &spec);
    static const double expected[3][2] = {{5, 2}, {0.1, 1}, {-3, 1}};
    struct wr_windows_view view;
    wr_windows_get(windows, &view);
    for (size_t i = 0; i < 3; i++) {
        double mean, deviation;
        wr_windows_input_scale(windows, i, &mean, &deviation);
        assert_true(mean == expected[i][0] && deviation == expected[i][1]);
        wr_windows_target_scale(windows, i, &mean, &deviation);
        assert_true(mean == expected[i][0] && deviation == expected[i][1]);
    }
    assert_true(view.inputs[0] == -1.5f && view.inputs[1] == 0 && view.inputs[2] == 1);
    assert_true(view.targets[6 * 3] == 2 && view.targets[6 * 3 + 1] == 0);
    assert_true(view.loss_weights[0] == (float)(4.0 / 3) &&
                view.loss_weights[1] == (float)(1.0 / 3));
    wr_windows_free(windows);
    spec.scale = WR_SCALE_NONE;
    windows = make(series, &spec);
    double mean, deviation;
    wr_windows_input_scale(windows, 0, &mean, &deviation);
    assert_true(mean == 0 && deviation == 1);
    wr_windows_free(windows);
    wr_series_free(series);
}

/* Held-out rows have no effect on the scale, and one of them can be too far away to be scaled. */
static void test_scale_rows(void **state) {
    (void)state;
    struct wr_series *series = read_text("a\n2\n4\n4\n4\n5\n5\n7\n9\n100\n-100\n");
    const size_t column = 0;
    struct wr_windows_spec spec = {&column, 1, &column, 1, 1, WR_SCALE_STANDARD, 8};
    struct wr_windows *windows = make(series, &spec);
    struct wr_windows_view view;
    double mean, deviation;
    wr_windows_get(windows, &view);
    wr_windows_input_scale(windows, 0, &mean, &deviation);
    assert_true(mean == 5 && deviation == 2);
    assert_true(view.inputs[0] == -1.5f && view.targets[8] == -52.5f);
    wr_windows_free(windows);
    wr_series_free(series);

    struct wr_error error = {0};
    series = read_text("a\n0\n1e-30\n1e30\n");
    spec.scale_rows = 2;
    assert_int_equal(wr_windows_make(series, &spec, &windows, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "column 1, row 3"));
    wr_error_release(&error);
    wr_series_free(series);
}

static void test_naive_loss(void **state) {
    (void)state;
    struct wr_series *series = read_text("a,b\n1,10\n2,10\n4,13\n7,13\n11,14\n");
    const size_t columns[] = {0, 1};
    struct wr_windows_spec spec = {columns, 1, columns, 2, 2, WR_SCALE_NONE, 0};
    for (int scale = WR_SCALE_NONE; scale <= WR_SCALE_STANDARD; scale++) {
        spec.scale = (enum wr_scale)scale;
        struct wr_windows *windows = make(series, &spec);
        /* (2^2 + 3^2)/2 + (3^2 + 0)/2 + (4^2 + 1)/2: in units of the series in both cases */
        assert_true(wr_windows_naive_loss(windows) == 19.5);
        wr_windows_free(windows);
    }
    wr_series_free(series);
}

static void assert_refused(const struct wr_series *series, const struct wr_windows_spec *spec,
                           wr_status status, const char *says) {
    struct wr_error error = {0};
    struct wr_windows *windows;
    assert_int_equal(wr_windows_make(series, spec, &windows, &error), status);
    assert_int_equal(error.status, status);
    assert_null(windows);
    if (strstr(error.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, says);
}

static void test_refusals(void **state) {
    (void)state;
    struct wr_series *series =
        read_text("a,b,tiny,huge,big\n1,x,1e-30,1e30,1e15\n2,2,2e-30,2e30,2e15\n"
                  "3,3,3e-30,3e30,3e15\n");
    const size_t a = 0, b = 1, tiny = 2, huge = 3, big = 4, none = 5;
    struct wr_windows_spec spec = {&a, 1, &a, 1, 3, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_DATA, "t.csv: 3 rows are too few: windows of length 3");
    spec.seq_len = SIZE_MAX;
    assert_refused(series, &spec, WR_ERR_DATA, "3 rows");
    spec.seq_len = 0;
    assert_refused(series, &spec, WR_ERR_USAGE, "length 0");
    spec = (struct wr_windows_spec){&a, 0, &a, 1, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_USAGE, "0 inputs");
    spec = (struct wr_windows_spec){&a, 1, &a, 0, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_USAGE, "0 outputs");
    spec = (struct wr_windows_spec){&b, 1, &a, 1, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_DATA, "t.csv: line 2, column \"b\" (number 2): \"x\"");
    spec = (struct wr_windows_spec){&a, 1, &b, 1, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_DATA, "t.csv: line 2, column \"b\" (number 2): \"x\"");
    spec = (struct wr_windows_spec){&none, 1, &a, 1, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_USAGE, "index 5");
    spec = (struct wr_windows_spec){&a, 1, &a, 1, 1, WR_SCALE_STANDARD, 4};
    assert_refused(series, &spec, WR_ERR_USAGE, "t.csv: scale_rows 4, and there are 3 rows");
    spec = (struct wr_windows_spec){&a, 1, &a, 1, 1, (enum wr_scale)9, 0};
    assert_refused(series, &spec, WR_ERR_USAGE, "t.csv: `scale` 9: 0 to 1 needed");
    /* The amount of memory is computed before it is allocated. */
    spec = (struct wr_windows_spec){&a, SIZE_MAX / 2, &a, 1, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_MEMORY, "t.csv");
    spec = (struct wr_windows_spec){&a, 1, &a, (size_t)1 << 50, 1, WR_SCALE_NONE, 0};
    assert_refused(series, &spec, WR_ERR_MEMORY, "PiB");
    /* A variance too large for a float; inputs are not affected by it. */
    spec = (struct wr_windows_spec){&a, 1, &tiny, 1, 1, WR_SCALE_STANDARD, 0};
    assert_refused(series, &spec, WR_ERR_DATA, "t.csv: the variance of column 3");
    spec.target_columns = &huge;
    assert_refused(series, &spec, WR_ERR_DATA, "t.csv: the variance of column 4");
    spec.target_columns = &big;
    assert_windows(series, &spec);
    spec = (struct wr_windows_spec){&huge, 1, &tiny, 1, 1, WR_SCALE_NONE, 0};
    assert_windows(series, &spec);
    spec = (struct wr_windows_spec){&huge, 1, &a, 1, 1, WR_SCALE_STANDARD, 0};
    assert_windows(series, &spec);
    wr_series_free(series);
}

/* The largest values that a column can hold stay finite. */
static void test_extremes(void **state) {
    (void)state;
    struct wr_series *series = read_text("a,b,c\n3.4e38,1e-300,1e8\n-3.4e38,-1e-300,100000001\n"
                                         "3.4e38,0,1e8\n-3.4e38,1e-300,1e8\n");
    const size_t columns[] = {0, 1, 2};
    const struct wr_windows_spec spec = {columns, 3, columns + 2, 1, 2, WR_SCALE_STANDARD, 0};
    struct wr_windows *windows = make(series, &spec);
    struct wr_windows_view view;
    wr_windows_get(windows, &view);
    for (size_t i = 0; i < 9; i++)
        assert_true(isfinite(view.inputs[i]));
    assert_true(view.inputs[0] == 1 && view.inputs[3] == -1);
    wr_windows_free(windows);
    wr_series_free(series);
}

static struct wr_windows *make_ahead(const struct wr_series *series,
                                     const struct wr_windows_spec *spec) {
    struct wr_error error = {0};
    struct wr_windows *windows;
    if (wr_windows_make_ahead(series, spec, NULL, NULL, &windows, &error) != WR_OK)
        fail_msg("%s", error.text);
    return windows;
}

/* To predict there is a window more, and targets may be missing where they are no inputs. */
static void test_ahead(void **state) {
    (void)state;
    struct wr_series *series = read_text("a,b\n1,10\n2,20\n3,NA\n4,\n");
    const size_t a = 0, b = 1;
    struct wr_windows_spec spec = {
        .input_columns = &a, .inputs = 1, .target_columns = &b, .outputs = 1, .seq_len = 2};
    struct wr_windows *windows = make_ahead(series, &spec);
    struct wr_windows_view view;
    wr_windows_get(windows, &view);
    assert_int_equal(view.count, 3);
    for (size_t w = 0; w < 3; w++) {
        assert_true(view.inputs[w] == (float)(w + 1) && view.inputs[w + 1] == (float)(w + 2));
        assert_true(isnan(wr_windows_target(windows, w, 0)) && view.targets[w] == 0);
    }
    assert_true(wr_windows_naive(windows, 0, 0) == 20);
    wr_windows_free(windows);

    spec.seq_len = 1;
    windows = make_ahead(series, &spec);
    assert_int_equal(wr_windows_count(windows), 4);
    assert_true(wr_windows_target(windows, 0, 0) == 20 && isnan(wr_windows_target(windows, 1, 0)));
    wr_windows_free(windows);

    spec.seq_len = 4; /* all rows, and none behind them */
    windows = make_ahead(series, &spec);
    assert_int_equal(wr_windows_count(windows), 1);
    wr_windows_free(windows);

    struct wr_error error = {0};
    spec.seq_len = 5;
    assert_int_equal(wr_windows_make_ahead(series, &spec, NULL, NULL, &windows, &error),
                     WR_ERR_DATA);
    assert_string_equal(error.text,
                        "t.csv: 4 rows are too few for a window of 5; use shorter windows");
    spec.seq_len = 2;
    spec.scale = WR_SCALE_STANDARD; /* cannot be computed */
    assert_int_equal(wr_windows_make_ahead(series, &spec, NULL, NULL, &windows, &error),
                     WR_ERR_DATA);
    assert_non_null(strstr(error.text, "t.csv: line 4, column \"b\" (number 2): \"NA\""));
    const double scale[] = {10, 5};
    assert_int_equal(wr_windows_make_ahead(series, &spec, scale, scale, &windows, &error), WR_OK);
    assert_true(isnan(wr_windows_target(windows, 0, 0)));
    wr_windows_free(windows);
    spec.scale = WR_SCALE_NONE;
    spec.input_columns = &b; /* an input that is missing */
    assert_int_equal(wr_windows_make_ahead(series, &spec, NULL, NULL, &windows, &error),
                     WR_ERR_DATA);
    spec.input_columns = &a;
    assert_int_equal(wr_windows_make(series, &spec, &windows, &error), WR_ERR_DATA); /* to learn */
    wr_series_free(series);

    series = read_text("a,b\n1,10\n2,NA\n3,x\n"); /* a target that is not just missing */
    assert_int_equal(wr_windows_make_ahead(series, &spec, NULL, NULL, &windows, &error),
                     WR_ERR_DATA);
    wr_series_free(series);
}

static void test_no_memory(void **state) {
    (void)state;
    struct wr_series *series = read_text("1\n2\n3\n");
    const size_t column = 0;
    const struct wr_windows_spec spec = {&column, 1, &column, 1, 1, WR_SCALE_NONE, 0};
    struct wr_windows *windows;
    struct wr_error error = {0};
    for (long n = 0; n < 7; n++) {
        test_faults.allocation = n;
        assert_int_equal(wr_windows_make(series, &spec, &windows, &error), WR_ERR_MEMORY);
        assert_null(windows);
    }
    test_faults.allocation = 7;
    assert_int_equal(wr_windows_make(series, &spec, &windows, &error), WR_OK);
    test_faults.allocation = -1;
    wr_windows_free(windows);
    wr_series_free(series);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),     cmocka_unit_test(test_notebook),
        cmocka_unit_test(test_scaling),    cmocka_unit_test(test_given_scale),
        cmocka_unit_test(test_scale_rows), cmocka_unit_test(test_naive_loss),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
