/* Keeps the chunks of a fit that are done in a folder. Each has a file, which is whole or absent.
 * Its name consists of the key of the fit and the chunk's first series. It holds the parameters of
 * the models of the chunk's series. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/json.h"
#include "forecast/fit.h"
#include "windrow/version.h"

#define WHICH    "windrow_series"
#define DIVERGED "windrow_diverged"
#define HASH     "windrow_hash"
#define DAMAGED  "damaged; remove it, and its series are fitted again"
enum { FORMAT = 2 }; /* that of Windrow 0.1, without a hash, was 1 */

/* ---- the key: a hash of what the results depend on ---- */

static wr_status key_of(const struct wr_fit *fit, const struct wr_panel *panel, const size_t *until,
                        uint64_t *key, struct wr_error *error) {
    json_t *recipe = wr_recipe_to_json(&fit->recipe);
    size_t size;
    char *text = wr_json_write(recipe, JSON_COMPACT | JSON_SORT_KEYS, &size);
    json_decref(recipe);
    if (text == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a recipe");
    const int versions[] = {WR_NUMERICS_VERSION, FORMAT};
    *key = wr_hash(wr_hash(WR_HASH_START, text, size), versions, sizeof versions);
    free(text);
    *key = wr_hash(*key, fit->covariates, strlen(fit->covariates) + 1);
    for (size_t s = 0; s < fit->count; s++) {
        uint64_t length = wr_used_length(panel, until, s);
        *key = wr_hash(*key, fit->series[s].id, strlen(fit->series[s].id) + 1);
        *key = wr_hash(*key, &length, sizeof length);
        *key = wr_hash(*key, wr_panel_values(panel, s), length * sizeof(double));
        for (size_t c = 0; c < wr_panel_pasts(panel); c++)
            *key = wr_hash(*key, wr_panel_past(panel, s, c), length * sizeof(double));
        for (size_t c = 0; c < wr_panel_futures(panel); c++)
            *key = wr_hash(*key, wr_panel_future(panel, s, c), length * sizeof(double));
    }
    return WR_OK;
}

/* ---- the hash of all that a part holds ---- */

static wr_status hash_of(const char *names, const char *diverged, const struct wr_stack *stack,
                         char hash[17], struct wr_error *error) {
    size_t size = strlen(names) + strlen(diverged) + 2;
    char *text = wr_alloc(size, 1, "a hash", error);
    if (text == NULL)
        return WR_ERR_MEMORY;
    snprintf(text, size, "%s\n%s", names, diverged);
    wr_fit_hash(text, stack, hash);
    free(text);
    return WR_OK;
}

/* ---- reading ---- */

static wr_status damaged(const char *path, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DATA, "%s: " DAMAGED, path);
}

static wr_status check_hash(const char *path, const char *names, const char *diverged,
                            const struct wr_stack *stack, struct wr_error *error) {
    char hash[17];
    if (names == NULL || diverged == NULL)
        return damaged(path, error);
    wr_status status = hash_of(names, diverged, stack, hash, error);
    return status == WR_OK ? wr_fit_check_hash(path, HASH, hash, true, DAMAGED, error) : status;
}

static wr_status take_series(struct wr_fit *fit, const char *path, const json_t *which,
                             const char *diverged, const struct wr_stack *stack,
                             unsigned char *done, struct wr_error *error) {
    size_t seeds = fit->recipe.seeds, P = wr_fit_parameters(fit);
    if (json_array_size(which) * seeds != stack->count || strlen(diverged) != stack->count)
        return damaged(path, error);
    for (size_t i = 0; i < json_array_size(which); i++) {
        const char *id = json_string_value(json_array_get(which, i));
        const struct fitted *series = id != NULL ? wr_fit_find(fit, id) : NULL;
        if (series == NULL || series->first_model == WR_NAIVE)
            return damaged(path, error);
        memcpy(fit->stack.parameters + series->first_model * P, stack->parameters + i * seeds * P,
               seeds * P * sizeof(float));
        for (size_t m = 0; m < seeds; m++)
            fit->diverged[series->first_model + m] = diverged[i * seeds + m] == '1';
        done[series - fit->series] = 1;
    }
    return WR_OK;
}

static wr_status read_part(struct wr_fit *fit, const char *path, unsigned char *done,
                           struct wr_error *error) {
    struct wr_stack stack = {0};
    const struct wr_shape *ours = &fit->stack.shape;
    char *names = NULL, *diverged = NULL;
    wr_status status = wr_parameters_load(path, &stack, NULL, error);
    if (status == WR_OK)
        status = wr_metadata_load(path, WHICH, &names, error);
    if (status == WR_OK)
        status = wr_metadata_load(path, DIVERGED, &diverged, error);
    struct wr_json_flaw flaw = {0};
    json_t *which = names != NULL ? wr_json_read(names, strlen(names), &flaw) : NULL;
    if (status == WR_OK && flaw.exhausted)
        status = wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its names", path);
    if (status == WR_OK &&
        (stack.shape.inputs != ours->inputs || stack.shape.hidden != ours->hidden ||
         stack.shape.outputs != ours->outputs))
        status = damaged(path, error);
    if (status == WR_OK)
        status = check_hash(path, names, diverged, &stack, error);
    if (status == WR_OK)
        status = take_series(fit, path, which, diverged, &stack, done, error);
    json_decref(which);
    free(stack.parameters);
    free(names);
    free(diverged);
    return status;
}

