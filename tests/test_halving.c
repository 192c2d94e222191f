/* Successive halving, and other ways of not training every trial to the end. */
#include "study_support.h"

#include <math.h>

#include "sweep/halving.h"
#include "sweep/trial.h"
#include "windrow/sweep.h"

enum { ROWS = 60, EPOCHS = 27, TRIALS = 50 };

static struct wr_device *cpu;
static struct wr_series *series;

/* ---- rungs and brackets ---- */

static struct wr_trial_options trials[TRIALS];

/* Trials of two shapes and two optimizers, of which some diverge. */
static struct wr_sweep halving_sweep(size_t eta, size_t rungs, size_t bracket) {
    static const double rates[] = {1e-3, 1e-2, 3e-2, 1e6}, sizes[] = {2, 3},
                        optimizers[] = {WR_OPTIMIZER_SGD, WR_OPTIMIZER_ADAM};
    const struct wr_axis axes[] = {{.option = "lr", .values = rates, .count = 4},
                                   {.option = "hidden", .values = sizes, .count = 2},
                                   {.option = "optimizer", .values = optimizers, .count = 2},
                                   {.option = "seed", .least = 0, .most = 1e6}};
    static const size_t column = 0;
    static const struct wr_trial_options from = {.hidden = 4, .window = 3, .batch = 1};
    struct wr_error error = {0};
    assert_ok(wr_sample(&from, axes, 4, 5, trials, TRIALS, &error), &error);
    return (struct wr_sweep){.trials = trials,
                             .trial_count = TRIALS,
                             .series = series,
                             .input_columns = &column,
                             .inputs = 1,
                             .target_columns = &column,
                             .outputs = 1,
                             .epochs = EPOCHS,
                             .halving = {eta, rungs, bracket},
                             .curve_points = EPOCHS,
                             .checkpoint_seconds = 30};
}

static void test_rungs(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 3, 10);
    static const size_t plain[] = {1, 3, 9, 27, 27};
    for (size_t rung = 0; rung < 5; rung++)
        assert_int_equal(wr_halving_epochs(&sweep, rung), plain[rung]);
    sweep.epochs = 2500;
    static const size_t up[] = {93, 278, 834, 2500};
    for (size_t rung = 0; rung < 4; rung++)
        assert_int_equal(wr_halving_epochs(&sweep, rung), up[rung]);
    sweep.validate = 0.2;
    sweep.patience = 1;
    sweep.validate_every = 50;
    static const size_t whole[] = {100, 300, 850, 2500};
    for (size_t rung = 0; rung < 4; rung++)
        assert_int_equal(wr_halving_epochs(&sweep, rung), whole[rung]);
    sweep.halving.eta = 0; /* without halving rungs mean nothing */
    assert_int_equal(wr_halving_epochs(&sweep, 0), sweep.epochs);
    assert_true(wr_halving_expected(&sweep, 2) == (double)(sweep.epochs - 2));
}

static void test_refused_halving(void **state) {
    (void)state;
    static const struct {
        struct wr_halving halving;
        size_t epochs, every;
    } cases[] = {{{1, 3, 10}, 27, 0},       {{3, 0, 10}, 27, 0}, {{3, 33, 10}, 27, 0},
                 {{3, 3, 1}, 27, 0},        {{3, 3, 10}, 8, 0},  {{3, 3, 10}, 27, 20},
                 {{3, 3, 200000000}, 27, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_sweep sweep = halving_sweep(3, 3, 10);
        struct wr_error error = {0};
        sweep.halving = cases[i].halving;
        sweep.epochs = cases[i].epochs;
        if (cases[i].every > 0) {
            sweep.validate = 0.2;
            sweep.patience = 1;
            sweep.validate_every = cases[i].every;
        }
        assert_error(wr_halving_check(&sweep, &error), &error, WR_ERR_USAGE, "", "eta");
    }
}

/* Brackets are as equal as can be, and a trial's does not depend on its place in the list. */
static void test_deal(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 3, 12);
    struct wr_error error = {0};
    size_t brackets[TRIALS], turned[TRIALS], sizes[TRIALS] = {0};
    struct wr_trial_options other[TRIALS];
    for (size_t i = 0; i < TRIALS; i++)
        other[i] = trials[TRIALS - 1 - i];
    assert_ok(wr_halving_deal(&sweep, trials, TRIALS, brackets, &error), &error);
    assert_ok(wr_halving_deal(&sweep, other, TRIALS, turned, &error), &error);
    for (size_t i = 0; i < TRIALS; i++) {
        assert_int_equal(brackets[i], turned[TRIALS - 1 - i]);
        sizes[brackets[i]]++;
    }
    for (size_t b = 0; b < 5; b++)
        assert_int_equal(sizes[b], 10);
    assert_int_equal(sizes[5], 0);
}

