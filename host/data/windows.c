#include "windrow/windows.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "data/series.h"

struct scale {
    double mean, deviation;
};

struct wr_windows {
    size_t count, inputs, outputs; /* W, I, O */
    bool ahead;                    /* wr_windows_make_ahead */
    size_t input_rows;             /* rows - 1: the last row is only a target; if ahead, all */
    float *input;                  /* (input_rows, I): windows overlap */
    float *target;                 /* (W, O) */
    float *loss_weight;            /* (O) */
    double *truth; /* (W + 1, O) unscaled targets, starting with the row before the first target */
    struct scale *input_scale;  /* (I) */
    struct scale *target_scale; /* (O) */
};

static struct scale standard_scale(const double *values, size_t rows) {
    double sum = 0, squares = 0;
    bool constant = true;
    for (size_t i = 0; i < rows; i++) {
        sum += values[i];
        constant = constant && values[i] == values[0];
    }
    if (constant)
        return (struct scale){values[0], 1};
    double mean = sum / (double)rows;
    for (size_t i = 0; i < rows; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    double deviation = sqrt(squares / (double)rows);
    return (struct scale){mean, deviation > 0 ? deviation : 1};
}

/* The values (rows) of a column and their scale. given: its mean and deviation, or NULL. gaps:
 * cells may be missing, unless the scale is computed. */
static wr_status get_column(const struct wr_series *series, size_t column,
                            const struct wr_windows_spec *spec, const double *given, bool gaps,
                            const double **values, struct scale *scale, struct wr_error *error) {
    bool computed = given == NULL && spec->scale == WR_SCALE_STANDARD;
    wr_status status = gaps && !computed ? wr_series_values_known(series, column, values, error)
                                         : wr_series_values(series, column, values, error);
    size_t rows = spec->scale_rows > 0 ? spec->scale_rows : series->rows;
    if (status == WR_OK && spec->scale_rows > series->rows)
        status = wr_fail(error, WR_ERR_USAGE, "%s: scale_rows %zu, and there are %zu rows",
                         series->source, spec->scale_rows, series->rows);
    if (status != WR_OK)
        return status;
    *scale = (struct scale){0, 1};
    if (given != NULL)
        *scale = (struct scale){given[0], given[1]};
    else if (computed)
        *scale = standard_scale(*values, rows);
    if (isfinite(scale->mean) && isfinite(scale->deviation) && scale->deviation > 0)
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE,
                   "%s: column %zu: mean %g, deviation %g: both finite and a deviation above 0 "
                   "needed",
                   series->source, column + 1, scale->mean, scale->deviation);
}

static const double *pair_of(const double *scales, size_t i) {
    return scales != NULL ? scales + 2 * i : NULL;
}

/* Scales in double and rounds once. */
static float scaled(double value, const struct scale *scale) {
    return (float)((value - scale->mean) / scale->deviation);
}

/* Only possible if the scale comes from other rows: otherwise |scaled| <= sqrt(rows). */
static wr_status fail_scaled(const struct wr_series *series, size_t column, size_t row,
                             double value, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DATA,
                   "%s: column %zu, row %zu: %g is too far from the mean to be scaled by mean "
                   "and deviation; use it unscaled",
                   series->source, column + 1, row + 1, value);
}

static wr_status fill_inputs(struct wr_windows *w, const struct wr_series *series,
                             const struct wr_windows_spec *spec, const double *scales,
                             struct wr_error *error) {
    for (size_t i = 0; i < w->inputs; i++) {
        const double *values; /* (rows) */
        wr_status status = get_column(series, spec->input_columns[i], spec, pair_of(scales, i),
                                      false, &values, &w->input_scale[i], error);
        if (status != WR_OK)
            return status;
        for (size_t t = 0; t < w->input_rows; t++) {
            float *input = &w->input[t * w->inputs + i];
            *input = scaled(values[t], &w->input_scale[i]);
            if (!isfinite(*input))
                return fail_scaled(series, spec->input_columns[i], t, values[t], error);
        }
    }
    return WR_OK;
}

