/* Shapes, the flat layout, start values, the hash. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "layout.h"
#include "windrow/model.h"

static void layout_is_the_kernels(void **state) {
    (void)state;
    const size_t I = 3, H = 5, O = 2;
    struct wr_layout layout;
    assert_int_equal(wr_layout_of(&(struct wr_shape){I, H, O, 7}, &layout, NULL), WR_OK);
    assert_int_equal(layout.w_xh, WR_OFFSET_W_XH(I, H, O));
    assert_int_equal(layout.w_hh, WR_OFFSET_W_HH(I, H, O));
    assert_int_equal(layout.b_h, WR_OFFSET_B_H(I, H, O));
    assert_int_equal(layout.w_hy, WR_OFFSET_W_HY(I, H, O));
    assert_int_equal(layout.b_y, WR_OFFSET_B_Y(I, H, O));
    assert_int_equal(layout.count, WR_PARAMETERS_OF(I, H, O));
    assert_int_equal(layout.count, 15 + 25 + 5 + 10 + 2);
}

static void bad_shapes_are_refused(void **state) {
    (void)state;
    const size_t most = UINT32_MAX;
    const struct {
        struct wr_shape shape;
        wr_status status;
        const char *word;
    } cases[] = {
        {{0, 1, 1, 1}, WR_ERR_USAGE, "inputs is 0"},
        {{1, 0, 1, 1}, WR_ERR_USAGE, "hidden is 0"},
        {{1, 1, 0, 1}, WR_ERR_USAGE, "outputs is 0"},
        {{1, 1, 1, 0}, WR_ERR_USAGE, "seq_len is 0"},
        {{1, most + 1, 1, 1}, WR_ERR_USAGE, "hidden is 4294967296"},
        {{1, 1, 1, most + 1}, WR_ERR_USAGE, "seq_len is 4294967296"},
        {{most, most, most, 1}, WR_ERR_MEMORY, "4294967295 hidden units"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_layout layout;
        struct wr_error error = {0};
        assert_int_equal(wr_layout_of(&cases[i].shape, &layout, &error), cases[i].status);
        assert_int_equal(error.status, cases[i].status);
        assert_non_null(strstr(error.text, cases[i].word));
    }
}

static float *init(struct wr_shape shape, enum wr_init how, size_t models, const uint32_t *seeds) {
    struct wr_layout layout;
    assert_int_equal(wr_layout_of(&shape, &layout, NULL), WR_OK);
    float *parameters = calloc(models * layout.count, sizeof *parameters);
    assert_non_null(parameters);
    struct wr_stack stack = {shape, models, parameters};
    assert_int_equal(wr_parameters_init(&stack, how, seeds, NULL), WR_OK);
    return parameters;
}

static void a_model_depends_on_its_seed_alone(void **state) {
    (void)state;
    const struct wr_shape shape = {2, 6, 3, 4};
    const uint32_t seeds[] = {9, 0, UINT32_MAX, 9};
    struct wr_layout layout;
    assert_int_equal(wr_layout_of(&shape, &layout, NULL), WR_OK);
    for (enum wr_init how = WR_INIT_NOTEBOOK; how <= WR_INIT_ORTHOGONAL; how++) {
        float *stack = init(shape, how, 4, seeds);
        for (size_t m = 0; m < 4; m++) {
            float *alone = init(shape, how, 1, &seeds[m]);
            assert_memory_equal(alone, stack + m * layout.count, layout.count * sizeof *alone);
            free(alone);
        }
        assert_memory_not_equal(stack, stack + layout.count, layout.count * sizeof *stack);
        free(stack);
    }
}

/* The index in the flat layout is also the random index: tensors that begin at the same place begin
 * with the same numbers, and every other shape has different numbers. */
