/* Prints commands for people to copy and run. */
#ifndef WR_CLI_TYPED_H
#define WR_CLI_TYPED_H

#include "cli/options/options.h"

/* Prints the text as one word of a command line, quoted where a shell would split or expand it. */
void print_shell_word(FILE *file, const char *text);
/* Prints a line on stderr: the command with those of its options that were given on the command
 * line. */
void print_command(const struct command *command, const void *options);

#endif
