/* Many predictions with one opened device, whose threads start once. */
#ifndef WR_PREDICT_H
#define WR_PREDICT_H

#include "windrow/train.h"

/* wr_predict_each on a device that was opened as "cpu"; the caller has set the arithmetic. */
wr_status wr_predict_each_on(struct wr_device *cpu, const struct wr_stack *stack,
                             enum wr_activation activation, const struct wr_windows_view *windows,
                             const size_t *which, float *predictions, struct wr_error *error);

#endif
