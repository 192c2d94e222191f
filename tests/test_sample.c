/* Random samples: which trials are drawn from lists and ranges. */
#include "study_support.h"

#include <math.h>

#include "base/random.h"
#include "sweep/trial.h"
#include "windrow/sweep.h"

static const double hiddens[] = {2, 3, 5}, optimizers[] = {WR_OPTIMIZER_SGD, WR_OPTIMIZER_ADAM},
                    many_optimizers[] = {WR_OPTIMIZER_RMSPROP, WR_OPTIMIZER_ADAM};

static struct wr_trial_options base(void) {
    return (struct wr_trial_options){.hidden = 4, .window = 3, .batch = 1, .clip = 1};
}

static void draw(const struct wr_axis *axes, size_t count, uint32_t seed, size_t trials,
                 struct wr_trial_options drawn[]) {
    struct wr_error error = {0};
    struct wr_trial_options from = base();
    assert_ok(wr_sample(&from, axes, count, seed, drawn, trials, &error), &error);
}

/* A longer sample begins with the shorter one, and an axis more changes no other option. */
static void test_prefix(void **state) {
    (void)state;
    const struct wr_axis axes[] = {
        {.option = "lr", .least = 1e-4, .most = 1e-1, .logarithmic = true},
        {.option = "hidden", .values = hiddens, .count = 3},
        {.option = "seed", .least = 0, .most = UINT32_MAX},
        {.option = "weight_decay", .least = 0, .most = 0.5},
    };
    struct wr_trial_options few[10], more[30], other[30];
    draw(axes, 3, 7, 10, few);
    draw(axes, 4, 7, 30, more);
    draw(axes, 3, 8, 30, other);
    size_t same = 0;
    for (size_t i = 0; i < 10; i++) {
        struct wr_trial_options without = more[i];
        assert_true(without.rule.weight_decay > 0 && without.rule.weight_decay < 0.5f);
        without.rule.weight_decay = 0;
        assert_int_equal(wr_trial_options_compare(&few[i], &without), 0);
        same += few[i].lr == other[i].lr || few[i].seed == other[i].seed;
    }
    assert_int_equal(same, 0);
}

/* These bits must not change: a study that was begun elsewhere goes on with them. They were checked
 * against Philox and the C library's exp in another program. */
static void test_known_draws(void **state) {
    (void)state;
    const struct wr_axis axes[] = {
        {.option = "lr", .least = 1e-4, .most = 1e-1, .logarithmic = true},
        {.option = "clip", .least = 0.5, .most = 2},
        {.option = "hidden", .least = 4, .most = 64, .logarithmic = true},
        {.option = "window", .least = 2, .most = 9},
    };
    struct wr_trial_options drawn[2];
    draw(axes, 4, 3, 2, drawn);
    for (size_t i = 0; i < 2; i++) {
        double u[4];
        static const enum wr_option options[] = {WR_OPTION_LR, WR_OPTION_CLIP, WR_OPTION_HIDDEN,
                                                 WR_OPTION_WINDOW};
        for (size_t a = 0; a < 4; a++)
            u[a] = wr_uniform(WR_PURPOSE_SAMPLE, 3, i * 64 + options[a]);
        float rate = (float)exp(log(1e-4) + u[0] * (log(1e-1) - log(1e-4)));
        assert_true(fabsf(drawn[i].lr / rate - 1) < 2e-7f);
        assert_true(drawn[i].clip == (float)(0.5 + 1.5 * u[1]));
        assert_int_equal(drawn[i].hidden, (size_t)exp(log(4) + u[2] * (log(65) - log(4))));
        assert_int_equal(drawn[i].window, (size_t)(2 + 8 * u[3]));
    }
}

/* Draws are spread evenly, over the values or over the logarithm, both ends of whole numbers
 * included. */
