/* A study: the trials of a sweep, kept in an SQLite file that survives the death of its writer.
 *
 * host/sweep/schema.sql describes the tables and views. Any SQLite tool can read them, also while a
 * sweep writes. A trial is one model: its result depends on its options, its seed and the study's
 * settings, and on nothing else. */
#ifndef WINDROW_STUDY_H
#define WINDROW_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/model.h"
#include "windrow/rule.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_study;

enum wr_study_mode {
    WR_STUDY_READ,  /* read what is there; another process may write meanwhile */
    WR_STUDY_WRITE, /* the only writer; the file is created if it does not exist */
    WR_STUDY_FRESH /* as WR_STUDY_WRITE, but an existing study is first renamed, with all its files,
                      to the first free of PATH.1, PATH.2, ... It may be one of a newer library, but
                      not one that another process has open, even for reading; and no file that is
                      not a study */
};

/* How SQLite writes a commit to the file. */
enum wr_journal {
    WR_JOURNAL_AUTO, /* WAL, but DELETE on known network file systems */
    WR_JOURNAL_WAL,  /* a log beside the file: readers and the writer never wait for each other, but
                        all must be on one machine */
    WR_JOURNAL_DELETE /* a file with the previous content: readers and the writer wait for each
                         other; it works on network file systems whose locks work */
};

/* Opens a study. The caller closes *study with wr_study_close; it serves one thread at a time.
 * Symbolic links are followed. WR_ERR_DATA if the file is no study (but writing makes an empty file
 * one), if it is newer than this library, has tables, views or triggers that Windrow does not make,
 * or content that no sweep writes, or if it cannot be read. WR_ERR_STORAGE if it cannot be created
 * or written, if it has several names (hard links, with which SQLite would damage it), and without
 * waiting if another process writes it.
 *
 * The writer holds the file PATH-lock and removes it at the end. If a writer dies, the file stays
 * but locks nothing. Reading a study that has a log creates two small files beside it for the time
 * of reading.
 *
 * A study in a folder that the reader may not write can be read too. While it is being written, the
 * reader uses the writer's two files. Otherwise it is read as it stands; if it is written
 * meanwhile, reads may fail until it is opened again. Such a reader cannot read a study whose log,
 * PATH-wal, is not empty while PATH-shm is missing (a copy made during writing), and one whose last
 * writer died in a commit with WR_JOURNAL_DELETE. */
wr_status wr_study_open(const char *path, enum wr_study_mode mode, struct wr_study **study,
                        struct wr_error *error);
/* The same with a journal for a study opened for writing (wr_study_open: WR_JOURNAL_AUTO). Readers
 * use the journal that is there. */
wr_status wr_study_open_with(const char *path, enum wr_study_mode mode, enum wr_journal journal,
                             struct wr_study **study, struct wr_error *error);
void wr_study_close(struct wr_study *study);

/* The number of trials that, when the study was opened, had ended but lacked their loss curve or
 * the parameters to be kept. Windrow 0.1 could leave such trials after a commit on a full disk. The
 * first change of a study makes them pending again. */
size_t wr_study_torn(const struct wr_study *study);

/* ---- who writes it ---- */

/* Leaves a note, one line of text, while the study is open for writing: in its lock file, so that
 * no commit waits for it. It is cut after WR_NOTE_MOST bytes, and is gone when the study is closed.
 * Nothing tells if it could not be written. */
#define WR_NOTE_MOST 2000
void wr_study_leave_note(struct wr_study *study, const char *text);
/* Reads the note of whoever is writing the study now: *note, which the caller frees with free; ""
 * if there is none. NULL if nobody is writing it. The text may come from anybody. WR_ERR_DATA if
 * the lock file cannot be read. */
wr_status wr_study_read_note(const char *path, char **note, struct wr_error *error);

/* ---- settings ---- */

/* A setting that all trials of a study share, as text. */
struct wr_setting {
    const char *name; /* "epochs" */
    const char *value;
    bool fixed; /* results depend on it, so that it must not change; if false, the last value is
                   kept */
};

/* Adds the settings that the study does not have (fixed ones only while there are no trials), and
 * compares the others. WR_ERR_DATA names the first fixed setting that differs, with both values. */
wr_status wr_study_settle(struct wr_study *study, const struct wr_setting *settings, size_t count,
                          struct wr_error *error);
/* The value of a setting, which the caller frees with free; NULL if there is none. */
wr_status wr_study_setting(struct wr_study *study, const char *name, char **value,
                           struct wr_error *error);

/* ---- trials ---- */

#define WR_BATCH_ALL 0

/* Numbers are stored as the shortest decimal that reads as the same float. */
struct wr_trial_options {
    size_t hidden, window;
    size_t batch; /* windows per update, or WR_BATCH_ALL */
    enum wr_init init;
    float lr, clip;
    uint32_t seed; /* of the start values, and of the order of windows */
    /* All zero: the notebook's. Numbers that mean nothing beside the rule's choices are stored as
     * 0. Not stored are the loss and its number, which all trials of a study share, and
     * decay_epochs, which are those of the sweep. */
    struct wr_rule rule;
};

