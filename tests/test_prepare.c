/* Series to windows and back: every step by hand, every combination forward and back, gaps,
 * covariates, and that nothing uses later values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forecast/prepare.h"
#include "panel_support.h"

#define CSV WR_TEST_BINARY_DIR "/test_prepare.csv"

static struct wr_panel *panel_of(const double *values, size_t length) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    if (panel_of_values("a", values, length, &panel, &error) != WR_OK)
        fail_msg("%s", error.text);
    return panel;
}

/* Reads a panel, with covariates p and f if the header has them. */
static struct wr_panel *panel_read(const char *text) {
    FILE *file = fopen(CSV, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    static const char *const past[] = {"p"}, *const future[] = {"f"};
    struct wr_panel_spec spec = {.missing = WR_MISSING_DROP,
                                 .past = past,
                                 .pasts = strstr(text, ",p") != NULL,
                                 .future = future,
                                 .futures = strstr(text, ",f") != NULL};
    struct wr_error error = {0};
    struct wr_panel *panel;
    if (wr_panel_read_long(CSV, &spec, &panel, &error) != WR_OK)
        fail_msg("%s", error.text);
    return panel;
}

static struct wr_prepared *prepare_with(const struct wr_panel *panel, size_t until,
                                        const struct wr_recipe *recipe,
                                        const struct wr_scales *scales) {
    struct wr_error error = {0};
    struct wr_prepared *prepared;
    if (wr_prepared_make(panel, 0, until, recipe, scales, &prepared, &error) != WR_OK)
        fail_msg("%s", error.text);
    return prepared;
}

static struct wr_scales scales_of(const struct wr_panel *panel, size_t until,
                                  const struct wr_recipe *recipe) {
    struct wr_error error = {0};
    struct wr_scales scales;
    if (wr_scales_make(panel, 0, until, recipe, &scales, &error) != WR_OK)
        fail_msg("%s", error.text);
    return scales;
}

static struct wr_prepared *prepare(const struct wr_panel *panel, size_t until,
                                   const struct wr_recipe *recipe) {
    struct wr_scales scales = scales_of(panel, until, recipe);
    struct wr_prepared *prepared = prepare_with(panel, until, recipe, &scales);
    wr_scales_free(&scales);
    return prepared;
}

static void assert_floats(const float *found, size_t count, const double *expected) {
    for (size_t i = 0; i < count; i++)
        if (found[i] != (float)expected[i])
            fail_msg("number %zu is %.9g, not %.9g", i, (double)found[i], expected[i]);
}
#define ASSERT_FLOATS(found, ...)                                                                  \
    assert_floats(found, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

/* Prepares window `window` of the values with the recipe. */
static void cut(const double *values, size_t length, const struct wr_recipe *recipe, size_t window,
                float *inputs, float *targets) {
    struct wr_panel *panel = panel_of(values, length);
    struct wr_prepared *prepared = prepare(panel, length, recipe);
    wr_prepared_window(prepared, window, inputs, targets);
    wr_prepared_free(prepared);
    wr_panel_free(panel);
}

static const double primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};

static void test_windows(void **state) {
    (void)state;
    struct wr_recipe recipe = {.window = 2, .chunk = 2, .horizon = 3, .season = 1};
    float inputs[4], targets[3];
    struct wr_panel *panel = panel_of(primes, 10);
    struct wr_prepared *prepared = prepare(panel, 10, &recipe);
    assert_int_equal(wr_recipe_inputs(&recipe, panel), 2);
    assert_int_equal(wr_recipe_outputs(&recipe), 3);
    assert_int_equal(wr_prepared_windows(prepared, 0), 4);
    assert_int_equal(wr_prepared_windows(prepared, 1), 3);
    assert_int_equal(wr_prepared_windows(prepared, 4), 0);
    assert_int_equal(wr_prepared_windows(prepared, 99), 0);
    wr_prepared_window(prepared, 0, inputs, targets);
    ASSERT_FLOATS(inputs, 2, 3, 5, 7);
    ASSERT_FLOATS(targets, 11, 13, 17);
    wr_prepared_window(prepared, 3, inputs, targets);
    ASSERT_FLOATS(inputs, 7, 11, 13, 17);
    ASSERT_FLOATS(targets, 19, 23, 29);
    assert_true(wr_prepared_last(prepared, NULL, 0, inputs));
    ASSERT_FLOATS(inputs, 17, 19, 23, 29);
    wr_prepared_free(prepared);
    prepared = prepare(panel, 3, &recipe); /* too short for inputs */
    assert_int_equal(wr_prepared_windows(prepared, 0), 0);
    assert_false(wr_prepared_last(prepared, NULL, 0, inputs));
    wr_prepared_free(prepared);
    wr_panel_free(panel);
}

static void test_steps(void **state) {
    (void)state;
    const struct wr_recipe plain = {.window = 2, .chunk = 1, .horizon = 3, .season = 1};
    float inputs[2], targets[3];
    struct wr_recipe recipe = plain;
    recipe.difference = 2; /* 3 4 6 6 6 6 6 10: the first window begins at 5 - 2 */
    cut(primes, 10, &recipe, 0, inputs, targets);
    ASSERT_FLOATS(inputs, 3, 4);
    ASSERT_FLOATS(targets, 6, 6, 6);
    recipe = plain;
    recipe.residual = 2; /* 7 - 3, 11 - 5, and 13 - 3: 3 is the latest known value */
    cut(primes, 10, &recipe, 1, inputs, targets);
    ASSERT_FLOATS(inputs, 3, 5);
    ASSERT_FLOATS(targets, 4, 6, 10);
    recipe.residual = 4; /* reaches back before the inputs: the first window ends before 11 */
    cut(primes, 10, &recipe, 0, inputs, targets);
    ASSERT_FLOATS(inputs, 5, 7);
    ASSERT_FLOATS(targets, 11 - 2, 13 - 3, 17 - 5);
    recipe = plain;
    recipe.normalize = WR_NORMALIZE_LAST;
    cut(primes, 10, &recipe, 0, inputs, targets);
    ASSERT_FLOATS(inputs, -1, 0);
    ASSERT_FLOATS(targets, 2, 4, 8);
    recipe.normalize = WR_NORMALIZE_MEAN;
    cut(primes, 10, &recipe, 1, inputs, targets);
    ASSERT_FLOATS(inputs, 0.75, 1.25);
    ASSERT_FLOATS(targets, 1.75, 2.75, 3.25);
    recipe.normalize = WR_NORMALIZE_STANDARD;
    cut(primes, 10, &recipe, 1, inputs, targets);
    ASSERT_FLOATS(inputs, -1, 1);
    ASSERT_FLOATS(targets, 3, 7, 9);
    recipe.residual = 1; /* scaled only */
    cut(primes, 10, &recipe, 1, inputs, targets);
    ASSERT_FLOATS(targets, 2, 6, 8);
    recipe = plain;
    recipe.scale = true;
    cut((const double[]){1, 3, 1, 3, 3, 1}, 6, &recipe, 0, inputs, targets);
    ASSERT_FLOATS(inputs, -1, 1);
    ASSERT_FLOATS(targets, -1, 1, 1);
    recipe = plain;
    recipe.detrend = true;
    cut((const double[]){1, 2, 6, 7}, 4,
        &(struct wr_recipe){.window = 1, .chunk = 1, .horizon = 1, .season = 1, .detrend = true}, 1,
        inputs, targets);
    assert_float_equal(inputs[0], -0.9f, 1e-6f); /* the line is 0.7 + 2.2 t */
    assert_float_equal(targets[0], 0.9f, 1e-6f);
}

/* A season of 4 on a trend, with irregular changes. */
static double lively(size_t t) {
    static const double season[] = {1.3, 0.9, 0.6, 1.2};
    double x = (double)t;
    return (50 + 0.7 * x + 3 * sin(1.7 * x)) * season[t % 4];
}

#define LENGTH  60
#define HORIZON 7

/* The expected outputs come from the windows of a panel that continues. They are transformed back
 * at the end of a panel that does not; the result must be the later values. */
static void assert_round_trip(const struct wr_recipe *recipe, const struct wr_panel *panel) {
    struct wr_scales scales = scales_of(panel, LENGTH, recipe);
    assert_int_equal(scales.season, recipe->adjust ? 4 : 0);
    struct wr_prepared *past = prepare_with(panel, LENGTH, recipe, &scales);
    struct wr_prepared *all = prepare_with(panel, LENGTH + HORIZON, recipe, &scales);
    size_t outputs = wr_recipe_outputs(recipe);
    size_t count = wr_prepared_windows(all, 0);
    assert_int_equal(count, wr_recipe_windows(recipe, LENGTH + HORIZON));
    double path[HORIZON], points[HORIZON];
    for (size_t k = 0; k < HORIZON; k += outputs) {
        float last[6], inputs[6], targets[HORIZON];
        assert_true(wr_prepared_last(past, path, k, last));
        wr_prepared_window(all, count - HORIZON / outputs + k / outputs, inputs, targets);
        for (size_t i = 0; i < 6; i++)
            assert_true(fabsf(last[i] - inputs[i]) <= 2e-4f * (1 + fabsf(inputs[i])));
        wr_prepared_next(past, path, k, targets, path + k);
    }
    wr_prepared_undo(past, path, points);
    const double *values = wr_panel_values(panel, 0);
    for (size_t k = 0; k < HORIZON; k++)
        if (fabs(points[k] - values[LENGTH + k]) > 1e-5 * fabs(values[LENGTH + k]))
            fail_msg("transform %d adjust %d detrend %d difference %zu scale %d residual %zu "
                     "normalize %d recursive %d: step %zu is %.9g, not %.9g",
                     recipe->transform, recipe->adjust, recipe->detrend, recipe->difference,
                     recipe->scale, recipe->residual, recipe->normalize, recipe->recursive, k,
                     points[k], values[LENGTH + k]);
    wr_prepared_free(past);
    wr_prepared_free(all);
    wr_scales_free(&scales);
}

static void test_round_trips(void **state) {
    (void)state;
    static const size_t steps[] = {0, 1, 4, 9};
    double values[LENGTH + HORIZON];
    for (size_t t = 0; t < LENGTH + HORIZON; t++)
        values[t] = lively(t);
    struct wr_panel *panel = panel_of(values, LENGTH + HORIZON);
    for (unsigned i = 0; i < 4 * 4 * 4 * 32; i++) {
        struct wr_recipe recipe = {.window = 3,
                                   .chunk = 2,
                                   .horizon = HORIZON,
                                   .season = 4,
                                   .normalize = (enum wr_normalize)(i % 4),
                                   .difference = steps[i / 4 % 4],
                                   .residual = steps[i / 16 % 4],
                                   .transform = (enum wr_transform)(i / 64 % 2),
                                   .adjust = i / 128 % 2,
                                   .detrend = i / 256 % 2,
                                   .scale = i / 512 % 2,
                                   .recursive = i / 1024 % 2};
        assert_round_trip(&recipe, panel);
    }
    wr_panel_free(panel);
}

/* auto takes the logarithm if every known value has one; later values have no effect. */
static void test_auto(void **state) {
    (void)state;
    static const double values[] = {1, 2, 4, 8, 4, -1};
    struct wr_recipe recipe = {
        .window = 1, .chunk = 1, .horizon = 1, .season = 1, .transform = WR_TRANSFORM_AUTO};
    struct wr_panel *panel = panel_of(values, 6);
    struct wr_scales scales = scales_of(panel, 5, &recipe);
    assert_int_equal(scales.transform, WR_TRANSFORM_LOG);
    wr_scales_free(&scales);
    scales = scales_of(panel, 6, &recipe);
    assert_int_equal(scales.transform, WR_TRANSFORM_NONE);
    wr_scales_free(&scales);
    wr_panel_free(panel);
}

/* Values without the first `shift` of them are prepared in the same way. */
static void test_shift(void **state) {
    (void)state;
    struct wr_recipe recipe = {
        .window = 3, .chunk = 2, .horizon = HORIZON, .season = 4, .adjust = true, .detrend = true};
    double values[LENGTH], path[HORIZON] = {1, 2, 3, 4, 5, 6, 7}, points[2][HORIZON];
    for (size_t t = 0; t < LENGTH; t++)
        values[t] = lively(t);
    struct wr_panel *whole = panel_of(values, LENGTH), *part = panel_of(values + 5, LENGTH - 5);
    struct wr_scales scales = scales_of(whole, LENGTH, &recipe);
    struct wr_prepared *a = prepare_with(whole, LENGTH, &recipe, &scales);
    scales.shift = 5;
    struct wr_prepared *b = prepare_with(part, LENGTH - 5, &recipe, &scales);
    float inputs[2][6], targets[HORIZON];
    for (size_t w = 0; w < wr_prepared_windows(b, 0); w++) {
        wr_prepared_window(a, w + 5, inputs[0], targets);
        wr_prepared_window(b, w, inputs[1], targets);
        assert_memory_equal(inputs[0], inputs[1], sizeof inputs[0]);
    }
    wr_prepared_undo(a, path, points[0]);
    wr_prepared_undo(b, path, points[1]);
    assert_memory_equal(points[0], points[1], sizeof points[0]);
    wr_prepared_free(a);
    wr_prepared_free(b);
    scales.slope = 0; /* so that only the place in the season matters */
    scales.shift = -5;
    a = prepare_with(whole, LENGTH, &recipe, &scales);
    scales.shift = 3;
    b = prepare_with(whole, LENGTH, &recipe, &scales);
    for (size_t w = 0; w < wr_prepared_windows(b, 0); w++) {
        wr_prepared_window(a, w, inputs[0], targets);
        wr_prepared_window(b, w, inputs[1], targets);
        assert_memory_equal(inputs[0], inputs[1], sizeof inputs[0]);
    }
    wr_prepared_free(a);
    wr_prepared_free(b);
    wr_scales_free(&scales);
    wr_panel_free(whole);
    wr_panel_free(part);
}

static void test_gaps(void **state) {
    (void)state;
    struct wr_panel *panel = panel_read("ds,y\n1,2\n2,3\n3,5\n4,7\n5,\n6,13\n7,17\n8,19\n9,23\n");
    struct wr_recipe recipe = {.window = 2, .chunk = 1, .horizon = 1, .season = 1};
    struct wr_prepared *prepared = prepare(panel, 9, &recipe);
    float inputs[2], targets[1];
    assert_int_equal(wr_prepared_windows(prepared, 0), 4); /* 2 before the gap, 2 after it */
    assert_int_equal(wr_prepared_windows(prepared, 2), 2);
    wr_prepared_window(prepared, 1, inputs, targets);
    ASSERT_FLOATS(inputs, 3, 5);
    ASSERT_FLOATS(targets, 7);
    wr_prepared_window(prepared, 2, inputs, targets);
    ASSERT_FLOATS(inputs, 13, 17);
    assert_true(wr_prepared_last(prepared, NULL, 0, inputs));
    wr_prepared_free(prepared);
    prepared = prepare(panel, 6, &recipe);
    assert_false(wr_prepared_last(prepared, NULL, 0, inputs));
    wr_prepared_free(prepared);
    recipe.residual = 4; /* the targets of the last window are relative to the gap */
    prepared = prepare(panel, 8, &recipe);
    assert_false(wr_prepared_last(prepared, NULL, 0, inputs));
    wr_prepared_free(prepared);
    recipe.residual = 0;
    recipe.difference = 4; /* its predecessor is unknown, so that 9 could not be undone */
    recipe.window = 1;
    prepared = prepare(panel, 8, &recipe);
    assert_false(wr_prepared_last(prepared, NULL, 0, inputs));
    wr_prepared_free(prepared);
    wr_panel_free(panel);
}

#define COVARIATES "ds,y,p,f\n1,2,1,10\n2,3,3,10\n3,5,1,30\n4,7,3,30\n5,11,1,10\n6,13,3,30\n"

static void test_covariates(void **state) {
    (void)state;
    struct wr_panel *panel = panel_read(COVARIATES "7,,,50\n8,,,70\n");
    struct wr_recipe recipe = {.window = 2, .chunk = 1, .horizon = 2, .season = 1};
    struct wr_prepared *prepared = prepare(panel, 6, &recipe);
    float inputs[6], targets[2];
    assert_int_equal(wr_recipe_inputs(&recipe, panel), 3);
    assert_int_equal(wr_prepared_windows(prepared, 0), 3);
    wr_prepared_window(prepared, 1, inputs, targets); /* means 2 and 20, deviations 1 and 10 */
    ASSERT_FLOATS(inputs, 3, 1, 1, 5, -1, -1);
    assert_true(wr_prepared_last(prepared, NULL, 0, inputs));
    ASSERT_FLOATS(inputs, 11, -1, 3, 13, 1, 5);
    assert_int_equal(wr_covariates_reach(panel, 0, 6, &recipe, NULL), WR_OK);
    wr_prepared_free(prepared);
    recipe = (struct wr_recipe){.window = 1, .chunk = 2, .horizon = 1, .season = 1};
    prepared = prepare(panel, 6, &recipe); /* a chunk of each */
    wr_prepared_window(prepared, 0, inputs, targets);
    ASSERT_FLOATS(inputs, 2, 3, -1, 1, -1, 1);
    wr_prepared_free(prepared);
    recipe.horizon = 3;
    struct wr_error error = {0};
    assert_int_equal(wr_covariates_reach(panel, 0, 6, &recipe, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text,
                           "test_prepare.csv: line 7, series y: the future covariate in column "
                           "\"f\" (number 4) is known for 2 of the 3 steps"));
    prepared = prepare(panel, 6, &recipe);
    assert_false(wr_prepared_last(prepared, NULL, 0, inputs));
    wr_prepared_free(prepared);
    struct wr_scales scales;
    recipe.recursive = true;
    assert_int_equal(wr_scales_make(panel, 0, 6, &recipe, &scales, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "recursive"));
    wr_scales_free(&scales);
    wr_panel_free(panel);
}

/* Values after `until`, and covariates after the horizon, have no effect. */
static void test_no_look_ahead(void **state) {
    (void)state;
    struct wr_panel *a = panel_read(COVARIATES "7,17,1,50\n8,19,3,70\n9,23,1,90\n");
    struct wr_panel *b = panel_read(COVARIATES "7,900,-7,50\n8,-20,99,70\n9,5,1,-4\n");
    const struct wr_recipe recipe = {.window = 2,
                                     .chunk = 1,
                                     .horizon = 2,
                                     .season = 2,
                                     .adjust = true,
                                     .detrend = true,
                                     .scale = true,
                                     .normalize = WR_NORMALIZE_STANDARD};
    struct wr_prepared *x = prepare(a, 6, &recipe), *y = prepare(b, 6, &recipe);
    float inputs[2][6], targets[2][2];
    double points[2][2];
    assert_int_equal(wr_prepared_windows(x, 0), wr_prepared_windows(y, 0));
    for (size_t w = 0; w < wr_prepared_windows(x, 0); w++) {
        wr_prepared_window(x, w, inputs[0], targets[0]);
        wr_prepared_window(y, w, inputs[1], targets[1]);
        assert_memory_equal(inputs[0], inputs[1], sizeof inputs[0]);
        assert_memory_equal(targets[0], targets[1], sizeof targets[0]);
    }
    assert_true(wr_prepared_last(x, NULL, 0, inputs[0]));
    assert_true(wr_prepared_last(y, NULL, 0, inputs[1]));
    assert_memory_equal(inputs[0], inputs[1], sizeof inputs[0]);
    wr_prepared_undo(x, (const double[]){1, 2}, points[0]);
    wr_prepared_undo(y, (const double[]){1, 2}, points[1]);
    assert_memory_equal(points[0], points[1], sizeof points[0]);
    wr_prepared_free(x);
    wr_prepared_free(y);
    wr_panel_free(a);
    wr_panel_free(b);
}

static void test_constant(void **state) {
    (void)state;
    static const double levels[] = {0, 0.1, -7, 1e30, 1e-30};
    for (size_t l = 0; l < 5; l++)
        for (unsigned i = 0; i < 32; i++) {
            double values[30], path[3], points[3];
            float inputs[4], targets[3];
            for (size_t t = 0; t < 30; t++)
                values[t] = levels[l];
            struct wr_recipe recipe = {.window = 2,
                                       .chunk = 2,
                                       .horizon = 3,
                                       .season = 4,
                                       .adjust = true,
                                       .normalize = (enum wr_normalize)(i % 4),
                                       .scale = i / 4 % 2,
                                       .difference = i / 8 % 2,
                                       .residual = i / 16};
            struct wr_panel *panel = panel_of(values, 30);
            struct wr_scales scales = scales_of(panel, 30, &recipe);
            assert_true(scales.constant);
            struct wr_prepared *prepared = prepare_with(panel, 30, &recipe, &scales);
            wr_prepared_window(prepared, 0, inputs, targets);
            for (size_t j = 0; j < 4; j++)
                assert_true(isfinite(inputs[j]));
            wr_prepared_next(prepared, NULL, 0, targets, path);
            wr_prepared_undo(prepared, path, points);
            for (size_t k = 0; k < 3; k++)
                assert_true(fabs(points[k] - levels[l]) <= 1e-6 * fabs(levels[l]));
            wr_prepared_free(prepared);
            wr_scales_free(&scales);
            wr_panel_free(panel);
        }
}

static void test_log(void **state) {
    (void)state;
    struct wr_panel *panel = panel_read("unique_id,ds,y\nb,1,4\nb,2,5\nb,3,0\nb,4,6\n");
    struct wr_recipe recipe = {
        .window = 1, .chunk = 1, .horizon = 1, .season = 1, .transform = WR_TRANSFORM_LOG};
    struct wr_scales scales;
    struct wr_error error = {0};
    assert_int_equal(wr_scales_make(panel, 0, 4, &recipe, &scales, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "test_prepare.csv: line 4, series b: log of 0: "));
    wr_scales_free(&scales);
    assert_int_equal(wr_scales_make(panel, 0, 2, &recipe, &scales, &error), WR_OK);
    assert_false(scales.constant);
    struct wr_prepared *prepared;
    assert_int_equal(wr_prepared_make(panel, 0, 4, &recipe, &scales, &prepared, &error),
                     WR_ERR_DATA);
    assert_null(prepared);
    wr_scales_free(&scales);
    wr_panel_free(panel);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),     cmocka_unit_test(test_steps),
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_auto),
        cmocka_unit_test(test_shift),       cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_covariates),  cmocka_unit_test(test_no_look_ahead),
        cmocka_unit_test(test_constant),    cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
