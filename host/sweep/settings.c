/* The settings that all trials of a sweep share, as a study keeps them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/number.h"
#include "base/text.h"
#include "data/series.h"
#include "model/choices.h"
#include "sweep/grid.h"
#include "sweep/sweep_data.h"
#include "sweep/trial.h"
#include "windrow/version.h"

/* Fowler, Noll and Vo's hash, variant 1a, of the columns' values, byte by byte, lowest first. */
static wr_status hash_columns(const struct wr_series *series, const size_t *columns, size_t count,
                              uint64_t *hash, struct wr_error *error) {
    for (size_t c = 0; c < count; c++) {
        const double *values; /* (rows) */
        wr_status status = wr_series_values(series, columns[c], &values, error);
        if (status != WR_OK)
            return status;
        for (size_t i = 0; i < wr_series_rows(series); i++) {
            uint64_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            for (int shift = 0; shift < 64; shift += 8)
                *hash = (*hash ^ (bits >> shift & 0xff)) * 0x100000001b3u;
        }
    }
    return WR_OK;
}

/* The names of columns as a list that `windrow train` takes. The caller frees it with free; NULL
 * without memory. */
static char *column_names(const struct wr_series *series, const size_t *columns, size_t count) {
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    for (size_t i = 0; file != NULL && i < count; i++) {
        fputs(i > 0 ? "," : "", file);
        wr_series_print_column(file, series, columns[i]);
    }
    return wr_text_close(file, &text);
}

/* The hash of all trials, which brackets depend on. */
static wr_status hash_trials(const struct wr_sweep *sweep, char text[20], struct wr_error *error) {
    struct wr_trial_options *trials;
    int64_t *ids;
    size_t count = 0;
    uint64_t hash = WR_HASH_START;
    wr_status status = wr_trials_make(sweep, 0, SIZE_MAX, &trials, &ids, &count, error);
    for (size_t i = 0; i < count && status == WR_OK; i++)
        hash = wr_trial_options_hash(hash, &trials[i]);
    snprintf(text, 20, "%016llx", (unsigned long long)hash);
    free(trials);
    free(ids);
    return status;
}

/* The texts of settings. */
struct texts {
    char numerics[16], data[20], rows[24], epochs[24], validate[32], every[24], patience[24];
    char loss_number[WR_NUMBER_TEXT], halving[80], curve[24], grid[24], shard[48];
    char *inputs, *targets; /* freed with free */
};

static wr_status write_data(const struct wr_sweep *sweep, struct texts *texts,
                            struct wr_error *error) {
    uint64_t hash = WR_HASH_START;
    const struct wr_series *series = sweep->series;
    wr_status status = hash_columns(series, sweep->input_columns, sweep->inputs, &hash, error);
    if (status == WR_OK)
        status = hash_columns(series, sweep->target_columns, sweep->outputs, &hash, error);
    snprintf(texts->data, sizeof texts->data, "%016llx", (unsigned long long)hash);
    snprintf(texts->rows, sizeof texts->rows, "%zu", wr_series_rows(series));
    texts->inputs = column_names(series, sweep->input_columns, sweep->inputs);
    texts->targets = column_names(series, sweep->target_columns, sweep->outputs);
    if (status == WR_OK && (texts->inputs == NULL || texts->targets == NULL))
        status = wr_fail(error, WR_ERR_MEMORY, "no memory for the names of columns");
    return status;
}

static wr_status write_trials(const struct wr_sweep *sweep, struct texts *texts,
                              struct wr_error *error) {
    char hashed[20] = "";
    size_t trials = 0;
    wr_status status = wr_trials_count(sweep, &trials, error);
    snprintf(texts->grid, sizeof texts->grid, "%zu", trials);
    snprintf(texts->halving, sizeof texts->halving, "none");
    if (status != WR_OK || sweep->halving.eta == 0)
        return status;
    status = hash_trials(sweep, hashed, error);
    snprintf(texts->halving, sizeof texts->halving, "%zu, %zu rungs, brackets of %zu, trials %s",
             sweep->halving.eta, sweep->halving.rungs, sweep->halving.bracket, hashed);
    return status;
}

