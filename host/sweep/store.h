/* The insides of a study: its file, its SQLite connection, and queries. */
#ifndef WR_STORE_H
#define WR_STORE_H

#include <sqlite3.h>

#include "base/base.h"
#include "sweep/trial.h"
#include "windrow/study.h"

/* As in schema.sql. */
#define WR_STUDY_APPLICATION 0x57726f77
#define WR_STUDY_SCHEMA      2
/* The order of the trials that are done. The index `ranking` has the same order. */
#define WR_STUDY_RANK "ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed, id"

/* The SQL files of this folder; schema.cmake makes their source. */
extern const char wr_sql_schema[], wr_sql_schema1[], wr_sql_schema1_views[], wr_sql_schema1_aside[],
    wr_sql_schema1_take[];

/* Identifies a file independently of its name. device 0: no file. */
struct wr_file_identity {
    uint64_t device, inode;
};

/* What a look at all trials has found: their number by status, their seconds, and the first and the
 * last value of each option, as wr_option_get gives it. */
struct wr_study_spans {
    bool known;      /* and this connection has written nothing since */
    int64_t version; /* of the data, which tells whether another connection has */
    size_t trials, by_status[WR_TRIAL_PRUNED + 1];
    double seconds;
    double least[WR_OPTIONS], most[WR_OPTIONS];
};

struct wr_study {
    char *path; /* as given, for messages */
    sqlite3 *db;
    enum wr_journal journal; /* set by a writer */
    int lock;                /* descriptor that holds the writer's lock, or -1 */
    char *lock_path;         /* path of the lock file; freed with sqlite3_free */
    int schema;              /* version of the file; 0: it was empty */
    bool renewed;            /* the transaction has made it one of schema 2 */
    int changes;             /* of rows by this connection when that was done */
    struct wr_file_identity file,
        log;        /* the files that a writer opened; log is 0 until it exists */
    bool writing;   /* from wr_study_begin to wr_study_end */
    bool gathering; /* from wr_study_gather to wr_study_flush: one transaction */
    bool spoilt;    /* a call of it has failed in the middle */
    int lost;       /* the result code with which SQLite itself rolled the transaction back */
    size_t keep;
    size_t steps, most_steps, most_rows; /* work of a statement, and the limits of it (guard.c) */
    struct wr_study_spans spans;
    int64_t *torn; /* (torn_count) ids of torn trials, ascending (torn.c) */
    size_t torn_count;
    bool mended; /* the torn trials are pending again */
};

/* Fails with "PATH: cannot WHAT: ..." and SQLite's last error. `code` is the result code of that
 * error. */
wr_status wr_study_fail(struct wr_study *study, int code, const char *what, struct wr_error *error);

/* ---- the file (study_file.c) ---- */

/* Connects to study->path. The file may be read-only. With `create`, makes an empty file if there
 * is none. Reads nothing yet. */
wr_status wr_study_connect(struct wr_study *study, bool create, struct wr_error *error);
/* Connects for reading without locks and side files, for readers that cannot make those in the
 * study's folder. SQLite then assumes that nobody writes the file. */
wr_status wr_study_connect_immutable(struct wr_study *study, struct wr_error *error);
void wr_study_disconnect(struct wr_study *study);
/* has_log: whether SQLite keeps a write-ahead log beside the file while somebody has it open.
 * log_is_full: whether that log holds something now. */
bool wr_study_has_log(const struct wr_study *study);
bool wr_study_log_is_full(const struct wr_study *study);

/* Takes the writer's lock, then sets the journal. The lock ends with the process. Returns
 * WR_ERR_STORAGE at once if another process holds it. *moved: the file was renamed meanwhile and is
 * no longer the one at study->path; then nothing is locked. */
wr_status wr_study_lock(struct wr_study *study, bool *moved, struct wr_error *error);
/* Returns WR_ERR_STORAGE if the file at the path, its log or its lock is no longer the one that the
 * writer opened. Somebody removed, renamed or replaced it, and what is written is lost. */
wr_status wr_study_check_place(struct wr_study *study, struct wr_error *error);
/* Renames the file of a locked study to the first free name of PATH.1, PATH.2, ..., with all of its
 * data in that one file, and disconnects. Returns WR_ERR_STORAGE if somebody else has it open. */
wr_status wr_study_set_aside(struct wr_study *study, struct wr_error *error);

/* ---- limits on files that are not trusted (guard.c) ---- */

/* Limits the work of the connection's statements. Reads nothing yet. */
void wr_study_set_limits(struct wr_study *study);
/* Starts to count the work of a step of a statement. */
void wr_study_count_work(struct wr_study *study);
/* Whether a study of this size may return that many rows. */
bool wr_study_has_rows(struct wr_study *study, size_t rows);
/* Returns WR_ERR_DATA if the tables, indices and views are not those of schema.sql. In a small file
 * it also checks that the pages do not contradict each other. */
wr_status wr_study_check_file(struct wr_study *study, struct wr_error *error);

/* ---- checks of the contents (check.c) ---- */

