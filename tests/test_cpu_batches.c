/* Large batches on the cpu backend: every engine, schedule and number of threads against the scalar
 * engine in one thread, which test_cpu_lanes.c compares with the contract; and stops. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 2 };

struct result {
    float *losses, *parameters;
    uint32_t *diverged;
};

static struct result train(struct wr_device *device, const struct test_ensemble *e,
                           enum wr_schedule schedule) {
    struct wr_session *session = test_session(device, &e->ensemble, schedule);
    struct result result = {.losses = test_run(session, &e->ensemble, EPOCHS)};
    result.parameters = test_read(session, WR_PARAMETERS);
    result.diverged = test_diverged(session, &e->ensemble);
    wr_session_close(session);
    return result;
}

static void result_free(struct result *result) {
    free(result->losses);
    free(result->parameters);
    free(result->diverged);
}

static void check_engine(const char *engine, size_t threads, const struct test_case *c,
                         const struct test_ensemble *e, const struct result *expected) {
    char text[96], what[160];
    struct wr_device *device = test_engine(engine, threads);
    for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED && device != NULL;
         schedule++) {
        struct result result = train(device, e, (enum wr_schedule)schedule);
        snprintf(what, sizeof what, "%s %s %zu threads %s", engine,
                 wr_schedule_name((enum wr_schedule)schedule), threads, test_case_text(c, text));
        test_same_floats(what, expected->losses, result.losses, EPOCHS * c->models);
        test_same_floats(what, expected->parameters, result.parameters, c->models * e->count);
        assert_memory_equal(expected->diverged, result.diverged,
                            c->models * sizeof *result.diverged);
        result_free(&result);
    }
    wr_device_close(device);
}

/* Model m has every window except the first m % 5 and the last m; model 2 has one window. */
static void make_ragged(const struct test_case *c, struct test_ensemble *e) {
    for (size_t m = 0; m < c->models && c->ragged; m++) {
        e->tasks[m].first = m % 5;
        e->tasks[m].count = c->windows - m % 5 - m;
        if (m == 2)
            e->tasks[m].count = 1;
    }
}

static void check_case(const struct test_case *c) {
    const size_t threads[] = {1, 2, 3, 5};
    struct test_ensemble e;
    test_ensemble_make(&e, c);
    make_ragged(c, &e);
    struct wr_device *scalar = test_engine("scalar", 1);
    struct result expected = train(scalar, &e, WR_SCHEDULE_FUSED);
    for (size_t i = 0; i < TEST_ENGINES; i++)
        for (size_t k = 0; k < TEST_COUNT_OF(threads); k++)
            check_engine(test_engines[i], threads[k], c, &e, &expected);
    result_free(&expected);
    wr_device_close(scalar);
    test_ensemble_free(&e);
}

static void test_batches(void **state) {
    (void)state;
    const size_t batches[] = {2, 3, 15, 16, 17, 32, 33, 100};
    const struct wr_shape shapes[] = {
        {1, 20, 1, 5}, {2, 33, 3, 3}, {1, 5, 1, 1}, {3, 65, 2, 2}, {1, 96, 1, 2}};
    for (size_t i = 0; i < TEST_COUNT_OF(shapes); i++)
        for (size_t k = 0; k < TEST_COUNT_OF(batches); k++) {
            struct test_case c = {.shape = shapes[i],
                                  .windows = 107,
                                  .batch = batches[k],
                                  .lr = 0.01f,
                                  .clip = 0.3f,
                                  .varied = true};
            c.models = 1 + (i + k) % 4;
            c.ragged = c.models > 1;
            c.diverges = c.models == 4;
            check_case(&c);
        }
}

/* A team takes several blocks, one after the other. */
static void test_many_models(void **state) {
    (void)state;
    const struct test_case c = {{1, 9, 2, 3}, 35, 130, 64, 0.02f, 0.2f, true, true, true};
    check_case(&c);
}

/* Windows so long that the windows of a segment are not all trained at the same time. */
static void test_long_windows(void **state) {
    (void)state;
    const struct test_case c = {{1, 18, 1, 600}, 2, 40, 35, 0.001f, 0.2f, false, true, false};
    check_case(&c);
}

/* ---- stop ---- */

struct ticks {
    size_t count;
    double updates;
};

static wr_status stop_at_once(void *context, double updates) {
    struct ticks *ticks = context;
    ticks->count++;
    ticks->updates = updates;
    return WR_ERR_STOPPED;
}

/* The first batch takes about a second and is stopped before its end. */
static void test_stop_inside_batch(void **state) {
    (void)state;
    struct wr_error error = {0};
    for (size_t threads = 1; threads <= 2; threads++)
        for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED; schedule++) {
            const struct test_case c = {{1, 64, 1, 50}, 1, 200000, 0, 0.01f, 1.0f, 0, 0, 0};
            struct test_ensemble e;
            test_ensemble_make(&e, &c);
            if (schedule == WR_SCHEDULE_STAGED)
                e.ensemble.batch = 20000; /* the device keeps all of them */
            struct wr_device *device = test_device("cpu", threads);
            struct wr_session *session =
                test_session(device, &e.ensemble, (enum wr_schedule)schedule);
            struct ticks ticks = {0};
            assert_int_equal(wr_session_run(session, 1000, NULL, stop_at_once, &ticks, &error),
                             WR_ERR_STOPPED);
            assert_int_equal(ticks.count, 1);
            if (schedule == WR_SCHEDULE_FUSED)
                assert_true(ticks.updates < 1);
            wr_session_close(session);
            wr_device_close(device);
            test_ensemble_free(&e);
        }
    wr_error_release(&error);
}

/* Epochs are counted in 32 bits, of which the last value means "has not diverged". */
static void test_most_epochs(void **state) {
    (void)state;
    struct wr_error error = {0};
    const struct test_case c = {{1, 2, 1, 1}, 1, 1, 1, 0.01f, 1.0f, false, false, false};
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    struct wr_device *device = test_device("cpu", 1);
    struct wr_session *session = test_session(device, &e.ensemble, WR_SCHEDULE_FUSED);
    TEST_OK(wr_session_run(session, 2, NULL, NULL, NULL, &error));
    assert_int_equal(wr_session_run(session, UINT32_MAX - 2, NULL, NULL, NULL, &error),
                     WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "4294967293"));
    wr_error_release(&error);
    wr_session_close(session);
    wr_device_close(device);
    test_ensemble_free(&e);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches), cmocka_unit_test(test_many_models),
        cmocka_unit_test(test_long_windows), cmocka_unit_test(test_stop_inside_batch),
        cmocka_unit_test(test_most_epochs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
