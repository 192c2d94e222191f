#include "cli/completion/completion_options.h"

#define AT(field) OPTION_AT(struct completion_options, field)

static const struct option_spec rows[] = {
    {.section = "Script",
     .name = "shell",
     AT(shell),
     .argument = "SHELL",
     .choices = WORDS("bash", "zsh", "fish"),
     .help = "The shell whose script to print: bash, zsh or fish."},
};

const struct command completion_usage = {
    .name = "completion",
    .summary = "print the script that lets a shell complete windrow",
    .description =
        WORDS("Prints a script for bash, zsh or fish. With it the tab key completes commands, "
              "options, the values of those that have a choice, and names of files where an "
              "option takes one; zsh and fish show what each option does.",
              "An installation has the scripts where shells look for them, under share. If yours "
              "does not look there, or for a windrow that is not installed, give it the script "
              "as below. bash needs version 4.2, fish 3.0."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct completion_options),
    .examples = {{"bash, in ~/.bashrc", "source <(windrow completion bash)"},
                 {"zsh, in ~/.zshrc, after compinit", "source <(windrow completion zsh)"},
                 {"fish", "windrow completion fish >~/.config/fish/completions/windrow.fish"}}};
