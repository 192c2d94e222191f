/* The insides of a study: its file, its SQLite connection, and queries. */
#ifndef WR_STORE_H
#define WR_STORE_H

#include <sqlite3.h>

#include "base/base.h"
#include "windrow/study.h"

/* As in schema.sql. */
#define WR_STUDY_APPLICATION 0x57726f77
#define WR_STUDY_SCHEMA      1
/* What trials that are done are ordered by: that of the index `ranking`. */
#define WR_STUDY_RANK "ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed"

extern const char wr_study_schema[]; /* schema.sql, made by schema.cmake */

/* Which file it is, whatever its name; device 0: none. */
struct wr_file_identity {
    uint64_t device, inode;
};

struct wr_study {
    char *path; /* as given, for messages */
    sqlite3 *db;
    enum wr_journal journal; /* of a writer */
    int lock;                /* descriptor that holds the writer's lock, or -1 */
    char *lock_path;         /* its file; freed with sqlite3_free */
    struct wr_file_identity file,
        log;      /* of a writer: those that it opened; log: 0 till it is there */
    bool writing; /* from wr_study_begin to wr_study_end */
    int lost;     /* SQLite's result with which it rolled that back by itself */
    size_t keep;
    size_t steps, most_steps, most_rows; /* what a statement takes, and may (guard.c) */
    int64_t *torn;                       /* (torn_count) trials, ascending (torn.c) */
    size_t torn_count;
    bool mended; /* these are pending again */
};

/* "PATH: cannot WHAT: ..." of SQLite's last error, whose result code is `code`. */
wr_status wr_study_fail(struct wr_study *study, int code, const char *what, struct wr_error *error);

/* ---- the file (file.c) ---- */

/* A connection to study->path, which may be read only or, where create is true, a new empty file;
 * nothing is read yet. */
wr_status wr_study_connect(struct wr_study *study, bool create, struct wr_error *error);
/* Likewise of a file that nobody can write: without locks and side files, which readers of a folder
 * that they may not write cannot make. */
wr_status wr_study_connect_immutable(struct wr_study *study, struct wr_error *error);
void wr_study_disconnect(struct wr_study *study);
/* Whether SQLite keeps a log beside the file when somebody has it open; whether it holds something
 * now. */
bool wr_study_has_log(const struct wr_study *study);
bool wr_study_log_is_full(const struct wr_study *study);

/* Takes the writer's lock, which dies with the process: WR_ERR_STORAGE at once where another has
 * it. Then sets the journal. *moved: the file was renamed meanwhile, so that this is not
 * the one at study->path; then nothing is locked. */
wr_status wr_study_lock(struct wr_study *study, bool *moved, struct wr_error *error);
/* WR_ERR_STORAGE where the file at the path, its log or its lock is no longer the one that the
 * writer opened: somebody removed, renamed or replaced it, and what is written is lost. */
wr_status wr_study_check_place(struct wr_study *study, struct wr_error *error);
/* Renames the file of a study that is locked to the first of PATH.1, PATH.2, ... that is free,
 * whole in one file, and disconnects. WR_ERR_STORAGE where somebody else has it open. */
wr_status wr_study_set_aside(struct wr_study *study, struct wr_error *error);

/* ---- what it may do (guard.c) ---- */

/* Bounds what statements of the connection may take; nothing is read yet. */
void wr_study_bound(struct wr_study *study);
/* A step of a statement begins: how much it takes is counted from here. */
void wr_study_count_work(struct wr_study *study);
/* Whether the study may give so many rows. */
bool wr_study_has_rows(struct wr_study *study, size_t rows);
/* WR_ERR_DATA where tables, indices and views are not those of schema.sql, or, of a small file,
 * where its pages contradict each other. */
wr_status wr_study_check_file(struct wr_study *study, struct wr_error *error);

/* ---- what it holds (check.c) ---- */

