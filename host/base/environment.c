#include "base/environment.h"

#include <stdlib.h>

const char *wr_variable(const char *name) {
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? text : NULL;
}

wr_status wr_variable_number(const char *name, size_t least, size_t most, size_t *number,
                             struct wr_error *error) {
    const char *text = wr_variable(name);
    size_t read;
    if (text == NULL)
        return WR_OK;
    if (!wr_read_whole(text, &read) || read < least || read > most)
        return wr_fail(
            error, WR_ERR_DEVICE,
            "%s=%.40s: needs a whole number from %zu to %zu; unset it for our own choice", name,
            text, least, most);
    *number = read;
    return WR_OK;
}

wr_status wr_variable_word(const char *name, const char *const *words, size_t *which,
                           struct wr_error *error) {
    const char *text = wr_variable(name);
    size_t place;
    char list[128];
    if (text == NULL)
        return WR_OK;
    if (!wr_find_word(words, text, &place))
        return wr_fail(error, WR_ERR_DEVICE,
                       "%s=%.40s: needs one of %s; unset it for our own choice", name, text,
                       wr_list_words(words, list, sizeof list));
    *which = place + 1;
    return WR_OK;
}
