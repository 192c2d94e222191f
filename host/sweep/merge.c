/* Merges studies whose trials were trained separately. */
#include "sweep/store.h"
#include "sweep/trial.h"

#include "base/arithmetic.h"

#include <stdlib.h>
#include <string.h>

static const char what[] = "be merged";

/* The columns of a trial: those that identify it, and those that its end fills in. */
#define KEY WR_OPTION_COLUMNS
#define ENDED                                                                                      \
    "status, why, loss, validation_loss, score, diverged_at, epochs, best_epoch, hash, device,"    \
    " seconds, version"
enum {
    ID,
    KEY_FIRST,
    STATUS = KEY_FIRST + WR_OPTIONS,
    HASH = STATUS + 8,
    DEVICE,
    COLUMNS = STATUS + 12,
    POINTS = COLUMNS,
    KEPT
};

/* ---- settings ---- */

static wr_status compare_settings(struct wr_study *study, struct wr_study *from,
                                  struct wr_error *error) {
    struct wr_query query =
        wr_query(from, "SELECT name, value, fixed FROM study WHERE name <> 'shard' ORDER BY name");
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&query)) {
        struct wr_setting setting = {wr_column_text(&query, 0), wr_column_text(&query, 1),
                                     wr_column_size(&query, 2) != 0};
        struct wr_error why = {0};
        status = wr_study_settle_inside(study, &setting, 1, &why);
        if (status != WR_OK)
            wr_fail(error, status, "%s cannot be merged: %s", from->path, why.text);
        wr_error_release(&why);
    }
    return wr_query_end(&query, status, "be read", error);
}

/* ---- one trial ---- */

struct merge {
    struct wr_study *study, *from;
    struct wr_query find, insert, update, forget, forget_curve, curve, checkpoint, parameters;
    struct wr_query insert_ended, from_checkpoint, from_parameters;
};

static int bind_column(sqlite3_stmt *to, int at, sqlite3_stmt *row, int column) {
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        return sqlite3_bind_int64(to, at, sqlite3_column_int64(row, column));
    case SQLITE_FLOAT:
        return sqlite3_bind_double(to, at, sqlite3_column_double(row, column));
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(row, column);
        return sqlite3_bind_text(to, at, text, sqlite3_column_bytes(row, column), SQLITE_STATIC);
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_column_blob(row, column);
        return sqlite3_bind_blob(to, at, blob, sqlite3_column_bytes(row, column), SQLITE_STATIC);
    }
    default:
        return sqlite3_bind_null(to, at);
    }
}

/* Binds columns first .. end-1 of a row to the next parameters, as they are. Texts and blobs stay
 * those of the row, which must not go on before the query has run. */
static void bind_columns(struct wr_query *to, const struct wr_query *row, int first, int end) {
    for (int column = first; column < end && to->code == SQLITE_OK; column++)
        to->code = bind_column(to->statement, ++to->bound, row->statement, column);
}

/* Copies the rows that `from` selects for one trial into `to`, with the trial's id there. Returns
 * false after an error. */
static bool copy_rows(struct wr_query *from, int64_t from_id, struct wr_query *to, int64_t id) {
    bool ok = true;
    wr_bind_int(from, from_id);
    while (ok && wr_query_row(from)) {
        wr_bind_int(to, id);
        bind_columns(to, from, 0, sqlite3_column_count(from->statement));
        ok = wr_query_run(to);
    }
    wr_query_reset(from);
    return ok && from->code == SQLITE_OK;
}

static bool same_text(struct wr_query *a, int column_a, struct wr_query *b, int column_b) {
    return strcmp(wr_column_text(a, column_a), wr_column_text(b, column_b)) == 0;
}

/* Fails if one trial has two results: one of the two devices is broken, or was accepted as
 * inexact. */
static wr_status check_same(struct merge *m, struct wr_query *row, struct wr_error *error) {
    struct wr_query *find = &m->find; /* id, epoch, then the columns of a row from STATUS on */
    int shift = STATUS - 2;
    bool same = true;
    for (int column = STATUS; column < DEVICE; column++)
        same = same && same_text(row, column, find, column - shift);
    if (same || row->code != SQLITE_OK || find->code != SQLITE_OK)
        return WR_OK;
    return wr_fail(error, WR_ERR_VERIFY,
                   "one trial has two results: trial %lld of %s, by %s, is %s with parameters %s; "
                   "trial %lld of %s, by %s, is %s with parameters %s; verify both devices",
                   (long long)sqlite3_column_int64(find->statement, 0), m->study->path,
                   wr_column_text(find, DEVICE - shift), wr_column_text(find, STATUS - shift),
                   wr_column_text(find, HASH - shift),
                   (long long)sqlite3_column_int64(row->statement, ID), m->from->path,
                   wr_column_text(row, DEVICE), wr_column_text(row, STATUS),
                   wr_column_text(row, HASH));
}

