/* The functions of learning rules, on the host: those of kernels/rule/, and those of
 * kernels/numerics.h that rules need, against other definitions of the same functions. */
#include "support.h"

#include <Random123/philox.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/random.h"
#include "model/choices.h"

/* |found - exact| in units of the last place of exact. */
static double ulps(float found, double exact) {
    int exponent;
    (void)frexp(exact, &exponent);
    return fabs((double)found - exact) / ldexp(1, exponent - 24);
}

/* ---- reciprocals and roots ---- */

/* Every float of a binade; the errors are the same in every other binade. */
static void test_reciprocal(void **state) {
    (void)state;
    double worst = 0;
    for (uint32_t i = wr_as_int(1.0f); i < wr_as_int(2.0f); i++)
        worst = fmax(worst, ulps(wr_reciprocal(wr_as_float(i)), 1 / (double)wr_as_float(i)));
    print_message("wr_reciprocal: at most %.4f ulp\n", worst);
    assert_true(worst < 0.52);
    for (uint32_t i = wr_as_int(0x1.000002p-120f); i < wr_as_int(0x1p120f); i += 99991)
        assert_true(ulps(wr_reciprocal(wr_as_float(i)), 1 / (double)wr_as_float(i)) < 0.52);
}

static void test_root(void **state) {
    (void)state;
    double worst = 0, worst_root = 0;
    for (uint32_t i = wr_as_int(1.0f); i < wr_as_int(4.0f); i++) {
        float x = wr_as_float(i);
        double root = sqrt((double)x);
        worst = fmax(worst, ulps(wr_rsqrt(x), 1 / root));
        worst_root = fmax(worst_root, fabs((double)wr_root(x) / root - 1));
    }
    print_message("wr_rsqrt: at most %.4f ulp; wr_root: off by %.3g\n", worst, worst_root);
    assert_true(worst < 1.93 && worst_root < 7e-7);
    assert_true(wr_root(0.0f) == 0 && isnan(wr_root(NAN)));
    for (uint32_t i = wr_as_int(0x1p-125f); i < wr_as_int(INFINITY); i += 99991)
        assert_true(ulps(wr_rsqrt(wr_as_float(i)), 1 / sqrt((double)wr_as_float(i))) < 1.93);
    assert_true(isfinite(wr_rsqrt(0.0f)) && wr_rsqrt(0.0f) > 1e19f);
    assert_true(isfinite(wr_rsqrt(0x1p-149f)));
}

static void test_norm_factor(void **state) {
    (void)state;
    assert_true(wr_norm_factor(4.0f, 2.0f) == 1.0f); /* at the limit */
    assert_true(wr_norm_factor(0.0f, 1e-3f) == 1.0f);
    assert_true(wr_norm_factor(1e30f, INFINITY) == 1.0f);
    for (size_t i = 0; i < 10000; i++) {
        float sum = 1.0f + 1e6f * fabsf(test_uniform(1, i)), c = fabsf(test_uniform(2, i)) + 1e-6f;
        assert_true(ulps(wr_norm_factor(sum, c), (double)c / sqrt((double)sum)) < 4.4);
    }
}

/* ---- losses and activations ---- */

static void test_signs(void **state) {
    (void)state;
    assert_true(wr_sign(3.0f) == 1 && wr_sign(-1e-40f) == -1 && wr_sign(0.0f) == 0);
    assert_true(wr_sign(INFINITY) == 1 && wr_sign(-INFINITY) == -1 && isnan(wr_sign(NAN)));
    assert_true(wr_relu(2.5f) == 2.5f && wr_relu(-2.5f) == 0 && isnan(wr_relu(NAN)));
    assert_true(wr_relu_delta(2.0f, -3.0f) == -3 && wr_relu_delta(0.0f, 3.0f) == 0);
    assert_true(isnan(wr_relu_delta(NAN, 3.0f)));
    assert_true(wr_tilt(3.0f, 0.25f) == 0.75f && wr_tilt(-1e-40f, 0.25f) == -0.25f);
    assert_true(wr_tilt(INFINITY, 0.25f) == 0.75f && wr_tilt(-INFINITY, 0.25f) == -0.25f);
    assert_true(wr_tilt(0.0f, 0.25f) == 0 && isnan(wr_tilt(NAN, 0.25f)));
}

/* ---- rates ---- */

