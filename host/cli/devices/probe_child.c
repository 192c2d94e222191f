/* The child process that probes drivers: see probe.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

#include "backend/device.h"
#include "backend/registry.h"
#include "cli/devices/probe.h"

enum { MOST = 4096 };

static struct wr_device_info devices[MOST];

static bool report(enum probe_event event, size_t index, const struct wr_device_info *info) {
    struct probe_report text = {.event = event, .index = index};
    if (info != NULL)
        text.info = *info;
    return write(PROBE_REPORTS, &text, sizeof text) == (ssize_t)sizeof text;
}

/* Lists the devices. Returns their number. */
static size_t list(const struct wr_backend *backend) {
    size_t count = 0;
    struct wr_error error = {0};
    struct wr_device_info none = {.backend = backend->name};
    while (count < MOST && backend->describe(count, &devices[count], &error) == WR_OK) {
        if (!report(PROBE_DEVICE, count, &devices[count]))
            _exit(1);
        count++;
    }
    if (count == 0)
        wr_format(none.detail, sizeof none.detail, "%s", error.text);
    report(PROBE_LISTED, count, &none);
    wr_error_release(&error);
    return count;
}

/* Whether a device is tried in this pass. GPUs come first: for the backend's name, other devices
 * are tried in the second pass. */
static bool is_wanted(const char *selector, const struct wr_device_info *info, int pass) {
    if (strcmp(selector, "all") == 0)
        return pass == 0;
    if (strcmp(selector, "auto") == 0)
        return pass == 0 && info->gpu;
    if (wr_is_choice(selector))
        return info->gpu == (pass == 0);
    return pass == 0 && strcmp(selector, info->id) == 0;
}

static void try_devices(const struct wr_backend *backend, const char *selector, size_t skip,
                        size_t count) {
    bool first = wr_is_choice(selector);
    bool exactness = first || strcmp(selector, "all") == 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++) {
            if (!is_wanted(selector, &devices[i], pass))
                continue;
            if (skip > 0) {
                skip--;
                continue;
            }
            if (!report(PROBE_TRIES, i, NULL))
                return;
            wr_device_settle(backend, i, exactness, &devices[i]);
            if (!report(PROBE_TRIED, i, &devices[i]) || (first && devices[i].exact))
                return;
        }
}

int probe_child(int count, char **arguments) {
    const struct rlimit no_core = {0, 0};
    const struct wr_backend *backend = count == 4 ? wr_backend_find(arguments[0]) : NULL;
    if (backend == NULL || !backend->probe_outside ||
        fcntl(PROBE_REPORTS, F_SETFD, FD_CLOEXEC) != 0)
        return WR_ERR_USAGE;
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* end with the parent process */
#endif
    setrlimit(RLIMIT_CORE, &no_core);
    if (strcmp(arguments[3], "explain") == 0 && backend->explain != NULL)
        backend->explain();
    try_devices(backend, arguments[1], strtoul(arguments[2], NULL, 10), list(backend));
    report(PROBE_ENDED, 0, NULL);
    return 0;
}
