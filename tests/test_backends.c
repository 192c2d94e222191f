/* The list of backends, and a backend that leaves out every operation that it may. */
#include <string.h>

#include "backend/case.h"
#include "backend/device.h"
#include "backend/optional.h"
#include "backend/registry.h"
#include "support.h"
#include "windrow/bench.h"
#include "windrow/verify.h"

/* The call has failed with this status; its error has these words. */
static void assert_fails(wr_status status, struct wr_error *error, wr_status expected,
                         const char *words, const char *others) {
    assert_int_equal(status, expected);
    assert_non_null(strstr(error->text, words));
    assert_non_null(strstr(error->text, others));
    wr_error_release(error);
}

/* ---- the list ---- */

static void has_one_reference(void **state) {
    (void)state;
    size_t references = 0;
    for (size_t b = 0; b < WR_BACKENDS; b++) {
        const struct wr_backend *backend = wr_backends[b];
        references += backend->reference;
        assert_ptr_equal(wr_backend_find(backend->name), backend);
        assert_true(wr_is_selector(backend, backend->name));
        assert_int_equal(wr_is_choice(backend->name), backend->ids != NULL);
        assert_true(!backend->probe_outside || backend->driver != NULL);
    }
    assert_int_equal(references, 1);
    assert_string_equal(wr_backend_reference()->name, "cpu");
}

static void reads_selectors(void **state) {
    (void)state;
    const struct wr_backend *opencl = wr_backend_find("opencl");
    static const char *const good[] = {"opencl", "opencl:0.0", "opencl:12.345678901"};
    static const char *const wrong[] = {"opencl:",      "opencl:0",    "opencl:0.",
                                        "opencl:.0",    "opencl:0.0 ", "opencl:-1.0",
                                        "opencl:0.0.0", "opencl:P.D",  "opencl:1.1234567890"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(wr_is_selector(opencl, good[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_ptr_equal(wr_backend_find(wrong[i]), opencl);
        assert_false(wr_is_selector(opencl, wrong[i]));
        assert_false(wr_is_choice(wrong[i]));
    }
    assert_null(wr_backend_find("openc"));
    assert_null(wr_backend_find("opencl,cpu"));
    assert_null(wr_backend_find(""));
    assert_true(wr_is_choice("auto"));
    assert_false(wr_is_selector(wr_backend_reference(), "cpu:0"));
    struct wr_error error = {0};
    wr_status status = wr_refuse_selector("gpu", &error);
    assert_fails(status, &error, WR_ERR_USAGE, "`selector=gpu`: expected auto, cpu, ",
                 " or opencl:P.D (such as opencl:0.0)");
}

/* ---- a bare backend ---- */

struct bare {
    struct wr_backend backend;
    struct wr_device *device;
    struct wr_case made;
};

/* The reference's device with a table that lacks what may be left out. */
static void open_bare(struct bare *bare) {
    const struct wr_case_spec spec = {
        .shape = {.inputs = 1, .hidden = 4, .outputs = 1, .seq_len = 3},
        .models = 3,
        .batch = 2,
        .windows = 5};
    struct wr_error error = {0};
    bare->backend = *wr_backend_reference();
    bare->backend.name = "bare";
    bare->backend.reference = false;
    bare->backend.check_environment = NULL;
    bare->backend.try_device = NULL;
    bare->backend.explain = NULL;
    bare->backend.peak = NULL;
    bare->backend.fits_fused = NULL;
    bare->backend.freeze = NULL;
    TEST_OK(wr_reference_open(&bare->device, &error));
    bare->device->backend = &bare->backend;
    TEST_OK(wr_case_make(&spec, &bare->made, &error));
}

static void close_bare(struct bare *bare) {
    wr_case_release(&bare->made);
    wr_device_close(bare->device);
}

static void is_described(void **state) {
    (void)state;
    struct bare bare;
    struct wr_device_info info;
    struct wr_error error = {0};
    open_bare(&bare);
    TEST_OK(wr_backend_check_environment(&bare.backend, &error));
    TEST_OK(wr_backend_describe(&bare.backend, 0, &info, &error));
    wr_device_settle(&bare.backend, 0, false, &info);
    assert_true(info.usable && info.exact);
    TEST_OK(wr_device_try(bare.device, &error));
    close_bare(&bare);
}

static void trains(void **state) {
    (void)state;
    struct bare bare;
    struct wr_session *session;
    struct wr_error error = {0};
    float losses[2 * 3];
    open_bare(&bare);
    bare.made.ensemble.schedule = WR_SCHEDULE_AUTO;
    TEST_OK(wr_session_open(bare.device, &bare.made.ensemble, &session, &error));
    assert_int_equal(wr_session_schedule(session), WR_SCHEDULE_STAGED);
    TEST_OK(wr_session_run(session, 2, losses, NULL, NULL, &error));
    assert_true(losses[3] != losses[0]);
    wr_session_close(session);
    TEST_OK(wr_verify(bare.device, NULL, NULL, &error));
    close_bare(&bare);
}

static void refuses_the_rest(void **state) {
    (void)state;
    struct bare bare;
    struct wr_session *session;
    struct wr_error error = {0};
    const unsigned char frozen[3] = {1, 0, 0};
    double peak;
    open_bare(&bare);
    bare.made.ensemble.schedule = WR_SCHEDULE_FUSED;
    wr_status status = wr_session_open(bare.device, &bare.made.ensemble, &session, &error);
    assert_fails(status, &error, WR_ERR_DEVICE, "`schedule=fused` on cpu", "no fused schedule");
    status = wr_bench_peak(bare.device, &peak, &error);
    assert_fails(status, &error, WR_ERR_DEVICE, "the bare backend", "cannot measure its peak");
    bare.made.ensemble.schedule = WR_SCHEDULE_STAGED;
    TEST_OK(wr_session_open(bare.device, &bare.made.ensemble, &session, &error));
    status = wr_session_freeze(session, frozen, &error);
    assert_fails(status, &error, WR_ERR_DEVICE, "the bare backend", "cannot stop single models");
    wr_session_close(session);
    close_bare(&bare);
}

/* A backend that this build lacks: what a build without OpenCL says of it. */
static void may_be_missing(void **state) {
    (void)state;
    const struct wr_backend missing = {.name = "none", .title = "None", .missing = "not built"};
    struct wr_device_info info;
    struct wr_error error = {0};
    TEST_OK(wr_backend_check_environment(&missing, &error));
    wr_status status = wr_backend_describe(&missing, 0, &info, &error);
    assert_fails(status, &error, WR_ERR_DEVICE, "not built", "not built");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_one_reference), cmocka_unit_test(reads_selectors),
        cmocka_unit_test(is_described),      cmocka_unit_test(trains),
        cmocka_unit_test(refuses_the_rest),  cmocka_unit_test(may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
