/* Measuring how fast a device trains: a cell is one shape, number of models, batch and schedule. */
#ifndef WINDROW_BENCH_H
#define WINDROW_BENCH_H

#include <signal.h>
#include <stddef.h>

#include "windrow/device.h"
#include "windrow/model.h"
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
};

struct wr_bench_options {
    double seconds; /* a repeat lasts this long at least: a number of whole epochs */
    size_t repeats; /* >= 1 */
    /* Set to non-zero (by a signal handler, say) to stop: WR_ERR_STOPPED. NULL: never. */
    const volatile sig_atomic_t *stop;
};

/* Rates count the updates of all models together. */
struct wr_bench_result {
    enum wr_schedule schedule; /* the one used: never WR_SCHEDULE_AUTO */
    size_t windows;            /* of an epoch: a whole number of batches */
    size_t epochs;             /* of a run; a repeat is one run, or more to last long enough */
    double open_seconds; /* opening the session: kernels built, or found where the device has built
                            them before, and checked; memory and upload */
    double updates_per_second; /* the median of the repeats */
    double slowest, fastest;   /* of the repeats, updates/s too */
};

/* Trains the cell's models on a synthetic series (windrow/series.h) from start values of seeds 0 to
 * M-1, with lr 1e-4 and clip 1, and times wr_session_run and nothing else. Warm-up: a short session
 * tells how fast the device is, then a second one, which is measured, runs until an epoch count is
 * found that lasts long enough. An epoch has 95 batches, or fewer, at least 4, on a device that
 * would need more than a repeat for so many.
 *
 * WR_ERR_MEMORY and WR_ERR_DEVICE where the cell does not fit the device; what it needs is computed
 * before it is allocated. WR_ERR_USAGE for sizes outside their ranges. */
wr_status wr_bench_run(struct wr_device *device, const struct wr_bench_cell *cell,
                       const struct wr_bench_options *options, struct wr_bench_result *result,
                       struct wr_error *error);

/* The device's peak: 2 flops for each float32 fma of independent chains in registers, all compute
 * units (or all threads of a cpu device) at once. The best of many short trials, some of which run
 * undisturbed even on a busy machine; a fraction of a second in all. */
wr_status wr_bench_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error);

/* Flops of one update of one model, a batch of B windows. Each of a window's sums of products is
 * counted, at 2 flops a product:
 *   forward   T H I + (T-1) H^2 + O H
 *   backward          (T-1) H^2 + O H    (nothing asks for dL/dx)
 *   gradient  T H I + (T-1) H^2 + O H
 * Not counted: biases, tanh and its derivative, losses, clip, and the step itself. */
double wr_bench_flops(const struct wr_bench_cell *cell);
/* The recurrent part of that alone, 6 (T-1) H^2 B: what parts of a peak are stated in, since it is
 * the same for every implementation. 0 where T = 1. */
double wr_bench_recurrent_flops(const struct wr_bench_cell *cell);

#ifdef __cplusplus
}
#endif
#endif
