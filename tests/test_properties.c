/* Properties of the cpu backend that hold for all numbers; every comparison is of bits. */
#include "numerics.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 3 };
static const enum wr_schedule schedules[] = {WR_SCHEDULE_STAGED, WR_SCHEDULE_FUSED};

/* I, H, O, T; models, windows, batch (0: all); lr, clip; ragged, varied, diverges */
static const struct test_case cases[] = {
    {{1, 20, 1, 5}, 37, 9, 1, 0.02f, 0.5f, false, true, false},
    {{1, 20, 1, 5}, 19, 21, 0, 0.05f, 0.0f, false, true, false},
    {{2, 7, 3, 4}, 18, 23, 5, 0.05f, 0.05f, true, true, true},
    {{3, 17, 2, 3}, 5, 40, 17, 0.02f, 0.1f, true, true, true},
    {{1, 1, 1, 1}, 33, 4, 3, 0.05f, 0.1f, false, true, false},
    {{2, 65, 1, 2}, 4, 7, 2, 0.02f, 0.0f, true, true, false},
};

/* The results of a run. */
struct outcome {
    size_t models, count; /* M, P */
    float *losses;        /* (EPOCHS, M) */
    float *parameters;    /* (M, P) */
    uint32_t *diverged;   /* (M) */
};

static void outcome_take(struct outcome *out, struct wr_session *session,
                         const struct wr_ensemble *e) {
    out->models = e->stack.count;
    out->count = wr_session_tensor_size(session, WR_PARAMETERS) / e->stack.count;
    out->parameters = test_read(session, WR_PARAMETERS);
    out->diverged = test_diverged(session, e);
}

static struct outcome run_threads(const struct wr_ensemble *e, enum wr_schedule schedule,
                                  size_t threads) {
    struct outcome out;
    struct wr_device *device = test_device("cpu", threads);
    struct wr_session *session = test_session(device, e, schedule);
    out.losses = test_run(session, e, EPOCHS);
    outcome_take(&out, session, e);
    wr_session_close(session);
    wr_device_close(device);
    return out;
}

static struct outcome run(const struct wr_ensemble *e, enum wr_schedule schedule) {
    return run_threads(e, schedule, 0);
}

static void outcome_free(struct outcome *out) {
    free(out->losses);
    free(out->parameters);
    free(out->diverged);
}

/* Checks that model a of one outcome equals model b of another. */
static void same_model(const char *what, const struct outcome *one, size_t a,
                       const struct outcome *other, size_t b) {
    for (size_t epoch = 0; epoch < EPOCHS; epoch++)
        test_same_floats(what, one->losses + epoch * one->models + a,
                         other->losses + epoch * other->models + b, 1);
    test_same_floats(what, one->parameters + a * one->count, other->parameters + b * other->count,
                     one->count);
    assert_int_equal(one->diverged[a], other->diverged[b]);
}

static void same_outcome(const char *what, const struct outcome *one, const struct outcome *other) {
    for (size_t m = 0; m < one->models; m++)
        same_model(what, one, m, other, m);
}

/* A check of a case and its whole run, staged and fused. */
typedef void check_fn(const struct test_ensemble *e, const struct test_case *c,
                      enum wr_schedule schedule, const struct outcome *whole);

static void for_cases(check_fn *check) {
    char text[96];
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[i]);
        print_message("%s\n", test_case_text(&cases[i], text));
        for (size_t s = 0; s < TEST_COUNT_OF(schedules); s++) {
            struct outcome whole = run(&e.ensemble, schedules[s]);
            check(&e, &cases[i], schedules[s], &whole);
            outcome_free(&whole);
        }
        test_ensemble_free(&e);
    }
}

static void check_alone(const struct test_ensemble *e, const struct test_case *c,
                        enum wr_schedule schedule, const struct outcome *whole) {
    const size_t models[] = {0, 1, c->models / 2, c->models - 1};
    for (size_t i = 0; i < TEST_COUNT_OF(models); i++) {
        struct wr_ensemble one = test_ensemble_one(e, models[i]);
        struct outcome alone = run(&one, schedule);
        same_model("a model alone", whole, models[i], &alone, 0);
        outcome_free(&alone);
    }
}

