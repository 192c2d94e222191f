/* Writes the settings and the new trials of a sweep into its study. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sweep/check.h"
#include "sweep/store.h"
#include "sweep/trial.h"

/* ---- settings ---- */

static wr_status has_trials(struct wr_study *study, bool *some, struct wr_error *error) {
    struct wr_query query = wr_query(study, "SELECT 1 FROM trial LIMIT 1");
    *some = wr_query_row(&query);
    return wr_query_end(&query, WR_OK, "be read", error);
}

static wr_status keep_setting(struct wr_study *study, const struct wr_setting *setting,
                              struct wr_error *error) {
    struct wr_query query =
        wr_query(study, "INSERT OR REPLACE INTO study (name, value, fixed) VALUES (?, ?, ?)");
    wr_bind_text(&query, setting->name);
    wr_bind_text(&query, setting->value);
    wr_bind_int(&query, setting->fixed);
    wr_query_run(&query);
    return wr_query_end(&query, WR_OK, "keep its settings", error);
}

static bool may_write(const struct wr_study *study) {
    return study->lock >= 0;
}

/* Refuses a study of other numerics: all losses of a trial must come from sums of the same
 * order. */
static wr_status fail_numerics(struct wr_study *study, const char *kept, const char *now,
                               struct wr_error *error) {
    char *version;
    wr_status status = wr_study_setting(study, "windrow", &version, error);
    if (status == WR_OK)
        status = wr_fail(error, WR_ERR_DATA,
                         "%s: another study: its trials have numerics %s, not %s: Windrow %s "
                         "trained them, and losses differ in their last digits; go on with that "
                         "version, or name another file",
                         study->path, kept, now, version != NULL ? version : "of another version");
    free(version);
    return status;
}

static wr_status settle(struct wr_study *study, const struct wr_setting *setting, bool trials,
                        struct wr_error *error) {
    char *kept;
    wr_status status = wr_study_setting(study, setting->name, &kept, error);
    if (status != WR_OK)
        return status;
    bool same = kept != NULL && strcmp(kept, setting->value) == 0;
    if (!setting->fixed || (kept == NULL && !trials))
        status = may_write(study) && !same ? keep_setting(study, setting, error) : WR_OK;
    else if (kept == NULL)
        status =
            wr_fail(error, WR_ERR_DATA,
                    "%s: its trials were trained without the setting %s, which is %s now; name "
                    "another file",
                    study->path, setting->name, setting->value);
    else if (!same && strcmp(setting->name, "numerics") == 0)
        status = fail_numerics(study, kept, setting->value, error);
    else if (!same && strcmp(setting->name, "halving") == 0)
        status =
            wr_fail(error, WR_ERR_DATA,
                    "%s: another study: halving makes its trials compete, so they stay the same, "
                    "and are pruned in the same way; its halving is %s, not %s; name another "
                    "file",
                    study->path, kept, setting->value);
    else if (!same)
        status = wr_fail(error, WR_ERR_DATA,
                         "%s: another study: its trials have %s %s, not %s; name another file",
                         study->path, setting->name, kept, setting->value);
    free(kept);
    return status;
}

wr_status wr_study_settle_inside(struct wr_study *study, const struct wr_setting *settings,
                                 size_t count, struct wr_error *error) {
    bool trials;
    for (size_t i = 0; i < count; i++)
        if (!wr_setting_fits(settings[i].name, settings[i].value))
            return wr_fail(error, WR_ERR_USAGE, "%s: the setting %s cannot be '%s'", study->path,
                           settings[i].name, settings[i].value);
    wr_status status = has_trials(study, &trials, error);
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = settle(study, &settings[i], trials, error);
    return status;
}

wr_status wr_study_settle(struct wr_study *study, const struct wr_setting *settings, size_t count,
                          struct wr_error *error) {
    wr_status status = may_write(study) ? wr_study_begin(study, error) : WR_OK;
    if (status != WR_OK)
        return status;
    status = wr_study_settle_inside(study, settings, count, error);
    return may_write(study) ? wr_study_end(study, status, "keep its settings", error) : status;
}

