/* Intervals: how often the true value lies in the intervals of independent noise, for every length,
 * base value, unit and start of a series; and the quantiles of which intervals are made. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "forecast/quantiles.h"
#include "forecast/spread.h"
#include "panel_support.h"
#include "support.h"
#include "windrow/forecast.h"

/* Takes many minutes: each series is also fitted by itself. */
static bool everything;

#define CSV    WR_TEST_BINARY_DIR "/test_interval.csv"
#define SERIES 200
#define LEVELS 2

static const double levels[LEVELS] = {80, 95};

/* Series of independent noise. */
struct noise {
    const char *recipe;
    size_t length, horizon;
    double level, deviation;
    size_t quiet; /* quiet (equal) values before the noise */
    double before;
    bool together; /* one panel of all series; otherwise each is fitted by itself */
    size_t every;  /* one of so many values is observed, and the last one; 0: all are */
};

static double value_at(const struct noise *n, size_t series, size_t t) {
    if (t < n->quiet)
        return n->before;
    uint32_t seed = (uint32_t)(1000 * n->length + 10 * n->horizon + n->together);
    return n->level + n->deviation * wr_normal(WR_PURPOSE_DATA, seed, series << 12 | t);
}

static struct wr_panel *panel_of(const struct noise *n, size_t first, size_t count) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    FILE *file = fopen(CSV, "w");
    assert_non_null(file);
    fputs("id", file);
    for (size_t t = 0; t < n->length; t++)
        fprintf(file, ",v%zu", t);
    for (size_t s = first; s < first + count; s++) {
        fprintf(file, "\ns%zu", s);
        for (size_t t = 0; t < n->length; t++)
            if (n->every == 0 || t % n->every == 0 || t + 1 == n->length)
                fprintf(file, ",%.17g", value_at(n, s, t));
            else
                fputc(',', file);
    }
    fputc('\n', file);
    assert_int_equal(fclose(file), 0);
    TEST_OK(wr_panel_read_wide(CSV, WR_MISSING_INTERPOLATE, &panel, &error));
    return panel;
}

struct coverage {
    double part, error; /* the mean over series of the fraction of steps, and its standard error */
    double width;
};

/* Measures, for series first .. first + count - 1, the fraction of true values in their intervals:
 * parts (levels, SERIES). */
static void measure(const struct noise *n, struct wr_device *device, size_t first, size_t count,
                    double parts[LEVELS][SERIES], double widths[LEVELS]) {
    struct wr_error error = {0};
    struct wr_panel *panel = panel_of(n, first, count);
    struct wr_recipe recipe;
    struct wr_fit *fit;
    struct wr_fit_options options = {.calibrate = true};
    size_t K = n->horizon, size = count * K;
    TEST_OK(wr_recipe_named(n->recipe, &recipe, &error));
    recipe.horizon = K;
    recipe.seeds = 2;
    recipe.updates = recipe.updates < 300 ? recipe.updates : 300;
    TEST_OK(wr_fit(device, panel, &recipe, NULL, &options, &fit, &error));
    double *points = test_zeros(size, sizeof *points);
    double *low = test_zeros(LEVELS * size, sizeof *low);
    double *high = test_zeros(LEVELS * size, sizeof *high);
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points, &error));
    TEST_OK(wr_fit_intervals(fit, panel, NULL, points, levels, LEVELS, low, high, &error));
    for (size_t l = 0; l < LEVELS; l++)
        for (size_t s = 0; s < count; s++)
            for (size_t k = 0; k < K; k++) {
                size_t at = (l * count + s) * K + k;
                double truth = value_at(n, first + s, n->length + k);
                assert_true(l == 0 ||
                            (low[at] <= low[at - count * K] && high[at] >= high[at - count * K]));
                bool inside = low[at] <= truth && truth <= high[at];
                parts[l][first + s] += inside ? 1 / (double)K : 0;
                widths[l] += (high[at] - low[at]) / (double)(SERIES * K);
            }
    free(points);
    free(low);
    free(high);
    wr_fit_free(fit);
    wr_panel_free(panel);
}

