#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "base/random.h"
#include "model/tensors.h"

/* Start values have the same bits on every host, because they use only operations that IEEE 754
 * rounds correctly, in a fixed order, in double. */
_Static_assert(FLT_EVAL_METHOD == 0, "double arithmetic must be done in double");

/* The random index of a value is its index in the flat layout, so that it depends on nothing else.
 */
static void init_notebook(const struct wr_layout *layout, uint32_t seed, float *parameters) {
    for (size_t i = 0; i < layout->count; i++) {
        bool bias = (i >= layout->b_h && i < layout->w_hy) || i >= layout->b_y;
        double normal = wr_normal(WR_PURPOSE_INIT, seed, i);
        parameters[i] = (float)(bias ? normal : 0.01 * normal);
    }
}

/* Fills elements first .. end - 1 with uniform values in +-bound. */
static void fill_uniform(size_t first, size_t end, double bound, uint32_t seed, float *parameters) {
    for (size_t i = first; i < end; i++) {
        double centred = 2.0 * wr_uniform(WR_PURPOSE_INIT, seed, i) - 1.0;
        parameters[i] = (float)(bound * centred);
    }
}

static double glorot_bound(size_t rows, size_t columns) {
    return sqrt(6.0 / ((double)rows + (double)columns));
}

static void init_glorot(const struct wr_layout *layout, const struct wr_shape *shape, uint32_t seed,
                        float *parameters) {
    size_t I = shape->inputs, H = shape->hidden, O = shape->outputs;
    fill_uniform(layout->w_xh, layout->w_hh, glorot_bound(H, I), seed, parameters);
    fill_uniform(layout->w_hh, layout->b_h, glorot_bound(H, H), seed, parameters);
    fill_uniform(layout->w_hy, layout->b_y, glorot_bound(O, H), seed, parameters);
    for (size_t i = layout->b_h; i < layout->w_hy; i++)
        parameters[i] = 0.0f;
    for (size_t i = layout->b_y; i < layout->count; i++)
        parameters[i] = 0.0f;
}

static double dot(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Makes row `last` of rows (last + 1, H) orthogonal to the rows before it, with norm 1. A second
 * pass removes the rounding errors of the first one, which matter if little of the row is left. */
static void orthogonalise(double *rows, size_t last, size_t H) {
    double *row = rows + last * H;
    for (size_t k = 0; k < 2 * last; k++) {
        const double *other = rows + k % last * H;
        double along = dot(row, other, H);
        for (size_t i = 0; i < H; i++)
            row[i] -= along * other[i];
    }
    double norm = sqrt(dot(row, row, H));
    for (size_t i = 0; i < H; i++)
        row[i] /= norm;
}

/* Gram-Schmidt on rows of normal values: all orthogonal matrices are equally likely. */
static void init_orthogonal(const struct wr_layout *layout, size_t H, uint32_t seed, double *rows,
                            float *parameters) {
    for (size_t i = 0; i < H * H; i++)
        rows[i] = wr_normal(WR_PURPOSE_INIT, seed, layout->w_hh + i);
    for (size_t j = 0; j < H; j++)
        orthogonalise(rows, j, H);
    for (size_t i = 0; i < H * H; i++)
        parameters[layout->w_hh + i] = (float)rows[i];
}

wr_status wr_parameters_init(struct wr_stack *stack, enum wr_init init, const uint32_t *seeds,
                             struct wr_error *error) {
    WR_ARITHMETIC(callers);
    const struct wr_shape *shape = &stack->shape;
    struct wr_layout layout;
    float *parameters = stack->parameters;
    double *rows = NULL; /* (H, H) */
    size_t H = shape->hidden;
    wr_status status = wr_parameters_layout(shape, &layout, error);
    if (status == WR_OK && (init < WR_INIT_NOTEBOOK || init > WR_INIT_ORTHOGONAL))
        return wr_fail(error, WR_ERR_USAGE,
                       "initialisation %d is unknown; notebook, pytorch, glorot and orthogonal "
                       "are %d to %d",
                       (int)init, WR_INIT_NOTEBOOK, WR_INIT_ORTHOGONAL);
    if (status == WR_OK && init == WR_INIT_ORTHOGONAL) {
        rows = wr_alloc(H * H, sizeof *rows, "an orthogonal matrix", error);
        status = rows != NULL ? WR_OK : WR_ERR_MEMORY;
    }
    for (size_t m = 0; m < stack->count && status == WR_OK; m++, parameters += layout.count) {
        if (init == WR_INIT_NOTEBOOK)
            init_notebook(&layout, seeds[m], parameters);
        else if (init == WR_INIT_PYTORCH)
            fill_uniform(0, layout.count, 1.0 / sqrt((double)H), seeds[m], parameters);
        else
            init_glorot(&layout, shape, seeds[m], parameters);
        if (init == WR_INIT_ORTHOGONAL)
            init_orthogonal(&layout, H, seeds[m], rows, parameters);
    }
    free(rows);
    return status;
}
