#include "cli/completion/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/completion/completion_options.h"

enum completion_kind completion_kind(const struct option_spec *spec) {
    if (spec->kind == OPTION_FLAG)
        return COMPLETE_FLAG;
    if ((spec->file & FILE_FOLDER) != 0)
        return COMPLETE_FOLDER;
    if (spec->file != 0)
        return (spec->file & FILE_LIST) != 0 ? COMPLETE_FILES : COMPLETE_FILE;
    if (completion_word(spec, 0) == NULL)
        return COMPLETE_TEXT;
    bool list = spec->offers != NULL ? strchr(spec->argument, ',') != NULL
                                     : spec->kind == OPTION_CHOICES || spec->kind == OPTION_SIZES;
    return list ? COMPLETE_WORDS : COMPLETE_WORD;
}

const char *completion_word(const struct option_spec *spec, size_t i) {
    if (spec->choices != NULL)
        return spec->choices[i];
    if (spec->offers != NULL)
        return spec->offers[i];
    return i == 0 ? spec->word : NULL;
}

const char *completion_summary(const struct option_spec *spec, char text[COMPLETION_TEXT]) {
    size_t length = 0;
    for (const char *c = spec->help; *c != '\0' && length < COMPLETION_TEXT - 1; c++) {
        if (*c == ';' || (*c == '.' && (c[1] == ' ' || c[1] == '\0')))
            break;
        text[length++] = *c;
    }
    text[length] = '\0';
    return text;
}

static void print_script(const struct completion_shell *shell) {
    shell->begin();
    for (size_t c = 0; command_table[c] != NULL; c++) {
        struct option_table table;
        option_table_make(&command_table[c]->options, &table);
        shell->begin_command(command_table[c]);
        for (size_t i = 0; i < table.count; i++)
            shell->option(command_table[c], &table.specs[i]);
        shell->end_command(command_table[c]);
    }
    shell->end();
}

wr_status completion_command(const struct completion_options *options, struct wr_error *error) {
    /* in the order of the choices in completion_options.c */
    static const struct completion_shell *const shells[] = {&completion_bash, &completion_zsh,
                                                            &completion_fish};
    (void)error; /* main.c tells if stdout fails */
    print_script(shells[options->shell.value]);
    return WR_OK;
}
