/* Training one model with its rows in the SIMD lanes, in the arithmetic and the order of
 * numerics.h. It is used for one model: in engine.c all lanes but one would hold copies of it.
 * Several windows of a batch are computed side by side.
 *
 * Every tensor but b_y lies in rows of V vectors, with W_hh twice (struct wr_engine). The lanes
 * beyond H start as 0. Their values do not matter later, because no other lane reads them. */
#include "backend/cpu/engine.h"

#include "backend/cpu/lanes.h"
#include "numerics.h"

#include "backend/cpu/steps.h"

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

/* ---- windows in work, in the thread's scratch ---- */

struct work {
    size_t count;        /* windows */
    size_t width;        /* floats of V vectors */
    size_t apart;        /* T width: from a window's h or da to the next one's */
    size_t x_apart;      /* from a window's x to the next one's */
    size_t target_apart; /* likewise */
    const float *x;      /* (count, T, I) in the view, or in order here */
    const float *target; /* (count, O) likewise */
    float *h;            /* (count, T, V) vectors */
    float *da;           /* (count, T, V) vectors */
    float *y;            /* (count, O) */
    float *e;            /* (count, O) y - target */
    float *we;           /* (count, O) weight * e */
    float *dy;           /* (count, O) */
    float *losses;       /* (count), the caller's */
};

/* Copies windows that are not in order side by side, after everything else in the scratch. */
static void gather(const struct wr_block *b, size_t first, struct work *w) {
    size_t inputs = b->shape->seq_len * b->shape->inputs, outputs = b->shape->outputs;
    float *x = w->dy + b->at_once * outputs, *target = x + b->at_once * inputs;
    w->x = x;
    w->target = target;
    w->x_apart = inputs;
    w->target_apart = outputs;
    for (size_t i = 0; i < w->count; i++) {
        size_t window = b->visited[first + i];
        memcpy(x + i * inputs, b->view->inputs + window * b->view->input_stride,
               inputs * sizeof *x);
        memcpy(target + i * outputs, b->view->targets + window * b->view->target_stride,
               outputs * sizeof *target);
    }
}

/* Windows of the batch from slot `first` on; count: no more than at_once. */
static struct work take(const struct wr_block *b, size_t first, size_t count, float *losses) {
    size_t window = b->first[0] + first, outputs = b->at_once * b->shape->outputs;
    struct work w = {
        .count = count, .width = wr_padded(b->shape->hidden, WR_LANES), .losses = losses};
    w.apart = b->shape->seq_len * w.width;
    w.x_apart = b->view->input_stride;
    w.target_apart = b->view->target_stride;
    w.x = b->view->inputs + window * w.x_apart;
    w.target = b->view->targets + window * w.target_apart;
    w.h = b->scratch;
    w.da = w.h + b->at_once * w.apart;
    w.y = w.da + b->at_once * w.apart;
    w.e = w.y + outputs;
    w.we = w.e + outputs;
    w.dy = w.we + outputs;
    if (b->visited != NULL)
        gather(b, first, &w);
    return w;
}

/* Calls function with the number of windows that it is to work on at once, and the first of them:
 * each weight that it loads serves them all. */
#define EACH_GROUP(count, function, ...)                                                           \
    {                                                                                              \
        size_t group = 0;                                                                          \
        for (; group + WR_GROUP <= (count); group += WR_GROUP)                                     \
            function(WR_GROUP, group, __VA_ARGS__);                                                \
        for (; group + 2 <= (count); group += 2)                                                   \
            function(2, group, __VA_ARGS__);                                                       \
        for (; group < (count); group++)                                                           \
            function(1, group, __VA_ARGS__);                                                       \
    }

/* ---- products ---- */

/* sum[i][r] continued over terms w[k * stride + r] * v[i * apart + k], k = first .. end-1. */
WR_INLINE void chain(size_t windows, size_t vectors, WR_FLOAT sum[][TILE], const WR_FLOAT *w,
                     size_t stride, const float *v, size_t apart, size_t first, size_t end) {
#pragma GCC unroll 4
    for (size_t k = first; k < end; k++)
        for (size_t i = 0; i < windows; i++) {
            WR_FLOAT factor = WR_CONST(v[i * apart + k]);
            for (size_t r = 0; r < vectors; r++)
                sum[i][r] = wr_fma(w[k * stride + r], factor, sum[i][r]);
        }
}

