/* wr_tanh on the host: special values, and samples of every exponent against libm. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "numerics.h"
#include "tanh_range.h"

static uint32_t tanh_of_bits(uint32_t x) {
    return wr_as_int(wr_tanh(wr_as_float(x)));
}

static void test_special_values(void **state) {
    (void)state;
    static const struct {
        uint32_t x, tanh;
    } known[] = {
        {0x00000000, 0x00000000}, {0x00000001, 0x00000001}, /* the smallest subnormal */
        {0x00400001, 0x00400001}, {0x007fffff, 0x007fffff},
        {0x00800000, 0x00800000}, {0x33800000, 0x33800000}, /* 2^-24 */
        {0x397fffff, 0x397fffff},                           /* just below 2^-12 */
        {0x41200000, 0x3f800000},                           /* 10 */
        {0x42b17218, 0x3f800000},                           /* where e^x overflows */
        {0x5f800000, 0x3f800000},                           /* where x^2 does */
        {0x7f7fffff, 0x3f800000}, {TANH_INF, 0x3f800000},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(tanh_of_bits(known[i].x), known[i].tanh);
        assert_int_equal(tanh_of_bits(known[i].x | TANH_SIGN), known[i].tanh | TANH_SIGN);
    }
}

static void test_nan_passes(void **state) {
    (void)state;
    static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7f800001,
                                    0xff800001, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof nans / sizeof *nans; i++)
        assert_true(isnan(wr_tanh(wr_as_float(nans[i]))));
}

static void test_samples_of_every_exponent(void **state) {
    (void)state;
    enum { PER_EXPONENT = 16384 };
    uint32_t mantissa = 0;
    double worst = 0;
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        for (int i = 0; i < PER_EXPONENT; i++) {
            mantissa = (mantissa + 0x4f1bbd) & 0x7fffff; /* golden section: an even spread */
            uint32_t bits = exponent << 23 | mantissa;
            float x = wr_as_float(bits), y = wr_tanh(x);
            assert_true(y >= 0 && y <= 1);
            assert_true(x >= 0x1p-12f || y == x);
            assert_int_equal(tanh_of_bits(bits | TANH_SIGN), wr_as_int(y) | TANH_SIGN);
            double ulps = tanh_ulps(x, y);
            worst = ulps > worst ? ulps : worst;
            if (!(ulps <= 4))
                fail_msg("tanh(%a) = %a is %.2f ulp off", (double)x, (double)y, ulps);
        }
    }
    print_message("at most %.2f ulp in %d samples\n", worst, 255 * PER_EXPONENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_nan_passes),
        cmocka_unit_test(test_samples_of_every_exponent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
