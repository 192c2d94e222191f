/* Verification: compares a device with the cpu backend bit for bit, stage by stage and in whole
 * runs. */
#ifndef WINDROW_VERIFY_H
#define WINDROW_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/device.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One comparison. */
struct wr_verify_row {
    const char *what;     /* "forward", "bptt", "clip", "update", "run staged", "run fused" */
    const char *tensor;   /* "hidden", "predictions", ... */
    char shape[96];       /* "I=1 H=20 O=1 T=5 B=1 M=17", and the rule if not the notebook's */
    bool skipped;         /* the schedule does not support this shape; difference says why */
    size_t values;        /* compared */
    size_t differing;     /* those whose bits differ */
    char difference[192]; /* the first: index, both values, both bit patterns; "" if none */
};
typedef wr_status wr_verify_fn(void *context, const struct wr_verify_row *row);

/* Compares the device with the cpu backend on a fixed list of shapes, and calls on_row for each
 * comparison. WR_ERR_VERIFY if a value differs (the error names the first); WR_ERR_DEVICE if the
 * device fails. Open the device as inexact: otherwise a device that differs is refused before it
 * can be compared. */
wr_status wr_verify(struct wr_device *device, wr_verify_fn *on_row, void *context,
                    struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
