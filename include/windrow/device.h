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
    bool usable;      /* false: detail says why not */
    bool exact;       /* usable, and gives the bits of the cpu backend; else detail says why not */
    char detail[256]; /* the reason, or what the device is (cores and lanes, driver version) */
    size_t memory;    /* bytes */
};

/* wr_devices_list, and wr_device_open for any selector but "cpu", load OpenCL drivers into the
 * calling process. A driver that crashes, aborts or hangs takes the process with it, and what it
 * prints goes to the process's streams. Therefore the windrow command first tries the drivers in a
 * process of their own. A host program that must not end can do the same with `windrow devices
 * --json`. */

/* Lists every device, cpu first. Each OpenCL device is opened and checked, which builds a kernel.
 * The caller frees *devices (count) with free. A library built without OpenCL, and a host without
 * an OpenCL device, list one unusable "opencl" entry whose detail gives the reason. WR_ERR_DEVICE
 * if an environment variable that chooses engines or kernels (docs/devices.md) has an invalid
 * value. */
wr_status wr_devices_list(struct wr_device_info **devices, size_t *count, struct wr_error *error);

/* The largest relative error that losses of a device opened as inexact may have. */
#define WR_MOST_DEVIATION 0.001

struct wr_device_options {
    size_t threads; /* CPU threads; 0: OMP_NUM_THREADS, else all cores that the process may use. If
                       the system cannot start so many, fewer work; the results are the same */
    bool inexact; /* accept a device whose bits differ from the cpu backend's, if the relative error
                     of its losses is at most WR_MOST_DEVIATION */
};

struct wr_device;

/* Opens the device that the selector names: "cpu"; "opencl:P.D", device D of platform P; "opencl",
 * the first exact GPU, else the first exact OpenCL device; "auto", the first exact GPU, else cpu
 * (wr_devices_list tells why a GPU was not chosen). options may be NULL. WR_ERR_USAGE for any other
 * selector. WR_ERR_DEVICE names what was found instead, or the environment variable with an invalid
 * value. The caller owns *device and closes it after its sessions. A device and its sessions serve
 * one thread at a time; different devices, and one device opened twice, are independent.
 *
 * fork: only the process that opened a device can use it and its sessions. In a child, every call
 * with them is WR_ERR_USAGE, and closing them only frees memory. A child opens its own devices.
 * "cpu" works in a child whatever the parent had open. An OpenCL driver that was loaded before the
 * fork may hang in the child: fork before opening OpenCL devices. */
wr_status wr_device_open(const char *selector, const struct wr_device_options *options,
                         struct wr_device **device, struct wr_error *error);
void wr_device_close(struct wr_device *device);
/* The largest relative error of the device's losses on the known cases that opening its sessions
 * has checked so far. It is at least a float's last bit if any bit of a result differed, and 0 if
 * none did. */
double wr_device_deviation(const struct wr_device *device);
/* Owned by the device. */
const struct wr_device_info *wr_device_get_info(const struct wr_device *device);

#ifdef __cplusplus
}
#endif
#endif
