/* Which windows a model visits. Included after numerics.h, with WR_FLOAT = float. */
#ifndef WR_ORDER_H
#define WR_ORDER_H

#include "layout.h"
#include "rule/kinds.h"

/* KIND(kind, name) */
#define WR_ORDERS(KIND)                                                                            \
    KIND(SEQUENTIAL, "sequential")                                                                 \
    KIND(SHUFFLED, "shuffled")                                                                     \
    KIND(RECENT, "recent")
#define WR_ORDER_HELP                                                                              \
    "Windows as they stand, shuffled anew in each pass by the model's seed, or recent: drawn by "  \
    "it, late ones more often."

#define WR_ORDER_NUMBERS(NUMBER)                                                                   \
    NUMBER(RECENCY, recency, WHOLE, WR_BIT(RECENT), x >= 1 && x <= 4, "1 to 4", 2, "2", "recency", \
           "Of recent: the latest of N uniform draws, 1 to 4.")

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
