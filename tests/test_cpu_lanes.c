/* The cpu backend against the contract of numerics.h, written out naively, one model and one sum at
 * a time: every instruction set of this CPU, schedule, number of threads and division of a run. */
#include "numerics.h"
#include "support.h"

#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

enum { EPOCHS = 3 };

/* ---- the contract, naively ---- */

struct naive {
    const struct wr_ensemble *e;
    size_t m, I, H, O, T, first, count;
    struct wr_layout at;
    float *p, *g;  /* (P) */
    float *h, *da; /* (B, T, H) */
    float *dy;     /* (B, O) */
};

/* start + a[0] b[0] + ... in segments of 16 terms; a_step and b_step are the steps between
 * terms. */
static float segmented_sum(float start, size_t terms, const float *a, size_t a_step, const float *b,
                           size_t b_step) {
    float sum = start;
    for (size_t first = 0; first < terms; first += 16) {
        float run = first == 0 ? start : 0.0f;
        for (size_t k = first; k < terms && k < first + 16; k++)
            run = fmaf(a[k * a_step], b[k * b_step], run);
        sum = first == 0 ? run : sum + run;
    }
    return sum;
}

/* Adds a term to a sum that two floats hold: its value, and the rest that the value leaves out. */
static void add_long(float *sum, float *rest, float x) {
    float term = x + *rest, after = *sum + term, arrived = after - *sum;
    float error = (term - arrived) + (*sum - (after - arrived));
    *sum = after;
    *rest = isfinite(error) ? error : 0.0f;
}

static const float *input(const struct naive *n, size_t window, size_t t) {
    const struct wr_windows_view *v = &n->e->windows;
    return v->inputs + (n->first + window) * v->input_stride + t * n->I;
}

/* Fills slot b from a window; returns the loss of the window. */
static float naive_window(struct naive *n, size_t window, size_t b, float scale) {
    size_t H = n->H, O = n->O, T = n->T;
    const float *p = n->p;
    const struct wr_windows_view *v = &n->e->windows;
    const float *target = v->targets + (n->first + window) * v->target_stride;
    float *h = n->h + b * T * H, *da = n->da + b * T * H, *dy = n->dy + b * O;
    for (size_t t = 0; t < T; t++)
        for (size_t j = 0; j < H; j++) {
            float a = segmented_sum(p[n->at.b_h + j], n->I, p + n->at.w_xh + j * n->I, 1,
                                    input(n, window, t), 1);
            if (t > 0)
                a = segmented_sum(a, H, p + n->at.w_hh + j * H, 1, h + (t - 1) * H, 1);
            h[t * H + j] = wr_tanh(a);
        }
    float *weighted = test_zeros(O, sizeof *weighted), *e = test_zeros(O, sizeof *e);
    for (size_t o = 0; o < O; o++) {
        float y = segmented_sum(p[n->at.b_y + o], H, p + n->at.w_hy + o * H, 1, h + (T - 1) * H, 1);
        e[o] = y - target[o];
        weighted[o] = v->loss_weights[o] * e[o];
        dy[o] = scale * e[o];
    }
    float loss = segmented_sum(0.0f, O, weighted, 1, e, 1);
    free(weighted);
    free(e);
    for (size_t t = T; t-- > 0;)
        for (size_t k = 0; k < H; k++) {
            float dh = t == T - 1
                           ? segmented_sum(0.0f, O, p + n->at.w_hy + k, H, dy, 1)
                           : segmented_sum(0.0f, H, p + n->at.w_hh + k, H, da + (t + 1) * H, 1);
            float hk = h[t * H + k], d = fmaf(-hk, hk, 1.0f) * dh;
            da[t * H + k] = fabsf(d) < 0x1p-80f ? 0.0f : d;
        }
    return loss;
}

/* One element of the gradient over `windows` windows: u and v give the factors of a term. */
enum which { W_XH, W_HH, B_H, W_HY, B_Y };
static float naive_gradient(const struct naive *n, enum which which, size_t j, size_t k,
                            size_t offset, size_t windows) {
    size_t H = n->H, T = n->T;
    float sum = 0.0f, rest = 0.0f, run = 0.0f;
    for (size_t b = 0; b < windows; b++) {
        const float *h = n->h + b * T * H, *da = n->da + b * T * H, *dy = n->dy + b * n->O;
        if (which == W_HY)
            run = fmaf(dy[j], h[(T - 1) * H + k], run);
        else if (which == B_Y)
            run = fmaf(dy[j], 1.0f, run);
        else
            for (size_t t = T; t-- > (which == W_HH ? 1 : 0);)
                run = fmaf(da[t * H + j],
                           which == W_HH   ? h[(t - 1) * H + k]
                           : which == W_XH ? input(n, offset + b, t)[k]
                                           : 1.0f,
                           run);
        if (b % 16 == 15 || b + 1 == windows) {
            if (b < 16)
                sum = run;
            else if (b < 65536)
                sum = sum + run;
            else
                add_long(&sum, &rest, run);
            run = 0.0f;
        }
    }
    return sum;
}

