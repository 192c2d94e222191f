/* A table for a person: columns as wide as they need to be, flush right. */
#ifndef WR_CLI_TABLE_H
#define WR_CLI_TABLE_H

#include <stddef.h>

#include "windrow/status.h"

#define TABLE_CELL 32 /* bytes of a cell, at most */

/* Start with {.columns = ...}. */
struct table {
    size_t columns;
    size_t count, room; /* cells */
    char (*cells)[TABLE_CELL];
    wr_status status; /* of the first addition that found no memory */
};

/* Adds the next cell, row by row; "" is shown as "-", and what a terminal must not be given as
 * wr_shown shows it. */
void table_add(struct table *table, const char *text);
/* Prints it on stdout and releases it. */
wr_status table_print(struct table *table, struct wr_error *error);
void table_release(struct table *table);

#endif
