/* Completion: scripts that let a shell complete windrow's commands, options and values. They are
 * made from the tables of options. */
#ifndef WR_CLI_COMPLETION_H
#define WR_CLI_COMPLETION_H

#include "cli/options/options.h"

/* What follows an option, or stands for an operand. */
enum completion_kind {
    COMPLETE_FLAG,   /* nothing follows */
    COMPLETE_TEXT,   /* a value that nobody can guess */
    COMPLETE_WORD,   /* one of the words that completion_word gives */
    COMPLETE_WORDS,  /* several of these, with commas between */
    COMPLETE_FILE,   /* a file, or one of the words, if there are any */
    COMPLETE_FILES,  /* several files, with commas between */
    COMPLETE_FOLDER, /* a folder */
};
enum completion_kind completion_kind(const struct option_spec *spec);
/* Word i of those that an option takes; NULL past the last. */
const char *completion_word(const struct option_spec *spec, size_t i);

/* The first clause of the option's help, without a full stop. */
#define COMPLETION_TEXT 512
const char *completion_summary(const struct option_spec *spec, char text[COMPLETION_TEXT]);

/* How the script of a shell is printed on stdout: for each command begin_command, then option for
 * each of its options and operands, then end_command. */
struct completion_shell {
    void (*begin)(void);
    void (*begin_command)(const struct command *command);
    void (*option)(const struct command *command, const struct option_spec *spec);
    void (*end_command)(const struct command *command);
    void (*end)(void);
};
extern const struct completion_shell completion_bash, completion_zsh, completion_fish;

#endif