static void write_training(const struct wr_sweep *sweep, struct texts *texts) {
    const struct wr_rule rule = {
        .loss = sweep->loss, .huber_delta = sweep->huber_delta, .tau = sweep->tau};
    size_t every = sweep->patience > 0 ? sweep->validate_every : 0;
    snprintf(texts->numerics, sizeof texts->numerics, "%d", WR_NUMERICS_VERSION);
    snprintf(texts->epochs, sizeof texts->epochs, "%zu", sweep->epochs);
    wr_format(texts->validate, sizeof texts->validate, "%.9g", sweep->validate);
    snprintf(texts->every, sizeof texts->every, "%zu", every);
    snprintf(texts->patience, sizeof texts->patience, "%zu", sweep->patience);
    wr_number_text(wr_number_of_float(wr_loss_number(&rule)), texts->loss_number);
    snprintf(texts->curve, sizeof texts->curve, "%zu", sweep->curve_points);
    snprintf(texts->shard, sizeof texts->shard, "%zu/%zu", sweep->shard, sweep->shards);
}

static wr_status settle(const struct wr_sweep *sweep, const struct texts *texts,
                        struct wr_study *study, struct wr_error *error) {
    const struct wr_setting settings[] = {
        {"numerics", texts->numerics, true},
        {"rows", texts->rows, true},
        {"inputs", texts->inputs, true},
        {"target", texts->targets, true},
        {"data", texts->data, true},
        {"scale", sweep->scale == WR_SCALE_STANDARD ? "standard" : "none", true},
        {"epochs", texts->epochs, true},
        {"validate", texts->validate, true},
        {"validate-every", texts->every, true},
        {"patience", texts->patience, true},
        {"loss", wr_loss_name(sweep->loss), true},
        {"loss-number", texts->loss_number, true},
        {"halving", texts->halving, true},
        {"curve", texts->curve, true},
        {"windrow", wr_version(), false},
        {"grid", texts->grid, false},
        {"shard", texts->shard, true}, /* must be the last one: a whole grid does not have it */
    };
    size_t count = sizeof settings / sizeof *settings - (sweep->shards > 0 ? 0 : 1);
    return wr_study_settle(study, settings, count, error);
}

wr_status wr_sweep_settle(const struct wr_sweep *sweep, struct wr_study *study,
                          struct wr_error *error) {
    struct texts texts = {0};
    wr_status status = write_data(sweep, &texts, error);
    if (status == WR_OK)
        status = write_trials(sweep, &texts, error);
    write_training(sweep, &texts);
    if (status == WR_OK)
        status = settle(sweep, &texts, study, error);
    free(texts.inputs);
    free(texts.targets);
    return status;
}

typedef void scale_fn(const struct wr_windows *windows, size_t i, double *mean, double *deviation);

/* The means (which = 0) or deviations (which = 1) of the columns, separated by commas. The caller
 * frees the text with free; NULL without memory. */
static char *scale_text(const struct wr_windows *windows, scale_fn *scale, size_t count,
                        size_t which) {
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    for (size_t i = 0; file != NULL && i < count; i++) {
        double values[2];
        char number[WR_NUMBER_TEXT];
        scale(windows, i, &values[0], &values[1]);
        fprintf(file, "%s%s", i > 0 ? "," : "", wr_number_text(values[which], number));
    }
    return wr_text_close(file, &text);
}

wr_status wr_sweep_settle_scale(const struct wr_sweep_data *data, struct wr_study *study,
                                struct wr_error *error) {
    const struct wr_sweep *sweep = data->sweep;
    const struct wr_windows *windows = data->by_length[0].windows;
    if (sweep->scale == WR_SCALE_NONE)
        return WR_OK;
    struct wr_setting settings[] = {
        {"input_means", scale_text(windows, wr_windows_input_scale, sweep->inputs, 0), false},
        {"input_deviations", scale_text(windows, wr_windows_input_scale, sweep->inputs, 1), false},
        {"target_means", scale_text(windows, wr_windows_target_scale, sweep->outputs, 0), false},
        {"target_deviations", scale_text(windows, wr_windows_target_scale, sweep->outputs, 1),
         false},
    };
    wr_status status = WR_OK;
    for (size_t i = 0; i < 4; i++)
        if (settings[i].value == NULL)
            status = wr_fail(error, WR_ERR_MEMORY, "no memory for the scaling of columns");
    if (status == WR_OK)
        status = wr_study_settle(study, settings, 4, error);
    for (size_t i = 0; i < 4; i++)
        free((char *)settings[i].value);
    return status;
}
