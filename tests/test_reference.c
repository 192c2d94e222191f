/* The float64 reference itself: the gradient of every parameter against central differences, and
 * the worked example of the notebook to its printed digits. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct check {
    struct wr_shape shape;
    size_t windows, batch;
    struct wr_rule rule;
};

static struct reference *random_reference(const struct check *c) {
    struct reference *r = reference_new(&c->shape, c->windows, c->batch);
    r->rule = c->rule;
    for (size_t i = 0; i < r->windows * r->seq_len * r->inputs; i++)
        r->x[i] = 2.0 * (double)test_uniform(1, i);
    for (size_t i = 0; i < r->windows * r->outputs; i++)
        r->target[i] = 1.5 * (double)test_uniform(2, i);
    for (size_t i = 0; i < r->count; i++)
        r->parameters[i] = (double)test_uniform(3, i) / sqrt((double)r->hidden);
    for (size_t o = 0; o < r->outputs; o++)
        r->weight[o] = 7.0 + (double)o; /* has no effect on the gradient */
    return r;
}

/* The objective on windows first .. first + n - 1 after `step` is added to parameter i. */
static double objective_at(struct reference *r, size_t i, double step, size_t first, size_t n) {
    double kept = r->parameters[i];
    r->parameters[i] = kept + step;
    reference_forward(r, first, n);
    r->parameters[i] = kept;
    return reference_objective(r);
}

/* The error of a central difference with step 1e-5 is about 1e-10 here (step^2 and 1e-16/step). */
static void check_gradient(const struct check *c, size_t first, size_t n) {
    struct reference *r = random_reference(c);
    const double step = 1e-5;
    reference_forward(r, first, n);
    reference_bptt(r);
    double *gradient = test_zeros(r->count, sizeof *gradient);
    for (size_t i = 0; i < r->count; i++)
        gradient[i] = r->gradients[i];
    for (size_t i = 0; i < r->count; i++) {
        double up = objective_at(r, i, step, first, n), down = objective_at(r, i, -step, first, n);
        double difference = (up - down) / (2 * step);
        if (!(fabs(difference - gradient[i]) <= 1e-8 * (1 + fabs(difference))))
            fail_msg("%s %s H=%zu parameter %zu: bptt %.12g, finite difference %.12g",
                     wr_activation_name(r->rule.activation), wr_loss_name(r->rule.loss), r->hidden,
                     i, gradient[i], difference);
    }
    free(gradient);
    reference_free(r);
}

/* Every activation with every loss. In these cases no unit and no error is so near a kink (0, or
 * the delta of huber) that a step crosses it. */
static void test_finite_differences(void **state) {
    (void)state;
    static const struct check checks[] = {{{1, 1, 1, 1}, 3, 1, {0}},   {{1, 1, 1, 5}, 3, 1, {0}},
                                          {{1, 20, 1, 5}, 3, 1, {0}},  {{3, 4, 2, 6}, 10, 4, {0}},
                                          {{2, 7, 3, 1}, 5, 5, {0}},   {{5, 3, 1, 12}, 9, 8, {0}},
                                          {{1, 17, 4, 3}, 17, 16, {0}}};
    for (size_t k = 0; k < 12 * TEST_COUNT_OF(checks); k++) {
        struct check c = checks[k / 12];
        c.rule.activation = (enum wr_activation)(k % 12 / 4);
        c.rule.loss = (enum wr_loss)(k % 4);
        c.rule.huber_delta = 0.7f;
        c.rule.tau = 0.2f;
        check_gradient(&c, 0, c.batch);
        size_t last = (c.windows - 1) / c.batch * c.batch;
        check_gradient(&c, last, c.windows - last);
    }
}

/* The deltas are dL/da_t: their sum over time is db_h, window by window. */
static void test_deltas(void **state) {
    (void)state;
    struct check c = {{2, 5, 2, 4}, 6, 3, {0}};
    struct reference *r = random_reference(&c);
    reference_forward(r, 3, 3);
    reference_bptt(r);
    for (size_t j = 0; j < r->hidden; j++) {
        double sum = 0;
        for (size_t bt = 0; bt < 3 * r->seq_len; bt++)
            sum += r->da[bt * r->hidden + j];
        assert_true(fabs(sum - r->gradients[r->b_h + j]) < 1e-14);
    }
    reference_free(r);
}

/* The weights are printed to 8 decimals. Half a unit of the last decimal, 5e-9, is 2e-7 of W_hy,
 * and through x it changes 1 - h^2 by 1.4e-7 of itself. Both change the gradients of the recurrent
 * part. */
static void assert_digits(const char *what, double printed, double found) {
    if (!(fabs(found - printed) <= 4e-7 * fabs(printed)))
        fail_msg("%s: printed %.8f, found %.10f", what, printed, found);
}

