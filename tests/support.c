#include "support.h"

#include "backend/backend.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void test_ok(wr_status status, struct wr_error *error, const char *call, const char *file,
             int line) {
    if (status == WR_OK)
        return;
    print_error("%s:%d: %s: %s: %s\n%s\n", file, line, call, wr_status_name(status), error->text,
                error->log ? error->log : "");
    _fail(file, line);
}

float test_uniform(uint32_t seed, size_t index) {
    uint64_t z = ((uint64_t)seed << 40) + (uint64_t)index + 1; /* SplitMix64's finaliser */
    z *= 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (float)((int32_t)(z >> 43) - (1 << 20)) * 0x1p-20f;
}

void *test_zeros(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size);
    assert_non_null(p);
    return p;
}

const char *test_case_text(const struct test_case *c, char text[96]) {
    snprintf(text, 96, "I=%zu H=%zu O=%zu T=%zu B=%zu M=%zu W=%zu", c->shape.inputs,
             c->shape.hidden, c->shape.outputs, c->shape.seq_len, c->batch ? c->batch : c->windows,
             c->models, c->windows);
    return text;
}

static float *uniforms(size_t count, uint32_t seed, double scale) {
    float *p = test_zeros(count, sizeof *p);
    for (size_t i = 0; i < count; i++)
        p[i] = (float)(scale * (double)test_uniform(seed, i));
    return p;
}

/* A learning rate with which a loss overflows (an error of 1e19) in about two epochs of `updates`
 * updates: without a clip, an update multiplies the error by 2 lr or more. */
static float diverging_rate(size_t updates) {
    return (float)pow(10.0, 19.0 / (2.0 * (double)updates));
}

/* Fills the arrays that have an element for each model. */
static void fill_models(struct test_ensemble *e, const struct test_case *c) {
    size_t M = c->models, W = c->windows;
    e->tasks = test_zeros(M, sizeof *e->tasks);
    for (size_t m = 0; m < M; m++) {
        struct wr_task *task = &e->tasks[m];
        bool diverges = c->diverges && (m == 1 || m == 3);
        float factor = (float)(1 + m % 5) * 0.25f;
        task->first = c->ragged ? (m * 3) % W : 0;
        task->count = c->ragged ? 1 + (m * 5) % (W - task->first) : W;
        size_t updates = c->batch ? (task->count - 1) / c->batch + 1 : 1;
        task->lr = diverges    ? m == 1 ? 1e30f : diverging_rate(updates)
                      : c->varied ? c->lr * factor
                               : c->lr;
        task->clip = diverges                   ? 0.0f
                     : c->varied && m % 4 == 3  ? 0.0f
                     : c->varied && m % 4 == 2  ? INFINITY
                     : c->varied && c->clip > 0 ? c->clip * factor
                                                : c->clip;
    }
}

void test_ensemble_make(struct test_ensemble *e, const struct test_case *c) {
    struct wr_layout layout;
    struct wr_error error = {0};
    const struct wr_shape *s = &c->shape;
    memset(e, 0, sizeof *e);
    TEST_OK(wr_layout_of(s, &layout, &error));
    e->count = layout.count;
    e->inputs = uniforms((c->windows - 1 + s->seq_len) * s->inputs, 1, 2.0);
    e->targets = uniforms(c->windows * s->outputs, 2, 1.5);
    /* large, but small enough that tanh does not saturate */
    e->parameters = uniforms(c->models * e->count, 3, 1.0 / sqrt((double)(s->inputs + s->hidden)));
    e->weights = test_zeros(s->outputs, sizeof *e->weights);
    for (size_t o = 0; o < s->outputs; o++)
        e->weights[o] = 1.0f / (float)s->outputs;
    fill_models(e, c);
    e->ensemble = (struct wr_ensemble){
        .stack = {*s, c->models, e->parameters},
        .tasks = e->tasks,
        .batch = c->batch ? c->batch : c->windows,
        .schedule = WR_SCHEDULE_AUTO,
        .windows = {.count = c->windows,
                    .input_stride = s->inputs,
                    .target_stride = s->outputs,
                    .inputs = e->inputs,
                    .targets = e->targets,
                    .loss_weights = e->weights},
    };
}

void test_ensemble_free(struct test_ensemble *e) {
    free(e->inputs);
    free(e->targets);
    free(e->weights);
    free(e->parameters);
    free(e->tasks);
}

