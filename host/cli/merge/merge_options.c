#include "cli/merge/merge_options.h"

#define AT(field) OPTION_AT(struct merge_options, field)

static const struct option_spec rows[] = {
    {.section = "Stores",
     .name = "study",
     AT(study),
     .argument = "STUDY",
     .file = FILE_WRITTEN | FILE_STUDY,
     .help = "The study that takes, which is made if there is none."},
    {.name = "stores",
     AT(stores),
     .argument = "STORE",
     .file = FILE_READ | FILE_STUDY,
     .help = "A study that it takes from; there may be many."},
    {.section = "Study",
     .name = "keep",
     AT(keep),
     .argument = "WHICH",
     .offers = WORDS("all", "none"),
     .otherwise = "as the study does, else as the first store",
     .help = "Of which trials to keep the parameters, of those that the stores "
             "have: best:N, all or none."},
    {.name = "journal",
     AT(journal),
     .argument = "HOW",
     .choices = WORDS("auto", "wal", "delete"),
     .fallback = "auto",
     .help = "As for windrow sweep."},
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout instead of the tables."},
    {.name = "quiet", AT(quiet), .help = "No tables."},
    {OPTIONS_AT(struct merge_options, config)},
};

const struct command merge_usage = {
    .name = "merge",
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
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct merge_options),
    .examples = {{"One of three parts of a grid, while others train 1/3 and 2/3",
                  "windrow sweep --seeds 0..99 --shard 0/3 --store shard0.db"},
                 {"The study of all three", "windrow merge study.db shard*.db"}}};
