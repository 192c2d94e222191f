/* What sweep and merge share: which part of a grid a store holds, and whose parameters it keeps. */
#ifndef WR_CLI_STORES_H
#define WR_CLI_STORES_H

#include <stddef.h>

#include "windrow/status.h"
#include "windrow/study.h"

#define SHARD_TEXT 32

/* --shard: "2/8", counted from 0; "8/8" is 0/8, so that counting from 1 works too; "auto" is that
 * of a task of a Slurm array. NULL is the whole grid, 0/0. Else WR_ERR_USAGE. */
wr_status shard_read(const char *text, size_t *shard, size_t *shards, struct wr_error *error);
/* "2/8". Returns text. */
const char *shard_text(size_t shard, size_t shards, char text[SHARD_TEXT]);

/* --keep: of how many trials; SIZE_MAX of all. Else WR_ERR_USAGE. */
wr_status keep_read(const char *text, size_t *best, struct wr_error *error);
/* Keeps in a study, as the setting "keep", whose parameters are kept from now on; and as
 * "keep_before" the least that was ever kept, where that is less: those of other trials are not
 * missing. least: of another study that was merged into this one, or NULL. */
wr_status keep_save(struct wr_study *study, const char *keep, const char *least,
                    struct wr_error *error);
/* The least that a study has kept, freed by the caller with free; NULL where it does not say. */
wr_status keep_least(struct wr_study *study, char **least, struct wr_error *error);

/* One line on stderr if trials of the study are torn. written: it is open for writing. */
void torn_tell(const struct wr_study *study, const char *path, bool written);

#endif
