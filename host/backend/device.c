#include "backend/device.h"

#include "backend/optional.h"
#include "backend/registry.h"
#include "backend/verify.h"
#include "base/arithmetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks a device before any session's shape is known: the known case has the notebook's shape. */
static wr_status check_default_shape(struct wr_device *device, struct wr_error *error) {
    struct wr_ensemble ensemble = {
        .stack = {{.inputs = 1, .hidden = 20, .outputs = 1, .seq_len = 5}, .count = 1},
        .batch = 1,
        .schedule = WR_SCHEDULE_AUTO};
    return wr_check_exact(device, &ensemble, NULL, error);
}

/* Opens device `index` and checks it. If the check fails, closes the device again: *device is NULL
 * and info->detail has the reason. */
static wr_status open_checked(const struct wr_backend *backend, size_t index,
                              const struct wr_device_options *options,
                              wr_status (*check)(struct wr_device *device, struct wr_error *error),
                              struct wr_device_info *info, struct wr_device **device) {
    struct wr_error error = {0};
    *device = NULL;
    wr_status status = backend->open_device(index, options, device, &error);
    if (status == WR_OK)
        status = check(*device, &error);
    if (status != WR_OK) {
        if (*device != NULL)
            backend->close_device(*device);
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

void wr_device_settle(const struct wr_backend *backend, size_t index, bool exactness,
                      struct wr_device_info *info) {
    struct wr_device *device = NULL;
    if (!backend->reference && info->usable && (info->exact || !exactness) &&
        open_checked(backend, index, NULL, exactness ? check_default_shape : wr_device_try, info,
                     &device) == WR_OK)
        backend->close_device(device);
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

static void append_backend(const struct wr_backend *backend, struct wr_device_info **list,
                           size_t *count) {
    struct wr_device_info none = {.backend = backend->name, .name = "none"};
    struct wr_error error = {0};
    struct wr_device_info info = {0};
    size_t index = 0;
    while (wr_backend_describe(backend, index, &info, &error) == WR_OK) {
        wr_device_settle(backend, index, true, &info);
        append(list, count, &info);
        index++;
    }
    if (index == 0) {
        snprintf(none.id, sizeof none.id, "%s", backend->name);
        snprintf(none.detail, sizeof none.detail, "%.*s", (int)sizeof none.detail - 1, error.text);
        append(list, count, &none);
    }
    wr_error_release(&error);
}

wr_status wr_devices_list(struct wr_device_info **devices, size_t *count, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *devices = NULL;
    *count = 0;
    wr_status status = wr_check_environment(error);
    if (status != WR_OK)
        return status;
    for (size_t b = 0; b < WR_BACKENDS; b++)
        append_backend(wr_backends[b], devices, count);
    if (*count != SIZE_MAX)
        return WR_OK;
    free(*devices);
    *devices = NULL;
    *count = 0;
    return wr_fail(error, WR_ERR_MEMORY, "no memory for a device list");
}

/* Opens the first exact device, a GPU if gpu_only. *device stays NULL if there is none. */
static void open_first_exact(const struct wr_backend *backend, bool gpu_only,
                             const struct wr_device_options *options, struct wr_device **device) {
    struct wr_device_info info;
    for (size_t index = 0; wr_backend_describe(backend, index, &info, NULL) == WR_OK; index++)
        if (info.usable && info.exact && (info.gpu || !gpu_only) &&
            open_checked(backend, index, options, check_default_shape, &info, device) == WR_OK)
            return;
}

static wr_status open_auto(const struct wr_device_options *options, struct wr_device **device,
                           struct wr_error *error) {
    for (size_t b = 0; b < WR_BACKENDS && *device == NULL; b++)
        open_first_exact(wr_backends[b], true, options, device);
    return *device != NULL ? WR_OK : wr_backend_reference()->open_device(0, options, device, error);
}

static wr_status open_any(const struct wr_backend *backend, const struct wr_device_options *options,
                          struct wr_device **device, struct wr_error *error) {
    open_first_exact(backend, true, options, device);
    if (*device == NULL)
        open_first_exact(backend, false, options, device);
    if (*device != NULL)
        return WR_OK;
    struct wr_device_info info;
    wr_status status = backend->describe(0, &info, error);
    return status == WR_OK
               ? wr_fail(error, WR_ERR_DEVICE,
                         "\1selector=%s\1: no exact %s device; \1wr_devices_list\1 tells why, and "
                         "\1selector=%s\1 names one",
                         backend->name, backend->title, backend->ids)
               : status;
}

static wr_status open_named(const struct wr_backend *backend, const char *selector,
                            const struct wr_device_options *options, struct wr_device **device,
                            struct wr_error *error) {
    struct wr_device_info info;
    char found[256] = "";
    size_t length = 0, index = 0;
    while (backend->describe(index, &info, error) == WR_OK) {
        if (strcmp(info.id, selector) == 0) {
            if (!info.usable)
                return wr_fail(error, WR_ERR_DEVICE, "\1selector=%s\1 (%s): %s", selector,
                               info.name, info.detail);
            return backend->open_device(index, options, device, error);
        }
        if (length < sizeof found)
            length += (size_t)snprintf(found + length, sizeof found - length, "%s%s",
                                       index > 0 ? ", " : "", info.id);
        index++;
    }
    if (index == 0) /* describe has said why */
        return WR_ERR_DEVICE;
    return wr_fail(error, WR_ERR_DEVICE, "\1selector=%s\1: there is no such device; found: %s",
                   selector, found);
}

wr_status wr_device_open(const char *selector, const struct wr_device_options *options,
                         struct wr_device **device, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *device = NULL;
    const struct wr_backend *backend = wr_backend_find(selector);
    wr_status status = wr_check_environment(error);
    if (status != WR_OK)
        return status;
    if (strcmp(selector, "auto") == 0)
        return open_auto(options, device, error);
    if (backend == NULL || !wr_is_selector(backend, selector))
        return wr_refuse_selector(selector, error);
    if (backend->missing != NULL)
        return wr_fail(error, WR_ERR_DEVICE, "\1selector=%s\1: %s", selector, backend->missing);
    return wr_is_choice(selector) ? open_any(backend, options, device, error)
                                  : open_named(backend, selector, options, device, error);
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
