/* What --json prints. */
#ifndef WR_CLI_JSON_WRITE_H
#define WR_CLI_JSON_WRITE_H

#include "windrow/status.h"

struct json_t;

/* A JSON string of text. If text is not UTF-8, bytes outside ASCII become '?'. Returns a new
 * reference. */
struct json_t *json_text(const char *text);
/* A JSON number, or null if value is not finite. Returns a new reference. */
struct json_t *json_number(double value);
/* Prints the object on one line of stdout and releases it. NULL means that the object could not be
 * allocated. Two keys come first: "windrow", the version, and "schema", the name and number of the
 * form, such as "windrow.train/1": docs/schemas/ describes each, docs/json.md says when a number
 * grows. The other keys keep the order in which they were set. */
wr_status json_print(struct json_t *object, const char *schema, struct wr_error *error);

#endif
