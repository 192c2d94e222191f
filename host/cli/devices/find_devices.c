#include "cli/devices/find_devices.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
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
    snprintf(words.text, sizeof words.text, "OpenCL drivers printed, when they were looked at:");
    words.log = strdup(last_lines(probe->output));
    cli_complain(&words);
    wr_error_release(&words);
}

/* ---- the list ---- */

static const char absent[] = "none", unknown[] = "unknown";

bool device_is_absent(const struct wr_device_info *info) {
    return strcmp(info->id, "opencl") == 0 && strcmp(info->name, absent) == 0;
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

/* Makes the list: cpu, the devices that the probe found, and the entry "opencl" if the probe failed
 * or found none. */
static wr_status make_list(const struct probe *probe, struct wr_device_info **devices,
                           size_t *count, struct wr_error *error) {
    struct wr_device_info rest = {.backend = "opencl", .id = "opencl"};
    struct wr_device_info *list =
        wr_alloc(probe->count + 2, sizeof *list, "a list of devices", error);
    if (list == NULL)
        return WR_ERR_MEMORY;
    *devices = list;
    *count = probe->count + 1;
    if (probe->count > 0)
        memcpy(list + 1, probe->devices, probe->count * sizeof *list);
    if (probe->listing_failed || probe->count == 0) {
        snprintf(rest.name, sizeof rest.name, "%s", probe->listing_failed ? unknown : absent);
        memcpy(rest.detail, probe->why, sizeof rest.detail);
        list[(*count)++] = rest;
    }
    return wr_backend_cpu.describe(0, list, error);
}

wr_status devices_find(struct wr_device_info **devices, size_t *count, struct wr_error *error) {
    struct probe probe;
    *devices = NULL;
    *count = 0;
    wr_status status = probe_devices("all", &probe, error);
    if (status == WR_OK)
        print_output(&probe);
    if (status == WR_OK)
        status = make_list(&probe, devices, count, error);
    probe_release(&probe);
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
    for (size_t i = 0; i < probe->count; i++)
        if (probe->devices[i].exact && (probe->devices[i].gpu || !gpu_only))
            return &probe->devices[i];
    return NULL;
}

/* Prints a line for each GPU before the one that is taken, and one for drivers that failed. */
static void tell_passed_over(const struct probe *probe, const struct wr_device_info *taken) {
    const size_t end = taken != NULL ? (size_t)(taken - probe->devices) : probe->count;
    char choice[96];
    snprintf(choice, sizeof choice, "--device auto takes %s, and not",
             taken != NULL ? taken->id : "cpu");
    for (size_t i = 0; i < end; i++)
        if (probe->devices[i].gpu || strcmp(probe->devices[i].name, unknown) == 0)
            tell_device(choice, &probe->devices[i]);
    if (probe->listing_failed && taken == NULL)
        fprintf(stderr, "windrow: --device auto takes cpu: %s\n", probe->why);
}

static wr_status open_auto(const struct wr_device_options *options, struct wr_device **device,
                           struct wr_error *error) {
    struct probe probe;
    wr_status status = probe_devices("auto", &probe, error);
    if (status == WR_OK) {
        const struct wr_device_info *taken = first_exact(&probe, true);
        tell_passed_over(&probe, taken);
        status = device_open_found(taken != NULL ? taken->id : "cpu", options, device, error);
    }
    probe_release(&probe);
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

static wr_status open_any(const struct wr_device_options *options, struct wr_device **device,
                          struct wr_error *error) {
    struct probe probe;
    wr_status status = probe_devices("opencl", &probe, error);
    if (status == WR_OK) {
        const struct wr_device_info *taken = first_exact(&probe, true);
        if (taken == NULL)
            taken = first_exact(&probe, false);
        if (taken != NULL)
            status = device_open_found(taken->id, options, device, error);
        else if (probe.listing_failed || probe.count == 0)
            status = refuse("opencl", &probe, NULL, error);
        else
            status = refuse(
                "opencl", &probe,
                &probe.devices[probe.failed_device != SIZE_MAX ? probe.failed_device : 0], error);
    }
    probe_release(&probe);
    return status;
}

static wr_status open_named(const char *selector, const struct wr_device_options *options,
                            struct wr_device **device, struct wr_error *error) {
    struct probe probe;
    bool listed = false;
    wr_status status = probe_devices(selector, &probe, error);
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
    if (wr_has_opencl() && strcmp(selector, "auto") == 0)
        return open_auto(options, device, error);
    if (wr_has_opencl() && strcmp(selector, "opencl") == 0)
        return open_any(options, device, error);
    if (wr_has_opencl() && strncmp(selector, "opencl:", 7) == 0)
        return open_named(selector, options, device, error);
    return device_open_found(selector, options, device, error);
}
