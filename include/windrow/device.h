/* Devices: the host's CPU, and every OpenCL device that the ICD loader finds. */
#ifndef WINDROW_DEVICE_H
#define WINDROW_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_device_info {
    const char *backend; /* "cpu" or "opencl" */
    char id[32];         /* what --device takes: "cpu", "opencl:P.D" */
    char name[128];
    bool gpu;
    bool usable;      /* false: detail says why */
    bool exact;       /* usable, and reproduces the cpu backend's bits; else detail says why */
    char detail[256]; /* the reason, or what the device is (cores and lanes, driver version) */
    size_t memory;    /* bytes */
};

/* OpenCL drivers are loaded into the calling process, by wr_devices_list and by wr_device_open for
 * any selector but "cpu". One that crashes, aborts or hangs takes the process with it; what it
 * prints goes to the process's streams. The windrow command therefore looks at drivers from a
 * process of its own first; a host program that must not end can do the same with
 * `windrow devices --json`. */

/* Every device, cpu first; each OpenCL device is opened and checked, which builds a kernel.
 * *devices (count) is freed by the caller with free. A library built without OpenCL lists one
 * unusable "opencl" entry that says so; so does a host without a device, and says why there is
 * none. WR_ERR_DEVICE if a variable of the environment that chooses engines or kernels
 * (docs/devices.md) means nothing. */
wr_status wr_devices_list(struct wr_device_info **devices, size_t *count, struct wr_error *error);

/* How far off, of themselves, the losses of a device opened as inexact may be. */
#define WR_MOST_DEVIATION 0.001

struct wr_device_options {
    size_t threads; /* CPU threads; 0: OMP_NUM_THREADS, else all cores the process may use. Where
                       the system starts no more, fewer work: the results are the same */
    bool inexact;   /* accept a device that does not reproduce the cpu backend's bits, if its losses
                       are off by no more than WR_MOST_DEVIATION */
};

struct wr_device;

/* selector: "auto" (the first exact GPU, else cpu; wr_devices_list tells why a GPU is passed over),
 * "cpu", "opencl" (the first exact GPU, else the first exact OpenCL device) or "opencl:P.D" (device
 * D of platform P). options may be NULL. WR_ERR_USAGE for a selector of another form; WR_ERR_DEVICE
 * names what was found instead, or the variable of the environment that means nothing. *device is
 * owned by the caller and must outlive its sessions. A device and its sessions serve one thread at
 * a time; different devices, and the same one opened twice, are independent.
 *
 * fork: a device and its sessions serve the process that has opened them alone. In a child every
 * call with them is WR_ERR_USAGE, and closing them frees the memory and nothing else. A child opens
 * devices of its own. "cpu" works there whatever the parent had open; OpenCL drivers do not stand a
 * fork, and may hang in the child of a process in which one was loaded: fork before that. */
wr_status wr_device_open(const char *selector, const struct wr_device_options *options,
                         struct wr_device **device, struct wr_error *error);
void wr_device_close(struct wr_device *device);
/* How far off, of themselves, losses of the device were at most on the known cases on which the
 * sessions opened so far have been checked: no less than a float's last bit if a bit of anything
 * differed, 0 if none did. */
double wr_device_deviation(const struct wr_device *device);
/* Owned by the device. */
const struct wr_device_info *wr_device_get_info(const struct wr_device *device);

#ifdef __cplusplus
}
#endif
#endif
