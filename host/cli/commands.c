/* The description of each command. --help and the manual print these texts and the tables of
 * options. */
#include "cli/forecast/forecast_command.h"
#include "cli/groups/tables.h"

#include <string.h>

const char help_lists[] =
    "A list is values and ranges, separated by commas. A range is A..B (whole numbers from A to "
    "B), A..B:S (in steps of S) or A..B*F (each F times the one before): 1..128*2 is "
    "1,2,4,8,16,32,64,128, and 1e-4..1e-2*10 is 1e-4,1e-3,1e-2. Quote the * for the shell.";
const char help_config[] =
    "A file of options has a line \"name = value\" for each: the option without its dashes, and "
    "the "
    "value as on the command line; true or false for an option that takes none. Blank lines, and "
    "what stands behind a #, do not count.";

const struct command command_table[] = {
    {.name = "train",
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
     .options = train_options,
     .option_count = TRAIN_OPTIONS,
     .examples = {{"A thousand models that differ in their seed", "windrow train --models 1000"},
                  {"Forecast tomorrow's maximum from two weeks of two variables",
                   "windrow train --data weather.csv --inputs temp_max,wind --target temp_max "
                   "--window 14 --scale standard --init pytorch --lr 1e-2 --epochs 200"},
                  {"Keep the parameters, and go on from them",
                   "windrow train --save a.safetensors && windrow train --init a.safetensors"}}},
    {.name = "devices",
     .summary = "list the devices, and which of them are exact",
     .description = WORDS("Lists the CPU and every OpenCL device: what --device takes for it, its "
                          "name, and whether it is exact (reproduces the cpu's bits), usable but "
                          "not exact, or not usable, and why."),
     .options = devices_options,
     .option_count = DEVICES_OPTIONS,
     .examples = {{"Every device, for a person", "windrow devices"},
                  {"The exact ones, for a script",
                   "windrow devices --json | jq -r '.devices[] | select(.exact).id'"}}},
    {.name = "verify",
     .summary = "prove that a device gives the cpu's bits",
     .description =
         WORDS("Runs every stage of the training (forward, bptt, clip, update) and whole runs of "
               "both schedules on the device and on cpu, for a list of shapes, and compares the "
               "results bit for bit. The exit code is 7 if any value differs."),
     .options = verify_options,
     .option_count = VERIFY_OPTIONS,
     .examples = {{"Every OpenCL device", "windrow verify"},
                  {"One of them, in a script", "windrow verify --device opencl:0.0 --quiet"}}},
    {.name = "bench",
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
     .options = bench_options,
     .option_count = BENCH_OPTIONS,
     .examples = {{"Every device, in about a minute each", "windrow bench"},
                  {"How a GPU fills up",
                   "windrow bench --device opencl --models 1,100,10000,100000"},
                  {"What a single core does, for a script",
                   "windrow bench --device cpu --threads 1 --hidden 32,64 --json"}}},
    {.name = "sweep",
     .summary = "train a grid of options and seeds, kept in a study",
     .description =
         WORDS("Trains every combination of the lists, a trial each, and keeps its options, loss, "
               "loss curve and time in a study, an SQLite file. The same command goes on where it "
               "was stopped or killed and trains nothing twice; larger lists add trials. What a "
               "trial gives depends by no bit on the devices, nor on what is trained beside it.",
               "The first SIGINT or SIGTERM ends the epochs at hand, keeps them, and prints the "
               "command that goes on (exit code 75). A study takes one sweep at a time; anybody "
               "may read it meanwhile. Other data or training options belong to another study: "
               "--store names one, --fresh starts it."),
     .options = sweep_options,
     .option_count = SWEEP_OPTIONS,
     .examples = {{"Which hidden size? Twenty seeds of each, ranked on rows they have not seen",
                   "windrow sweep --hidden '1..128*2' --seeds 0..19 --validate 0.2"},
                  {"What a large grid will take, before it runs on all devices",
                   "windrow sweep --hidden 8,16,32 --lr '1e-5..1e-1*10' --seeds 0..99 --device all "
                   "--dry-run"},
                  {"The same from a file, and more seeds than it says",
                   "windrow sweep --config grid.conf --seeds 0..199"}}},
    {.name = "merge",
     .summary = "bring the studies of shards together",
     .description =
         WORDS("Takes from other stores, which are only read, every trial, result, loss curve and "
               "checkpoint that the study does not have yet. Merged shards are the study that one "
               "windrow sweep of the whole grid would have made, to the last bit; merged again, "
               "they change nothing. It tells how many trials are pending, and how many of the "
               "grid are in no store, and which shards are missing.",
               "A store of another study, of a newer windrow, or a damaged one is refused (exit "
               "code 3), and one trial with two results is an error that names both devices, of "
               "which one is broken (7). Stores before that one stay merged."),
     .options = merge_options,
     .option_count = MERGE_OPTIONS,
     .examples = {{"One of three parts of a grid, while others train 1/3 and 2/3",
                   "windrow sweep --seeds 0..99 --shard 0/3 --store shard0.db"},
                  {"The study of all three", "windrow merge study.db shard*.db"}}},
    {.name = "show",
     .summary = "tell what a study holds: best trials, tables",
     .description =
         WORDS("Prints the best trials of a study and its trials by hidden size and by every other "
               "option that varies: how many are done, diverged and failed; best, quartiles and "
               "median of the scores of those that are done; seconds of training per trial. A "
               "sweep may be writing the study meanwhile."),
     .options = show_options,
     .option_count = SHOW_OPTIONS,
     .examples = {{"Everything, for a person", "windrow show study.db"},
                  {"The table by learning rate", "windrow show study.db --by lr"},
                  {"All trials, for another program", "windrow show study.db --csv >trials.csv"}}},
    {.name = "export",
     .summary = "write the parameters of a study's trials to a file",
     .description =
         WORDS("Writes the parameters of one trial, or of the N best trials as a stack, as "
               "safetensors. Which of them a study keeps, windrow sweep --keep says; for others, "
               "the command that trains them again is printed where there is one."),
     .options = export_options,
     .option_count = EXPORT_OPTIONS,
     .examples = {{"The best trial", "windrow export study.db --best 1 --save best.safetensors"},
                  {"An ensemble of the ten best with 16 hidden units",
                   "windrow export study.db --best 10 --hidden 16 --save ten.safetensors"}}},
    {.name = "forecast",
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
     .options = forecast_options,
     .option_count = FORECAST_OPTIONS,
     .examples =
         {{"Two weeks of daily maxima, from a column of dates and one of numbers",
           "windrow forecast --data weather.csv --time date --target temp_max --horizon 14"},
          {"Two days of many hourly series, the mean of two recipes",
           "windrow forecast --data hourly.csv --recipe hourly,hourly-residual --horizon "
           "48 --output forecasts.csv"},
          {"Fit once, forecast when new values come",
           "windrow forecast --data a.csv --save fit.safetensors --output a.out && windrow "
           "forecast --data new.csv --model fit.safetensors"}}},
    {.name = "backtest",
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
     .options = backtest_options,
     .option_count = BACKTEST_OPTIONS,
     .examples =
         {{"The last three fortnights of a daily series",
           "windrow backtest --data weather.csv --time date --target temp_max --horizon 14"},
          {"Ten origins, a fit for each, and the scores of every series",
           "windrow backtest --data hourly.csv --origins 10 --step 24 --refit --csv "
           "scores.csv"}}},
    {.name = "completion",
     .summary = "print the script that lets a shell complete windrow",
     .description =
         WORDS("Prints a script for bash, zsh or fish. With it the tab key completes commands, "
               "options, the values of those that have a choice, and names of files where an "
               "option takes one; zsh and fish show what each option does.",
               "An installation has the scripts where shells look for them, under share. If yours "
               "does not look there, or for a windrow that is not installed, give it the script "
               "as below. bash needs version 4.2, fish 3.0."),
     .options = completion_options,
     .option_count = COMPLETION_OPTIONS,
     .examples = {{"bash, in ~/.bashrc", "source <(windrow completion bash)"},
                  {"zsh, in ~/.zshrc, after compinit", "source <(windrow completion zsh)"},
                  {"fish", "windrow completion fish >~/.config/fish/completions/windrow.fish"}}},
    {.name = "version",
     .summary = "tell what this windrow is, for reports of faults",
     .description =
         WORDS("Prints the version and what else a report of a fault needs: the numerics (results "
               "of one numerics are the same bits in every version), the CPU engines that were "
               "built and the one in use, whether OpenCL and MPI are built in, the versions of "
               "SQLite and of the schema of studies, and the compiler. windrow --version prints "
               "the first line alone.",
               "It opens no device; windrow devices lists those."),
     .options = version_options,
     .option_count = VERSION_OPTIONS,
     .examples = {{"For a report, with the devices", "windrow version && windrow devices"},
                  {"Which engine a script would train with",
                   "windrow version --json | jq -r .engine"}}},
    {.name = NULL},
};

const struct command *command_find(const char *name) {
    for (const struct command *command = command_table; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const struct option_spec *command_option(const struct command *command, enum option_kind kind) {
    for (size_t i = 0; i < command->option_count; i++)
        if (command->options[i].kind == kind)
            return &command->options[i];
    return NULL;
}

bool option_is_named(const struct option_spec *spec) {
    return spec->kind != OPTION_OPERAND && spec->kind != OPTION_OPERANDS;
}

bool command_has_lists(const struct command *command) {
    return command_option(command, OPTION_SIZES) != NULL ||
           command_option(command, OPTION_REALS) != NULL;
}
