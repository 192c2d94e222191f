#include "study_support.h"

#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep/store.h"

int enter_folder(void **state) {
    char *folder = strdup(WR_TEST_BINARY_DIR "/study-XXXXXX");
    *state = folder;
    return folder == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0;
}

int leave_folder(void **state) {
    chmod(".", 0700);
    DIR *folder = opendir(".");
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            if (unlink(entry->d_name) != 0)
                rmdir(entry->d_name);
    closedir(folder);
    int failed = chdir("/") != 0 || rmdir(*state) != 0;
    free(*state);
    return failed;
}

int entries(void) {
    DIR *folder = opendir(".");
    assert_non_null(folder);
    int count = -2;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

const char *ask(const char *path, const char *sql) {
    static char answer[1 << 18];
    sqlite3 *db;
    sqlite3_stmt *statement = NULL;
    answer[0] = '\0';
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        int length = snprintf(answer, sizeof answer, "%s", text == NULL ? "" : text);
        assert_true((size_t)length < sizeof answer);
        code = sqlite3_step(statement);
    }
    if (code != SQLITE_DONE)
        fail_msg("%s: more than one row, or %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}

void spoil(const char *path, const char *sql) {
    sqlite3 *db;
    char *text = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA synchronous = 0; PRAGMA foreign_keys = 0;"
                                  "PRAGMA ignore_check_constraints = 1;"
                                  "PRAGMA writable_schema = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void flip_bit(const char *path, const char *table, const char *column, int64_t row, int at) {
    sqlite3 *db;
    sqlite3_blob *blob;
    unsigned char byte;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_blob_open(db, "main", table, column, row, 1, &blob), SQLITE_OK);
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, at), SQLITE_OK);
    byte ^= (unsigned char)(1 << at % 8);
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, at), SQLITE_OK);
    assert_int_equal(sqlite3_blob_close(blob), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void assert_ok(wr_status status, const struct wr_error *error) {
    if (status != WR_OK)
        fail_msg("%s: %s", wr_status_name(status), error->text);
}

void assert_error(wr_status status, struct wr_error *error, wr_status expected, const char *start,
                  const char *part) {
    if (status != expected || error->status != expected ||
        strncmp(error->text, start, strlen(start)) != 0 || strstr(error->text, part) == NULL ||
        strchr(error->text, '\n') != NULL)
        fail_msg("%s \"%s\" where %s \"%s...%s\" is expected", wr_status_name(status), error->text,
                 wr_status_name(expected), start, part);
    wr_error_release(error);
}

struct wr_study *open_study(const char *path, enum wr_study_mode mode) {
    struct wr_study *study;
    struct wr_error error = {0};
    assert_ok(wr_study_open(path, mode, &study, &error), &error);
    assert_non_null(study);
    return study;
}

void assert_refused(const char *path, enum wr_study_mode mode, wr_status expected,
                    const char *part) {
    struct wr_study *study;
    struct wr_error error = {0};
    wr_status status = wr_study_open(path, mode, &study, &error);
    assert_error(status, &error, expected, path, part);
    assert_null(study);
    assert_int_equal(wr_study_open(path, mode, &study, NULL), expected);
}

void assert_same_studies(const char *expected, const char *actual) {
    static const char *const dumps[] = {
        "SELECT group_concat(id||' '||hidden||' '||window||' '||batch||' '||init||' '||lr||' '||"
        "clip||' '||seed||' '||optimizer||' '||momentum||' '||beta1||' '||beta2||' '||epsilon||"
        "' '||weight_decay||' '||clip_by||' '||lr_decay||' '||\"order\"||' '||recency||' '||"
        "activation||' '||bias||' '||status||' '||ifnull(loss, '-')||' '||"
        "ifnull(validation_loss, '-')||' '||ifnull(score, '-')||' '||ifnull(diverged_at, '-')||"
        "' '||ifnull(epochs, '-')||' '||ifnull(best_epoch, '-')||' '||ifnull(hash, '-'), ';')"
        " FROM (SELECT * FROM trial ORDER BY id)",
        "SELECT group_concat(trial||' '||epoch||' '||loss, ';') FROM"
        " (SELECT * FROM curve ORDER BY trial, epoch)",
        "SELECT group_concat(trial||hex(value), ';') FROM (SELECT * FROM parameters ORDER BY"
        " trial)",
        "SELECT count(*) FROM checkpoint"};
    for (size_t i = 0; i < sizeof dumps / sizeof *dumps; i++) {
        char *text = strdup(ask(expected, dumps[i]));
        assert_string_equal(text, ask(actual, dumps[i]));
        free(text);
    }
}

void make_old(const char *path) {
    static const char sql[] =
        "PRAGMA journal_mode = WAL; BEGIN;"
        "INSERT INTO study SELECT * FROM new.study WHERE name NOT IN"
        " ('validate-every', 'patience', 'loss', 'loss-number');"
        "INSERT INTO trial SELECT id, hidden, window, batch, init, lr, clip, seed, status, why,"
        " loss, validation_loss, score, diverged_at, hash, device, seconds, version"
        " FROM new.trial;"
        "INSERT INTO curve SELECT trial, epoch, loss FROM new.curve;"
        "INSERT INTO parameters SELECT * FROM new.parameters;"
        "INSERT INTO checkpoint SELECT trial, epoch, parameters, seconds FROM new.checkpoint;"
        "COMMIT; DETACH new";
    sqlite3 *db;
    char attach[128], *text = NULL;
    assert_answer(path, "PRAGMA user_version", "2");
    assert_answer(path,
                  "SELECT count(*) FROM trial WHERE (optimizer, momentum, beta1, beta2, epsilon,"
                  " weight_decay, clip_by, lr_decay, \"order\", recency, activation, bias) <> ("
                  "'sgd', 0, 0, 0, 0, 0, 'value', 'constant', 'sequential', 0, 'tanh', 'both')"
                  " OR best_epoch IS NOT NULL OR status = 'pruned'",
                  "0");
    snprintf(attach, sizeof attach, "ATTACH '%s' AS new", path);
    assert_int_equal(sqlite3_open("old.tmp", &db), SQLITE_OK);
    if (sqlite3_exec(db, wr_sql_schema1, NULL, NULL, &text) != SQLITE_OK ||
        sqlite3_exec(db, attach, NULL, NULL, &text) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", path, text);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(rename("old.tmp", path), 0);
}

void add_trials(struct wr_study *study, size_t count, struct wr_trial_state states[]) {
    struct wr_trial_options options[MOST_TRIALS];
    struct wr_error error = {0};
    assert_true(count <= MOST_TRIALS);
    for (size_t i = 0; i < count; i++)
        options[i] = (struct wr_trial_options){
            .hidden = 1 + i, .window = 5, .batch = 1, .lr = 1e-4f, .clip = 1, .seed = (uint32_t)i};
    assert_ok(wr_study_add(study, options, NULL, count, states, NULL, &error), &error);
}

void commit_done(struct wr_study *study, int64_t id, float score, size_t count) {
    float *parameters = calloc(count, sizeof *parameters);
    assert_non_null(parameters);
    for (size_t i = 0; i < count; i++)
        parameters[i] = score;
    struct wr_trial_outcome outcome = {.id = id,
                                       .status = WR_TRIAL_DONE,
                                       .loss = (double)score,
                                       .score = (double)score,
                                       .hash = 1,
                                       .parameters = parameters,
                                       .parameter_count = count,
                                       .device = "cpu",
                                       .seconds = 1};
    struct wr_error error = {0};
    assert_ok(wr_study_commit(study, &outcome, 1, NULL, 0, &error), &error);
    free(parameters);
}

void make_study(const char *path, size_t count) {
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    struct wr_trial_state states[MOST_TRIALS];
    add_trials(study, count, states);
    wr_study_close(study);
}

size_t trials_of(struct wr_study *study) {
    struct wr_study_counts counts;
    struct wr_error error = {0};
    assert_ok(wr_study_count(study, &counts, &error), &error);
    return counts.trials;
}

size_t done_of(struct wr_study *study) {
    struct wr_study_counts counts;
    struct wr_error error = {0};
    assert_ok(wr_study_count(study, &counts, &error), &error);
    return counts.done;
}

pid_t start(bool (*function)(void *), void *context) {
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

int finish(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

void assert_elsewhere(bool (*function)(void *), void *context) {
    assert_int_equal(finish(start(function, context)), 0);
}

void obey_permissions(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    syscall(SYS_capset, &header, none);
}

struct wr_sweep small_sweep(const struct wr_series *series) {
    static const size_t hidden[] = {3, 2}, window = 3, batch = 1, column = 0;
    static const float lr[] = {1e-3f, 0.7f}, no_clip = 0;
    static const enum wr_init init = WR_INIT_PYTORCH;
    static const uint32_t seeds[] = {0, 1, 2};
    return (struct wr_sweep){.grid = {.hidden = hidden,
                                      .hidden_count = 2,
                                      .window = &window,
                                      .window_count = 1,
                                      .batch = &batch,
                                      .batch_count = 1,
                                      .lr = lr,
                                      .lr_count = 2,
                                      .clip = &no_clip,
                                      .clip_count = 1,
                                      .init = &init,
                                      .init_count = 1,
                                      .seeds = seeds,
                                      .seed_count = 3},
                             .series = series,
                             .input_columns = &column,
                             .inputs = 1,
                             .target_columns = &column,
                             .outputs = 1,
                             .epochs = 6,
                             .curve_points = 4,
                             .checkpoint_seconds = 30};
}
