/* The sums of the host and of whole epochs on data of 10^8 rows. Slow; needs 3 GiB of memory. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "windrow/train.h"

enum { ROWS = 100000000 };

/* ---- epochs ---- */

/* A model of one unit that learns only b_y. All its windows are the same window: a view of strides
 * 0. */
struct alike {
    float x[2], target, weight, parameters[5];
    struct wr_task task;
    struct wr_ensemble ensemble;
};

static void make_alike(struct alike *a, size_t windows, size_t batch, float lr) {
    *a = (struct alike){.x = {0.5f, -0.25f},
                        .target = 1.1f,
                        .weight = 1,
                        .task = {.lr = lr},
                        .parameters = {0.3f, 0.2f, 0.1f, 0.4f, 0.05f}};
    a->ensemble = (struct wr_ensemble){
        .stack = {{1, 1, 1, 2}, 1, a->parameters},
        .tasks = &a->task,
        .batch = batch,
        .windows = {
            .count = windows, .inputs = a->x, .targets = &a->target, .loss_weights = &a->weight}};
}

/* Trains one epoch on the cpu; returns its total_loss, and the parameters (5) after it. */
static float epoch(size_t windows, size_t batch, float lr, float parameters[5]) {
    struct alike a;
    make_alike(&a, windows, batch, lr);
    struct wr_device *device = test_device("cpu", 0);
    struct wr_session *session = test_session(device, &a.ensemble, WR_SCHEDULE_FUSED);
    float *losses = test_run(session, &a.ensemble, 1), total = losses[0];
    float *after = test_read(session, WR_PARAMETERS);
    for (size_t i = 0; i < 5; i++)
        parameters[i] = after[i];
    free(losses);
    free(after);
    wr_session_close(session);
    wr_device_close(device);
    return total;
}

/* The losses of 10^8 equal windows, one by one and in one batch, sum to 10^8 times that of one
 * window, and their mean gradient is the gradient of one. */
static void test_epochs(void **state) {
    (void)state;
    float still[5], one_step[5], all_step[5];
    double bound = (2 + ROWS * 0x1p-24) * 0x1p-24;
    double one = (double)epoch(1, 1, 0.5f, one_step);
    double each = (double)epoch(ROWS, 1, 0, still), all = (double)epoch(ROWS, ROWS, 0.5f, all_step);
    print_message("one loss %.9g, means %.9g and %.9g\n", one, each / ROWS, all / ROWS);
    assert_true(fabs(each / ROWS - one) <= bound * one);
    assert_true(each == all);
    for (size_t i = 0; i < 5; i++) {
        struct alike a;
        make_alike(&a, 1, 1, 0);
        double gradient = (double)one_step[i] - (double)a.parameters[i];
        double found = (double)all_step[i] - (double)a.parameters[i];
        print_message("parameter %zu: step %.9g, of all %.9g\n", i, gradient, found);
        /* the bound of the contract, 2^-24 for scale_n, and the last bits of theta for both
         * steps */
        assert_true(fabs(found - gradient) <= (32 + 4096 + 4) * 0x1p-24 * fabs(gradient) + 0x1p-24);
    }
}

static void test_evaluate(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct alike a;
    double one, mean;
    make_alike(&a, ROWS / 10, 1, 0);
    const struct wr_ensemble *e = &a.ensemble;
    TEST_OK(wr_evaluate(&e->stack, NULL, &e->windows, 0, 1, &one, &error));
    TEST_OK(wr_evaluate(&e->stack, NULL, &e->windows, 0, ROWS / 10, &mean, &error));
    print_message("one loss %.17g, mean %.17g\n", one, mean);
    assert_true(fabs(mean - one) <= ROWS / 10 * 0x1p-53 * one);
}

/* ---- columns ---- */

static void near(const char *what, double found, long double exact, double bound) {
    double off = (double)fabsl((long double)found - exact);
    print_message("%s: %.17g, off by %.2g, %.2g allowed\n", what, found, off, bound);
    assert_true(off <= bound);
}

/* Means and deviations of scales, and the loss of the naive forecast, against sums in long double,
 * whose own errors are 2^11 times smaller. */
static void test_columns(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_windows *windows;
    const size_t column = 0;
    const struct wr_windows_spec spec = {.input_columns = &column,
                                         .inputs = 1,
                                         .target_columns = &column,
                                         .outputs = 1,
                                         .seq_len = 1,
                                         .scale = WR_SCALE_STANDARD};
    TEST_OK(wr_series_ar2(ROWS, 0, &series, &error));
    const double *values;
    TEST_OK(wr_series_values(series, 0, &values, &error));
    long double sum = 0, size = 0, squares = 0, step_squares = 0;
    for (size_t t = 0; t < ROWS; t++) {
        sum += (long double)values[t];
        size += fabsl((long double)values[t]);
    }
    long double mean = sum / ROWS;
    for (size_t t = 0; t < ROWS; t++) {
        long double away = (long double)values[t] - mean;
        squares += away * away;
        if (t > 0) {
            long double step = (long double)values[t] - (long double)values[t - 1];
            step_squares += step * step;
        }
    }
    long double deviation = sqrtl(squares / ROWS);
    double bound = ROWS * 0x1p-53, found_mean, found_deviation;
    TEST_OK(wr_windows_make(series, &spec, &windows, &error));
    wr_windows_input_scale(windows, 0, &found_mean, &found_deviation);
    near("a column's mean", found_mean, mean, bound * (double)size / ROWS);
    near("a column's deviation", found_deviation, deviation, 2 * bound * (double)size / ROWS);
    near("the naive forecast's loss", wr_windows_naive_loss(windows), step_squares,
         bound * (double)step_squares);
    wr_windows_free(windows);
    wr_series_free(series);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
