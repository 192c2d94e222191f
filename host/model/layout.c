#include "base/base.h"
#include "model/tensors.h"

static wr_status check_size(const char *name, size_t size, struct wr_error *error) {
    if (size >= 1 && size <= UINT32_MAX)
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "%s is %zu; it must be 1 to 4294967295", name, size);
}

wr_status wr_parameters_layout(const struct wr_shape *shape, struct wr_layout *layout,
                               struct wr_error *error) {
    const size_t I = shape->inputs, H = shape->hidden, O = shape->outputs;
    wr_status status = check_size("inputs", I, error);
    if (status == WR_OK)
        status = check_size("hidden", H, error);
    if (status == WR_OK)
        status = check_size("outputs", O, error);
    if (status != WR_OK)
        return status;

    size_t hi, hh, oh;
    struct wr_layout to = {0}; /* in the order of kernels/layout.h */
    bool fits = wr_size_mul(H, I, &hi) && wr_size_mul(H, H, &hh) && wr_size_mul(O, H, &oh);
    to.w_hh = hi;
    fits = fits && wr_size_add(to.w_hh, hh, &to.b_h) && wr_size_add(to.b_h, H, &to.w_hy) &&
           wr_size_add(to.w_hy, oh, &to.b_y) && wr_size_add(to.b_y, O, &to.count);
    if (!fits)
        return wr_fail(error, WR_ERR_MEMORY,
                       "a model with %zu inputs, %zu hidden units and %zu outputs has more "
                       "parameters than this machine can count; choose smaller sizes",
                       I, H, O);
    *layout = to;
    return WR_OK;
}

wr_status wr_layout_of(const struct wr_shape *shape, struct wr_layout *layout,
                       struct wr_error *error) {
    wr_status status = check_size("seq_len", shape->seq_len, error);
    return status == WR_OK ? wr_parameters_layout(shape, layout, error) : status;
}

const char *const wr_saved_names[WR_SAVED] = {
    [WR_WEIGHT_IH] = "rnn.weight_ih_l0", [WR_WEIGHT_HH] = "rnn.weight_hh_l0",
    [WR_BIAS_IH] = "rnn.bias_ih_l0",     [WR_BIAS_HH] = "rnn.bias_hh_l0",
    [WR_HEAD_WEIGHT] = "head.weight",    [WR_HEAD_BIAS] = "head.bias",
};

void wr_saved_tensors(const struct wr_shape *shape, const struct wr_layout *layout,
                      struct wr_saved tensors[WR_SAVED]) {
    const size_t I = shape->inputs, H = shape->hidden, O = shape->outputs;
    const struct wr_saved saved[WR_SAVED] = {
        [WR_WEIGHT_IH] = {2, {H, I}, H * I, layout->w_xh},
        [WR_WEIGHT_HH] = {2, {H, H}, H * H, layout->w_hh},
        [WR_BIAS_IH] = {1, {H}, H, layout->b_h},
        [WR_BIAS_HH] = {1, {H}, H, layout->b_h},
        [WR_HEAD_WEIGHT] = {2, {O, H}, O * H, layout->w_hy},
        [WR_HEAD_BIAS] = {1, {O}, O, layout->b_y},
    };
    memcpy(tensors, saved, sizeof saved);
}

/* Continues a hash (Fowler, Noll and Vo, variant 1a) with the four bytes of a word, lowest first.
 */
static uint64_t fnv1a_word(uint64_t hash, uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8)
        hash = (hash ^ (word >> shift & 0xff)) * 0x100000001b3u;
    return hash;
}

uint64_t wr_parameters_hash(const struct wr_shape *shape, const float *parameters) {
    struct wr_layout layout;
    struct wr_saved tensors[WR_SAVED];
    if (wr_parameters_layout(shape, &layout, NULL) != WR_OK)
        return 0;
    wr_saved_tensors(shape, &layout, tensors);
    uint64_t hash = 0xcbf29ce484222325u;
    for (int k = 0; k < WR_SAVED; k++)
        for (size_t i = 0; i < tensors[k].count; i++)
            hash = fnv1a_word(
                hash, k == WR_BIAS_HH ? 0 : wr_stored_bits(parameters[tensors[k].offset + i]));
    return hash;
}
