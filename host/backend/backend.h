/* THE backend interface: one table of operations, filled in by cpu/ and opencl/.
 *
 * The public functions of windrow/device.h and windrow/session.h (device.c, session.c) check every
 * argument and then call through the table, so a backend may rely on: shapes >= 1 and overflow
 * checked, windows inside the view, lr and clip valid (clip 0 already turned into +infinity),
 * schedule resolved by `fits`. */
#ifndef WR_BACKEND_H
#define WR_BACKEND_H

#include "base/base.h"
#include "windrow/device.h"
#include "windrow/session.h"

#include <sys/types.h>
#include <unistd.h>

struct wr_device {
    const struct wr_backend *backend;
    struct wr_device_info info;
    struct wr_device_options options;
    pid_t process;    /* that has opened it */
    bool unchecked;   /* sessions skip the check that the device is exact: verification itself */
    double deviation; /* wr_device_deviation */
};

/* Backends embed this as the first member of their own session. */
struct wr_session {
    struct wr_device *device;
    struct wr_ensemble ensemble; /* arrays point into `owned`; window_first, window_count, visits,
                                    lr, clip, seeds are never NULL here */
    struct wr_layout layout;
    size_t batch_first, batch_count; /* windows of the last forward */
    unsigned stages_done;            /* of the batch: 1 forward, 2 bptt */
    bool spent;                      /* a run was stopped or failed midway */
    void *owned;                     /* one allocation behind the arrays of `ensemble` */
    size_t *epoch_steps;             /* (M) updates an epoch makes; in `owned` */
    size_t most_steps, most_visits;  /* the largest of them; and of `visits` */
    bool in_order;                   /* wr_in_order */
    bool known_case;                 /* short: its runs are not cut into stretches */
};

struct wr_backend {
    const char *name;

    /* Refuses variables of the environment that mean nothing, whatever device is opened: called
     * before a device is chosen, since a device that does not open may be passed over. */
    wr_status (*check_environment)(struct wr_error *error);
    /* Devices of this backend, appended one call per device with index 0, 1, ...: WR_OK and *info
     * filled (also for an unusable device, with the reason), or WR_ERR_DEVICE past the last. */
    wr_status (*describe)(size_t index, struct wr_device_info *info, struct wr_error *error);
    /* Opens the device that describe gave for index. *device embeds struct wr_device first, with
     * backend and info filled. */
    wr_status (*open_device)(size_t index, const struct wr_device_options *options,
                             struct wr_device **device, struct wr_error *error);
    void (*close_device)(struct wr_device *device);
    /* Builds and runs the smallest kernel. NULL where there is nothing to build. */
    wr_status (*try_device)(struct wr_device *device, struct wr_error *error);
    /* See wr_bench_peak. */
    wr_status (*peak)(struct wr_device *device, double *flops_per_second, struct wr_error *error);

    /* Whether the fused schedule can take this shape; if not, *why (static or in the device). */
    bool (*fits_fused)(struct wr_device *device, const struct wr_ensemble *ensemble,
                       const char **why);
    /* Bytes needed on the device for training with this (resolved) schedule. */
    wr_status (*memory)(struct wr_device *device, const struct wr_ensemble *ensemble, size_t *bytes,
                        struct wr_error *error);

    size_t session_size; /* sizeof the backend's session */
    /* session's base part is filled and zero beyond; allocate, build, upload. On failure the caller
     * calls close_session, which must cope with a half-open one. */
    wr_status (*open_session)(struct wr_session *session, struct wr_error *error);
    void (*close_session)(struct wr_session *session);

