/* Every backend and schedule, and the float64 reference, against the float64 trajectories that
 * scripts/golden made with NumPy.
 *
 * Tolerance, relative to the largest value of a tensor, u = 2^-24. One update: sums of I + H + O
 * terms and a tanh of 4 ulp, through T steps forward and backward, give gradients to within
 * G = u (I + H + O + 8) T in the worst case; the parameters are rounded once more. Updates of the
 * notebook's rule that do not amplify what went before (lr times curvature is below 1 in every
 * case) add up: n updates give at most n (u + lr G g) where lr g, an update's size, is at most 1/20
 * of the largest parameter.
 *
 * Other rules amplify: Adam and RMSprop make an update of every gradient, however small it is. The
 * amplification is measured: the float64 reference trains again while random errors are added, of u
 * to every parameter and of G of its terms to every gradient. The tolerance is G plus four times
 * the difference that this makes. */
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    "notebook",
    "all_at_once",
    "one_by_one_wide",
    "short_last",
    "short_last_clipped",
    "no_short_last_clipped",
    "one_step",
    "one_unit",
    "long_wide",
    "momentum",
    "rmsprop",
    "rmsprop_relu",
    "adam",
    "adam_mae_linear",
    "adamw_huber_cosine",
    "norm_wide",
    "mae_relu_norm",
    "huber_identity",
    "quantile_norm",
    "quantile_adam",
};

struct vectors {
    json_t *json;
    struct wr_shape shape;
    size_t batch, windows, epochs, updates, count; /* P */
    double lr, clip;
    struct wr_rule rule;
    double gradient_tolerance, tolerance;
    double worst; /* largest error so far, as a fraction of its tolerance */
};

static size_t size_of(json_t *json, const char *key) {
    json_t *value = json_object_get(json, key);
    assert_true(json_is_integer(value));
    return (size_t)json_integer_value(value);
}

/* Reads an array of `count` numbers. The caller frees it. */
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
        assert_true((double)floats[i] == values[i]); /* the same start in float32 */
    }
    free(values);
    return floats;
}

/* ---- the rule: its names are those of the library ---- */

static unsigned kind_of(json_t *rule, const char *key, const char *const *kinds, size_t count) {
    const char *name = json_string_value(json_object_get(rule, key));
    for (unsigned kind = 0; name != NULL && kind < count; kind++)
        if (strcmp(kinds[kind], name) == 0)
            return kind;
    if (name != NULL)
        fail_msg("%s \"%s\" is none of the library's", key, name);
    return 0;
}

static float float_of(json_t *rule, const char *key) {
    double value = json_number_value(json_object_get(rule, key)); /* 0 if the key is absent */
    assert_true((double)(float)value == value);
    return (float)value;
}

static struct wr_rule rule_of(json_t *rule) {
    static const char *const clippings[] = {"value", "norm"};
    const char *optimizers[4], *losses[4], *activations[3], *decays[3];
    for (unsigned i = 0; i < 4; i++) {
        optimizers[i] = wr_optimizer_name((enum wr_optimizer)i);
        losses[i] = wr_loss_name((enum wr_loss)i);
    }
    for (unsigned i = 0; i < 3; i++) {
        activations[i] = wr_activation_name((enum wr_activation)i);
        decays[i] = wr_decay_name((enum wr_decay)i);
    }
    return (struct wr_rule){
        .activation = (enum wr_activation)kind_of(rule, "activation", activations, 3),
        .loss = (enum wr_loss)kind_of(rule, "loss", losses, 4),
        .huber_delta = float_of(rule, "huber_delta"),
        .tau = float_of(rule, "tau"),
        .clipping = (enum wr_clipping)kind_of(rule, "clipping", clippings, 2),
        .optimizer = (enum wr_optimizer)kind_of(rule, "optimizer", optimizers, 4),
        .momentum = float_of(rule, "momentum"),
        .beta1 = float_of(rule, "beta1"),
        .beta2 = float_of(rule, "beta2"),
        .epsilon = float_of(rule, "epsilon"),
        .weight_decay = float_of(rule, "weight_decay"),
        .decay = (enum wr_decay)kind_of(rule, "decay", decays, 3),
        .decay_epochs = (size_t)json_integer_value(json_object_get(rule, "decay_epochs")),
        .fixed = (unsigned)json_integer_value(json_object_get(rule, "fixed")),
    };
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
    r->rule = v->rule;
    r->lr = v->lr;
    r->clip = v->clip;
    free(series);
    free(targets);
    free(start);
    return r;
}

