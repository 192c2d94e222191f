#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/safetensors.h"
#include "model/tensors.h"

/* "(2,20,1)" */
static const char *shape_text(size_t rank, const size_t *dims, char text[64]) {
    int n = snprintf(text, 64, "(%zu", dims[0]);
    for (size_t i = 1; i < rank; i++)
        n += snprintf(text + n, 64 - (size_t)n, ",%zu", dims[i]);
    snprintf(text + n, 64 - (size_t)n, ")");
    return text;
}

/* Reads the entries of the six tensors; any other tensor is an error. */
static wr_status read_entries(const struct wr_tensor_file *file,
                              struct wr_tensor_entry entries[WR_SAVED], struct wr_error *error) {
    char found[WR_EXCERPT];
    const char *key;
    json_t *value;
    json_object_foreach(file->header, key, value) {
        bool known = strcmp(key, WR_METADATA_KEY) == 0;
        for (int k = 0; k < WR_SAVED; k++)
            known = known || strcmp(key, wr_saved_names[k]) == 0;
        if (!known)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: tensor \"%s\" is not one of a model's six: rnn.weight_ih_l0, "
                           "rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0, head.weight, "
                           "head.bias",
                           file->path, wr_excerpt(key, found));
    }
    wr_status status = WR_OK;
    for (int k = 0; k < WR_SAVED && status == WR_OK; k++)
        status = wr_tensor_file_entry(file, wr_saved_names[k], &entries[k], error);
    return status;
}

/* Finds the model's shape from the shapes of the first weight and the last bias. */
static wr_status find_shape(const struct wr_tensor_file *file,
                            const struct wr_tensor_entry entries[WR_SAVED], struct wr_shape *shape,
                            size_t *models, int *stacked, struct wr_error *error) {
    const struct wr_tensor_entry *weight = &entries[WR_WEIGHT_IH], *bias = &entries[WR_HEAD_BIAS];
    char found[64];
    if (weight->rank < 2)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: tensor \"%s\" has shape %s; (hidden,inputs) or (models,hidden,inputs) "
                       "would do",
                       file->path, weight->name, shape_text(weight->rank, weight->dims, found));
    const size_t lead = weight->rank - 2;
    if (bias->rank != 1 + lead)
        return wr_fail(error, WR_ERR_DATA, "%s: tensor \"%s\" has shape %s; %s would do",
                       file->path, bias->name, shape_text(bias->rank, bias->dims, found),
                       lead ? "(models,outputs)" : "(outputs)");
    *stacked = lead == 1;
    *models = lead ? weight->dims[0] : 1;
    shape->hidden = weight->dims[lead];
    shape->inputs = weight->dims[lead + 1];
    shape->outputs = bias->dims[lead];
    return WR_OK;
}

/* Checks that every tensor's shape fits the model's. */
static wr_status check_shapes(const struct wr_tensor_file *file,
                              const struct wr_tensor_entry entries[WR_SAVED],
                              const struct wr_saved tensors[WR_SAVED], size_t models, int stacked,
                              struct wr_error *error) {
    for (int k = 0; k < WR_SAVED; k++) {
        size_t dims[WR_TENSOR_RANK] = {models}, lead = stacked ? 1 : 0;
        memcpy(dims + lead, tensors[k].dims, tensors[k].rank * sizeof *dims);
        size_t rank = lead + tensors[k].rank;
        char found[64], fits[64];
        if (entries[k].rank != rank || memcmp(entries[k].dims, dims, rank * sizeof *dims) != 0)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: tensor \"%s\" has shape %s; %s would fit the shapes of \"%s\" and "
                           "\"%s\"",
                           file->path, entries[k].name,
                           shape_text(entries[k].rank, entries[k].dims, found),
                           shape_text(rank, dims, fits), entries[WR_WEIGHT_IH].name,
                           entries[WR_HEAD_BIAS].name);
    }
    return WR_OK;
}

