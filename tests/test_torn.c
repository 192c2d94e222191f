/* Torn trials, which have ended but miss some of their results, are found in studies of schema 1
 * and trained again; and a writer notices when its files are removed. */
#include "study_support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store.h"
#include "windrow/sweep.h"

#define STUDY "study.db"

enum { ROWS = 20, TRIALS = 8 };

static struct wr_device *cpu;
static struct wr_series *series;

static struct wr_sweep make_sweep(void) {
    struct wr_sweep sweep = small_sweep(series);
    sweep.grid.seed_count = 2;
    return sweep;
}

static wr_status sweep(struct wr_study *study, const struct wr_sweep *what,
                       struct wr_sweep_result *result, struct wr_error *error) {
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1};
    return wr_sweep_run(what, study, &options, result, error);
}

/* Sweeps into the file. Returns how many trials were trained; *torn: how many torn trials were
 * found. */
static size_t run(const char *path, size_t *torn) {
    struct wr_error error = {0};
    struct wr_sweep_result result;
    struct wr_sweep what = make_sweep();
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    const struct wr_setting keep = {"keep", "all", false};
    *torn = wr_study_torn(study);
    wr_study_keep(study, SIZE_MAX);
    assert_ok(wr_study_settle(study, &keep, 1, &error), &error);
    assert_ok(sweep(study, &what, &result, &error), &error);
    wr_study_close(study);
    return result.ran;
}

static size_t torn_of(const char *path) {
    struct wr_study *study = open_study(path, WR_STUDY_READ);
    size_t torn = wr_study_torn(study);
    wr_study_close(study);
    return torn;
}

/* ---- torn trials ---- */

static void test_torn(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        size_t torn;
    } cases[] = {
        {"DELETE FROM curve WHERE trial = (SELECT min(id) FROM best)", 1},
        {"DELETE FROM curve", TRIALS},
        {"DELETE FROM curve WHERE epoch = 2 AND trial IN (SELECT id FROM best)", TRIALS / 2},
        {"DELETE FROM parameters WHERE trial = (SELECT max(trial) FROM parameters)", 1},
        {"DELETE FROM parameters", TRIALS / 2},
        {"UPDATE curve SET epoch = 1000 WHERE epoch = 5 AND trial = (SELECT min(id) FROM best)", 1},
        {"UPDATE curve SET loss = -9e999 WHERE epoch = 5", TRIALS / 2},
        {"DELETE FROM curve WHERE trial % 3 = 0; ", 0}, /* counted below */
    };
    size_t torn;
    assert_int_equal(run("whole.db", &torn), TRIALS);
    assert_int_equal(torn, 0);
    assert_answer("whole.db", "SELECT count(*) FROM best", "4");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(STUDY, &torn);
        make_old(STUDY);
        ask(STUDY, cases[i].sql);
        size_t expected = cases[i].torn != 0 ? cases[i].torn : 2;
        assert_int_equal(torn_of(STUDY), expected);
        assert_int_equal(torn_of(STUDY), expected); /* reading repairs nothing */
        assert_int_equal(run(STUDY, &torn), expected);
        assert_int_equal(torn, expected);
        assert_same_studies("whole.db", STUDY);
        assert_int_equal(torn_of(STUDY), 0);
        assert_int_equal(run(STUDY, &torn), 0);
        assert_int_equal(unlink(STUDY), 0);
    }
}

