#include "train/loss_weights.h"

#include "base/base.h"
#include "model/choices.h"

wr_status wr_loss_weights(enum wr_loss loss, const struct wr_windows *windows, size_t outputs,
                          float **weights, struct wr_error *error) {
    *weights = NULL;
    if (wr_loss_degree(loss) != 1)
        return WR_OK;
    *weights = wr_alloc(outputs, sizeof **weights, "loss weights", error);
    if (*weights == NULL)
        return WR_ERR_MEMORY;
    for (size_t o = 0; o < outputs; o++) {
        double mean, deviation;
        wr_windows_target_scale(windows, o, &mean, &deviation);
        (*weights)[o] = (float)(deviation / (double)outputs);
    }
    return WR_OK;
}
