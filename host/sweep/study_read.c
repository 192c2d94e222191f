/* Reads a study: settings, parameters, trials, groups. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/number.h"
#include "sweep/check.h"
#include "sweep/store.h"

/* ---- words of the schema ---- */

static const char *const status_names[] = {[WR_TRIAL_PENDING] = "pending",
                                           [WR_TRIAL_DONE] = "done",
                                           [WR_TRIAL_DIVERGED] = "diverged",
                                           [WR_TRIAL_FAILED] = "failed"};
enum { STATUSES = sizeof status_names / sizeof *status_names };

const char *wr_trial_status_name(enum wr_trial_status status) {
    return status_names[status];
}

enum wr_trial_status wr_study_status(const char *name) {
    for (int status = 0; status < STATUSES; status++)
        if (strcmp(name, status_names[status]) == 0)
            return (enum wr_trial_status)status;
    return WR_TRIAL_PENDING;
}

const char *wr_study_init_name(enum wr_init init) {
    return init == WR_INIT_PYTORCH ? "pytorch" : "notebook";
}

/* ---- settings, parameters ---- */

wr_status wr_study_setting(struct wr_study *study, const char *name, char **value,
                           struct wr_error *error) {
    *value = NULL;
    struct wr_query query = wr_query(study, "SELECT value FROM study WHERE name = ?");
    wr_bind_text(&query, name);
    wr_status status = WR_OK;
    if (wr_query_row(&query)) {
        const char *text = wr_column_text(&query, 0);
        *value = query.code == SQLITE_OK ? strdup(text) : NULL;
        if (query.code == SQLITE_OK && *value == NULL)
            status = wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its settings", study->path);
    }
    return wr_query_end(&query, status, "be read", error);
}

/* Copies the floats of a blob. The caller frees *values with free. */
static wr_status copy_floats(const struct wr_query *query, int column, const char *what,
                             float **values, size_t *count, struct wr_error *error) {
    const unsigned char *bytes = sqlite3_column_blob(query->statement, column);
    *count = (size_t)sqlite3_column_bytes(query->statement, column) / sizeof(float);
    if (bytes == NULL && *count > 0)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for %s", what);
    *values = wr_alloc(*count, sizeof **values, what, error);
    if (*values == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < *count; i++) {
        uint32_t bits = 0;
        for (size_t byte = 0; byte < sizeof bits; byte++)
            bits |= (uint32_t)bytes[sizeof bits * i + byte] << 8 * byte;
        memcpy(&(*values)[i], &bits, sizeof bits);
    }
    return WR_OK;
}

/* Whether a checkpoint has the hash of its epoch and parameters. Checkpoints of Windrow 0.1 have no
 * hash and count as valid. */
static bool is_valid_checkpoint(const struct wr_query *row) {
    const unsigned char *bytes = sqlite3_column_blob(row->statement, 1);
    size_t size = (size_t)sqlite3_column_bytes(row->statement, 1);
    if (size % sizeof(float) == 0)
        return true;
    if (bytes == NULL || size < WR_CHECKPOINT_HASH)
        return false;
    size -= WR_CHECKPOINT_HASH;
    uint64_t hash = wr_study_checkpoint_hash(wr_column_size(row, 0), bytes, size), kept = 0;
    for (size_t byte = 0; byte < sizeof kept; byte++)
        kept |= (uint64_t)bytes[size + 1 + byte] << 8 * byte;
    return bytes[size] == 1 && kept == hash;
}

