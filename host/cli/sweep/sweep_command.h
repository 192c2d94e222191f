/* The state of a sweep, and what the files of windrow sweep share. */
#ifndef WR_CLI_SWEEP_H
#define WR_CLI_SWEEP_H

#include "cli/io/progress.h"
#include "cli/sweep/sweep_events.h"
#include "cli/sweep/sweep_options.h"
#include "windrow/sweep.h"

/* What a run of the command owns. */
struct run {
    const struct sweep_options *options;
    struct wr_error *error;
    bool tables; /* print tables on stdout */
    struct data data;
    size_t *batch;                   /* (batch_count) values of the grid */
    enum wr_init *init;              /* (init_count) */
    uint32_t *seeds;                 /* (seed_count) */
    struct wr_rule *rules;           /* (rule_count) */
    struct wr_trial_options *sample; /* (trials) of --sample */
    struct wr_sweep sweep;
    size_t trials, keep;
    double budget; /* seconds; 0: none */
    struct wr_study *study;
    const char *device_list;    /* as in --device */
    size_t threads;             /* as in --threads */
    struct wr_device **devices; /* (device_count) */
    size_t device_count;
    struct progress progress;
    struct sweep_events events;
    struct wr_study *known; /* of --known; or NULL */
    struct wr_sweep_result result;
    size_t ranks; /* number of MPI ranks; 0: without MPI */
};

/* ---- sweep_grid.c ---- */

/* Reads what to train from the options, and checks it against the data. */
wr_status sweep_make(struct run *run);

/* ---- sweep.c ---- */

/* Runs the whole sweep in this process. */
wr_status sweep_alone(struct run *run);
/* Opens the study as the options say, and compares its settings. */
wr_status sweep_open_study(struct run *run);
/* Saves in a study how the series was read, for people, and which trials keep their parameters, for
 * windrow merge. The content of the series is compared in any case. */
wr_status sweep_save_settings(struct run *run, struct wr_study *study);
/* Opens the devices of device_list and adds them to run->devices. */
wr_status sweep_open_devices(struct run *run);
void sweep_close_devices(struct run *run);
/* Makes ready to tell events of the run's study. */
void sweep_events_start(struct run *run);
/* Trains what the study lacks, and fills run->result. Shows progress unless quiet. */
wr_status sweep_train(struct run *run);

/* ---- sweep_results.c ---- */

void sweep_tell_start(const struct run *run);
/* Prints the results of a training that ended with `status`, and how to continue if it was stopped.
 * Returns the exit code of the command. */
wr_status sweep_finish(struct run *run, wr_status status);

/* ---- sweep_ranks.c, where there is MPI ---- */

/* Runs the whole sweep as one of the MPI ranks. processes: the number that the launcher gives;
 * SIZE_MAX: it gives none. */
wr_status sweep_ranks(struct run *run, size_t processes);

#endif
