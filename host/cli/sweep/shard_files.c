#include "cli/sweep/shard_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

char *shard_file_name(const char *store, size_t shard, size_t shards) {
    char *name;
    return asprintf(&name, "%s.shard-%zu-of-%zu", store, shard, shards) >= 0 ? name : NULL;
}

/* A glob pattern for the names of the stores. Special characters in `store` are escaped. */
static char *pattern_of(const char *store) {
    static const char end[] = ".shard-[0-9]*-of-[0-9]*";
    char *pattern = calloc(2 * strlen(store) + sizeof end, 1), *to = pattern;
    if (pattern == NULL)
        return NULL;
    for (; *store != '\0'; *to++ = *store++)
        if (strchr("*?[\\", *store) != NULL)
            *to++ = '\\';
    strcpy(to, end);
    return pattern;
}

wr_status shard_files_find(const char *store, struct shard_files *files, struct wr_error *error) {
    char *pattern = pattern_of(store);
    *files = (struct shard_files){0};
    int code = pattern == NULL ? GLOB_NOSPACE : glob(pattern, 0, NULL, &files->found);
    free(pattern);
    if (code == 0 || code == GLOB_NOMATCH)
        return WR_OK;
    return wr_fail(error, code == GLOB_NOSPACE ? WR_ERR_MEMORY : WR_ERR_DATA,
                   "%s.shard-*: cannot be looked for", store);
}

void shard_files_release(struct shard_files *files) {
    globfree(&files->found);
}

/* Whether path is a store. SQLite's own files next to a store match the pattern too. */
static bool is_store(const char *path) {
    size_t shard, shards;
    int end = 0;
    const char *name = path;
    for (const char *at = path; (at = strstr(at, ".shard-")) != NULL; at++)
        name = at;
    return sscanf(name, ".shard-%zu-of-%zu%n", &shard, &shards, &end) == 2 && name[end] == '\0';
}

wr_status shard_file_merge(struct wr_study *study, const char *path, struct wr_error *error) {
    struct wr_study *store;
    struct wr_merge_report report;
    wr_status status = wr_study_open(path, WR_STUDY_READ, &store, error);
    if (status == WR_OK)
        status = wr_study_merge(study, store, &report, error);
    wr_study_close(store);
    return status;
}

wr_status shard_files_merge(struct wr_study *study, const struct shard_files *files,
                            struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < files->found.gl_pathc && status == WR_OK; i++)
        if (is_store(files->found.gl_pathv[i]))
            status = shard_file_merge(study, files->found.gl_pathv[i], error);
    return status;
}

void shard_files_remove(const struct shard_files *files, enum wr_journal journal) {
    for (size_t i = 0; i < files->found.gl_pathc; i++) {
        const char *path = files->found.gl_pathv[i];
        struct wr_study *store;
        if (!is_store(path) ||
            wr_study_open_with(path, WR_STUDY_WRITE, journal, &store, NULL) != WR_OK)
            continue;
        wr_study_close(store); /* closing removes SQLite's files next to it */
        unlink(path);          /* if this fails, the store is merged again */
    }
}
