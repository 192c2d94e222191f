/* The promises of the trainer: where it ends, and how it evaluates models. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "windrow/train.h"

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

/* The parameters equal those of a training that was asked for this number of epochs. */
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

/* A parameter becomes infinite or NaN in the very last epoch, whose loss is still finite. */
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
    e.tasks[1].lr = 3e38f;
    e.tasks[1].clip = 0;
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

/* Compares with the losses of the stages, window by window. */
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
    TEST_OK(wr_evaluate(&e.ensemble.stack, NULL, &e.ensemble.windows, FIRST, COUNT, mean, &error));
    for (size_t m = 0; m < c.models; m++) {
        double sum = 0;
        for (size_t w = FIRST; w < FIRST + COUNT; w++)
            sum += (double)losses[m * c.windows + w];
        assert_true(mean[m] == sum / COUNT);
    }
    e.parameters[3 * e.count] = NAN; /* only in one model */
    TEST_OK(wr_evaluate(&e.ensemble.stack, NULL, &e.ensemble.windows, 0, 3, mean, &error));
    for (size_t m = 0; m < c.models; m++)
        assert_true(isnan(mean[m]) == (m == 3));
    assert_int_equal(
        wr_evaluate(&e.ensemble.stack, NULL, &e.ensemble.windows, 90, 11, mean, &error),
        WR_ERR_USAGE);
    wr_error_release(&error);
    free(losses);
    free(mean);
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

/* ---- early stopping ---- */

enum { STOPPED_MODELS = 7, STOPPED_EPOCHS = 60, EVERY = 3, PATIENCE = 2 };

/* Noise, which models memorize: their validation losses rise in the end. Models 1 and 3 diverge,
 * model 4 has no validation windows. */
static const struct test_case noise = {.shape = {2, 6, 2, 3},
                                       .models = STOPPED_MODELS,
                                       .windows = 60,
                                       .batch = 2,
                                       .lr = 0.01f,
                                       .clip = 1,
                                       .varied = true,
                                       .diverges = true};

struct stopping {
    struct test_ensemble e;
    size_t first[STOPPED_MODELS], count[STOPPED_MODELS];
    struct wr_validation validation;
};

static void stopping_make(struct stopping *s) {
    test_ensemble_make(&s->e, &noise);
    s->e.ensemble.rule.optimizer = WR_OPTIMIZER_MOMENTUM; /* a stop would lose its state */
    s->e.ensemble.rule.momentum = 0.5f;
    for (size_t m = 0; m < STOPPED_MODELS; m++) {
        s->e.tasks[m].count = 15;
        s->first[m] = 15 + m;
        s->count[m] = m == 4 ? 0 : 37 + m % 3; /* more than one batch of the evaluation */
    }
    s->validation = (struct wr_validation){s->first, s->count, EVERY, PATIENCE};
}

struct outcome {
    double validated;
    size_t best_epoch, epochs;
    float loss;
    float *best; /* (P) */
};

/* Trains model m alone and stops it by hand. */
static struct outcome stop_by_hand(struct wr_device *cpu, const struct stopping *s, size_t m) {
    struct wr_error error = {0};
    struct wr_ensemble one = test_ensemble_one(&s->e, m);
    struct wr_session *session = test_session(cpu, &one, WR_SCHEDULE_STAGED);
    struct outcome o = {.validated = (double)NAN};
    for (size_t waited = 0; waited < PATIENCE && o.epochs < STOPPED_EPOCHS; o.epochs += EVERY) {
        float *losses = test_run(session, &one, EVERY);
        float *parameters = test_read(session, WR_PARAMETERS);
        const struct wr_stack trained = {one.stack.shape, 1, parameters};
        double mean = INFINITY;
        if (s->count[m] > 0)
            TEST_OK(wr_evaluate(&trained, &one.rule, &one.windows, s->first[m], s->count[m], &mean,
                                &error));
        if (s->count[m] == 0 || !(mean >= o.validated)) {
            o.validated = s->count[m] > 0 ? mean : (double)NAN;
            o.best_epoch = s->count[m] > 0 ? o.epochs + EVERY : 0;
            free(o.best);
            o.best = parameters;
            waited = 0;
        } else {
            free(parameters);
            waited++;
        }
        o.loss = losses[EVERY - 1];
        free(losses);
    }
    wr_session_close(session);
    return o;
}

static wr_status keep_losses(void *context, const struct wr_train_event *event) {
    float *last = context; /* (M) of the last epoch */
    if (event->epochs > 0)
        memcpy(last, event->losses + (event->epochs - 1) * STOPPED_MODELS,
               STOPPED_MODELS * sizeof *last);
    return WR_OK;
}