static void naive_step(struct naive *n, size_t offset, size_t windows) {
    const struct {
        size_t at, rows, columns;
    } tensors[] = {{n->at.w_xh, n->H, n->I},
                   {n->at.w_hh, n->H, n->H},
                   {n->at.b_h, n->H, 1},
                   {n->at.w_hy, n->O, n->H},
                   {n->at.b_y, n->O, 1}};
    float c = n->e->tasks[n->m].clip > 0 ? n->e->tasks[n->m].clip : INFINITY;
    for (size_t i = 0; i < TEST_COUNT_OF(tensors); i++)
        for (size_t j = 0; j < tensors[i].rows; j++)
            for (size_t k = 0; k < tensors[i].columns; k++) {
                float g = naive_gradient(n, (enum which)i, j, k, offset, windows);
                g = g > c ? c : g < -c ? -c : g;
                n->g[tensors[i].at + j * tensors[i].columns + k] = g;
            }
    for (size_t i = 0; i < n->at.count; i++)
        n->p[i] = fmaf(-n->e->tasks[n->m].lr, n->g[i], n->p[i]);
}

/* Trains model m. Fills its column of losses (EPOCHS, M) and its parameters (P); returns the epoch
 * in which it diverged. A NaN can have any bits. */
static uint32_t naive_run(const struct wr_ensemble *e, size_t m, float *losses, float *parameters) {
    struct wr_error error = {0};
    struct naive n = {.e = e,
                      .m = m,
                      .I = e->stack.shape.inputs,
                      .H = e->stack.shape.hidden,
                      .O = e->stack.shape.outputs,
                      .T = e->stack.shape.seq_len,
                      .first = e->tasks[m].first,
                      .count = e->tasks[m].count,
                      .p = parameters};
    uint32_t diverged = WR_NOT_DIVERGED;
    TEST_OK(wr_layout_of(&e->stack.shape, &n.at, &error));
    memcpy(n.p, e->stack.parameters + m * n.at.count, n.at.count * sizeof *n.p);
    n.g = test_zeros(n.at.count, sizeof(float));
    n.h = test_zeros(e->batch * n.T * n.H, sizeof(float));
    n.da = test_zeros(e->batch * n.T * n.H, sizeof(float));
    n.dy = test_zeros(e->batch * n.O, sizeof(float));
    for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
        float total = 0.0f, rest = 0.0f;
        losses[epoch * e->stack.count + m] = NAN;
        if (diverged != WR_NOT_DIVERGED)
            continue;
        for (size_t w = 0; w < n.count; w += e->batch) {
            size_t windows = n.count - w < e->batch ? n.count - w : e->batch;
            float scale = (float)(2.0 / (double)(n.O * windows));
            for (size_t b = 0; b < windows; b++)
                add_long(&total, &rest, naive_window(&n, w + b, b, scale));
            naive_step(&n, w, windows);
        }
        bool finite = isfinite(total);
        for (size_t i = 0; i < n.at.count; i++)
            finite = finite && isfinite(n.p[i]);
        diverged = finite ? WR_NOT_DIVERGED : (uint32_t)epoch;
        losses[epoch * e->stack.count + m] = total;
    }
    free(n.g);
    free(n.h);
    free(n.da);
    free(n.dy);
    return diverged;
}

static void canonical(float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            values[i] = wr_as_float(0x7fc00000);
}

struct expected {
    float *losses;      /* (EPOCHS, M) */
    float *parameters;  /* (M, P) */
    uint32_t *diverged; /* (M) */
};

static struct expected expected_of(const struct test_ensemble *e) {
    size_t models = e->ensemble.stack.count;
    struct expected x = {test_zeros(EPOCHS * models, sizeof(float)),
                         test_zeros(models * e->count, sizeof(float)),
                         test_zeros(models, sizeof(uint32_t))};
    for (size_t m = 0; m < models; m++)
        x.diverged[m] = naive_run(&e->ensemble, m, x.losses, x.parameters + m * e->count);
    canonical(x.losses, EPOCHS * models);
    canonical(x.parameters, models * e->count);
    return x;
}

