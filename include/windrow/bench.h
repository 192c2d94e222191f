/* Measures how fast a device trains. A cell is one shape, number of models, batch and schedule. */
#ifndef WINDROW_BENCH_H
#define WINDROW_BENCH_H

#include <signal.h>
#include <stddef.h>

#include "windrow/device.h"
#include "windrow/model.h"
#include "windrow/rule.h"
#include "windrow/session.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_bench_cell {
    struct wr_shape shape;
    size_t models; /* M */
    size_t batch;  /* B */
    enum wr_schedule schedule;
    struct wr_rule rule; /* all zero: the notebook's */
};

struct wr_bench_options {
    double seconds; /* a repeat trains whole epochs for at least this long */
    size_t repeats; /* >= 1 */
    /* Set to non-zero (by a signal handler, say) to stop: WR_ERR_STOPPED. NULL: never. */
    const volatile sig_atomic_t *stop;
};

/* Rates count the updates of all models together. */
struct wr_bench_result {
    enum wr_schedule schedule; /* the one used: never WR_SCHEDULE_AUTO */
    size_t windows;            /* of an epoch: a whole number of batches */
    size_t epochs; /* of one wr_session_run; a repeat is one such call, or several to last long
                      enough */
    double open_seconds; /* the time to open the session: build or load the kernels, check them,
                            allocate memory and upload */
    double updates_per_second; /* the median of the repeats */
    double slowest, fastest;   /* of the repeats, in updates/s */
};

/* Trains the cell's models on a synthetic series (windrow/series.h), with start values of seeds 0
 * to M-1, lr 1e-4 and clip 1. Only wr_session_run is timed. A first, short session tells how fast
 * the device is. The second session is the one that is measured; it first searches for a number of
 * epochs that lasts long enough. An epoch has 95 batches. It has fewer, but at least 4, if the
 * device needs more than the time of a repeat for 95.
 *
 * WR_ERR_MEMORY and WR_ERR_DEVICE: the cell does not fit the device; the memory needed is computed
 * before it is allocated. WR_ERR_USAGE: a size is out of its range. */
wr_status wr_bench_run(struct wr_device *device, const struct wr_bench_cell *cell,
                       const struct wr_bench_options *options, struct wr_bench_result *result,
                       struct wr_error *error);

/* The device's peak: every compute unit (every thread of a cpu device) computes independent chains
 * of float32 fma in registers, 2 flops each. The result is the best of many short trials, because
 * some of them run undisturbed even on a busy machine. All trials together take a fraction of a
 * second. */
wr_status wr_bench_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error);

/* Flops of one update of one model with a batch of B windows. Each product of a window's sums
 * counts as 2 flops; the products are:
 *   forward   T H I + (T-1) H^2 + O H
 *   backward          (T-1) H^2 + O H    (dL/dx is not needed)
 *   gradient  T H I + (T-1) H^2 + O H
 * Biases, tanh and its derivative, losses, clip and the parameter step do not count. */
double wr_bench_flops(const struct wr_bench_cell *cell);
/* The flops of the recurrent products alone: 6 (T-1) H^2 B, and 0 if T = 1. Shares of a peak use
 * this number, because it is the same for every implementation. */
double wr_bench_recurrent_flops(const struct wr_bench_cell *cell);

#ifdef __cplusplus
}
#endif
#endif
