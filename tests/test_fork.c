/* Processes that fork: a device that was opened before is refused in the child, a device that the
 * child opens works, and the parent continues undisturbed. An alarm ends a child that hangs. */
#include "support.h"

#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "windrow/bench.h"
#include "windrow/train.h"
#include "windrow/verify.h"

enum { THREADS = 4, EPOCHS = 4, ALARM = 120 };

static const struct test_case few = {{1, 20, 1, 5}, 70, 19, 1, 0.01f, 1.0f, false, false, false};
static const struct test_case batches = {{1, 20, 1, 5}, 1,     95,    64,   0.01f,
                                         1.0f,          false, false, false};

/* What both processes see. */
struct fixture {
    struct test_ensemble e;
    struct wr_device *device;
    struct wr_session *session;
    uint64_t hash; /* after EPOCHS epochs */
};

static uint64_t train(struct wr_session *session, const struct test_ensemble *e) {
    struct wr_error error = {0};
    TEST_OK(wr_session_run(session, EPOCHS, NULL, NULL, NULL, &error));
    float *trained = test_read(session, WR_PARAMETERS);
    uint64_t hash = 0;
    for (size_t m = 0; m < e->ensemble.stack.count; m++)
        hash = 31 * hash + wr_parameters_hash(&e->ensemble.stack.shape, trained + m * e->count);
    free(trained);
    TEST_OK(wr_session_write_parameters(session, e->parameters, &error));
    return hash;
}

static void open_fixture(struct fixture *f, const char *selector, const struct test_case *c) {
    test_ensemble_make(&f->e, c);
    f->device = test_device(selector, THREADS);
    f->session = test_session(f->device, &f->e.ensemble, WR_SCHEDULE_FUSED);
    f->hash = train(f->session, &f->e);
}

static void close_fixture(struct fixture *f) {
    wr_session_close(f->session);
    wr_device_close(f->device);
    test_ensemble_free(&f->e);
}

/* Runs `child` in a child process; its result must be 0. */
static void in_child(int (*child)(struct fixture *), struct fixture *f) {
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(ALARM);
        _exit(child(f));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("the child ended with status 0x%x", (unsigned)status);
}

/* ---- in the child: a result is the line of the check that failed, or 0 ---- */

#define EXPECT(condition)                                                                          \
    do                                                                                             \
        if (!(condition))                                                                          \
            return __LINE__ % 255 + 1;                                                             \
    while (0)

/* Whether the call was refused with an error that names both processes. */
static bool refused(wr_status status, struct wr_error *error) {
    char parent[64], child[64];
    snprintf(parent, sizeof parent, "was opened by process %ld ", (long)getppid());
    snprintf(child, sizeof child, "does not work in process %ld,", (long)getpid());
    bool named = strstr(error->text, parent) != NULL && strstr(error->text, child) != NULL;
    wr_error_release(error);
    return status == WR_ERR_USAGE && named;
}

static int use_what_was_opened(struct fixture *f) {
    struct wr_error error = {0};
    struct wr_session *session;
    const unsigned char frozen[70] = {0};
    uint32_t diverged[70];
    float *values = test_zeros(wr_session_tensor_size(f->session, WR_PARAMETERS), sizeof *values);
    size_t bytes;
    double peak;
    EXPECT(refused(wr_session_run(f->session, 1, NULL, NULL, NULL, &error), &error));
    EXPECT(refused(wr_session_run(f->session, 0, NULL, NULL, NULL, &error), &error));
    EXPECT(refused(wr_session_forward(f->session, 0, 1, &error), &error));
    EXPECT(refused(wr_session_bptt(f->session, &error), &error));
    EXPECT(refused(wr_session_clip(f->session, &error), &error));
    EXPECT(refused(wr_session_update(f->session, &error), &error));
    EXPECT(refused(wr_session_read(f->session, WR_PARAMETERS, values, &error), &error));
    EXPECT(refused(wr_session_write_parameters(f->session, values, &error), &error));
    EXPECT(refused(wr_session_write_state(f->session, 1, values, NULL, &error), &error));
    EXPECT(refused(wr_session_freeze(f->session, frozen, &error), &error));
    EXPECT(refused(wr_session_diverged(f->session, diverged, &error), &error));
    EXPECT(refused(wr_session_open(f->device, &f->e.ensemble, &session, &error), &error));
    EXPECT(session == NULL);
    EXPECT(refused(wr_session_memory(f->device, &f->e.ensemble, &bytes, &error), &error));
    EXPECT(refused(wr_bench_peak(f->device, &peak, &error), &error));
    EXPECT(refused(wr_verify(f->device, NULL, NULL, &error), &error));
    struct wr_train_options how = {.epochs = 1};
    struct wr_train_result result;
    EXPECT(refused(wr_train(f->session, &how, &result, &error), &error));
    free(values);
    wr_session_close(f->session);
    wr_device_close(f->device);
    return 0;
}

static int open_own(struct fixture *f) {
    struct wr_device *device = test_device("cpu", THREADS);
    struct wr_session *session = test_session(device, &f->e.ensemble, WR_SCHEDULE_FUSED);
    EXPECT(train(session, &f->e) == f->hash);
    wr_session_close(session);
    wr_device_close(device);
    return 0;
}

/* If no more threads can be started, the work is done without them. */
static int without_threads(struct fixture *f) {
    const struct rlimit none = {0, 0};
    if (geteuid() == 0 && setuid(65534) != 0) /* root has no limit */
        return 0;
    EXPECT(setrlimit(RLIMIT_NPROC, &none) == 0);
    return open_own(f);
}

/* ---- tests ---- */

static void check_cpu(const struct test_case *c) {
    struct fixture f;
    open_fixture(&f, "cpu", c);
    in_child(use_what_was_opened, &f);
    in_child(open_own, &f);
    assert_true(train(f.session, &f.e) == f.hash);
    in_child(open_own, &f);
    in_child(without_threads, &f);
    close_fixture(&f);
}

static void test_cpu(void **state) {
    (void)state;
    check_cpu(&few);
    check_cpu(&batches);
}

/* The host program has threads of OpenMP; its children do not. */
static void test_openmp_before(void **state) {
    (void)state;
    atomic_int threads = 0;
#pragma omp parallel num_threads(THREADS)
    atomic_fetch_add(&threads, 1);
    assert_int_equal(threads, THREADS);
    check_cpu(&few);
}

static void *fork_here(void *fixture) {
    in_child(open_own, fixture);
    return NULL;
}

static void test_fork_in_thread(void **state) {
    (void)state;
    struct fixture f;
    pthread_t thread;
    open_fixture(&f, "cpu", &few);
    assert_int_equal(pthread_create(&thread, NULL, fork_here, &f), 0);
    pthread_join(thread, NULL);
    close_fixture(&f);
}

static void test_opencl(void **state) {
    (void)state;
    struct fixture f;
    const char *id = test_opencl_device(0);
    if (id == NULL)
        skip();
    open_fixture(&f, id, &few);
    in_child(use_what_was_opened, &f);
    in_child(open_own, &f); /* opens a cpu device */
    assert_true(train(f.session, &f.e) == f.hash);
    close_fixture(&f);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_openmp_before),
        cmocka_unit_test(test_fork_in_thread),
        cmocka_unit_test(test_opencl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
