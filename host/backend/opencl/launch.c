/* The kernels: their arguments, the range of each, and how each is launched. */
#include "backend/opencl/opencl.h"

#define ELEMENT_GROUP 64 /* work-group size of kernels whose work-items are independent */
#define UNITS_A_GROUP 8  /* teams in a work-group if a team is one work-item */

/* The range of a kernel. */
enum range {
    WINDOW_TEAMS,  /* M * B teams */
    MODEL_TEAMS,   /* M teams, several in a work-group where a team is one work-item */
    MODEL_GROUPS,  /* M teams, each a work-group */
    MODEL_PACKS,   /* M teams, plan.rows.pack in a work-group */
    WINDOW_TILES,  /* M * plan.window_tiles work-groups, each a tile */
    SEGMENT_TILES, /* M * plan.slice * plan.gradient_tiles work-groups, each a tile */
    SLOTS,         /* M * B work-items */
    MODELS,        /* M work-items */
    PARAMETERS     /* M * P work-items */
};

/* An argument: a buffer (BUFFER), or one of these. */
enum argument {
    END = 0,
    VARIES = -1,
    COUNT_M = -2,
    COUNT_B = -3,
    INPUT_STRIDE = -4,
    TARGET_STRIDE = -5,
    SLICE = -6,
    PAIRS = -7
};
#define BUFFER(name) ((signed char)(WR_CL_##name + 1))

/* The kinds of program that contain a kernel, as bits. */
#define KIND(name) (1u << WR_CL_##name)
#define STAGED     (KIND(STAGES) | KIND(TILED))

/* The arguments of the kernels that hold W_hh in registers. */
#define IN_REGISTERS                                                                               \
    {                                                                                              \
        VARIES, VARIES, VARIES, COUNT_M, BUFFER(TASKS), BUFFER(PROGRESS), BUFFER(PARAMETERS),      \
            BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS), TARGET_STRIDE, BUFFER(WEIGHTS),         \
            BUFFER(SCALES), BUFFER(EPOCH_LOSSES), BUFFER(STATE), BUFFER(CORRECTIONS), PAIRS        \
    }

