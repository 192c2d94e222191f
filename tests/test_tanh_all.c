/* wr_tanh of every float on the host: the bound that numerics.h states, |tanh| <= 1, the sign bit
 * makes it odd, NaN. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "numerics.h"
#include "tanh_range.h"

#define STATED_ULPS 3.53 /* in numerics.h */
#define RANGES      (TANH_SIGN / TANH_RANGE)

/* Whether y is right for x >= 0, both given as bits. Updates the largest error, *worst. */
static int right(uint32_t x_bits, uint32_t y_bits, double *worst) {
    float x = wr_as_float(x_bits), y = wr_as_float(y_bits);
    if (x_bits > TANH_INF)
        return isnan(y);
    if (x < 0x1p-12f) /* x^3 / 3 is a third of an ulp at most */
        return y_bits == x_bits;
    if (x > 9.02f) /* 1 - tanh is less than half an ulp */
        return y == 1;
    double ulps = tanh_ulps(x, y);
    *worst = fmax(*worst, ulps);
    return y <= 1 && ulps <= STATED_ULPS;
}

/* Returns the bits of the first float of a range with a wrong tanh, or TANH_SIGN if there is
 * none. */
static uint32_t check_range(uint32_t first, double *worst) {
    static _Thread_local uint32_t y[TANH_RANGE], odd[TANH_RANGE];
    tanh_range(first, y, TANH_RANGE);
    tanh_range(first | TANH_SIGN, odd, TANH_RANGE);
    for (uint32_t i = 0; i < TANH_RANGE; i++) {
        uint32_t x = first + i, sign = x > TANH_INF ? 0 : TANH_SIGN; /* a NaN has none */
        if (!right(x, y[i], worst) || odd[i] != (y[i] ^ sign))
            return x;
    }
    return TANH_SIGN;
}

static void test_every_float(void **state) {
    (void)state;
    uint32_t wrong = TANH_SIGN;
    double worst = 0;
#pragma omp parallel for schedule(dynamic, 16) reduction(min : wrong) reduction(max : worst)
    for (uint32_t range = 0; range < RANGES; range++) {
        uint32_t found = check_range(range * TANH_RANGE, &worst);
        wrong = found < wrong ? found : wrong;
    }
    if (wrong != TANH_SIGN)
        fail_msg("tanh(%a) = %a, tanh(-%a) = %a, should be +-%.9g", (double)wr_as_float(wrong),
                 (double)wr_tanh(wr_as_float(wrong)), (double)wr_as_float(wrong),
                 (double)wr_tanh(-wr_as_float(wrong)), tanh((double)wr_as_float(wrong)));
    print_message("at most %.4f ulp\n", worst);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_float)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
