#include "cli/groups/cpu_options.h"

#define AT(field) OPTION_AT(struct cpu_options, field)

static const struct option_spec rows[] = {
    {.name = "threads",
     AT(threads),
     .argument = "N",
     .least = 1,
     .otherwise = "OMP_NUM_THREADS, else all allowed cores",
     .help = "CPU threads."},
    {.name = "inexact",
     AT(inexact),
     .help = "Accept a device that does not reproduce the cpu's bits, if its losses "
             "are off by at most 1 in 1,000."},
};

const struct option_group cpu_group = OPTION_GROUP(rows);
