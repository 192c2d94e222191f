/* Fits: a model has the same bits whichever models train beside it; files and folders give back
 * what was saved; intervals report what they were calibrated on; no forecast uses later values. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forecast/fit.h"
#include "support.h"

#define FOLDER WR_TEST_BINARY_DIR "/test_forecast.parts"
#define CSV    FOLDER ".csv"
#define SAVED  FOLDER ".safetensors"
#define K      4

/* Series a, b and c of 70, 60 and 16 values, d constant, e of 7 values. c needs a shorter window; d
 * and e get seasonal naive. `only`: that series alone. `bend` is added to values from index 50
 * on. */
static struct wr_panel *panel_of(const char *only, double bend) {
    static const size_t lengths[] = {70, 60, 16, 40, 7};
    FILE *file = fopen(CSV, "w");
    assert_non_null(file);
    fputs("unique_id,ds,y\n", file);
    for (size_t s = 0; s < 5; s++) {
        const char id[] = {(char)('a' + s), '\0'};
        for (size_t t = 0; t < lengths[s] && (only == NULL || strcmp(only, id) == 0); t++) {
            double season = sin((double)t * 3.14159265358979 / 3),
                   noise = test_uniform(9, 100 * s + t);
            double value = s == 3 ? 5.0 : 20 + (double)s + 3 * season + noise;
            fprintf(file, "%s,%zu,%.12g\n", id, t + 1, value + (t >= 50 ? bend : 0));
        }
    }
    assert_int_equal(fclose(file), 0);
    struct wr_error error = {0};
    struct wr_panel *panel;
    struct wr_panel_spec spec = {0};
    TEST_OK(wr_panel_read_long(CSV, &spec, &panel, &error));
    return panel;
}

static struct wr_recipe recipe(void) {
    struct wr_recipe r = {.name = "test",
                          .window = 4,
                          .chunk = 3,
                          .horizon = K,
                          .season = 6,
                          .scale = true,
                          .normalize = WR_NORMALIZE_LAST,
                          .hidden = 5,
                          .seeds = 3,
                          .seed = 7,
                          .init = WR_INIT_ORTHOGONAL,
                          .batch = 2,
                          .updates = 120,
                          .lr = 1e-2f};
    wr_rule_init(&r.rule, WR_OPTIMIZER_ADAM);
    r.rule.order = WR_ORDER_SHUFFLED;
    r.rule.decay = WR_DECAY_LINEAR;
    r.rule.loss = WR_LOSS_MAE;
    return r;
}

static struct wr_fit *fit_with(const char *device, const struct wr_panel *panel,
                               const struct wr_recipe *r, const size_t *until,
                               const struct wr_fit_options *options) {
    static const struct wr_fit_options none;
    struct wr_error error = {0};
    struct wr_device *opened = test_device(device, 2);
    struct wr_fit *fit;
    TEST_OK(wr_fit(opened, panel, r, until, options != NULL ? options : &none, &fit, &error));
    wr_device_close(opened);
    return fit;
}

/* Forecasts (series, K). The caller frees them. */
static double *points_of(const struct wr_fit *fit, const struct wr_panel *panel,
                         const size_t *until) {
    struct wr_error error = {0};
    double *points = test_zeros(wr_panel_count(panel) * K, sizeof *points);
    TEST_OK(wr_fit_forecast(fit, panel, until, points, &error));
    return points;
}

static void same(const double *a, const double *b, size_t count) {
    assert_memory_equal(a, b, count * sizeof *a);
}

/* ---- fits ---- */

static void test_report(void **state) {
    (void)state;
    struct wr_panel *panel = panel_of(NULL, 0);
    struct wr_recipe r = recipe();
    struct wr_fit *fit = fit_with("cpu", panel, &r, NULL, NULL);
    struct wr_fit_report report;
    wr_fit_report(fit, &report);
    assert_int_equal(report.series, 5);
    assert_int_equal(report.models, 9);
    assert_int_equal(report.shorter, 1);
    assert_int_equal(report.naive, 2);
    assert_int_equal(report.diverged, 0);
    assert_true(report.updates == 9 * 120);
    double *points = points_of(fit, panel, NULL), naive[K];
    for (size_t s = 3; s < 5; s++) {
        wr_naive(wr_panel_values(panel, s), wr_panel_length(panel, s), r.season, K, naive);
        same(points + s * K, naive, K);
    }
    for (size_t i = 0; i < 2 * K; i++) /* the models have learnt something: values are 16 to 26 */
        assert_true(points[i] > 14 && points[i] < 28);
    free(points);
    wr_fit_free(fit);
    wr_panel_free(panel);
}

