/* The kernels: what each takes, over what it ranges, and how it is launched. */
#include "backend/opencl/opencl.h"

#define ELEMENT_GROUP 64 /* work-group of kernels whose work-items do not work together */
#define UNITS_A_GROUP 8  /* teams of one work-item in a work-group */

/* Over what a kernel ranges. */
enum range {
    WINDOW_TEAMS, /* M * B teams */
    MODEL_TEAMS,  /* M teams, several in a work-group where a team is one work-item */
    MODEL_GROUPS, /* M teams, each a work-group */
    MODEL_PACKS,  /* M teams, plan.pack in a work-group */
    MODELS,       /* M work-items */
    PARAMETERS    /* M * P work-items */
};

/* An argument: a buffer, or one of these. */
enum argument {
    END = 0,
    VARIES = -1,
    COUNT_M = -2,
    COUNT_B = -3,
    INPUT_STRIDE = -4,
    TARGET_STRIDE = -5
};
#define BUFFER(name) ((signed char)(WR_CL_##name + 1))

static const struct {
    const char *name;
    enum wr_cl_kind kind;
    enum range range;
    signed char arguments[20]; /* in the kernel's order; VARIES: set before each launch */
} kernels[WR_CL_KERNELS] = {
    [WR_CL_FORWARD] = {"wr_forward",
                       WR_CL_STAGES,
                       WINDOW_TEAMS,
                       {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                        BUFFER(PARAMETERS), BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS),
                        TARGET_STRIDE, BUFFER(WEIGHTS), BUFFER(HIDDEN), BUFFER(PREDICTIONS),
                        BUFFER(LOSSES)}},
    [WR_CL_BPTT_DELTAS] = {"wr_bptt_deltas",
                           WR_CL_STAGES,
                           WINDOW_TEAMS,
                           {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                            BUFFER(PARAMETERS), BUFFER(TARGETS), TARGET_STRIDE, BUFFER(SCALES),
                            BUFFER(HIDDEN), BUFFER(PREDICTIONS), BUFFER(DELTAS)}},
    [WR_CL_BPTT_GRADIENTS] = {"wr_bptt_gradients",
                              WR_CL_STAGES,
                              PARAMETERS,
                              {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                               BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS), TARGET_STRIDE,
                               BUFFER(SCALES), BUFFER(HIDDEN), BUFFER(PREDICTIONS), BUFFER(DELTAS),
                               BUFFER(GRADIENTS)}},
    [WR_CL_CLIP] = {"wr_clip_gradients",
                    WR_CL_STAGES,
                    PARAMETERS,
                    {VARIES, VARIES, COUNT_M, BUFFER(TASKS), BUFFER(PROGRESS), BUFFER(GRADIENTS)}},
    [WR_CL_UPDATE] = {"wr_update",
                      WR_CL_STAGES,
                      PARAMETERS,
                      {VARIES, VARIES, COUNT_M, BUFFER(TASKS), BUFFER(PROGRESS), BUFFER(GRADIENTS),
                       BUFFER(PARAMETERS)}},
    [WR_CL_EPOCH_ADD] = {"wr_epoch_add",
                         WR_CL_STAGES,
                         MODELS,
                         {VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                          BUFFER(LOSSES)}},
    [WR_CL_EPOCH_END] = {"wr_epoch_end",
                         WR_CL_STAGES,
                         MODEL_TEAMS,
                         {VARIES, COUNT_M, BUFFER(PROGRESS), BUFFER(PARAMETERS),
                          BUFFER(EPOCH_LOSSES)}},
    [WR_CL_RUN_FUSED] = {"wr_fused",
                         WR_CL_FUSED,
                         MODEL_GROUPS,
                         {VARIES, VARIES, VARIES, COUNT_M, COUNT_B, BUFFER(TASKS), BUFFER(PROGRESS),
                          BUFFER(PARAMETERS), BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS),
                          TARGET_STRIDE, BUFFER(WEIGHTS), BUFFER(SCALES), BUFFER(SCRATCH),
                          BUFFER(EPOCH_LOSSES)}},
    [WR_CL_RUN_ROWS] = {"wr_fused_rows",
                        WR_CL_ROWS,
                        MODEL_PACKS,
                        {VARIES, VARIES, VARIES, COUNT_M, BUFFER(TASKS), BUFFER(PROGRESS),
                         BUFFER(PARAMETERS), BUFFER(INPUTS), INPUT_STRIDE, BUFFER(TARGETS),
                         TARGET_STRIDE, BUFFER(WEIGHTS), BUFFER(SCALES), BUFFER(EPOCH_LOSSES)}},
};

