#include "cli/show/show_options.h"

#include "cli/study/fields.h"

#define AT(field) OPTION_AT(struct show_options, field)

static const struct option_spec rows[] = {
    {.section = "Study",
     .name = "study",
     AT(study),
     .argument = "STUDY",
     .file = FILE_READ | FILE_STUDY,
     .help = "The file that windrow sweep keeps."},
    {.section = "Tables",
     .name = "by",
     AT(by),
     .argument = "OPTION",
     .choices = FIELD_OPTION_NAMES,
     .otherwise = "hidden, and whatever else varies but seeds",
     .help = "Print the table by this option alone."},
    {.name = "best",
     AT(best),
     .argument = "N",
     .least = 1,
     .fallback = "10",
     .help = "How many of the best trials to list."},
    {.section = "Output",
     .name = "csv",
     AT(csv),
     .excludes = WORDS("json"),
     .help = "Print one table as CSV, with all digits: that of --by, else all trials, "
             "or the N of --best."},
    {.name = "json", AT(json), .help = "Print one JSON object on stdout instead of the tables."},
    {OPTIONS_AT(struct show_options, config)},
};

const struct command show_usage = {
    .name = "show",
    .summary = "tell what a study holds: best trials, tables",
    .description =
        WORDS("Prints the best trials of a study and its trials by hidden size and by every other "
              "option that varies: how many are done, diverged and failed; best, quartiles and "
              "median of the scores of those that are done; seconds of training per trial. A "
              "sweep may be writing the study meanwhile."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct show_options),
    .examples = {{"Everything, for a person", "windrow show study.db"},
                 {"The table by learning rate", "windrow show study.db --by lr"},
                 {"All trials, for another program", "windrow show study.db --csv >trials.csv"}}};
