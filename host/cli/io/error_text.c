#include "cli/io/error_text.h"

#include <stdio.h>
#include <string.h>

/* The fields in the library's texts (tests/fields.cmake compares them), and how the command says
 * them; NULL: --FIELD. A row with a value goes before the row of its field. */
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

size_t option_of_field(const char *field, size_t length, char *option, size_t size) {
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
