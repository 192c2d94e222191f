/* Studies without a write-ahead log, which network file systems need: who can write, who must wait,
 * and what is left after a writer dies. */
#include "study_support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep/store.h"

#define STUDY "study.db"

/* The type that every file system reports; 0: its real type. */
static uint32_t said_type;

int __real_statfs(const char *path, struct statfs *system);
int __wrap_statfs(const char *path, struct statfs *system);

int __wrap_statfs(const char *path, struct statfs *system) {
    int failed = __real_statfs(path, system);
    if (said_type != 0)
        system->f_type = (__typeof__(system->f_type))said_type;
    return failed;
}

static struct wr_study *open_with(enum wr_journal journal) {
    struct wr_study *study;
    struct wr_error error = {0};
    assert_ok(wr_study_open_with(STUDY, WR_STUDY_WRITE, journal, &study, &error), &error);
    return study;
}

static void assert_locked(enum wr_study_mode mode, enum wr_journal journal) {
    struct wr_study *study;
    struct wr_error error = {0};
    wr_status status = wr_study_open_with(STUDY, mode, journal, &study, &error);
    assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", "locked");
    assert_null(study);
}

/* ---- which journal ---- */

static void test_modes(void **state) {
    (void)state;
    static const enum wr_journal order[] = {WR_JOURNAL_DELETE, WR_JOURNAL_WAL, WR_JOURNAL_DELETE,
                                            WR_JOURNAL_AUTO, WR_JOURNAL_DELETE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct wr_study *study = open_with(order[i]);
        struct wr_trial_state states[5];
        add_trials(study, 5, states);
        assert_int_equal(wr_study_has_log(study), order[i] != WR_JOURNAL_DELETE);
        /* the study and its lock; a log is two more files */
        assert_int_equal(entries(), order[i] == WR_JOURNAL_DELETE ? 2 : 4);
        commit_done(study, (int64_t)i + 1, 1, 10);
        struct wr_study *reader = open_study(STUDY, WR_STUDY_READ);
        assert_int_equal(done_of(reader), i + 1);
        wr_study_close(reader);
        wr_study_close(study);
        assert_int_equal(entries(), 1);
        assert_answer(STUDY, "PRAGMA journal_mode",
                      order[i] == WR_JOURNAL_DELETE ? "delete" : "wal");
    }
    assert_answer(STUDY, "SELECT count(*) FROM best", "5");
}

static void test_network(void **state) {
    (void)state;
    static const uint32_t types[] = {0x6969, 0xff534d42, 0xfe534d42, 0x0bd00bd0, 0x47504653};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        said_type = types[i];
        wr_study_close(open_with(WR_JOURNAL_AUTO));
        assert_answer(STUDY, "PRAGMA journal_mode", "delete");
        wr_study_close(open_with(WR_JOURNAL_WAL)); /* the user can choose another journal */
        assert_answer(STUDY, "PRAGMA journal_mode", "wal");
    }
    said_type = 0xef53; /* ext4 */
    wr_study_close(open_with(WR_JOURNAL_AUTO));
    said_type = 0;
    assert_answer(STUDY, "PRAGMA journal_mode", "wal");
}

/* ---- one writer ---- */

/* The lock holds for every journal of the holder and of the other process. */
static void test_lock(void **state) {
    (void)state;
    for (int held = WR_JOURNAL_WAL; held <= WR_JOURNAL_DELETE; held++) {
        struct wr_study *study = open_with((enum wr_journal)held);
        for (int other = WR_JOURNAL_AUTO; other <= WR_JOURNAL_DELETE; other++) {
            assert_locked(WR_STUDY_WRITE, (enum wr_journal)other);
            assert_locked(WR_STUDY_FRESH, (enum wr_journal)other);
        }
        assert_int_equal(wr_study_has_log(study), held == WR_JOURNAL_WAL);
        wr_study_close(study);
        wr_study_close(open_with(WR_JOURNAL_AUTO));
    }
    assert_int_equal(entries(), 1);
}

