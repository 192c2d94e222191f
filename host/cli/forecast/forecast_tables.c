/* The options of forecast and backtest. */
#include "cli/forecast/forecast_command.h"
#include "cli/groups/tables.h"

/* The options of enum panel_option. */
#define PANEL_TABLE                                                                                \
    [PANEL_DATA] = {.section = "Data",                                                             \
                    .name = "data",                                                                \
                    .kind = OPTION_TEXT,                                                           \
                    .argument = "FILE",                                                            \
                    .file = FILE_READ,                                                             \
                    .help = "Read the series from a CSV file; - is standard input; needed."},      \
    [PANEL_LAYOUT] = {.name = "layout",                                                            \
                      .kind = OPTION_CHOICE,                                                       \
                      .argument = "HOW",                                                           \
                      .choices = WORDS("auto", "long", "wide"),                                    \
                      .fallback = "auto",                                                          \
                      .help = "long (a line for each value), wide (a line for each series: its "   \
                              "name, then its values), or auto: what the file looks like."},       \
    CSV_TABLE(PANEL_CSV),                                                                          \
    [PANEL_ID] = {.name = "id",                                                                    \
                  .kind = OPTION_TEXT,                                                             \
                  .argument = "A",                                                                 \
                  .otherwise = "unique_id; without such a column there is one series",             \
                  .help = "Column of the series' names, by name, else by number from 1."},         \
    [PANEL_TIME] = {.name = "time",                                                                \
                    .kind = OPTION_TEXT,                                                           \
                    .argument = "A",                                                               \
                    .otherwise = "ds; without such a column lines are numbered",                   \
                    .help = "Column of the time stamps: YYYY-MM-DD, with a time of day and an "    \
                            "offset, YYYY-MM, YYYY-Q1, YYYY, or a whole number."},                 \
    [PANEL_TARGET] = {.name = "target",                                                            \
                      .kind = OPTION_TEXT,                                                         \
                      .argument = "A",                                                             \
                      .otherwise = "y, else the first column of numbers",                          \
                      .help = "Column to forecast."},                                              \
    [PANEL_PAST] = {.name = "past",                                                                \
                    .kind = OPTION_TEXT,                                                           \
                    .argument = "A,B",                                                             \
                    .help = "Columns that the models see beside it."},                             \
    [PANEL_FUTURE] = {.name = "future",                                                            \
                      .kind = OPTION_TEXT,                                                         \
                      .argument = "A,B",                                                           \
                      .help = "The same, known beyond the last value: lines whose target is "      \
                              "empty follow it."},                                                 \
    [PANEL_MISSING] = {.name = "missing",                                                          \
                       .kind = OPTION_CHOICE,                                                      \
                       .argument = "HOW",                                                          \
                       .choices = WORDS("refuse", "drop", "interpolate"),                          \
                       .fallback = "refuse",                                                       \
                       .help = "What to do with gaps: refuse them, drop the windows that touch "   \
                               "one, or interpolate linearly."},                                   \
    [PANEL_FREQ] = {.name = "freq",                                                                \
                    .kind = OPTION_TEXT,                                                           \
                    .argument = "STEP",                                                            \
                    .otherwise = "the one that most series have",                                  \
                    .help = "Step of the time stamps, as pandas names it: D; B (business days); "  \
                            "W, M, Q, Y, by the days on which they stand; W-SUN; MS, ME, BME or "  \
                            "BM (the first, last, last business day of a month), QS, QE, BQE, "    \
                            "YS, YE, BYE; M-15 (the 15th), QE-NOV; h, min, s, ms; each after a "   \
                            "number of them, 15min; or a number, for stamps that are numbers."},   \
    [PANEL_TZ] = {.name = "tz",                                                                    \
                  .kind = OPTION_TEXT,                                                             \
                  .argument = "ZONE",                                                              \
                  .otherwise = "UTC where offsets change, else none",                              \
                  .help = "Time zone, as Europe/Berlin: stamps without an offset are local "       \
                          "times there; those with one are continued in local time."}

