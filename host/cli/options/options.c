#include "cli/options/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* ---- misspelt names ---- */

#define NAME_MOST 31

static size_t least_of(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return c < least ? c : least;
}

/* Levenshtein's distance. SIZE_MAX for names longer than NAME_MOST. */
static size_t distance(const char *a, const char *b) {
    size_t row[NAME_MOST + 1], length_a = strlen(a), length_b = strlen(b);
    if (length_a > NAME_MOST || length_b > NAME_MOST)
        return SIZE_MAX;
    for (size_t j = 0; j <= length_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t above = row[j];
            row[j] = least_of(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length_b];
}

/* How much a candidate differs from what was typed; SIZE_MAX if it is not a likely correction. */
static size_t name_distance(const char *typed, const char *candidate) {
    size_t length = strlen(typed), far = distance(typed, candidate);
    if (length >= 2 && strncmp(typed, candidate, length) == 0)
        return 1;
    return far <= 2 && far < length ? far : SIZE_MAX;
}

const char *command_nearest(const char *name) {
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; command_table[i] != NULL; i++)
        if (name_distance(name, command_table[i]->name) < least) {
            least = name_distance(name, command_table[i]->name);
            nearest = command_table[i]->name;
        }
    return nearest;
}

static wr_status fail_unknown(const struct reading *reading, const char *name,
                              struct wr_error *error) {
    const char *nearest = NULL, *command = reading->command->name;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < reading->table.count; i++) {
        const struct option_spec *spec = &reading->table.specs[i];
        if (option_is_named(spec) && name_distance(name, spec->name) < least) {
            least = name_distance(name, spec->name);
            nearest = spec->name;
        }
    }
    if (nearest != NULL)
        return wr_fail(error, WR_ERR_USAGE, "%s has no option --%s; did you mean --%s?", command,
                       name, nearest);
    return wr_fail(error, WR_ERR_USAGE, "%s has no option --%s; windrow help %s lists them",
                   command, name, command);
}

/* ---- values ---- */

bool option_read_size(const struct option_spec *spec, const char *text, size_t *size) {
    return wr_read_whole(text, size) && *size >= spec->least;
}

/* Reads decimal notation only. The command never leaves the "C" locale, so the decimal mark is a
 * point. */
bool option_read_real(const char *text, float *real) {
    char *end;
    if (text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    errno = 0;
    *real = strtof(text, &end);
    bool vanished = errno == ERANGE && *real == 0.0f; /* 1e-99 must not become 0: "none" */
    return *text != '\0' && *end == '\0' && isfinite(*real) && *real >= 0.0f && !vanished;
}

bool option_read_choice(const struct option_spec *spec, const char *text, size_t *choice) {
    return wr_find_word(spec->choices, text, choice);
}

wr_status option_fail_choice(const struct option_spec *spec, const char *text,
                             struct wr_error *error) {
    char list[256];
    bool named = option_is_named(spec);
    return wr_fail(error, WR_ERR_USAGE, "%s%s %s: %s %s", named ? "--" : "",
                   named ? spec->name : spec->argument, text,
                   spec->choices[1] != NULL ? "needs one of" : "can only be",
                   wr_list_words(spec->choices, list, sizeof list));
}

wr_status option_read_flag(const struct option_spec *spec, const char *text,
                           struct option_flag *flag, struct wr_error *error) {
    flag->given = strcmp(text, "true") == 0;
    flag->text = flag->given ? NULL : text;
    if (flag->given || strcmp(text, "false") == 0)
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "--%s is true or false, found '%.60s'", spec->name, text);
}

static wr_status read_size(const struct option_spec *spec, const char *text, size_t *size,
                           struct wr_error *error) {
    if (option_read_size(spec, text, size))
        return WR_OK;
    *size = SIZE_MAX;
    if (spec->word != NULL && strcmp(text, spec->word) == 0)
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "--%s %s: needs %s%sa whole number from %u to %u",
                   spec->name, text, spec->word != NULL ? spec->word : "",
                   spec->word != NULL ? " or " : "", (unsigned)spec->least, UINT32_MAX);
}

wr_status option_read(const struct option_spec *spec, const char *text, union option_value *value,
                      struct wr_error *error) {
    value->head.text = text;
    if (*text == '\0' && !option_is_named(spec))
        return wr_fail(error, WR_ERR_USAGE, "%s is empty", spec->argument);
    if (*text == '\0')
        return wr_fail(error, WR_ERR_USAGE, "--%s: its value %s is empty", spec->name,
                       spec->argument);
    switch (spec->kind) {
    case OPTION_SIZE:
        return read_size(spec, text, &value->size.value, error);
    case OPTION_REAL:
        if (option_read_real(text, &value->real.value))
            return WR_OK;
        return wr_fail(error, WR_ERR_USAGE,
                       "--%s %s: needs a number that is finite, not negative, and fits a float",
                       spec->name, text);
    case OPTION_CHOICE:
        if (option_read_choice(spec, text, &value->choice.value))
            return WR_OK;
        return option_fail_choice(spec, text, error);
    case OPTION_SIZES:
    case OPTION_REALS:
    case OPTION_CHOICES:
        return option_read_list(spec, text, value, error);
    case OPTION_FLAG:
    case OPTION_TEXT:
    case OPTION_CONFIG:
    case OPTION_OPERANDS:
        break;
    case OPTION_OPERAND:
        if (spec->choices != NULL && !option_read_choice(spec, text, &value->operand.value))
            return option_fail_choice(spec, text, error);
        break;
    }
    return WR_OK;
}

