#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"

json_t *wr_json_text(const char *text, const char *replacement) {
    size_t length = strlen(text), each = strlen(replacement), size;
    if (wr_is_utf8(text, length))
        return json_string(text);
    if (!wr_size_mul(length, each, &size))
        return NULL;
    char *replaced = malloc(size + 1), *to = replaced;
    if (replaced == NULL)
        return NULL;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x80) {
            *to++ = *text;
        } else {
            memcpy(to, replacement, each);
            to += each;
        }
    json_t *string = json_stringn(replaced, (size_t)(to - replaced));
    free(replaced);
    return string;
}

json_t *wr_json_put(json_t *object, const char *key, json_t *value) {
    if (json_object_set_new(object, key, value) == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *wr_json_push(json_t *array, json_t *value) {
    if (json_array_append_new(array, value) == 0)
        return array;
    json_decref(array);
    return NULL;
}

static int append(const char *bytes, size_t count, void *text) {
    return wr_text_add(text, bytes, count) ? 0 : -1;
}

char *wr_json_write(const json_t *value, size_t flags, size_t *length) {
    struct wr_text text = {0};
    if (value == NULL || json_dump_callback(value, append, &text, flags) != 0)
        text.failed = true;
    char *bytes = wr_text_end(&text);
    *length = text.size;
    return bytes;
}