static float read_float(const unsigned char bytes[4]) {
    uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                    (uint32_t)bytes[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The file holds each tensor of all models; parameters hold all tensors of each model. */
static void unpack(const unsigned char *data, const struct wr_tensor_entry entries[WR_SAVED],
                   const struct wr_saved tensors[WR_SAVED], size_t models, size_t count,
                   float *parameters) {
    for (int k = 0; k < WR_SAVED; k++) {
        const unsigned char *from = data + entries[k].begin;
        for (size_t m = 0; m < models; m++) {
            float *to = parameters + m * count + tensors[k].offset;
            for (size_t i = 0; i < tensors[k].count; i++, from += 4) {
                float value = read_float(from);
                if (k == WR_BIAS_HH) /* -0 + 0 would be +0 */
                    value = value == 0 ? to[i] : to[i] + value;
                uint32_t bits = wr_stored_bits(value);
                memcpy(&to[i], &bits, sizeof bits);
            }
        }
    }
}

/* Reads and checks the header; *bytes is the size of its data. */
static wr_status load_header(const struct wr_tensor_file *file,
                             struct wr_tensor_entry entries[WR_SAVED], struct wr_shape *shape,
                             struct wr_layout *layout, struct wr_saved tensors[WR_SAVED],
                             size_t *models, int *stacked, size_t *bytes, struct wr_error *error) {
    wr_status status = read_entries(file, entries, error);
    if (status == WR_OK)
        status = find_shape(file, entries, shape, models, stacked, error);
    if (status == WR_OK && wr_parameters_layout(shape, layout, NULL) != WR_OK)
        status = wr_fail(error, WR_ERR_DATA, "%s: tensor \"%s\" makes a model too large to count",
                         file->path, entries[WR_WEIGHT_IH].name);
    if (status != WR_OK)
        return status;
    wr_saved_tensors(shape, layout, tensors);
    status = check_shapes(file, entries, tensors, *models, *stacked, error);
    if (status != WR_OK)
        return status;
    struct wr_tensor_entry sorted[WR_SAVED];
    memcpy(sorted, entries, sizeof sorted);
    return wr_tensor_file_cover(file, sorted, WR_SAVED, bytes, error);
}

static wr_status load(struct wr_tensor_file *file, struct wr_stack *stack, int *stacked,
                      struct wr_error *error) {
    struct wr_layout layout;
    struct wr_saved tensors[WR_SAVED];
    struct wr_tensor_entry entries[WR_SAVED];
    size_t bytes;
    unsigned char *data = NULL;
    wr_status status = load_header(file, entries, &stack->shape, &layout, tensors, &stack->count,
                                   stacked, &bytes, error);
    if (status == WR_OK)
        status = wr_tensor_file_data(file, bytes, &data, error);
    if (status != WR_OK)
        return status;
    /* does not overflow: the data in memory are not smaller */
    stack->parameters = wr_alloc(stack->count * layout.count, sizeof(float), "parameters", error);
    if (stack->parameters != NULL)
        unpack(data, entries, tensors, stack->count, layout.count, stack->parameters);
    free(data);
    return stack->parameters == NULL ? WR_ERR_MEMORY : WR_OK;
}

/* Copies all metadata into one block: the array, then the strings. */
static wr_status copy_metadata(const struct wr_tensor_file *file, struct wr_metadata **metadata,
                               size_t *count, struct wr_error *error) {
    json_t *object = json_object_get(file->header, WR_METADATA_KEY), *value;
    const char *key;
    *metadata = NULL;
    *count = json_object_size(object);
    if (*count == 0)
        return WR_OK;
    size_t bytes = *count * sizeof **metadata; /* fits: the header in memory takes more */
    json_object_foreach(object, key, value) bytes += strlen(key) + json_string_length(value) + 2;
    *metadata = wr_alloc(bytes, 1, file->path, error);
    if (*metadata == NULL)
        return WR_ERR_MEMORY;
    struct wr_metadata *to = *metadata;
    char *text = (char *)(*metadata + *count);
    json_object_foreach(object, key, value) {
        to->key = strcpy(text, key);
        text += strlen(text) + 1;
        to++->value = strcpy(text, json_string_value(value));
        text += strlen(text) + 1;
    }
    return WR_OK;
}

wr_status wr_parameters_load_described(const char *path, struct wr_stack *stack, int *stacked,
                                       struct wr_metadata **metadata, size_t *metadata_count,
                                       struct wr_error *error) {
    struct wr_tensor_file file;
    struct wr_stack found = {.shape = stack->shape}; /* the rest stays if the file is invalid */
    struct wr_metadata *entries = NULL;
    size_t entry_count = 0;
    int leading = 0;
    stack->parameters = NULL;
    if (metadata != NULL)
        *metadata = NULL;
    wr_status status = wr_tensor_file_open(path, &file, error);
    if (status == WR_OK && metadata != NULL)
        status = copy_metadata(&file, &entries, &entry_count, error);
    if (status == WR_OK)
        status = load(&file, &found, &leading, error);
    wr_tensor_file_close(&file);
    if (status != WR_OK) {
        free(entries);
        return status;
    }
    *stack = found;
    if (stacked != NULL)
        *stacked = leading;
    if (metadata != NULL) {
        *metadata = entries;
        *metadata_count = entry_count;
    }
    return WR_OK;
}

wr_status wr_parameters_load(const char *path, struct wr_stack *stack, int *stacked,
                             struct wr_error *error) {
    return wr_parameters_load_described(path, stack, stacked, NULL, NULL, error);
}

wr_status wr_metadata_load(const char *path, const char *key, char **value,
                           struct wr_error *error) {
    struct wr_tensor_file file;
    *value = NULL;
    wr_status status = wr_tensor_file_open(path, &file, error);
    if (status == WR_OK) {
        const char *found =
            json_string_value(json_object_get(json_object_get(file.header, WR_METADATA_KEY), key));
        *value = found == NULL ? NULL : strdup(found);
        if (found != NULL && *value == NULL)
            status =
                wr_fail(error, WR_ERR_MEMORY, "%s: cannot allocate memory for its metadata", path);
    }
    wr_tensor_file_close(&file);
    return status;
}