void option_move(const struct option_spec *spec, union option_value *from, union option_value *to) {
    static const size_t sizes[] = {[OPTION_FLAG] = sizeof(struct option_flag),
                                   [OPTION_SIZE] = sizeof(struct option_size),
                                   [OPTION_REAL] = sizeof(struct option_real),
                                   [OPTION_CHOICE] = sizeof(struct option_choice),
                                   [OPTION_TEXT] = sizeof(struct option_text),
                                   [OPTION_SIZES] = sizeof(struct option_sizes),
                                   [OPTION_REALS] = sizeof(struct option_reals),
                                   [OPTION_CHOICES] = sizeof(struct option_choices),
                                   [OPTION_CONFIG] = sizeof(struct option_config),
                                   [OPTION_OPERAND] = sizeof(struct option_operand),
                                   [OPTION_OPERANDS] = sizeof(struct option_operands)};
    memcpy(to, from, sizes[spec->kind]);
    memset(from, 0, sizes[spec->kind]);
}

void options_release(const struct command *command, void *options) {
    struct option_table table;
    option_table_make(&command->options, &table);
    for (size_t i = 0; i < table.count && options != NULL; i++) {
        union option_value *value = option_in(options, table.specs[i].at);
        switch (table.specs[i].kind) {
        case OPTION_SIZES:
            free(value->sizes.values);
            break;
        case OPTION_REALS:
            free(value->reals.values);
            break;
        case OPTION_CHOICES:
            free(value->choices.values);
            break;
        case OPTION_CONFIG:
            free(value->config.content);
            break;
        case OPTION_OPERANDS:
            free(value->operands.values);
            break;
        case OPTION_FLAG:
        case OPTION_SIZE:
        case OPTION_REAL:
        case OPTION_CHOICE:
        case OPTION_TEXT:
        case OPTION_OPERAND:
            break;
        }
    }
    free(options);
}

/* ---- options that exclude each other ---- */