static void test_spread(void **state) {
    (void)state;
    enum { N = 20000 };
    const struct wr_axis axes[] = {
        {.option = "lr", .least = 1e-4, .most = 1e-1, .logarithmic = true},
        {.option = "clip", .least = 0.5, .most = 2},
        {.option = "batch", .least = 1, .most = 3},
        {.option = "optimizer", .values = optimizers, .count = 2},
    };
    struct wr_trial_options *drawn = calloc(N, sizeof *drawn);
    assert_non_null(drawn);
    draw(axes, 4, 1, N, drawn);
    double logs = 0, clips = 0, batches[4] = {0}, adams = 0;
    for (size_t i = 0; i < N; i++) {
        assert_true(drawn[i].lr >= 1e-4f && drawn[i].lr <= 1e-1f);
        logs += log10((double)drawn[i].lr);
        clips += (double)drawn[i].clip;
        assert_in_range(drawn[i].batch, 1, 3);
        batches[drawn[i].batch]++;
        adams += drawn[i].rule.optimizer == WR_OPTIMIZER_ADAM;
    }
    free(drawn);
    /* Within five standard errors. */
    assert_true(fabs(logs / N + 2.5) < 5 * 3 / sqrt(12.0 * N));
    assert_true(fabs(clips / N - 1.25) < 5 * 1.5 / sqrt(12.0 * N));
    for (size_t b = 1; b <= 3; b++)
        assert_true(fabs(batches[b] / N - 1 / 3.0) < 5 * sqrt(2 / 9.0 / N));
    assert_true(fabs(adams / N - 0.5) < 5 * 0.5 / sqrt(N));
}

/* Numbers without an axis are the defaults of the optimizer that was drawn; those that mean nothing
 * beside it are 0. */
static void test_defaults(void **state) {
    (void)state;
    const struct wr_axis axes[] = {{.option = "optimizer", .values = many_optimizers, .count = 2},
                                   {.option = "beta1", .least = 0.5, .most = 0.6}};
    struct wr_trial_options drawn[64];
    size_t adams = 0;
    draw(axes, 2, 0, 64, drawn);
    for (size_t i = 0; i < 64; i++) {
        const struct wr_rule *rule = &drawn[i].rule;
        bool adam = rule->optimizer == WR_OPTIMIZER_ADAM;
        assert_true(rule->beta2 == (adam ? 0.999f : 0.99f));
        assert_true(adam ? rule->beta1 >= 0.5f && rule->beta1 <= 0.6f : rule->beta1 == 0);
        assert_true(rule->momentum == 0 && rule->epsilon == 1e-8f);
        adams += adam;
    }
    assert_in_range(adams, 1, 63);
}

static void test_refused_axes(void **state) {
    (void)state;
    static const double half = 0.5, word = 9, large = 1e40;
    const struct {
        struct wr_axis axis;
        const char *part;
    } cases[] = {
        {{.option = "colour", .least = 0, .most = 1}, "no option colour"},
        {{.option = "lr", .least = 1, .most = 0.1}, "`lr` cannot be drawn from 1 to 0.1"},
        {{.option = "lr", .least = 0, .most = 1, .logarithmic = true}, "by its logarithm"},
        {{.option = "lr", .least = NAN, .most = 1}, "cannot be drawn"},
        {{.option = "lr", .least = 0, .most = INFINITY}, "cannot be drawn"},
        {{.option = "hidden", .least = 0, .most = 4}, "cannot be drawn from 0 to 4"},
        {{.option = "hidden", .least = 1.5, .most = 4}, "cannot be drawn"},
        {{.option = "hidden", .values = &half, .count = 1}, "`hidden` 0.5 is out of its range"},
        {{.option = "optimizer", .least = 0, .most = 3}, "cannot be drawn"},
        {{.option = "optimizer", .values = &word, .count = 1}, "`optimizer` 9"},
        {{.option = "clip", .values = &large, .count = 1}, "`clip` 1e+40"},
        {{.option = "momentum", .values = &word, .count = 1}, ""},
    };
    struct wr_trial_options from = base(), drawn[4];
    from.rule.optimizer = WR_OPTIMIZER_MOMENTUM;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_error error = {0};
        wr_status status = wr_sample(&from, &cases[i].axis, 1, 0, drawn, 4, &error);
        assert_error(status, &error, WR_ERR_USAGE, "", cases[i].part);
    }
    const struct wr_axis twice[] = {{.option = "lr", .least = 0, .most = 1},
                                    {.option = "lr", .least = 0, .most = 1}};
    struct wr_error error = {0};
    assert_error(wr_sample(&from, twice, 2, 0, drawn, 4, &error), &error, WR_ERR_USAGE, "",
                 "two axes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix),       cmocka_unit_test(test_known_draws),
        cmocka_unit_test(test_spread),       cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_refused_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
