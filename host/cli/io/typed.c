#include "cli/io/typed.h"

#include <ctype.h>
#include <errno.h> /* program_invocation_name */
#include <stdbool.h>
#include <string.h>

/* Prints the text in bash's notation $'...', so that no control character reaches a terminal. */
static void print_escaped(FILE *file, const char *text) {
    fputs("$'", file);
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            fprintf(file, "\\x%02x", (unsigned char)*text);
        else
            fprintf(file, "%s%c", strchr("\\'", *text) != NULL ? "\\" : "", *text);
    fputc('\'', file);
}

static bool has_control(const char *text) {
    while (*text != '\0' && !iscntrl((unsigned char)*text))
        text++;
    return *text != '\0';
}

void print_shell_word(FILE *file, const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./,:+%@=";
    if (*text != '\0' && text[strspn(text, plain)] == '\0') {
        fputs(text, file);
        return;
    }
    if (has_control(text)) {
        print_escaped(file, text);
        return;
    }
    fputc('\'', file);
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, file);
    fputc('\'', file);
}

void print_command(const struct command *command, const void *options) {
    struct option_table table;
    option_table_make(&command->options, &table);
    print_shell_word(stderr, program_invocation_name);
    fprintf(stderr, " %s", command->name);
    for (size_t i = 0; i < table.count; i++) {
        const struct option_spec *spec = &table.specs[i];
        const struct option_head *option = &option_at(options, spec->at)->head;
        if (!option->given || option->line != 0)
            continue;
        fprintf(stderr, " --%s", spec->name);
        if (spec->kind == OPTION_FLAG)
            continue;
        fputs(strncmp(option->text, "--", 2) == 0 ? "=" : " ", stderr);
        print_shell_word(stderr, option->text);
    }
    fputc('\n', stderr);
}
