/* The cpu backend against every OpenCL device, bit for bit: every tensor after every stage, whole
 * runs staged and fused, runs in several calls. Buffers are read between sentinels (support.h). */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/case.h"

enum { EPOCHS = 4 };

/* I, H, O, T; models, windows, batch (0: all); lr, clip; ragged, varied, diverges */
static const struct test_case cases[] = {
    {{1, 1, 1, 1}, 3, 5, 1, 0.05f, 0.5f, false, true, false},
    {{2, 1, 3, 5}, 5, 7, 3, 0.05f, 0.0f, true, true, false},
    {{1, 5, 1, 2}, 33, 6, 1, 0.05f, 0.1f, false, true, true},
    {{20, 5, 3, 5}, 4, 20, 16, 0.02f, 0.05f, true, true, false},
    {{1, 17, 3, 14}, 7, 9, 3, 0.02f, 0.0f, true, true, false},
    {{2, 17, 1, 5}, 2, 40, 17, 0.02f, 0.1f, false, false, false},
    {{1, 20, 1, 5}, 18, 19, 1, 0.01f, 1.0f, false, true, false},
    {{1, 20, 1, 5}, 5, 95, 0, 0.05f, 1.0f, false, true, true},
    {{2, 20, 3, 2}, 9, 23, 16, 0.02f, 0.02f, true, true, true},
    {{20, 20, 1, 1}, 3, 18, 17, 0.02f, 0.0f, false, true, false},
    {{1, 33, 1, 5}, 5, 8, 1, 0.01f, 0.5f, true, true, true},
    {{20, 33, 3, 14}, 2, 19, 16, 0.01f, 0.05f, false, false, false},
    {{1, 64, 1, 5}, 3, 7, 1, 0.01f, 0.5f, false, true, false},
    {{2, 64, 3, 14}, 2, 20, 0, 0.01f, 0.05f, true, false, false},
    {{1, 100, 1, 5}, 3, 6, 1, 0.01f, 0.5f, true, true, true},
    {{2, 100, 3, 2}, 2, 20, 17, 0.01f, 0.0f, false, false, false},
};

/* The shapes of fused_wide.cl, and the ends of its range: last parts that are whole, of one
 * element, or that end within a segment. */
static const struct test_case wide_cases[] = {
    {{3, 18, 2, 1}, 3, 5, 1, 0.02f, 0.1f, true, true, false},
    {{1, 65, 1, 2}, 3, 6, 1, 0.02f, 0.05f, true, true, true},
    {{3, 96, 2, 5}, 2, 5, 1, 0.01f, 0.5f, false, true, false},
    {{1, 100, 6, 2}, 3, 6, 1, 0.01f, 0.0f, true, false, true},
    {{3, 128, 2, 5}, 3, 5, 1, 0.01f, 0.2f, true, true, true},
};

struct pair {
    struct wr_session *cpu, *device;
    const char *id, *text;
};

static void same(struct pair *pair, const char *stage, enum wr_tensor tensor) {
    char what[192];
    size_t count = wr_session_tensor_size(pair->cpu, tensor);
    assert_int_equal(wr_session_tensor_size(pair->device, tensor), count);
    float *expected = test_read(pair->cpu, tensor), *found = test_read(pair->device, tensor);
    snprintf(what, sizeof what, "%s %s: %s after %s", pair->id, pair->text, wr_tensor_name(tensor),
             stage);
    test_same_floats(what, expected, found, count);
    free(expected);
    free(found);
}

/* Compares the stages on one batch; a difference is reported for the first stage that has it. */
static void check_batch(struct pair *pair, size_t first, size_t count) {
    struct wr_error error = {0};
    TEST_OK(wr_session_forward(pair->cpu, first, count, &error));
    TEST_OK(wr_session_forward(pair->device, first, count, &error));
    same(pair, "forward", WR_HIDDEN);
    same(pair, "forward", WR_PREDICTIONS);
    same(pair, "forward", WR_LOSSES);
    TEST_OK(wr_session_bptt(pair->cpu, &error));
    TEST_OK(wr_session_bptt(pair->device, &error));
    same(pair, "bptt", WR_DELTAS);
    same(pair, "bptt", WR_GRADIENTS);
    TEST_OK(wr_session_clip(pair->cpu, &error));
    TEST_OK(wr_session_clip(pair->device, &error));
    same(pair, "clip", WR_GRADIENTS);
    TEST_OK(wr_session_update(pair->cpu, &error));
    TEST_OK(wr_session_update(pair->device, &error));
    for (int tensor = WR_PARAMETERS; tensor <= WR_STATE; tensor++) /* and nothing else changed */
        same(pair, "update", (enum wr_tensor)tensor);
}

