/* Sweeps: the row of a trial equals the results of training it alone, however the sweep was
 * divided, stopped, and distributed over devices. */
#include "support.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep/trial.h"
#include "windrow/sweep.h"
#include "windrow/train.h"

enum { ROWS = 60, EPOCHS = 40, MOST = 300 };

static const size_t hidden[] = {5, 3}, window[] = {4, 2}, batch[] = {1, WR_BATCH_ALL, 7};
static const float lr[] = {1e-3f, 1e6f, 1e-2f}, clip[] = {0.0f, 1.0f};
static const enum wr_init inits[] = {WR_INIT_PYTORCH, WR_INIT_NOTEBOOK};
static const uint32_t seeds[] = {1, 0};
static const size_t column = 0;

/* A sweep in which lr 1e6 without a clip diverges. */
static struct wr_sweep make_sweep(struct wr_series **series) {
    struct wr_error error = {0};
    TEST_OK(wr_series_ar2(ROWS, 3, series, &error));
    return (struct wr_sweep){.grid = {.hidden = hidden,
                                      .hidden_count = 2,
                                      .window = window,
                                      .window_count = 2,
                                      .batch = batch,
                                      .batch_count = 3,
                                      .lr = lr,
                                      .lr_count = 3,
                                      .clip = clip,
                                      .clip_count = 2,
                                      .init = inits,
                                      .init_count = 2,
                                      .seeds = seeds,
                                      .seed_count = 2},
                             .series = *series,
                             .input_columns = &column,
                             .inputs = 1,
                             .target_columns = &column,
                             .outputs = 1,
                             .scale = WR_SCALE_STANDARD,
                             .epochs = EPOCHS,
                             .validate = 0.2,
                             .curve_points = 8,
                             .checkpoint_seconds = 30};
}
enum { TRIALS = 2 * 2 * 3 * 3 * 2 * 2 * 2 };

static char folder[] = "/tmp/windrow-sweep-XXXXXX";

static struct wr_study *open_study(const char *name, enum wr_study_mode mode) {
    struct wr_error error = {0};
    struct wr_study *study;
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    TEST_OK(wr_study_open(path, mode, &study, &error));
    return study;
}

