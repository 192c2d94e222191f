/* The file of a study: which files are refused, and what becomes of a study in the place of a
 * fresh one. */
#include "study_support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sweep/store.h"
#include "windrow/version.h"

#define STUDY "study.db"

static void put(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
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
    assert_answer(STUDY, "PRAGMA user_version", "2");
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
    ask(STUDY, "PRAGMA user_version = 3");
    static const char newer[] =
        "a study of a newer Windrow than this (" WR_VERSION "), which knows schemas up to 2";
    assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, newer);
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_DATA, newer);
    assert_int_equal(entries(), 1);
    wr_study_close(open_study(STUDY, WR_STUDY_FRESH));
    assert_answer(STUDY ".1", "PRAGMA user_version", "3");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_make),     IN_FOLDER(test_names), IN_FOLDER(test_hard_links),
        IN_FOLDER(test_not_ours), IN_FOLDER(test_newer), IN_FOLDER(test_damage),
        IN_FOLDER(test_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
