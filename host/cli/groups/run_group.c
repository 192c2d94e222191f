#include "cli/groups/run_options.h"

#define AT(field) OPTION_AT(struct run_options, field)

static const struct option_spec rows[] = {
    {.section = "Intervals",
     .name = "levels",
     AT(levels),
     .argument = "A,B",
     .fallback = "80,95",
     .help = "Levels of the intervals in percent, or none, which takes half the "
             "time: they need a second fit, on less."},
    {.section = "Device",
     .name = "device",
     AT(device),
     .argument = "ID",
     .offers = WORDS("auto", "cpu", "opencl"),
     .fallback = "auto",
     .help = "As for windrow train."},
    {OPTIONS_AT(struct run_options, cpu)},
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout that tells of the run."},
    {.name = "quiet", AT(quiet), .help = "No progress and no summary on stderr."},
};

const struct option_group run_group = OPTION_GROUP(rows);
