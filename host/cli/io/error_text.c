#include "cli/io/error_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What the library's texts have between backticks (tests/fields.cmake compares them), and how the
 * command says it; NULL: --FIELD. A row with a value goes before the row of its field. */
static const struct {
    const char *field, *option;
} fields[] = {
    {"calibrate=false", "--levels none"},
    {"decimal", NULL},
    {"delimiter", NULL},
    {"freq", NULL},
    {"future", NULL},
    {"header", NULL},
    {"id", NULL},
    {"ignore", NULL},
    {"inexact", NULL},
    {"layout", NULL},
    {"lr", NULL},
    {"missing", NULL},
    {"past", NULL},
    {"scale=true", "--scale standard"},
    {"schedule", NULL},
    {"selector", "--device"},
    {"target", NULL},
    {"time", NULL},
    {"transform", NULL},
    {"tz", NULL},
    {"wr_devices_list", "`windrow devices`"},
    {"wr_fit_save", "windrow forecast --save"},
};

/* Writes the option for `field` or `field=value` (length, without the backticks) into option.
 * Returns the bytes written, or needed if they do not fit; 0 if there is no such field. */
static size_t write_option(const char *field, size_t length, char *option, size_t size) {
    const char *equals = memchr(field, '=', length);
    size_t name = equals != NULL ? (size_t)(equals - field) : length;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *own = fields[i].field;
        size_t taken = strchr(own, '=') != NULL ? length : name;
        if (strlen(own) != taken || strncmp(own, field, taken) != 0)
            continue;
        int value = taken < length ? (int)(length - taken - 1) : 0;
        return (size_t)snprintf(option, size, "%s%s%s%.*s", fields[i].option != NULL ? "" : "--",
                                fields[i].option != NULL ? fields[i].option : own,
                                taken < length ? " " : "", value, field + length - value);
    }
    return 0;
}

char *text_with_options(const char *text, char *out, size_t size) {
    size_t at = 0;
    while (*text != '\0' && at + 1 < size) {
        size_t length = strcspn(text + 1, "`"), written = 0;
        bool closed = text[0] == '`' && text[1 + length] == '`';
        if (*text == '`' && (closed || memchr(text, '=', length + 1) != NULL))
            written = write_option(text + 1, length, out + at, size - at);
        if (written > 0)
            text += 1 + length + closed;
        else
            out[at++] = *text++;
        at += written;
    }
    out[at < size ? at : size - 1] = '\0';
    return out;
}
