/* The options of windrow predict. */
#ifndef WR_CLI_PREDICT_OPTIONS_H
#define WR_CLI_PREDICT_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/cpu_options.h"
#include "cli/groups/data_options.h"

/* The values of --combine. */
enum { COMBINE_MEAN, COMBINE_MEDIAN, COMBINE_NONE };

struct predict_options {
    struct option_operand model;
    struct data_options data;
    struct option_text time;
    struct option_size window;
    struct option_choice activation; /* enum wr_activation */
    struct option_size last;
    struct option_choice combine;
    struct option_text device;
    struct cpu_options cpu;
    struct option_text output;
    struct option_flag json, quiet;
    struct config_options config;
};
extern const struct command predict_usage;

wr_status predict_command(const struct predict_options *options, struct wr_error *error);

#endif
