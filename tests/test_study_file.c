/* The file of a study: which files are refused, who can write, what a death or a full disk
 * leaves. */
#include "study_support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep/store.h"

#define STUDY "study.db"

static void put(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void make_study(const char *path, size_t trials) {
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    struct wr_trial_state states[MOST_TRIALS];
    add_trials(study, trials, states);
    wr_study_close(study);
}

static size_t trials_of(struct wr_study *study) {
    struct wr_study_counts counts;
    struct wr_error error = {0};
    assert_ok(wr_study_count(study, &counts, &error), &error);
    return counts.trials;
}

static size_t done_of(struct wr_study *study) {
    struct wr_study_counts counts;
    struct wr_error error = {0};
    assert_ok(wr_study_count(study, &counts, &error), &error);
    return counts.done;
}

/* ---- other processes ---- */

/* Runs the function in a process of its own, where failing asserts end it; returns what waitpid
 * says. The function says whether all is well. */
static pid_t start(bool (*function)(void *), void *context) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("CMOCKA_TEST_ABORT", "1", 1); /* so that it does not run the next tests */
        _exit(function(context) ? 0 : 1);
    }
    return child;
}

static int finish(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_elsewhere(bool (*function)(void *), void *context) {
    assert_int_equal(finish(start(function, context)), 0);
}

/* For child processes: root can write anywhere until it gives that right up. */
static void obey_permissions(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    syscall(SYS_capset, &header, none);
}

static bool opens(const char *path, enum wr_study_mode mode, wr_status expected, const char *part) {
    struct wr_study *study;
    struct wr_error error = {0};
    wr_status status = wr_study_open(path, mode, &study, &error);
    bool right = status == expected && (status == WR_OK || strstr(error.text, part) != NULL);
    if (!right)
        print_message("%s, mode %d: %s %s\n", path, (int)mode, wr_status_name(status), error.text);
    wr_error_release(&error);
    wr_study_close(study);
    return right;
}

/* ---- files that are studies, and others ---- */

static void test_make(void **state) {
    (void)state;
    assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, strerror(ENOENT));
    assert_int_equal(entries(), 0);
    make_study(STUDY, 3);
    assert_int_equal(entries(), 1);
    struct wr_study *study = open_study(STUDY, WR_STUDY_READ);
    assert_int_equal(trials_of(study), 3);
    struct wr_error error = {0};
    struct wr_trial_options options = {.hidden = 99, .window = 1, .batch = 1};
    struct wr_trial_state added;
    wr_status status = wr_study_add(study, &options, NULL, 1, &added, NULL, &error);
    assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", "readonly");
    wr_study_close(study);
    assert_int_equal(entries(), 1);
    assert_answer(STUDY, "PRAGMA application_id", "1467117431");
    assert_answer(STUDY, "PRAGMA user_version", "1");
    assert_answer(STUDY, "PRAGMA journal_mode", "wal");
    assert_answer(STUDY,
                  "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND"
                  " name NOT LIKE 'sqlite%' AND sql NOT LIKE '%STRICT%'",
                  "0");
    assert_answer(STUDY, "PRAGMA integrity_check", "ok");
}

/* Names that have a special meaning for SQLite, and a link. */
static void test_names(void **state) {
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%41'?#"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        make_study(names[i], 1);
        assert_int_equal(access(names[i], R_OK), 0);
        wr_study_close(open_study(names[i], WR_STUDY_READ));
    }
    assert_int_equal(symlink("target.db", "link.db"), 0);
    make_study("link.db", 2);
    wr_study_close(open_study("link.db", WR_STUDY_FRESH));
    struct wr_study *study = open_study("target.db.1", WR_STUDY_READ);
    assert_int_equal(trials_of(study), 2);
    wr_study_close(study);
    assert_int_equal(entries(), 6);
    char path[256];
    snprintf(path, sizeof path, "%s/absolute", (const char *)*state);
    make_study(path, 1);
    assert_int_equal(access("absolute", R_OK), 0);
}

/* A study with two names is refused: under one name, the log and the lock of the other are not
 * seen. */
