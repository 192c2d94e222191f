/* The library's messages name fields of its structs, and arguments of its functions. The command
 * names the options that fill them. */
#ifndef WR_CLI_ERROR_TEXT_H
#define WR_CLI_ERROR_TEXT_H

#include <stddef.h>

#define ERROR_SHOWN 1024 /* a size that holds any text of a wr_error with options */

/* Copies a text of the library, but writes `field` as --option and `field=value` as --option value.
 * What else stands between backticks stays, because the user's data may hold them. A value without
 * its second backtick, because the text was cut, goes on to the end. Writes as much as fits into
 * out (size), which is not the text itself. Returns out. */
char *text_with_options(const char *text, char *out, size_t size);

#endif
