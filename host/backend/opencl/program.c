/* Builds programs and reads their build logs. */
#include "backend/opencl/opencl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/opencl/sources.h"

/* Nothing here relaxes arithmetic: numerics.h defines every bit. */
#define COMMON_OPTIONS "-cl-std=CL1.2"
#define MOST_SOURCES   8

static const char *const files[WR_CL_KINDS][MOST_SOURCES] = {
    [WR_CL_STAGES] = {"forward.cl", "bptt.cl", "clip.cl", "update.cl", "epoch.cl", NULL},
    [WR_CL_TILED] = {"forward_tiled.cl", "bptt_tiled.cl", "clip.cl", "update.cl", "epoch.cl", NULL},
    [WR_CL_FUSED] = {"fused.cl", NULL},
    [WR_CL_ROWS] = {"fused_rows.cl", NULL},
    [WR_CL_WIDE] = {"fused_wide.cl", NULL},
    [WR_CL_PEAK] = {"peak.cl", NULL},
};

static const struct wr_kernel_source *find_source(const char *name) {
    for (size_t i = 0; i < wr_kernel_source_count; ++i)
        if (strcmp(wr_kernel_sources[i].name, name) == 0)
            return &wr_kernel_sources[i];
    return NULL;
}

static wr_status create(struct wr_cl_device *device, enum wr_cl_kind kind, cl_program *program,
                        struct wr_error *error) {
    const char *texts[MOST_SOURCES];
    size_t lengths[MOST_SOURCES];
    cl_uint count = 0;
    for (; files[kind][count]; ++count) {
        const struct wr_kernel_source *source = find_source(files[kind][count]);
        if (!source)
            return wr_fail(error, WR_ERR_DEVICE, "kernel source %s is missing from this build",
                           files[kind][count]);
        texts[count] = (const char *)source->text;
        lengths[count] = source->length;
    }
    cl_int code;
    *program = clCreateProgramWithSource(device->context, count, texts, lengths, &code);
    return wr_cl_check(device, "clCreateProgramWithSource", code, error);
}

/* Returns the build log, or NULL if the driver gives none. The caller frees it with free. */
static char *build_log(const struct wr_cl_device *device, cl_program program) {
    size_t length = 0;
    if (clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &length) !=
            CL_SUCCESS ||
        length == 0)
        return NULL;
    char *log = calloc(length + 1, 1);
    if (log && clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, length, log,
                                     NULL) != CL_SUCCESS) {
        free(log);
        return NULL;
    }
    return log;
}

/* Prints the build log, for users who set WINDROW_BUILD_OPTIONS, for example to NVIDIA's
 * -cl-nv-verbose. */
static void show_log(const struct wr_cl_device *device, cl_program program, const char *options) {
    char *log = build_log(device, program);
    fprintf(stderr, "windrow: %s built kernels with \"%s\"\n%s\n", device->base.info.id, options,
            log ? log : "");
    free(log);
}

static wr_status build(const struct wr_cl_device *device, cl_program program, const char *options,
                       struct wr_error *error) {
    cl_int code = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (code == CL_SUCCESS) {
        if (device->more_options[0] != '\0')
            show_log(device, program, options);
        return WR_OK;
    }
    if (device->more_options[0] != '\0')
        wr_fail(error, WR_ERR_DEVICE,
                "%s (%.60s): the kernels did not build (%s) with WINDROW_BUILD_OPTIONS=%.100s; "
                "unset it",
                device->base.info.id, device->base.info.name, wr_cl_code_name(code),
                device->more_options);
    else
        wr_fail(error, WR_ERR_DEVICE,
                "%s (%s): the kernels did not build (%s) with options \"%s\"; try \1selector=cpu\1",
                device->base.info.id, device->base.info.name, wr_cl_code_name(code), options);
    if (error) /* after wr_fail, which releases what the error held */
        error->log = build_log(device, program);
    return WR_ERR_DEVICE;
}

wr_status wr_cl_program_get(struct wr_cl_device *device, enum wr_cl_kind kind, const char *options,
                            cl_program *program, struct wr_error *error) {
    char all[sizeof device->programs->options];
    snprintf(all, sizeof all, "%s %s%s%s", COMMON_OPTIONS, options,
             device->more_options[0] != '\0' ? " " : "", device->more_options);
    for (struct wr_cl_program *known = device->programs; known; known = known->next) {
        if (known->kind == kind && strcmp(known->options, all) == 0) {
            *program = known->program;
            return WR_OK;
        }
    }
    struct wr_cl_program *fresh = wr_alloc(1, sizeof *fresh, "a program", error);
    if (!fresh)
        return WR_ERR_MEMORY;
    fresh->kind = kind;
    memcpy(fresh->options, all, sizeof all);
    wr_status status = create(device, kind, &fresh->program, error);
    if (status == WR_OK)
        status = build(device, fresh->program, all, error);
    if (status != WR_OK) {
        if (fresh->program)
            clReleaseProgram(fresh->program);
        free(fresh);
        return status;
    }
    fresh->next = device->programs;
    device->programs = fresh;
    *program = fresh->program;
    return WR_OK;
}

void wr_cl_programs_free(struct wr_cl_device *device) {
    while (device->programs) {
        struct wr_cl_program *program = device->programs;
        device->programs = program->next;
        clReleaseProgram(program->program);
        free(program);
    }
}