/* The same over k = 0 .. terms-1, in segments. */
WR_INLINE void accumulate(size_t windows, size_t vectors, WR_FLOAT sum[][TILE], const WR_FLOAT *w,
                          size_t stride, const float *v, size_t apart, size_t terms) {
    chain(windows, vectors, sum, w, stride, v, apart, 0, terms < WR_SEGMENT ? terms : WR_SEGMENT);
    for (size_t k = WR_SEGMENT; k < terms; k += WR_SEGMENT) {
        WR_FLOAT segment[WR_GROUP][TILE];
        for (size_t i = 0; i < windows; i++)
            for (size_t r = 0; r < vectors; r++)
                segment[i][r] = WR_CONST(0.0f);
        chain(windows, vectors, segment, w, stride, v, apart, k,
              terms - k < WR_SEGMENT ? terms : k + WR_SEGMENT);
        for (size_t i = 0; i < windows; i++)
            for (size_t r = 0; r < vectors; r++)
                sum[i][r] = sum[i][r] + segment[i][r];
    }
}

/* start + a[0] b[0] + ..., in segments. */
WR_INLINE float dot(float start, const float *a, const float *b, size_t terms) {
    float sum = start;
    for (size_t first = 0; first < terms; first += WR_SEGMENT) {
        size_t end = terms - first < WR_SEGMENT ? terms : first + WR_SEGMENT;
        float segment = first == 0 ? start : 0.0f;
        for (size_t k = first; k < end; k++)
            segment = fmaf(a[k], b[k], segment);
        sum = first == 0 ? segment : sum + segment;
    }
    return sum;
}

/* ---- forward ---- */

/* h_t of some windows from vector r on; x and h are the first one's at t. */
WR_INLINE void hidden_rows(size_t vectors, size_t windows, const struct wr_block *b,
                           const struct work *w, size_t r, size_t t, const float *x, float *h) {
    const WR_FLOAT *p = as_const_lanes(b->parameters) + r;
    size_t V = w->width / WR_LANES;
    WR_FLOAT sum[WR_GROUP][TILE];
    for (size_t i = 0; i < windows; i++)
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = p[b->layout->b_h / WR_LANES + v];
    accumulate(windows, vectors, sum, p + b->layout->w_xh / WR_LANES, V, x, w->x_apart,
               b->shape->inputs);
    if (t > 0)
        accumulate(windows, vectors, sum, p + b->layout->w_hh / WR_LANES, V, h - w->width, w->apart,
                   b->shape->hidden);
    for (size_t i = 0; i < windows; i++)
        for (size_t v = 0; v < vectors; v++)
            as_lanes(h + i * w->apart)[r + v] = wr_activated((int)b->rule->activation, sum[i][v]);
}

WR_INLINE void group_forward(size_t windows, size_t first, const struct wr_block *b,
                             const struct work *w) {
    size_t V = w->width / WR_LANES;
    const float *x = w->x + first * w->x_apart;
    float *h = w->h + first * w->apart;
    for (size_t t = 0; t < b->shape->seq_len; t++, x += b->shape->inputs, h += w->width)
        for (size_t r = 0; r < V; r += TILE)
            WITH_VECTORS(V - r, hidden_rows, windows, b, w, r, t, x, h)
}

static void predict(const struct wr_block *b, const struct work *w) {
    size_t H = b->shape->hidden, O = b->shape->outputs;
    const float *w_hy = b->parameters + b->layout->w_hy;
    EACH_GROUP(w->count, group_forward, b, w)
    for (size_t i = 0; i < w->count; i++) {
        const float *h = w->h + (i + 1) * w->apart - w->width;
        for (size_t o = 0; o < O; o++)
            w->y[i * O + o] = dot(b->parameters[b->layout->b_y + o], w_hy + o * w->width, h, H);
    }
}

/* s of an error, and r: numerics.h; of one float. */
static float slope(const struct wr_block *b, float e) {
    return wr_slope_of((int)b->rule->loss, b->loss_number, WR_CONST(e))[0];
}

static float rest_of(const struct wr_block *b, float s, float e) {
    return wr_rest_of((int)b->rule->loss, WR_CONST(s), WR_CONST(e))[0];
}

/* e, and the losses. */
static void compare(const struct wr_block *b, const struct work *w) {
    size_t O = b->shape->outputs;
    for (size_t i = 0; i < w->count; i++) {
        const float *target = w->target + i * w->target_apart;
        float *e = w->e + i * O, *we = w->we + i * O, *rest = w->dy + i * O; /* until dy is known */
        for (size_t o = 0; o < O; o++) {
            e[o] = w->y[i * O + o] - target[o];
            float s = slope(b, e[o]);
            we[o] = b->view->loss_weights[o] * s;
            rest[o] = rest_of(b, s, e[o]);
        }
        w->losses[i] = dot(0.0f, we, rest, O);
    }
}

