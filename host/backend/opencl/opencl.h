/* What the files of the opencl backend share: devices, programs, plans, sessions. Only OpenCL 1.2
 * is used. */
#ifndef WR_OPENCL_H
#define WR_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "backend/backend.h"
#include "backend/opencl/kernels.h"
#include "tiles_layout.h"

/* ---- errors (cl_errors.c) ---- */

/* The name of a code, such as "CL_OUT_OF_RESOURCES"; never NULL. */
const char *wr_cl_code_name(cl_int code);
struct wr_cl_device;
/* WR_OK if code is CL_SUCCESS. Otherwise fills error with device, call and code and returns
 * WR_ERR_MEMORY where an allocation failed, else WR_ERR_DEVICE. */
wr_status wr_cl_check(const struct wr_cl_device *device, const char *call, cl_int code,
                      struct wr_error *error);

/* ---- devices (cl_device.c) ---- */

#define WR_CL_OPTIONS      1024 /* characters of build options */
#define WR_CL_MORE_OPTIONS 512  /* and of those that WINDROW_BUILD_OPTIONS adds */
#define WR_CL_WARP         32   /* work-items that run in step, until a kernel reports it */
#define WR_CL_MOST_TEAM    256  /* work-items: more would have too little to do each */
#define WR_CL_LOCAL_SPARE  64   /* bytes of local memory for flags */

/* A built program. The device keeps it until it is closed. */
struct wr_cl_program {
    struct wr_cl_program *next;
    cl_program program;
    enum wr_cl_kind kind;
    char options[WR_CL_OPTIONS + WR_CL_MORE_OPTIONS]; /* all build options */
};

struct wr_cl_device {
    struct wr_device base;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;  /* in order */
    cl_command_queue second; /* for half of the models where launches overlap; or NULL */
    bool cpu;                /* a CPU: one work-item is as fast as a team and needs no barrier */
    bool nvidia;             /* its compiler takes inline PTX */
    size_t max_group;        /* largest work-group in dimension 0 */
    size_t warp;     /* work-items that run in step: fewer of them cost as much; 32 until a kernel
                        reports it. WINDROW_WARP, for tests */
    bool warp_known; /* forced, or reported by a kernel */
    size_t forced_group;  /* WINDROW_WORK_GROUP, for tests: work-group size; 0: our choice */
    size_t forced_queues; /* WINDROW_QUEUES, for tests: 1 or 2; 0: our choice, one on a CPU, else
                             two */
    size_t forced_rows; /* WINDROW_ROWS, for tests: rows of W_hh in a lane of fused_rows.cl, if they
                           divide H; 0: our choice */
    enum wr_cl_kind forced_fused; /* WINDROW_FUSED, for tests: WR_CL_FUSED (team), WR_CL_ROWS (rows)
                                     or WR_CL_WIDE (wide) where it takes the shape and the rule;
                                     WR_CL_KINDS: our choice */
    enum wr_cl_kind forced_staged; /* WINDROW_STAGED, for tests: WR_CL_STAGES (plain), WR_CL_TILED
                                      (tiled) where the device takes it; WR_CL_KINDS: our choice */
    char more_options[WR_CL_MORE_OPTIONS]; /* WINDROW_BUILD_OPTIONS, for tests; "": none */
    size_t local_bytes;
    size_t max_buffer;
    struct wr_cl_program *programs; /* built with this handle so far */
    char refusal[256];              /* why fits_fused said no */
};

wr_status wr_cl_describe(size_t index, struct wr_device_info *info, struct wr_error *error);
wr_status wr_cl_open_device(size_t index, const struct wr_device_options *options,
                            struct wr_device **device, struct wr_error *error);
void wr_cl_close_device(struct wr_device *device);
/* drivers.c: returns WR_ERR_DEVICE; the error tells why there is no device. */
wr_status wr_cl_no_device(struct wr_error *error);
/* drivers.c: makes drivers print, from now on, why they have no device. */
void wr_cl_explain(void);
/* try.c: builds and runs the smallest kernel. */
wr_status wr_cl_try(struct wr_device *device, struct wr_error *error);

/* Whether models take a kernel of `kind` if it can train them: on GPUs, or if that kind is
 * forced. */
static inline bool wr_cl_wants(const struct wr_cl_device *device, enum wr_cl_kind kind) {
    return device->forced_fused == WR_CL_KINDS ? !device->cpu : device->forced_fused == kind;
}

/* Bytes of local memory that are free for arrays. */
static inline size_t wr_cl_local_bytes(const struct wr_cl_device *device) {
    return device->local_bytes > WR_CL_LOCAL_SPARE ? device->local_bytes - WR_CL_LOCAL_SPARE : 0;
}