/* The options of enum recipe_option. */
#define RECIPE_TABLE                                                                               \
    [RECIPE_HORIZON] = {.section = "Recipe",                                                       \
                        .name = "horizon",                                                         \
                        .kind = OPTION_SIZE,                                                       \
                        .argument = "K",                                                           \
                        .least = 1,                                                                \
                        .otherwise = "one season; 14 where there is none",                         \
                        .help = "Steps to forecast."},                                             \
    [RECIPE_NAMES] = {.name = "recipe",                                                            \
                      .kind = OPTION_TEXT,                                                         \
                      .argument = "NAME[,...]",                                                    \
                      .otherwise = "the one for the step of the time stamps",                      \
                      .help = "How to make windows, models and rules of learning; the forecasts "  \
                              "of several are averaged. All that follows changes it."},            \
    [RECIPE_SEASON] = {.name = "season",                                                           \
                       .kind = OPTION_SIZE,                                                        \
                       .argument = "S",                                                            \
                       .least = 1,                                                                 \
                       .help = "Steps of a season; 1 is none."},                                   \
    [RECIPE_WINDOW] = {.section = "Windows",                                                       \
                       .name = "window",                                                           \
                       .kind = OPTION_SIZE,                                                        \
                       .argument = "T",                                                            \
                       .least = 1,                                                                 \
                       .help = "Steps that a model sees."},                                        \
    [RECIPE_CHUNK] = {.name = "chunk",                                                             \
                      .kind = OPTION_SIZE,                                                         \
                      .argument = "D",                                                             \
                      .least = 1,                                                                  \
                      .help = "Values that each step holds, so that a model sees T D values."},    \
    [RECIPE_RECURSIVE] = {.name = "recursive",                                                     \
                          .kind = OPTION_CHOICE,                                                   \
                          .argument = "yes|no",                                                    \
                          .choices = WORDS("no", "yes"),                                           \
                          .help = "One step ahead, fed back, instead of all steps at once."},      \
    [RECIPE_TRANSFORM] = {.name = "transform",                                                     \
                          .kind = OPTION_CHOICE,                                                   \
                          .argument = "HOW",                                                       \
                          .choices = WORDS("none", "log", "auto"),                                 \
                          .help = "none, log (of values that are all positive), or auto: log of "  \
                                  "the series where it can be."},                                  \
    [RECIPE_ADJUST] = {.name = "adjust",                                                           \
                       .kind = OPTION_CHOICE,                                                      \
                       .argument = "yes|no",                                                       \
                       .choices = WORDS("no", "yes"),                                              \
                       .help = "Divide a series whose season is significant by its indices of a "  \
                               "classical multiplicative decomposition."},                         \
    [RECIPE_DETREND] = {.name = "detrend",                                                         \
                        .kind = OPTION_CHOICE,                                                     \
                        .argument = "yes|no",                                                      \
                        .choices = WORDS("no", "yes"),                                             \
                        .help = "Subtract the line of least squares."},                            \
    [RECIPE_DIFFERENCE] = {.name = "difference",                                                   \
                           .kind = OPTION_SIZE,                                                    \
                           .argument = "D",                                                        \
                           .help = "Take the difference from D steps before; 0 is none."},         \
    [RECIPE_SCALE] = {.name = "scale",                                                             \
                      .kind = OPTION_CHOICE,                                                       \
                      .argument = "HOW",                                                           \
                      .choices = WORDS("none", "standard"),                                        \
                      .help = "none, or standard: each series to mean 0 and deviation 1."},        \
    [RECIPE_RESIDUAL] = {.name = "residual",                                                       \
                         .kind = OPTION_SIZE,                                                      \
                         .argument = "S",                                                          \
                         .help = "Learn what a value is beyond that of S steps before; 0: the "    \
                                 "value itself."},                                                 \
    [RECIPE_NORMALIZE] = {.name = "normalize",                                                     \
                          .kind = OPTION_CHOICE,                                                   \
                          .argument = "HOW",                                                       \
                          .choices = WORDS("none", "last", "mean", "standard"),                    \
                          .help = "Each window by its own values: none, last (less the last of "   \
                                  "them), mean (over their mean), or standard (mean 0 and "        \
                                  "deviation 1)."},                                                \
    [RECIPE_HIDDEN] = {.section = "Models",                                                        \
                       .name = "hidden",                                                           \
                       .kind = OPTION_SIZE,                                                        \
                       .argument = "H",                                                            \
                       .least = 1,                                                                 \
                       .help = "Hidden units of each model."},                                     \
    [RECIPE_SEEDS] = {.name = "seeds",                                                             \
                      .kind = OPTION_SIZE,                                                         \
                      .argument = "M",                                                             \
                      .least = 1,                                                                  \
                      .help = "Models of each series, with seeds S to S+M-1."},                    \
    [RECIPE_SEED] = {.name = "seed",                                                               \
                     .kind = OPTION_SIZE,                                                          \
                     .argument = "S",                                                              \
                     .help = "Seed of a series' first model."},                                    \
    [RECIPE_INIT] = {.name = "init",                                                               \
                     .kind = OPTION_CHOICE,                                                        \
                     .argument = "HOW",                                                            \
                     .choices = WORDS("notebook", "pytorch", "glorot", "orthogonal"),              \
                     .help = "Start values: notebook, pytorch, glorot, or orthogonal."},           \
    [RECIPE_COMBINE] = {.name = "combine",                                                         \
                        .kind = OPTION_CHOICE,                                                     \
                        .argument = "HOW",                                                         \
                        .choices = WORDS("mean", "median"),                                        \
                        .help = "mean or median of the forecasts of a series' models."},           \
    [RECIPE_BOUND] = {.name = "bound",                                                             \
                      .kind = OPTION_CHOICE,                                                       \
                      .argument = "HOW",                                                           \
                      .choices = WORDS("none", "zero"),                                            \
                      .help = "zero: no forecast and no interval below 0 for a series whose "      \
                              "values are all 0 or more."},                                        \
    [RECIPE_BATCH] = {.section = "Training",                                                       \
                      .name = "batch",                                                             \
                      .kind = OPTION_SIZE,                                                         \
                      .argument = "B",                                                             \
                      .least = 1,                                                                  \
                      .help = "Windows per update; of more than there are, all."},                 \
    [RECIPE_UPDATES] = {.name = "updates",                                                         \
                        .kind = OPTION_SIZE,                                                       \
                        .argument = "U",                                                           \
                        .least = 1,                                                                \
                        .excludes = WORDS("epochs"),                                               \
                        .help = "Updates of each model."},                                         \
    [RECIPE_EPOCHS] = {.name = "epochs",                                                           \
                       .kind = OPTION_SIZE,                                                        \
                       .argument = "E",                                                            \
                       .least = 1,                                                                 \
                       .help = "Passes over a model's windows, instead of updates."},              \
    [RECIPE_LR] = {.name = "lr", .kind = OPTION_REAL, .argument = "X", .help = "Learning rate."},  \
    [RECIPE_CLIP] = {.name = "clip",                                                               \
                     .kind = OPTION_REAL,                                                          \
                     .argument = "C",                                                              \
                     .help = "Bound of the gradient; 0 is none."},                                 \
    [RECIPE_VALIDATE] = {.name = "validate",                                                       \
                         .kind = OPTION_REAL,                                                      \
                         .argument = "X",                                                          \
                         .help = "Part of a series' windows, its latest, that tells when to stop " \
                                 "a model, and is not trained on; 0 is none."},                    \
    [RECIPE_VALIDATIONS] = {.name = "validations",                                                 \
                            .kind = OPTION_SIZE,                                                   \
                            .argument = "N",                                                       \
                            .least = 1,                                                            \
                            .otherwise = "20, with --validate",                                    \
                            .help = "Parts that training is cut into; each ends with a "           \
                                    "validation."},                                                \
    [RECIPE_PATIENCE] = {.name = "patience",                                                       \
                         .kind = OPTION_SIZE,                                                      \
                         .argument = "N",                                                          \
                         .least = 1,                                                               \
                         .otherwise = "5, with --validate",                                        \
                         .help = "Validations without a new best that stop a model."}

