/* What a sweep trains on: the windows of each length in its grid, and the study's settings. */
#ifndef WR_SWEEP_DATA_H
#define WR_SWEEP_DATA_H

#include "windrow/sweep.h"

struct wr_sweep_windows {
    size_t seq_len;
    struct wr_windows *windows;
    struct wr_windows_view view;
    size_t trained, held; /* windows: the first `trained` of the view, and those after them */
};

struct wr_sweep_data {
    const struct wr_sweep *sweep;
    struct wr_sweep_windows *by_length; /* (count) */
    size_t count;
};

/* Checks what the sweep says of data and training. Released by the caller in any case. */
wr_status wr_sweep_data_make(const struct wr_sweep *sweep, struct wr_sweep_data *data,
                             struct wr_error *error);
void wr_sweep_data_release(struct wr_sweep_data *data);
const struct wr_sweep_windows *wr_sweep_windows_of(const struct wr_sweep_data *data,
                                                   size_t seq_len);

/* The settings that results depend on: keeps them in the study, or compares them. */
wr_status wr_sweep_settle(const struct wr_sweep *sweep, struct wr_study *study,
                          struct wr_error *error);
/* Means and deviations of the columns, without which nobody could use models of scaled data. */
wr_status wr_sweep_settle_scale(const struct wr_sweep_data *data, struct wr_study *study,
                                struct wr_error *error);

struct wr_shape wr_sweep_shape(const struct wr_sweep *sweep, const struct wr_trial_options *trial);
/* What an epoch of a trial costs, in no unit: good for comparing shapes. */
double wr_sweep_epoch_cost(const struct wr_sweep_data *data, const struct wr_trial_options *trial);

#endif
