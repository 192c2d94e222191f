/* Lists of columns, such as "temp_max,wind", "3,1" and "\"a, b\",c". */
#ifndef WR_CLI_COLUMNS_H
#define WR_CLI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/series.h"

struct columns {
    size_t count;
    size_t *index; /* (count) columns of the series */
};

/* Reads the list given to --option: names or 1-based numbers, separated by commas. A name may be
 * quoted as in CSV. unique: refuse a repeated column. Released with columns_release. */
wr_status columns_parse(const char *option, const char *list, bool unique,
                        const struct wr_series *series, struct columns *columns,
                        struct wr_error *error);
wr_status columns_one(size_t index, struct columns *columns, struct wr_error *error);
wr_status columns_copy(const struct columns *from, size_t count, struct columns *columns,
                       struct wr_error *error);
void columns_release(struct columns *columns);

/* Reads the first cell of *list without its quotes into cell, which has room for strlen(*list) + 1
 * bytes. Moves *list behind the comma, or sets it to NULL at the end. Returns false if a quote is
 * in the wrong place. */
bool columns_cut(const char **list, char *cell);

/* The list as text that columns_parse reads. The caller frees it with free; NULL without memory. A
 * column without a name, or whose name is not UTF-8, is given by its number. */
char *columns_text(const struct columns *columns, const struct wr_series *series);

#endif
