/* The library's messages name fields of its structs, and arguments of its functions. The command
 * names the options that fill them. */
#ifndef WR_CLI_ERROR_TEXT_H
#define WR_CLI_ERROR_TEXT_H

#include <stddef.h>

/* A wr_field_writer: `field` becomes --option, `field=value` becomes --option value. */
size_t option_of_field(const char *field, size_t length, char *option, size_t size);

#endif
