/* Merges studies whose trials were trained separately. */
#include "sweep/store.h"

#include "base/arithmetic.h"

#include <stdlib.h>
#include <string.h>

static const char what[] = "be merged";

/* The columns of a trial: those that identify it, and those that its end fills in. */
#define KEY "hidden, window, batch, init, lr, clip, seed"
#define ENDED                                                                                      \
    "status, why, loss, validation_loss, score, diverged_at, hash, device, seconds, version"
enum { ID, KEY_FIRST, STATUS = KEY_FIRST + 7, HASH = STATUS + 6, DEVICE, COLUMNS = STATUS + 10 };

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
        status = wr_study_settle(study, &setting, 1, &why);
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
    struct wr_query from_curve, from_checkpoint, from_parameters;
};

/* Binds columns first .. end-1 of a row to the next parameters, as they are. */
static void bind_columns(struct wr_query *to, const struct wr_query *row, int first, int end) {
    for (int column = first; column < end && to->code == SQLITE_OK; column++)
        to->code = sqlite3_bind_value(to->statement, ++to->bound,
                                      sqlite3_column_value(row->statement, column));
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

static bool has_ended(enum wr_trial_status status) {
    return status == WR_TRIAL_DONE || status == WR_TRIAL_DIVERGED;
}

/* Checks the parameters of the other study, so that damaged ones are not copied. Most trials have
 * none. *ok: false after an error. */
static wr_status check_parameters(struct merge *m, const struct wr_query *row, bool *ok,
                                  struct wr_error *error) {
    int64_t from_id = sqlite3_column_int64(row->statement, ID);
    wr_bind_int(&m->from_parameters, from_id);
    bool kept = wr_query_row(&m->from_parameters);
    wr_query_reset(&m->from_parameters);
    *ok = m->from_parameters.code == SQLITE_OK;
    if (!kept || !*ok)
        return WR_OK;
    float *parameters;
    size_t count;
    wr_status status = wr_study_read_parameters(m->from, from_id, &parameters, &count, error);
    *ok = status == WR_OK;
    free(parameters);
    return status;
}

/* Gives the trial `id` of the study the end that the row has; false after an error. */
static bool take_end(struct merge *m, struct wr_query *row, int64_t id) {
    int64_t from_id = sqlite3_column_int64(row->statement, ID);
    wr_bind_int(&m->update, id);
    bind_columns(&m->update, row, STATUS, COLUMNS);
    wr_bind_int(&m->forget, id);
    wr_bind_int(&m->forget_curve, id);
    return wr_query_run(&m->update) && wr_query_run(&m->forget) && wr_query_run(&m->forget_curve) &&
           copy_rows(&m->from_curve, from_id, &m->curve, id) &&
           copy_rows(&m->from_parameters, from_id, &m->parameters, id);
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
          copy_rows(&m->from_curve, from_id, &m->curve, id);
    return status;
}

/* Adds a trial with the row's options. Returns false after an error: SQLite's last id is then that
 * of another row. */
static bool add_trial(struct merge *m, struct wr_query *row, int64_t *id) {
    bind_columns(&m->insert, row, ID, STATUS);
    if (!wr_query_run(&m->insert))
        return false;
    *id = sqlite3_last_insert_rowid(m->study->db);
    return true;
}

/* Takes what one row of the other study adds to this one. *ok: false after an error of a query;
 * then nothing more may be written. */
static wr_status take_trial(struct merge *m, struct wr_query *row, struct wr_merge_report *report,
                            bool *ok, struct wr_error *error) {
    enum wr_trial_status status = wr_study_status(wr_column_text(row, STATUS)), known;
    wr_status result = WR_OK;
    if (wr_study_is_torn(m->from, sqlite3_column_int64(row->statement, ID)))
        status = WR_TRIAL_PENDING;
    bind_columns(&m->find, row, KEY_FIRST, STATUS);
    bool found = wr_query_row(&m->find);
    int64_t id = found ? sqlite3_column_int64(m->find.statement, 0) : 0;
    size_t epoch = found ? wr_column_size(&m->find, 1) : 0;
    known = found ? wr_study_status(wr_column_text(&m->find, 2)) : WR_TRIAL_PENDING;
    if (has_ended(status) && has_ended(known))
        result = check_same(m, row, error);
    wr_query_reset(&m->find);
    *ok = row->code == SQLITE_OK && m->find.code == SQLITE_OK;
    if (!*ok || result != WR_OK)
        return result;
    if (!found) {
        *ok = add_trial(m, row, &id);
        report->added++;
    }
    report->trials++;
    report->pending += !has_ended(status);
    if (*ok && has_ended(status) && !has_ended(known)) {
        result = check_parameters(m, row, ok, error);
        *ok = *ok && take_end(m, row, id);
        report->taken++;
    } else if (*ok && !has_ended(known)) {
        result = take_checkpoint(m, row, id, epoch, ok, error);
    }
    return result;
}

/* ---- all trials ---- */

static void prepare(struct merge *m) {
    m->find = wr_query(m->study, "SELECT id, ifnull(epoch, 0), " ENDED " FROM ("
                                 "SELECT trial.*, epoch FROM trial LEFT JOIN checkpoint"
                                 " ON checkpoint.trial = id) WHERE hidden = ? AND window = ? AND"
                                 " batch = ? AND init = ? AND lr = ? AND clip = ? AND seed = ?");
    /* A trial keeps its id of the other study if that is free here. */
    m->insert = wr_query(m->study, "INSERT INTO trial (id, " KEY ") VALUES ("
                                   "CASE WHEN EXISTS (SELECT 1 FROM trial WHERE id = ?1)"
                                   " THEN NULL ELSE ?1 END, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    m->update = wr_query(m->study, "UPDATE trial SET status = ?2, why = ?3, loss = ?4,"
                                   " validation_loss = ?5, score = ?6, diverged_at = ?7, hash = ?8,"
                                   " device = ?9, seconds = ?10, version = ?11 WHERE id = ?1");
    m->forget = wr_query(m->study, "DELETE FROM checkpoint WHERE trial = ?");
    m->forget_curve = wr_query(m->study, "DELETE FROM curve WHERE trial = ?");
    m->curve = wr_query(m->study, "INSERT OR REPLACE INTO curve (trial, epoch, loss)"
                                  " VALUES (?, ?, ?)");
    m->checkpoint = wr_query(m->study, "INSERT OR REPLACE INTO checkpoint"
                                       " (trial, epoch, parameters, seconds) VALUES (?, ?, ?, ?)");
    m->parameters = wr_query(m->study, "INSERT OR REPLACE INTO parameters (trial, value)"
                                       " VALUES (?, ?)");
    m->from_curve = wr_query(m->from, "SELECT epoch, loss FROM curve WHERE trial = ?");
    m->from_checkpoint =
        wr_query(m->from, "SELECT epoch, parameters, seconds FROM checkpoint WHERE trial = ?");
    m->from_parameters = wr_query(m->from, "SELECT value FROM parameters WHERE trial = ?");
}

static wr_status finish(struct merge *m, wr_status status, struct wr_error *error) {
    struct wr_query *const queries[] = {
        &m->find,         &m->insert,          &m->update,         &m->forget,
        &m->forget_curve, &m->curve,           &m->checkpoint,     &m->parameters,
        &m->from_curve,   &m->from_checkpoint, &m->from_parameters};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        status = wr_query_end(queries[i], status, what, error);
    return status;
}

static wr_status take_trials(struct wr_study *study, struct wr_study *from,
                             struct wr_merge_report *report, struct wr_error *error) {
    struct merge m = {.study = study, .from = from};
    wr_status status = WR_OK;
    prepare(&m);
    struct wr_query rows = wr_query(from, "SELECT id, " KEY ", " ENDED " FROM trial ORDER BY id");
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
    wr_status status = compare_settings(study, from, error);
    if (status == WR_OK)
        status = wr_study_begin(study, error);
    if (status != WR_OK)
        return status;
    status = take_trials(study, from, report, error);
    return wr_study_end(study, status, what, error);
}
