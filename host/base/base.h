/* What every other folder uses: errors, checked sizes, memory, time. It knows nothing of RNNs. */
#ifndef WR_BASE_H
#define WR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "windrow/status.h"

/* snprintf that writes a decimal point in every locale. */
void wr_format(char *text, size_t size, const char *format, ...) WR_PRINTF(3, 4);

/* Makes text from outside (a file, an option, a variable, a driver) safe for a terminal. Control
 * characters and line ends, characters that change the direction of text, and bytes that are not
 * UTF-8 are written as \x1b. Writes as many whole characters as fit into shown (size > 0). Returns
 * shown. */
char *wr_shown(const char *text, char *shown, size_t size);
void wr_print_shown(FILE *file, const char *text);
/* The same, but line ends and tabs stay. */
void wr_print_lines(FILE *file, const char *text);
#define WR_EXCERPT 41
/* At most 40 bytes of the text, as wr_shown makes it, for a one-line message. Returns to. */
const char *wr_excerpt(const char *text, char to[WR_EXCERPT]);

/* Fills error (which may be NULL) as wr_format does, and returns status:
 * `return wr_fail(error, WR_ERR_DATA, ...);` The text is one line, as wr_shown makes it, and
 * names fields as fields.h says. */
wr_status wr_fail(struct wr_error *error, wr_status status, const char *format, ...)
    WR_PRINTF(3, 4);
#ifdef __clang_analyzer__ /* tells the analyzer that wr_fail returns the status */
#define wr_fail(error, status, ...) (wr_fail(error, status, __VA_ARGS__), (status))
#endif

/* Moves *from into *error, which may be NULL; *from is then empty. */
void wr_error_move(struct wr_error *from, struct wr_error *error);

/* The end of a call whose callback returned status, which is returned. The caller released the
 * error before; unless the callback has filled it, its text says that `callback` ended the call. */
wr_status wr_end_by_callback(wr_status status, const char *callback, struct wr_error *error);

/* The status for a failed system call: WR_ERR_MEMORY for ENOMEM, else `otherwise`. */
wr_status wr_cause(int cause, wr_status otherwise);

/* *product = a * b (sum = a + b); false if it does not fit. */
bool wr_size_mul(size_t a, size_t b, size_t *product);
bool wr_size_add(size_t a, size_t b, size_t *sum);

/* Whether `length` bytes are UTF-8. */
bool wr_is_utf8(const char *text, size_t length);
/* Reads a text of decimal digits only, at most UINT32_MAX; false if it is something else. */
bool wr_read_whole(const char *text, size_t *number);
/* Finds the index of the text in `words`, which end with NULL; false if it is not there. */
bool wr_find_word(const char *const *words, const char *text, size_t *place);
/* Writes "this, that, those" into list, as much as fits. Returns list. */
const char *wr_list_words(const char *const *words, char *list, size_t size);

/* count * size zeroed bytes, aligned to 64, to be freed with free. NULL and WR_ERR_MEMORY, with
 * `what` and the number of bytes in the text, if there is not enough memory. count = 0 gives a
 * valid pointer. */
void *wr_alloc(size_t count, size_t size, const char *what, struct wr_error *error);
/* The failure of wr_alloc with these arguments. */
wr_status wr_fail_alloc(size_t count, size_t size, const char *what, struct wr_error *error);

/* Sorts in ascending order; no value may be NaN. */
void wr_sort(double *values, size_t count);

/* Continues a hash (Fowler, Noll and Vo, variant 1a) with some bytes. The first hash is
 * WR_HASH_START. */
#define WR_HASH_START 0xcbf29ce484222325u
uint64_t wr_hash(uint64_t hash, const void *bytes, size_t count);

/* Bytes of memory that this process can use at most: physical memory, or its cgroup's limit. */
size_t wr_memory_limit(void);
/* Writes "1.5 GiB" into text. Returns text. */
const char *wr_bytes_text(double bytes, char text[32]);

/* Seconds on a monotonic clock. */
double wr_seconds(void);

#endif
