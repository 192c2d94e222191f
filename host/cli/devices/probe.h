/* Drivers, such as those of OpenCL, are code of others that runs in our process. Some abort, crash,
 * print or hang. So a child process, which runs this command again, probes them before one is
 * loaded here. */
#ifndef WR_CLI_PROBE_H
#define WR_CLI_PROBE_H

#include <stddef.h>

#include "backend/backend.h"

/* As the first argument, makes the command probe devices and report (probe_child). */
#define PROBE_ARGUMENT "--probe-devices"

enum { PROBE_OUTPUT = 2048 };

/* The result of a probe. */
struct probe {
    const struct wr_backend *backend;
    struct wr_device_info *devices; /* (count) devices of the backend, in the order of their ids */
    size_t count;
    bool listing_failed;       /* a driver crashed or hung while devices were listed: see `why` */
    char why[256];             /* the reason for that, or why there is no device */
    size_t failed_device;      /* the first device whose driver crashed or hung; SIZE_MAX: none */
    char output[PROBE_OUTPUT]; /* the end of what drivers printed meanwhile, for wr_print_lines */
};

/* Lists the devices of a backend and tries some of them: from a child process if the backend says
 * probe_outside, else here and all of them. selector, as in --device, says which: "all"; "auto":
 * GPUs up to the first exact one; the backend's name: the same, then the other devices; an id: that
 * device, without testing exactness. Failures of drivers are results in *probe. The call
 * itself fails only with WR_ERR_DEVICE (an environment variable is wrong), WR_ERR_MEMORY or
 * WR_ERR_STOPPED. Call probe_release after a failure too. */
wr_status probe_devices(const struct wr_backend *backend, const char *selector, struct probe *probe,
                        struct wr_error *error);
void probe_release(struct probe *probe);
/* How many seconds a driver has to answer: WINDROW_PROBE_SECONDS, or 10. */
wr_status probe_seconds(size_t *seconds, struct wr_error *error);

/* ---- the child process ---- */

/* The child writes reports, each a struct probe_report, to the file descriptor PROBE_REPORTS. */
enum { PROBE_REPORTS = 3 };
enum probe_event {
    PROBE_DEVICE, /* info of device `index`, as its driver describes it */
    PROBE_LISTED, /* all devices are listed; info.detail: why there is none */
    PROBE_TRIES,  /* the child now tries device `index` */
    PROBE_TRIED,  /* info of device `index` after the try */
    PROBE_ENDED   /* the child is done */
};
struct probe_report {
    enum probe_event event;
    size_t index;
    struct wr_device_info info;
};
/* The arguments are BACKEND SELECTOR SKIP HOW. The first SKIP devices that would be tried are left
 * out. HOW is "explain" to make drivers print why they have no device, else "look". Returns the
 * exit code. The caller must leave with _exit, since some drivers crash in their exit handlers. */
int probe_child(int count, char **arguments);

#endif
