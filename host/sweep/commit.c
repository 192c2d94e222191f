/* Commits to a study: outcomes of trials, checkpoints of others, and the parameters that are
 * kept. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tensors.h"
#include "sweep/store.h"
#include "sweep/trial.h"
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

/* Continues a hash with a whole number, lowest byte first. */
static uint64_t hash_whole(uint64_t hash, uint64_t number) {
    unsigned char bytes[8];
    for (size_t byte = 0; byte < sizeof bytes; byte++)
        bytes[byte] = (unsigned char)(number >> 8 * byte & 0xff);
    return wr_hash(hash, bytes, sizeof bytes);
}

uint64_t wr_study_checkpoint_hash(const struct wr_trial_checkpoint *checkpoint,
                                  const unsigned char *bytes, size_t size) {
    uint64_t hash = wr_hash(hash_whole(WR_HASH_START, checkpoint->epoch), bytes, size), bits;
    double numbers[] = {checkpoint->validated + 0, checkpoint->score + 0}; /* -0: SQLite has 0 */
    if (checkpoint->best_epoch == 0 && checkpoint->waited == 0 && !checkpoint->waits)
        return hash; /* as Windrow 0.1 */
    hash = hash_whole(hash_whole(hash, checkpoint->best_epoch), checkpoint->waited);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        bool there = i == 0 ? checkpoint->best_epoch > 0 : checkpoint->waits;
        memcpy(&bits, &numbers[i], sizeof bits);
        hash = hash_whole(hash, there ? bits : 0);
    }
    return hash;
}

/* Binds a checkpoint's floats, and its hash after them. The caller frees *bytes. */
static wr_status bind_checkpoint(struct wr_query *query, const struct wr_trial_checkpoint *c,
                                 size_t states, unsigned char **bytes, struct wr_error *error) {
    size_t count = c->parameter_count, parts = 1 + states + (c->best_epoch > 0);
    size_t size = count * sizeof(float) * parts;
    *bytes = wr_alloc(size + WR_CHECKPOINT_HASH, 1, "a checkpoint", error);
    if (*bytes == NULL)
        return WR_ERR_MEMORY;
    unsigned char *to = *bytes;
    put_floats(c->parameters, count, to);
    put_floats(c->optimizer, states * count, to + count * sizeof(float));
    if (c->best_epoch > 0)
        put_floats(c->best, count, to + size - count * sizeof(float));
    uint64_t hash = wr_study_checkpoint_hash(c, to, size);
    to[size] = 1;
    for (size_t byte = 0; byte < sizeof hash; byte++)
        to[size + 1 + byte] = (unsigned char)(hash >> 8 * byte & 0xff);
    wr_bind_blob(query, to, size + WR_CHECKPOINT_HASH);
    return WR_OK;
}

/* Drops the curve of a trial that begins anew, because its checkpoint was damaged and removed. */
static struct wr_query anew_query(struct wr_study *study) {
    return wr_query(study, "DELETE FROM curves WHERE trial = ?1 AND"
                           " NOT EXISTS (SELECT 1 FROM checkpoint WHERE trial = ?1)");
}

static bool begin_curve(struct wr_query *anew, int64_t trial) {
    wr_bind_int(anew, trial);
    return wr_query_run(anew);
}

/* Appends to a trial's curve. */
static struct wr_query curve_query(struct wr_study *study) {
    return wr_query(study, "INSERT INTO curves (trial, points) VALUES (?, ?)"
                           " ON CONFLICT DO UPDATE SET points = points || ',' || excluded.points");
}

/* Writes the points that are finite, with 9 digits: each loss reads as the same float. The caller
 * frees the text with free; NULL without memory. "" if there are none. */
static char *curve_text(const struct wr_curve_point *points, size_t count) {
    enum { POINT = 40 }; /* bytes of one, at most */
    size_t length = 0, room;
    char *text = wr_size_mul(count + 1, POINT, &room) ? calloc(room, 1) : NULL;
    for (size_t i = 0; i < count && text != NULL; i++) {
        if (!isfinite(points[i].loss))
            continue;
        wr_format(text + length, POINT, "%s%zu,%.9g", length > 0 ? "," : "", points[i].epoch,
                  (double)points[i].loss);
        length += strlen(text + length);
    }
    return text;
}

