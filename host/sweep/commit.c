/* Commits to a study: outcomes of trials, checkpoints of others, and the parameters that are
 * kept. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/tensors.h"
#include "sweep/store.h"
#include "windrow/version.h"

static const char what[] = "commit";

static void put_floats(const float *values, size_t count, unsigned char *bytes) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = wr_stored_bits(values[i]);
        for (size_t byte = 0; byte < sizeof bits; byte++)
            bytes[sizeof bits * i + byte] = (unsigned char)(bits >> 8 * byte & 0xff);
    }
}

/* Binds floats in their stored form, *bytes. The caller frees *bytes after the query has run. */
static wr_status bind_floats(struct wr_query *query, const float *values, size_t count,
                             unsigned char **bytes, struct wr_error *error) {
    *bytes = wr_alloc(count, sizeof *values, "a trial's parameters", error);
    if (*bytes == NULL)
        return WR_ERR_MEMORY;
    put_floats(values, count, *bytes);
    wr_bind_blob(query, *bytes, count * sizeof *values);
    return WR_OK;
}

uint64_t wr_study_checkpoint_hash(size_t epoch, const unsigned char *bytes, size_t size) {
    unsigned char first[8];
    for (size_t byte = 0; byte < sizeof first; byte++)
        first[byte] = (unsigned char)((uint64_t)epoch >> 8 * byte & 0xff);
    return wr_hash(wr_hash(WR_HASH_START, first, sizeof first), bytes, size);
}

/* Binds a checkpoint's parameters, and their hash after them. */
static wr_status bind_checkpoint(struct wr_query *query,
                                 const struct wr_trial_checkpoint *checkpoint,
                                 unsigned char **bytes, struct wr_error *error) {
    size_t size = checkpoint->parameter_count * sizeof(float);
    *bytes = wr_alloc(size + WR_CHECKPOINT_HASH, 1, "a trial's parameters", error);
    if (*bytes == NULL)
        return WR_ERR_MEMORY;
    put_floats(checkpoint->parameters, checkpoint->parameter_count, *bytes);
    uint64_t hash = wr_study_checkpoint_hash(checkpoint->epoch, *bytes, size);
    (*bytes)[size] = 1;
    for (size_t byte = 0; byte < sizeof hash; byte++)
        (*bytes)[size + 1 + byte] = (unsigned char)(hash >> 8 * byte & 0xff);
    wr_bind_blob(query, *bytes, size + WR_CHECKPOINT_HASH);
    return WR_OK;
}

static struct wr_query curve_query(struct wr_study *study) {
    return wr_query(study, "INSERT INTO curve (trial, epoch, loss) VALUES (?, ?, ?)"
                           " ON CONFLICT DO UPDATE SET loss = excluded.loss");
}

/* False after an error. */
static bool add_curve(struct wr_query *insert, int64_t trial, const struct wr_curve_point *points,
                      size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(points[i].loss))
            continue;
        wr_bind_int(insert, trial);
        wr_bind_size(insert, points[i].epoch);
        wr_bind_real(insert, (double)points[i].loss);
        if (!wr_query_run(insert))
            return false;
    }
    return insert->code == SQLITE_OK;
}

static void bind_outcome(struct wr_query *update, const struct wr_trial_outcome *outcome,
                         char hash[17]) {
    bool failed = outcome->status == WR_TRIAL_FAILED;
    bool done = outcome->status == WR_TRIAL_DONE;
    wr_bind_int(update, outcome->id);
    wr_bind_text(update, wr_trial_status_name(outcome->status));
    wr_bind_text(update, failed ? outcome->why : NULL);
    wr_bind_real(update, outcome->loss);
    wr_bind_real(update, outcome->validation_loss);
    wr_bind_real(update, done ? outcome->score : NAN);
    if (outcome->status == WR_TRIAL_DIVERGED)
        wr_bind_size(update, outcome->diverged_at);
    else
        wr_bind_text(update, NULL);
    snprintf(hash, 17, "%016llx", (unsigned long long)outcome->hash);
    wr_bind_text(update, failed ? NULL : hash);
    wr_bind_text(update, outcome->device);
    wr_bind_text(update, wr_version());
    wr_bind_real(update, outcome->seconds);
}