/* Parameters that were not to be kept, and loss curves that were not asked for, are not missing. */
static void test_not_torn(void **state) {
    (void)state;
    static const char *const cases[] = {
        "DELETE FROM parameters WHERE trial NOT IN (SELECT id FROM best LIMIT 1);"
        "UPDATE study SET value = 'best:1' WHERE name = 'keep'",
        "DELETE FROM parameters; UPDATE study SET value = 'none' WHERE name = 'keep'",
        "DELETE FROM parameters; INSERT INTO study VALUES ('keep_before', 'none', 0)",
        "DELETE FROM parameters WHERE trial NOT IN (SELECT id FROM best LIMIT 2);"
        "INSERT INTO study VALUES ('keep_before', 'best:2', 0)",
        "DELETE FROM parameters; INSERT INTO study VALUES ('shards', '0/1', 0)",
        "DELETE FROM parameters; DELETE FROM study WHERE name = 'keep'",
        "DELETE FROM curve; UPDATE study SET value = '0' WHERE name = 'curve'",
    };
    size_t torn;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(STUDY, &torn);
        make_old(STUDY);
        sqlite3 *db;
        assert_int_equal(sqlite3_open(STUDY, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, cases[i], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        if (torn_of(STUDY) != 0)
            fail_msg("%s: %zu", cases[i], torn_of(STUDY));
        assert_int_equal(unlink(STUDY), 0);
    }
}

static wr_status count_torn(void *context, const struct wr_trial *trial) {
    *(size_t *)context += trial->torn;
    return WR_OK;
}

/* A merge takes no torn trial from a store, and replaces a torn trial of the study by the whole one
 * of another store. */
static void test_merge(void **state) {
    (void)state;
    static const struct wr_trial_query all = {0};
    struct wr_error error = {0};
    struct wr_merge_report report;
    size_t torn, marked = 0;
    run("whole.db", &torn);
    run("torn.db", &torn);
    make_old("torn.db");
    ask("torn.db", "DELETE FROM curve WHERE trial = 1");
    struct wr_study *from = open_study("torn.db", WR_STUDY_READ);
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    wr_study_keep(study, SIZE_MAX);
    assert_ok(wr_study_trials(from, &all, count_torn, &marked, &error), &error);
    assert_int_equal(marked, 1);
    assert_ok(wr_study_merge(study, from, &report, &error), &error);
    assert_int_equal(report.taken, TRIALS - 1);
    assert_int_equal(report.pending, 1);
    wr_study_close(from);
    wr_study_close(study);
    assert_int_equal(torn_of(STUDY), 0);
    assert_answer(STUDY, "SELECT group_concat(id) FROM trial WHERE status = 'pending'", "1");
    study = open_study("torn.db", WR_STUDY_WRITE);
    from = open_study("whole.db", WR_STUDY_READ);
    wr_study_keep(study, SIZE_MAX);
    assert_ok(wr_study_merge(study, from, &report, &error), &error);
    assert_int_equal(report.taken, 1);
    wr_study_close(from);
    wr_study_close(study);
    assert_same_studies("whole.db", "torn.db");
}

/* ---- files that are removed ---- */

static void test_vanished(void **state) {
    (void)state;
    static const char *const commands[] = {
        "rm study.db study.db-*",        "rm study.db",      "mv study.db moved.db",
        "cp study.db x; mv x study.db",  "rm study.db-lock", "rm -f study.db-wal",
        "rm study.db; ln -s x study.db",
    };
    enum { LAST = sizeof commands / sizeof *commands - 1 };
    for (size_t i = 0; i <= LAST; i++)
        for (int journal = WR_JOURNAL_WAL; journal <= WR_JOURNAL_DELETE; journal++) {
            struct wr_error error = {0};
            struct wr_study *study;
            bool log = strstr(commands[i], "-wal") != NULL;
            if (log && journal == WR_JOURNAL_DELETE)
                continue;
            assert_ok(
                wr_study_open_with(STUDY, WR_STUDY_WRITE, (enum wr_journal)journal, &study, &error),
                &error);
            struct wr_trial_state states[2];
            add_trials(study, 2, states);
            assert_ok(wr_study_check_place(study, &error), &error);
            assert_int_equal(system(commands[i]), 0);
            wr_status status = wr_study_check_place(study, &error);
            assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", "was removed, renamed or rep");
            struct wr_trial_outcome outcome = {.id = 1, .status = WR_TRIAL_DONE};
            status = wr_study_commit(study, &outcome, 1, NULL, 0, &error);
            assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", "was removed, renamed or rep");
            wr_study_close(study);
            assert_int_equal(system("rm -f ./*"), 0);
        }
}

static wr_status remove_it(void *context, const struct wr_sweep_event *event) {
    (void)event;
    if (context != NULL)
        unlink(context);
    return WR_OK;
}

/* Also if nothing is left to commit. */
static void test_vanished_at_the_end(void **state) {
    (void)state;
    size_t torn;
    struct wr_error error = {0};
    struct wr_sweep_result result;
    struct wr_sweep what = make_sweep();
    run(STUDY, &torn);
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_int_equal(unlink(STUDY), 0);
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1, .on_event = remove_it};
    wr_status status = wr_sweep_run(&what, study, &options, &result, &error);
    assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", "was removed");
    wr_study_close(study);
}

/* ---- places where a study cannot be ---- */

static void test_lock_through_a_link(void **state) {
    (void)state;
    FILE *file = fopen("victim", "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(symlink("victim", STUDY "-lock"), 0);
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, "symbolic link");
    assert_int_equal(unlink("victim"), 0);
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, "symbolic link"); /* dangling */
    assert_int_equal(access("victim", F_OK), -1);
    assert_int_equal(unlink(STUDY "-lock"), 0);
    wr_study_close(open_study(STUDY, WR_STUDY_WRITE));
}

/* The error of the system itself, not that of a second attempt. */
static void test_no_place(void **state) {
    (void)state;
    assert_refused("/proc/study.db", WR_STUDY_WRITE, WR_ERR_STORAGE, strerror(ENOENT));
    assert_refused("/sys/study.db", WR_STUDY_WRITE, WR_ERR_STORAGE, "cannot be opened");
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_refused(name, WR_STUDY_WRITE, WR_ERR_STORAGE, strerror(ENAMETOOLONG));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_torn),
        IN_FOLDER(test_not_torn),
        IN_FOLDER(test_merge),
        IN_FOLDER(test_vanished),
        IN_FOLDER(test_vanished_at_the_end),
        IN_FOLDER(test_lock_through_a_link),
        IN_FOLDER(test_no_place),
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
