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

/* Where each tensor starts in a model's flat parameters, in floats. Gradients use it too. */
struct wr_layout {
    size_t w_xh;  /* (H, I) */
    size_t w_hh;  /* (H, H) */
    size_t b_h;   /* (H)    */
    size_t w_hy;  /* (O, H) */
    size_t b_y;   /* (O)    */
    size_t count; /* P: floats in all */
};

/* WR_ERR_USAGE if a size is 0 or above 2^32-1, WR_ERR_MEMORY if the count overflows size_t. The
 * other calls below take any seq_len: parameters do not depend on it. */
wr_status wr_layout_of(const struct wr_shape *shape, struct wr_layout *layout,
                       struct wr_error *error);

enum wr_init {
    WR_INIT_NOTEBOOK,  /* weights 0.01 N(0,1), biases N(0,1) */
    WR_INIT_PYTORCH,   /* all uniform in +-1/sqrt(H) */
    WR_INIT_GLOROT,    /* weights uniform in +-sqrt(6 / (rows + columns)), biases 0: X. Glorot and
                          Y. Bengio, "Understanding the difficulty of training deep feedforward neural
                          networks", AISTATS 2010 */
    WR_INIT_ORTHOGONAL /* the same, but W_hh orthogonal (as Keras starts): A. M. Saxe et al., "Exact
                          solutions to the nonlinear dynamics of learning in deep linear neural
                          networks", ICLR 2014 */
};

/* Fills parameters (models, P): model m is a function of shape, init and seeds[m] alone. */
wr_status wr_parameters_init(const struct wr_shape *shape, enum wr_init init, size_t models,
                             const uint32_t *seeds, float *parameters, struct wr_error *error);

/* FNV-1a-64 over one model's six saved tensors (see wr_parameters_save), little endian. */
uint64_t wr_parameters_hash(const struct wr_shape *shape, const float *parameters);

/* Text that travels with the parameters, in the safetensors header's __metadata__. */
struct wr_metadata {
    const char *key;
    const char *value;
};

/* Writes a safetensors file with the tensors rnn.weight_ih_l0 (H,I), rnn.weight_hh_l0 (H,H),
 * rnn.bias_ih_l0 (H), rnn.bias_hh_l0 (H, zeros), head.weight (O,H) and head.bias (O), F32; with
 * models > 1 each has a leading dimension models. parameters is (models, P). The file is whole or
 * absent: temporary name, fsync, rename; a target that exists and is no regular file is written
 * directly, and links are followed. WR_ERR_STORAGE names path and cause. Metadata are UTF-8; in a
 * key or value that is not, each byte beyond ASCII becomes U+FFFD. */
wr_status wr_parameters_save(const char *path, const struct wr_shape *shape, size_t models,
                             const float *parameters, const struct wr_metadata *metadata,
                             size_t metadata_count, struct wr_error *error);

/* Reads such a file, however its tensors are ordered; other tensors are an error. Fills inputs,
 * hidden and outputs of *shape (seq_len is left alone), *models (1 where the tensors have no
 * leading dimension; *stacked tells) and *parameters (models, P), freed by the caller with free.
 * b_h = bias_ih + bias_hh. Every NaN is read as 0x7fc00000. A file that is not such a file gives
 * WR_ERR_DATA, naming path and tensor, and takes memory in proportion to its size at most. */
wr_status wr_parameters_load(const char *path, struct wr_shape *shape, size_t *models, int *stacked,
                             float **parameters, struct wr_error *error);
/* The same, and all metadata of the file (metadata_count; 0 and NULL where it has none), from one
 * reading, as a pipe allows: one block with its strings, freed by the caller with free. */
wr_status wr_parameters_load_described(const char *path, struct wr_shape *shape, size_t *models,
                                       int *stacked, float **parameters,
                                       struct wr_metadata **metadata, size_t *metadata_count,
                                       struct wr_error *error);
/* The metadata value of a key in a safetensors file, freed by the caller with free; NULL where the
 * file has none. Reads the header alone. */
wr_status wr_metadata_load(const char *path, const char *key, char **value, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