static wr_status write_outcomes(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                                size_t count, struct wr_error *error) {
    struct wr_query update =
        wr_query(study, "UPDATE trial SET status = ?2, why = ?3, loss = ?4, validation_loss = ?5,"
                        " score = ?6, diverged_at = ?7, hash = ?8, device = ?9, version = ?10,"
                        " seconds = ?11 + ifnull((SELECT seconds FROM checkpoint WHERE trial = ?1"
                        " AND ?2 <> 'failed'), 0)"
                        " WHERE id = ?1");
    /* A failed trial keeps its checkpoint: a later run goes on from there. */
    struct wr_query forget =
        wr_query(study, "DELETE FROM checkpoint WHERE trial = ?1 AND"
                        " (SELECT status FROM trial WHERE id = ?1) <> 'failed'");
    struct wr_query curve = curve_query(study);
    wr_status status = WR_OK;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        char hash[17];
        bind_outcome(&update, &outcomes[i], hash);
        ok = wr_query_run(&update);
        if (ok && sqlite3_changes(study->db) == 0) {
            status = wr_fail(error, WR_ERR_USAGE, "%s: has no trial %lld", study->path,
                             (long long)outcomes[i].id);
            break;
        }
        wr_bind_int(&forget, outcomes[i].id);
        ok = ok && wr_query_run(&forget) &&
             add_curve(&curve, outcomes[i].id, outcomes[i].curve, outcomes[i].curve_count);
    }
    status = wr_query_end(&update, status, what, error);
    status = wr_query_end(&forget, status, what, error);
    return wr_query_end(&curve, status, what, error);
}

static wr_status write_checkpoints(struct wr_study *study,
                                   const struct wr_trial_checkpoint *checkpoints, size_t count,
                                   struct wr_error *error) {
    struct wr_query insert = wr_query(
        study, "INSERT INTO checkpoint (trial, epoch, parameters, seconds) VALUES (?, ?, ?, ?)"
               " ON CONFLICT DO UPDATE SET epoch = excluded.epoch,"
               " parameters = excluded.parameters, seconds = seconds + excluded.seconds");
    struct wr_query curve = curve_query(study);
    wr_status status = WR_OK;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        const struct wr_trial_checkpoint *checkpoint = &checkpoints[i];
        unsigned char *bytes;
        wr_bind_int(&insert, checkpoint->id);
        wr_bind_size(&insert, checkpoint->epoch);
        status = bind_checkpoint(&insert, checkpoint, &bytes, error);
        wr_bind_real(&insert, isfinite(checkpoint->seconds) ? checkpoint->seconds : 0);
        ok = status == WR_OK && wr_query_run(&insert) &&
             add_curve(&curve, checkpoint->id, checkpoint->curve, checkpoint->curve_count);
        free(bytes);
    }
    status = wr_query_end(&insert, status, what, error);
    return wr_query_end(&curve, status, what, error);
}

/* Finds the last of the study->keep best trials; *id is 0 if fewer trials are done. */
static wr_status last_kept(struct wr_study *study, int64_t *id, struct wr_error *error) {
    *id = 0;
    struct wr_query query = wr_query(study, "SELECT id FROM best LIMIT 1 OFFSET ?");
    wr_bind_size(&query, study->keep - 1);
    while (wr_query_row(&query))
        *id = sqlite3_column_int64(query.statement, 0);
    return wr_query_end(&query, WR_OK, what, error);
}

/* Stores the parameters of the outcomes that are done and rank no lower than the trial `last` (0:
 * of all). */
static wr_status keep_outcomes(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                               size_t count, int64_t last, struct wr_error *error) {
    struct wr_query insert =
        wr_query(study, "INSERT OR REPLACE INTO parameters (trial, value) SELECT id, ?3 FROM trial"
                        " WHERE id = ?1 AND (?2 = 0 OR (" WR_STUDY_RANK
                        ") <= (SELECT " WR_STUDY_RANK " FROM trial WHERE id = ?2))");
    wr_status status = WR_OK;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        if (outcomes[i].status != WR_TRIAL_DONE || outcomes[i].parameters == NULL)
            continue;
        unsigned char *bytes;
        wr_bind_int(&insert, outcomes[i].id);
        wr_bind_int(&insert, last);
        status = bind_floats(&insert, outcomes[i].parameters, outcomes[i].parameter_count, &bytes,
                             error);
        ok = status == WR_OK && wr_query_run(&insert);
        free(bytes);
    }
    return wr_query_end(&insert, status, what, error);
}

