/* Every write and allocation of a sweep, a merge or the renewal of an old study fails in turn. Then
 * each trial is whole: it has its result, its curve and its parameters, or none of them; and the
 * same command, given again, ends with the study of an undisturbed run. With the argument "all":
 * every call, otherwise some. */
#include "study_support.h"

#include <math.h>
#include <unistd.h>

#include "failing_vfs.h"
#include "sweep/store.h"
#include "windrow/sweep.h"

enum { ROWS = 20, SHARDS = 2, TRIALS = 2 * 2 * 3 };

static bool all; /* every call */
static struct wr_device *cpu;
static struct wr_series *series;

static struct wr_sweep make_sweep(void) {
    struct wr_sweep sweep = small_sweep(series);
    sweep.checkpoint_seconds = 0; /* after every epoch */
    return sweep;
}

/* With a small cache, pages are written in the middle of a commit; a full disk then ends it
 * there. */
static void use_little_cache(struct wr_study *study) {
    sqlite3_exec(study->db, "PRAGMA cache_size = 4", NULL, NULL, NULL);
}

static wr_status sweep_into(const char *path, const struct wr_sweep *sweep, enum wr_journal journal,
                            struct wr_error *error) {
    struct wr_sweep_result result;
    struct wr_study *study;
    wr_status status = wr_study_open_with(path, WR_STUDY_WRITE, journal, &study, error);
    if (status != WR_OK)
        return status;
    use_little_cache(study);
    wr_study_keep(study, SIZE_MAX);
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1};
    status = wr_sweep_run(sweep, study, &options, &result, error);
    wr_study_close(study);
    return status;
}

static wr_status sweep_whole(enum wr_journal journal, struct wr_error *error) {
    struct wr_sweep sweep = make_sweep();
    return sweep_into("now.db", &sweep, journal, error);
}

/* Goes on with a copy of old.db; the first change renews it. */
static wr_status sweep_old(enum wr_journal journal, struct wr_error *error) {
    return sweep_whole(journal, error);
}

static wr_status merge_shards(enum wr_journal journal, struct wr_error *error) {
    struct wr_study *study, *from;
    struct wr_merge_report report;
    wr_status status = wr_study_open_with("now.db", WR_STUDY_WRITE, journal, &study, error);
    if (status == WR_OK) {
        use_little_cache(study);
        wr_study_keep(study, SIZE_MAX);
    }
    for (int shard = 0; shard < SHARDS && status == WR_OK; shard++) {
        status = wr_study_open(shard == 0 ? "0.db" : "1.db", WR_STUDY_READ, &from, error);
        if (status == WR_OK)
            status = wr_study_merge(study, from, &report, error);
        wr_study_close(from);
    }
    wr_study_close(study);
    return status;
}

/* A study of schema 1, half of whose trials are done. */
static void make_half(void) {
    static const char *const changes[] = {
        "UPDATE trial SET status = 'pending', loss = NULL, score = NULL, diverged_at = NULL,"
        " hash = NULL, device = NULL, seconds = NULL, version = NULL WHERE id % 2 = 0",
        "DELETE FROM curve WHERE trial % 2 = 0", "DELETE FROM parameters WHERE trial % 2 = 0"};
    assert_int_equal(system("cp whole.db old.db"), 0);
    make_old("old.db");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        ask("old.db", changes[i]);
}

static void remove_study(void) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", "-lock"};
    char path[32];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "now.db%s", ends[i]);
        unlink(path);
    }
}

/* Checks now.db, if it is a study yet: its trials are whole and equal those of the undisturbed
 * run. */
