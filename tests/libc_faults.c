#include "libc_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct test_faults test_faults = {.allocation = -1};

/* The original functions, under the names that --wrap gives them. */
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
ssize_t __real_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __real_renameat(int from, const char *name, int to, const char *new_name);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size);
int __wrap_fsync(int file);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);

static bool refuse(void) {
    if (test_faults.allocation < 0)
        return false;
    errno = ENOMEM;
    return test_faults.allocation-- == 0;
}

void *__wrap_calloc(size_t count, size_t size) {
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return refuse() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return refuse() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text) {
    return refuse() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size) {
    return refuse() ? NULL : __real_strndup(text, size);
}

static bool interrupted(void) {
    static bool now;
    now = test_faults.interrupt && !now;
    errno = EINTR;
    return now;
}

ssize_t __wrap_write(int file, const void *data, size_t size) {
    if (interrupted())
        return -1;
    errno = test_faults.write_error;
    if (errno != 0)
        return -1;
    size_t most = test_faults.most > 0 ? (size_t)test_faults.most : size;
    return __real_write(file, data, size < most ? size : most);
}

int __wrap_fsync(int file) {
    if (interrupted())
        return -1;
    errno = test_faults.fsync_error;
    return errno != 0 ? -1 : __real_fsync(file);
}

int __wrap_renameat(int from, const char *name, int to, const char *new_name) {
    errno = test_faults.rename_error;
    return errno != 0 ? -1 : __real_renameat(from, name, to, new_name);
}