static const struct {
    const char *name;
    unsigned kinds;
    enum range range;
    signed char arguments[20]; /* in the kernel's order; VARIES: set before each launch */
} kernels[WR_CL_KERNELS] = {
    [WR_CL_FORWARD] = {"wr_forward",
                       KIND(STAGES),
                       WINDOW_TEAMS,
                       {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                        BUFFER(VISITED), BUFFER(PARAMETERS), BUFFER(INPUTS), INPUT_STRIDE,
                        BUFFER(TARGETS), TARGET_STRIDE, BUFFER(WEIGHTS), BUFFER(HIDDEN),
                        BUFFER(PREDICTIONS), BUFFER(LOSSES)}},
    [WR_CL_BPTT_DELTAS] = {"wr_bptt_deltas",
                           KIND(STAGES),
                           WINDOW_TEAMS,
                           {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                            BUFFER(VISITED), BUFFER(PARAMETERS), BUFFER(TARGETS), TARGET_STRIDE,
                            BUFFER(SCALES), BUFFER(HIDDEN), BUFFER(PREDICTIONS), BUFFER(DELTAS)}},
    [WR_CL_BPTT_GRADIENTS] = {"wr_bptt_gradients",
                              KIND(STAGES),
                              PARAMETERS,
                              {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                               BUFFER(VISITED), BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS),
                               TARGET_STRIDE, BUFFER(SCALES), BUFFER(HIDDEN), BUFFER(PREDICTIONS),
                               BUFFER(DELTAS), BUFFER(GRADIENTS)}},
    [WR_CL_CLIP_FACTORS] = {"wr_clip_factors",
                            STAGED,
                            MODEL_TEAMS,
                            {VARIES, VARIES, COUNT_M, BUFFER(TASKS), BUFFER(PROGRESS),
                             BUFFER(GRADIENTS), BUFFER(SQUARES)}},
    [WR_CL_CLIP] = {"wr_clip_gradients",
                    STAGED,
                    PARAMETERS,
                    {VARIES, VARIES, COUNT_M, BUFFER(TASKS), BUFFER(PROGRESS), BUFFER(SQUARES),
                     BUFFER(GRADIENTS)}},
    [WR_CL_UPDATE] = {"wr_update",
                      STAGED,
                      PARAMETERS,
                      {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                       BUFFER(GRADIENTS), BUFFER(CORRECTIONS), PAIRS, BUFFER(STATE),
                       BUFFER(PARAMETERS)}},
    [WR_CL_EPOCH_VISIT] = {"wr_epoch_visit",
                           STAGED,
                           SLOTS,
                           {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                            BUFFER(VISITED)}},
    [WR_CL_EPOCH_ADD] = {"wr_epoch_add",
                         STAGED,
                         MODELS,
                         {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                          BUFFER(LOSSES)}},
    [WR_CL_EPOCH_END] = {"wr_epoch_end",
                         STAGED,
                         MODEL_TEAMS,
                         {VARIES, COUNT_M, BUFFER(PROGRESS), BUFFER(PARAMETERS),
                          BUFFER(EPOCH_LOSSES)}},
    [WR_CL_FORWARD_TILED] = {"wr_forward_tiled",
                             KIND(TILED),
                             WINDOW_TILES,
                             {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                              BUFFER(VISITED), BUFFER(PARAMETERS), BUFFER(INPUTS), INPUT_STRIDE,
                              BUFFER(TARGETS), TARGET_STRIDE, BUFFER(WEIGHTS), BUFFER(HIDDEN),
                              BUFFER(PREDICTIONS), BUFFER(LOSSES)}},
    [WR_CL_DELTAS_TILED] = {"wr_bptt_deltas_tiled",
                            KIND(TILED),
                            WINDOW_TILES,
                            {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                             BUFFER(VISITED), BUFFER(PARAMETERS), BUFFER(TARGETS), TARGET_STRIDE,
                             BUFFER(SCALES), BUFFER(HIDDEN), BUFFER(PREDICTIONS), BUFFER(DELTAS),
                             BUFFER(DY)}},
    [WR_CL_SEGMENTS_TILED] = {"wr_bptt_segments",
                              KIND(TILED),
                              SEGMENT_TILES,
                              {VARIES, VARIES, VARIES, SLICE, COUNT_M, COUNT_B, BUFFER(TASKS),
                               BUFFER(PROGRESS), BUFFER(VISITED), BUFFER(INPUTS), INPUT_STRIDE,
                               BUFFER(HIDDEN), BUFFER(DELTAS), BUFFER(DY), BUFFER(SEGMENTS)}},
    [WR_CL_ADD_SEGMENTS] = {"wr_bptt_add_segments",
                            KIND(TILED),
                            PARAMETERS,
                            {VARIES, VARIES, VARIES, SLICE, COUNT_M, BUFFER(TASKS),
                             BUFFER(PROGRESS), BUFFER(SEGMENTS), BUFFER(RESTS), BUFFER(GRADIENTS)}},
    [WR_CL_RUN_FUSED] = {"wr_fused",
                         KIND(FUSED),
                         MODEL_GROUPS,
                         {VARIES, VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                          BUFFER(PARAMETERS), BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS),
                          TARGET_STRIDE, BUFFER(WEIGHTS), BUFFER(SCALES), BUFFER(SCRATCH),
                          BUFFER(EPOCH_LOSSES), BUFFER(STATE), BUFFER(CORRECTIONS), PAIRS}},
    [WR_CL_RUN_ROWS] = {"wr_fused_rows", KIND(ROWS), MODEL_PACKS, IN_REGISTERS},
    [WR_CL_RUN_WIDE] = {"wr_fused_wide", KIND(WIDE), MODEL_GROUPS, IN_REGISTERS},
};

static bool is_team(enum range range) {
    return range == WINDOW_TEAMS || range == MODEL_TEAMS || range == MODEL_GROUPS;
}

static bool is_tile(enum range range) {
    return range == WINDOW_TILES || range == SEGMENT_TILES;
}

