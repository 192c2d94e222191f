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
#include "sweep/trial.h"

/* ---- words of the schema ---- */

static const char *const status_names[] = {[WR_TRIAL_PENDING] = "pending",
                                           [WR_TRIAL_DONE] = "done",
                                           [WR_TRIAL_DIVERGED] = "diverged",
                                           [WR_TRIAL_FAILED] = "failed",
                                           [WR_TRIAL_PRUNED] = "pruned"};
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

/* ---- settings ---- */

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

static void get_floats(const unsigned char *bytes, size_t count, float *values) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = 0;
        for (size_t byte = 0; byte < sizeof bits; byte++)
            bits |= (uint32_t)bytes[sizeof bits * i + byte] << 8 * byte;
        memcpy(&values[i], &bits, sizeof bits);
    }
}

/* Copies the first `count` floats of a blob. The caller frees *values with free. */
static wr_status copy_floats(const struct wr_query *query, int column, size_t count,
                             const char *what, float **values, struct wr_error *error) {
    const unsigned char *bytes = sqlite3_column_blob(query->statement, column);
    if (bytes == NULL && count > 0)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for %s", what);
    *values = wr_alloc(count, sizeof **values, what, error);
    if (*values == NULL)
        return WR_ERR_MEMORY;
    get_floats(bytes, count, *values);
    return WR_OK;
}

/* ---- checkpoints ---- */

/* The columns of CHECKPOINT. */
enum { EPOCH, FLOATS, VALIDATED, BEST_EPOCH, WAITED, SCORE_THERE, OPTIMIZER };
#define CHECKPOINT                                                                                 \
    "SELECT epoch, parameters, validated, checkpoint.best_epoch, waited, checkpoint.score,"        \
    " optimizer FROM checkpoint JOIN trial ON id = trial WHERE trial = ?"

/* Reads what does not stand in the blob. *states: of its optimizer. */
static struct wr_trial_checkpoint checkpoint_of(struct wr_query *row, int64_t id, size_t *states) {
    struct wr_trial_options trial = {0};
    unsigned optimizer = 0;
    wr_option_find_word(WR_OPTION_OPTIMIZER, wr_column_text(row, OPTIMIZER), &optimizer);
    wr_option_set(&trial, WR_OPTION_OPTIMIZER,
                  wr_option_word(WR_OPTION_OPTIMIZER, optimizer) != NULL ? optimizer : 0);
    *states = wr_rule_states(&trial.rule);
    return (struct wr_trial_checkpoint){.id = id,
                                        .epoch = wr_column_size(row, EPOCH),
                                        .validated = wr_column_real(row, VALIDATED),
                                        .best_epoch = wr_column_size(row, BEST_EPOCH),
                                        .waited = wr_column_size(row, WAITED),
                                        .waits = sqlite3_column_type(row->statement, SCORE_THERE) !=
                                                 SQLITE_NULL,
                                        .score = wr_column_real(row, SCORE_THERE)};
}

/* Whether a checkpoint has its hash. *floats: in its blob. Checkpoints of Windrow 0.1 have no hash
 * and count as valid. */
static bool is_valid_checkpoint(const struct wr_query *row, const struct wr_trial_checkpoint *c,
                                size_t *floats) {
    const unsigned char *bytes = sqlite3_column_blob(row->statement, FLOATS);
    size_t size = (size_t)sqlite3_column_bytes(row->statement, FLOATS);
    *floats = size / sizeof(float);
    if (size % sizeof(float) == 0)
        return true;
    if (bytes == NULL || size < WR_CHECKPOINT_HASH)
        return false;
    size -= WR_CHECKPOINT_HASH;
    *floats = size / sizeof(float);
    uint64_t hash = wr_study_checkpoint_hash(c, bytes, size), kept = 0;
    for (size_t byte = 0; byte < sizeof kept; byte++)
        kept |= (uint64_t)bytes[size + 1 + byte] << 8 * byte;
    return bytes[size] == 1 && kept == hash;
}

static wr_status fail_checkpoint(const struct wr_study *study, int64_t id, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DATA,
                   "%s: the checkpoint of trial %" PRId64
                   " is damaged: it does not have its hash; restore the file from a copy, or let "
                   "the trial begin anew by: sqlite3 FILE 'DELETE FROM checkpoint WHERE trial = "
                   "%" PRId64 "'",
                   study->path, id, id);
}

