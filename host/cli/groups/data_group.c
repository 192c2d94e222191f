#include "cli/groups/data_options.h"

#define AT(field) OPTION_AT(struct data_options, field)

static const struct option_spec rows[] = {
    {.section = "Data",
     .name = "data",
     AT(file),
     .argument = "FILE",
     .file = FILE_READ,
     .excludes = WORDS("synthetic", "length", "data-seed"),
     .otherwise = "the synthetic series",
     .help = "Read the series from a CSV file, with or without a header; - is "
             "standard input."},
    {OPTIONS_AT(struct data_options, csv)},
    {.name = "synthetic",
     AT(synthetic),
     .argument = "ar2",
     .choices = WORDS("ar2"),
     .fallback = "ar2",
     .help = "Make the series: x[t] = 0.7 x[t-1] + 0.2 x[t-2] + noise."},
    {.name = "length",
     AT(length),
     .argument = "L",
     .least = 2,
     .fallback = "100",
     .help = "Rows of the synthetic series."},
    {.name = "data-seed",
     AT(seed),
     .argument = "D",
     .fallback = "0",
     .help = "Seed of the synthetic series."},
    {.name = "target",
     AT(target),
     .argument = "A,B",
     .otherwise = "the first of --inputs",
     .help = "Columns to forecast, by name, else by number from 1. A name that "
             "holds a comma or a quote is quoted as in CSV."},
    {.name = "inputs",
     AT(inputs),
     .argument = "A,B",
     .otherwise = "the targets, else the first column of numbers",
     .help = "Columns that the models see, likewise."},
    {.name = "scale",
     AT(scale),
     .argument = "HOW",
     .choices = WORDS("none", "standard"),
     .fallback = "none",
     .help = "none, or standard: each column to mean 0 and deviation 1. Losses and "
             "forecasts stay in the units of the series."},
};

const struct option_group data_group = OPTION_GROUP(rows);
