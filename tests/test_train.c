/* The trainer's own promises: where it ends, and what evaluation says of the models. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

static const struct test_case some = {.shape = {1, 7, 1, 4},
                                      .models = 19,
                                      .windows = 40,
                                      .batch = 1,
                                      .lr = 1e-3f,
                                      .clip = 1,
                                      .varied = true};

struct wanted {
    size_t epochs, events;
};

static bool enough(void *context, const struct wr_train_event *event) {
    struct wanted *wanted = context;
    wanted->events++;
    return event->first_epoch + event->epochs >= wanted->epochs;
}

/* The same parameters as those of a training that was asked for as many epochs. */
static void test_enough(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct test_ensemble e;
    test_ensemble_make(&e, &some);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wanted wanted = {.epochs = 5};
    struct wr_train_options how = {.epochs = 100000, .enough = enough, .context = &wanted};
    struct wr_train_result result, whole;
    struct wr_session *session = test_session(cpu, &e.ensemble, WR_SCHEDULE_FUSED);
    TEST_OK(wr_train(session, &how, &result, &error));
    assert_true(result.epochs >= 5 && result.epochs < 100000 && wanted.events > 0);
    float *early = test_read(session, WR_PARAMETERS);
    wr_session_close(session);

    struct wr_train_options all = {.epochs = result.epochs};
    session = test_session(cpu, &e.ensemble, WR_SCHEDULE_FUSED);
    TEST_OK(wr_train(session, &all, &whole, &error));
    assert_int_equal(whole.epochs, result.epochs);
    assert_true(whole.updates == result.updates);
    float *expected = test_read(session, WR_PARAMETERS);
    test_same_floats("parameters", expected, early, some.models * e.count);
    test_same_floats("losses", whole.losses, result.losses, some.models);
    wr_train_result_release(&result);
    wr_train_result_release(&whole);
    free(early);
    free(expected);
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

/* A parameter that leaves the finite in the very last epoch, whose loss is finite still. */
static void test_last_epoch_diverges(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct test_ensemble e;
    struct test_case one = some;
    one.models = 2;
    one.windows = 1;
    one.varied = false;
    test_ensemble_make(&e, &one);
    struct wr_device *cpu = test_device("cpu", 0);
    e.lr[1] = 3e38f;
    e.clip[1] = 0;
    e.targets[0] = 1e3f;
    struct wr_session *session = test_session(cpu, &e.ensemble, WR_SCHEDULE_FUSED);
    struct wr_train_options how = {.epochs = 1};
    struct wr_train_result result;
    TEST_OK(wr_train(session, &how, &result, &error));
    assert_int_equal(result.diverged, 1);
    assert_int_equal(result.diverged_at[0], WR_NOT_DIVERGED);
    assert_int_equal(result.diverged_at[1], 0);
    assert_true(isfinite(result.losses[1]));
    wr_train_result_release(&result);
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

/* Against the losses of the stages, window by window. */
static void test_evaluate(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct test_case c = some;
    c.windows = 100;
    c.batch = 0;
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_session *session = test_session(cpu, &e.ensemble, WR_SCHEDULE_STAGED);
    TEST_OK(wr_session_forward(session, 0, c.windows, &error));
    float *losses = test_read(session, WR_LOSSES); /* (M, W) */
    double *mean = test_zeros(c.models, sizeof *mean);
    enum { FIRST = 17, COUNT = 70 };
    TEST_OK(wr_evaluate(&c.shape, NULL, c.models, e.parameters, &e.ensemble.windows, FIRST, COUNT,
                        mean, &error));
    for (size_t m = 0; m < c.models; m++) {
        double sum = 0;
        for (size_t w = FIRST; w < FIRST + COUNT; w++)
            sum += (double)losses[m * c.windows + w];
        assert_true(mean[m] == sum / COUNT);
    }
    e.parameters[3 * e.count] = NAN; /* of one model alone */
    TEST_OK(wr_evaluate(&c.shape, NULL, c.models, e.parameters, &e.ensemble.windows, 0, 3, mean,
                        &error));
    for (size_t m = 0; m < c.models; m++)
        assert_true(isnan(mean[m]) == (m == 3));
    assert_int_equal(wr_evaluate(&c.shape, NULL, c.models, e.parameters, &e.ensemble.windows, 90,
                                 11, mean, &error),
                     WR_ERR_USAGE);
    wr_error_release(&error);
    free(losses);
    free(mean);
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enough),
        cmocka_unit_test(test_last_epoch_diverges),
        cmocka_unit_test(test_evaluate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
