/* Every backend and schedule against the float64 trajectories that scripts/golden made with NumPy;
 * the float64 reference as well.
 *
 * Tolerance, relative to the largest value of a tensor, u = 2^-24. One update: sums of I + H + O
 * terms and a tanh of 4 ulp, through T steps forth and back, give gradients to within
 * G = u (I + H + O + 8) T in the worst case; the parameters are rounded once more. Updates that do
 * not amplify what went before (lr times curvature is below 1 in every case) add up: n updates give
 * at most n (u + lr G g) where lr g, an update's size, is at most 1/20 of the largest parameter. */
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    "notebook",   "all_at_once",        "one_by_one_wide",
    "short_last", "short_last_clipped", "no_short_last_clipped",
    "one_step",   "one_unit",           "long_wide",
};

struct vectors {
    json_t *json;
    struct wr_shape shape;
    size_t batch, windows, epochs, updates, count; /* P */
    double lr, clip;
    double gradient_tolerance, tolerance;
    double worst; /* error so far, as a fraction of its tolerance */
};

static size_t size_of(json_t *json, const char *key) {
    json_t *value = json_object_get(json, key);
    assert_true(json_is_integer(value));
    return (size_t)json_integer_value(value);
}

/* The caller frees. */
static double *array_of(json_t *json, const char *key, size_t count) {
    json_t *array = json_object_get(json, key);
    assert_int_equal(json_array_size(array), count);
    double *values = test_zeros(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = json_number_value(json_array_get(array, i));
    return values;
}

static float *floats_of(json_t *json, const char *key, size_t count) {
    double *values = array_of(json, key, count);
    float *floats = test_zeros(count, sizeof *floats);
    for (size_t i = 0; i < count; i++) {
        floats[i] = (float)values[i];
        assert_true((double)floats[i] == values[i]); /* a start that both precisions share */
    }
    free(values);
    return floats;
}

static void set_tolerances(struct vectors *v) {
    const double u = 0x1p-24;
    size_t terms = v->shape.inputs + v->shape.hidden + v->shape.outputs + 8;
    v->gradient_tolerance = u * (double)(terms * v->shape.seq_len);
    v->tolerance = v->gradient_tolerance + (double)v->updates * (u + v->gradient_tolerance / 20);
}

static void read_vectors(const char *name, struct vectors *v) {
    char path[4096];
    json_error_t error;
    *v = (struct vectors){0};
    snprintf(path, sizeof path, "%s/golden/%s.json", WR_TEST_SOURCE_DIR, name);
    v->json = json_load_file(path, 0, &error);
    if (v->json == NULL)
        fail_msg("%s: %s", path, error.text);
    struct wr_shape *s = &v->shape;
    s->inputs = size_of(v->json, "inputs");
    s->hidden = size_of(v->json, "hidden");
    s->outputs = size_of(v->json, "outputs");
    s->seq_len = size_of(v->json, "seq_len");
    v->batch = size_of(v->json, "batch");
    v->windows = size_of(v->json, "windows");
    v->epochs = size_of(v->json, "epochs");
    v->updates = v->epochs * ((v->windows - 1) / v->batch + 1);
    v->count = s->hidden * (s->inputs + s->hidden + 1 + s->outputs) + s->outputs;
    v->lr = json_number_value(json_object_get(v->json, "lr"));
    v->clip = json_number_value(json_object_get(v->json, "clip"));
    set_tolerances(v);
}

/* ---- the backends ---- */

static void near(const char *what, struct vectors *v, const char *key, const float *found,
                 size_t count, double tolerance) {
    double *expected = array_of(v->json, key, count);
    double off = test_near_floats(what, expected, found, count, 0, tolerance);
    v->worst = fmax(v->worst, off / tolerance);
    free(expected);
}

/* Before training: the first window's prediction, and the first batch's gradient. */
static void check_start(struct wr_session *session, struct vectors *v) {
    struct wr_error error = {0};
    TEST_OK(wr_session_forward(session, 0, v->batch, &error));
    TEST_OK(wr_session_bptt(session, &error));
    float *predictions = test_read(session, WR_PREDICTIONS);
    float *gradients = test_read(session, WR_GRADIENTS);
    near("first prediction", v, "first_prediction", predictions, v->shape.outputs,
         v->gradient_tolerance);
    near("first gradient", v, "first_gradient", gradients, v->count, v->gradient_tolerance);
    free(predictions);
    free(gradients);
}

static void check_training(struct wr_session *session, const struct wr_ensemble *e,
                           struct vectors *v) {
    struct wr_error error = {0};
    float *losses = test_run(session, e, v->epochs);
    float *parameters = test_read(session, WR_PARAMETERS);
    near("total_loss", v, "total_loss", losses, v->epochs, v->tolerance);
    near("final parameters", v, "final", parameters, v->count, v->tolerance);
    TEST_OK(wr_session_forward(session, 0, 1, &error));
    float *predictions = test_read(session, WR_PREDICTIONS);
    near("final prediction", v, "final_prediction", predictions, v->shape.outputs, v->tolerance);
    free(losses);
    free(parameters);
    free(predictions);
}

static void check_device(const char *id, const char *name, enum wr_schedule schedule) {
    struct vectors v;
    read_vectors(name, &v);
    size_t I = v.shape.inputs, O = v.shape.outputs;
    float *series = floats_of(v.json, "series", (v.windows - 1 + v.shape.seq_len) * I);
    float *targets = floats_of(v.json, "targets", v.windows * O);
    float *start = floats_of(v.json, "start", v.count);
    float *weights = test_zeros(O, sizeof *weights);
    for (size_t o = 0; o < O; o++)
        weights[o] = 1.0f / (float)O;
    float lr = (float)v.lr, clip = (float)v.clip;
    struct wr_ensemble e = {
        .shape = v.shape,
        .models = 1,
        .batch = v.batch,
        .windows = {v.windows, I, O, series, targets, weights},
        .lr = &lr,
        .clip = &clip,
        .parameters = start,
    };
    struct wr_device *device = test_device(id, 0);
    struct wr_session *session = test_session(device, &e, schedule);
    check_start(session, &v);
    check_training(session, &e, &v);
    print_message("%s %s %s: worst error %.2f of the tolerance\n", id, wr_schedule_name(schedule),
                  name, v.worst);
    wr_session_close(session);
    wr_device_close(device);
    free(series);
    free(targets);
    free(start);
    free(weights);
    json_decref(v.json);
}

static void check_devices(enum wr_schedule schedule) {
    const char *id;
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        for (size_t i = 0; i < TEST_COUNT_OF(names); i++)
            check_device(id, names[i], schedule);
    }
}