/* False after an error. */
static bool add_curve(struct wr_query *insert, int64_t trial, const struct wr_curve_point *points,
                      size_t count) {
    char *text = curve_text(points, count);
    if (text == NULL)
        insert->code = SQLITE_NOMEM;
    if (text != NULL && *text != '\0') {
        wr_bind_int(insert, trial);
        wr_bind_text(insert, text);
        wr_query_run(insert);
    }
    free(text);
    return insert->code == SQLITE_OK;
}

/* 0 becomes NULL. */
static void bind_count(struct wr_query *query, size_t count) {
    if (count > 0)
        wr_bind_size(query, count);
    else
        wr_bind_text(query, NULL);
}

static void bind_outcome(struct wr_query *update, const struct wr_trial_outcome *outcome,
                         char hash[17]) {
    bool failed = outcome->status == WR_TRIAL_FAILED;
    bool scored = outcome->status == WR_TRIAL_DONE || outcome->status == WR_TRIAL_PRUNED;
    wr_bind_int(update, outcome->id);
    wr_bind_text(update, wr_trial_status_name(outcome->status));
    wr_bind_text(update, failed ? outcome->why : NULL);
    wr_bind_real(update, outcome->loss);
    wr_bind_real(update, outcome->validation_loss);
    wr_bind_real(update, scored ? outcome->score : NAN);
    if (outcome->status == WR_TRIAL_DIVERGED)
        wr_bind_size(update, outcome->diverged_at);
    else
        wr_bind_text(update, NULL);
    snprintf(hash, 17, "%016llx", (unsigned long long)outcome->hash);
    wr_bind_text(update, failed ? NULL : hash);
    wr_bind_text(update, outcome->device);
    wr_bind_text(update, wr_version());
    wr_bind_real(update, outcome->seconds);
    bind_count(update, outcome->epochs);
    bind_count(update, outcome->best_epoch);
}

static wr_status write_outcomes(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                                size_t count, struct wr_error *error) {
    struct wr_query update =
        wr_query(study, "UPDATE trial SET status = ?2, why = ?3, loss = ?4, validation_loss = ?5,"
                        " score = ?6, diverged_at = ?7, hash = ?8, device = ?9, version = ?10,"
                        " seconds = ?11 + ifnull((SELECT seconds FROM checkpoint WHERE trial = ?1"
                        " AND ?2 <> 'failed'), 0), epochs = ?12, best_epoch = ?13"
                        " WHERE id = ?1");
    /* A failed trial keeps its checkpoint: a later run goes on from there. */
    struct wr_query forget =
        wr_query(study, "DELETE FROM checkpoint WHERE trial = ?1 AND"
                        " (SELECT status FROM trial WHERE id = ?1) <> 'failed'");
    struct wr_query curve = curve_query(study), anew = anew_query(study);
    wr_status status = WR_OK;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        char hash[17];
        bind_outcome(&update, &outcomes[i], hash);
        ok = begin_curve(&anew, outcomes[i].id) && wr_query_run(&update);
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
    status = wr_query_end(&anew, status, what, error);
    return wr_query_end(&curve, status, what, error);
}

/* The floats that the optimizer of a trial keeps of a parameter. */
static wr_status read_states(struct wr_query *find, int64_t id, size_t *states,
                             struct wr_error *error) {
    struct wr_trial_options trial = {0};
    unsigned optimizer = 0;
    wr_bind_int(find, id);
    bool found = wr_query_row(find);
    if (found)
        wr_option_find_word(WR_OPTION_OPTIMIZER, wr_column_text(find, 0), &optimizer);
    wr_query_reset(find);
    if (!found && find->code == SQLITE_OK)
        return wr_fail(error, WR_ERR_USAGE, "%s: has no trial %lld", find->study->path,
                       (long long)id);
    wr_option_set(&trial, WR_OPTION_OPTIMIZER, optimizer);
    *states = wr_rule_states(&trial.rule);
    return WR_OK;
}

