/* libFuzzer: any bytes as a file of options (--config) give values that the options allow, or an
 * error of one line. The same code reads the options of all commands; sweep has most kinds.
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

static void check_value(const struct option_spec *spec, const struct option_value *value) {
    check(spec->kind == OPTION_FLAG || value->text != NULL);
    check(value->count <= LIST_MOST);
    if (spec->kind == OPTION_SIZE)
        check(is_size(spec, value->size));
    if (spec->kind == OPTION_REAL)
        check(isfinite(value->real) && value->real >= 0);
    if (spec->kind == OPTION_CHOICE)
        check(value->choice < choices_of(spec) || spec->file != 0);
    if (spec->kind == OPTION_TEXT)
        check(value->text[0] != '\0');
    if (spec->kind == OPTION_SIZES || spec->kind == OPTION_REALS || spec->kind == OPTION_CHOICES)
        check(value->count > 0);
    for (size_t i = 0; i < value->count && spec->kind == OPTION_SIZES; i++)
        check(is_size(spec, value->sizes[i]));
    for (size_t i = 0; i < value->count && spec->kind == OPTION_REALS; i++)
        check(isfinite(value->reals[i]) && value->reals[i] >= 0);
    for (size_t i = 0; i < value->count && spec->kind == OPTION_CHOICES; i++)
        check(value->sizes[i] < choices_of(spec));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct command *command = command_find("sweep");
    struct fuzz_file file = fuzz_file_open();
    fuzz_write(&file, data, size);
    struct option_value values[OPTIONS_MOST] = {0};
    struct wr_error error = {0};
    char option[] = "--config", *arguments[] = {option, file.path};
    bool help;
    wr_status status = options_parse(command, 2, arguments, values, &help, &error);
    check(status == WR_OK || status == WR_ERR_DATA);
    check((status == WR_OK) == (error.text[0] == '\0'));
    for (const char *at = error.text; *at != '\0'; at++)
        check((unsigned char)*at >= ' ' && *at != 0x7f);
    for (size_t i = 0; i < command->option_count && status == WR_OK; i++)
        if (values[i].given)
            check_value(&command->options[i], &values[i]);
    options_release(command, values);
    wr_error_release(&error);
    close(file.descriptor);
    return 0;
}
