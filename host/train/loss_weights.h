/* The weights of losses that are none of squared errors, which windows do not have. */
#ifndef WR_TRAIN_LOSS_WEIGHTS_H
#define WR_TRAIN_LOSS_WEIGHTS_H

#include "windrow/rule.h"
#include "windrow/windows.h"

/* The weights (outputs) of a loss that grows as the error does, such as mae: then it is scaled by a
 * target's deviation. NULL for the others, whose weights are those of the windows, which divide by
 * the variance. The caller frees *weights with free. */
wr_status wr_loss_weights(enum wr_loss loss, const struct wr_windows *windows, size_t outputs,
                          float **weights, struct wr_error *error);

#endif
