#include "base/environment.h"

#include <stdlib.h>
#include <string.h>

const char *wr_variable(const char *name) {
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? text : NULL;
}

/* Decimal digits alone, so that no sign and no unit is read as something else. */
static bool read_number(const char *text, size_t *number) {
    *number = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        if (!wr_size_mul(*number, 10, number) ||
            !wr_size_add(*number, (size_t)(*text - '0'), number))
            return false;
    return *text == '\0';
}

wr_status wr_variable_number(const char *name, size_t least, size_t most, size_t *number,
                             struct wr_error *error) {
    const char *text = wr_variable(name);
    size_t read;
    if (text == NULL)
        return WR_OK;
    if (!read_number(text, &read) || read < least || read > most)
        return wr_fail(
            error, WR_ERR_DEVICE,
            "%s=%.40s: needs a whole number from %zu to %zu; unset it for our own choice", name,
            text, least, most);
    *number = read;
    return WR_OK;
}

wr_status wr_variable_word(const char *name, const char *const *words, size_t *place,
                           struct wr_error *error) {
    const char *text = wr_variable(name);
    char list[128] = "";
    if (text == NULL)
        return WR_OK;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            *place = i;
            return WR_OK;
        }
        strncat(list, i == 0 ? "" : ", ", sizeof list - strlen(list) - 1);
        strncat(list, words[i], sizeof list - strlen(list) - 1);
    }
    return wr_fail(error, WR_ERR_DEVICE, "%s=%.40s: needs one of %s; unset it for our own choice",
                   name, text, list);
}
