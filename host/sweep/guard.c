/* Protects readers from harmful files. A study may come from anybody, so its schema must be the
 * known one and SQLite works within limits, as "Defense Against The Dark Arts"
 * (sqlite.org/security.html) advises. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sweep/store.h"

/* ---- limits ---- */

/* The work of a statement is limited to some instructions of SQLite's virtual machine per byte of
 * the file. The queries for the groups of `show` take about one. So a damaged tree of pages that
 * never ends is interrupted, and a study of any size is read to its end, however slow the
 * machine. */
enum { STEPS_BETWEEN_CHECKS = 10000, STEPS_PER_BYTE = 10, BASE_STEPS = 10000000 };
enum { BYTES_OF_A_ROW = 8, BASE_ROWS = 1000 };
/* Pages are checked one by one only in files of this size or less, which takes a fraction of a
 * second. */
#define MOST_BYTES_CHECKED (2 << 20)

static size_t bytes_of(const char *path) {
    struct stat file;
    return path != NULL && stat(path, &file) == 0 && file.st_size > 0 ? (size_t)file.st_size : 0;
}

/* The size of the file and its log. Holes in the file do not count if the file system reports
 * them. */
static size_t study_bytes(const struct wr_study *study) {
    const char *path = sqlite3_db_filename(study->db, "main");
    struct stat file;
    size_t bytes = bytes_of(path), kept = SIZE_MAX;
    if (path != NULL && stat(path, &file) == 0 && file.st_blocks > 0)
        kept = (size_t)file.st_blocks * 512;
    return (bytes < kept ? bytes : kept) +
           (path != NULL ? bytes_of(sqlite3_filename_wal(path)) : 0);
}

void wr_study_count_work(struct wr_study *study) {
    study->steps = 0;
}

/* SQLite interrupts the statement if this does not return 0. */
static int check_work(void *context) {
    struct wr_study *study = context;
    study->steps += STEPS_BETWEEN_CHECKS;
    if (study->steps <= study->most_steps)
        return 0;
    /* The file may have grown. */
    study->most_steps = BASE_STEPS + STEPS_PER_BYTE * study_bytes(study);
    return study->steps > study->most_steps;
}

bool wr_study_has_rows(struct wr_study *study, size_t rows) {
    if (rows <= study->most_rows)
        return true;
    study->most_rows = BASE_ROWS + study_bytes(study) / BYTES_OF_A_ROW;
    return rows <= study->most_rows;
}

