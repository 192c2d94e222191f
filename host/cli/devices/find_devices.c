#include "cli/devices/find_devices.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/registry.h"
#include "cli/cli.h"
#include "cli/devices/probe.h"

enum { LINES_TOLD = 10 };

/* ---- what drivers printed ---- */

/* The last LINES_TOLD lines of the text. */
static const char *last_lines(const char *output) {
    const char *at = output + strlen(output);
    while (at > output && at[-1] == '\n')
        at--;
    for (size_t lines = 0; at > output; at--)
        if (at[-1] == '\n' && ++lines == LINES_TOLD)
            break;
    return at;
}

static void print_output(const struct probe *probe) {
    struct wr_error words = {0};
    if (probe->output[0] == '\0')
        return;
    snprintf(words.text, sizeof words.text,
             "%s drivers printed, when they were looked at:", probe->backend->title);
    words.log = strdup(last_lines(probe->output));
    cli_complain(&words);
    wr_error_release(&words);
}

/* ---- the list ---- */

static const char absent[] = "none", unknown[] = "unknown";

bool device_is_absent(const struct wr_device_info *info) {
    return strcmp(info->id, info->backend) == 0 && strcmp(info->name, absent) == 0;
}

/* Prints a line on stderr: `what`, the device and the reason. The reason may already begin with the
 * device's id and name. */
static void tell_device(const char *what, const struct wr_device_info *info) {
    if (strncmp(info->detail, info->id, strlen(info->id)) == 0)
        fprintf(stderr, "windrow: %s %s\n", what, info->detail);
    else
        fprintf(stderr, "windrow: %s %s (%s): %s\n", what, info->id, info->name, info->detail);
}

void device_tell_left_out(const struct wr_device_info *info) {
    cli_flush();
    tell_device("not usable and left out:", info);
}

/* Appends the devices that the probe found, and an entry with the backend's name if it failed or
 * found none. */
