#include "cli/sweep/sweep_options.h"

#define AT(field) OPTION_AT(struct sweep_options, field)

#define GRID_AT(field) OPTION_AT(struct grid_options, field)

static const struct option_spec grid_rows[] = {
    {.section = "Grid",
     .name = "hidden",
     GRID_AT(hidden),
     .argument = "LIST",
     .least = 1,
     .fallback = "20",
     .help = "Hidden units of a model."},
    {.name = "window",
     GRID_AT(window),
     .argument = "LIST",
     .least = 1,
     .fallback = "5",
     .help = "Rows that a model sees before each row that it forecasts."},
    {.name = "batch",
     GRID_AT(batch),
     .argument = "LIST",
     .least = 1,
     .word = "all",
     .fallback = "1",
     .help = "Windows per update, all among them."},
    {.name = "init",
     GRID_AT(init),
     .argument = "LIST",
     .choices = WORDS("notebook", "pytorch"),
     .fallback = "notebook",
     .help = "Start values: notebook, pytorch, or both."},
    {.name = "lr", GRID_AT(lr), .argument = "LIST", .fallback = "1e-4", .help = "Learning rates."},
    {.name = "clip",
     GRID_AT(clip),
     .argument = "LIST",
     .fallback = "1.0",
     .help = "Bounds of each element of a gradient; 0 is no bound."},
    {.name = "seeds",
     GRID_AT(seeds),
     .argument = "LIST",
     .fallback = "0",
     .help = "Seeds of the start values: 0..99 is a hundred of each model."},
};

const struct option_group grid_group = OPTION_GROUP(grid_rows);

static const struct option_spec rows[] = {
    {OPTIONS_AT(struct sweep_options, data)},
    {OPTIONS_AT(struct sweep_options, grid)},
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
     .help = "SQLite's journal: wal, with which looking never waits, or delete, which a file "
             "on a network file system needs; auto: delete on those that it "
             "knows, else wal."},
    {OPTIONS_AT(struct sweep_options, config)},
    {.name = "dry-run",
     AT(dry_run),
     .not_in_file = true,
     .help = "Train nothing: tell how many trials there are and how many are "
             "left, their shapes and ensembles, memory, and the time it may "
             "take."},
    {.name = "json", AT(json), .help = "Print one JSON object on stdout instead of the tables."},
    {.name = "quiet", AT(quiet), .help = "No progress and no tables."},
};

const struct command sweep_usage = {
    .name = "sweep",
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
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct sweep_options),
    .examples = {{"Which hidden size? Twenty seeds of each, ranked on rows they have not seen",
                  "windrow sweep --hidden '1..128*2' --seeds 0..19 --validate 0.2"},
                 {"What a large grid will take, before it runs on all devices",
                  "windrow sweep --hidden 8,16,32 --lr '1e-5..1e-1*10' --seeds 0..99 --device all "
                  "--dry-run"},
                 {"The same from a file, and more seeds than it says",
                  "windrow sweep --config grid.conf --seeds 0..199"}}};
