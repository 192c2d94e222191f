/* The backend interface: one table of properties and operations, which each folder here fills in
 * and registry.c lists.
 *
 * The public functions of windrow/device.h and windrow/session.h (device.c, open.c, session.c)
 * check every argument and then call through the table. So a backend can rely on this: sizes of a
 * shape are at least 1 and their products do not overflow; windows lie inside the view; a session's
 * tasks are valid and have no 0 that stands for something else: clip is +infinity where the caller
 * gave 0; the schedule is forward, staged, or fused where `fits_fused` has agreed. */
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
    pid_t process;    /* the process that opened it */
    bool unchecked;   /* set by tests: sessions skip the check that the device is exact */
    double deviation; /* wr_device_deviation */
};

/* Backends embed this as the first member of their own session. */
struct wr_session {
    struct wr_device *device;
    struct wr_ensemble ensemble; /* arrays point into `owned` */
    struct wr_layout layout;
    size_t batch_first, batch_count; /* windows of the last forward */
    unsigned stages_done;            /* of the batch: 1 forward, 2 bptt */
    bool used;                       /* models were trained or frozen since they were written */
    size_t start;                    /* epochs that the models had trained when last written */
    bool spent;                      /* a run was stopped or failed before its end */
    bool torn;                       /* a write of windows failed before its end */
    void *owned;                     /* one allocation, which holds the arrays of `ensemble` */
    size_t *epoch_steps;             /* updates of an epoch; in `owned` */
    float *inputs, *targets, *loss_weights; /* those of ensemble.windows; in `owned` */
    bool has_targets;                       /* else targets and loss_weights are zeros */
    size_t most_steps, most_visits; /* the largest of epoch_steps, and of the tasks' visits */
    bool in_order;                  /* wr_in_order */
    bool known_case; /* a known case (case.h): the opencl backend trains it in one stretch */
};

/* "NULL:" says what happens where a backend leaves an operation out. optional.c does it, for
 * explain its callers. */
struct wr_backend {
    const char *name;    /* what --device takes for the first exact device of the backend */
    const char *title;   /* in messages: "OpenCL" */
    const char *ids;     /* the ids of its devices, with a capital for each number: "opencl:P.D".
                            NULL: it has one device, whose id is the name */
    const char *missing; /* why this build lacks the backend. It has nothing but the above then */

    bool reference;       /* its bits are the definition, so it is compared with no other. One
                             backend is the reference. Its one device always works */
    bool host_memory;     /* its sessions take the memory of this machine */
    bool closes_anywhere; /* close_session also works in a process that fork has made */
    bool probe_outside;   /* its drivers may crash, hang or print: the command first looks at them
                             from another process */
    const char *driver;   /* what messages call a driver then: "an OpenCL driver" */

    /* Refuses environment variables whose values have no meaning. It is called before a device is
     * chosen, whatever device that will be: a device that fails to open may be passed over, and its
     * error with it. NULL: there are none. */
    wr_status (*check_environment)(struct wr_error *error);
    /* Describes device `index` of this backend: callers count up from 0. Returns WR_OK and fills
     * *info, also for an unusable device, with the reason; WR_ERR_DEVICE past the last device. */
    wr_status (*describe)(size_t index, struct wr_device_info *info, struct wr_error *error);
    /* Opens the device that describe gave for index. The struct behind *device starts with a struct
     * wr_device, whose backend and info are filled. */
    wr_status (*open_device)(size_t index, const struct wr_device_options *options,
                             struct wr_device **device, struct wr_error *error);
    void (*close_device)(struct wr_device *device);
    /* Builds and runs the smallest kernel. NULL: a device that opens works. */
    wr_status (*try_device)(struct wr_device *device, struct wr_error *error);
    /* Makes drivers print, from now on, why they have no device. NULL: they cannot. */
    void (*explain)(void);
    /* See wr_bench_peak. NULL: WR_ERR_DEVICE, and bench does not measure the device. */
    wr_status (*peak)(struct wr_device *device, double *flops_per_second, struct wr_error *error);

    /* Whether the fused schedule can train this shape. If not, *why tells the reason; the text is
     * static or belongs to the device. NULL: it trains none, and every session is staged. */
    bool (*fits_fused)(struct wr_device *device, const struct wr_ensemble *ensemble,
                       const char **why);
    /* Bytes needed on the device for training with this (resolved) schedule. */
    wr_status (*memory)(struct wr_device *device, const struct wr_ensemble *ensemble, size_t *bytes,
                        struct wr_error *error);