struct wr_ensemble test_ensemble_one(const struct test_ensemble *e, size_t m) {
    struct wr_ensemble one = e->ensemble;
    one.stack.count = 1;
    one.stack.parameters += m * e->count;
    one.tasks += m;
    return one;
}

struct reference *test_reference(const struct wr_ensemble *e, size_t m) {
    const struct wr_windows_view *v = &e->windows;
    const struct wr_task *task = &e->tasks[m];
    size_t first = task->first, windows = task->count > 0 ? task->count : v->count - first;
    struct reference *r = reference_new(&e->stack.shape, windows, e->batch);
    size_t row = r->seq_len * r->inputs;
    r->lr = (double)task->lr;
    r->clip = isinf(task->clip) ? 0.0 : (double)task->clip;
    r->rule = e->rule;
    for (size_t w = 0; w < windows; w++) {
        for (size_t i = 0; i < row; i++)
            r->x[w * row + i] = (double)v->inputs[(first + w) * v->input_stride + i];
        for (size_t o = 0; o < r->outputs; o++)
            r->target[w * r->outputs + o] = (double)v->targets[(first + w) * v->target_stride + o];
    }
    for (size_t o = 0; o < r->outputs; o++)
        r->weight[o] = (double)v->loss_weights[o];
    for (size_t i = 0; i < r->count; i++)
        r->parameters[i] = (double)e->stack.parameters[m * r->count + i];
    return r;
}