/* ---- back through time ---- */

/* da_t of some windows from vector r on, dh_t being the sum over n rows of matrix times v. */
WR_INLINE void delta_rows(size_t vectors, size_t windows, const struct wr_rule *rule,
                          const WR_FLOAT *matrix, size_t V, const float *v, size_t v_apart,
                          size_t n, size_t r, size_t apart, const float *h, float *da) {
    WR_FLOAT dh[WR_GROUP][TILE];
    for (size_t i = 0; i < windows; i++)
        for (size_t k = 0; k < vectors; k++)
            dh[i][k] = WR_CONST(0.0f);
    accumulate(windows, vectors, dh, matrix + r, V, v, v_apart, n);
    for (size_t i = 0; i < windows; i++) {
        const WR_FLOAT *hs = as_const_lanes(h + i * apart) + r;
        WR_FLOAT *das = as_lanes(da + i * apart) + r;
        for (size_t k = 0; k < vectors; k++)
            das[k] = wr_delta_of((int)rule->activation, hs[k], dh[i][k]);
    }
}

WR_INLINE void group_backward(size_t windows, size_t first, const struct wr_block *b,
                              const struct work *w) {
    size_t H = b->shape->hidden, O = b->shape->outputs, V = w->width / WR_LANES;
    const WR_FLOAT *by_rows = as_const_lanes(b->parameters + b->layout->count);
    const WR_FLOAT *w_hy = as_const_lanes(b->parameters + b->layout->w_hy);
    for (size_t t = b->shape->seq_len; t-- > 0;) {
        bool last = t == b->shape->seq_len - 1;
        const float *h = w->h + first * w->apart + t * w->width;
        float *da = w->da + first * w->apart + t * w->width;
        for (size_t r = 0; r < V; r += TILE)
            WITH_VECTORS(V - r, delta_rows, windows, b->rule, last ? w_hy : by_rows, V,
                         last ? w->dy + first * O : da + w->width, last ? O : w->apart,
                         last ? O : H, r, w->apart, h, da)
    }
}

static void go_back(const struct wr_block *b, const struct work *w) {
    for (size_t i = 0; i < w->count * b->shape->outputs; i++)
        w->dy[i] = b->scale[0] * slope(b, w->e[i]);
    EACH_GROUP(w->count, group_backward, b, w)
}

/* ---- gradients ---- */

/* The share of some windows in the gradient of some rows of V vectors: a window's terms of vector
 * [j, c] are u[s * u_step + j] * v[s * v_step + c], s = 0 .. terms-1. */
struct outer {
    const float *u;
    const WR_FLOAT *v;
    ptrdiff_t u_step, v_step;
    size_t rows, vectors, terms;
    size_t u_apart, v_apart; /* from one window to the next */
};

/* What to do with the result. */
struct use {
    bool onward;            /* it continues what is there */
    bool whole;             /* it is the gradient of the batch, and changes the parameters there */
    WR_FLOAT clip, descent; /* then */
};

/* Tile (rows, columns) at [j, c]. */
WR_INLINE void outer_tile(size_t rows, size_t columns, const struct outer *o, size_t windows,
                          size_t j, size_t c, WR_FLOAT *to, const struct use *use) {
    WR_FLOAT g[WR_OUTER_ROWS][TILE];
    to += j * o->vectors + c;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++)
            g[r][i] = use->onward ? to[r * o->vectors + i] : WR_CONST(0.0f);
    for (size_t window = 0; window < windows; window++) {
        const float *u = o->u + window * o->u_apart + j;
        const WR_FLOAT *v = o->v + window * o->v_apart + c;
        for (size_t s = 0; s < o->terms; s++, u += o->u_step, v += o->v_step)
            for (size_t r = 0; r < rows; r++)
                for (size_t i = 0; i < columns; i++)
                    g[r][i] = wr_fma(WR_CONST(u[r]), v[i], g[r][i]);
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++) {
            WR_FLOAT *at = &to[r * o->vectors + i];
            *at = use->whole ? wr_fma(use->descent, wr_clip(g[r][i], use->clip), *at) : g[r][i];
        }
}

