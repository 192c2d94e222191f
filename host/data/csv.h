/* Reads the records of a CSV file (RFC 4180), one at a time, once from the first byte to the last,
 * so that a file may be a pipe.
 *
 * Lines end in CRLF, LF or CR; a line end inside quotes is read as LF. A UTF-8 byte order mark is
 * skipped, and so is a first line sep=; as Excel writes it. A quote only counts at the start of a
 * cell, after blanks at most. Blank lines may stand only at the end of the file.
 *
 * This reader is our own, because libcsv cannot say on which line a record starts, drops blank
 * lines silently, and accepts data that RFC 4180 does not allow. */
#ifndef WR_CSV_H
#define WR_CSV_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/base.h"
#include "windrow/csv.h"

struct wr_csv {
    FILE *file;       /* borrowed; NULL: read the buffer only */
    const char *path; /* borrowed, for messages */
    struct wr_csv_found found;
    locale_t c;           /* the "C" locale, for numbers */
    unsigned char *kinds; /* (kind_count) enum wr_cell_kind of each column: that of its first value
                             among the first records, without the header */
    size_t kind_count;
    bool trailing; /* the records below the first have one more cell, which is empty */
    size_t line;   /* line ends read so far */

    unsigned char *buffer; /* (room) bytes read ahead; at .. filled are not used yet */
    size_t at, filled, room;
    bool ended;  /* the file has no more than the buffer */
    int failure; /* errno of a read that failed, or 0 */

    /* The last record, valid until the next is read. */
    size_t record_line; /* where it starts */
    size_t count;       /* cells */
    size_t *starts;     /* (count) where each cell starts in text */
    char *text;         /* the cells, each ending in '\0' */
    size_t starts_capacity, text_size, text_capacity;
};

/* Reads the head of the file, and finds what the options leave open. Release with wr_csv_release in
 * any case. WR_ERR_USAGE for invalid options; WR_ERR_DATA, WR_ERR_MEMORY. */
wr_status wr_csv_open(struct wr_csv *csv, FILE *file, const char *path,
                      const struct wr_csv_options *options, struct wr_error *error);
void wr_csv_release(struct wr_csv *csv);
/* Reads the next record; *more is false at the end of the file. WR_ERR_DATA with path and line. */
wr_status wr_csv_next(struct wr_csv *csv, bool *more, struct wr_error *error);
const char *wr_csv_cell(const struct wr_csv *csv, size_t i);

/* Whether c can be a delimiter: an ASCII character that occurs in no number and is no quote. */
bool wr_csv_is_delimiter(char c);
/* The delimiter in words, for messages: "';'", "tab". Returns text. */
const char *wr_csv_delimiter_text(char delimiter, char text[8]);

/* Prints a cell, in quotes where it needs them. */
void wr_csv_print(FILE *file, const char *cell);

/* Opens the file of this path, or takes standard input if path is "-". *name is its name in
 * messages. WR_ERR_DATA if it cannot be opened, WR_ERR_MEMORY without memory. Close it with
 * wr_csv_close_file. */
wr_status wr_csv_open_file(const char *path, FILE **file, const char **name,
                           struct wr_error *error);
void wr_csv_close_file(FILE *file);

/* Grows memory to at least `count` items of `size` bytes. Returns memory itself if *capacity is
 * enough, else a larger block as realloc does, with some spare room. NULL and WR_ERR_MEMORY if it
 * is more than this machine has; memory then stays as it was. */
void *wr_grow(void *memory, size_t *capacity, size_t count, size_t size, const char *what,
              struct wr_error *error);

/* ---- for csv_head.c ---- */

/* Fills the buffer with the next bytes of the file; false at its end. */
bool wr_csv_fill(struct wr_csv *csv);
/* Reads a record. *blank: it is one unquoted cell of blanks only. *end: '\n' or EOF. */
wr_status wr_csv_record(struct wr_csv *csv, bool *blank, int *end, struct wr_error *error);
wr_status wr_csv_fail_read(const struct wr_csv *csv, struct wr_error *error);

#endif