static void cover(const struct noise *n, struct coverage coverage[LEVELS]) {
    double parts[LEVELS][SERIES] = {{0}}, widths[LEVELS] = {0};
    struct wr_device *device = test_device("cpu", 2);
    if (n->together)
        measure(n, device, 0, SERIES, parts, widths);
    else
        for (size_t s = 0; s < SERIES; s++)
            measure(n, device, s, 1, parts, widths);
    wr_device_close(device);
    for (size_t l = 0; l < LEVELS; l++) {
        double sum = 0, squares = 0;
        for (size_t s = 0; s < SERIES; s++)
            sum += parts[l][s];
        double mean = sum / SERIES;
        for (size_t s = 0; s < SERIES; s++)
            squares += (parts[l][s] - mean) * (parts[l][s] - mean);
        coverage[l] = (struct coverage){mean, sqrt(squares / SERIES / (SERIES - 1)), widths[l]};
    }
}

/* The fraction is below the level by no more than 200 series can show. It is above it by at most
 * that and a third of the rest, because a fit on all values forecasts better than one on half of
 * them. */
static void check(const struct noise *n) {
    struct coverage found[LEVELS];
    cover(n, found);
    if (everything) /* the table, level by level: fraction and its standard error */
        printf("%-9s %3zu values, %2zu quiet, 1 of %zu observed, %2zu ahead, %s: %.1f (%.1f), %.1f "
               "(%.1f) %%\n",
               n->recipe, n->length - n->quiet, n->quiet, n->every > 1 ? n->every : 1, n->horizon,
               n->together ? "together" : "alone", 100 * found[0].part, 100 * found[0].error,
               100 * found[1].part, 100 * found[1].error);
    for (size_t l = 0; l < LEVELS; l++) {
        double level = levels[l] / 100, slack = 3.5 * found[l].error;
        if (!(found[l].part >= level - slack && found[l].part <= level + slack + (1 - level) / 3))
            fail_msg(
                "%s, %zu values after %zu quiet ones, 1 of %zu observed, %zu ahead, %s, %g %%: "
                "%.1f %% covered, standard error %.1f %%, width %.3g deviations",
                n->recipe, n->length - n->quiet, n->quiet, n->every, n->horizon,
                n->together ? "together" : "alone", levels[l], 100 * found[l].part,
                100 * found[l].error, found[l].width / n->deviation);
        assert_true(found[l].width < n->deviation * (l == 0 ? 8 : 25));
    }
}

