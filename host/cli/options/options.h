/* Options. Each command has one table of options. The parser, the checks, --help, the man page and
 * the completion for shells all read it. */
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
    OPTION_TEXT,   /* any text that is not empty */
    OPTION_SIZES,  /* lists of these (see help_lists), not empty, in the order given */
    OPTION_REALS,
    OPTION_CHOICES,
    OPTION_CONFIG,  /* a file of options (see help_config); the command line overrides it */
    OPTION_OPERAND, /* a text without a name, one of choices if it has any; required */
    OPTION_OPERANDS /* texts after the OPTION_OPERAND; at least one */
};

/* What file the text of an option names; 0: none. A set of flags: FILE_READ or FILE_WRITTEN, and
 * others as they apply. */
enum option_file {
    FILE_READ = 1,
    FILE_WRITTEN = 2,
    FILE_LIST = 4,   /* a list of files, separated by commas */
    FILE_STUDY = 8,  /* with the files that SQLite keeps next to it */
    FILE_FOLDER = 16 /* a folder of finished chunks: see forecast/parts.c */
};

struct option_spec {
    const char *section; /* title of the section of help; NULL: the same as for the option before */
    const char *name;    /* without the leading dashes */
    enum option_kind kind;
    bool not_in_file;            /* not allowed in a file of options */
    const char *argument;        /* the name of the value in the help */
    uint32_t least;              /* of sizes: the smallest value */
    const char *word;            /* of sizes: a word that is allowed too, for SIZE_MAX */
    const char *const *choices;  /* of choices, ends with NULL; of a file: words that name none */
    unsigned file;               /* flags of enum option_file */
    const char *fallback;        /* the default, as it would be typed */
    const char *otherwise;       /* describes the default where it is not a constant */
    const char *const *excludes; /* options that this one excludes; ends with NULL */
    const char *help;            /* one sentence */
};

/* The value of an option: `given` by the user, or the default, or zero if there is no default. */
struct option_value {
    bool given;
    bool in_file;     /* given in the file of --config, not on the command line */
    const char *text; /* as typed; NULL if there is none */
    size_t size;
    float real;
    size_t choice;      /* index into choices */
    size_t count;       /* values of a list */
    size_t *sizes;      /* (count) OPTION_SIZES; OPTION_CHOICES: indices into choices */
    float *reals;       /* (count) OPTION_REALS */
    const char **texts; /* (count) OPTION_OPERANDS */
    char *file; /* OPTION_CONFIG: the content of the file; texts of other values point into it */
};

#define OPTIONS_MOST 96       /* options of a command, at most */
#define LIST_MOST    10000000 /* values in a list, at most */

struct command {
    const char *name;
    const char *summary;            /* one line for the list of commands */
    const char *const *description; /* paragraphs, one string each; ends with NULL */
    const struct option_spec *options;
    size_t option_count;
    struct {
        const char *does, *line;
    } examples[4];
};

extern const struct command command_table[]; /* ends with a NULL name */
const struct command *command_find(const char *name);
/* The name of the command that is most like `name`, or NULL. For a name that is not a command. */
const char *command_nearest(const char *name);
/* The first option of that kind, or NULL. */
const struct option_spec *command_option(const struct command *command, enum option_kind kind);
bool command_has_lists(const struct command *command);
/* Whether the option is typed as --NAME; false for operands. */
bool option_is_named(const struct option_spec *spec);

/* Reads arguments[0 .. count-1] into values (command->option_count). The caller releases values in
 * any case. *help: the arguments contain -h or --help; then nothing else is read. The strings in
 * values are those of arguments. Returns WR_ERR_DATA with file and line where a file of options is
 * wrong. */
wr_status options_parse(const struct command *command, int count, char **arguments,
                        struct option_value *values, bool *help, struct wr_error *error);
void options_release(const struct command *command, struct option_value *values);

/* ---- shared by options.c, lists.c and config.c ---- */

/* The option --name; name has `length` characters. Returns NULL and sets WR_ERR_USAGE if there is
 * none. */
const struct option_spec *option_find(const struct command *command, const char *name,
                                      size_t length, struct wr_error *error);
/* Reads the value of an option that is not a flag. */
wr_status option_read(const struct option_spec *spec, const char *text, struct option_value *value,
                      struct wr_error *error);
void option_release(struct option_value *value);
/* Returns WR_ERR_USAGE if two options that are given exclude each other. */
wr_status options_check_excluded(const struct command *command, const struct option_value *values,
                                 struct wr_error *error);
/* Whether an option given in values excludes option i of the command. */
bool option_is_excluded(const struct command *command, size_t i, const struct option_value *values);

/* These return false where the text is wrong. A size is a whole number, least .. 2^32-1. A real is
 * a finite float that is not negative. */
bool option_read_size(const struct option_spec *spec, const char *text, size_t *size);
bool option_read_real(const char *text, float *real);
bool option_read_choice(const struct option_spec *spec, const char *text, size_t *choice);
wr_status option_fail_choice(const struct option_spec *spec, const char *text,
                             struct wr_error *error);

/* lists.c: reads a list into value->sizes or value->reals, and sets value->count. */
wr_status option_read_list(const struct option_spec *spec, const char *text,
                           struct option_value *value, struct wr_error *error);
/* config.c: reads the file value->text, and sets those options in values that are not given yet. */
wr_status options_read_file(const struct command *command, struct option_value *value,
                            struct option_value *values, struct wr_error *error);

/* Print what --help prints. */
void help_overview(FILE *file);
void help_command(FILE *file, const struct command *command);
/* Paragraphs of help: how to write a list, and how to write a file of options. */
extern const char help_lists[], help_config[];

#endif
