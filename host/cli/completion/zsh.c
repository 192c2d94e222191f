/* The script for zsh, to be sourced or to lie as _windrow in a folder of $fpath. */
#include <stdio.h>
#include <string.h>

#include "cli/completion/completion.h"
#include "cli/io/typed.h"

static const char head[] = "#compdef windrow\n"
                           "# Completion of windrow for zsh, printed by: windrow completion zsh\n"
                           "\n"
                           "_windrow_files() { # several files with commas between\n"
                           "    compset -P '*,'\n"
                           "    _files\n"
                           "}\n"
                           "\n"
                           "_windrow_words_or_files() {\n"
                           "    _alternative \"words:word:($*)\" 'files:file:_files'\n"
                           "}\n"
                           "\n"
                           "_windrow_command_help() {\n"
                           "    _arguments '1:command:_windrow_commands'\n"
                           "}\n"
                           "\n";

static const char tail[] = "\n"
                           "_windrow() {\n"
                           "    local curcontext=$curcontext context state state_descr line\n"
                           "    typeset -A opt_args\n"
                           "    _arguments -C \\\n"
                           "        '(- : *)'{-h,--help}'[list the commands]' \\\n"
                           "        '(- : *)--version[print the version]' \\\n"
                           "        '1:command:_windrow_commands' \\\n"
                           "        '*::argument:->arguments'\n"
                           "    local command=_windrow_command_$words[1]\n"
                           "    if [[ $state == arguments ]] && (($+functions[$command])); then\n"
                           "        $command\n"
                           "    fi\n"
                           "}\n"
                           "\n"
                           "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
                           "    _windrow \"$@\"\n"
                           "else\n"
                           "    compdef _windrow windrow\n"
                           "fi\n";

/* Prints text that stands between single quotes, with a backslash before each of `special`. */
static void quoted(const char *text, const char *special) {
    for (; *text != '\0'; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            printf("%s%c", strchr(special, *text) != NULL ? "\\" : "", *text);
}

static void begin(void) {
    fputs(head, stdout);
    puts("_windrow_commands() {\n"
         "    local -a commands=(");
    for (size_t c = 0; command_table[c] != NULL; c++) {
        printf("        '%s:", command_table[c]->name);
        quoted(command_table[c]->summary, "\\:");
        puts("'");
    }
    puts("        'help:describe a command'\n"
         "    )\n"
         "    _describe command commands\n"
         "}");
}

static void begin_command(const struct command *command) {
    printf("\n_windrow_command_%s() {\n    _arguments -S \\\n", command->name);
}

/* What `_arguments` does for the value, between single quotes: ":MESSAGE:ACTION". */
static void action(const struct option_spec *spec) {
    static const char *const before[] = {
        [COMPLETE_FLAG] = "",           [COMPLETE_TEXT] = " ",
        [COMPLETE_WORD] = "(",          [COMPLETE_WORDS] = "",
        [COMPLETE_FILE] = "_files",     [COMPLETE_FILES] = "_windrow_files",
        [COMPLETE_FOLDER] = "_files -/"};
    enum completion_kind kind = completion_kind(spec);
    bool several = kind == COMPLETE_WORDS, both = kind == COMPLETE_FILE && completion_word(spec, 0);
    putchar(':');
    quoted(spec->argument, "\\:");
    putchar(':');
    fputs(several ? " _values -s , " : both ? " _windrow_words_or_files" : before[kind], stdout);
    if (several)
        quoted(spec->argument, "\\:[]()|");
    for (size_t i = 0; completion_word(spec, i) != NULL; i++) {
        fputs(kind == COMPLETE_WORD && i == 0 ? "" : " ", stdout);
        quoted(completion_word(spec, i), "\\:[]() $`\"*?,;|&<>~#");
    }
    fputs(kind == COMPLETE_WORD ? ")" : "", stdout);
}

static void option(const struct command *command, const struct option_spec *spec) {
    char text[COMPLETION_TEXT];
    (void)command;
    fputs("        '", stdout);
    if (option_is_named(spec)) {
        printf("--%s%s[", spec->name, spec->kind == OPTION_FLAG ? "" : "=");
        quoted(completion_summary(spec, text), "\\[]:");
        putchar(']');
    } else if (spec->kind == OPTION_OPERANDS) {
        putchar('*');
    } else {
        putchar('1');
    }
    if (spec->kind != OPTION_FLAG)
        action(spec);
    puts("' \\");
}

static void end_command(const struct command *command) {
    (void)command;
    puts("        '(- : *)'{-h,--help}'[describe the command]'\n}");
}

static void end(void) {
    fputs(tail, stdout);
}

const struct completion_shell completion_zsh = {.begin = begin,
                                                .begin_command = begin_command,
                                                .option = option,
                                                .end_command = end_command,
                                                .end = end};
