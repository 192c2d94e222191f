#include "base/base.h"

#include "base/fields.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MOST 16384 /* bytes of an error's text before it is shortened */

/* Makes a new locale for each call, so that nothing is global. Without memory the decimal point may
 * be a comma. */
WR_PRINTF(3, 0)
static void format_arguments(char *text, size_t size, const char *format, va_list arguments) {
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = c != (locale_t)0 ? uselocale(c) : (locale_t)0;
    vsnprintf(text, size, format, arguments);
    if (c == (locale_t)0)
        return;
    uselocale(before);
    freelocale(c);
}

void wr_format(char *text, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    format_arguments(text, size, format, arguments);
    va_end(arguments);
}

/* The parts of a long word that stay. */
enum { WORD_HEAD = 24, WORD_TAIL = 48 };

static bool is_inside_character(char byte) { /* of UTF-8 */
    return (byte & 0xc0) == 0x80;
}

/* Takes the middle out of the longest words of the text until it has fewer than size bytes, so that
 * a long name does not push out what is wrong with it. */
static void shorten(char *text, size_t size) {
    static const char dots[] = "...";
    while (strlen(text) >= size) {
        char *longest = text;
        size_t most = 0;
        for (char *word = text; *word != '\0'; word += strspn(word, " ")) {
            size_t length = strcspn(word, " ");
            if (length > most) {
                longest = word;
                most = length;
            }
            word += length;
        }
        if (most <= WORD_HEAD + WORD_TAIL + strlen(dots))
            return;
        char *head = longest + WORD_HEAD, *tail = longest + most - WORD_TAIL;
        while (head > longest && is_inside_character(*head))
            head--;
        while (is_inside_character(*tail))
            tail++;
        memmove(stpcpy(head, dots), tail, strlen(tail) + 1);
    }
}

wr_status(wr_fail)(struct wr_error *error, wr_status status, const char *format, ...) {
    if (error == NULL)
        return status;
    wr_error_release(error);
    error->status = status;
    char text[TEXT_MOST], named[TEXT_MOST];
    va_list arguments;
    va_start(arguments, format);
    format_arguments(text, sizeof text, format, arguments);
    va_end(arguments);
    wr_fields_shown(text, named, sizeof named);
    shorten(named, sizeof error->text);
    wr_shown(named, error->text, sizeof error->text);
    return status;
}

void wr_error_move(struct wr_error *from, struct wr_error *error) {
    wr_error_release(error);
    if (error != NULL)
        *error = *from;
    else
        wr_error_release(from);
    *from = (struct wr_error){0};
}

wr_status wr_end_by_callback(wr_status status, const char *callback, struct wr_error *error) {
    if (error == NULL)
        return status;
    error->status = status;
    if (error->text[0] != '\0')
        return status;
    return wr_fail(error, status, "%s ended the call with status %d, %s", callback, (int)status,
                   wr_status_name(status));
}

wr_status wr_cause(int cause, wr_status otherwise) {
    return cause == ENOMEM ? WR_ERR_MEMORY : otherwise;
}

void wr_error_release(struct wr_error *error) {
    if (error == NULL)
        return;
    free(error->log);
    *error = (struct wr_error){0};
}

const char *wr_status_name(wr_status status) {
    switch (status) {
    case WR_OK:
        return "ok";
    case WR_ERR_USAGE:
        return "usage";
    case WR_ERR_DATA:
        return "data";
    case WR_ERR_DEVICE:
        return "device";
    case WR_ERR_MEMORY:
        return "memory";
    case WR_ERR_STORAGE:
        return "storage";
    case WR_ERR_VERIFY:
        return "verification";
    case WR_ERR_STOPPED:
        return "stopped";
    }
    return "unknown";
}

bool wr_size_mul(size_t a, size_t b, size_t *product) {
    return !WR_MUL_OVERFLOWS(a, b, product);
}

bool wr_size_add(size_t a, size_t b, size_t *sum) {
    return !WR_ADD_OVERFLOWS(a, b, sum);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void wr_sort(double *values, size_t count) {
    if (count > 0) /* qsort needs a valid pointer even then */
        qsort(values, count, sizeof *values, by_value);
}

uint64_t wr_hash(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

bool wr_read_whole(const char *text, size_t *number) {
    uint64_t value = 0;
    const char *next = text;
    for (; *next >= '0' && *next <= '9'; next++) {
        value = value * 10 + (uint64_t)(*next - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *number = (size_t)value;
    return next != text && *next == '\0';
}

bool wr_find_word(const char *const *words, const char *text, size_t *place) {
    for (*place = 0; words[*place] != NULL; ++*place)
        if (strcmp(text, words[*place]) == 0)
            return true;
    return false;
}

const char *wr_list_words(const char *const *words, char *list, size_t size) {
    *list = '\0';
    for (size_t i = 0; words[i] != NULL; i++) {
        strncat(list, i == 0 ? "" : ", ", size - strlen(list) - 1);
        strncat(list, words[i], size - strlen(list) - 1);
    }
    return list;
}

/* *padded: whole cache lines, and at least one byte more than asked for. */
static bool alloc_sizes(size_t count, size_t size, size_t *bytes, size_t *padded) {
    if (!wr_size_mul(count, size, bytes) || !wr_size_add(*bytes, 64, padded))
        return false;
    *padded &= ~(size_t)63;
    return true;
}

wr_status wr_fail_alloc(size_t count, size_t size, const char *what, struct wr_error *error) {
    size_t bytes, padded;
    char text[32];
    if (!alloc_sizes(count, size, &bytes, &padded))
        return wr_fail(error, WR_ERR_MEMORY,
                       "%s: %zu times %zu bytes do not fit this machine's addresses", what, count,
                       size);
    return wr_fail(error, WR_ERR_MEMORY, "%s: cannot allocate %s", what,
                   wr_bytes_text((double)bytes, text));
}

void *wr_alloc(size_t count, size_t size, const char *what, struct wr_error *error) {
    size_t bytes, padded;
    void *memory = alloc_sizes(count, size, &bytes, &padded) ? aligned_alloc(64, padded) : NULL;
    if (memory == NULL) {
        wr_fail_alloc(count, size, what, error);
        return NULL;
    }
    return memset(memory, 0, padded);
}

/* The number in a cgroup file, or SIZE_MAX if there is none. */
static size_t read_limit(const char *path) {
    char text[32] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    return length > 0 && text[0] >= '0' && text[0] <= '9' ? (size_t)strtoull(text, NULL, 10)
                                                          : SIZE_MAX;
}

size_t wr_memory_limit(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t limit = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
    const char *const files[] = {"/sys/fs/cgroup/memory.max",
                                 "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t cgroup = read_limit(files[i]);
        limit = cgroup < limit ? cgroup : limit;
    }
    return limit;
}

const char *wr_bytes_text(double bytes, char text[32]) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    /* "%f" would write the locale's comma */
    unsigned long tenths = (unsigned long)(bytes * 10 + 0.5);
    if (unit == 0)
        snprintf(text, 32, "%lu %s", tenths / 10, units[unit]);
    else
        snprintf(text, 32, "%lu.%lu %s", tenths / 10, tenths % 10, units[unit]);
    return text;
}

double wr_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