static void check_stages(struct pair *pair, const struct test_case *c, size_t models) {
    size_t batch = wr_session_tensor_size(pair->cpu, WR_LOSSES) / models;
    for (int tensor = WR_PARAMETERS; tensor <= WR_LOSSES; tensor++)
        same(pair, "open", (enum wr_tensor)tensor);
    for (size_t first = 0; first < c->windows && first < 3 * batch; first += batch)
        check_batch(pair, first, batch);
    check_batch(pair, c->windows - 1, batch); /* one window; most slots stay unused */
    check_batch(pair, c->windows / 3, (batch + 1) / 2);
}

/* Trains in several runs (numbers of epochs, the last 0); compares losses, divergence and
 * parameters with one run on cpu. */
static void check_run(struct pair *pair, const struct wr_ensemble *e, const float *losses,
                      const size_t *pieces) {
    char what[192];
    size_t epoch = 0;
    snprintf(what, sizeof what, "%s %s %s: total losses", pair->id, pair->text,
             wr_schedule_name(wr_session_schedule(pair->device)));
    for (; *pieces > 0; epoch += *pieces++) {
        float *found = test_run(pair->device, e, *pieces);
        test_same_floats(what, losses + epoch * e->stack.count, found, *pieces * e->stack.count);
        free(found);
    }
    assert_int_equal(epoch, EPOCHS);
    uint32_t *expected = test_diverged(pair->cpu, e), *found = test_diverged(pair->device, e);
    assert_memory_equal(expected, found, e->stack.count * sizeof *found);
    same(pair, "a run", WR_PARAMETERS);
    free(expected);
    free(found);
}

/* Stages after a run change every model except those that have diverged or are frozen. */
static void check_frozen(struct pair *pair, size_t count) {
    struct wr_error error = {0};
    struct wr_session *sessions[] = {pair->cpu, pair->device};
    for (size_t i = 0; i < TEST_COUNT_OF(sessions); i++) {
        TEST_OK(wr_session_forward(sessions[i], 0, count, &error));
        TEST_OK(wr_session_bptt(sessions[i], &error));
        TEST_OK(wr_session_clip(sessions[i], &error));
        TEST_OK(wr_session_update(sessions[i], &error));
    }
    same(pair, "stages after a run", WR_PARAMETERS);
    same(pair, "stages after a run", WR_STATE);
}

static void check_runs(struct pair *pair, struct wr_device *device, const struct test_ensemble *e) {
    static const size_t whole[] = {EPOCHS, 0}, pieces[] = {1, EPOCHS - 1, 0};
    struct wr_error error = {0};
    TEST_OK(wr_session_write_parameters(pair->cpu, e->parameters, &error));
    float *losses = test_run(pair->cpu, &e->ensemble, EPOCHS);
    for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED; schedule++) {
        pair->device = test_session_if_fits(device, &e->ensemble, (enum wr_schedule)schedule);
        if (pair->device == NULL)
            continue;
        check_run(pair, &e->ensemble, losses, whole);
        TEST_OK(wr_session_write_parameters(pair->device, e->parameters, &error));
        check_run(pair, &e->ensemble, losses, pieces);
        check_frozen(pair, 1);
        TEST_OK(wr_session_write_parameters(pair->cpu, e->parameters, &error));
        free(test_run(pair->cpu, &e->ensemble, EPOCHS));
        wr_session_close(pair->device);
    }
    free(losses);
}

static void check_case(struct wr_device *cpu, struct wr_device *device, const char *id,
                       const struct test_case *c) {
    char text[96];
    struct test_ensemble e;
    test_ensemble_make(&e, c);
    for (size_t o = 0; o < c->shape.outputs; o++)
        e.weights[o] = 0.3f + (float)o; /* the gradient is not that of this loss */
    struct pair pair = {.id = id, .text = test_case_text(c, text)};
    print_message("%s %s\n", id, text);
    pair.cpu = test_session(cpu, &e.ensemble, WR_SCHEDULE_STAGED);
    pair.device = test_session(device, &e.ensemble, WR_SCHEDULE_STAGED);
    check_stages(&pair, c, c->models);
    wr_session_close(pair.device);
    check_runs(&pair, device, &e);
    wr_session_close(pair.cpu);
    test_ensemble_free(&e);
}