static void test_decay(void **state) {
    (void)state;
    static const size_t totals[] = {1, 2, 7, 95, 1000, 54321};
    for (size_t k = 0; k < TEST_COUNT_OF(totals); k++) {
        float decay_per_update = (float)(1.0 / (double)totals[k]);
        for (size_t u = 0; u <= totals[k]; u++) {
            double x = (double)u / (double)totals[k];
            float linear = wr_decay_left(WR_KIND_LINEAR, u, decay_per_update);
            float cosine = wr_decay_left(WR_KIND_COSINE, u, decay_per_update);
            assert_true(wr_decay_left(WR_KIND_CONSTANT, u, decay_per_update) == 1.0f);
            assert_true(fabs((double)linear - (1 - x)) < 1.3e-7); /* x has two roundings */
            assert_true(fabs((double)cosine - (1 + cos(acos(-1) * x)) / 2) < 2.5e-7);
            assert_true(linear >= 0 && cosine >= 0 && linear <= 1 && cosine <= 1);
        }
        assert_true(wr_decay_left(WR_KIND_COSINE, 0, decay_per_update) == 1.0f);
        for (size_t u = 1; u < 4; u++) /* after the end */
            for (int kind = WR_KIND_LINEAR; kind <= WR_KIND_COSINE; kind++)
                assert_true(wr_decay_left(kind, u * totals[k] + (u > 1), decay_per_update) <=
                            0x1p-23f);
    }
    assert_true(wr_decay_left(WR_KIND_COSINE, 5, 1.0f) == 0.0f);
}

static void test_sine(void **state) {
    (void)state;
    assert_true(wr_sine(0.5f) == 1.0f && wr_sine(-0.5f) == -1.0f && wr_sine(0.0f) == 0.0f);
    double worst = 0;
    for (int i = 0; i <= 1 << 21; i++) {
        float y = (float)i * 0x1p-22f, s = wr_sine(y);
        assert_true(s <= 1.0f && wr_sine(-y) == -s);
        worst = fmax(worst, fabs((double)s - sin(acos(-1) * (double)y)));
    }
    print_message("wr_sine: off by at most %.3g\n", worst);
    assert_true(worst < 1.5e-7);
}

/* ---- random numbers and orders ---- */

static void test_philox(void **state) {
    (void)state;
    static const uint64_t indices[] = {0, 1, 94, UINT32_MAX, (uint64_t)1 << 32, UINT64_MAX};
    for (size_t i = 0; i < TEST_COUNT_OF(indices); i++) {
        for (uint32_t seed = 0; seed < 40; seed += 13) {
            philox4x32_ctr_t counter = {
                {WR_PURPOSE_SHUFFLE, seed, (uint32_t)indices[i], (uint32_t)(indices[i] >> 32)}};
            philox4x32_ctr_t expected = philox4x32(counter, ((philox4x32_key_t){{0, 0}}));
            struct wr_random found = wr_philox(WR_PURPOSE_SHUFFLE, seed, indices[i]);
            assert_memory_equal(found.v, expected.v, sizeof found.v);
        }
    }
    /* no random number is used for two purposes */
    assert_true(WR_PURPOSE_SHUFFLE > WR_PURPOSE_INIT && WR_PURPOSE_RECENT > WR_PURPOSE_SHUFFLE);
}

/* Lists the windows of one epoch; returns whether each occurs once. */
static bool is_permutation(uint32_t seed, uint32_t count, uint64_t epoch, uint32_t *order) {
    unsigned char *seen = test_zeros(count, 1);
    bool once = true;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t w = wr_visited(WR_KIND_SHUFFLED, 0, seed, count, epoch * count + i);
        once &= w < count && !seen[w < count ? w : 0];
        seen[w < count ? w : 0] = 1;
        order[i] = (uint32_t)w;
    }
    free(seen);
    return once;
}

static bool is_identity(const uint32_t *order, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (order[i] != i)
            return false;
    return true;
}

static void check_permutations(uint32_t count) {
    uint32_t *one = test_zeros(count, sizeof *one), *other = test_zeros(count, sizeof *other);
    assert_true(is_permutation(7, count, 0, one));
    assert_true(is_permutation(8, count, 0, other));
    if (count >= 8) { /* so many that they are not equal by chance */
        assert_false(is_identity(one, count));
        assert_memory_not_equal(one, other, count * sizeof *one); /* another seed */
        assert_true(is_permutation(7, count, 1, other));
        assert_memory_not_equal(one, other, count * sizeof *one); /* another epoch */
    }
    free(one);
    free(other);
}

