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
    OPTION_REAL,   /* a finite float, not negative */
    OPTION_CHOICE, /* one of choices */
    OPTION_TEXT,   /* any text but an empty one */
    OPTION_SIZES,  /* lists of these, see help_lists: not empty, in the order given */
    OPTION_REALS,
    OPTION_CHOICES,
    OPTION_CONFIG,  /* a file of options, see help_config: the command line wins over it */
    OPTION_OPERAND, /* a text that stands without a name, and must be there */
    OPTION_OPERANDS /* texts that stand behind it, one at least */
};

/* What the text of an option names, if not 0: one of the first two, and what else is so. */
enum option_file {
    FILE_READ = 1,
    FILE_WRITTEN = 2,
    FILE_LIST = 4,   /* a list of files, cut at commas */
    FILE_STUDY = 8,  /* and the files that SQLite keeps beside it */
    FILE_FOLDER = 16 /* of chunks that are done: see forecast/parts.c */
};

struct option_spec {
    const char *section; /* heading in the help; NULL: the same as the option before */
    const char *name;    /* without the dashes */
    enum option_kind kind;
    bool not_in_file;            /* it may not stand in a file of options */
    const char *argument;        /* what the help calls the value */
    uint32_t least;              /* OPTION_SIZE, OPTION_SIZES */
    const char *word;            /* of these two: a word allowed instead, which gives SIZE_MAX */
    const char *const *choices;  /* OPTION_CHOICE, OPTION_CHOICES, ends with NULL; with file: words
                                    that name none */
    unsigned file;               /* of enum option_file */
    const char *fallback;        /* the default, read like a value from the command line */
    const char *otherwise;       /* in words, where the default is no constant */
    const char *const *excludes; /* options that may not be given beside this one, ends with NULL */
    const char *help;            /* one sentence */
};

/* An option's value: `given` by the user, or the fallback's, or zero where there is none. */
struct option_value {
    bool given;
    bool in_file;     /* given, but not on the command line */
    const char *text; /* as written; NULL if there is none */
    size_t size;
    float real;
    size_t choice;      /* index into choices */
    size_t count;       /* of a list */
    size_t *sizes;      /* (count) of OPTION_SIZES; of OPTION_CHOICES, indices into choices */
    float *reals;       /* (count) of OPTION_REALS */
    const char **texts; /* (count) of OPTION_OPERANDS */
    char *file;         /* OPTION_CONFIG: the file, of which other values' texts are part */
};

#define OPTIONS_MOST 96       /* options of a command, at most */
#define LIST_MOST    10000000 /* values in a list, at most */

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
/* Its option of a kind, or NULL. */
const struct option_spec *command_option(const struct command *command, enum option_kind kind);
bool command_has_lists(const struct command *command);
/* Whether it is given by its name, as --NAME. */
bool option_is_named(const struct option_spec *spec);

/* Reads arguments[0 .. count-1] into values (command->option_count), which are to be released in
 * any case. *help: -h or --help was among them, and nothing else counts. The strings of the values
 * are those of arguments. Where a file of options is wrong: WR_ERR_DATA with file and line. */
wr_status options_parse(const struct command *command, int count, char **arguments,
                        struct option_value *values, bool *help, struct wr_error *error);
void options_release(const struct command *command, struct option_value *values);

/* ---- for the readers of options, among themselves ---- */

/* The option --name, of `length` characters; NULL and WR_ERR_USAGE if there is none. */
const struct option_spec *option_find(const struct command *command, const char *name,
                                      size_t length, struct wr_error *error);
/* Reads the value of anything but a flag. */
wr_status option_read(const struct option_spec *spec, const char *text, struct option_value *value,
                      struct wr_error *error);
void option_release(struct option_value *value);
/* WR_ERR_USAGE if two of the values given exclude each other. */
wr_status options_check_excluded(const struct command *command, const struct option_value *values,
                                 struct wr_error *error);
/* Whether option i of the command may not be given beside those of values that are. */
bool option_is_excluded(const struct command *command, size_t i, const struct option_value *values);

/* A whole number, least .. 2^32-1, and nothing but it; likewise a finite float, not negative. */
bool option_read_size(const struct option_spec *spec, const char *text, size_t *size);
bool option_read_real(const char *text, float *real);
bool option_read_choice(const struct option_spec *spec, const char *text, size_t *choice);
wr_status option_fail_choice(const struct option_spec *spec, const char *text,
                             struct wr_error *error);

/* lists.c: reads a list into value->sizes or ->reals, and value->count. */
wr_status option_read_list(const struct option_spec *spec, const char *text,
                           struct option_value *value, struct wr_error *error);
/* config.c: adds to values what value->text, a file, says of options that are not given. */
wr_status options_read_file(const struct command *command, struct option_value *value,
                            struct option_value *values, struct wr_error *error);

/* What --help prints. */
void help_overview(FILE *file);
void help_command(FILE *file, const struct command *command);
/* How lists, and files of options, are written. */
extern const char help_lists[], help_config[];

#endif
