#include "cli/io/error_text.h"

#include <stdio.h>
#include <string.h>

/* How the command says a field of the library's texts, where that is not the option --FIELD, with
 * dashes for underscores. tests/fields.cmake compares both with the options and the texts. A row
 * with a value goes before the row of its field. */
static const struct {
    const char *field, *said;
} fields[] = {
    {"calibrate=false", "--levels none"},     {"eta", "--halving"},
    {"scale=true", "--scale standard"},       {"selector", "--device"},
    {"wr_devices_list", "`windrow devices`"}, {"wr_fit_save", "windrow forecast --save"},
};

/* Writes "--FIELD" and returns its length. */
static size_t write_option(const char *field, size_t length, char *option, size_t size) {
    size_t written = (size_t)snprintf(option, size, "--%.*s", (int)length, field);
    for (size_t i = 2; i < written && i < size; i++)
        if (option[i] == '_')
            option[i] = '-';
    return written;
}

size_t option_of_field(const char *field, size_t length, char *option, size_t size) {
    const char *equals = memchr(field, '=', length);
    size_t name = equals != NULL ? (size_t)(equals - field) : length, written = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && written == 0; i++) {
        const char *own = fields[i].field;
        size_t taken = strchr(own, '=') != NULL ? length : name;
        if (strlen(own) == taken && strncmp(own, field, taken) == 0) {
            written = (size_t)snprintf(option, size, "%s", fields[i].said);
            name = taken;
        }
    }
    if (written == 0)
        written = write_option(field, name, option, size);
    if (name < length && written < size)
        written += (size_t)snprintf(option + written, size - written, " %.*s",
                                    (int)(length - name - 1), equals + 1);
    return written;
}
