/* Prints completion scripts for a table of one command, whose help has every character that a shell
 * may take for more than itself; tests/cli/completion.sh runs them.
 *   hostile_help bash|zsh|fish|help */
#include <stdio.h>
#include <string.h>

#include "cli/completion/completion_options.h"

#define HOSTILE                                                                                    \
    "it's [a]: \"$(touch run)\" `touch run` $HOME \\ \\' {x,y} * ? <a> & | (b) !! # %s \\n"

struct hostile_options {
    struct option_text hostile;
    struct option_flag other;
};
#define AT(field) OPTION_AT(struct hostile_options, field)
static const struct option_spec rows[] = {
    {.name = "hostile", AT(hostile), .argument = "it's:[x] $(touch run)", .help = HOSTILE},
    {.name = "other", AT(other), .help = "Another one."},
};
static const struct command hostile = {
    .name = "hostile", .summary = HOSTILE, .options = OPTION_GROUP(rows)};
const struct command *const command_table[] = {&hostile, NULL};

int main(int count, char **arguments) {
    static const char *const shells[] = {"bash", "zsh", "fish"};
    if (count != 2)
        return 2;
    struct wr_error error = {0};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(arguments[1], shells[i]) == 0)
            return (int)completion_command(&(struct completion_options){.shell.value = i}, &error);
    puts(HOSTILE);
    return 0;
}
