/* The six tensors of a saved model, in the order in which they are written and hashed. */
#ifndef WR_TENSORS_H
#define WR_TENSORS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "windrow/model.h"

enum {
    WR_WEIGHT_IH,   /* rnn.weight_ih_l0 (H, I) */
    WR_WEIGHT_HH,   /* rnn.weight_hh_l0 (H, H) */
    WR_BIAS_IH,     /* rnn.bias_ih_l0   (H)    */
    WR_BIAS_HH,     /* rnn.bias_hh_l0   (H)    zeros: the model has one bias, PyTorch two */
    WR_HEAD_WEIGHT, /* head.weight    (O, H) */
    WR_HEAD_BIAS,   /* head.bias      (O)    */
    WR_SAVED        /* the number of tensors */
};

extern const char *const wr_saved_names[WR_SAVED];

struct wr_saved {
    size_t rank; /* 1 or 2 */
    size_t dims[2];
    size_t count;  /* floats of one model */
    size_t offset; /* in a model's flat parameters; WR_BIAS_HH is added to b_h and has its offset */
};

/* wr_layout_of without seq_len. */
wr_status wr_parameters_layout(const struct wr_shape *shape, struct wr_layout *layout,
                               struct wr_error *error);
/* Describes the tensors of a shape and its layout. */
void wr_saved_tensors(const struct wr_shape *shape, const struct wr_layout *layout,
                      struct wr_saved tensors[WR_SAVED]);

/* The bits of x for files and hashes: every NaN is the same. */
static inline uint32_t wr_stored_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
}

#endif
