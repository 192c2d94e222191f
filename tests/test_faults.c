/* Every OpenCL call of the backend fails in its turn. The result must be a clean error that names
 * the call, never a crash or a leak (this also runs under the asan preset). Each failure has its
 * own process, because the layer is loaded once per process. The layer also counts the builds when
 * a session opens. */
#include "support.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault_layer.h"

/* What a child found; shared with the parent. */
static struct result {
    wr_status status;
    char text[768], log[256];
    uint64_t hash;        /* of the trained parameters */
    int failures, strays; /* runs that failed, runs with other bits */
    char device[32];      /* the first usable OpenCL device */
    bool listed;          /* by wr_devices_list as usable */
    char detail[256];     /* of that listing */
    char names[FAULT_LAYER_CALLS][48];
    size_t counts[FAULT_LAYER_CALLS], calls;
} * result;

static const struct test_case small = {{2, 5, 1, 3}, 3, 7, 2, 0.05f, 0.5f, true, true, false};

/* ---- in the child ---- */

static wr_status use_stages(struct wr_session *session, struct wr_error *error) {
    wr_status status = wr_session_forward(session, 0, 2, error);
    if (status == WR_OK)
        status = wr_session_bptt(session, error);
    if (status == WR_OK)
        status = wr_session_clip(session, error);
    if (status == WR_OK)
        status = wr_session_update(session, error);
    for (int tensor = WR_PARAMETERS; tensor <= WR_LOSSES && status == WR_OK; tensor++) {
        size_t count = wr_session_tensor_size(session, (enum wr_tensor)tensor);
        float *values = test_zeros(count, sizeof *values);
        status = wr_session_read(session, (enum wr_tensor)tensor, values, error);
        free(values);
    }
    return status;
}

/* Uses every function of a session. */
static wr_status use_session(struct wr_session *session, const struct test_ensemble *e,
                             struct wr_error *error) {
    float losses[3 * 3], *trained = test_zeros(small.models * e->count, sizeof *trained);
    uint32_t diverged[3];
    wr_status status = use_stages(session, error);
    if (status == WR_OK)
        status = wr_session_write_parameters(session, e->parameters, error);
    if (status == WR_OK)
        status = wr_session_run(session, 3, losses, NULL, NULL, error);
    if (status == WR_OK)
        status = wr_session_diverged(session, diverged, error);
    if (status == WR_OK)
        status = wr_session_read(session, WR_PARAMETERS, trained, error);
    if (status == WR_OK)
        result->hash = 31 * result->hash + wr_parameters_hash(&small.shape, trained);
    free(trained);
    return status;
}

static wr_status train(const char *id, struct wr_error *error) {
    struct test_ensemble e;
    struct wr_device *device = NULL;
    const struct wr_device_options options = {.inexact = true};
    test_ensemble_make(&e, &small);
    wr_status status = wr_device_open(id, &options, &device, error);
    for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED; schedule++) {
        struct wr_session *session = NULL;
        e.ensemble.schedule = (enum wr_schedule)schedule;
        if (status == WR_OK)
            status = wr_session_open(device, &e.ensemble, &session, error);
        if (status == WR_OK)
            status = use_session(session, &e, error);
        wr_session_close(session);
    }
    wr_device_close(device);
    test_ensemble_free(&e);
    return status;
}

static void train_here(void) {
    struct wr_error error = {0};
    result->status = train(result->device, &error);
    snprintf(result->text, sizeof result->text, "%s", error.text);
    snprintf(result->log, sizeof result->log, "%s", error.log != NULL ? error.log : "");
    wr_error_release(&error);
}

enum { ROUNDS = 4, ROUND_EPOCHS = 12 };

/* Trains ROUNDS times in one session from the same parameters, and again after a failure. Runs that
 * succeed must end with the same bits. */
