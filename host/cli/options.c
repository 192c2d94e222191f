#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* ---- names that are nearly right ---- */

#define NAME_MOST 31

static size_t least_of(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return c < least ? c : least;
}

/* Levenshtein's distance; names longer than NAME_MOST are far from everything. */
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

/* How far a candidate is from what was typed; SIZE_MAX if it is no likely meaning of it. */
static size_t unlikeness(const char *typed, const char *candidate) {
    size_t length = strlen(typed), far = distance(typed, candidate);
    if (length >= 2 && strncmp(typed, candidate, length) == 0)
        return 1;
    return far <= 2 && far < length ? far : SIZE_MAX;
}

const struct command *command_find(const char *name) {
    for (const struct command *command = command_table; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const char *command_nearest(const char *name) {
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (const struct command *command = command_table; command->name != NULL; command++)
        if (unlikeness(name, command->name) < least) {
            least = unlikeness(name, command->name);
            nearest = command->name;
        }
    return nearest;
}

static wr_status fail_unknown(const struct command *command, const char *name,
                              struct wr_error *error) {
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < command->option_count; i++)
        if (unlikeness(name, command->options[i].name) < least) {
            least = unlikeness(name, command->options[i].name);
            nearest = command->options[i].name;
        }
    if (nearest != NULL)
        return wr_fail(error, WR_ERR_USAGE, "%s has no option --%s; did you mean --%s?",
                       command->name, name, nearest);
    return wr_fail(error, WR_ERR_USAGE, "%s has no option --%s; windrow help %s lists them",
                   command->name, name, command->name);
}

/* ---- values ---- */

/* Reads the digits that text starts with, and leaves *text behind them. */
static bool read_digits(const struct option_spec *spec, const char **text, size_t *size) {
    uint64_t value = 0;
    const char *start = *text;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        value = value * 10 + (uint64_t)(**text - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *size = (size_t)value;
    return *text != start && value >= spec->least;
}

static bool read_size(const struct option_spec *spec, const char *text, size_t *size) {
    if (spec->word != NULL && strcmp(text, spec->word) == 0) {
        *size = SIZE_MAX;
        return true;
    }
    return read_digits(spec, &text, size) && *text == '\0';
}

static bool check_sizes(const struct option_spec *spec, const char *text) {
    size_t size;
    while (read_digits(spec, &text, &size)) {
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

bool options_next_size(const char **text, size_t *size) {
    char *end;
    if (**text == '\0')
        return false;
    *size = strtoul(*text, &end, 10);
    *text = *end == ',' ? end + 1 : end;
    return true;
}

/* Decimal notation only. The command never leaves the "C" locale, so the point is a point. */
static bool read_real(const char *text, float *real) {
    char *end;
    if (text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    errno = 0;
    *real = strtof(text, &end);
    bool vanished = errno == ERANGE && *real == 0.0f; /* clip 1e-99 must not come to mean "none" */
    return *text != '\0' && *end == '\0' && isfinite(*real) && *real >= 0.0f && !vanished;
}

static bool read_choice(const struct option_spec *spec, const char *text, size_t *choice) {
    for (*choice = 0; spec->choices[*choice] != NULL; ++*choice)
        if (strcmp(text, spec->choices[*choice]) == 0)
            return true;
    return false;
}

static wr_status fail_choice(const struct option_spec *spec, const char *text,
                             struct wr_error *error) {
    char list[256] = "";
    for (size_t i = 0; spec->choices[i] != NULL; i++) {
        strncat(list, i == 0 ? "" : ", ", sizeof list - strlen(list) - 1);
        strncat(list, spec->choices[i], sizeof list - strlen(list) - 1);
    }
    return wr_fail(error, WR_ERR_USAGE, "--%s %s: %s %s", spec->name, text,
                   spec->choices[1] != NULL ? "needs one of" : "can only be", list);
}

static wr_status read_value(const struct option_spec *spec, const char *text,
                            struct option_value *value, struct wr_error *error) {
    value->text = text;
    if (*text == '\0')
        return wr_fail(error, WR_ERR_USAGE, "--%s: its value %s is empty", spec->name,
                       spec->argument);
    switch (spec->kind) {
    case OPTION_SIZE:
        if (read_size(spec, text, &value->size))
            return WR_OK;
        return wr_fail(error, WR_ERR_USAGE, "--%s %s: needs %s%sa whole number from %u to %u",
                       spec->name, text, spec->word != NULL ? spec->word : "",
                       spec->word != NULL ? " or " : "", (unsigned)spec->least, UINT32_MAX);
    case OPTION_SIZES:
        if (check_sizes(spec, text))
            return WR_OK;
        return wr_fail(error, WR_ERR_USAGE,
                       "--%s %s: needs whole numbers from %u to %u, separated by commas",
                       spec->name, text, (unsigned)spec->least, UINT32_MAX);
    case OPTION_REAL:
        if (read_real(text, &value->real))
            return WR_OK;
        return wr_fail(error, WR_ERR_USAGE,
                       "--%s %s: needs a number that is finite, not negative, and fits a float",
                       spec->name, text);
    case OPTION_CHOICE:
        if (read_choice(spec, text, &value->choice))
            return WR_OK;
        return fail_choice(spec, text, error);
    case OPTION_FLAG:
    case OPTION_TEXT:
        break;
    }
    return WR_OK;
}

/* ---- the command line ---- */

struct cursor {
    int next, count;
    char **arguments;
};

static const struct option_spec *find_option(const struct command *command, const char *name,
                                             size_t length) {
    for (size_t i = 0; i < command->option_count; i++)
        if (strlen(command->options[i].name) == length &&
            strncmp(command->options[i].name, name, length) == 0)
            return &command->options[i];
    return NULL;
}

/* argument is "--name" or "--name=value"; takes the next argument if that is the value. */
static wr_status take_option(const struct command *command, char *argument, struct cursor *cursor,
                             struct option_value *values, struct wr_error *error) {
    const char *name = argument + 2, *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option_spec *spec = find_option(command, name, length);
    if (spec == NULL) {
        char typed[64];
        if (length < sizeof typed) {
            memcpy(typed, name, length);
            typed[length] = '\0';
            name = typed;
        }
        return fail_unknown(command, name, error);
    }
    struct option_value *value = &values[spec - command->options];
    if (spec->kind == OPTION_FLAG) {
        if (equals != NULL)
            return wr_fail(error, WR_ERR_USAGE, "--%s takes no value, found %s", spec->name,
                           equals + 1);
        value->given = true;
        return WR_OK;
    }
    const char *text = equals != NULL ? equals + 1 : NULL;
    if (text == NULL && cursor->next < cursor->count &&
        strncmp(cursor->arguments[cursor->next], "--", 2) != 0)
        text = cursor->arguments[cursor->next++];
    if (text == NULL)
        return wr_fail(error, WR_ERR_USAGE, "--%s needs a value: --%s %s", spec->name, spec->name,
                       spec->argument);
    if (value->given)
        return wr_fail(error, WR_ERR_USAGE, "--%s is given twice, as %s and as %s", spec->name,
                       value->text, text);
    value->given = true;
    return read_value(spec, text, value, error);
}

static wr_status set_fallbacks(const struct command *command, struct option_value *values,
                               struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < command->option_count && status == WR_OK; i++) {
        values[i] = (struct option_value){0};
        if (command->options[i].fallback != NULL)
            status =
                read_value(&command->options[i], command->options[i].fallback, &values[i], error);
    }
    return status;
}

static wr_status check_excluded(const struct command *command, const struct option_value *values,
                                struct wr_error *error) {
    for (size_t i = 0; i < command->option_count; i++) {
        const char *const *other = command->options[i].excludes;
        for (; values[i].given && other != NULL && *other != NULL; other++) {
            const struct option_spec *spec = find_option(command, *other, strlen(*other));
            if (spec != NULL && values[spec - command->options].given)
                return wr_fail(error, WR_ERR_USAGE, "--%s and --%s exclude each other",
                               command->options[i].name, spec->name);
        }
    }
    return WR_OK;
}

/* Whether help is asked for anywhere, so that it is had whatever else is wrong. */
static bool wants_help(const struct cursor *cursor) {
    for (int i = 0; i < cursor->count && strcmp(cursor->arguments[i], "--") != 0; i++)
        if (strcmp(cursor->arguments[i], "-h") == 0 || strcmp(cursor->arguments[i], "--help") == 0)
            return true;
    return false;
}

wr_status options_parse(const struct command *command, int count, char **arguments,
                        struct option_value *values, bool *help, struct wr_error *error) {
    struct cursor cursor = {.count = count, .arguments = arguments};
    *help = wants_help(&cursor);
    if (*help)
        return WR_OK;
    wr_status status = set_fallbacks(command, values, error);
    bool operands = false;
    while (status == WR_OK && cursor.next < count) {
        char *argument = arguments[cursor.next++];
        if (!operands && strcmp(argument, "--") == 0)
            operands = true;
        else if (!operands && strncmp(argument, "--", 2) == 0)
            status = take_option(command, argument, &cursor, values, error);
        else
            status = wr_fail(error, WR_ERR_USAGE,
                             "%s does not know what to do with '%s'; options start with --",
                             command->name, argument);
    }
    return status == WR_OK ? check_excluded(command, values, error) : status;
}
