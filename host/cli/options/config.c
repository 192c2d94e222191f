/* --config: a file of options, one in each line: name = value. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/options/options.h"

#define FILE_MOST ((size_t)1 << 20) /* bytes; a longer file is refused */

/* Reads path into *text, freed by the caller with free. */
static wr_status read_text(const char *path, char **text, struct wr_error *error) {
    wr_status status = WR_OK;
    *text = wr_alloc(FILE_MOST + 1, 1, "the file of --config", error);
    if (*text == NULL)
        return WR_ERR_MEMORY;
    errno = 0;
    FILE *file = fopen(strcmp(path, "-") != 0 ? path : "/dev/stdin", "rb");
    size_t length = file != NULL ? fread(*text, 1, FILE_MOST + 1, file) : 0;
    if (file == NULL || ferror(file))
        status = wr_fail(error, wr_cause(errno, WR_ERR_DATA), "cannot read --config %s: %s", path,
                         strerror(errno));
    else if (length > FILE_MOST)
        status =
            wr_fail(error, WR_ERR_DATA, "--config %s has more than %zu bytes", path, FILE_MOST);
    else if (memchr(*text, '\0', length) != NULL)
        status = wr_fail(error, WR_ERR_DATA, "--config %s is no text: it holds a zero byte", path);
    if (file != NULL)
        fclose(file);
    return status;
}

static const char blanks[] = " \t\r";

/* Returns the text without blanks around it and without its comment. A comment starts at a # at the
 * start of the text or after a blank. */
static char *trim(char *text) {
    text += strspn(text, blanks);
    char *end = text;
    for (char *c = text; *c != '\0' && !(*c == '#' && (c == text || strchr(blanks, c[-1]))); c++)
        if (strchr(blanks, *c) == NULL)
            end = c + 1;
    *end = '\0';
    return text;
}

static wr_status take_line(const struct reading *file, char *line, size_t number,
                           struct wr_error *error) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return wr_fail(error, WR_ERR_USAGE, "needs name = value, found '%.60s'", line);
    *equals = '\0';
    const char *name = trim(line), *text = trim(equals + 1);
    const struct option_spec *spec = option_find(file, name, strlen(name), error);
    if (spec == NULL)
        return WR_ERR_USAGE;
    union option_value *value = option_in(file->options, spec->at);
    if (spec->not_in_file || spec->kind == OPTION_CONFIG)
        return wr_fail(error, WR_ERR_USAGE, "--%s may stand on the command line alone", spec->name);
    if (value->head.line != 0)
        return wr_fail(error, WR_ERR_USAGE, "%s is given twice, in line %zu too", spec->name,
                       value->head.line);
    value->head.line = number;
    if (spec->kind == OPTION_FLAG)
        return option_read_flag(spec, text, &value->flag, error);
    value->head.given = true;
    return option_read(spec, text, value, error);
}

/* The line of the first given option that the text names, which is what the text is about; 0: the
 * command line gives it, or there is none. */
static size_t find_line(const struct option_table *table, const void *options, const char *text) {
    while ((text = strstr(text, "--")) != NULL) {
        text += 2;
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
        const struct option_spec *spec = option_table_named(table, text, length);
        if (spec != NULL && option_at(options, spec->at)->head.given)
            return option_at(options, spec->at)->head.line;
        text += length;
    }
    return 0;
}

static wr_status take_lines(const struct reading *file, const char *path, char *text,
                            struct wr_error *error) {
    struct wr_error own = {0};
    wr_status status = WR_OK;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark, as some editors write */
        text += 3;
    for (size_t number = 1; text != NULL && status == WR_OK; number++) {
        char *end = strchr(text, '\n'), *line;
        if (end != NULL)
            *end = '\0';
        line = trim(text);
        if (*line != '\0')
            status = take_line(file, line, number, &own);
        if (status == WR_ERR_USAGE)
            status = wr_fail(error, WR_ERR_DATA, "%s:%zu: %s", path, number, own.text);
        else if (status != WR_OK)
            wr_fail(error, status, "%s", own.text);
        text = end != NULL ? end + 1 : NULL;
    }
    if (status == WR_OK && options_check_excluded(file, &own) != WR_OK)
        status = wr_fail(error, WR_ERR_DATA, "%s:%zu: %s", path,
                         find_line(&file->table, file->options, own.text), own.text);
    wr_error_release(&own);
    return status;
}

/* Takes the file's options, except those that the command line gives, excludes or turns off. */
static void merge(const struct reading *file, const struct reading *reading) {
    const struct option_table *table = &reading->table;
    bool wins[OPTIONS_MOST];
    for (size_t i = 0; i < table->count; i++) {
        const struct option_head *head = &option_at(reading->options, table->specs[i].at)->head;
        wins[i] =
            head->given || head->text != NULL || option_is_excluded(reading, &table->specs[i]);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        union option_value *own = option_in(file->options, spec->at);
        union option_value *value = option_in(reading->options, spec->at);
        if (!wins[i] && own->head.given)
            option_move(spec, own, value);
    }
}

wr_status options_read_file(const struct reading *reading, struct option_config *config,
                            struct wr_error *error) {
    const struct command *command = reading->command;
    struct reading file = *reading;
    file.options = wr_alloc(1, command->size, "options", error);
    wr_status status = file.options != NULL ? WR_OK : WR_ERR_MEMORY;
    if (status == WR_OK)
        status = read_text(config->text, &config->content, error);
    if (status == WR_OK)
        status = take_lines(&file, config->text, config->content, error);
    if (status == WR_OK)
        merge(&file, reading);
    options_release(command, file.options);
    return status;
}

/* ---- errors that are found later ---- */

wr_status options_blame_file(const struct command *command, const void *options, wr_status status,
                             struct wr_error *error) {
    struct option_table table;
    option_table_make(&command->options, &table);
    const struct option_spec *config = option_table_kind(&table, OPTION_CONFIG);
    bool names_first = strncmp(error->text, "--", 2) == 0; /* elsewhere it may be a remedy */
    if (config == NULL || (status != WR_ERR_USAGE && !names_first))
        return status;
    size_t line = find_line(&table, options, error->text);
    if (line == 0)
        return status;
    char text[sizeof error->text];
    memcpy(text, error->text, sizeof text);
    return wr_fail(error, status == WR_ERR_USAGE ? WR_ERR_DATA : status, "%s:%zu: %s",
                   option_at(options, config->at)->head.text, line, text);
}
