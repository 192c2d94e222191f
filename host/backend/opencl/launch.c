/* Makes the kernels of a session, binds their arguments, and launches them. */
#include "backend/opencl/opencl.h"

#define ELEMENT_GROUP 64 /* work-group size of kernels whose work-items are independent */
#define UNITS_A_GROUP 8  /* teams in a work-group if a team is one work-item */

static bool is_team(enum wr_cl_range range) {
    return range == WR_CL_WINDOW_TEAMS || range == WR_CL_MODEL_TEAMS || range == WR_CL_MODEL_GROUPS;
}

static bool is_tile(enum wr_cl_range range) {
    return range == WR_CL_WINDOW_TILES || range == WR_CL_SEGMENT_TILES;
}

static bool is_of(enum wr_cl_kernel which, enum wr_cl_kind kind) {
    return (wr_cl_kernels[which].kinds & 1u << kind) != 0;
}

/* Work-items that share a window in this kernel. */
static size_t team_of(const struct wr_cl_session *session, enum wr_cl_kernel which) {
    if (is_of(which, session->plan.staged))
        return session->plan.team[session->plan.staged];
    return session->plan.team[which == WR_CL_RUN_WIDE ? WR_CL_WIDE : WR_CL_FUSED];
}

/* The work-group size that we want for this kernel; the kernel itself may have a lower limit. */
static size_t wanted_group(const struct wr_cl_session *session, enum wr_cl_kernel which) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    enum wr_cl_range range = wr_cl_kernels[which].range;
    size_t team = team_of(session, which), group = ELEMENT_GROUP;
    if (is_tile(range))
        return wr_cl_tile_items(&session->plan);
    if (range == WR_CL_MODEL_PACKS)
        return session->plan.rows.group;
    if (is_team(range) && (team > 1 || range == WR_CL_MODEL_GROUPS))
        return team;
    if (is_team(range))
        group = UNITS_A_GROUP;
    if (device->forced_group)
        group = device->forced_group;
    return group < device->max_group ? group : device->max_group;
}

static wr_status set(struct wr_cl_session *session, enum wr_cl_kernel which, cl_uint place,
                     size_t size, const void *value, struct wr_error *error) {
    cl_int code = clSetKernelArg(session->kernels[which], place, size, value);
    return wr_cl_check(wr_cl_device_of(&session->base), "clSetKernelArg", code, error);
}

static wr_status set_number(struct wr_cl_session *session, enum wr_cl_kernel which, cl_uint place,
                            uint64_t value, struct wr_error *error) {
    const size_t size = wr_cl_arguments[wr_cl_kernels[which].arguments[place]].size;
    const cl_ulong wide = value;
    const cl_uint narrow = (cl_uint)value;
    return set(session, which, place, size, size == sizeof narrow ? (const void *)&narrow : &wide,
               error);
}

wr_status wr_cl_set_argument(struct wr_cl_session *session, enum wr_cl_kernel which,
                             enum wr_cl_argument argument, uint64_t value, struct wr_error *error) {
    const cl_uint place = wr_cl_argument_place(which, argument);
    if (wr_cl_arguments[argument].source != WR_CL_VARYING ||
        wr_cl_kernels[which].arguments[place] != argument)
        return wr_fail(error, WR_ERR_DEVICE, "kernel %s takes no %s that varies",
                       wr_cl_kernels[which].name, wr_cl_arguments[argument].name);
    return set_number(session, which, place, value, error);
}

/* *value: that of an argument that is set once. False if there is none. */
static bool number_of(const struct wr_cl_session *session, enum wr_cl_argument argument,
                      uint64_t *value) {
    const struct wr_ensemble *ensemble = &session->base.ensemble;
    switch (argument) {
    case WR_CL_ARG_MODELS:
        *value = ensemble->stack.count;
        return true;
    case WR_CL_ARG_BATCH:
        *value = ensemble->batch;
        return true;
    case WR_CL_ARG_INPUT_STRIDE:
        *value = ensemble->windows.input_stride;
        return true;
    case WR_CL_ARG_TARGET_STRIDE:
        *value = ensemble->windows.target_stride;
        return true;
    case WR_CL_ARG_SLICE:
        *value = session->plan.slice;
        return true;
    case WR_CL_ARG_PAIRS:
        *value = session->plan.pairs;
        return true;
    default:
        return false;
    }
}