/* What its settings say of trials. */
struct wr_study_facts {
    size_t inputs, outputs; /* 0: not known */
    size_t epochs;          /* 0: not known */
    size_t points;          /* of a loss curve; SIZE_MAX: not known */
    size_t keep;            /* of so many trials, best first, there must be parameters */
};
/* WR_ERR_DATA where a value is none that a sweep writes; finds the trials that are torn. */
wr_status wr_study_check_rows(struct wr_study *study, struct wr_error *error);

/* ---- trials that are torn (torn.c) ---- */

/* Fills study->torn. */
wr_status wr_study_find_torn(struct wr_study *study, const struct wr_study_facts *facts,
                             struct wr_error *error);
bool wr_study_is_torn(const struct wr_study *study, int64_t id);
/* Makes them pending again, in a transaction. */
wr_status wr_study_mend(struct wr_study *study, struct wr_error *error);

/* ---- queries (query.c) ---- */

/* A statement and the first of its errors: after one, calls do nothing. Start with wr_query; end
 * with wr_query_end in any case. Between wr_study_begin and wr_study_end no statement runs once
 * SQLite has rolled back by itself, as it does on a full disk: it would be a commit of its own. */
struct wr_query {
    struct wr_study *study;
    sqlite3_stmt *statement;
    int code;    /* SQLite's result */
    int bound;   /* parameters so far */
    size_t rows; /* since it was last bound */
};
struct wr_query wr_query(struct wr_study *study, const char *sql);
/* Binds the next parameter. Text and bytes must live until the query runs; NULL is NULL. Numbers
 * that are not finite become NULL. */
void wr_bind_int(struct wr_query *query, int64_t value);
void wr_bind_size(struct wr_query *query, size_t value);
void wr_bind_real(struct wr_query *query, double value);
void wr_bind_text(struct wr_query *query, const char *value);
void wr_bind_blob(struct wr_query *query, const void *value, size_t size);
/* Runs it without rows; it can be bound and run again. False after an error: whatever goes with it
 * must not be written then. */
bool wr_query_run(struct wr_query *query);
/* The next row; false at the end and after an error. */
bool wr_query_row(struct wr_query *query);
/* Ends its rows before the last one; it can be bound and run again. */
void wr_query_reset(struct wr_query *query);
/* Releases it. Returns status, if that is an error already, else the query's. */
wr_status wr_query_end(struct wr_query *query, wr_status status, const char *what,
                       struct wr_error *error);

/* NaN where NULL. */
double wr_column_real(const struct wr_query *query, int column);
size_t wr_column_size(const struct wr_query *query, int column);
/* "" where NULL, and without memory, which is then the query's error; valid until the next row. */
const char *wr_column_text(struct wr_query *query, int column);

/* A transaction that writes. */
wr_status wr_study_begin(struct wr_study *study, struct wr_error *error);
/* Commits where status is WR_OK, else rolls back and returns it. */
wr_status wr_study_end(struct wr_study *study, wr_status status, const char *what,
                       struct wr_error *error);

/* Drops the parameters that are not to be kept; inside a transaction (commit.c). */
wr_status wr_study_prune(struct wr_study *study, struct wr_error *error);

/* ---- checkpoints ---- */

/* What stands after a checkpoint's parameters: byte 1, and the hash, lowest byte first. Studies of
 * 0.1 have none of it, which the length tells. */
enum { WR_CHECKPOINT_HASH = 9 };
/* Of the epochs done and the parameters as they are stored (commit.c). */
uint64_t wr_study_checkpoint_hash(size_t epoch, const unsigned char *bytes, size_t size);
/* WR_ERR_DATA where the trial's checkpoint does not have its hash (read.c). */
wr_status wr_study_check_checkpoint(struct wr_study *study, int64_t id, struct wr_error *error);

/* ---- words of the schema (read.c) ---- */

/* "notebook", "pytorch". */
const char *wr_study_init_name(enum wr_init init);
/* The status of that name, or WR_TRIAL_PENDING. */
enum wr_trial_status wr_study_status(const char *name);

#endif
