/* A study's file: connecting to it, the writer's lock, renaming it to make room. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sweep/store.h"

enum { BUSY_MILLISECONDS = 5000 }; /* how long it waits for transactions of other programs */

static wr_status no_memory(const struct wr_study *study, struct wr_error *error) {
    return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for opening it", study->path);
}

static wr_status connect_to(struct wr_study *study, const char *name, int flags,
                            struct wr_error *error) {
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(name, &study->db, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(study->db, BUSY_MILLISECONDS);
        wr_study_set_limits(study);
        return WR_OK;
    }
    wr_status status = wr_study_fail(study, code, "be opened", error);
    wr_study_disconnect(study);
    return status;
}

/* The prefix "./" keeps SQLite from reading a path as something else, such as ":memory:" or
 * "file:". */
static const char *prefix_of(const char *path) {
    return path[0] == '/' ? "" : "./";
}

/* Fails with the reason why a missing file cannot be made. SQLite loses that reason, since it then
 * tries to open the file for reading. */
static wr_status fail_to_make(struct wr_study *study, struct wr_error *error) {
    int file = open(study->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), cause = errno;
    if (file >= 0) {
        close(file); /* another process has made it, or the disk has room again */
        return WR_ERR_STORAGE;
    }
    return wr_fail(error, WR_ERR_STORAGE, "%s: cannot be opened: %s", study->path, strerror(cause));
}

