/* Shards of a sweep and their merging: the merged study is the same as the study of one sweep. */
#include "study_support.h"

#include <sqlite3.h>

#include "windrow/sweep.h"

enum { ROWS = 40, EPOCHS = 30, SHARDS = 3, TRIALS = 2 * 2 * 2 * 3 };

static struct wr_sweep make_sweep(struct wr_series **series) {
    static const size_t hidden[] = {9, 2}, batch[] = {1, WR_BATCH_ALL};
    static const float lr[] = {1e-3f, 1e6f};
    struct wr_error error = {0};
    assert_ok(wr_series_ar2(ROWS, 1, series, &error), &error);
    struct wr_sweep sweep = small_sweep(*series);
    sweep.grid.hidden = hidden;
    sweep.grid.batch = batch;
    sweep.grid.batch_count = 2;
    sweep.grid.lr = lr;
    sweep.epochs = EPOCHS;
    return sweep;
}

static struct wr_sweep_result run(const struct wr_sweep *sweep, const char *path,
                                  struct wr_study *known) {
    struct wr_error error = {0};
    struct wr_device *cpu;
    struct wr_sweep_result result;
    assert_ok(wr_device_open("cpu", NULL, &cpu, &error), &error);
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1, .known = known};
    assert_ok(wr_sweep_run(sweep, study, &options, &result, &error), &error);
    wr_study_close(study);
    wr_device_close(cpu);
    return result;
}

static const char *shard_path(size_t shard) {
    static char path[32];
    snprintf(path, sizeof path, "shard%zu.db", shard);
    return path;
}

/* counts (SHARDS): the trials of each. */
static void make_shards(struct wr_sweep sweep, size_t counts[SHARDS]) {
    size_t trials = 0;
    char range[32];
    sweep.shards = SHARDS;
    for (sweep.shard = 0; sweep.shard < SHARDS; sweep.shard++) {
        struct wr_sweep_result result = run(&sweep, shard_path(sweep.shard), NULL);
        assert_in_range(result.trials, 1, TRIALS - SHARDS + 1);
        assert_int_equal(result.ran, result.trials);
        snprintf(range, sizeof range, "%zu-%zu", trials + 1, trials + result.trials);
        assert_answer(shard_path(sweep.shard), "SELECT min(id) || '-' || max(id) FROM trial",
                      range);
        trials += counts[sweep.shard] = result.trials;
    }
    assert_int_equal(trials, TRIALS);
    assert_true(counts[0] > counts[SHARDS - 1]); /* with hidden size 2, and with 9 */
}

static wr_status merge(const char *to, const char *from, struct wr_merge_report *report,
                       struct wr_error *error) {
    struct wr_study *study = open_study(to, WR_STUDY_WRITE);
    struct wr_study *other = open_study(from, WR_STUDY_READ);
    wr_status status = wr_study_merge(study, other, report, error);
    wr_study_close(other);
    wr_study_close(study);
    return status;
}

static struct wr_merge_report merge_well(const char *to, const char *from) {
    struct wr_error error = {0};
    struct wr_merge_report report;
    assert_ok(merge(to, from, &report, &error), &error);
    return report;
}

static void test_shards_merge_to_the_whole(void **state) {
    (void)state;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    run(&sweep, "whole.db", NULL);
    size_t counts[SHARDS];
    make_shards(sweep, counts);
    for (size_t shard = SHARDS; shard-- > 0;) { /* also in another order */
        struct wr_merge_report report = merge_well("merged.db", shard_path(shard));
        assert_int_equal(report.trials, counts[shard]);
        assert_int_equal(report.added, counts[shard]);
        assert_int_equal(report.taken, counts[shard]);
        assert_int_equal(report.pending, 0);
    }
    assert_same_studies("whole.db", "merged.db");
    struct wr_merge_report again = merge_well("merged.db", shard_path(1));
    assert_true(again.added == 0 && again.taken == 0);
    again = merge_well("merged.db", "whole.db");
    assert_true(again.trials == TRIALS && again.added == 0 && again.taken == 0);
    assert_same_studies("whole.db", "merged.db");
    assert_answer("merged.db", "SELECT value FROM study WHERE name = 'grid'", "24");
    assert_answer("merged.db", "SELECT count(*) FROM study WHERE name = 'shard'", "0");
    assert_int_equal(run(&sweep, "merged.db", NULL).ran, 0);
    wr_series_free(series);
}

