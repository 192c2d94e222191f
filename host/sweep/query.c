/* Queries to SQLite, for the other files of a study. Their errors are checked once, at the end. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sweep/store.h"

static wr_status status_of(int code) {
    switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:     /* no such table or column */
    case SQLITE_INTERRUPT: /* by guard.c */
    case SQLITE_TOOBIG:
        return WR_ERR_DATA;
    case SQLITE_NOMEM:
        return WR_ERR_MEMORY;
    case SQLITE_CONSTRAINT: /* a trial that does not exist */
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
        return WR_ERR_USAGE;
    default: /* BUSY, READONLY, FULL, IOERR, CANTOPEN, ... */
        return WR_ERR_STORAGE;
    }
}

wr_status wr_study_fail(struct wr_study *study, int code, const char *what,
                        struct wr_error *error) {
    const char *advice = "";
    if (study->lock >= 0 && wr_study_check_place(study, error) != WR_OK)
        return WR_ERR_STORAGE; /* this cause counts, whatever SQLite reports */
    switch (code & 0xff) {
    case SQLITE_BUSY:
        advice = ": another program has it open";
        break;
    case SQLITE_NOTADB:
        advice = ": this is no study; name another file";
        break;
    case SQLITE_CORRUPT:
        advice = ": restore it from a copy, or name another file";
        break;
    case SQLITE_INTERRUPT:
        advice = ": its pages lead on without end; restore it from a copy, or name another file";
        break;
    case SQLITE_TOOBIG:
        advice = ": no study holds as much; restore it from a copy, or name another file";
        break;
    case SQLITE_FULL:
        advice = "; what was committed before is kept";
        break;
    default:
        break;
    }
    int cause = sqlite3_system_errno(study->db); /* some versions of SQLite forget it in a commit */
    cause = cause != 0 ? cause : errno;
    bool system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    system = system && cause != 0;
    bool last = sqlite3_extended_errcode(study->db) == code;
    return wr_fail(error, status_of(code), "%s: cannot %s: %s%s%s%s%s", study->path, what,
                   last ? sqlite3_errmsg(study->db) : sqlite3_errstr(code), system ? " (" : "",
                   system ? strerror(cause) : "", system ? ")" : "", advice);
}

struct wr_query wr_query(struct wr_study *study, const char *sql) {
    struct wr_query query = {.study = study};
    query.code = sqlite3_prepare_v2(study->db, sql, -1, &query.statement, NULL);
    return query;
}

void wr_bind_int(struct wr_query *query, int64_t value) {
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_int64(query->statement, ++query->bound, value);
}

