/* The stores of shards next to a study, STORE.shard-I-of-N. Ranks save there what they train. */
#ifndef WR_CLI_SHARD_FILES_H
#define WR_CLI_SHARD_FILES_H

#include <glob.h>

#include "windrow/study.h"

/* The name of a shard's store. The caller frees it with free; NULL without memory. */
char *shard_file_name(const char *store, size_t shard, size_t shards);

/* The stores that exist, of any N. Released by the caller in any case. */
struct shard_files {
    glob_t found;
};
wr_status shard_files_find(const char *store, struct shard_files *files, struct wr_error *error);
void shard_files_release(struct shard_files *files);

/* Merge one store, or all of them. */
wr_status shard_file_merge(struct wr_study *study, const char *path, struct wr_error *error);
wr_status shard_files_merge(struct wr_study *study, const struct shard_files *files,
                            struct wr_error *error);
/* Removes the stores after they were merged, except those that another process is writing. */
void shard_files_remove(const struct shard_files *files, enum wr_journal journal);

#endif
