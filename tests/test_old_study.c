/* Studies of schema 1, which Windrow 0.1 wrote: read as they are, they give what they give after
 * their first change, which makes them studies of schema 2; and a sweep or a merge goes on with
 * them as if this Windrow had written them. */
#include "study_support.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store.h"
#include "sweep/trial.h"

enum { ROWS = 20, TRIALS = 2 * 2 * 3, HALF = TRIALS / 2 };

static struct wr_device *cpu;
static struct wr_series *series;

/* ---- studies ---- */

static struct wr_sweep make_sweep(void) {
    struct wr_sweep sweep = small_sweep(series);
    sweep.validate = 0.2;
    sweep.epochs = 40;
    sweep.checkpoint_seconds = 0; /* after every chunk */
    return sweep;
}

/* So that the sweep works on the calling thread, and events come after each chunk. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument) {
    (void)thread;
    (void)attributes;
    (void)work;
    (void)argument;
    return EAGAIN;
}

static wr_status stop_later(void *context, const struct wr_sweep_event *event) {
    size_t *events = context;
    (void)event;
    return --*events == 0 ? WR_ERR_STOPPED : WR_OK;
}

/* Stops after that many events; 0: at the end. */
static void run(const char *path, const struct wr_sweep *sweep, size_t events) {
    struct wr_error error = {0};
    struct wr_sweep_result result;
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1, .context = &events};
    bool stops = events > 0;
    options.on_event = stops ? stop_later : NULL;
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    wr_study_keep(study, SIZE_MAX);
    const struct wr_setting keep = {"keep", "all", false};
    assert_ok(wr_study_settle(study, &keep, 1, &error), &error);
    wr_status status = wr_sweep_run(sweep, study, &options, &result, &error);
    assert_int_equal(status, stops ? WR_ERR_STOPPED : WR_OK);
    wr_error_release(&error);
    wr_study_close(study);
}

/* A study of schema 1 in the middle of its sweep: trials that are done, diverged, failed with a
 * checkpoint, pending without one, and pending with one, of which one lacks the hash as in 0.1. */
static void make_half(const char *path) {
    struct wr_sweep sweep = make_sweep();
    sweep.grid.hidden++; /* its second, smaller value */
    sweep.grid.hidden_count = 1;
    run(path, &sweep, 0);
    sweep = make_sweep();
    run(path, &sweep, 7);
    make_old(path);
    assert_answer(path,
                  "SELECT group_concat(DISTINCT status) FROM (SELECT * FROM trial ORDER BY"
                  " status)",
                  "diverged,done,pending");
    assert_answer(path, "SELECT count(*) >= 3 FROM checkpoint", "1");
    spoil(path, "UPDATE trial SET status = 'failed', why = 'memory' WHERE id ="
                " (SELECT min(trial) FROM checkpoint);"
                "DELETE FROM curve WHERE trial = (SELECT max(trial) FROM checkpoint);"
                "DELETE FROM checkpoint WHERE trial = (SELECT max(trial) FROM checkpoint);"
                "UPDATE checkpoint SET parameters = substr(parameters, 1, length(parameters) - 9)"
                " WHERE trial = (SELECT max(trial) FROM checkpoint)");
}

/* The study of tests/data, which Windrow 0.1 itself wrote. */
static void make_first(const char *path) {
    static char sql[1 << 16];
    FILE *file = fopen(WR_TEST_SOURCE_DIR "/data/study-1.sql", "r");
    assert_non_null(file);
    size_t size = fread(sql, 1, sizeof sql - 1, file);
    assert_in_range(size, 1000, sizeof sql - 2);
    sql[size] = '\0';
    fclose(file);
    spoil(path, sql);
    assert_answer(path, "PRAGMA user_version", "1");
}