/* Divides the floats of the blob among the arrays of a checkpoint. */
static wr_status take_floats(struct wr_study *study, const struct wr_query *row, size_t floats,
                             size_t states, struct wr_trial_checkpoint *c, void **memory,
                             struct wr_error *error) {
    size_t parts = 1 + states + (c->best_epoch > 0);
    float *values;
    if (floats % parts != 0)
        return fail_checkpoint(study, c->id, error);
    wr_status status = copy_floats(row, FLOATS, floats, "a checkpoint", &values, error);
    if (status != WR_OK)
        return status;
    *memory = values;
    c->parameter_count = floats / parts;
    c->parameters = values;
    c->optimizer = states > 0 ? values + c->parameter_count : NULL;
    c->best = c->best_epoch > 0 ? values + (1 + states) * c->parameter_count : NULL;
    return WR_OK;
}

wr_status wr_study_read_checkpoint(struct wr_study *study, int64_t id,
                                   struct wr_trial_checkpoint *checkpoint, void **memory,
                                   struct wr_error *error) {
    struct wr_query query = wr_query(study, CHECKPOINT);
    size_t states, floats;
    wr_status status = WR_OK;
    *memory = NULL;
    *checkpoint = (struct wr_trial_checkpoint){.id = id};
    wr_bind_int(&query, id);
    if (wr_query_row(&query)) {
        *checkpoint = checkpoint_of(&query, id, &states);
        if (query.code == SQLITE_OK && !is_valid_checkpoint(&query, checkpoint, &floats))
            status = fail_checkpoint(study, id, error);
        else if (query.code == SQLITE_OK)
            status = take_floats(study, &query, floats, states, checkpoint, memory, error);
    } else if (query.code == SQLITE_OK) {
        status =
            wr_fail(error, WR_ERR_DATA, "%s: trial %" PRId64 " has no checkpoint", study->path, id);
    }
    status = wr_query_end(&query, status, "be read", error);
    if (status != WR_OK) {
        free(*memory);
        *memory = NULL;
    }
    return status;
}

wr_status wr_study_check_checkpoint(struct wr_study *study, int64_t id, struct wr_error *error) {
    struct wr_trial_checkpoint checkpoint;
    void *memory;
    wr_status status = wr_study_read_checkpoint(study, id, &checkpoint, &memory, error);
    free(memory);
    return status;
}

/* ---- parameters ---- */

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
        *count = (size_t)sqlite3_column_bytes(query.statement, VALUE) / sizeof(float);
        status = copy_floats(&query, VALUE, *count, "a trial's parameters", parameters, error);
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
    OPTIONS,
    STATUS = OPTIONS + WR_OPTIONS,
    LOSS,
    VALIDATION_LOSS,
    SCORE,
    DIVERGED_AT,
    EPOCHS,
    BEST,
    HASH,
    SECONDS,
    WHY,
    DEVICE,
    KEPT
};
#define TRIALS                                                                                     \
    "SELECT id, " WR_OPTION_COLUMNS ", status, loss, validation_loss, score, diverged_at, epochs," \
    " best_epoch, hash, ifnull(seconds, 0), why, device,"                                          \
    " EXISTS (SELECT 1 FROM parameters WHERE parameters.trial = id) FROM trial"                    \
    " WHERE (?1 = 0 OR id = ?1) AND (?2 = 0 OR hidden = ?2)"

struct wr_trial_options wr_column_options(struct wr_query *row, int first) {
    struct wr_trial_options options = {0};
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        int column = first + (int)option;
        unsigned word = 0;
        if (wr_option_type(option) != WR_OPTION_WORD)
            wr_option_set(&options, option, sqlite3_column_double(row->statement, column));
        else if (wr_option_find_word(option, wr_column_text(row, column), &word))
            wr_option_set(&options, option, word);
    }
    return options;
}

static struct wr_trial trial_of(struct wr_query *row) {
    return (struct wr_trial){
        .id = sqlite3_column_int64(row->statement, ID),
        .options = wr_column_options(row, OPTIONS),
        .status = wr_study_status(wr_column_text(row, STATUS)),
        .loss = wr_column_real(row, LOSS),
        .validation_loss = wr_column_real(row, VALIDATION_LOSS),
        .score = wr_column_real(row, SCORE),
        .diverged_at = wr_column_size(row, DIVERGED_AT),
        .epochs = wr_column_size(row, EPOCHS),
        .best_epoch = wr_column_size(row, BEST),
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
