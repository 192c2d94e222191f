/* Who can write and read a study: one writer, any number of readers, and what permissions allow. */
#include "study_support.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store.h"

#define STUDY "study.db"

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

/* ---- notes ---- */

/* The note that is there; NULL if nobody writes the study. The caller frees it. */
static char *note_of(const char *path) {
    struct wr_error error = {0};
    char *note;
    assert_ok(wr_study_read_note(path, &note, &error), &error);
    return note;
}

static void assert_note(const char *expected) {
    char *note = note_of(STUDY);
    assert_non_null(note);
    assert_string_equal(note, expected);
    free(note);
}

/* Holds the study with a note that is longer than one may be. */
static bool leave_note(void *context) {
    struct held *held = context;
    char byte, text[WR_NOTE_MOST + 100];
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_note("");
    wr_study_leave_note(study, "how far it is");
    assert_note("how far it is"); /* reading it must not release the lock */
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_STORAGE, "locked");
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    wr_study_leave_note(study, text);
    if (write(held->ready[1], "", 1) != 1 || read(held->go[0], &byte, 1) != 1)
        return false;
    wr_study_leave_note(study, "short");
    if (write(held->ready[1], "", 1) != 1 || read(held->go[0], &byte, 1) != 1)
        return false;
    wr_study_close(study);
    return true;
}

static pid_t start_leaving(struct held *held) {
    char byte;
    assert_true(pipe(held->ready) == 0 && pipe(held->go) == 0);
    pid_t child = start(leave_note, held);
    assert_int_equal(read(held->ready[0], &byte, 1), 1);
    return child;
}

static void close_pipes(struct held *held) {
    for (size_t i = 0; i < 2; i++) {
        close(held->ready[i]);
        close(held->go[i]);
    }
}

/* Another process reads the note; it is cut, replaced as a whole, and gone with its writer. */
static void test_notes(void **state) {
    (void)state;
    struct held held;
    char byte;
    make_study(STUDY, 1);
    assert_null(note_of(STUDY));
    pid_t child = start_leaving(&held);
    char *note = note_of(STUDY);
    assert_non_null(note);
    assert_int_equal(strlen(note), WR_NOTE_MOST);
    assert_int_equal(strspn(note, "a"), WR_NOTE_MOST);
    free(note);
    assert_int_equal(symlink(STUDY, "link"), 0); /* the note is that of the file itself */
    note = note_of("link");
    assert_non_null(note);
    free(note);
    assert_int_equal(write(held.go[1], "", 1), 1);
    assert_int_equal(read(held.ready[0], &byte, 1), 1);
    assert_note("short");
    assert_int_equal(write(held.go[1], "", 1), 1);
    assert_int_equal(finish(child), 0);
    close_pipes(&held);
    assert_null(note_of(STUDY));
    assert_int_equal(unlink("link"), 0);
    assert_int_equal(entries(), 1);
}

/* The file of a killed writer stays, and its note counts no more; nor for the next writer. */
static void test_note_of_the_dead(void **state) {
    (void)state;
    struct held held;
    make_study(STUDY, 1);
    pid_t child = start_leaving(&held);
    kill(child, SIGKILL);
    finish(child);
    close_pipes(&held);
    assert_int_equal(access(STUDY "-lock", F_OK), 0);
    assert_null(note_of(STUDY));
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_note("");
    wr_study_leave_note(study, "");
    assert_note("");
    wr_study_close(study);
    assert_int_equal(entries(), 1);
}

/* Notes of a study that is only read, and of a file that is not there. */
static void test_no_notes(void **state) {
    (void)state;
    struct wr_error error = {0};
    char *note;
    make_study(STUDY, 1);
    struct wr_study *study = open_study(STUDY, WR_STUDY_READ);
    wr_study_leave_note(study, "none");
    assert_null(note_of(STUDY));
    wr_study_close(study);
    assert_int_equal(entries(), 1);
    assert_error(wr_study_read_note("none.db", &note, &error), &error, WR_ERR_DATA,
                 "none.db: ", strerror(ENOENT));
    assert_null(note);
    assert_int_equal(symlink(STUDY, STUDY "-lock"), 0);
    assert_error(wr_study_read_note(STUDY, &note, &error), &error, WR_ERR_DATA, "", "-lock");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_lock),     IN_FOLDER(test_lock_of_the_dead),
        IN_FOLDER(test_reader),   IN_FOLDER(test_reader_elsewhere),
        IN_FOLDER(test_busy),     IN_FOLDER(test_renamed),
        IN_FOLDER(test_notes),    IN_FOLDER(test_note_of_the_dead),
        IN_FOLDER(test_no_notes), IN_FOLDER(test_read_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
