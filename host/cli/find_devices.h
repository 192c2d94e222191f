/* Devices as the command finds and opens them: by windrow/device.h, but never through a driver that
 * has not been looked at from another process first (probe.h). */
#ifndef WR_CLI_FIND_DEVICES_H
#define WR_CLI_FIND_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/device.h"

/* As wr_devices_list, whatever drivers do. One entry that is not usable, "opencl", stands for
 * drivers that did not come back, and for there being no device. What drivers printed is told on
 * stderr. */
wr_status devices_find(struct wr_device_info **devices, size_t *count, struct wr_error *error);
/* Whether the entry is there only because there is no OpenCL device, which is nobody's fault. */
bool device_is_absent(const struct wr_device_info *info);
/* One line on stderr for a device that is left out because it is not usable. */
void device_tell_left_out(const struct wr_device_info *info);

/* As wr_device_open; what drivers print to stdout meanwhile goes to stderr. */
typedef wr_status device_open_fn(const char *selector, const struct wr_device_options *options,
                                 struct wr_device **device, struct wr_error *error);
/* `auto` tells on stderr which GPUs it passes over, and why. */
device_open_fn device_open;
/* Without another look: for the id of a device that devices_find has listed as usable. */
device_open_fn device_open_found;

#endif
