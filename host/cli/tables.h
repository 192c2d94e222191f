/* The options of each command, of which command_table and the command's own file know the order. */
#ifndef WR_CLI_TABLES_H
#define WR_CLI_TABLES_H

#include "cli/cli.h"

#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

/* The options of enum data_option. */
#define DATA_TABLE                                                                                 \
    [DATA_FILE] = {.group = "Data",                                                                \
                   .name = "data",                                                                 \
                   .kind = OPTION_TEXT,                                                            \
                   .argument = "FILE",                                                             \
                   .excludes = WORDS("synthetic", "length", "data-seed"),                          \
                   .otherwise = "the synthetic series",                                            \
                   .help = "Read the series from a CSV file, with or without a header."},          \
    [DATA_SYNTHETIC] = {.name = "synthetic",                                                       \
                        .kind = OPTION_CHOICE,                                                     \
                        .argument = "ar2",                                                         \
                        .choices = WORDS("ar2"),                                                   \
                        .fallback = "ar2",                                                         \
                        .help = "Make the series: x[t] = 0.7 x[t-1] + 0.2 x[t-2] + noise."},       \
    [DATA_LENGTH] = {.name = "length",                                                             \
                     .kind = OPTION_SIZE,                                                          \
                     .argument = "L",                                                              \
                     .least = 2,                                                                   \
                     .fallback = "100",                                                            \
                     .help = "Rows of the synthetic series."},                                     \
    [DATA_SEED] = {.name = "data-seed",                                                            \
                   .kind = OPTION_SIZE,                                                            \
                   .argument = "D",                                                                \
                   .fallback = "0",                                                                \
                   .help = "Seed of the synthetic series."},                                       \
    [DATA_TARGET] = {.name = "target",                                                             \
                     .kind = OPTION_TEXT,                                                          \
                     .argument = "A,B",                                                            \
                     .otherwise = "the first of --inputs",                                         \
                     .help = "Columns to forecast, by name, else by number from 1. A name that "   \
                             "holds a comma or a quote is quoted as in CSV."},                     \
    [DATA_INPUTS] = {.name = "inputs",                                                             \
                     .kind = OPTION_TEXT,                                                          \
                     .argument = "A,B",                                                            \
                     .otherwise = "the targets, else the first column of numbers",                 \
                     .help = "Columns that the models see, likewise."},                            \
    [DATA_SCALE] = {.name = "scale",                                                               \
                    .kind = OPTION_CHOICE,                                                         \
                    .argument = "HOW",                                                             \
                    .choices = WORDS("none", "standard"),                                          \
                    .fallback = "none",                                                            \
                    .help =                                                                        \
                        "none, or standard: each column to mean 0 and deviation 1. Losses and "    \
                        "forecasts stay in the units of the series."}

extern const struct option_spec train_options[TRAIN_OPTIONS];
extern const struct option_spec devices_options[DEVICES_OPTIONS];
extern const struct option_spec verify_options[VERIFY_OPTIONS];
extern const struct option_spec bench_options[BENCH_OPTIONS];
extern const struct option_spec sweep_options[SWEEP_OPTIONS];
extern const struct option_spec merge_options[MERGE_OPTIONS];
extern const struct option_spec show_options[SHOW_OPTIONS];
extern const struct option_spec export_options[EXPORT_OPTIONS];

#endif
