/* Training one model with its rows in the SIMD lanes, in the arithmetic and the order of
 * numerics.h: for a model alone, which would leave all lanes but one of engine.c to copies.
 *
 * Every tensor but b_y lies in rows of V vectors, with W_hh twice (struct wr_engine). The lanes
 * beyond H start as 0; what they become is of no account, for no other lane ever takes anything
 * from them. */
#include "backend/cpu/engine.h"

#include "backend/cpu/lanes.h"
#include "numerics.h"

#include <math.h>
#include <string.h>

/* Vectors of a product, or of rows of a gradient, whose sums are in registers at once. */
#define TILE 4

/* Calls function with the number of vectors, 1 .. TILE, as a constant. */
#define WITH_VECTORS(vectors, function, ...)                                                       \
    switch (vectors) {                                                                             \
    case 1:                                                                                        \
        function(1, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 2:                                                                                        \
        function(2, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    case 3:                                                                                        \
        function(3, __VA_ARGS__);                                                                  \
        break;                                                                                     \
    default:                                                                                       \
        function(4, __VA_ARGS__);                                                                  \
    }

static WR_FLOAT *as_lanes(float *values) {
    return (WR_FLOAT *)(void *)values;
}

static const WR_FLOAT *as_const_lanes(const float *values) {
    return (const WR_FLOAT *)(const void *)values;
}

/* ---- a window's working memory, in the thread's scratch ---- */

struct window {
    size_t slot;         /* in the batch */
    size_t width;        /* floats of V vectors */
    const float *x;      /* (T, I), in the view */
    const float *target; /* (O), in the view */
    float *h;            /* (T, V) vectors */
    float *da;           /* (T, V) vectors */
    float *y;            /* (O) */
    float *e;            /* (O) y - target */
    float *we;           /* (O) weight * e */
    float *dy;           /* (O) */
    float loss;
};

static struct window window_in(const struct wr_block *b) {
    size_t T = b->shape->seq_len, O = b->shape->outputs;
    struct window w = {.width = wr_padded(b->shape->hidden, WR_LANES)};
    w.h = b->scratch;
    w.da = w.h + T * w.width;
    w.y = w.da + T * w.width;
    w.e = w.y + O;
    w.we = w.e + O;
    w.dy = w.we + O;
    return w;
}

static void open_window(const struct wr_block *b, struct window *w) {
    size_t window = b->first[0] + w->slot;
    w->x = b->view->inputs + window * b->view->input_stride;
    w->target = b->view->targets + window * b->view->target_stride;
}

/* ---- products ---- */

/* sum[r] continued over terms w[k * stride + r] * v[k], k = first .. end-1. */
WR_INLINE void chain(size_t vectors, WR_FLOAT *sum, const WR_FLOAT *w, size_t stride,
                     const float *v, size_t first, size_t end) {
#pragma GCC unroll 4
    for (size_t k = first; k < end; k++) {
        WR_FLOAT factor = WR_CONST(v[k]);
        for (size_t r = 0; r < vectors; r++)
            sum[r] = wr_fma(w[k * stride + r], factor, sum[r]);
    }
}

/* The same over k = 0 .. terms-1, in runs. */
WR_INLINE void accumulate(size_t vectors, WR_FLOAT *sum, const WR_FLOAT *w, size_t stride,
                          const float *v, size_t terms) {
    chain(vectors, sum, w, stride, v, 0, terms < WR_RUN ? terms : WR_RUN);
    for (size_t k = WR_RUN; k < terms; k += WR_RUN) {
        WR_FLOAT run[TILE];
        for (size_t r = 0; r < vectors; r++)
            run[r] = WR_CONST(0.0f);
        chain(vectors, run, w, stride, v, k, terms - k < WR_RUN ? terms : k + WR_RUN);
        for (size_t r = 0; r < vectors; r++)
            sum[r] = sum[r] + run[r];
    }
}

/* start + a[0] b[0] + ..., in runs. */
WR_INLINE float dot(float start, const float *a, const float *b, size_t terms) {
    float sum = start;
    for (size_t first = 0; first < terms; first += WR_RUN) {
        size_t end = terms - first < WR_RUN ? terms : first + WR_RUN;
        float run = first == 0 ? start : 0.0f;
        for (size_t k = first; k < end; k++)
            run = fmaf(a[k], b[k], run);
        sum = first == 0 ? run : sum + run;
    }
    return sum;
}

/* ---- forward ---- */

/* h_t from vector r on; before is h_{t-1}, or NULL at t = 0. */
WR_INLINE void hidden_rows(size_t vectors, const struct wr_block *b, size_t r, const float *x,
                           const float *before, size_t width, float *h) {
    const WR_FLOAT *p = as_const_lanes(b->parameters) + r;
    size_t V = width / WR_LANES;
    WR_FLOAT sum[TILE];
    for (size_t i = 0; i < vectors; i++)
        sum[i] = p[b->layout->b_h / WR_LANES + i];
    accumulate(vectors, sum, p + b->layout->w_xh / WR_LANES, V, x, b->shape->inputs);
    if (before != NULL)
        accumulate(vectors, sum, p + b->layout->w_hh / WR_LANES, V, before, b->shape->hidden);
    for (size_t i = 0; i < vectors; i++)
        as_lanes(h)[r + i] = wr_tanh(sum[i]);
}

/* e, and the window's loss. */
static void compare(const struct wr_block *b, struct window *w) {
    size_t O = b->shape->outputs;
    for (size_t o = 0; o < O; o++) {
        w->e[o] = w->y[o] - w->target[o];
        w->we[o] = b->view->loss_weights[o] * w->e[o];
    }
    w->loss = dot(0.0f, w->we, w->e, O);
}

static void window_forward(const struct wr_block *b, struct window *w) {
    size_t I = b->shape->inputs, H = b->shape->hidden, T = b->shape->seq_len, width = w->width;
    size_t V = width / WR_LANES;
    for (size_t t = 0; t < T; t++) {
        float *h = w->h + t * width, *before = t > 0 ? h - width : NULL;
        for (size_t r = 0; r < V; r += TILE)
            WITH_VECTORS(V - r, hidden_rows, b, r, w->x + t * I, before, width, h)
    }
    const float *h = w->h + (T - 1) * width, *w_hy = b->parameters + b->layout->w_hy;
    for (size_t o = 0; o < b->shape->outputs; o++)
        w->y[o] = dot(b->parameters[b->layout->b_y + o], w_hy + o * width, h, H);
    compare(b, w);
}

/* ---- back through time ---- */

/* da_t from vector r on, dh_t being the sum over n rows of w times v. */
WR_INLINE void delta_rows(size_t vectors, const WR_FLOAT *w, size_t V, const float *v, size_t n,
                          size_t r, const WR_FLOAT *h, WR_FLOAT *da) {
    WR_FLOAT dh[TILE];
    for (size_t i = 0; i < vectors; i++)
        dh[i] = WR_CONST(0.0f);
    accumulate(vectors, dh, w + r, V, v, n);
    for (size_t i = r; i < r + vectors; i++)
        da[i] = wr_flush(wr_fma(-h[i], h[i], WR_CONST(1.0f)) * dh[i - r]);
}

static void window_backward(const struct wr_block *b, struct window *w) {
    size_t H = b->shape->hidden, O = b->shape->outputs, T = b->shape->seq_len, width = w->width;
    size_t V = width / WR_LANES;
    const float *w_hh = b->parameters + b->layout->w_hh + H * width;
    for (size_t o = 0; o < O; o++)
        w->dy[o] = b->scale[0] * w->e[o];
    for (size_t t = T; t-- > 0;) {
        bool last = t == T - 1;
        const WR_FLOAT *matrix = as_const_lanes(last ? b->parameters + b->layout->w_hy : w_hh);
        const float *v = last ? w->dy : w->da + (t + 1) * width;
        for (size_t r = 0; r < V; r += TILE)
            WITH_VECTORS(V - r, delta_rows, matrix, V, v, last ? O : H, r,
                         as_const_lanes(w->h + t * width), as_lanes(w->da + t * width))
    }
}

/* ---- gradients ---- */

/* A window's share of the gradient of some rows of V vectors: the terms of vector [j, c] are
 * u[s * u_step + j] * v[s * v_step + c], s = 0 .. terms-1. */
struct outer {
    const float *u;
    const WR_FLOAT *v;
    ptrdiff_t u_step, v_step;
    size_t rows, vectors, terms;
};

/* How a gradient that is complete is used at once. */
struct descent {
    WR_FLOAT clip, descent;
};

/* Tile (rows, columns) at [j, c]. use NULL: continues the gradients `to`; else `to` is the
 * parameters. */
WR_INLINE void outer_tile(size_t rows, size_t columns, const struct outer *o, size_t j, size_t c,
                          WR_FLOAT *to, const struct descent *use) {
    WR_FLOAT g[WR_OUTER_ROWS][TILE];
    to += j * o->vectors + c;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++)
            g[r][i] = use != NULL ? WR_CONST(0.0f) : to[r * o->vectors + i];
    const float *u = o->u + j;
    const WR_FLOAT *v = o->v + c;
    for (size_t s = 0; s < o->terms; s++, u += o->u_step, v += o->v_step)
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < columns; i++)
                g[r][i] = wr_fma(WR_CONST(u[r]), v[i], g[r][i]);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++) {
            WR_FLOAT *at = &to[r * o->vectors + i];
            *at = use != NULL ? wr_fma(use->descent, wr_clip(g[r][i], use->clip), *at) : g[r][i];
        }
}

