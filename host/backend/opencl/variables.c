/* Reads the environment variables that force choices on every OpenCL device. */
#include "backend/opencl/opencl.h"

#include <stdio.h>
#include <string.h>

#include "base/environment.h"

/* ---- build options ---- */

/* Options that allow a compiler to give other bits. */
static const char *const relaxing[] = {
    "-cl-fast-relaxed-math",         "-cl-unsafe-math-optimizations",
    "-cl-finite-math-only",          "-cl-mad-enable",
    "-cl-no-signed-zeros",           "-cl-denorms-are-zero",
    "-cl-single-precision-constant",
};

/* Whether the last option is -D or -I without the name that it needs: PoCL crashes on that. */
static bool ends_open(const char *options) {
    size_t length = strlen(options);
    while (length > 0 && strchr(" \t\n", options[length - 1]))
        --length;
    bool open = length >= 2 && options[length - 2] == '-' && strchr("DI", options[length - 1]);
    return open && (length == 2 || strchr(" \t\n", options[length - 3]));
}

static wr_status read_build_options(struct wr_cl_device *device, struct wr_error *error) {
    const char *more = wr_variable("WINDROW_BUILD_OPTIONS");
    if (!more)
        return WR_OK;
    if (strlen(more) >= sizeof device->more_options)
        return wr_fail(error, WR_ERR_DEVICE, "WINDROW_BUILD_OPTIONS: at most %zu characters fit",
                       sizeof device->more_options - 1);
    for (size_t i = 0; i < sizeof relaxing / sizeof relaxing[0]; ++i)
        if (strstr(more, relaxing[i]))
            return wr_fail(error, WR_ERR_DEVICE,
                           "WINDROW_BUILD_OPTIONS: %s changes arithmetic, and so the bits of every "
                           "result; leave it out",
                           relaxing[i]);
    if (strstr(more, "WR_"))
        return wr_fail(
            error, WR_ERR_DEVICE,
            "WINDROW_BUILD_OPTIONS: names with WR_ are what kernels are built with; leave "
            "them out");
    if (ends_open(more))
        return wr_fail(
            error, WR_ERR_DEVICE,
            "WINDROW_BUILD_OPTIONS=%s: nothing follows the last option, which needs a name", more);
    snprintf(device->more_options, sizeof device->more_options, "%s", more);
    return WR_OK;
}

/* ---- the choice of kernels and their launch ---- */

/* Reads what the variables force; 0 or WR_CL_KINDS where a variable is not set. */
static wr_status read_forced(struct wr_cl_device *device, struct wr_error *error) {
    static const char *const fused[] = {"team", "rows", "wide", NULL};
    static const char *const staged[] = {"plain", "tiled", NULL};
    static const char *const rows[] = {"1", "2", "4", NULL};
    static const enum wr_cl_kind fused_kinds[] = {WR_CL_KINDS, WR_CL_FUSED, WR_CL_ROWS, WR_CL_WIDE};
    static const enum wr_cl_kind staged_kinds[] = {WR_CL_KINDS, WR_CL_STAGES, WR_CL_TILED};
    static const size_t rows_numbers[] = {0, 1, 2, 4};
    size_t in_fused = 0, in_staged = 0, in_rows = 0;
    wr_status status =
        wr_variable_number("WINDROW_WORK_GROUP", 1, UINT32_MAX, &device->forced_group, error);
    if (status == WR_OK)
        status = wr_variable_number("WINDROW_QUEUES", 1, 2, &device->forced_queues, error);
    if (status == WR_OK)
        status = wr_variable_number("WINDROW_WARP", 1, WR_CL_MOST_TEAM, &device->warp, error);
    if (status == WR_OK)
        status = wr_variable_word("WINDROW_FUSED", fused, &in_fused, error);
    if (status == WR_OK)
        status = wr_variable_word("WINDROW_STAGED", staged, &in_staged, error);
    if (status == WR_OK)
        status = wr_variable_word("WINDROW_ROWS", rows, &in_rows, error);
    device->forced_fused = fused_kinds[in_fused];
    device->forced_staged = staged_kinds[in_staged];
    device->forced_rows = rows_numbers[in_rows];
    return status;
}

wr_status wr_cl_read_variables(struct wr_cl_device *device, struct wr_error *error) {
    wr_status status = read_forced(device, error);
    if (device->forced_group > device->max_group)
        device->forced_group = device->max_group;
    device->warp_known = device->warp > 0;
    if (!device->warp_known)
        device->warp = WR_CL_WARP;
    return status == WR_OK ? read_build_options(device, error) : status;
}

wr_status wr_cl_check_environment(struct wr_error *error) {
    struct wr_cl_device any = {.max_group = 1};
    return wr_cl_read_variables(&any, error);
}