WR_INLINE void outer_band(size_t columns, const struct outer *o, size_t windows, size_t c,
                          WR_FLOAT *to, const struct use *use) {
    size_t j = 0;
    for (; j + WR_OUTER_ROWS <= o->rows; j += WR_OUTER_ROWS)
        outer_tile(WR_OUTER_ROWS, columns, o, windows, j, c, to, use);
    for (; j < o->rows; j++)
        outer_tile(1, columns, o, windows, j, c, to, use);
}

WR_INLINE void outer_product(const struct outer *o, size_t windows, float *to,
                             const struct use *use) {
    for (size_t c = 0; c < o->vectors; c += TILE)
        WITH_VECTORS(o->vectors - c, outer_band, o, windows, c, as_lanes(to), use)
}

/* The last step of the first window, from where everything goes back. */
struct last {
    const float *da, *h, *before; /* before: h_{T-2} */
    ptrdiff_t back;               /* floats */
    size_t V, apart, terms;       /* apart in vectors */
};

static struct last last_of(const struct wr_block *b, const struct work *w) {
    size_t T = b->shape->seq_len, end = w->apart - w->width;
    return (struct last){.da = w->da + end,
                         .h = w->h + end,
                         .before = w->h + end - (T > 1 ? w->width : 0),
                         .back = -(ptrdiff_t)w->width,
                         .V = w->width / WR_LANES,
                         .apart = w->apart / WR_LANES,
                         .terms = T - 1};
}

/* All tensors but b_y; to is laid out as the parameters. */
WR_INLINE void work_gradient(const struct wr_block *b, const struct work *w, size_t windows,
                             float *to, const struct use *use) {
    size_t I = b->shape->inputs, H = b->shape->hidden, O = b->shape->outputs;
    const struct wr_layout *at = b->layout;
    const float one = 1.0f, *x = w->x + (b->shape->seq_len - 1) * I;
    struct last l = last_of(b, w);
    const WR_FLOAT *das = as_const_lanes(l.da), *hs = as_const_lanes(l.h);
    size_t T = l.terms + 1, x_apart = w->x_apart;
    ptrdiff_t minus_I = -(ptrdiff_t)I, minus_V = -(ptrdiff_t)l.V;
    struct outer w_xh = {x, das, minus_I, minus_V, I, l.V, T, x_apart, l.apart};
    struct outer w_hh = {l.before, das, l.back, minus_V, H, l.V, l.terms, w->apart, l.apart};
    struct outer b_h = {&one, das, 0, minus_V, 1, l.V, T, 0, l.apart};
    struct outer w_hy = {w->dy, hs, 0, 0, O, l.V, 1, O, l.apart};
    outer_product(&w_xh, windows, to + at->w_xh, use);
    outer_product(&b_h, windows, to + at->b_h, use);
    outer_product(&w_hy, windows, to + at->w_hy, use);
    outer_product(&w_hh, windows, to + at->w_hh, use);
}

/* b_y[o], continued from start. */
static float output_bias(const struct wr_block *b, const struct work *w, size_t o, float start) {
    for (size_t i = 0; i < w->count; i++)
        start = fmaf(w->dy[i * b->shape->outputs + o], 1.0f, start);
    return start;
}

/* Starts or continues the gradient of a segment. */
static void add_work(const struct wr_block *b, const struct work *w, bool onward, float *to) {
    struct use use = {.onward = onward};
    float *b_y = to + b->layout->b_y;
    work_gradient(b, w, w->count, to, &use);
    for (size_t o = 0; o < b->shape->outputs; o++)
        b_y[o] = output_bias(b, w, o, onward ? b_y[o] : 0.0f);
}

/* ---- descent ---- */

/* Rows and columns of a square of W_hh change places. */
WR_INLINE void transpose(WR_FLOAT square[WR_LANES]) {
    for (size_t stage = 1; stage < WR_LANES; stage *= 2) {
        WR_FLOAT from[WR_LANES];
        for (size_t i = 0; i < WR_LANES; i++)
            from[i] = square[i];
        for (size_t i = 0; i < WR_LANES / 2; i++) {
            square[2 * i] = wr_interleave_low(from[i], from[i + WR_LANES / 2]);
            square[2 * i + 1] = wr_interleave_high(from[i], from[i + WR_LANES / 2]);
        }
    }
}