static void test_staged(void **state) {
    (void)state;
    check_devices(WR_SCHEDULE_STAGED);
}

static void test_fused(void **state) {
    (void)state;
    check_devices(WR_SCHEDULE_FUSED);
}

/* ---- the float64 reference, to 1e-10 ---- */

static void near_doubles(struct vectors *v, const char *what, const char *key, const double *found,
                         size_t count) {
    double *expected = array_of(v->json, key, count);
    for (size_t i = 0; i < count; i++)
        if (!(fabs(found[i] - expected[i]) <= 1e-10 * (1 + fabs(expected[i]))))
            fail_msg("%s: %s [%zu]: %.15g, not %.15g", what, key, i, found[i], expected[i]);
    free(expected);
}

static struct reference *reference_of(struct vectors *v) {
    struct reference *r = reference_new(&v->shape, v->windows, v->batch);
    size_t I = r->inputs, T = r->seq_len;
    double *series = array_of(v->json, "series", (v->windows - 1 + T) * I);
    double *targets = array_of(v->json, "targets", v->windows * r->outputs);
    double *start = array_of(v->json, "start", v->count);
    assert_int_equal(r->count, v->count);
    for (size_t w = 0; w < v->windows; w++)
        memcpy(r->x + w * T * I, series + w * I, T * I * sizeof *series);
    memcpy(r->target, targets, v->windows * r->outputs * sizeof *targets);
    memcpy(r->parameters, start, v->count * sizeof *start);
    r->lr = v->lr;
    r->clip = v->clip;
    free(series);
    free(targets);
    free(start);
    return r;
}

static void test_float64_reference(void **state) {
    (void)state;
    for (size_t k = 0; k < TEST_COUNT_OF(names); k++) {
        struct vectors v;
        read_vectors(names[k], &v);
        struct reference *r = reference_of(&v);
        double *losses = test_zeros(v.epochs, sizeof *losses);
        reference_forward(r, 0, v.batch);
        reference_bptt(r);
        near_doubles(&v, names[k], "first_gradient", r->gradients, v.count);
        for (size_t epoch = 0; epoch < v.epochs; epoch++)
            losses[epoch] = reference_epoch(r);
        near_doubles(&v, names[k], "total_loss", losses, v.epochs);
        near_doubles(&v, names[k], "final", r->parameters, v.count);
        free(losses);
        reference_free(r);
        json_decref(v.json);
    }
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float64_reference),
        cmocka_unit_test(test_staged),
        cmocka_unit_test(test_fused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
