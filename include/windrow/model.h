/* A model: one Elman RNN with a linear head, and its parameters.
 *
 *   a_t = W_xh x_t + W_hh h_{t-1} + b_h,  h_t = tanh(a_t),  h_{-1} = 0,  t = 0 .. seq_len-1
 *   y   = W_hy h_{seq_len-1} + b_y
 *
 * (J. L. Elman, "Finding structure in time", Cognitive Science 14, 1990; the parameters are those
 * of PyTorch's nn.RNN and nn.Linear.) */
#ifndef WINDROW_MODEL_H
#define WINDROW_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_shape {
    size_t inputs;  /* I, input_size */
    size_t hidden;  /* H, hidden_size */
    size_t outputs; /* O, output_size */
    size_t seq_len; /* T */
};

/* Where each tensor starts in a model's flat parameters, in floats. Gradients have the same layout.
 */
struct wr_layout {
    size_t w_xh;  /* (H, I) */
    size_t w_hh;  /* (H, H) */
    size_t b_h;   /* (H)    */
    size_t w_hy;  /* (O, H) */
    size_t b_y;   /* (O)    */
    size_t count; /* P: floats in all */
};

/* WR_ERR_USAGE if a size is 0 or above 2^32-1, WR_ERR_MEMORY if the count overflows size_t. The
 * calls below ignore seq_len, because parameters do not depend on it. */
wr_status wr_layout_of(const struct wr_shape *shape, struct wr_layout *layout,
                       struct wr_error *error);

/* M models of one shape, which learn side by side. A function that takes a const stack only reads,
 * the parameters too. */
struct wr_stack {
    struct wr_shape shape;
    size_t count;      /* M */
    float *parameters; /* (M, P) */
};

enum wr_init {
    WR_INIT_NOTEBOOK,  /* weights 0.01 N(0,1), biases N(0,1) */
    WR_INIT_PYTORCH,   /* all uniform in +-1/sqrt(H) */
    WR_INIT_GLOROT,    /* weights uniform in +-sqrt(6 / (rows + columns)), biases 0: X. Glorot and
                          Y. Bengio, "Understanding the difficulty of training deep feedforward neural
                          networks", AISTATS 2010 */
    WR_INIT_ORTHOGONAL /* as glorot, but W_hh is orthogonal (as Keras starts): A. M. Saxe et al.,
                          "Exact solutions to the nonlinear dynamics of learning in deep linear
                          neural networks", ICLR 2014 */
};

/* Fills the stack's parameters, which the caller has allocated. Those of model m depend on shape,
 * init and seeds[m] (M) only. */
wr_status wr_parameters_init(struct wr_stack *stack, enum wr_init init, const uint32_t *seeds,
                             struct wr_error *error);

/* FNV-1a-64 over one model's six saved tensors (see wr_parameters_save), little endian. */
uint64_t wr_parameters_hash(const struct wr_shape *shape, const float *parameters);

/* Text that is saved with the parameters, in the safetensors header's __metadata__. */
struct wr_metadata {
    const char *key;
    const char *value;
};

/* Writes the parameters to a safetensors file with the tensors rnn.weight_ih_l0 (H,I),
 * rnn.weight_hh_l0 (H,H), rnn.bias_ih_l0 (H), rnn.bias_hh_l0 (H, zeros), head.weight (O,H) and
 * head.bias (O), F32. If count > 1, each has a leading dimension `count`. The file is complete or
 * absent: it gets a temporary name, fsync, then its name. A target that exists and is no regular
 * file is written directly; links are followed. WR_ERR_STORAGE names path and cause. Metadata are
 * UTF-8: in a key or value that is not, each byte beyond ASCII becomes U+FFFD. */
wr_status wr_parameters_save(const char *path, const struct wr_stack *stack,
                             const struct wr_metadata *metadata, size_t metadata_count,
                             struct wr_error *error);

/* Reads such a file; its tensors may stand in any order, but there may be no others. Fills the
 * stack, but for seq_len, which no file has; the caller frees stack->parameters with free. If the
 * tensors have no leading dimension, the count is 1 and *stacked 0. After a failure the parameters
 * are NULL and the rest of the stack is as it was.
 * b_h = bias_ih + bias_hh. Every NaN is read as 0x7fc00000. WR_ERR_DATA names path and tensor if
 * the file is not as above. Memory use is at most proportional to the size of the file. */
wr_status wr_parameters_load(const char *path, struct wr_stack *stack, int *stacked,
                             struct wr_error *error);
/* The same, and all metadata of the file (metadata_count; NULL and 0 if it has none). The file is
 * read once, so it may be a pipe. *metadata is one block, strings included, which the caller frees
 * with free. */
wr_status wr_parameters_load_described(const char *path, struct wr_stack *stack, int *stacked,
                                       struct wr_metadata **metadata, size_t *metadata_count,
                                       struct wr_error *error);
/* The metadata value of a key in a safetensors file, which the caller frees with free; NULL if the
 * file has none. Reads the header only. */
wr_status wr_metadata_load(const char *path, const char *key, char **value, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
