/* How the command finds and opens devices. It uses windrow/device.h, but opens no driver here that
 * another process has not probed first (probe.h). */
#ifndef WR_CLI_FIND_DEVICES_H
#define WR_CLI_FIND_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/device.h"

/* Like wr_devices_list, but works with broken drivers. An entry whose id is the name of a backend,
 * and that is not usable, means that drivers failed, or that there is no device. Prints on stderr
 * what drivers printed. */
wr_status devices_find(struct wr_device_info **devices, size_t *count, struct wr_error *error);
/* Whether the entry only says that a backend has no device. That is not an error. */
bool device_is_absent(const struct wr_device_info *info);
/* Prints a line on stderr for a device that is left out because it is not usable. */
void device_tell_left_out(const struct wr_device_info *info);

/* Like wr_device_open. What drivers print to stdout meanwhile goes to stderr. */
typedef wr_status device_open_fn(const char *selector, const struct wr_device_options *options,
                                 struct wr_device **device, struct wr_error *error);
/* `auto` prints on stderr which GPUs it passes over, and why. */
device_open_fn device_open;
/* Opens without probing: for the id of a device that devices_find has listed as usable. */
device_open_fn device_open_found;

#endif