    size_t session_size; /* sizeof the backend's session */
    /* The struct wr_session at the front is filled; the rest of the session is zero. Allocates,
     * builds, uploads. If this fails, the caller calls close_session, which must accept a half-open
     * session. */
    wr_status (*open_session)(struct wr_session *session, struct wr_error *error);
    void (*close_session)(struct wr_session *session);

    /* The operations of windrow/session.h. The first stage allocates the stage buffers; they are
     * read only after a stage. session.c sets the slots that the last batch did not fill to zero,
     * and writes every NaN that it reads, also in losses, as 0x7fc00000. */
    wr_status (*read)(struct wr_session *session, enum wr_tensor tensor, float *values,
                      struct wr_error *error);
    /* Puts the models where a training of `epochs` epochs left them. state (M, S, P); NULL: zeros.
     * No model is diverged or frozen then. */
    wr_status (*write_state)(struct wr_session *session, size_t epochs, const float *parameters,
                             const float *state, struct wr_error *error);
    /* The values in ensemble.windows have changed. NULL where the backend has no copy of them. */
    wr_status (*write_windows)(struct wr_session *session, struct wr_error *error);
    wr_status (*forward)(struct wr_session *session, struct wr_error *error);
    wr_status (*bptt)(struct wr_session *session, struct wr_error *error);
    wr_status (*clip)(struct wr_session *session, struct wr_error *error);
    wr_status (*update)(struct wr_session *session, struct wr_error *error);
    wr_status (*run)(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                     void *context, struct wr_error *error);
    /* Models that have diverged stay as they are. NULL: WR_ERR_DEVICE, and models cannot be stopped
     * early. */
    wr_status (*freeze)(struct wr_session *session, const unsigned char *frozen,
                        struct wr_error *error);
    /* The epoch in which each model diverged, WR_NOT_DIVERGED, or WR_FROZEN (layout.h). */
    wr_status (*diverged)(struct wr_session *session, uint32_t *diverged, struct wr_error *error);
};

/* Whether this process opened the device. A child that fork made has copies of our memory, but
 * neither our threads nor what a driver keeps. */
static inline bool wr_is_ours(const struct wr_device *device) {
    return device->process == getpid();
}

/* The factor of dL/dy for a batch of n windows, rounded once: 2/(O n) with mse, 1/(O n) with the
 * other losses. */
float wr_gradient_factor(enum wr_loss loss, size_t outputs, size_t windows);
/* Whether wr_add_long (numerics.h) adds the sums of a batch's segments. It keeps a rest for each
 * parameter. */
bool wr_needs_rests(size_t batch);
/* 1/n, n the number of updates over which the model's learning rate decays. */
float wr_decay_per_update(const struct wr_session *session, size_t model);
/* Adam's corrections, which all models share: 1/(1 - beta1^(u+1)) at 2u and 1/sqrt(1 - beta2^(u+1))
 * at 2u + 1 for update u. Updates after the last pair use the last pair. *count: number of pairs,
 * at least 1; other optimizers get 1 pair of ones. The caller frees the array. */
wr_status wr_corrections(const struct wr_rule *rule, float **corrections, size_t *count,
                         struct wr_error *error);
/* Whether every epoch of every model visits its windows once, in order. */
bool wr_in_order(const struct wr_ensemble *ensemble);
/* Whether a session for the ensemble trains. One that does not calls forward alone, and needs no
 * memory for the other operations. */
static inline bool wr_trains(const struct wr_ensemble *ensemble) {
    return ensemble->schedule != WR_SCHEDULE_FORWARD;
}
/* Whether the step of a parameter depends on that parameter and its own gradient alone. */
static inline bool wr_steps_alone(const struct wr_rule *rule) {
    return rule->optimizer == WR_OPTIMIZER_SGD && rule->clipping == WR_CLIPPING_VALUE;
}
/* Whether each element of a window's gradient can be subtracted from its parameter at once: plain
 * gradient descent, in which no element depends on another. */
static inline bool wr_is_direct(const struct wr_rule *rule) {
    return wr_steps_alone(rule) && rule->fixed == 0 && rule->weight_decay == 0;
}
/* Windows of model m in the session's current batch: 0 .. batch_count. */
size_t wr_batch_windows(const struct wr_session *session, size_t model);

#endif