/* The caller frees *values (*count) with free. It is NULL if there is no checkpoint. */
static wr_status read_checkpoint(struct wr_study *study, int64_t id, float **values, size_t *count,
                                 struct wr_error *error) {
    struct wr_query query =
        wr_query(study, "SELECT epoch, parameters FROM checkpoint WHERE trial = ?");
    wr_bind_int(&query, id);
    wr_status status = WR_OK;
    *values = NULL;
    *count = 0;
    if (wr_query_row(&query)) {
        if (!is_valid_checkpoint(&query))
            status =
                wr_fail(error, WR_ERR_DATA,
                        "%s: the checkpoint of trial %" PRId64
                        " is damaged: it does not have its hash; restore the file from a copy, "
                        "or let the trial begin anew by: sqlite3 FILE 'DELETE FROM checkpoint "
                        "WHERE trial = %" PRId64 "'",
                        study->path, id, id);
        else /* the byte and the hash after the parameters are copied as two floats */
            status = copy_floats(&query, 1, "a checkpoint", values, count, error);
        if (status == WR_OK && sqlite3_column_bytes(query.statement, 1) % (int)sizeof(float) != 0)
            *count -= WR_CHECKPOINT_HASH / sizeof(float);
    }
    return wr_query_end(&query, status, "be read", error);
}

wr_status wr_study_check_checkpoint(struct wr_study *study, int64_t id, struct wr_error *error) {
    float *values;
    size_t count;
    wr_status status = read_checkpoint(study, id, &values, &count, error);
    free(values);
    return status;
}

wr_status wr_study_read_checkpoint(struct wr_study *study, int64_t id, float *parameters,
                                   size_t count, struct wr_error *error) {
    float *values;
    size_t found;
    wr_status status = read_checkpoint(study, id, &values, &found, error);
    if (status == WR_OK && values != NULL && found == count)
        memcpy(parameters, values, count * sizeof *values);
    else if (status == WR_OK)
        status = wr_fail(error, WR_ERR_DATA,
                         "%s: the checkpoint of trial %lld holds %zu parameters, not %zu",
                         study->path, (long long)id, found, count);
    free(values);
    return status;
}

/* The columns of PARAMETERS. */
enum { VALUE, UNITS, KEPT_HASH, INPUTS, TARGET };
#define PARAMETERS                                                                                 \
    "SELECT value, hidden, ifnull(hash, ''), (SELECT value FROM study WHERE name = 'inputs'),"     \
    " (SELECT value FROM study WHERE name = 'target')"                                             \
    " FROM parameters JOIN trial ON id = trial WHERE trial = ?"

/* Whether the parameters have the trial's hash. A study that does not name its columns has no shape
 * to hash by; then this is true. */
static bool are_valid_parameters(struct wr_query *row, const float *parameters, size_t count) {
    char hash[17];
    struct wr_layout layout;
    if (sqlite3_column_type(row->statement, INPUTS) == SQLITE_NULL ||
        sqlite3_column_type(row->statement, TARGET) == SQLITE_NULL)
        return true;
    struct wr_shape shape = {.inputs = wr_count_names(wr_column_text(row, INPUTS)),
                             .hidden = wr_column_size(row, UNITS),
                             .outputs = wr_count_names(wr_column_text(row, TARGET)),
                             .seq_len = 1};
    if (wr_layout_of(&shape, &layout, NULL) != WR_OK || layout.count != count)
        return false;
    snprintf(hash, sizeof hash, "%016" PRIx64, wr_parameters_hash(&shape, parameters));
    return strcmp(hash, wr_column_text(row, KEPT_HASH)) == 0;
}

wr_status wr_study_read_parameters(struct wr_study *study, int64_t id, float **parameters,
                                   size_t *count, struct wr_error *error) {
    *parameters = NULL;
    *count = 0;
    struct wr_query query = wr_query(study, PARAMETERS);
    wr_bind_int(&query, id);
    wr_status status = WR_OK;
    if (wr_query_row(&query)) {
        status = copy_floats(&query, VALUE, "a trial's parameters", parameters, count, error);
        if (status == WR_OK && !are_valid_parameters(&query, *parameters, *count) &&
            query.code == SQLITE_OK)
            status = wr_fail(error, WR_ERR_DATA,
                             "%s: the parameters of trial %" PRId64
                             " are damaged: their hash is not the trial's; restore the file from "
                             "a copy, or train the trial again",
                             study->path, id);
    }
    status = wr_query_end(&query, status, "be read", error);
    if (status != WR_OK) {
        free(*parameters);
        *parameters = NULL;
    }
    return status;
}