/* ---- trials ---- */

/* Binds real numbers as the decimals that people gave: 0.0001, not 9.99999974737875e-05. */
static void bind_options(struct wr_query *query, const struct wr_trial_options *options) {
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        double value = wr_option_get(options, option);
        if (wr_option_type(option) == WR_OPTION_WORD)
            wr_bind_text(query, wr_option_word(option, (unsigned)value));
        else if (wr_option_type(option) == WR_OPTION_REAL)
            wr_bind_real(query, wr_number_of_float((float)value));
        else
            wr_bind_int(query, (int64_t)value);
    }
}

/* Fills in the state of a trial. Returns false if the study does not have the trial. */
static bool find_trial(struct wr_query *find, const struct wr_trial_options *options,
                       struct wr_trial_state *state) {
    bind_options(find, options);
    bool found = wr_query_row(find);
    if (found)
        *state = (struct wr_trial_state){.id = sqlite3_column_int64(find->statement, 0),
                                         .status = wr_study_status(wr_column_text(find, 1)),
                                         .epoch = wr_column_size(find, 2),
                                         .score = wr_column_real(find, 3)};
    wr_query_reset(find);
    return found;
}

/* trials (count): checked. */
static wr_status add(struct wr_study *study, const struct wr_trial_options *trials,
                     const int64_t *ids, size_t count, struct wr_trial_state *states, size_t *added,
                     struct wr_error *error) {
    struct wr_query find =
        wr_query(study, "SELECT id, status, ifnull(epochs, ifnull(epoch, 0)),"
                        " ifnull(trial.score, checkpoint.score)"
                        " FROM trial LEFT JOIN checkpoint ON checkpoint.trial = id"
                        " WHERE (" WR_OPTION_COLUMNS ") = (" WR_OPTION_PARAMETERS ")");
    struct wr_query insert = wr_query(
        study,
        "INSERT OR IGNORE INTO trial (" WR_OPTION_COLUMNS ", id) SELECT " WR_OPTION_PARAMETERS
        ", CASE WHEN free.id > 0 AND NOT EXISTS (SELECT 1 FROM trial WHERE id = free.id)"
        " THEN free.id END FROM (SELECT ? AS id) AS free");
    bool some;
    wr_status status = has_trials(study, &some, error);
    for (size_t i = 0; i < count && status == WR_OK && find.code == SQLITE_OK; i++) {
        struct wr_trial_options trial = trials[i];
        wr_trial_options_settle(&trial);
        if (some && find_trial(&find, &trial, &states[i]))
            continue;
        bind_options(&insert, &trial);
        wr_bind_int(&insert, ids != NULL ? ids[i] : 0);
        if (find.code != SQLITE_OK || !wr_query_run(&insert))
            break;
        if (sqlite3_changes(study->db) == 0) { /* it is listed twice */
            find_trial(&find, &trial, &states[i]);
            continue;
        }
        states[i] =
            (struct wr_trial_state){.id = sqlite3_last_insert_rowid(study->db), .score = NAN};
        ++*added;
    }
    status = wr_query_end(&find, status, "find its trials", error);
    return wr_query_end(&insert, status, "add trials", error);
}

wr_status wr_study_add(struct wr_study *study, const struct wr_trial_options *trials,
                       const int64_t *ids, size_t count, struct wr_trial_state *states,
                       size_t *added, struct wr_error *error) {
    size_t new_trials = 0;
    wr_status status = WR_OK;
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = wr_trial_options_check(&trials[i], error);
    if (status == WR_OK)
        status = wr_study_begin(study, error);
    if (status == WR_OK) {
        status = add(study, trials, ids, count, states, &new_trials, error);
        status = wr_study_end(study, status, "add trials", error);
    }
    if (added != NULL)
        *added = status == WR_OK ? new_trials : 0;
    return status;
}
