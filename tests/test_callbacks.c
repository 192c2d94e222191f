/* Callbacks: a status other than WR_OK ends the call, which returns it; the error's text is the
 * callback's, or else names the callback. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "study_support.h"
#include "windrow/windrow.h"

/* ---- one callback for all ---- */

/* The second call of the callback ends the call with WR_ERR_STORAGE, which nothing else here gives;
 * if it is to write, with a text of its own. */
struct caller {
    size_t calls;
    bool writes;
    struct wr_error error; /* of the call */
};

static wr_status end_at_second(struct caller *caller) {
    if (++caller->calls < 2)
        return WR_OK;
    assert_int_equal(caller->calls, 2);
    return caller->writes ? wr_fail(&caller->error, WR_ERR_STORAGE, "the disk is full")
                          : WR_ERR_STORAGE;
}

static wr_status on_tick(void *context, double updates) {
    (void)updates;
    return end_at_second(context);
}

#define CALLBACK(name, type)                                                                       \
    static wr_status name(void *context, const struct type *told) {                                \
        (void)told;                                                                                \
        return end_at_second(context);                                                             \
    }
CALLBACK(on_train, wr_train_event)
CALLBACK(on_fit, wr_fit_event)
CALLBACK(on_sweep, wr_sweep_event)
CALLBACK(on_trial, wr_trial)
CALLBACK(on_group, wr_study_group)
CALLBACK(on_point, wr_curve_point)
CALLBACK(on_row, wr_verify_row)

/* Calls `call` with a callback that writes no text, and with one that does. Both find an error that
 * an earlier call left. */
static void check(wr_status (*call)(struct caller *caller), const char *callback) {
    for (int writes = 0; writes <= 1; writes++) {
        struct caller caller = {.writes = writes != 0};
        char expected[96];
        wr_fail(&caller.error, WR_ERR_DATA, "an earlier error");
        assert_int_equal(call(&caller), WR_ERR_STORAGE);
        assert_int_equal(caller.calls, 2);
        snprintf(expected, sizeof expected, "%s ended the call with status 6, storage", callback);
        assert_string_equal(caller.error.text, writes ? "the disk is full" : expected);
        assert_int_equal(caller.error.status, WR_ERR_STORAGE);
        wr_error_release(&caller.error);
    }
}

/* ---- sessions and training ---- */

static struct wr_device *device;
static struct test_ensemble ensemble;

static const struct test_case some = {
    .shape = {1, 7, 1, 4}, .models = 19, .windows = 40, .batch = 1, .lr = 1e-3f, .clip = 1};

static wr_status run(struct caller *caller) {
    struct wr_session *session = test_session(device, &ensemble.ensemble, WR_SCHEDULE_FUSED);
    wr_status status = wr_session_run(session, 100000000, NULL, on_tick, caller, &caller->error);
    struct wr_error error = {0};
    float *parameters = test_zeros(some.models, ensemble.count * sizeof *parameters);
    assert_int_equal(wr_session_read(session, WR_PARAMETERS, parameters, &error), WR_ERR_USAGE);
    static const unsigned char none[19] = {0};
    assert_int_equal(wr_session_freeze(session, none, &error), WR_ERR_USAGE);
    TEST_OK(wr_session_write_parameters(session, ensemble.parameters, &error));
    assert_int_equal(wr_session_read(session, (enum wr_tensor)99, parameters, &error),
                     WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "tensor 99"));
    TEST_OK(wr_session_read(session, WR_PARAMETERS, parameters, &error));
    wr_error_release(&error);
    free(parameters);
    wr_session_close(session);
    return status;
}

static wr_status train(struct caller *caller) {
    struct wr_session *session = test_session(device, &ensemble.ensemble, WR_SCHEDULE_FUSED);
    const struct wr_train_options how = {
        .epochs = 100000000, .on_event = on_train, .context = caller};
    struct wr_train_result result;
    wr_status status = wr_train(session, &how, &result, &caller->error);
    assert_null(result.losses);
    wr_session_close(session);
    return status;
}

static void test_sessions(void **state) {
    (void)state;
    const char *id;
    for (size_t n = 0; (id = test_any_device(n)) != NULL; n++) {
        device = test_device(id, 1);
        test_ensemble_make(&ensemble, &some);
        check(run, "tick");
        check(train, "on_event");
        test_ensemble_free(&ensemble);
        wr_device_close(device);
    }
}

static wr_status verify(struct caller *caller) {
    return wr_verify(device, on_row, caller, &caller->error);
}

static void test_verify(void **state) {
    (void)state;
    device = test_device("cpu", 1);
    check(verify, "on_row");
    wr_device_close(device);
}

/* ---- fits ---- */

enum { LENGTH = 90 };

static struct wr_panel *panel;

static struct wr_recipe recipe(void) {
    struct wr_error error = {0};
    struct wr_recipe made;
    TEST_OK(wr_recipe_named("daily", &made, &error));
    made.horizon = 3;
    made.window = 4;
    made.seeds = 1;
    made.updates = 10;
    return made;
}