/* ---- plans (plan.c): the buffers of a session and the layout of its kernels ---- */

/* Options that only the compiler of NVIDIA's own driver knows. */
struct wr_cl_nvidia {
    unsigned registers; /* limit of registers for a lane; 0: none */
    bool warp_sync;     /* the kernel's barrier synchronizes one warp */
};

/* How fused_rows.cl is launched. */
struct wr_cl_rows {
    size_t pack;   /* models in a work-group; 0: another kernel trains */
    size_t rows;   /* rows of W_hh in a lane */
    size_t group;  /* work-items in a work-group */
    bool unrolled; /* whether the backward loop over time is unrolled */
    struct wr_cl_nvidia nvidia;
};

/* How fused_wide.cl is launched. */
struct wr_cl_wide {
    size_t parts; /* lanes that share a row of W_hh; 0: another kernel trains */
    struct wr_cl_nvidia nvidia;
};

struct wr_cl_plan {
    bool fused;                  /* schedule */
    enum wr_cl_kind staged;      /* the stages' kernels: WR_CL_STAGES or WR_CL_TILED */
    size_t team[WR_CL_KINDS];    /* work-items that share a window */
    size_t loss_rows;            /* epochs whose losses the device keeps */
    size_t pairs;                /* of Adam's corrections; 0: none needed */
    size_t bytes[WR_CL_BUFFERS]; /* 0: not needed */
    /* Whether fused.cl keeps its state, parameters and sums in local memory. */
    bool state_local, parameters_local, sums_local;
    int sums; /* number of gradient sums (P) of a batch: 0 to 3 */
    struct wr_cl_rows rows;
    struct wr_cl_wide wide;
    /* The tiles of the tiled kernels: tiles.h. */
    size_t tile_rows, tile_columns;
    size_t window_tiles, gradient_tiles; /* number of tiles of a batch, and of the parameters */
    size_t slice; /* segments of a batch whose gradients are kept apart at the same time */
};

/* Work-items that compute one tile. */
static inline size_t wr_cl_tile_items(const struct wr_cl_plan *plan) {
    return WR_TILE_ITEMS_OF(plan->tile_rows, plan->tile_columns);
}

bool wr_cl_fits_fused(struct wr_device *device, const struct wr_ensemble *ensemble,
                      const char **why);
wr_status wr_cl_memory(struct wr_device *device, const struct wr_ensemble *ensemble, size_t *bytes,
                       struct wr_error *error);
/* Makes the plan. The ensemble's schedule is resolved: it is not WR_SCHEDULE_AUTO. WR_ERR_MEMORY
 * where a size overflows. */
wr_status wr_cl_plan_make(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                          const struct wr_layout *layout, struct wr_cl_plan *plan,
                          struct wr_error *error);
/* Sums up the buffers, those of the stages only if `stages`. WR_ERR_MEMORY if one buffer or the sum
 * exceeds the memory of the device. bytes may be NULL. */
wr_status wr_cl_plan_check(const struct wr_cl_device *device, const struct wr_cl_plan *plan,
                           bool stages, size_t *bytes, struct wr_error *error);
/* How fused_rows.cl trains the ensemble, or a pack of 0 if it does not (cl_rows.c). */
void wr_cl_rows_choose(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                       struct wr_cl_rows *choice);
/* How fused_wide.cl trains the ensemble, or 0 parts if it does not (cl_wide.c). */
void wr_cl_wide_choose(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                       struct wr_cl_wide *choice);
/* Writes the build options of one program. */
void wr_cl_plan_options(const struct wr_cl_plan *plan, const struct wr_ensemble *ensemble,
                        enum wr_cl_kind kind, char options[WR_CL_OPTIONS]);

/* ---- environment variables (variables.c) ---- */

/* Reads the variables into the device: what they force, and the warp. max_group is known.
 * WR_ERR_DEVICE names a variable whose value has no meaning, or a build option that would change
 * arithmetic. */
wr_status wr_cl_read_variables(struct wr_cl_device *device, struct wr_error *error);
/* Checks the variables without a device. */
wr_status wr_cl_check_environment(struct wr_error *error);

/* ---- programs (program.c) ---- */

/* Builds a program, or finds it among those already built. *program belongs to the device. If the
 * build fails, the error names the options, and error->log is the build log. */
wr_status wr_cl_program_get(struct wr_cl_device *device, enum wr_cl_kind kind, const char *options,
                            cl_program *program, struct wr_error *error);
void wr_cl_programs_free(struct wr_cl_device *device);

/* ---- sessions (cl_session.c) ---- */