static void check_stopping(const char *id, enum wr_schedule schedule) {
    struct wr_error error = {0};
    struct stopping s;
    stopping_make(&s);
    struct wr_device *device = test_device(id, 0), *cpu = test_device("cpu", 0);
    struct wr_session *session = test_session(device, &s.e.ensemble, schedule);
    float last[STOPPED_MODELS];
    struct wr_train_options how = {.epochs = STOPPED_EPOCHS,
                                   .validation = &s.validation,
                                   .on_event = keep_losses,
                                   .context = last};
    struct wr_train_result result;
    TEST_OK(wr_train(session, &how, &result, &error));
    assert_int_equal(result.epochs, STOPPED_EPOCHS); /* model 4 continues */
    assert_int_equal(result.diverged, 2);
    float *parameters = test_read(session, WR_PARAMETERS);
    size_t early = 0, late = 0;
    double updates = 0;
    for (size_t m = 0; m < STOPPED_MODELS; m++) {
        if (m == 1) { /* diverges in its first epoch: no validation has a result */
            assert_true(isnan(result.validated[m]) && result.best_epoch[m] == 0);
            updates += 8;
            continue;
        }
        if (m == 3) {
            updates += 8.0 * (result.diverged_at[m] + 1);
            continue;
        }
        struct outcome o = stop_by_hand(cpu, &s, m);
        assert_memory_equal(&result.validated[m], &o.validated, sizeof(double));
        assert_int_equal(result.best_epoch[m], o.best_epoch);
        test_same_floats("last losses", &o.loss, &result.losses[m], 1);
        test_same_floats("best parameters", o.best, parameters + m * s.e.count, s.e.count);
        assert_true(isnan(last[m]) == (o.epochs < STOPPED_EPOCHS));
        early += o.epochs < STOPPED_EPOCHS;
        late += o.best_epoch > EVERY;
        updates += 8.0 * (double)o.epochs;
        free(o.best);
    }
    assert_true(early >= 3 && late >= 2); /* otherwise the test shows nothing */
    assert_true(result.updates == updates);
    wr_train_result_release(&result);
    free(parameters);
    wr_session_close(session);
    wr_device_close(device);
    wr_device_close(cpu);
    test_ensemble_free(&s.e);
}

static void test_early_stopping(void **state) {
    (void)state;
    const char *id;
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        check_stopping(id, WR_SCHEDULE_STAGED);
        check_stopping(id, WR_SCHEDULE_FUSED);
    }
}

static wr_status count_epochs(void *context, const struct wr_train_event *event) {
    *(size_t *)context += event->epochs;
    return WR_OK;
}

/* When no model is left, the training ends. The last epochs are validated, also if they are fewer
 * than the interval. */
static void test_all_stop(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct stopping s;
    stopping_make(&s);
    s.count[4] = 20;
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_session *session = test_session(cpu, &s.e.ensemble, WR_SCHEDULE_FUSED);
    size_t told = 0;
    struct wr_train_options how = {
        .epochs = 100000, .validation = &s.validation, .on_event = count_epochs, .context = &told};
    struct wr_train_result result;
    TEST_OK(wr_train(session, &how, &result, &error));
    assert_true(result.epochs < 100000 && result.epochs % EVERY == 0 && told == result.epochs);
    wr_train_result_release(&result);

    how.epochs = EVERY - 1;
    TEST_OK(wr_session_write_parameters(session, s.e.parameters, &error));
    TEST_OK(wr_train(session, &how, &result, &error));
    assert_int_equal(result.best_epoch[0], EVERY - 1);
    wr_train_result_release(&result);
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&s.e);
}

static void test_bad_validation(void **state) {
    (void)state;
    struct stopping s;
    stopping_make(&s);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_session *session = test_session(cpu, &s.e.ensemble, WR_SCHEDULE_FUSED);
    static const char *const words[] = {"every 0", "`patience` 0", "61 windows"};
    for (size_t k = 0; k < 3; k++) {
        struct wr_error error = {0};
        struct wr_validation bad = s.validation;
        struct wr_train_options how = {.epochs = 5, .validation = &bad};
        struct wr_train_result result;
        bad.every = k == 0 ? 0 : 1;
        bad.patience = k == 1 ? 0 : 1;
        s.count[2] = k == 2 ? 61 : 1;
        assert_int_equal(wr_train(session, &how, &result, &error), WR_ERR_USAGE);
        assert_non_null(strstr(error.text, words[k]));
        wr_error_release(&error);
    }
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&s.e);
}

/* Models that were trained or frozen are no start: the counts of their epochs would be wrong. */
static void test_used_session(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct test_ensemble e;
    test_ensemble_make(&e, &some);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_session *session = test_session(cpu, &e.ensemble, WR_SCHEDULE_STAGED);
    const struct wr_train_options how = {.epochs = 2};
    struct wr_train_result result;
    static const unsigned char none[19] = {0};
    for (int use = 0; use < 4; use++) {
        if (use == 0)
            TEST_OK(wr_session_run(session, 1, NULL, NULL, NULL, &error));
        if (use == 1)
            TEST_OK(wr_session_freeze(session, none, &error));
        if (use == 2) {
            TEST_OK(wr_session_forward(session, 0, 1, &error));
            TEST_OK(wr_session_bptt(session, &error));
            TEST_OK(wr_session_update(session, &error));
        } /* 3: by wr_train, below */
        assert_int_equal(wr_train(session, &how, &result, &error), WR_ERR_USAGE);
        assert_non_null(strstr(error.text, "write parameters first"));
        wr_error_release(&error);
        TEST_OK(wr_session_write_parameters(session, e.parameters, &error));
        TEST_OK(wr_train(session, &how, &result, &error));
        wr_train_result_release(&result);
        if (use < 2)
            TEST_OK(wr_session_write_parameters(session, e.parameters, &error));
    }
    wr_session_close(session);
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enough),       cmocka_unit_test(test_last_epoch_diverges),
        cmocka_unit_test(test_evaluate),     cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_all_stop),     cmocka_unit_test(test_bad_validation),
        cmocka_unit_test(test_used_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