static wr_status part_path(const char *folder, const char *name, char *path, size_t size,
                           struct wr_error *error) {
    int length = snprintf(path, size, "%s/%s", folder, name);
    return length >= 0 && (size_t)length < size
               ? WR_OK
               : wr_fail(error, WR_ERR_DATA, "%s: a path of %d characters is too long", folder,
                         length);
}

/* Reads the parts of this fit. The names of other fits' files have another key. */
static wr_status read_folder(struct wr_parts *parts, DIR *folder, struct wr_fit *fit,
                             unsigned char *done, struct wr_error *error) {
    char path[4096], ours[32];
    const struct dirent *entry;
    int prefix = snprintf(ours, sizeof ours, "%016llx-", (unsigned long long)parts->key);
    wr_status status = WR_OK;
    for (errno = 0; status == WR_OK && (entry = readdir(folder)) != NULL; errno = 0) {
        size_t length = strlen(entry->d_name), ending = strlen(WR_PART_ENDING);
        if (strncmp(entry->d_name, ours, (size_t)prefix) != 0 || length < ending ||
            strcmp(entry->d_name + length - ending, WR_PART_ENDING) != 0)
            continue;
        status = part_path(parts->folder, entry->d_name, path, sizeof path, error);
        if (status == WR_OK)
            status = read_part(fit, path, done, error);
    }
    if (status == WR_OK && errno != 0)
        return wr_fail(error, WR_ERR_STORAGE, "%s: %s", parts->folder, strerror(errno));
    return status;
}

wr_status wr_parts_open(struct wr_parts *parts, const struct wr_panel *panel, const size_t *until,
                        struct wr_fit *fit, const char *folder, unsigned char *done,
                        struct wr_error *error) {
    *parts = (struct wr_parts){.folder = folder};
    if (folder == NULL)
        return WR_OK;
    wr_status status = key_of(fit, panel, until, &parts->key, error);
    if (status != WR_OK)
        return status;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return wr_fail(error, wr_cause(errno, WR_ERR_STORAGE), "%s: %s", folder, strerror(errno));
    DIR *opened = opendir(folder);
    if (opened == NULL)
        return wr_fail(error, wr_cause(errno, WR_ERR_STORAGE), "%s: %s", folder, strerror(errno));
    status = read_folder(parts, opened, fit, done, error);
    closedir(opened);
    return status;
}

/* ---- writing ---- */

static json_t *names_of(const struct wr_fit *fit, const size_t *which, size_t count) {
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++)
        names = wr_json_push(names, json_string(fit->series[which[i]].id));
    return names;
}

wr_status wr_parts_add(struct wr_parts *parts, const struct wr_fit *fit, const size_t *which,
                       size_t count, struct wr_error *error) {
    if (parts->folder == NULL)
        return WR_OK;
    size_t seeds = fit->recipe.seeds, P = wr_fit_parameters(fit);
    struct wr_stack stack = {fit->stack.shape, count * seeds, NULL};
    char path[4096], name[64];
    stack.parameters = wr_alloc(stack.count * P, sizeof(float), "parameters", error);
    char *diverged = wr_alloc(stack.count + 1, 1, "models", error);
    json_t *which_names = names_of(fit, which, count);
    size_t length;
    char *names = wr_json_write(which_names, JSON_COMPACT, &length);
    wr_status status = stack.parameters != NULL && diverged != NULL && names != NULL
                           ? WR_OK
                           : wr_fail(error, WR_ERR_MEMORY, "no memory for what is done");
    for (size_t i = 0; i < count && status == WR_OK; i++) {
        size_t first = fit->series[which[i]].first_model;
        memcpy(stack.parameters + i * seeds * P, fit->stack.parameters + first * P,
               seeds * P * sizeof(float));
        for (size_t m = 0; m < seeds; m++)
            diverged[i * seeds + m] = fit->diverged[first + m] ? '1' : '0';
    }
    snprintf(name, sizeof name, "%016llx-%zu" WR_PART_ENDING, (unsigned long long)parts->key,
             which[0]);
    char hash[17];
    const struct wr_metadata metadata[] = {{WHICH, names}, {DIVERGED, diverged}, {HASH, hash}};
    if (status == WR_OK)
        status = hash_of(names, diverged, &stack, hash, error);
    if (status == WR_OK)
        status = part_path(parts->folder, name, path, sizeof path, error);
    if (status == WR_OK)
        status = wr_parameters_save(path, &stack, metadata, 3, error);
    json_decref(which_names);
    free(names);
    free(diverged);
    free(stack.parameters);
    return status;
}