static void test_model_alone(void **state) {
    (void)state;
    for_cases(check_alone);
}

/* The order of the models has no effect: all their arrays are reversed. */
static void check_order(const struct test_ensemble *e, const struct test_case *c,
                        enum wr_schedule schedule, const struct outcome *whole) {
    struct test_ensemble reversed;
    size_t M = c->models, row = e->count * sizeof(float);
    test_ensemble_make(&reversed, c);
    for (size_t m = 0; m < M; m++) {
        reversed.tasks[m] = e->tasks[M - 1 - m];
        memcpy(reversed.parameters + m * e->count, e->parameters + (M - 1 - m) * e->count, row);
    }
    struct outcome out = run(&reversed.ensemble, schedule);
    for (size_t m = 0; m < M; m++)
        same_model("models reversed", whole, m, &out, M - 1 - m);
    outcome_free(&out);
    test_ensemble_free(&reversed);
}

static void test_order_of_models(void **state) {
    (void)state;
    for_cases(check_order);
}

static void check_threads(const struct test_ensemble *e, const struct test_case *c,
                          enum wr_schedule schedule, const struct outcome *whole) {
    static const size_t threads[] = {1, 2, 3, 7};
    (void)c;
    for (size_t i = 0; i < TEST_COUNT_OF(threads); i++) {
        struct outcome out = run_threads(&e->ensemble, schedule, threads[i]);
        same_outcome("another number of threads", whole, &out);
        outcome_free(&out);
    }
}

static void test_threads(void **state) {
    (void)state;
    for_cases(check_threads);
}

static void check_schedules(const struct test_ensemble *e, const struct test_case *c,
                            enum wr_schedule schedule, const struct outcome *whole) {
    (void)c;
    if (schedule != WR_SCHEDULE_STAGED)
        return;
    struct outcome fused = run(&e->ensemble, WR_SCHEDULE_FUSED);
    same_outcome("fused and staged", whole, &fused);
    outcome_free(&fused);
}

static void test_fused_is_staged(void **state) {
    (void)state;
    for_cases(check_schedules);
}

/* A run equals the same epochs in several runs of one session, and in a new session that
 * write_parameters continues. A diverged model starts again when its parameters are written, so
 * that the second part leaves out those cases. */
static void check_resume(const struct test_ensemble *e, const struct test_case *c,
                         enum wr_schedule schedule, const struct outcome *whole) {
    struct wr_error error = {0};
    size_t M = c->models;
    struct wr_device *device = test_device("cpu", 0);
    struct wr_session *first = test_session(device, &e->ensemble, schedule);
    struct wr_session *second = test_session(device, &e->ensemble, schedule);
    struct outcome pieces = {.losses = test_zeros(EPOCHS * M, sizeof(float))};
    float *start = test_run(first, &e->ensemble, 1), *kept = test_read(first, WR_PARAMETERS);
    float *rest = test_run(first, &e->ensemble, EPOCHS - 1);
    memcpy(pieces.losses, start, M * sizeof(float));
    memcpy(pieces.losses + M, rest, (EPOCHS - 1) * M * sizeof(float));
    outcome_take(&pieces, first, &e->ensemble);
    same_outcome("a run in pieces", whole, &pieces);
    if (!c->diverges) {
        free(test_run(second, &e->ensemble, 2)); /* must have no effect */
        TEST_OK(wr_session_write_parameters(second, kept, &error));
        float *resumed = test_run(second, &e->ensemble, EPOCHS - 1);
        float *parameters = test_read(second, WR_PARAMETERS);
        test_same_floats("resumed losses", rest, resumed, (EPOCHS - 1) * M);
        test_same_floats("resumed parameters", whole->parameters, parameters, M * e->count);
        free(resumed);
        free(parameters);
    }
    free(start);
    free(kept);
    free(rest);
    outcome_free(&pieces);
    wr_session_close(first);
    wr_session_close(second);
    wr_device_close(device);
}