/* ---- studies ---- */

struct rows {
    size_t count;
    struct wr_trial trial[TRIALS + 1];
};

static wr_status add_row(void *context, const struct wr_trial *trial) {
    struct rows *rows = context;
    assert_true(rows->count <= TRIALS);
    rows->trial[rows->count++] = *trial;
    return WR_OK;
}

static void read_rows(const char *path, struct rows *rows) {
    static const struct wr_trial_query all = {0};
    struct wr_error error = {0};
    struct wr_study *study = open_study(path, WR_STUDY_READ);
    rows->count = 0;
    assert_ok(wr_study_trials(study, &all, add_row, rows, &error), &error);
    wr_study_close(study);
}

static volatile sig_atomic_t stop;
static size_t events_left;

static wr_status stop_soon(void *context, const struct wr_sweep_event *event) {
    (void)context;
    (void)event;
    if (events_left > 0 && --events_left == 0)
        stop = 1;
    return WR_OK;
}

/* Sweeps to the end, stopping after every `events` events (0: not at all). */
static void run_sweep(const char *path, const struct wr_sweep *sweep, size_t events) {
    struct wr_sweep_options how = {
        .devices = &cpu, .device_count = 1, .on_event = stop_soon, .stop = &stop};
    struct wr_sweep_result result;
    struct wr_error error = {0};
    wr_status status = WR_ERR_STOPPED;
    for (size_t runs = 0; status == WR_ERR_STOPPED && runs < 1000; runs++) {
        struct wr_study *study = open_study(path, WR_STUDY_WRITE);
        wr_study_keep(study, SIZE_MAX);
        stop = 0;
        events_left = runs < 500 ? events : 0;
        status = wr_sweep_run(sweep, study, &how, &result, &error);
        wr_study_close(study);
        if (status == WR_ERR_STOPPED)
            wr_error_release(&error);
    }
    assert_ok(status, &error);
    assert_int_equal(result.pending, 0);
}

/* Reads total_loss of an epoch from a curve that has all epochs; NaN where it was not finite. */
static double loss_at(const char *path, int64_t id, size_t epoch) {
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT loss FROM curve WHERE trial = %lld AND epoch = %zu",
             (long long)id, epoch);
    const char *text = ask(path, sql);
    return *text != '\0' ? (double)strtof(text, NULL) : (double)NAN;
}

/* Whole trainings of all trials tell what halving must do: this repeats its rules from the losses
 * after each rung. */
