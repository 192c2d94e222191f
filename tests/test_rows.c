/* How fused_rows.cl packs models into work-groups, for every width of a warp: the choice, and that
 * the bits are those of the cpu backend. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/opencl/opencl.h"

enum { LOCAL_BYTES = 49152, MOST_ITEMS = 256 };

static const size_t warps[] = {8, 16, 32, 64};

static struct wr_cl_rows choose(bool nvidia, size_t warp, size_t hidden, size_t inputs,
                                size_t outputs, struct wr_rule rule) {
    const struct wr_cl_device device = {.nvidia = nvidia,
                                        .max_group = 1024,
                                        .warp = warp,
                                        .local_bytes = LOCAL_BYTES,
                                        .forced_fused = WR_CL_KINDS,
                                        .forced_staged = WR_CL_KINDS};
    const struct wr_ensemble ensemble = {.stack = {{inputs, hidden, outputs, 5}, .count = 1},
                                         .batch = 1,
                                         .schedule = WR_SCHEDULE_FUSED,
                                         .rule = rule};
    struct wr_cl_rows rows;
    wr_cl_rows_choose(&device, &ensemble, &rows);
    return rows;
}

/* Every size up to 64 gets a work-group that the device takes, and in which every model has its
 * lanes. */
static void test_groups(void **state) {
    (void)state;
    const struct wr_rule notebook = {.optimizer = WR_OPTIMIZER_SGD};
    for (size_t w = 0; w < TEST_COUNT_OF(warps); w++)
        for (size_t hidden = 1; hidden <= 64; hidden++) {
            struct wr_cl_rows rows = choose(warps[w] == 32, warps[w], hidden, 1, 1, notebook);
            assert_in_range(rows.pack, 1, MOST_ITEMS);
            assert_in_range(rows.group, rows.pack * (hidden / rows.rows), MOST_ITEMS);
            assert_int_equal(hidden % rows.rows, 0);
            if (rows.nvidia.warp_sync)
                assert_int_equal(rows.group, 32);
            if (warps[w] != 32) { /* the warp of another vendor */
                assert_false(rows.nvidia.warp_sync);
                assert_int_equal(rows.nvidia.registers, 0);
                assert_int_equal(rows.rows, 1);
            }
        }
}

/* At most a tenth of the work-items of the warps is idle, for every width of a warp. */
static void test_idle(void **state) {
    (void)state;
    const struct wr_rule notebook = {.optimizer = WR_OPTIMIZER_SGD};
    static const size_t sizes[] = {4, 8, 16, 20, 32};
    for (size_t w = 0; w < TEST_COUNT_OF(warps); w++)
        for (size_t i = 0; i < TEST_COUNT_OF(sizes); i++) {
            struct wr_cl_rows rows = choose(warps[w] == 32, warps[w], sizes[i], 1, 1, notebook);
            size_t used = rows.pack * (sizes[i] / rows.rows);
            size_t items = (rows.group + warps[w] - 1) / warps[w] * warps[w];
            assert_in_range(10 * used, 9 * items, 10 * items);
        }
    assert_int_equal(choose(false, 64, 32, 1, 1, notebook).pack, 2);
    assert_int_equal(choose(false, 64, 16, 1, 1, notebook).pack, 4);
}

/* Models that do not fit in local memory are left to fused.cl. */
static void test_too_large(void **state) {
    (void)state;
    const struct wr_rule notebook = {.optimizer = WR_OPTIMIZER_SGD};
    const struct wr_rule adam = {.optimizer = WR_OPTIMIZER_ADAM};
    assert_int_equal(choose(true, 32, 32, 24, 48, adam).pack, 1);
    assert_int_equal(choose(true, 32, 64, 1, 1, adam).pack, 0);
    assert_int_equal(choose(true, 32, 20, 1, 1000, notebook).pack, 0);
    assert_int_equal(choose(true, 32, 65, 1, 1, notebook).pack, 0);
}

/* A forced number of rows that does not divide the hidden size becomes 1. */
static void test_forced_rows(void **state) {
    (void)state;
    static const size_t forced[] = {1, 2, 4};
    for (size_t i = 0; i < TEST_COUNT_OF(forced); i++)
        for (size_t hidden = 1; hidden <= 64; hidden++) {
            const struct wr_cl_device device = {.max_group = 1024,
                                                .warp = 32,
                                                .local_bytes = LOCAL_BYTES,
                                                .forced_rows = forced[i],
                                                .forced_fused = WR_CL_KINDS,
                                                .forced_staged = WR_CL_KINDS};
            const struct wr_ensemble ensemble = {.stack = {{1, hidden, 1, 5}, .count = 1},
                                                 .batch = 1};
            struct wr_cl_rows rows;
            wr_cl_rows_choose(&device, &ensemble, &rows);
            assert_int_equal(rows.rows, hidden % forced[i] == 0 ? forced[i] : 1);
        }
}

