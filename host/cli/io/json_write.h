/* Writes JSON. Each number has the fewest digits that give the same double when read. jansson can
 * only use one number of digits for all. */
#ifndef WR_CLI_JSON_WRITE_H
#define WR_CLI_JSON_WRITE_H

#include <stdio.h>

struct json_t;

/* Writes the value without blanks and without a newline. Keys keep the order in which they were
 * set. Allocates nothing, so only the file can fail: check ferror. */
void json_write(FILE *file, const struct json_t *value);

#endif