/* Binds the arguments that do not change between launches. A buffer that the plan does not need is
 * NULL. */
static wr_status bind(struct wr_cl_session *session, enum wr_cl_kernel which,
                      struct wr_error *error) {
    const cl_uint count = wr_cl_argument_count(which);
    wr_status status = WR_OK;
    for (cl_uint i = 0; status == WR_OK && i < count; ++i) {
        const enum wr_cl_argument argument = wr_cl_kernels[which].arguments[i];
        const struct wr_cl_argument_row *row = &wr_cl_arguments[argument];
        if (row->source == WR_CL_MEMORY)
            status = set(session, which, i, row->size, &session->buffers[row->buffer], error);
        uint64_t number;
        if (row->source == WR_CL_NUMBER)
            status = number_of(session, argument, &number)
                         ? set_number(session, which, i, number, error)
                         : wr_fail(error, WR_ERR_DEVICE, "kernel %s: %s has no value",
                                   wr_cl_kernels[which].name, row->name);
    }
    return status;
}

/* Creates one kernel and checks that it takes as many arguments as the list has for it. */
static wr_status create(struct wr_cl_session *session, enum wr_cl_kernel which, cl_program program,
                        struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    const cl_uint expected = wr_cl_argument_count(which);
    cl_uint count = 0;
    cl_int code;
    session->kernels[which] = clCreateKernel(program, wr_cl_kernels[which].name, &code);
    if (code != CL_SUCCESS)
        return wr_cl_check(device, "clCreateKernel", code, error);
    code = clGetKernelInfo(session->kernels[which], CL_KERNEL_NUM_ARGS, sizeof count, &count, NULL);
    if (code != CL_SUCCESS)
        return wr_cl_check(device, "clGetKernelInfo", code, error);
    if (count != expected)
        return wr_fail(error, WR_ERR_DEVICE,
                       "%s (%s): kernel %s takes %u arguments, where %u are known; try "
                       "\1selector=cpu\1",
                       device->base.info.id, device->base.info.name, wr_cl_kernels[which].name,
                       (unsigned)count, (unsigned)expected);
    return WR_OK;
}

/* Creates one kernel and sets its work-group size. Lowers *limit to the team size that the kernel
 * allows, or to 0 if the kernel does not allow a size that is fixed. */
static wr_status make(struct wr_cl_session *session, enum wr_cl_kernel which, cl_program program,
                      size_t *limit, struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    size_t most = 0;
    wr_status status = create(session, which, program, error);
    if (status != WR_OK)
        return status;
    cl_int code = clGetKernelWorkGroupInfo(session->kernels[which], device->id,
                                           CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most, NULL);
    if (code != CL_SUCCESS)
        return wr_cl_check(device, "clGetKernelWorkGroupInfo", code, error);
    most = most ? most : 1;
    session->group[which] = wanted_group(session, which);
    if (session->group[which] > most) {
        session->group[which] = most;
        if (is_team(wr_cl_kernels[which].range) && most < *limit)
            *limit = most;
        if (is_tile(wr_cl_kernels[which].range) || which == WR_CL_RUN_WIDE)
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
        if (status == WR_OK)
            status = bind_all(session, kind, error);
        if (status != WR_OK)
            wr_cl_kernels_free(session, kind);
        return status;
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
    const enum wr_cl_range range = wr_cl_kernels[which].range;
    size_t items = session->base.ensemble.stack.count, group = session->group[which];
    if (range == WR_CL_MODEL_PACKS)
        return (items - 1) / plan->rows.pack + 1;
    if (range == WR_CL_WINDOW_TEAMS || range == WR_CL_SLOTS)
        items *= session->base.ensemble.batch;
    if (range == WR_CL_ELEMENTS)
        items *= session->base.layout.count;
    if (is_team(range))
        items *= team_of(session, which);
    if (is_tile(range))
        return items * (range == WR_CL_WINDOW_TILES ? plan->window_tiles
                                                    : plan->slice * plan->gradient_tiles);
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
    return wr_cl_check(device, wr_cl_kernels[which].name, code, error);
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