static void expected_free(struct expected *x) {
    free(x->losses);
    free(x->parameters);
    free(x->diverged);
}

/* ---- runs ---- */

/* Trains the epochs in several runs of the given numbers of epochs (0 ends the list) and
 * compares. */
static void check_run(const char *engine, const struct test_case *c, const struct test_ensemble *e,
                      const struct expected *x, size_t threads, enum wr_schedule schedule,
                      const size_t *pieces) {
    char text[96], what[160];
    size_t M = c->models, done = 0;
    struct wr_device *device = test_engine(engine, threads);
    if (device == NULL)
        return;
    struct wr_session *session = test_session(device, &e->ensemble, schedule);
    snprintf(what, sizeof what, "%s %s %zu threads %s", engine, wr_schedule_name(schedule), threads,
             test_case_text(c, text));
    for (; *pieces > 0; done += *pieces++) {
        float *losses = test_run(session, &e->ensemble, *pieces);
        test_same_floats(what, x->losses + done * M, losses, *pieces * M);
        free(losses);
    }
    assert_int_equal(done, EPOCHS);
    float *parameters = test_read(session, WR_PARAMETERS);
    uint32_t *diverged = test_diverged(session, &e->ensemble);
    test_same_floats(what, x->parameters, parameters, M * e->count);
    assert_memory_equal(x->diverged, diverged, M * sizeof *diverged);
    free(parameters);
    free(diverged);
    wr_session_close(session);
    wr_device_close(device);
}

static void check_runs(const struct test_case *c, const struct test_ensemble *e) {
    struct expected x = expected_of(e);
    const size_t whole[] = {EPOCHS, 0}, cut[] = {1, EPOCHS - 1, 0};
    for (size_t i = 0; i < TEST_ENGINES; i++) {
        check_run(test_engines[i], c, e, &x, 1, WR_SCHEDULE_FUSED, whole);
        check_run(test_engines[i], c, e, &x, 2, WR_SCHEDULE_FUSED, cut);
        check_run(test_engines[i], c, e, &x, 2, WR_SCHEDULE_STAGED, cut);
    }
    if (c->diverges)
        assert_int_not_equal(x.diverged[1], WR_NOT_DIVERGED);
    expected_free(&x);
}

/* I, H, O, T; models, windows, batch (0: all); lr, clip; ragged, varied, diverges */
static const struct test_case cases[] = {
    {{1, 1, 1, 1}, 1, 4, 1, 0.05f, 0.5f, false, true, false},
    {{1, 20, 1, 5}, 17, 12, 1, 0.01f, 1.0f, false, true, false},
    {{1, 20, 1, 5}, 33, 9, 1, 0.01f, 1.0f, true, true, true},
    {{2, 5, 3, 4}, 7, 10, 3, 0.05f, 0.1f, false, true, false},
    {{20, 17, 3, 2}, 16, 21, 16, 0.02f, 0.02f, true, true, true},
    {{1, 13, 1, 3}, 33, 38, 17, 0.02f, 0.0f, true, true, true},
    {{2, 33, 1, 3}, 4, 50, 40, 0.02f, 0.1f, true, true, false},
    {{20, 33, 3, 4}, 17, 4, 1, 0.01f, 0.5f, true, true, false},
    {{1, 21, 17, 6}, 3, 6, 2, 0.01f, 0.0f, false, true, false},
    {{1, 64, 1, 3}, 2, 4, 1, 0.01f, 0.5f, false, false, false},
    {{3, 70, 2, 3}, 5, 5, 1, 0.01f, 0.3f, true, true, true},
    {{1, 81, 1, 2}, 2, 19, 18, 0.01f, 0.0f, false, true, false},
};

static void test_contract(void **state) {
    (void)state;
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[i]);
        check_runs(&cases[i], &e);
        test_ensemble_free(&e);
    }
}

/* Batches of more segments than are added plainly, next to a batch of few windows and one that ends
 * with a segment. */
static void test_many_segments(void **state) {
    (void)state;
    const struct test_case c = {{1, 1, 1, 2}, 3, 67000, 0, 8.0f, 0.0f, true, true, false};
    const size_t windows[] = {67000, 65536, 20};
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    for (size_t m = 0; m < c.models; m++) {
        e.tasks[m].first = m > 0;
        e.tasks[m].count = windows[m];
    }
    check_runs(&c, &e);
    test_ensemble_free(&e);
}