/* A grid of which some trials are known already. */
static void test_known_trials_are_left_out(void **state) {
    (void)state;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series), part = sweep;
    part.grid.seed_count = 1;
    assert_int_equal(run(&part, "part.db", NULL).ran, TRIALS / 3);
    struct wr_study *known = open_study("part.db", WR_STUDY_READ);
    struct wr_sweep_result rest = run(&sweep, "rest.db", known);
    assert_int_equal(rest.ran, TRIALS - TRIALS / 3);
    wr_study_close(known);
    run(&sweep, "whole.db", NULL);
    merge_well("rest.db", "part.db"); /* its ids are those of another grid */
    static const char rows[] =
        "SELECT group_concat(hidden||batch||lr||seed||status||hash, ';') FROM"
        " (SELECT * FROM trial ORDER BY hidden, batch, lr, seed)";
    char *whole = strdup(ask("whole.db", rows));
    assert_answer("rest.db", rows, whole);
    free(whole);
    wr_series_free(series);
}

static int stop_at_once = 1;

static wr_status stop(void *context, const struct wr_sweep_event *event) {
    (void)event;
    return *(int *)context != 0 ? WR_ERR_STOPPED : WR_OK;
}

/* Checkpoints are merged too, and the merged study continues from them. */
static void test_checkpoints_move_over(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    sweep.epochs = 1000000;
    sweep.grid.lr_count = 1;
    sweep.grid.batch_count = 1;
    struct wr_device *cpu;
    assert_ok(wr_device_open("cpu", NULL, &cpu, &error), &error);
    struct wr_study *study = open_study("stopped.db", WR_STUDY_WRITE);
    struct wr_sweep_options options = {
        .devices = &cpu, .device_count = 1, .on_event = stop, .context = &stop_at_once};
    struct wr_sweep_result result;
    assert_int_equal(wr_sweep_run(&sweep, study, &options, &result, &error), WR_ERR_STOPPED);
    assert_true(result.pending > 0);
    wr_study_close(study);
    wr_device_close(cpu);
    struct wr_merge_report report = merge_well("merged.db", "stopped.db");
    assert_int_equal(report.pending, result.pending);
    char *checkpoints = strdup(
        ask("stopped.db", "SELECT group_concat(trial||epoch||hex(parameters)) FROM checkpoint"));
    assert_true(strlen(checkpoints) > 0);
    assert_answer("merged.db", "SELECT group_concat(trial||epoch||hex(parameters)) FROM checkpoint",
                  checkpoints);
    free(checkpoints);
    wr_error_release(&error);
    wr_series_free(series);
}

static void change(const char *path, const char *sql) {
    ask(path, sql);
}

/* ---- damage ---- */

static wr_status read_kept(const char *path, int64_t id, struct wr_error *error) {
    float *parameters;
    size_t count;
    struct wr_study *study = open_study(path, WR_STUDY_READ);
    wr_status status = wr_study_read_parameters(study, id, &parameters, &count, error);
    assert_true((parameters != NULL) == (status == WR_OK));
    free(parameters);
    wr_study_close(study);
    return status;
}

/* A bit of a model changes: the reader of the model gets an error, and no merge takes it. */
static void test_damaged_parameters(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    run(&sweep, "one.db", NULL);
    const int64_t id = strtoll(ask("one.db", "SELECT max(trial) FROM parameters"), NULL, 10);
    char text[64];
    snprintf(text, sizeof text, "parameters of trial %d are damaged", (int)id);
    const int bytes = atoi(ask("one.db", "SELECT length(value) FROM parameters ORDER BY trial"
                                         " DESC LIMIT 1"));
    assert_ok(read_kept("one.db", id, &error), &error);
    for (int at = 0; at < bytes; at += 5) {
        flip_bit("one.db", "parameters", "value", id, at);
        assert_error(read_kept("one.db", id, &error), &error, WR_ERR_DATA, "one.db: ", text);
        wr_status status = merge("merged.db", "one.db", &report, &error);
        assert_error(status, &error, WR_ERR_DATA, "one.db: ", text);
        assert_answer("merged.db", "SELECT count(*) FROM trial", "0");
        flip_bit("one.db", "parameters", "value", id, at);
    }
    merge_well("merged.db", "one.db");
    assert_same_studies("one.db", "merged.db");
    change("one.db", "UPDATE trial SET hash = NULL");
    assert_error(read_kept("one.db", id, &error), &error, WR_ERR_DATA, "one.db: ", text);
    wr_series_free(series);
}

