/* An engine: the stages of training on one block of models. engine.c has a model in each SIMD lane,
 * rows.c the rows of one model. Both are compiled once per instruction set; every compilation gives
 * the same bits. */
#ifndef WR_ENGINE_H
#define WR_ENGINE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

#include "windrow/model.h"
#include "windrow/rule.h"
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
    alignas(64) float descent[WR_MOST_LANES]; /* -lr, at this update's rate */
    alignas(64) float correct[WR_MOST_LANES]; /* Adam's corrections at this update */
    alignas(64) float correct2[WR_MOST_LANES];
    alignas(64) float clip[WR_MOST_LANES];
    alignas(64) float scale[WR_MOST_LANES]; /* 2/(O n), n the lane's windows in this batch */
    size_t first[WR_MOST_LANES];            /* the lane's first window of this batch, in the view */
    size_t count[WR_MOST_LANES];            /* its windows in this batch; 0 leaves it alone */
    alignas(64) float total[WR_MOST_LANES]; /* wr_add_long's sum and rest of window losses */
    alignas(64) float rest[WR_MOST_LANES];
    size_t windows, fewest; /* the largest and the smallest count */
    bool together;          /* all lanes visit the same windows, in order */
    size_t *visited;        /* (windows, L) the lane's window in the view for each slot; NULL: in
                                     order from first on */

    const struct wr_shape *shape;
    const struct wr_layout *layout; /* padded: P is more than a model has elsewhere */
    const struct wr_windows_view *view;
    const struct wr_rule *rule;
    float loss_number; /* wr_loss_number */
    bool direct;       /* wr_is_direct */
    size_t at_once;    /* windows that fit the scratch: 1 .. WR_SEGMENT, 1 without a width */
    float *parameters; /* (P, L), then with a width (H, H padded): W_hh by rows */
    float *gradients;  /* (P, L); not for train with a direct rule */
    float *rests;      /* (P, L) what add keeps of gradients, where wr_needs_rests */
    float *state;      /* (S, P, L): momentum, mean square, or Adam's mean, then mean square */
    /* For the stages; b counts the windows of the batch. */
    float *hidden;      /* (B, T, H, L) */
    float *deltas;      /* (B, T, H, L) */
    float *predictions; /* (B, O, L) */
    float *losses;      /* (B, L) */
    /* The thread's. */
    float *scratch; /* (T I + 2 T H + 4 O, L); with a width at_once times
                       2 T (H padded) + 4 O, and T I + O of windows that are not in order */
};

/* What a segment of windows adds up to. */
struct wr_sums {
    float *gradient; /* (P, L) */
    float *losses;   /* (WR_SEGMENT, L), one by one; -0 for a lane without a window */
};

/* Operations on the windows of the batch from `first` on take `count` of them, at most WR_SEGMENT.
 */
struct wr_engine {
    const char *name;   /* "avx512", ... */
    const char *detail; /* for people */
    size_t lanes;       /* L */
    /* Floats of a vector of rows, where a block is one model. W_xh and W_hh then lie by columns, of
     * H padded to whole vectors, and so do b_h and the rows of W_hy; P floats are followed by a
     * copy of W_hh that lies by rows. 0: models are in lanes, and W_hh has wr_row_stride. */
    size_t width;
    /* All four stages on a batch of at most at_once windows; adds the window losses to total. */
    void (*train)(struct wr_block *block);
    /* Forward and bptt without the stage buffers. */
    void (*add_windows)(const struct wr_block *block, size_t first, size_t count,
                        const struct wr_sums *sums);
    /* Stages on some windows, with results in the stage buffers. */
    void (*forward)(const struct wr_block *block, size_t first, size_t count);
    void (*bptt)(const struct wr_block *block, size_t first, size_t count,
                 const struct wr_sums *sums);
    /* Adds vectors first .. end-1 of the sum of segment number `segment` of the batch to the
     * gradients of the lanes that have a window in the batch. Segment 0 overwrites them. */
    void (*add)(const struct wr_block *block, size_t segment, const struct wr_sums *sums,
                size_t first, size_t end);
    /* The last two stages, each alone and both without changing the gradients. */
    void (*apply_clip)(const struct wr_block *block);
    void (*update)(const struct wr_block *block);
    void (*descend)(const struct wr_block *block);
    /* poison (L): 0 where all of a lane's parameters are finite, else NaN. */
    void (*check)(const struct wr_block *block, float *poison);
    /* Nothing but fma, to measure what the instruction set can do: WR_CHAIN_FMAS of L lanes a
     * round, in independent chains. sums (L) are returned so that the compiler cannot remove the
     * loop. NULL with a width. */
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
