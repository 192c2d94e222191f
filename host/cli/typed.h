/* Commands and their words, for people to type. */
#ifndef WR_CLI_TYPED_H
#define WR_CLI_TYPED_H

#include "cli/cli.h"

/* The text as one word of a command line, quoted where a shell would take it apart. */
void print_shell_word(FILE *file, const char *text);
/* The command with the options (count) given to it, but for those in a file: a line on stderr. */
void print_command(const char *name, const struct option_spec *specs,
                   const struct option_value *options, size_t count);

#endif