static wr_status take_up(int64_t id, size_t count, struct wr_error *error) {
    struct wr_trial_checkpoint checkpoint;
    void *memory;
    struct wr_study *study = open_study("one.db", WR_STUDY_READ);
    wr_status status = wr_study_read_checkpoint(study, id, &checkpoint, &memory, error);
    if (status == WR_OK)
        assert_int_equal(checkpoint.parameter_count, count);
    else
        assert_null(memory);
    free(memory);
    wr_study_close(study);
    return status;
}

/* A bit of a checkpoint, or its epoch, changes: no sweep continues from it, and no merge takes
 * it. */
static void test_damaged_checkpoints(void **state) {
    (void)state;
    enum { COUNT = 4 + 2 + 2 + 2 + 1, BYTES = 4 * COUNT + 9 };
    static const char part[] = "checkpoint of trial 2 is damaged";
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_trial_state states[2];
    float parameters[COUNT] = {1, -2, 3};
    const struct wr_trial_checkpoint checkpoint = {
        .id = 2, .epoch = 7, .parameters = parameters, .parameter_count = COUNT};
    struct wr_study *study = open_study("one.db", WR_STUDY_WRITE);
    add_trials(study, 2, states);
    assert_ok(wr_study_commit(study, NULL, 0, &checkpoint, 1, &error), &error);
    wr_study_close(study);
    assert_ok(take_up(2, COUNT, &error), &error);
    for (int at = 0; at < BYTES; at++) {
        flip_bit("one.db", "checkpoint", "parameters", 2, at);
        assert_error(take_up(2, COUNT, &error), &error, WR_ERR_DATA, "one.db: ", part);
        wr_status status = merge("merged.db", "one.db", &report, &error);
        assert_error(status, &error, WR_ERR_DATA, "one.db: ", part);
        flip_bit("one.db", "checkpoint", "parameters", 2, at);
    }
    change("one.db", "UPDATE checkpoint SET epoch = 8");
    assert_error(take_up(2, COUNT, &error), &error, WR_ERR_DATA, "one.db: ", part);
    /* One of 0.1. */
    change("one.db", "UPDATE checkpoint SET parameters = substr(parameters, 1, 44)");
    assert_ok(take_up(2, COUNT, &error), &error);
    merge_well("merged.db", "one.db");
}

static void test_refusals(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series), other = sweep;
    run(&sweep, "one.db", NULL);
    run(&sweep, "two.db", NULL);
    other.epochs++;
    run(&other, "other.db", NULL);
    wr_status status = merge("one.db", "other.db", &report, &error);
    assert_error(status, &error, WR_ERR_DATA, "other.db", "epochs");

    change("two.db", "UPDATE trial SET hash = 'beef', device = 'opencl:7.7' WHERE id = 5");
    status = merge("one.db", "two.db", &report, &error);
    assert_error(status, &error, WR_ERR_VERIFY, "one trial has two results", "opencl:7.7");
    status = merge("one.db", "two.db", &report, &error);
    assert_error(status, &error, WR_ERR_VERIFY, "one trial has two results", "by cpu");
    assert_answer("one.db", "SELECT count(*) FROM trial WHERE hash = 'beef'", "0");

    sweep.shard = sweep.shards = 2;
    struct wr_study *study = open_study("none.db", WR_STUDY_WRITE);
    struct wr_sweep_options options = {0};
    struct wr_sweep_result result;
    struct wr_device *cpu;
    assert_ok(wr_device_open("cpu", NULL, &cpu, &error), &error);
    options.devices = &cpu;
    options.device_count = 1;
    status = wr_sweep_run(&sweep, study, &options, &result, &error);
    assert_error(status, &error, WR_ERR_USAGE, "`shard` 2 of 2", "0 to 1");
    sweep.shard = 1;
    assert_ok(wr_sweep_run(&sweep, study, &options, &result, &error), &error);
    sweep.shards = 3;
    status = wr_sweep_run(&sweep, study, &options, &result, &error);
    assert_error(status, &error, WR_ERR_DATA, "none.db", "shard");
    wr_study_close(study);
    wr_device_close(cpu);
    wr_series_free(series);
}

