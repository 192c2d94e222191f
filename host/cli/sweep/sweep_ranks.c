/* A sweep divided among MPI ranks. Each rank trains a shard of the grid into its own store next to
 * the study, and skips what the study has. Rank 0 merges the stores. What a rank has committed is
 * not lost if a rank dies: the same command reads it from the rank's store. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/registry.h"
#include "base/base.h"
#include "base/environment.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/groups/csv_options.h"
#include "cli/io/interrupt.h"
#include "cli/sweep/ranks.h"
#include "cli/sweep/shard_files.h"
#include "cli/sweep/sweep_command.h"
#include "sweep/sweep_data.h"

#define REPORT_SECONDS 0.5 /* time between two reports of a rank */

struct share {
    struct run *run;
    struct ranks ranks;
    enum wr_journal journal;
    char gpu[32];                     /* device of this rank, as in --device */
    struct wr_study *known, *shard;   /* ended trials, read only; the study of this rank */
    struct rank_report own, *reports; /* reports: (count), on rank 0 */
    bool stop_sent;                   /* rank 0 has sent the stop */
    double began, reported;           /* times in seconds */
};

/* ---- devices ---- */

/* Opens one exact GPU of the node for each of its ranks, in turn. */
static wr_status open_own_gpu(struct share *share) {
    struct run *run = share->run;
    struct wr_device_info *found;
    size_t count, gpus = 0;
    wr_status status = devices_find(&found, &count, run->error);
    if (status != WR_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        if (found[i].exact && found[i].gpu)
            found[gpus++] = found[i];
    if (gpus > 0) {
        strcpy(share->gpu, found[share->ranks.local % gpus].id);
        sweep_close_devices(run);
        run->device_list = share->gpu;
        status = sweep_open_devices(run);
    }
    free(found);
    return status;
}

/* Keeps this rank's devices and closes the others. The ranks of a node divide its devices; if there
 * are more ranks than devices, they share them in turn. */
static void keep_own_devices(struct run *run, const struct ranks *ranks) {
    size_t count = run->device_count, kept = 0;
    for (size_t i = 0; i < count; i++)
        if (count < ranks->locals ? i == ranks->local % count : i % ranks->locals == ranks->local)
            run->devices[kept++] = run->devices[i];
        else
            wr_device_close(run->devices[i]);
    run->device_count = kept;
}

static wr_status open_own_devices(struct share *share) {
    struct run *run = share->run;
    if (!run->options->threads.given && wr_variable("OMP_NUM_THREADS") == NULL)
        run->threads = share->ranks.threads;
    wr_status status = sweep_open_devices(run);
    if (status != WR_OK)
        return status;
    if (wr_is_choice(run->device_list) && share->ranks.locals > 1 &&
        wr_device_get_info(run->devices[0])->gpu)
        return open_own_gpu(share);
    keep_own_devices(run, &share->ranks);
    return WR_OK;
}

/* ---- stores ---- */

/* Before --fresh renames the old study, merges into it what its ranks have left. */
static wr_status complete_former(struct share *share, const struct shard_files *files) {
    struct wr_study *former;
    struct run *run = share->run;
    wr_status status = wr_study_open_with(run->options->store.text, WR_STUDY_WRITE, share->journal,
                                          &former, run->error);
    if (status == WR_OK)
        status = shard_files_merge(former, files, run->error);
    wr_study_close(former);
    if (status == WR_OK)
        shard_files_remove(files, share->journal);
    return status;
}

/* Rank 0: opens the study, and merges what the ranks of earlier runs have left, however many they
 * were. */
static wr_status open_study(struct share *share) {
    struct run *run = share->run;
    struct shard_files files;
    bool fresh = run->options->fresh.given;
    wr_status status = shard_files_find(run->options->store.text, &files, run->error);
    if (status == WR_OK && fresh && files.found.gl_pathc > 0)
        status = complete_former(share, &files);
    if (status == WR_OK)
        status = sweep_open_study(run);
    if (status == WR_OK && !fresh)
        status = shard_files_merge(run->study, &files, run->error);
    if (status == WR_OK)
        status = sweep_save_settings(run, run->study); /* the merge has overwritten them */
    shard_files_release(&files);
    return status;
}

/* Every rank, after rank 0 has opened the study. */
static wr_status open_shard(struct share *share) {
    struct run *run = share->run;
    const char *store = run->options->store.text;
    share->known = run->study;
    wr_status status = WR_OK;
    if (share->ranks.rank != 0)
        status = wr_study_open(store, WR_STUDY_READ, &share->known, run->error);
    char *path = shard_file_name(store, share->ranks.rank, share->ranks.count);
    if (status == WR_OK && path == NULL)
        status = wr_fail(run->error, WR_ERR_MEMORY, "%s: no memory for a shard's name", store);
    if (status == WR_OK)
        status =
            wr_study_open_with(path, WR_STUDY_WRITE, share->journal, &share->shard, run->error);
    if (status == WR_OK) {
        wr_study_keep(share->shard, run->keep);
        status = sweep_save_settings(run, share->shard);
    }
    free(path);
    return status;
}

static void close_shard(struct share *share) {
    wr_study_close(share->shard);
    if (share->ranks.rank != 0)
        wr_study_close(share->known);
    share->shard = share->known = NULL;
}

static wr_status prepare(struct share *share) {
    struct run *run = share->run;
    struct ranks *ranks = &share->ranks;
    const struct option_text *data = &run->options->data.file;
    wr_status status = WR_OK;
    if (data->given && !csv_can_reread(data->text))
        status = wr_fail(run->error, WR_ERR_USAGE,
                         "--data %s: each rank reads the data, which a pipe gives to one alone; "
                         "name a file",
                         data->text);
    if (status == WR_OK)
        status = sweep_make(run);
    if (status == WR_OK && run->sweep.shards > 0)
        status =
            wr_fail(run->error, WR_ERR_USAGE,
                    "--shard and an MPI launcher exclude each other: its ranks are the shards");
    if (status == WR_OK && run->options->known.given)
        status = wr_fail(run->error, WR_ERR_USAGE,
                         "--known and an MPI launcher exclude each other: what --store holds is "
                         "known to its ranks");
    interrupt_catch();
    if (status == WR_OK)
        status = open_own_devices(share);
    if (status == WR_OK && ranks->rank == 0) {
        share->reports = wr_alloc(ranks->count, sizeof *share->reports, "reports", run->error);
        status = share->reports != NULL ? WR_OK : WR_ERR_MEMORY;
    }
    status = ranks_agree(ranks, status, run->error);
    if (status == WR_OK && ranks->rank == 0)
        status = open_study(share);
    status = ranks_agree(ranks, status, run->error);
    if (status == WR_OK)
        status = ranks_agree(ranks, open_shard(share), run->error);
    return status;
}

/* ---- reports and progress ---- */

/* Rank 0: reads the reports of the other ranks. Stops all ranks if one was stopped. */
static void receive_reports(struct share *share) {
    bool stop = interrupt_seen != 0;
    ranks_receive_reports(share->reports);
    for (size_t r = 0; r < share->ranks.count; r++)
        stop |= share->reports[r].ended && share->reports[r].status == WR_ERR_STOPPED;
    if (stop && !share->stop_sent) {
        ranks_send_stop();
        share->stop_sent = true;
    }
}

static bool all_ended(const struct share *share) {
    for (size_t r = 0; r < share->ranks.count; r++)
        if (!share->reports[r].ended)
            return false;
    return true;
}

/* Adds the trials of a rank to those of all. The time left is that of the slowest rank. */
static void add_report(struct wr_sweep_event *all, const struct rank_report *report) {
    const struct wr_sweep_event *event = &report->event;
    const struct wr_sweep_result *result = &report->result;
    bool ended = report->ended;
    all->trials += ended ? result->trials : event->trials;
    all->done += ended ? result->done : event->done;
    all->diverged += ended ? result->diverged : event->diverged;
    all->failed += ended ? result->failed : event->failed;
    all->pruned += ended ? result->pruned : event->pruned;
    if (!ended && event->seconds_left > all->seconds_left)
        all->seconds_left = event->seconds_left;
}

/* Shows the progress of all ranks in one line, and tells other processes. Trials that had ended
 * before no rank has. */
static void show(struct share *share) {
    struct run *run = share->run;
    struct wr_sweep_event all = {.seconds = wr_seconds() - share->began};
    for (size_t r = 0; r < share->ranks.count; r++) {
        if (!share->reports[r].heard)
            return;
        add_report(&all, &share->reports[r]);
    }
    all.fraction = all.seconds / (all.seconds + all.seconds_left);
    size_t pending = all.trials - all.done - all.diverged - all.failed - all.pruned;
    snprintf(run->progress.note, sizeof run->progress.note, "%zu of %zu trials",
             run->trials - pending, run->trials);
    progress_show(&run->progress, all.fraction, all.seconds, all.seconds_left);
    sweep_events_tell(&run->events, &all);
}

static wr_status on_event(void *context, const struct wr_sweep_event *event) {
    struct share *share = context;
    struct rank_report report = {.heard = true, .event = *event};
    bool stop = false;
    if (share->ranks.rank == 0) {
        share->reports[0] = report;
        receive_reports(share);
        show(share);
        stop = share->stop_sent;
    } else {
        if (event->seconds >= share->reported + REPORT_SECONDS) {
            share->reported = event->seconds;
            ranks_send_report(&report);
        }
        stop = ranks_stop_arrived(false);
    }
    return stop ? WR_ERR_STOPPED : WR_OK;
}

/* ---- training ---- */

/* Trains this rank's shard. Stores the result in share->own. */
static void train(struct share *share) {
    struct run *run = share->run;
    struct rank_report *own = &share->own;
    struct wr_sweep sweep = run->sweep;
    sweep.shard = share->ranks.rank;
    sweep.shards = share->ranks.count;
    struct wr_sweep_options how = {.known = share->known,
                                   .devices = run->devices,
                                   .device_count = run->device_count,
                                   .on_event = on_event,
                                   .context = share,
                                   .stop = &interrupt_seen,
                                   .budget_seconds = run->budget};
    own->status = wr_sweep_run(&sweep, share->shard, &how, &own->result, run->error);
    own->heard = own->ended = true;
    snprintf(own->text, sizeof own->text, "rank %zu on %s: %.*s", share->ranks.rank,
             share->ranks.host, (int)sizeof own->text - 96, run->error->text);
    wr_error_release(run->error);
    close_shard(share);
}

/* Rank 0, after its own training: waits until all ranks have ended. */
static void await_others(struct share *share) {
    const struct timespec pause = {.tv_nsec = 20000000};
    share->reports[0] = share->own;
    for (receive_reports(share); !all_ended(share); receive_reports(share)) {
        show(share);
        nanosleep(&pause, NULL);
    }
    if (!share->stop_sent)
        ranks_send_stop();
    progress_clear(&share->run->progress);
}

/* ---- results ---- */

static wr_status merge_shards(struct share *share) {
    struct run *run = share->run;
    const char *store = run->options->store.text;
    wr_status status = WR_OK;
    for (size_t r = 0; r < share->ranks.count && status == WR_OK; r++) {
        char *path = shard_file_name(store, r, share->ranks.count);
        status = path != NULL
                     ? shard_file_merge(run->study, path, run->error)
                     : wr_fail(run->error, WR_ERR_MEMORY, "%s: no memory for merging", store);
        free(path);
    }
    return status;
}

static void remove_shards(const struct share *share) {
    struct shard_files files;
    if (shard_files_find(share->run->options->store.text, &files, NULL) == WR_OK)
        shard_files_remove(&files, share->journal);
    shard_files_release(&files);
}

/* Rank 0, after all stores are merged: runs an ordinary sweep, which has little or nothing left to
 * train. It notes which trials are pending if ranks were stopped, and retries trials that no rank
 * could train. */
static wr_status finish(struct share *share) {
    struct run *run = share->run;
    size_t ran = 0;
    double updates = 0;
    for (size_t r = 0; r < share->ranks.count; r++) {
        const struct rank_report *report = &share->reports[r];
        if (report->status != WR_OK && report->status != WR_ERR_STOPPED)
            return wr_fail(run->error, report->status, "%s", report->text);
        if (report->status == WR_ERR_STOPPED)
            interrupt_seen = 1;
        ran += report->result.ran;
        updates += report->result.updates;
    }
    if (run->budget > 0) /* the ranks have used it */
        run->budget = DBL_MIN;
    wr_status status = sweep_train(run);
    if (status != WR_OK && status != WR_ERR_STOPPED)
        return status;
    run->result.ran += ran;
    run->result.updates += updates;
    run->result.seconds = wr_seconds() - share->began;
    if (run->result.pending + run->result.failed == 0)
        remove_shards(share);
    return sweep_finish(run, status);
}

static wr_status run_share(struct share *share) {
    struct run *run = share->run;
    const struct ranks *ranks = &share->ranks;
    wr_status status = prepare(share);
    if (status != WR_OK)
        return status;
    if (ranks->rank != 0)
        ranks_expect_stop();
    if (ranks->rank == 0 && run->tables) {
        sweep_tell_start(run);
        fprintf(stderr, "ranks     %zu on %zu node%s; the device is that of rank 0\n", ranks->count,
                ranks->nodes, ranks->nodes == 1 ? "" : "s");
    }
    share->began = wr_seconds();
    sweep_events_start(run);
    progress_start(&run->progress,
                   ranks->rank != 0 || run->options->quiet.given || run->options->json.given);
    train(share);
    if (ranks->rank != 0) {
        ranks_send_report(&share->own);
        ranks_stop_arrived(true);
        return WR_OK;
    }
    await_others(share);
    status = merge_shards(share);
    return status == WR_OK ? finish(share) : status;
}

wr_status sweep_ranks(struct run *run, size_t processes) {
    struct share share = {.run = run, .journal = (enum wr_journal)run->options->journal.value};
    wr_status status = ranks_start(&share.ranks, run->error);
    run->ranks = share.ranks.count;
    if (status == WR_OK && processes != SIZE_MAX && processes != run->ranks)
        status = wr_fail(run->error, WR_ERR_DATA,
                         "started as one of %zu processes, but MPI knows %zu: its launcher is not "
                         "the one that MPI expects; mpirun, or srun --mpi=pmix, may be",
                         processes, run->ranks);
    status = ranks_agree(&share.ranks, status, run->error);
    if (status == WR_OK && !run->options->dry_run.given)
        status = run_share(&share);
    else if (status == WR_OK && share.ranks.rank == 0)
        status = sweep_alone(run); /* a dry run */
    close_shard(&share);
    wr_study_close(run->study); /* before MPI ends, which may take long */
    run->study = NULL;
    free(share.reports);
    ranks_end();
    if (share.ranks.rank == 0)
        return status;
    wr_error_release(run->error);
    return WR_OK;
}