static bool is_of(enum wr_cl_kernel which, enum wr_cl_kind kind) {
    return (kernels[which].kinds & 1u << kind) != 0;
}

/* Work-items that share a window in this kernel. */
static size_t team_of(const struct wr_cl_session *session, enum wr_cl_kernel which) {
    if (kernels[which].kinds & STAGED)
        return session->plan.team[session->plan.staged];
    return session->plan.team[which == WR_CL_RUN_WIDE ? WR_CL_WIDE : WR_CL_FUSED];
}

/* The work-group size that we want for this kernel; the kernel itself may have a lower limit. */
static size_t wanted_group(const struct wr_cl_session *session, enum wr_cl_kernel which) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    enum range range = kernels[which].range;
    size_t team = team_of(session, which), group = ELEMENT_GROUP;
    if (is_tile(range))
        return wr_cl_tile_items(&session->plan);
    if (range == MODEL_PACKS)
        return session->plan.rows.group;
    if (is_team(range) && (team > 1 || range == MODEL_GROUPS))
        return team;
    if (is_team(range))
        group = UNITS_A_GROUP;
    if (device->forced_group)
        group = device->forced_group;
    return group < device->max_group ? group : device->max_group;
}

wr_status wr_cl_set_argument(struct wr_cl_session *session, enum wr_cl_kernel which, cl_uint index,
                             size_t size, const void *value, struct wr_error *error) {
    cl_int code = clSetKernelArg(session->kernels[which], index, size, value);
    return wr_cl_check(wr_cl_device_of(&session->base), "clSetKernelArg", code, error);
}

/* Binds the arguments that do not change between launches. A buffer that the plan does not need is
 * NULL. */
static wr_status bind(struct wr_cl_session *session, enum wr_cl_kernel which,
                      struct wr_error *error) {
    const struct wr_ensemble *ensemble = &session->base.ensemble;
    wr_status status = WR_OK;
    for (cl_uint i = 0; status == WR_OK && kernels[which].arguments[i] != END; ++i) {
        int argument = kernels[which].arguments[i];
        cl_ulong number = argument == COUNT_M        ? ensemble->stack.count
                          : argument == COUNT_B      ? ensemble->batch
                          : argument == SLICE        ? session->plan.slice
                          : argument == PAIRS        ? session->plan.pairs
                          : argument == INPUT_STRIDE ? ensemble->windows.input_stride
                                                     : ensemble->windows.target_stride;
        if (argument > 0)
            status = wr_cl_set_argument(session, which, i, sizeof(cl_mem),
                                        &session->buffers[argument - 1], error);
        else if (argument != VARIES)
            status = wr_cl_set_argument(session, which, i, sizeof number, &number, error);
    }
    return status;
}

/* Creates one kernel and sets its work-group size. Lowers *limit to the team size that the kernel
 * allows, or to 0 if the kernel does not allow a size that is fixed. */
static wr_status make(struct wr_cl_session *session, enum wr_cl_kernel which, cl_program program,
                      size_t *limit, struct wr_error *error) {
    struct wr_cl_device *device = wr_cl_device_of(&session->base);
    cl_int code;
    size_t most = 0;
    session->kernels[which] = clCreateKernel(program, kernels[which].name, &code);
    if (code != CL_SUCCESS)
        return wr_cl_check(device, "clCreateKernel", code, error);
    code = clGetKernelWorkGroupInfo(session->kernels[which], device->id, CL_KERNEL_WORK_GROUP_SIZE,
                                    sizeof most, &most, NULL);
    if (code != CL_SUCCESS)
        return wr_cl_check(device, "clGetKernelWorkGroupInfo", code, error);
    most = most ? most : 1;
    session->group[which] = wanted_group(session, which);
    if (session->group[which] > most) {
        session->group[which] = most;
        if (is_team(kernels[which].range) && most < *limit)
            *limit = most;
        if (is_tile(kernels[which].range) || which == WR_CL_RUN_WIDE)
            *limit = 0;
    }
    return WR_OK;
}

