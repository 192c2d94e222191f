/* A study: the trials of a sweep, kept in an SQLite file that survives the death of its writer.
 *
 * The tables and views stand, with their columns, in host/sweep/schema.sql; any SQLite tool reads
 * them, also while a sweep is writing. A trial is one model: its options and its seed say all that
 * its result depends on beside the study's settings. */
#ifndef WINDROW_STUDY_H
#define WINDROW_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/model.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_study;

enum wr_study_mode {
    WR_STUDY_READ,  /* what is there; others may write meanwhile */
    WR_STUDY_WRITE, /* the only writer; the file is made if there is none */
    WR_STUDY_FRESH  /* likewise, but a study that is there is first renamed, whole, to the first of
                       PATH.1, PATH.2, ... that is free: also one of a newer library, but not one
                       that is open elsewhere, if only for reading, and no other file */
};

/* How SQLite brings a commit into the file. */
enum wr_journal {
    WR_JOURNAL_AUTO, /* WAL, but DELETE on the network file systems that are known */
    WR_JOURNAL_WAL,  /* a log beside the file: readers and the writer never wait for each other, but
                        all of them must be on one machine */
    WR_JOURNAL_DELETE /* a file of what was there before: readers and the writer wait for each
                         other; on a network file system too, if its locks work */
};

/* WR_ERR_DATA where the file is no study (an empty one becomes a study by being written), is newer
 * than this library, has other tables, views or triggers than Windrow makes, holds what no sweep
 * writes, or, for reading, cannot be read; WR_ERR_STORAGE where it cannot be made or
 * written, has several names (hard links, under which SQLite would damage it), and at once where
 * another process writes it. Symbolic links are followed. *study is owned by the caller
 * (wr_study_close) and serves one thread at a time.
 *
 * The writer holds the file PATH-lock, which it removes at the end; one that a dead writer has left
 * locks nothing. Reading a study that has a log makes two small files beside it while it lasts.
 * In a folder that the reader may not write, a study is read nonetheless: while it is being
 * written, with the writer's two files; at rest, as it stands, and then what somebody writes
 * meanwhile may make reading fail until it is opened anew. What cannot be read there is a study
 * whose log, PATH-wal, holds something and whose PATH-shm is missing: copies made while it was
 * being written; or whose last writer died in a commit with WR_JOURNAL_DELETE. */
wr_status wr_study_open(const char *path, enum wr_study_mode mode, struct wr_study **study,
                        struct wr_error *error);
/* Likewise; a study opened for writing gets this journal (wr_study_open: WR_JOURNAL_AUTO). Readers
 * take what is there. */
wr_status wr_study_open_with(const char *path, enum wr_study_mode mode, enum wr_journal journal,
                             struct wr_study **study, struct wr_error *error);
void wr_study_close(struct wr_study *study);

/* Trials that were found, when the study was opened, to have ended without their loss curve, or
 * without parameters that were to be kept: Windrow 0.1 could leave such where a commit met a full
 * disk. In a study open for writing they are pending again. */
size_t wr_study_torn(const struct wr_study *study);

/* ---- settings ---- */

/* What all trials of a study share, as text. */
struct wr_setting {
    const char *name; /* "epochs" */
    const char *value;
    bool fixed; /* results depend on it: it is compared; else the last one is kept */
};

/* Keeps settings that are not there, the fixed ones as long as there are no trials, and compares
 * those that are: WR_ERR_DATA names the first fixed one that differs, with both values. */
wr_status wr_study_settle(struct wr_study *study, const struct wr_setting *settings, size_t count,
                          struct wr_error *error);
/* The value of a setting, freed by the caller with free; NULL where there is none. */
wr_status wr_study_setting(struct wr_study *study, const char *name, char **value,
                           struct wr_error *error);

/* ---- trials ---- */

#define WR_BATCH_ALL 0

struct wr_trial_options {
    size_t hidden, window;
    size_t batch; /* windows per update, or WR_BATCH_ALL */
    enum wr_init init;
    float lr, clip; /* stored as the shortest decimal that reads as the same float */
    uint32_t seed;
};

enum wr_trial_status {
    WR_TRIAL_PENDING, /* also while it is being trained */
    WR_TRIAL_DONE,
    WR_TRIAL_DIVERGED, /* in epoch diverged_at */
    WR_TRIAL_FAILED    /* could not be trained: why */
};
/* "pending", "done", "diverged", "failed": what the column status holds. */
const char *wr_trial_status_name(enum wr_trial_status status);

/* Where a trial of the study stands. */
struct wr_trial_state {
    int64_t id;
    enum wr_trial_status status;
    size_t epoch; /* epochs done by its checkpoint; 0: none */
};

/* Adds, as pending, those of the trials that are not there, and says where each stands: states
 * (count). Their ids are ids (count) where those are free, else the next ones; ids may be NULL.
 * *added may be NULL. */
wr_status wr_study_add(struct wr_study *study, const struct wr_trial_options *trials,
                       const int64_t *ids, size_t count, struct wr_trial_state *states,
                       size_t *added, struct wr_error *error);

struct wr_curve_point {
    size_t epoch;
    float loss; /* total_loss; points that are not finite are not stored */
};

