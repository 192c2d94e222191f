/* A host program can set a rounding mode or flush to zero for its thread. Every result of the
 * library has the same bits all the same, and the program finds its settings again: after each
 * call, and in every callback. */
#include "panel_support.h"
#include "support.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "windrow/backtest.h"
#include "windrow/sweep.h"
#include "windrow/train.h"
#include "windrow/verify.h"

/* ---- the modes ---- */

static const struct mode {
    const char *name;
    int rounding;
    bool flush;
} modes[] = {
    {"to nearest", FE_TONEAREST, false},   {"upward", FE_UPWARD, false},
    {"downward", FE_DOWNWARD, false},      {"toward zero", FE_TOWARDZERO, false},
    {"flush to zero", FE_TONEAREST, true}, {"upward, flush to zero", FE_UPWARD, true},
};
static const struct mode *mode = modes;

#ifdef __SSE__
enum { FLUSH = 0x8040, CONTROL = 0xffc0 }; /* flush to zero, denormals are zero */
static unsigned control(void) {
    return _mm_getcsr() & CONTROL;
}
static void flush(void) {
    _mm_setcsr(_mm_getcsr() | FLUSH);
}
#elif defined(__aarch64__)
static unsigned control(void) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return (unsigned)fpcr;
}
static void flush(void) {
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)control() | (UINT64_C(1) << 24)));
}
#else
static unsigned control(void) {
    return 0;
}
static void flush(void) {}
#endif

static unsigned wanted; /* control() of the mode */

static void enter(void) {
    fesetround(mode->rounding);
    if (mode->flush)
        flush();
    wanted = control();
}
static bool is_kept(void) {
    return fegetround() == mode->rounding && control() == wanted;
}
static size_t called_back;
static void check_called_back(void) {
    bool kept = is_kept();
    called_back++;
    if (!kept)
        fail_msg("%s: not so in what is called back", mode->name);
}
static void leave(const char *what) {
    bool kept = is_kept();
    fesetenv(FE_DFL_ENV);
    if (!kept)
        fail_msg("%s: not so after %s", mode->name, what);
}