static wr_status append(const struct probe *probe, struct wr_device_info **devices, size_t *count,
                        struct wr_error *error) {
    const char *name = probe->backend->name;
    bool rest = probe->listing_failed || probe->count == 0;
    struct wr_device_info *list = realloc(*devices, (*count + probe->count + rest) * sizeof *list);
    if (list == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a list of devices");
    *devices = list;
    for (size_t i = 0; i < probe->count; i++)
        list[(*count)++] = probe->devices[i];
    if (rest) {
        struct wr_device_info *entry = &list[(*count)++];
        *entry = (struct wr_device_info){.backend = name};
        snprintf(entry->id, sizeof entry->id, "%s", name);
        snprintf(entry->name, sizeof entry->name, "%s", probe->listing_failed ? unknown : absent);
        memcpy(entry->detail, probe->why, sizeof entry->detail);
    }
    return WR_OK;
}

wr_status devices_find(struct wr_device_info **devices, size_t *count, struct wr_error *error) {
    wr_status status = WR_OK;
    *devices = NULL;
    *count = 0;
    for (size_t b = 0; b < WR_BACKENDS && status == WR_OK; b++) {
        struct probe probe;
        status = probe_devices(wr_backends[b], "all", &probe, error);
        if (status == WR_OK)
            print_output(&probe);
        if (status == WR_OK)
            status = append(&probe, devices, count, error);
        probe_release(&probe);
    }
    if (status != WR_OK) {
        free(*devices);
        *devices = NULL;
        *count = 0;
    }
    return status;
}

/* ---- opening ---- */

wr_status device_open_found(const char *selector, const struct wr_device_options *options,
                            struct wr_device **device, struct wr_error *error) {
    cli_flush();
    int ours = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (ours >= 0)
        dup2(STDERR_FILENO, STDOUT_FILENO);
    wr_status status = wr_device_open(selector, options, device, error);
    if (ours >= 0) {
        fflush(stdout); /* a driver may have used the same buffer */
        dup2(ours, STDOUT_FILENO);
        close(ours);
    }
    return status;
}

/* The first exact device, or the first exact GPU. */
static const struct wr_device_info *first_exact(const struct probe *probe, bool gpu_only) {
    for (size_t i = 0; i < probe->count && probe->devices != NULL; i++)
        if (probe->devices[i].exact && (probe->devices[i].gpu || !gpu_only))
            return &probe->devices[i];
    return NULL;
}

/* Prints a line for each GPU of the probe before the one that is taken, and one for drivers that
 * failed. id: of the device that is taken. */
static void tell_passed_over(const struct probe *probe, const struct wr_device_info *taken,
                             const char *id) {
    char choice[96];
    snprintf(choice, sizeof choice, "--device auto takes %s, and not", id);
    for (size_t i = 0; i < probe->count && &probe->devices[i] != taken; i++)
        if (probe->devices[i].gpu || strcmp(probe->devices[i].name, unknown) == 0)
            tell_device(choice, &probe->devices[i]);
    if (probe->listing_failed && first_exact(probe, true) == NULL)
        fprintf(stderr, "windrow: --device auto takes %s: %s\n", id, probe->why);
}

/* Opens the first exact GPU in the order of the backends, else the reference. */
static wr_status open_auto(const struct wr_device_options *options, struct wr_device **device,
                           struct wr_error *error) {
    struct probe probes[WR_BACKENDS];
    const struct wr_device_info *taken = NULL;
    size_t probed = 0;
    wr_status status = WR_OK;
    while (probed < WR_BACKENDS && status == WR_OK && taken == NULL) {
        status = probe_devices(wr_backends[probed], "auto", &probes[probed], error);
        taken = first_exact(&probes[probed++], true);
    }
    if (status == WR_OK) {
        const char *id = taken != NULL ? taken->id : wr_backend_reference()->name;
        for (size_t i = 0; i < probed; i++)
            tell_passed_over(&probes[i], taken, id);
        status = device_open_found(id, options, device, error);
    }
    while (probed > 0)
        probe_release(&probes[--probed]);
    return status;
}

/* Returns the error of a driver that failed, with what it printed. */
static wr_status refuse(const char *selector, const struct probe *probe,
                        const struct wr_device_info *info, struct wr_error *error) {
    wr_fail(error, WR_ERR_DEVICE, "--device %s%s%s%s: %s; try --device cpu", selector,
            info != NULL ? " (" : "", info != NULL ? info->name : "", info != NULL ? ")" : "",
            info != NULL ? info->detail : probe->why);
    if (probe->output[0] != '\0')
        error->log = strdup(last_lines(probe->output));
    return WR_ERR_DEVICE;
}

static wr_status open_any(const struct wr_backend *backend, const struct wr_device_options *options,
                          struct wr_device **device, struct wr_error *error) {
    struct probe probe;
    wr_status status = probe_devices(backend, backend->name, &probe, error);
    if (status == WR_OK) {
        const struct wr_device_info *taken = first_exact(&probe, true);
        if (taken == NULL)
            taken = first_exact(&probe, false);
        if (taken != NULL)
            status = device_open_found(taken->id, options, device, error);
        else if (probe.listing_failed || probe.count == 0)
            status = refuse(backend->name, &probe, NULL, error);
        else
            status = refuse(
                backend->name, &probe,
                &probe.devices[probe.failed_device != SIZE_MAX ? probe.failed_device : 0], error);
    }
    probe_release(&probe);
    return status;
}

static wr_status open_named(const struct wr_backend *backend, const char *selector,
                            const struct wr_device_options *options, struct wr_device **device,
                            struct wr_error *error) {
    struct probe probe;
    bool listed = false;
    wr_status status = probe_devices(backend, selector, &probe, error);
    for (size_t i = 0; status == WR_OK && i < probe.count; i++)
        listed |= strcmp(probe.devices[i].id, selector) == 0;
    if (status == WR_OK && probe.failed_device != SIZE_MAX)
        status = refuse(selector, &probe, &probe.devices[probe.failed_device], error);
    else if (status == WR_OK && !listed && (probe.listing_failed || probe.count == 0))
        status = refuse(selector, &probe, NULL, error);
    else if (status == WR_OK) /* its error lists the devices that exist */
        status = device_open_found(selector, options, device, error);
    probe_release(&probe);
    return status;
}

wr_status device_open(const char *selector, const struct wr_device_options *options,
                      struct wr_device **device, struct wr_error *error) {
    size_t seconds;
    *device = NULL;
    wr_status status = probe_seconds(&seconds, error);
    if (status != WR_OK)
        return status;
    if (strcmp(selector, "auto") == 0)
        return open_auto(options, device, error);
    const struct wr_backend *backend = wr_backend_find(selector);
    if (backend == NULL || !backend->probe_outside)
        return device_open_found(selector, options, device, error);
    return wr_is_choice(selector) ? open_any(backend, options, device, error)
                                  : open_named(backend, selector, options, device, error);
}