/* The options of enum run_option. */
#define RUN_TABLE                                                                                  \
    [RUN_LEVELS] = {.section = "Intervals",                                                        \
                    .name = "levels",                                                              \
                    .kind = OPTION_TEXT,                                                           \
                    .argument = "A,B",                                                             \
                    .fallback = "80,95",                                                           \
                    .help = "Levels of the intervals in percent, or none, which takes half the "   \
                            "time: they need a second fit, on less."},                             \
    [RUN_DEVICE] = {.section = "Device",                                                           \
                    .name = "device",                                                              \
                    .kind = OPTION_TEXT,                                                           \
                    .argument = "ID",                                                              \
                    .fallback = "auto",                                                            \
                    .help = "As for windrow train."},                                              \
    [RUN_THREADS] = {.name = "threads",                                                            \
                     .kind = OPTION_SIZE,                                                          \
                     .argument = "N",                                                              \
                     .least = 1,                                                                   \
                     .otherwise = "OMP_NUM_THREADS, else all allowed cores",                       \
                     .help = "CPU threads."},                                                      \
    [RUN_INEXACT] = {.name = "inexact",                                                            \
                     .kind = OPTION_FLAG,                                                          \
                     .help =                                                                       \
                         "Accept a device that does not reproduce the cpu's bits, if its losses "  \
                         "are off by at most 1 in 1,000."},                                        \
    [RUN_JSON] = {.section = "Output",                                                             \
                  .name = "json",                                                                  \
                  .kind = OPTION_FLAG,                                                             \
                  .help = "Print one JSON object on stdout that tells of the run."},               \
    [RUN_QUIET] = {                                                                                \
        .name = "quiet", .kind = OPTION_FLAG, .help = "No progress and no summary on stderr."}

