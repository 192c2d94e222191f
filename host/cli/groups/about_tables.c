/* The options of completion and version, which are about windrow itself. */
#include "cli/groups/tables.h"

const struct option_spec completion_options[COMPLETION_OPTIONS] = {
    [COMPLETION_SHELL] = {.section = "Script",
                          .name = "shell",
                          .kind = OPTION_OPERAND,
                          .argument = "SHELL",
                          .choices = WORDS("bash", "zsh", "fish"),
                          .help = "The shell whose script to print: bash, zsh or fish."},
};

const struct option_spec version_options[VERSION_OPTIONS] = {
    [VERSION_JSON] = {.section = "Output",
                      .name = "json",
                      .kind = OPTION_FLAG,
                      .help = "Print one JSON object on stdout instead of the lines."},
};
