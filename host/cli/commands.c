/* The commands, and what all that print help share. */
#include "cli/commands.h"

#include <string.h>

const char help_lists[] =
    "A list is values and ranges, separated by commas. A range is A..B (whole numbers from A to "
    "B), A..B:S (in steps of S) or A..B*F (each F times the one before): 1..128*2 is "
    "1,2,4,8,16,32,64,128, and 1e-4..1e-2*10 is 1e-4,1e-3,1e-2. Quote the * for the shell.";
const char help_config[] =
    "A file of options has a line \"name = value\" for each: the option without its dashes, and "
    "the value as on the command line; true or false for an option that takes none. A # at the "
    "start of a line or after a blank starts a comment. The command line overrides the file: "
    "--name=false "
    "turns off what is true there, and an option of the file that one of the command line excludes "
    "does not count.";

#define USAGE(name) &name##_usage,
const struct command *const command_table[] = {COMMANDS(USAGE) NULL};

const struct command *command_find(const char *name) {
    for (size_t i = 0; command_table[i] != NULL; i++)
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    return NULL;
}
