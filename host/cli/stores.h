/* What sweep and merge share: which part of a grid a store holds, and whose parameters it keeps. */
#ifndef WR_CLI_STORES_H
#define WR_CLI_STORES_H

#include <stddef.h>

#include "windrow/status.h"

#define SHARD_TEXT 32

/* --shard: "2/8", counted from 0; "8/8" is 0/8, so that counting from 1 works too; "auto" is that
 * of a task of a Slurm array. NULL is the whole grid, 0/0. Else WR_ERR_USAGE. */
wr_status shard_read(const char *text, size_t *shard, size_t *shards, struct wr_error *error);
/* "2/8". Returns text. */
const char *shard_text(size_t shard, size_t shards, char text[SHARD_TEXT]);

/* --keep: of how many trials; SIZE_MAX of all. Else WR_ERR_USAGE. */
wr_status keep_read(const char *text, size_t *best, struct wr_error *error);

#endif
