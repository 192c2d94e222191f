/* Sums of as many terms as data can have: the error of each against the exact sum of its terms,
 * compared with the bounds that numerics.h states; and sums that overflow. Terms are multiples of
 * 2^-24 below 1, so that integers add them exactly. */
#include "numerics.h"
#include "support.h"

#include "backend/cpu/cpu.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TERMS = 100000000 };

/* ---- terms ---- */

enum kind { ALIKE, UNIFORM, SPREAD, FALLING, CANCELLING, KINDS };
static const char *const kind_names[] = {"alike", "uniform", "spread", "falling", "cancelling"};

/* The bits of a term before it gets its sign. They depend only on the index. */
static uint32_t scramble(uint32_t i) {
    i = (i ^ i >> 16) * 0x7feb352du;
    i = (i ^ i >> 15) * 0x846ca68bu;
    return i ^ i >> 16;
}

/* A term in units of 2^-24. */
static int64_t term_of(enum kind kind, uint32_t i) {
    uint32_t bits = scramble(i);
    switch (kind) {
    case UNIFORM:
        return bits >> 8;
    case SPREAD: /* over 24 powers of two */
        return bits >> 8 >> bits % 24;
    case FALLING:
        return ((int64_t)TERMS - i) >> 3;
    case CANCELLING:
        return (int64_t)(bits >> 8) - (1 << 23) + 64;
    default:
        return 11104000;
    }
}

/* An exact sum, and the sum of the absolute values. */
struct exact {
    int64_t sum, size;
};

static float next_term(enum kind kind, uint32_t i, struct exact *exact) {
    int64_t term = term_of(kind, i);
    exact->sum += term;
    exact->size += llabs(term);
    return (float)term * 0x1p-24f;
}

static void check_bound(const char *what, const char *kind, double found, struct exact exact,
                        double bound) {
    double off = fabs(found - (double)exact.sum * 0x1p-24) / ((double)exact.size * 0x1p-24);
    print_message("%s, terms %s: off by %.2g of their size, %.2g allowed\n", what, kind, off,
                  bound);
    assert_true(off <= bound);
}

/* ---- total_loss ---- */

static void test_long_sums(void **state) {
    (void)state;
    float sums[KINDS] = {0}, rests[KINDS] = {0}, plain[KINDS] = {0};
    struct exact exact[KINDS] = {{0, 0}};
    for (uint32_t i = 0; i < TERMS; i++)
        for (int kind = 0; kind < KINDS; kind++) { /* together: additions of one kind wait */
            float x = next_term((enum kind)kind, i, &exact[kind]);
            wr_add_long(&sums[kind], &rests[kind], x);
            plain[kind] += x;
        }
    for (int kind = 0; kind < KINDS; kind++)
        check_bound("a long sum", kind_names[kind], (double)sums[kind], exact[kind],
                    (2 + TERMS * 0x1p-24) * 0x1p-24);
    /* plain sums lose this much, hence long sums */
    assert_true((double)plain[ALIKE] < 0.7 * (double)exact[ALIKE].sum * 0x1p-24);
}

/* Sums become infinity and NaN in the same cases as plain sums. */
static void test_beyond_range(void **state) {
    (void)state;
    static const struct {
        float terms[4], sum;
    } rows[] = {
        {{FLT_MAX, FLT_MAX, 1.0f, -1.0f}, INFINITY},
        {{1.0f, INFINITY, 1.0f, 2.0f}, INFINITY},
        {{1.0f, -INFINITY, 1.0f, 2.0f}, -INFINITY},
        {{1.0f, INFINITY, -INFINITY, 2.0f}, NAN},
        {{1.0f, 2.0f, NAN, 4.0f}, NAN},
        {{INFINITY, INFINITY, NAN, 4.0f}, NAN},
        {{FLT_MAX, 0x1p102f, 0.0f, 0.0f}, FLT_MAX},
        {{FLT_MAX, 0x1p103f, 0.0f, 0.0f}, INFINITY},
        {{FLT_MAX, 0x1p102f, 0x1p102f, 0}, INFINITY},
        {{1.0f, 0x1p100f, -0x1p99f, 0}, 0x1p99f},
        {{-FLT_MAX, FLT_MAX, 1.0f, 1.0f}, 2.0f},
        {{1.0f, 0x1p-24f, 0x1p-24f, 0}, 1 + 0x1p-23f},
        {{0x1p-149f, 0x1p-149f, 0.0f, 0}, 0x1p-148f},
    };
    for (size_t r = 0; r < TEST_COUNT_OF(rows); r++) {
        float sum = 0.0f, rest = 0.0f;
        for (size_t i = 0; i < 4; i++) {
            wr_add_long(&sum, &rest, rows[r].terms[i]);
            assert_true(isfinite(rest));
        }
        print_message("row %zu: %g\n", r, (double)sum);
        assert_true(isnan(rows[r].sum) ? isnan(sum) : sum == rows[r].sum);
    }
}

