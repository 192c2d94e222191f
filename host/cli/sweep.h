/* A sweep under way: what the files of windrow sweep share. */
#ifndef WR_CLI_SWEEP_H
#define WR_CLI_SWEEP_H

#include "cli/data_options.h"
#include "cli/progress.h"
#include "windrow/sweep.h"

/* All that a run owns. */
struct run {
    const struct option_value *options;
    struct wr_error *error;
    bool tables; /* for a person, on stdout */
    struct data data;
    size_t *batch;      /* (batch_count) of the grid */
    enum wr_init *init; /* (init_count) */
    uint32_t *seeds;    /* (seed_count) */
    struct wr_sweep sweep;
    size_t trials, keep;
    struct wr_study *study;
    const char *device_list;    /* as --device */
    size_t threads;             /* as --threads */
    struct wr_device **devices; /* (device_count) */
    size_t device_count;
    struct progress progress;
    struct wr_sweep_result result;
    size_t ranks; /* of MPI; 0: without it */
};

/* ---- sweep_grid.c ---- */

/* What to train, from the options, checked against its data. */
wr_status sweep_make(struct run *run);
/* A bad value in a file of options is the file's fault: that of any option first .. last. */
wr_status sweep_blame(struct run *run, size_t first, size_t last, wr_status status);

/* ---- sweep.c ---- */

/* All of it, in this process. */
wr_status sweep_alone(struct run *run);
/* Opens the study as the options ask, and compares its settings. */
wr_status sweep_open_study(struct run *run);
/* Keeps in a study whence the series is, for whoever reads it (what it holds is compared anyway),
 * and whose parameters are kept, for windrow merge. */
wr_status sweep_save_settings(struct run *run, struct wr_study *study);
/* Opens the devices of device_list, also those that are open. */
wr_status sweep_open_devices(struct run *run);
void sweep_close_devices(struct run *run);
/* Trains what the study lacks, with progress unless quiet: fills run->result. */
wr_status sweep_train(struct run *run);

/* ---- sweep_results.c ---- */

void sweep_tell_start(const struct run *run);
/* Tells the results of training that has ended so, and how to go on if it was stopped. Returns what
 * the command ends with. */
wr_status sweep_finish(struct run *run, wr_status status);

/* ---- sweep_ranks.c, where there is MPI ---- */

/* All of it, when an MPI launcher has started so many processes, this one among them; SIZE_MAX: it
 * does not say how many. */
wr_status sweep_ranks(struct run *run, size_t processes);

#endif
