/* A table for a person: each column is as wide as its longest cell, and right-aligned. */
#ifndef WR_CLI_TABLE_H
#define WR_CLI_TABLE_H

#include <stddef.h>

#include "windrow/status.h"

#define TABLE_CELL 32 /* largest size of a cell in bytes, with its final zero */

/* Start with {.columns = ...}. */
struct table {
    size_t columns;
    size_t count, room; /* cells */
    char (*cells)[TABLE_CELL];
    wr_status status; /* WR_ERR_MEMORY once an addition found no memory */
};

/* Adds the next cell, row by row. Shows "" as "-"; escapes control characters as wr_shown does. */
void table_add(struct table *table, const char *text);
/* Prints the table on stdout and releases it. */
wr_status table_print(struct table *table, struct wr_error *error);
void table_release(struct table *table);

#endif
