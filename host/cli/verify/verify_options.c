#include "cli/verify/verify_options.h"

#define AT(field) OPTION_AT(struct verify_options, field)

static const struct option_spec rows[] = {
    {.section = "Device",
     .name = "device",
     AT(device),
     .argument = "ID",
     .offers = WORDS("auto", "cpu", "opencl"),
     .otherwise = "every usable OpenCL device",
     .help = "The device to verify, named as for windrow train. cpu is compared "
             "with itself, which checks one schedule against the other."},
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout instead of the table."},
    {.name = "quiet", AT(quiet), .help = "Print nothing but what is wrong."},
    {OPTIONS_AT(struct verify_options, config)},
};

const struct command verify_usage = {
    .name = "verify",
    .summary = "prove that a device gives the cpu's bits",
    .description =
        WORDS("Runs every stage of the training (forward, bptt, clip, update) and whole runs of "
              "both schedules on the device and on cpu, for a list of shapes, and compares the "
              "results bit for bit. The exit code is 7 if any value differs."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct verify_options),
    .examples = {{"Every OpenCL device", "windrow verify"},
                 {"One of them, in a script", "windrow verify --device opencl:0.0 --quiet"}}};