/* Renews the copy of W_hh by rows. */
static void copy_by_rows(const struct wr_block *b) {
    size_t H = b->shape->hidden, V = wr_padded(H, WR_LANES) / WR_LANES;
    const WR_FLOAT *columns = as_const_lanes(b->parameters + b->layout->w_hh);
    WR_FLOAT *rows = as_lanes(b->parameters + b->layout->count);
    for (size_t j = 0; j < H; j += WR_LANES)
        for (size_t k = 0; k < H; k += WR_LANES) {
            WR_FLOAT square[WR_LANES];
            for (size_t i = 0; i < WR_LANES; i++)
                square[i] = k + i < H ? columns[(k + i) * V + j / WR_LANES] : WR_CONST(0.0f);
            transpose(square);
            for (size_t i = 0; i < WR_LANES && j + i < H; i++)
                rows[(j + i) * V + k / WR_LANES] = square[i];
        }
}

/* A batch that is in the scratch as a whole: its gradient goes straight into the parameters. Of one
 * window it is faster computed again for the copy by rows than copied. */
static void descend_work(const struct wr_block *b, const struct work *w) {
    struct use use = {
        .whole = true, .clip = WR_CONST(b->clip[0]), .descent = WR_CONST(b->descent[0])};
    float *b_y = b->parameters + b->layout->b_y;
    if (w->count > 1) {
        work_gradient(b, w, w->count, b->parameters, &use);
        copy_by_rows(b);
    } else {
        struct last l = last_of(b, w);
        struct outer rows = {l.da,
                             as_const_lanes(l.before),
                             l.back,
                             -(ptrdiff_t)l.V,
                             b->shape->hidden,
                             l.V,
                             l.terms,
                             0,
                             0};
        work_gradient(b, w, 1, b->parameters, &use);
        outer_product(&rows, 1, b->parameters + b->layout->count, &use);
    }
    for (size_t o = 0; o < b->shape->outputs; o++) {
        float g = output_bias(b, w, o, 0.0f), bound = b->clip[0];
        g = bound < g ? bound : g;
        g = g < -bound ? -bound : g;
        b_y[o] = fmaf(b->descent[0], g, b_y[o]);
    }
}

/* ---- the last two stages ---- */

/* The sum of squares of a row of a gradient, terms `apart` floats apart. */
static float row_square(const float *g, size_t terms, size_t apart) {
    float sum = 0.0f;
    for (size_t first = 0; first < terms; first += WR_SEGMENT) {
        float segment = 0.0f;
        for (size_t k = first; k < terms && k < first + WR_SEGMENT; k++)
            segment = fmaf(g[k * apart], g[k * apart], segment);
        sum = first == 0 ? segment : sum + segment;
    }
    return sum;
}

static float squared_norm(const struct wr_block *b) {
    size_t I = b->shape->inputs, H = b->shape->hidden, O = b->shape->outputs;
    size_t width = wr_padded(H, WR_LANES);
    const float *g = b->gradients;
    float sum = row_square(g + b->layout->w_xh, I, width);
    for (size_t j = 1; j < H; j++)
        sum += row_square(g + b->layout->w_xh + j, I, width);
    for (size_t j = 0; j < H; j++)
        sum += row_square(g + b->layout->w_hh + j, H, width);
    if ((b->rule->fixed & WR_FIXED_HIDDEN_BIAS) == 0)
        sum += row_square(g + b->layout->b_h, H, 1);
    for (size_t o = 0; o < O; o++)
        sum += row_square(g + b->layout->w_hy + o * width, H, 1);
    if ((b->rule->fixed & WR_FIXED_HEAD_BIAS) == 0)
        sum += row_square(g + b->layout->b_y, O, 1);
    return sum;
}

/* What gradients are to change; clipped: they are already. */
static struct change change_of(const struct wr_block *b, bool clipped) {
    struct change by = {.factor = WR_CONST(1.0f),
                        .bound = WR_CONST(INFINITY),
                        .active = WR_CONST(1.0f),
                        .step = step_of(b->rule, WR_CONST(b->descent[0]), WR_CONST(b->correct[0]),
                                        WR_CONST(b->correct2[0]))};
    if (!clipped && b->rule->clipping == WR_CLIPPING_NORM)
        by.factor = wr_norm_factor(WR_CONST(squared_norm(b)), WR_CONST(b->clip[0]));
    else if (!clipped)
        by.bound = WR_CONST(b->clip[0]);
    by.plain = clipped || (b->rule->clipping == WR_CLIPPING_VALUE && isinf(b->clip[0]));
    return by;
}

static void apply_clip(const struct wr_block *b) {
    struct change by = change_of(b, false);
    WR_FLOAT *g = as_lanes(b->gradients);
    for (size_t i = 0; i < b->layout->count / WR_LANES; i++)
        g[i] = wr_clip(g[i] * by.factor, by.bound);
}