/* What a study's settings say about its trials. */
struct wr_study_facts {
    size_t inputs, outputs; /* 0: not known */
    size_t epochs;          /* 0: not known */
    size_t points;          /* of a loss curve; SIZE_MAX: not known */
    size_t keep;            /* the best `keep` trials must have parameters */
};
/* Returns WR_ERR_DATA for a value that no sweep writes. Finds the spans and the torn trials. */
wr_status wr_study_check_rows(struct wr_study *study, struct wr_error *error);
/* The part of it that checks the trials and finds their spans. */
wr_status wr_study_check_trials(struct wr_study *study, struct wr_error *error);

/* A number that changes when another connection has committed; -1 if it cannot be read
 * (groups.c). */
int64_t wr_study_data_version(struct wr_study *study);

/* Makes a study of schema 1 one of schema 2, without torn trials: nobody finds those in schema 2.
 * Call it inside a transaction (study.c). */
wr_status wr_study_renew(struct wr_study *study, struct wr_error *error);

/* ---- torn trials (torn.c) ---- */

/* Fills study->torn. */
wr_status wr_study_find_torn(struct wr_study *study, const struct wr_study_facts *facts,
                             struct wr_error *error);
bool wr_study_is_torn(const struct wr_study *study, int64_t id);
/* Makes the torn trials pending again. Call it inside a transaction, on tables of schema 2. */
wr_status wr_study_mend(struct wr_study *study, struct wr_error *error);

/* ---- queries (query.c) ---- */

/* A statement and its first error. After an error, calls do nothing. Start with wr_query; always
 * end with wr_query_end. SQLite itself rolls a transaction back in some cases, such as a full disk.
 * Then no statement runs until wr_study_end: each would be a commit of its own. */
struct wr_query {
    struct wr_study *study;
    sqlite3_stmt *statement;
    int code;    /* SQLite's result */
    int bound;   /* parameters so far */
    size_t rows; /* returned since it was last bound */
};
struct wr_query wr_query(struct wr_study *study, const char *sql);
/* Binds the next parameter. Text and bytes must live until the query runs. A NULL pointer and a
 * number that is not finite become NULL. */
void wr_bind_int(struct wr_query *query, int64_t value);
void wr_bind_size(struct wr_query *query, size_t value);
void wr_bind_real(struct wr_query *query, double value);
void wr_bind_text(struct wr_query *query, const char *value);
void wr_bind_blob(struct wr_query *query, const void *value, size_t size);
/* Runs the statement and ignores its rows. It can be bound and run again. Returns false after an
 * error; then the caller must not write what belongs to the same change. */
bool wr_query_run(struct wr_query *query);
/* The next row; false at the end and after an error. */
bool wr_query_row(struct wr_query *query);
/* Stops before the last row. The statement can be bound and run again. */
void wr_query_reset(struct wr_query *query);
/* Releases the statement. Returns `status` if that is an error, else the query's status. */
wr_status wr_query_end(struct wr_query *query, wr_status status, const char *what,
                       struct wr_error *error);

/* NaN for NULL. */
double wr_column_real(const struct wr_query *query, int column);
size_t wr_column_size(const struct wr_query *query, int column);
/* "" for NULL. Also "" without memory, which then is the query's error. Valid until the next
 * row. */
const char *wr_column_text(struct wr_query *query, int column);

/* Begins a transaction that writes. Before its first change, a study of schema 1 becomes one of
 * schema 2; if the transaction fails, the file stays as it is. */
wr_status wr_study_begin(struct wr_study *study, struct wr_error *error);
/* Commits if status is WR_OK; otherwise rolls back and returns status. */
wr_status wr_study_end(struct wr_study *study, wr_status status, const char *what,
                       struct wr_error *error);

/* wr_study_settle without a transaction of its own. Call it inside one, or for reading
 * (study_write.c). */
wr_status wr_study_settle_inside(struct wr_study *study, const struct wr_setting *settings,
                                 size_t count, struct wr_error *error);

/* Drops the parameters that are not kept. Call it inside a transaction (commit.c). */
wr_status wr_study_prune(struct wr_study *study, struct wr_error *error);

/* Whether a trial that has ended so has a result and is not trained again. */
static inline bool wr_trial_has_ended(enum wr_trial_status status) {
    return status == WR_TRIAL_DONE || status == WR_TRIAL_DIVERGED || status == WR_TRIAL_PRUNED;
}

/* ---- checkpoints ---- */

/* Size of what follows a checkpoint's floats: the byte 1, then the hash, lowest byte first. Studies
 * of Windrow 0.1 lack both; the length of the blob shows that. */
enum { WR_CHECKPOINT_HASH = 9 };
/* The hash of a checkpoint whose floats have this stored form (commit.c). */
uint64_t wr_study_checkpoint_hash(const struct wr_trial_checkpoint *checkpoint,
                                  const unsigned char *bytes, size_t size);
/* Returns WR_ERR_DATA if the trial's checkpoint does not match its hash (study_read.c). */
wr_status wr_study_check_checkpoint(struct wr_study *study, int64_t id, struct wr_error *error);

/* ---- words of the schema (study_read.c) ---- */

/* The options of a trial, WR_OPTION_COLUMNS, of which the first is column `first`. */
struct wr_trial_options wr_column_options(struct wr_query *row, int first);
/* The status of that name, or WR_TRIAL_PENDING. */
enum wr_trial_status wr_study_status(const char *name);

#endif
