#include "cli/options/options.h"

#include <string.h>

#define WIDTH  80
#define COLUMN 20 /* where the descriptions of options start */

/* Prints text in lines of at most WIDTH characters. All lines but the first are indented. *column:
 * where the cursor stands. */
static void fill(FILE *file, const char *text, size_t indent, size_t *column) {
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (*column > indent && *column + 1 + word > WIDTH) {
            fprintf(file, "\n%*s", (int)indent, "");
            *column = indent;
        } else if (*column > indent) {
            fputc(' ', file);
            ++*column;
        }
        fwrite(text, 1, word, file);
        *column += word;
        text += word + strspn(text + word, " ");
    }
}

static void paragraph(FILE *file, const char *text) {
    size_t column = 0;
    fputc('\n', file);
    fill(file, text, 0, &column);
    fputc('\n', file);
}

/* name: "--json", or "" for an operand */
static void option_line(FILE *file, const char *name, const char *argument) {
    int width = fprintf(file, "  %s%s%s", name, argument != NULL && *name != '\0' ? " " : "",
                        argument != NULL ? argument : "");
    if (width + 2 > COLUMN)
        fprintf(file, "\n%*s", COLUMN, "");
    else
        fprintf(file, "%*s", COLUMN - width, "");
}

static void option_help(FILE *file, const struct option_spec *spec) {
    size_t column = COLUMN;
    char name[32] = "";
    if (option_is_named(spec))
        snprintf(name, sizeof name, "--%s", spec->name);
    if (spec->section != NULL)
        fprintf(file, "\n%s:\n", spec->section);
    option_line(file, name, spec->argument);
    fill(file, spec->help, COLUMN, &column);
    const char *shown = spec->fallback != NULL ? spec->fallback : spec->otherwise;
    if (shown != NULL) {
        char text[128];
        snprintf(text, sizeof text, "[%s]", shown);
        fill(file, text, COLUMN, &column);
    }
    fputc('\n', file);
}

void help_command(FILE *file, const struct command *command) {
    struct option_table table;
    option_table_make(&command->options, &table);
    fprintf(file, "Usage: windrow %s", command->name);
    for (size_t i = 0; i < table.count; i++)
        if (!option_is_named(&table.specs[i]))
            fprintf(file, " %s%s", table.specs[i].argument,
                    table.specs[i].kind == OPTION_OPERANDS ? "..." : "");
    fputs(" [OPTION]...\n", file);
    for (const char *const *text = command->description; *text != NULL; text++)
        paragraph(file, *text);
    if (option_table_has_lists(&table))
        paragraph(file, help_lists);
    if (option_table_kind(&table, OPTION_CONFIG) != NULL)
        paragraph(file, help_config);
    for (size_t i = 0; i < table.count; i++)
        option_help(file, &table.specs[i]);
    option_line(file, "--help", NULL);
    fputs("Print this and exit.\n\nExamples:\n", file);
    for (size_t i = 0; command->examples[i].does != NULL; i++) {
        size_t column = 4;
        fprintf(file, "  %s:\n    ", command->examples[i].does);
        fill(file, command->examples[i].line, 4, &column);
        fputc('\n', file);
    }
}

void help_overview(FILE *file) {
    fputs("Usage: windrow COMMAND [OPTION]...\n\n"
          "Trains many small recurrent networks at once, the same bits on every device.\n\n"
          "Commands:\n",
          file);
    for (size_t i = 0; command_table[i] != NULL; i++)
        fprintf(file, "  %-10s  %s\n", command_table[i]->name, command_table[i]->summary);
    fputs("  help        describe a command: windrow help train\n\n"
          "windrow COMMAND --help lists a command's options.\n"
          "windrow --version prints the version.\n",
          file);
}
