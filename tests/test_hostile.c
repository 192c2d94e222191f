/* Studies made to do harm. Each is refused with WR_ERR_DATA and a message that names it, before any
 * of its SQL runs; and no statement runs without end. */
#include "study_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store.h"

#define STUDY "study.db"

static void write_study(void) {
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    const struct wr_setting settings[] = {{"inputs", "x", true},   {"target", "x", true},
                                          {"epochs", "100", true}, {"curve", "2", true},
                                          {"rows", "40", true},    {"keep", "best:10", false}};
    struct wr_trial_state states[6];
    assert_ok(wr_study_settle(study, settings, 6, &error), &error);
    add_trials(study, 6, states);
    const struct wr_curve_point curve[] = {{0, 2}, {99, 1}};
    float parameters[1 + 1 + 1 + 1 + 1] = {0};
    struct wr_trial_outcome outcome = {.id = 1,
                                       .status = WR_TRIAL_DONE,
                                       .loss = 1,
                                       .score = 1,
                                       .hash = 1,
                                       .parameters = parameters,
                                       .parameter_count = 5,
                                       .curve = curve,
                                       .curve_count = 2,
                                       .device = "cpu",
                                       .seconds = 1};
    float more[2 + 4 + 2 + 2 + 1] = {0};
    struct wr_trial_checkpoint checkpoint = {.id = 2,
                                             .epoch = 7,
                                             .parameters = more,
                                             .parameter_count = 11,
                                             .curve = curve,
                                             .curve_count = 1,
                                             .seconds = 1};
    assert_ok(wr_study_commit(study, &outcome, 1, &checkpoint, 1, &error), &error);
    assert_int_equal(wr_study_torn(study), 0);
    wr_study_close(study);
    wr_study_close(open_study(STUDY, WR_STUDY_READ));
}

/* Copies one study, which is faster than making it again. */
static void copy_study(void) {
    static char bytes[1 << 20];
    static size_t size;
    if (size == 0) {
        write_study();
        FILE *file = fopen(STUDY, "r");
        assert_non_null(file);
        size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        assert_in_range(size, 1, sizeof bytes - 1);
    }
    FILE *file = fopen(STUDY, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Changes the study as an attacker can, and leaves it as one file. */
static void attack(const char *sql) {
    spoil(STUDY, "PRAGMA journal_mode = DELETE");
    spoil(STUDY, sql);
}

static void assert_refused_everywhere(const char *part) {
    assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, part);
    assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_DATA, part);
}

/* ---- other schemas ---- */

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

