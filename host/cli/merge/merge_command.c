#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "cli/merge/merge_options.h"
#include "cli/study/stores.h"

enum {
    MISSING_SHOWN = 8,
    SHARDS_SHOWN = 4096 /* bytes of a list of shards in the table */
};

/* Settings of a study that merge reads. */
struct study_info {
    char *shards; /* the study's shard, or the shards merged into it: "0/3 2/3"; or NULL */
    char *keep;   /* as --keep; or NULL */
    char *least;  /* the least that was kept, as --keep; or NULL */
    size_t grid;  /* number of trials in the whole grid; 0: unknown */
};

struct run {
    const struct merge_options *options;
    struct wr_error *error;
    bool tables; /* print tables on stdout */
    size_t told; /* number of stores in the table */
    struct wr_study *study;
    struct study_info info;
    json_t *stores; /* for --json; NULL after an allocation failed */
};

/* ---- settings ---- */

static void release_info(struct study_info *info) {
    free(info->shards);
    free(info->keep);
    free(info->least);
    *info = (struct study_info){0};
}

static wr_status read_info(struct wr_study *study, struct study_info *info,
                           struct wr_error *error) {
    char *grid = NULL;
    *info = (struct study_info){0};
    wr_status status = wr_study_setting(study, "shards", &info->shards, error);
    if (status == WR_OK && info->shards == NULL)
        status = wr_study_setting(study, "shard", &info->shards, error);
    if (status == WR_OK)
        status = wr_study_setting(study, "keep", &info->keep, error);
    if (status == WR_OK)
        status = keep_least(study, &info->least, error);
    if (status == WR_OK)
        status = wr_study_setting(study, "grid", &grid, error);
    info->grid = grid != NULL ? (size_t)strtoull(grid, NULL, 10) : 0;
    free(grid);
    return status;
}