static void go_on_here(void) {
    static const struct test_case many = {{1, 20, 1, 5}, 32,    200,   1,    0.001f,
                                          0.5f,          false, false, false};
    struct wr_error error = {0};
    struct test_ensemble e;
    struct wr_device *device = NULL;
    struct wr_session *session = NULL;
    const struct wr_device_options options = {.inexact = true};
    test_ensemble_make(&e, &many);
    e.ensemble.schedule = WR_SCHEDULE_FUSED;
    float *trained = test_zeros(many.models * e.count, sizeof *trained);
    result->status = wr_device_open(result->device, &options, &device, &error);
    if (result->status == WR_OK)
        result->status = wr_session_open(device, &e.ensemble, &session, &error);
    result->failures = result->strays = 0;
    for (int round = 0; round < ROUNDS && result->status == WR_OK; round++) {
        bool failed = wr_session_run(session, ROUND_EPOCHS, NULL, NULL, NULL, &error) != WR_OK;
        result->failures += failed;
        if (!failed)
            result->status = wr_session_read(session, WR_PARAMETERS, trained, &error);
        if (!failed && result->status == WR_OK) {
            uint64_t hash = wr_parameters_hash(&many.shape, trained);
            result->strays += result->hash != 0 && result->hash != hash;
            result->hash = hash;
        }
        if (result->status == WR_OK)
            result->status =
                wr_session_write_parameters(session, e.ensemble.stack.parameters, &error);
    }
    snprintf(result->text, sizeof result->text, "%s", error.text);
    free(trained);
    wr_session_close(session);
    wr_device_close(device);
    test_ensemble_free(&e);
    wr_error_release(&error);
}

/* What open_here opens. */
static struct test_case opened;
static enum wr_schedule opened_schedule;

/* Opens a session as a user does: the device must be exact. */
static void open_here(void) {
    struct wr_error error = {0};
    struct test_ensemble e;
    struct wr_device *device = NULL;
    struct wr_session *session = NULL;
    test_ensemble_make(&e, &opened);
    e.ensemble.schedule = opened_schedule;
    result->status = wr_device_open(result->device, NULL, &device, &error);
    if (result->status == WR_OK)
        result->status = wr_session_open(device, &e.ensemble, &session, &error);
    snprintf(result->text, sizeof result->text, "%s", error.text);
    wr_session_close(session);
    wr_device_close(device);
    test_ensemble_free(&e);
    wr_error_release(&error);
}

static void choose_here(void) {
    struct wr_error error = {0};
    struct wr_device *device = NULL;
    result->status = wr_device_open("auto", NULL, &device, &error);
    result->text[0] = '\0';
    if (result->status == WR_OK)
        snprintf(result->text, sizeof result->text, "%s", wr_device_get_info(device)->id);
    wr_device_close(device);
    wr_error_release(&error);
}

static void list_here(void) {
    struct wr_error error = {0};
    struct wr_device_info *devices = NULL;
    size_t count = 0;
    result->status = wr_devices_list(&devices, &count, &error);
    result->listed = false;
    result->detail[0] = '\0';
    for (size_t i = 0; i < count && !result->listed; i++) {
        if (strcmp(devices[i].backend, "opencl") != 0)
            continue;
        result->listed = devices[i].usable;
        memcpy(result->device, devices[i].id, sizeof result->device);
        memcpy(result->detail, devices[i].detail, sizeof result->detail);
    }
    free(devices);
    wr_error_release(&error);
}

/* Copies the counts of the layer, so that the parent knows which calls can fail. */
static void take_counts(void) {
    void *layer = dlopen(getenv("OPENCL_LAYERS"), RTLD_NOW | RTLD_NOLOAD);
    const struct fault_layer_call *calls = layer ? dlsym(layer, "fault_layer_calls") : NULL;
    for (result->calls = 0; calls != NULL && calls[result->calls].name != NULL; result->calls++) {
        const struct fault_layer_call *call = &calls[result->calls];
        snprintf(result->names[result->calls], sizeof result->names[0], "%s", call->name);
        result->counts[result->calls] = call->count;
    }
    if (layer != NULL)
        dlclose(layer);
}

/* ---- in the parent ---- */

/* Runs body in a process in which the nth call of `call` fails (NULL: none). Returns the exit
 * status as waitpid gives it; 0 if the process ended well and leaked nothing. */
static int run_child_once(void (*body)(void), const char *call, size_t nth, int code) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char text[32];
        if (call != NULL)
            setenv("WR_FAULT_CALL", call, 1);
        snprintf(text, sizeof text, "%zu", nth);
        setenv("WR_FAULT_NTH", text, 1);
        snprintf(text, sizeof text, "%d", code);
        setenv("WR_FAULT_CODE", text, 1);
        body();
        take_counts();
        exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* run_child_once, repeated where LeakSanitizer fails: sometimes it ends with exit code 1 while
 * threads of a driver are just ending. A leak gives 23. A fault of ours with code 1 comes again. */