static void test_lengths(void **state) {
    (void)state;
    static const struct {
        const char *recipe;
        size_t horizon, lengths[6];
    } cases[] = {
        {"daily", 3, {8, 11}},    {"daily", 7, {14, 28}},   {"weekly", 8, {53, 70}},
        {"weekly", 26, {104}},    {"monthly", 6, {13, 20}}, {"monthly", 12, {24}},
        {"quarterly", 2, {5, 8}}, {"hourly", 12, {25, 36}}, {"hourly", 24, {48}},
        {"yearly", 2, {6, 20}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t i = 0; i < 6 && cases[c].lengths[i] > 0; i++)
            for (int together = everything ? 0 : 1; together < 2; together++)
                check(&(struct noise){.recipe = cases[c].recipe,
                                      .length = cases[c].lengths[i],
                                      .horizon = cases[c].horizon,
                                      .level = 1000,
                                      .deviation = 10,
                                      .together = together != 0});
}

static void test_starts(void **state) {
    (void)state;
    for (size_t quiet = 20; quiet <= 80; quiet *= 4)
        for (int zero = 0; zero < 2; zero++)
            for (size_t noisy = 20; noisy <= 60; noisy += 20)
                check(&(struct noise){.recipe = "daily",
                                      .length = quiet + noisy,
                                      .horizon = 7,
                                      .level = 1000,
                                      .deviation = 20,
                                      .quiet = quiet,
                                      .before = zero ? 0 : 7,
                                      .together = true});
}

/* Filled values give no errors: they would be forecast too well. */
static void test_filled(void **state) {
    (void)state;
    for (size_t every = 2; every <= 4; every++)
        check(&(struct noise){.recipe = "daily",
                              .length = 120,
                              .horizon = 7,
                              .level = 1000,
                              .deviation = 10,
                              .together = true,
                              .every = every});
}

/* If no held-out value was observed, there is no interval, unless another series has one. */
static void test_nothing_observed(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_recipe recipe;
    struct wr_fit *fit;
    const struct wr_fit_options options = {.calibrate = true};
    struct wr_device *device = test_device("cpu", 1);
    const size_t until[2] = {150, 150};
    TEST_OK(wr_recipe_named("daily", &recipe, &error));
    recipe.horizon = 7;
    recipe.seeds = 2;
    recipe.updates = 50;
    for (size_t count = 1; count <= 2; count++) {
        struct wr_panel *panel;
        struct wr_fit_report report;
        double points[2 * 7], low[LEVELS * 2 * 7], high[LEVELS * 2 * 7];
        FILE *file = fopen(CSV, "w");
        assert_non_null(file);
        fputs("id,ds,y\n", file);
        for (int t = 0; t < 200; t++) {
            if (t < 60 || t == 199)
                fprintf(file, "a,%d,%d\n", t, 100 + t * t * 5 % 11);
            if (count == 2)
                fprintf(file, "b,%d,%d\n", t, 100 + t * t * 7 % 13);
        }
        assert_int_equal(fclose(file), 0);
        struct wr_panel_spec spec = {.id = "id", .missing = WR_MISSING_INTERPOLATE};
        TEST_OK(wr_panel_read_long(CSV, &spec, &panel, &error));
        TEST_OK(wr_fit(device, panel, &recipe, until, &options, &fit, &error));
        TEST_OK(wr_fit_forecast(fit, panel, until, points, &error));
        TEST_OK(wr_fit_intervals(fit, panel, until, points, levels, LEVELS, low, high, &error));
        wr_fit_report(fit, &report);
        assert_int_equal(report.borrowed, 1);
        for (size_t l = 0; l < LEVELS; l++)
            for (size_t k = 0; k < 7; k++)
                assert_true(count == 1 ? isnan(low[l * 7 + k]) && isnan(high[l * 7 + k])
                                       : high[l * 14 + k] > low[l * 14 + k] + 1);
        wr_fit_free(fit);
        wr_panel_free(panel);
    }
    wr_device_close(device);
}

/* A series too short for its own errors uses those of the others, scaled to its own spread. If
 * those are too few for the level, there is no interval. */
static void test_borrowed(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel;
    FILE *file = fopen(CSV, "w");
    assert_non_null(file);
    fputs("id,v1,v2,v3,v4,v5,v6,v7,v8\n", file);
    for (int s = 0; s < 30; s++) {
        fprintf(file, "s%d", s);
        for (int t = 0; t < 8; t++)
            fprintf(file, ",%d", (s * 7 + t * t * 5) % 11);
        fputc('\n', file);
    }
    fputs("a,100,200,100\nb,1000,2000,1000\nc,50\n", file);
    assert_int_equal(fclose(file), 0);
    TEST_OK(wr_panel_read_wide(CSV, WR_MISSING_REFUSE, &panel, &error));
    struct wr_device *device = test_device("cpu", 1);
    struct wr_recipe recipe;
    struct wr_fit *fit;
    struct wr_fit_report report;
    struct wr_fit_options options = {.calibrate = true};
    double points[33 * 3], low[LEVELS * 33 * 3], high[LEVELS * 33 * 3];
    TEST_OK(wr_recipe_named("daily", &recipe, &error));
    recipe.horizon = 3;
    TEST_OK(wr_fit(device, panel, &recipe, NULL, &options, &fit, &error));
    wr_fit_report(fit, &report);
    assert_int_equal(report.borrowed, 3);
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points, &error));
    TEST_OK(wr_fit_intervals(fit, panel, NULL, points, levels, LEVELS, low, high, &error));
    for (size_t i = 30 * 3; i < 31 * 3; i++) { /* the spread of b is ten times that of a */
        double width = high[i] - points[i], wider = high[i + 3] - points[i + 3];
        assert_true(width > 0 && fabs(wider - 10 * width) <= 1e-9 * wider);
    }
    assert_true(isnan(low[32 * 3]) && isnan(high[32 * 3])); /* one value has no spread */
    const double most = 99.9; /* the 30 series have 60 errors at each step, and 180 in all */
    TEST_OK(wr_fit_intervals(fit, panel, NULL, points, &most, 1, low, high, &error));
    assert_true(isfinite(low[0]) && isfinite(high[0]));
    assert_true(isnan(low[31 * 3]) && isnan(high[31 * 3]));
    wr_fit_free(fit);
    wr_device_close(device);
    wr_panel_free(panel);
}

