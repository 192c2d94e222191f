#include "cli/train/train_options.h"

#define AT(field) OPTION_AT(struct train_options, field)

static const struct option_spec rows[] = {
    {OPTIONS_AT(struct train_options, data)},
    {.name = "window",
     AT(window),
     .argument = "T",
     .least = 1,
     .fallback = "5",
     .help = "Rows that a model sees before each row that it forecasts."},
    {.section = "Models",
     .name = "hidden",
     AT(hidden),
     .argument = "H",
     .least = 1,
     .fallback = "20",
     .help = "Hidden units of each model; must be that of FILE with --init FILE."},
    {.name = "init",
     AT(init),
     .argument = "HOW",
     .file = FILE_READ,
     .choices = WORDS("notebook", "pytorch", "glorot", "orthogonal"),
     .fallback = "notebook",
     .help = "Start values: notebook (weights 0.01 N(0,1), biases N(0,1)), pytorch "
             "(all uniform in +-1/sqrt(H)), glorot (weights uniform in "
             "+-sqrt(6/(rows+columns)), biases 0), orthogonal (glorot, the weights "
             "from hidden to hidden orthogonal), or a safetensors file with one "
             "model for all or a stack of M. What windrow wrote into FILE of "
             "activation, bias and scale holds, and of window and columns where "
             "none are given."},
    {.name = "models",
     AT(models),
     .argument = "M",
     .least = 1,
     .fallback = "1",
     .help = "Models to train side by side, with seeds S to S+M-1."},
    {.name = "seed",
     AT(seed),
     .argument = "S",
     .fallback = "0",
     .help = "Seed of the first model's start values; the data do not depend on it."},
    {.section = "Training",
     .name = "epochs",
     AT(epochs),
     .argument = "E",
     .least = 1,
     .fallback = "2500",
     .help = "Passes over the windows."},
    {.name = "updates",
     AT(updates),
     .argument = "N",
     .least = 1,
     .excludes = WORDS("epochs"),
     .help = "Instead: N updates of each model. An epoch is then one pass if N "
             "makes whole passes, else the N updates in at most 10 equal parts."},
    {.name = "lr", AT(lr), .argument = "X", .fallback = "1e-4", .help = "Learning rate."},
    {.name = "clip",
     AT(clip),
     .argument = "C",
     .fallback = "1.0",
     .help = "Bound each element of a gradient to +-C, or see --clip-by; 0 is no "
             "bound."},
    {.name = "batch",
     AT(batch),
     .argument = "B",
     .least = 1,
     .word = "all",
     .fallback = "1",
     .help = "Windows per update, or all; the last batch may be short."},
    {.name = "validate",
     AT(validate),
     .argument = "X",
     .fallback = "0",
     .help = "Hold out the last X of the rows, 0.2 a fifth, and end with each "
             "model's parameters from when its mean loss on these was least; 0: "
             "none, and with those of the last epoch."},
    {.name = "hold-out",
     AT(hold_out),
     .argument = "X",
     .excludes = WORDS("validate"),
     .fallback = "0",
     .help = "Leave the last X of the rows out, 0.2 a fifth, and train to the last epoch, as "
             "windrow sweep --validate does."},
    {.name = "validate-every",
     AT(validate_every),
     .argument = "N",
     .least = 1,
     .otherwise = "E/20, at least 1, with --validate",
     .help = "Epochs from one validation to the next; the last epoch ends "
             "with one too."},
    {.name = "patience",
     AT(patience),
     .argument = "N",
     .least = 1,
     .otherwise = "5, with --validate",
     .help = "Validations without a new best that stop a model."},
    {OPTIONS_AT(struct train_options, rule)},
    {.section = "Device",
     .name = "device",
     AT(device),
     .argument = "ID",
     .offers = WORDS("auto", "cpu", "opencl"),
     .fallback = "auto",
     .help = "auto (the first exact GPU, else cpu), cpu, opencl (the first exact "
             "GPU, else the first exact OpenCL device), or opencl:P.D as "
             "windrow devices lists it."},
    {.name = "schedule",
     AT(schedule),
     .argument = "HOW",
     .choices = WORDS("auto", "staged", "fused"),
     .fallback = "auto",
     .help = "staged (a launch per stage), fused (many updates per launch), or "
             "auto: fused where a model fits the device. The results are the "
             "same."},
    {OPTIONS_AT(struct train_options, cpu)},
    {.section = "Output",
     .name = "log-every",
     AT(log_every),
     .argument = "N",
     .least = 1,
     .otherwise = "E/10, at least 1",
     .help = "Print the loss of every Nth epoch; for M > 1 its minimum, median "
             "and maximum over the models."},
    {.name = "save",
     AT(save),
     .argument = "FILE",
     .file = FILE_WRITTEN,
     .help = "Write the trained parameters as safetensors."},
    {.name = "history",
     AT(history),
     .argument = "FILE",
     .file = FILE_WRITTEN,
     .help = "Write each epoch's loss as CSV: epoch,seed,total_loss."},
    {.name = "json", AT(json), .help = "Print one JSON object on stdout instead of the tables."},
    {.name = "quiet", AT(quiet), .help = "No progress and no tables."},
    {OPTIONS_AT(struct train_options, config)},
};

const struct command train_usage = {
    .name = "train",
    .summary = "train one model or thousands on a series",
    .description =
        WORDS("Trains M small recurrent networks at once, each to forecast the next row of a "
              "series from the T rows before it. The result of a model is the same bits on every "
              "exact device, with either schedule, and whatever else is trained beside it.",
              "Of a file, stderr tells which columns are the target and which are not used, and "
              "what was found by itself: the delimiter, and whether the first line is a header.",
              "Without options it trains the notebook's model: H = 20 on 95 windows of a "
              "synthetic series for 2500 epochs; then it shows the first window's forecast. "
              "Tables go to stdout, progress to stderr."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct train_options),
    .examples = {{"A thousand models that differ in their seed", "windrow train --models 1000"},
                 {"Forecast tomorrow's maximum from two weeks of two variables",
                  "windrow train --data weather.csv --inputs temp_max,wind --target temp_max "
                  "--window 14 --scale standard --init pytorch --lr 1e-2 --epochs 200"},
                 {"Keep the parameters, and go on from them",
                  "windrow train --save a.safetensors && windrow train --init a.safetensors"}}};