/* Gives the trial `id` the loss curve of the row; false after an error. */
static bool take_curve(struct merge *m, const struct wr_query *row, int64_t id) {
    if (sqlite3_column_type(row->statement, POINTS) == SQLITE_NULL)
        return true;
    wr_bind_int(&m->curve, id);
    bind_columns(&m->curve, row, POINTS, POINTS + 1);
    return wr_query_run(&m->curve);
}

/* Gives the trial `id` of the study the end that the row has; false after an error. */
static bool take_end(struct merge *m, struct wr_query *row, int64_t id) {
    wr_bind_int(&m->update, id);
    bind_columns(&m->update, row, STATUS, COLUMNS);
    wr_bind_int(&m->forget, id);
    wr_bind_int(&m->forget_curve, id);
    return wr_query_run(&m->update) && wr_query_run(&m->forget) && wr_query_run(&m->forget_curve) &&
           take_curve(m, row, id);
}

/* Gives the trial `id` the parameters of the other study, if that has any and they are not damaged.
 * *ok: false after an error. */
static wr_status take_parameters(struct merge *m, const struct wr_query *row, int64_t id, bool *ok,
                                 struct wr_error *error) {
    int64_t from_id = sqlite3_column_int64(row->statement, ID);
    float *parameters;
    size_t count;
    if (sqlite3_column_int(row->statement, KEPT) == 0)
        return WR_OK;
    wr_status status = wr_study_read_parameters(m->from, from_id, &parameters, &count, error);
    free(parameters);
    *ok = status == WR_OK && copy_rows(&m->from_parameters, from_id, &m->parameters, id);
    return status;
}

/* Gives the trial the row's checkpoint if that is later than `epoch`. *ok: false after an error. */
static wr_status take_checkpoint(struct merge *m, const struct wr_query *row, int64_t id,
                                 size_t epoch, bool *ok, struct wr_error *error) {
    int64_t from_id = sqlite3_column_int64(row->statement, ID);
    wr_bind_int(&m->from_checkpoint, from_id);
    bool later =
        wr_query_row(&m->from_checkpoint) && wr_column_size(&m->from_checkpoint, 0) > epoch;
    wr_query_reset(&m->from_checkpoint);
    *ok = m->from_checkpoint.code == SQLITE_OK;
    if (!later || !*ok)
        return WR_OK;
    wr_status status = wr_study_check_checkpoint(m->from, from_id, error);
    *ok = status == WR_OK && copy_rows(&m->from_checkpoint, from_id, &m->checkpoint, id) &&
          take_curve(m, row, id);
    return status;
}

/* Runs an insert of one trial. *id: its id, or 0 if there is one of these options, or of this id.
 */
static bool insert_trial(struct merge *m, struct wr_query *insert, int64_t *id) {
    bool ok = wr_query_run(insert);
    *id = ok && sqlite3_changes(m->study->db) > 0 ? sqlite3_last_insert_rowid(m->study->db) : 0;
    return ok;
}

/* Adds a trial with the row's options, and with its end if it has one. It keeps its id of the other
 * study if that is free. *id is 0 if the study has the trial, whose state is then in m->find until
 * that is reset. Returns false after an error. */
static bool add_trial(struct merge *m, struct wr_query *row, bool ended, int64_t *id) {
    struct wr_query *insert = ended ? &m->insert_ended : &m->insert;
    int end = ended ? COLUMNS : STATUS;
    bind_columns(insert, row, ID, end);
    if (!insert_trial(m, insert, id))
        return false;
    if (*id == 0) {
        bind_columns(&m->find, row, KEY_FIRST, STATUS);
        if (wr_query_row(&m->find) || m->find.code != SQLITE_OK)
            return m->find.code == SQLITE_OK;
        wr_query_reset(&m->find);
        wr_bind_text(insert, NULL); /* the next free id */
        bind_columns(insert, row, KEY_FIRST, end);
        if (!insert_trial(m, insert, id))
            return false;
    }
    return !ended || take_curve(m, row, *id);
}

/* Gives a trial that the study has what the row adds to it. */
static wr_status complete_trial(struct merge *m, struct wr_query *row, bool ended,
                                struct wr_merge_report *report, bool *ok, struct wr_error *error) {
    int64_t id = sqlite3_column_int64(m->find.statement, 0);
    size_t epoch = wr_column_size(&m->find, 1);
    bool known = wr_trial_has_ended(wr_study_status(wr_column_text(&m->find, 2)));
    wr_status result = ended && known ? check_same(m, row, error) : WR_OK;
    wr_query_reset(&m->find);
    *ok = row->code == SQLITE_OK && m->find.code == SQLITE_OK;
    if (!*ok || result != WR_OK || known)
        return result;
    if (!ended)
        return take_checkpoint(m, row, id, epoch, ok, error);
    report->taken++;
    *ok = take_end(m, row, id);
    return *ok ? take_parameters(m, row, id, ok, error) : WR_OK;
}