/* Makes a call in the mode and checks that the mode is still set. */
#define IN_MODE(call)                                                                              \
    do {                                                                                           \
        struct wr_error error = {0};                                                               \
        enter();                                                                                   \
        wr_status in_mode = (call);                                                                \
        leave(#call);                                                                              \
        test_ok(in_mode, &error, #call, __FILE__, __LINE__);                                       \
    } while (0)
#define VALUE_IN_MODE(to, call)                                                                    \
    do {                                                                                           \
        enter();                                                                                   \
        (to) = (call);                                                                             \
        leave(#call);                                                                              \
    } while (0)

/* ---- results ---- */

enum { MOST_NOTES = 2000 };
static struct note {
    const char *what;
    uint64_t hash;
} expected[MOST_NOTES];
static size_t notes;

/* Keeps a hash of the bytes in the first mode; compares it in the other modes. */
static void note(const char *what, const void *bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    assert_true(notes < MOST_NOTES);
    if (mode == modes)
        expected[notes] = (struct note){what, hash};
    else if (expected[notes].hash != hash)
        fail_msg("%s: other bits of %s", mode->name, what);
    notes++;
}

/* ---- series, windows, start values ---- */

static char folder[] = "/tmp/windrow-environment-XXXXXX";
static const char *path_of(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void note_file(const char *name) {
    FILE *file = fopen(path_of(name), "rb");
    assert_non_null(file);
    struct stat is;
    assert_int_equal(fstat(fileno(file), &is), 0);
    char *bytes = test_zeros((size_t)is.st_size, 1);
    assert_int_equal(fread(bytes, 1, (size_t)is.st_size, file), is.st_size);
    note(name, bytes, (size_t)is.st_size);
    free(bytes);
    fclose(file);
}

static void note_series(struct wr_series *series, const char *what) {
    const double *values;
    IN_MODE(wr_series_values(series, 0, &values, &error));
    note(what, values, wr_series_rows(series) * sizeof *values);
}

static void test_series(void) {
    struct wr_series *series, *read;
    struct wr_windows *windows;
    const size_t column = 0;
    const struct wr_windows_spec spec = {.input_columns = &column,
                                         .inputs = 1,
                                         .target_columns = &column,
                                         .outputs = 1,
                                         .seq_len = 5,
                                         .scale = WR_SCALE_STANDARD};
    IN_MODE(wr_series_ar2(100, 7, &series, &error));
    note_series(series, "wr_series_ar2");
    FILE *file = fopen(path_of("series.csv"), "w");
    for (int i = 0; i < 50; i++)
        fprintf(file, "0.%d1234567890123456789,%d.1e-310\n", 3 * i + 1, i + 1);
    fclose(file);
    IN_MODE(wr_series_read_csv(path_of("series.csv"), &read, &error));
    note_series(read, "wr_series_read_csv");
    wr_series_free(read);
    IN_MODE(wr_windows_make(series, &spec, &windows, &error));
    struct wr_windows_view view;
    wr_windows_get(windows, &view);
    note("wr_windows_make inputs", view.inputs, (view.count + 4) * sizeof(float));
    note("wr_windows_make targets", view.targets, view.count * sizeof(float));
    note("wr_windows_make weights", view.loss_weights, sizeof(float));
    double values[5];
    wr_windows_input_scale(windows, 0, &values[0], &values[1]);
    VALUE_IN_MODE(values[2], wr_windows_target(windows, 3, 0));
    VALUE_IN_MODE(values[3], wr_windows_naive(windows, 3, 0));
    VALUE_IN_MODE(values[4], wr_windows_naive_loss(windows));
    note("values of windows", values, sizeof values);
    wr_windows_free(windows);
    wr_series_free(series);
}

static void test_start(void) {
    static const struct wr_shape shape = {.inputs = 2, .hidden = 20, .outputs = 3, .seq_len = 5};
    static const uint32_t seeds[] = {0, 1, 2, 3, 4, 5, 6, 7};
    enum { MODELS = 8 };
    struct wr_layout layout;
    struct wr_error none = {0};
    assert_int_equal(wr_layout_of(&shape, &layout, &none), WR_OK);
    float *parameters = test_zeros(MODELS * layout.count, sizeof *parameters);
    struct wr_stack stack = {shape, MODELS, parameters}, loaded = {.shape = shape};
    for (int init = WR_INIT_NOTEBOOK; init <= WR_INIT_ORTHOGONAL; init++) {
        IN_MODE(wr_parameters_init(&stack, (enum wr_init)init, seeds, &error));
        note("wr_parameters_init", parameters, MODELS * layout.count * sizeof *parameters);
    }
    uint64_t hash;
    VALUE_IN_MODE(hash, wr_parameters_hash(&shape, parameters));
    note("wr_parameters_hash", &hash, sizeof hash);
    parameters[0] = 1e-40f; /* a subnormal number stays */
    IN_MODE(wr_parameters_save(path_of("start"), &stack, NULL, 0, &error));
    note_file("start");
    IN_MODE(wr_parameters_load(path_of("start"), &loaded, NULL, &error));
    note("wr_parameters_load", loaded.parameters, MODELS * layout.count * sizeof *parameters);
    free(loaded.parameters);
    free(parameters);
}

/* ---- sessions ---- */

static wr_status on_tick(void *context, double updates) {
    (void)context, (void)updates;
    check_called_back();
    return WR_OK;
}

static wr_status on_train(void *context, const struct wr_train_event *event) {
    (void)context, (void)event;
    check_called_back();
    return WR_OK;
}

static bool enough(void *context, const struct wr_train_event *event) {
    (void)context, (void)event;
    check_called_back();
    return false;
}

static void note_tensors(struct wr_session *session) {
    for (int t = WR_PARAMETERS; t <= WR_STATE; t++) {
        size_t count = wr_session_tensor_size(session, (enum wr_tensor)t);
        float *values = test_zeros(count + 1, sizeof *values);
        IN_MODE(wr_session_read(session, (enum wr_tensor)t, values, &error));
        note(wr_tensor_name((enum wr_tensor)t), values, count * sizeof *values);
        free(values);
    }
}

static void train_session(struct wr_session *session, const struct test_ensemble *e) {
    size_t models = e->ensemble.stack.count, first[64], count[64];
    for (size_t m = 0; m < models; m++) {
        first[m] = 1;
        count[m] = 7;
    }
    const struct wr_validation validation = {
        .first = first, .count = count, .every = 2, .patience = 2};
    const struct wr_train_options how = {
        .epochs = 8, .validation = &validation, .on_event = on_train, .enough = enough};
    struct wr_train_result result;
    IN_MODE(wr_session_write_parameters(session, e->parameters, &error));
    IN_MODE(wr_train(session, &how, &result, &error));
    note("losses of wr_train", result.losses, models * sizeof *result.losses);
    note("validated", result.validated, models * sizeof *result.validated);
    wr_train_result_release(&result);
    note_tensors(session);
}

static void use_session(struct wr_session *session, const struct test_ensemble *e) {
    IN_MODE(wr_session_forward(session, 0, e->ensemble.batch, &error));
    IN_MODE(wr_session_bptt(session, &error));
    note_tensors(session);
    IN_MODE(wr_session_clip(session, &error));
    IN_MODE(wr_session_update(session, &error));
    note_tensors(session);
    float losses[4 * 64];
    IN_MODE(wr_session_write_parameters(session, e->parameters, &error));
    IN_MODE(wr_session_run(session, 4, losses, on_tick, NULL, &error));
    note("losses of wr_session_run", losses, 4 * e->ensemble.stack.count * sizeof *losses);
    note_tensors(session);
    train_session(session, e);
}

static void predict(const struct test_ensemble *e) {
    const struct wr_ensemble *of = &e->ensemble;
    float predictions[64 * 20];
    double mean_losses[64];
    size_t which[64] = {0};
    IN_MODE(wr_predict(&of->stack, WR_ACTIVATION_TANH, &of->windows, 0, 9, predictions, &error));
    note("wr_predict", predictions, of->stack.count * 9 * sizeof *predictions);
    IN_MODE(
        wr_predict_each(&of->stack, WR_ACTIVATION_TANH, &of->windows, which, predictions, &error));
    note("wr_predict_each", predictions, of->stack.count * sizeof *predictions);
    IN_MODE(wr_evaluate(&of->stack, NULL, &of->windows, 0, 9, mean_losses, &error));
    note("wr_evaluate", mean_losses, of->stack.count * sizeof *mean_losses);
}

static wr_status on_row(void *context, const struct wr_verify_row *row) {
    (void)context;
    check_called_back();
    note("wr_verify", &row->differing, sizeof row->differing);
    return WR_OK;
}

static void test_sessions(const char *id) {
    static const struct test_case c = {{1, 9, 1, 3}, 20, 19, 5, 0.05f, 0.5f, true, false, false};
    struct test_ensemble e;
    struct wr_device *device;
    const struct wr_device_options options = {.threads = 2, .inexact = true};
    test_ensemble_make(&e, &c);
    for (size_t i = 0; i < c.windows + c.shape.seq_len - 1; i++)
        e.inputs[i] *= i % 2 != 0 ? 0x1p-120f : 1.0f; /* so that some products are subnormal */
    IN_MODE(wr_device_open(id, &options, &device, &error));
    for (int schedule = WR_SCHEDULE_STAGED; schedule <= WR_SCHEDULE_FUSED; schedule++)
        for (int adam = 0; adam <= 1; adam++) {
            struct wr_session *session;
            size_t bytes;
            wr_rule_init(&e.ensemble.rule, adam ? WR_OPTIMIZER_ADAM : WR_OPTIMIZER_SGD);
            if (adam) {
                e.ensemble.rule.decay = WR_DECAY_COSINE;
                e.ensemble.rule.decay_epochs = 8;
                e.ensemble.rule.order = WR_ORDER_RECENT;
                e.ensemble.rule.loss = WR_LOSS_HUBER;
                e.ensemble.rule.clipping = WR_CLIPPING_NORM;
            }
            e.ensemble.schedule = (enum wr_schedule)schedule;
            IN_MODE(wr_session_memory(device, &e.ensemble, &bytes, &error));
            note("wr_session_memory", &bytes, sizeof bytes);
            IN_MODE(wr_session_open(device, &e.ensemble, &session, &error));
            use_session(session, &e);
            wr_session_close(session);
        }
    if (strcmp(id, "cpu") == 0)
        predict(&e);
    wr_device_close(device);
    test_ensemble_free(&e);
}

/* ---- forecasts ---- */

static wr_status on_fit(void *context, const struct wr_fit_event *event) {
    (void)context, (void)event;
    check_called_back();
    return WR_OK;
}

static void write_panel(void) {
    FILE *file = fopen(path_of("panel.csv"), "w");
    assert_non_null(file);
    fprintf(file, "unique_id,ds,y\n");
    for (int i = 0; i < 60; i++)
        fprintf(file, "a,%d,%d.%04d\n", i + 1, 100 + 7 * i + (i % 7) * 11, (i * i * 7919) % 10000);
    fclose(file);
}

static void test_forecast(void) {
    struct wr_panel *panel;
    struct wr_device *cpu;
    struct wr_fit *fit, *loaded;
    struct wr_recipe recipe;
    const struct wr_panel_spec spec = {.missing = WR_MISSING_REFUSE};
    const struct wr_fit_options how = {.on_event = on_fit, .calibrate = true};
    const double levels[] = {80, 95};
    enum { HORIZON = 7 };
    double points[HORIZON], low[2 * HORIZON], high[2 * HORIZON];
    write_panel();
    IN_MODE(wr_panel_read_long(path_of("panel.csv"), &spec, &panel, &error));
    note("wr_panel_read_long", wr_panel_values(panel, 0),
         wr_panel_length(panel, 0) * sizeof(double));
    IN_MODE(wr_recipe_named("daily", &recipe, &error));
    recipe.horizon = HORIZON;
    recipe.seeds = 2;
    recipe.updates = 60;
    recipe.window = 7;
    IN_MODE(wr_recipe_check(&recipe, &error));
    IN_MODE(wr_device_open("cpu", NULL, &cpu, &error));
    IN_MODE(wr_fit(cpu, panel, &recipe, NULL, &how, &fit, &error));
    IN_MODE(wr_fit_save(fit, path_of("fit"), &error));
    note_file("fit");
    IN_MODE(wr_fit_load(path_of("fit"), &loaded, &error));
    IN_MODE(wr_fit_forecast(loaded, panel, NULL, points, &error));
    note("wr_fit_forecast", points, sizeof points);
    IN_MODE(wr_fit_intervals(loaded, panel, NULL, points, levels, 2, low, high, &error));
    note("wr_fit_intervals low", low, sizeof low);
    note("wr_fit_intervals high", high, sizeof high);
    wr_fit_free(loaded);
    wr_fit_free(fit);

    struct wr_scores scores;
    const double *values = wr_panel_values(panel, 0);
    enter();
    wr_score(points, values, HORIZON, values, 40, 7, &scores);
    leave("wr_score");
    note("wr_score", &scores, sizeof scores);
    struct wr_backtest backtest;
    const struct wr_backtest_spec past = {
        .recipes = &recipe, .recipe_count = 1, .origins = 2, .levels = levels, .level_count = 2};
    IN_MODE(wr_backtest(cpu, panel, &past, &how, &backtest, &error));
    for (int method = 0; method < WR_METHODS; method++) {
        const struct wr_backtest_scores *of = &backtest.overall[method];
        note("wr_backtest points", &of->points, sizeof of->points);
        note("wr_backtest crps", &of->crps, sizeof of->crps);
        note("wr_backtest width", of->width, 2 * sizeof of->width[0]);
    }
    wr_backtest_release(&backtest);
    wr_device_close(cpu);
    wr_panel_free(panel);

    const double own[] = {1.1, 2.2, 3.3, 4.7};
    IN_MODE(panel_of_values("own", own, 4, &panel, &error));
    char stamp[WR_STAMP_SIZE] = "";
    enter();
    wr_panel_stamp(panel, 0, 9, stamp);
    leave("wr_panel_stamp");
    note("wr_panel_stamp", stamp, sizeof stamp);
    wr_panel_free(panel);
}

/* ---- sweeps ---- */

static wr_status on_sweep(void *context, const struct wr_sweep_event *event) {
    (void)context, (void)event;
    check_called_back();
    return WR_OK;
}

static wr_status on_trial(void *context, const struct wr_trial *trial) {
    (void)context;
    note("hash of a trial", &trial->hash, sizeof trial->hash);
    note("score of a trial", &trial->score, sizeof trial->score);
    return WR_OK;
}

static wr_status on_group(void *context, const struct wr_study_group *group) {
    (void)context;
    check_called_back();
    note("value of a group", group->value, strlen(group->value));
    note("best of a group", &group->best, sizeof group->best);
    note("quartile of a group", &group->lower_quartile, sizeof group->lower_quartile);
    note("median of a group", &group->median, sizeof group->median);
    return WR_OK;
}

static wr_status on_point(void *context, const struct wr_curve_point *point) {
    (void)context;
    check_called_back();
    note("loss of a point", &point->loss, sizeof point->loss);
    return WR_OK;
}

static void test_sweeps(void) {
    static const size_t hidden[] = {3}, window[] = {4}, batch[] = {1}, column = 0;
    static const float lr[] = {1e-3f, 0.3e-1f}, clip[] = {1.0f};
    static const enum wr_init inits[] = {WR_INIT_PYTORCH};
    static const uint32_t seeds[] = {0, 1, 2, 3};
    struct wr_series *series;
    struct wr_study *study;
    struct wr_device *cpu;
    struct wr_sweep_result result;
    char name[32];
    IN_MODE(wr_series_ar2(60, 3, &series, &error));
    const struct wr_sweep sweep = {.grid = {.hidden = hidden,
                                            .hidden_count = 1,
                                            .window = window,
                                            .window_count = 1,
                                            .batch = batch,
                                            .batch_count = 1,
                                            .lr = lr,
                                            .lr_count = 2,
                                            .clip = clip,
                                            .clip_count = 1,
                                            .init = inits,
                                            .init_count = 1,
                                            .seeds = seeds,
                                            .seed_count = 4},
                                   .series = series,
                                   .input_columns = &column,
                                   .inputs = 1,
                                   .target_columns = &column,
                                   .outputs = 1,
                                   .scale = WR_SCALE_STANDARD,
                                   .epochs = 300,
                                   .validate = 0.2,
                                   .checkpoint_seconds = 30};
    snprintf(name, sizeof name, "study%d.db", (int)(mode - modes));
    IN_MODE(wr_device_open("cpu", NULL, &cpu, &error));
    IN_MODE(wr_study_open(path_of(name), WR_STUDY_WRITE, &study, &error));
    const struct wr_sweep_options how = {.devices = &cpu, .device_count = 1, .on_event = on_sweep};
    IN_MODE(wr_sweep_run(&sweep, study, &how, &result, &error));
    static const struct wr_trial_query all = {0};
    IN_MODE(wr_study_trials(study, &all, on_trial, NULL, &error));
    IN_MODE(wr_study_groups(study, "lr", on_group, NULL, &error));
    IN_MODE(wr_study_curve(study, 1, on_point, NULL, &error));
    wr_study_close(study);
    wr_device_close(cpu);
    wr_series_free(series);
}

/* ---- all of it, mode by mode ---- */

static void in_each_mode(void (*all)(void)) {
    size_t count = 0;
    for (mode = modes; mode < modes + TEST_COUNT_OF(modes); mode++) {
        notes = called_back = 0;
        all();
        count = mode == modes ? notes : count;
        assert_int_equal(notes, count);
    }
    mode = modes;
}

static void each_series(void **state) {
    (void)state;
    in_each_mode(test_series);
}
static void each_start(void **state) {
    (void)state;
    in_each_mode(test_start);
}
static void on_cpu(void) {
    test_sessions("cpu");
    assert_true(called_back > 0);
}
static void each_session(void **state) {
    (void)state;
    in_each_mode(on_cpu);
}
static void on_opencl(void) {
    test_sessions(test_opencl_device(0));
}
static void each_verification(void **state) {
    (void)state;
    for (mode = modes; mode < modes + TEST_COUNT_OF(modes); mode += TEST_COUNT_OF(modes) - 1) {
        struct wr_device *cpu;
        notes = called_back = 0;
        IN_MODE(wr_device_open("cpu", NULL, &cpu, &error));
        IN_MODE(wr_verify(cpu, on_row, NULL, &error));
        assert_true(called_back > 100);
        wr_device_close(cpu);
    }
    mode = modes;
}
static void each_opencl(void **state) {
    (void)state;
    if (test_opencl_device(0) == NULL)
        skip();
    in_each_mode(on_opencl);
}
static void forecasts(void) {
    test_forecast();
    assert_true(called_back > 0);
}
static void each_forecast(void **state) {
    (void)state;
    in_each_mode(forecasts);
}
static void each_sweep(void **state) {
    (void)state;
    in_each_mode(test_sweeps);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}
static int remove_all(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_series),  cmocka_unit_test(each_start),
        cmocka_unit_test(each_session), cmocka_unit_test(each_verification),
        cmocka_unit_test(each_opencl),  cmocka_unit_test(each_forecast),
        cmocka_unit_test(each_sweep),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