static int run_child(void (*body)(void), const char *call, size_t nth, int code) {
    int status = 0x100;
    for (int tries = 0; status == 0x100 && tries < 3; tries++)
        status = run_child_once(body, call, nth, code);
    return status;
}

/* Number of calls that the last child made. */
static size_t calls_made(const char *call) {
    for (size_t i = 0; i < result->calls; i++)
        if (strcmp(result->names[i], call) == 0)
            return result->counts[i];
    return 0;
}

static bool releases(const char *call) {
    return strncmp(call, "clRelease", 9) == 0;
}

static void check_fault(const char *call, size_t nth, int code, uint64_t sound) {
    result->hash = 0;
    int ended = run_child(train_here, call, nth, code);
    if (ended != 0)
        fail_msg("call %zu of %s gives %d: the process ended with 0x%x", nth, call, code, ended);
    if (nth > 1 && calls_made(call) < nth) /* the clock paces launches: fewer now */
        return;
    if (releases(call)) { /* nothing is lost, and no caller could react */
        if (result->status != WR_OK || result->hash != sound)
            fail_msg("call %zu of %s gives %d: %s: %s", nth, call, code,
                     wr_status_name(result->status), result->text);
        return;
    }
    bool memory = code == CL_OUT_OF_HOST_MEMORY;
    if (result->status != WR_ERR_DEVICE && !(memory && result->status == WR_ERR_MEMORY))
        fail_msg("call %zu of %s gives %d: status %s, \"%s\"", nth, call, code,
                 wr_status_name(result->status), result->text);
    if (result->text[0] == '\0' || strchr(result->text, '\n') != NULL)
        fail_msg("call %zu of %s gives %d: error text \"%s\"", nth, call, code, result->text);
}

static void test_every_call_fails(void **state) {
    (void)state;
    result->hash = 0;
    assert_int_equal(run_child(train_here, NULL, 0, 0), 0);
    if (result->status != WR_OK)
        fail_msg("no fault: %s", result->text);
    const struct result sound = *result;
    assert_true(sound.calls > 10); /* otherwise the layer is not loaded */
    for (size_t i = 0; i < sound.calls; i++) {
        const char *call = sound.names[i];
        size_t count = sound.counts[i], last = 0;
        print_message("%s: %zu calls\n", call, count);
        const size_t turns[] = {1, 2, 3, count / 2, count};
        for (size_t k = 0; k < TEST_COUNT_OF(turns); k++) {
            if (turns[k] <= last || turns[k] > count)
                continue;
            last = turns[k];
            check_fault(call, last, k % 2 == 0 ? CL_OUT_OF_RESOURCES : CL_OUT_OF_HOST_MEMORY,
                        sound.hash);
        }
    }
}

/* After a failed run, nothing of it may stay on a queue and write into the next one. */
static void test_going_on(void **state) {
    (void)state;
    static const char *const calls[] = {"clEnqueueNDRangeKernel", "clFlush", "clFinish"};
    setenv("WINDROW_QUEUES", "2", 1);
    setenv("WINDROW_FUSED", "rows", 1);
    result->hash = 0;
    assert_int_equal(run_child(go_on_here, NULL, 0, 0), 0);
    assert_int_equal(result->status, WR_OK);
    assert_int_equal(result->failures + result->strays, 0);
    const struct result sound = *result;
    for (size_t i = 0; i < TEST_COUNT_OF(calls); i++) {
        int failures = 0;
        for (size_t k = 0; k < 3; k++) {
            *result = sound;
            size_t nth = calls_made(calls[i]) / 2 + k;
            assert_int_equal(run_child(go_on_here, calls[i], nth, CL_OUT_OF_RESOURCES), 0);
            failures += result->failures;
            if (result->status != WR_OK || result->strays > 0)
                fail_msg("call %zu of %s fails: %s, %d of the next runs have other bits, \"%s\"",
                         nth, calls[i], wr_status_name(result->status), result->strays,
                         result->text);
        }
        assert_true(failures > 0);
    }
    unsetenv("WINDROW_FUSED");
    unsetenv("WINDROW_QUEUES");
}