void wr_cl_kernels_free(struct wr_cl_session *session, enum wr_cl_kind kind) {
    for (int which = 0; which < WR_CL_KERNELS; ++which) {
        if (is_of((enum wr_cl_kernel)which, kind) && session->kernels[which]) {
            clReleaseKernel(session->kernels[which]);
            session->kernels[which] = NULL;
        }
    }
}

static wr_status bind_all(struct wr_cl_session *session, enum wr_cl_kind kind,
                          struct wr_error *error) {
    wr_status status = WR_OK;
    for (int i = 0; status == WR_OK && i < WR_CL_KERNELS; ++i)
        if (is_of((enum wr_cl_kernel)i, kind))
            status = bind(session, (enum wr_cl_kernel)i, error);
    return status;
}

wr_status wr_cl_kernels_make(struct wr_cl_session *session, enum wr_cl_kind kind,
                             struct wr_error *error) {
    struct wr_cl_device *device = wr_cl_device_of(&session->base);
    char options[WR_CL_OPTIONS];
    cl_program program;
    for (;;) {
        size_t *team = &session->plan.team[kind], limit = *team;
        wr_cl_plan_options(&session->plan, &session->base.ensemble, kind, options);
        wr_status status = wr_cl_program_get(device, kind, options, &program, error);
        for (int i = 0; status == WR_OK && i < WR_CL_KERNELS; ++i)
            if (is_of((enum wr_cl_kernel)i, kind))
                status = make(session, (enum wr_cl_kernel)i, program, &limit, error);
        if (status == WR_OK && limit == 0) { /* the plan changes to another kind */
            wr_cl_kernels_free(session, kind);
            if (kind == WR_CL_WIDE)
                session->plan.wide.parts = 0;
            else
                session->plan.staged = WR_CL_STAGES;
            return WR_OK;
        }
        if (status == WR_OK && limit < *team) { /* again, with a team that the kernels take */
            wr_cl_kernels_free(session, kind);
            *team = limit;
            continue;
        }
        return status == WR_OK ? bind_all(session, kind, error) : status;
    }
}

/* Calls wr_cl_kernels_make. If a driver refuses the options for NVIDIA's own driver, calls it again
 * without them. */
static wr_status make_for_nvidia(struct wr_cl_session *session, enum wr_cl_kind kind,
                                 struct wr_cl_nvidia *nvidia, struct wr_error *error) {
    wr_status status = wr_cl_kernels_make(session, kind, error);
    if (status != WR_ERR_DEVICE || (nvidia->registers == 0 && !nvidia->warp_sync))
        return status;
    wr_cl_kernels_free(session, kind);
    wr_error_release(error);
    *nvidia = (struct wr_cl_nvidia){0};
    return wr_cl_kernels_make(session, kind, error);
}

/* Asks a kernel how many work-items run in step, once for each GPU. Returns true if this changes
 * the plan. */
static bool learn_warp(struct wr_cl_session *session) {
    struct wr_cl_device *device = wr_cl_device_of(&session->base);
    struct wr_cl_rows better, *rows = &session->plan.rows;
    size_t multiple = 0;
    if (device->cpu || device->warp_known ||
        clGetKernelWorkGroupInfo(session->kernels[WR_CL_RUN_ROWS], device->id,
                                 CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof multiple,
                                 &multiple, NULL) != CL_SUCCESS ||
        multiple == 0 || multiple > WR_CL_MOST_TEAM)
        return false;
    device->warp = multiple;
    device->warp_known = true;
    wr_cl_rows_choose(device, &session->base.ensemble, &better);
    if (better.pack == rows->pack && better.group == rows->group && better.rows == rows->rows)
        return false;
    *rows = better;
    return true;
}

/* Makes the kernel of fused_rows.cl, or sets the pack of the plan to 0 if the device cannot take
 * it. */
