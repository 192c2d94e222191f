/* What varies with a learning rule and is no arithmetic on lanes: rates over time, and which
 * windows a model visits. Shared by the host and the kernels, to the bit; included after
 * numerics.h, with WR_FLOAT = float. */
#ifndef WR_RULE_H
#define WR_RULE_H

#include "layout.h"

/* The enumerations of windrow/rule.h, for kernels. */
#define WR_KIND_TANH       0
#define WR_KIND_RELU       1
#define WR_KIND_IDENTITY   2
#define WR_KIND_MSE        0
#define WR_KIND_MAE        1
#define WR_KIND_HUBER      2
#define WR_KIND_SGD        0
#define WR_KIND_MOMENTUM   1
#define WR_KIND_RMSPROP    2
#define WR_KIND_ADAM       3
#define WR_KIND_CONSTANT   0
#define WR_KIND_LINEAR     1
#define WR_KIND_COSINE     2
#define WR_KIND_SEQUENTIAL 0
#define WR_KIND_SHUFFLED   1
#define WR_KIND_RECENT     2

/* ---- rates ---- */

/* sin(pi y) for |y| <= 1/2: an odd polynomial, fitted so that it errs least and that its end is
 * exactly 1; at most 1.5e-7 from the true value, and never beyond 1. */
static inline float wr_sine(float y) {
    float z = y * y;
    float p = wr_fma(z, 0.0771209374f, -0.597994268f);
    p = wr_fma(z, p, 2.55002403f);
    p = wr_fma(z, p, -5.16770744f);
    p = wr_fma(z, p, 3.14159274f);
    return y * p;
}

/* The part of the rate that is left at update u; fading = 1 / the updates until its end. */
static inline float wr_decay_left(int kind, WR_UINT64 u, float fading) {
    float done = wr_lesser((float)u * fading, 1.0f);
    if (kind == WR_KIND_LINEAR)
        return 1.0f - done;
    if (kind == WR_KIND_COSINE)
        return wr_fma(-0.5f, wr_sine(done - 0.5f), 0.5f);
    return 1.0f;
}

/* ---- Philox4x32-10 with key 0 (J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2,
 * 3", SC 2011) ---- */

#define WR_PURPOSE_SHUFFLE 3u
#define WR_PURPOSE_RECENT  4u

struct wr_random {
    WR_UINT32 v[4];
};

static inline struct wr_random wr_philox(WR_UINT32 purpose, WR_UINT32 seed, WR_UINT64 index) {
    struct wr_random r;
    WR_UINT32 key0 = 0, key1 = 0;
    r.v[0] = purpose;
    r.v[1] = seed;
    r.v[2] = (WR_UINT32)index;
    r.v[3] = (WR_UINT32)(index >> 32);
    for (int round = 0; round < 10; ++round) {
        WR_UINT64 a = (WR_UINT64)0xd2511f53u * r.v[0], b = (WR_UINT64)0xcd9e8d57u * r.v[2];
        WR_UINT32 x = (WR_UINT32)(b >> 32) ^ r.v[1] ^ key0;
        WR_UINT32 y = (WR_UINT32)(a >> 32) ^ r.v[3] ^ key1;
        r.v[0] = x;
        r.v[1] = (WR_UINT32)b;
        r.v[2] = y;
        r.v[3] = (WR_UINT32)a;
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
    return r;
}

/* ---- the order of visits ---- */

/* Element i of a permutation of 0 .. count-1 that `keys` choose, 1 <= count <= 2^32 - 1: rounds of
 * xor, odd multiplication and xor-shift on the bits that count - 1 has, each of which can be
 * undone; what falls beyond count goes through them again. */
static inline WR_UINT32 wr_permuted(struct wr_random keys, WR_UINT32 count, WR_UINT32 i) {
    int bits = 1;
    while (bits < 32 && (count - 1) >> bits != 0)
        ++bits;
    WR_UINT32 mask = 0xffffffffu >> (32 - bits);
    int shift = (bits + 1) / 2;
    do {
        for (int round = 0; round < 4; ++round) {
            WR_UINT32 key = keys.v[round];
            i = (i ^ key) & mask;
            i = (i * (key >> 16 | 0x10001u)) & mask;
            i ^= i >> shift;
            i = (i + (key >> 8)) & mask;
        }
    } while (i >= count);
    return i;
}

/* The window, 0 .. count-1, of a model's visit number `visit`, counted from its first epoch on. */
static inline WR_UINT64 wr_visited(int order, WR_UINT32 recency, WR_UINT32 seed, WR_UINT64 count,
                                   WR_UINT64 visit) {
    WR_UINT64 round = visit / count;
    WR_UINT64 place =
        visit - round * count; /* not %: Oclgrind knows no freeze, which it leads to */
    if (order == WR_KIND_SHUFFLED) {
        struct wr_random keys = wr_philox(WR_PURPOSE_SHUFFLE, seed, round);
        return wr_permuted(keys, (WR_UINT32)count, (WR_UINT32)place);
    }
    if (order == WR_KIND_RECENT) {
        struct wr_random draw = wr_philox(WR_PURPOSE_RECENT, seed, visit);
        WR_UINT32 most = draw.v[0];
        for (WR_UINT32 i = 1; i < recency; ++i)
            most = draw.v[i] > most ? draw.v[i] : most;
        return (WR_UINT64)most * count >> 32;
    }
    return place;
}

#endif