/* ---- tolerances ---- */

/* Moves value by up to `by`, up or down. */
static void disturb(double *value, double by, size_t *draw) {
    *value += by * (double)test_uniform(17, (*draw)++);
}

/* reference_epoch; if `disturbed`, with random errors of the size of float32 rounding. */
static double epoch_of(struct reference *r, const struct vectors *v, bool disturbed, size_t *draw) {
    double total = 0;
    for (size_t first = 0; first < r->windows; first += r->batch) {
        size_t left = r->windows - first;
        reference_forward(r, first, left < r->batch ? left : r->batch);
        for (size_t b = 0; b < r->n; b++)
            total += r->losses[b];
        reference_bptt(r);
        for (size_t i = 0; i < r->count && disturbed; i++)
            disturb(&r->gradients[i], v->gradient_tolerance * r->terms[i], draw);
        reference_clip(r);
        reference_update(r);
        for (size_t i = 0; i < r->count && disturbed; i++)
            disturb(&r->parameters[i], 0x1p-24 * fabs(r->parameters[i]), draw);
    }
    return total;
}

/* The largest difference, relative to the largest value. */
static double apart(const double *a, const double *b, size_t count) {
    double difference = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        difference = fmax(difference, fabs(a[i] - b[i]));
        largest = fmax(largest, fabs(a[i]));
    }
    return difference / largest;
}

static double amplified(struct vectors *v) {
    struct reference *r = reference_of(v), *off = reference_of(v);
    double *totals = test_zeros(v->epochs, sizeof *totals),
           *others = test_zeros(v->epochs, sizeof *others);
    size_t draw = 0;
    for (size_t epoch = 0; epoch < v->epochs; epoch++) {
        totals[epoch] = epoch_of(r, v, false, &draw);
        others[epoch] = epoch_of(off, v, true, &draw);
    }
    reference_forward(r, 0, 1);
    reference_forward(off, 0, 1);
    double worst = fmax(apart(r->parameters, off->parameters, r->count),
                        fmax(apart(totals, others, v->epochs),
                             apart(r->predictions, off->predictions, r->outputs)));
    free(totals);
    free(others);
    reference_free(r);
    reference_free(off);
    return worst;
}

static void set_tolerances(struct vectors *v) {
    const double u = 0x1p-24;
    size_t terms = v->shape.inputs + v->shape.hidden + v->shape.outputs + 8;
    double G = v->gradient_tolerance = u * (double)(terms * v->shape.seq_len);
    if (json_object_get(v->json, "rule") != NULL)
        v->tolerance = G + 4 * amplified(v);
    else
        v->tolerance = G + (double)v->updates * (u + G / 20);
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
    v->rule = rule_of(json_object_get(v->json, "rule"));
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

/* Compares, before training, the prediction of the first window and the gradient of the first
 * batch. */
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
    const struct wr_task task = {.lr = (float)v.lr, .clip = (float)v.clip};
    struct wr_ensemble e = {
        .stack = {v.shape, 1, start},
        .tasks = &task,
        .batch = v.batch,
        .windows = {v.windows, I, O, series, targets, weights},
        .rule = v.rule,
    };
    struct wr_device *device = test_device(id, 0);
    struct wr_session *session = test_session(device, &e, schedule);
    check_start(session, &v);
    check_training(session, &e, &v);
    print_message("%s %s %s: worst error %.2f of the tolerance, %.1e at most\n", id,
                  wr_schedule_name(schedule), name, v.worst, v.tolerance);
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
