/* The options of windrow forecast. */
#ifndef WR_CLI_FORECAST_OPTIONS_H
#define WR_CLI_FORECAST_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/panel_options.h"
#include "cli/groups/recipe_options.h"
#include "cli/groups/run_options.h"

struct forecast_options {
    struct panel_options panel;
    struct recipe_options recipe;
    struct run_options run;
    struct option_text output, save, model, resume;
    struct config_options config;
};
extern const struct command forecast_usage;

wr_status forecast_command(const struct forecast_options *options, struct wr_error *error);

#endif
