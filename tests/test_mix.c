/* Mixes: the mean of several fits' forecasts, their reports, and what a fit tells of itself. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "panel_support.h"
#include "windrow/mix.h"

enum { SERIES = 3, LENGTH = 80, K = 3, COUNT = SERIES * K };

/* The series a and b, and c, which is constant and so is forecast by seasonal naive. */
static struct wr_panel *panel_make(void) {
    static const char *const ids[] = {"a", "b", "c"};
    static int64_t codes[SERIES * LENGTH], times[SERIES * LENGTH];
    static double target[SERIES * LENGTH];
    for (size_t row = 0; row < SERIES * LENGTH; row++) {
        size_t s = row / LENGTH, t = row % LENGTH;
        codes[row] = (int64_t)s;
        times[row] = ((int64_t)t + 19000) * 86400;
        target[row] = s == 2 ? 5 : (double)(t % 7) + (double)test_uniform(3, row) + 10;
    }
    const struct wr_panel_arrays arrays = {.rows = SERIES * LENGTH,
                                           .ids = ids,
                                           .id_count = SERIES,
                                           .codes = codes,
                                           .times = times,
                                           .ticks = 1,
                                           .target = target};
    struct wr_error error = {0};
    struct wr_panel *panel;
    TEST_OK(wr_panel_of(&arrays, &(struct wr_panel_spec){0}, &panel, &error));
    return panel;
}

static void recipes_make(struct wr_recipe recipes[2]) {
    struct wr_error error = {0};
    for (size_t i = 0; i < 2; i++) {
        TEST_OK(wr_recipe_named("daily", &recipes[i], &error));
        recipes[i].horizon = K;
        recipes[i].window = 3 + i;
        recipes[i].seeds = 1;
        recipes[i].updates = 10;
    }
}

static wr_status count_event(void *context, const struct wr_fit_event *event) {
    double *fraction = context;
    assert_true(event->fraction >= *fraction && event->fraction <= 1);
    *fraction = event->fraction;
    return WR_OK;
}

static void test_mean(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel = panel_make();
    struct wr_device *cpu = test_device("cpu", 1);
    struct wr_recipe recipes[2];
    struct wr_mix mix;
    double fraction = 0, points[3][COUNT], low[3][2 * COUNT], high[3][2 * COUNT];
    const double levels[] = {50, 80};
    const struct wr_fit_options options = {
        .calibrate = true, .on_event = count_event, .context = &fraction};
    recipes_make(recipes);
    TEST_OK(wr_mix_fit(cpu, panel, recipes, 2, NULL, &options, &mix, &error));
    assert_true(fraction == 1);
    assert_int_equal(wr_mix_horizon(&mix), K);
    for (size_t i = 0; i < 2; i++) {
        TEST_OK(wr_fit_forecast(mix.fits[i], panel, NULL, points[i], &error));
        TEST_OK(wr_fit_intervals(mix.fits[i], panel, NULL, points[i], levels, 2, low[i], high[i],
                                 &error));
    }
    TEST_OK(wr_mix_forecast(&mix, panel, NULL, levels, 2, points[2], low[2], high[2], &error));
    for (size_t i = 0; i < COUNT; i++)
        assert_true(points[2][i] == 0.5 * points[0][i] + 0.5 * points[1][i]);
    for (size_t i = 0; i < 2 * COUNT; i++)
        assert_true(low[2][i] == 0.5 * low[0][i] + 0.5 * low[1][i] &&
                    high[2][i] == 0.5 * high[0][i] + 0.5 * high[1][i]);
    assert_true(points[2][0] != points[0][0]);
    TEST_OK(wr_mix_forecast(&mix, panel, NULL, NULL, 0, points[0], NULL, NULL, &error));
    assert_memory_equal(points[0], points[2], sizeof points[0]);
    struct wr_fit_report report;
    wr_mix_report(&mix, &report);
    assert_int_equal(report.series, SERIES);
    assert_int_equal(report.models, 4);
    assert_int_equal(report.naive, 1);
    wr_mix_release(&mix);
    assert_null(mix.fits);
    wr_device_close(cpu);
    wr_panel_free(panel);
}

