#include "model/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/json.h"

/* Reads up to `length` bytes (below SIZE_MAX / 2); *got is how many there were. The buffer doubles
 * as bytes arrive. */
static wr_status read_up_to(struct wr_tensor_file *file, size_t length, unsigned char **bytes,
                            size_t *got, struct wr_error *error) {
    size_t capacity = 0;
    *bytes = NULL;
    *got = 0;
    for (;;) {
        if (*got == capacity && *got < length) {
            capacity = capacity == 0 ? 65536 : 2 * capacity;
            capacity = capacity < length ? capacity : length;
            unsigned char *grown = realloc(*bytes, capacity);
            if (grown == NULL)
                return wr_fail(error, WR_ERR_MEMORY, "%s: cannot allocate %zu bytes to read it",
                               file->path, capacity);
            *bytes = grown;
        }
        ssize_t n = *got < length ? read(file->fd, *bytes + *got, capacity - *got) : 0;
        if (n > 0)
            *got += (size_t)n;
        else if (n == 0)
            return WR_OK;
        else if (errno != EINTR)
            return wr_fail(error, WR_ERR_DATA, "%s: cannot read: %s", file->path, strerror(errno));
    }
}

static wr_status read_header_length(struct wr_tensor_file *file, size_t *length,
                                    struct wr_error *error) {
    unsigned char *bytes;
    size_t got;
    uint64_t value = 0;
    wr_status status = read_up_to(file, 8, &bytes, &got, error);
    for (size_t i = got; status == WR_OK && i-- > 0;)
        value = value << 8 | bytes[i];
    free(bytes);
    if (status != WR_OK)
        return status;
    if (got < 8)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: ends after %zu bytes; a safetensors file begins with 8 bytes that "
                       "hold its header's length",
                       file->path, got);
    if (value > WR_HEADER_MAX)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: header length %llu is over 100 MB (%d bytes), the format's limit; "
                       "give a safetensors file",
                       file->path, (unsigned long long)value, WR_HEADER_MAX);
    *length = (size_t)value;
    return WR_OK;
}

static wr_status parse_header(struct wr_tensor_file *file, const char *text, size_t length,
                              struct wr_error *error) {
    struct wr_json_flaw flaw;
    if (length == 0 || text[0] != '{')
        return wr_fail(error, WR_ERR_DATA,
                       "%s: header does not begin with {; give a safetensors file, whose header is "
                       "a JSON object",
                       file->path);
    file->header = wr_json_read(text, length, &flaw);
    if (file->header != NULL)
        return WR_OK;
    if (flaw.exhausted)
        return wr_fail(error, WR_ERR_MEMORY,
                       "%s: cannot allocate memory for its header of %zu bytes", file->path,
                       length);
    return wr_fail(
        error, WR_ERR_DATA,
        "%s: header is not the JSON of a safetensors file: %s, at byte %zu of the header",
        file->path, flaw.what, flaw.at);
}

/* Checks that every value of the header is an object, and that those of __metadata__ are strings.
 */
static wr_status check_header(const struct wr_tensor_file *file, struct wr_error *error) {
    char found[WR_EXCERPT];
    const char *key;
    json_t *value;
    json_object_foreach(file->header, key, value) {
        if (!json_is_object(value))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: header entry \"%s\" is not a JSON object with dtype, shape and "
                           "data_offsets",
                           file->path, wr_excerpt(key, found));
    }
    json_object_foreach(json_object_get(file->header, WR_METADATA_KEY), key, value) {
        if (!json_is_string(value))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: %s entry \"%s\" is not a string, as the format wants it",
                           file->path, WR_METADATA_KEY, wr_excerpt(key, found));
    }
    return WR_OK;
}

wr_status wr_tensor_file_open(const char *path, struct wr_tensor_file *file,
                              struct wr_error *error) {
    *file = (struct wr_tensor_file){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (file->fd < 0)
        return wr_fail(error, wr_cause(errno, WR_ERR_DATA), "%s: cannot open: %s", path,
                       strerror(errno));
    size_t length = 0, got = 0;
    unsigned char *text = NULL;
    wr_status status = read_header_length(file, &length, error);
    if (status == WR_OK)
        status = read_up_to(file, length, &text, &got, error);
    if (status == WR_OK && got < length)
        status = wr_fail(error, WR_ERR_DATA,
                         "%s: header length %zu goes beyond the end of the file, which holds %zu "
                         "bytes more; it is truncated, or no safetensors file",
                         path, length, got);
    if (status == WR_OK)
        status = parse_header(file, (const char *)text, length, error);
    free(text);
    if (status == WR_OK)
        status = check_header(file, error);
    if (status != WR_OK)
        return status;

    struct stat about;
    file->sized = fstat(file->fd, &about) == 0 && S_ISREG(about.st_mode);
    if (file->sized && (uint64_t)about.st_size >= 8 + (uint64_t)length)
        file->data = (size_t)((uint64_t)about.st_size - 8 - length);
    return WR_OK;
}

void wr_tensor_file_close(struct wr_tensor_file *file) {
    json_decref(file->header);
    if (file->fd >= 0)
        close(file->fd);
}

/* Reads a JSON integer as a size. */
static bool json_size(const json_t *value, size_t *size) {
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > SIZE_MAX)
        return false;
    *size = (size_t)number;
    return true;
}

/* The fields must be dtype, shape and data_offsets: an unknown field could change the meaning of
 * the data. */