static void test_hard_links(void **state) {
    (void)state;
    make_study("one.db", 2);
    assert_int_equal(link("one.db", "two.db"), 0);
    assert_refused("two.db", WR_STUDY_WRITE, WR_ERR_STORAGE, "2 names (hard links)");
    assert_refused("one.db", WR_STUDY_FRESH, WR_ERR_STORAGE, "2 names (hard links)");
    wr_study_close(open_study("two.db", WR_STUDY_READ));
    assert_int_equal(unlink("one.db"), 0);
    wr_study_close(open_study("two.db", WR_STUDY_WRITE));
}

static void test_not_ours(void **state) {
    (void)state;
    static const char text[] = "epoch,seed,total_loss\n1,0,3\n";
    for (int mode = WR_STUDY_READ; mode <= WR_STUDY_FRESH; mode++) {
        put("text", text, sizeof text - 1);
        assert_refused("text", (enum wr_study_mode)mode, WR_ERR_DATA, "not a database");
        char long_text[3000];
        memset(long_text, 'x', sizeof long_text);
        put("long", long_text, sizeof long_text);
        assert_refused("long", (enum wr_study_mode)mode, WR_ERR_DATA, "not a database");
        if (mode == WR_STUDY_READ)
            make_study("ours", 0);
        else
            assert_answer("foreign", "SELECT a FROM b", "1");
        if (mode == WR_STUDY_READ) {
            put("foreign", "", 0);
            ask("foreign", "CREATE TABLE b AS SELECT 1 AS a");
        }
        assert_refused("foreign", (enum wr_study_mode)mode, WR_ERR_DATA, "no study");
        assert_answer("foreign", "PRAGMA journal_mode", "delete"); /* unchanged */
        assert_refused(".", (enum wr_study_mode)mode,
                       mode == WR_STUDY_READ ? WR_ERR_DATA : WR_ERR_STORAGE, "folder");
        assert_refused("/dev/null", (enum wr_study_mode)mode,
                       mode == WR_STUDY_READ ? WR_ERR_DATA : WR_ERR_STORAGE, "no regular file");
        assert_refused("nowhere/x", (enum wr_study_mode)mode,
                       mode == WR_STUDY_READ ? WR_ERR_DATA : WR_ERR_STORAGE, "open");
    }
    assert_refused("", WR_STUDY_WRITE, WR_ERR_STORAGE, "open");
    assert_int_equal(entries(), 4);
    put("empty", "", 0);
    assert_refused("empty", WR_STUDY_READ, WR_ERR_DATA, "empty");
    make_study("empty", 1); /* an empty file becomes a study */
    put("empty", "", 0);
    wr_study_close(open_study("empty", WR_STUDY_FRESH)); /* nothing to set aside */
    assert_int_equal(entries(), 5);
}

static void test_newer(void **state) {
    (void)state;
    make_study(STUDY, 1);
    ask(STUDY, "PRAGMA user_version = 2");
    assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, "newer");
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_DATA, "newer");
    assert_int_equal(entries(), 1);
    wr_study_close(open_study(STUDY, WR_STUDY_FRESH));
    assert_answer(STUDY ".1", "PRAGMA user_version", "2");
    ask(STUDY, "PRAGMA user_version = 0");
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_DATA, "no study");
}

/* Damage gives an error or goes unnoticed; nothing worse happens. */
static void test_damage(void **state) {
    (void)state;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[MOST_TRIALS];
    add_trials(study, MOST_TRIALS, states);
    for (int i = 0; i < 20; i++)
        commit_done(study, states[i].id, (float)i, 1000);
    wr_study_close(study);
    FILE *file = fopen(STUDY, "r");
    assert_non_null(file);
    static char bytes[1 << 20], damaged[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 20000 && size < sizeof bytes);
    size_t refused = 0;
    for (uint32_t round = 0; round < 200; round++) {
        memcpy(damaged, bytes, size);
        for (uint32_t i = 0; i < 16; i++) {
            uint32_t hash = (round * 16 + i) * 2654435761u;
            damaged[(round % 2 == 0 ? 100 : 0) + hash % (size - 100)] = (char)(hash >> 24);
        }
        put("damaged", damaged, round % 5 == 0 ? size / 2 : size);
        struct wr_error error = {0};
        wr_status status = wr_study_open("damaged", WR_STUDY_READ, &study, &error);
        struct wr_study_counts counts;
        if (status == WR_OK)
            status = wr_study_count(study, &counts, &error);
        float *parameters = NULL;
        size_t count;
        for (int64_t id = 1; id <= 20 && status == WR_OK; id++) {
            status = wr_study_read_parameters(study, id, &parameters, &count, &error);
            free(parameters);
        }
        if (status != WR_OK && status != WR_ERR_DATA)
            fail_msg("%s", error.text);
        refused += status == WR_ERR_DATA;
        wr_error_release(&error);
        wr_study_close(study);
    }
    assert_true(refused > 20);
}

