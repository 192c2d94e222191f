/* Lists of columns: "temp_max,wind", "3,1", "\"a, b\",c". */
#ifndef WR_CLI_COLUMNS_H
#define WR_CLI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/series.h"

struct columns {
    size_t count;
    size_t *index; /* (count) columns of the series */
};

/* Reads the list given to --option: comma-separated names or 1-based numbers; a name may be quoted
 * as in CSV. unique: a column may stand in it once only. Released with columns_release. */
wr_status columns_parse(const char *option, const char *list, bool unique,
                        const struct wr_series *series, struct columns *columns,
                        struct wr_error *error);
wr_status columns_one(size_t index, struct columns *columns, struct wr_error *error);
wr_status columns_copy(const struct columns *from, size_t count, struct columns *columns,
                       struct wr_error *error);
void columns_release(struct columns *columns);

/* Cuts the first cell off *list, unquoted into cell (room for strlen(*list) + 1 bytes), and moves
 * *list behind its comma or to NULL at the end. False if a quote is out of place. */
bool columns_cut(const char **list, char *cell);

/* The list as text that columns_parse would read back, freed with free; NULL without memory. A
 * column without a name, or with one that is no UTF-8, is given by its number. */
char *columns_text(const struct columns *columns, const struct wr_series *series);

#endif
