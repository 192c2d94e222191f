/* The time stamps of the rows that are predicted. */
#ifndef WR_CLI_STAMPS_H
#define WR_CLI_STAMPS_H

#include <stdbool.h>

#include "data/series.h"
#include "windrow/panel.h"

/* Start with {0}. Call stamps_release after a failure too. */
struct stamps {
    size_t rows;
    const char **texts;       /* (rows) cells of the time column; NULL: rows are numbered from 1 */
    char next[WR_STAMP_SIZE]; /* of the row after the last; "" if no step leads there */
};
/* Takes the texts that the series keeps, to which they then point, if it keeps any. */
wr_status stamps_make(const struct wr_series *series, struct stamps *stamps,
                      struct wr_error *error);
/* Prints the cell of a row, from 0 to rows, as CSV. */
void stamps_print(FILE *file, const struct stamps *stamps, size_t row);
void stamps_release(struct stamps *stamps);

#endif
