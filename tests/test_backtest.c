/* Backtests: naive methods against values by hand, windrow against its own fits and forecasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "panel_support.h"
#include "windrow/backtest.h"

enum { LENGTH = 40, HORIZON = 2, SEASON = 3 };

static const double levels[] = {80};

struct fixture {
    struct wr_device *device;
    struct wr_panel *panel;
    struct wr_recipe recipe;
    double values[LENGTH];
};

static void assert_near(double a, double b) {
    if (!(fabs(a - b) <= 1e-9 * (1 + fabs(b))))
        fail_msg("%.17g is not %.17g", a, b);
}

static struct wr_recipe small_recipe(void) {
    struct wr_recipe recipe;
    assert_int_equal(wr_recipe_named("daily", &recipe, NULL), WR_OK);
    recipe.horizon = HORIZON;
    recipe.season = SEASON;
    recipe.window = 2;
    recipe.chunk = 2;
    recipe.hidden = 3;
    recipe.seeds = 2;
    recipe.updates = 30;
    return recipe;
}

static int set_up(void **state) {
    static struct fixture fixture;
    struct wr_device_options how = {.threads = 1};
    fixture = (struct fixture){.recipe = small_recipe()};
    for (size_t t = 0; t < LENGTH; t++)
        fixture.values[t] = (double)t;
    *state = &fixture;
    return wr_device_open("cpu", &how, &fixture.device, NULL) != WR_OK ||
           panel_of_values("line", fixture.values, LENGTH, &fixture.panel, NULL) != WR_OK;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    wr_panel_free(f->panel);
    wr_device_close(f->device);
    return 0;
}

static struct wr_backtest_spec spec_of(const struct fixture *f) {
    return (struct wr_backtest_spec){
        .recipes = &f->recipe, .recipe_count = 1, .origins = 2, .levels = levels, .level_count = 1};
}

static struct wr_backtest run(const struct fixture *f, const struct wr_backtest_spec *spec) {
    struct wr_fit_options options = {0};
    struct wr_backtest backtest;
    struct wr_error error = {0};
    wr_status status = wr_backtest(f->device, f->panel, spec, &options, &backtest, &error);
    if (status != WR_OK)
        fail_msg("%s", error.text);
    return backtest;
}

/* On the line v[t] = t, naive is wrong by k+1 at step k, also in the values before; seasonal naive
 * is wrong by SEASON. */
static void test_naive_by_hand(void **state) {
    const struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    struct wr_backtest backtest = run(f, &spec);
    const struct wr_backtest_scores *naive = &backtest.overall[WR_METHOD_NAIVE];
    const struct wr_backtest_scores *seasonal = &backtest.overall[WR_METHOD_SEASONAL];
    double smape = 0;
    for (size_t t = LENGTH - 2 * HORIZON; t < LENGTH; t++) {
        double step = (double)(t % HORIZON) + 1, truth = f->values[t];
        smape += 200 * step / (truth + truth - step) / (2 * HORIZON);
    }
    assert_near(naive->points.mae, 1.5);
    assert_near(naive->points.rmse, sqrt(2.5));
    assert_near(naive->points.smape, smape);
    assert_near(naive->points.mase, 0.5);
    assert_near(naive->coverage[0], 1);
    assert_near(naive->width[0], 3);
    /* The losses of the forecast, of the lower bound (2 e below, p = 0.1) and of the upper bound
     * (at y). */
    assert_near(naive->crps, 1.5 * (1 + 0.4 + 0) / 3);
    assert_near(seasonal->points.mae, 3);
    assert_near(seasonal->points.mase, 1);
    assert_near(seasonal->width[0], 6);
    assert_memory_equal(naive, &backtest.scores[WR_METHOD_NAIVE][0], sizeof *naive);
    wr_backtest_release(&backtest);
}

/* The MAE of forecasts from an origin, of a fit of the first `fitted` values. */
static double own_error(const struct fixture *f, size_t fitted, size_t origin) {
    struct wr_fit_options options = {0};
    struct wr_fit *fit;
    double points[HORIZON], sum = 0;
    assert_int_equal(wr_fit(f->device, f->panel, &f->recipe, &fitted, &options, &fit, NULL), WR_OK);
    assert_int_equal(wr_fit_forecast(fit, f->panel, &origin, points, NULL), WR_OK);
    for (size_t k = 0; k < HORIZON; k++)
        sum += fabs(f->values[origin + k] - points[k]);
    wr_fit_free(fit);
    return sum / HORIZON;
}

/* A backtest fits once before the first origin, or before each origin. The last forecast ends with
 * the series. */
