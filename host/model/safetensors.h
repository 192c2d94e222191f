/* Reads safetensors files, which may be made to break their reader. The format: 8 bytes of header
 * length (little endian); a JSON header that maps names to {dtype, shape, data_offsets} and
 * __metadata__ to a map of strings; then the bytes of the tensors, without holes. Every error names
 * the path and what would be accepted. */
#ifndef WR_SAFETENSORS_H
#define WR_SAFETENSORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "windrow/status.h"

#define WR_HEADER_MAX   100000000 /* the format's own limit, in bytes */
#define WR_METADATA_KEY "__metadata__"

struct wr_tensor_file {
    const char *path;
    int fd;
    json_t *header; /* an object of objects; __metadata__, if there is one, maps to strings */
    bool sized;     /* a regular file, so that `data` is known */
    size_t data;    /* bytes after the header */
};

/* Reads and checks the header, not the data. Close the file also after a failure. */
wr_status wr_tensor_file_open(const char *path, struct wr_tensor_file *file,
                              struct wr_error *error);
void wr_tensor_file_close(struct wr_tensor_file *file);

#define WR_TENSOR_RANK 3
struct wr_tensor_entry {
    const char *name;
    size_t rank; /* 1 .. 3 */
    size_t dims[WR_TENSOR_RANK];
    /* Offsets in the data; end - begin is the size of an F32 tensor of this shape. */
    size_t begin, end;
};

/* Finds the F32 tensor of this name. It is an error if it is missing, has another dtype, no
 * dimension, more than WR_TENSOR_RANK or one of size 0, or offsets that do not fit its shape. */
wr_status wr_tensor_file_entry(const struct wr_tensor_file *file, const char *name,
                               struct wr_tensor_entry *entry, struct wr_error *error);

/* Sorts the entries by offset and checks that they cover 0 .. *bytes without overlaps or holes. */
wr_status wr_tensor_file_cover(const struct wr_tensor_file *file, struct wr_tensor_entry *entries,
                               size_t count, size_t *bytes, struct wr_error *error);

/* Reads the data, which must be exactly `bytes` bytes. The caller frees *data. Memory grows with
 * the bytes that arrive, not with the size that the header gives. */
wr_status wr_tensor_file_data(struct wr_tensor_file *file, size_t bytes, unsigned char **data,
                              struct wr_error *error);

#endif
