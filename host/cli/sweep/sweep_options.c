#include "cli/sweep/sweep_options.h"

#define AT(field) OPTION_AT(struct sweep_options, field)

#define GRID_AT(field) OPTION_AT(struct grid_options, field)

/* The words of a choice of kernels/rule/, and the options of its numbers, in their order. */
#define CHOICE_OF(names)                                                                           \
    (const char *const[]) {                                                                        \
        names NULL                                                                                 \
    }
#define OF_REAL
#define OF_WHOLE .least = 1,
#define NUMBER(ID, field, type, kinds, range, words, value, shown, option, about)                  \
    , {                                                                                            \
        .name = (option), GRID_AT(field), .argument = "LIST", .ranges = true,                      \
        OF_##type.otherwise = (shown), .help = (about)                                             \
    }
#define NUMBER_OF_ALL(ID, field, type, kinds, range, words, value, shown, option, about)           \
    , {                                                                                            \
        .name = (option), AT(field), .argument = "X", .otherwise = (shown), .help = (about)        \
    }
#define CHOICE(option, field, words, default, about)                                               \
    {                                                                                              \
        .name = (option), GRID_AT(field), .argument = "LIST", .choices = (words),                  \
        .fallback = (default), .help = (about)                                                     \
    }

static const struct option_spec grid_rows[] = {
    {.section = "Grid",
     .name = "hidden",
     GRID_AT(hidden),
     .argument = "LIST",
     .ranges = true,
     .least = 1,
     .fallback = "20",
     .help = "Hidden units of a model."},
    {.name = "window",
     GRID_AT(window),
     .argument = "LIST",
     .ranges = true,
     .least = 1,
     .fallback = "5",
     .help = "Rows that a model sees before each row that it forecasts."},
    {.name = "batch",
     GRID_AT(batch),
     .argument = "LIST",
     .ranges = true,
     .least = 1,
     .word = "all",
     .fallback = "1",
     .help = "Windows per update, all among them."},
    {.name = "init",
     GRID_AT(init),
     .argument = "LIST",
     .choices = WORDS("notebook", "pytorch", "glorot", "orthogonal"),
     .fallback = "notebook",
     .help = "Start values, as for windrow train, but no files."},
    {.name = "lr",
     GRID_AT(lr),
     .argument = "LIST",
     .ranges = true,
     .fallback = "1e-4",
     .help = "Learning rates."},
    {.name = "clip",
     GRID_AT(clip),
     .argument = "LIST",
     .ranges = true,
     .fallback = "1.0",
     .help = "Bounds of each element of a gradient, or see --clip-by; 0 is no bound."},
    {.name = "seeds",
     GRID_AT(seeds),
     .argument = "LIST",
     .ranges = true,
     .fallback = "0",
     .help = "Seeds of the start values: 0..99 is a hundred of each model."},
    CHOICE("optimizer", optimizer, CHOICE_OF(WR_OPTIMIZERS(WR_NAME_OF)), "sgd", WR_OPTIMIZER_HELP)
        WR_OPTIMIZER_NUMBERS(NUMBER) WR_WEIGHT_NUMBERS(NUMBER),
    CHOICE("clip-by", clip_by, CHOICE_OF(WR_CLIPPINGS(WR_NAME_OF)), "value", WR_CLIPPING_HELP),
    CHOICE("lr-decay", lr_decay, CHOICE_OF(WR_DECAYS(WR_NAME_OF)), "constant", WR_DECAY_HELP),
    CHOICE("order", order, CHOICE_OF(WR_ORDERS(WR_NAME_OF)), "sequential", WR_ORDER_HELP)
        WR_ORDER_NUMBERS(NUMBER),
    CHOICE("activation", activation, CHOICE_OF(WR_ACTIVATIONS(WR_NAME_OF)), "tanh",
           WR_ACTIVATION_HELP),
    CHOICE("bias", bias, WORDS("both", "hidden", "head", "none"), "both",
           "The biases that models have; the others are set to 0 and stay so."),
};