/* ---- many stores in one transaction ---- */

/* Merges the shards in one transaction, and ends it: by the flush, or by closing alone. */
static void gather_shards(const char *to, bool flushes) {
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_study *study = open_study(to, WR_STUDY_WRITE);
    wr_study_keep(study, SIZE_MAX);
    assert_ok(wr_study_gather(study, &error), &error);
    for (size_t shard = 0; shard < SHARDS; shard++) {
        struct wr_study *other = open_study(shard_path(shard), WR_STUDY_READ);
        assert_ok(wr_study_merge(study, other, &report, &error), &error);
        wr_study_close(other);
        assert_answer(to, "SELECT count(*) FROM trial", "0"); /* others see nothing yet */
    }
    if (flushes)
        assert_ok(wr_study_flush(study, &error), &error);
    assert_answer(to, "SELECT count(*) FROM trial", flushes ? "24" : "0");
    wr_study_close(study);
    assert_answer(to, "SELECT count(*) FROM trial", flushes ? "24" : "0");
}

static void test_gathered_shards(void **state) {
    (void)state;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series);
    size_t counts[SHARDS];
    run(&sweep, "whole.db", NULL);
    ask("whole.db", "DELETE FROM parameters");
    make_shards(sweep, counts);
    gather_shards("closed.db", false);
    gather_shards("merged.db", true);
    assert_answer("merged.db", "SELECT count(*) FROM parameters", "12"); /* those that are done */
    ask("merged.db", "DELETE FROM parameters");
    assert_same_studies("whole.db", "merged.db");
    wr_series_free(series);
}

/* A merge that is refused, or that fails in the middle, undoes all, which the flush tells. Then the
 * study can be written as before. */
static void test_gathering_fails(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_series *series;
    struct wr_sweep sweep = make_sweep(&series), other = sweep;
    size_t counts[SHARDS];
    make_shards(sweep, counts);
    other.epochs++;
    run(&other, "other.db", NULL);
    change(shard_path(2), "UPDATE parameters SET value = zeroblob(length(value))"
                          " WHERE trial = (SELECT max(trial) FROM parameters)");
    for (size_t damaged = 0; damaged < 2; damaged++) {
        struct wr_study *study = open_study("merged.db", WR_STUDY_WRITE);
        struct wr_study *one = open_study(shard_path(0), WR_STUDY_READ);
        struct wr_study *two = open_study(damaged ? shard_path(2) : "other.db", WR_STUDY_READ);
        wr_study_keep(study, SIZE_MAX);
        assert_ok(wr_study_gather(study, &error), &error);
        assert_ok(wr_study_merge(study, one, &report, &error), &error);
        wr_status status = wr_study_merge(study, two, &report, &error);
        assert_error(status, &error, WR_ERR_DATA, "", damaged ? "damaged" : "epochs");
        status = wr_study_flush(study, &error);
        assert_error(status, &error, WR_ERR_STORAGE, "merged.db: ", "undone");
        assert_int_equal(trials_of(study), 0);
        assert_ok(wr_study_merge(study, one, &report, &error), &error);
        assert_int_equal(report.taken, counts[0]);
        assert_int_equal(trials_of(study), counts[0]);
        wr_study_close(two);
        wr_study_close(one);
        wr_study_close(study);
        assert_int_equal(unlink("merged.db"), 0);
    }
    wr_series_free(series);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_shards_merge_to_the_whole), IN_FOLDER(test_known_trials_are_left_out),
        IN_FOLDER(test_checkpoints_move_over),     IN_FOLDER(test_damaged_parameters),
        IN_FOLDER(test_damaged_checkpoints),       IN_FOLDER(test_refusals),
        IN_FOLDER(test_gathered_shards),           IN_FOLDER(test_gathering_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
