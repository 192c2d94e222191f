/* What every other folder stands on: errors, checked sizes, memory, time. Knows nothing of RNNs. */
#ifndef WR_BASE_H
#define WR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "windrow/status.h"

/* snprintf with a decimal point whatever the process's locale is. */
void wr_format(char *text, size_t size, const char *format, ...) WR_PRINTF(3, 4);

/* Text that came from outside (a file, an option, a variable, a driver) as a terminal may be given
 * it: control characters, line ends among them, those that turn the direction of the text, and
 * bytes that are no UTF-8 are written \x1b. As much as fits, in whole characters, into shown (size
 * > 0). Returns shown. */
char *wr_shown(const char *text, char *shown, size_t size);
void wr_print_shown(FILE *file, const char *text);
/* The same of several lines: their ends and tabs stay. */
void wr_print_lines(FILE *file, const char *text);
#define WR_EXCERPT 41
/* At most 40 bytes of the text as it is shown, for a one-line message. Returns to. */
const char *wr_excerpt(const char *text, char to[WR_EXCERPT]);

/* Fills error (which may be NULL) as wr_format does, and returns status:
 * `return wr_fail(error, WR_ERR_DATA, ...);` The text is one line, as wr_shown makes it. */
wr_status wr_fail(struct wr_error *error, wr_status status, const char *format, ...)
    WR_PRINTF(3, 4);
#ifdef __clang_analyzer__ /* sees one file at a time: wr_fail does return the status */
#define wr_fail(error, status, ...) (wr_fail(error, status, __VA_ARGS__), (status))
#endif

/* The status of a call of the system that failed so: WR_ERR_MEMORY for ENOMEM, else `otherwise`. */
wr_status wr_cause(int cause, wr_status otherwise);

/* *product = a * b (sum = a + b); false if it does not fit. */
bool wr_size_mul(size_t a, size_t b, size_t *product);
bool wr_size_add(size_t a, size_t b, size_t *sum);

/* Whether `length` bytes are UTF-8. */
bool wr_is_utf8(const char *text, size_t length);
/* The whole number that the text is, in decimal digits alone and at most UINT32_MAX; false if it is
 * none. */
bool wr_read_whole(const char *text, size_t *number);
/* The place of the text among `words`, which end with NULL; false if it is none of them. */
bool wr_find_word(const char *const *words, const char *text, size_t *place);
/* "this, that, those" into list, as much as fits. Returns list. */
const char *wr_list_words(const char *const *words, char *list, size_t size);

/* count * size zeroed bytes, aligned to 64, freed with free; NULL and WR_ERR_MEMORY with the number
 * of bytes and `what` in its text if that cannot be had. count = 0 gives a valid pointer. */
void *wr_alloc(size_t count, size_t size, const char *what, struct wr_error *error);

/* Ascending; none of the values is NaN. */
void wr_sort(double *values, size_t count);

/* Fowler, Noll and Vo's hash, variant 1a, gone on with over some bytes; it begins at WR_HASH_START.
 */
#define WR_HASH_START 0xcbf29ce484222325u
uint64_t wr_hash(uint64_t hash, const void *bytes, size_t count);

/* Bytes of memory that this process may still hope to use: physical memory, or its cgroup's limit.
 */
size_t wr_memory_limit(void);
/* "1.5 GiB" into text. Returns text. */
const char *wr_bytes_text(double bytes, char text[32]);

/* Seconds on a monotonic clock. */
double wr_seconds(void);

#endif
