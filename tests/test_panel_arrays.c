/* Panels from arrays: they are what a long CSV of the same content gives. Every CSV of test_panel
 * and test_panel_time that arrays can hold is compared there (panel_arrays.c); here are generated
 * ones, the forms that only arrays have, and what is refused. */
#include <math.h>

#include "base/random.h"
#include "data/date.h"
#include "libc_faults.h"
#include "panel_support.h"
#include "windrow/forecast.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- generated panels ---- */

static uint64_t state_of_random;

static size_t random_below(size_t bound) {
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state_of_random >> 33) % bound;
}

static bool one_in(size_t n) {
    return random_below(n) == 0;
}

/* How the stamps of a generated panel look: the first one, and the step to the next. */
struct kind {
    const char *first, *step;
    const char *tz; /* of spec.tz, for local times */
};
static const struct kind kinds[] = {
    {"1", "1", NULL},
    {"1950", "1", NULL},
    {"-40", "7", NULL},
    {"202301", "1", NULL}, /* becomes dates as long as it does not reach 202313 */
    {"2023-01", "MS", NULL},
    {"2023-Q1", "QS", NULL},
    {"2024-02-27", "D", NULL},
    {"2024-02-27", "B", NULL},
    {"2024-01-07", "W-SUN", NULL},
    {"2024-01-31", "ME", NULL},
    {"2024-01-01", "MS", NULL},
    {"2023-12-29", "BME", NULL},
    {"1999-06-30", "YE-JUN", NULL},
    {"2024-02-28 21:00:00", "h", NULL},
    {"2024-03-30 20:00:00", "h", "Europe/Berlin"},
    {"2024-10-26 20:00:00", "h", "Europe/Berlin"},
    {"2024-10-26 20:00:00+00:00", "30min", "Europe/Berlin"},
    {"2024-10-25 20:00:00+00:00", "D", "America/New_York"},
    {"2024-02-28 23:30:00+00:00", "15min", NULL},
    {"2024-02-28 23:59:59.750", "250ms", NULL},
    {"1969-12-31 23:59:59.999999", "1us", NULL},
    {"2024-02-28 23:59:59.999999990", "5ns", NULL},
};

/* A panel that is written as CSV. */
struct made {
    char text[1 << 16];
    size_t size;
    struct wr_panel_spec spec;
    bool ids;
};

static void put(struct made *made, const char *text) {
    size_t length = strlen(text);
    assert_true(made->size + length < sizeof made->text);
    memcpy(made->text + made->size, text, length + 1);
    made->size += length;
}

static void put_value(struct made *made, bool empty) {
    char text[32];
    snprintf(text, sizeof text, ",%.17g", ((double)random_below(2000) - 1000) / 7);
    put(made, empty ? "," : text);
}

/* Writes a record, with or without its target. */
static void put_record(struct made *made, size_t series, const char *stamp, bool target,
                       size_t gaps) {
    char id[16];
    snprintf(id, sizeof id, "s%zu", series);
    put(made, made->ids ? id : "");
    put(made, made->ids && stamp != NULL ? "," : "");
    put(made, stamp != NULL ? stamp : "");
    put_value(made, !target || one_in(gaps));
    for (size_t i = 0; i < made->spec.pasts; i++)
        put_value(made, !target || one_in(gaps));
    for (size_t i = 0; i < made->spec.futures; i++)
        put_value(made, one_in(gaps * 4));
    put(made, "\n");
}

static void choose(struct made *made, const struct kind *kind) {
    static const char *const past[] = {"p", "q"}, *const future[] = {"f", "g"};
    static const enum wr_missing missing[] = {WR_MISSING_REFUSE, WR_MISSING_DROP,
                                              WR_MISSING_INTERPOLATE, WR_MISSING_INTERPOLATE};
    made->spec = (struct wr_panel_spec){.past = past,
                                        .pasts = random_below(3),
                                        .future = future,
                                        .futures = random_below(3),
                                        .missing = missing[random_below(4)],
                                        .tz = kind != NULL ? kind->tz : NULL};
    if (kind != NULL && one_in(3))
        made->spec.freq = kind->step;
    made->ids = kind == NULL || !one_in(4);
}