static wr_status make_rows(struct wr_cl_session *session, struct wr_error *error) {
    struct wr_cl_rows *rows = &session->plan.rows;
    wr_status status = make_for_nvidia(session, WR_CL_ROWS, &rows->nvidia, error);
    if (status == WR_OK && learn_warp(session)) {
        wr_cl_kernels_free(session, WR_CL_ROWS);
        if (rows->pack > 0)
            status = make_for_nvidia(session, WR_CL_ROWS, &rows->nvidia, error);
    }
    if (status == WR_OK && session->group[WR_CL_RUN_ROWS] < rows->group) { /* the size is fixed */
        wr_cl_kernels_free(session, WR_CL_ROWS);
        rows->pack = 0;
    }
    return status;
}

wr_status wr_cl_staged_make(struct wr_cl_session *session, struct wr_error *error) {
    if (session->plan.staged == WR_CL_TILED) {
        wr_status status = wr_cl_kernels_make(session, WR_CL_TILED, error);
        if (status != WR_OK || session->plan.staged == WR_CL_TILED)
            return status;
    }
    return wr_cl_kernels_make(session, WR_CL_STAGES, error);
}

wr_status wr_cl_fused_make(struct wr_cl_session *session, struct wr_error *error) {
    if (session->plan.rows.pack > 0) {
        wr_status status = make_rows(session, error);
        if (status != WR_OK || session->plan.rows.pack > 0)
            return status;
    }
    if (session->plan.wide.parts > 0) {
        wr_status status = make_for_nvidia(session, WR_CL_WIDE, &session->plan.wide.nvidia, error);
        if (status != WR_OK || session->plan.wide.parts > 0)
            return status;
    }
    return wr_cl_kernels_make(session, WR_CL_FUSED, error);
}

/* Number of work-groups of a launch. */
static size_t groups_of(const struct wr_cl_session *session, enum wr_cl_kernel which) {
    const struct wr_cl_plan *plan = &session->plan;
    const enum range range = kernels[which].range;
    size_t items = session->base.ensemble.stack.count, group = session->group[which];
    if (range == MODEL_PACKS)
        return (items - 1) / plan->rows.pack + 1;
    if (range == WINDOW_TEAMS || range == SLOTS)
        items *= session->base.ensemble.batch;
    if (range == PARAMETERS)
        items *= session->base.layout.count;
    if (is_team(range))
        items *= team_of(session, which);
    if (is_tile(range))
        return items *
               (range == WINDOW_TILES ? plan->window_tiles : plan->slice * plan->gradient_tiles);
    return (items + group - 1) / group;
}

/* Enqueues `count` work-groups, starting with number `first`. */
static wr_status launch(struct wr_cl_session *session, enum wr_cl_kernel which,
                        cl_command_queue queue, size_t first, size_t count,
                        struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    const size_t group = session->group[which], offset = first * group, items = count * group;
    cl_int code =
        clEnqueueNDRangeKernel(queue, session->kernels[which], 1, offset > 0 ? &offset : NULL,
                               &items, &group, 0, NULL, NULL);
    return wr_cl_check(device, kernels[which].name, code, error);
}

wr_status wr_cl_launch(struct wr_cl_session *session, enum wr_cl_kernel which,
                       struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    return launch(session, which, device->queue, 0, groups_of(session, which), error);
}

wr_status wr_cl_launch_halves(struct wr_cl_session *session, enum wr_cl_kernel which,
                              struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    const size_t all = groups_of(session, which), half = device->second ? all / 2 : 0;
    wr_status status = launch(session, which, device->queue, half, all - half, error);
    if (status == WR_OK && half > 0)
        status = launch(session, which, device->second, 0, half, error);
    return status;
}

wr_status wr_cl_finish(struct wr_cl_session *session, struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    /* The second queue starts before we wait for the first one, and we wait for both even if one
     * fails. */
    const cl_int flushed = device->second ? clFlush(device->second) : CL_SUCCESS;
    const cl_int first = clFinish(device->queue);
    const cl_int second = device->second ? clFinish(device->second) : CL_SUCCESS;
    wr_status status = wr_cl_check(device, "clFlush", flushed, error);
    if (status == WR_OK)
        status = wr_cl_check(device, "clFinish", first, error);
    if (status == WR_OK)
        status = wr_cl_check(device, "clFinish", second, error);
    return status;
}