static void test_build_failure_shows_log(void **state) {
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) { /* the program of the stages, then the fused program */
        assert_int_equal(run_child(train_here, "clBuildProgram", nth, CL_BUILD_PROGRAM_FAILURE), 0);
        assert_int_equal(result->status, WR_ERR_DEVICE);
        assert_non_null(strstr(result->text, "CL_BUILD_PROGRAM_FAILURE"));
        assert_string_equal(result->log, FAULT_LAYER_LOG);
    }
}

static void test_allocation_failure_is_memory(void **state) {
    (void)state;
    assert_int_equal(run_child(train_here, "clCreateBuffer", 1, CL_MEM_OBJECT_ALLOCATION_FAILURE),
                     0);
    assert_int_equal(result->status, WR_ERR_MEMORY);
}

/* A listing does not fail if one device does: it tells what is wrong with that device. */
static void test_listing_survives(void **state) {
    (void)state;
    static const char *const calls[] = {
        "clGetPlatformIDs",     "clGetDeviceIDs", "clGetDeviceInfo", "clCreateContext",
        "clCreateCommandQueue", "clBuildProgram", "clCreateBuffer",  "clCreateKernel"};
    char device[32];
    memcpy(device, result->device, sizeof device);
    for (size_t i = 0; i < TEST_COUNT_OF(calls); i++) {
        int ended = run_child(list_here, calls[i], 1, CL_OUT_OF_RESOURCES);
        if (ended != 0 || result->status != WR_OK || result->listed || result->detail[0] == '\0')
            fail_msg("%s fails: ended with 0x%x, status %s, listed as %s: %s", calls[i], ended,
                     wr_status_name(result->status), result->listed ? "usable" : "unusable",
                     result->detail);
    }
    memcpy(result->device, device, sizeof device);
}

/* The check at open uses the program of the session, which is built once: for every batch, and for
 * shapes for which the check has to be short. */
static void test_one_build(void **state) {
    (void)state;
    static const struct wr_shape shapes[] = {{1, 20, 1, 5}, {2, 40, 1, 70}, {1, 60, 2, 300}};
    static const size_t batches[] = {1, 2, 16, 17, 40};
    for (size_t i = 0; i < TEST_COUNT_OF(shapes); i++)
        for (size_t k = 0; k < TEST_COUNT_OF(batches); k++)
            for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED; schedule++) {
                if (schedule == WR_SCHEDULE_STAGED && k > 1)
                    continue;
                opened = (struct test_case){
                    .shape = shapes[i], .models = 2, .windows = 41, .batch = batches[k]};
                opened_schedule = (enum wr_schedule)schedule;
                assert_int_equal(run_child(open_here, NULL, 0, 0), 0);
                if (strstr(result->text, "not exact") != NULL)
                    skip();
                if (result->status != WR_OK || calls_made("clBuildProgram") != 1)
                    fail_msg("H=%zu T=%zu B=%zu %s: %zu programs built; %s", shapes[i].hidden,
                             shapes[i].seq_len, batches[k], wr_schedule_name(opened_schedule),
                             calls_made("clBuildProgram"), result->text);
            }
}

/* Without a GPU, auto asks the drivers and builds nothing. */
static void test_auto_builds_nothing(void **state) {
    (void)state;
    assert_int_equal(run_child(choose_here, NULL, 0, 0), 0);
    assert_int_equal(result->status, WR_OK);
    if (strcmp(result->text, "cpu") != 0)
        skip();
    assert_true(calls_made("clGetDeviceIDs") > 0);
    assert_int_equal(calls_made("clCreateContext"), 0);
    assert_int_equal(calls_made("clBuildProgram"), 0);
}

/* test_faults [PATTERN]: runs the tests whose names match, or all. */
int main(int count, char **words) {
    test_setup();
    setenv("OPENCL_LAYERS", WR_TEST_FAULT_LAYER, 0); /* scripts/gpu_kit has it in another folder */
    if (count > 1)
        setenv("WINDROW_TEST", words[1], 1);
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    if (run_child(list_here, NULL, 0, 0) != 0)
        return 1;
    if (!result->listed)
        test_skip("no usable OpenCL device");
    if (result->calls == 0)
        test_skip("this ICD loader has no layers (ocl-icd has from 2.3.0 on)");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_fails),
        cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_build_failure_shows_log),
        cmocka_unit_test(test_allocation_failure_is_memory),
        cmocka_unit_test(test_listing_survives),
        cmocka_unit_test(test_one_build),
        cmocka_unit_test(test_auto_builds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
