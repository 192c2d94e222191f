/* What a full disk or the death of a writer leaves of a study. */
#include "study_support.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep/store.h"

#define STUDY "study.db"

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

/* ---- a log that is left ---- */

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

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_full),
        IN_FOLDER(test_file_limit),
        IN_FOLDER(test_kill),
        IN_FOLDER(test_kill_inside),
        IN_FOLDER(test_fresh_after_death),
        IN_FOLDER(test_read_only_after_death),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