/* SQLite itself opens the file for reading if it may not be written. */
wr_status wr_study_connect(struct wr_study *study, bool create, struct wr_error *error) {
    char *name = sqlite3_mprintf("%s%s", prefix_of(study->path), study->path);
    if (name == NULL)
        return no_memory(study, error);
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    wr_status status = connect_to(study, name, flags, error);
    sqlite3_free(name);
    if (status == WR_ERR_STORAGE && create && access(study->path, F_OK) != 0)
        return fail_to_make(study, error);
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

/* ---- journals ---- */

/* A byte of the file's header tells. It is read through SQLite's own descriptor: closing another
 * one would drop the locks that this process has on the file. */
bool wr_study_has_log(const struct wr_study *study) {
    enum { READ_VERSION = 19, WAL_VERSION = 2 };
    sqlite3_file *file = NULL;
    unsigned char version = 0;
    sqlite3_file_control(study->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return file != NULL && file->pMethods != NULL &&
           file->pMethods->xRead(file, &version, 1, READ_VERSION) == SQLITE_OK &&
           version == WAL_VERSION;
}

bool wr_study_log_is_full(const struct wr_study *study) {
    struct stat status;
    const char *name = sqlite3_filename_wal(sqlite3_db_filename(study->db, "main"));
    return stat(name, &status) == 0 && status.st_size > 0;
}

/* Whether other machines may have the file open. They share no memory with this one, which WAL
 * needs. */
static bool is_on_network(const struct wr_study *study) {
    static const uint32_t types[] = {
        0x6969,     /* NFS */
        0x517b,     /* SMB */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x0bd00bd0, /* Lustre */
        0x47504653, /* GPFS */
        0x19830326, /* BeeGFS */
        0x00c36400, /* Ceph */
        0x5346414f, /* AFS */
        0x6b414653, /* AFS of the kernel */
        0x01021997, /* 9P */
    };
    struct statfs system;
    if (statfs(sqlite3_db_filename(study->db, "main"), &system) != 0)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((uint32_t)system.f_type == types[i])
            return true;
    return false;
}

/* Sets the journal mode. Returns WR_ERR_STORAGE if SQLite cannot set it for this file. */
static wr_status set_mode(struct wr_study *study, const char *sql, const char *mode,
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

static wr_status set_journal(struct wr_study *study, struct wr_error *error) {
    static const char what[] = "be written";
    enum wr_journal journal = study->journal;
    if (journal == WR_JOURNAL_AUTO)
        journal = is_on_network(study) ? WR_JOURNAL_DELETE : WR_JOURNAL_WAL;
    if (journal == WR_JOURNAL_WAL)
        return set_mode(study, "PRAGMA journal_mode = WAL", "wal", what, error);
    return set_mode(study, "PRAGMA journal_mode = DELETE", "delete", what, error);
}

/* ---- the lock ---- */

/* Whether `path` still names the descriptor's file. A symbolic link to it does not count. */
static bool has_name(int file, const char *path) {
    struct stat opened, named;
    return fstat(file, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static bool identify(const char *path, struct wr_file_identity *identity) {
    struct stat file = {0};
    bool there = stat(path, &file) == 0;
    *identity = (struct wr_file_identity){.device = file.st_dev, .inode = file.st_ino};
    return there;
}

static bool same_identity(const struct wr_file_identity *a, const struct wr_file_identity *b) {
    return a->device == b->device && a->inode == b->inode;
}

/* Removes the lock file before it unlocks it. Otherwise another process could lock the file in
 * between, and then lose its name. */
static void give_up_lock(struct wr_study *study) {
    if (study->lock >= 0) {
        if (has_name(study->lock, study->lock_path))
            unlink(study->lock_path);
        close(study->lock);
    }
    sqlite3_free(study->lock_path);
    study->lock_path = NULL;
    study->lock = -1;
}

/* Closes SQLite before it gives up the lock, since SQLite may write while it closes. */
void wr_study_disconnect(struct wr_study *study) {
    sqlite3_close(study->db);
    study->db = NULL;
    give_up_lock(study);
}

static wr_status fail_lock(struct wr_study *study, int lock, struct wr_error *error) {
    int cause = errno;
    if (lock < 0 && cause == ELOOP)
        return wr_fail(error, WR_ERR_STORAGE,
                       "%s: cannot be locked: %s-lock is a symbolic link, which is not followed; "
                       "remove it",
                       study->path, study->path);
    if (lock >= 0)
        close(lock);
    if (lock >= 0 && (cause == EAGAIN || cause == EACCES))
        return wr_fail(error, WR_ERR_STORAGE,
                       "%s: locked: another process is writing it; wait until that ends, or "
                       "name another file",
                       study->path);
    return wr_fail(error, wr_cause(cause, WR_ERR_STORAGE), "%s: cannot be locked with %s-lock: %s",
                   study->path, study->path, strerror(cause));
}

/* Locks a file of its own, not the study: closing a descriptor of the study would drop the locks
 * that other connections of this process have on it, and a log does not always exist. The lock
 * belongs to the open file description, so that it ends with the process and also holds between
 * threads. */
static wr_status take_lock(struct wr_study *study, struct wr_error *error) {
    const char *path = sqlite3_db_filename(study->db, "main"); /* with symbolic links followed */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat file = {.st_mode = 0600};
    stat(path, &file); /* whoever may write the study may write its lock */
    study->lock_path = sqlite3_mprintf("%s-lock", path);
    if (study->lock_path == NULL)
        return no_memory(study, error);
    for (;;) {
        int lock = open(study->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                        file.st_mode & 0666);
        if (lock < 0 || fcntl(lock, F_OFD_SETLK, &whole) != 0)
            return fail_lock(study, lock, error);
        if (has_name(lock, study->lock_path)) { /* otherwise its last holder has just removed it */
            if (ftruncate(lock, 0) != 0)        /* the note of a writer that died */
                return fail_lock(study, lock, error);
            study->lock = lock;
            return WR_OK;
        }
        close(lock);
    }
}

wr_status wr_study_lock(struct wr_study *study, bool *moved, struct wr_error *error) {
    int elsewhere = 0;
    wr_status status = take_lock(study, error);
    if (status != WR_OK)
        return status;
    sqlite3_file_control(study->db, "main", SQLITE_FCNTL_HAS_MOVED, &elsewhere);
    *moved = elsewhere != 0 || !identify(sqlite3_db_filename(study->db, "main"), &study->file);
    if (*moved)
        give_up_lock(study);
    return *moved ? WR_OK : set_journal(study, error);
}

/* ---- notes ---- */

/* One write of one size, so that a reader sees an old note or a new one. */
void wr_study_leave_note(struct wr_study *study, const char *text) {
    char note[WR_NOTE_MOST + 1];
    if (study->lock < 0)
        return;
    memset(note, ' ', sizeof note);
    memcpy(note, text, strnlen(text, WR_NOTE_MOST));
    note[WR_NOTE_MOST] = '\n';
    if (pwrite(study->lock, note, sizeof note, 0) < 0)
        return; /* it is only a note */
}

/* Reads what the file holds, without the blanks at its end. */
static wr_status read_note(const char *path, int file, char **note, struct wr_error *error) {
    char *text = wr_alloc(WR_NOTE_MOST + 1, 1, "a note", error);
    if (text == NULL)
        return WR_ERR_MEMORY;
    ssize_t length = pread(file, text, WR_NOTE_MOST, 0);
    if (length < 0) {
        free(text);
        return wr_fail(error, WR_ERR_DATA, "%s-lock: cannot be read: %s", path, strerror(errno));
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\n'))
        length--;
    text[length] = '\0';
    *note = text;
    return WR_OK;
}

wr_status wr_study_read_note(const char *path, char **note, struct wr_error *error) {
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    char *resolved = realpath(path, NULL), *lock_path = NULL;
    *note = NULL;
    if (resolved == NULL)
        return wr_fail(error, wr_cause(errno, WR_ERR_DATA), "%s: cannot be opened: %s", path,
                       strerror(errno));
    int file = -1, length = asprintf(&lock_path, "%s-lock", resolved);
    free(resolved);
    if (length < 0)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its note", path);
    wr_status status = WR_OK;
    file = open(lock_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 && errno != ENOENT)
        status = wr_fail(error, WR_ERR_DATA, "%s: cannot be read: %s", lock_path, strerror(errno));
    /* A lock that could be taken is nobody's. */
    bool held = file >= 0 && fcntl(file, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    if (held)
        status = read_note(path, file, note, error);
    if (file >= 0)
        close(file);
    free(lock_path);
    return status;
}

/* ---- whether the files are in place ---- */

wr_status wr_study_check_place(struct wr_study *study, struct wr_error *error) {
    const char *path = sqlite3_db_filename(study->db, "main"), *log = sqlite3_filename_wal(path);
    struct wr_file_identity now;
    const char *gone = NULL;
    if (study->lock < 0)
        return WR_OK;
    if (!identify(path, &now) || !same_identity(&now, &study->file))
        gone = "";
    else if (!has_name(study->lock, study->lock_path))
        gone = "-lock";
    else if (study->log.device == 0)
        identify(log, &study->log); /* the first commit has made it */
    else if (!identify(log, &now) || !same_identity(&now, &study->log))
        gone = "-wal";
    if (gone == NULL)
        return WR_OK;
    return wr_fail(error, WR_ERR_STORAGE,
                   "%s: %s%s was removed, renamed or replaced while this was writing it; what was "
                   "written since then is lost",
                   study->path, study->path, gone);
}

/* ---- setting aside ---- */

static wr_status rename_to_free(const struct wr_study *study, struct wr_error *error) {
    const char *from = sqlite3_db_filename(study->db, "main"); /* with symbolic links followed */
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

/* There must be no other connection: it would go on using the log under its old name. Changing the
 * journal mode moves all of the log into the file, and fails if there is another connection. The
 * exclusive transaction keeps others out until the file has its new name. */
wr_status wr_study_set_aside(struct wr_study *study, struct wr_error *error) {
    static const char what[] = "be set aside";
    wr_status status = set_mode(study, "PRAGMA journal_mode = DELETE", "delete", what, error);
    if (status != WR_OK)
        return status;
    int code = sqlite3_exec(study->db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return wr_study_fail(study, code, what, error);
    status = rename_to_free(study, error);
    wr_study_disconnect(study); /* which ends the transaction */
    return status;
}
