#include "cli/study/stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/options/options.h"
#include "sweep/check.h"

/* ---- shards ---- */

const char *shard_text(size_t shard, size_t shards, char text[SHARD_TEXT]) {
    snprintf(text, SHARD_TEXT, "%zu/%zu", shard, shards);
    return text;
}

/* Reads an environment variable with a whole number, at least `least`. */
static bool read_variable(const char *name, uint32_t least, size_t *value) {
    const struct option_spec number = {.least = least};
    const char *text = getenv(name);
    return text != NULL && option_read_size(&number, text, value);
}

/* Reads the shard from the variables of a Slurm array. The tasks have the numbers MIN, MIN + STEP
 * and so on. A task that is submitted again keeps its number. */
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
    if (wr_keep_of(text, best))
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE,
                   "--keep %s: needs all, none, or best:N with a whole number from 1 to %u", text,
                   UINT32_MAX);
}

/* Whether a keeps less than b. NULL: none. */
static bool keeps_less(const char *a, const char *b) {
    size_t first = 0, second = 0;
    return (a == NULL || wr_keep_of(a, &first)) && b != NULL && wr_keep_of(b, &second) &&
           first < second;
}

wr_status keep_least(struct wr_study *study, char **least, struct wr_error *error) {
    char *before;
    *least = NULL;
    wr_status status = wr_study_setting(study, "keep_before", &before, error);
    if (status == WR_OK)
        status = wr_study_setting(study, "keep", least, error);
    if (status == WR_OK && before != NULL && keeps_less(before, *least)) {
        free(*least);
        *least = before;
        return WR_OK;
    }
    free(before);
    return status;
}

static wr_status note_trial(void *context, const struct wr_trial *trial) {
    (void)trial;
    *(bool *)context = true;
    return WR_OK;
}

static wr_status has_trials(struct wr_study *study, bool *some, struct wr_error *error) {
    const struct wr_trial_query one = {.most = 1};
    *some = false;
    return wr_study_trials(study, &one, note_trial, some, error);
}

wr_status keep_save(struct wr_study *study, const char *keep, const char *least,
                    struct wr_error *error) {
    struct wr_setting settings[] = {{"keep", keep, false}, {"keep_before", NULL, false}};
    char *own;
    bool trials = false;
    wr_status status = keep_least(study, &own, error);
    if (status == WR_OK)
        status = has_trials(study, &trials, error);
    if (least == NULL || keeps_less(own, least))
        least = own;
    bool less = trials && keeps_less(least, keep);
    settings[1].value = less && least != NULL ? least : "none";
    if (status == WR_OK)
        status = wr_study_settle(study, settings, less ? 2 : 1, error);
    free(own);
    return status;
}

/* ---- torn trials ---- */

void torn_tell(const struct wr_study *study, const char *path, bool written) {
    size_t count = study != NULL ? wr_study_torn(study) : 0;
    if (count == 0)
        return;
    cli_flush();
    fputs("windrow: ", stderr);
    wr_print_shown(stderr, path);
    fprintf(stderr,
            ": %zu trial%s ended without loss curve or parameters, as Windrow 0.1 left them on a "
            "full disk; %s\n",
            count, count == 1 ? "" : "s",
            written ? "they count as pending, and are trained again"
                    : "windrow sweep, given again, trains them again");
}
