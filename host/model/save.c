#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "base/output.h"
#include "model/safetensors.h"
#include "model/tensors.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, see wr_parameters_save */

/* The functions below return NULL only if memory runs out. */

static json_t *metadata_object(const struct wr_metadata *metadata, size_t count) {
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *key = wr_json_text(metadata[i].key, REPLACEMENT);
        object = wr_json_put(object, json_string_value(key),
                             wr_json_text(metadata[i].value, REPLACEMENT));
        json_decref(key);
    }
    return object;
}

/* stacked: the number of leading dimensions, 0 or 1. */
static json_t *tensor_object(const struct wr_saved *tensor, size_t models, size_t stacked,
                             uint64_t begin, uint64_t end) {
    json_t *shape = json_array();
    if (stacked)
        shape = wr_json_push(shape, json_integer((json_int_t)models));
    for (size_t i = 0; i < tensor->rank; i++)
        shape = wr_json_push(shape, json_integer((json_int_t)tensor->dims[i]));
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)end);
}

static json_t *header_object(const struct wr_saved tensors[WR_SAVED], size_t models,
                             const struct wr_metadata *metadata, size_t metadata_count) {
    uint64_t begin = 0;
    json_t *header = json_object();
    if (metadata_count > 0)
        header = wr_json_put(header, WR_METADATA_KEY, metadata_object(metadata, metadata_count));
    for (int k = 0; k < WR_SAVED; k++) {
        uint64_t end = begin + sizeof(float) * (uint64_t)models * tensors[k].count;
        header = wr_json_put(header, wr_saved_names[k],
                             tensor_object(&tensors[k], models, models > 1, begin, end));
        begin = end;
    }
    return header;
}

/* Makes the file's bytes before the data: 8 bytes of length, then JSON with spaces up to a multiple
 * of 8 bytes. NULL if memory runs out; the caller frees it. */
static unsigned char *make_header(const struct wr_saved tensors[WR_SAVED], size_t models,
                                  const struct wr_metadata *metadata, size_t metadata_count,
                                  size_t *size) {
    json_t *header = header_object(tensors, models, metadata, metadata_count);
    size_t used;
    char *text = wr_json_write(header, JSON_COMPACT, &used);
    size_t length = (used + 7) & ~(size_t)7;
    unsigned char *bytes = text != NULL ? calloc(8 + length, 1) : NULL;
    if (bytes != NULL) {
        memcpy(bytes + 8, text, used);
        memset(bytes + 8 + used, ' ', length - used);
        for (int i = 0; i < 8; i++)
            bytes[i] = (unsigned char)((uint64_t)length >> 8 * i & 0xff);
        *size = 8 + length;
    }
    free(text);
    json_decref(header);
    return bytes;
}

/* Writes count floats, or zeros if values is NULL, in little endian. */
static wr_status write_floats(struct wr_output *output, const float *values, size_t count,
                              struct wr_error *error) {
    unsigned char bytes[4096];
    size_t used = 0;
    wr_status status = WR_OK;
    for (size_t i = 0; i < count && status == WR_OK; i++) {
        uint32_t bits = values == NULL ? 0 : wr_stored_bits(values[i]);
        for (int shift = 0; shift < 32; shift += 8)
            bytes[used++] = (unsigned char)(bits >> shift & 0xff);
        if (used == sizeof bytes || i + 1 == count) {
            status = wr_output_write(output, bytes, used, error);
            used = 0;
        }
    }
    return status;
}

/* Writes one tensor after the other, and in each, one model after the other. */
static wr_status write_tensors(struct wr_output *output, const struct wr_saved tensors[WR_SAVED],
                               size_t models, size_t count, const float *parameters,
                               struct wr_error *error) {
    wr_status status = WR_OK;
    for (int k = 0; k < WR_SAVED; k++)
        for (size_t m = 0; m < models && status == WR_OK; m++) {
            const float *values = parameters + m * count + tensors[k].offset;
            status = write_floats(output, k == WR_BIAS_HH ? NULL : values, tensors[k].count, error);
        }
    return status;
}

static wr_status save(const char *path, const unsigned char *header, size_t header_size,
                      const struct wr_saved tensors[WR_SAVED], size_t models, size_t count,
                      const float *parameters, struct wr_error *error) {
    struct wr_output *output;
    wr_status status = wr_output_open(path, &output, error);
    if (status != WR_OK)
        return status;
    status = wr_output_write(output, header, header_size, error);
    if (status == WR_OK)
        status = write_tensors(output, tensors, models, count, parameters, error);
    if (status == WR_OK)
        return wr_output_commit(output, error);
    wr_output_abandon(output);
    return status;
}

wr_status wr_parameters_save(const char *path, const struct wr_stack *stack,
                             const struct wr_metadata *metadata, size_t metadata_count,
                             struct wr_error *error) {
    struct wr_layout layout;
    struct wr_saved tensors[WR_SAVED];
    wr_status status = wr_parameters_layout(&stack->shape, &layout, error);
    if (status != WR_OK)
        return status;
    if (stack->count == 0)
        return wr_fail(error, WR_ERR_USAGE, "%s: no model to save; 1 or more would do", path);
    wr_saved_tensors(&stack->shape, &layout, tensors);
    size_t size;
    unsigned char *header = make_header(tensors, stack->count, metadata, metadata_count, &size);
    if (header == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: cannot allocate memory for its header", path);
    if (size - 8 > WR_HEADER_MAX)
        status = wr_fail(error, WR_ERR_USAGE,
                         "%s: metadata make a header of %zu bytes; the format's limit is %d", path,
                         size - 8, WR_HEADER_MAX);
    else
        status =
            save(path, header, size, tensors, stack->count, layout.count, stack->parameters, error);
    free(header);
    return status;
}