/* The forecast of a series has the same bits whether it is fitted alone or with others, on every
 * device, and whatever values come later. */
static void test_alone(void **state) {
    (void)state;
    struct wr_panel *panel = panel_of(NULL, 0), *alone, *bent = panel_of(NULL, 100);
    struct wr_recipe r = recipe();
    const size_t until[] = {50, 50, 16, 40, 7};
    struct wr_fit *fit = fit_with("cpu", panel, &r, until, NULL);
    double *points = points_of(fit, panel, until), *found;
    for (size_t s = 0; s < 3; s++) {
        const char id[] = {(char)('a' + s), '\0'};
        alone = panel_of(id, 0);
        struct wr_fit *one = fit_with("cpu", alone, &r, until + s, NULL);
        found = points_of(one, alone, until + s);
        same(found, points + s * K, K);
        free(found);
        wr_fit_free(one);
        wr_panel_free(alone);
    }
    struct wr_fit *other = fit_with("cpu", bent, &r, until, NULL);
    found = points_of(other, bent, until);
    same(found, points, 5 * K);
    free(found);
    wr_fit_free(other);
    for (size_t d = 1; test_any_device(d) != NULL && d < 2; d++) {
        other = fit_with(test_any_device(d), panel, &r, until, NULL);
        found = points_of(other, panel, until);
        same(found, points, 5 * K);
        free(found);
        wr_fit_free(other);
    }
    free(points);
    wr_fit_free(fit);
    wr_panel_free(panel);
    wr_panel_free(bent);
}

static size_t sessions_opened;
wr_status __real_wr_session_open(struct wr_device *device, const struct wr_ensemble *ensemble,
                                 struct wr_session **session, struct wr_error *error);
wr_status __wrap_wr_session_open(struct wr_device *device, const struct wr_ensemble *ensemble,
                                 struct wr_session **session, struct wr_error *error);

wr_status __wrap_wr_session_open(struct wr_device *device, const struct wr_ensemble *ensemble,
                                 struct wr_session **session, struct wr_error *error) {
    sessions_opened++;
    return __real_wr_session_open(device, ensemble, session, error);
}

/* All steps of a forecast take one session. */
static void test_recursive(void **state) {
    (void)state;
    struct wr_panel *panel = panel_of("a", 0);
    struct wr_recipe r = recipe();
    r.recursive = true;
    r.adjust = r.detrend = true;
    r.chunk = 1;
    r.combine = WR_COMBINE_MEDIAN;
    r.rule.fixed = WR_FIXED_HIDDEN_BIAS;
    struct wr_fit *fit = fit_with("cpu", panel, &r, NULL, NULL);
    sessions_opened = 0;
    double *points = points_of(fit, panel, NULL);
    assert_int_equal(sessions_opened, 1);
    for (size_t k = 0; k < K; k++)
        assert_true(points[k] > 12 && points[k] < 28);
    free(points);
    wr_fit_free(fit);
    wr_panel_free(panel);
}

/* A model that learns far too fast is validated eight times on held-out windows and keeps its best
 * parameters. */
static void test_early_stopping(void **state) {
    (void)state;
    struct wr_panel *panel = panel_of("a", 0);
    struct wr_recipe r = recipe();
    struct wr_fit_report whole, stopped;
    r.lr = 0.5f;
    r.updates = 400;
    struct wr_fit *fit = fit_with("cpu", panel, &r, NULL, NULL);
    wr_fit_report(fit, &whole);
    wr_fit_free(fit);
    r.validate = 0.25;
    r.validations = 8;
    r.patience = 1;
    fit = fit_with("cpu", panel, &r, NULL, NULL);
    wr_fit_report(fit, &stopped);
    assert_true(stopped.updates < whole.updates);
    double *points = points_of(fit, panel, NULL);
    for (size_t k = 0; k < K; k++)
        assert_true(points[k] > 10 && points[k] < 30);
    free(points);
    wr_fit_free(fit);
    wr_panel_free(panel);
}

