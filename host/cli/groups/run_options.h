/* Options of forecast and backtest that say neither what to forecast nor how. */
#ifndef WR_CLI_RUN_OPTIONS_H
#define WR_CLI_RUN_OPTIONS_H

#include "cli/groups/cpu_options.h"

struct run_options {
    struct option_text levels, device;
    struct cpu_options cpu;
    struct option_flag json, quiet;
};
extern const struct option_group run_group;

#endif