static void test_worked_example(void **state) {
    (void)state;
    static const double x[] = {20, 21, 19.165781784734058, 16.087429935013184, 15.307597421130193};
    struct wr_shape shape = {1, 1, 1, 5};
    struct reference *r = reference_new(&shape, 1, 1);
    for (size_t t = 0; t < 5; t++)
        r->x[t] = x[t];
    r->target[0] = 14.672780156181451;
    r->parameters[r->w_xh] = -0.01120693;
    r->parameters[r->w_hh] = 0.00323926;
    r->parameters[r->b_h] = 1.49454101;
    r->parameters[r->w_hy] = 0.0246548;
    r->parameters[r->b_y] = -1.1758237039803698;
    reference_forward(r, 0, 1);
    reference_bptt(r);
    assert_digits("final h", 0.86821787, r->h[4]);
    assert_digits("prediction", -1.15441796, r->predictions[0]);
    assert_digits("loss", 250.50020029, r->losses[0]);
    assert_digits("dW_xh", -2.94371973, r->gradients[r->w_xh]);
    assert_digits("dW_hh", -0.16653561, r->gradients[r->w_hh]);
    assert_digits("db_h", -0.19229653, r->gradients[r->b_h]);
    assert_digits("dW_hy", -27.48291246, r->gradients[r->w_hy]);
    assert_digits("db_y", -31.65439624, r->gradients[r->b_y]);
    reference_free(r);
}

/* The steps of an epoch beside bptt: clip, update, the short last batch, total_loss. */
static void test_epoch(void **state) {
    (void)state;
    struct check c = {{1, 2, 1, 2}, 5, 2, {0}};
    struct reference *r = random_reference(&c), *by_hand = random_reference(&c);
    r->lr = by_hand->lr = 0.1;
    r->clip = 0.01;
    static const size_t batches[][2] = {{0, 2}, {2, 2}, {4, 1}};
    double total = 0;
    for (size_t k = 0; k < 3; k++) {
        reference_forward(by_hand, batches[k][0], batches[k][1]);
        reference_bptt(by_hand);
        for (size_t b = 0; b < batches[k][1]; b++)
            total += by_hand->losses[b];
        for (size_t i = 0; i < r->count; i++) {
            double g = by_hand->gradients[i];
            by_hand->parameters[i] -= 0.1 * (g > 0.01 ? 0.01 : g < -0.01 ? -0.01 : g);
        }
    }
    assert_true(fabs(reference_epoch(r) - total) < 1e-12);
    for (size_t i = 0; i < r->count; i++)
        assert_true(fabs(r->parameters[i] - by_hand->parameters[i]) < 1e-14);
    reference_free(r);
    reference_free(by_hand);
}

/* Clipping reduces the norm of the gradient to the clip and keeps its direction. Fixed biases do
 * not change, and the norm leaves them out. */
static void test_norm_and_fixed(void **state) {
    (void)state;
    struct check c = {{2, 5, 2, 4}, 6, 6, {.clipping = WR_CLIPPING_NORM}};
    for (unsigned fixed = 0; fixed < 4; fixed++) {
        c.rule.fixed = fixed;
        struct reference *r = random_reference(&c), *before = random_reference(&c);
        r->lr = 1;
        r->clip = 0.125;
        reference_epoch(r);
        double sum = 0, along = 0, whole = 0;
        reference_forward(before, 0, 6);
        reference_bptt(before);
        for (size_t i = 0; i < r->count; i++) {
            bool is_b_h = i >= r->b_h && i < r->w_hy, is_b_y = i >= r->b_y;
            double moved = before->parameters[i] - r->parameters[i], g = before->gradients[i];
            if ((is_b_h && fixed & WR_FIXED_HIDDEN_BIAS) || (is_b_y && fixed & WR_FIXED_HEAD_BIAS))
                assert_true(moved == 0);
            else
                sum += moved * moved, along += moved * g, whole += g * g;
        }
        assert_true(fabs(sqrt(sum) - 0.125) < 1e-12 && whole > 0.125 * 0.125);
        assert_true(fabs(along - sqrt(sum * whole)) < 1e-12 * along);
        reference_free(r);
        reference_free(before);
    }
}

/* An epoch of a list of visits equals an epoch of those windows in order. */
static void test_visits(void **state) {
    (void)state;
    static const size_t visits[] = {4, 1, 1, 0, 3};
    struct check c = {{2, 3, 2, 4}, 5, 2, {0}};
    struct reference *r = random_reference(&c), *copied = random_reference(&c);
    for (size_t v = 0; v < TEST_COUNT_OF(visits); v++) {
        for (size_t i = 0; i < 8; i++)
            copied->x[v * 8 + i] = r->x[visits[v] * 8 + i];
        for (size_t o = 0; o < 2; o++)
            copied->target[v * 2 + o] = r->target[visits[v] * 2 + o];
    }
    r->visits = visits;
    r->lr = copied->lr = 0.1;
    assert_true(reference_epoch(r) == reference_epoch(copied));
    assert_memory_equal(r->parameters, copied->parameters, r->count * sizeof *r->parameters);
    r->visit_count = 2;
    (void)reference_epoch(r);
    assert_int_equal(r->updates, 4);
    reference_free(r);
    reference_free(copied);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finite_differences), cmocka_unit_test(test_deltas),
        cmocka_unit_test(test_worked_example),     cmocka_unit_test(test_epoch),
        cmocka_unit_test(test_norm_and_fixed),     cmocka_unit_test(test_visits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
