/* Naive forecasts, scores, seasons and lines, against values by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forecast/decompose.h"
#include "windrow/forecast.h"

static void assert_near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-12 * (1 + fabs(expected))))
        fail_msg("%.17g, not %.17g", found, expected);
}

static void test_naive(void **state) {
    (void)state;
    const double values[] = {1, 2, NAN, 4, 5, 6, NAN};
    double forecast[5];
    wr_naive(values, 6, 1, 2, forecast);
    assert_near(forecast[0], 6);
    assert_near(forecast[1], 6);
    wr_naive(values, 6, 3, 5, forecast);
    assert_near(forecast[0], 4);
    assert_near(forecast[2], 6);
    assert_near(forecast[4], 5);
    wr_naive(values, 7, 3, 3, forecast); /* ends in a gap; the season continues after it */
    assert_near(forecast[0], 5);
    assert_near(forecast[1], 6);
    assert_near(forecast[2], 4);
    wr_naive(values, 7, 1, 1, forecast);
    assert_near(forecast[0], 6);
    wr_naive(values, 3, 24, 2, forecast); /* shorter than a season */
    assert_near(forecast[1], 2);
}

static void test_scores(void **state) {
    (void)state;
    const double truth[] = {10, 20, 0, -5}, forecast[] = {12, 16, 0, 5};
    const double insample[] = {1, 3, 2, 6, 2};
    struct wr_scores scores;
    wr_score(forecast, truth, 4, insample, 5, 2, &scores); /* |2-1|, |6-3|, |2-2| */
    assert_near(scores.mae, 4);
    assert_near(scores.rmse, sqrt(30));
    assert_near(scores.smape, 50 * (2.0 / 22 + 4.0 / 36 + 0 + 10.0 / 10));
    assert_near(scores.mase, 4 / (4.0 / 3));
    wr_score(forecast, truth, 4, insample, 5, 1, &scores);
    assert_near(scores.mase, 4 / (11.0 / 4));
    wr_score(forecast, truth, 4, insample, 5, 5, &scores); /* shorter than a season */
    assert_true(isnan(scores.mase));
    wr_score(forecast, truth, 4, truth, 1, 1, &scores);
    assert_true(isnan(scores.mase));
    wr_score(forecast, truth, 4, (const double[]){3, 3, 3}, 3, 1, &scores);
    assert_true(isnan(scores.mase));
    wr_score(forecast, (const double[]){10, NAN, 0, NAN}, 4, (const double[]){1, NAN, 4, 6}, 4, 1,
             &scores); /* gaps are left out */
    assert_near(scores.mae, 1);
    assert_near(scores.mase, 0.5);
}

static void test_line(void **state) {
    (void)state;
    double intercept, slope;
    wr_line((const double[]){1, 2, 6, 7}, 4, &intercept, &slope);
    assert_near(intercept, 0.7);
    assert_near(slope, 2.2);
    wr_line((const double[]){5, NAN, 9}, 3, &intercept, &slope);
    assert_near(intercept, 5);
    assert_near(slope, 2);
    wr_line((const double[]){5}, 1, &intercept, &slope);
    assert_near(intercept, 5);
    assert_near(slope, 0);
}

static void test_seasonal(void **state) {
    (void)state;
    double wave[14];
    for (size_t t = 0; t < 14; t++)
        wave[t] = (const double[]){1, 2, 3, 2}[t % 4];
    assert_false(wr_is_seasonal(wave, 13, 4)); /* r 0.7077 against a limit of 0.7171 */
    assert_true(wr_is_seasonal(wave, 14, 4));  /* 0.7084 against 0.6909 */
    assert_false(wr_is_seasonal(wave, 14, 5)); /* less than three seasons */
    assert_false(wr_is_seasonal(wave, 14, 1));
    const double flat[] = {3, 3, 3, 3, 3, 3, 3, 3, 3};
    assert_false(wr_is_seasonal(flat, 9, 3));
}

static void test_indices(void **state) {
    (void)state;
    double indices[4];
    /* Odd: averages 2, 2, 2, 2 of the inner values; ratios 1, 1.5, 0.5, 1. */
    assert_true(wr_seasonal_indices((const double[]){1, 2, 3, 1, 2, 3}, 6, 3, false, indices));
    assert_near(indices[0], 0.5);
    assert_near(indices[1], 1);
    assert_near(indices[2], 1.5);
    /* Even, m = 2: averages (a + 2 b + c) / 4 = 3, 4, 5 of 2, 6, 2; ratios 2/3, 3/2, 2/5 */
    assert_true(wr_seasonal_indices((const double[]){4, 2, 4, 6, 4, 2, 4}, 7, 2, false, indices));
    double odd = (2 / 3.0 + 6 / 5.0 + 2 / 3.0) / 3, even = (4 / 4.0 + 4 / 4.0) / 2;
    assert_near(indices[0], even / ((odd + even) / 2));
    assert_near(indices[1], odd / ((odd + even) / 2));
    /* An exact season is found exactly, also next to a gap. */
    double values[24];
    for (size_t t = 0; t < 24; t++)
        values[t] = 8 * (const double[]){0.5, 1, 1.5, 1}[t % 4];
    values[10] = NAN;
    assert_true(wr_seasonal_indices(values, 24, 4, false, indices));
    assert_near(indices[0], 0.5);
    assert_near(indices[2], 1.5);
    values[3] = 0;
    assert_false(wr_seasonal_indices(values, 24, 4, false, indices));
    const double gaps[] = {1, NAN, 1, NAN, 1, NAN};
    assert_false(wr_seasonal_indices(gaps, 6, 2, false, indices));
    assert_false(wr_seasonal_indices(gaps, 6, 2, true, indices));
    /* Additive: any base value, also below 0; averages of the inner values are -8, so that
     * differences are 1, 2, .. */
    for (size_t t = 0; t < 24; t++)
        values[t] = (const double[]){-11, -8, -5, -8}[t % 4];
    assert_true(wr_seasonal_indices(values, 24, 4, true, indices));
    assert_near(indices[0], -3);
    assert_near(indices[1], 0);
    assert_near(indices[2], 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naive),   cmocka_unit_test(test_scores),
        cmocka_unit_test(test_line),    cmocka_unit_test(test_seasonal),
        cmocka_unit_test(test_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
