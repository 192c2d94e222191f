/* Reads the safetensors format as what it may be: a file made to break its reader. 8 bytes of
 * header length (little endian), a JSON header that maps names to {dtype, shape, data_offsets} and
 * __metadata__ to a map of strings, then the tensors' bytes without holes.
 * Every error names the path and what would do. */
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
    json_t *header; /* an object of objects; __metadata__, where there is one, maps to strings */
    bool sized;     /* a regular file: */
    size_t data;    /* bytes that follow the header */
};

/* Reads and checks the header; the data stays unread. Close it even where this fails. */
wr_status wr_tensor_file_open(const char *path, struct wr_tensor_file *file,
                              struct wr_error *error);
void wr_tensor_file_close(struct wr_tensor_file *file);

#define WR_TENSOR_RANK 3
struct wr_tensor_entry {
    const char *name;
    size_t rank; /* 1 .. 3 */
    size_t dims[WR_TENSOR_RANK];
    size_t begin, end; /* bytes of the data; end - begin is what F32 of this shape takes */
};

/* The F32 tensor of this name; one that is missing, has another dtype, no dimension, more than
 * WR_TENSOR_RANK or one of size 0, or whose offsets do not fit its shape, is an error. */
wr_status wr_tensor_file_entry(const struct wr_tensor_file *file, const char *name,
                               struct wr_tensor_entry *entry, struct wr_error *error);

/* Sorts the entries by offset and checks that they cover 0 .. *bytes without overlap or hole. */
wr_status wr_tensor_file_cover(const struct wr_tensor_file *file, struct wr_tensor_entry *entries,
                               size_t count, size_t *bytes, struct wr_error *error);

/* Reads the data, which must be just that many bytes; *data is freed by the caller. Memory grows
 * with what is there, not with what the header promises. */
wr_status wr_tensor_file_data(struct wr_tensor_file *file, size_t bytes, unsigned char **data,
                              struct wr_error *error);

#endif
