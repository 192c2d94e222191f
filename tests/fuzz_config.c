/* libFuzzer: any bytes as a file of options (--config) give values that the options allow, or an
 * error of one line. Each command that has a --config reads them by its own table.
 *
 *   fuzz_config -max_len=2048 -max_total_time=120 NEW-CORPUS tests/corpus/config */
#include <math.h>
#include <string.h>

#include "cli/options/options.h"
#include "fuzz.h"

static void check(int holds) {
    if (!holds)
        abort();
}

static size_t choices_of(const struct option_spec *spec) {
    size_t count = 0;
    while (spec->choices != NULL && spec->choices[count] != NULL)
        count++;
    return count;
}

static int is_size(const struct option_spec *spec, size_t size) {
    return (size >= spec->least && size <= UINT32_MAX) || (spec->word != NULL && size == SIZE_MAX);
}

static void check_value(const struct option_spec *spec, const union option_value *value) {
    check(spec->kind == OPTION_FLAG || value->head.text != NULL);
    if (spec->kind == OPTION_SIZE)
        check(is_size(spec, value->size.value));
    if (spec->kind == OPTION_REAL)
        check(isfinite(value->real.value) && value->real.value >= 0);
    if (spec->kind == OPTION_CHOICE)
        check(value->choice.value < choices_of(spec));
    if (spec->kind == OPTION_TEXT)
        check(value->text.text[0] != '\0');
}

static int is_count(size_t count) {
    return count > 0 && count <= LIST_MOST;
}

static void check_list(const struct option_spec *spec, const union option_value *value) {
    if (spec->kind == OPTION_SIZES)
        check(is_count(value->sizes.count));
    for (size_t i = 0; spec->kind == OPTION_SIZES && i < value->sizes.count; i++)
        check(is_size(spec, value->sizes.values[i]));
    if (spec->kind == OPTION_REALS)
        check(is_count(value->reals.count));
    for (size_t i = 0; spec->kind == OPTION_REALS && i < value->reals.count; i++)
        check(isfinite(value->reals.values[i]) && value->reals.values[i] >= 0);
    if (spec->kind == OPTION_CHOICES)
        check(is_count(value->choices.count));
    for (size_t i = 0; spec->kind == OPTION_CHOICES && i < value->choices.count; i++)
        check(value->choices.values[i] < choices_of(spec));
}

static void check_command(const struct command *command, char *path) {
    void *options;
    struct option_table table;
    struct wr_error error = {0};
    char option[] = "--config", operand[] = "operand";
    char *arguments[] = {option, path, operand, operand};
    bool help;
    option_table_make(&command->options, &table);
    if (option_table_kind(&table, OPTION_CONFIG) == NULL)
        return;
    int count = 2 + (option_table_kind(&table, OPTION_OPERAND) != NULL) +
                (option_table_kind(&table, OPTION_OPERANDS) != NULL);
    wr_status status = options_parse(command, count, arguments, &options, &help, &error);
    check(status == WR_OK || status == WR_ERR_DATA);
    check((status == WR_OK) == (error.text[0] == '\0'));
    for (const char *at = error.text; *at != '\0'; at++)
        check((unsigned char)*at >= ' ' && *at != 0x7f);
    for (size_t i = 0; i < table.count && status == WR_OK; i++) {
        const union option_value *value = option_at(options, table.specs[i].at);
        if (!value->head.given)
            continue;
        check_value(&table.specs[i], value);
        check_list(&table.specs[i], value);
    }
    options_release(command, options);
    wr_error_release(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_file file = fuzz_file_open();
    fuzz_write(&file, data, size);
    for (size_t i = 0; command_table[i] != NULL; i++)
        check_command(command_table[i], file.path);
    close(file.descriptor);
    return 0;
}