const struct option_group grid_group = OPTION_GROUP(grid_rows);

static const struct option_spec rows[] = {
    {OPTIONS_AT(struct sweep_options, data)},
    {OPTIONS_AT(struct sweep_options, grid)},
    {.section = "Search",
     .name = "sample",
     AT(sample),
     .argument = "N",
     .least = 1,
     .otherwise = "the whole grid",
     .help = "Draw N trials instead of all combinations. Each option is drawn by itself from its "
             "list, or from a range: lr 1e-4..1e-1 evenly, log:1e-4..1e-1 evenly in the logarithm. "
             "A larger N adds trials."},
    {.name = "sample-seed",
     AT(sample_seed),
     .argument = "S",
     .fallback = "0",
     .help = "Seed of the sample: another one draws other trials."},
    {.name = "halving",
     AT(halving),
     .argument = "ETA",
     .least = 2,
     .otherwise = "all train to the last epoch",
     .help = "Prune: of the trials of a bracket the best 1/ETA go on from each rung to the next, "
             "which is after ETA times as many epochs."},
    {.name = "rungs",
     AT(rungs),
     .argument = "R",
     .least = 1,
     .fallback = "3",
     .help = "Of --halving: how many times trials are pruned, first after E/ETA^R epochs."},
    {.name = "bracket",
     AT(bracket),
     .argument = "N",
     .least = 2,
     .fallback = "1000",
     .help = "Of --halving: the most trials that compete with each other; shards and devices take "
             "whole brackets."},
    {.name = "budget",
     AT(budget),
     .argument = "S",
     .otherwise = "none",
     .help =
         "End after S seconds of training with what is done by then; the same command goes on."},
    {.section = "Training",
     .name = "epochs",
     AT(epochs),
     .argument = "E",
     .least = 1,
     .fallback = "2500",
     .help = "Passes over the windows."},
    {.name = "validate",
     AT(validate),
     .argument = "X",
     .fallback = "0",
     .help = "Hold out the last X of the rows, 0.2 a fifth, and rank trials by "
             "their mean loss on these; 0: none, and trials are ranked by the "
             "mean loss of their last epoch, which favours large models."},
    {.name = "validate-every",
     AT(validate_every),
     .argument = "N",
     .least = 1,
     .otherwise = "E/20, at least 1, with --patience",
     .help = "Epochs from one validation of early stopping to the next."},
    {.name = "patience",
     AT(patience),
     .argument = "N",
     .least = 1,
     .otherwise = "none; 5 with --validate-every",
     .help = "Validations without a new best that stop a trial, which ends with its best "
             "parameters, as with windrow train; without, all train to the last epoch."},
    {.name = "loss",
     AT(loss),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_LOSSES(WR_NAME_OF)),
     .fallback = "mse",
     .help = "Of all trials, so that their scores "
             "compare: " WR_LOSS_HELP} WR_LOSS_NUMBERS(NUMBER_OF_ALL),
    {.section = "Device",
     .name = "device",
     AT(device),
     .argument = "ID[,...]",
     .offers = WORDS("auto", "cpu", "opencl", "all"),
     .fallback = "auto",
     .help = "A device as for windrow train, or several with commas between, or "
             "all: cpu and every exact OpenCL device. Each takes the next "
             "ensemble when it is free; the results are the same."},
    {.name = "schedule",
     AT(schedule),
     .argument = "HOW",
     .choices = WORDS("auto", "staged", "fused"),
     .fallback = "auto",
     .help = "As for windrow train."},
    {.name = "threads",
     AT(threads),
     .argument = "N",
     .least = 1,
     .otherwise = "OMP_NUM_THREADS, else all allowed cores",
     .help = "CPU threads."},
    {.section = "Study",
     .name = "store",
     AT(store),
     .argument = "FILE",
     .file = FILE_WRITTEN | FILE_STUDY,
     .fallback = "study.db",
     .help = "The SQLite file of the study, which is made or gone on with."},
    {.name = "fresh",
     AT(fresh),
     .not_in_file = true,
     .help = "Start another study; one that is there becomes FILE.1, or .2, and "
             "so on."},
    {.name = "shard",
     AT(shard),
     .not_in_file = true,
     .argument = "I/N",
     .otherwise = "the whole grid",
     .help = "Train part I of N parts of the grid alone, 0/N to N-1/N, which take "
             "equal time, into a study of its own, for windrow merge; N/N is 0/N, "
             "so that scripts may count from 1; auto: that of a task of a Slurm "
             "array."},
    {.name = "known",
     AT(known),
     .argument = "FILE",
     .file = FILE_READ | FILE_STUDY,
     .help = "Leave out the trials that have ended in this study, such as one that earlier shards "
             "were merged into."},
    {.name = "keep",
     AT(keep),
     .argument = "WHICH",
     .offers = WORDS("all", "none"),
     .fallback = "best:10",
     .help = "Of which trials to keep the parameters: best:N, all or none."},
    {.name = "curve",
     AT(curve),
     .argument = "N",
     .fallback = "32",
     .help = "Epochs of which to keep each trial's loss, evenly spread."},
    {.name = "checkpoint",
     AT(checkpoint),
     .argument = "S",
     .fallback = "30",
     .help = "Seconds of training, at most, that a death of the process can "
             "cost."},
    {.name = "journal",
     AT(journal),
     .argument = "HOW",
     .choices = WORDS("auto", "wal", "delete"),
     .fallback = "auto",
     .help = "SQLite's journal: wal, with which looking never waits, or delete, which "
             "a file "
             "on a network file system needs; auto: delete on those that it "
             "knows, else wal."},
    {OPTIONS_AT(struct sweep_options, config)},
    {.name = "dry-run",
     AT(dry_run),
     .not_in_file = true,
     .help = "Train nothing: tell how many trials there are and how many are "
             "left, their shapes and ensembles, memory, and the time it may "
             "take."},
    {.name = "json",
     AT(json),
     .help = "Print one JSON object on stdout instead of the tables, and progress as a JSON object "
             "a line on stderr."},
    {.name = "quiet", AT(quiet), .help = "No progress and no tables."},
};