WR_INLINE void outer_band(size_t columns, const struct outer *o, size_t c, WR_FLOAT *to,
                          const struct descent *use) {
    size_t j = 0;
    for (; j + WR_OUTER_ROWS <= o->rows; j += WR_OUTER_ROWS)
        outer_tile(WR_OUTER_ROWS, columns, o, j, c, to, use);
    for (; j < o->rows; j++)
        outer_tile(1, columns, o, j, c, to, use);
}

WR_INLINE void outer_product(const struct outer *o, float *to, const struct descent *use) {
    for (size_t c = 0; c < o->vectors; c += TILE)
        WITH_VECTORS(o->vectors - c, outer_band, o, c, as_lanes(to), use)
}

/* All tensors, W_hh twice; to is laid out as the parameters. b_y is up to the caller. */
WR_INLINE void window_gradient(const struct wr_block *b, const struct window *w, float *to,
                               const struct descent *use) {
    size_t I = b->shape->inputs, H = b->shape->hidden, O = b->shape->outputs;
    size_t T = b->shape->seq_len, V = w->width / WR_LANES;
    const struct wr_layout *at = b->layout;
    const float one = 1.0f, *da = w->da + (T - 1) * w->width, *h = w->h + (T - 1) * w->width;
    const float *before = h - (T > 1 ? w->width : 0);
    const WR_FLOAT *das = as_const_lanes(da), *hs = as_const_lanes(before);
    ptrdiff_t minus_I = -(ptrdiff_t)I, minus_V = -(ptrdiff_t)V, minus = -(ptrdiff_t)w->width;
    struct outer columns = {before, das, minus, minus_V, H, V, T - 1};
    struct outer rows = {da, hs, minus, minus_V, H, V, T - 1};
    struct outer w_xh = {w->x + (T - 1) * I, das, minus_I, minus_V, I, V, T};
    struct outer b_h = {&one, das, 0, minus_V, 1, V, T};
    struct outer w_hy = {w->dy, as_const_lanes(h), 0, 0, O, V, 1};
    outer_product(&w_xh, to + at->w_xh, use);
    outer_product(&b_h, to + at->b_h, use);
    outer_product(&w_hy, to + at->w_hy, use);
    outer_product(&columns, to + at->w_hh, use);
    outer_product(&rows, to + at->w_hh + H * w->width, use);
}

