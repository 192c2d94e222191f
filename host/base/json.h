/* JSON values that are complete or NULL. If memory runs out, Jansson returns NULL, or an object
 * with missing parts. With these functions, a part that is NULL makes everything that contains it
 * NULL, so that one check at the end is enough. json_pack does the same with its "o" arguments. */
#ifndef WR_JSON_H
#define WR_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "windrow/status.h"

/* A JSON string of the text; if it is not UTF-8, with `replacement` for each byte beyond ASCII.
 * NULL without memory. */
json_t *wr_json_text(const char *text, const char *replacement);

/* Adds a member to the object, or an element to the array, and returns it. NULL if either argument
 * is NULL, or without memory. Takes over both arguments. */
json_t *wr_json_put(json_t *object, const char *key, json_t *value);
json_t *wr_json_push(json_t *array, json_t *value);

/* The value as text, to be freed with free; NULL if value is NULL, or without memory. (json_dumps
 * may return an incomplete text.) */
char *wr_json_write(const json_t *value, size_t flags, size_t *length);
/* What is wrong with a text that should be JSON. */
struct wr_json_flaw {
    const char *what;
    size_t at;      /* byte */
    bool exhausted; /* nothing is wrong: memory ran out */
};
/* Reads an object or array, in which each name stands once; NULL with *flaw if the text is not one.
 */
json_t *wr_json_read(const char *text, size_t length, struct wr_json_flaw *flaw);

#endif