static wr_status fit(struct caller *caller) {
    const struct wr_recipe own = recipe();
    const struct wr_fit_options options = {
        .calibrate = true, .on_event = on_fit, .context = caller};
    struct wr_fit *made;
    wr_status status = wr_fit(device, panel, &own, NULL, &options, &made, &caller->error);
    assert_null(made);
    return status;
}

static wr_status mix(struct caller *caller) {
    const struct wr_recipe own[] = {recipe(), recipe()};
    const struct wr_fit_options options = {.on_event = on_fit, .context = caller};
    struct wr_mix made;
    wr_status status = wr_mix_fit(device, panel, own, 2, NULL, &options, &made, &caller->error);
    wr_mix_release(&made);
    return status;
}

static wr_status backtest(struct caller *caller) {
    const struct wr_recipe own = recipe();
    const struct wr_backtest_spec spec = {
        .recipes = &own, .recipe_count = 1, .origins = 2, .refit = true};
    const struct wr_fit_options options = {.on_event = on_fit, .context = caller};
    struct wr_backtest result;
    wr_status status = wr_backtest(device, panel, &spec, &options, &result, &caller->error);
    wr_backtest_release(&result);
    return status;
}

/* Events tell one progress, from 0 to 1, also where a calibration fit follows. */
static wr_status rises(void *context, const struct wr_fit_event *event) {
    double *last = context;
    assert_true(event->fraction >= *last && event->fraction <= 1);
    *last = event->fraction;
    return WR_OK;
}

static void test_fits(void **state) {
    (void)state;
    struct wr_error error = {0};
    static double target[LENGTH];
    for (size_t i = 0; i < LENGTH; i++)
        target[i] = (double)(i % 7) + (double)test_uniform(3, i) + 10;
    const struct wr_panel_arrays arrays = {.rows = LENGTH, .target = target};
    const struct wr_panel_spec bad = {.missing = (enum wr_missing)9};
    assert_int_equal(wr_panel_of(&arrays, &bad, &panel, &error), WR_ERR_USAGE);
    assert_string_equal(error.text, "`missing` 9: 0 to 2 needed");
    TEST_OK(wr_panel_of(&arrays, &(struct wr_panel_spec){0}, &panel, &error));
    device = test_device("cpu", 1);
    check(fit, "on_event");
    check(mix, "on_event");
    check(backtest, "on_event");
    double last = 0;
    const struct wr_recipe own = recipe();
    const struct wr_fit_options options = {.calibrate = true, .on_event = rises, .context = &last};
    struct wr_fit *made;
    TEST_OK(wr_fit(device, panel, &own, NULL, &options, &made, &error));
    assert_true(last == 1);
    wr_fit_free(made);
    wr_device_close(device);
    wr_panel_free(panel);
}

/* ---- studies ---- */

static struct wr_study *study;

static wr_status sweep(struct caller *caller) {
    struct wr_error error = {0};
    struct wr_series *series;
    TEST_OK(wr_series_ar2(60, 3, &series, &error));
    struct wr_sweep wanted = small_sweep(series);
    wanted.grid.lr_count = 1; /* the other diverges */
    wanted.epochs = 1000000;
    const struct wr_sweep_options options = {
        .devices = &device, .device_count = 1, .on_event = on_sweep, .context = caller};
    struct wr_sweep_result result;
    wr_status status = wr_sweep_run(&wanted, study, &options, &result, &caller->error);
    assert_int_equal(result.pending, 6);
    wr_series_free(series);
    return status;
}

static wr_status list_trials(struct caller *caller) {
    static const struct wr_trial_query all = {0};
    return wr_study_trials(study, &all, on_trial, caller, &caller->error);
}

static wr_status list_groups(struct caller *caller) {
    return wr_study_groups(study, "hidden", on_group, caller, &caller->error);
}

static wr_status list_points(struct caller *caller) {
    return wr_study_curve(study, 1, on_point, caller, &caller->error);
}

/* Gives trial 1 a loss curve. */
static void add_points(void) {
    const float parameter = 0;
    const struct wr_curve_point points[] = {{1, 2}, {2, 1}};
    const struct wr_trial_checkpoint checkpoint = {.id = 1,
                                                   .epoch = 2,
                                                   .parameters = &parameter,
                                                   .parameter_count = 1,
                                                   .curve = points,
                                                   .curve_count = 2};
    struct wr_error error = {0};
    assert_ok(wr_study_commit(study, NULL, 0, &checkpoint, 1, &error), &error);
}

static void test_studies(void **state) {
    (void)state;
    device = test_device("cpu", 1);
    study = open_study("study.db", WR_STUDY_FRESH);
    check(sweep, "on_event");
    check(list_trials, "on_trial");
    check(list_groups, "on_group");
    add_points();
    check(list_points, "on_point");
    wr_study_close(study);
    wr_device_close(device);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_fits),
        IN_FOLDER(test_studies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