/* Takes what one row of the other study adds to this one. *ok: false after an error of a query;
 * then nothing more may be written. */
static wr_status take_trial(struct merge *m, struct wr_query *row, struct wr_merge_report *report,
                            bool *ok, struct wr_error *error) {
    bool ended = wr_trial_has_ended(wr_study_status(wr_column_text(row, STATUS))) &&
                 !wr_study_is_torn(m->from, sqlite3_column_int64(row->statement, ID));
    int64_t id;
    report->trials++;
    report->pending += !ended;
    *ok = row->code == SQLITE_OK && add_trial(m, row, ended, &id);
    if (!*ok)
        return WR_OK;
    if (id == 0)
        return complete_trial(m, row, ended, report, ok, error);
    report->added++;
    report->taken += ended;
    return ended ? take_parameters(m, row, id, ok, error)
                 : take_checkpoint(m, row, id, 0, ok, error);
}

/* ---- all trials ---- */

static void prepare(struct merge *m) {
    m->find = wr_query(m->study, "SELECT id, ifnull(epoch, 0), " ENDED " FROM ("
                                 "SELECT trial.*, epoch FROM trial LEFT JOIN checkpoint"
                                 " ON checkpoint.trial = id)"
                                 " WHERE (" KEY ") = (" WR_OPTION_PARAMETERS ")");
    m->insert = wr_query(m->study, "INSERT OR IGNORE INTO trial (id, " KEY
                                   ") VALUES (?, " WR_OPTION_PARAMETERS ")");
    m->insert_ended = wr_query(m->study, "INSERT OR IGNORE INTO trial (id, " KEY ", " ENDED
                                         ") VALUES (?, " WR_OPTION_PARAMETERS
                                         ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    m->update = wr_query(m->study, "UPDATE trial SET status = ?2, why = ?3, loss = ?4,"
                                   " validation_loss = ?5, score = ?6, diverged_at = ?7,"
                                   " epochs = ?8, best_epoch = ?9, hash = ?10, device = ?11,"
                                   " seconds = ?12, version = ?13 WHERE id = ?1");
    m->forget = wr_query(m->study, "DELETE FROM checkpoint WHERE trial = ?");
    m->forget_curve = wr_query(m->study, "DELETE FROM curves WHERE trial = ?");
    m->curve = wr_query(m->study, "INSERT OR REPLACE INTO curves (trial, points) VALUES (?, ?)");
    m->checkpoint =
        wr_query(m->study, "INSERT OR REPLACE INTO checkpoint (trial, epoch, parameters, validated,"
                           " best_epoch, waited, score, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    m->parameters = wr_query(m->study, "INSERT OR REPLACE INTO parameters (trial, value)"
                                       " VALUES (?, ?)");
    m->from_checkpoint =
        wr_query(m->from, "SELECT epoch, parameters, validated, best_epoch, waited, score, seconds"
                          " FROM checkpoint WHERE trial = ?");
    m->from_parameters = wr_query(m->from, "SELECT value FROM parameters WHERE trial = ?");
}

static wr_status finish(struct merge *m, wr_status status, struct wr_error *error) {
    struct wr_query *const queries[] = {
        &m->find,         &m->insert,          &m->update,         &m->forget,
        &m->forget_curve, &m->curve,           &m->checkpoint,     &m->parameters,
        &m->insert_ended, &m->from_checkpoint, &m->from_parameters};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        status = wr_query_end(queries[i], status, what, error);
    return status;
}

static wr_status take_trials(struct wr_study *study, struct wr_study *from,
                             struct wr_merge_report *report, struct wr_error *error) {
    struct merge m = {.study = study, .from = from};
    wr_status status = WR_OK;
    prepare(&m);
    struct wr_query rows = wr_query(
        from,
        "SELECT id, " KEY ", " ENDED ", points, kept.trial IS NOT NULL FROM trial LEFT JOIN"
        " curves ON curves.trial = id LEFT JOIN parameters AS kept ON kept.trial = id ORDER BY id");
    bool ok = true;
    while (status == WR_OK && ok && wr_query_row(&rows))
        status = take_trial(&m, &rows, report, &ok, error);
    status = finish(&m, status, error);
    status = wr_query_end(&rows, status, "be read", error);
    return status == WR_OK ? wr_study_prune(study, error) : status;
}

wr_status wr_study_merge(struct wr_study *study, struct wr_study *from,
                         struct wr_merge_report *report, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *report = (struct wr_merge_report){0};
    wr_status status = wr_study_begin(study, error);
    if (status != WR_OK)
        return status;
    status = compare_settings(study, from, error);
    if (status == WR_OK)
        status = take_trials(study, from, report, error);
    return wr_study_end(study, status, what, error);
}