/* ---- one writer, any readers ---- */

/* Processes start before this one opens a study: SQLite's locks do not survive a fork. */
struct held {
    enum wr_study_mode mode;
    int ready[2], go[2]; /* pipes */
};

/* Opens the study and holds it until it is told to continue. A writer then commits; a reader reads
 * what another process has committed. */
static bool hold(void *context) {
    struct held *held = context;
    char byte;
    struct wr_study *study = open_study(STUDY, held->mode);
    if (held->mode == WR_STUDY_WRITE) {
        struct wr_trial_state states[4];
        add_trials(study, 4, states);
        /* Also in the same process; and the attempt must not release the locks of SQLite. */
        assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, "locked");
        wr_study_close(open_study(STUDY, WR_STUDY_READ));
    }
    if (write(held->ready[1], "", 1) != 1 || read(held->go[0], &byte, 1) != 1)
        return false;
    if (held->mode == WR_STUDY_WRITE)
        commit_done(study, 1, 1, 1);
    bool right = done_of(study) == 1;
    wr_study_close(study);
    return right;
}

static pid_t start_holding(struct held *held, enum wr_study_mode mode) {
    char byte;
    held->mode = mode;
    assert_true(pipe(held->ready) == 0 && pipe(held->go) == 0);
    pid_t child = start(hold, held);
    close(held->ready[1]);
    close(held->go[0]);
    assert_int_equal(read(held->ready[0], &byte, 1), 1);
    return child;
}

static void let_go(struct held *held, pid_t child) {
    assert_int_equal(write(held->go[1], "", 1), 1);
    assert_int_equal(finish(child), 0);
    close(held->ready[0]);
    close(held->go[1]);
}

static void test_lock(void **state) {
    (void)state;
    struct held held;
    pid_t child = start_holding(&held, WR_STUDY_WRITE);
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, "locked");
    assert_refused(STUDY, WR_STUDY_FRESH, WR_ERR_STORAGE, "locked");
    wr_study_close(open_study(STUDY, WR_STUDY_READ));
    assert_int_equal(access(STUDY "-wal", F_OK), 0); /* the last connection would have removed it */
    let_go(&held, child);
    wr_study_close(open_study(STUDY, WR_STUDY_WRITE));
    assert_answer(STUDY, "SELECT count(*) FROM best", "1");
    assert_int_equal(entries(), 1);
}

/* The lock dies with its process. */
static void test_lock_of_the_dead(void **state) {
    (void)state;
    struct held held;
    pid_t child = start_holding(&held, WR_STUDY_WRITE);
    kill(child, SIGKILL);
    finish(child);
    close(held.ready[0]);
    close(held.go[1]);
    wr_study_close(open_study(STUDY, WR_STUDY_WRITE));
    assert_answer(STUDY, "SELECT count(*) FROM trial", "4");
}

static void test_reader_elsewhere(void **state) {
    (void)state;
    make_study(STUDY, 4);
    struct held held;
    pid_t child = start_holding(&held, WR_STUDY_READ);
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE); /* readers do not lock */
    commit_done(study, 1, 1, 1);
    wr_study_close(study);
    assert_refused(STUDY, WR_STUDY_FRESH, WR_ERR_STORAGE, "open"); /* except for a fresh study */
    let_go(&held, child);
    wr_study_close(open_study(STUDY, WR_STUDY_FRESH));
    assert_answer(STUDY ".1", "SELECT count(*) FROM best", "1");
    assert_int_equal(entries(), 2);
}

/* A reader sees whole commits, and each walk over the trials sees one moment. */
static wr_status write_meanwhile(void *context, const struct wr_trial *trial) {
    if (trial->id == 1)
        for (int64_t id = 1; id <= 10; id++)
            commit_done(context, id, (float)id, 1);
    return trial->status == WR_TRIAL_PENDING ? WR_OK : WR_ERR_VERIFY;
}