/* Lanes without a window add -0, which must change neither sum nor rest. */
static void test_nothing_added(void **state) {
    (void)state;
    float sum = 0.0f, rest = 0.0f;
    for (uint32_t i = 0; i < 1000000; i++) {
        wr_add_long(&sum, &rest, (float)term_of(SPREAD, i) * 0x1p-24f);
        float same = sum, rest_too = rest;
        wr_add_long(&same, &rest_too, -0.0f);
        assert_true(same == sum && rest_too == rest);
    }
}

/* ---- gradients ---- */

/* Adds the sums of the segments of TERMS windows as training does. Vector k of the gradients gets
 * the terms of kind k, in all lanes. */
static void add_segments(const struct wr_engine *engine, float found[KINDS],
                         struct exact exact[KINDS]) {
    enum { RUNS = TERMS / WR_SEGMENT };
    const struct wr_shape shape = {1, 1, 1, 1};
    static alignas(64) float gradients[KINDS * WR_MOST_LANES], rests[KINDS * WR_MOST_LANES];
    static alignas(64) float run[KINDS * WR_MOST_LANES];
    struct wr_block block = {.shape = &shape, .gradients = gradients, .rests = rests};
    const struct wr_sums sums = {.gradient = run};
    size_t lanes = engine->width > 0 ? engine->width : engine->lanes;
    for (size_t l = 0; l < WR_MOST_LANES; l++)
        block.count[l] = TERMS;
    for (uint32_t i = 0; i < RUNS; i++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            float x = next_term((enum kind)kind, i, &exact[kind]);
            for (size_t l = 0; l < lanes; l++)
                run[kind * lanes + l] = x;
        }
        engine->add(&block, i, &sums, 0, engine->width > 0 ? KINDS * lanes : KINDS);
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        found[kind] = gradients[kind * lanes];
        for (size_t l = 1; l < lanes; l++)
            assert_memory_equal(&found[kind], &gradients[kind * lanes + l], sizeof *found);
    }
}

/* The engine that WINDROW_CPU names, or NULL where this CPU or build lacks it. */
static const struct wr_engine *engine_of(const char *name, struct wr_device **device) {
    struct wr_error error = {0};
    setenv("WINDROW_CPU", name, 1);
    wr_status status = wr_device_open("cpu", NULL, device, &error);
    unsetenv("WINDROW_CPU");
    assert_true(status == WR_OK || (status == WR_ERR_DEVICE && strcmp(name, "scalar") != 0));
    wr_error_release(&error);
    if (status != WR_OK)
        return NULL;
    const struct cpu_device *cpu = (const struct cpu_device *)*device;
    return cpu->rows_only ? cpu->rows : cpu->engine;
}

static void test_gradients(void **state) {
    (void)state;
    static const char *const names[] = {"scalar",    "avx512", "avx512-rows", "avx2",
                                        "avx2-rows", "neon",   "neon-rows"};
    float scalar[KINDS];
    for (size_t e = 0; e < TEST_COUNT_OF(names); e++) {
        struct wr_device *device = NULL;
        const struct wr_engine *engine = engine_of(names[e], &device);
        float found[KINDS];
        struct exact exact[KINDS] = {{0, 0}};
        if (engine == NULL)
            continue;
        add_segments(engine, found, exact);
        for (int kind = 0; kind < KINDS; kind++)
            check_bound(engine->name, kind_names[kind], (double)found[kind], exact[kind],
                        (WR_PLAIN_SEGMENTS + 2) * 0x1p-24);
        if (e == 0)
            memcpy(scalar, found, sizeof scalar);
        assert_memory_equal(scalar, found, sizeof scalar);
        wr_device_close(device);
    }
}

/* ---- norms ---- */