const struct command sweep_usage = {
    .name = "sweep",
    .summary = "train a grid or a sample of options and seeds, kept in a study",
    .description =
        WORDS("Trains every combination of the lists, a trial each, and keeps its options, loss, "
              "loss curve and time in a study, an SQLite file. The same command goes on where it "
              "was stopped or killed and trains nothing twice; larger lists add trials. What a "
              "trial gives depends by no bit on the devices, nor on what is trained beside it.",
              "The first SIGINT or SIGTERM ends the epochs at hand, keeps them, and prints the "
              "command that goes on (exit code 75). A study takes one sweep at a time; anybody "
              "may read it meanwhile. Other data or training options belong to another study: "
              "--store names one, --fresh starts it."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct sweep_options),
    .examples = {{"Which hidden size? Twenty seeds of each, ranked on rows they have not seen",
                  "windrow sweep --hidden '1..128*2' --seeds 0..19 --validate 0.2"},
                 {"What a large grid will take, before it runs on all devices",
                  "windrow sweep --hidden 8,16,32 --lr '1e-5..1e-1*10' --seeds 0..99 --device all "
                  "--dry-run"},
                 {"A random search by Adam that gives up early on what is hopeless",
                  "windrow sweep --sample 1000 --optimizer adam --lr log:1e-4..1e-1 --hidden "
                  "8,16,32 --validate 0.2 --halving 3"},
                 {"The same from a file, and more seeds than it says",
                  "windrow sweep --config grid.conf --seeds 0..199"}}};
