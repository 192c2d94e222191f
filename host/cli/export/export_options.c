#include "cli/export/export_options.h"

#include "cli/study/fields.h"

#define AT(field) OPTION_AT(struct export_options, field)

static const struct option_spec rows[] = {
    {.section = "Study",
     .name = "study",
     AT(study),
     .argument = "STUDY",
     .file = FILE_READ | FILE_STUDY,
     .help = "The file that windrow sweep keeps."},
    {.section = "Trials",
     .name = "trial",
     AT(trial),
     .argument = "K",
     .least = 1,
     .excludes = WORDS("best", "hidden", "by"),
     .help = "The trial of this number."},
    {.name = "best",
     AT(best),
     .argument = "N",
     .least = 1,
     .help = "The N best trials, stacked, best first. Their parameters must have "
             "been kept: see --keep of windrow sweep."},
    {.name = "hidden",
     AT(hidden),
     .argument = "H",
     .least = 1,
     .help = "Of this hidden size alone: models in a stack agree in it."},
    {.name = "by",
     AT(by),
     .argument = "OPTION",
     .choices = FIELD_OPTION_NAMES,
     .help = "The N best trials of each value of this option, in a file for each."},
    {.section = "Output",
     .name = "save",
     AT(save),
     .argument = "FILE",
     .file = FILE_WRITTEN,
     .help = "Write the parameters here, as safetensors. With --by the value stands before the "
             "ending: best.safetensors becomes best-8.safetensors, best-16.safetensors."},
    {OPTIONS_AT(struct export_options, config)},
};

const struct command export_usage = {
    .name = "export",
    .summary = "write the parameters of a study's trials to a file",
    .description =
        WORDS("Writes the parameters of one trial, or of the N best trials as a stack, as "
              "safetensors. Which of them a study keeps, windrow sweep --keep says; for others, "
              "the command that trains them again is printed where there is one."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct export_options),
    .examples = {{"The best trial", "windrow export study.db --best 1 --save best.safetensors"},
                 {"An ensemble of the ten best with 16 hidden units",
                  "windrow export study.db --best 10 --hidden 16 --save ten.safetensors"},
                 {"The best trial of each hidden size",
                  "windrow export study.db --best 1 --by hidden --save best.safetensors"}}};
