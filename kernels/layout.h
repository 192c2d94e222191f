/* What the host and the kernels must agree on: the flat parameter layout, and the per-model structs
 * that lie in device memory. */
#ifndef WR_LAYOUT_H
#define WR_LAYOUT_H

/* Offsets in floats of a model's tensors, in wr_layout's order. */
#define WR_OFFSET_W_XH(I, H, O)   0
#define WR_OFFSET_W_HH(I, H, O)   ((H) * (I))
#define WR_OFFSET_B_H(I, H, O)    (WR_OFFSET_W_HH(I, H, O) + (H) * (H))
#define WR_OFFSET_W_HY(I, H, O)   (WR_OFFSET_B_H(I, H, O) + (H))
#define WR_OFFSET_B_Y(I, H, O)    (WR_OFFSET_W_HY(I, H, O) + (O) * (H))
#define WR_PARAMETERS_OF(I, H, O) (WR_OFFSET_B_Y(I, H, O) + (O))

/* How many pieces of `size` hold `count`. */
#define WR_CEIL_DIV(count, size) (((count) + (size)-1) / (size))

/* The rows of a gradient whose squares make its norm: those of W_xh, W_hh and W_hy, and each vector
 * of biases unless FIXED (windrow/rule.h's WR_FIXED_...) leaves it out. */
#define WR_NORM_ROWS_OF(H, O, FIXED) (2 * (H) + (O) + (((FIXED)&1) == 0) + (((FIXED)&2) == 0))
/* What clip.cl keeps of a model, in floats: the squares of those rows, then the factor. */
#define WR_SQUARES_OF(H, O, FIXED) (WR_NORM_ROWS_OF(H, O, FIXED) + 1)

#ifdef __OPENCL_VERSION__
#define WR_UINT32 uint
#define WR_UINT64 ulong
#else
#include <stdint.h>
#define WR_UINT32 uint32_t
#define WR_UINT64 uint64_t
#endif

/* What a model trains on, and how; constant. 40 bytes. */
struct wr_model_task {
    WR_UINT64 first; /* its windows of the view: first .. first + count - 1 */
    WR_UINT64 count;
    WR_UINT64 visits; /* windows that an epoch visits */
    float lr;
    float clip;             /* +infinity: none */
    WR_UINT32 seed;         /* of the order of its visits */
    float decay_per_update; /* 1 / the updates over which the rate decays */
};

/* Where a model stands between two launches. 24 bytes. */
struct wr_model_progress {
    WR_UINT64 window;   /* visits of this epoch already made (fused) */
    WR_UINT32 epoch;    /* epochs done */
    WR_UINT32 diverged; /* the epoch in which it diverged, or WR_RUNNING, or WR_FROZEN */
    float total, rest;  /* window losses of this epoch so far: wr_add_long */
};
#define WR_RUNNING 0xffffffffu
#define WR_FROZEN  0xfffffffeu

#endif