static char cache_dir[] = "/tmp/windrow-test-pocl-XXXXXX";
static pid_t cache_owner;

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static void remove_cache(void) {
    if (getpid() == cache_owner)
        nftw(cache_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void test_setup(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getenv("POCL_CACHE_DIR") != NULL)
        return;
    if (mkdtemp(cache_dir) == NULL) {
        perror(cache_dir);
        exit(1);
    }
    cache_owner = getpid();
    setenv("POCL_CACHE_DIR", cache_dir, 1);
    atexit(remove_cache);
}

void test_skip(const char *why) {
    printf("skipped: %s\n", why);
    exit(77);
}

struct wr_device *test_device(const char *selector, size_t threads) {
    struct wr_error error = {0};
    struct wr_device *device = NULL;
    struct wr_device_options options = {.threads = threads, .inexact = true};
    TEST_OK(wr_device_open(selector, &options, &device, &error));
    device->unchecked = true; /* the tests themselves check more */
    return device;
}

const char *const test_engines[TEST_ENGINES] = {"avx512", "avx512-rows", "avx2",    "avx2-rows",
                                                "neon",   "neon-rows",   "by rule", "scalar"};

struct wr_device *test_engine(const char *engine, size_t threads) {
    if (strcmp(engine, "by rule") == 0)
        return test_device("cpu", threads);
    struct wr_error error = {0};
    struct wr_device *device = NULL;
    struct wr_device_options options = {.threads = threads};
    setenv("WINDROW_CPU", engine, 1);
    wr_status status = wr_device_open("cpu", &options, &device, &error);
    unsetenv("WINDROW_CPU");
    if (status != WR_OK) {
        assert_int_equal(status, WR_ERR_DEVICE);
        assert_non_null(strstr(error.text, engine));
        assert_non_null(strstr(error.text, "scalar")); /* names the engines that exist */
    }
    wr_error_release(&error);
    return device;
}

const char *test_opencl_device(size_t n) {
    static char ids[16][32];
    static size_t found = SIZE_MAX;
    if (found == SIZE_MAX) {
        struct wr_error error = {0};
        struct wr_device_info *devices = NULL;
        size_t count = 0;
        TEST_OK(wr_devices_list(&devices, &count, &error));
        found = 0;
        for (size_t i = 0; i < count && found < 16; i++)
            if (strcmp(devices[i].backend, "opencl") == 0 && devices[i].usable)
                memcpy(ids[found++], devices[i].id, sizeof ids[0]);
        free(devices);
    }
    return n < found ? ids[n] : NULL;
}

const char *test_any_device(size_t n) {
    static bool said;
    if (n == 0)
        return "cpu";
    const char *id = test_opencl_device(n - 1);
    if (n == 1 && id == NULL && !said) {
        said = true;
        printf("opencl skipped: no usable OpenCL device\n");
    }
    return id;
}

struct wr_session *test_session(struct wr_device *device, const struct wr_ensemble *e,
                                enum wr_schedule schedule) {
    struct wr_error error = {0};
    struct wr_session *session = NULL;
    struct wr_ensemble with = *e;
    with.schedule = schedule;
    TEST_OK(wr_session_open(device, &with, &session, &error));
    if (schedule != WR_SCHEDULE_AUTO)
        assert_int_equal(wr_session_schedule(session), schedule);
    return session;
}

struct wr_session *test_session_if_fits(struct wr_device *device, const struct wr_ensemble *e,
                                        enum wr_schedule schedule) {
    struct wr_error error = {0};
    struct wr_session *session = NULL;
    struct wr_ensemble with = *e;
    with.schedule = schedule;
    if (schedule != WR_SCHEDULE_FUSED || e->stack.shape.hidden <= 64)
        return test_session(device, e, schedule);
    wr_status status = wr_session_open(device, &with, &session, &error);
    assert_true(status == WR_OK ? session != NULL : error.text[0] != '\0');
    wr_error_release(&error);
    return status == WR_OK ? session : NULL;
}

/* Sentinels before and behind a buffer, which nothing may overwrite. */
#define GUARD    64
#define SENTINEL 0x7fabcdefu

static float *guarded_new(size_t count) {
    uint32_t *words = test_zeros(count + 2 * GUARD, sizeof *words);
    for (size_t i = 0; i < count + 2 * GUARD; i++)
        words[i] = SENTINEL;
    return (float *)(void *)words;
}

/* Checks the sentinels, and that every value was written; returns the values without sentinels. */
static float *guarded_take(float *guarded, size_t count) {
    uint32_t word;
    for (size_t i = 0; i < count + 2 * GUARD; i++) {
        memcpy(&word, guarded + i, sizeof word);
        bool inside = i >= GUARD && i < GUARD + count;
        if (inside == (word == SENTINEL))
            fail_msg("%s at %td of %zu floats", inside ? "not written" : "written outside",
                     (ptrdiff_t)i - GUARD, count);
    }
    float *values = test_zeros(count, sizeof *values);
    memcpy(values, guarded + GUARD, count * sizeof *values);
    free(guarded);
    return values;
}

float *test_read(struct wr_session *session, enum wr_tensor tensor) {
    struct wr_error error = {0};
    size_t count = wr_session_tensor_size(session, tensor);
    float *guarded = guarded_new(count);
    TEST_OK(wr_session_read(session, tensor, guarded + GUARD, &error));
    return guarded_take(guarded, count);
}

float *test_run(struct wr_session *session, const struct wr_ensemble *e, size_t epochs) {
    struct wr_error error = {0};
    float *guarded = guarded_new(epochs * e->stack.count);
    TEST_OK(wr_session_run(session, epochs, guarded + GUARD, NULL, NULL, &error));
    return guarded_take(guarded, epochs * e->stack.count);
}

uint32_t *test_diverged(struct wr_session *session, const struct wr_ensemble *e) {
    struct wr_error error = {0};
    uint32_t *diverged = test_zeros(e->stack.count, sizeof *diverged);
    TEST_OK(wr_session_diverged(session, diverged, &error));
    return diverged;
}

static uint32_t bits(float x) {
    uint32_t word;
    memcpy(&word, &x, sizeof word);
    return word;
}

void test_same_floats(const char *what, const float *expected, const float *actual, size_t count) {
    if (memcmp(expected, actual, count * sizeof *expected) == 0)
        return;
    size_t first = SIZE_MAX, differing = 0;
    for (size_t i = count; i-- > 0;) {
        if (bits(expected[i]) != bits(actual[i])) {
            first = i;
            differing++;
        }
    }
    fail_msg("%s: %zu of %zu differ, first [%zu]: expected %.9g (0x%08x), got %.9g (0x%08x)", what,
             differing, count, first, (double)expected[first], bits(expected[first]),
             (double)actual[first], bits(actual[first]));
}

double test_near_floats(const char *what, const double *expected, const float *actual, size_t count,
                        double least, double tolerance) {
    double scale = fmax(least, 1e-30), worst = 0;
    for (size_t i = 0; i < count; i++)
        scale = fmax(scale, fabs(expected[i]));
    for (size_t i = 0; i < count; i++) {
        double off = fabs((double)actual[i] - expected[i]) / scale;
        if (!(off <= tolerance))
            fail_msg("%s [%zu]: expected %.12g, got %.9g: off by %.3g of the largest value %.3g, "
                     "allowed %.3g",
                     what, i, expected[i], (double)actual[i], off, scale, tolerance);
        worst = fmax(worst, off);
    }
    return worst;
}