struct wr_cl_session {
    struct wr_session base;
    struct wr_cl_plan plan;
    cl_mem buffers[WR_CL_BUFFERS];
    cl_kernel kernels[WR_CL_KERNELS];
    size_t group[WR_CL_KERNELS]; /* work-group size */
    bool stages_ready;           /* the stage buffers and kernels are made */
    size_t epochs;               /* epochs that the models have trained */
    size_t pace;                 /* updates between two looks at the clock */
};

static inline struct wr_cl_device *wr_cl_device_of(const struct wr_session *session) {
    return (struct wr_cl_device *)session->device;
}

wr_status wr_cl_open_session(struct wr_session *session, struct wr_error *error);
void wr_cl_close_session(struct wr_session *session);
wr_status wr_cl_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                     struct wr_error *error);
wr_status wr_cl_write_windows(struct wr_session *session, struct wr_error *error);
wr_status wr_cl_write_state(struct wr_session *session, size_t epochs, const float *parameters,
                            const float *state, struct wr_error *error);
wr_status wr_cl_freeze(struct wr_session *session, const unsigned char *frozen,
                       struct wr_error *error);
wr_status wr_cl_diverged(struct wr_session *session, uint32_t *diverged, struct wr_error *error);
/* Blocking copies of a whole buffer or its first bytes. */
wr_status wr_cl_get(struct wr_cl_session *session, enum wr_cl_buffer which, void *to, size_t bytes,
                    struct wr_error *error);
wr_status wr_cl_put(struct wr_cl_session *session, enum wr_cl_buffer which, const void *from,
                    size_t bytes, struct wr_error *error);
/* Fills the first `bytes` of a buffer with copies of the pattern. */
wr_status wr_cl_fill(struct wr_cl_session *session, enum wr_cl_buffer which, size_t bytes,
                     uint32_t pattern, struct wr_error *error);
#define WR_CL_NAN 0x7fc00000u
/* Creates and zero-fills buffers first .. last - 1 of the plan. */
wr_status wr_cl_buffers_make(struct wr_cl_session *session, int first, int last,
                             struct wr_error *error);

/* ---- launches (launch.c) ---- */

/* Builds the kernels of a kind and binds every argument that does not change between launches. */
wr_status wr_cl_kernels_make(struct wr_cl_session *session, enum wr_cl_kind kind,
                             struct wr_error *error);
void wr_cl_kernels_free(struct wr_cl_session *session, enum wr_cl_kind kind);
/* Makes the stage kernels of the plan: tiled, or plain if the device turns out not to take
 * tiles. */
wr_status wr_cl_staged_make(struct wr_cl_session *session, struct wr_error *error);
/* Makes the fused kernel of the plan: rows or wide, or team if the device turns out not to take
 * them. */
wr_status wr_cl_fused_make(struct wr_cl_session *session, struct wr_error *error);
/* Sets an argument that varies. */
wr_status wr_cl_set_argument(struct wr_cl_session *session, enum wr_cl_kernel which,
                             enum wr_cl_argument argument, uint64_t value, struct wr_error *error);
/* Enqueues a kernel over its teams or elements. */
wr_status wr_cl_launch(struct wr_cl_session *session, enum wr_cl_kernel which,
                       struct wr_error *error);
/* Enqueues a fused kernel. Where the device has two queues, each half of the work-groups goes to
 * its own queue. A half then waits only for its own last launch, and starts while the last
 * work-groups of the other half leave processors idle. */
wr_status wr_cl_launch_halves(struct wr_cl_session *session, enum wr_cl_kernel which,
                              struct wr_error *error);
/* Waits until everything enqueued has ended. */
wr_status wr_cl_finish(struct wr_cl_session *session, struct wr_error *error);

/* ---- stages and runs (stages.c, cl_run.c) ---- */

/* Makes the stage buffers and kernels if they are not made yet. */
wr_status wr_cl_stages_make(struct wr_cl_session *session, struct wr_error *error);
/* Enqueues a stage on windows first .. first + count - 1 of every model. `which` is the plain
 * kernel of the stage. */
wr_status wr_cl_stage(struct wr_cl_session *session, enum wr_cl_kernel which, size_t first,
                      size_t count, struct wr_error *error);
wr_status wr_cl_forward(struct wr_session *session, struct wr_error *error);
wr_status wr_cl_bptt(struct wr_session *session, struct wr_error *error);
wr_status wr_cl_clip(struct wr_session *session, struct wr_error *error);
wr_status wr_cl_update(struct wr_session *session, struct wr_error *error);
wr_status wr_cl_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                    void *context, struct wr_error *error);

/* ---- the peak of the device (cl_peak.c) ---- */

wr_status wr_cl_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error);

#endif
