/* How the base value and the unit of a series change its forecasts: they only shift and stretch
 * them; and the bounds of forecasts. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "panel_support.h"
#include "support.h"
#include "windrow/forecast.h"

#define LENGTH 200
#define MOST_K 24

/* A season, a trend and noise, of both signs or positive. Values are multiples of 2^-20, so that a
 * constant can be added without rounding. */
static void fill(double *values, size_t length, bool positive) {
    for (size_t t = 0; t < length; t++) {
        double x = (double)t;
        double value = 6 * sin(x * 6.28318530717959 / 12) + 0.02 * x +
                       wr_normal(WR_PURPOSE_DATA, 3, t) + (positive ? 30 : -1);
        values[t] = round(value * 0x1p20) * 0x1p-20;
    }
}

static void forecast(const struct wr_recipe *recipe, const double *values, size_t length,
                     double *points, double *low, double *high) {
    const double level = 80;
    struct wr_error error = {0};
    struct wr_panel *panel;
    struct wr_fit *fit;
    struct wr_device *device = test_device("cpu", 1);
    struct wr_fit_options options = {.calibrate = low != NULL};
    TEST_OK(panel_of_values("a", values, length, &panel, &error));
    TEST_OK(wr_fit(device, panel, recipe, NULL, &options, &fit, &error));
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points, &error));
    if (low != NULL)
        TEST_OK(wr_fit_intervals(fit, panel, NULL, points, &level, 1, low, high, &error));
    wr_fit_free(fit);
    wr_device_close(device);
    wr_panel_free(panel);
}

static struct wr_recipe quick(const char *name) {
    struct wr_error error = {0};
    struct wr_recipe recipe;
    TEST_OK(wr_recipe_named(name, &recipe, &error));
    recipe.horizon = recipe.season < MOST_K && recipe.season > 1 ? recipe.season : 6;
    recipe.seeds = 2;
    if (recipe.window * recipe.chunk > 60)
        recipe.window = 2;
    if (recipe.difference > 60)
        recipe.difference = 24;
    if (recipe.updates > 0)
        recipe.updates = 100;
    else
        recipe.epochs = 3;
    return recipe;
}

struct results {
    double points[MOST_K], low[MOST_K], high[MOST_K];
};

static struct results results_of(const struct wr_recipe *recipe, const double *values) {
    struct results results = {0};
    forecast(recipe, values, LENGTH, results.points, results.low, results.high);
    return results;
}

/* Checks that b is k a + c, except for the rounding of values of that size. */
static void assert_moved(const struct wr_recipe *recipe, const struct results *a,
                         const struct results *b, double k, double c) {
    const double *from = a->points, *to = b->points; /* points, low and high */
    for (size_t i = 0; i < 3 * MOST_K; i++) {
        if (i % MOST_K >= recipe->horizon)
            continue;
        double expected = k * from[i] + c;
        if (fabs(to[i] - expected) > 64 * DBL_EPSILON * (fabs(expected) + fabs(k) * 40))
            fail_msg("%s, times %g plus %g: number %zu is %.17g, not %.17g", recipe->name, k, c, i,
                     to[i], expected);
    }
}

/* The forecast of k y is k times the forecast of y, for every recipe that does not give its models
 * the values unchanged. The forecast of y + c is that of y plus c, where no logarithm is taken and
 * no value is divided by a season. */
static void test_equivariance(void **state) {
    (void)state;
    double plain[LENGTH], moved[LENGTH];
    size_t shifted = 0, stretched = 0;
    for (size_t i = 0; wr_recipe_name(i, NULL) != NULL; i++) {
        struct wr_recipe recipe = quick(wr_recipe_name(i, NULL));
        if (recipe.normalize == WR_NORMALIZE_NONE && !recipe.scale)
            continue; /* notebook, m4-rnn */
        for (int positive = 0; positive < 2; positive++) {
            fill(plain, LENGTH, positive != 0);
            struct results a = results_of(&recipe, plain);
            static const double factors[] = {0x1p-30, 7.3e5};
            for (size_t f = 0; f < TEST_COUNT_OF(factors); f++) {
                for (size_t t = 0; t < LENGTH; t++)
                    moved[t] = factors[f] * plain[t];
                struct results b = results_of(&recipe, moved);
                assert_moved(&recipe, &a, &b, factors[f], 0);
                stretched++;
            }
            if (recipe.transform != WR_TRANSFORM_NONE && positive)
                continue; /* a logarithm */
            recipe.transform = WR_TRANSFORM_NONE;
            recipe.adjust = false; /* positive values would be divided by their season */
            a = results_of(&recipe, plain);
            static const double constants[] = {-100, 1e9};
            for (size_t c = 0; c < TEST_COUNT_OF(constants); c++) {
                for (size_t t = 0; t < LENGTH; t++)
                    moved[t] = plain[t] + constants[c];
                recipe.bound = WR_BOUND_NONE;
                struct results b = results_of(&recipe, moved);
                assert_moved(&recipe, &a, &b, 1, constants[c]);
                shifted++;
            }
        }
    }
    assert_true(shifted > 30 && stretched > 60);
}