static bool insert_checkpoint(struct wr_query *insert, const struct wr_trial_checkpoint *c,
                              size_t states, wr_status *status, struct wr_error *error) {
    unsigned char *bytes;
    if (states > 0 && c->optimizer == NULL) {
        *status = wr_fail(error, WR_ERR_USAGE,
                          "trial %lld: a checkpoint cannot be one without its optimizer's state",
                          (long long)c->id);
        return false;
    }
    wr_bind_int(insert, c->id);
    wr_bind_size(insert, c->epoch);
    *status = bind_checkpoint(insert, c, states, &bytes, error);
    wr_bind_real(insert, c->best_epoch > 0 ? c->validated : NAN);
    bind_count(insert, c->best_epoch);
    bind_count(insert, c->waited);
    wr_bind_real(insert, c->waits ? c->score : NAN);
    wr_bind_real(insert, isfinite(c->seconds) ? c->seconds : 0);
    bool ok = *status == WR_OK && wr_query_run(insert);
    free(bytes);
    return ok;
}

static wr_status write_checkpoints(struct wr_study *study,
                                   const struct wr_trial_checkpoint *checkpoints, size_t count,
                                   struct wr_error *error) {
    struct wr_query find = wr_query(study, "SELECT optimizer FROM trial WHERE id = ?");
    struct wr_query insert = wr_query(
        study, "INSERT INTO checkpoint (trial, epoch, parameters, validated, best_epoch, waited,"
               " score, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
               " ON CONFLICT DO UPDATE SET epoch = excluded.epoch,"
               " parameters = excluded.parameters, validated = excluded.validated,"
               " best_epoch = excluded.best_epoch, waited = excluded.waited,"
               " score = excluded.score, seconds = seconds + excluded.seconds");
    struct wr_query curve = curve_query(study), anew = anew_query(study);
    wr_status status = WR_OK;
    bool ok = true;
    for (size_t i = 0; i < count && ok && status == WR_OK; i++) {
        const struct wr_trial_checkpoint *checkpoint = &checkpoints[i];
        size_t states = 0;
        status = read_states(&find, checkpoint->id, &states, error);
        ok = status == WR_OK && find.code == SQLITE_OK && begin_curve(&anew, checkpoint->id) &&
             insert_checkpoint(&insert, checkpoint, states, &status, error) &&
             add_curve(&curve, checkpoint->id, checkpoint->curve, checkpoint->curve_count);
    }
    status = wr_query_end(&find, status, what, error);
    status = wr_query_end(&insert, status, what, error);
    status = wr_query_end(&anew, status, what, error);
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
        if (!wr_trial_has_ended(o->status) && o->status != WR_TRIAL_FAILED)
            return wr_fail(error, WR_ERR_USAGE, "trial %lld: an outcome cannot have the status %d",
                           (long long)o->id, (int)o->status);
        if (o->seconds < 0 || (o->status == WR_TRIAL_DIVERGED && o->diverged_at > UINT32_MAX))
            return wr_fail(error, WR_ERR_USAGE,
                           "trial %lld: its outcome cannot have %g seconds and diverged_at %zu",
                           (long long)o->id, o->seconds, o->diverged_at);
        if (o->epochs > UINT32_MAX || o->best_epoch > UINT32_MAX)
            return wr_fail(error, WR_ERR_USAGE,
                           "trial %lld: its outcome cannot have %zu epochs and best_epoch %zu",
                           (long long)o->id, o->epochs, o->best_epoch);
    }
    for (size_t i = 0; i < checkpoint_count; i++) {
        const struct wr_trial_checkpoint *c = &checkpoints[i];
        if (c->epoch == 0 || c->epoch >= epochs || c->seconds < 0)
            return wr_fail(error, WR_ERR_USAGE,
                           "trial %lld: a checkpoint cannot be one after %zu epochs and %g seconds",
                           (long long)c->id, c->epoch, c->seconds);
        if ((c->best_epoch > 0 && (c->best == NULL || !isfinite(c->validated))) ||
            (c->waits && !isfinite(c->score)))
            return wr_fail(error, WR_ERR_USAGE,
                           "trial %lld: a checkpoint cannot have best_epoch %zu without parameters "
                           "and a finite loss, nor wait with score %g",
                           (long long)c->id, c->best_epoch, c->score);
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