/* If another process removes the lock file or makes it again, the holder no longer has the lock. */
static void test_lock_of_others(void **state) {
    (void)state;
    struct wr_study *study = open_with(WR_JOURNAL_DELETE);
    assert_int_equal(rename(STUDY "-lock", "elsewhere"), 0);
    FILE *file = fopen(STUDY "-lock", "w");
    assert_non_null(file);
    fclose(file);
    wr_study_close(study);
    assert_int_equal(access(STUDY "-lock", F_OK), 0);
    wr_study_close(open_with(WR_JOURNAL_DELETE)); /* a lock file that nobody holds does not lock */
    assert_int_equal(access(STUDY "-lock", F_OK), -1);
    assert_int_equal(entries(), 2);
}

static void test_fresh(void **state) {
    (void)state;
    struct wr_study *study = open_with(WR_JOURNAL_DELETE);
    struct wr_trial_state states[3];
    add_trials(study, 3, states);
    wr_study_close(study);
    struct wr_error error = {0};
    assert_ok(wr_study_open_with(STUDY, WR_STUDY_FRESH, WR_JOURNAL_DELETE, &study, &error), &error);
    assert_int_equal(entries(), 3);
    wr_study_close(study);
    assert_answer(STUDY ".1", "SELECT count(*) FROM trial", "3");
    assert_answer(STUDY, "SELECT count(*) FROM trial", "0");
    assert_answer(STUDY, "PRAGMA journal_mode", "delete");
    assert_int_equal(entries(), 2);
}

/* ---- death in a commit ---- */

/* Commits while the file cannot grow beyond *limit bytes: the system kills the process that
 * tries. */
static bool commit_until_killed(void *context) {
    const size_t *limit = context;
    struct wr_study *study = open_with(WR_JOURNAL_DELETE);
    struct wr_trial_state states[MOST_TRIALS];
    add_trials(study, MOST_TRIALS, states);
    wr_study_keep(study, SIZE_MAX);
    struct rlimit most = {*limit, RLIM_INFINITY}, no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_FSIZE, &most);
    for (int64_t id = 1; id <= MOST_TRIALS; id++)
        commit_done(study, id, (float)id, 5000);
    return false;
}

static void die(size_t limit) {
    int status = finish(start(commit_until_killed, &limit));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    assert_int_equal(access(STUDY "-journal", F_OK), 0);
    assert_int_equal(access(STUDY "-lock", F_OK), 0);
}

/* A commit that is half in the file is undone by the next writer or the next reader. */
static void test_death(void **state) {
    (void)state;
    for (size_t limit = 150000; limit < 360000; limit += 14999) {
        die(limit);
        enum wr_study_mode mode = limit % 2 == 0 ? WR_STUDY_READ : WR_STUDY_WRITE;
        struct wr_study *study = open_study(STUDY, mode);
        size_t done = done_of(study);
        wr_study_close(study);
        assert_in_range(done, 1, limit / 20000);
        char expected[16];
        snprintf(expected, sizeof expected, "%zu", done);
        assert_answer(STUDY, "SELECT count(*) FROM parameters", expected);
        assert_answer(STUDY, "PRAGMA integrity_check", "ok");
        wr_study_close(open_study(STUDY, WR_STUDY_WRITE));
        assert_int_equal(entries(), 1);
        remove(STUDY);
    }
}

/* A process without permission to write the file must not read half of a commit as a study. */
static bool cannot_undo(void *context) {
    (void)context;
    obey_permissions();
    assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, "died in a commit");
    return true;
}

static bool can_read(void *context) {
    obey_permissions();
    struct wr_study *study = open_study(STUDY, WR_STUDY_READ);
    size_t done = done_of(study);
    wr_study_close(study);
    return done == *(const size_t *)context;
}

static void test_death_read_only(void **state) {
    (void)state;
    die(150000);
    chmod(STUDY, 0444);
    chmod(".", 0555);
    assert_elsewhere(cannot_undo, NULL);
    chmod(".", 0755);
    chmod(STUDY, 0644);
    struct wr_study *study = open_study(STUDY, WR_STUDY_READ);
    size_t done = done_of(study);
    wr_study_close(study);
    assert_true(done > 0);
    chmod(STUDY, 0444);
    chmod(".", 0555);
    assert_elsewhere(can_read, &done);
    chmod(".", 0755);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_modes),           IN_FOLDER(test_network), IN_FOLDER(test_lock),
        IN_FOLDER(test_lock_of_others),  IN_FOLDER(test_fresh),   IN_FOLDER(test_death),
        IN_FOLDER(test_death_read_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
