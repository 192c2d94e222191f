/* A step of wr_devices_list, for a caller that examines drivers from another process
 * (cli/devices/probe.c). */
#ifndef WR_BACKEND_DEVICE_H
#define WR_BACKEND_DEVICE_H

#include "backend/backend.h"

/* Opens device `index` of the backend, which *info describes, and updates *info: with `exactness`,
 * a known case decides whether the device is usable and exact; without, the backend's try_device
 * decides whether it is usable. The reference stays as it is described. */
void wr_device_settle(const struct wr_backend *backend, size_t index, bool exactness,
                      struct wr_device_info *info);

#endif
