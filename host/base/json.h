/* JSON that is whole or NULL. Jansson gives NULL, or an object that lacks something, where memory
 * is exhausted; with these a part that could not be made makes all that it is put into NULL, so
 * that one look at the end is enough. json_pack does the same with what its "o" takes. */
#ifndef WR_JSON_H
#define WR_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "windrow/status.h"

/* The string, with `replacement` in place of each byte beyond ASCII where text is no UTF-8; NULL
 * without memory. */
json_t *wr_json_text(const char *text, const char *replacement);

/* The object with one more member, the array with one more element; NULL if either argument is, or
 * without memory. Both arguments are used up. */
json_t *wr_json_put(json_t *object, const char *key, json_t *value);
json_t *wr_json_push(json_t *array, json_t *value);

/* The value as text, freed with free; NULL without memory, or if value is NULL. json_dumps may give
 * a text that lacks something. */
char *wr_json_write(const json_t *value, size_t flags, size_t *length);
/* What is wrong with a text that should be JSON. */
struct wr_json_flaw {
    const char *what;
    size_t at;      /* byte */
    bool exhausted; /* nothing: memory is */
};
/* The object or array that the text is, each name in it once; NULL with *flaw. */
json_t *wr_json_read(const char *text, size_t length, struct wr_json_flaw *flaw);

#endif