/* ---- files ---- */

/* Makes a fit with intervals and saves it as SAVED. The caller frees fit and panel. */
static struct wr_fit *save_fit(struct wr_panel **panel) {
    struct wr_error error = {0};
    struct wr_recipe r = recipe();
    const struct wr_fit_options options = {.calibrate = true};
    *panel = panel_of(NULL, 0);
    struct wr_fit *fit = fit_with("cpu", *panel, &r, NULL, &options);
    TEST_OK(wr_fit_save(fit, SAVED, &error));
    return fit;
}

static void test_file(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel;
    struct wr_fit *fit = save_fit(&panel), *loaded;
    double *points = points_of(fit, panel, NULL), *found;
    TEST_OK(wr_fit_load(SAVED, &loaded, &error));
    found = points_of(loaded, panel, NULL);
    same(found, points, 5 * K);
    assert_string_equal(wr_fit_recipe(loaded)->name, "test");
    const double levels[] = {50, 95};
    double bounds[2][2][2 * 5 * K];
    const struct wr_fit *fits[] = {fit, loaded};
    for (size_t i = 0; i < 2; i++)
        TEST_OK(wr_fit_intervals(fits[i], panel, NULL, points, levels, 2, bounds[i][0],
                                 bounds[i][1], &error));
    assert_memory_equal(bounds[0], bounds[1], sizeof bounds[0]);
    for (size_t i = 0; i < 5 * K; i++) {
        assert_true(bounds[0][0][i] <= points[i] && points[i] <= bounds[0][1][i]);
        assert_true(bounds[0][0][5 * K + i] <= bounds[0][0][i]); /* 95 % is wider */
        assert_true(bounds[0][1][5 * K + i] >= bounds[0][1][i]);
    }
    assert_true(bounds[0][1][0] > points[0]);
    wr_fit_free(loaded);
    assert_int_equal(wr_fit_load(CSV, &loaded, &error), WR_ERR_DATA);
    assert_null(loaded);
    free(found);
    free(points);
    wr_fit_free(fit);
    wr_panel_free(panel);
    wr_error_release(&error);
}

#define EDITED FOLDER ".edited"

/* Saves a copy of the fit's file in which `to` replaces `from` everywhere in the metadata. The hash
 * of the copy is correct. */
static void edit(const char *from, const char *to) {
    struct wr_error error = {0};
    struct wr_stack stack = {0};
    size_t size;
    char *text, *edited;
    TEST_OK(wr_parameters_load(SAVED, &stack, NULL, &error));
    TEST_OK(wr_metadata_load(SAVED, "windrow_fit", &text, &error));
    FILE *file = open_memstream(&edited, &size);
    assert_non_null(file);
    const char *rest = text, *found = strstr(text, from);
    if (found == NULL)
        fail_msg("no %s in %.2000s", from, text);
    for (; found != NULL; rest = found + strlen(from), found = strstr(rest, from))
        fprintf(file, "%.*s%s", (int)(found - rest), rest, to);
    fputs(rest, file);
    fclose(file);
    char hash[17];
    wr_fit_hash(edited, &stack, hash);
    const struct wr_metadata metadata[] = {{"windrow_fit", edited}, {WR_FIT_HASH_KEY, hash}};
    TEST_OK(wr_parameters_save(EDITED, &stack, metadata, 2, &error));
    free(edited);
    free(text);
    free(stack.parameters);
}