static void test_permutations(void **state) {
    (void)state;
    static const uint32_t large[] = {1023, 1024, 1025, 65535, 65536, 65537, 300000};
    for (uint32_t count = 1; count <= 300; count++)
        check_permutations(count);
    for (size_t i = 0; i < TEST_COUNT_OF(large); i++)
        check_permutations(large[i]);
    /* the largest count: only that it terminates within the range */
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(wr_visited(WR_KIND_SHUFFLED, 0, 3, UINT32_MAX, i) < UINT32_MAX);
}

/* A chi-square that is exceeded by chance once in 10^4 times: the approximation of Wilson and
 * Hilferty. */
static double chi_square_limit(size_t freedom) {
    double k = (double)freedom, part = 2 / (9 * k);
    return k * pow(1 - part + 3.72 * sqrt(part), 3);
}

/* Compares counts (bins) with expected densities. */
static void assert_density(const char *what, const size_t *counts, const double *density,
                           size_t bins, size_t draws) {
    double sum = 0;
    for (size_t b = 0; b < bins; b++) {
        double expected = density[b] * (double)draws, off = (double)counts[b] - expected;
        sum += off * off / expected;
    }
    if (!(sum <= chi_square_limit(bins - 1)))
        fail_msg("%s: chi-square %.1f of %zu bins, at most %.1f expected", what, sum, bins,
                 chi_square_limit(bins - 1));
}

/* The place of a window in the order, and which window follows which, over many epochs. */
static void test_shuffles_are_fair(void **state) {
    (void)state;
    enum { COUNT = 95, EPOCHS = 40000 };
    size_t first[COUNT] = {0}, step[COUNT] = {0};
    double even[COUNT], even_step[COUNT - 1];
    for (size_t i = 0; i < COUNT; i++)
        even[i] = 1.0 / COUNT;
    for (size_t i = 0; i < COUNT - 1; i++)
        even_step[i] = 1.0 / (COUNT - 1);
    for (uint64_t e = 0; e < EPOCHS; e++) {
        uint64_t a = wr_visited(WR_KIND_SHUFFLED, 0, 5, COUNT, e * COUNT + e % (COUNT - 1));
        uint64_t b = wr_visited(WR_KIND_SHUFFLED, 0, 5, COUNT, e * COUNT + e % (COUNT - 1) + 1);
        first[a]++;
        step[(COUNT + b - a) % COUNT]++;
    }
    assert_int_equal(step[0], 0);
    assert_density("windows", first, even, COUNT, EPOCHS);
    assert_density("steps", step + 1, even_step, COUNT - 1, EPOCHS);
}

/* The latest of r uniform draws among K windows is w with probability ((w+1)^r - w^r) / K^r. */
static void test_recent_density(void **state) {
    (void)state;
    enum { COUNT = 50, DRAWS = 100000 };
    for (unsigned recency = 1; recency <= WR_MOST_RECENCY; recency++) {
        size_t counts[COUNT] = {0};
        double density[COUNT];
        for (size_t w = 0; w < COUNT; w++)
            density[w] = (pow((double)w + 1, recency) - pow((double)w, recency)) /
                         pow((double)COUNT, recency);
        for (uint64_t visit = 0; visit < DRAWS; visit++) {
            uint64_t w = wr_visited(WR_KIND_RECENT, recency, 11, COUNT, visit);
            assert_true(w < COUNT);
            counts[w]++;
        }
        size_t from = 0; /* the oldest windows share a bin: few draws of each are expected */
        while (density[from] * DRAWS < 10) {
            density[from + 1] += density[from];
            counts[from + 1] += counts[from];
            from++;
        }
        char what[32];
        snprintf(what, sizeof what, "recency %u", recency);
        assert_density(what, counts + from, density + from, COUNT - from, DRAWS);
    }
    assert_true(wr_visited(WR_KIND_SEQUENTIAL, 0, 9, 7, 17) == 3);
}

/* ---- optimizers, against double ---- */

/* One parameter that is trained by the formulas of PyTorch's torch.optim. */
struct walk {
    double theta, velocity, square;
};

