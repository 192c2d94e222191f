#include "cli/status/status_options.h"

#define AT(field) OPTION_AT(struct status_options, field)

static const struct option_spec rows[] = {
    {.section = "Study",
     .name = "study",
     AT(study),
     .argument = "STUDY",
     .file = FILE_READ | FILE_STUDY,
     .help = "The file that windrow sweep keeps."},
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout instead of the lines."},
    {OPTIONS_AT(struct status_options, config)},
};

const struct command status_usage = {
    .name = "status",
    .summary = "tell how far a sweep is",
    .description = WORDS(
        "Tells from another terminal whether a sweep is writing the study, how far it is, how "
        "long it may take, and how many trials have ended in the study so far. What it "
        "tells of a running sweep is at most a second or an epoch old; the study itself "
        "has what was committed."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct status_options),
    .examples = {{"Look once", "windrow status study.db"},
                 {"Look every ten seconds", "watch -n 10 windrow status study.db"}}};