static void put_head(struct made *made, bool stamps) {
    put(made, made->ids ? "unique_id" : "");
    put(made, made->ids && stamps ? "," : "");
    put(made, stamps ? "ds,y" : ",y"); /* one of both at least */
    for (size_t i = 0; i < made->spec.pasts; i++) {
        put(made, ",");
        put(made, made->spec.past[i]);
    }
    for (size_t i = 0; i < made->spec.futures; i++) {
        put(made, ",");
        put(made, made->spec.future[i]);
    }
    put(made, "\n");
}

/* Writes the stamp `step` steps after the first. */
static void stamp_at(const struct kind *kind, struct wr_zone *zone, size_t step,
                     char stamp[WR_STAMP_SIZE]) {
    struct wr_stamp_form form;
    struct wr_step by;
    int64_t time;
    int nanosecond;
    assert_true(wr_stamp_read(kind->first, &form, &time, &nanosecond));
    assert_true(wr_step_read(kind->step, &by));
    bool utc = *form.zone != '\0';
    if (form.kind == WR_STAMP_TIME) {
        form.second = 1000000000;
        form.rules = utc ? NULL : zone;
        time = wr_stamp_at_local(&form, time * form.second + nanosecond);
    }
    wr_step_complete(&form, &time, 1, &by);
    wr_stamp_write(&form, wr_step_add(&form, &by, time, step), stamp);
}

/* Series of a few rows each, whose rows stand in any order but that of time; some rows are missing,
 * some values too, and some rows tell future covariates alone. */
static void generate(struct made *made, const struct kind *kind) {
    enum { MOST_SERIES = 4 };
    size_t series, at[MOST_SERIES], left[MOST_SERIES], ahead[MOST_SERIES], rows = 0;
    struct wr_zone *zone = NULL;
    made->size = 0;
    choose(made, kind);
    put_head(made, kind != NULL);
    series = made->ids ? 1 + random_below(MOST_SERIES) : 1;
    for (size_t s = 0; s < series; s++) {
        at[s] = random_below(3);
        left[s] = 1 + random_below(30);
        ahead[s] = random_below(4);
        rows += left[s] + ahead[s];
    }
    if (kind != NULL && kind->tz != NULL)
        assert_int_equal(wr_zone_open(kind->tz, &zone, NULL), WR_OK);
    const size_t gaps = one_in(3) ? SIZE_MAX / 8 : 8;
    while (rows > 0) {
        char stamp[WR_STAMP_SIZE];
        size_t s = random_below(series);
        if (left[s] + ahead[s] == 0)
            continue;
        rows--;
        if (kind != NULL)
            stamp_at(kind, zone, at[s], stamp);
        at[s] += 1U + (kind != NULL && one_in(gaps));
        put_record(made, s, kind != NULL ? stamp : NULL, left[s] > 0, gaps);
        if (left[s] > 0)
            left[s]--;
        else
            ahead[s]--;
    }
    wr_zone_free(zone);
}

static void test_generated(void **state) {
    (void)state;
    enum { PANELS = 600 };
    static struct made made;
    size_t read = 0, refused = 0;
    for (size_t i = 0; i < PANELS; i++) {
        state_of_random = i;
        size_t k = random_below(COUNT_OF(kinds) + 1);
        generate(&made, k < COUNT_OF(kinds) ? &kinds[k] : NULL);
        struct wr_error error = {0};
        struct wr_panel *panel;
        wr_status status = read_panel_text(made.text, wr_panel_long, &made.spec, &panel, &error);
        bool held = same_from_arrays(made.text, &made.spec, panel, error.text);
        if (!held && (status == WR_OK || strstr(error.text, "nobody says") == NULL))
            fail_msg("panel %zu was not compared:\n%s%s", i, made.text, error.text);
        read += status == WR_OK && held;
        refused += status != WR_OK && held;
        wr_panel_free(panel);
    }
    assert_true(read > PANELS / 2 && refused > PANELS / 20);
}

/* ---- what only arrays have ---- */

static const double one_to_six[] = {1, 2, 3, 4, 5, 6};

static struct wr_panel *make(const struct wr_panel_arrays *arrays,
                             const struct wr_panel_spec *spec) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    if (wr_panel_of(arrays, spec, &panel, &error) != WR_OK)
        fail_msg("%s", error.text);
    return panel;
}