/* Adds a window to the batch's gradient, in runs of WR_RUN windows. */
static void add_window(const struct wr_block *b, const struct window *w) {
    size_t P = b->layout->count;
    float *to = w->slot < WR_RUN ? b->gradients : b->run;
    if (w->slot % WR_RUN == 0)
        memset(to, 0, P * sizeof *to);
    window_gradient(b, w, to, NULL);
    for (size_t o = 0; o < b->shape->outputs; o++)
        to[b->layout->b_y + o] = fmaf(w->dy[o], 1.0f, to[b->layout->b_y + o]);
    bool ends = w->slot % WR_RUN == WR_RUN - 1 || w->slot + 1 == b->windows;
    WR_FLOAT *sum = as_lanes(b->gradients), *run = as_lanes(to);
    if (ends && run != sum)
        for (size_t i = 0; i < P / WR_LANES; i++)
            sum[i] = sum[i] + run[i];
}

/* A batch of one window: its gradient goes straight into the parameters. */
static void descend(const struct wr_block *b, const struct window *w) {
    struct descent use = {WR_CONST(b->clip[0]), WR_CONST(b->descent[0])};
    float *b_y = b->parameters + b->layout->b_y;
    window_gradient(b, w, b->parameters, &use);
    for (size_t o = 0; o < b->shape->outputs; o++) {
        float g = fmaf(w->dy[o], 1.0f, 0.0f), bound = b->clip[0];
        g = bound < g ? bound : g;
        g = g < -bound ? -bound : g;
        b_y[o] = fmaf(b->descent[0], g, b_y[o]);
    }
}

