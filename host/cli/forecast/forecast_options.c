#include "cli/forecast/forecast_options.h"

#define AT(field) OPTION_AT(struct forecast_options, field)

static const struct option_spec rows[] = {
    {OPTIONS_AT(struct forecast_options, panel)},
    {OPTIONS_AT(struct forecast_options, recipe)},
    {OPTIONS_AT(struct forecast_options, run)},
    {.name = "output",
     AT(output),
     .argument = "FILE",
     .file = FILE_WRITTEN,
     .otherwise = "stdout",
     .help = "Write the forecasts to a CSV file; --json needs it."},
    {.name = "save",
     AT(save),
     .argument = "FILE[,...]",
     .file = FILE_WRITTEN | FILE_LIST,
     .help = "Write what was fitted as safetensors: a file for each recipe."},
    {.name = "model",
     AT(model),
     .argument = "FILE[,...]",
     .file = FILE_READ | FILE_LIST,
     .help = "Forecast with what --save wrote instead of fitting; the horizon "
             "is its own, or a shorter one. Or with models of windrow train, windrow "
             "export or PyTorch, which are fed what they predict, --horizon steps far."},
    {.name = "resume",
     AT(resume),
     .argument = "FOLDER",
     .file = FILE_WRITTEN | FILE_FOLDER,
     .help = "Keep what is done there, so that the same command goes on where "
             "it was stopped or killed."},
    {OPTIONS_AT(struct forecast_options, config)},
};

const struct command forecast_usage = {
    .name = "forecast",
    .summary = "forecast every series of a file, with intervals",
    .description = WORDS(
        "Trains an ensemble of small recurrent networks for each series of a CSV file, a "
        "model for each seed, all series at once, and writes unique_id,ds,windrow and the "
        "bounds of each interval, windrow-lo-80,windrow-hi-80 and so on, with the time "
        "stamps continued. A forecast is the mean or the median of a series' models.",
        "A recipe says how a series becomes windows, what the models are and how they "
        "learn: hourly, daily, weekly, monthly, quarterly, yearly, some with variants such as "
        "hourly-residual; notebook; m4-rnn. A name that is none gets a list of all. Without "
        "--recipe it is the one for the step of the time stamps; where steps are numbered, "
        "the one whose season --season is, else daily without a season. A series too short "
        "for its window has a shorter one; one too short for any, or constant, gets seasonal "
        "naive: both are counted and named. The options under Windows, Models, Training and "
        "Learning rule "
        "change the recipe.",
        "Intervals are conformal: a second fit, on less of each series, shows step by step "
        "how far off forecasts are from what they have not seen.",
        "What the columns are taken for is told on stderr. Columns of dates, of text or of whole "
        "numbers that repeat or rise, as ids and years do, are not left unused without a word: it "
        "is an error (exit "
        "code 3) that names them, unless time stamps show that there is one series, and --target "
        "is named; or unless --ignore names them.",
        "An interrupted forecast leaves nothing behind, or with --resume tells the command "
        "that goes on (exit code 75)."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct forecast_options),
    .examples = {{"Two weeks of daily maxima, from a column of dates and one of numbers",
                  "windrow forecast --data weather.csv --time date --target temp_max --horizon 14"},
                 {"Two days of many hourly series, the mean of two recipes",
                  "windrow forecast --data hourly.csv --recipe hourly,hourly-residual --horizon "
                  "48 --output forecasts.csv"},
                 {"Fit once, forecast when new values come",
                  "windrow forecast --data a.csv --save fit.safetensors --output a.out && windrow "
                  "forecast --data new.csv --model fit.safetensors"}}};