static void test_one_series(void **state) {
    (void)state;
    const char *const id = " own ";
    struct wr_panel_arrays arrays = {.rows = 3, .target = one_to_six};
    struct wr_panel *panel = make(&arrays, &(struct wr_panel_spec){.target = "sales"});
    assert_series(panel, 0, "sales", 3, DOUBLES(1, 2, 3));
    assert_string_equal(wr_panel_path(panel), "memory");
    assert_true(wr_panel_numbered(panel));
    assert_int_equal(wr_panel_line(panel, 0, 2), 3);
    assert_stamp(panel, 0, 3, "4");
    wr_panel_free(panel);
    arrays.ids = &id;
    arrays.id_count = 1;
    panel = make(&arrays, &(struct wr_panel_spec){0});
    assert_series(panel, 0, "own", 3, DOUBLES(1, 2, 3));
    wr_panel_free(panel);
}

/* Names without a row are no series, and two codes of one name are one. */
static void test_codes(void **state) {
    (void)state;
    static const char *const ids[] = {"none", "b", "a", "b"};
    static const int64_t codes[] = {2, 1, 2, 3, 1, 3};
    const struct wr_panel_arrays arrays = {
        .rows = 6, .ids = ids, .id_count = 4, .codes = codes, .target = one_to_six};
    struct wr_panel *panel = make(&arrays, &(struct wr_panel_spec){0});
    assert_int_equal(wr_panel_count(panel), 2);
    assert_series(panel, 0, "a", 2, DOUBLES(1, 3));
    assert_series(panel, 1, "b", 4, DOUBLES(2, 4, 5, 6));
    wr_panel_free(panel);
}

static void test_ticks(void **state) {
    (void)state;
    static const int64_t days[] = {-86400, 0, 86400}, halves[] = {-500, 0, 500},
                         hours[] = {0, 3600000000, 7200000000}, years[] = {1999, 2000, 2001};
    static const struct {
        const int64_t *times;
        int64_t ticks;
        bool utc;
        const char *freq, *next;
    } cases[] = {
        {days, 1, false, "D", "1970-01-03"},
        {days, 1, true, "D", "1970-01-03 00:00:00+00:00"},
        {halves, 1000, false, "500ms", "1970-01-01 00:00:01.000"},
        {hours, 1000000, false, "h", "1970-01-01 03:00:00"},
        {years, 0, false, "1", "2002"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct wr_panel_arrays arrays = {.rows = 3,
                                               .times = cases[i].times,
                                               .ticks = cases[i].ticks,
                                               .utc = cases[i].utc,
                                               .target = one_to_six};
        struct wr_panel *panel = make(&arrays, &(struct wr_panel_spec){0});
        assert_string_equal(wr_panel_freq(panel), cases[i].freq);
        assert_stamp(panel, 0, 3, cases[i].next);
        wr_panel_free(panel);
    }
    /* instants in a zone whose clocks go back at 01:00 UTC: 26 hours of the 27th are 25 */
    static const int64_t night[] = {1729980000, 1729983600, 1729987200, 1729990800}; /* 22:00 */
    struct wr_panel_arrays arrays = {
        .rows = 4, .times = night, .ticks = 1, .utc = true, .target = one_to_six};
    struct wr_panel *panel = make(&arrays, &(struct wr_panel_spec){.tz = "Europe/Berlin"});
    assert_stamp(panel, 0, 0, "2024-10-27 00:00:00+02:00");
    assert_stamp(panel, 0, 3, "2024-10-27 02:00:00+01:00");
    wr_panel_free(panel);
}

/* ---- refusals ---- */

static void refuse(const struct wr_panel_arrays *arrays, const struct wr_panel_spec *spec,
                   wr_status expected, const char *text) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    wr_status status = wr_panel_of(arrays, spec, &panel, &error);
    assert_string_equal(error.text, text);
    assert_int_equal(status, expected);
    assert_null(panel);
}