static wr_status check_fields(const struct wr_tensor_file *file, const char *name, json_t *object,
                              struct wr_error *error) {
    char found[WR_EXCERPT];
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (strcmp(key, "dtype") != 0 && strcmp(key, "shape") != 0 &&
            strcmp(key, "data_offsets") != 0)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: tensor \"%s\" has an unknown field \"%s\"; dtype, shape and "
                           "data_offsets would do",
                           file->path, name, wr_excerpt(key, found));
    }
    const char *dtype = json_string_value(json_object_get(object, "dtype"));
    if (dtype == NULL || strcmp(dtype, "F32") != 0)
        return wr_fail(error, WR_ERR_DATA, "%s: tensor \"%s\" has dtype %s; F32 would do",
                       file->path, name, dtype == NULL ? "none" : wr_excerpt(dtype, found));
    return WR_OK;
}

static wr_status read_shape(const struct wr_tensor_file *file, const json_t *shape,
                            struct wr_tensor_entry *entry, size_t *bytes, struct wr_error *error) {
    *bytes = sizeof(float);
    entry->rank = json_array_size(shape);
    if (!json_is_array(shape) || entry->rank == 0 || entry->rank > WR_TENSOR_RANK)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: tensor \"%s\" has a shape of %zu dimensions; 1 to %d would do",
                       file->path, entry->name, entry->rank, WR_TENSOR_RANK);
    for (size_t i = 0; i < entry->rank; i++) {
        size_t *dim = &entry->dims[i];
        if (!json_size(json_array_get(shape, i), dim) || *dim == 0 || *dim > UINT32_MAX)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: tensor \"%s\": dimension %zu of its shape is not a whole number "
                           "from 1 to 4294967295",
                           file->path, entry->name, i + 1);
        if (!wr_size_mul(*bytes, *dim, bytes))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: tensor \"%s\": its shape has more elements than a file can hold",
                           file->path, entry->name);
    }
    return WR_OK;
}

wr_status wr_tensor_file_entry(const struct wr_tensor_file *file, const char *name,
                               struct wr_tensor_entry *entry, struct wr_error *error) {
    *entry = (struct wr_tensor_entry){.name = name};
    json_t *object = json_object_get(file->header, name);
    if (object == NULL)
        return wr_fail(error, WR_ERR_DATA, "%s: tensor \"%s\" is missing", file->path, name);
    size_t bytes;
    wr_status status = check_fields(file, name, object, error);
    if (status == WR_OK)
        status = read_shape(file, json_object_get(object, "shape"), entry, &bytes, error);
    if (status != WR_OK)
        return status;
    const json_t *offsets = json_object_get(object, "data_offsets");
    if (json_array_size(offsets) != 2 || !json_size(json_array_get(offsets, 0), &entry->begin) ||
        !json_size(json_array_get(offsets, 1), &entry->end))
        return wr_fail(error, WR_ERR_DATA,
                       "%s: tensor \"%s\": data_offsets are not two whole numbers [begin, end], "
                       "neither negative",
                       file->path, name);
    if (entry->begin > entry->end || entry->end - entry->begin != bytes)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: tensor \"%s\": data_offsets [%zu, %zu] do not span the %zu bytes that "
                       "its shape takes",
                       file->path, name, entry->begin, entry->end, bytes);
    return WR_OK;
}

static int by_offset(const void *a, const void *b) {
    const struct wr_tensor_entry *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

wr_status wr_tensor_file_cover(const struct wr_tensor_file *file, struct wr_tensor_entry *entries,
                               size_t count, size_t *bytes, struct wr_error *error) {
    size_t end = 0;
    qsort(entries, count, sizeof *entries, by_offset);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].begin > end)
            return wr_fail(
                error, WR_ERR_DATA,
                "%s: a hole: bytes %zu to %zu, before tensor \"%s\", belong to no tensor",
                file->path, end, entries[i].begin, entries[i].name);
        if (entries[i].begin < end)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: tensor \"%s\" begins at byte %zu and overlaps tensor \"%s\", which "
                           "ends at %zu",
                           file->path, entries[i].name, entries[i].begin, entries[i - 1].name, end);
        end = entries[i].end;
    }
    *bytes = end;
    return WR_OK;
}

wr_status wr_tensor_file_data(struct wr_tensor_file *file, size_t bytes, unsigned char **data,
                              struct wr_error *error) {
    size_t got = file->data;
    wr_status status = WR_OK;
    *data = NULL;
    if (!file->sized || file->data == bytes) { /* otherwise the size of the file is wrong already */
        char need[32], have[32];
        if (bytes >= wr_memory_limit() / 2)
            return wr_fail(error, WR_ERR_MEMORY,
                           "%s: needs twice its %s of data to be read; this machine has %s",
                           file->path, wr_bytes_text((double)bytes, need),
                           wr_bytes_text((double)wr_memory_limit(), have));
        status = read_up_to(file, bytes + 1, data, &got, error);
    }
    if (status == WR_OK && got < bytes)
        status = wr_fail(error, WR_ERR_DATA,
                         "%s: is truncated: %zu bytes of data, where its header promises %zu",
                         file->path, got, bytes);
    if (status == WR_OK && got > bytes)
        status = wr_fail(error, WR_ERR_DATA,
                         "%s: trailing bytes: data go on after the %zu bytes that the tensors take",
                         file->path, bytes);
    if (status != WR_OK) {
        free(*data);
        *data = NULL;
    }
    return status;
}
