/* The script for fish, 3.0 or newer. */
#include <stdio.h>
#include <string.h>

#include "cli/completion/completion.h"

static const char head[] =
    "# Completion of windrow for fish, printed by: windrow completion fish\n"
    "\n"
    "function __windrow_command_is\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) -gt 1; and test \"$words[2]\" = \"$argv[1]\"\n"
    "end\n"
    "\n"
    "function __windrow_command_is_missing\n"
    "    test (count (commandline -opc)) -eq 1\n"
    "end\n"
    "\n"
    "complete -c windrow -f # no files but where an option or an operand is one\n"
    "complete -c windrow -n __windrow_command_is_missing -s h -l help -d 'list the commands'\n"
    "complete -c windrow -n __windrow_command_is_missing -l version -d 'print the version'\n"
    "complete -c windrow -n __windrow_command_is_missing -a help -d 'describe a command'\n";

/* Prints text that stands between single quotes. */
static void quoted(const char *text) {
    for (; *text != '\0'; text++)
        printf("%s%c", strchr("\\'", *text) != NULL ? "\\" : "", *text);
}

/* Prints the words of -a, within single quotes: each has quotes of its own too, since fish expands
 * the value of -a once more. */
static void words(const struct option_spec *spec) {
    for (size_t i = 0; completion_word(spec, i) != NULL; i++) {
        fputs(i > 0 ? " \\'" : "\\'", stdout);
        fputs(completion_word(spec, i), stdout); /* has neither quotes nor backslashes */
        fputs("\\'", stdout);
    }
}

static void begin(void) {
    fputs(head, stdout);
}

static void begin_command(const struct command *command) {
    printf("\ncomplete -c windrow -n __windrow_command_is_missing -a %s -d '", command->name);
    quoted(command->summary);
    printf("'\ncomplete -c windrow -n '__windrow_command_is help' -a %s -d '", command->name);
    quoted(command->summary);
    printf("'\ncomplete -c windrow -n '__windrow_command_is %s' -s h -l help"
           " -d 'describe the command'\n",
           command->name);
}

/* What follows the option: -x one of -a or nothing, -r something, -F files. */
static void value(const struct option_spec *spec) {
    switch (completion_kind(spec)) {
    case COMPLETE_FLAG:
        return;
    case COMPLETE_TEXT:
        fputs(" -x", stdout);
        return;
    case COMPLETE_WORD:
        fputs(" -x -a '", stdout);
        words(spec);
        break;
    case COMPLETE_WORDS:
        fputs(" -x -a '(__fish_append , ", stdout);
        words(spec);
        putchar(')');
        break;
    case COMPLETE_FOLDER:
        fputs(" -x -a '(__fish_complete_directories)", stdout);
        break;
    case COMPLETE_FILE:
    case COMPLETE_FILES:
        fputs(" -r -F", stdout);
        if (completion_word(spec, 0) == NULL)
            return;
        fputs(" -a '", stdout);
        words(spec);
        break;
    }
    putchar('\'');
}

static void option(const struct command *command, const struct option_spec *spec) {
    char text[COMPLETION_TEXT];
    printf("complete -c windrow -n '__windrow_command_is %s'", command->name);
    if (option_is_named(spec))
        printf(" -l %s", spec->name);
    value(spec);
    if (option_is_named(spec)) {
        fputs(" -d '", stdout);
        quoted(completion_summary(spec, text));
        putchar('\'');
    }
    putchar('\n');
}

static void end_command(const struct command *command) {
    (void)command;
}

static void end(void) {}

const struct completion_shell completion_fish = {.begin = begin,
                                                 .begin_command = begin_command,
                                                 .option = option,
                                                 .end_command = end_command,
                                                 .end = end};
