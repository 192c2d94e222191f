/* A session: one ensemble of models resident on one device.
 *
 * The four stages (forward, bptt, clip, update) run on one batch of windows for every model, for
 * verification and for large batches; wr_session_run trains whole epochs and is where time goes.
 * Every result has the same bits on every exact device and schedule. */
#ifndef WINDROW_SESSION_H
#define WINDROW_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "windrow/device.h"
#include "windrow/model.h"
#include "windrow/rule.h"
#include "windrow/status.h"
#include "windrow/windows.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wr_schedule {
    WR_SCHEDULE_AUTO,   /* fused where a model fits the device, else staged */
    WR_SCHEDULE_STAGED, /* one kernel launch per stage */
    WR_SCHEDULE_FUSED   /* many updates in one launch */
};
const char *wr_schedule_name(enum wr_schedule schedule);

/* Everything a session needs. All arrays are copied at open. */
struct wr_ensemble {
    struct wr_shape shape;
    size_t models; /* M */
    size_t batch;  /* B: windows per update; the last batch of an epoch may be short; more
                      than any model has windows means all */
    enum wr_schedule schedule; /* how wr_session_run works */
    struct wr_windows_view windows;
    const size_t *window_first; /* (M): model m visits windows first .. first + count - 1 of the
                                   view in this order; NULL: 0 */
    const size_t *window_count; /* (M), each >= 1; NULL: all */
    const size_t *visits;    /* (M), each >= 1: windows that an epoch visits; NULL: window_count */
    const float *lr;         /* (M), finite, >= 0 */
    const float *clip;       /* (M), >= 0; bounds what rule.clipping says: each element of the
                                batch gradient to [-clip, clip]; 0 or infinity: no bound */
    const uint32_t *seeds;   /* (M) for the order of the windows; NULL: 0 */
    const float *parameters; /* (M, P) start values */
    struct wr_rule rule;     /* how they learn; all zero is the notebook's */
};

struct wr_session;

/* Checks the ensemble, computes the memory needed before anything is allocated, builds kernels,
 * checks that the device is exact with them (unless it was opened as inexact), and uploads.
 * WR_ERR_USAGE, WR_ERR_DATA, WR_ERR_MEMORY, WR_ERR_DEVICE. */
wr_status wr_session_open(struct wr_device *device, const struct wr_ensemble *ensemble,
                          struct wr_session **session, struct wr_error *error);
void wr_session_close(struct wr_session *session);

/* The schedule in use: never WR_SCHEDULE_AUTO. */
enum wr_schedule wr_session_schedule(const struct wr_session *session);
/* Bytes that a session for this ensemble needs for training on the device; ensemble->parameters may
 * be NULL. WR_ERR_MEMORY if they, or what the host needs beside them, cannot be had: call it before
 * allocating anything of the ensemble's size. */
wr_status wr_session_memory(struct wr_device *device, const struct wr_ensemble *ensemble,
                            size_t *bytes, struct wr_error *error);

/* What can be read back. Sizes in floats; b counts the batch's slots, 0 .. B-1. A NaN is read as
 * 0x7fc00000. Slots that no window of the last forward filled (those of a diverged model among
 * them) hold 0, and so do all stage tensors before any stage and after wr_session_run. */
enum wr_tensor {
    WR_PARAMETERS,  /* (M, P) */
    WR_GRADIENTS,   /* (M, P) of the last bptt; clipped once clip has run */
    WR_HIDDEN,      /* (M, B, T, H) h_t of the last forward */
    WR_DELTAS,      /* (M, B, T, H) dL/da_t of the last bptt */
    WR_PREDICTIONS, /* (M, B, O) */
    WR_LOSSES,      /* (M, B) window losses */
    WR_STATE        /* (M, S, P) what the optimizer keeps, S = wr_rule_states: momentum; the mean
                       square; Adam's mean and mean square. 0 before the first update */
};
const char *wr_tensor_name(enum wr_tensor tensor);
size_t wr_session_tensor_size(const struct wr_session *session, enum wr_tensor tensor);
wr_status wr_session_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                          struct wr_error *error);
/* Replaces the parameters (M, P); every model counts as not diverged and not frozen again, and
 * optimizers, orders and rates begin anew, as at open. */
wr_status wr_session_write_parameters(struct wr_session *session, const float *values,
                                      struct wr_error *error);
/* Models with frozen[m] (M) != 0 are left alone by all that follows: their epochs cost nothing and
 * their losses are NaN. A frozen model thaws with wr_session_write_parameters alone. */
wr_status wr_session_freeze(struct wr_session *session, const unsigned char *frozen,
                            struct wr_error *error);

/* Stages, in this order, on visits first .. first + count - 1 of each model's current epoch (its
 * windows in order, unless rule.order or visits say otherwise), cut at the end of the epoch;
 * 1 <= count <= B. A model left with no window is not touched, and neither is one that has diverged
 * or is frozen. The gradient is that of the mean over the windows the model has here. The update
 * is the one that the epoch makes of its visits from `first` on: number first / B. */
wr_status wr_session_forward(struct wr_session *session, size_t first, size_t count,
                             struct wr_error *error);
wr_status wr_session_bptt(struct wr_session *session, struct wr_error *error);
wr_status wr_session_clip(struct wr_session *session, struct wr_error *error);
wr_status wr_session_update(struct wr_session *session, struct wr_error *error);

/* Called now and then while a run goes on, always on the calling thread. updates: parameter updates
 * of all models so far in this run. Return non-zero to stop. */
typedef int wr_tick_fn(void *context, double updates);

/* Trains `epochs` epochs. losses (epochs, M): total_loss of each, its window losses added in order
 * with an error of at most (2 + n u) u of their size, n windows, u = 2^-24, whatever launches and
 * batches they come in; where it overflows it is infinite. A model that has diverged in an earlier
 * epoch, or is frozen, has NaN. losses may be NULL. Stopped by tick: WR_ERR_STOPPED, and
 * from then on the session is good for wr_session_write_parameters and wr_session_close alone. In a
 * process that fork has made since the device was opened: WR_ERR_USAGE, as of every call but close.
 */
wr_status wr_session_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                         void *context, struct wr_error *error);

#define WR_NOT_DIVERGED UINT32_MAX
/* diverged (M): the epoch, counted from open or from the last wr_session_write_parameters, in which
 * each model diverged (a total loss or a parameter not finite), or WR_NOT_DIVERGED: a frozen model
 * has not diverged. */
wr_status wr_session_diverged(struct wr_session *session, uint32_t *diverged,
                              struct wr_error *error);

/* Updates that one epoch makes, all models together. */
double wr_session_epoch_updates(const struct wr_session *session);

#ifdef __cplusplus
}
#endif
#endif
