/* A pool: memory that is taken piece by piece and freed together. */
#ifndef WR_POOL_H
#define WR_POOL_H

#include "base/base.h"

/* Start with {0}. */
struct wr_pool {
    struct wr_pool_piece *pieces; /* the last one first */
    /* The first piece that could not be taken; what is NULL if there is none. */
    const char *what;
    size_t count, size;
};

/* count * size zeroed bytes, aligned to 64, as wr_alloc gives them. If there is not enough memory,
 * this call and all later ones return NULL: take what is needed, then ask wr_pool_status once.
 * `what` must live as long as the pool. */
void *wr_pool_take(struct wr_pool *pool, size_t count, size_t size, const char *what);
/* WR_OK, or WR_ERR_MEMORY with the text of the first failure. */
wr_status wr_pool_status(const struct wr_pool *pool, struct wr_error *error);
/* Frees all pieces. The pool is then as at its start. */
void wr_pool_release(struct wr_pool *pool);

#endif
