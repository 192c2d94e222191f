/* Records of a CSV file (RFC 4180), one at a time.
 *
 * Lines end in CRLF, LF or CR, also inside quotes, where they read as LF. A UTF-8 byte order mark
 * is skipped. A quote counts only where it opens a cell. Blank lines may stand at the end of the
 * file alone.
 *
 * Our own, since libcsv cannot say on which line a record starts, drops blank lines silently and
 * takes what RFC 4180 does not allow as data. */
#ifndef WR_CSV_H
#define WR_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/base.h"

struct wr_csv {
    FILE *file;       /* borrowed */
    const char *path; /* borrowed, for messages */
    size_t line;      /* line ends read so far */

    /* The record last read; valid until the next is. */
    size_t record_line; /* where it starts */
    size_t count;       /* cells */
    size_t *starts;     /* (count) where each cell starts in text */
    char *text;         /* the cells, each ending in '\0' */
    size_t starts_capacity, text_size, text_capacity;
};

/* Release with wr_csv_release, in any case. */
void wr_csv_init(struct wr_csv *csv, FILE *file, const char *path);
void wr_csv_release(struct wr_csv *csv);
/* Reads the next record; *more is false at the end of the file. WR_ERR_DATA with path and line. */
wr_status wr_csv_next(struct wr_csv *csv, bool *more, struct wr_error *error);
const char *wr_csv_cell(const struct wr_csv *csv, size_t i);

/* Prints a cell, in quotes where it needs them. */
void wr_csv_print(FILE *file, const char *cell);

/* memory with room for at least `count` items of `size` bytes: memory itself if *capacity is
 * enough, else as realloc gives it, with some more room than asked for. NULL and WR_ERR_MEMORY
 * beyond what this machine has; memory is then as before. */
void *wr_grow(void *memory, size_t *capacity, size_t count, size_t size, const char *what,
              struct wr_error *error);

#endif
