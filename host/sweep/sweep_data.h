/* What a sweep trains on: the windows of each length among its trials, and the study's settings. */
#ifndef WR_SWEEP_DATA_H
#define WR_SWEEP_DATA_H

#include "windrow/sweep.h"

struct wr_sweep_windows {
    size_t seq_len;
    struct wr_windows *windows;
    struct wr_windows_view view;
    size_t trained, held; /* windows that train, the first of the view, and windows held out */
};

struct wr_sweep_data {
    const struct wr_sweep *sweep;
    struct wr_sweep_windows *by_length; /* (count) */
    size_t count;
    float *loss_weights; /* (outputs) of the views, where the loss is one of absolute errors */
};

/* Checks the sweep's options of data and training, and makes the windows. The caller releases *data
 * also after an error. */
wr_status wr_sweep_data_make(const struct wr_sweep *sweep, struct wr_sweep_data *data,
                             struct wr_error *error);
void wr_sweep_data_release(struct wr_sweep_data *data);
const struct wr_sweep_windows *wr_sweep_windows_of(const struct wr_sweep_data *data,
                                                   size_t seq_len);

/* Stores in the study the settings that results depend on, or compares them with the stored
 * ones. */
wr_status wr_sweep_settle(const struct wr_sweep *sweep, struct wr_study *study,
                          struct wr_error *error);
/* Stores the means and deviations of the columns. Models of scaled data are useless without
 * them. */
wr_status wr_sweep_settle_scale(const struct wr_sweep_data *data, struct wr_study *study,
                                struct wr_error *error);

struct wr_shape wr_sweep_shape(const struct wr_sweep *sweep, const struct wr_trial_options *trial);
/* The trial's learning rule with the sweep's loss and epochs. */
struct wr_rule wr_sweep_rule(const struct wr_sweep *sweep, const struct wr_trial_options *trial);
/* An estimate of the cost of one epoch of a trial, to compare shapes. It has no unit. */
double wr_sweep_epoch_cost(const struct wr_sweep_data *data, const struct wr_trial_options *trial);

#endif