/* Whether the list contains the shard. */
static bool has_shard(const char *list, const char *shard) {
    size_t length = strlen(shard);
    for (const char *at = list; at != NULL && (at = strstr(at, shard)) != NULL; at++)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* Adds the shards of the list `more` that *list lacks. */
static wr_status add_shards(char **list, const char *more, struct wr_error *error) {
    char *copy = strdup(more), *next = copy, *shard;
    wr_status status = copy != NULL ? WR_OK : WR_ERR_MEMORY;
    while (status == WR_OK && (shard = strsep(&next, " ")) != NULL) {
        char *grown = NULL;
        if (has_shard(*list, shard))
            continue;
        if (asprintf(&grown, "%s%s%s", *list != NULL ? *list : "", *list != NULL ? " " : "",
                     shard) < 0)
            status = WR_ERR_MEMORY;
        else {
            free(*list);
            *list = grown;
        }
    }
    free(copy);
    return status == WR_OK ? WR_OK : wr_fail(error, status, "no memory for a list of shards");
}

/* Saves the study's settings after a store was merged. The merge has copied the store's settings
 * into the study. */
static wr_status save_info(struct run *run, const struct study_info *store) {
    struct study_info *info = &run->info;
    struct wr_setting settings[2];
    size_t count = 0;
    char grid[24];
    wr_status status = WR_OK;
    if (store->shards != NULL)
        status = add_shards(&info->shards, store->shards, run->error);
    info->grid = store->grid > info->grid ? store->grid : info->grid;
    snprintf(grid, sizeof grid, "%zu", info->grid);
    if (info->grid > 0)
        settings[count++] = (struct wr_setting){"grid", grid, false};
    if (info->shards != NULL)
        settings[count++] = (struct wr_setting){"shards", info->shards, false};
    if (status == WR_OK)
        status = wr_study_settle(run->study, settings, count, run->error);
    /* The merge has copied the store's "keep" into the study; the study's own counts too. */
    if (status == WR_OK && info->least != NULL)
        status = keep_save(run->study, info->keep, info->least, run->error);
    return status == WR_OK ? keep_save(run->study, info->keep,
                                       store->least != NULL ? store->least : "none", run->error)
                           : status;
}

/* Chooses what to keep: --keep, else the study's setting, else that of its first store. */
static wr_status choose_keep(struct run *run, const struct study_info *store) {
    const struct option_text *given = &run->options->keep;
    size_t best;
    if (given->given || run->info.keep == NULL) {
        const char *text = given->given ? given->text : store->keep;
        free(run->info.keep);
        run->info.keep = strdup(text != NULL ? text : "best:10");
        if (run->info.keep == NULL)
            return wr_fail(run->error, WR_ERR_MEMORY, "no memory for --keep");
    }
    wr_status status = keep_read(run->info.keep, &best, run->error);
    if (status == WR_OK)
        wr_study_keep(run->study, best);
    return status;
}

/* ---- missing shards ---- */

/* The number N of the shards I/N in the list; 0 where N differs, since missing shards are then
 * unknown. */
static size_t common_shards(const char *list) {
    size_t common = 0;
    for (const char *slash = list; slash != NULL && (slash = strchr(slash, '/')) != NULL; slash++) {
        size_t shards = (size_t)strtoull(slash + 1, NULL, 10);
        if (common != 0 && shards != common)
            return 0;
        common = shards;
    }
    return common;
}

/* The shards of the grid that no merged store has. Shards beyond the number of trials are empty and
 * not counted. */
struct missing {
    size_t shards, count;
    bool *is; /* (count) */
};

static wr_status find_missing(const struct study_info *info, struct missing *missing,
                              struct wr_error *error) {
    *missing = (struct missing){.shards = common_shards(info->shards)};
    missing->count = missing->shards < info->grid ? missing->shards : info->grid;
    missing->is = wr_alloc(missing->count, sizeof *missing->is, "shards", error);
    if (missing->is == NULL)
        return WR_ERR_MEMORY;
    memset(missing->is, true, missing->count);
    for (const char *at = info->shards; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        size_t shard = (size_t)strtoull(at, NULL, 10);
        if (shard < missing->count)
            missing->is[shard] = false;
    }
    return WR_OK;
}

static void print_missing(const struct missing *missing) {
    char text[SHARD_TEXT];
    size_t count = 0;
    for (size_t i = 0; i < missing->count; i++)
        if (missing->is[i] && count++ < MISSING_SHOWN)
            printf("%s%s", count == 1 ? "; missing: " : ", ", shard_text(i, missing->shards, text));
    if (count > MISSING_SHOWN)
        printf(" and %zu more", count - MISSING_SHOWN);
}

static json_t *missing_array(const struct missing *missing) {
    char text[SHARD_TEXT];
    json_t *array = json_array();
    for (size_t i = 0; i < missing->count; i++)
        if (missing->is[i])
            array = wr_json_push(array, json_string(shard_text(i, missing->shards, text)));
    return array;
}

/* ---- one store ---- */

static void tell_store(struct run *run, const char *path, const struct study_info *info,
                       const struct wr_merge_report *report) {
    const char *shard = info->shards;
    if (run->tables && run->told++ == 0)
        printf("%8s  %8s  %8s  %-9s  %s\n", "trials", "pending", "taken", "shard", "store");
    if (run->tables) {
        char shown[SHARDS_SHOWN];
        printf("%8zu  %8zu  %8zu  %-9s", report->trials, report->pending, report->taken,
               wr_shown(shard != NULL ? shard : "-", shown, sizeof shown));
        report_named("  ", path);
        putchar('\n');
        cli_flush();
    }
    run->stores = wr_json_push(
        run->stores, json_pack("{s:o, s:s?, s:I, s:I, s:I}", "store", json_text(path), "shard",
                               shard, "trials", (json_int_t)report->trials, "pending",
                               (json_int_t)report->pending, "taken", (json_int_t)report->taken));
}

static wr_status open_study(struct run *run) {
    const char *path = run->options->study.text;
    enum wr_journal journal = (enum wr_journal)run->options->journal.value;
    wr_status status = wr_study_open_with(path, WR_STUDY_WRITE, journal, &run->study, run->error);
    torn_tell(run->study, path, true);
    if (status == WR_OK)
        status = read_info(run->study, &run->info, run->error);
    return status == WR_OK ? wr_study_gather(run->study, run->error) : status;
}

/* Merges one store. The study is opened or made after the first store is opened, so that a bad path
 * makes no study. */
static wr_status merge_store(struct run *run, const char *path) {
    struct wr_study *store;
    struct study_info info = {0};
    struct wr_merge_report report;
    wr_status status = wr_study_open(path, WR_STUDY_READ, &store, run->error);
    torn_tell(store, path, false);
    if (status == WR_OK)
        status = read_info(store, &info, run->error);
    if (status == WR_OK && run->study == NULL)
        status = open_study(run);
    if (status == WR_OK)
        status = choose_keep(run, &info);
    if (status == WR_OK)
        status = wr_study_merge(run->study, store, &report, run->error);
    if (status == WR_OK)
        status = save_info(run, &info);
    if (status == WR_OK)
        tell_store(run, path, &info, &report);
    wr_study_close(store);
    release_info(&info);
    return status;
}

/* Whether both paths name one file. A shell pattern for the stores may match the study too. */
static bool same_file(const char *a, const char *b) {
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

/* ---- the command ---- */

static wr_status print_study_json(struct run *run, const struct wr_study_counts *counts, size_t gap,
                                  const struct missing *missing) {
    return json_print(
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:O}", "store",
                  json_text(run->options->study.text), "trials", (json_int_t)counts->trials, "done",
                  (json_int_t)counts->done, "diverged", (json_int_t)counts->diverged, "failed",
                  (json_int_t)counts->failed, "pruned", (json_int_t)counts->pruned, "pending",
                  (json_int_t)counts->pending, "grid", (json_int_t)run->info.grid, "gap",
                  (json_int_t)gap, "missing", gap > 0 ? missing_array(missing) : json_array(),
                  "stores", run->stores),
        "windrow.merge/1", run->error);
}