static void change_rows(const struct wr_block *b, bool clipped) {
    struct change by = change_of(b, clipped);
    change_all(b, &by, WR_LANES);
    copy_by_rows(b);
}

static void update(const struct wr_block *b) {
    change_rows(b, true);
}

static void descend(const struct wr_block *b) {
    change_rows(b, false);
}

/* ---- the operations ---- */

/* In all lanes alike, of which one counts. */
static void add_losses(struct wr_block *b, const float *losses, size_t count) {
    WR_FLOAT total = WR_CONST(*b->total), rest = WR_CONST(*b->rest);
    for (size_t i = 0; i < count; i++)
        wr_add_long(&total, &rest, WR_CONST(losses[i]));
    *b->total = total[0];
    *b->rest = rest[0];
}

static void train(struct wr_block *b) {
    float losses[WR_SEGMENT];
    struct work w = take(b, 0, b->windows, losses);
    predict(b, &w);
    compare(b, &w);
    go_back(b, &w);
    add_losses(b, losses, w.count);
    if (b->direct) {
        descend_work(b, &w);
    } else {
        add_work(b, &w, false, b->gradients);
        descend(b);
    }
}

static size_t lesser(size_t a, size_t b) {
    return a < b ? a : b;
}

static void add_windows(const struct wr_block *b, size_t first, size_t count,
                        const struct wr_sums *sums) {
    for (size_t done = 0; done < count; done += b->at_once) {
        struct work w =
            take(b, first + done, lesser(b->at_once, count - done), sums->losses + done);
        predict(b, &w);
        compare(b, &w);
        go_back(b, &w);
        add_work(b, &w, done > 0, sums->gradient);
    }
}

/* Between the T rows of H floats of some windows, `width` apart here, and a stage buffer, which has
 * no gaps. */
static void copy_rows(const struct wr_block *b, size_t windows, const float *from,
                      size_t from_width, float *to, size_t to_width) {
    size_t H = b->shape->hidden;
    for (size_t row = 0; row < windows * b->shape->seq_len; row++)
        memcpy(to + row * to_width, from + row * from_width, H * sizeof *to);
}

static void forward(const struct wr_block *b, size_t first, size_t count) {
    size_t H = b->shape->hidden, TH = b->shape->seq_len * H, O = b->shape->outputs;
    for (size_t done = 0; done < count; done += b->at_once) {
        size_t slot = first + done;
        struct work w = take(b, slot, lesser(b->at_once, count - done), b->losses + slot);
        predict(b, &w);
        compare(b, &w);
        copy_rows(b, w.count, w.h, w.width, b->hidden + slot * TH, H);
        memcpy(b->predictions + slot * O, w.y, w.count * O * sizeof *w.y);
    }
}

static void bptt(const struct wr_block *b, size_t first, size_t count, const struct wr_sums *sums) {
    size_t H = b->shape->hidden, TH = b->shape->seq_len * H, O = b->shape->outputs;
    for (size_t done = 0; done < count; done += b->at_once) {
        size_t slot = first + done;
        struct work w = take(b, slot, lesser(b->at_once, count - done), sums->losses + done);
        copy_rows(b, w.count, b->hidden + slot * TH, H, w.h, w.width);
        memcpy(w.y, b->predictions + slot * O, w.count * O * sizeof *w.y);
        compare(b, &w);
        go_back(b, &w);
        copy_rows(b, w.count, w.da, w.width, b->deltas + slot * TH, H);
        add_work(b, &w, done > 0, sums->gradient);
    }
}

static void add(const struct wr_block *b, size_t number, const struct wr_sums *sums, size_t first,
                size_t end) {
    WR_FLOAT *to = as_lanes(b->gradients), *from = as_lanes(sums->gradient);
    WR_FLOAT *rests = as_lanes(b->rests), zero = WR_CONST(0.0f);
    for (size_t i = first / WR_LANES; i < end / WR_LANES; i++) {
        if (number < WR_PLAIN_SEGMENTS) {
            to[i] = number == 0 ? from[i] : to[i] + from[i];
            continue;
        }
        rests[i] = number == WR_PLAIN_SEGMENTS ? zero : rests[i];
        wr_add_long(&to[i], &rests[i], from[i]);
    }
}

/* The copy of W_hh apart. */
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
    .add_windows = add_windows,
    .forward = forward,
    .bptt = bptt,
    .add = add,
    .apply_clip = apply_clip,
    .update = update,
    .descend = descend,
    .check = check,
};
