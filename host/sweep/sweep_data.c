#include "sweep/sweep_data.h"

#include "base/base.h"
#include "sweep/halving.h"
#include "train/loss_weights.h"

#include <stdlib.h>

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
    if (sweep->patience > 0 && (sweep->validate == 0 || sweep->validate_every == 0))
        return wr_fail(
            error, WR_ERR_USAGE,
            "\1patience\1 %zu goes with \1validate\1 above 0 and \1validate_every\1 above "
            "0, not %g and %zu",
            sweep->patience, sweep->validate, sweep->validate_every);
    struct wr_rule rule = {
        .loss = sweep->loss, .huber_delta = sweep->huber_delta, .tau = sweep->tau};
    wr_status status = wr_rule_check(&rule, error);
    if (status == WR_OK)
        status = wr_halving_check(sweep, error);
    if (status != WR_OK)
        return status;
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

/* The columns' scales are the same for all lengths, and so are the weights. */
static wr_status set_loss_weights(struct wr_sweep_data *data, struct wr_sweep_windows *w,
                                  struct wr_error *error) {
    wr_status status = WR_OK;
    if (data->loss_weights == NULL)
        status = wr_loss_weights(data->sweep->loss, w->windows, data->sweep->outputs,
                                 &data->loss_weights, error);
    if (data->loss_weights != NULL)
        w->view.loss_weights = data->loss_weights;
    return status;
}

const struct wr_sweep_windows *wr_sweep_windows_of(const struct wr_sweep_data *data,
                                                   size_t seq_len) {
    for (size_t i = 0; i < data->count; i++)
        if (data->by_length[i].seq_len == seq_len)
            return &data->by_length[i];
    return NULL;
}

/* Makes the windows of this length, unless they are there. */
static wr_status add_length(struct wr_sweep_data *data, size_t seq_len, struct wr_error *error) {
    if (wr_sweep_windows_of(data, seq_len) != NULL)
        return WR_OK;
    struct wr_sweep_windows *grown =
        realloc(data->by_length, (data->count + 1) * sizeof *data->by_length);
    if (grown == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for windows");
    data->by_length = grown;
    struct wr_sweep_windows *w = &data->by_length[data->count++];
    *w = (struct wr_sweep_windows){.seq_len = seq_len};
    wr_status status = make_windows(data->sweep, w, error);
    return status == WR_OK ? set_loss_weights(data, w, error) : status;
}

wr_status wr_sweep_data_make(const struct wr_sweep *sweep, struct wr_sweep_data *data,
                             struct wr_error *error) {
    const struct wr_grid *grid = &sweep->grid;
    *data = (struct wr_sweep_data){.sweep = sweep};
    wr_status status = check_training(sweep, error);
    if (status != WR_OK)
        return status;
    size_t count = sweep->trials != NULL ? sweep->trial_count : grid->window_count;
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = add_length(data, sweep->trials != NULL ? sweep->trials[i].window : grid->window[i],
                            error);
    return status;
}

void wr_sweep_data_release(struct wr_sweep_data *data) {
    for (size_t i = 0; i < data->count; i++)
        wr_windows_free(data->by_length[i].windows);
    free(data->by_length);
    free(data->loss_weights);
    *data = (struct wr_sweep_data){0};
}

/* ---- shapes ---- */

struct wr_shape wr_sweep_shape(const struct wr_sweep *sweep, const struct wr_trial_options *trial) {
    return (struct wr_shape){.inputs = sweep->inputs,
                             .hidden = trial->hidden,
                             .outputs = sweep->outputs,
                             .seq_len = trial->window};
}

struct wr_rule wr_sweep_rule(const struct wr_sweep *sweep, const struct wr_trial_options *trial) {
    struct wr_rule rule = trial->rule;
    rule.loss = sweep->loss;
    rule.huber_delta = sweep->huber_delta;
    rule.tau = sweep->tau;
    rule.decay_epochs = rule.decay != WR_DECAY_CONSTANT ? sweep->epochs : 0;
    return rule;
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
