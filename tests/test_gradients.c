/* The stages of every backend against the float64 reference: several inputs and outputs, full,
 * short and ragged batches, and parameters that change from batch to batch. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* I, H, O, T; models, windows, batch; lr, clip; ragged, varied, diverges */
static const struct test_case cases[] = {
    {{1, 1, 1, 1}, 3, 4, 1, 0.05f, 0.5f, false, true, false},
    {{1, 20, 1, 5}, 5, 7, 1, 0.05f, 0.0f, false, false, false},
    {{1, 20, 1, 5}, 18, 19, 0, 0.05f, 0.1f, false, true, false},
    {{2, 5, 3, 4}, 3, 10, 4, 0.05f, 0.05f, false, true, false},
    {{3, 17, 2, 6}, 4, 40, 16, 0.02f, 0.0f, false, true, false},
    {{20, 8, 1, 3}, 2, 40, 17, 0.02f, 0.02f, false, true, false},
    {{2, 33, 2, 14}, 3, 36, 35, 0.02f, 0.1f, false, false, false},
    {{1, 64, 3, 2}, 2, 9, 3, 0.02f, 0.0f, false, false, false},
    {{4, 9, 2, 5}, 7, 23, 5, 0.05f, 0.05f, true, true, false},
};

/* One batch of one model: the values of the session and of the reference. */
struct batch {
    size_t model, slots; /* B */
    const float *hidden, *deltas, *predictions, *losses, *gradients, *clipped, *parameters;
    double tolerance; /* worst case of float32, as test_golden.c explains; grows with each batch */
    double worst;     /* largest error, as a fraction of the tolerance */
};

static void near(struct batch *batch, const char *what, const double *expected, const float *found,
                 size_t count, double least) {
    double off = test_near_floats(what, expected, found, count, least, batch->tolerance);
    batch->worst = fmax(batch->worst, off / batch->tolerance);
}

/* Compares each tensor relative to its largest value, or to its largest sum of terms (P) where
 * terms cancel. */
static void near_parameters(struct batch *batch, const char *what, const struct reference *r,
                            const double *expected, const float *found, const double *terms) {
    const size_t starts[] = {r->w_xh, r->w_hh, r->b_h, r->w_hy, r->b_y, r->count};
    static const char *const tensors[] = {"w_xh", "w_hh", "b_h", "w_hy", "b_y"};
    for (size_t i = 0; i < 5; i++) {
        char text[64];
        double least = 0;
        for (size_t p = starts[i]; terms != NULL && p < starts[i + 1]; p++)
            least = fmax(least, terms[p]);
        snprintf(text, sizeof text, "%s %s", what, tensors[i]);
        near(batch, text, expected + starts[i], found + batch->model * r->count + starts[i],
             starts[i + 1] - starts[i], least);
    }
}

static void check_batch(struct batch *b, struct reference *r, size_t first, size_t n) {
    size_t H = r->hidden, TH = r->seq_len * H, O = r->outputs, slot = b->model * b->slots;
    reference_forward(r, first, n);
    near(b, "predictions", r->predictions, b->predictions + slot * O, n * O, 0);
    near(b, "losses", r->losses, b->losses + slot, n, 0);
    near(b, "hidden", r->h, b->hidden + slot * TH, n * TH, 0);
    reference_bptt(r);
    for (size_t s = 0; s < n * r->seq_len; s++) /* deltas shrink from step to step */
        near(b, "deltas", r->da + s * H, b->deltas + slot * TH + s * H, H, 0);
    near_parameters(b, "gradient", r, r->gradients, b->gradients, r->terms);
    reference_clip(r);
    near_parameters(b, "clipped", r, r->gradients, b->clipped, r->terms);
    reference_update(r);
    near_parameters(b, "parameters", r, r->parameters, b->parameters, NULL);
}

/* Runs the stages on windows first .. first + count - 1 and checks every model. */
static double check_stages(struct wr_session *session, const struct wr_ensemble *e,
                           struct reference **references, size_t first, size_t count,
                           double tolerance) {
    struct wr_error error = {0};
    float *read[7];
    TEST_OK(wr_session_forward(session, first, count, &error));
    read[0] = test_read(session, WR_HIDDEN);
    read[1] = test_read(session, WR_PREDICTIONS);
    read[2] = test_read(session, WR_LOSSES);
    TEST_OK(wr_session_bptt(session, &error));
    read[3] = test_read(session, WR_DELTAS);
    read[4] = test_read(session, WR_GRADIENTS);
    TEST_OK(wr_session_clip(session, &error));
    read[5] = test_read(session, WR_GRADIENTS);
    TEST_OK(wr_session_update(session, &error));
    read[6] = test_read(session, WR_PARAMETERS);
    struct batch b = {.slots = wr_session_tensor_size(session, WR_LOSSES) / e->stack.count,
                      .hidden = read[0],
                      .predictions = read[1],
                      .losses = read[2],
                      .deltas = read[3],
                      .gradients = read[4],
                      .clipped = read[5],
                      .parameters = read[6],
                      .tolerance = tolerance};
    for (b.model = 0; b.model < e->stack.count; b.model++) {
        struct reference *r = references[b.model];
        size_t left = r->windows > first ? r->windows - first : 0;
        size_t n = left < count ? left : count;
        if (n > 0)
            check_batch(&b, r, first, n);
        else
            near_parameters(&b, "parameters of a model without a window", r, r->parameters,
                            b.parameters, NULL);
    }
    for (size_t i = 0; i < 7; i++)
        free(read[i]);
    return b.worst;
}

static double check_case(struct wr_device *device, const struct test_case *c) {
    struct test_ensemble e;
    test_ensemble_make(&e, c);
    size_t most = e.ensemble.batch, W = c->windows, batches = 0;
    struct reference **references = test_zeros(c->models, sizeof(struct reference *));
    for (size_t m = 0; m < c->models; m++)
        references[m] = test_reference(&e.ensemble, m);
    struct wr_session *session = test_session(device, &e.ensemble, WR_SCHEDULE_STAGED);
    size_t slots = wr_session_tensor_size(session, WR_LOSSES) / c->models;
    most = most < slots ? most : slots; /* a session limits its batch to the number of windows */
    double unit = 0x1p-24 * (double)((c->shape.inputs + c->shape.hidden + c->shape.outputs + 8) *
                                     c->shape.seq_len);
    double worst = 0;
    for (size_t first = 0; first < W; first += most)
        worst = fmax(worst, check_stages(session, &e.ensemble, references, first, most,
                                         unit * (double)++batches));
    size_t count = most > 1 ? most - 1 : 1; /* not the start of a batch of an epoch */
    worst = fmax(worst, check_stages(session, &e.ensemble, references, W / 2, count,
                                     unit * (double)++batches));
    wr_session_close(session);
    for (size_t m = 0; m < c->models; m++)
        reference_free(references[m]);
    free(references);
    test_ensemble_free(&e);
    return worst;
}

static void test_stages(void **state) {
    (void)state;
    const char *id;
    char text[96];
    for (size_t d = 0; (id = test_any_device(d)) != NULL; d++) {
        struct wr_device *device = test_device(id, 0);
        for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
            double worst = check_case(device, &cases[i]);
            print_message("%s %s: worst error %.2f of what float32 may\n", id,
                          test_case_text(&cases[i], text), worst);
        }
        wr_device_close(device);
    }
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
