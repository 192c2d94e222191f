/* Options. The options of a command are one struct, whose fields are the structs below, and one
 * table, with a row for each. The parser, the checks, --help, the man page and the completion for
 * shells all read the table. */
#ifndef WR_CLI_OPTIONS_H
#define WR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "windrow/status.h"

/* ---- values ---- */

/* The start of every option: whether it was given by the user, its line in the file of --config (0:
 * it was on the command line, or nowhere), and its text as typed. Of an option that is not given,
 * text and value are those of the default; without a default they are NULL and 0. */
#define OPTION_HEAD                                                                                \
    bool given;                                                                                    \
    size_t line;                                                                                   \
    const char *text

struct option_head {
    OPTION_HEAD;
};
/* Takes no value, true, or false. Its text is "false" if the user said so; then it is not given. */
struct option_flag {
    OPTION_HEAD;
};
/* A whole number, least .. 2^32-1; SIZE_MAX for the word. */
struct option_size {
    OPTION_HEAD;
    size_t value;
};
/* A finite float, not negative. */
struct option_real {
    OPTION_HEAD;
    float value;
};
/* An index into choices. */
struct option_choice {
    OPTION_HEAD;
    size_t value;
};
/* Any text that is not empty. */
struct option_text {
    OPTION_HEAD;
};
/* A range to draw from, instead of a list; `most` 0: it is none. */
struct option_range {
    double least, most;
    bool logarithmic;
};
/* Lists of these (see help_lists), not empty, in the order given: values (count). */
struct option_sizes {
    OPTION_HEAD;
    size_t count, *values;
    struct option_range range;
};
struct option_reals {
    OPTION_HEAD;
    size_t count;
    float *values;
    struct option_range range;
};
struct option_choices {
    OPTION_HEAD;
    size_t count, *values;
};
/* A file of options (see help_config). The command line overrides it. */
struct option_config {
    OPTION_HEAD;
    char *content; /* texts of other options point into it */
};
/* A text without a name; required. If it has choices, value is an index into them. */
struct option_operand {
    OPTION_HEAD;
    size_t value;
};
/* Texts after the operand; at least one: values (count). */
struct option_operands {
    OPTION_HEAD;
    size_t count;
    const char **values;
};

/* Any of them. */
union option_value {
    struct option_head head;
    struct option_flag flag;
    struct option_size size;
    struct option_real real;
    struct option_choice choice;
    struct option_text text;
    struct option_sizes sizes;
    struct option_reals reals;
    struct option_choices choices;
    struct option_config config;
    struct option_operand operand;
    struct option_operands operands;
};

#define LIST_MOST 10000000 /* values in a list, at most */

/* ---- tables ---- */

enum option_kind {
    OPTION_FLAG,
    OPTION_SIZE,
    OPTION_REAL,
    OPTION_CHOICE,
    OPTION_TEXT,
    OPTION_SIZES,
    OPTION_REALS,
    OPTION_CHOICES,
    OPTION_CONFIG,
    OPTION_OPERAND,
    OPTION_OPERANDS
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

struct option_group;

/* A row of a table: an option, or a group of options. */
struct option_spec {
    const struct option_group *group; /* NULL: an option. Else only the next two are set */
    bool bare;                        /* the options of the group have no defaults here */
    size_t at;                        /* offset of the field in the struct */
    enum option_kind kind;
    const char *section; /* title of the section of help; NULL: the same as for the option before */
    const char *name;    /* without the leading dashes */
    bool not_in_file;    /* not allowed in a file of options */
    const char *argument;        /* the name of the value in the help */
    uint32_t least;              /* of sizes: the smallest value */
    bool ranges;                 /* of lists: may be a range to draw from */
    const char *word;            /* of sizes: a word that is allowed too, for SIZE_MAX */
    const char *const *choices;  /* of choices, ends with NULL; of a file: words that name none */
    const char *const *offers;   /* of other texts: words that completion offers; ends with NULL */
    unsigned file;               /* flags of enum option_file */
    const char *fallback;        /* the default, as it would be typed */
    const char *otherwise;       /* describes the default where it is not a constant */
    const char *const *excludes; /* options that this one excludes; ends with NULL */
    const char *help;            /* one sentence */
};

/* A table: of a command, or of options that several commands have. */
struct option_group {
    size_t count;
    const struct option_spec *rows; /* (count) */
};

/* The place and the kind of an option: a field of a struct of options. */
#define OPTION_AT(type, field) .at = offsetof(type, field), .kind = OPTION_KIND(((type *)0)->field)
#define OPTION_KIND(field)                                                                         \
    _Generic((field), struct option_flag                                                           \
             : OPTION_FLAG, struct option_size                                                     \
             : OPTION_SIZE, struct option_real                                                     \
             : OPTION_REAL, struct option_choice                                                   \
             : OPTION_CHOICE, struct option_text                                                   \
             : OPTION_TEXT, struct option_sizes                                                    \
             : OPTION_SIZES, struct option_reals                                                   \
             : OPTION_REALS, struct option_choices                                                 \
             : OPTION_CHOICES, struct option_config                                                \
             : OPTION_CONFIG, struct option_operand                                                \
             : OPTION_OPERAND, struct option_operands                                              \
             : OPTION_OPERANDS)
/* The same for a group: a field csv is a struct csv_options, and its table is csv_group. */
#define OPTIONS_AT(type, name)                                                                     \
    .group = &name##_group, .at = _Generic(((type *)0)->name, struct name##_options                \
                                           : offsetof(type, name))
