/* An engine: the stages of training on one block of models. engine.c has a model in each SIMD lane,
 * rows.c the rows of one model. Both are compiled once per instruction set; every compilation gives
 * the same bits. */
#ifndef WR_ENGINE_H
#define WR_ENGINE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

#include "windrow/model.h"
#include "windrow/windows.h"

#define WR_MOST_LANES 16
#define WR_CHAIN_FMAS 48

/* Rows of W_hh stand this far apart in a block, per lane: an odd number of cache lines, or else the
 * elements of a column would share a few sets of the cache. */
static inline size_t wr_row_stride(size_t hidden) {
    return hidden | 1;
}

/* H rounded up to whole vectors of `width` floats. */
static inline size_t wr_padded(size_t hidden, size_t width) {
    return (hidden - 1) / width * width + width;
}

/* A block of L models and the batch of windows that it works on. Arrays of floats that end in L
 * are interleaved: a model's values stand L floats apart. */
struct wr_block {
    /* Per lane. A lane beyond the last model is a copy of that model. */
    alignas(64) float descent[WR_MOST_LANES]; /* -lr */
    alignas(64) float clip[WR_MOST_LANES];
    alignas(64) float scale[WR_MOST_LANES]; /* 2/(O n), n the lane's windows in this batch */
    size_t first[WR_MOST_LANES];            /* the lane's first window of this batch, in the view */
    size_t count[WR_MOST_LANES];            /* its windows in this batch; 0 leaves it alone */
    alignas(64) float total[WR_MOST_LANES]; /* window losses are added to it */
    size_t windows, fewest;                 /* the largest and the smallest count */
    bool together;                          /* all lanes start at the same window */

    const struct wr_shape *shape;
    const struct wr_layout *layout; /* padded: P is more than a model has elsewhere */
    const struct wr_windows_view *view;
    float *parameters; /* (P, L) */
    float *gradients;  /* (P, L); train does without in batches of one window */
    /* For the stages, not for train; b counts the windows of the batch. */
    float *hidden;      /* (B, T, H, L) */
    float *deltas;      /* (B, T, H, L) */
    float *predictions; /* (B, O, L) */
    float *losses;      /* (B, L) */
    /* The thread's. */
    float *scratch; /* (T I + 2 T H + 4 O, L); with a width 2 T times H padded, 4 O */
    float *run;     /* (P, L) for batches above WR_RUN windows */
};

struct wr_engine {
    const char *name;   /* "avx512", ... */
    const char *detail; /* for people */
    size_t lanes;       /* L */
    /* Floats of a vector of rows, where a block is one model. W_xh and W_hh then lie by columns, of
     * H padded to whole vectors, and so do b_h and the rows of W_hy; W_hh is followed by a copy
     * that lies by rows. 0: models are in lanes, and W_hh has wr_row_stride. */
    size_t width;
    /* All four stages on the batch; adds the window losses to total. */
    void (*train)(struct wr_block *block);
    /* One stage each, with its results in the stage buffers. */
    void (*forward)(struct wr_block *block);
    void (*bptt)(struct wr_block *block);
    void (*apply_clip)(struct wr_block *block);
    void (*update)(struct wr_block *block);
    /* Adds the losses of the last forward to total. */
    void (*account)(struct wr_block *block);
    /* poison (L): 0 where all of a lane's parameters are finite, else NaN. */
    void (*check)(const struct wr_block *block, float *poison);
    /* Nothing but fma, to measure what the instruction set can do: WR_CHAIN_FMAS of L lanes a
     * round, in independent chains. sums (L), or nothing would have to be computed. NULL with a
     * width. */
    void (*chains)(size_t rounds, float *sums);
};

extern const struct wr_engine wr_engine_avx512;
extern const struct wr_engine wr_engine_avx2;
extern const struct wr_engine wr_engine_neon;
extern const struct wr_engine wr_engine_scalar;
extern const struct wr_engine wr_rows_avx512;
extern const struct wr_engine wr_rows_avx2;
extern const struct wr_engine wr_rows_neon;

#endif