static wr_status fill_targets(struct wr_windows *w, const struct wr_series *series,
                              const struct wr_windows_spec *spec, const double *scales,
                              struct wr_error *error) {
    for (size_t o = 0; o < w->outputs; o++) {
        struct scale *scale = &w->target_scale[o];
        const double *values; /* (rows) */
        wr_status status = get_column(series, spec->target_columns[o], spec, pair_of(scales, o),
                                      w->ahead, &values, scale, error);
        if (status != WR_OK)
            return status;
        for (size_t i = 0; i < w->count; i++) {
            size_t row = i + spec->seq_len;
            double truth = row < series->rows ? values[row] : (double)NAN;
            float *target = &w->target[i * w->outputs + o];
            *target = isnan(truth) ? 0 : scaled(truth, scale);
            if (!isfinite(*target))
                return fail_scaled(series, spec->target_columns[o], row, truth, error);
            w->truth[(i + 1) * w->outputs + o] = truth;
        }
        w->truth[o] = values[spec->seq_len - 1];
        w->loss_weight[o] = (float)(scale->deviation * scale->deviation / (double)w->outputs);
        if (!isnormal(w->loss_weight[o]))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: the variance of column %zu does not fit a float; use it unscaled, "
                           "or in other units",
                           series->source, spec->target_columns[o] + 1);
    }
    return WR_OK;
}

static wr_status check_spec(const struct wr_series *series, const struct wr_windows_spec *spec,
                            bool ahead, struct wr_error *error) {
    if (spec->inputs == 0 || spec->outputs == 0 || spec->seq_len == 0)
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: windows of %zu inputs, %zu outputs and length %zu; each is at least 1",
                       series->source, spec->inputs, spec->outputs, spec->seq_len);
    if ((unsigned)spec->scale > WR_SCALE_STANDARD)
        return wr_fail(error, WR_ERR_USAGE, "%s: \1scale\1 %d: 0 to %d needed", series->source,
                       (int)spec->scale, WR_SCALE_STANDARD);
    if (ahead && series->rows < spec->seq_len)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: %zu rows are too few for a window of %zu; use shorter windows",
                       series->source, series->rows, spec->seq_len);
    if (!ahead && series->rows <= spec->seq_len)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: %zu rows are too few: windows of length %zu need at least one row more "
                       "than their length; use shorter windows",
                       series->source, series->rows, spec->seq_len);
    return WR_OK;
}

/* The bytes of all arrays; SIZE_MAX if they overflow size_t. */
static size_t memory_needed(const struct wr_windows *w, size_t rows) {
    size_t inputs, targets, sum;
    if (!wr_size_mul(rows, sizeof(float), &inputs) ||
        !wr_size_add(inputs, sizeof(struct scale), &inputs) ||
        !wr_size_mul(inputs, w->inputs, &inputs) ||
        !wr_size_mul(rows, sizeof(float) + sizeof(double), &targets) ||
        !wr_size_add(targets, sizeof(struct scale) + sizeof(float), &targets) ||
        !wr_size_mul(targets, w->outputs, &targets) || !wr_size_add(inputs, targets, &sum))
        return SIZE_MAX;
    return sum;
}

static wr_status allocate(struct wr_windows *w, const struct wr_series *series,
                          struct wr_error *error) {
    size_t needed = memory_needed(w, w->input_rows + 1);
    if (needed > wr_memory_limit()) {
        char text[32];
        return wr_fail(error, WR_ERR_MEMORY,
                       "%s: its windows need %s, more than this machine has; use fewer columns",
                       series->source, wr_bytes_text((double)needed, text));
    }
    const char *what = series->source;
    w->input = wr_alloc(w->input_rows * w->inputs, sizeof(float), what, error);
    w->target = wr_alloc(w->count * w->outputs, sizeof(float), what, error);
    w->truth = wr_alloc((w->count + 1) * w->outputs, sizeof(double), what, error);
    w->loss_weight = wr_alloc(w->outputs, sizeof(float), what, error);
    w->input_scale = wr_alloc(w->inputs, sizeof(struct scale), what, error);
    w->target_scale = wr_alloc(w->outputs, sizeof(struct scale), what, error);
    bool all =
        w->input && w->target && w->truth && w->loss_weight && w->input_scale && w->target_scale;
    return all ? WR_OK : WR_ERR_MEMORY;
}

