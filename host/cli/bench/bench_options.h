/* The options of windrow bench. */
#ifndef WR_CLI_BENCH_OPTIONS_H
#define WR_CLI_BENCH_OPTIONS_H

#include "cli/groups/config_options.h"

struct bench_options {
    struct option_sizes models, hidden, window, batch;
    struct option_text device;
    struct option_choice schedule; /* enum wr_schedule, or one more: both */
    struct option_size threads;
    struct option_real seconds;
    struct option_size repeats;
    struct option_flag json;
    struct config_options config;
};
extern const struct command bench_usage;

wr_status bench_command(const struct bench_options *options, struct wr_error *error);

#endif