static void print_study(const struct run *run, const struct wr_study_counts *counts, size_t gap,
                        const struct missing *missing) {
    size_t grid = run->info.grid;
    report_named("\nstudy     ", run->options->study.text);
    printf("\ntrials    %zu done, ", counts->done);
    if (counts->pruned > 0)
        printf("%zu pruned, ", counts->pruned);
    printf("%zu diverged, %zu failed, %zu pending\n", counts->diverged, counts->failed,
           counts->pending);
    printf("grid      %zu trial%s, of which %zu %s in no store", grid, grid == 1 ? "" : "s", gap,
           gap == 1 ? "is" : "are");
    if (gap > 0)
        print_missing(missing);
    putchar('\n');
}

static wr_status tell_study(struct run *run) {
    struct wr_study_counts counts;
    struct missing missing = {0};
    wr_status status = wr_study_count(run->study, &counts, run->error);
    if (status == WR_OK)
        status = find_missing(&run->info, &missing, run->error);
    if (status != WR_OK)
        return status;
    size_t gap = run->info.grid > counts.trials ? run->info.grid - counts.trials : 0;
    if (run->options->json.given)
        status = print_study_json(run, &counts, gap, &missing);
    else if (run->tables)
        print_study(run, &counts, gap, &missing);
    free(missing.is);
    return status;
}

/* Merges the first `count` stores; *merged: how many of them were. */
static wr_status merge_stores(struct run *run, size_t count, size_t *merged) {
    const struct option_operands *stores = &run->options->stores;
    wr_status status = WR_OK;
    for (*merged = 0; *merged < count && status == WR_OK; *merged += status == WR_OK)
        if (!same_file(stores->values[*merged], run->options->study.text))
            status = merge_store(run, stores->values[*merged]);
    return status;
}

/* After a store has failed: commits those before it. If the failing one had written already, all is
 * undone first, and they are merged again. */
static void keep_merged(struct run *run, size_t merged) {
    struct wr_error *error = run->error;
    if (run->study == NULL || wr_study_flush(run->study, NULL) == WR_OK)
        return;
    run->tables = false;
    run->error = NULL; /* that of the failure stays */
    release_info(&run->info);
    if (read_info(run->study, &run->info, NULL) == WR_OK &&
        wr_study_gather(run->study, NULL) == WR_OK && merge_stores(run, merged, &merged) == WR_OK)
        wr_study_flush(run->study, NULL);
    run->error = error;
}

static wr_status run_all(struct run *run) {
    size_t best, merged = 0;
    wr_status status = WR_OK;
    if (run->options->keep.given)
        status = keep_read(run->options->keep.text, &best, run->error);
    if (status == WR_OK)
        status = merge_stores(run, run->options->stores.count, &merged);
    if (status != WR_OK) {
        keep_merged(run, merged);
        return status;
    }
    if (run->study == NULL)
        status = open_study(run);
    if (status == WR_OK)
        status = wr_study_flush(run->study, run->error);
    return status == WR_OK ? tell_study(run) : status;
}

wr_status merge_command(const struct merge_options *options, struct wr_error *error) {
    struct run run = {.options = options, .error = error, .stores = json_array()};
    run.tables = !options->quiet.given && !options->json.given;
    wr_status status = run_all(&run);
    wr_study_close(run.study);
    release_info(&run.info);
    json_decref(run.stores);
    return status;
}