static void copy(const char *from, const char *to) {
    char command[96];
    snprintf(command, sizeof command, "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}

/* A first change, which is taken back. */
static void renew(const char *path) {
    struct wr_error error = {0};
    char *keep;
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    assert_ok(wr_study_setting(study, "keep", &keep, &error), &error);
    assert_string_equal(keep, "all");
    const struct wr_setting same = {"keep", "all", false}, other = {"keep", "best:1000", false};
    assert_ok(wr_study_settle(study, &same, 1, &error), &error);
    assert_answer(path, "PRAGMA user_version", "1"); /* nothing was changed */
    assert_ok(wr_study_settle(study, &other, 1, &error), &error);
    assert_ok(wr_study_settle(study, &same, 1, &error), &error);
    free(keep);
    wr_study_close(study);
    assert_answer(path, "PRAGMA user_version", "2");
    assert_answer(path, "PRAGMA integrity_check", "ok");
    assert_answer(path, "SELECT count(*) FROM pragma_foreign_key_check", "0");
}

/* ---- all that the library tells of a study ---- */

struct report {
    FILE *file;
    struct wr_study *study;
    size_t checkpoints, kept;
};

static void print_floats(FILE *file, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        fprintf(file, " %a", (double)values[i]);
    fputs("\n", file);
}

static void print_options(FILE *file, const struct wr_trial_options *options) {
    for (unsigned option = 0; option < WR_OPTIONS; option++)
        fprintf(file, " %a", wr_option_get(options, option));
}

static wr_status print_trial(void *context, const struct wr_trial *t) {
    FILE *file = ((struct report *)context)->file;
    fprintf(file, "trial %d:", (int)t->id);
    print_options(file, &t->options);
    fprintf(file, ", %d %a %a %a %zu %zu %zu %llx %a '%s' '%s' %d %d\n", (int)t->status, t->loss,
            t->validation_loss, t->score, t->diverged_at, t->epochs, t->best_epoch,
            (unsigned long long)t->hash, t->seconds, t->why, t->device, t->kept, t->torn);
    return WR_OK;
}

static wr_status print_group(void *context, const struct wr_study_group *g) {
    fprintf(((struct report *)context)->file, "group %s: %zu %zu %zu %zu %zu %a %a %a %a %a\n",
            g->value, g->trials, g->done, g->diverged, g->failed, g->pruned, g->best,
            g->lower_quartile, g->median, g->upper_quartile, g->seconds);
    return WR_OK;
}

static wr_status print_models(void *context, const struct wr_trial *trial) {
    struct report *report = context;
    struct wr_error error = {0};
    struct wr_trial_checkpoint c;
    void *memory;
    float *parameters;
    size_t count;
    assert_ok(wr_study_read_parameters(report->study, trial->id, &parameters, &count, &error),
              &error);
    fprintf(report->file, "parameters of %d:", (int)trial->id);
    print_floats(report->file, parameters, count);
    report->kept += parameters != NULL;
    free(parameters);
    if (wr_study_read_checkpoint(report->study, trial->id, &c, &memory, &error) == WR_OK) {
        fprintf(report->file, "checkpoint of %d: %zu %zu %zu %d:", (int)trial->id, c.epoch,
                c.best_epoch, c.waited, c.waits);
        assert_true(c.optimizer == NULL && c.best == NULL);
        print_floats(report->file, c.parameters, c.parameter_count);
        report->checkpoints++;
    } else {
        assert_non_null(strstr(error.text, "has no checkpoint"));
        wr_error_release(&error);
    }
    free(memory);
    return WR_OK;
}

static void print_settings(struct report *report) {
    static const char *const names[] = {"epochs",   "validate",       "data", "keep",
                                        "patience", "validate-every", "loss", "loss-number"};
    struct wr_error error = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *value;
        assert_ok(wr_study_setting(report->study, names[i], &value, &error), &error);
        fprintf(report->file, "%s %s\n", names[i], value);
        assert_non_null(value);
        free(value);
    }
}

/* The caller frees the text. */
static char *tell(struct wr_study *study, struct report *report) {
    static const struct wr_trial_query all = {0}, best = {.best = true};
    struct wr_error error = {0};
    struct wr_study_counts counts;
    struct wr_trial_options least, most;
    char *text = NULL;
    size_t size;
    *report = (struct report){.file = open_memstream(&text, &size), .study = study};
    assert_non_null(report->file);
    print_settings(report);
    assert_ok(wr_study_count(study, &counts, &error), &error);
    fprintf(report->file, "%zu %zu %zu %zu %zu %zu %a\n", counts.trials, counts.pending,
            counts.done, counts.diverged, counts.failed, counts.pruned, counts.seconds);
    assert_ok(wr_study_spans(study, &least, &most, &error), &error);
    print_options(report->file, &least);
    print_options(report->file, &most);
    assert_ok(wr_study_trials(study, &all, print_trial, report, &error), &error);
    assert_ok(wr_study_trials(study, &best, print_trial, report, &error), &error);
    assert_ok(wr_study_trials(study, &all, print_models, report, &error), &error);
    for (unsigned option = 0; option < WR_OPTIONS; option++)
        assert_ok(wr_study_groups(study, wr_option_name(option), print_group, report, &error),
                  &error);
    fclose(report->file);
    return text;
}

/* The same, and the curves. */
static char *tell_file(const char *path, struct report *report) {
    static const char curves[] = "SELECT group_concat(trial || ' ' || epoch || ' ' || loss, ';')"
                                 " FROM (SELECT * FROM curve ORDER BY trial, epoch)";
    struct wr_study *study = open_study(path, WR_STUDY_READ);
    assert_int_equal(wr_study_torn(study), 0);
    char *text = tell(study, report), *whole;
    wr_study_close(study);
    assert_true(asprintf(&whole, "%s%s", text, ask(path, curves)) > 0);
    free(text);
    return whole;
}

/* ---- reading ---- */

static void assert_same_files(const char *a, const char *b) {
    char command[96];
    snprintf(command, sizeof command, "cmp %s %s", a, b);
    assert_int_equal(system(command), 0);
}

/* Reading leaves the file as it is, and gives what the renewed study gives. */
static void check_reading(void (*make)(const char *path), size_t checkpoints, size_t kept) {
    struct report report;
    make("old.db");
    copy("old.db", "copy.db");
    char *old = tell_file("old.db", &report);
    assert_true(report.checkpoints >= checkpoints && report.kept >= kept);
    assert_int_equal(entries(), 2);
    assert_same_files("old.db", "copy.db");
    wr_study_close(open_study("old.db", WR_STUDY_WRITE)); /* no change yet */
    assert_answer("old.db", "PRAGMA user_version", "1");
    struct wr_study *reader = open_study("old.db", WR_STUDY_READ);
    char *open = tell(reader, &report);
    renew("old.db");
    char *same = tell(reader, &report); /* while another process renews it */
    assert_string_equal(open, same);
    wr_study_close(reader);
    char *renewed = tell_file("old.db", &report);
    assert_string_equal(old, renewed);
    free(open);
    free(same);
    free(old);
    free(renewed);
}

static void test_reading(void **state) {
    (void)state;
    check_reading(make_half, 2, 3);
}

static void test_reading_the_first(void **state) {
    (void)state;
    check_reading(make_first, 0, 2);
    assert_answer("old.db", "SELECT group_concat(epochs) FROM trial", "4,4,1,1");
}

static bool read_old(void *context) {
    struct report report;
    obey_permissions();
    assert_int_equal(access(".", W_OK), -1);
    assert_int_equal(access("old.db", W_OK), -1);
    struct wr_study *study = open_study("old.db", WR_STUDY_READ);
    char *text = tell(study, &report);
    wr_study_close(study);
    bool same = strcmp(text, context) == 0;
    free(text);
    return same;
}

static void test_read_only(void **state) {
    (void)state;
    struct report report;
    make_half("old.db");
    struct wr_study *study = open_study("old.db", WR_STUDY_READ);
    char *text = tell(study, &report);
    wr_study_close(study);
    assert_int_equal(chmod("old.db", 0444), 0);
    assert_int_equal(chmod(".", 0555), 0);
    assert_elsewhere(read_old, text);
    free(text);
    assert_int_equal(entries(), 1);
}

/* ---- the first change ---- */

static int die(void *context) {
    (void)context;
    _exit(0);
}

static bool die_at_the_commit(void *context) {
    struct wr_error error = {0};
    struct wr_study *study = open_study(context, WR_STUDY_WRITE);
    const struct wr_setting keep = {"keep", "none", false};
    sqlite3_commit_hook(study->db, die, NULL);
    wr_study_settle(study, &keep, 1, &error);
    return false;
}

/* Before its commit nothing has changed. */
static void test_death(void **state) {
    (void)state;
    struct report report;
    make_half("old.db");
    char *before = tell_file("old.db", &report);
    assert_elsewhere(die_at_the_commit, "old.db");
    assert_answer("old.db", "PRAGMA user_version", "1");
    assert_answer("old.db", "PRAGMA integrity_check", "ok");
    char *after = tell_file("old.db", &report);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* What is refused leaves the study to Windrow 0.1, and can be followed by what is not. */
static void test_refusals(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_merge_report merged;
    struct report report;
    make_half("old.db");
    char *before = tell_file("old.db", &report);
    struct wr_study *study = open_study("old.db", WR_STUDY_WRITE);
    struct wr_setting settings[] = {{"keep", "none", false}, {"epochs", "41", true}};
    wr_status status = wr_study_settle(study, settings, 2, &error);
    assert_error(status, &error, WR_ERR_DATA, "old.db: another study: ", "epochs 40, not 41");
    settings[1] = (struct wr_setting){"loss", "mae", true};
    status = wr_study_settle(study, settings, 2, &error);
    assert_error(status, &error, WR_ERR_DATA, "old.db: another study: ", "loss mse, not mae");
    const struct wr_trial_outcome outcomes[] = {{.id = TRIALS, .status = WR_TRIAL_DONE},
                                                {.id = TRIALS + 1, .status = WR_TRIAL_DONE}};
    status = wr_study_commit(study, outcomes, 2, NULL, 0, &error);
    assert_error(status, &error, WR_ERR_USAGE, "old.db: ", "has no trial 13");
    char *open = tell(study, &report);
    struct wr_sweep sweep = make_sweep();
    sweep.epochs++;
    run("other.db", &sweep, 0);
    struct wr_study *other = open_study("other.db", WR_STUDY_READ);
    status = wr_study_merge(study, other, &merged, &error);
    assert_error(status, &error, WR_ERR_DATA, "other.db cannot be merged: old.db", "epochs");
    wr_study_close(other);
    char *still = tell(study, &report);
    assert_string_equal(open, still);
    wr_study_close(study);
    assert_answer("old.db", "PRAGMA user_version", "1");
    char *after = tell_file("old.db", &report);
    assert_string_equal(before, after);

    study = open_study("old.db", WR_STUDY_WRITE);
    settings[1] = (struct wr_setting){"epochs", "41", true};
    assert_int_equal(wr_study_settle(study, settings, 2, NULL), WR_ERR_DATA);
    assert_ok(wr_study_settle(study, settings, 1, &error), &error);
    assert_int_equal(wr_study_settle(study, settings, 2, NULL), WR_ERR_DATA);
    wr_study_close(study);
    assert_answer("old.db", "PRAGMA user_version", "2");
    assert_answer("old.db", "SELECT value FROM study WHERE name = 'keep'", "none");
    free(before);
    free(open);
    free(still);
    free(after);
}

/* A study without settings, as 0.1 left one if it was killed at once, may have any loss. */
static void test_empty(void **state) {
    (void)state;
    struct wr_sweep sweep = make_sweep();
    wr_study_close(open_study("old.db", WR_STUDY_WRITE));
    make_old("old.db");
    sweep.loss = WR_LOSS_MAE;
    run("old.db", &sweep, 0);
    run("new.db", &sweep, 0);
    assert_same_studies("new.db", "old.db");
    assert_answer("old.db", "SELECT value FROM study WHERE name = 'loss'", "mae");
}

/* Settings that 0.1 did not know, points that are not finite, and points of no trial. */
static void test_odd(void **state) {
    (void)state;
    struct report report;
    make_half("old.db");
    spoil("old.db", "INSERT INTO study VALUES ('loss', 'mae', 0), ('patience', '7', 1);"
                    "INSERT INTO curve VALUES (1, 39000, 9e999), (99, 0, 1)");
    copy("old.db", "copy.db");
    struct wr_study *study = open_study("old.db", WR_STUDY_READ);
    char *old = tell(study, &report);
    assert_non_null(strstr(old, "patience 0\nvalidate-every 0\nloss mse\n"));
    wr_study_close(study);
    renew("old.db");
    assert_answer("old.db", "SELECT count(*) FROM curve WHERE epoch = 39000 OR trial = 99", "0");
    study = open_study("old.db", WR_STUDY_READ);
    char *renewed = tell(study, &report);
    wr_study_close(study);
    assert_string_equal(old, renewed);
    free(old);
    free(renewed);
}

/* The limit on the work of a statement leaves room for a study with many points. */
static void test_many_points(void **state) {
    (void)state;
    make_half("old.db");
    spoil("old.db",
          "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)"
          " INSERT INTO trial SELECT 100 + i, 9, 3, 1, 'notebook', 0.5, 0, i, 'pending', NULL,"
          " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM n;"
          "INSERT INTO curve SELECT trial.id, e.value, 1.5 FROM trial, "
          "json_each('[0,1,2,3,4,5,6,7,8,9,"
          "10,11,12,13,14,15,16,17,18,19]') AS e WHERE trial.id > 100");
    renew("old.db");
    assert_answer("old.db", "SELECT count(*) FROM curves WHERE trial > 100", "20000");
    assert_answer("old.db", "SELECT count(*) FROM curve WHERE trial = 5000", "20");
}

/* ---- going on ---- */

static void test_sweep_goes_on(void **state) {
    (void)state;
    struct wr_sweep sweep = make_sweep();
    run("whole.db", &sweep, 0);
    make_half("old.db");
    run("old.db", &sweep, 0);
    assert_answer("old.db", "PRAGMA user_version", "2");
    assert_same_studies("whole.db", "old.db");
    make_old("old.db"); /* and with nothing left to do */
    run("old.db", &sweep, 0);
    assert_answer("old.db", "PRAGMA user_version", "1");
    renew("old.db");
    assert_same_studies("whole.db", "old.db");
}

static struct wr_merge_report merge(const char *to, const char *from) {
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_study *study = open_study(to, WR_STUDY_WRITE);
    struct wr_study *other = open_study(from, WR_STUDY_READ);
    wr_study_keep(study, SIZE_MAX);
    assert_ok(wr_study_merge(study, other, &report, &error), &error);
    wr_study_close(other);
    wr_study_close(study);
    return report;
}

/* Shards: 0 is old, 1 is new. In either order, into an empty study and into the old one. */
static void test_merging(void **state) {
    (void)state;
    struct report report;
    struct wr_sweep sweep = make_sweep();
    run("whole.db", &sweep, 0);
    sweep.shards = 2;
    run("0.db", &sweep, 0);
    sweep.shard = 1;
    run("1.db", &sweep, 0);
    make_old("0.db");
    merge("a.db", "0.db");
    merge("a.db", "1.db");
    assert_same_studies("whole.db", "a.db");
    merge("b.db", "1.db");
    merge("b.db", "0.db");
    assert_same_studies("whole.db", "b.db");
    copy("0.db", "c.db");
    merge("c.db", "1.db");
    assert_same_studies("whole.db", "c.db");
    assert_answer("0.db", "PRAGMA user_version", "1");
    copy("whole.db", "old.db");
    make_old("old.db");
    assert_int_equal(merge("old.db", "whole.db").taken, 0);
    assert_answer("old.db", "PRAGMA user_version", "1");
    assert_int_equal(merge("whole.db", "old.db").taken, 0);

    make_half("half.db"); /* with failed trials and checkpoints */
    char *half = tell_file("half.db", &report);
    struct wr_merge_report merged = merge("d.db", "half.db");
    assert_int_equal(merged.trials, TRIALS);
    assert_int_equal(merged.pending, atoi(ask("half.db", "SELECT count(*) FROM trial WHERE status"
                                                         " IN ('pending', 'failed')")));
    sweep = make_sweep();
    run("d.db", &sweep, 0);
    assert_same_studies("whole.db", "d.db");
    free(half);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_reading), IN_FOLDER(test_reading_the_first), IN_FOLDER(test_read_only),
        IN_FOLDER(test_death),   IN_FOLDER(test_refusals),          IN_FOLDER(test_empty),
        IN_FOLDER(test_odd),     IN_FOLDER(test_many_points),       IN_FOLDER(test_sweep_goes_on),
        IN_FOLDER(test_merging),
    };
    struct wr_error error = {0};
    if (wr_device_open("cpu", NULL, &cpu, &error) != WR_OK ||
        wr_series_ar2(ROWS, 1, &series, &error) != WR_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wr_series_free(series);
    wr_device_close(cpu);
    return failed;
}
