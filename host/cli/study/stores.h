/* What sweep and merge share: which shard of a grid a store holds, and which trials keep their
 * parameters. */
#ifndef WR_CLI_STORES_H
#define WR_CLI_STORES_H

#include <stddef.h>

#include "windrow/status.h"
#include "windrow/study.h"

#define SHARD_TEXT 32

/* Reads --shard: "2/8", counted from 0. "8/8" means 0/8, so that counting from 1 works too. "auto"
 * takes the numbers of a Slurm array task. NULL means the whole grid, 0/0. Returns WR_ERR_USAGE for
 * other text. */
wr_status shard_read(const char *text, size_t *shard, size_t *shards, struct wr_error *error);
/* "2/8". Returns text. */
const char *shard_text(size_t shard, size_t shards, char text[SHARD_TEXT]);

/* Reads --keep into *best: the number of trials, or SIZE_MAX for all. Returns WR_ERR_USAGE for
 * other text. */
wr_status keep_read(const char *text, size_t *best, struct wr_error *error);
/* Saves in the study the setting "keep": which trials keep their parameters from now on. Also saves
 * "keep_before", the least that was ever kept, if it is less than "keep": parameters of other
 * trials are then not reported as missing. least: what another study that was merged into this one
 * kept at least, or NULL. */
wr_status keep_save(struct wr_study *study, const char *keep, const char *least,
                    struct wr_error *error);
/* Reads the least that a study has kept. The caller frees *least with free; NULL if the study does
 * not say. */
wr_status keep_least(struct wr_study *study, char **least, struct wr_error *error);

/* Prints a line on stderr if the study has torn trials: trials that ended but lack their loss curve
 * or parameters. written: the study is open for writing. */
void torn_tell(const struct wr_study *study, const char *path, bool written);

#endif
