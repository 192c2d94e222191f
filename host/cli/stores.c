#include "cli/stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/options.h"

/* ---- shards ---- */

const char *shard_text(size_t shard, size_t shards, char text[SHARD_TEXT]) {
    snprintf(text, SHARD_TEXT, "%zu/%zu", shard, shards);
    return text;
}

/* A whole number of the environment, at least `least`. */
static bool read_variable(const char *name, uint32_t least, size_t *value) {
    const struct option_spec number = {.least = least};
    const char *text = getenv(name);
    return text != NULL && option_read_size(&number, text, value);
}

/* The tasks of an array have the numbers MIN, MIN + STEP, and so on; a task that is given again has
 * the number that it had. */
static wr_status read_array(size_t *shard, size_t *shards, struct wr_error *error) {
    size_t id, first, step = 1;
    bool stepped =
        getenv("SLURM_ARRAY_TASK_STEP") == NULL || read_variable("SLURM_ARRAY_TASK_STEP", 1, &step);
    bool found = read_variable("SLURM_ARRAY_TASK_ID", 0, &id) &&
                 read_variable("SLURM_ARRAY_TASK_MIN", 0, &first) &&
                 read_variable("SLURM_ARRAY_TASK_COUNT", 1, shards) && stepped && id >= first;
    if (!found)
        return wr_fail(error, WR_ERR_USAGE,
                       "--shard auto: this is no task of a Slurm array, which has "
                       "SLURM_ARRAY_TASK_ID, _MIN and _COUNT in its environment; name the shard, "
                       "--shard 0/4");
    *shard = (id - first) / step;
    if ((id - first) % step == 0 && *shard < *shards)
        return WR_OK;
    return wr_fail(
        error, WR_ERR_USAGE,
        "--shard auto: task %zu of an array of %zu from %zu in steps of %zu leaves gaps; "
        "number the tasks without any, --array=0-%zu",
        id, *shards, first, step, *shards - 1);
}

wr_status shard_read(const char *text, size_t *shard, size_t *shards, struct wr_error *error) {
    static const struct option_spec from_0 = {.least = 0}, from_1 = {.least = 1};
    char number[16] = "";
    *shard = *shards = 0;
    if (text == NULL)
        return WR_OK;
    if (strcmp(text, "auto") == 0)
        return read_array(shard, shards, error);
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : 0;
    if (length > 0 && length < sizeof number)
        memcpy(number, text, length);
    if (option_read_size(&from_0, number, shard) && option_read_size(&from_1, slash + 1, shards) &&
        *shard <= *shards) {
        *shard %= *shards;
        return WR_OK;
    }
    return wr_fail(error, WR_ERR_USAGE,
                   "--shard %s: needs auto or i/N, the part i of N parts, 0 to N-1, such as 0/4",
                   text);
}

/* ---- parameters ---- */

wr_status keep_read(const char *text, size_t *best, struct wr_error *error) {
    static const struct option_spec count = {.least = 1};
    *best = strcmp(text, "all") == 0 ? SIZE_MAX : 0;
    if (*best == SIZE_MAX || strcmp(text, "none") == 0 ||
        (strncmp(text, "best:", 5) == 0 && option_read_size(&count, text + 5, best)))
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE,
                   "--keep %s: needs all, none, or best:N with a whole number from 1 to %u", text,
                   UINT32_MAX);
}
