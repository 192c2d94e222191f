/* The calls that can be made to fail, by kind:
 *   alloc     malloc, calloc, realloc, aligned_alloc, posix_memalign, and functions of the C
 * library that call these open      open, openat, fopen, opendir write     write, pwrite,
 * ftruncate, except of the standard streams read      read, pread, except of standard input sync
 * fsync, fdatasync rename    rename, renameat close     close, fclose, which return a failure but
 * close the file thread    pthread_create Calls before main and after it are not counted and do not
 * fail. */
#include "failing_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library's own names of these functions. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static struct failing none;
struct failing *failing = &none;
bool failing_armed;

static _Thread_local bool tracing;

static void trace(void) {
    void *frames[32];
    tracing = true;
    int count = backtrace(frames, 32);
    backtrace_symbols_fd(frames, count, STDERR_FILENO);
    tracing = false;
}

/* Counts a call. Returns whether it is to fail. */
static bool fails(const char *kind) {
    struct failing *f = failing;
    if (!failing_armed || tracing || strcmp(kind, f->kind) != 0)
        return false;
    long n = __atomic_add_fetch(&f->count, 1, __ATOMIC_RELAXED);
    if (f->nth == 0 || n < f->nth || (n > f->nth && !f->onwards))
        return false;
    if (f->trace && !f->hit)
        trace();
    f->hit = true;
    errno = f->cause;
    return true;
}

/* `real`: the C library's own function, of the type of `name`. */
#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (real == NULL)                                                                              \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

/* ---- memory ---- */

void *malloc(size_t size) {
    return fails("alloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails("alloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    return fails("alloc") ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return fails("alloc") ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (fails("alloc"))
        return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory != NULL ? 0 : ENOMEM;
}

/* ---- files ---- */

#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode = (mode_t)va_arg(arguments, int);                                                     \
        va_end(arguments);                                                                         \
    }

int open(const char *path, int flags, ...) {
    REAL(open);
    MODE(flags)
    return fails("open") ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    MODE(flags)
    return fails("open") ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    REAL(openat);
    MODE(flags)
    return fails("open") ? -1 : real(folder, path, flags, mode);
}

FILE *fopen(const char *path, const char *how) {
    REAL(fopen);
    return fails("open") ? NULL : real(path, how);
}

DIR *opendir(const char *path) {
    REAL(opendir);
    return fails("open") ? NULL : real(path);
}

ssize_t write(int file, const void *bytes, size_t size) {
    REAL(write);
    return file > STDERR_FILENO && fails("write") ? -1 : real(file, bytes, size);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    REAL(pwrite);
    return fails("write") ? -1 : real(file, bytes, size, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
    REAL(pwrite64);
    return fails("write") ? -1 : real(file, bytes, size, offset);
}

int ftruncate(int file, off_t size) {
    REAL(ftruncate);
    return fails("write") ? -1 : real(file, size);
}

int ftruncate64(int file, off64_t size) {
    REAL(ftruncate64);
    return fails("write") ? -1 : real(file, size);
}

ssize_t read(int file, void *bytes, size_t size) {
    REAL(read);
    return file > STDERR_FILENO && fails("read") ? -1 : real(file, bytes, size);
}

ssize_t pread(int file, void *bytes, size_t size, off_t offset) {
    REAL(pread);
    return fails("read") ? -1 : real(file, bytes, size, offset);
}

ssize_t pread64(int file, void *bytes, size_t size, off64_t offset) {
    REAL(pread64);
    return fails("read") ? -1 : real(file, bytes, size, offset);
}

int fsync(int file) {
    REAL(fsync);
    return fails("sync") ? -1 : real(file);
}

int fdatasync(int file) {
    REAL(fdatasync);
    return fails("sync") ? -1 : real(file);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    return fails("rename") ? -1 : real(from, to);
}

int renameat(int from, const char *name, int to, const char *new_name) {
    REAL(renameat);
    return fails("rename") ? -1 : real(from, name, to, new_name);
}

int close(int file) {
    REAL(close);
    bool failed = fails("close");
    int result = real(file);
    if (failed)
        errno = failing->cause;
    return failed ? -1 : result;
}

int fclose(FILE *file) {
    REAL(fclose);
    bool failed = fails("close");
    int result = real(file);
    if (failed)
        errno = failing->cause;
    return failed ? EOF : result;
}

/* ---- threads ---- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
    REAL(pthread_create);
    return fails("thread") ? failing->cause : real(thread, attributes, start, argument);
}

/* ---- main ---- */

static main_function *own_main;

static int instead_of_main(int count, char **arguments, char **environment) {
    return failing_campaign(own_main, count, arguments, environment);
}

typedef void hook(void);
extern int __libc_start_main(main_function *main, int count, char **arguments, hook *init,
                             hook *fini, hook *loader_fini, void *stack_end);

int __libc_start_main(main_function *main, int count, char **arguments, hook *init, hook *fini,
                      hook *loader_fini, void *stack_end) {
    REAL(__libc_start_main);
    own_main = main;
    return real(instead_of_main, count, arguments, init, fini, loader_fini, stack_end);
}