static void test_against_whole(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 3, 12), whole = sweep;
    struct rows expected = {0}, rows = {0};
    struct wr_error error = {0};
    size_t brackets[TRIALS], pruned = 0, done = 0;
    whole.halving.eta = 0;
    run_sweep("whole.db", &whole, 0);
    run_sweep("halved.db", &sweep, 0);
    read_rows("whole.db", &expected);
    read_rows("halved.db", &rows);
    assert_int_equal(rows.count, expected.count);
    assert_int_equal(rows.count, TRIALS);
    assert_ok(wr_halving_deal(&sweep, trials, TRIALS, brackets, &error), &error);
    for (size_t b = 0; b < 5; b++) {
        size_t members[TRIALS], count = 0, kept, size;
        for (size_t i = 0; i < TRIALS; i++)
            if (brackets[i] == b)
                members[count++] = i;
        size = count;
        for (size_t rung = 0, epoch = 1; rung < 3; rung++, epoch *= 3) {
            double scores[TRIALS];
            size_t alive = 0;
            for (size_t i = 0; i < count; i++) { /* those that have diverged are out */
                double loss = loss_at("whole.db", expected.trial[members[i]].id, epoch - 1);
                bool diverged = expected.trial[members[i]].status == WR_TRIAL_DIVERGED &&
                                expected.trial[members[i]].diverged_at < epoch;
                if (diverged) {
                    assert_int_equal(rows.trial[members[i]].status, WR_TRIAL_DIVERGED);
                    continue;
                }
                members[alive] = members[i];
                scores[alive++] = loss / (ROWS - 3);
            }
            size /= 3;
            kept = size > 0 ? size : 1;
            size_t next[TRIALS], going = 0;
            for (size_t i = 0; i < alive; i++) {
                size_t better = 0;
                for (size_t j = 0; j < alive; j++)
                    better += scores[j] < scores[i];
                const struct wr_trial *row = &rows.trial[members[i]];
                if (better < kept) {
                    next[going++] = members[i];
                    continue;
                }
                assert_int_equal(row->status, WR_TRIAL_PRUNED);
                assert_int_equal(row->epochs, epoch);
                assert_true(row->score == scores[i]);
                assert_true(isnan(row->validation_loss) && !row->kept);
                pruned++;
            }
            memcpy(members, next, going * sizeof *next);
            count = going;
        }
        for (size_t i = 0; i < count; i++) { /* the last ones have what they would have alone */
            const struct wr_trial *row = &rows.trial[members[i]];
            const struct wr_trial *same = &expected.trial[members[i]];
            assert_int_equal(row->status, same->status);
            assert_true(row->hash == same->hash && row->kept == same->kept);
            done++;
        }
    }
    assert_in_range(done, 5, 10);
    assert_in_range(pruned, 20, TRIALS);
    assert_answer("halved.db", "SELECT count(*) FROM checkpoint", "0");
    assert_answer("halved.db", "SELECT count(*) > 0 FROM diverged", "1");
}

/* Stops after every event, of which there is one for each chunk of epochs, change nothing. */
static void test_stops(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(2, 3, 20);
    run_sweep("whole.db", &sweep, 0);
    sweep.checkpoint_seconds = 0;
    for (size_t events = 1; events <= 3; events++) {
        run_sweep("stopped.db", &sweep, events);
        assert_same_studies("whole.db", "stopped.db");
        unlink("stopped.db");
    }
}

/* With early stopping: what stops early keeps its place among those that go on. */
static void test_patience(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(2, 2, 25);
    sweep.epochs = 80;
    sweep.validate = 0.2;
    sweep.validate_every = 2;
    sweep.patience = 2;
    run_sweep("whole.db", &sweep, 0);
    assert_answer("whole.db",
                  "SELECT count(*) > 0 FROM trial WHERE status = 'done' AND epochs < 80", "1");
    assert_answer("whole.db",
                  "SELECT count(*) FROM trial WHERE status = 'pruned' AND score IS NULL", "0");
    sweep.checkpoint_seconds = 0;
    run_sweep("stopped.db", &sweep, 1);
    assert_same_studies("whole.db", "stopped.db");
}

/* Shards have whole brackets; merged they are the whole. */
static void test_shards(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 3, 10);
    struct wr_error error = {0};
    struct wr_merge_report report;
    run_sweep("whole.db", &sweep, 0);
    struct wr_study *merged = open_study("merged.db", WR_STUDY_WRITE);
    wr_study_keep(merged, SIZE_MAX);
    size_t trained = 0;
    sweep.shards = 3;
    for (sweep.shard = 0; sweep.shard < 3; sweep.shard++) {
        char name[16];
        snprintf(name, sizeof name, "shard%zu.db", sweep.shard);
        run_sweep(name, &sweep, 0);
        struct wr_study *shard = open_study(name, WR_STUDY_READ);
        trained += trials_of(shard);
        assert_in_range(trials_of(shard), 1, TRIALS - 2);
        assert_ok(wr_study_merge(merged, shard, &report, &error), &error);
        wr_study_close(shard);
    }
    wr_study_close(merged);
    assert_int_equal(trained, TRIALS);
    assert_same_studies("whole.db", "merged.db");
}