static void check_bits(struct wr_device *cpu, struct wr_device *device, const struct test_case *c,
                       const char *text) {
    enum { EPOCHS = 3 };
    struct test_ensemble e;
    test_ensemble_make(&e, c);
    struct wr_session *here = test_session(cpu, &e.ensemble, WR_SCHEDULE_FUSED);
    struct wr_session *there = test_session(device, &e.ensemble, WR_SCHEDULE_FUSED);
    float *expected = test_run(here, &e.ensemble, EPOCHS);
    float *found = test_run(there, &e.ensemble, EPOCHS);
    test_same_floats(text, expected, found, EPOCHS * c->models);
    free(expected);
    free(found);
    expected = test_read(here, WR_PARAMETERS);
    found = test_read(there, WR_PARAMETERS);
    test_same_floats(text, expected, found, wr_session_tensor_size(here, WR_PARAMETERS));
    free(expected);
    free(found);
    wr_session_close(here);
    wr_session_close(there);
    test_ensemble_free(&e);
}

/* The first usable OpenCL device; skips the test if there is none. */
static const char *opencl_device(void) {
    const char *id = test_opencl_device(0);
    if (id == NULL) {
        print_message("no usable OpenCL device: bits were not compared\n");
        skip();
    }
    return id;
}

/* With spare lanes, several rows in a lane, and models that do not fill the last work-group. */
static void test_bits(void **state) {
    (void)state;
    static const struct {
        const char *warp, *rows;
        struct test_case c;
    } cases[] = {
        {"8", "4", {{1, 4, 1, 3}, 35, 6, 1, 0.05f, 0.1f, true, true, false}},
        {"16", "2", {{1, 10, 1, 3}, 13, 6, 1, 0.05f, 0.5f, true, true, true}},
        {"32", "2", {{2, 20, 2, 1}, 7, 6, 1, 0.02f, 0.02f, false, true, false}},
        {"64", "1", {{1, 10, 1, 2}, 14, 6, 1, 0.02f, 0.02f, true, true, false}},
    };
    const char *id = opencl_device();
    struct wr_device *cpu = test_device("cpu", 0);
    setenv("WINDROW_FUSED", "rows", 1);
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        char text[64];
        snprintf(text, sizeof text, "warps of %s, H = %zu", cases[i].warp, cases[i].c.shape.hidden);
        setenv("WINDROW_WARP", cases[i].warp, 1);
        setenv("WINDROW_ROWS", cases[i].rows, 1);
        struct wr_device *device = test_device(id, 0);
        check_bits(cpu, device, &cases[i].c, text);
        wr_device_close(device);
    }
    unsetenv("WINDROW_WARP");
    unsetenv("WINDROW_ROWS");
    unsetenv("WINDROW_FUSED");
    wr_device_close(cpu);
}

/* Each half of the models has its own queue, as on GPUs, in several launches; a half can be
 * empty. */
static void test_queues(void **state) {
    (void)state;
    static const struct {
        const char *kernel;
        struct test_case c;
    } cases[] = {
        {"rows", {{1, 4, 1, 3}, 35, 6, 1, 0.05f, 0.1f, true, true, false}},
        {"rows", {{1, 4, 1, 3}, 1, 6, 1, 0.05f, 0.1f, false, true, false}},
        {"team", {{1, 6, 1, 3}, 5, 6, 2, 0.05f, 0.1f, true, true, false}},
        {"wide", {{1, 20, 1, 3}, 3, 4, 1, 0.01f, 0.1f, false, true, false}},
    };
    const char *id = opencl_device();
    struct wr_device *cpu = test_device("cpu", 0);
    setenv("WINDROW_QUEUES", "2", 1);
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        char text[64];
        snprintf(text, sizeof text, "two queues, %s, M = %zu", cases[i].kernel, cases[i].c.models);
        setenv("WINDROW_FUSED", cases[i].kernel, 1);
        struct wr_device *device = test_device(id, 0);
        assert_non_null(((struct wr_cl_device *)device)->second);
        check_bits(cpu, device, &cases[i].c, text);
        wr_device_close(device);
    }
    unsetenv("WINDROW_FUSED");
    unsetenv("WINDROW_QUEUES");
    wr_device_close(cpu);
}

/* A driver that reports a GPU of NVIDIA but supports neither its assembly nor its options, as PoCL
 * does: the kernels are built without them. */
static void test_other_driver(void **state) {
    (void)state;
    static const struct {
        const char *kernel;
        struct test_case c;
    } cases[] = {
        {"rows", {{1, 20, 1, 2}, 7, 6, 1, 0.05f, 0.1f, true, true, false}},
        {"wide", {{1, 96, 1, 2}, 2, 4, 1, 0.01f, 0.1f, false, true, false}},
    };
    const char *id = opencl_device();
    struct wr_device *cpu = test_device("cpu", 0);
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        setenv("WINDROW_FUSED", cases[i].kernel, 1);
        struct wr_device *device = test_device(id, 0);
        unsetenv("WINDROW_FUSED");
        ((struct wr_cl_device *)device)->nvidia = true;
        check_bits(cpu, device, &cases[i].c, cases[i].kernel);
        wr_device_close(device);
    }
    wr_device_close(cpu);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),       cmocka_unit_test(test_idle),
        cmocka_unit_test(test_too_large),    cmocka_unit_test(test_forced_rows),
        cmocka_unit_test(test_bits),         cmocka_unit_test(test_queues),
        cmocka_unit_test(test_other_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