enum wr_trial_status {
    WR_TRIAL_PENDING, /* not trained, or in training */
    WR_TRIAL_DONE,
    WR_TRIAL_DIVERGED, /* in epoch diverged_at */
    WR_TRIAL_FAILED,   /* could not be trained: why */
    WR_TRIAL_PRUNED    /* ended early, because others of its bracket were better (wr_halving) */
};
/* "pending", "done", "diverged", "failed", "pruned": what the column status holds. */
const char *wr_trial_status_name(enum wr_trial_status status);

/* The state of a trial. */
struct wr_trial_state {
    int64_t id;
    enum wr_trial_status status;
    size_t epoch; /* epochs done at its checkpoint, or until it ended; 0: none, or not known */
    double score; /* of a trial that has ended, or that waits at its checkpoint for its bracket;
                     else NaN */
};

/* Adds those of the trials (count) that the study does not have, as pending, and fills states
 * (count) with the state of each. A new trial gets its id of ids (count) if that is free, else the
 * next free one; ids may be NULL. *added is the number of new trials; added may be NULL. */
wr_status wr_study_add(struct wr_study *study, const struct wr_trial_options *trials,
                       const int64_t *ids, size_t count, struct wr_trial_state *states,
                       size_t *added, struct wr_error *error);

struct wr_curve_point {
    size_t epoch;
    float loss; /* total_loss; only finite points are stored */
};

/* The end of a trial. Numbers that are not finite are stored as NULL. */
struct wr_trial_outcome {
    int64_t id;
    enum wr_trial_status status; /* not WR_TRIAL_PENDING */
    const char *why;             /* of WR_TRIAL_FAILED, else NULL */
    size_t diverged_at;          /* of WR_TRIAL_DIVERGED */
    size_t epochs;               /* trained; 0: not known, stored as NULL */
    size_t best_epoch;           /* epochs after which the parameters were best, with early
                                    stopping; else 0, stored as NULL */
    double loss;                 /* total_loss of the last epoch */
    double validation_loss;      /* mean loss of the windows held out, or NaN */
    double score;                /* ranks WR_TRIAL_DONE trials: lower is better */
    uint64_t hash;               /* wr_parameters_hash; 0 for WR_TRIAL_FAILED, stored as NULL */
    const float *parameters;     /* (P); kept as wr_study_keep says; may be NULL */
    size_t parameter_count;      /* P */
    const struct wr_curve_point *curve; /* the points since the last checkpoint */
    size_t curve_count;
    const char *device; /* its id: "cpu", "opencl:0.0" */
    double seconds; /* of training since its checkpoint: the trial's share of its ensemble's time */
};

/* The state of a trial in the middle of its training. */
struct wr_trial_checkpoint {
    int64_t id;
    size_t epoch;            /* epochs done, > 0 */
    const float *parameters; /* (P) after them */
    size_t parameter_count;
    const float *optimizer; /* (S, P), S = wr_rule_states; NULL if S is 0 */
    const float *best;      /* (P) at the best validation; NULL without one */
    double validated;       /* the loss there */
    size_t best_epoch;      /* epochs done there; 0: none */
    size_t waited;          /* validations since */
    bool waits;             /* for its bracket, with this score */
    double score;
    const struct wr_curve_point *curve; /* the points since the last checkpoint */
    size_t curve_count;
    double seconds; /* since the last checkpoint; the study adds them up */
};

/* Stores all outcomes and checkpoints, or nothing, in one transaction, which is durable when the
 * call returns. An outcome removes its trial's checkpoint, but WR_TRIAL_FAILED does not.
 * WR_ERR_USAGE for a trial that the study does not have. WR_ERR_STORAGE names the cause (a full
 * disk, a file that became read-only); earlier commits stay. */
wr_status wr_study_commit(struct wr_study *study, const struct wr_trial_outcome *outcomes,
                          size_t outcome_count, const struct wr_trial_checkpoint *checkpoints,
                          size_t checkpoint_count, struct wr_error *error);
/* Sets how many trials keep their parameters, best first: 0 for none, SIZE_MAX for all that are
 * done. Equal scores are ordered by the options, so that the order in which trials end does not
 * matter. A commit with outcomes drops the parameters of all other trials. The setting lasts until
 * wr_study_close; it starts at 10. */
void wr_study_keep(struct wr_study *study, size_t best);

/* Reads a trial's checkpoint, but for its curve. *memory holds its arrays; the caller frees that
 * with free. WR_ERR_DATA if there is none, or one that is damaged. */
wr_status wr_study_read_checkpoint(struct wr_study *study, int64_t id,
                                   struct wr_trial_checkpoint *checkpoint, void **memory,
                                   struct wr_error *error);
