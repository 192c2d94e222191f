#include "cli/io/report_lines.h"

#include <stdio.h>

#include "base/base.h"
#include "cli/cli.h"
#include "windrow/device.h"

void report_named(const char *before, const char *text) {
    fputs(before, stdout);
    wr_print_shown(stdout, text);
}

void report_deviation(const struct wr_device *device) {
    if (!(wr_device_deviation(device) > 0))
        return;
    cli_flush();
    fprintf(stderr,
            "windrow: %s is not exact: on a known case its losses differ from the cpu's by up to "
            "%.2g of them\n",
            wr_device_get_info(device)->id, wr_device_deviation(device));
}

void report_speed(double updates, double seconds) {
    fprintf(stderr, "%.0f updates in %.*f s: %.0f updates/s\n", updates, seconds < 100 ? 3 : 0,
            seconds, seconds > 0 ? updates / seconds : 0);
}