/* ---- trials ---- */

enum trial_column {
    ID,
    HIDDEN,
    WINDOW,
    BATCH,
    INIT,
    LR,
    CLIP,
    SEED,
    STATUS,
    LOSS,
    VALIDATION_LOSS,
    SCORE,
    DIVERGED_AT,
    HASH,
    SECONDS,
    WHY,
    DEVICE,
    KEPT
};
#define TRIALS                                                                                     \
    "SELECT id, hidden, window, batch, init, lr, clip, seed, status, loss, validation_loss,"       \
    " score, diverged_at, hash, ifnull(seconds, 0), why, device,"                                  \
    " EXISTS (SELECT 1 FROM parameters WHERE parameters.trial = id) FROM trial"                    \
    " WHERE (?1 = 0 OR id = ?1) AND (?2 = 0 OR hidden = ?2)"

static struct wr_trial trial_of(struct wr_query *row) {
    return (struct wr_trial){
        .id = sqlite3_column_int64(row->statement, ID),
        .options = {.hidden = wr_column_size(row, HIDDEN),
                    .window = wr_column_size(row, WINDOW),
                    .batch = wr_column_size(row, BATCH),
                    .init = strcmp(wr_column_text(row, INIT), "pytorch") == 0 ? WR_INIT_PYTORCH
                                                                              : WR_INIT_NOTEBOOK,
                    .lr = (float)wr_column_real(row, LR),
                    .clip = (float)wr_column_real(row, CLIP),
                    .seed = (uint32_t)wr_column_size(row, SEED)},
        .status = wr_study_status(wr_column_text(row, STATUS)),
        .loss = wr_column_real(row, LOSS),
        .validation_loss = wr_column_real(row, VALIDATION_LOSS),
        .score = wr_column_real(row, SCORE),
        .diverged_at = wr_column_size(row, DIVERGED_AT),
        .hash = strtoull(wr_column_text(row, HASH), NULL, 16),
        .seconds = wr_column_real(row, SECONDS),
        .why = wr_column_text(row, WHY),
        .device = wr_column_text(row, DEVICE),
        .kept = sqlite3_column_int(row->statement, KEPT) != 0,
        .torn = wr_study_is_torn(row->study, sqlite3_column_int64(row->statement, ID))};
}

wr_status wr_study_trials(struct wr_study *study, const struct wr_trial_query *query,
                          wr_trial_fn *on_trial, void *context, struct wr_error *error) {
    struct wr_query rows = wr_query(
        study, query->best ? TRIALS " AND status = 'done' ORDER BY " WR_STUDY_RANK " LIMIT ?3"
                           : TRIALS " ORDER BY id LIMIT ?3");
    wr_error_release(error);
    wr_bind_int(&rows, query->id);
    wr_bind_size(&rows, query->hidden);
    wr_bind_int(&rows, query->most == 0 || query->most > INT64_MAX ? -1 : (int64_t)query->most);
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&rows)) {
        struct wr_trial trial = trial_of(&rows);
        if (rows.code == SQLITE_OK)
            status = on_trial(context, &trial);
    }
    if (status != WR_OK)
        wr_end_by_callback(status, "on_trial", error);
    return wr_query_end(&rows, status, "be read", error);
}

static wr_status tell_point(wr_curve_fn *on_point, void *context,
                            const struct wr_curve_point *point, const fenv_t *callers) {
    WR_ARITHMETIC_OF(callers);
    return on_point(context, point);
}

wr_status wr_study_curve(struct wr_study *study, int64_t id, wr_curve_fn *on_point, void *context,
                         struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_query rows =
        wr_query(study, "SELECT epoch, loss FROM curve WHERE trial = ? ORDER BY epoch");
    wr_error_release(error);
    wr_bind_int(&rows, id);
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&rows)) {
        struct wr_curve_point point = {.epoch = wr_column_size(&rows, 0),
                                       .loss = (float)wr_column_real(&rows, 1)};
        status = tell_point(on_point, context, &point, &callers);
    }
    if (status != WR_OK)
        wr_end_by_callback(status, "on_point", error);
    return wr_query_end(&rows, status, "be read", error);
}