static void step_double(const struct wr_rule *rule, double lr, size_t update, double g,
                        struct walk *at) {
    double b1 = (double)rule->beta1, b2 = (double)rule->beta2, eps = (double)rule->epsilon;
    double momentum = (double)rule->momentum, u = (double)update;
    at->theta *= 1 - lr * (double)rule->weight_decay;
    switch (rule->optimizer) {
    case WR_OPTIMIZER_SGD:
        at->theta -= lr * g;
        break;
    case WR_OPTIMIZER_MOMENTUM:
        at->velocity = momentum * at->velocity + g;
        at->theta -= lr * at->velocity;
        break;
    case WR_OPTIMIZER_RMSPROP:
        at->square = b2 * at->square + (1 - b2) * g * g;
        at->theta -= lr * g / (sqrt(at->square) + eps);
        break;
    case WR_OPTIMIZER_ADAM:
        at->velocity = b1 * at->velocity + (1 - b1) * g;
        at->square = b2 * at->square + (1 - b2) * g * g;
        at->theta -= lr / (1 - pow(b1, u + 1)) * at->velocity /
                     (sqrt(at->square) / sqrt(1 - pow(b2, u + 1)) + eps);
        break;
    }
}

static float step_float(const struct wr_rule *rule, const struct wr_stepping *by, float theta,
                        float g, float *velocity, float *square) {
    switch (rule->optimizer) {
    case WR_OPTIMIZER_MOMENTUM:
        return wr_step_momentum(by, theta, g, velocity);
    case WR_OPTIMIZER_RMSPROP:
        return wr_step_rmsprop(by, theta, g, square);
    case WR_OPTIMIZER_ADAM:
        return wr_step_adam(by, theta, g, velocity, square);
    default:
        return wr_step_sgd(by, theta, g);
    }
}

/* 300 updates with gradients that both get. The error of a step is a dozen roundings of its largest
 * terms, that of the parameter two more. */
static void check_walk(const struct wr_rule *rule, float lr, uint32_t seed) {
    struct wr_error error = {0};
    float *pairs;
    size_t count;
    TEST_OK(wr_corrections(rule, &pairs, &count, &error));
    struct wr_stepping by = {.descent = -lr,
                             .shrink = wr_fma(-lr, rule->weight_decay, 1.0f),
                             .momentum = rule->momentum,
                             .beta1 = rule->beta1,
                             .beta2 = rule->beta2,
                             .fresh1 = 1.0f - rule->beta1,
                             .fresh2 = 1.0f - rule->beta2,
                             .epsilon = rule->epsilon};
    float theta = test_uniform(seed, 0), velocity = 0, square = 0;
    struct walk at = {.theta = (double)theta};
    double way = 0; /* sum of the absolute values of the steps */
    for (size_t u = 0; u < 300; u++) {
        float g = 0.3f + test_uniform(seed, u + 1);
        size_t pair = u < count ? u : count - 1;
        by.correct = pairs[2 * pair];
        by.correct2 = pairs[2 * pair + 1];
        double before = at.theta;
        step_double(rule, (double)lr, u, (double)g, &at);
        theta = step_float(rule, &by, theta, g, &velocity, &square);
        way += fabs(at.theta - before) + (double)lr;
        double off = fabs((double)theta - at.theta);
        if (!(off <= 0x1p-24 * (16 * way + 2 * (double)(u + 1) * (1 + fabs(at.theta)))))
            fail_msg("%s, update %zu: %.9g, not %.9g", wr_optimizer_name(rule->optimizer), u,
                     (double)theta, at.theta);
    }
    free(pairs);
}

static void test_steps(void **state) {
    (void)state;
    for (int optimizer = WR_OPTIMIZER_SGD; optimizer <= WR_OPTIMIZER_ADAM; optimizer++) {
        struct wr_rule rule;
        wr_rule_init(&rule, (enum wr_optimizer)optimizer);
        for (uint32_t seed = 0; seed < 20; seed++) {
            rule.weight_decay = seed % 2 ? 0.01f : 0;
            rule.epsilon = seed % 3 ? 1e-8f : 1e-2f;
            check_walk(&rule, seed % 4 ? 1e-3f : 2e-2f, seed);
        }
    }
}

