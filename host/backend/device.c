#include "backend/backend.h"

#include "base/arithmetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef WINDROW_OPENCL
static const struct wr_backend *const opencl = &wr_backend_opencl;
#else
static const struct wr_backend *const opencl = NULL;
#endif

static const char no_opencl_built[] =
    "this windrow was built without OpenCL (configure with -DWINDROW_OPENCL=ON)";

/* Checks a device before any session's shape is known: the known case has the notebook's shape. */
static wr_status check_default_shape(struct wr_device *device, struct wr_error *error) {
    struct wr_ensemble ensemble = {
        .stack = {{.inputs = 1, .hidden = 20, .outputs = 1, .seq_len = 5}, .count = 1},
        .batch = 1,
        .schedule = WR_SCHEDULE_AUTO};
    return wr_check_exact(device, &ensemble, NULL, error);
}

/* Opens OpenCL device `index` and checks it. If the check fails, closes the device again: *device
 * is NULL and info->detail has the reason. */
static wr_status open_checked(size_t index, const struct wr_device_options *options,
                              wr_status (*check)(struct wr_device *device, struct wr_error *error),
                              struct wr_device_info *info, struct wr_device **device) {
    struct wr_error error = {0};
    *device = NULL;
    wr_status status = opencl->open_device(index, options, device, &error);
    if (status == WR_OK)
        status = check(*device, &error);
    if (status != WR_OK) {
        if (*device != NULL)
            opencl->close_device(*device);
        *device = NULL;
        info->exact = false;
        if (status != WR_ERR_VERIFY) /* otherwise it works, but not to the bit */
            info->usable = false;
        snprintf(info->detail, sizeof info->detail, "%.*s", (int)sizeof info->detail - 1,
                 error.text);
    }
    wr_error_release(&error);
    return status;
}

static wr_status open_exact(size_t index, const struct wr_device_options *options,
                            struct wr_device_info *info, struct wr_device **device) {
    return open_checked(index, options, check_default_shape, info, device);
}

bool wr_has_opencl(void) {
    return opencl != NULL;
}

wr_status wr_describe_opencl(size_t index, struct wr_device_info *info, struct wr_error *error) {
    return opencl != NULL ? opencl->describe(index, info, error)
                          : wr_fail(error, WR_ERR_DEVICE, "%s", no_opencl_built);
}

void wr_settle_opencl(size_t index, bool exactness, struct wr_device_info *info) {
    struct wr_device *device = NULL;
    if (info->usable && (info->exact || !exactness) &&
        open_checked(index, NULL, exactness ? check_default_shape : opencl->try_device, info,
                     &device) == WR_OK)
        opencl->close_device(device);
}

wr_status wr_check_environment(struct wr_error *error) {
    wr_status status = wr_backend_cpu.check_environment(error);
    return status == WR_OK && opencl != NULL ? opencl->check_environment(error) : status;
}

static void append(struct wr_device_info **list, size_t *count, const struct wr_device_info *info) {
    bool lost = *count == SIZE_MAX; /* an earlier entry found no memory */
    struct wr_device_info *grown = lost ? NULL : realloc(*list, (*count + 1) * sizeof **list);
    if (grown == NULL) {
        *count = SIZE_MAX;
        return;
    }
    *list = grown;
    (*list)[(*count)++] = *info;
}

static void append_opencl(struct wr_device_info **list, size_t *count) {
    struct wr_device_info none = {.backend = "opencl", .id = "opencl", .name = "none"};
    struct wr_error error = {0};
    struct wr_device_info info = {0};
    size_t index = 0;
    while (wr_describe_opencl(index, &info, &error) == WR_OK) {
        wr_settle_opencl(index, true, &info);
        append(list, count, &info);
        index++;
    }
    if (index == 0) {
        snprintf(none.detail, sizeof none.detail, "%.*s", (int)sizeof none.detail - 1, error.text);
        append(list, count, &none);
    }
    wr_error_release(&error);
}

wr_status wr_devices_list(struct wr_device_info **devices, size_t *count, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *devices = NULL;
    *count = 0;
    struct wr_device_info cpu;
    wr_status status = wr_check_environment(error);
    if (status == WR_OK)
        status = wr_backend_cpu.describe(0, &cpu, error);
    if (status != WR_OK)
        return status;
    append(devices, count, &cpu);
    append_opencl(devices, count);
    if (*count != SIZE_MAX)
        return WR_OK;
    free(*devices);
    *devices = NULL;
    *count = 0;
    return wr_fail(error, WR_ERR_MEMORY, "no memory for a device list");
}

