/* The stores of shards beside a study, STORE.shard-I-of-N, in which ranks keep what they train. */
#ifndef WR_CLI_SHARD_FILES_H
#define WR_CLI_SHARD_FILES_H

#include <glob.h>

#include "windrow/study.h"

/* The name of one: freed with free, NULL without memory. */
char *shard_file_name(const char *store, size_t shard, size_t shards);

/* Those that are there, of any N; released by the caller in any case. */
struct shard_files {
    glob_t found;
};
wr_status shard_files_find(const char *store, struct shard_files *files, struct wr_error *error);
void shard_files_release(struct shard_files *files);

/* Merges one, or all. */
wr_status shard_file_merge(struct wr_study *study, const char *path, struct wr_error *error);
wr_status shard_files_merge(struct wr_study *study, const struct shard_files *files,
                            struct wr_error *error);
/* Removes them, once they have been merged, but for those that somebody writes. */
void shard_files_remove(const struct shard_files *files, enum wr_journal journal);

#endif
