/* A session: one ensemble of models in the memory of one device.
 *
 * wr_session_run trains whole epochs and takes most of the time. The four stages (forward, bptt,
 * clip, update) each process one batch of windows of every model, for verification and for large
 * batches. Every result has the same bits on every exact device and schedule. */
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
    WR_SCHEDULE_AUTO,   /* fused if a model fits the device, else staged */
    WR_SCHEDULE_STAGED, /* one kernel launch per stage */
    WR_SCHEDULE_FUSED,  /* many updates in one launch */
    WR_SCHEDULE_FORWARD /* no training: wr_session_forward alone, in the memory that it needs */
};
const char *wr_schedule_name(enum wr_schedule schedule);

/* What one model learns from, and how fast. {.lr = 1e-4f} is a whole task. */
struct wr_task {
    size_t first;  /* it uses windows first .. first + count - 1 of the view, in this order */
    size_t count;  /* 0: all from first on */
    size_t visits; /* of windows per epoch; 0: count */
    float lr;      /* finite, >= 0 */
    float clip;    /* >= 0: bounds what rule.clipping says, such as each element of the batch
                      gradient to [-clip, clip]; 0 or infinity: no bound */
    uint32_t seed; /* for the order of the windows */
};

/* Everything a session needs. All arrays are copied at open.
 *
 * With WR_SCHEDULE_FORWARD only a task's first and count matter, and tasks may be NULL: all windows
 * for every model. The rule's activation and loss matter. The windows may lack both targets and
 * loss_weights (NULL), but then there is no WR_LOSSES. */
struct wr_ensemble {
    struct wr_stack stack;       /* the models, with their start values */
    const struct wr_task *tasks; /* (M) */
    size_t batch; /* B: windows per update; the last batch of an epoch may be smaller. A B above the
                     windows of every model means all */
    enum wr_schedule schedule; /* how wr_session_run works */
    struct wr_windows_view windows;
    struct wr_rule rule; /* how the models learn; all zero is the notebook's rule */
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
/* The bytes on the device that a session for this ensemble needs to train; tasks may be NULL, which
 * means all windows, and so may the parameters. WR_ERR_MEMORY if the device or the host does not
 * have enough memory. Call it before allocating arrays of the ensemble's size. */
wr_status wr_session_memory(struct wr_device *device, const struct wr_ensemble *ensemble,
                            size_t *bytes, struct wr_error *error);

/* Replaces the values of the windows by those of a view with the same count and strides, and with
 * targets if the first one had them. Models, optimizers and orders stay as they are. If this fails
 * on the device, forward and run are WR_ERR_USAGE until windows are written. */
wr_status wr_session_write_windows(struct wr_session *session,
                                   const struct wr_windows_view *windows, struct wr_error *error);

/* The tensors that can be read back. Sizes are in floats; b counts the slots of a batch, 0 .. B-1.
 * A NaN is read as 0x7fc00000. A slot holds 0 if the last forward put no window in it, for example
 * because its model has diverged. All tensors of the stages hold 0 before any stage, and after
 * wr_session_run and wr_session_write_windows. A session that does not train has neither gradients
 * nor deltas: their size is 0, and to read them is WR_ERR_USAGE. */
enum wr_tensor {
    WR_PARAMETERS,  /* (M, P) */
    WR_GRADIENTS,   /* (M, P) of the last bptt, clipped after wr_session_clip */
    WR_HIDDEN,      /* (M, B, T, H) h_t of the last forward */
    WR_DELTAS,      /* (M, B, T, H) dL/da_t of the last bptt */
    WR_PREDICTIONS, /* (M, B, O) */
    WR_LOSSES,      /* (M, B) loss of each window */
    WR_STATE /* (M, S, P) state of the optimizer, S = wr_rule_states: the momentum; the mean square;
                Adam's mean and mean square. 0 before the first update */
};
const char *wr_tensor_name(enum wr_tensor tensor);
size_t wr_session_tensor_size(const struct wr_session *session, enum wr_tensor tensor);
wr_status wr_session_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                          struct wr_error *error);
/* Puts the models where a training of `epochs` epochs left them: parameters (M, P), and state (M,
 * S, P) as WR_STATE reads it; NULL: zeros. The next epoch is number `epochs`, below
 * WR_NOT_DIVERGED. From there on rates, orders of windows, Adam's corrections and the epochs of
 * wr_session_diverged are those that they would be had this session trained the models, so
 * parameters get the same bits. No model is diverged or frozen. The models may be some of those
 * that trained together, in any order. With WR_SCHEDULE_FORWARD only 0 epochs and no state are
 * taken. */
wr_status wr_session_write_state(struct wr_session *session, size_t epochs, const float *parameters,
                                 const float *state, struct wr_error *error);
/* wr_session_write_state with 0 epochs and without state: the session is as it was when opened. */
wr_status wr_session_write_parameters(struct wr_session *session, const float *values,
                                      struct wr_error *error);
/* Freezes the models with frozen[m] (M) != 0: later calls do not change them, their epochs cost no
 * time and their losses are NaN. Only wr_session_write_parameters and wr_session_write_state end
 * this. */
wr_status wr_session_freeze(struct wr_session *session, const unsigned char *frozen,
                            struct wr_error *error);

/* The stages, to be called in this order; all but forward, and wr_session_run, are WR_ERR_USAGE
 * with WR_SCHEDULE_FORWARD. forward takes visits first .. first + count - 1 of each model's current
 * epoch, up to the end of the epoch; 1 <= count <= B. The visits are the model's windows in order,
 * unless rule.order or visits say otherwise. A model without a window in this range, a diverged
 * model and a frozen one stay unchanged. The gradient is that of the mean loss over the model's
 * windows in the batch. The update is number first / B of the epoch. */
wr_status wr_session_forward(struct wr_session *session, size_t first, size_t count,
                             struct wr_error *error);
wr_status wr_session_bptt(struct wr_session *session, struct wr_error *error);
wr_status wr_session_clip(struct wr_session *session, struct wr_error *error);
wr_status wr_session_update(struct wr_session *session, struct wr_error *error);

/* Called from time to time during a run, on the calling thread. updates: parameter updates of all
 * models so far in this run. */
typedef wr_status wr_tick_fn(void *context, double updates);

/* Trains `epochs` epochs. losses (epochs, M), which may be NULL, receives total_loss of each: the
 * sum of its n window losses in order. Its error is at most (2 + n u) u of the sum of their sizes,
 * u = 2^-24, and does not depend on launches and batches. If it overflows it is infinite. It is NaN
 * for a frozen model and for one that diverged in an earlier epoch. If tick (which may be NULL)
 * ends the run, the session only takes wr_session_write_parameters, wr_session_write_state and
 * wr_session_close. In a process forked after the device was opened, every call but close is
 * WR_ERR_USAGE. */
wr_status wr_session_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                         void *context, struct wr_error *error);

#define WR_NOT_DIVERGED UINT32_MAX
/* diverged (M): the epoch in which each model diverged (its total loss or a parameter was not
 * finite), counted from the start of its training; WR_NOT_DIVERGED if it did not. A frozen model
 * has not diverged. */
wr_status wr_session_diverged(struct wr_session *session, uint32_t *diverged,
                              struct wr_error *error);

/* The number of updates in one epoch, all models together. */
double wr_session_epoch_updates(const struct wr_session *session);

#ifdef __cplusplus
}
#endif
#endif
