/* Sessions that do not train: their forward has the bits of a session that does. */
#include "support.h"
#include "windrow/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* I, H, O, T; models, windows, batch (0: all); lr, clip; ragged, varied, diverges */
static const struct test_case cases[] = {
    {{1, 20, 1, 5}, 19, 9, 1, 1e-2f, 1, false, true, false},
    {{2, 33, 3, 4}, 5, 40, 17, 1e-2f, 1, true, true, false},
    {{3, 7, 2, 6}, 3, 70, 0, 1e-2f, 1, false, false, false},
};

static void same_tensor(struct wr_session *expected, struct wr_session *found,
                        enum wr_tensor tensor) {
    size_t count = wr_session_tensor_size(expected, tensor);
    assert_int_equal(wr_session_tensor_size(found, tensor), count);
    float *one = test_read(expected, tensor), *other = test_read(found, tensor);
    test_same_floats(wr_tensor_name(tensor), one, other, count);
    free(one);
    free(other);
}

/* Both sessions compute the batch from window `first` on. */
static void same_forward(struct wr_session *expected, struct wr_session *found, size_t first,
                         size_t count, bool losses) {
    struct wr_error error = {0};
    TEST_OK(wr_session_forward(expected, first, count, &error));
    TEST_OK(wr_session_forward(found, first, count, &error));
    same_tensor(expected, found, WR_PREDICTIONS);
    same_tensor(expected, found, WR_HIDDEN);
    if (losses)
        same_tensor(expected, found, WR_LOSSES);
}

static void check_case(struct wr_device *device, const struct test_case *c) {
    struct wr_error error = {0};
    struct test_ensemble e;
    test_ensemble_make(&e, c);
    e.ensemble.rule = (struct wr_rule){.activation = WR_ACTIVATION_RELU, .loss = WR_LOSS_MAE};
    struct wr_session *trained = test_session(device, &e.ensemble, WR_SCHEDULE_STAGED);
    free(test_run(trained, &e.ensemble, 2));
    TEST_OK(wr_session_read(trained, WR_PARAMETERS, e.parameters, &error));
    struct wr_session *forward = test_session(device, &e.ensemble, WR_SCHEDULE_FORWARD);
    struct wr_ensemble blind = e.ensemble; /* without targets */
    blind.windows.targets = blind.windows.loss_weights = NULL;
    struct wr_session *without = test_session(device, &blind, WR_SCHEDULE_FORWARD);
    size_t B = e.ensemble.batch;
    same_forward(trained, forward, 0, B, true);
    same_forward(trained, without, 0, B, false);
    if (B < c->windows) {
        same_forward(trained, forward, B, B - B / 2, true);
        same_forward(trained, without, B, B - B / 2, false);
    }

    float *values = test_zeros(wr_session_tensor_size(trained, WR_PARAMETERS), sizeof *values);
    assert_int_equal(wr_session_read(without, WR_LOSSES, values, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "no targets"));
    assert_int_equal(wr_session_tensor_size(without, WR_LOSSES), 0);
    assert_int_equal(wr_session_tensor_size(forward, WR_GRADIENTS), 0);
    assert_int_equal(wr_session_read(forward, WR_GRADIENTS, values, &error), WR_ERR_USAGE);
    assert_int_equal(wr_session_read(forward, WR_DELTAS, values, &error), WR_ERR_USAGE);
    assert_int_equal(wr_session_bptt(forward, &error), WR_ERR_USAGE);
    assert_int_equal(wr_session_clip(forward, &error), WR_ERR_USAGE);
    assert_int_equal(wr_session_update(forward, &error), WR_ERR_USAGE);
    assert_int_equal(wr_session_run(forward, 1, NULL, NULL, NULL, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "does not train"));
    wr_error_release(&error);
    free(values);
    wr_session_close(trained);
    wr_session_close(forward);
    wr_session_close(without);
    test_ensemble_free(&e);
}

static void test_bits(void **state) {
    (void)state;
    const char *id;
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 2);
        for (size_t i = 0; i < TEST_COUNT_OF(cases); i++)
            check_case(device, &cases[i]);
        wr_device_close(device);
    }
}

/* Without tasks every model sees all windows. */
static void test_no_tasks(void **state) {
    (void)state;
    const char *id;
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[0]);
        struct wr_device *device = test_device(id, 2);
        struct wr_session *trained = test_session(device, &e.ensemble, WR_SCHEDULE_STAGED);
        e.ensemble.tasks = NULL;
        struct wr_session *forward = test_session(device, &e.ensemble, WR_SCHEDULE_FORWARD);
        same_forward(trained, forward, 8, 1, true);
        struct wr_session *none;
        struct wr_error error = {0};
        e.ensemble.schedule = WR_SCHEDULE_STAGED;
        assert_int_equal(wr_session_open(device, &e.ensemble, &none, &error), WR_ERR_USAGE);
        assert_string_equal(error.text, "an ensemble needs tasks and parameters");
        wr_error_release(&error);
        wr_session_close(trained);
        wr_session_close(forward);
        wr_device_close(device);
        test_ensemble_free(&e);
    }
}

/* Tasks that were made for training serve as they are: what only training uses is not looked at. */
static void test_tasks_of_training(void **state) {
    (void)state;
    const char *id;
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[2]);
        struct wr_device *device = test_device(id, 2);
        struct wr_session *plain = test_session(device, &e.ensemble, WR_SCHEDULE_FORWARD);
        for (size_t m = 0; m < e.ensemble.stack.count; m++) {
            e.tasks[m].visits = 1;
            e.tasks[m].lr = e.tasks[m].clip = NAN;
        }
        e.ensemble.rule.order = WR_ORDER_SHUFFLED;
        struct wr_session *forward = test_session(device, &e.ensemble, WR_SCHEDULE_FORWARD);
        same_forward(plain, forward, 0, e.ensemble.batch, true);
        wr_session_close(plain);
        wr_session_close(forward);
        wr_device_close(device);
        test_ensemble_free(&e);
    }
}

