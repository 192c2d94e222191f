/* Sliding windows over a series: seq_len input rows, then the target row. */
#ifndef WINDROW_WINDOWS_H
#define WINDROW_WINDOWS_H

#include <stddef.h>

#include "windrow/series.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wr_scale {
    WR_SCALE_NONE,    /* values as they are */
    WR_SCALE_STANDARD /* per column: (value - mean) / population standard deviation */
};

/* How windows are made. The call keeps no pointer to the arrays. */
struct wr_windows_spec {
    const size_t *input_columns; /* (inputs) */
    size_t inputs;
    const size_t *target_columns; /* (outputs) */
    size_t outputs;
    size_t seq_len;
    enum wr_scale scale;
    size_t scale_rows; /* the mean and deviation are those of the first so many rows; 0: all rows */
};

struct wr_windows;

/* Makes rows - seq_len windows; WR_ERR_DATA if the series has fewer than seq_len + 1 rows. The
 * caller
 * frees *windows with wr_windows_free; they do not refer to the series. */
wr_status wr_windows_make(const struct wr_series *series, const struct wr_windows_spec *spec,
                          struct wr_windows **windows, struct wr_error *error);
/* The same, but each column is scaled by a mean and deviation that the caller gives, such as those
 * of another series: input_scales (inputs, 2), target_scales (outputs, 2). spec's scale and
 * scale_rows are ignored. WR_ERR_USAGE if one is not finite or a deviation is not above 0. */
wr_status wr_windows_make_scaled(const struct wr_series *series, const struct wr_windows_spec *spec,
                                 const double *input_scales, const double *target_scales,
                                 struct wr_windows **windows, struct wr_error *error);
/* The same to predict, not to learn: one window more, whose target is the row after the last, so
 * that seq_len rows are enough. Columns that are targets alone may have missing cells. A target
 * that is not known is NaN for wr_windows_target, and 0 in the view. Scales that are NULL are
 * computed as spec says, and then no cell may be missing. */
wr_status wr_windows_make_ahead(const struct wr_series *series, const struct wr_windows_spec *spec,
                                const double *input_scales, const double *target_scales,
                                struct wr_windows **windows, struct wr_error *error);
void wr_windows_free(struct wr_windows *windows);

/* What a session trains on. Window w reads seq_len * inputs floats from inputs + w * input_stride,
 * and its targets are the outputs floats from targets + w * target_stride. The view does not own
 * its pointers: they belong to the wr_windows, or to whoever filled the struct. */
struct wr_windows_view {
    size_t count;
    size_t input_stride;  /* floats from one window to the next; `inputs` for sliding windows */
    size_t target_stride; /* floats from one window's targets to the next */
    const float *inputs;  /* ((count - 1) * input_stride + seq_len * inputs) */
    const float *targets; /* ((count - 1) * target_stride + outputs) */
    /* (outputs): a window's loss is the sum over outputs of weight * error^2. The mean squared
     * error has weights 1/outputs. If targets are scaled, weights are multiplied by the target's
     * variance, so that losses are in the units of the series. Gradients do not depend on the
     * weights: they are those of the mean squared error of the view's values. */
    const float *loss_weights;
};
void wr_windows_get(const struct wr_windows *windows, struct wr_windows_view *view);

size_t wr_windows_count(const struct wr_windows *windows);
/* The scale of input (target) column i: value = mean + deviation * scaled. (0, 1) if it is not
 * scaled. */
void wr_windows_input_scale(const struct wr_windows *windows, size_t i, double *mean,
                            double *deviation);
void wr_windows_target_scale(const struct wr_windows *windows, size_t i, double *mean,
                             double *deviation);
/* The true target of a window, in the units of the series; NaN if it is not known. */
double wr_windows_target(const struct wr_windows *windows, size_t window, size_t output);
/* The naive forecast of it: the target one row before. */
double wr_windows_naive(const struct wr_windows *windows, size_t window, size_t output);
/* The total loss of the naive forecast: the sum over windows of the mean over outputs of the
 * squared error, in the units of total_loss. */
double wr_windows_naive_loss(const struct wr_windows *windows);

#ifdef __cplusplus
}
#endif
#endif