static int remove_all(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

/* ---- rows ---- */

struct rows {
    size_t count;
    struct wr_trial trial[MOST];
    char device[MOST][32];
};

static wr_status add_row(void *context, const struct wr_trial *trial) {
    struct rows *rows = context;
    assert_true(rows->count < MOST);
    snprintf(rows->device[rows->count], sizeof rows->device[0], "%s", trial->device);
    rows->trial[rows->count++] = *trial;
    return WR_OK;
}

static struct rows *read_rows(struct wr_study *study) {
    struct wr_error error = {0};
    static const struct wr_trial_query all = {0};
    struct rows *rows = test_zeros(1, sizeof *rows);
    TEST_OK(wr_study_trials(study, &all, add_row, rows, &error));
    return rows;
}

static bool same_number(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static void check_same_rows(const struct rows *expected, const struct rows *actual) {
    assert_int_equal(expected->count, actual->count);
    for (size_t i = 0; i < expected->count; i++) {
        const struct wr_trial *a = &expected->trial[i], *b = &actual->trial[i];
        assert_int_equal(a->id, b->id);
        assert_int_equal(wr_trial_options_compare(&a->options, &b->options), 0);
        assert_int_equal(a->status, b->status);
        assert_true(a->hash == b->hash);
        assert_true(same_number(a->loss, b->loss) && same_number(a->score, b->score));
        assert_true(same_number(a->validation_loss, b->validation_loss));
        assert_int_equal(a->diverged_at, b->diverged_at);
        assert_true(a->kept == b->kept);
    }
}

static struct wr_sweep_result run(const struct wr_sweep *sweep, struct wr_study *study,
                                  struct wr_device *const *devices, size_t device_count) {
    struct wr_error error = {0};
    struct wr_sweep_options options = {.devices = devices, .device_count = device_count};
    struct wr_sweep_result result;
    TEST_OK(wr_sweep_run(sweep, study, &options, &result, &error));
    return result;
}

/* ---- the grid ---- */

static void test_grid(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_grid grid = make_sweep(&series).grid;
    size_t count;
    TEST_OK(wr_grid_count(&grid, &count, &error));
    assert_int_equal(count, TRIALS);
    static const size_t twice[] = {3, 5, 3};
    grid.hidden = twice;
    grid.hidden_count = 3;
    TEST_OK(wr_grid_count(&grid, &count, &error));
    assert_int_equal(count, TRIALS);

    uint32_t *many = test_zeros(1000000, sizeof *many);
    size_t *sizes = test_zeros(1000000, sizeof *sizes);
    for (size_t i = 0; i < 1000000; i++) {
        many[i] = (uint32_t)i;
        sizes[i] = i + 1;
    }
    struct wr_grid huge = {.hidden = sizes,
                           .hidden_count = 1000000,
                           .window = window,
                           .window_count = 1,
                           .batch = batch,
                           .batch_count = 1,
                           .lr = lr,
                           .lr_count = 1,
                           .clip = clip,
                           .clip_count = 1,
                           .init = inits,
                           .init_count = 1,
                           .seeds = many,
                           .seed_count = 1000000};
    assert_int_equal(wr_grid_count(&huge, &count, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "1000000000000 trials"));
    huge.hidden_count = 0;
    assert_int_equal(wr_grid_count(&huge, &count, &error), WR_ERR_USAGE);
    huge.hidden_count = 1;
    const float bad = -1;
    huge.lr = &bad;
    assert_int_equal(wr_grid_count(&huge, &count, &error), WR_ERR_USAGE);
    wr_error_release(&error);
    free(many);
    free(sizes);
    wr_series_free(series);
}

/* ---- results ---- */

/* Trains one trial by itself and compares. */
static void check_alone(const struct wr_sweep *sweep, struct wr_device *cpu,
                        const struct wr_trial *trial) {
    struct wr_error error = {0};
    const struct wr_trial_options *o = &trial->options;
    struct wr_windows_spec spec = {&column, 1, &column, 1, o->window, WR_SCALE_STANDARD, 48};
    struct wr_windows *windows;
    struct wr_windows_view view;
    TEST_OK(wr_windows_make(sweep->series, &spec, &windows, &error));
    wr_windows_get(windows, &view);
    size_t trained = view.count - 12;
    struct wr_stack stack = {.shape = {1, o->hidden, 1, o->window}, .count = 1};
    struct wr_layout layout;
    TEST_OK(wr_layout_of(&stack.shape, &layout, &error));
    stack.parameters = test_zeros(layout.count, sizeof(float));
    TEST_OK(wr_parameters_init(&stack, o->init, &o->seed, &error));
    const struct wr_task task = {.count = trained, .lr = o->lr, .clip = o->clip};
    struct wr_ensemble ensemble = {.stack = stack,
                                   .tasks = &task,
                                   .batch = o->batch == WR_BATCH_ALL ? trained : o->batch,
                                   .windows = view};
    struct wr_session *session = test_session(cpu, &ensemble, WR_SCHEDULE_AUTO);
    struct wr_train_options how = {.epochs = EPOCHS};
    struct wr_train_result result;
    TEST_OK(wr_train(session, &how, &result, &error));
    TEST_OK(wr_session_read(session, WR_PARAMETERS, stack.parameters, &error));
    assert_true(trial->hash == wr_parameters_hash(&stack.shape, stack.parameters));
    assert_true(same_number(trial->loss,
                            isfinite(result.losses[0]) ? (double)result.losses[0] : (double)NAN));
    if (result.diverged > 0) {
        assert_int_equal(trial->status, WR_TRIAL_DIVERGED);
        assert_int_equal(trial->diverged_at, result.diverged_at[0]);
        assert_true(isnan(trial->score) && !trial->kept);
    } else {
        double mean;
        TEST_OK(wr_evaluate(&stack, NULL, &view, trained, 12, &mean, &error));
        assert_int_equal(trial->status, WR_TRIAL_DONE);
        assert_true(trial->validation_loss == mean && trial->score == mean);
    }
    wr_train_result_release(&result);
    wr_session_close(session);
    wr_windows_free(windows);
    free(stack.parameters);
}

static void test_rows_are_those_of_training_alone(void **state) {
    (void)state;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_study *study = open_study("alone.db", WR_STUDY_WRITE);
    struct wr_sweep_result result = run(&sweep, study, &cpu, 1);
    struct rows *rows = read_rows(study);
    assert_int_equal(rows->count, TRIALS);
    assert_int_equal(result.trials, TRIALS);
    assert_int_equal(result.ran, TRIALS);
    assert_int_equal(result.done + result.diverged, TRIALS);
    assert_true(result.diverged > 0 && result.done > 0 && result.updates > 0);
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        check_alone(&sweep, cpu, &rows->trial[i]);
        kept += rows->trial[i].kept;
    }
    assert_int_equal(kept, 10);
    result = run(&sweep, study, &cpu, 1); /* no trial is trained twice */
    assert_int_equal(result.ran, 0);
    assert_int_equal(result.done + result.diverged, TRIALS);
    struct rows *again = read_rows(study);
    check_same_rows(rows, again);
    free(rows);
    free(again);
    wr_study_close(study);
    wr_device_close(cpu);
    wr_series_free(series);
}

static volatile sig_atomic_t stop_wanted;

static wr_status stop_soon(void *context, const struct wr_sweep_event *event) {
    size_t *events = context;
    assert_true(event->fraction >= 0 && event->fraction <= 1 && event->trials == TRIALS / 6);
    if (--*events == 0)
        stop_wanted = 1;
    return WR_OK;
}

/* Stopped again and again, with checkpoints between. */
static void test_stop_and_resume(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    struct wr_device *cpu = test_device("cpu", 0);
    sweep.grid.hidden_count = 1;
    sweep.grid.batch_count = 1;
    sweep.epochs = 20000;
    struct wr_study *study = open_study("whole.db", WR_STUDY_WRITE);
    run(&sweep, study, &cpu, 1);
    struct rows *whole = read_rows(study);
    wr_study_close(study);

    sweep.checkpoint_seconds = 0.03;
    size_t stops = 0, events, ran = 0;
    struct wr_sweep_result result;
    for (wr_status status = WR_ERR_STOPPED; status == WR_ERR_STOPPED; stops++) {
        events = 1;
        stop_wanted = 0;
        study = open_study("stopped.db", WR_STUDY_WRITE);
        struct wr_sweep_options options = {.devices = &cpu,
                                           .device_count = 1,
                                           .on_event = stop_soon,
                                           .context = &events,
                                           .stop = &stop_wanted};
        status = wr_sweep_run(&sweep, study, &options, &result, &error);
        assert_true(status == WR_OK || status == WR_ERR_STOPPED);
        assert_true(status == WR_OK ? result.pending == 0 : result.pending > 0);
        ran += result.ran;
        wr_study_close(study);
    }
    assert_true(stops > 2);
    assert_int_equal(ran, TRIALS / 6);
    study = open_study("stopped.db", WR_STUDY_READ);
    struct rows *stopped = read_rows(study);
    check_same_rows(whole, stopped);
    wr_study_close(study);
    wr_error_release(&error);
    free(whole);
    free(stopped);
    wr_device_close(cpu);
    wr_series_free(series);
}

/* Two handles on the cpu stand for two devices. */
static void test_several_devices(void **state) {
    (void)state;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    struct wr_device *devices[] = {test_device("cpu", 1), test_device("cpu", 2),
                                   test_device("cpu", 1)};
    struct wr_study *one = open_study("one.db", WR_STUDY_WRITE);
    struct wr_study *three = open_study("three.db", WR_STUDY_WRITE);
    run(&sweep, one, devices, 1);
    run(&sweep, three, devices, 3);
    struct rows *expected = read_rows(one), *actual = read_rows(three);
    check_same_rows(expected, actual);
    free(expected);
    free(actual);
    wr_study_close(one);
    wr_study_close(three);
    for (size_t i = 0; i < 3; i++)
        wr_device_close(devices[i]);
    wr_series_free(series);
}

/* The original function, under the name that --wrap gives it. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

static atomic_int threads_left = 1 << 20;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument) {
    return atomic_fetch_sub(&threads_left, 1) > 0
               ? __real_pthread_create(thread, attributes, start, argument)
               : EAGAIN;
}

struct watcher {
    pthread_t thread;
    size_t events, most;
};

static wr_status count_event(void *context, const struct wr_sweep_event *event) {
    struct watcher *watcher = context;
    assert_true(pthread_equal(watcher->thread, pthread_self()));
    assert_true(event->fraction >= 0 && event->fraction <= 1);
    return ++watcher->events < watcher->most ? WR_OK : WR_ERR_STOPPED;
}

/* No thread can be started for some devices, or for all: the rows are the same, and the caller can
 * still stop the sweep. */
static void test_few_threads(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    struct wr_device *devices[] = {test_device("cpu", 1), test_device("cpu", 2),
                                   test_device("cpu", 1)};
    struct wr_study *study = open_study("many.db", WR_STUDY_WRITE);
    run(&sweep, study, devices, 3);
    struct rows *expected = read_rows(study);
    wr_study_close(study);
    for (int threads = 0; threads < 3; threads++) {
        const char *name = (const char *const[]){"none.db", "first.db", "second.db"}[threads];
        struct watcher watcher = {pthread_self(), 0, threads == 0 ? 3 : SIZE_MAX};
        struct wr_sweep_options options = {
            .devices = devices, .device_count = 3, .on_event = count_event, .context = &watcher};
        struct wr_sweep_result result;
        study = open_study(name, WR_STUDY_WRITE);
        atomic_store(&threads_left, threads);
        wr_status status = wr_sweep_run(&sweep, study, &options, &result, &error);
        if (threads == 0) {
            assert_int_equal(status, WR_ERR_STOPPED);
            assert_true(watcher.events == 3 && result.pending > 0);
            options.on_event = NULL;
            status = wr_sweep_run(&sweep, study, &options, &result, &error);
        }
        atomic_store(&threads_left, 1 << 20);
        assert_int_equal(status, WR_OK);
        struct rows *rows = read_rows(study);
        check_same_rows(expected, rows);
        free(rows);
        wr_study_close(study);
    }
    free(expected);
    for (size_t i = 0; i < 3; i++)
        wr_device_close(devices[i]);
    wr_series_free(series);
    wr_error_release(&error);
}

/* ---- refusals, and checks without training ---- */

static void test_refusals(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_study *study = open_study("refusals.db", WR_STUDY_WRITE);
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1};
    struct wr_sweep_result result;
    static const size_t too_long[] = {4, ROWS};
    struct wr_sweep bad = sweep;
    bad.grid.window = too_long;
    assert_int_equal(wr_sweep_run(&bad, study, &options, &result, &error), WR_ERR_DATA);
    bad = sweep;
    bad.validate = 0.95; /* 57 rows of 60; windows of 4 leave none */
    assert_int_equal(wr_sweep_run(&bad, study, &options, &result, &error), WR_ERR_DATA);
    bad.validate = 0.01; /* no whole row */
    assert_int_equal(wr_sweep_run(&bad, study, &options, &result, &error), WR_ERR_DATA);
    bad.validate = 1;
    assert_int_equal(wr_sweep_run(&bad, study, &options, &result, &error), WR_ERR_USAGE);
    options.device_count = 0;
    assert_int_equal(wr_sweep_run(&sweep, study, &options, &result, &error), WR_ERR_USAGE);
    options.device_count = 1;
    struct rows *rows = read_rows(study);
    assert_int_equal(rows->count, 0); /* no row was written */
    free(rows);

    run(&sweep, study, &cpu, 1);
    bad = sweep;
    bad.epochs++;
    assert_int_equal(wr_sweep_run(&bad, study, &options, &result, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "epochs"));
    struct wr_series *other;
    TEST_OK(wr_series_ar2(ROWS, 4, &other, &error));
    bad = sweep;
    bad.series = other;
    assert_int_equal(wr_sweep_run(&bad, study, &options, &result, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "data"));
    wr_error_release(&error);
    wr_series_free(other);
    wr_study_close(study);
    wr_device_close(cpu);
    wr_series_free(series);
}

