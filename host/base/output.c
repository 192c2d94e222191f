#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/temporary.h"

struct wr_output {
    char *path; /* as given, for messages */
    int file;
    int folder;                        /* -1: the target is written directly */
    char name[NAME_MAX + 1];           /* of the target, in folder */
    char temporary[WR_TEMPORARY_NAME]; /* in folder too; "" if there is none */
    size_t filled;
    char buffer[1 << 16];
};

static wr_status fail(const char *path, int cause, struct wr_error *error) {
    return wr_fail(error, wr_cause(cause, WR_ERR_STORAGE), "%s: cannot be written: %s", path,
                   strerror(cause));
}

/* The descriptor of standard output or error if it is this file, else -1. A new open of /dev/stdout
 * would fail on a socket, and would start at offset 0 of a redirected file. */
static int standard_stream(const struct stat *target) {
    for (int file = STDOUT_FILENO; file <= STDERR_FILENO; file++) {
        struct stat own;
        if (fstat(file, &own) == 0 && own.st_dev == target->st_dev && own.st_ino == target->st_ino)
            return file;
    }
    return -1;
}

static bool open_directly(struct wr_output *out, const struct stat *target) {
    int stream = standard_stream(target);
    out->file = stream >= 0 ? fcntl(stream, F_DUPFD_CLOEXEC, 0)
                            : open(out->path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
    return out->file >= 0;
}

/* Opens a new file beside the target `resolved`. existing: the target's status, or NULL if it does
 * not exist. */
static bool open_temporary(struct wr_output *out, char *resolved, const struct stat *existing) {
    char *slash = strrchr(resolved, '/');
    const char *name = slash == NULL ? resolved : slash + 1;
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX) {
        errno = *resolved == '\0' ? ENOENT : length == 0 ? EISDIR : ENAMETOOLONG;
        return false;
    }
    memcpy(out->name, name, length + 1);
    if (slash != NULL)
        slash[slash == resolved] = '\0'; /* "/name": the folder is "/" */
    out->folder = open(slash == NULL ? "." : resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->folder < 0)
        return false;
    /* An existing file that open(2) would refuse to write is not replaced either. */
    if (existing != NULL && faccessat(out->folder, name, W_OK, AT_EACCESS) != 0)
        return false;
    mode_t mode = existing != NULL ? existing->st_mode & 0777 : 0666;
    wr_temporary_clean(out->folder);
    out->file = wr_temporary_make(out->folder, mode, out->temporary);
    if (out->file < 0)
        return false;
    return existing == NULL || fchmod(out->file, existing->st_mode & 0777) == 0;
}

static bool open_target(struct wr_output *out) {
    struct stat target, followed;
    bool exists = stat(out->path, &target) == 0;
    if (!exists && errno != ENOENT)
        return false;
    if (exists && S_ISDIR(target.st_mode)) {
        errno = EISDIR;
        return false;
    }
    if (exists && (!S_ISREG(target.st_mode) || standard_stream(&target) >= 0))
        return open_directly(out, &target);
    char resolved[PATH_MAX];
    if (!wr_path_follow(out->path, resolved))
        return false;
    /* A link in /proc/self/fd may give a path that the file no longer has. */
    if (exists && (stat(resolved, &followed) != 0 || followed.st_ino != target.st_ino ||
                   followed.st_dev != target.st_dev))
        return open_directly(out, &target);
    return open_temporary(out, resolved, exists ? &target : NULL);
}

wr_status wr_output_open(const char *path, struct wr_output **out, struct wr_error *error) {
    *out = NULL;
    struct wr_output *opened = calloc(1, sizeof *opened);
    char *copy = strdup(path);
    if (opened == NULL || copy == NULL) {
        free(opened);
        free(copy);
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for writing it", path);
    }
    opened->path = copy;
    opened->file = opened->folder = -1;
    if (!open_target(opened)) {
        wr_status status = fail(path, errno, error);
        wr_output_abandon(opened);
        return status;
    }
    *out = opened;
    return WR_OK;
}

static wr_status write_all(struct wr_output *out, const char *data, size_t size,
                           struct wr_error *error) {
    while (size > 0) {
        ssize_t written = write(out->file, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail(out->path, written < 0 ? errno : EIO, error);
        data += written;
        size -= (size_t)written;
    }
    return WR_OK;
}

static wr_status flush(struct wr_output *out, struct wr_error *error) {
    size_t filled = out->filled;
    out->filled = 0;
    return write_all(out, out->buffer, filled, error);
}

wr_status wr_output_try(const char *path, struct wr_error *error) {
    struct stat found;
    struct wr_output *output;
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
        return WR_OK;
    wr_status status = wr_output_open(path, &output, error);
    wr_output_abandon(output);
    return status;
}

wr_status wr_output_write(struct wr_output *out, const void *data, size_t size,
                          struct wr_error *error) {
    if (size > sizeof out->buffer - out->filled) {
        wr_status status = flush(out, error);
        if (status != WR_OK)
            return status;
    }
    if (size > sizeof out->buffer)
        return write_all(out, data, size, error);
    memcpy(out->buffer + out->filled, data, size);
    out->filled += size;
    return WR_OK;
}

wr_status wr_output_print(struct wr_output *out, struct wr_error *error, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        return fail(out->path, EOVERFLOW, error);
    return wr_output_write(out, text, (size_t)length, error);
}

/* Pipes, devices and some file systems cannot sync and report an error, which is no failure here.
 */
static bool sync_file(int file) {
    while (fsync(file) != 0) {
        if (errno == EINVAL || errno == ENOTSUP || errno == EROFS)
            return true;
        if (errno != EINTR)
            return false;
    }
    return true;
}

/* An error from close is a failure too. *held keeps the lock of a temporary file after close. */
static wr_status close_file(struct wr_output *out, int *held, struct wr_error *error) {
    int file = out->file;
    *held = out->folder >= 0 ? fcntl(file, F_DUPFD_CLOEXEC, 0) : -1;
    if (out->folder >= 0 && *held < 0)
        return fail(out->path, errno, error);
    out->file = -1;
    return close(file) == 0 || errno == EINTR ? WR_OK : fail(out->path, errno, error);
}

static wr_status rename_file(struct wr_output *out, struct wr_error *error) {
    if (renameat(out->folder, out->temporary, out->folder, out->name) != 0)
        return fail(out->path, errno, error);
    out->temporary[0] = '\0';
    return sync_file(out->folder) ? WR_OK : fail(out->path, errno, error);
}

/* The temporary file stays locked until it has its final name. Otherwise another writer would
 * remove it as one that a killed process left. */
static wr_status put_in_place(struct wr_output *out, struct wr_error *error) {
    int held = -1;
    if (!sync_file(out->file))
        return fail(out->path, errno, error);
    wr_status status = close_file(out, &held, error);
    if (status == WR_OK && out->folder >= 0)
        status = rename_file(out, error);
    if (held >= 0)
        close(held);
    return status;
}

wr_status wr_output_commit(struct wr_output *out, struct wr_error *error) {
    wr_status status = flush(out, error);
    if (status == WR_OK)
        status = put_in_place(out, error);
    wr_output_abandon(out);
    return status;
}

void wr_output_abandon(struct wr_output *out) {
    if (out == NULL)
        return;
    if (out->temporary[0] != '\0')
        unlinkat(out->folder, out->temporary, 0);
    if (out->file >= 0)
        close(out->file);
    if (out->folder >= 0)
        close(out->folder);
    free(out->path);
    free(out);
}
