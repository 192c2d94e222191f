/* Options of the device that some commands have beside its name. */
#ifndef WR_CLI_CPU_OPTIONS_H
#define WR_CLI_CPU_OPTIONS_H

#include "cli/options/options.h"

struct cpu_options {
    struct option_size threads;
    struct option_flag inexact;
};
extern const struct option_group cpu_group;

#endif
