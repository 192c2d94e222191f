/* What the fuzz targets share: their input as a file, because the library reads files. */
#ifndef WR_TEST_FUZZ_H
#define WR_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_file {
    int descriptor;
    char path[32];
};

static inline void fuzz_write(const struct fuzz_file *file, const void *data, size_t size) {
    if (write(file->descriptor, data, size) != (ssize_t)size)
        abort();
}

/* An empty file in memory. The caller closes the descriptor. */
static inline struct fuzz_file fuzz_file_open(void) {
    struct fuzz_file file = {.descriptor = memfd_create("fuzz", MFD_CLOEXEC)};
    if (file.descriptor < 0)
        abort();
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

#endif
