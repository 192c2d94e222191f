/* Random numbers: known answers, the logarithm, quantiles, moments, and bits that must not
 * change. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <Random123/philox.h>
#include <cmocka.h>

#include "base/random.h"

/* Random123's kat_vectors: counter, key, result. */
static void test_philox_known_answers(void **state) {
    (void)state;
    static const uint32_t known[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (size_t i = 0; i < 3; i++) {
        const uint32_t *k = known[i];
        philox4x32_ctr_t result = philox4x32(((philox4x32_ctr_t){{k[0], k[1], k[2], k[3]}}),
                                             ((philox4x32_key_t){{k[4], k[5]}}));
        assert_memory_equal(result.v, k + 6, 4 * sizeof *k);
    }
}

/* The counter is (purpose, seed, index), the key 0, the number the first 52 bits. The numbers come
 * from a Philox of a few lines of Python. */
static void test_uniform_known_answers(void **state) {
    (void)state;
    assert_true(wr_uniform((enum wr_purpose)0, 0, 0) ==
                (0x6627e8d5e169cp0 + 0.5) * 0x1p-52); /* the first known answer */
    assert_true(wr_uniform(WR_PURPOSE_DATA, 0, 2) == 0x1.e04c3bfc8a66ap-2);
    assert_true(wr_uniform(WR_PURPOSE_INIT, 7, 0) == 0x1.954fa582a7df4p-3);
    assert_true(wr_uniform(WR_PURPOSE_INIT, UINT32_MAX, 5) == 0x1.9342c989d3048p-4);
    assert_true(wr_uniform(WR_PURPOSE_DATA, 3, (uint64_t)1 << 40) == 0x1.4e743a3fbd293p-1);
}

static double ulps(double value, long double exact) {
    int exponent;
    (void)frexpl(exact, &exponent);
    return (double)(fabsl((long double)value - exact) / ldexpl(1, exponent - 53));
}

static void test_log(void **state) {
    (void)state;
    double worst = 0;
    assert_true(wr_log(1) == 0);
    for (uint64_t i = 0; i < 1000000; i++) {
        double x = wr_uniform(WR_PURPOSE_DATA, 11, i); /* spread over [2^-300, 2) and near 1 */
        x = i % 3 == 0 ? x + 0.5 : ldexp(2 * x, i % 3 == 1 ? 0 : -(int)(i % 300));
        double off = ulps(wr_log(x), logl((long double)x));
        worst = off > worst ? off : worst;
    }
    double root_half = 0x1.6a09e667f3bcdp-1; /* where the range reduction changes */
    const double edges[] = {root_half,
                            nextafter(root_half, 0),
                            2 * root_half,
                            nextafter(1, 0),
                            nextafter(1, 2),
                            0x1p-1022,
                            0x1.fffffffffffffp1023,
                            2,
                            0.5};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        double off = ulps(wr_log(edges[i]), logl((long double)edges[i]));
        worst = off > worst ? off : worst;
    }
    print_message("log: at most %.3f ulp\n", worst);
    assert_true(worst < 1);
}

static double off_exp(double x) {
    return (double)fabsl((long double)wr_exp(x) / expl((long double)x) - 1);
}

static void test_exp(void **state) {
    (void)state;
    double worst = 0;
    assert_true(wr_exp(0) == 1);
    for (uint64_t i = 0; i < 1000000; i++) { /* spread over [-700, 700], [-1, 1] and near 0 */
        double x = 2 * wr_uniform(WR_PURPOSE_DATA, 13, i) - 1;
        x = i % 3 == 0 ? 700 * x : ldexp(x, i % 3 == 1 ? 0 : -(int)(i % 60));
        double off = off_exp(x);
        worst = off > worst ? off : worst;
    }
    double half = 0x1.62e42fefa39efp-2; /* log(2) / 2, where the range reduction changes */
    for (int k = -1000; k <= 1000; k++)
        for (int side = -1; side <= 1; side++) {
            double x = nextafter(half + k * 2 * half, (double)side * (double)INFINITY);
            x = side == 0 ? half + k * 2 * half : x;
            double off = off_exp(x);
            worst = off > worst ? off : worst;
        }
    const double edges[] = {700, -700, 0x1p-1022, 1, -1};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        double off = off_exp(edges[i]);
        worst = off > worst ? off : worst;
    }
    print_message("exp: a relative error of at most %.3g\n", worst);
    assert_true(worst <= 4e-16);
}