static void test_devices(void **state) {
    (void)state;
    const char *id;
    struct wr_device *cpu = test_device("cpu", 0);
    for (size_t d = 0; (id = test_opencl_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 0);
        for (size_t i = 0; i < TEST_COUNT_OF(cases); i++)
            check_case(cpu, device, id, &cases[i]);
        wr_device_close(device);
    }
    wr_device_close(cpu);
}

/* Whole runs with fused_wide.cl, which only GPUs choose by themselves. */
static void test_wide(void **state) {
    (void)state;
    const char *id;
    char text[96];
    struct test_ensemble e;
    struct wr_device *cpu = test_device("cpu", 0);
    setenv("WINDROW_FUSED", "wide", 1);
    for (size_t d = 0; (id = test_opencl_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 0);
        for (size_t i = 0; i < TEST_COUNT_OF(wide_cases); i++) {
            test_ensemble_make(&e, &wide_cases[i]);
            struct pair pair = {.id = id, .text = test_case_text(&wide_cases[i], text)};
            print_message("%s %s wide\n", id, text);
            pair.cpu = test_session(cpu, &e.ensemble, WR_SCHEDULE_STAGED);
            check_runs(&pair, device, &e);
            wr_session_close(pair.cpu);
            test_ensemble_free(&e);
        }
        wr_device_close(device);
    }
    unsetenv("WINDROW_FUSED");
    wr_device_close(cpu);
}