/* Gradients that underflow to -0 and parameters that are -0, in models with few windows next to
 * models with many. A model that has no window in a step must not turn them into +0. */
static void test_signed_zeros(void **state) {
    (void)state;
    const size_t batches[] = {1, 3, 20};
    for (size_t i = 0; i < TEST_COUNT_OF(batches); i++) {
        struct test_ensemble e;
        const struct test_case c = {.shape = {1, 5, 1, 3},
                                    .models = 33,
                                    .windows = 23,
                                    .batch = batches[i],
                                    .lr = 0.01f,
                                    .ragged = true};
        test_ensemble_make(&e, &c);
        for (size_t w = 0; w < c.windows + c.shape.seq_len - 1; w++)
            e.inputs[w] = copysignf(0x1p-149f, e.inputs[w]);
        for (size_t m = 0; m < c.models; m++) {
            e.tasks[m].lr = m % 2 == 0 ? 0.0f : c.lr;
            for (size_t k = 0; k < e.count; k++) /* W_xh, W_hh of some; all of others */
                if (k < 30 || m % 4 == 0)
                    e.parameters[m * e.count + k] = -0.0f;
        }
        check_runs(&c, &e);
        test_ensemble_free(&e);
    }
}

/* A delta overflows at t = 1 and reaches t = 0, in a model that clipping keeps finite. Lanes
 * without a row of the model compute 0 times infinity; the result must not be visible. */
static void test_lanes_without_row(void **state) {
    (void)state;
    const size_t w_xh = 0, w_hh = 5, b_h = 30, w_hy = 35;
    const struct test_case c = {{1, 5, 1, 3}, 2, 1, 1, 0.01f, 0.5f, false, false, false};
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    for (size_t t = 0; t < c.shape.seq_len; t++)
        e.inputs[t] = 1.0f;
    e.targets[0] = -1e10f;
    for (size_t m = 0; m < c.models; m++) {
        float *p = e.parameters + m * e.count;
        memset(p, 0, e.count * sizeof *p);
        for (size_t k = 0; k < 5; k++) {
            p[w_xh + k] = 1e-32f;
            p[w_hh + 5 + k] = 1e-3f;
        }
        p[w_hh + 1] = 1e30f; /* unit 1 feeds unit 0, and y depends on unit 0 */
        p[w_hy] = 1.0f;
    }
    struct expected x = expected_of(&e);
    assert_int_equal(x.diverged[0], WR_NOT_DIVERGED);
    assert_true(x.parameters[b_h + 4] < -0.004f); /* the infinite gradient, clipped */
    check_runs(&c, &e);
    expected_free(&x);
    test_ensemble_free(&e);
}

/* ---- stages ---- */

/* Compares every tensor after every stage with the scalar engine. */
static void check_stages(const char *engine, const struct test_ensemble *e) {
    struct wr_error error = {0};
    struct wr_device *devices[2] = {test_engine("scalar", 1), test_engine(engine, 2)};
    struct wr_session *sessions[2];
    if (devices[1] == NULL) {
        wr_device_close(devices[0]);
        return;
    }
    for (size_t i = 0; i < 2; i++)
        sessions[i] = test_session(devices[i], &e->ensemble, WR_SCHEDULE_STAGED);
    size_t B = wr_session_tensor_size(sessions[0], WR_LOSSES) / e->ensemble.stack.count;
    for (size_t first = 0; first < e->ensemble.windows.count; first += B) {
        for (size_t stage = 0; stage < 4; stage++) {
            for (size_t i = 0; i < 2; i++) {
                struct wr_session *s = sessions[i];
                TEST_OK(stage == 0   ? wr_session_forward(s, first, B, &error)
                        : stage == 1 ? wr_session_bptt(s, &error)
                        : stage == 2 ? wr_session_clip(s, &error)
                                     : wr_session_update(s, &error));
            }
            for (int t = WR_PARAMETERS; t <= WR_LOSSES; t++) {
                float *scalar = test_read(sessions[0], (enum wr_tensor)t);
                float *lanes = test_read(sessions[1], (enum wr_tensor)t);
                test_same_floats(wr_tensor_name((enum wr_tensor)t), scalar, lanes,
                                 wr_session_tensor_size(sessions[0], (enum wr_tensor)t));
                free(scalar);
                free(lanes);
            }
        }
    }
    for (size_t i = 0; i < 2; i++) {
        wr_session_close(sessions[i]);
        wr_device_close(devices[i]);
    }
}

