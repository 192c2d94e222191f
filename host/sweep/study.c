/* Opens and closes studies: tells whether a file is a study, and makes new ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store.h"
#include "windrow/version.h"

enum {
    KEEP_BEST = 10,
    MOST_RENAMES = 100,
    READERS_MILLISECONDS = 60000 /* how long a writer without a log waits for readers */
};

enum kind {
    NOTHING, /* no data: an empty file too */
    STUDY,
    NEWER_STUDY,
    OTHER /* an SQLite file of another program */
};

static wr_status identify(struct wr_study *study, enum kind *kind, struct wr_error *error) {
    struct wr_query query =
        wr_query(study, "SELECT EXISTS (SELECT 1 FROM sqlite_schema), application_id, user_version"
                        " FROM pragma_application_id, pragma_user_version");
    int64_t entries = 0, application = 0, version = 0;
    while (wr_query_row(&query)) {
        entries = sqlite3_column_int64(query.statement, 0);
        application = sqlite3_column_int64(query.statement, 1);
        version = sqlite3_column_int64(query.statement, 2);
    }
    wr_status status = wr_query_end(&query, WR_OK, "be read", error);
    study->schema = application == WR_STUDY_APPLICATION ? (int)version : 0;
    if (application == WR_STUDY_APPLICATION && version >= 1)
        *kind = version > WR_STUDY_SCHEMA ? NEWER_STUDY : STUDY;
    else
        *kind = entries == 0 && application == 0 && version == 0 ? NOTHING : OTHER;
    return status;
}

static wr_status refuse(const struct wr_study *study, enum kind kind, struct wr_error *error) {
    if (kind == NEWER_STUDY)
        return wr_fail(
            error, WR_ERR_DATA,
            "%s: a study of a newer Windrow than this (%s), which knows schemas up to %d",
            study->path, WR_VERSION, WR_STUDY_SCHEMA);
    if (kind == OTHER)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: an SQLite file, but no study of Windrow's; name another file",
                       study->path);
    return wr_fail(error, WR_ERR_DATA, "%s: empty: there is no study in it", study->path);
}

/* Refuses paths that SQLite would accept, or refuse with a less helpful message. With `make`, a
 * missing file is no error. */
static wr_status check_path(const struct wr_study *study, bool make, struct wr_error *error) {
    wr_status refused = make ? WR_ERR_STORAGE : WR_ERR_DATA;
    struct stat file;
    if (stat(study->path, &file) != 0) {
        if (make && errno == ENOENT)
            return WR_OK;
        return wr_fail(error, refused, "%s: cannot be opened: %s", study->path, strerror(errno));
    }
    if (!S_ISREG(file.st_mode))
        return wr_fail(error, refused, "%s: %s; a study is a file", study->path,
                       S_ISDIR(file.st_mode) ? "a folder" : "no regular file");
    if (eaccess(study->path, R_OK) != 0)
        return wr_fail(error, refused, "%s: cannot be read: %s", study->path, strerror(errno));
    if (make && eaccess(study->path, W_OK) != 0)
        return wr_fail(error, refused, "%s: read-only: %s", study->path, strerror(errno));
    if (make && file.st_nlink > 1) /* each name would have a log and a lock of its own */
        return wr_fail(
            error, refused,
            "%s: one file under %zu names (hard links), which would damage it if it were "
            "written; make it a copy of its own",
            study->path, (size_t)file.st_nlink);
    return WR_OK;
}

/* Fails for an unfinished commit. SQLite must undo it before it can read, and only writers can. */
static wr_status fail_unfinished(const struct wr_study *study, struct wr_error *error) {
    wr_error_release(error);
    return wr_fail(error, WR_ERR_DATA,
                   "%s: its last writer died in a commit, which whoever may write it must undo "
                   "first: windrow show does",
                   study->path);
}

