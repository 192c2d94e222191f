/* The tables of options. command_table points to them; each command's own file reads values in the
 * same order. */
#ifndef WR_CLI_TABLES_H
#define WR_CLI_TABLES_H

#include "cli/cli.h"

#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

/* The options of enum csv_option; the first one has number `at`. */
#define CSV_TABLE(at)                                                                              \
    [(at) + CSV_DELIMITER] = {.name = "delimiter",                                                 \
                              .kind = OPTION_TEXT,                                                 \
                              .argument = "C",                                                     \
                              .otherwise = "the one of , ; tab | that cuts the lines alike",       \
                              .help = "What stands between cells: comma, semicolon, tab, pipe, "   \
                                      "space, or one other character."},                           \
            [(at) + CSV_DECIMAL] = {.name = "decimal",                                             \
                                    .kind = OPTION_CHOICE,                                         \
                                    .argument = "C",                                               \
                                    .choices = WORDS(".", ","),                                    \
                                    .fallback = ".",                                               \
                                    .help = "The decimal mark of numbers, a point or a comma."},   \
            [(at) +                                                                                \
                CSV_HEADER] = {.name = "header",                                                   \
                               .kind = OPTION_CHOICE,                                              \
                               .argument = "yes|no",                                               \
                               .choices = WORDS("auto", "yes", "no"),                              \
                               .fallback = "auto",                                                 \
                               .help =                                                             \
                                   "Whether the first line is a header; auto: unless its cells "   \
                                   "are of the kinds of those below it, which stderr tells. "      \
                                   "Without one, columns go by number."},                          \
            [(at) + CSV_IGNORE] = {.name = "ignore",                                               \
                                   .kind = OPTION_TEXT,                                            \
                                   .argument = "A,B",                                              \
                                   .help = "Columns to leave unused."}

/* The options of enum data_option. */
#define DATA_TABLE                                                                                 \
    [DATA_FILE] = {.section = "Data",                                                              \
                   .name = "data",                                                                 \
                   .kind = OPTION_TEXT,                                                            \
                   .argument = "FILE",                                                             \
                   .file = FILE_READ,                                                              \
                   .excludes = WORDS("synthetic", "length", "data-seed"),                          \
                   .otherwise = "the synthetic series",                                            \
                   .help = "Read the series from a CSV file, with or without a header; - is "      \
                           "standard input."},                                                     \
    CSV_TABLE(DATA_CSV),                                                                           \
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

/* The words of a choice of kernels/rule/, and the options of its numbers, in their order. */
#define CHOICE_OF(names)                                                                           \
    (const char *const[]) {                                                                        \
        names NULL                                                                                 \
    }
#define OPTION_OF_REAL  .kind = OPTION_REAL, .argument = "X"
#define OPTION_OF_WHOLE .kind = OPTION_SIZE, .argument = "N", .least = 1
#define AS_IT_IS_NUMBER(ID, field, type, kinds, range, words, value, shown, option, said, about)   \
    , {                                                                                            \
        .name = (option), OPTION_OF_##type, .otherwise = (shown), .help = (about)                  \
    }
#define LEFT_OUT_NUMBER(ID, field, type, kinds, range, words, value, shown, option, said, about)   \
    , {                                                                                            \
        .name = (option), OPTION_OF_##type, .help = (about)                                        \
    }

/* The options of enum rule_option; the first one has number `at`. Where `usual` is AS_IT_IS the
 * options have defaults, where it is LEFT_OUT they have none. */
#define AS_IT_IS(text) text
#define LEFT_OUT(text) NULL
#define RULE_TABLE(at, usual)                                                                      \
    [(at) + RULE_OPTIMIZER] = {.section = "Learning rule",                                         \
                               .name = "optimizer",                                                \
                               .kind = OPTION_CHOICE,                                              \
                               .argument = "HOW",                                                  \
                               .choices = CHOICE_OF(WR_OPTIMIZERS(WR_NAME_OF)),                    \
                               .fallback = usual("sgd"),                                           \
                               .help = WR_OPTIMIZER_HELP} WR_OPTIMIZER_NUMBERS(usual##_NUMBER)     \
        WR_WEIGHT_NUMBERS(usual##_NUMBER),                                                         \
            [(at) + RULE_LOSS] = {.name = "loss",                                                  \
                                  .kind = OPTION_CHOICE,                                           \
                                  .argument = "HOW",                                               \
                                  .choices = CHOICE_OF(WR_LOSSES(WR_NAME_OF)),                     \
                                  .fallback = usual("mse"),                                        \
                                  .help = WR_LOSS_HELP} WR_LOSS_NUMBERS(usual##_NUMBER),           \
            [(at) + RULE_CLIP_BY] = {.name = "clip-by",                                            \
                                     .kind = OPTION_CHOICE,                                        \
                                     .argument = "HOW",                                            \
                                     .choices = CHOICE_OF(WR_CLIPPINGS(WR_NAME_OF)),               \
                                     .fallback = usual("value"),                                   \
                                     .help = WR_CLIPPING_HELP},                                    \
            [(at) + RULE_LR_DECAY] = {.name = "lr-decay",                                          \
                                      .kind = OPTION_CHOICE,                                       \
                                      .argument = "HOW",                                           \
                                      .choices = CHOICE_OF(WR_DECAYS(WR_NAME_OF)),                 \
                                      .fallback = usual("constant"),                               \
                                      .help = WR_DECAY_HELP},                                      \
            [(at) + RULE_ORDER] = {.name = "order",                                                \
                                   .kind = OPTION_CHOICE,                                          \
                                   .argument = "HOW",                                              \
                                   .choices = CHOICE_OF(WR_ORDERS(WR_NAME_OF)),                    \
                                   .fallback = usual("sequential"),                                \
                                   .help = WR_ORDER_HELP} WR_ORDER_NUMBERS(usual##_NUMBER),        \
            [(at) + RULE_ACTIVATION] = {.name = "activation",                                      \
                                        .kind = OPTION_CHOICE,                                     \
                                        .argument = "HOW",                                         \
                                        .choices = CHOICE_OF(WR_ACTIVATIONS(WR_NAME_OF)),          \
                                        .fallback = usual("tanh"),                                 \
                                        .help = WR_ACTIVATION_HELP},                               \
            [(at) + RULE_BIAS] = {                                                                 \
                .name = "bias",                                                                    \
                .kind = OPTION_CHOICE,                                                             \
                .argument = "WHICH",                                                               \
                .choices = WORDS("both", "hidden", "head", "none"),                                \
                .fallback = usual("both"),                                                         \
                .help = "The biases that models have; the others are set to 0 and stay so."}

extern const struct option_spec train_options[TRAIN_OPTIONS];
extern const struct option_spec devices_options[DEVICES_OPTIONS];
extern const struct option_spec verify_options[VERIFY_OPTIONS];
extern const struct option_spec bench_options[BENCH_OPTIONS];
extern const struct option_spec sweep_options[SWEEP_OPTIONS];
extern const struct option_spec merge_options[MERGE_OPTIONS];
extern const struct option_spec show_options[SHOW_OPTIONS];
extern const struct option_spec export_options[EXPORT_OPTIONS];
extern const struct option_spec completion_options[COMPLETION_OPTIONS];
extern const struct option_spec version_options[VERSION_OPTIONS];

#endif