static void test_resume(void **state) {
    (void)state;
    for_cases(check_resume);
}

/* With lr 0 no parameter changes. The total_loss of an epoch is then the sum of the losses of its
 * windows, each once, in order, which the forward stage gives window by window. */
static void check_visits(const struct test_ensemble *e, const struct test_case *c,
                         enum wr_schedule schedule, const struct outcome *whole) {
    (void)whole;
    struct wr_error error = {0};
    size_t M = c->models;
    struct wr_ensemble still = e->ensemble;
    float *total = test_zeros(M, sizeof *total), *rest = test_zeros(M, sizeof *rest);
    struct wr_task *tasks = test_zeros(M, sizeof *tasks);
    for (size_t m = 0; m < M; m++) {
        tasks[m] = e->tasks[m];
        tasks[m].lr = 0;
    }
    still.tasks = tasks;
    struct outcome out = run(&still, schedule);
    test_same_floats("parameters with lr 0", e->parameters, out.parameters, M * e->count);
    struct wr_device *device = test_device("cpu", 0);
    struct wr_session *session = test_session(device, &still, schedule);
    size_t slots = wr_session_tensor_size(session, WR_LOSSES) / M;
    for (size_t w = 0; w < c->windows; w++) {
        TEST_OK(wr_session_forward(session, w, 1, &error));
        float *losses = test_read(session, WR_LOSSES);
        for (size_t m = 0; m < M; m++)
            if (w < e->tasks[m].count)
                wr_add_long(&total[m], &rest[m], losses[m * slots]);
        free(losses);
    }
    for (size_t epoch = 0; epoch < EPOCHS; epoch++)
        test_same_floats("total_loss with lr 0", total, out.losses + epoch * M, M);
    wr_session_close(session);
    wr_device_close(device);
    outcome_free(&out);
    free(tasks);
    free(total);
    free(rest);
}

static void test_windows_visited_once(void **state) {
    (void)state;
    for_cases(check_visits);
}

static void check_clips(const struct test_ensemble *e, const struct test_case *c,
                        enum wr_schedule schedule, const struct outcome *whole) {
    (void)whole;
    static const float none[] = {0.0f, INFINITY, 1e30f};
    struct outcome out[TEST_COUNT_OF(none)];
    if (c->diverges) /* 1e30 bounds there */
        return;
    for (size_t i = 0; i < TEST_COUNT_OF(none); i++) {
        struct wr_ensemble with = e->ensemble;
        struct wr_task *tasks = test_zeros(c->models, sizeof *tasks);
        for (size_t m = 0; m < c->models; m++) {
            tasks[m] = e->tasks[m];
            tasks[m].clip = none[i];
        }
        with.tasks = tasks;
        out[i] = run(&with, schedule);
        free(tasks);
    }
    for (size_t i = 1; i < TEST_COUNT_OF(none); i++)
        same_outcome("clip 0, infinite and large", &out[0], &out[i]);
    for (size_t i = 0; i < TEST_COUNT_OF(none); i++)
        outcome_free(&out[i]);
}

static void test_no_clip(void **state) {
    (void)state;
    for_cases(check_clips);
}

/* ---- divergence ---- */

/* Models 1 and 3 diverge, at once and later; no other model changes by a bit. */
static void check_diverged(const struct test_ensemble *e, const struct test_case *c,
                           enum wr_schedule schedule, const struct outcome *whole) {
    (void)e;
    if (!c->diverges)
        return;
    struct test_case calm = *c;
    calm.diverges = false;
    struct test_ensemble other;
    test_ensemble_make(&other, &calm);
    struct outcome without = run(&other.ensemble, schedule);
    for (size_t m = 0; m < c->models; m++) {
        if (m != 1 && m != 3) {
            same_model("a model beside a diverging one", whole, m, &without, m);
            continue;
        }
        uint32_t last = whole->diverged[m];
        print_message("model %zu diverged in epoch %u\n", m, last);
        assert_true(last < EPOCHS);
        for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
            float loss = whole->losses[epoch * c->models + m];
            assert_true(epoch < last ? isfinite(loss) : epoch == last || isnan(loss));
        }
        bool finite = isfinite(whole->losses[last * c->models + m]);
        for (size_t i = 0; i < e->count; i++)
            finite = finite && isfinite(whole->parameters[m * e->count + i]);
        assert_false(finite); /* otherwise it was stopped without reason */
    }
    assert_true(whole->diverged[3] > whole->diverged[1]);
    outcome_free(&without);
    test_ensemble_free(&other);
}