void wr_study_set_limits(struct wr_study *study) {
    static const int off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                              SQLITE_DBCONFIG_ENABLE_TRIGGER,
                              SQLITE_DBCONFIG_WRITABLE_SCHEMA,
                              SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
                              SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
                              SQLITE_DBCONFIG_DQS_DDL,
                              SQLITE_DBCONFIG_DQS_DML};
    static const struct {
        int limit, most;
    } limits[] = {{SQLITE_LIMIT_SQL_LENGTH, 100000},  {SQLITE_LIMIT_COLUMN, 100},
                  {SQLITE_LIMIT_EXPR_DEPTH, 100},     {SQLITE_LIMIT_COMPOUND_SELECT, 4},
                  {SQLITE_LIMIT_VDBE_OP, 25000},      {SQLITE_LIMIT_FUNCTION_ARG, 8},
                  {SQLITE_LIMIT_ATTACHED, 0},         {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
                  {SQLITE_LIMIT_VARIABLE_NUMBER, 40}, {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
                  {SQLITE_LIMIT_WORKER_THREADS, 0}};
    sqlite3_db_config(study->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(study->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        sqlite3_db_config(study->db, off[i], 0, NULL);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(study->db, limits[i].limit, limits[i].most);
    sqlite3_exec(study->db,
                 "PRAGMA cell_size_check = 1; PRAGMA mmap_size = 0;"
                 "PRAGMA temp_store = MEMORY",
                 NULL, NULL, NULL);
    study->most_steps = BASE_STEPS;
    study->most_rows = BASE_ROWS;
    sqlite3_progress_handler(study->db, STEPS_BETWEEN_CHECKS, check_work, study);
}

/* ---- the schema ---- */

/* Skips comments and blanks, which may have changed since the file was made. */
static const char *skip_blanks(const char *sql) {
    for (;;)
        if (isspace((unsigned char)*sql))
            sql++;
        else if (strncmp(sql, "--", 2) == 0)
            sql += strcspn(sql, "\n");
        else
            return sql;
}

static bool same_sql(const char *a, const char *b) {
    bool quoted = false;
    for (;; a++, b++) {
        a = quoted ? a : skip_blanks(a);
        b = quoted ? b : skip_blanks(b);
        if (*a != *b || *a == '\0')
            return *a == *b;
        quoted ^= *a == '\'';
    }
}

enum { TYPE, NAME, TABLE, SQL };

/* Whether an entry is one of SQLite's own tables, which ANALYZE makes. */
static bool is_statistics(struct wr_query *entry) {
    return strcmp(wr_column_text(entry, TYPE), "table") == 0 &&
           strncmp(wr_column_text(entry, NAME), "sqlite_stat", 11) == 0;
}

static bool same_entry(struct wr_query *a, struct wr_query *b) {
    for (int column = TYPE; column < SQL; column++)
        if (strcmp(wr_column_text(a, column), wr_column_text(b, column)) != 0)
            return false;
    return same_sql(wr_column_text(a, SQL), wr_column_text(b, SQL));
}

/* Compares two entries in the order of compare_schemas: tables and views come before indices. */
static int compare_entries(struct wr_query *a, struct wr_query *b) {
    bool first = strcmp(wr_column_text(a, TYPE), "index") == 0;
    bool second = strcmp(wr_column_text(b, TYPE), "index") == 0;
    return first != second ? first - second
                           : strcmp(wr_column_text(a, NAME), wr_column_text(b, NAME));
}

static wr_status fail_schema(struct wr_study *study, struct wr_query *entry, bool extra,
                             struct wr_error *error) {
    const char *type = wr_column_text(entry, TYPE), *name = wr_column_text(entry, NAME);
    if (extra)
        return wr_fail(
            error, WR_ERR_DATA,
            "%s: has the %.20s %.60s, which Windrow does not make so: it is not trusted; "
            "drop what was added, restore the file from a copy, or name another",
            study->path, type, name);
    return wr_fail(error, WR_ERR_DATA,
                   "%s: lacks the %s %s, which Windrow makes: it is not trusted; restore the file "
                   "from a copy, or name another",
                   study->path, type, name);
}

static wr_status compare_schemas(struct wr_study *study, struct wr_study *own,
                                 struct wr_error *error) {
    static const char sql[] =
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type = 'index', name";
    struct wr_query there = wr_query(study, sql), here = wr_query(own, sql);
    wr_status status = WR_OK;
    for (bool more = true; more && status == WR_OK;) {
        bool a = wr_query_row(&there);
        while (a && is_statistics(&there))
            a = wr_query_row(&there);
        bool b = wr_query_row(&here);
        more = a && b;
        if (there.code != SQLITE_OK || here.code != SQLITE_OK || (!a && !b))
            break;
        int order = more ? compare_entries(&there, &here) : 0;
        if (!more || order != 0 || !same_entry(&there, &here))
            status = fail_schema(study, a && order <= 0 ? &there : &here, a && order <= 0, error);
    }
    status = wr_query_end(&there, status, "be read", error);
    return wr_query_end(&here, status, "be read", error);
}

/* Checks that the tables are tables of Windrow. A view in place of one, or a trigger, could
 * run any SQL. */
static wr_status check_schema(struct wr_study *study, struct wr_error *error) {
    struct wr_study own = {.path = study->path, .lock = -1};
    int code =
        sqlite3_open_v2(":memory:", &own.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
    if (code == SQLITE_OK) {
        wr_study_set_limits(&own);
        code = sqlite3_exec(own.db, study->schema == 1 ? wr_sql_schema1 : wr_sql_schema, NULL, NULL,
                            NULL);
    }
    wr_status status = code == SQLITE_OK ? compare_schemas(study, &own, error)
                                         : wr_study_fail(&own, code, "be read", error);
    sqlite3_close(own.db);
    return status;
}

/* ---- pages ---- */

static wr_status check_pages(struct wr_study *study, struct wr_error *error) {
    if (study_bytes(study) > MOST_BYTES_CHECKED)
        return WR_OK;
    struct wr_query query = wr_query(study, "PRAGMA integrity_check(1)");
    bool ok = wr_query_row(&query) && strcmp(wr_column_text(&query, 0), "ok") == 0;
    wr_status status = wr_query_end(&query, WR_OK, "be read", error);
    if (status == WR_OK && !ok)
        status = wr_study_fail(study, SQLITE_CORRUPT, "be read", error);
    return status;
}

wr_status wr_study_check_file(struct wr_study *study, struct wr_error *error) {
    wr_status status = check_schema(study, error);
    return status == WR_OK ? check_pages(study, error) : status;
}
