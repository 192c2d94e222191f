/* The one header with intrinsics: WR_FLOAT is a vector of WR_LANES floats, with the primitives that
 * numerics.h asks for. The build defines one of WR_ENGINE_AVX512, WR_ENGINE_AVX2, WR_ENGINE_NEON
 * and WR_ENGINE_SCALAR and passes the flags that go with it. */
#ifndef WR_LANES_H
#define WR_LANES_H

#include <stdint.h>

/* A loop over constant bounds inside such a function is unrolled, and its arrays are registers. */
#define WR_INLINE static inline __attribute__((always_inline))

#if defined(WR_ENGINE_AVX512)
#include <immintrin.h>
#define WR_LANES         16
#define WR_ENGINE_DETAIL "16 lanes of AVX-512"
/* Rows and columns of a gradient that are in registers at once. */
#define WR_OUTER_ROWS    4
#define WR_OUTER_COLUMNS 4
/* Windows of a batch whose products with a weight are. */
#define WR_GROUP 4

#elif defined(WR_ENGINE_AVX2)
#include <immintrin.h>
#define WR_LANES         8
#define WR_ENGINE_DETAIL "8 lanes of AVX2"
#define WR_OUTER_ROWS    2
#define WR_OUTER_COLUMNS 4
#define WR_GROUP         2

#elif defined(WR_ENGINE_NEON)
#include <arm_neon.h>
#define WR_LANES         4
#define WR_ENGINE_DETAIL "4 lanes of NEON"
#define WR_OUTER_ROWS    4
#define WR_OUTER_COLUMNS 4
#define WR_GROUP         4

#elif defined(WR_ENGINE_SCALAR)
#define WR_LANES         1
#define WR_ENGINE_DETAIL "1 lane (scalar: exact but slow)"
#define WR_OUTER_ROWS    2
#define WR_OUTER_COLUMNS 4
#else
#error "define one of WR_ENGINE_AVX512, WR_ENGINE_AVX2, WR_ENGINE_NEON, WR_ENGINE_SCALAR"
#endif

#if WR_LANES > 1
typedef float wr_floats __attribute__((vector_size(4 * WR_LANES)));
typedef uint32_t wr_words __attribute__((vector_size(4 * WR_LANES)));
#define WR_FLOAT     wr_floats
#define WR_INT       wr_words
#define WR_CONST(c)  wr_splat(c)
#define WR_ICONST(c) ((wr_words){0} + (uint32_t)(c))

WR_INLINE wr_words wr_as_int(wr_floats x) {
    return (wr_words)x;
}

WR_INLINE wr_floats wr_as_float(wr_words i) {
    return (wr_floats)i;
}
#endif

#if defined(WR_ENGINE_AVX512)
WR_INLINE wr_floats wr_splat(float x) {
    return _mm512_set1_ps(x);
}

WR_INLINE wr_floats wr_fma(wr_floats a, wr_floats b, wr_floats c) {
    return _mm512_fmadd_ps(a, b, c);
}

WR_INLINE wr_floats wr_if_less(wr_floats a, wr_floats b, wr_floats x, wr_floats y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}

/* vminps and vmaxps give the second operand for equals and NaN, as wr_lesser and wr_greater do. */
#define wr_lesser(a, b)  ((wr_floats)_mm512_min_ps((a), (b)))
#define wr_greater(a, b) ((wr_floats)_mm512_max_ps((a), (b)))

/* a and b lane by lane in turn: the first half of that, and the second. */
WR_INLINE wr_floats wr_interleave_low(wr_floats a, wr_floats b) {
    const __m512i lanes = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return _mm512_permutex2var_ps(a, lanes, b);
}

WR_INLINE wr_floats wr_interleave_high(wr_floats a, wr_floats b) {
    const __m512i lanes =
        _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    return _mm512_permutex2var_ps(a, lanes, b);
}

#elif defined(WR_ENGINE_AVX2)
WR_INLINE wr_floats wr_splat(float x) {
    return _mm256_set1_ps(x);
}

WR_INLINE wr_floats wr_fma(wr_floats a, wr_floats b, wr_floats c) {
    return _mm256_fmadd_ps(a, b, c);
}

WR_INLINE wr_floats wr_if_less(wr_floats a, wr_floats b, wr_floats x, wr_floats y) {
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

#define wr_lesser(a, b)  ((wr_floats)_mm256_min_ps((a), (b)))
#define wr_greater(a, b) ((wr_floats)_mm256_max_ps((a), (b)))

WR_INLINE wr_floats wr_interleave_low(wr_floats a, wr_floats b) {
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}

WR_INLINE wr_floats wr_interleave_high(wr_floats a, wr_floats b) {
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}

#elif defined(WR_ENGINE_NEON)
WR_INLINE wr_floats wr_splat(float x) {
    return vdupq_n_f32(x);
}

WR_INLINE wr_floats wr_fma(wr_floats a, wr_floats b, wr_floats c) {
    return vfmaq_f32(c, a, b);
}

WR_INLINE wr_floats wr_if_less(wr_floats a, wr_floats b, wr_floats x, wr_floats y) {
    return vbslq_f32(vcltq_f32(a, b), x, y);
}

WR_INLINE wr_floats wr_interleave_low(wr_floats a, wr_floats b) {
    return vzip1q_f32(a, b);
}

WR_INLINE wr_floats wr_interleave_high(wr_floats a, wr_floats b) {
    return vzip2q_f32(a, b);
}
#endif

#endif