static void test_refusals(void **state) {
    (void)state;
    static const char *const ids[] = {"a", "b"}, *const blank[] = {"a", " "},
                             *const odd[] = {"a", "\xff"}, *const stamps[] = {"1", NULL, "3"};
    static const int64_t codes[] = {0, 0, 1}, missing[] = {0, -1, 0}, far[] = {0, 1, 2},
                         nat[] = {0, 1, INT64_MIN}, long_numbers[] = {0, 1000000000000000000},
                         late[] = {0, 253402300800}, same[] = {0, 0, 86400};
    static const double infinite[] = {1, -INFINITY, 3};
    const double *const none = NULL;
    const struct wr_panel_spec plain = {0}, past = {.past = ids, .pasts = 1},
                               future = {.future = ids, .futures = 1}, daily = {.freq = "D"};
    const struct wr_panel_arrays good = {.rows = 3, .target = one_to_six};
    struct wr_panel_arrays a = good;
#define REFUSE(change, spec, status, text)                                                         \
    do {                                                                                           \
        a = good;                                                                                  \
        change;                                                                                    \
        refuse(&a, spec, status, text);                                                            \
    } while (0)
    REFUSE(a.rows = 0, &plain, WR_ERR_DATA, "memory: has no rows; a panel needs some");
    const char *lacks =
        "memory: lacks the values of the target, or values or the name of a covariate";
    REFUSE(a.target = NULL, &plain, WR_ERR_USAGE, lacks);
    REFUSE((void)0, &past, WR_ERR_USAGE, lacks);
    REFUSE(a.past = &none, &past, WR_ERR_USAGE, lacks);
    REFUSE((void)0, &future, WR_ERR_USAGE, lacks);
    REFUSE(a.future = &none, &future, WR_ERR_USAGE, lacks);
    REFUSE((a.ids = ids, a.id_count = 2), &plain, WR_ERR_USAGE,
           "memory: has 2 names of series and no codes for its rows; give both, or one name, or "
           "neither");
    REFUSE(a.codes = codes, &plain, WR_ERR_USAGE,
           "memory: has 0 names of series and codes for its rows; give both, or one name, or "
           "neither");
    REFUSE((a.times = codes, a.stamps = stamps), &plain, WR_ERR_USAGE,
           "memory: has time stamps as texts and as numbers; give one of them");
    REFUSE((a.times = codes, a.ticks = 60), &plain, WR_ERR_USAGE,
           "memory: 60 ticks per second; needs 1, 1000, 1000000 or 1000000000, or 0 for numbers "
           "that are no dates");
    REFUSE((a.ids = ids, a.id_count = 2, a.codes = far), &plain, WR_ERR_USAGE,
           "memory: row 3 has the code 2 of 2 names of series");
    REFUSE((a.ids = ids, a.id_count = 2, a.codes = missing), &plain, WR_ERR_DATA,
           "memory: row 2 has no name of a series; fill it in");
    REFUSE((a.ids = blank, a.id_count = 2, a.codes = codes), &plain, WR_ERR_DATA,
           "memory: row 3 has no name of a series; fill it in");
    REFUSE((a.ids = odd, a.id_count = 2, a.codes = codes, a.name = "frame"), &plain, WR_ERR_DATA,
           "frame: row 3: the name of the series is not UTF-8");
    REFUSE(a.times = nat, &plain, WR_ERR_DATA,
           "memory: row 3, series \"y\": has no time stamp (NaT); fill it in");
    REFUSE((a.times = nat, a.ticks = 1), &plain, WR_ERR_DATA,
           "memory: row 3, series \"y\": has no time stamp (NaT); fill it in");
    REFUSE((a.times = long_numbers, a.rows = 2), &plain, WR_ERR_DATA,
           "memory: row 2, series \"y\": 1000000000000000000 is no time stamp: it has more than 18 "
           "digits");
    REFUSE(
        (a.times = late, a.ticks = 1, a.rows = 2), &plain, WR_ERR_DATA,
        "memory: row 2, series \"y\": 253402300800 is no time stamp: it is not in the years 0 to "
        "9999");
    REFUSE((a.times = same, a.ticks = 1), &plain, WR_ERR_DATA,
           "memory: row 2, series \"y\": 1970-01-01 stands twice, on row 1 as well; leave one of "
           "them");
    REFUSE(a.stamps = stamps, &plain, WR_ERR_DATA,
           "memory: row 2, series \"y\": \"\" is no time stamp; write YYYY-MM-DD, "
           "YYYY-MM-DDTHH:MM, YYYY-MM-DDTHH:MM:SS, YYYY-MM, YYYY-Q1, YYYY or an integer");
    REFUSE(a.target = infinite, &plain, WR_ERR_DATA,
           "memory: row 2, series \"y\": column \"y\" (number 1): \"-inf\" is not a finite number "
           "that fits a float; put NaN where a value is missing");
    REFUSE((void)0, &daily, WR_ERR_DATA,
           "memory: has no time stamps, so neither steps of them nor a time zone; give stamps or "
           "times");
#undef REFUSE
}

