/* Benchmarks: what is counted, and that impossible measurements are refused. No time is
 * asserted. */
#include "support.h"

#include <string.h>

#include "windrow/bench.h"

static const struct wr_bench_cell small = {.shape = {1, 4, 1, 3}, .models = 3, .batch = 5};

static volatile sig_atomic_t never, now = 1;

static struct wr_bench_options quick(void) {
    return (struct wr_bench_options){.seconds = 0.001, .repeats = 3, .stop = &never};
}

/* The products of one window, counted one by one. */
static double count_products(const struct wr_shape *shape) {
    size_t products = 0;
    for (size_t t = 0; t < shape->seq_len; t++)
        for (size_t j = 0; j < shape->hidden; j++) {
            products += 2 * shape->inputs; /* W_xh x; da x */
            if (t > 0)
                products += 3 * shape->hidden; /* W_hh h; W_hh^T da; da h */
        }
    for (size_t o = 0; o < shape->outputs; o++)
        products += 3 * shape->hidden; /* W_hy h; W_hy^T dy; dy h */
    return (double)products;
}

static void test_flops(void **state) {
    (void)state;
    static const struct wr_shape shapes[] = {
        {1, 20, 1, 5}, {1, 1, 1, 1}, {3, 7, 2, 1}, {2, 64, 3, 10}};
    for (size_t i = 0; i < TEST_COUNT_OF(shapes); i++)
        for (size_t batch = 1; batch < 100; batch += 49) {
            struct wr_bench_cell cell = {.shape = shapes[i], .models = 9, .batch = batch};
            double H = (double)shapes[i].hidden, T = (double)shapes[i].seq_len;
            assert_true(wr_bench_flops(&cell) == 2 * (double)batch * count_products(&shapes[i]));
            assert_true(wr_bench_recurrent_flops(&cell) == 6 * (T - 1) * H * H * (double)batch);
        }
}

static void check_result(const struct wr_bench_cell *cell, const struct wr_bench_result *result) {
    assert_true(result->schedule == WR_SCHEDULE_FUSED || result->schedule == WR_SCHEDULE_STAGED);
    if (cell->schedule != WR_SCHEDULE_AUTO)
        assert_int_equal(result->schedule, cell->schedule);
    assert_true(result->windows >= 4 * cell->batch && result->windows <= 95 * cell->batch);
    assert_int_equal(result->windows % cell->batch, 0);
    assert_true(result->epochs >= 1 && result->open_seconds > 0 && result->slowest > 0);
    assert_true(result->slowest <= result->updates_per_second);
    assert_true(result->updates_per_second <= result->fastest);
}

static void test_every_device(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_bench_options options = quick();
    const char *id;
    for (size_t n = 0; (id = test_any_device(n)) != NULL; n++) {
        struct wr_device *device = test_device(id, 0);
        double peak = 0;
        TEST_OK(wr_bench_peak(device, &peak, &error));
        assert_true(peak > 0 && peak < 1e18);
        for (int schedule = WR_SCHEDULE_AUTO; schedule <= WR_SCHEDULE_FUSED; schedule++) {
            struct wr_bench_cell cell = small;
            struct wr_bench_result result;
            cell.schedule = (enum wr_schedule)schedule;
            TEST_OK(wr_bench_run(device, &cell, &options, &result, &error));
            check_result(&cell, &result);
        }
        wr_device_close(device);
    }
}

static void refused(const struct wr_bench_cell *cell, const struct wr_bench_options *options,
                    wr_status expected, const char *word) {
    struct wr_error error = {0};
    struct wr_bench_result result;
    struct wr_device *device = test_device("cpu", 0);
    wr_status status = wr_bench_run(device, cell, options, &result, &error);
    if (status != expected || strstr(error.text, word) == NULL)
        fail_msg("status %d with \"%s\", not %d with \"%s\"", (int)status, error.text,
                 (int)expected, word);
    wr_error_release(&error);
    wr_device_close(device);
}

static void test_refusals(void **state) {
    (void)state;
    struct wr_bench_options options = quick();
    struct wr_bench_cell cell = small;
    cell.models = 0;
    refused(&cell, &options, WR_ERR_USAGE, "0 models");
    cell = small, cell.batch = 0;
    refused(&cell, &options, WR_ERR_USAGE, "batch 0");
    cell = small, cell.shape.hidden = 0;
    refused(&cell, &options, WR_ERR_USAGE, "0");
    cell = small, cell.batch = SIZE_MAX;
    refused(&cell, &options, WR_ERR_MEMORY, "overflow");
    cell = small, cell.models = UINT32_MAX, cell.shape.hidden = 300;
    refused(&cell, &options, WR_ERR_MEMORY, "has");
    options.repeats = 0;
    refused(&small, &options, WR_ERR_USAGE, "0 repeats");
    options = quick(), options.stop = &now;
    refused(&small, &options, WR_ERR_STOPPED, "stopped");
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flops),
        cmocka_unit_test(test_every_device),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
