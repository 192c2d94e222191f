/* JSON whose numbers bring back the doubles that they stand for, in the fewest digits; jansson has
 * one number of digits for all. */
#ifndef WR_CLI_JSON_WRITE_H
#define WR_CLI_JSON_WRITE_H

#include <stdio.h>

struct json_t;

/* Without blanks or a line's end; keys stand in the order in which they were set. Allocates
 * nothing, so that only the file can fail, and ferror tells. */
void json_write(FILE *file, const struct json_t *value);

#endif