static wr_status run_sql(struct wr_study *study, const char *sql, const char *what,
                         struct wr_error *error) {
    wr_study_count_work(study);
    int code = sqlite3_exec(study->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? WR_OK : wr_study_fail(study, code, what, error);
}

/* Lets queries see a study of schema 1 as one of schema 2. */
static wr_status show_as_new(struct wr_study *study, struct wr_error *error) {
    return study->schema == 1 ? run_sql(study, wr_sql_schema1_views, "be read", error) : WR_OK;
}

static wr_status open_to_read(struct wr_study *study, struct wr_error *error) {
    enum kind kind;
    wr_status status = check_path(study, false, error);
    if (status == WR_OK)
        status = wr_study_connect(study, false, error);
    if (status != WR_OK)
        return status;
    /* Readers of a write-ahead log need files beside the study. The folder may not let them make
     * those. SQLite also does not remove the ones that it made for a file that the reader may not
     * write. */
    bool log = wr_study_has_log(study), full = wr_study_log_is_full(study);
    bool shared = !log || full || eaccess(study->path, W_OK) == 0;
    if (shared) {
        status = identify(study, &kind, error);
        int code = sqlite3_errcode(study->db) & 0xff;
        bool barred = code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
        if (barred && !log)
            return fail_unfinished(study, error);
        shared = full || !barred;
    }
    if (!shared) {
        wr_error_release(error);
        wr_study_disconnect(study);
        status = wr_study_connect_immutable(study, error);
        if (status == WR_OK)
            status = identify(study, &kind, error);
    }
    if (status == WR_OK && kind != STUDY)
        status = refuse(study, kind, error);
    if (status == WR_OK)
        status = wr_study_check_file(study, error);
    if (status == WR_OK)
        status = show_as_new(study, error);
    if (status == WR_OK)
        sqlite3_exec(study->db, "PRAGMA query_only = 1", NULL, NULL, NULL);
    return status == WR_OK ? wr_study_check_rows(study, error) : status;
}

wr_status wr_study_renew(struct wr_study *study, struct wr_error *error) {
    static const char what[] = "be made a study of this Windrow";
    wr_status status = run_sql(study, wr_sql_schema1_aside, what, error);
    if (status == WR_OK)
        status = run_sql(study, wr_sql_schema, what, error);
    if (status == WR_OK)
        status = run_sql(study, wr_sql_schema1_take, what, error);
    return status == WR_OK ? wr_study_mend(study, error) : status;
}

/* Makes an empty file a study, in one transaction. */
static wr_status make_schema(struct wr_study *study, struct wr_error *error) {
    static const char what[] = "be made a study";
    wr_status status = wr_study_begin(study, error);
    if (status != WR_OK)
        return status;
    status = wr_study_end(study, run_sql(study, wr_sql_schema, what, error), what, error);
    study->schema = status == WR_OK ? WR_STUDY_SCHEMA : 0;
    return status;
}

/* Opens and locks the file at the path. *kind is NOTHING, STUDY, or with `newer` also
 * NEWER_STUDY. */
static wr_status open_locked(struct wr_study *study, bool newer, enum kind *kind,
                             struct wr_error *error) {
    bool moved = true;
    for (int attempt = 0; attempt < MOST_RENAMES; attempt++) {
        wr_status status = check_path(study, true, error);
        if (status == WR_OK)
            status = wr_study_connect(study, true, error);
        if (status == WR_OK && sqlite3_db_readonly(study->db, "main") == 1)
            status =
                wr_fail(error, WR_ERR_STORAGE, "%s: read-only: it cannot be written", study->path);
        if (status == WR_OK)
            status = identify(study, kind, error);
        if (status == WR_OK && (*kind == OTHER || (*kind == NEWER_STUDY && !newer)))
            status = refuse(study, *kind, error);
        if (status == WR_OK)
            status = wr_study_lock(study, &moved, error);
        if (status == WR_OK && !moved) /* another process may have written it before the lock */
            return identify(study, kind, error);
        if (status != WR_OK)
            return status;
        wr_study_disconnect(study);
    }
    return wr_fail(error, WR_ERR_STORAGE, "%s: others keep renaming it", study->path);
}

static wr_status open_to_write(struct wr_study *study, bool fresh, struct wr_error *error) {
    enum kind kind;
    wr_status status = open_locked(study, fresh, &kind, error);
    if (status == WR_OK && fresh && kind != NOTHING) {
        status = wr_study_set_aside(study, error);
        if (status == WR_OK)
            status = open_locked(study, false, &kind, error);
    }
    if (status == WR_OK && !wr_study_has_log(study))
        sqlite3_busy_timeout(study->db, READERS_MILLISECONDS);
    /* EXTRA: without a log, a commit also waits until the journal's removal is durable. */
    if (status == WR_OK)
        sqlite3_exec(study->db, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL);
    if (status == WR_OK && kind != NOTHING)
        status = wr_study_check_file(study, error);
    if (status == WR_OK && kind != NOTHING)
        status = show_as_new(study, error);
    if (status == WR_OK && kind != NOTHING)
        status = wr_study_check_rows(study, error);
    if (status == WR_OK && kind == NOTHING)
        status = make_schema(study, error);
    return status;
}

wr_status wr_study_open(const char *path, enum wr_study_mode mode, struct wr_study **study,
                        struct wr_error *error) {
    return wr_study_open_with(path, mode, WR_JOURNAL_AUTO, study, error);
}

wr_status wr_study_open_with(const char *path, enum wr_study_mode mode, enum wr_journal journal,
                             struct wr_study **study, struct wr_error *error) {
    *study = NULL;
    if ((unsigned)mode > WR_STUDY_FRESH || (unsigned)journal > WR_JOURNAL_DELETE)
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: mode %d and journal %d: 0 to %d and 0 to %d needed", path, (int)mode,
                       (int)journal, WR_STUDY_FRESH, WR_JOURNAL_DELETE);
    struct wr_study *opened = calloc(1, sizeof *opened);
    char *copy = strdup(path);
    if (opened == NULL || copy == NULL) {
        free(opened);
        free(copy);
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for opening it", path);
    }
    *opened = (struct wr_study){.path = copy, .journal = journal, .lock = -1, .keep = KEEP_BEST};
    wr_status status = mode == WR_STUDY_READ ? open_to_read(opened, error)
                                             : open_to_write(opened, mode == WR_STUDY_FRESH, error);
    if (status == WR_OK)
        *study = opened;
    else
        wr_study_close(opened);
    return status;
}

void wr_study_close(struct wr_study *study) {
    if (study == NULL)
        return;
    wr_study_disconnect(study);
    free(study->torn);
    free(study->path);
    free(study);
}

void wr_study_keep(struct wr_study *study, size_t best) {
    study->keep = best;
}
