/* OpenCL drivers are other people's programs that run inside ours: some abort, crash, print or
 * never come back. So they are looked at from a process of its own, the command started once more,
 * before one is let in here. */
#ifndef WR_CLI_PROBE_H
#define WR_CLI_PROBE_H

#include <stddef.h>

#include "windrow/device.h"

/* As the first argument it makes the command look at devices and report (probe_child). */
#define PROBE_ARGUMENT "--probe-devices"

enum { PROBE_OUTPUT = 2048 };

/* What a look at the devices found. */
struct probe {
    struct wr_device_info *devices; /* (count) OpenCL's, in the order of their ids */
    size_t count;
    bool listing_failed;       /* a driver did not come back while devices were listed: `why` */
    char why[256];             /* that, or why there is no device at all */
    size_t failed_device;      /* the first device whose driver did not come back; SIZE_MAX: none */
    char output[PROBE_OUTPUT]; /* the end of what drivers printed meanwhile, for wr_print_lines */
};

/* selector, as --device takes it, says which devices are tried beside being listed: "all"; "auto",
 * GPUs up to the first exact one; "opencl", the same, then the others; "opencl:P.D", that one, and
 * not for exactness. What cannot be looked at is told in *probe; the call fails with WR_ERR_DEVICE
 * (a variable of the environment), WR_ERR_MEMORY or WR_ERR_STOPPED alone. Released by
 * probe_release, after a failure too. */
wr_status probe_devices(const char *selector, struct probe *probe, struct wr_error *error);
void probe_release(struct probe *probe);
/* How many seconds a driver may take for an answer: WINDROW_PROBE_SECONDS, or 10. */
wr_status probe_seconds(size_t *seconds, struct wr_error *error);

/* ---- the other process ---- */

/* What it reports on file descriptor PROBE_REPORTS, one struct probe_report at a time. */
enum { PROBE_REPORTS = 3 };
enum probe_event {
    PROBE_DEVICE, /* info of device `index`, as its driver describes it */
    PROBE_LISTED, /* that was the last; info.detail: why there is none */
    PROBE_TRIES,  /* device `index` is going to be tried */
    PROBE_TRIED,  /* info of device `index` after that */
    PROBE_ENDED   /* nothing is left to do */
};
struct probe_report {
    enum probe_event event;
    size_t index;
    struct wr_device_info info;
};
/* PROBE_ARGUMENT SELECTOR SKIP HOW: SKIP of the devices that would be tried are left out. HOW is
 * "explain" to make drivers tell why they have no device, else "look". Returns the exit
 * code; the caller leaves by _exit, since drivers crash in their exit handlers, too. */
int probe_child(int count, char **arguments);

#endif