/* What a recipe may say and JSON cannot: no bound as infinity, and numbers without effect. */
static void test_saved(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel = panel_make();
    struct wr_device *cpu = test_device("cpu", 1);
    struct wr_recipe recipes[2];
    const struct wr_fit_options options = {0};
    struct wr_fit *fit, *read;
    double points[2][COUNT];
    char path[] = "/tmp/windrow-mix-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    recipes_make(recipes);
    recipes[0].clip = INFINITY;
    recipes[0].rule.momentum = NAN; /* of another optimizer */
    TEST_OK(wr_fit(cpu, panel, &recipes[0], NULL, &options, &fit, &error));
    TEST_OK(wr_fit_save(fit, path, &error));
    TEST_OK(wr_fit_load(path, &read, &error));
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points[0], &error));
    TEST_OK(wr_fit_forecast(read, panel, NULL, points[1], &error));
    assert_memory_equal(points[0], points[1], sizeof points[0]);
    wr_fit_free(fit);
    wr_fit_free(read);
    unlink(path);
    wr_device_close(cpu);
    wr_panel_free(panel);
}

static void test_what_a_fit_tells(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel = panel_make();
    struct wr_device *cpu = test_device("cpu", 1);
    struct wr_recipe recipes[2];
    struct wr_fit *fit;
    struct wr_fit_info info;
    struct wr_fit_series about;
    recipes_make(recipes);
    for (int calibrate = 0; calibrate < 2; calibrate++) {
        const struct wr_fit_options options = {.calibrate = calibrate == 1};
        TEST_OK(wr_fit(cpu, panel, &recipes[1], NULL, &options, &fit, &error));
        wr_fit_get_info(fit, &info);
        assert_int_equal(info.series, SERIES);
        assert_string_equal(info.freq, "D");
        assert_string_equal(info.tz, "");
        assert_string_equal(info.covariates, "");
        assert_int_equal(info.intervals, calibrate);
        wr_fit_get_series(fit, 1, &about);
        assert_string_equal(about.id, "b");
        assert_string_equal(about.last, "2022-03-28");
        assert_int_equal(about.length, LENGTH);
        assert_int_equal(about.window, recipes[1].window);
        assert_false(about.naive || about.shorter || about.quiet);
        wr_fit_get_series(fit, 2, &about);
        assert_true(about.naive && !about.shorter);
        assert_int_equal(about.window, 0);
        wr_fit_free(fit);
    }
    wr_device_close(cpu);
    wr_panel_free(panel);
}

static void test_refusals(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel = panel_make();
    struct wr_device *cpu = test_device("cpu", 1);
    struct wr_recipe recipes[2];
    const struct wr_fit_options options = {0};
    struct wr_mix mix;
    double points[COUNT];
    recipes_make(recipes);
    assert_int_equal(wr_mix_fit(cpu, panel, recipes, 0, NULL, &options, &mix, &error),
                     WR_ERR_USAGE);
    assert_int_equal(wr_mix_forecast(&mix, panel, NULL, NULL, 0, points, NULL, NULL, &error),
                     WR_ERR_USAGE);
    wr_mix_release(&mix);
    struct wr_fit_report report;
    TEST_OK(wr_mix_new(2, &mix, &error)); /* of fits that the caller has not made yet */
    assert_int_equal(wr_mix_horizon(&mix), 0);
    wr_mix_report(&mix, &report);
    assert_int_equal(report.series + report.models, 0);
    assert_int_equal(wr_mix_forecast(&mix, panel, NULL, NULL, 0, points, NULL, NULL, &error),
                     WR_ERR_USAGE);
    assert_string_equal(error.text, "fit 0 of 2 is missing");
    wr_mix_release(&mix);
    recipes[1].horizon = K + 1;
    assert_int_equal(wr_mix_fit(cpu, panel, recipes, 2, NULL, &options, &mix, &error),
                     WR_ERR_USAGE);
    assert_string_equal(error.text, "forecasts of 3 and of 4 steps have no mean; take one horizon");
    assert_null(mix.fits[0]); /* before anything was fitted */
    for (size_t i = 0; i < 2; i++)
        TEST_OK(wr_fit(cpu, panel, &recipes[i], NULL, &options, &mix.fits[i], &error));
    assert_int_equal(wr_mix_forecast(&mix, panel, NULL, NULL, 0, points, NULL, NULL, &error),
                     WR_ERR_USAGE);
    wr_mix_release(&mix);
    wr_device_close(cpu);
    wr_panel_free(panel);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_what_a_fit_tells),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
