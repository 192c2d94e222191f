#include "failing_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct failing failing_storage = {.left = -1}, failing_memory = {.left = -1};

static bool fails(struct failing *failing) {
    failing->calls++;
    if (failing->left < 0)
        return false;
    if (failing->left > 0) {
        failing->left--;
        return false;
    }
    if (!failing->for_ever)
        failing->left = -1;
    return true;
}

/* ---- storage ---- */

static sqlite3_vfs *below;

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *file) {
    return ((struct file *)file)->real;
}

#define PASS(call, ...)                                                                            \
    do {                                                                                           \
        sqlite3_file *real = real_of(file);                                                        \
        return real->pMethods->call(real, __VA_ARGS__);                                            \
    } while (0)

static int close_file(sqlite3_file *file) {
    sqlite3_file *real = real_of(file);
    return real->pMethods->xClose(real);
}
static int read_file(sqlite3_file *file, void *data, int size, sqlite3_int64 at) {
    PASS(xRead, data, size, at);
}
static int write_file(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    if (fails(&failing_storage))
        return failing_storage.code;
    PASS(xWrite, data, size, at);
}
static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    if (fails(&failing_storage))
        return failing_storage.code;
    PASS(xTruncate, size);
}
static int sync_file(sqlite3_file *file, int flags) {
    (void)file;
    (void)flags;
    return fails(&failing_storage) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}
static int size_of_file(sqlite3_file *file, sqlite3_int64 *size) {
    PASS(xFileSize, size);
}
static int lock_file(sqlite3_file *file, int level) {
    PASS(xLock, level);
}
static int unlock_file(sqlite3_file *file, int level) {
    PASS(xUnlock, level);
}
static int is_reserved(sqlite3_file *file, int *reserved) {
    PASS(xCheckReservedLock, reserved);
}
static int control_file(sqlite3_file *file, int what, void *argument) {
    PASS(xFileControl, what, argument);
}
static int sector_size(sqlite3_file *file) {
    sqlite3_file *real = real_of(file);
    return real->pMethods->xSectorSize(real);
}
static int characteristics(sqlite3_file *file) {
    sqlite3_file *real = real_of(file);
    return real->pMethods->xDeviceCharacteristics(real);
}
static int map_shared(sqlite3_file *file, int region, int size, int extend, void volatile **to) {
    PASS(xShmMap, region, size, extend, to);
}
static int lock_shared(sqlite3_file *file, int first, int count, int flags) {
    PASS(xShmLock, first, count, flags);
}
static void barrier(sqlite3_file *file) {
    sqlite3_file *real = real_of(file);
    real->pMethods->xShmBarrier(real);
}
static int unmap_shared(sqlite3_file *file, int remove) {
    PASS(xShmUnmap, remove);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    static const sqlite3_io_methods methods = {.iVersion = 2,
                                               .xClose = close_file,
                                               .xRead = read_file,
                                               .xWrite = write_file,
                                               .xTruncate = truncate_file,
                                               .xSync = sync_file,
                                               .xFileSize = size_of_file,
                                               .xLock = lock_file,
                                               .xUnlock = unlock_file,
                                               .xCheckReservedLock = is_reserved,
                                               .xFileControl = control_file,
                                               .xSectorSize = sector_size,
                                               .xDeviceCharacteristics = characteristics,
                                               .xShmMap = map_shared,
                                               .xShmLock = lock_shared,
                                               .xShmBarrier = barrier,
                                               .xShmUnmap = unmap_shared};
    struct file *opened = (struct file *)file;
    (void)vfs;
    opened->real = (sqlite3_file *)(opened + 1);
    int code = below->xOpen(below, name, opened->real, flags, out);
    file->pMethods = opened->real->pMethods != NULL ? &methods : NULL;
    return code;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs;
    return fails(&failing_storage) ? SQLITE_IOERR_DELETE : below->xDelete(below, name, sync);
}

/* ---- memory ---- */

static sqlite3_mem_methods memory_below;

static void *allocate(int size) {
    return fails(&failing_memory) ? NULL : memory_below.xMalloc(size);
}

static void *reallocate(void *memory, int size) {
    return fails(&failing_memory) ? NULL : memory_below.xRealloc(memory, size);
}

void failing_install(void) {
    static sqlite3_vfs vfs;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory_below);
    sqlite3_mem_methods methods = memory_below;
    methods.xMalloc = allocate;
    methods.xRealloc = reallocate;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        abort();
    sqlite3_initialize();
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.zName = "failing";
    vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
