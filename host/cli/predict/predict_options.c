#include "cli/predict/predict_options.h"

#define AT(field) OPTION_AT(struct predict_options, field)

static const struct option_spec rows[] = {
    {.section = "Models",
     .name = "model",
     AT(model),
     .argument = "MODEL",
     .file = FILE_READ,
     .help = "A safetensors file with one model or a stack of them, of windrow train --save, of "
             "windrow export, or of PyTorch with the same names of tensors."},
    {OPTIONS_AT(struct predict_options, data)},
    {.name = "time",
     AT(time),
     .argument = "A",
     .otherwise = "ds; without such a column rows are numbered from 1",
     .help = "Column of the time stamps, which are printed as they are."},
    {.name = "window",
     AT(window),
     .argument = "T",
     .least = 1,
     .otherwise = "that of MODEL",
     .help = "Rows that the models see before each row that they predict."},
    {.name = "activation",
     AT(activation),
     .argument = "HOW",
     .choices = WORDS("tanh", "relu", "identity"),
     .fallback = "tanh",
     .help = "What MODEL does not tell, as a file of PyTorch does not. What it tells holds, and an "
             "option that differs is refused, as --scale is."},
    {.section = "Predictions",
     .name = "last",
     AT(last),
     .argument = "N",
     .least = 1,
     .otherwise = "all rows that have T before them",
     .help = "Predict the last N rows alone, and the one after them."},
    {.name = "combine",
     AT(combine),
     .argument = "HOW",
     .choices = WORDS("mean", "median", "none"),
     .fallback = "mean",
     .help = "What a stack's predictions become: their mean, their median, or none: a line for "
             "each model, with a column that numbers them from 0."},
    {.section = "Device",
     .name = "device",
     AT(device),
     .argument = "ID",
     .offers = WORDS("auto", "cpu", "opencl"),
     .fallback = "auto",
     .help = "As for windrow train."},
    {OPTIONS_AT(struct predict_options, cpu)},
    {.section = "Output",
     .name = "output",
     AT(output),
     .argument = "FILE",
     .file = FILE_WRITTEN,
     .otherwise = "stdout",
     .help = "Write the predictions to a CSV file; --json needs it."},
    {.name = "json", AT(json), .help = "Print one JSON object on stdout: the scores."},
    {.name = "quiet", AT(quiet), .help = "No scores on stderr."},
    {OPTIONS_AT(struct predict_options, config)},
};

const struct command predict_usage = {
    .name = "predict",
    .summary = "predict the rows of a series with trained models",
    .description = WORDS(
        "Predicts every row of a series that has T rows before it, and the row after the last, "
        "each "
        "from the T rows before it alone, and writes unique_id,ds,y,windrow: the target's name, "
        "the "
        "time stamp, the value that came, and the prediction, both in the units of the file. Of "
        "the "
        "row after the last y is empty, and so it is where the file has no value.",
        "Window, columns, activation and scale (the means and deviations that the models know) are "
        "those that windrow train or windrow export wrote into MODEL, and the columns are found by "
        "their names. For a file of another program options name them.",
        "stderr tells the errors of the predictions, those of the naive forecast beside them, and "
        "the "
        "mean loss of the models, where values came. A model whose prediction is not finite is "
        "left "
        "out, and told (exit code 8)."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct predict_options),
    .examples = {
        {"Train on the first four fifths, and predict the rest",
         "windrow train --data y.csv --validate 0.2 --save m.safetensors && windrow predict "
         "m.safetensors --data y.csv --last 20"},
        {"A model of PyTorch", "windrow predict torch.safetensors --data y.csv --window 12 "
                               "--inputs y,x --target y"}}};