    /* The operations of windrow/session.h. Stage buffers are allocated by the first stage, and read
     * after one only. session.c zeroes slots that the last batch did not fill, and turns every NaN
     * read, in losses too, into 0x7fc00000. */
    wr_status (*read)(struct wr_session *session, enum wr_tensor tensor, float *values,
                      struct wr_error *error);
    wr_status (*write_parameters)(struct wr_session *session, const float *values,
                                  struct wr_error *error);
    wr_status (*forward)(struct wr_session *session, struct wr_error *error);
    wr_status (*bptt)(struct wr_session *session, struct wr_error *error);
    wr_status (*clip)(struct wr_session *session, struct wr_error *error);
    wr_status (*update)(struct wr_session *session, struct wr_error *error);
    wr_status (*run)(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                     void *context, struct wr_error *error);
    /* Models that have diverged stay as they are. */
    wr_status (*freeze)(struct wr_session *session, const unsigned char *frozen,
                        struct wr_error *error);
    /* The epoch in which each model diverged, WR_NOT_DIVERGED, or WR_FROZEN (layout.h). */
    wr_status (*diverged)(struct wr_session *session, uint32_t *diverged, struct wr_error *error);
};

extern const struct wr_backend wr_backend_cpu;
extern const struct wr_backend wr_backend_opencl; /* only in builds with WINDROW_OPENCL */

/* Whether this process has opened the device. A child that fork has made of that process has copies
 * of our memory and nothing else: neither threads nor what a driver keeps. */
static inline bool wr_is_ours(const struct wr_device *device) {
    return device->process == getpid();
}
/* WR_ERR_USAGE where it has not. */
wr_status wr_check_process(const struct wr_device *device, struct wr_error *error);

/* What wr_devices_list does, step by step, for who looks at drivers from outside (cli/probe.c).
 *
 * Refuses variables of the environment that mean nothing, to any backend. */
wr_status wr_check_environment(struct wr_error *error);
/* Whether this build has the opencl backend. */
bool wr_has_opencl(void);
/* As `describe` of the opencl backend; WR_ERR_DEVICE in a build without it. */
wr_status wr_describe_opencl(size_t index, struct wr_device_info *info, struct wr_error *error);
/* Opens OpenCL device `index`, which *info describes, and settles by a known case whether it is
 * usable and exact; or, not `exactness`, by the smallest kernel whether it is usable. */
void wr_settle_opencl(size_t index, bool exactness, struct wr_device_info *info);

/* 2/(O n) with mse, 1/(O n) with other losses: the factor of dL/dy for a batch of n windows,
 * rounded once. */
float wr_loss_scale(enum wr_loss loss, size_t outputs, size_t windows);
/* Whether run sums of a batch's gradient are added by wr_add_long (numerics.h), which takes a rest
 * for each parameter. */
bool wr_needs_rests(size_t batch);
/* 1 / the updates over which the model's learning rate decays. */
float wr_fading(const struct wr_session *session, size_t model);
/* Adam's corrections of its first updates, which models share: 1/(1 - beta1^(u+1)) at 2u and
 * 1/sqrt(1 - beta2^(u+1)) at 2u + 1 for update u; after the last pair both stay what they are
 * there. *count: pairs, at least 1, and 1 pair of ones for other optimizers. Freed by the caller.
 */
wr_status wr_corrections(const struct wr_rule *rule, float **corrections, size_t *count,
                         struct wr_error *error);
/* Whether every epoch of every model visits its windows once, in order. */
bool wr_in_order(const struct wr_ensemble *ensemble);
/* Whether a parameter's step takes nothing but the parameter and its own gradient. */
static inline bool wr_steps_alone(const struct wr_rule *rule) {
    return rule->optimizer == WR_OPTIMIZER_SGD && rule->clipping == WR_CLIPPING_VALUE;
}
/* Whether a window's gradient can go straight into the parameters, element by element: plain
 * gradient descent, nothing to be known of the other elements. */
static inline bool wr_is_direct(const struct wr_rule *rule) {
    return wr_steps_alone(rule) && rule->fixed == 0 && rule->weight_decay == 0;
}
/* Windows of model m in the session's current batch: 0 .. batch_count. */
size_t wr_batch_windows(const struct wr_session *session, size_t model);
/* Compares this device with the cpu backend on a short known case of the ensemble's shape, batch
 * and schedule (nothing else of it is read): WR_ERR_VERIFY if a bit differs, another status if the
 * device fails. *deviation, if not NULL: of the losses, as wr_device_deviation. In verify.c. */
wr_status wr_check_exact(struct wr_device *device, const struct wr_ensemble *ensemble,
                         double *deviation, struct wr_error *error);

#endif
