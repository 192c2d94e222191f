#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/devices/devices_options.h"
#include "cli/devices/find_devices.h"
#include "cli/io/json_write.h"

static const char *verdict(const struct wr_device_info *device) {
    return !device->usable ? "not usable" : device->exact ? "exact" : "not exact";
}

static void print_table(const struct wr_device_info *devices, size_t count) {
    printf("%-12s  %-10s  %s\n", "device", "state", "name");
    for (size_t i = 0; i < count; i++) {
        const struct wr_device_info *device = &devices[i];
        printf("%-12s  %-10s  %s\n", device->id, verdict(device), device->name);
        if (device->detail[0] != '\0')
            printf("%-12s  %-10s  %s\n", "", "", device->detail);
    }
}

static wr_status print_json(const struct wr_device_info *devices, size_t count,
                            struct wr_error *error) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct wr_device_info *device = &devices[i];
        list = wr_json_push(
            list,
            json_pack("{s:s, s:s, s:o, s:b, s:b, s:b, s:I, s:o}", "id", device->id, "backend",
                      device->backend, "name", json_text(device->name), "gpu", (int)device->gpu,
                      "usable", (int)device->usable, "exact", (int)device->exact, "memory",
                      (json_int_t)device->memory, "detail", json_text(device->detail)));
    }
    return json_print(json_pack("{s:o}", "devices", list), "windrow.devices/1", error);
}

wr_status devices_command(const struct devices_options *options, struct wr_error *error) {
    struct wr_device_info *devices;
    size_t count;
    wr_status status = devices_find(&devices, &count, error);
    if (status != WR_OK)
        return status;
    if (options->json.given)
        status = print_json(devices, count, error);
    else
        print_table(devices, count);
    free(devices);
    return status;
}