static void test_stages(void **state) {
    (void)state;
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        struct test_ensemble e;
        test_ensemble_make(&e, &cases[i]);
        for (size_t k = 0; k < TEST_ENGINES; k++)
            check_stages(test_engines[k], &e);
        test_ensemble_free(&e);
    }
}

/* ---- the floating-point environment ---- */

static void spoil_environment(void) {
    fesetround(FE_UPWARD);
#ifdef __SSE__
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
#elif defined(__aarch64__)
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | (UINT64_C(1) << 24)));
#endif
}

/* Inputs and targets so small that subnormals appear everywhere. */
static void test_environment(void **state) {
    (void)state;
    const struct test_case c = {{1, 9, 1, 3}, 40, 6, 1, 0.5f, 0.0f, false, true, false};
    const size_t whole[] = {EPOCHS, 0};
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    for (size_t w = 0; w < c.windows + c.shape.seq_len - 1; w++)
        e.inputs[w] *= 0x1p-120f;
    for (size_t w = 0; w < c.windows; w++)
        e.targets[w] *= 0x1p-70f;
    for (size_t i = 0; i < c.models * e.count; i++)
        e.parameters[i] *= i % e.count % 2 ? 0x1p-60f : 0x1p-10f;
    struct expected x = expected_of(&e);
    for (size_t i = 0; i < TEST_ENGINES; i++) {
        for (size_t threads = 1; threads <= 2; threads++) {
            spoil_environment();
            check_run(test_engines[i], &c, &e, &x, threads, WR_SCHEDULE_FUSED, whole);
            check_run(test_engines[i], &c, &e, &x, threads, WR_SCHEDULE_STAGED, whole);
            int rounding = fegetround();
            fesetenv(FE_DFL_ENV);
            assert_int_equal(rounding, FE_UPWARD); /* restored after the call */
        }
    }
    expected_free(&x);
    test_ensemble_free(&e);
}

/* ---- stop ---- */

struct ticks {
    pthread_t caller;
    size_t count;
    double updates;
};

static wr_status stop_at_third(void *context, double updates) {
    struct ticks *ticks = context;
    assert_true(pthread_equal(ticks->caller, pthread_self()));
    assert_true(updates >= ticks->updates);
    ticks->updates = updates;
    return ++ticks->count == 3 ? WR_ERR_STOPPED : WR_OK;
}

/* A run that would take days is stopped, also within an epoch; new parameters start it again. */
static void test_stop(void **state) {
    (void)state;
    struct wr_error error = {0};
    for (size_t i = 0; i < 4; i++) {
        struct test_case c = {{1, 20, 1, 5}, 40, 200, 1, 0.01f, 1.0f, false, true, false};
        struct test_ensemble e;
        if (i >= 2)
            c.models = 1; /* so that its rows are in the lanes */
        test_ensemble_make(&e, &c);
        struct wr_device *device = test_device("cpu", 2);
        struct wr_session *session =
            test_session(device, &e.ensemble, i % 2 == 0 ? WR_SCHEDULE_FUSED : WR_SCHEDULE_STAGED);
        struct ticks ticks = {.caller = pthread_self()};
        assert_int_equal(wr_session_run(session, 100000000, NULL, stop_at_third, &ticks, &error),
                         WR_ERR_STOPPED);
        assert_int_equal(ticks.count, 3);
        assert_true(ticks.updates > 0);
        TEST_OK(wr_session_write_parameters(session, e.parameters, &error));
        float *again = test_run(session, &e.ensemble, 1);
        struct wr_session *fresh = test_session(device, &e.ensemble, WR_SCHEDULE_FUSED);
        float *first = test_run(fresh, &e.ensemble, 1);
        test_same_floats("after a stop", first, again, c.models);
        free(first);
        free(again);
        wr_session_close(fresh);
        wr_session_close(session);
        wr_device_close(device);
        test_ensemble_free(&e);
    }
    wr_error_release(&error);
}

static void test_unknown_engine(void **state) {
    (void)state;
    assert_null(test_engine("mmx", 0));
    struct wr_device *device = test_engine("scalar", 0);
    assert_non_null(device);
    assert_non_null(strstr(wr_device_get_info(device)->detail, "slow"));
    wr_device_close(device);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),          cmocka_unit_test(test_signed_zeros),
        cmocka_unit_test(test_lanes_without_row), cmocka_unit_test(test_stages),
        cmocka_unit_test(test_environment),       cmocka_unit_test(test_stop),
        cmocka_unit_test(test_unknown_engine),    cmocka_unit_test(test_many_segments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
