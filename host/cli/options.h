/* Options: a table per command, from which parsing, checks, --help and the man page are made. */
#ifndef WR_CLI_OPTIONS_H
#define WR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "windrow/status.h"

enum option_kind {
    OPTION_FLAG,   /* takes no value */
    OPTION_SIZE,   /* a whole number, least .. 2^32-1 */
    OPTION_SIZES,  /* such numbers, separated by commas: options_next_size */
    OPTION_REAL,   /* a finite float, not negative */
    OPTION_CHOICE, /* one of choices */
    OPTION_TEXT    /* any text but an empty one */
};

struct option_spec {
    const char *group; /* heading in the help; NULL: the same as the option before */
    const char *name;  /* without the dashes */
    enum option_kind kind;
    const char *argument;        /* what the help calls the value */
    uint32_t least;              /* OPTION_SIZE, OPTION_SIZES */
    const char *word;            /* OPTION_SIZE: a word allowed instead, which gives SIZE_MAX */
    const char *const *choices;  /* OPTION_CHOICE, ends with NULL */
    const char *fallback;        /* the default, read like a value from the command line */
    const char *otherwise;       /* in words, where the default is no constant */
    const char *const *excludes; /* options that may not be given beside this one, ends with NULL */
    const char *help;            /* one sentence */
};

/* An option's value: `given` by the user, or the fallback's, or zero where there is none. */
struct option_value {
    bool given;
    const char *text; /* as written; NULL if there is none */
    size_t size;
    float real;
    size_t choice; /* index into choices */
};

#define OPTIONS_MOST 32 /* options of a command, at most */

struct command {
    const char *name;
    const char *summary;            /* for the list of commands */
    const char *const *description; /* paragraphs, one string each, ends with NULL */
    const struct option_spec *options;
    size_t option_count;
    struct {
        const char *does, *line;
    } examples[4];
};

extern const struct command command_table[]; /* ends with a NULL name */
const struct command *command_find(const char *name);
/* The command nearest to a name that is none, or NULL. */
const char *command_nearest(const char *name);

/* Reads arguments[0 .. count-1] into values (command->option_count). *help: -h or --help was among
 * them, and nothing else counts. The strings of the values are those of arguments. */
wr_status options_parse(const struct command *command, int count, char **arguments,
                        struct option_value *values, bool *help, struct wr_error *error);

/* Takes the next number off the text of an OPTION_SIZES; false at its end. */
bool options_next_size(const char **text, size_t *size);

/* What --help prints. */
void help_overview(FILE *file);
void help_command(FILE *file, const struct command *command);

#endif