/* Two devices advance brackets side by side, to the same study. */
static void test_two_devices(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(2, 3, 5);
    struct wr_device *devices[2] = {cpu};
    struct wr_sweep_options how = {.devices = devices, .device_count = 2};
    struct wr_sweep_result result;
    struct wr_error error = {0};
    run_sweep("whole.db", &sweep, 0);
    assert_ok(wr_device_open("cpu", NULL, &devices[1], &error), &error);
    for (size_t run = 0; run < 5; run++) {
        struct wr_study *study = open_study("two.db", WR_STUDY_WRITE);
        wr_study_keep(study, SIZE_MAX);
        assert_ok(wr_sweep_run(&sweep, study, &how, &result, &error), &error);
        wr_study_close(study);
        assert_int_equal(result.pending, 0);
        assert_int_equal(result.done + result.diverged + result.pruned, TRIALS);
        assert_same_studies("whole.db", "two.db");
        unlink("two.db");
    }
    wr_device_close(devices[1]);
}

/* A trial that no device can train counts as one that did worst, also when it is tried again. */
static void test_failing_trial(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 2, 10);
    struct rows rows = {0};
    trials[4].hidden = 4000000000u;
    struct wr_sweep_options how = {.devices = &cpu, .device_count = 1};
    for (size_t run = 0; run < 2; run++) {
        struct wr_sweep_result result;
        struct wr_error error = {0};
        struct wr_study *study = open_study("failing.db", WR_STUDY_WRITE);
        assert_ok(wr_sweep_run(&sweep, study, &how, &result, &error), &error);
        wr_study_close(study);
        assert_int_equal(result.failed, 1);
        assert_int_equal(result.pending, 0);
        assert_int_equal(result.done + result.diverged + result.pruned, TRIALS - 1);
        read_rows("failing.db", &rows);
        assert_int_equal(rows.trial[4].status, WR_TRIAL_FAILED);
    }
}

/* The trials of such a study stay the same. */
static void test_other_trials(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 2, 10);
    struct wr_sweep_options how = {.devices = &cpu, .device_count = 1};
    struct wr_sweep_result result;
    struct wr_error error = {0};
    run_sweep("study.db", &sweep, 0);
    struct wr_study *study = open_study("study.db", WR_STUDY_WRITE);
    sweep.trial_count--;
    assert_error(wr_sweep_run(&sweep, study, &how, &result, &error), &error, WR_ERR_DATA,
                 "study.db: another study", "halving");
    sweep.trial_count++;
    sweep.halving.eta = 0;
    assert_error(wr_sweep_run(&sweep, study, &how, &result, &error), &error, WR_ERR_DATA,
                 "study.db: another study", "halving");
    wr_study_close(study);
}

/* What a budget leaves is trained by the next run, to the same study. */
static void test_budget(void **state) {
    (void)state;
    struct wr_sweep sweep = halving_sweep(3, 3, 10);
    struct wr_sweep_options how = {.devices = &cpu, .device_count = 1, .budget_seconds = 1e-9};
    struct wr_sweep_result result;
    struct wr_error error = {0};
    run_sweep("whole.db", &sweep, 0);
    struct wr_study *study = open_study("budget.db", WR_STUDY_WRITE);
    wr_study_keep(study, SIZE_MAX);
    assert_ok(wr_sweep_run(&sweep, study, &how, &result, &error), &error);
    assert_int_equal(result.pending, TRIALS);
    assert_int_equal(result.trials, TRIALS);
    for (how.budget_seconds = 0.02; result.pending > 0;)
        assert_ok(wr_sweep_run(&sweep, study, &how, &result, &error), &error);
    wr_study_close(study);
    assert_same_studies("whole.db", "budget.db");
}

static int open_all(void **state) {
    (void)state;
    struct wr_error error = {0};
    assert_ok(wr_device_open("cpu", NULL, &cpu, &error), &error);
    assert_ok(wr_series_ar2(ROWS, 3, &series, &error), &error);
    return 0;
}

static int close_all(void **state) {
    (void)state;
    wr_device_close(cpu);
    wr_series_free(series);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rungs),  cmocka_unit_test(test_refused_halving),
        cmocka_unit_test(test_deal),   IN_FOLDER(test_against_whole),
        IN_FOLDER(test_stops),         IN_FOLDER(test_patience),
        IN_FOLDER(test_shards),        IN_FOLDER(test_two_devices),
        IN_FOLDER(test_failing_trial), IN_FOLDER(test_other_trials),
        IN_FOLDER(test_budget),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