/* Sizes that are absurd or contradictory are refused before they are used. */
static void test_damaged(void **state) {
    (void)state;
    static const char *const edits[][2] = {
        {"\"means\":[],\"deviations\":[]", "\"means\":[0],\"deviations\":[1]"},
        {"\"means\":[]", "\"means\":[0]"},
        {"\"deviation\":", "\"deviation\":-"},
        {"\"indices\":[]", "\"indices\":[0.0]"},
        {"\"length\":70", "\"length\":9223372036854775807"},
        {"\"length\":70", "\"length\":0"},
        {"\"length\":70", "\"length\":-1"},
        {"\"origins\":", "\"origins\":1"},
        {"\"origins\":", "\"origins\":576460752303423488"},
        {"\"origins\":", "\"origins\":576460752303423488,\"errors\":\"\",\"was\":"},
        {"\"horizon\":4", "\"horizon\":2305843009213693952"},
        {"\"horizon\":4", "\"horizon\":3"},
        {"\"window\":4", "\"window\":1000001"},
        {"\"window\":1", "\"window\":5"},
        {"\"window\":0", "\"window\":1"},
        {"\"chunk\":3", "\"chunk\":9223372036854775807"},
        {"\"chunk\":3", "\"chunk\":2"},
        {"\"chunk\":3", "\"chunk\":1"},
        {"\"seeds\":3", "\"seeds\":2"},
        {"\"hidden\":5", "\"hidden\":6"},
        {"\"normalize\":1", "\"normalize\":9"},
        {"\"numerics\":", "\"numerics\":9"},
        {"\"diverged\":\"", "\"diverged\":\"0"},
        {"\"covariates\":", "\"was\":"},
        {"\"series\":[", "\"series\":{},\"was\":["},
        {"\"id\":\"a\"", "\"id\":1"},
        {"{", "["},
    };
    struct wr_error error = {0};
    struct wr_panel *panel;
    struct wr_fit *fit = save_fit(&panel), *loaded;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        edit(edits[i][0], edits[i][1]);
        if (wr_fit_load(EDITED, &loaded, &error) != WR_ERR_DATA)
            fail_msg("%s as %s is taken: %s", edits[i][0], edits[i][1], error.text);
        assert_null(loaded);
        assert_memory_equal(error.text, EDITED ": ", strlen(EDITED ": "));
    }
    edit("\"numerics\":2", "\"numerics\":1"); /* numerics 1 forecasts with the same sums */
    TEST_OK(wr_fit_load(EDITED, &loaded, &error));
    wr_fit_free(loaded);
    edit("\"id\":\"a\"", "\"id\":\"b\""); /* the same series twice: no difference to find */
    TEST_OK(wr_fit_load(EDITED, &loaded, &error));
    wr_fit_free(loaded);
    remove(EDITED);
    wr_fit_free(fit);
    wr_panel_free(panel);
    wr_error_release(&error);
}

/* Saves a copy of the fit's file with the bits of `mask` flipped in one byte. */
static void flip(const char *bytes, size_t size, size_t at, int mask) {
    FILE *file = fopen(EDITED, "wb");
    assert_non_null(file);
    fwrite(bytes, 1, at, file);
    fputc(bytes[at] ^ mask, file);
    fwrite(bytes + at + 1, 1, size - at - 1, file);
    assert_int_equal(fclose(file), 0);
}

/* A flipped bit in any byte of the metadata or the models is found (tried: every fifth byte).
 * rnn.bias_hh_l0 is left out: it is 0 and is added to the other bias, and most of its bits are too
 * small to change that. */
static void test_flipped_bits(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel;
    struct wr_fit *fit = save_fit(&panel), *loaded;
    static char bytes[1 << 16];
    FILE *file = fopen(SAVED, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file), H = fit->stack.shape.hidden;
    fclose(file);
    assert_true(size < sizeof bytes);
    const char *found = strstr(bytes + 8, "\"windrow_fit\"");
    assert_non_null(found);
    size_t data = size - 4 * fit->stack.count * wr_fit_parameters(fit) - 4 * fit->stack.count * H;
    size_t zeros = data + 4 * fit->stack.count * H * (fit->stack.shape.inputs + H + 1);
    for (size_t at = (size_t)(found - bytes); at < size; at += 5) {
        if (at >= zeros && at < zeros + 4 * fit->stack.count * H)
            continue;
        flip(bytes, size, at, 1 << at % 7);
        if (wr_fit_load(EDITED, &loaded, &error) != WR_ERR_DATA ||
            strncmp(error.text, EDITED ": ", strlen(EDITED ": ")) != 0)
            fail_msg("byte %zu of %zu is taken: %s", at, size, error.text);
    }
    flip(bytes, size, size - 1, 0);
    TEST_OK(wr_fit_load(EDITED, &loaded, &error));
    wr_fit_free(loaded);
    remove(EDITED);
    wr_fit_free(fit);
    wr_panel_free(panel);
    wr_error_release(&error);
}