static bool lists_name(const char *const *list, const char *name) {
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static bool exclude_each_other(const struct option_spec *a, const struct option_spec *b) {
    return lists_name(a->excludes, b->name) || lists_name(b->excludes, a->name);
}

static union option_value *value_of(const struct reading *reading, const struct option_spec *spec) {
    return option_in(reading->options, spec->at);
}

bool option_is_excluded(const struct reading *reading, const struct option_spec *spec) {
    for (size_t i = 0; i < reading->table.count; i++) {
        const struct option_spec *other = &reading->table.specs[i];
        if (value_of(reading, other)->head.given && exclude_each_other(spec, other))
            return true;
    }
    return false;
}

wr_status options_check_excluded(const struct reading *reading, struct wr_error *error) {
    const struct option_spec *specs = reading->table.specs;
    for (size_t i = 0; i < reading->table.count; i++)
        for (size_t j = i + 1; value_of(reading, &specs[i])->head.given && j < reading->table.count;
             j++)
            if (value_of(reading, &specs[j])->head.given &&
                exclude_each_other(&specs[i], &specs[j]))
                return wr_fail(error, WR_ERR_USAGE, "--%s and --%s exclude each other",
                               specs[i].name, specs[j].name);
    return WR_OK;
}

/* ---- the command line ---- */

struct cursor {
    int next, count;
    char **arguments;
};

const struct option_spec *option_find(const struct reading *reading, const char *name,
                                      size_t length, struct wr_error *error) {
    const struct option_spec *spec = option_table_named(&reading->table, name, length);
    if (spec != NULL)
        return spec;
    char typed[64];
    snprintf(typed, sizeof typed, "%.*s", length < sizeof typed ? (int)length : 60, name);
    fail_unknown(reading, typed, error);
    return NULL;
}

/* argument is "--name" or "--name=value". For "--name" the next argument is the value. */
static wr_status take_option(const struct reading *reading, char *argument, struct cursor *cursor,
                             struct wr_error *error) {
    const char *name = argument + 2, *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option_spec *spec = option_find(reading, name, length, error);
    if (spec == NULL)
        return WR_ERR_USAGE;
    union option_value *value = value_of(reading, spec);
    if (spec->kind == OPTION_FLAG)
        return option_read_flag(spec, equals != NULL ? equals + 1 : "true", &value->flag, error);
    const char *text = equals != NULL ? equals + 1 : NULL;
    if (text == NULL && cursor->next < cursor->count &&
        strncmp(cursor->arguments[cursor->next], "--", 2) != 0)
        text = cursor->arguments[cursor->next++];
    if (text == NULL)
        return wr_fail(error, WR_ERR_USAGE, "--%s needs a value: --%s %s", spec->name, spec->name,
                       spec->argument);
    if (value->head.given)
        return wr_fail(error, WR_ERR_USAGE, "--%s is given twice, as %s and as %s", spec->name,
                       value->head.text, text);
    value->head.given = true;
    return option_read(spec, text, value, error);
}

static wr_status take_more(const struct option_spec *spec, const char *argument,
                           union option_value *value, struct wr_error *error) {
    struct option_operands *operands = &value->operands;
    const char **grown = realloc(operands->values, (operands->count + 1) * sizeof *grown);
    if (grown == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a list of arguments");
    operands->values = grown;
    grown[operands->count++] = argument;
    operands->given = true;
    return option_read(spec, argument, value, error);
}

static wr_status take_operand(const struct reading *reading, const char *argument, bool any,
                              struct wr_error *error) {
    const struct option_spec *spec = option_table_kind(&reading->table, OPTION_OPERAND);
    const struct option_spec *more = option_table_kind(&reading->table, OPTION_OPERANDS);
    const char *command = reading->command->name;
    if (spec == NULL || (argument[0] == '-' && !any))
        return wr_fail(error, WR_ERR_USAGE,
                       "%s does not know what to do with '%s'; options start with --", command,
                       argument);
    union option_value *value = value_of(reading, spec);
    if (value->operand.given && more != NULL)
        return take_more(more, argument, value_of(reading, more), error);
    if (value->operand.given)
        return wr_fail(error, WR_ERR_USAGE, "%s takes one %s, found '%s' and '%s'", command,
                       spec->argument, value->operand.text, argument);
    value->operand.given = true;
    return option_read(spec, argument, value, error);
}

static wr_status check_operands(const struct reading *reading, struct wr_error *error) {
    const struct option_spec *first = option_table_kind(&reading->table, OPTION_OPERAND);
    const struct option_spec *more = option_table_kind(&reading->table, OPTION_OPERANDS);
    const char *command = reading->command->name;
    for (size_t i = 0; i < reading->table.count; i++) {
        const struct option_spec *spec = &reading->table.specs[i];
        if (option_is_named(spec) || value_of(reading, spec)->head.given)
            continue;
        char list[64] = "";
        if (spec->choices != NULL)
            wr_list_words(spec->choices, list, sizeof list);
        return wr_fail(error, WR_ERR_USAGE, "%s needs a %s%s%s: windrow %s %s%s%s%s", command,
                       spec->argument, *list != '\0' ? ", one of " : "", list, command,
                       first->argument, more != NULL ? " " : "", more != NULL ? more->argument : "",
                       more != NULL ? "..." : "");
    }
    return WR_OK;
}

/* Whether any argument asks for help. Help is printed even if other arguments are wrong. */
static bool wants_help(const struct cursor *cursor) {
    for (int i = 0; i < cursor->count && strcmp(cursor->arguments[i], "--") != 0; i++)
        if (strcmp(cursor->arguments[i], "-h") == 0 || strcmp(cursor->arguments[i], "--help") == 0)
            return true;
    return false;
}

static wr_status read_arguments(const struct reading *reading, struct cursor *cursor,
                                struct wr_error *error) {
    wr_status status = WR_OK;
    bool operands = false;
    while (status == WR_OK && cursor->next < cursor->count) {
        char *argument = cursor->arguments[cursor->next++];
        if (!operands && strcmp(argument, "--") == 0)
            operands = true;
        else if (!operands && strncmp(argument, "--", 2) == 0)
            status = take_option(reading, argument, cursor, error);
        else
            status = take_operand(reading, argument, operands, error);
    }
    if (status == WR_OK)
        status = check_operands(reading, error);
    return status == WR_OK ? options_check_excluded(reading, error) : status;
}

static wr_status set_fallbacks(const struct reading *reading, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < reading->table.count && status == WR_OK; i++) {
        const struct option_spec *spec = &reading->table.specs[i];
        union option_value *value = value_of(reading, spec);
        if (!value->head.given && spec->fallback != NULL)
            status = option_read(spec, spec->fallback, value, error);
    }
    return status;
}

wr_status options_parse(const struct command *command, int count, char **arguments, void **options,
                        bool *help, struct wr_error *error) {
    struct cursor cursor = {.count = count, .arguments = arguments};
    struct reading reading = {.command = command};
    *options = NULL;
    *help = wants_help(&cursor);
    if (*help)
        return WR_OK;
    option_table_make(&command->options, &reading.table);
    reading.options = *options = wr_alloc(1, command->size, "options", error);
    if (*options == NULL)
        return WR_ERR_MEMORY;
    wr_status status = read_arguments(&reading, &cursor, error);
    const struct option_spec *spec = option_table_kind(&reading.table, OPTION_CONFIG);
    struct option_config *config = spec != NULL ? &value_of(&reading, spec)->config : NULL;
    if (status == WR_OK && config != NULL && config->given)
        status = options_read_file(&reading, config, error);
    return status == WR_OK ? set_fallbacks(&reading, error) : status;
}