static void test_plan(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    struct wr_device *cpu = test_device("cpu", 0);
    struct wr_sweep_plan plan;
    TEST_OK(wr_sweep_plan(&sweep, NULL, &cpu, 1, &plan, &error));
    assert_int_equal(plan.trials, TRIALS);
    assert_int_equal(plan.left, TRIALS);
    assert_int_equal(plan.shapes, 2 * 2 * 3);
    assert_true(plan.ensembles >= plan.shapes && plan.memory > 0 && plan.seconds > 0);
    struct wr_study *study = open_study("plan.db", WR_STUDY_WRITE);
    struct wr_sweep part = sweep;
    part.grid.hidden_count = 1; /* half of the grid */
    run(&part, study, &cpu, 1);
    TEST_OK(wr_sweep_plan(&sweep, study, &cpu, 1, &plan, &error));
    assert_int_equal(plan.trials, TRIALS);
    assert_int_equal(plan.left, TRIALS / 2);
    run(&sweep, study, &cpu, 1);
    TEST_OK(wr_sweep_plan(&sweep, study, &cpu, 1, &plan, &error));
    assert_true(plan.left == 0 && plan.ensembles == 0 && plan.seconds == 0);
    wr_study_close(study);
    wr_device_close(cpu);
    wr_series_free(series);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_rows_are_those_of_training_alone),
        cmocka_unit_test(test_stop_and_resume),
        cmocka_unit_test(test_several_devices),
        cmocka_unit_test(test_few_threads),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_plan),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