/* Intervals of one series alone, with `recipe`: low, high (LEVELS, horizon). */
static void bound_one(const char *name, struct wr_panel *panel, size_t horizon, double *points,
                      double *low, double *high) {
    struct wr_error error = {0};
    struct wr_recipe recipe;
    struct wr_fit *fit;
    const struct wr_fit_options options = {.calibrate = true};
    struct wr_device *device = test_device("cpu", 1);
    TEST_OK(wr_recipe_named(name, &recipe, &error));
    recipe.horizon = horizon;
    recipe.seeds = 2;
    recipe.updates = 50;
    TEST_OK(wr_fit(device, panel, &recipe, NULL, &options, &fit, &error));
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points, &error));
    TEST_OK(wr_fit_intervals(fit, panel, NULL, points, levels, LEVELS, low, high, &error));
    wr_fit_free(fit);
    wr_device_close(device);
}

/* A series jumped, and few values have followed. The interval includes another jump, whatever the
 * errors of the quiet values are. */
static void test_jump(void **state) {
    (void)state;
    struct wr_error error = {0};
    static const size_t horizons[] = {1, 3, 7};
    for (size_t i = 0; i < TEST_COUNT_OF(horizons) * 30; i++) {
        size_t K = horizons[i / 30], after = i % 15 + 1;
        double before = i % 30 < 15 ? 0 : 50, values[75];
        double points[7], low[LEVELS * 7], high[LEVELS * 7];
        for (size_t t = 0; t < 60 + after; t++)
            values[t] = t < 60 ? before + 0.01 * (double)(t % 3) : 150 + (double)(t * 7 % 5);
        struct wr_panel *panel;
        TEST_OK(panel_of_values("a", values, 60 + after, &panel, &error));
        bound_one("daily", panel, K, points, low, high);
        bool unknown = after < 8 || after < 2 * K; /* later, the errors are known */
        for (size_t k = 0; k < LEVELS * K; k++) {
            double half = high[k] - points[k % K];
            if (unknown ? !(half > 99) : !(half > 1 && (k >= K || half < 99)))
                fail_msg("%zu values after %g, %zu ahead: +- %g at %zu", after, before, K, half, k);
        }
        wr_panel_free(panel);
    }
}

/* Known values, from tables of Student's distribution, and of the normal distribution far out. */
static void test_student(void **state) {
    (void)state;
    static const struct {
        double level, freedom, t;
    } known[] = {{0.95, 1, 12.7062}, {0.95, 2, 4.30265},   {0.95, 3, 3.18245}, {0.95, 10, 2.22814},
                 {0.8, 1, 3.07768},  {0.8, 4, 1.53321},    {0.99, 5, 4.03214}, {0.95, 30, 2.04227},
                 {0.5, 7, 0.711142}, {0.95, 1e6, 1.962339}};
    for (size_t i = 0; i < TEST_COUNT_OF(known); i++) {
        double t = wr_student(known[i].level, known[i].freedom);
        if (fabs(t - known[i].t) > 1e-5 * known[i].t)
            fail_msg("level %g, %g degrees of freedom: %.7g, not %.7g", known[i].level,
                     known[i].freedom, t, known[i].t);
    }
    assert_true(wr_student(0.95, nextafter(1, 0)) == wr_student(0.95, 1)); /* converges, too */
    double between = wr_student(0.95, 2.5);
    assert_true(between < wr_student(0.95, 2) && between > wr_student(0.95, 3));
}

static void test_quantile(void **state) {
    (void)state;
    double errors[19], few[] = {3, 1, 2, 4};
    for (size_t i = 0; i < 19; i++)
        errors[i] = (double)((i * 7) % 19 + 1); /* 1 .. 19 */
    assert_true(wr_quantile(errors, 19, 0.95) == 19);
    assert_true(wr_quantile(errors, 19, 0.5) == 10);
    assert_true(fabs(wr_quantile(errors, 19, 0.525) - 10.5) < 1e-12);
    assert_true(isnan(wr_quantile(errors, 18, 0.95)));
    assert_true(wr_quantile(few, 4, 0.8) == 4); /* 5 * 0.8 is 4, though 0.8 is not exact */
    assert_true(isnan(wr_quantile(few, 0, 0.5)));
}

