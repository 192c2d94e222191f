/* What the tests share: deterministic ensembles, devices, comparisons that show the first
 * difference, and skipping. Includes cmocka and the public API. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reference.h"
#include "windrow/session.h"

#define TEST_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Fails the test with the error's text unless call is WR_OK. `error` is in scope. */
#define TEST_OK(call) test_ok((call), &error, #call, __FILE__, __LINE__)
void test_ok(wr_status status, struct wr_error *error, const char *call, const char *file,
             int line);

/* A number in [-1, 1), uniform, a multiple of 2^-20. It depends only on seed and index. */
float test_uniform(uint32_t seed, size_t index);
void *test_zeros(size_t count, size_t size);

struct test_case {
    struct wr_shape shape;
    size_t models, windows;
    size_t batch; /* 0: all */
    float lr, clip;
    bool ragged;   /* model m has its own windows */
    bool varied;   /* model m has its own lr and clip */
    bool diverges; /* model 1 diverges in its first epochs, model 3 about an epoch later */
};
/* "I=1 H=20 O=1 T=5 B=1 M=17 W=9" into text. Returns text. */
const char *test_case_text(const struct test_case *c, char text[96]);

/* An ensemble and everything it points to. */
struct test_ensemble {
    struct wr_ensemble ensemble;
    size_t count; /* P */
    float *inputs, *targets, *weights, *parameters;
    struct wr_task *tasks;
};
void test_ensemble_make(struct test_ensemble *e, const struct test_case *c);
void test_ensemble_free(struct test_ensemble *e);
/* An ensemble of model m of e alone. It points into e. */
struct wr_ensemble test_ensemble_one(const struct test_ensemble *e, size_t m);
/* The float64 reference of model m. */
struct reference *test_reference(const struct wr_ensemble *e, size_t m);

/* The first call of every test's main. Prints without a locale, and gives PoCL a kernel cache for
 * this process if POCL_CACHE_DIR is not set. */
void test_setup(void);
/* Ends the program as skipped (77). */
_Noreturn void test_skip(const char *why);

/* Opens a device by its selector, also an inexact one. threads 0: the default. */
struct wr_device *test_device(const char *selector, size_t threads);
/* The engines of the cpu backend on any machine. "by rule": the one that the device chooses if none
 * is named. */
enum { TEST_ENGINES = 8 };
extern const char *const test_engines[TEST_ENGINES];
/* Opens the cpu device with an engine; NULL if this CPU or build lacks it. */
struct wr_device *test_engine(const char *engine, size_t threads);
/* The id of the n-th usable OpenCL device, or NULL past the last. */
const char *test_opencl_device(size_t n);
/* "cpu", then every usable OpenCL device; NULL past the last. Tells once on stderr if there is no
 * OpenCL device. */
const char *test_any_device(size_t n);

struct wr_session *test_session(struct wr_device *device, const struct wr_ensemble *e,
                                enum wr_schedule schedule);
/* test_session, but returns NULL where the fused schedule refuses H > 64. The refusal must tell
 * why. */
struct wr_session *test_session_if_fits(struct wr_device *device, const struct wr_ensemble *e,
                                        enum wr_schedule schedule);
/* Reads a tensor and checks that the sentinels before and behind it survive. The caller frees
 * it. */
float *test_read(struct wr_session *session, enum wr_tensor tensor);
/* Trains `epochs` epochs; returns losses (epochs, M), read between sentinels. The caller frees
 * them. */
float *test_run(struct wr_session *session, const struct wr_ensemble *e, size_t epochs);
/* (M) diverged epochs. The caller frees. */
uint32_t *test_diverged(struct wr_session *session, const struct wr_ensemble *e);

/* Compares bits; fails with the first differing index, both values and both bit patterns. */
void test_same_floats(const char *what, const float *expected, const float *actual, size_t count);
/* |actual - expected| <= tolerance * max |expected| over the tensor (or 1e-30). Returns the largest
 * error as a multiple of that maximum. */
double test_near_floats(const char *what, const double *expected, const float *actual, size_t count,
                        double least, double tolerance);

#endif