static void test_quantiles(void **state) {
    (void)state;
    static const double known[][2] = {{0.5, 0},
                                      {0.75, 0.6744897501960817},
                                      {0.9, 1.2815515655446004},
                                      {0.925, 1.4395314709384563}, /* the end of the centre */
                                      {0.975, 1.959963984540054},
                                      {0.995, 2.5758293035489004},
                                      {1e-5, -4.264890793922825},
                                      {1e-9, -5.997807015007687},
                                      {0x1p-53, -8.209536151601387}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(fabs(wr_normal_quantile(known[i][0]) - known[i][1]) <=
                    4e-15 * fabs(known[i][1]));
    for (int i = 1; i < 5000; i++) { /* and back, by the distribution function */
        double p = i < 53 ? ldexp(1, -i) : i / 5000.0;
        long double z = wr_normal_quantile(p);
        long double back = erfcl(-z / sqrtl(2)) / 2;
        /* dp/p = z dz near 0: relative error of z times z^2 + 1 */
        assert_true(fabsl(back - (long double)p) <= 2e-15L * (z * z + 1) * (long double)p);
    }
    for (uint64_t i = 0; i < 1000; i++) {
        double p = wr_uniform(WR_PURPOSE_DATA, 1, i);
        assert_true(wr_normal_quantile(1 - p) == -wr_normal_quantile(p));
    }
}

static void test_moments(void **state) {
    (void)state;
    enum { N = 1000000 };
    double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n3 = 0, n4 = 0, lag = 0, last = 0;
    for (uint64_t i = 0; i < N; i++) {
        double u = wr_uniform(WR_PURPOSE_INIT, 42, i), n = wr_normal(WR_PURPOSE_INIT, 42, i);
        assert_true(u > 0 && u < 1);
        u1 += u;
        u2 += u * u;
        n1 += n;
        n2 += n * n;
        n3 += n * n * n;
        n4 += n * n * n * n;
        lag += n * last;
        last = n;
    }
    const double s = 4 / sqrt((double)N); /* four standard errors */
    assert_true(fabs(u1 / N - 1.0 / 2) < s * sqrt(1.0 / 12));
    assert_true(fabs(u2 / N - 1.0 / 3) < s * sqrt(4.0 / 45));
    assert_true(fabs(n1 / N) < s);
    assert_true(fabs(n2 / N - 1) < s * sqrt(2));
    assert_true(fabs(n3 / N) < s * sqrt(15));
    assert_true(fabs(n4 / N - 3) < s * sqrt(96));
    assert_true(fabs(lag / N) < s);
}

static void test_order_is_irrelevant(void **state) {
    (void)state;
    enum { N = 1000 };
    double *forward = malloc(N * sizeof *forward);
    assert_non_null(forward);
    for (uint64_t i = 0; i < N; i++)
        forward[i] = wr_normal(WR_PURPOSE_DATA, 9, i);
    for (uint64_t i = N; i-- > 0;) {
        (void)wr_uniform(WR_PURPOSE_INIT, 9, i);
        assert_true(wr_normal(WR_PURPOSE_DATA, 9, i) == forward[i]);
        assert_true(wr_normal(WR_PURPOSE_INIT, 9, i) != forward[i]);
        assert_true(wr_normal(WR_PURPOSE_DATA, 10, i) != forward[i]);
    }
    free(forward);
}

/* Every host must give these bits: centre, tail and far tail of the quantile. */
static void test_bits_stay(void **state) {
    (void)state;
    assert_true(wr_normal(WR_PURPOSE_DATA, 0, 2) == -0x1.3e2ead988d812p-4);
    assert_true(wr_normal(WR_PURPOSE_INIT, UINT32_MAX, 5) == -0x1.4a58fde7e3bf6p+0);
    assert_true(wr_normal_quantile(0x1p-40) == -0x1.c30d8560989abp+2);
    assert_true(wr_log(0.1) == -0x1.26bb1bbb55515p+1);
    assert_true(wr_exp(1) == 0x1.5bf0a8b14576ap+1);
    assert_true(wr_exp(-9.2) == 0x1.a7ca3b4bbd164p-14);
    assert_true(wr_exp(699.5) == 0x1.1f0df6d72215ep+1009);
    uint64_t hash = 0xcbf29ce484222325;
    for (uint64_t i = 0; i < 100000; i++) {
        double value = wr_normal(WR_PURPOSE_INIT, 1, i);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash = (hash ^ bits) * 0x100000001b3;
    }
    assert_true(hash == 0xbf6926f86a8280b9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_uniform_known_answers),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_order_is_irrelevant),
        cmocka_unit_test(test_bits_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
