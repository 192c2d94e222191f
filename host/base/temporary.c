#include "base/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/base.h"

/* ---- names ---- */

/* Identifies a writer: a hash of the boot id (0 if it is unknown) and of the machine's name. */
struct writer {
    uint32_t boot, machine;
};

static uint32_t short_hash(const char *bytes, size_t count) {
    uint64_t hash = wr_hash(WR_HASH_START, bytes, count);
    uint32_t folded = (uint32_t)(hash ^ hash >> 32);
    return folded != 0 ? folded : 1;
}

static struct writer this_writer(void) {
    struct writer writer = {0};
    struct utsname host;
    char boot[64];
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, boot, sizeof boot) : -1;
    if (size > 0)
        writer.boot = short_hash(boot, (size_t)size);
    if (file >= 0)
        close(file);
    if (uname(&host) == 0)
        writer.machine = short_hash(host.nodename, strlen(host.nodename));
    return writer;
}

static void write_name(char name[WR_TEMPORARY_NAME], const struct writer *writer,
                       unsigned attempt) {
    snprintf(name, WR_TEMPORARY_NAME, ".windrow-%08x-%08x-%ld-%u.tmp", writer->boot,
             writer->machine, (long)getpid(), attempt);
}

static bool read_name(const char *name, struct writer *writer) {
    long process;
    unsigned attempt;
    int end = 0;
    return sscanf(name, ".windrow-%8x-%8x-%ld-%u.tmp%n", &writer->boot, &writer->machine, &process,
                  &attempt, &end) == 4 &&
           end > 0 && name[end] == '\0';
}

/* ---- locks ---- */

/* Whether the folder's file of this name is the open file. */
static bool is_named(int file, int folder, const char *name) {
    struct stat own, named;
    return fstat(file, &own) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(own.st_mode) && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

static void remove_dead(int folder, const char *name) {
    int file = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0)
        return;
    if (flock(file, LOCK_EX | LOCK_NB) == 0 && is_named(file, folder, name))
        unlinkat(folder, name, 0);
    close(file);
}

void wr_temporary_clean(int folder) {
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own >= 0 ? fdopendir(own) : NULL;
    if (entries == NULL) {
        if (own >= 0)
            close(own);
        return;
    }
    const struct writer here = this_writer();
    struct writer there;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (read_name(entry->d_name, &there) &&
            ((there.boot == here.boot && here.boot != 0) || there.machine == here.machine))
            remove_dead(folder, entry->d_name);
    closedir(entries);
}

/* ---- making ---- */

/* Locks the new file. False if a cleaner has just taken it for that of a dead writer. */
static bool keep(int file, int folder, const char *name) {
    while (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return false;
        if (errno != EINTR)
            return true; /* this file system has no locks, so nobody removes the file */
    }
    return is_named(file, folder, name);
}

int wr_temporary_make(int folder, mode_t mode, char name[WR_TEMPORARY_NAME]) {
    const struct writer here = this_writer();
    int file = -1;
    for (unsigned attempt = 0; attempt < 10000; attempt++) {
        write_name(name, &here, attempt);
        file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file >= 0 && keep(file, folder, name))
            return file;
        if (file < 0 && errno != EEXIST)
            break;
        if (file >= 0)
            close(file);
        errno = EEXIST;
    }
    name[0] = '\0';
    return -1;
}