/* Targets and loss_weights go together. A stride of targets that are not there counts for nothing,
 * and neither do targets that a session without them is given later. */
static void test_targets(void **state) {
    (void)state;
    static const char text[] = "the windows lack targets or loss_weights: training needs both, "
                               "schedule forward both or neither";
    struct wr_error error = {0};
    struct wr_device *cpu = test_device("cpu", 1);
    struct wr_session *session;
    struct test_ensemble e;
    test_ensemble_make(&e, &cases[0]);
    struct wr_ensemble blind = e.ensemble;
    blind.windows.targets = NULL;
    for (int schedule = WR_SCHEDULE_AUTO; schedule <= WR_SCHEDULE_FORWARD; schedule++) {
        blind.schedule = (enum wr_schedule)schedule;
        assert_int_equal(wr_session_open(cpu, &blind, &session, &error), WR_ERR_USAGE);
        assert_string_equal(error.text, text);
    }
    size_t bytes;
    struct wr_ensemble odd = e.ensemble;
    odd.schedule = (enum wr_schedule)9;
    assert_int_equal(wr_session_open(cpu, &odd, &session, &error), WR_ERR_USAGE);
    odd = e.ensemble;
    odd.rule.optimizer = (enum wr_optimizer)55;
    assert_int_equal(wr_session_memory(cpu, &odd, &bytes, &error), WR_ERR_USAGE);
    blind.windows.loss_weights = NULL;
    blind.windows.target_stride = SIZE_MAX;
    session = test_session(cpu, &blind, WR_SCHEDULE_FORWARD);
    e.targets[0] = NAN;
    TEST_OK(wr_session_write_windows(session, &e.ensemble.windows, &error));
    TEST_OK(wr_session_forward(session, 0, 1, &error));
    wr_session_close(session);
    wr_device_close(cpu);
    wr_error_release(&error);
    test_ensemble_free(&e);
}

/* A session whose windows are replaced, forward or training, is as one that was opened with them.
 */
static void test_write_windows(void **state) {
    (void)state;
    const char *id;
    struct wr_error error = {0};
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct test_ensemble e, other;
        test_ensemble_make(&e, &cases[1]);
        test_ensemble_make(&other, &cases[1]);
        for (size_t i = 0; i < 80; i++)
            other.inputs[i] *= -0.5f;
        other.targets[3] = 7;
        other.weights[1] = 0.125f;
        struct wr_device *device = test_device(id, 2);
        for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FORWARD; schedule++) {
            struct wr_session *opened =
                test_session(device, &other.ensemble, (enum wr_schedule)schedule);
            struct wr_session *written =
                test_session(device, &e.ensemble, (enum wr_schedule)schedule);
            TEST_OK(wr_session_forward(written, 0, 17, &error));
            TEST_OK(wr_session_write_windows(written, &other.ensemble.windows, &error));
            float *blank = test_read(written, WR_PREDICTIONS);
            assert_true(blank[0] == 0);
            free(blank);
            same_forward(opened, written, 0, 17, true);
            if (schedule != WR_SCHEDULE_FORWARD) {
                free(test_run(opened, &e.ensemble, 2));
                free(test_run(written, &e.ensemble, 2));
                same_tensor(opened, written, WR_PARAMETERS);
            }
            wr_session_close(opened);
            wr_session_close(written);
        }
        wr_device_close(device);
        test_ensemble_free(&e);
        test_ensemble_free(&other);
    }
}

static void test_bad_windows(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct test_ensemble e;
    test_ensemble_make(&e, &cases[0]);
    struct wr_device *device = test_device("cpu", 1);
    struct wr_session *session = test_session(device, &e.ensemble, WR_SCHEDULE_FORWARD);
    struct wr_windows_view view = e.ensemble.windows;
    view.count--;
    assert_int_equal(wr_session_write_windows(session, &view, &error), WR_ERR_USAGE);
    view = e.ensemble.windows, view.target_stride++;
    assert_int_equal(wr_session_write_windows(session, &view, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "9 windows of strides 1 and 2: 9 of 1 and 1 needed"));
    view = e.ensemble.windows, view.targets = NULL;
    assert_int_equal(wr_session_write_windows(session, &view, &error), WR_ERR_USAGE);
    view = e.ensemble.windows, view.inputs = NULL;
    assert_int_equal(wr_session_write_windows(session, &view, &error), WR_ERR_USAGE);
    e.inputs[2] = INFINITY;
    assert_int_equal(wr_session_write_windows(session, &e.ensemble.windows, &error), WR_ERR_DATA);
    wr_error_release(&error);
    wr_session_close(session);
    wr_device_close(device);
    test_ensemble_free(&e);
}

/* It takes less memory than any session that trains. */
static void test_memory(void **state) {
    (void)state;
    const char *id;
    struct wr_error error = {0};
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[1]);
        struct wr_device *device = test_device(id, 2);
        size_t bytes[WR_SCHEDULE_FORWARD + 1];
        for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FORWARD; schedule++) {
            e.ensemble.schedule = (enum wr_schedule)schedule;
            TEST_OK(wr_session_memory(device, &e.ensemble, &bytes[schedule], &error));
        }
        assert_true(bytes[WR_SCHEDULE_FORWARD] < bytes[WR_SCHEDULE_STAGED]);
        wr_device_close(device);
        test_ensemble_free(&e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks_of_training),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_no_tasks),
        cmocka_unit_test(test_write_windows),
        cmocka_unit_test(test_bad_windows),
        cmocka_unit_test(test_memory),
    };
    test_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