static void clear_folder(void) {
    char path[512];
    DIR *folder = opendir(FOLDER);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, FOLDER "/%.200s", entry->d_name);
        (void)remove(path);
    }
    if (folder != NULL)
        closedir(folder);
    (void)rmdir(FOLDER);
}

/* Parts that are complete are not trained again, and the parts of another recipe are not
 * touched. */
static void test_resume(void **state) {
    (void)state;
    struct wr_panel *panel = panel_of(NULL, 0);
    struct wr_recipe r = recipe();
    const struct wr_fit_options options = {.resume = FOLDER};
    struct wr_fit_report report;
    clear_folder();
    struct wr_fit *first = fit_with("cpu", panel, &r, NULL, &options);
    struct wr_fit *again = fit_with("cpu", panel, &r, NULL, &options);
    wr_fit_report(again, &report);
    assert_true(report.updates == 0);
    double *points = points_of(first, panel, NULL), *found = points_of(again, panel, NULL);
    same(found, points, 5 * K);
    r.seed = 8;
    struct wr_fit *other = fit_with("cpu", panel, &r, NULL, &options);
    wr_fit_report(other, &report);
    assert_true(report.updates == 9 * 120);
    free(points);
    free(found);
    wr_fit_free(first);
    wr_fit_free(again);
    wr_fit_free(other);
    wr_panel_free(panel);
    clear_folder();
}

/* ---- what is refused ---- */

static void test_refusals(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_panel *panel = panel_of("a", 0), *other = panel_of("b", 0);
    struct wr_recipe r = recipe();
    struct wr_fit *fit = fit_with("cpu", panel, &r, NULL, NULL), *none;
    double points[K] = {0}, low[K], high[K];
    const double level = 80;
    assert_int_equal(wr_fit_forecast(fit, other, NULL, points, &error), WR_ERR_DATA);
    assert_non_null(strstr(error.text, "series b"));
    assert_int_equal(wr_fit_intervals(fit, panel, NULL, points, &level, 1, low, high, &error),
                     WR_ERR_USAGE);
    struct wr_device *device = test_device("cpu", 1);
    r.horizon = 0;
    assert_int_equal(wr_fit(device, panel, &r, NULL, &(struct wr_fit_options){0}, &none, &error),
                     WR_ERR_USAGE);
    assert_null(none);
    r = recipe();
    const volatile sig_atomic_t stop = 1;
    const struct wr_fit_options stopped = {.stop = &stop};
    assert_int_equal(wr_fit(device, panel, &r, NULL, &stopped, &none, &error), WR_ERR_STOPPED);
    const size_t until = wr_panel_length(panel, 0) + 1; /* more than there is */
    const struct wr_fit_options plain = {0};
    assert_int_equal(wr_fit(device, panel, &r, &until, &plain, &none, &error), WR_ERR_USAGE);
    assert_int_equal(wr_fit_forecast(fit, panel, &until, points, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "values are asked for, and it has"));
    assert_int_equal(wr_fit_intervals(fit, panel, &until, points, &level, 1, low, high, &error),
                     WR_ERR_USAGE);
    struct wr_fit_series beyond;
    wr_fit_get_series(fit, 1, &beyond);
    assert_null(beyond.id);
    wr_device_close(device);
    wr_fit_free(fit);
    wr_panel_free(panel);
    wr_panel_free(other);
    wr_error_release(&error);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report),       cmocka_unit_test(test_alone),
        cmocka_unit_test(test_recursive),    cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_file),         cmocka_unit_test(test_resume),
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_flipped_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