static bool is_team(enum range range) {
    return range == WINDOW_TEAMS || range == MODEL_TEAMS || range == MODEL_GROUPS ||
           range == MODEL_PACKS;
}

/* Work-items in a group of this kernel, before its own limit. */
static size_t wanted_group(const struct wr_cl_session *session, enum wr_cl_kernel which) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    enum range range = kernels[which].range;
    size_t team = session->plan.team[kernels[which].kind], group = ELEMENT_GROUP;
    if (range == MODEL_PACKS)
        return session->plan.pack * team;
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

/* Binds what stays the same from launch to launch. */
static wr_status bind(struct wr_cl_session *session, enum wr_cl_kernel which,
                      struct wr_error *error) {
    const struct wr_ensemble *ensemble = &session->base.ensemble;
    wr_status status = WR_OK;
    for (cl_uint i = 0; status == WR_OK && kernels[which].arguments[i] != END; ++i) {
        int argument = kernels[which].arguments[i];
        cl_ulong number = argument == COUNT_M        ? ensemble->models
                          : argument == COUNT_B      ? ensemble->batch
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

/* Creates one kernel and finds its work-group size; *limit falls to what the kernel allows. */
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
    }
    return WR_OK;
}

void wr_cl_kernels_free(struct wr_cl_session *session, enum wr_cl_kind kind) {
    for (int which = 0; which < WR_CL_KERNELS; ++which) {
        if (kernels[which].kind == kind && session->kernels[which]) {
            clReleaseKernel(session->kernels[which]);
            session->kernels[which] = NULL;
        }
    }
}

wr_status wr_cl_kernels_make(struct wr_cl_session *session, enum wr_cl_kind kind,
                             struct wr_error *error) {
    struct wr_cl_device *device = wr_cl_device_of(&session->base);
    char options[WR_CL_OPTIONS];
    cl_program program;
    for (;;) {
        size_t *team = &session->plan.team[kind];
        size_t limit = kind == WR_CL_ROWS ? *team * session->plan.pack : *team;
        wr_cl_plan_options(&session->plan, &session->base.ensemble, kind, options);
        wr_status status = wr_cl_program_get(device, kind, options, &program, error);
        for (int i = 0; status == WR_OK && i < WR_CL_KERNELS; ++i)
            if (kernels[i].kind == kind)
                status = make(session, (enum wr_cl_kernel)i, program, &limit, error);
        if (status == WR_OK && kind == WR_CL_ROWS && limit < *team * session->plan.pack) {
            wr_cl_kernels_free(session, kind); /* its group is fixed, and too large here */
            session->plan.pack = 0;
            return WR_OK;
        }
        if (status == WR_OK && limit < *team) { /* once more, with a team that the kernels take */
            wr_cl_kernels_free(session, kind);
            *team = limit;
            continue;
        }
        for (int i = 0; status == WR_OK && i < WR_CL_KERNELS; ++i)
            if (kernels[i].kind == kind)
                status = bind(session, (enum wr_cl_kernel)i, error);
        return status;
    }
}

wr_status wr_cl_fused_make(struct wr_cl_session *session, struct wr_error *error) {
    if (session->plan.pack > 0) {
        wr_status status = wr_cl_kernels_make(session, WR_CL_ROWS, error);
        if (status != WR_OK || session->plan.pack > 0)
            return status;
    }
    return wr_cl_kernels_make(session, WR_CL_FUSED, error);
}

wr_status wr_cl_launch(struct wr_cl_session *session, enum wr_cl_kernel which,
                       struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    size_t items = session->base.ensemble.models;
    if (kernels[which].range == WINDOW_TEAMS)
        items *= session->base.ensemble.batch;
    if (kernels[which].range == PARAMETERS)
        items *= session->base.layout.count;
    if (is_team(kernels[which].range))
        items *= session->plan.team[kernels[which].kind];
    size_t group = session->group[which], global = (items + group - 1) / group * group;
    cl_int code = clEnqueueNDRangeKernel(device->queue, session->kernels[which], 1, NULL, &global,
                                         &group, 0, NULL, NULL);
    return wr_cl_check(device, kernels[which].name, code, error);
}

wr_status wr_cl_finish(struct wr_cl_session *session, struct wr_error *error) {
    const struct wr_cl_device *device = wr_cl_device_of(&session->base);
    return wr_cl_check(device, "clFinish", clFinish(device->queue), error);
}