static void test_origins(void **state) {
    const struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    const size_t last = LENGTH - HORIZON;
    spec.level_count = 0;
    for (size_t step = 1; step <= 5; step += 4)
        for (int refit = 0; refit < 2; refit++) {
            spec.step = step;
            spec.refit = refit != 0;
            struct wr_backtest backtest = run(f, &spec);
            double error = own_error(f, last - step, last - step) +
                           own_error(f, refit ? last : last - step, last);
            const struct wr_backtest_scores *own = &backtest.overall[WR_METHOD_WINDROW];
            assert_near(own->points.mae, error / 2);
            assert_near(own->crps, own->points.mae); /* no intervals */
            assert_int_equal(backtest.report.models, refit ? 4 : 2);
            wr_backtest_release(&backtest);
        }
}

/* Two recipes give the mean of their forecasts; the mean of a recipe and itself is its forecast. */
static void test_mixes(void **state) {
    const struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    struct wr_recipe twice[2] = {f->recipe, f->recipe};
    struct wr_backtest one = run(f, &spec);
    spec.recipes = twice;
    spec.recipe_count = 2;
    struct wr_backtest two = run(f, &spec);
    const struct wr_backtest_scores *a = &one.overall[WR_METHOD_WINDROW];
    const struct wr_backtest_scores *b = &two.overall[WR_METHOD_WINDROW];
    assert_near(a->points.mae, b->points.mae);
    assert_near(a->width[0], b->width[0]);
    assert_near(a->crps, b->crps);
    assert_true(a->width[0] > 0);
    assert_int_equal(two.report.models, 4);
    wr_backtest_release(&two);
    twice[1].seed = 100;
    two = run(f, &spec);
    assert_true(fabs(b->points.mae - a->points.mae) > 1e-9);
    wr_backtest_release(&two);
    wr_backtest_release(&one);
}

/* 100 + 10 sin t for t < LENGTH; values for which `missing` has an x at t % 8 are left out. The
 * last value is `last`, unless that is NaN. */
static struct wr_panel *with_gaps(const char *missing, double last) {
    static const char path[] = "backtest-gaps.csv";
    struct wr_panel_spec spec = {.missing = WR_MISSING_INTERPOLATE};
    struct wr_panel *panel;
    struct wr_error error = {0};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("ds,y\n", file);
    for (int t = 0; t < LENGTH; t++)
        if (missing[t % 8] != 'x')
            fprintf(file, "%d,%.17g\n", t,
                    t + 1 < LENGTH || isnan(last) ? 100 + 10 * sin(t) : last);
    assert_int_equal(fclose(file), 0);
    if (wr_panel_read_long(path, &spec, &panel, &error) != WR_OK)
        fail_msg("%s", error.text);
    remove(path);
    return panel;
}

static struct wr_backtest run_with_gaps(struct fixture *f, const struct wr_backtest_spec *spec,
                                        const char *missing, double last) {
    struct wr_panel *whole = f->panel;
    f->panel = with_gaps(missing, last);
    struct wr_backtest backtest = run(f, spec);
    wr_panel_free(f->panel);
    f->panel = whole;
    return backtest;
}

/* Filled values are not scored, and the naive methods do not use them: naive is compared with
 * values by hand. Every value that is scored has the same weight. */
static void test_scores_what_was_observed(void **state) {
    struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    spec.origins = 4;
    struct wr_backtest backtest = run_with_gaps(f, &spec, "..x..x..", NAN);
    assert_int_equal(backtest.values, 8); /* 32 .. 39, without 34 and 37 */
    assert_int_equal(backtest.scored, 6);
    static const int scored[][2] = {{32, 31}, {33, 31}, {35, 33}, {36, 35}, {38, 36}, {39, 36}};
    double absolute = 0, squares = 0;
    for (int i = 0; i < 6; i++) {
        double error = 10 * sin(scored[i][0]) - 10 * sin(scored[i][1]);
        absolute += fabs(error) / 6;
        squares += error * error / 6;
    }
    assert_near(backtest.overall[WR_METHOD_NAIVE].points.mae, absolute);
    assert_near(backtest.overall[WR_METHOD_NAIVE].points.rmse, sqrt(squares));
    wr_backtest_release(&backtest);
}

/* MASE divides by the errors of seasonal naive at pairs of values that were both observed. Here
 * there is no such pair: two values of each eight were observed, and the season is three. */
static void test_scale_of_observed(void **state) {
    struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    struct wr_backtest backtest = run_with_gaps(f, &spec, "..xxxxxx", NAN);
    assert_true(isnan(backtest.overall[WR_METHOD_WINDROW].points.mase) != 0);
    assert_true(isfinite(backtest.overall[WR_METHOD_WINDROW].points.mae) != 0);
    wr_backtest_release(&backtest);
}

/* A forecast does not use values after its origin, also where a gap reaches across the origin:
 * values 36 to 38 are missing, the origin lies before 38, and 39 is far above the forecast. */