const struct option_spec forecast_options[FORECAST_OPTIONS] = {
    PANEL_TABLE,
    RECIPE_TABLE,
    RULE_TABLE(RECIPE_RULE, LEFT_OUT),
    RUN_TABLE,
    [FORECAST_OUTPUT] = {.name = "output",
                         .kind = OPTION_TEXT,
                         .argument = "FILE",
                         .file = FILE_WRITTEN,
                         .otherwise = "stdout",
                         .help = "Write the forecasts to a CSV file; --json needs it."},
    [FORECAST_SAVE] = {.name = "save",
                       .kind = OPTION_TEXT,
                       .argument = "FILE[,...]",
                       .file = FILE_WRITTEN | FILE_LIST,
                       .help = "Write what was fitted as safetensors: a file for each recipe."},
    [FORECAST_MODEL] = {.name = "model",
                        .kind = OPTION_TEXT,
                        .argument = "FILE[,...]",
                        .file = FILE_READ | FILE_LIST,
                        .excludes = WORDS("device", "threads", "inexact", "save", "resume"),
                        .help = "Forecast with what --save wrote instead of fitting; the horizon "
                                "is its own, or a shorter one."},
    [FORECAST_RESUME] = {.name = "resume",
                         .kind = OPTION_TEXT,
                         .argument = "FOLDER",
                         .file = FILE_WRITTEN | FILE_FOLDER,
                         .help = "Keep what is done there, so that the same command goes on where "
                                 "it was stopped or killed."},
};

const struct option_spec backtest_options[BACKTEST_OPTIONS] = {
    PANEL_TABLE,
    RECIPE_TABLE,
    RULE_TABLE(RECIPE_RULE, LEFT_OUT),
    RUN_TABLE,
    [BACKTEST_ORIGINS] = {.section = "Backtest",
                          .name = "origins",
                          .kind = OPTION_SIZE,
                          .argument = "N",
                          .least = 1,
                          .fallback = "3",
                          .help = "Forecasts of each series; the last one ends with its last "
                                  "value."},
    [BACKTEST_STEP] = {.name = "step",
                       .kind = OPTION_SIZE,
                       .argument = "N",
                       .least = 1,
                       .otherwise = "the horizon",
                       .help = "Steps from one forecast's origin to the next."},
    [BACKTEST_REFIT] = {.name = "refit",
                        .kind = OPTION_FLAG,
                        .help = "Fit before each origin, not before the first alone."},
    [BACKTEST_CSV] = {.name = "csv",
                      .kind = OPTION_TEXT,
                      .argument = "FILE",
                      .file = FILE_WRITTEN,
                      .help = "Write a line for each series and method: unique_id, method and "
                              "scores."},
};