/* ---- the operations ---- */

static void apply_clip(struct wr_block *b) {
    WR_FLOAT bound = WR_CONST(b->clip[0]), *g = as_lanes(b->gradients);
    for (size_t i = 0; i < b->layout->count / WR_LANES; i++)
        g[i] = wr_clip(g[i], bound);
}

static void update(struct wr_block *b) {
    WR_FLOAT descent = WR_CONST(b->descent[0]);
    WR_FLOAT *p = as_lanes(b->parameters), *g = as_lanes(b->gradients);
    for (size_t i = 0; i < b->layout->count / WR_LANES; i++)
        p[i] = wr_fma(descent, g[i], p[i]);
}

static void train(struct wr_block *b) {
    struct window w = window_in(b);
    for (; w.slot < b->windows; w.slot++) {
        open_window(b, &w);
        window_forward(b, &w);
        window_backward(b, &w);
        *b->total += w.loss;
        if (b->windows == 1)
            descend(b, &w);
        else
            add_window(b, &w);
    }
    if (b->windows > 1) {
        apply_clip(b);
        update(b);
    }
}

/* Between T rows of H floats, `width` apart here, and a stage buffer, which has no gaps. */
static void copy_rows(const struct wr_block *b, const float *from, size_t from_width, float *to,
                      size_t to_width) {
    size_t H = b->shape->hidden;
    for (size_t t = 0; t < b->shape->seq_len; t++)
        memcpy(to + t * to_width, from + t * from_width, H * sizeof *to);
}

static void forward(struct wr_block *b) {
    struct window w = window_in(b);
    size_t H = b->shape->hidden, TH = b->shape->seq_len * H, O = b->shape->outputs;
    for (; w.slot < b->windows; w.slot++) {
        open_window(b, &w);
        window_forward(b, &w);
        copy_rows(b, w.h, w.width, b->hidden + w.slot * TH, H);
        memcpy(b->predictions + w.slot * O, w.y, O * sizeof *w.y);
        b->losses[w.slot] = w.loss;
    }
}

static void bptt(struct wr_block *b) {
    struct window w = window_in(b);
    size_t H = b->shape->hidden, TH = b->shape->seq_len * H, O = b->shape->outputs;
    memset(w.h, 0, b->shape->seq_len * w.width * sizeof *w.h);
    for (; w.slot < b->windows; w.slot++) {
        open_window(b, &w);
        copy_rows(b, b->hidden + w.slot * TH, H, w.h, w.width);
        memcpy(w.y, b->predictions + w.slot * O, O * sizeof *w.y);
        compare(b, &w);
        window_backward(b, &w);
        copy_rows(b, w.da, w.width, b->deltas + w.slot * TH, H);
        add_window(b, &w);
    }
}

static void account(struct wr_block *b) {
    for (size_t slot = 0; slot < b->windows; slot++)
        *b->total += b->losses[slot];
}

/* Both copies of W_hh are the same. */
static void check(const struct wr_block *b, float *poison) {
    size_t H = b->shape->hidden, width = wr_padded(H, WR_LANES), rows = b->layout->b_y / width;
    float sum = 0.0f;
    for (size_t c = 0; c < width; c += WR_LANES) {
        alignas(64) float lanes[WR_LANES];
        WR_FLOAT zero = WR_CONST(0.0f), column = zero;
        for (size_t r = 0; r < rows; r++)
            column = wr_fma(*as_const_lanes(b->parameters + r * width + c), zero, column);
        *as_lanes(lanes) = column;
        for (size_t l = 0; l < WR_LANES && c + l < H; l++)
            sum += lanes[l];
    }
    for (size_t o = 0; o < b->shape->outputs; o++)
        sum = fmaf(b->parameters[b->layout->b_y + o], 0.0f, sum);
    *poison = sum;
}

#define NAME_OF(name)    #name
#define NAME_TEXT(name)  NAME_OF(name)
#define JOIN_NAMES(a, b) a##b
#define ENGINE_OF(name)  JOIN_NAMES(wr_rows_, name)
const struct wr_engine ENGINE_OF(WR_ENGINE_NAME) = {
    .name = NAME_TEXT(WR_ENGINE_NAME) "-rows",
    .detail = "rows of a model in " WR_ENGINE_DETAIL,
    .lanes = 1,
    .width = WR_LANES,
    .train = train,
    .forward = forward,
    .bptt = bptt,
    .apply_clip = apply_clip,
    .update = update,
    .account = account,
    .check = check,
};