static void test_looks_not_ahead(void **state) {
    struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    double mae[2];
    spec.origins = 1;
    for (int i = 0; i < 2; i++) {
        struct wr_backtest backtest = run_with_gaps(f, &spec, "....xxx.", 1000 * (i + 1));
        assert_int_equal(backtest.scored, 1);
        mae[i] = backtest.overall[WR_METHOD_WINDROW].points.mae;
        wr_backtest_release(&backtest);
    }
    assert_near(mae[1] - mae[0], 1000);
}

/* Naive methods leave out a quiet start, too: the result is the same as without it. A jump just
 * before the origin gives them intervals of the same width. */
static void test_quiet_start(void **state) {
    struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    struct wr_panel *line = f->panel;
    struct wr_backtest backtest[2];
    double values[LENGTH + 50] = {0};
    for (size_t t = 0; t < LENGTH; t++)
        values[50 + t] = 100 + (double)(t * t * 5 % 11);
    for (int i = 0; i < 2; i++) {
        size_t from = i == 0 ? 50 : 0;
        panel_of_values("a", values + from, LENGTH + 50 - from, &f->panel, NULL);
        backtest[i] = run(f, &spec);
        wr_panel_free(f->panel);
    }
    for (int m = WR_METHOD_NAIVE; m <= WR_METHOD_SEASONAL; m++) {
        assert_near(backtest[1].overall[m].width[0], backtest[0].overall[m].width[0]);
        assert_near(backtest[1].overall[m].crps, backtest[0].overall[m].crps);
    }
    wr_backtest_release(&backtest[0]);
    wr_backtest_release(&backtest[1]);
    spec.origins = 1;
    panel_of_values("a", values, 50 + HORIZON + 1, &f->panel,
                    NULL); /* one value before the origin */
    backtest[0] = run(f, &spec);
    assert_near(backtest[0].overall[WR_METHOD_NAIVE].width[0], 2 * values[50]);
    double own = backtest[0].overall[WR_METHOD_WINDROW].width[0]; /* cut at 0 */
    assert_true(own > values[50] && own <= 2 * values[50]);
    wr_backtest_release(&backtest[0]);
    wr_panel_free(f->panel);
    f->recipe.season = 5 * HORIZON; /* fewer values than a season and a horizon, more than two */
    panel_of_values("a", values, 50 + 6 * HORIZON, &f->panel, NULL);
    backtest[0] = run(f, &spec);
    assert_near(backtest[0].overall[WR_METHOD_SEASONAL].width[0], 2 * values[50]);
    assert_true(backtest[0].overall[WR_METHOD_NAIVE].width[0] < values[50]);
    wr_backtest_release(&backtest[0]);
    wr_panel_free(f->panel);
    f->recipe.season = SEASON;
    f->panel = line;
}

static void refuse(const struct fixture *f, const struct wr_backtest_spec *spec, wr_status status,
                   const char *words) {
    struct wr_fit_options options = {0};
    struct wr_backtest backtest;
    struct wr_error error = {0};
    assert_int_equal(wr_backtest(f->device, f->panel, spec, &options, &backtest, &error), status);
    if (strstr(error.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", error.text, words);
    wr_backtest_release(&backtest);
}

static void test_refusals(void **state) {
    const struct fixture *f = *state;
    struct wr_backtest_spec spec = spec_of(f);
    struct wr_recipe two[2] = {f->recipe, f->recipe};
    spec.origins = 0;
    refuse(f, &spec, WR_ERR_USAGE, "an origin");
    spec.origins = LENGTH / HORIZON;
    refuse(f, &spec, WR_ERR_DATA, "series \"line\": its 40 values are too few for 20 origins");
    spec.step = SIZE_MAX;
    refuse(f, &spec, WR_ERR_DATA, "too few");
    spec = spec_of(f);
    spec.recipe_count = 0;
    refuse(f, &spec, WR_ERR_USAGE, "a recipe");
    two[1].horizon = 5;
    spec.recipes = two;
    spec.recipe_count = 2;
    refuse(f, &spec, WR_ERR_USAGE, "the same horizon");
    spec = spec_of(f);
    spec.level_count = WR_MOST_LEVELS + 1;
    refuse(f, &spec, WR_ERR_USAGE, "at most 16 levels");
    static const double bad[][2] = {{80, 80}, {95, 80}, {0, 80}, {80, 100}, {80, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        spec = spec_of(f);
        spec.levels = bad[i];
        spec.level_count = 2;
        refuse(f, &spec, WR_ERR_USAGE, "`levels` ");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_naive_by_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_origins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mixes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scores_what_was_observed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scale_of_observed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_looks_not_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quiet_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