wr_status wr_study_count(struct wr_study *study, struct wr_study_counts *counts,
                         struct wr_error *error) {
    struct wr_query query =
        wr_query(study, "SELECT count(*), count(*) FILTER (WHERE status = 'pending'),"
                        " count(*) FILTER (WHERE status = 'done'),"
                        " count(*) FILTER (WHERE status = 'diverged'),"
                        " count(*) FILTER (WHERE status = 'failed'),"
                        " total(seconds) + (SELECT total(seconds) FROM checkpoint) FROM trial");
    *counts = (struct wr_study_counts){0};
    while (wr_query_row(&query))
        *counts = (struct wr_study_counts){.trials = wr_column_size(&query, 0),
                                           .pending = wr_column_size(&query, 1),
                                           .done = wr_column_size(&query, 2),
                                           .diverged = wr_column_size(&query, 3),
                                           .failed = wr_column_size(&query, 4),
                                           .seconds = wr_column_real(&query, 5)};
    return wr_query_end(&query, WR_OK, "be read", error);
}

/* ---- groups ---- */

#define GROUPS(value, view)                                                                        \
    "SELECT " value ", trials, done, diverged, failed, best, lower_quartile, median,"              \
    " upper_quartile, seconds FROM by_" view " ORDER BY " view

static const char *groups_of(const char *option) {
    static const struct {
        const char *option, *sql;
    } known[] = {
        {"hidden", GROUPS("hidden", "hidden")},
        {"window", GROUPS("window", "window")},
        {"batch", GROUPS("iif(batch = 0, 'all', batch)", "batch")},
        {"init", GROUPS("init", "init")},
        {"lr", GROUPS("lr", "lr")},
        {"clip", GROUPS("clip", "clip")},
        {"seed", GROUPS("seed", "seed")},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(option, known[i].option) == 0)
            return known[i].sql;
    return NULL;
}

/* Column 0 as text. Numbers have the form that people write: 0.0001, and 1 where SQLite has 1.0. */
static const char *option_text(struct wr_query *row, char number[WR_NUMBER_TEXT]) {
    if (sqlite3_column_type(row->statement, 0) != SQLITE_FLOAT)
        return wr_column_text(row, 0);
    return wr_number_text(wr_column_real(row, 0), number);
}

static wr_status call_back(wr_group_fn *on_group, void *context, const struct wr_study_group *group,
                           const fenv_t *callers) {
    WR_ARITHMETIC_OF(callers);
    return on_group(context, group);
}

wr_status wr_study_groups(struct wr_study *study, const char *option, wr_group_fn *on_group,
                          void *context, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    const char *sql = groups_of(option);
    if (sql == NULL)
        return wr_fail(error, WR_ERR_USAGE,
                       "trials cannot be grouped by %s; hidden, window, batch, init, lr, clip or "
                       "seed would do",
                       option);
    struct wr_query rows = wr_query(study, sql);
    wr_status status = WR_OK;
    wr_error_release(error);
    while (status == WR_OK && wr_query_row(&rows)) {
        char number[WR_NUMBER_TEXT];
        struct wr_study_group group = {.value = option_text(&rows, number),
                                       .trials = wr_column_size(&rows, 1),
                                       .done = wr_column_size(&rows, 2),
                                       .diverged = wr_column_size(&rows, 3),
                                       .failed = wr_column_size(&rows, 4),
                                       .best = wr_column_real(&rows, 5),
                                       .lower_quartile = wr_column_real(&rows, 6),
                                       .median = wr_column_real(&rows, 7),
                                       .upper_quartile = wr_column_real(&rows, 8),
                                       .seconds = wr_column_real(&rows, 9)};
        if (rows.code == SQLITE_OK)
            status = call_back(on_group, context, &group, &callers);
    }
    if (status != WR_OK)
        wr_end_by_callback(status, "on_group", error);
    return wr_query_end(&rows, status, "be read", error);
}