/* The run of the notebook, some thousand updates long. */
static void test_long_run(void **state) {
    (void)state;
    static const struct test_case c = {{1, 20, 1, 5}, 17, 95, 1, 1e-2f, 1.0f, false, true, false};
    const char *id;
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    struct wr_device *cpu = test_device("cpu", 0);
    for (size_t d = 0; (id = test_opencl_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 0);
        struct pair pair = {.id = id, .text = "95 windows, 100 epochs"};
        pair.cpu = test_session(cpu, &e.ensemble, WR_SCHEDULE_FUSED);
        pair.device = test_session(device, &e.ensemble, WR_SCHEDULE_FUSED);
        float *expected = test_run(pair.cpu, &e.ensemble, 100);
        float *found = test_run(pair.device, &e.ensemble, 100);
        test_same_floats("total losses of a long run", expected, found, 100 * c.models);
        same(&pair, "a long run", WR_PARAMETERS);
        free(expected);
        free(found);
        wr_session_close(pair.cpu);
        wr_session_close(pair.device);
        wr_device_close(device);
    }
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

/* Trains some epochs in both sessions of a pair and compares everything after them. */
static void check_epochs(struct pair *pair, const struct wr_ensemble *e, size_t epochs) {
    float *expected = test_run(pair->cpu, e, epochs), *found = test_run(pair->device, e, epochs);
    test_same_floats(pair->text, expected, found, epochs * e->stack.count);
    free(expected);
    free(found);
    uint32_t *failed = test_diverged(pair->cpu, e), *failed_too = test_diverged(pair->device, e);
    assert_memory_equal(failed, failed_too, e->stack.count * sizeof *failed);
    free(failed);
    free(failed_too);
    same(pair, "a run", WR_PARAMETERS);
    same(pair, "a run", WR_STATE);
}

/* Batches of more segments than are added plainly, on every schedule and kind of kernel: the plain
 * ones, tiles whose slices end before and after that many segments, and the fused kernel. */
static void test_many_segments(void **state) {
    (void)state;
    static const struct test_case c = {{1, 2, 1, 2}, 3, 67000, 0, 8.0f, 0.0f, true, true, false};
    const size_t windows[] = {67000, 20, 65537};
    static const char *const kinds[] = {"plain", "tiled", "fused"};
    const char *id;
    struct test_ensemble e;
    struct wr_device *cpu = test_device("cpu", 0);
    test_ensemble_make(&e, &c);
    for (size_t m = 0; m < c.models; m++) {
        e.tasks[m].first = 0;
        e.tasks[m].count = windows[m];
    }
    for (size_t d = 0; (id = test_opencl_device(d)) != NULL; d++)
        for (size_t i = 0; i < TEST_COUNT_OF(kinds); i++) {
            bool fused = strcmp(kinds[i], "fused") == 0;
            if (!fused)
                setenv("WINDROW_STAGED", kinds[i], 1);
            struct wr_device *device = test_device(id, 0);
            unsetenv("WINDROW_STAGED");
            struct pair pair = {.id = id, .text = kinds[i]};
            pair.cpu = test_session(cpu, &e.ensemble, WR_SCHEDULE_FUSED);
            pair.device =
                test_session(device, &e.ensemble, fused ? WR_SCHEDULE_FUSED : WR_SCHEDULE_STAGED);
            check_epochs(&pair, &e.ensemble, 2);
            wr_session_close(pair.cpu);
            wr_session_close(pair.device);
            wr_device_close(device);
        }
    wr_device_close(cpu);
    test_ensemble_free(&e);
}

/* Rates, orders and optimizers continue over runs and over stages between them, frozen models do
 * not change, and new parameters start again. */
static void check_rule(struct pair *pair, const struct wr_ensemble *e) {
    struct wr_error error = {0};
    unsigned char *frozen = test_zeros(e->stack.count, 1);
    for (size_t m = 1; m < e->stack.count; m += 3)
        frozen[m] = 1;
    check_epochs(pair, e, 1);
    check_frozen(pair, e->batch);
    check_epochs(pair, e, 2);
    TEST_OK(wr_session_freeze(pair->cpu, frozen, &error));
    TEST_OK(wr_session_freeze(pair->device, frozen, &error));
    check_epochs(pair, e, 1);
    check_frozen(pair, 1);
    TEST_OK(wr_session_write_parameters(pair->cpu, e->stack.parameters, &error));
    TEST_OK(wr_session_write_parameters(pair->device, e->stack.parameters, &error));
    same(pair, "new parameters", WR_STATE);
    check_epochs(pair, e, 2);
    free(frozen);
}

/* Rules that wr_case_rules do not test: norms without biases, and shapes in which h and da take
 * less room than the sums of the norm. */
static const struct wr_case_spec more_rules[] = {
    {{2, 5, 3, 1},
     4,
     3,
     8,
     true,
     0,
     {.optimizer = WR_OPTIMIZER_RMSPROP,
      .beta2 = 0.9f,
      .epsilon = 1e-7f,
      .clipping = WR_CLIPPING_NORM,
      .fixed = WR_FIXED_HIDDEN_BIAS}},
    {{1, 1, 1, 1},
     3,
     1,
     5,
     true,
     7,
     {.clipping = WR_CLIPPING_NORM, .weight_decay = 0.5f, .order = WR_ORDER_SHUFFLED}},
};

static void check_rule_on(struct wr_device *cpu, struct wr_device *device, const char *id,
                          size_t rule, enum wr_schedule schedule) {
    char text[64];
    struct wr_case made;
    struct wr_error error = {0};
    struct pair pair = {.id = id, .text = text};
    snprintf(text, sizeof text, "rule %zu %s", rule, wr_schedule_name(schedule));
    TEST_OK(wr_case_make(rule < WR_CASE_RULES ? &wr_case_rules[rule]
                                              : &more_rules[rule - WR_CASE_RULES],
                         &made, &error));
    pair.device = test_session_if_fits(device, &made.ensemble, schedule);
    if (pair.device != NULL) {
        pair.cpu = test_session(cpu, &made.ensemble, WR_SCHEDULE_FUSED);
        check_rule(&pair, &made.ensemble);
        wr_session_close(pair.cpu);
        wr_session_close(pair.device);
    }
    wr_case_release(&made);
}

static void test_rules(void **state) {
    (void)state;
    const char *id;
    struct wr_device *cpu = test_device("cpu", 0);
    for (size_t d = 0; (id = test_opencl_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 0);
        for (size_t rule = 0; rule < WR_CASE_RULES + TEST_COUNT_OF(more_rules); rule++) {
            check_rule_on(cpu, device, id, rule, WR_SCHEDULE_STAGED);
            check_rule_on(cpu, device, id, rule, WR_SCHEDULE_FUSED);
        }
        wr_device_close(device);
    }
    wr_device_close(cpu);
}

int main(void) {
    test_setup();
    if (test_opencl_device(0) == NULL)
        test_skip("no usable OpenCL device");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices),  cmocka_unit_test(test_wide),
        cmocka_unit_test(test_long_run), cmocka_unit_test(test_many_segments),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