static void test_reader(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *writer = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[10];
    add_trials(writer, 10, states);
    struct wr_study *reader = open_study(STUDY, WR_STUDY_READ);
    struct wr_trial_query all = {0};
    assert_ok(wr_study_trials(reader, &all, write_meanwhile, writer, &error), &error);
    assert_int_equal(done_of(reader), 10);
    wr_study_close(writer);
    assert_int_equal(done_of(reader), 10);
    wr_study_close(reader);
    assert_int_equal(entries(), 1);
}

/* Another program is writing. */
static void test_busy(void **state) {
    (void)state;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[1];
    add_trials(study, 1, states);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(STUDY, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(study->db, 1);
    struct wr_trial_outcome outcome = {.id = 1, .status = WR_TRIAL_DONE};
    struct wr_error error = {0};
    wr_status status = wr_study_commit(study, &outcome, 1, NULL, 0, &error);
    assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", "locked");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(done_of(study), 0);
    assert_ok(wr_study_commit(study, &outcome, 1, NULL, 0, &error), &error);
    wr_study_close(study);
}

/* The lock comes too late: the file that was opened has been renamed. */
static void test_renamed(void **state) {
    (void)state;
    make_study(STUDY, 1);
    struct wr_error error = {0};
    char path[] = STUDY;
    struct wr_study study = {.path = path, .lock = -1};
    assert_ok(wr_study_connect(&study, true, &error), &error);
    assert_int_equal(rename(STUDY, "renamed"), 0);
    make_study(STUDY, 2);
    bool moved = false;
    wr_study_lock(&study, &moved, NULL); /* SQLite itself can also refuse */
    assert_true(study.lock < 0);
    wr_study_disconnect(&study);
    struct wr_study *again = open_study(STUDY, WR_STUDY_WRITE);
    assert_int_equal(trials_of(again), 2);
    wr_study_close(again);
}

/* ---- another study ---- */

static void test_fresh(void **state) {
    (void)state;
    wr_study_close(open_study(STUDY, WR_STUDY_FRESH)); /* no file exists */
    assert_int_equal(entries(), 1);
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[6];
    add_trials(study, 5, states);
    commit_done(study, 2, 1, 3);
    wr_study_close(study);
    put(STUDY ".2", "taken", 5);
    study = open_study(STUDY, WR_STUDY_FRESH);
    assert_int_equal(trials_of(study), 0);
    add_trials(study, 1, states);
    wr_study_close(study);
    wr_study_close(open_study(STUDY, WR_STUDY_FRESH));
    assert_int_equal(entries(), 4); /* study.db, .1, .2, .3 */
    assert_answer(STUDY ".1", "SELECT count(*) FROM trial", "5");
    assert_answer(STUDY ".1", "SELECT count(*) FROM parameters", "1");
    assert_answer(STUDY ".3", "SELECT count(*) FROM trial", "1");
    study = open_study(STUDY ".1", WR_STUDY_WRITE); /* goes on where it was */
    add_trials(study, 6, states);
    assert_int_equal(states[1].status, WR_TRIAL_DONE);
    wr_study_close(study);
}

static bool die_with_log(void *context) {
    (void)context;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[5];
    add_trials(study, 5, states);
    commit_done(study, 2, 1, 3);
    return kill(getpid(), SIGKILL) == 0;
}

/* What a killed process left in the log is moved away with the study. */
static void test_fresh_after_death(void **state) {
    (void)state;
    int status = finish(start(die_with_log, NULL));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(entries(), 4);
    wr_study_close(open_study(STUDY, WR_STUDY_FRESH));
    assert_int_equal(entries(), 2);
    assert_answer(STUDY ".1", "SELECT group_concat(id) FROM best", "2");
    assert_answer(STUDY, "SELECT count(*) FROM trial", "0");
}

/* ---- without permission to write ---- */

static bool is_read_only(void *context) {
    obey_permissions();
    const char *part = context;
    if (!opens(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, part) ||
        !opens(STUDY, WR_STUDY_FRESH, WR_ERR_STORAGE, part))
        return false;
    struct wr_study *study = open_study(STUDY, WR_STUDY_READ);
    size_t trials = trials_of(study);
    wr_study_close(study);
    return trials == 4;
}

static bool is_unreadable(void *context) {
    (void)context;
    obey_permissions();
    return opens(STUDY, WR_STUDY_READ, WR_ERR_DATA, strerror(EACCES)) &&
           opens(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, strerror(EACCES));
}

static void test_read_only(void **state) {
    (void)state;
    make_study(STUDY, 4);
    chmod(STUDY, 0444);
    assert_elsewhere(is_read_only, "read-only");
    assert_int_equal(entries(), 1);
    chmod(".", 0555);
    assert_elsewhere(is_read_only, "");
    chmod(STUDY, 0644);
    assert_elsewhere(is_read_only, ""); /* the file is writable; the log cannot be made */
    chmod(".", 0755);
    assert_int_equal(entries(), 1);

    struct held held; /* readers beside a writer */
    pid_t child = start_holding(&held, WR_STUDY_WRITE);
    chmod(".", 0555);
    chmod(STUDY, 0444);
    chmod(STUDY "-wal", 0444);
    chmod(STUDY "-shm", 0444);
    assert_elsewhere(is_read_only, "");
    chmod(".", 0755);
    let_go(&held, child);
    chmod(STUDY, 0);
    assert_elsewhere(is_unreadable, NULL);
    chmod(STUDY, 0644);
    assert_answer(STUDY, "SELECT count(*) FROM best", "1");
}

/* Reads what a killed process left in a folder without permission to write. */
static bool reads_log(void *context) {
    (void)context;
    obey_permissions();
    struct wr_study *study = open_study(STUDY, WR_STUDY_READ);
    size_t done = done_of(study);
    wr_study_close(study);
    return done == 1;
}

static void test_read_only_after_death(void **state) {
    (void)state;
    finish(start(die_with_log, NULL));
    chmod(STUDY, 0444);
    assert_elsewhere(reads_log, NULL);
    chmod(".", 0555);
    assert_elsewhere(reads_log, NULL);
    chmod(STUDY "-wal", 0444);
    chmod(STUDY "-shm", 0444);
    assert_elsewhere(reads_log, NULL);
    chmod(".", 0755);
    assert_int_equal(entries(), 4);
}

/* ---- a full disk ---- */

/* Commits until it fails; then opens the study again. */
static void fill(struct wr_study *study, const char *part) {
    struct wr_error error = {0};
    enum { FLOATS = 5000 };
    float *parameters = calloc(FLOATS, sizeof *parameters);
    assert_non_null(parameters);
    size_t committed = 0;
    wr_status status = WR_OK;
    while (status == WR_OK && committed < MOST_TRIALS) {
        struct wr_trial_outcome outcome = {.id = (int64_t)committed + 1,
                                           .status = WR_TRIAL_DONE,
                                           .parameters = parameters,
                                           .parameter_count = FLOATS};
        status = wr_study_commit(study, &outcome, 1, NULL, 0, &error);
        committed += status == WR_OK;
    }
    free(parameters);
    assert_true(committed > 2);
    assert_error(status, &error, WR_ERR_STORAGE, STUDY ": ", part);
    assert_int_equal(done_of(study), committed);
    wr_study_close(study);
    study = open_study(STUDY, WR_STUDY_READ);
    assert_int_equal(done_of(study), committed);
    wr_study_close(study);
    char expected[32];
    snprintf(expected, sizeof expected, "%zu", committed);
    assert_answer(STUDY, "SELECT count(*) FROM parameters", expected);
    assert_answer(STUDY, "PRAGMA integrity_check", "ok");
}

static struct wr_study *open_to_fill(void) {
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[MOST_TRIALS];
    add_trials(study, MOST_TRIALS, states);
    wr_study_keep(study, SIZE_MAX);
    return study;
}

static void test_full(void **state) {
    (void)state;
    struct wr_study *study = open_to_fill();
    assert_int_equal(sqlite3_exec(study->db, "PRAGMA max_page_count = 100", NULL, NULL, NULL),
                     SQLITE_OK);
    fill(study, "full");
}

static bool fill_limited(void *context) {
    (void)context;
    struct wr_study *study = open_to_fill();
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {300000, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    fill(study, strerror(EFBIG));
    return true;
}

static void test_file_limit(void **state) {
    (void)state;
    assert_elsewhere(fill_limited, NULL);
    wr_study_close(open_study(STUDY, WR_STUDY_WRITE)); /* continues when there is room again */
}

/* ---- death ---- */

/* Every commit marks this many trials as done, in order. */
enum { EACH = 4 };

struct writer {
    int pipe[2];  /* gets a byte after each commit */
    size_t limit; /* size of a file at which the system kills it; 0: none */
};

static bool write_and_say(void *context) {
    struct writer *writer = context;
    struct wr_study *study = open_to_fill();
    if (writer->limit != 0) {
        struct rlimit limit = {writer->limit, RLIM_INFINITY}, no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        setrlimit(RLIMIT_FSIZE, &limit); /* SIGXFSZ kills */
    }
    float parameters[2000] = {0};
    for (int64_t id = 1; id <= MOST_TRIALS; id += EACH) {
        struct wr_trial_outcome outcomes[EACH];
        for (int i = 0; i < EACH; i++)
            outcomes[i] = (struct wr_trial_outcome){.id = id + i,
                                                    .status = WR_TRIAL_DONE,
                                                    .parameters = parameters,
                                                    .parameter_count = 2000};
        if (wr_study_commit(study, outcomes, EACH, NULL, 0, NULL) != WR_OK ||
            write(writer->pipe[1], "", 1) != 1)
            return false;
    }
    while (writer->limit == 0)
        pause();
    return true;
}

/* Checks that at least `said` commits are there, and that each commit is whole. */
static void assert_whole(size_t said) {
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    size_t done = done_of(study);
    if (done % EACH != 0 || done < said * EACH || done > (said + 1) * EACH)
        fail_msg("%zu trials are done after %zu commits of %d", done, said, EACH);
    assert_true(trials_of(study) == MOST_TRIALS);
    wr_study_close(study);
    char expected[32];
    snprintf(expected, sizeof expected, "%zu", done);
    assert_answer(STUDY, "SELECT count(*) FROM parameters", expected);
    assert_answer(STUDY,
                  "SELECT count(*) FROM trial WHERE (status = 'done') <> (id <="
                  " (SELECT count(*) FROM best))",
                  "0");
    assert_answer(STUDY, "PRAGMA integrity_check", "ok");
    assert_int_equal(entries(), 1);
    remove(STUDY);
}

static size_t count_bytes(int file) {
    char bytes[MOST_TRIALS];
    size_t count = 0;
    for (ssize_t got; (got = read(file, bytes, sizeof bytes)) > 0;)
        count += (size_t)got;
    return count;
}

static void test_kill(void **state) {
    (void)state;
    for (int round = 0; round < 12; round++) {
        struct writer writer = {.limit = 0};
        assert_int_equal(pipe(writer.pipe), 0);
        pid_t child = start(write_and_say, &writer);
        close(writer.pipe[1]);
        char byte;
        for (int i = 0; i <= round % 4; i++) /* waits for some commits, then some time */
            assert_int_equal(read(writer.pipe[0], &byte, 1), 1);
        struct timespec wait = {.tv_nsec = 200000L * round};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        int status = finish(child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        size_t said = (size_t)(round % 4 + 1) + count_bytes(writer.pipe[0]);
        close(writer.pipe[0]);
        assert_whole(said);
    }
}

/* Killed while it writes a commit: the log cannot grow beyond some byte of it. */
static void test_kill_inside(void **state) {
    (void)state;
    size_t most = 0;
    for (size_t limit = 60000; limit < 200000; limit += 4999) {
        struct writer writer = {.limit = limit};
        assert_int_equal(pipe(writer.pipe), 0);
        pid_t child = start(write_and_say, &writer);
        close(writer.pipe[1]);
        int status = finish(child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
        size_t said = count_bytes(writer.pipe[0]);
        close(writer.pipe[0]);
        most = said > most ? said : most;
        assert_whole(said);
    }
    assert_true(most > 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_make),       IN_FOLDER(test_names),
        IN_FOLDER(test_hard_links), IN_FOLDER(test_not_ours),
        IN_FOLDER(test_newer),      IN_FOLDER(test_damage),
        IN_FOLDER(test_lock),       IN_FOLDER(test_lock_of_the_dead),
        IN_FOLDER(test_reader),     IN_FOLDER(test_reader_elsewhere),
        IN_FOLDER(test_busy),       IN_FOLDER(test_renamed),
        IN_FOLDER(test_fresh),      IN_FOLDER(test_fresh_after_death),
        IN_FOLDER(test_read_only),  IN_FOLDER(test_read_only_after_death),
        IN_FOLDER(test_full),       IN_FOLDER(test_file_limit),
        IN_FOLDER(test_kill),       IN_FOLDER(test_kill_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