static void test_quiet_start(void **state) {
    (void)state;
    double values[40];
    struct wr_error error = {0};
    size_t start;
    for (size_t t = 0; t < 40; t++)
        values[t] = t < 20 ? 7 + 0.01 * (double)(t % 3) : 100 + (double)(t * 7 % 5);
    TEST_OK(wr_quiet_start(values, 40, &start, &error));
    assert_int_equal(start, 20);
    assert_true(wr_spread(values, 40, 20) < 5 && wr_spread(values, 40, 0) > 1);
    TEST_OK(wr_quiet_start(values, 28, &start, &error)); /* 8 values, 8 changes */
    assert_int_equal(start, 20);
    TEST_OK(wr_quiet_start(values, 27, &start, &error));
    assert_int_equal(start, 0);
    TEST_OK(wr_quiet_start(values + 13, 27, &start, &error)); /* 7 quiet values */
    assert_int_equal(start, 0);
    TEST_OK(wr_quiet_start(values + 20, 20, &start, &error)); /* steady */
    assert_int_equal(start, 0);
    assert_true(wr_late_jump(values + 20, 20, 0, 14) == 0);
    assert_true(wr_late_jump(values, 40, 20, 20) == 0); /* enough have followed */
    assert_true(wr_late_jump(values, 40, 20, 21) == values[20] - values[19]);
    double doubled[30];
    for (int t = 0; t < 30; t++)
        doubled[t] = ldexp(1, t);
    TEST_OK(wr_quiet_start(doubled, 30, &start, &error)); /* growth */
    assert_int_equal(start, 0);
    values[39] = 1e6; /* an outlier at the end is a jump, not the end of a quiet start */
    assert_true(wr_late_jump(values, 40, 0, 0) == values[39] - values[38]);
    TEST_OK(wr_quiet_start(values + 20, 20, &start, &error));
    assert_int_equal(start, 0);
    for (size_t t = 0; t < 40; t++)
        values[t] = t % 2 ? NAN : 5;
    TEST_OK(wr_quiet_start(values, 40, &start, &error)); /* constant, with gaps */
    assert_int_equal(start, 0);
    assert_true(wr_spread(values, 40, 0) == 0);
    values[38] = 9;
    assert_true(wr_spread(values, 40, 0) == 4.0 / 19);
}

/* Ten values after the quiet start of an hourly series: no hour of the quiet day is forecast. */
static void test_late_start(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_recipe recipe;
    struct wr_panel *panel;
    struct wr_fit *fit;
    const struct wr_fit_options options = {0};
    double values[100], points[24];
    for (size_t t = 0; t < 60; t++)
        values[t] = t < 50 ? 0 : 100 + (double)(t * 7 % 5);
    TEST_OK(panel_of_values("a", values, 60, &panel, &error));
    TEST_OK(wr_recipe_named("hourly", &recipe, &error));
    recipe.horizon = 24;
    struct wr_device *device = test_device("cpu", 1);
    TEST_OK(wr_fit(device, panel, &recipe, NULL, &options, &fit, &error));
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points, &error));
    for (size_t k = 0; k < 24; k++)
        assert_true(points[k] >= 100);
    wr_fit_free(fit);
    recipe.window = recipe.chunk = 2; /* models, of logarithms that the start lacks */
    recipe.horizon = 2;
    recipe.updates = 50;
    recipe.transform = WR_TRANSFORM_LOG;
    for (size_t t = 60; t < 100; t++)
        values[t] = 100 + (double)(t * 7 % 5);
    wr_panel_free(panel);
    TEST_OK(panel_of_values("a", values, 100, &panel, &error));
    TEST_OK(wr_fit(device, panel, &recipe, NULL, &(struct wr_fit_options){.calibrate = true}, &fit,
                   &error));
    TEST_OK(wr_fit_forecast(fit, panel, NULL, points, &error));
    for (size_t k = 0; k < 2; k++)
        assert_true(points[k] > 90 && points[k] < 120);
    wr_fit_free(fit);
    wr_device_close(device);
    wr_panel_free(panel);
}

int main(int argc, char **argv) {
    everything = argc > 1 && strcmp(argv[1], "--all") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student),     cmocka_unit_test(test_quantile),
        cmocka_unit_test(test_quiet_start), cmocka_unit_test(test_borrowed),
        cmocka_unit_test(test_late_start),  cmocka_unit_test(test_jump),
        cmocka_unit_test(test_filled),      cmocka_unit_test(test_nothing_observed),
        cmocka_unit_test(test_lengths),     cmocka_unit_test(test_starts),
    };
    test_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