static wr_status make(const struct wr_series *series, const struct wr_windows_spec *spec,
                      bool ahead, const double *input_scales, const double *target_scales,
                      struct wr_windows **windows, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *windows = NULL;
    wr_status status = check_spec(series, spec, ahead, error);
    if (status != WR_OK)
        return status;
    struct wr_windows *w = wr_alloc(1, sizeof *w, series->source, error);
    if (w == NULL)
        return WR_ERR_MEMORY;
    w->ahead = ahead;
    w->input_rows = series->rows - (ahead ? 0 : 1);
    w->count = w->input_rows - spec->seq_len + 1;
    w->inputs = spec->inputs;
    w->outputs = spec->outputs;
    status = allocate(w, series, error);
    if (status == WR_OK)
        status = fill_inputs(w, series, spec, input_scales, error);
    if (status == WR_OK)
        status = fill_targets(w, series, spec, target_scales, error);
    if (status != WR_OK) {
        wr_windows_free(w);
        return status;
    }
    *windows = w;
    return WR_OK;
}

wr_status wr_windows_make(const struct wr_series *series, const struct wr_windows_spec *spec,
                          struct wr_windows **windows, struct wr_error *error) {
    return make(series, spec, false, NULL, NULL, windows, error);
}

wr_status wr_windows_make_scaled(const struct wr_series *series, const struct wr_windows_spec *spec,
                                 const double *input_scales, const double *target_scales,
                                 struct wr_windows **windows, struct wr_error *error) {
    return make(series, spec, false, input_scales, target_scales, windows, error);
}

wr_status wr_windows_make_ahead(const struct wr_series *series, const struct wr_windows_spec *spec,
                                const double *input_scales, const double *target_scales,
                                struct wr_windows **windows, struct wr_error *error) {
    return make(series, spec, true, input_scales, target_scales, windows, error);
}

void wr_windows_free(struct wr_windows *windows) {
    if (windows == NULL)
        return;
    free(windows->input);
    free(windows->target);
    free(windows->truth);
    free(windows->loss_weight);
    free(windows->input_scale);
    free(windows->target_scale);
    free(windows);
}

void wr_windows_get(const struct wr_windows *windows, struct wr_windows_view *view) {
    *view = (struct wr_windows_view){.count = windows->count,
                                     .input_stride = windows->inputs,
                                     .target_stride = windows->outputs,
                                     .inputs = windows->input,
                                     .targets = windows->target,
                                     .loss_weights = windows->loss_weight};
}

size_t wr_windows_count(const struct wr_windows *windows) {
    return windows->count;
}

void wr_windows_input_scale(const struct wr_windows *windows, size_t i, double *mean,
                            double *deviation) {
    *mean = windows->input_scale[i].mean;
    *deviation = windows->input_scale[i].deviation;
}

void wr_windows_target_scale(const struct wr_windows *windows, size_t i, double *mean,
                             double *deviation) {
    *mean = windows->target_scale[i].mean;
    *deviation = windows->target_scale[i].deviation;
}

double wr_windows_target(const struct wr_windows *windows, size_t window, size_t output) {
    WR_ARITHMETIC(callers);
    return windows->truth[(window + 1) * windows->outputs + output];
}

double wr_windows_naive(const struct wr_windows *windows, size_t window, size_t output) {
    WR_ARITHMETIC(callers);
    return windows->truth[window * windows->outputs + output];
}

double wr_windows_naive_loss(const struct wr_windows *windows) {
    WR_ARITHMETIC(callers);
    double total = 0;
    for (size_t w = 0; w < windows->count; w++) {
        const double *before = windows->truth + w * windows->outputs; /* (2, O) */
        double sum = 0;
        for (size_t o = 0; o < windows->outputs; o++) {
            double error = before[windows->outputs + o] - before[o];
            sum += error * error;
        }
        total += sum / (double)windows->outputs;
    }
    return total;
}