static void test_divergence(void **state) {
    (void)state;
    for_cases(check_diverged);
}

/* A diverged model keeps the parameters of its last epoch, in which NaNs read as 0x7fc00000. It
 * trains again after parameters are written. */
static void test_frozen(void **state) {
    (void)state;
    const uint32_t nan_bits = 0x7fc00000;
    struct wr_error error = {0};
    for (size_t s = 0; s < TEST_COUNT_OF(schedules); s++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[2]);
        struct wr_device *device = test_device("cpu", 0);
        struct wr_session *session = test_session(device, &e.ensemble, schedules[s]);
        free(test_run(session, &e.ensemble, 1));
        float *before = test_read(session, WR_PARAMETERS);
        float *losses = test_run(session, &e.ensemble, 1),
              *after = test_read(session, WR_PARAMETERS);
        test_same_floats("a frozen model", before + e.count, after + e.count, e.count);
        assert_memory_equal(&losses[1], &nan_bits, sizeof nan_bits);
        for (size_t i = e.count; i < 2 * e.count; i++)
            if (isnan(after[i]))
                assert_memory_equal(&after[i], &nan_bits, sizeof nan_bits);
        TEST_OK(wr_session_write_parameters(session, e.parameters, &error));
        uint32_t *diverged = test_diverged(session, &e.ensemble);
        assert_int_equal(diverged[1], WR_NOT_DIVERGED);
        free(test_run(session, &e.ensemble, 1));
        float *again = test_read(session, WR_PARAMETERS);
        test_same_floats("the first epoch again", before, again, cases[2].models * e.count);
        uint32_t *later = test_diverged(session, &e.ensemble);
        assert_int_equal(later[1], 0);
        free(before);
        free(after);
        free(losses);
        free(again);
        free(diverged);
        free(later);
        wr_session_close(session);
        wr_device_close(device);
        test_ensemble_free(&e);
    }
}

/* The caller chooses the strides of a view: windows that do not overlap give the same results as
 * equal windows that do. */
static void test_strides(void **state) {
    (void)state;
    struct test_ensemble e;
    test_ensemble_make(&e, &cases[2]);
    struct wr_ensemble apart = e.ensemble;
    struct wr_windows_view *v = &apart.windows;
    size_t width = e.ensemble.stack.shape.seq_len * e.ensemble.stack.shape.inputs,
           O = e.ensemble.stack.shape.outputs;
    v->input_stride = width + 3;
    v->target_stride = O + 2;
    float *x = test_zeros(v->count * v->input_stride, sizeof *x);
    float *y = test_zeros(v->count * v->target_stride, sizeof *y);
    for (size_t w = 0; w < v->count; w++) {
        memcpy(x + w * v->input_stride, e.inputs + w * e.ensemble.windows.input_stride,
               width * sizeof *x);
        memcpy(y + w * v->target_stride, e.targets + w * O, O * sizeof *y);
    }
    v->inputs = x;
    v->targets = y;
    for (size_t s = 0; s < TEST_COUNT_OF(schedules); s++) {
        struct outcome one = run(&e.ensemble, schedules[s]), other = run(&apart, schedules[s]);
        same_outcome("windows apart", &one, &other);
        outcome_free(&one);
        outcome_free(&other);
    }
    free(x);
    free(y);
    test_ensemble_free(&e);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_alone),
        cmocka_unit_test(test_order_of_models),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_fused_is_staged),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_no_clip),
        cmocka_unit_test(test_windows_visited_once),
        cmocka_unit_test(test_divergence),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