static void values_follow_the_flat_index(void **state) {
    (void)state;
    const uint32_t seed = 5;
    const struct wr_shape shapes[] = {{1, 4, 1, 3}, {1, 4, 7, 3}, {1, 4, 1, 9}};
    float *base = init(shapes[0], WR_INIT_NOTEBOOK, 1, &seed);
    for (size_t i = 0; i < 4 + 16 + 4 + 4 + 1; i++) {
        double normal = wr_normal(WR_PURPOSE_INIT, seed, i);
        int bias = (i >= 20 && i < 24) || i == 28;
        assert_true(base[i] == (float)(bias ? normal : 0.01 * normal));
    }
    float *outputs = init(shapes[1], WR_INIT_NOTEBOOK, 1, &seed);
    float *longer = init(shapes[2], WR_INIT_NOTEBOOK, 1, &seed);
    assert_memory_equal(base, outputs, 28 * sizeof *base); /* up to b_y */
    assert_memory_equal(base, longer, 29 * sizeof *base);
    free(base);
    free(outputs);
    free(longer);
}

struct moments {
    double mean, deviation, least, most;
};
static struct moments moments_of(const float *values, size_t count) {
    struct moments m = {0, 0, values[0], values[0]};
    for (size_t i = 0; i < count; i++) {
        m.mean += values[i] / (double)count;
        m.least = values[i] < m.least ? values[i] : m.least;
        m.most = values[i] > m.most ? values[i] : m.most;
    }
    for (size_t i = 0; i < count; i++)
        m.deviation += (values[i] - m.mean) * (values[i] - m.mean) / (double)count;
    m.deviation = sqrt(m.deviation);
    return m;
}

/* Tolerances are five standard errors. */
static void assert_moments(const float *values, size_t count, double deviation) {
    struct moments m = moments_of(values, count);
    assert_true(fabs(m.mean) < 5 * deviation / sqrt((double)count));
    assert_true(fabs(m.deviation / deviation - 1) < 5 / sqrt(2 * (double)count));
}

static void start_values_have_their_distribution(void **state) {
    (void)state;
    const struct wr_shape shape = {8, 100, 50, 1};
    const uint32_t seed = 1;
    struct wr_layout layout;
    assert_int_equal(wr_layout_of(&shape, &layout, NULL), WR_OK);
    float *p = init(shape, WR_INIT_NOTEBOOK, 1, &seed);
    assert_moments(p + layout.w_xh, 800, 0.01);
    assert_moments(p + layout.w_hh, 10000, 0.01);
    assert_moments(p + layout.b_h, 100, 1);
    assert_moments(p + layout.w_hy, 5000, 0.01);
    assert_moments(p + layout.b_y, 50, 1);
    free(p);

    p = init(shape, WR_INIT_PYTORCH, 1, &seed);
    struct moments m = moments_of(p, layout.count); /* bound 1/sqrt(100) = 0.1 */
    assert_true(m.least >= -0.1f && m.most <= 0.1f && m.least < -0.0999 && m.most > 0.0999);
    const size_t starts[] = {layout.w_xh, layout.w_hh, layout.b_h,
                             layout.w_hy, layout.b_y,  layout.count};
    for (size_t k = 0; k < 5; k++)
        assert_moments(p + starts[k], starts[k + 1] - starts[k], 0.1 / sqrt(3));
    free(p);
}

/* Start values of Keras: each weight matrix has its own bound, and biases are 0. */
static void glorot_has_its_bounds(void **state) {
    (void)state;
    const struct wr_shape shape = {8, 100, 50, 1};
    const uint32_t seed = 2;
    struct wr_layout layout;
    assert_int_equal(wr_layout_of(&shape, &layout, NULL), WR_OK);
    float *p = init(shape, WR_INIT_GLOROT, 1, &seed);
    const struct {
        size_t first, end;
        double bound;
    } parts[] = {{layout.w_xh, layout.w_hh, sqrt(6.0 / 108)},
                 {layout.w_hh, layout.b_h, sqrt(6.0 / 200)},
                 {layout.w_hy, layout.b_y, sqrt(6.0 / 150)},
                 {layout.b_h, layout.w_hy, 0},
                 {layout.b_y, layout.count, 0}};
    for (size_t k = 0; k < 5; k++) {
        size_t count = parts[k].end - parts[k].first;
        double bound = parts[k].bound;
        struct moments m = moments_of(p + parts[k].first, count);
        assert_true(m.least >= -bound * (1 + 1e-7) && m.most <= bound * (1 + 1e-7));
        assert_true(bound == 0 || (m.least < -0.98 * bound && m.most > 0.98 * bound));
        if (bound > 0)
            assert_moments(p + parts[k].first, count, bound / sqrt(3));
    }
    free(p);
}