/* Reads the kept parameters of a trial: *parameters (*count), which the caller frees with free;
 * NULL if none were kept. WR_ERR_DATA if their hash is not the trial's. */
wr_status wr_study_read_parameters(struct wr_study *study, int64_t id, float **parameters,
                                   size_t *count, struct wr_error *error);

/* ---- merging ---- */

struct wr_merge_report {
    size_t trials, pending; /* of the other study; pending: neither done, diverged nor pruned */
    size_t added;           /* trials that were new to this study */
    size_t taken;           /* outcomes that were new to this study */
};
/* Copies from another study, open for reading, to this one, open for writing: every trial, outcome,
 * loss curve and checkpoint that it does not have, and the parameters that wr_study_keep asks for.
 * A trial keeps its id if that is free. A second merge changes nothing.
 *
 * WR_ERR_DATA if the other file belongs to another study (wr_study_settle; only the setting "shard"
 * may differ) or is damaged. WR_ERR_VERIFY if one trial has two different results; it names both
 * devices, of which one is broken. Then nothing is copied. */
wr_status wr_study_merge(struct wr_study *study, struct wr_study *from,
                         struct wr_merge_report *report, struct wr_error *error);

/* From gather to flush everything that is written is one transaction: durable at the end, and not
 * visible to others before. Many studies merge several times faster so. All is undone if a call
 * between them fails, which the flush tells (WR_ERR_STORAGE), if the process dies, and by
 * wr_study_close. */
wr_status wr_study_gather(struct wr_study *study, struct wr_error *error);
wr_status wr_study_flush(struct wr_study *study, struct wr_error *error);

/* ---- looking ---- */

struct wr_trial {
    int64_t id;
    struct wr_trial_options options;
    enum wr_trial_status status;
    double loss, validation_loss, score; /* NaN if there is none */
    size_t diverged_at;                  /* of WR_TRIAL_DIVERGED */
    size_t epochs;                       /* trained; 0: not known */
    size_t best_epoch;                   /* as in its outcome */
    uint64_t hash;
    double seconds;
    const char *why, *device; /* "" if there is none; valid during the call */
    bool kept;                /* the study has its parameters */
    bool torn;                /* see wr_study_torn; set only in a study that is open for reading */
};
typedef wr_status wr_trial_fn(void *context, const struct wr_trial *trial);

struct wr_trial_query {
    int64_t id;    /* only this trial; 0: all */
    size_t hidden; /* only this hidden size; 0: all */
    bool best;     /* only done trials, best first; else all, by id */
    size_t most;   /* at most so many; 0: all */
};
wr_status wr_study_trials(struct wr_study *study, const struct wr_trial_query *query,
                          wr_trial_fn *on_trial, void *context, struct wr_error *error);

typedef wr_status wr_curve_fn(void *context, const struct wr_curve_point *point);

/* Tells the points of a trial's loss curve, in ascending order of the epochs; none if the trial has
 * no curve or does not exist. */
wr_status wr_study_curve(struct wr_study *study, int64_t id, wr_curve_fn *on_point, void *context,
                         struct wr_error *error);

struct wr_study_counts {
    size_t trials, pending, done, diverged, failed, pruned;
    double seconds; /* of training, all trials together */
};
wr_status wr_study_count(struct wr_study *study, struct wr_study_counts *counts,
                         struct wr_error *error);

/* *least and *most: of each option by itself, the first and the last of its values among all
 * trials. They are equal where the option does not vary. Words come in the order of their
 * enumeration. All zero if there are no trials. */
wr_status wr_study_spans(struct wr_study *study, struct wr_trial_options *least,
                         struct wr_trial_options *most, struct wr_error *error);

/* *count: the number of values of an option among all trials, at most `most`. The option is named
 * as for wr_study_groups. */
wr_status wr_study_values(struct wr_study *study, const char *option, size_t most, size_t *count,
                          struct wr_error *error);

/* The trials with one value of an option. Scores are those of the done trials; quartiles are
 * interpolated (Hyndman and Fan's type 7). NaN if none is done. */
struct wr_study_group {
    const char *value; /* of the option, as text ("all" of a batch); valid during the call */
    size_t trials, done, diverged, failed, pruned;
    double best, lower_quartile, median, upper_quartile;
    double seconds; /* mean over the trials that have ended */
};
typedef wr_status wr_group_fn(void *context, const struct wr_study_group *group);

/* Groups the trials by a column of their options (else WR_ERR_USAGE): "hidden", "window", "batch",
 * "init", "lr", "clip", "seed", "optimizer", "momentum", "beta1", "beta2", "epsilon",
 * "weight_decay", "clip_by", "lr_decay", "order", "recency", "activation" or "bias". In ascending
 * order of the option. Trials for which it means nothing,
 * as beta1 without adam, are in no group. */
wr_status wr_study_groups(struct wr_study *study, const char *option, wr_group_fn *on_group,
                          void *context, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
