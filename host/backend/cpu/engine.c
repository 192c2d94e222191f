/* Training one block of models, one per lane, in the arithmetic and the order of numerics.h.
 *
 * Lanes may have different numbers of windows. A lane without a window in some slot computes
 * too, and its terms are then replaced by -0, because adding -0 changes no bit of any sum. */
#include "backend/cpu/engine.h"

#include "backend/cpu/lanes.h"
#include "numerics.h"

#include "backend/cpu/steps.h"

#include <math.h>
#include <string.h>

/* Rows of a product whose sums are in registers at once: enough independent chains to hide the
 * latency of fma. */
#define TILE 10

/* Calls function with the number of rows, 1 .. TILE, as a constant. */
#define WITH_ROWS(rows, function, ...)                                                             \
    switch (rows) {                                                                                \
    case 1:                                                                                        \
        function(1, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 2:                                                                                        \
        function(2, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 3:                                                                                        \
        function(3, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 4:                                                                                        \
        function(4, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 5:                                                                                        \
        function(5, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 6:                                                                                        \
        function(6, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 7:                                                                                        \
        function(7, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 8:                                                                                        \
        function(8, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 9:                                                                                        \
        function(9, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    default:                                                                                       \
        function(10, __VA_ARGS__);                                                                 \
    }

/* ---- a window's working memory, in the thread's scratch ---- */

struct window {
    size_t slot;  /* in the batch */
    WR_FLOAT *x;  /* (T, I) */
    WR_FLOAT *h;  /* (T, H) */
    WR_FLOAT *da; /* (T, H) */
    WR_FLOAT *y;  /* (O) */
    WR_FLOAT *e;  /* (O) y - target */
    WR_FLOAT *we; /* (O) weight * e */
    WR_FLOAT *dy; /* (O) */
    WR_FLOAT loss;
};

static WR_FLOAT *as_lanes(float *values) {
    return (WR_FLOAT *)(void *)values;
}

static WR_FLOAT lanes_at(const float *values) {
    return *(const WR_FLOAT *)(const void *)values;
}

static struct window window_in(const struct wr_block *b) {
    size_t T = b->shape->seq_len, H = b->shape->hidden, O = b->shape->outputs;
    struct window w = {0};
    w.x = as_lanes(b->scratch);
    w.h = w.x + T * b->shape->inputs;
    w.da = w.h + T * H;
    w.y = w.da + T * H;
    w.e = w.y + O;
    w.we = w.e + O;
    w.dy = w.we + O;
    return w;
}

/* 1 in the lanes that have a window in this slot of the batch, else 0. */
static WR_FLOAT active_lanes(const struct wr_block *b, size_t slot) {
    alignas(64) float active[WR_MOST_LANES];
    for (size_t l = 0; l < WR_LANES; l++)
        active[l] = slot < b->count[l] ? 1.0f : 0.0f;
    return *as_lanes(active);
}

WR_INLINE WR_FLOAT choose(WR_FLOAT active, WR_FLOAT x, WR_FLOAT y) {
    return wr_if_less(WR_CONST(0.0f), active, x, y);
}

static void choose_all(WR_FLOAT active, size_t count, const WR_FLOAT *from, WR_FLOAT *to) {
    for (size_t i = 0; i < count; i++)
        to[i] = choose(active, from[i], to[i]);
}

/* ---- products ---- */

/* sum[r] continued over terms w[r * row + k * column] * v[k], k = first .. end-1, for each r. */
WR_INLINE void chain(size_t rows, WR_FLOAT *sum, const WR_FLOAT *w, size_t row, size_t column,
                     const WR_FLOAT *v, size_t first, size_t end) {
#pragma GCC unroll 4
    for (size_t k = first; k < end; k++)
        for (size_t r = 0; r < rows; r++)
            sum[r] = wr_fma(w[r * row + k * column], v[k], sum[r]);
}

/* The same over k = 0 .. terms-1, in segments. */
WR_INLINE void accumulate(size_t rows, WR_FLOAT *sum, const WR_FLOAT *w, size_t row, size_t column,
                          const WR_FLOAT *v, size_t terms) {
    chain(rows, sum, w, row, column, v, 0, terms < WR_SEGMENT ? terms : WR_SEGMENT);
    for (size_t k = WR_SEGMENT; k < terms; k += WR_SEGMENT) {
        WR_FLOAT segment[TILE];
        for (size_t r = 0; r < rows; r++)
            segment[r] = WR_CONST(0.0f);
        chain(rows, segment, w, row, column, v, k, terms - k < WR_SEGMENT ? terms : k + WR_SEGMENT);
        for (size_t r = 0; r < rows; r++)
            sum[r] = sum[r] + segment[r];
    }
}

/* n rows are cut into equal tiles of at most TILE; tile i is rows tile_start(i) up to the next. */
static size_t tiles_of(size_t n) {
    return (n + TILE - 1) / TILE;
}

static size_t tile_start(size_t n, size_t i) {
    return i * n / tiles_of(n);
}

/* The i-th tile to work on in step t. The order alternates from step to step, because the part of
 * W_hh that was used last is still in the innermost cache. */
static size_t tile_at(size_t n, size_t t, size_t i) {
    return t % 2 == 0 ? i : tiles_of(n) - 1 - i;
}

/* ---- forward ---- */

/* W_xh, W_hh and b_h from row j on; h NULL for the first step. */
WR_INLINE void hidden_rows(size_t rows, const struct wr_block *b, size_t j, const WR_FLOAT *x,
                           const WR_FLOAT *h, WR_FLOAT *a) {
    size_t I = b->shape->inputs, H = b->shape->hidden, stride = wr_row_stride(H);
    const WR_FLOAT *p = as_lanes(b->parameters);
    WR_FLOAT sum[TILE];
    for (size_t r = 0; r < rows; r++)
        sum[r] = p[b->layout->b_h + j + r];
    accumulate(rows, sum, p + b->layout->w_xh + j * I, I, 1, x, I);
    if (h != NULL)
        accumulate(rows, sum, p + b->layout->w_hh + j * stride, stride, 1, h, H);
    for (size_t r = 0; r < rows; r++)
        a[j + r] = sum[r];
}

WR_INLINE void output_rows(size_t rows, const struct wr_block *b, size_t o, const WR_FLOAT *h,
                           WR_FLOAT *y) {
    size_t H = b->shape->hidden;
    const WR_FLOAT *p = as_lanes(b->parameters);
    WR_FLOAT sum[TILE];
    for (size_t r = 0; r < rows; r++)
        sum[r] = p[b->layout->b_y + o + r];
    accumulate(rows, sum, p + b->layout->w_hy + o * H, H, 1, h, H);
    for (size_t r = 0; r < rows; r++)
        y[o + r] = sum[r];
}

/* to[i] = the i-th value of each lane's window in this slot; 0 for a lane that has none. */
static void gather(const struct wr_block *b, size_t slot, const float *values, size_t stride,
                   size_t count, WR_FLOAT *to) {
    if (b->together) {
        const float *from = values + (b->first[0] + slot) * stride;
        for (size_t i = 0; i < count; i++)
            to[i] = WR_CONST(from[i]);
        return;
    }
    float *out = (float *)(void *)to; /* (count, L) */
    for (size_t l = 0; l < WR_LANES; l++) {
        bool active = slot < b->count[l];
        size_t window = !active              ? 0
                        : b->visited != NULL ? b->visited[slot * WR_LANES + l]
                                             : b->first[l] + slot;
        const float *from = values + window * stride;
        for (size_t i = 0; i < count; i++)
            out[i * WR_LANES + l] = active ? from[i] : 0.0f;
    }
}

static void predict(const struct wr_block *b, struct window *w) {
    size_t I = b->shape->inputs, H = b->shape->hidden, O = b->shape->outputs;
    size_t T = b->shape->seq_len;
    for (size_t t = 0; t < T; t++) {
        WR_FLOAT *h = w->h + t * H;
        for (size_t i = 0; i < tiles_of(H); i++) {
            size_t tile = tile_at(H, t, i), j = tile_start(H, tile), end = tile_start(H, tile + 1);
            WITH_ROWS(end - j, hidden_rows, b, j, w->x + t * I, t > 0 ? h - H : NULL, h)
        }
        for (size_t j = 0; j < H; j++)
            h[j] = wr_activated((int)b->rule->activation, h[j]);
    }
    for (size_t i = 0; i < tiles_of(O); i++) {
        size_t o = tile_start(O, i), end = tile_start(O, i + 1);
        WITH_ROWS(end - o, output_rows, b, o, w->h + (T - 1) * H, w->y)
    }
}

/* e, and the window's loss. */
static void compare(const struct wr_block *b, struct window *w) {
    size_t O = b->shape->outputs;
    gather(b, w->slot, b->view->targets, b->view->target_stride, O, w->e);
    for (size_t o = 0; o < O; o++) {
        w->e[o] = w->y[o] - w->e[o];
        WR_FLOAT s = wr_slope_of((int)b->rule->loss, b->loss_number, w->e[o]);
        w->we[o] = WR_CONST(b->view->loss_weights[o]) * s;
        w->dy[o] = wr_rest_of((int)b->rule->loss, s, w->e[o]); /* until dy is known */
    }
    w->loss = WR_CONST(0.0f);
    accumulate(1, &w->loss, w->we, 0, 1, w->dy, O);
}

static void window_forward(const struct wr_block *b, struct window *w) {
    gather(b, w->slot, b->view->inputs, b->view->input_stride, b->shape->seq_len * b->shape->inputs,
           w->x);
    predict(b, w);
    compare(b, w);
}

/* ---- back through time ---- */

/* da_t[k] from dh_t[k] = the sum over n rows of w times v. */
WR_INLINE void delta_columns(size_t columns, const struct wr_rule *rule, const WR_FLOAT *w,
                             size_t stride, size_t n, const WR_FLOAT *v, size_t k,
                             const WR_FLOAT *h, WR_FLOAT *da) {
    WR_FLOAT dh[TILE];
    for (size_t r = 0; r < columns; r++)
        dh[r] = WR_CONST(0.0f);
    accumulate(columns, dh, w + k, 1, stride, v, n);
    for (size_t r = 0; r < columns; r++)
        da[k + r] = wr_delta_of((int)rule->activation, h[k + r], dh[r]);
}

static void window_backward(const struct wr_block *b, struct window *w) {
    size_t H = b->shape->hidden, O = b->shape->outputs, T = b->shape->seq_len;
    const WR_FLOAT *p = as_lanes(b->parameters), scale = lanes_at(b->scale);
    for (size_t o = 0; o < O; o++)
        w->dy[o] = scale * wr_slope_of((int)b->rule->loss, b->loss_number, w->e[o]);
    for (size_t t = T; t-- > 0;) {
        bool last = t == T - 1;
        const WR_FLOAT *matrix = p + (last ? b->layout->w_hy : b->layout->w_hh);
        const WR_FLOAT *v = last ? w->dy : w->da + (t + 1) * H;
        size_t stride = last ? H : wr_row_stride(H);
        for (size_t i = 0; i < tiles_of(H); i++) {
            size_t tile = tile_at(H, t, i), k = tile_start(H, tile), end = tile_start(H, tile + 1);
            WITH_ROWS(end - k, delta_columns, b->rule, matrix, stride, last ? O : H, v, k,
                      w->h + t * H, w->da + t * H)
        }
    }
}

/* Makes the gradient terms of the lanes that have no window in this slot -0: da and dy -0, what
 * they are multiplied with +0. */
static void silence(const struct wr_block *b, struct window *w) {
    size_t T = b->shape->seq_len, TH = T * b->shape->hidden;
    WR_FLOAT active = active_lanes(b, w->slot);
    for (size_t i = 0; i < T * b->shape->inputs; i++)
        w->x[i] = choose(active, w->x[i], WR_CONST(0.0f));
    for (size_t i = 0; i < TH; i++) {
        w->h[i] = choose(active, w->h[i], WR_CONST(0.0f));
        w->da[i] = choose(active, w->da[i], WR_CONST(-0.0f));
    }
    for (size_t o = 0; o < b->shape->outputs; o++)
        w->dy[o] = choose(active, w->dy[o], WR_CONST(-0.0f));
    w->loss = choose(active, w->loss, WR_CONST(-0.0f));
}

/* ---- gradients ---- */

/* A window's share of one gradient tensor (rows, columns): the terms of element [j, k] are
 * u[s * u_step + j] * v[s * v_step + k], s = 0 .. terms-1. */
struct outer {
    const WR_FLOAT *u, *v;
    ptrdiff_t u_step, v_step;
    size_t rows, columns, terms;
    size_t stride; /* from one row of the tensor to the next */
};

/* What becomes of a gradient: */
struct use {
    bool onward;                   /* it continues what is there, else it begins at start */
    bool whole;                    /* it is that of the batch, and changes the parameters there */
    WR_FLOAT start, clip, descent; /* the last two if whole */
};

/* Tile (rows, columns) at [j, k]. */
WR_INLINE void outer_tile(size_t rows, size_t columns, const struct outer *o, size_t j, size_t k,
                          WR_FLOAT *to, const struct use *use) {
    WR_FLOAT g[WR_OUTER_ROWS][WR_OUTER_COLUMNS];
    to += j * o->stride + k;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            g[r][c] = use->onward ? to[r * o->stride + c] : use->start;
    const WR_FLOAT *u = o->u + j, *v = o->v + k;
    for (size_t s = 0; s < o->terms; s++, u += o->u_step, v += o->v_step)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                g[r][c] = wr_fma(u[r], v[c], g[r][c]);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            WR_FLOAT *at = &to[r * o->stride + c];
            *at = use->whole ? wr_fma(use->descent, wr_clip(g[r][c], use->clip), *at) : g[r][c];
        }
}

WR_INLINE void outer_band(size_t rows, const struct outer *o, size_t j, WR_FLOAT *to,
                          const struct use *use) {
    size_t k = 0;
    for (; k + WR_OUTER_COLUMNS <= o->columns; k += WR_OUTER_COLUMNS)
        outer_tile(rows, WR_OUTER_COLUMNS, o, j, k, to, use);
    for (; k < o->columns; k++)
        outer_tile(rows, 1, o, j, k, to, use);
}

WR_INLINE void outer_product(const struct outer *o, WR_FLOAT *to, const struct use *use) {
    size_t j = 0;
    for (; j + WR_OUTER_ROWS <= o->rows; j += WR_OUTER_ROWS)
        outer_band(WR_OUTER_ROWS, o, j, to, use);
    for (; j < o->rows; j++)
        outer_band(1, o, j, to, use);
}

/* All five tensors; to is laid out as the parameters. */
WR_INLINE void window_gradient(const struct wr_block *b, const struct window *w, WR_FLOAT *to,
                               const struct use *use) {
    size_t I = b->shape->inputs, H = b->shape->hidden, O = b->shape->outputs;
    size_t T = b->shape->seq_len;
    const struct wr_layout *at = b->layout;
    const WR_FLOAT one = WR_CONST(1.0f), *last = w->da + (T - 1) * H, *h = w->h + (T - 1) * H;
    ptrdiff_t minus_I = -(ptrdiff_t)I, minus_H = -(ptrdiff_t)H;
    struct outer w_hh = {last,  h - (T > 1 ? H : 0), minus_H, minus_H, H, H,
                         T - 1, wr_row_stride(H)};
    struct outer w_xh = {last, w->x + (T - 1) * I, minus_H, minus_I, H, I, T, I};
    struct outer b_h = {last, &one, minus_H, 0, H, 1, T, 1};
    struct outer w_hy = {w->dy, h, 0, 0, O, H, 1, H};
    struct outer b_y = {w->dy, &one, 0, 0, O, 1, 1, 1};
    outer_product(&w_hh, to + at->w_hh, use);
    outer_product(&w_xh, to + at->w_xh, use);
    outer_product(&b_h, to + at->b_h, use);
    outer_product(&w_hy, to + at->w_hy, use);
    outer_product(&b_y, to + at->b_y, use);
}

/* A batch of one window: its gradient goes straight into the parameters. A lane without a window
 * has gradient -0, and +0 times that changes no bit. */
static void descend_window(const struct wr_block *b, const struct window *w) {
    WR_FLOAT active = active_lanes(b, 0);
    const struct use use = {.whole = true,
                            .start = choose(active, WR_CONST(0.0f), WR_CONST(-0.0f)),
                            .clip = lanes_at(b->clip),
                            .descent = choose(active, lanes_at(b->descent), WR_CONST(0.0f))};
    window_gradient(b, w, as_lanes(b->parameters), &use);
}

/* Starts the gradients of a segment with a window, at -0 in lanes that have none in it. */
static void begin_gradient(const struct wr_block *b, const struct window *w, WR_FLOAT *to) {
    const struct use use = {.start =
                                choose(active_lanes(b, w->slot), WR_CONST(0.0f), WR_CONST(-0.0f))};
    window_gradient(b, w, to, &use);
}

static void continue_gradient(const struct wr_block *b, const struct window *w, WR_FLOAT *to) {
    const struct use use = {.onward = true};
    window_gradient(b, w, to, &use);
}

static void add_window(const struct wr_block *b, const struct window *w, bool begins,
                       WR_FLOAT *to) {
    if (begins)
        begin_gradient(b, w, to);
    else
        continue_gradient(b, w, to);
}

/* ---- the last two stages ---- */

/* Rows of a tensor's gradient join the square of the norm; `any`: a row has joined before. */
static void add_rows(const WR_FLOAT *g, size_t rows, size_t stride, size_t terms, bool *any,
                     WR_FLOAT *sum) {
    for (size_t j = 0; j < rows; j++, g += stride) {
        WR_FLOAT row = WR_CONST(0.0f);
        accumulate(1, &row, g, 0, 1, g, terms);
        *sum = *any ? *sum + row : row;
        *any = true;
    }
}

static WR_FLOAT squared_norm(const struct wr_block *b) {
    size_t I = b->shape->inputs, H = b->shape->hidden, O = b->shape->outputs;
    const WR_FLOAT *g = as_lanes(b->gradients);
    WR_FLOAT sum = WR_CONST(0.0f);
    bool any = false;
    add_rows(g + b->layout->w_xh, H, I, I, &any, &sum);
    add_rows(g + b->layout->w_hh, H, wr_row_stride(H), H, &any, &sum);
    if ((b->rule->fixed & WR_FIXED_HIDDEN_BIAS) == 0)
        add_rows(g + b->layout->b_h, 1, 0, H, &any, &sum);
    add_rows(g + b->layout->w_hy, O, H, H, &any, &sum);
    if ((b->rule->fixed & WR_FIXED_HEAD_BIAS) == 0)
        add_rows(g + b->layout->b_y, 1, 0, O, &any, &sum);
    return sum;
}

static bool all_infinite(const float *values) {
    bool all = true;
    for (size_t l = 0; l < WR_LANES; l++)
        all = all && isinf(values[l]);
    return all;
}

/* What gradients are to change; clipped: they are already. */
static struct change change_of(const struct wr_block *b, bool clipped) {
    struct change by = {.factor = WR_CONST(1.0f),
                        .bound = WR_CONST(INFINITY),
                        .active = active_lanes(b, 0),
                        .step = step_of(b->rule, lanes_at(b->descent), lanes_at(b->correct),
                                        lanes_at(b->correct2))};
    if (!clipped && b->rule->clipping == WR_CLIPPING_NORM)
        by.factor = wr_norm_factor(squared_norm(b), lanes_at(b->clip));
    else if (!clipped)
        by.bound = lanes_at(b->clip);
    by.plain = b->fewest > 0 &&
               (clipped || (b->rule->clipping == WR_CLIPPING_VALUE && all_infinite(b->clip)));
    return by;
}

static void apply_clip(const struct wr_block *b) {
    struct change by = change_of(b, false);
    WR_FLOAT *g = as_lanes(b->gradients);
    for (size_t i = 0; i < b->layout->count; i++)
        g[i] = if_active(&by, wr_clip(g[i] * by.factor, by.bound), g[i]);
}

static void update(const struct wr_block *b) {
    struct change by = change_of(b, true);
    change_all(b, &by, 1);
}

static void descend(const struct wr_block *b) {
    struct change by = change_of(b, false);
    change_all(b, &by, 1);
}

/* ---- the operations ---- */

/* The window, forward and back, its terms and loss made -0 in the lanes that lack it. */
static void window_both(const struct wr_block *b, struct window *w) {
    window_forward(b, w);
    window_backward(b, w);
    if (w->slot >= b->fewest)
        silence(b, w);
}

static void train(struct wr_block *b) {
    struct window w = window_in(b);
    window_both(b, &w);
    wr_add_long(as_lanes(b->total), as_lanes(b->rest), w.loss);
    if (b->direct) {
        descend_window(b, &w);
    } else {
        begin_gradient(b, &w, as_lanes(b->gradients));
        descend(b);
    }
}

static void add_windows(const struct wr_block *b, size_t first, size_t count,
                        const struct wr_sums *sums) {
    struct window w = window_in(b);
    for (size_t i = 0; i < count; i++) {
        w.slot = first + i;
        window_both(b, &w);
        add_window(b, &w, i == 0, as_lanes(sums->gradient));
        as_lanes(sums->losses)[i] = w.loss;
    }
}

/* Copies what the lanes with a window in this slot have computed to its place in a stage buffer. */
static void store(const struct wr_block *b, size_t slot, size_t count, const WR_FLOAT *from,
                  float *buffer) {
    choose_all(active_lanes(b, slot), count, from, as_lanes(buffer) + slot * count);
}

static void forward(const struct wr_block *b, size_t first, size_t count) {
    struct window w = window_in(b);
    for (w.slot = first; w.slot < first + count; w.slot++) {
        window_forward(b, &w);
        store(b, w.slot, b->shape->seq_len * b->shape->hidden, w.h, b->hidden);
        store(b, w.slot, b->shape->outputs, w.y, b->predictions);
        store(b, w.slot, 1, &w.loss, b->losses);
    }
}

static void bptt(const struct wr_block *b, size_t first, size_t count, const struct wr_sums *sums) {
    struct window w = window_in(b);
    size_t T = b->shape->seq_len, TH = T * b->shape->hidden, O = b->shape->outputs;
    for (size_t i = 0; i < count; i++) {
        w.slot = first + i;
        memcpy(w.h, as_lanes(b->hidden) + w.slot * TH, TH * sizeof *w.h);
        memcpy(w.y, as_lanes(b->predictions) + w.slot * O, O * sizeof *w.y);
        gather(b, w.slot, b->view->inputs, b->view->input_stride, T * b->shape->inputs, w.x);
        compare(b, &w);
        window_backward(b, &w);
        store(b, w.slot, TH, w.da, b->deltas);
        if (w.slot >= b->fewest)
            silence(b, &w);
        add_window(b, &w, i == 0, as_lanes(sums->gradient));
        as_lanes(sums->losses)[i] = w.loss;
    }
}

/* The same, with rests; in the lanes that have a window in the segment. */
static void add_long(const struct wr_block *b, size_t number, const WR_FLOAT *from, size_t first,
                     size_t end) {
    WR_FLOAT active = active_lanes(b, number * WR_SEGMENT), zero = WR_CONST(0.0f);
    WR_FLOAT *to = as_lanes(b->gradients), *rests = as_lanes(b->rests);
    for (size_t i = first; i < end; i++) {
        WR_FLOAT sum = to[i], rest = number == WR_PLAIN_SEGMENTS ? zero : rests[i];
        wr_add_long(&sum, &rest, from[i]);
        to[i] = choose(active, sum, to[i]);
        rests[i] = rest;
    }
}

static void add(const struct wr_block *b, size_t number, const struct wr_sums *sums, size_t first,
                size_t end) {
    WR_FLOAT *to = as_lanes(b->gradients), *from = as_lanes(sums->gradient);
    if (number == 0)
        choose_all(active_lanes(b, 0), end - first, from + first, to + first);
    else if (number >= WR_PLAIN_SEGMENTS)
        add_long(b, number, from, first, end);
    else
        for (size_t i = first; i < end; i++)
            to[i] = to[i] + from[i];
}

static void check(const struct wr_block *b, float *poison) {
    const WR_FLOAT *p = as_lanes(b->parameters);
    WR_FLOAT even = WR_CONST(0.0f), odd = even;
    size_t i = 0;
    for (; i + 2 <= b->layout->count; i += 2) {
        even = wr_fma(p[i], WR_CONST(0.0f), even);
        odd = wr_fma(p[i + 1], WR_CONST(0.0f), odd);
    }
    if (i < b->layout->count)
        even = wr_fma(p[i], WR_CONST(0.0f), even);
    *as_lanes(poison) = even + odd;
}

/* 12 chains hide the latency of two fma units and leave registers for the factors. */
static void chains(size_t rounds, float *sums) {
    enum { CHAINS = 12 };
    WR_FLOAT x[CHAINS], factor = WR_CONST(0.9999f), term = WR_CONST(0.0001f);
    for (size_t i = 0; i < CHAINS; i++)
        x[i] = WR_CONST(1.0f / (float)(i + 2));
    for (; rounds > 0; rounds--)
        for (size_t repeat = 0; repeat < WR_CHAIN_FMAS / CHAINS; repeat++)
            for (size_t i = 0; i < CHAINS; i++)
                x[i] = wr_fma(x[i], factor, term);
    for (size_t i = 1; i < CHAINS; i++)
        x[0] += x[i];
    *as_lanes(sums) = x[0];
}

#define NAME_OF(name)    #name
#define NAME_TEXT(name)  NAME_OF(name)
#define JOIN_NAMES(a, b) a##b
#define ENGINE_OF(name)  JOIN_NAMES(wr_engine_, name)
const struct wr_engine ENGINE_OF(WR_ENGINE_NAME) = {
    .name = NAME_TEXT(WR_ENGINE_NAME),
    .detail = WR_ENGINE_DETAIL,
    .lanes = WR_LANES,
    .train = train,
    .add_windows = add_windows,
    .forward = forward,
    .bptt = bptt,
    .add = add,
    .apply_clip = apply_clip,
    .update = update,
    .descend = descend,
    .check = check,
    .chains = chains,
};