/* Far above the spread, a logarithm is nearly a straight line: the error is the same at every base
 * value. */
static void test_high_levels(void **state) {
    (void)state;
    static const double levels[] = {1e5, 1e6, 1e8, 1e10};
    struct wr_recipe recipe;
    struct wr_error error = {0};
    TEST_OK(wr_recipe_named("hourly", &recipe, &error));
    recipe.horizon = 24;
    recipe.seeds = 4;
    recipe.updates = 2000;
    double values[480], points[24];
    for (size_t l = 0; l < TEST_COUNT_OF(levels); l++) {
        double sum = 0;
        for (size_t t = 0; t < 480; t++)
            values[t] = levels[l] + 5 * sin((double)t * 6.28318530717959 / 24) +
                        0.2 * wr_normal(WR_PURPOSE_DATA, 4, t);
        forecast(&recipe, values, 480, points, NULL, NULL);
        for (size_t k = 0; k < 24; k++)
            sum += fabs(points[k] - levels[l] - 5 * sin((double)k * 6.28318530717959 / 24)) / 24;
        if (!(sum < 0.3))
            fail_msg("level %g: mean error %g", levels[l], sum);
    }
}

/* The forecast of a counter far above its steps continues with its steps. */
static void test_counters(void **state) {
    (void)state;
    static const double levels[] = {1e12, 1e13, 1e14};
    double values[120], points[7];
    struct wr_recipe recipe = quick("daily");
    recipe.updates = 1000;
    for (size_t l = 0; l < TEST_COUNT_OF(levels); l++) {
        for (size_t t = 0; t < 120; t++)
            values[t] = levels[l] + 7 * (double)t;
        forecast(&recipe, values, 120, points, NULL, NULL);
        for (size_t k = 0; k < 7; k++) {
            double step = (points[k] - values[119]) / (double)(k + 1);
            if (!(step > 6 && step < 8))
                fail_msg("%g: step %zu is %g a day, not 7", levels[l], k, step);
        }
    }
}

/* Counts have no forecast below 0. A jump gives no forecast that only its logarithm would allow. */
static void test_bounds(void **state) {
    (void)state;
    double counts[LENGTH], jump[LENGTH], growth[LENGTH];
    for (size_t t = 0; t < LENGTH; t++) {
        double u = wr_uniform(WR_PURPOSE_DATA, 5, t);
        counts[t] = u < 0.7 ? 0 : ceil(15 * (u - 0.7));
        jump[t] = (t < 100 ? 1 + 0.2 * u : 1000 + 40 * u); /* not quiet: it varies as much */
        growth[t] = exp(0.02 * (double)t + 0.01 * u);
    }
    struct wr_recipe recipe = quick("daily");
    recipe.seeds = 4;
    struct results found = results_of(&recipe, counts);
    for (size_t k = 0; k < recipe.horizon; k++)
        assert_true(found.points[k] >= 0 && found.low[k] >= 0 && found.high[k] > found.low[k]);
    recipe.bound = WR_BOUND_NONE;
    found = results_of(&recipe, counts);
    double least = 0;
    for (size_t k = 0; k < recipe.horizon; k++)
        least = fmin(least, found.low[k]);
    assert_true(least < 0);
    recipe.bound = WR_BOUND_ZERO;
    counts[3] = -1; /* such as returned goods: 0 is not a bound then */
    found = results_of(&recipe, counts);
    least = 0;
    for (size_t k = 0; k < recipe.horizon; k++)
        least = fmin(least, found.low[k]);
    assert_true(least < 0);
    found = results_of(&recipe, jump);
    for (size_t k = 0; k < recipe.horizon; k++)
        assert_true(found.points[k] > 0 && found.points[k] < 1500);
    recipe.updates = 2000;
    found = results_of(&recipe, growth); /* growth continues */
    assert_true(found.points[6] > 1.05 * growth[LENGTH - 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equivariance),
        cmocka_unit_test(test_high_levels),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_bounds),
    };
    test_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