/* The end of a trial. Numbers that are not finite are stored as NULL. */
struct wr_trial_outcome {
    int64_t id;
    enum wr_trial_status status; /* not WR_TRIAL_PENDING */
    const char *why;             /* of WR_TRIAL_FAILED, else NULL */
    size_t diverged_at;          /* of WR_TRIAL_DIVERGED */
    double loss;                 /* total_loss of the last epoch */
    double validation_loss;      /* mean loss of the windows held out, or NaN */
    double score;                /* what trials are ranked by, least first; of WR_TRIAL_DONE */
    uint64_t hash;               /* wr_parameters_hash; 0 for WR_TRIAL_FAILED, stored as NULL */
    const float *parameters;     /* (P); kept as wr_study_keep says; may be NULL */
    size_t parameter_count;      /* P */
    const struct wr_curve_point *curve; /* those that no checkpoint has brought yet */
    size_t curve_count;
    const char *device; /* its id: "cpu", "opencl:0.0" */
    double seconds;     /* of training: the trial's share of its ensemble's, since its checkpoint */
};

/* A trial that is not at its end. */
struct wr_trial_checkpoint {
    int64_t id;
    size_t epoch;            /* epochs done, > 0 */
    const float *parameters; /* (P) after them */
    size_t parameter_count;
    const struct wr_curve_point *curve; /* those since the last checkpoint */
    size_t curve_count;
    double seconds; /* since the last checkpoint; added up */
};

/* All of it, or nothing: one transaction, durable when the call returns. An end removes its trial's
 * checkpoint; a failure does not. WR_ERR_USAGE for a trial that the study does not have;
 * WR_ERR_STORAGE names the cause (a full disk, a file that became read-only); what was committed
 * before stays. */
wr_status wr_study_commit(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                          size_t outcome_count, const struct wr_trial_checkpoint *checkpoints,
                          size_t checkpoint_count, struct wr_error *error);
/* Of how many trials, best first, commits keep the parameters: 0 of none, SIZE_MAX of all that are
 * done. Ties go by the options, so that it does not matter in which order trials end. A commit that
 * brings outcomes drops those of all others. Holds for this wr_study; in a new one 10. */
void wr_study_keep(struct wr_study *study, size_t best);

/* The parameters (count) of a trial's checkpoint. */
wr_status wr_study_read_checkpoint(struct wr_study *study, int64_t id, float *parameters,
                                   size_t count, struct wr_error *error);
/* The parameters that were kept of a trial: *parameters (*count) is freed by the caller with free,
 * and NULL where none were kept. WR_ERR_DATA where they do not have the trial's hash. */
wr_status wr_study_read_parameters(struct wr_study *study, int64_t id, float **parameters,
                                   size_t *count, struct wr_error *error);

/* ---- merging ---- */

struct wr_merge_report {
    size_t trials, pending; /* of the other study; pending: those not done and not diverged */
    size_t added;           /* trials that were not there */
    size_t taken;           /* ends that were not known */
};
/* Takes from another study, open for reading, every trial, end, loss curve and checkpoint that this
 * one, open for writing, does not have yet, under the same id where that is free, and of the
 * parameters those that wr_study_keep wants. Merged again it changes nothing.
 *
 * WR_ERR_DATA where the other is another study (wr_study_settle; the setting "shard" alone may
 * differ) or damaged; WR_ERR_VERIFY where one trial has two results, with both devices: one of
 * those is broken. Then nothing is taken. */
wr_status wr_study_merge(struct wr_study *study, struct wr_study *from,
                         struct wr_merge_report *report, struct wr_error *error);

/* ---- looking ---- */

struct wr_trial {
    int64_t id;
    struct wr_trial_options options;
    enum wr_trial_status status;
    double loss, validation_loss, score; /* NaN where there is none */
    size_t diverged_at;                  /* of WR_TRIAL_DIVERGED */
    uint64_t hash;
    double seconds;
    const char *why, *device; /* "" where there is none; valid during the call */
    bool kept;                /* its parameters are there */
    bool torn;                /* see wr_study_torn; of a study that is open for reading */
};
/* Return WR_OK to go on; anything else ends the walk with that status. */
typedef wr_status wr_trial_fn(void *context, const struct wr_trial *trial);

struct wr_trial_query {
    int64_t id;    /* this one alone; 0: all */
    size_t hidden; /* those of this hidden size; 0: all */
    bool best;     /* those that are done alone, best first; else all, by id */
    size_t most;   /* so many at most; 0: all */
};
wr_status wr_study_trials(struct wr_study *study, const struct wr_trial_query *query,
                          wr_trial_fn *on_trial, void *context, struct wr_error *error);

struct wr_study_counts {
    size_t trials, pending, done, diverged, failed;
    double seconds; /* of training, all trials together */
};
wr_status wr_study_count(struct wr_study *study, struct wr_study_counts *counts,
                         struct wr_error *error);

/* Trials that agree in one option. Scores are those of the trials that are done; quartiles are
 * interpolated (Hyndman and Fan's type 7). NaN where none is done. */
struct wr_study_group {
    const char *value; /* of the option, as text ("all" of a batch); valid during the call */
    size_t trials, done, diverged, failed;
    double best, lower_quartile, median, upper_quartile;
    double seconds; /* mean per trial that has ended */
};
typedef wr_status wr_group_fn(void *context, const struct wr_study_group *group);

/* Groups by "hidden", "window", "lr", "clip", "batch", "init" or "seed" (WR_ERR_USAGE for anything
 * else), in ascending order of the option. */
wr_status wr_study_groups(struct wr_study *study, const char *option, wr_group_fn *on_group,
                          void *context, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