#define OPTION_GROUP(table)                                                                        \
    { sizeof(table) / sizeof *(table), table }
#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

#define OPTIONS_MOST 96 /* options of a command, at most */

/* A table without groups: the rows of each stand in its place. */
struct option_table {
    size_t count;
    struct option_spec specs[OPTIONS_MOST]; /* `at` counts from the start of the whole struct */
};
void option_table_make(const struct option_group *group, struct option_table *table);
/* The first option of that kind, or NULL. */
const struct option_spec *option_table_kind(const struct option_table *table,
                                            enum option_kind kind);
bool option_table_has_lists(const struct option_table *table);
/* The option at this place of the struct. There must be one. */
struct option_spec option_spec_at(const struct option_group *group, size_t at);
/* Whether the option is typed as --NAME; false for operands. */
bool option_is_named(const struct option_spec *spec);

/* The option at a place of a struct of options. */
const union option_value *option_at(const void *options, size_t at);
union option_value *option_in(void *options, size_t at);

/* The name of the first option that is given in a struct of the group, or NULL. */
const char *options_given(const struct option_group *group, const void *options);

/* ---- commands ---- */

struct command {
    const char *name;
    const char *summary;            /* one line for the list of commands */
    const char *const *description; /* paragraphs, one string each; ends with NULL */
    struct option_group options;
    size_t size; /* of the struct of options */
    struct {
        const char *does, *line;
    } examples[5]; /* ends with one of NULL */
};

extern const struct command *const command_table[]; /* ends with NULL */
const struct command *command_find(const char *name);
/* The name of the command that is most like `name`, or NULL. For a name that is not a command. */
const char *command_nearest(const char *name);

/* Reads arguments[0 .. count-1] into *options, a struct of command->size bytes. The caller releases
 * it in any case. *help: the arguments contain -h or --help; then nothing else is read. The strings
 * in options are those of arguments. Returns WR_ERR_DATA with file and line where a file of options
 * is wrong. */
wr_status options_parse(const struct command *command, int count, char **arguments, void **options,
                        bool *help, struct wr_error *error);
void options_release(const struct command *command, void *options); /* options may be NULL */
/* Adds file and line to the text of an error in an option from the file of --config. An error of
 * usage becomes one of data. Returns the status that follows. */
wr_status options_blame_file(const struct command *command, const void *options, wr_status status,
                             struct wr_error *error);

/* ---- shared by options.c, lists.c and config.c ---- */

/* What is read into a struct of options. */
struct reading {
    const struct command *command;
    struct option_table table; /* of the command */
    void *options;
};

/* The option --name; name has `length` characters. Returns NULL and sets WR_ERR_USAGE if there is
 * none. */
const struct option_spec *option_find(const struct reading *reading, const char *name,
                                      size_t length, struct wr_error *error);
/* The option --name of the table, or NULL. */
const struct option_spec *option_table_named(const struct option_table *table, const char *name,
                                             size_t length);
/* Reads true or false. */
wr_status option_read_flag(const struct option_spec *spec, const char *text,
                           struct option_flag *flag, struct wr_error *error);
/* Reads the value of an option that is not a flag. */
wr_status option_read(const struct option_spec *spec, const char *text, union option_value *value,
                      struct wr_error *error);
/* Moves a value, and leaves zero. */
void option_move(const struct option_spec *spec, union option_value *from, union option_value *to);
/* Returns WR_ERR_USAGE if two options that are given exclude each other. */
wr_status options_check_excluded(const struct reading *reading, struct wr_error *error);
/* Whether an option that is given excludes this one. */
bool option_is_excluded(const struct reading *reading, const struct option_spec *spec);

/* These return false where the text is wrong. A size is a whole number, least .. 2^32-1. A real is
 * a finite float that is not negative. */
bool option_read_size(const struct option_spec *spec, const char *text, size_t *size);
bool option_read_real(const char *text, float *real);
bool option_read_choice(const struct option_spec *spec, const char *text, size_t *choice);
wr_status option_fail_choice(const struct option_spec *spec, const char *text,
                             struct wr_error *error);

/* lists.c: reads a list. */
wr_status option_read_list(const struct option_spec *spec, const char *text,
                           union option_value *value, struct wr_error *error);
/* config.c: reads the file of --config, and sets those options that are not given yet. */
wr_status options_read_file(const struct reading *reading, struct option_config *config,
                            struct wr_error *error);

/* Print what --help prints. */
void help_overview(FILE *file);
void help_command(FILE *file, const struct command *command);
/* Paragraphs of help: how to write a list, and how to write a file of options. */
extern const char help_lists[], help_config[];

#endif