static wr_status drop_others(struct wr_study *study, int64_t last, struct wr_error *error) {
    struct wr_query drop = wr_query(
        study, "DELETE FROM parameters WHERE trial IN (SELECT id FROM parameters"
               " JOIN trial ON id = parameters.trial"
               " WHERE (" WR_STUDY_RANK ") > (SELECT " WR_STUDY_RANK " FROM trial WHERE id = ?))");
    wr_bind_int(&drop, last);
    wr_query_run(&drop);
    return wr_query_end(&drop, WR_OK, what, error);
}

/* Keeps the parameters of the best trials and drops all others. A trial that is not among the best
 * now never will be, since the number of done trials only grows. */
static wr_status keep_best(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                           size_t count, struct wr_error *error) {
    if (study->keep == 0) {
        struct wr_query drop = wr_query(study, "DELETE FROM parameters");
        wr_query_run(&drop);
        return wr_query_end(&drop, WR_OK, what, error);
    }
    int64_t last;
    wr_status status = last_kept(study, &last, error);
    if (status == WR_OK)
        status = keep_outcomes(study, outcomes, count, last, error);
    if (status == WR_OK && last != 0)
        status = drop_others(study, last, error);
    return status;
}

wr_status wr_study_prune(struct wr_study *study, struct wr_error *error) {
    return keep_best(study, NULL, 0, error);
}

/* What the study would refuse when it is opened again. */
static wr_status check(const struct wr_trial_outcome *outcomes, size_t outcome_count,
                       const struct wr_trial_checkpoint *checkpoints, size_t checkpoint_count,
                       size_t epochs, struct wr_error *error) {
    for (size_t i = 0; i < outcome_count; i++) {
        const struct wr_trial_outcome *o = &outcomes[i];
        if (o->status != WR_TRIAL_DONE && o->status != WR_TRIAL_DIVERGED &&
            o->status != WR_TRIAL_FAILED)
            return wr_fail(error, WR_ERR_USAGE, "trial %lld: an outcome cannot have the status %d",
                           (long long)o->id, (int)o->status);
        if (o->seconds < 0 || (o->status == WR_TRIAL_DIVERGED && o->diverged_at > UINT32_MAX))
            return wr_fail(error, WR_ERR_USAGE,
                           "trial %lld: its outcome cannot have %g seconds and diverged_at %zu",
                           (long long)o->id, o->seconds, o->diverged_at);
    }
    for (size_t i = 0; i < checkpoint_count; i++) {
        const struct wr_trial_checkpoint *c = &checkpoints[i];
        if (c->epoch == 0 || c->epoch >= epochs || c->seconds < 0)
            return wr_fail(error, WR_ERR_USAGE,
                           "trial %lld: a checkpoint cannot be one after %zu epochs and %g seconds",
                           (long long)c->id, c->epoch, c->seconds);
    }
    return WR_OK;
}

/* The epochs of the study's trials; without that setting, the most there can be. */
static wr_status read_epochs(struct wr_study *study, size_t *epochs, struct wr_error *error) {
    char *text;
    wr_status status = wr_study_setting(study, "epochs", &text, error);
    if (status == WR_OK && (text == NULL || !wr_read_whole(text, epochs) || *epochs == 0))
        *epochs = (size_t)UINT32_MAX + 1;
    free(text);
    return status;
}

wr_status wr_study_commit(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                          size_t outcome_count, const struct wr_trial_checkpoint *checkpoints,
                          size_t checkpoint_count, struct wr_error *error) {
    size_t epochs = 0;
    wr_status status = checkpoint_count > 0 ? read_epochs(study, &epochs, error) : WR_OK;
    if (status == WR_OK)
        status = check(outcomes, outcome_count, checkpoints, checkpoint_count, epochs, error);
    if (status == WR_OK)
        status = wr_study_begin(study, error);
    if (status != WR_OK)
        return status;
    status = write_outcomes(study, outcomes, outcome_count, error);
    if (status == WR_OK)
        status = write_checkpoints(study, checkpoints, checkpoint_count, error);
    if (status == WR_OK && outcome_count > 0)
        status = keep_best(study, outcomes, outcome_count, error);
    return wr_study_end(study, status, what, error);
}