static void test_no_memory(void **state) {
    (void)state;
    static const char *const ids[] = {"a", "b"}, *const past[] = {"p"};
    static const int64_t codes[] = {0, 1, 0, 0, 1, 1}, times[] = {1, 1, 2, 4, 2, 3};
    static const double *const columns[] = {one_to_six};
    const struct wr_panel_spec spec = {.past = past, .pasts = 1, .missing = WR_MISSING_INTERPOLATE};
    const struct wr_panel_arrays arrays = {.rows = 6,
                                           .ids = ids,
                                           .id_count = 2,
                                           .codes = codes,
                                           .times = times,
                                           .target = one_to_six,
                                           .past = columns};
    struct wr_panel *panel;
    long n = 0;
    for (;; n++) {
        struct wr_error error = {0};
        test_faults.allocation = n;
        wr_status status = wr_panel_of(&arrays, &spec, &panel, &error);
        if (status == WR_OK)
            break;
        assert_int_equal(status, WR_ERR_MEMORY);
        assert_int_equal(error.status, WR_ERR_MEMORY);
        assert_null(panel);
    }
    test_faults.allocation = -1;
    wr_panel_free(panel);
    assert_true(n > 16);
}

/* ---- forecasts ---- */

/* Fits two series with a covariate and forecasts them: points, low and high (2, 4) each. */
static void forecast(const struct wr_panel *panel, double results[3][8]) {
    struct wr_error error = {0};
    struct wr_recipe recipe;
    struct wr_device *device;
    struct wr_fit *fit;
    const double level = 80;
    const struct wr_fit_options options = {.calibrate = true};
    assert_int_equal(wr_recipe_named("daily", &recipe, &error), WR_OK);
    recipe.horizon = 4;
    recipe.seeds = 1;
    recipe.updates = 20;
    assert_int_equal(wr_device_open("cpu", NULL, &device, &error), WR_OK);
    if (wr_fit(device, panel, &recipe, NULL, &options, &fit, &error) != WR_OK)
        fail_msg("%s", error.text);
    assert_int_equal(wr_fit_forecast(fit, panel, NULL, results[0], &error), WR_OK);
    assert_int_equal(
        wr_fit_intervals(fit, panel, NULL, results[0], &level, 1, results[1], results[2], &error),
        WR_OK);
    wr_fit_free(fit);
    wr_device_close(device);
}

static void test_same_forecasts(void **state) {
    (void)state;
    enum { LENGTH = 90, AHEAD = 4, ROWS = 2 * (LENGTH + AHEAD) };
    static const char *const ids[] = {"a", "b"}, *const names[] = {"f"};
    static int64_t codes[ROWS], times[ROWS];
    static double target[ROWS], covariate[ROWS];
    const double *const columns[] = {covariate};
    char text[1 << 14];
    size_t length = (size_t)snprintf(text, sizeof text, "unique_id,ds,y,f\n");
    for (size_t row = 0; row < ROWS; row++) {
        char stamp[WR_STAMP_SIZE];
        const struct wr_stamp_form form = {.kind = WR_STAMP_TIME, .mark = '-', .second = 1};
        size_t s = row % 2, t = row / 2;
        codes[row] = (int64_t)s;
        times[row] = ((int64_t)t + 19000) * 86400;
        covariate[row] = (double)(t % 3);
        target[row] = t < LENGTH && (t != 40 || s == 1)
                          ? (double)(t % 7) + covariate[row] + (double)(s * t) / 16
                          : NAN;
        wr_stamp_write(&form, times[row], stamp);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s,%s,", ids[s], stamp);
        if (!isnan(target[row]))
            length += (size_t)snprintf(text + length, sizeof text - length, "%.17g", target[row]);
        length += (size_t)snprintf(text + length, sizeof text - length, ",%g\n", covariate[row]);
    }
    const struct wr_panel_spec spec = {
        .future = names, .futures = 1, .missing = WR_MISSING_INTERPOLATE};
    const struct wr_panel_arrays arrays = {.rows = COUNT_OF(target),
                                           .ids = ids,
                                           .id_count = 2,
                                           .codes = codes,
                                           .times = times,
                                           .ticks = 1,
                                           .target = target,
                                           .future = columns};
    struct wr_panel *made = make(&arrays, &spec), *read = good(text, wr_panel_long, &spec);
    double expected[3][8], found[3][8];
    forecast(read, expected);
    forecast(made, found);
    assert_memory_equal(expected, found, sizeof expected);
    assert_true(!isnan(found[1][7]));
    wr_panel_free(made);
    wr_panel_free(read);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated),      cmocka_unit_test(test_one_series),
        cmocka_unit_test(test_codes),          cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_same_forecasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
