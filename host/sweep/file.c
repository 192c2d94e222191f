/* A study's file: connecting to it, the writer's lock, setting it aside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store.h"

enum { BUSY_MILLISECONDS = 5000 }; /* what other programs' transactions may take */

static wr_status no_memory(const struct wr_study *study, struct wr_error *error) {
    return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for opening it", study->path);
}

static wr_status connect_to(struct wr_study *study, const char *name, int flags,
                            struct wr_error *error) {
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(name, &study->db, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(study->db, BUSY_MILLISECONDS);
        sqlite3_db_config(study->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
        sqlite3_db_config(study->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        return WR_OK;
    }
    wr_status status = wr_study_fail(study, code, "be opened", error);
    wr_study_disconnect(study);
    return status;
}

/* "./" keeps SQLite from taking a path for something else, such as ":memory:" or "file:". */
static const char *prefix_of(const char *path) {
    return path[0] == '/' ? "" : "./";
}

/* Where the file may not be written, SQLite opens it for reading by itself. */
wr_status wr_study_connect(struct wr_study *study, bool create, struct wr_error *error) {
    char *name = sqlite3_mprintf("%s%s", prefix_of(study->path), study->path);
    if (name == NULL)
        return no_memory(study, error);
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    wr_status status = connect_to(study, name, flags, error);
    sqlite3_free(name);
    return status;
}

wr_status wr_study_connect_immutable(struct wr_study *study, struct wr_error *error) {
    static const char start[] = "file:", end[] = "?immutable=1";
    const char *prefix = prefix_of(study->path);
    size_t size;
    char *uri = NULL;
    if (wr_size_mul(strlen(study->path), 3, &size))
        uri = calloc(sizeof start + sizeof end + 2 + size, 1);
    if (uri == NULL)
        return no_memory(study, error);
    char *to = stpcpy(stpcpy(uri, start), prefix);
    for (const char *from = study->path; *from != '\0'; from++) {
        if (strchr("%?#", *from) != NULL)
            to += sprintf(to, "%%%02X", (unsigned)*from);
        else
            *to++ = *from;
    }
    strcpy(to, end);
    wr_status status = connect_to(study, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error);
    free(uri);
    return status;
}

/* SQLite before the lock: nobody may write what it still writes while it closes. */
void wr_study_disconnect(struct wr_study *study) {
    sqlite3_close(study->db);
    study->db = NULL;
    if (study->lock >= 0)
        close(study->lock);
    study->lock = -1;
}

static const char *log_name(const struct wr_study *study) {
    return sqlite3_filename_wal(sqlite3_db_filename(study->db, "main"));
}

bool wr_study_has_log(const struct wr_study *study) {
    struct stat status;
    return stat(log_name(study), &status) == 0 && status.st_size > 0;
}

/* Sets the journal mode; WR_ERR_STORAGE where the file cannot have it. */
static wr_status set_journal(struct wr_study *study, const char *sql, const char *mode,
                             const char *what, struct wr_error *error) {
    struct wr_query query = wr_query(study, sql);
    bool set = wr_query_row(&query) && strcmp(wr_column_text(&query, 0), mode) == 0;
    wr_status status = wr_query_end(&query, WR_OK, what, error);
    if (status == WR_OK && !set)
        status = wr_fail(error, WR_ERR_STORAGE,
                         "%s: cannot %s: SQLite cannot set its journal mode to %s there",
                         study->path, what, mode);
    return status;
}

/* The lock is one on the log, of which SQLite locks nothing: closing a descriptor of the database
 * itself would drop the locks that other connections of this process have on it. The log stays the
 * same file as long as a connection is open. A lock of the open file, so that it dies with the
 * process and holds between threads too. */
wr_status wr_study_lock(struct wr_study *study, bool *moved, struct wr_error *error) {
    wr_status status = set_journal(study, "PRAGMA journal_mode = WAL", "wal", "be written", error);
    if (status != WR_OK)
        return status;
    struct wr_query query = wr_query(study, "SELECT count(*) FROM sqlite_schema"); /* makes it */
    wr_query_run(&query);
    status = wr_query_end(&query, WR_OK, "be read", error);
    if (status != WR_OK)
        return status;
    int lock = open(log_name(study), O_RDWR | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (lock < 0 || fcntl(lock, F_OFD_SETLK, &whole) != 0) {
        int cause = errno;
        if (lock >= 0)
            close(lock);
        if (lock >= 0 && (cause == EAGAIN || cause == EACCES))
            return wr_fail(error, WR_ERR_STORAGE,
                           "%s: locked: another process is writing it; wait until that ends, or "
                           "name another file",
                           study->path);
        return wr_fail(error, WR_ERR_STORAGE, "%s: cannot be locked: %s", study->path,
                       strerror(cause));
    }
    int elsewhere = 0;
    sqlite3_file_control(study->db, "main", SQLITE_FCNTL_HAS_MOVED, &elsewhere);
    *moved = elsewhere != 0;
    if (*moved)
        close(lock);
    else
        study->lock = lock;
    return WR_OK;
}

static wr_status rename_to_free(const struct wr_study *study, struct wr_error *error) {
    const char *from = sqlite3_db_filename(study->db, "main"); /* links followed */
    for (unsigned number = 1;; number++) {
        char *to = sqlite3_mprintf("%s.%u", from, number);
        if (to == NULL)
            return no_memory(study, error);
        int failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
        int cause = errno;
        sqlite3_free(to);
        if (failed == 0)
            return WR_OK;
        if (cause != EEXIST)
            return wr_fail(error, WR_ERR_STORAGE, "%s: cannot be renamed to %s.%u: %s", study->path,
                           study->path, number, strerror(cause));
    }
}

/* Another connection would go on writing and reading the log by its old name, so there must be
 * none: leaving the write-ahead log brings all of it into the file, and fails where there is one.
 * The exclusive transaction keeps others out until the file has its new name. */
wr_status wr_study_set_aside(struct wr_study *study, struct wr_error *error) {
    static const char what[] = "be set aside";
    wr_status status = set_journal(study, "PRAGMA journal_mode = DELETE", "delete", what, error);
    if (status != WR_OK)
        return status;
    int code = sqlite3_exec(study->db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return wr_study_fail(study, code, what, error);
    status = rename_to_free(study, error);
    wr_study_disconnect(study); /* which ends the transaction */
    return status;
}
