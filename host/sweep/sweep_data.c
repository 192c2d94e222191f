#include "sweep/sweep_data.h"

#include "base/base.h"
#include "base/number.h"
#include "base/text.h"
#include "data/series.h"
#include "windrow/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- windows ---- */

static wr_status check_training(const struct wr_sweep *sweep, struct wr_error *error) {
    if (sweep->epochs == 0 || sweep->epochs >= WR_NOT_DIVERGED)
        return wr_fail(error, WR_ERR_USAGE, "\1epochs\1 %zu: 1 to %u needed", sweep->epochs,
                       WR_NOT_DIVERGED - 1);
    if (!(sweep->validate >= 0 && sweep->validate < 1))
        return wr_fail(error, WR_ERR_USAGE,
                       "\1validate\1 %g: a part, at least 0 and below 1, needed", sweep->validate);
    if (sweep->shards > 0 && sweep->shard >= sweep->shards)
        return wr_fail(error, WR_ERR_USAGE, "\1shard\1 %zu of %zu: 0 to %zu needed", sweep->shard,
                       sweep->shards, sweep->shards - 1);
    if (!(sweep->checkpoint_seconds >= 0))
        return wr_fail(error, WR_ERR_USAGE, "checkpoints every %g seconds: not negative allowed",
                       sweep->checkpoint_seconds);
    return WR_OK;
}

static wr_status make_windows(const struct wr_sweep *sweep, struct wr_sweep_windows *w,
                              struct wr_error *error) {
    size_t rows = wr_series_rows(sweep->series), held = (size_t)(sweep->validate * (double)rows);
    if (sweep->validate > 0 && held == 0)
        return wr_fail(error, WR_ERR_DATA, "%g of %zu rows is no whole row to hold out",
                       sweep->validate, rows);
    struct wr_windows_spec spec = {.input_columns = sweep->input_columns,
                                   .inputs = sweep->inputs,
                                   .target_columns = sweep->target_columns,
                                   .outputs = sweep->outputs,
                                   .seq_len = w->seq_len,
                                   .scale = sweep->scale,
                                   .scale_rows = rows - held};
    wr_status status = wr_windows_make(sweep->series, &spec, &w->windows, error);
    if (status != WR_OK)
        return status;
    wr_windows_get(w->windows, &w->view);
    if (w->view.count <= held)
        return wr_fail(error, WR_ERR_DATA,
                       "windows of %zu rows: %zu of them, and %zu are to be held out: none is left "
                       "to train on; hold out fewer, or use shorter windows",
                       w->seq_len, w->view.count, held);
    w->held = held;
    w->trained = w->view.count - held;
    return WR_OK;
}

const struct wr_sweep_windows *wr_sweep_windows_of(const struct wr_sweep_data *data,
                                                   size_t seq_len) {
    for (size_t i = 0; i < data->count; i++)
        if (data->by_length[i].seq_len == seq_len)
            return &data->by_length[i];
    return NULL;
}

wr_status wr_sweep_data_make(const struct wr_sweep *sweep, struct wr_sweep_data *data,
                             struct wr_error *error) {
    const struct wr_grid *grid = &sweep->grid;
    *data = (struct wr_sweep_data){.sweep = sweep};
    wr_status status = check_training(sweep, error);
    if (status != WR_OK)
        return status;
    data->by_length = wr_alloc(grid->window_count, sizeof *data->by_length, "windows", error);
    if (data->by_length == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < grid->window_count && status == WR_OK; i++) {
        if (wr_sweep_windows_of(data, grid->window[i]) != NULL)
            continue;
        struct wr_sweep_windows *w = &data->by_length[data->count++];
        w->seq_len = grid->window[i];
        status = make_windows(sweep, w, error);
    }
    return status;
}

void wr_sweep_data_release(struct wr_sweep_data *data) {
    for (size_t i = 0; i < data->count; i++)
        wr_windows_free(data->by_length[i].windows);
    free(data->by_length);
    *data = (struct wr_sweep_data){0};
}

/* ---- settings ---- */

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

wr_status wr_sweep_settle(const struct wr_sweep *sweep, struct wr_study *study,
                          struct wr_error *error) {
    uint64_t hash = 0xcbf29ce484222325u;
    const struct wr_series *series = sweep->series;
    wr_status status = hash_columns(series, sweep->input_columns, sweep->inputs, &hash, error);
    if (status == WR_OK)
        status = hash_columns(series, sweep->target_columns, sweep->outputs, &hash, error);
    if (status != WR_OK)
        return status;
    char numerics[16], data[20], rows[24], epochs[24], validate[32], curve[24], grid[24], shard[48];
    size_t trials;
    status = wr_grid_count(&sweep->grid, &trials, error);
    if (status != WR_OK)
        return status;
    snprintf(grid, sizeof grid, "%zu", trials);
    snprintf(shard, sizeof shard, "%zu/%zu", sweep->shard, sweep->shards);
    snprintf(numerics, sizeof numerics, "%d", WR_NUMERICS_VERSION);
    snprintf(data, sizeof data, "%016llx", (unsigned long long)hash);
    snprintf(rows, sizeof rows, "%zu", wr_series_rows(series));
    snprintf(epochs, sizeof epochs, "%zu", sweep->epochs);
    wr_format(validate, sizeof validate, "%.9g", sweep->validate);
    snprintf(curve, sizeof curve, "%zu", sweep->curve_points);
    char *inputs = column_names(series, sweep->input_columns, sweep->inputs);
    char *targets = column_names(series, sweep->target_columns, sweep->outputs);
    if (inputs == NULL || targets == NULL) {
        status = wr_fail(error, WR_ERR_MEMORY, "no memory for the names of columns");
    } else {
        const struct wr_setting settings[] = {
            {"numerics", numerics, true},
            {"rows", rows, true},
            {"inputs", inputs, true},
            {"target", targets, true},
            {"data", data, true},
            {"scale", sweep->scale == WR_SCALE_STANDARD ? "standard" : "none", true},
            {"epochs", epochs, true},
            {"validate", validate, true},
            {"curve", curve, true},
            {"windrow", wr_version(), false},
            {"grid", grid, false},
            {"shard", shard, true}, /* must be the last one: a whole grid does not have it */
        };
        size_t count = sizeof settings / sizeof *settings - (sweep->shards > 0 ? 0 : 1);
        status = wr_study_settle(study, settings, count, error);
    }
    free(inputs);
    free(targets);
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

/* ---- shapes ---- */

struct wr_shape wr_sweep_shape(const struct wr_sweep *sweep, const struct wr_trial_options *trial) {
    return (struct wr_shape){.inputs = sweep->inputs,
                             .hidden = trial->hidden,
                             .outputs = sweep->outputs,
                             .seq_len = trial->window};
}

/* Counts the flops of the sums, as wr_bench_flops does. A tanh and the operations around it count
 * as 60; the head and the overhead of an update count as 2000. */
double wr_sweep_epoch_cost(const struct wr_sweep_data *data, const struct wr_trial_options *trial) {
    double W = (double)wr_sweep_windows_of(data, trial->window)->trained;
    double T = (double)trial->window, H = (double)trial->hidden;
    double I = (double)data->sweep->inputs, O = (double)data->sweep->outputs;
    double window = 6 * (T - 1) * H * H + 4 * T * H * I + 6 * O * H + 60 * T * H + 2000;
    double updates =
        trial->batch == WR_BATCH_ALL || (double)trial->batch > W ? 1 : W / (double)trial->batch;
    return W * window + updates * 4 * (H * (H + I + O + 1) + O);
}
