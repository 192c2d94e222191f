#include "cli/bench/bench_options.h"

#define AT(field) OPTION_AT(struct bench_options, field)

static const struct option_spec rows[] = {
    {.section = "Cells",
     .name = "models",
     AT(models),
     .argument = "LIST",
     .least = 1,
     .otherwise = "64",
     .help = "Models that train side by side."},
    {.name = "hidden",
     AT(hidden),
     .argument = "LIST",
     .least = 1,
     .otherwise = "20",
     .help = "Hidden units of each model."},
    {.name = "window",
     AT(window),
     .argument = "LIST",
     .least = 1,
     .otherwise = "5",
     .help = "Rows that a model sees."},
    {.name = "batch",
     AT(batch),
     .argument = "LIST",
     .least = 1,
     .otherwise = "1",
     .help = "Windows per update."},
    {.section = "Device",
     .name = "device",
     AT(device),
     .argument = "ID",
     .offers = WORDS("auto", "cpu", "opencl"),
     .otherwise = "cpu, then every usable OpenCL device",
     .help = "The device to measure, named as for windrow train."},
    {.name = "schedule",
     AT(schedule),
     .argument = "HOW",
     .choices = WORDS("auto", "staged", "fused", "both"),
     .fallback = "auto",
     .help = "As for windrow train, or both, one after the other."},
    {.name = "threads",
     AT(threads),
     .argument = "N",
     .least = 1,
     .otherwise = "OMP_NUM_THREADS, else all allowed cores",
     .help = "CPU threads; the peak of cpu is that of as many."},
    {.section = "Measuring",
     .name = "seconds",
     AT(seconds),
     .argument = "S",
     .fallback = "0.3",
     .help = "How long a repeat lasts at least; it is a number of whole epochs."},
    {.name = "repeats",
     AT(repeats),
     .argument = "R",
     .least = 1,
     .fallback = "5",
     .help = "Repeats of each cell, after its warm-up."},
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout, at the end, instead of the table."},
    {OPTIONS_AT(struct bench_options, config)},
};

const struct command bench_usage = {
    .name = "bench",
    .summary = "measure how fast the devices train",
    .description =
        WORDS("Trains synthetic ensembles and tells how many updates a second all their models "
              "make together: the median of the repeats, which hold training and nothing else, "
              "and the spread (fastest - slowest) / median. Without lists, four curves: against "
              "the models, the hidden units, the window and the batch, the other three being 64, "
              "20, 5 and 1. With lists, every combination. A cell that a device cannot run is a "
              "row that says why.",
              "open: seconds to open the session, which builds kernels for a new shape. Gflop/s: "
              "products of matrices alone (forward, backward, gradient), at two flops a product; "
              "tanh, biases, clip and step are not counted. of peak: 6 (T-1) H^2 B flops an "
              "update, as part of what the device does in a loop of float32 fma in the same run."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct bench_options),
    .examples = {
        {"Every device, in about a minute each", "windrow bench"},
        {"How a GPU fills up", "windrow bench --device opencl --models 1,100,10000,100000"},
        {"What a single core does, for a script",
         "windrow bench --device cpu --threads 1 --hidden 32,64 --json"}}};
