/* The commands. Each has a folder, and there NAME_options.h. */
#ifndef WR_CLI_COMMANDS_H
#define WR_CLI_COMMANDS_H

#include "cli/backtest/backtest_options.h"
#include "cli/bench/bench_options.h"
#include "cli/completion/completion_options.h"
#include "cli/devices/devices_options.h"
#include "cli/export/export_options.h"
#include "cli/forecast/forecast_options.h"
#include "cli/merge/merge_options.h"
#include "cli/predict/predict_options.h"
#include "cli/report/report_options.h"
#include "cli/show/show_options.h"
#include "cli/status/status_options.h"
#include "cli/sweep/sweep_options.h"
#include "cli/train/train_options.h"
#include "cli/verify/verify_options.h"
#include "cli/version/version_options.h"

/* COMMAND(name), in the order of the help. main.c calls name_command. It fills *error unless it
 * returns WR_OK, CLI_DIVERGED or CLI_STOPPED. */
#define COMMANDS(COMMAND)                                                                          \
    COMMAND(train)                                                                                 \
    COMMAND(predict)                                                                               \
    COMMAND(devices)                                                                               \
    COMMAND(verify)                                                                                \
    COMMAND(bench)                                                                                 \
    COMMAND(sweep)                                                                                 \
    COMMAND(status)                                                                                \
    COMMAND(merge)                                                                                 \
    COMMAND(show)                                                                                  \
    COMMAND(export)                                                                                \
    COMMAND(forecast)                                                                              \
    COMMAND(backtest)                                                                              \
    COMMAND(report)                                                                                \
    COMMAND(completion)                                                                            \
    COMMAND(version)

#endif