/* The factor of clipping by norm, for a model of some 10^6 parameters: the number of terms of the
 * norm grows with the model, not with the data. */
static void test_norm(void **state) {
    (void)state;
    const size_t H = 1000;
    const struct test_case c = {{1, H, 1, 2}, 1, 1, 1, 0.01f, 1e-3f, false, false, false};
    struct wr_error error = {0};
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    e.ensemble.rule.clipping = WR_CLIPPING_NORM;
    struct wr_device *device = test_device("cpu", 0);
    struct wr_session *session = test_session(device, &e.ensemble, WR_SCHEDULE_STAGED);
    TEST_OK(wr_session_forward(session, 0, 1, &error));
    TEST_OK(wr_session_bptt(session, &error));
    float *before = test_read(session, WR_GRADIENTS);
    TEST_OK(wr_session_clip(session, &error));
    float *after = test_read(session, WR_GRADIENTS);
    double squares = 0, clipped = 0;
    for (size_t i = 0; i < e.count; i++) {
        squares += (double)before[i] * (double)before[i];
        clipped += (double)after[i] * (double)after[i];
    }
    double norm = sqrt(clipped), wanted = (double)c.clip, rows = (double)(2 * H + 3);
    print_message("norm %g clipped to %g: off by %.2g of it\n", sqrt(squares), norm,
                  fabs(norm / wanted - 1));
    assert_true(squares > 4 * wanted * wanted);
    assert_true(fabs(norm / wanted - 1) <
                ((16 + (double)H / 16 + rows) / 2 + 4) * 0x1p-24); /* wr_rsqrt: 2 ulp */
    free(before);
    free(after);
    wr_session_close(session);
    wr_device_close(device);
    test_ensemble_free(&e);
}

/* ---- epochs ---- */

enum { WINDOWS = 6 };

/* Checks, with lr 0, on every device and schedule, the total_loss and whether the model
 * diverged. */
static void check_epoch(const float targets[WINDOWS][2], float expected, bool cut) {
    const struct test_case c = {{1, 3, 2, 2}, 3, WINDOWS, 1, 0.0f, 0.0f, false, false, false};
    const char *id;
    struct test_ensemble e;
    test_ensemble_make(&e, &c);
    memcpy(e.targets, targets, WINDOWS * sizeof *targets);
    e.weights[0] = 0.5f;
    e.weights[1] = -0.5f;
    e.ensemble.batch = cut ? 1 : WINDOWS;
    uint32_t bits = wr_as_int(expected);
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 0);
        for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED; schedule++) {
            struct wr_session *session =
                test_session(device, &e.ensemble, (enum wr_schedule)schedule);
            float *losses = test_run(session, &e.ensemble, 2);
            uint32_t *diverged = test_diverged(session, &e.ensemble);
            for (size_t m = 0; m < c.models; m++) {
                assert_int_equal(wr_as_int(losses[m]), bits);
                assert_int_equal(diverged[m], isfinite(expected) ? WR_NOT_DIVERGED : 0);
            }
            free(losses);
            free(diverged);
            wr_session_close(session);
        }
        wr_device_close(device);
    }
    test_ensemble_free(&e);
}

/* Finite losses with an infinite sum, infinite losses, and infinities of both signs: the model has
 * diverged, and total_loss is infinite or the one NaN, to the bit. */
static void test_overflow(void **state) {
    (void)state;
    static const float sum[WINDOWS][2] = {{1e19f, 0}, {2e19f, 0}, {2e19f, 0}, {1, 0}, {0, 1}};
    static const float term[WINDOWS][2] = {{1, 0}, {1e20f, 0}, {1, 0}, {1e19f, 0}};
    static const float negative[WINDOWS][2] = {{1, 0}, {0, 1e20f}, {1, 0}};
    static const float both[WINDOWS][2] = {{1, 0}, {1e20f, 0}, {1, 0}, {0, 1e20f}, {1, 0}};
    for (int cut = 0; cut < 2; cut++) {
        check_epoch(sum, INFINITY, cut);
        check_epoch(term, INFINITY, cut);
        check_epoch(negative, -INFINITY, cut);
        check_epoch(both, wr_as_float(0x7fc00000), cut);
    }
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_sums),     cmocka_unit_test(test_beyond_range),
        cmocka_unit_test(test_nothing_added), cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_norm),          cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