/* W W' = 1, to the rounding of its floats; everything else is Glorot's. The first row is the first
 * H normals, scaled, with their signs. */
static void orthogonal_is_orthogonal(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 6, 33, 96};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t H = sizes[s];
        const struct wr_shape shape = {3, H, 2, 1};
        const uint32_t seed = 40 + (uint32_t)s;
        struct wr_layout layout;
        assert_int_equal(wr_layout_of(&shape, &layout, NULL), WR_OK);
        float *p = init(shape, WR_INIT_ORTHOGONAL, 1, &seed);
        float *glorot = init(shape, WR_INIT_GLOROT, 1, &seed);
        const float *w = p + layout.w_hh; /* (H, H) */
        for (size_t j = 0; j < H; j++) {
            for (size_t k = 0; k <= j; k++) {
                double sum = j == k ? -1 : 0;
                for (size_t i = 0; i < H; i++)
                    sum += (double)w[j * H + i] * (double)w[k * H + i];
                assert_true(fabs(sum) <= 0x1p-23); /* the relative error of a float is 2^-24 */
            }
        }
        for (size_t i = 0; i < H; i++)
            assert_true((wr_normal(WR_PURPOSE_INIT, seed, layout.w_hh + i) > 0) == (w[i] > 0));
        assert_memory_equal(p, glorot, layout.w_hh * sizeof *p);
        assert_memory_equal(p + layout.b_h, glorot + layout.b_h,
                            (layout.count - layout.b_h) * sizeof *p);
        free(p);
        free(glorot);
    }
}

static void unknown_initialisation_is_refused(void **state) {
    (void)state;
    float value[8];
    const uint32_t seed = 0;
    struct wr_error error = {0};
    struct wr_stack stack = {{1, 1, 1, 1}, 1, value};
    assert_int_equal(wr_parameters_init(&stack, (enum wr_init)9, &seed, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "initialisation 9"));
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Known answers come from another implementation of Philox, AS241, QR and FNV-1a, in Python. */
static void known_hashes(void **state) {
    (void)state;
    const struct wr_shape shape = {2, 3, 2, 1};
    float p[26];
    for (int i = 0; i < 26; i++)
        p[i] = (float)(i - 10) / 8;
    p[0] = from_bits(0xffc12345); /* any NaN hashes as 0x7fc00000 */
    p[1] = from_bits(0x80000000);
    p[2] = from_bits(0xff800000);
    assert_true(wr_parameters_hash(&shape, p) == 0x4831db6e2fb9af55);
    p[1] = 0; /* -0 and 0 differ */
    assert_true(wr_parameters_hash(&shape, p) != 0x4831db6e2fb9af55);

    const struct {
        struct wr_shape shape;
        enum wr_init how;
        uint32_t seed;
        uint64_t hash;
    } starts[] = {
        {{1, 20, 1, 5}, WR_INIT_NOTEBOOK, 0, 0xc91226b22754e077},
        {{3, 5, 2, 5}, WR_INIT_NOTEBOOK, UINT32_MAX, 0x497c8afb97c7480b},
        {{3, 5, 2, 5}, WR_INIT_PYTORCH, 7, 0x51a7cd71402838b2},
        {{3, 5, 2, 5}, WR_INIT_GLOROT, 7, 0x5d2d3296ed5939e5},
        {{3, 5, 2, 5}, WR_INIT_ORTHOGONAL, 7, 0x5e3e7d078ded1e9d},
        {{2, 17, 1, 5}, WR_INIT_ORTHOGONAL, UINT32_MAX, 0x0608739e62d21dcb},
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        float *parameters = init(starts[i].shape, starts[i].how, 1, &starts[i].seed);
        assert_true(wr_parameters_hash(&starts[i].shape, parameters) == starts[i].hash);
        free(parameters);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_the_kernels),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(a_model_depends_on_its_seed_alone),
        cmocka_unit_test(values_follow_the_flat_index),
        cmocka_unit_test(start_values_have_their_distribution),
        cmocka_unit_test(glorot_has_its_bounds),
        cmocka_unit_test(orthogonal_is_orthogonal),
        cmocka_unit_test(unknown_initialisation_is_refused),
        cmocka_unit_test(known_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