static void assert_whole_trials(const char *what, long nth) {
    static const char wrong[] =
        "ATTACH 'whole.db' AS whole; SELECT group_concat(id || ' ' || status) FROM main.trial AS t"
        " WHERE status IN ('done', 'diverged') AND (NOT EXISTS (SELECT 1 FROM whole.trial AS w "
        "WHERE"
        " w.id = t.id AND w.hidden = t.hidden AND w.lr = t.lr AND w.seed = t.seed AND w.status ="
        " t.status AND w.hash = t.hash AND w.loss IS t.loss AND w.score IS t.score)"
        " OR (SELECT group_concat(epoch || ' ' || loss) FROM main.curve WHERE trial = id) IS NOT"
        " (SELECT group_concat(epoch || ' ' || loss) FROM whole.curve WHERE trial = id)"
        " OR (SELECT value FROM main.parameters WHERE trial = id) IS NOT"
        " (SELECT value FROM whole.parameters WHERE trial = id))";
    if (access("now.db", F_OK) != 0 || strcmp(ask("now.db", "PRAGMA user_version"), "0") == 0)
        return;
    sqlite3 *db;
    sqlite3_stmt *statement;
    const char *rest;
    assert_int_equal(sqlite3_open("now.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, wrong, -1, &statement, &rest), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_prepare_v2(db, rest, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    if (sqlite3_column_type(statement, 0) != SQLITE_NULL)
        fail_msg("%s, call %ld: %s", what, nth, sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    assert_answer("now.db", "PRAGMA integrity_check", "ok");
}

/* Fails one call after the other, until a run has no failure. */
static void fail_each(struct failing *failing, wr_status (*run)(enum wr_journal, struct wr_error *),
                      enum wr_journal journal, wr_status expected, const char *what, long stride) {
    struct wr_error error = {0};
    long nth = 0, failures = 0;
    for (bool met = true; met; nth += all ? 1 : stride) {
        remove_study();
        if (run == sweep_old)
            assert_int_equal(system("cp old.db now.db"), 0);
        failing->left = nth;
        failing->calls = 0;
        wr_status status = run(journal, &error);
        met = failing->calls > nth;
        failing->left = -1;
        if (status != WR_OK && status != expected)
            fail_msg("%s, call %ld: %s %s", what, nth, wr_status_name(status), error.text);
        if (status != WR_OK && strchr(error.text, '\n') != NULL)
            fail_msg("%s, call %ld: %s", what, nth, error.text);
        failures += status != WR_OK;
        wr_error_release(&error);
        assert_whole_trials(what, nth);
        assert_ok(run(journal, &error), &error);
        assert_same_studies("whole.db", "now.db");
    }
    print_message("%s: %ld calls tried, %ld of them errors\n", what, nth, failures);
    assert_true(failures > 0);
}

static int prepare(void **state) {
    if (enter_folder(state) != 0)
        return -1;
    struct wr_error error = {0};
    struct wr_sweep sweep = make_sweep();
    assert_ok(sweep_into("whole.db", &sweep, WR_JOURNAL_WAL, &error), &error);
    make_half();
    sweep.shards = SHARDS;
    assert_ok(sweep_into("0.db", &sweep, WR_JOURNAL_DELETE, &error), &error);
    sweep.shard = 1;
    assert_ok(sweep_into("1.db", &sweep, WR_JOURNAL_DELETE, &error), &error);
    return 0;
}

static void fail_writes(wr_status (*run)(enum wr_journal, struct wr_error *), const char *what) {
    static const struct {
        int code;
        bool for_ever;
        enum wr_journal journal;
        const char *name;
    } ways[] = {{SQLITE_FULL, false, WR_JOURNAL_WAL, "full once, log"},
                {SQLITE_FULL, true, WR_JOURNAL_WAL, "full, log"},
                {SQLITE_IOERR_WRITE, false, WR_JOURNAL_WAL, "error once, log"},
                {SQLITE_FULL, false, WR_JOURNAL_DELETE, "full once, journal"},
                {SQLITE_FULL, true, WR_JOURNAL_DELETE, "full, journal"},
                {SQLITE_IOERR_WRITE, false, WR_JOURNAL_DELETE, "error once, journal"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s, %s", what, ways[i].name);
        failing_storage.code = ways[i].code;
        failing_storage.for_ever = ways[i].for_ever;
        fail_each(&failing_storage, run, ways[i].journal, WR_ERR_STORAGE, name, 29);
    }
}

static void test_sweep_storage(void **state) {
    (void)state;
    fail_writes(sweep_whole, "sweep");
}

static void test_old_storage(void **state) {
    (void)state;
    fail_writes(sweep_old, "old study");
}

static void test_merge_storage(void **state) {
    (void)state;
    fail_writes(merge_shards, "merge");
}

static void test_sweep_memory(void **state) {
    (void)state;
    fail_each(&failing_memory, sweep_whole, WR_JOURNAL_WAL, WR_ERR_MEMORY, "sweep, memory", 241);
}

static void test_old_memory(void **state) {
    (void)state;
    fail_each(&failing_memory, sweep_old, WR_JOURNAL_WAL, WR_ERR_MEMORY, "old study, memory", 241);
}

static void test_merge_memory(void **state) {
    (void)state;
    fail_each(&failing_memory, merge_shards, WR_JOURNAL_WAL, WR_ERR_MEMORY, "merge, memory", 241);
}

#define PREPARED(test) cmocka_unit_test_setup_teardown(test, prepare, leave_folder)

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {PREPARED(test_sweep_storage), PREPARED(test_merge_storage),
                                       PREPARED(test_old_storage),   PREPARED(test_sweep_memory),
                                       PREPARED(test_merge_memory),  PREPARED(test_old_memory)};
    struct wr_error error = {0};
    all = count > 1 && strcmp(arguments[1], "all") == 0;
    failing_install();
    if (wr_device_open("cpu", NULL, &cpu, &error) != WR_OK ||
        wr_series_ar2(ROWS, 1, &series, &error) != WR_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wr_series_free(series);
    wr_device_close(cpu);
    return failed;
}
