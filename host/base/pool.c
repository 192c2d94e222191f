#include "base/pool.h"

#include <stdalign.h>
#include <stdlib.h>

/* Stands before the bytes of a piece, which therefore keep their alignment. */
struct wr_pool_piece {
    alignas(64) struct wr_pool_piece *next;
};

void *wr_pool_take(struct wr_pool *pool, size_t count, size_t size, const char *what) {
    struct wr_pool_piece *piece = NULL;
    size_t bytes;
    if (pool->what != NULL)
        return NULL;
    if (wr_size_mul(count, size, &bytes) && wr_size_add(bytes, sizeof *piece, &bytes))
        piece = wr_alloc(bytes, 1, what, NULL);
    if (piece == NULL) {
        pool->what = what;
        pool->count = count;
        pool->size = size;
        return NULL;
    }
    piece->next = pool->pieces;
    pool->pieces = piece;
    return piece + 1;
}

wr_status wr_pool_status(const struct wr_pool *pool, struct wr_error *error) {
    return pool->what == NULL ? WR_OK : wr_fail_alloc(pool->count, pool->size, pool->what, error);
}

void wr_pool_release(struct wr_pool *pool) {
    while (pool->pieces != NULL) {
        struct wr_pool_piece *piece = pool->pieces;
        pool->pieces = piece->next;
        free(piece);
    }
    *pool = (struct wr_pool){0};
}
