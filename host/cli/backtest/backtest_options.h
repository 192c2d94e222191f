/* The options of windrow backtest. */
#ifndef WR_CLI_BACKTEST_OPTIONS_H
#define WR_CLI_BACKTEST_OPTIONS_H

#include "cli/groups/config_options.h"
#include "cli/groups/panel_options.h"
#include "cli/groups/recipe_options.h"
#include "cli/groups/run_options.h"

struct backtest_options {
    struct panel_options panel;
    struct recipe_options recipe;
    struct run_options run;
    struct option_size origins, step;
    struct option_flag refit;
    struct option_text csv;
    struct config_options config;
};
extern const struct command backtest_usage;

wr_status backtest_command(const struct backtest_options *options, struct wr_error *error);

#endif
