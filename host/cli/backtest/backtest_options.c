#include "cli/backtest/backtest_options.h"

#define AT(field) OPTION_AT(struct backtest_options, field)

static const struct option_spec rows[] = {
    {OPTIONS_AT(struct backtest_options, panel)},
    {OPTIONS_AT(struct backtest_options, recipe)},
    {OPTIONS_AT(struct backtest_options, run)},
    {.section = "Backtest",
     .name = "origins",
     AT(origins),
     .argument = "N",
     .least = 1,
     .fallback = "3",
     .help = "Forecasts of each series; the last one ends with its last "
             "value."},
    {.name = "step",
     AT(step),
     .argument = "N",
     .least = 1,
     .otherwise = "the horizon",
     .help = "Steps from one forecast's origin to the next."},
    {.name = "refit", AT(refit), .help = "Fit before each origin, not before the first alone."},
    {.name = "csv",
     AT(csv),
     .argument = "FILE",
     .file = FILE_WRITTEN,
     .help = "Write a line for each series and method: unique_id, method and "
             "scores."},
    {OPTIONS_AT(struct backtest_options, config)},
};

const struct command backtest_usage = {
    .name = "backtest",
    .summary = "score such forecasts beside naive and seasonal naive",
    .description =
        WORDS("Forecasts every series from earlier origins, as windrow forecast would have done "
              "from the values before them, and compares with what came: MAE, RMSE, sMAPE (0 to "
              "200), MASE, CRPS, and for each interval the part of the values that lie in it and "
              "its mean width. Naive (the last value) and seasonal naive stand beside it, with "
              "conformal intervals of their own errors. It says who is better, and on how many "
              "series.",
              "Scores are means over steps, origins and then series. MASE is the MAE over that "
              "of seasonal naive, one step ahead, before the origin. CRPS is the mean of twice "
              "the pinball losses of the point (p = 0.5) and of the intervals' bounds; without "
              "intervals the MAE."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct backtest_options),
    .examples = {{"The last three fortnights of a daily series",
                  "windrow backtest --data weather.csv --time date --target temp_max --horizon 14"},
                 {"Ten origins, a fit for each, and the scores of every series",
                  "windrow backtest --data hourly.csv --origins 10 --step 24 --refit --csv "
                  "scores.csv"}}};
