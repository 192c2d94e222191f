/* Records of a CSV file (RFC 4180), one at a time, read once from the first byte to the last, so
 * that a file may be a pipe.
 *
 * Lines end in CRLF, LF or CR, also inside quotes, where they read as LF. A UTF-8 byte order mark
 * is skipped, and so is a first line sep=; as Excel writes it. A quote counts only where it opens a
 * cell, but for blanks before it. Blank lines may stand at the end of the file alone.
 *
 * Our own, since libcsv cannot say on which line a record starts, drops blank lines silently and
 * takes what RFC 4180 does not allow as data. */
#ifndef WR_CSV_H
#define WR_CSV_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/base.h"
#include "windrow/csv.h"

struct wr_csv {
    FILE *file;       /* borrowed; NULL: the buffer is all there is */
    const char *path; /* borrowed, for messages */
    struct wr_csv_found found;
    locale_t c;           /* the "C" locale, for numbers */
    unsigned char *kinds; /* (kind_count) enum wr_cell_kind of each column, as the first records
                             that hold a value there have it, without the header */
    size_t kind_count;
    bool trailing; /* the records below the first one end with an empty cell more */
    size_t line;   /* line ends read so far */

    unsigned char *buffer; /* (room) bytes read ahead: at .. filled are still to come */
    size_t at, filled, room;
    bool ended;  /* the file has no more than the buffer */
    int failure; /* errno of a read that failed, or 0 */

    /* The record last read; valid until the next is. */
    size_t record_line; /* where it starts */
    size_t count;       /* cells */
    size_t *starts;     /* (count) where each cell starts in text */
    char *text;         /* the cells, each ending in '\0' */
    size_t starts_capacity, text_size, text_capacity;
};

/* Reads the head of the file, and finds what the options leave open. Release with wr_csv_release,
 * in any case. WR_ERR_USAGE: of the options; WR_ERR_DATA, WR_ERR_MEMORY. */
wr_status wr_csv_open(struct wr_csv *csv, FILE *file, const char *path,
                      const struct wr_csv_options *options, struct wr_error *error);
void wr_csv_release(struct wr_csv *csv);
/* Reads the next record; *more is false at the end of the file. WR_ERR_DATA with path and line. */
wr_status wr_csv_next(struct wr_csv *csv, bool *more, struct wr_error *error);
const char *wr_csv_cell(const struct wr_csv *csv, size_t i);

/* Whether cells can be told apart by it: ASCII, and no number and no quote has it. */
bool wr_csv_is_delimiter(char c);
/* The delimiter in words, for messages: "';'", "tab". Returns text. */
const char *wr_csv_delimiter_text(char delimiter, char text[8]);

/* Prints a cell, in quotes where it needs them. */
void wr_csv_print(FILE *file, const char *cell);

/* *file: the file of that path, or standard input where that is "-"; *name: what messages call it.
 * WR_ERR_DATA if it cannot be opened, WR_ERR_MEMORY for want of memory. Close it with
 * wr_csv_close_file. */
wr_status wr_csv_open_file(const char *path, FILE **file, const char **name,
                           struct wr_error *error);
void wr_csv_close_file(FILE *file);

/* memory with room for at least `count` items of `size` bytes: memory itself if *capacity is
 * enough, else as realloc gives it, with some more room than asked for. NULL and WR_ERR_MEMORY
 * beyond what this machine has; memory is then as before. */
void *wr_grow(void *memory, size_t *capacity, size_t count, size_t size, const char *what,
              struct wr_error *error);

/* ---- for csv_head.c ---- */

/* Fills the buffer with what comes next: false at the end of the file. */
bool wr_csv_fill(struct wr_csv *csv);
/* Reads up to the end of a record; *blank: one cell, unquoted, of nothing but blanks. *end: the
 * delimiter's follower: '\n' or EOF. */
wr_status wr_csv_record(struct wr_csv *csv, bool *blank, int *end, struct wr_error *error);
wr_status wr_csv_unreadable(const struct wr_csv *csv, struct wr_error *error);

#endif
