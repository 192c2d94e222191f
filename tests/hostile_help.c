/* Prints completion scripts for a table of one command, whose help has every character that a shell
 * may take for more than itself; tests/cli/completion.sh runs them.
 *   hostile_help bash|zsh|fish|help */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define HOSTILE                                                                                    \
    "it's [a]: \"$(touch run)\" `touch run` $HOME \\ \\' {x,y} * ? <a> & | (b) !! # %s \\n"

static const struct option_spec options[] = {
    {.name = "hostile", .kind = OPTION_TEXT, .argument = "it's:[x] $(touch run)", .help = HOSTILE},
    {.name = "other", .kind = OPTION_FLAG, .help = "Another one."},
};
const struct command command_table[] = {
    {.name = "hostile", .summary = HOSTILE, .options = options, .option_count = 2},
    {.name = NULL},
};

bool option_is_named(const struct option_spec *spec) {
    return spec->kind != OPTION_OPERAND && spec->kind != OPTION_OPERANDS;
}

int main(int count, char **arguments) {
    static const char *const shells[] = {"bash", "zsh", "fish"};
    if (count != 2)
        return 2;
    struct wr_error error = {0};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(arguments[1], shells[i]) == 0)
            return (int)completion_command(&(struct option_value){.choice = i}, &error);
    puts(HOSTILE);
    return 0;
}