static void test_schema(void **state) {
    (void)state;
    static const struct {
        const char *sql, *part;
    } cases[] = {
        {"DROP TABLE parameters; CREATE VIEW parameters AS " ENDLESS
         "SELECT i AS trial, zeroblob(9) AS value FROM n",
         "has the view parameters"},
        {"DROP TABLE study; CREATE VIEW study AS " ENDLESS
         "SELECT 'a' AS name, 'b' AS value, 0 AS fixed FROM n",
         "has the view study"},
        {"DROP TABLE trial; CREATE VIEW trial AS " ENDLESS "SELECT i AS id FROM n",
         "has the view trial"},
        {"CREATE TRIGGER t AFTER UPDATE ON trial BEGIN INSERT INTO curves"
         " SELECT i, 1 FROM (" ENDLESS "SELECT i FROM n); END",
         "has the trigger t"},
        {"CREATE TRIGGER more INSTEAD OF DELETE ON best BEGIN DELETE FROM trial; END",
         "has the trigger more"},
        {"CREATE TABLE other (a)", "has the table other"},
        {"CREATE VIEW a AS SELECT 1", "has the view a"},
        {"CREATE INDEX z ON trial (seconds)", "has the index z"},
        {"CREATE VIRTUAL TABLE v USING fts5(a)", "has the table v"},
        {"DROP INDEX ranking", "lacks the index ranking"},
        {"DROP VIEW best", "lacks the view best"},
        {"DROP VIEW by_seed; CREATE VIEW by_seed AS SELECT * FROM by_clip", "has the view by_seed"},
        {"UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (fixed IN (0, 1))', '') WHERE"
         " name = 'study'",
         "has the table study"},
        {"UPDATE sqlite_schema SET sql = replace(sql, 'why TEXT', 'why TEXT AS (hash)') WHERE"
         " name = 'trial'",
         "trial"},
        {"UPDATE sqlite_schema SET sql = replace(sql, 'ifnull(score, 9e999)', 'score') WHERE"
         " name = 'ranking'",
         "ranking"},
        {"UPDATE sqlite_schema SET sql = replace(sql, '''done''', '''Done''') WHERE name = 'best'",
         "best"},
        {"UPDATE sqlite_schema SET name = 'x' || char(27) || '[2J' WHERE name = 'by_lr'",
         "x\\x1b[2J"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        copy_study();
        attack(cases[i].sql);
        assert_refused_everywhere(cases[i].part);
        assert_int_equal(unlink(STUDY), 0);
    }
}

/* Schemas that differ only in what SQLite itself adds, in comments or in blanks are accepted. */
static void test_same_schema(void **state) {
    (void)state;
    copy_study();
    attack("ANALYZE");
    wr_study_close(open_study(STUDY, WR_STUDY_READ));
    wr_study_close(open_study(STUDY, WR_STUDY_WRITE));
    attack("UPDATE sqlite_schema SET sql = replace(replace(sql, '-- epochs done', '-- done'),"
           " 'seconds REAL', 'seconds' || char(10) || '  REAL')");
    wr_study_close(open_study(STUDY, WR_STUDY_READ));
}

/* ---- values that no sweep writes ---- */

static void test_values(void **state) {
    (void)state;
    static const struct {
        const char *sql, *part;
    } cases[] = {
        {"UPDATE trial SET hidden = -3 WHERE id = 4", "hidden of trial 4 cannot be '-3'"},
        {"UPDATE trial SET hidden = 4294967296 WHERE id = 4", "hidden of trial 4"},
        {"UPDATE trial SET window = 0 WHERE id = 4", "window of trial 4 cannot be '0'"},
        {"UPDATE trial SET batch = -1", "batch of trial"},
        {"UPDATE trial SET seed = 9223372036854775807 WHERE id = 5", "seed of trial 5"},
        {"UPDATE trial SET lr = 9e999 WHERE id = 5", "lr of trial 5 cannot be 'Inf'"},
        {"UPDATE trial SET lr = -1e-3 WHERE id = 5", "lr of trial 5"},
        {"UPDATE trial SET clip = 1e39 WHERE id = 5", "clip of trial 5"},
        {"UPDATE trial SET score = 9e999 WHERE id = 1", "score of trial 1"},
        {"UPDATE trial SET loss = -9e999 WHERE id = 1", "loss of trial 1"},
        {"UPDATE trial SET seconds = -1 WHERE id = 1", "seconds of trial 1"},
        {"UPDATE trial SET diverged_at = -1 WHERE id = 1", "diverged_at of trial 1"},
        {"UPDATE trial SET id = -2 WHERE id = 6", "id of trial -2"},
        {"UPDATE trial SET hash = hex(zeroblob(20)) WHERE id = 1", "hash of trial 1"},
        {"UPDATE trial SET device = hex(zeroblob(9999)) WHERE id = 1", "device of trial 1"},
        {"UPDATE trial SET why = hex(zeroblob(99999)) WHERE id = 1", "why of trial 1"},
        {"UPDATE trial SET why = hex(zeroblob(2100000)) WHERE id = 1", "no study holds as much"},
        {"INSERT INTO study VALUES ('a', hex(zeroblob(2100000)), 0)", "no study holds as much"},
        {"UPDATE parameters SET value = zeroblob(24)", "a model of trial 1 has 24 bytes"},
        {"UPDATE parameters SET value = zeroblob(19)", "a model of trial 1 has 19 bytes"},
        {"UPDATE parameters SET value = zeroblob(0)", "a model of trial 1 has 0 bytes"},
        {"UPDATE parameters SET trial = 77", "a model of trial 77, which it does not have"},
        {"UPDATE checkpoint SET parameters = zeroblob(4)", "the checkpoint of trial 2 has 4 bytes"},
        {"UPDATE checkpoint SET epoch = 100", "the checkpoint of trial 2 cannot be one after 100"},
        {"UPDATE checkpoint SET epoch = -1", "the checkpoint of trial 2"},
        {"UPDATE checkpoint SET seconds = -1", "the checkpoint of trial 2"},
        {"UPDATE checkpoint SET trial = 99", "the checkpoint of trial 99, which it does not have"},
        {"UPDATE study SET value = '-1' WHERE name = 'epochs'", "epochs cannot be '-1'"},
        {"UPDATE study SET value = '9999999999' WHERE name = 'epochs'", "epochs cannot be"},
        {"UPDATE study SET value = '1e308' WHERE name = 'rows'", "rows cannot be '1e308'"},
        {"UPDATE study SET value = 'some' WHERE name = 'keep'", "keep cannot be 'some'"},
        {"INSERT INTO study VALUES ('validate', '1e300', 1)", "validate cannot be"},
        {"INSERT INTO study VALUES ('grid', '4000000000', 0)", "grid cannot be"},
        {"INSERT INTO study VALUES ('shard', '1/x', 1)", "shard cannot be '1/x'"},
        {"INSERT INTO study VALUES ('shards', '1/2 3', 0)", "shards cannot be '1/2 3'"},
        {"INSERT INTO study VALUES ('shards', replace(hex(zeroblob(299999)), '0', '1/2 '), 0)",
         "shards cannot be"},
        {"INSERT INTO study VALUES ('rows' || char(27), char(27) || ']0;', 0);"
         "UPDATE study SET name = 'grid' WHERE name LIKE 'rows_'",
         "grid cannot be '\\x1b]0;'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        copy_study();
        attack(cases[i].sql);
        struct wr_study *study;
        struct wr_error error = {0};
        wr_status status = wr_study_open(STUDY, WR_STUDY_READ, &study, &error);
        if (status != WR_ERR_DATA || strstr(error.text, cases[i].part) == NULL)
            fail_msg("%s: %s '%s'", cases[i].sql, wr_status_name(status), error.text);
        wr_error_release(&error);
        assert_refused_everywhere(cases[i].part);
        assert_int_equal(unlink(STUDY), 0);
    }
}

/* Types that the schema forbids, in columns that are declared to hold another type. */
static void test_types(void **state) {
    (void)state;
    static const struct {
        const char *sql, *part;
    } cases[] = {
        {"UPDATE trial SET status = 'odd' WHERE id = 4", "malformed"},
        {"UPDATE trial SET init = 'zeros' WHERE id = 4", "malformed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        copy_study();
        attack(cases[i].sql);
        assert_refused_everywhere(cases[i].part);
        assert_int_equal(unlink(STUDY), 0);
    }
}

/* An index that does not agree with its table. */
static void test_wrong_index(void **state) {
    (void)state;
    copy_study();
    attack("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name ="
           " 'options') WHERE name = 'ranking'");
    assert_refused_everywhere("malformed");
}

/* ---- pages that refer to each other without end ---- */

enum { PAGE = 4096, LEVELS = 5, CHILDREN = 400 };

static void write_page(FILE *file, uint32_t page, const unsigned char bytes[PAGE]) {
    assert_int_equal(fseek(file, (long)(page - 1) * PAGE, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, PAGE, file), PAGE);
}

static void put_number(unsigned char *to, uint32_t number, int bytes) {
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(number >> 8 * (bytes - 1 - i) & 0xff);
}

/* A page of a table's tree with the same child CHILDREN times. */
static void make_interior(unsigned char bytes[PAGE], uint32_t child) {
    enum { CELL = PAGE - 5, HEAD = 12 };
    memset(bytes, 0, PAGE);
    bytes[0] = 5;
    put_number(bytes + 3, CHILDREN, 2);
    put_number(bytes + 5, CELL, 2);
    put_number(bytes + 8, child, 4);
    for (int i = 0; i < CHILDREN; i++)
        put_number(bytes + HEAD + 2 * (size_t)i, CELL, 2);
    put_number(bytes + CELL, child, 4);
    bytes[CELL + 4] = 1;
}

/* A study of 9 MiB that seems to have 10,000,000,000,000 trials. It is too large to check each of
 * its pages. */
static void test_endless(void **state) {
    (void)state;
    unsigned char leaf[PAGE], bytes[PAGE];
    copy_study();
    attack(
        "INSERT INTO parameters VALUES (2, zeroblob(9 << 20)); DELETE FROM parameters WHERE trial"
        " = 2");
    uint32_t root =
        (uint32_t)atoi(ask(STUDY, "SELECT rootpage FROM sqlite_schema WHERE name = 'trial'"));
    uint32_t last = (uint32_t)atoi(ask(STUDY, "PRAGMA page_count"));
    FILE *file = fopen(STUDY, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)(root - 1) * PAGE, SEEK_SET), 0);
    assert_int_equal(fread(leaf, 1, PAGE, file), PAGE);
    assert_int_equal(leaf[0], 13);
    write_page(file, last, leaf);
    for (uint32_t level = 1; level < LEVELS; level++) {
        make_interior(bytes, last - level + 1);
        write_page(file, last - level, bytes);
    }
    make_interior(bytes, last - LEVELS + 1);
    write_page(file, root, bytes);
    assert_int_equal(fclose(file), 0);
    struct wr_error error = {0};
    struct wr_study *none;
    wr_status refused = wr_study_open(STUDY, WR_STUDY_READ, &none, &error); /* in many steps */
    assert_error(refused, &error, WR_ERR_DATA, STUDY ": ", "without end");
    /* All in one step of a statement. */
    char path[] = STUDY;
    struct wr_study study = {.path = path, .lock = -1};
    struct wr_study_counts counts;
    assert_ok(wr_study_connect(&study, false, &error), &error);
    wr_status status = wr_study_count(&study, &counts, &error);
    assert_error(status, &error, WR_ERR_DATA, STUDY ": ", "without end");
    wr_study_disconnect(&study);
}

/* The limit grows with the file, so that a study of any size can be read: the trials of this one
 * are small. */
static void test_many_trials(void **state) {
    (void)state;
    enum { TRIALS = 20000 };
    struct wr_error error = {0};
    struct wr_trial_options *options = calloc(TRIALS, sizeof *options);
    struct wr_trial_state *states = calloc(TRIALS, sizeof *states);
    assert_true(options != NULL && states != NULL);
    for (size_t i = 0; i < TRIALS; i++)
        options[i] = (struct wr_trial_options){
            .hidden = 1, .window = 1, .batch = 1, .lr = 1, .clip = 1, .seed = (uint32_t)i};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_add(study, options, NULL, TRIALS, states, NULL, &error), &error);
    /* All of it in one step takes less than a tenth of the limit. */
    static const char *const views[] = {"SELECT sum(median) FROM by_seed",
                                        "SELECT sum(median) FROM by_lr"};
    struct stat file;
    assert_int_equal(stat(STUDY "-wal", &file), 0);
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *statement;
        assert_int_equal(sqlite3_prepare_v2(study->db, views[i], -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
        assert_in_range(steps, TRIALS, 4 * file.st_size);
        sqlite3_finalize(statement);
    }
    wr_study_close(study);
    wr_study_close(open_study(STUDY, WR_STUDY_READ));
    free(options);
    free(states);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_schema),      IN_FOLDER(test_same_schema), IN_FOLDER(test_values),
        IN_FOLDER(test_types),       IN_FOLDER(test_wrong_index), IN_FOLDER(test_endless),
        IN_FOLDER(test_many_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