static wr_status open_cpu(const struct wr_device_options *options, struct wr_device **device,
                          struct wr_error *error) {
    return wr_backend_cpu.open_device(0, options, device, error);
}

/* Opens the first exact OpenCL device, a GPU if gpu_only. *device stays NULL if there is none. */
static void open_first_exact(bool gpu_only, const struct wr_device_options *options,
                             struct wr_device **device) {
    struct wr_device_info info;
    for (size_t index = 0; opencl->describe(index, &info, NULL) == WR_OK; index++)
        if (info.usable && info.exact && (info.gpu || !gpu_only) &&
            open_exact(index, options, &info, device) == WR_OK)
            return;
}

static wr_status open_any_opencl(const struct wr_device_options *options, struct wr_device **device,
                                 struct wr_error *error) {
    open_first_exact(true, options, device);
    if (*device == NULL)
        open_first_exact(false, options, device);
    if (*device != NULL)
        return WR_OK;
    struct wr_device_info info;
    wr_status status = opencl->describe(0, &info, error);
    return status == WR_OK ? wr_fail(error, WR_ERR_DEVICE,
                                     "--device opencl: no exact OpenCL device; `windrow devices` "
                                     "tells why, and --device opencl:P.D names one")
                           : status;
}

static wr_status open_named(const char *selector, const struct wr_device_options *options,
                            struct wr_device **device, struct wr_error *error) {
    struct wr_device_info info;
    char found[256] = "";
    size_t length = 0, index = 0;
    while (opencl->describe(index, &info, error) == WR_OK) {
        if (strcmp(info.id, selector) == 0) {
            if (!info.usable)
                return wr_fail(error, WR_ERR_DEVICE, "--device %s (%s): %s", selector, info.name,
                               info.detail);
            return opencl->open_device(index, options, device, error);
        }
        if (length < sizeof found)
            length += (size_t)snprintf(found + length, sizeof found - length, "%s%s",
                                       index > 0 ? ", " : "", info.id);
        index++;
    }
    if (index == 0) /* describe has said why */
        return WR_ERR_DEVICE;
    return wr_fail(error, WR_ERR_DEVICE, "--device %s: there is no such device; found: %s",
                   selector, found);
}

/* Whether the selector is "opencl:P.D" with decimal P and D. */
static bool is_named(const char *selector) {
    int end = 0;
    unsigned platform, index;
    return sscanf(selector, "opencl:%9u.%9u%n", &platform, &index, &end) == 2 && end > 0 &&
           selector[end] == '\0' && strpbrk(selector, "+- ") == NULL;
}

wr_status wr_device_open(const char *selector, const struct wr_device_options *options,
                         struct wr_device **device, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *device = NULL;
    bool automatic = strcmp(selector, "auto") == 0, any = strcmp(selector, "opencl") == 0;
    wr_status status = wr_check_environment(error);
    if (status != WR_OK)
        return status;
    if (strcmp(selector, "cpu") == 0)
        return open_cpu(options, device, error);
    if (!automatic && !any && !is_named(selector))
        return wr_fail(error, WR_ERR_USAGE,
                       "--device %s: expected auto, cpu, opencl or opencl:P.D (such as opencl:0.0)",
                       selector);
    if (automatic) {
        if (opencl != NULL)
            open_first_exact(true, options, device);
        return *device != NULL ? WR_OK : open_cpu(options, device, error);
    }
    if (opencl == NULL)
        return wr_fail(error, WR_ERR_DEVICE, "--device %s: %s", selector, no_opencl_built);
    return any ? open_any_opencl(options, device, error)
               : open_named(selector, options, device, error);
}

wr_status wr_check_process(const struct wr_device *device, struct wr_error *error) {
    return wr_is_ours(device) ? WR_OK
                              : wr_fail(error, WR_ERR_USAGE,
                                        "%s was opened by process %ld and does not work in process "
                                        "%ld, which fork has made: open a device there",
                                        device->info.id, (long)device->process, (long)getpid());
}

void wr_device_close(struct wr_device *device) {
    if (device != NULL)
        device->backend->close_device(device);
}

double wr_device_deviation(const struct wr_device *device) {
    return device->deviation;
}

const struct wr_device_info *wr_device_get_info(const struct wr_device *device) {
    return &device->info;
}
