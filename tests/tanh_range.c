#include "tanh_range.h"

#include <float.h>
#include <math.h>

#include "numerics.h"

static inline void fill(uint32_t first, uint32_t *bits, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t y = wr_as_int(wr_tanh(wr_as_float(first + (uint32_t)i)));
        bits[i] = (y & ~TANH_SIGN) > TANH_INF ? 0x7fc00000 : y;
    }
}

/* The same arithmetic with the CPU's own fma, many times faster than that of the C library. */
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void fill_fma(uint32_t first, uint32_t *bits,
                                                         size_t count) {
    fill(first, bits, count);
}

void tanh_range(uint32_t first, uint32_t *bits, size_t count) {
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        fill_fma(first, bits, count);
    else
        fill(first, bits, count);
}
#else
void tanh_range(uint32_t first, uint32_t *bits, size_t count) {
    fill(first, bits, count);
}
#endif

double tanh_ulps(float x, float y) {
    double exact = tanh((double)x);
    int exponent;
    (void)frexp(fmax(fabs(exact), (double)FLT_MIN), &exponent);
    return fabs((double)y - exact) / ldexp(1, exponent - FLT_MANT_DIG);
}