void wr_bind_size(struct wr_query *query, size_t value) {
    wr_bind_int(query, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void wr_bind_real(struct wr_query *query, double value) {
    if (query->code != SQLITE_OK)
        return;
    int at = ++query->bound;
    query->code = isfinite(value) ? sqlite3_bind_double(query->statement, at, value)
                                  : sqlite3_bind_null(query->statement, at);
}

void wr_bind_text(struct wr_query *query, const char *value) {
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_text(query->statement, ++query->bound, value, -1, SQLITE_STATIC);
}

void wr_bind_blob(struct wr_query *query, const void *value, size_t size) {
    if (query->code == SQLITE_OK)
        query->code =
            sqlite3_bind_blob64(query->statement, ++query->bound, value, size, SQLITE_STATIC);
}

/* The result code with which SQLite itself ended the transaction, or SQLITE_OK. */
static int lost_transaction(const struct wr_study *study) {
    if (!study->writing || sqlite3_get_autocommit(study->db) == 0)
        return SQLITE_OK;
    return study->lost != SQLITE_OK ? study->lost : SQLITE_ABORT_ROLLBACK;
}

bool wr_query_row(struct wr_query *query) {
    struct wr_study *study = query->study;
    if (query->code == SQLITE_OK)
        query->code = lost_transaction(study);
    if (query->code != SQLITE_OK)
        return false;
    errno = 0;
    wr_study_count_work(study);
    int code = sqlite3_step(query->statement);
    if (code == SQLITE_ROW && !wr_study_has_rows(study, ++query->rows))
        code = SQLITE_INTERRUPT;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return code == SQLITE_ROW;
    query->code = code;
    if (study->writing && sqlite3_get_autocommit(study->db) != 0)
        study->lost = code;
    return false;
}

void wr_query_reset(struct wr_query *query) {
    int code = sqlite3_reset(query->statement);
    if (query->code == SQLITE_OK)
        query->code = code;
    query->bound = 0;
    query->rows = 0;
}

bool wr_query_run(struct wr_query *query) {
    while (wr_query_row(query))
        ;
    wr_query_reset(query);
    return query->code == SQLITE_OK;
}

wr_status wr_query_end(struct wr_query *query, wr_status status, const char *what,
                       struct wr_error *error) {
    if (query->code != SQLITE_OK && status == WR_OK)
        status = wr_study_fail(query->study, query->code, what, error);
    sqlite3_finalize(query->statement);
    query->statement = NULL;
    return status;
}

double wr_column_real(const struct wr_query *query, int column) {
    if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
        return NAN;
    return sqlite3_column_double(query->statement, column);
}

size_t wr_column_size(const struct wr_query *query, int column) {
    int64_t value = sqlite3_column_int64(query->statement, column);
    return value < 0 ? 0 : (size_t)value;
}

const char *wr_column_text(struct wr_query *query, int column) {
    const unsigned char *text = sqlite3_column_text(query->statement, column);
    if (text != NULL)
        return (const char *)text;
    if (sqlite3_column_type(query->statement, column) != SQLITE_NULL && query->code == SQLITE_OK)
        query->code = SQLITE_NOMEM;
    return "";
}

static wr_status commit(struct wr_study *study, const char *what, struct wr_error *error) {
    int code = lost_transaction(study);
    study->writing = false;
    errno = 0;
    if (code == SQLITE_OK)
        code = sqlite3_exec(study->db, "COMMIT", NULL, NULL, NULL);
    return code == SQLITE_OK ? WR_OK : wr_study_fail(study, code, what, error);
}

/* Commits if status is WR_OK; otherwise rolls back and returns status. A study of schema 1 in which
 * nothing was changed is rolled back too, so that it stays one. */
static wr_status end(struct wr_study *study, wr_status status, const char *what,
                     struct wr_error *error) {
    bool renewed = study->renewed;
    bool commits =
        status == WR_OK && !(renewed && sqlite3_total_changes(study->db) == study->changes);
    if (commits)
        status = commit(study, what, error);
    study->writing = study->renewed = false;
    if (commits && status == WR_OK) {
        study->schema = WR_STUDY_SCHEMA;
        return wr_study_check_place(study, error);
    }
    if (renewed)
        study->mended = false;
    if (!sqlite3_get_autocommit(study->db)) /* after some errors SQLite has already rolled back */
        sqlite3_exec(study->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static wr_status begin(struct wr_study *study, struct wr_error *error) {
    int code = sqlite3_exec(study->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    study->writing = code == SQLITE_OK;
    study->lost = SQLITE_OK;
    if (code != SQLITE_OK)
        return wr_study_fail(study, code, "be written", error);
    study->renewed = study->schema == 1;
    wr_status status = study->renewed ? wr_study_renew(study, error) : WR_OK;
    study->changes = sqlite3_total_changes(study->db);
    return status == WR_OK ? WR_OK : end(study, status, "be written", error);
}

wr_status wr_study_begin(struct wr_study *study, struct wr_error *error) {
    study->spans.known = false;
    if (!study->gathering)
        return begin(study, error);
    study->writing = true;
    return WR_OK;
}

wr_status wr_study_end(struct wr_study *study, wr_status status, const char *what,
                       struct wr_error *error) {
    if (!study->gathering)
        return end(study, status, what, error);
    int code = lost_transaction(study);
    study->writing = false;
    if (status == WR_OK && code != SQLITE_OK)
        status = wr_study_fail(study, code, what, error);
    study->spoilt = study->spoilt || status != WR_OK;
    return status;
}

wr_status wr_study_gather(struct wr_study *study, struct wr_error *error) {
    /* Room for what changes, in KiB: pages of indices change again and again, and are written once.
     */
    sqlite3_exec(study->db, "PRAGMA cache_size = -400000", NULL, NULL, NULL);
    wr_status status = begin(study, error);
    study->gathering = status == WR_OK;
    study->spoilt = study->writing = false;
    return status;
}

wr_status wr_study_flush(struct wr_study *study, struct wr_error *error) {
    wr_status status = WR_OK;
    if (study->spoilt)
        status = wr_fail(error, WR_ERR_STORAGE, "%s: what a failed call has begun is undone",
                         study->path);
    study->gathering = study->spoilt = false;
    study->writing = true;
    status = end(study, status, "commit", error);
    sqlite3_exec(study->db, "PRAGMA cache_size = -2000", NULL, NULL, NULL);
    return status;
}
