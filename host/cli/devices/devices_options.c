#include "cli/devices/devices_options.h"

#define AT(field) OPTION_AT(struct devices_options, field)

static const struct option_spec rows[] = {
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout instead of the table."},
    {OPTIONS_AT(struct devices_options, config)},
};

const struct command devices_usage = {
    .name = "devices",
    .summary = "list the devices, and which of them are exact",
    .description = WORDS("Lists the CPU and every OpenCL device: what --device takes for it, its "
                         "name, and whether it is exact (reproduces the cpu's bits), usable but "
                         "not exact, or not usable, and why."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct devices_options),
    .examples = {{"Every device, for a person", "windrow devices"},
                 {"The exact ones, for a script",
                  "windrow devices --json | jq -r '.devices[] | select(.exact).id'"}}};