/* A value too small for the state becomes exactly 0 there; a NaN does not. */
static void test_fading(void **state) {
    (void)state;
    struct wr_stepping by = {.descent = -1,
                             .shrink = 1,
                             .correct = 1,
                             .correct2 = 1,
                             .momentum = 0.5f,
                             .beta1 = 0.5f,
                             .beta2 = 0.5f,
                             .fresh1 = 0.5f,
                             .fresh2 = 0.5f,
                             .epsilon = 1e-8f};
    float velocity = 0x1p-80f, square = 0x1p-110f;
    assert_true(wr_step_momentum(&by, 1.0f, 0.0f, &velocity) == 1.0f && velocity == 0);
    assert_true(wr_step_rmsprop(&by, 1.0f, 0x1p-56f, &square) <= 1.0f && square == 0);
    for (int k = 0; k < 300; k++) { /* no state stays subnormal */
        (void)wr_step_adam(&by, 1.0f, k ? 0.0f : 1.0f, &velocity, &square);
        assert_true(velocity == 0 || fabsf(velocity) >= 0x1p-80f);
        assert_true(square == 0 || square >= 0x1p-110f);
    }
    assert_true(velocity == 0 && square == 0);
    assert_true(isnan(wr_step_adam(&by, 1.0f, NAN, &velocity, &square)));
    assert_true(isnan(velocity) && isnan(square));
    velocity = 0;
    assert_true(isnan(wr_step_momentum(&by, 1.0f, NAN, &velocity)));
}

/* ---- what is refused ---- */

static void test_defaults(void **state) {
    (void)state;
    static const size_t states[] = {0, 1, 1, 2};
    struct wr_error error = {0};
    for (int optimizer = WR_OPTIMIZER_SGD; optimizer <= WR_OPTIMIZER_ADAM; optimizer++) {
        struct wr_rule rule;
        wr_rule_init(&rule, (enum wr_optimizer)optimizer);
        TEST_OK(wr_rule_check(&rule, &error));
        assert_int_equal(wr_rule_states(&rule), states[optimizer]);
        assert_true(rule.beta2 == (optimizer == WR_OPTIMIZER_RMSPROP ? 0.99f : 0.999f));
    }
    struct wr_rule notebook = {0};
    TEST_OK(wr_rule_check(&notebook, &error));
    assert_int_equal(wr_rule_states(&notebook), 0);
}

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        const char *word;
        struct wr_rule rule;
    } cases[] = {
        {"`huber_delta` 0", {.loss = WR_LOSS_HUBER}},
        {"`huber_delta` inf", {.loss = WR_LOSS_HUBER, .huber_delta = INFINITY}},
        {"`tau` 0", {.loss = WR_LOSS_QUANTILE}},
        {"`tau` 1", {.loss = WR_LOSS_QUANTILE, .tau = 1}},
        {"`tau` nan", {.loss = WR_LOSS_QUANTILE, .tau = NAN}},
        {"`momentum` 1", {.optimizer = WR_OPTIMIZER_MOMENTUM, .momentum = 1}},
        {"`momentum` nan", {.optimizer = WR_OPTIMIZER_MOMENTUM, .momentum = NAN}},
        {"`beta2` 1", {.optimizer = WR_OPTIMIZER_ADAM, .beta1 = 0.9f, .beta2 = 1}},
        {"`beta1` -0.5", {.optimizer = WR_OPTIMIZER_ADAM, .beta1 = -0.5f}},
        {"`epsilon` 0", {.optimizer = WR_OPTIMIZER_RMSPROP, .beta2 = 0.9f}},
        {"`weight_decay` -1", {.weight_decay = -1}},
        {"`weight_decay` inf", {.weight_decay = INFINITY}},
        {"0 epochs", {.decay = WR_DECAY_COSINE}},
        {"`recency` 0", {.order = WR_ORDER_RECENT}},
        {"`recency` 5", {.order = WR_ORDER_RECENT, .recency = 5}},
        {"`activation` 3", {.activation = (enum wr_activation)3}},
        {"`loss` 4", {.loss = (enum wr_loss)4}},
        {"`clipping` 2", {.clipping = (enum wr_clipping)2}},
        {"`optimizer` 4", {.optimizer = (enum wr_optimizer)4}},
        {"`decay` 3", {.decay = (enum wr_decay)3}},
        {"`order` 3", {.order = (enum wr_order)3}},
        {"`fixed` 4", {.fixed = 4}},
    };
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        struct wr_error error = {0};
        assert_int_equal(wr_rule_check(&cases[i].rule, &error), WR_ERR_USAGE);
        if (strstr(error.text, cases[i].word) == NULL)
            fail_msg("\"%s\" says nothing of %s", error.text, cases[i].word);
        wr_error_release(&error);
    }
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reciprocal),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_norm_factor),
        cmocka_unit_test(test_signs),
        cmocka_unit_test(test_decay),
        cmocka_unit_test(test_sine),
        cmocka_unit_test(test_philox),
        cmocka_unit_test(test_permutations),
        cmocka_unit_test(test_shuffles_are_fair),
        cmocka_unit_test(test_recent_density),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_fading),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
