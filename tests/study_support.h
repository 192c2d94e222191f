/* What the tests of studies share: a folder for each case, and queries that do not use the
 * library. */
#ifndef WR_TEST_STUDY_SUPPORT_H
#define WR_TEST_STUDY_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "windrow/study.h"
#include "windrow/sweep.h"

/* Setup and teardown: make a folder in the build tree and change to it; remove it. */
int enter_folder(void **state);
int leave_folder(void **state);
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

/* Number of entries of the working directory. */
int entries(void);

/* The value of an SQL statement that gives one value, as SQLite writes it ("" for NULL and for no
 * row). Opens a connection of its own. Valid until the next call. */
const char *ask(const char *path, const char *sql);
#define assert_answer(path, sql, answer) assert_string_equal(ask(path, sql), answer)

/* Runs SQL that changes a study past the library, and past the checks of its schema. */
void spoil(const char *path, const char *sql);
/* Flips bit `at` modulo 8 of byte `at` of the blob in a column of one row. */
void flip_bit(const char *path, const char *table, const char *column, int64_t row, int at);

/* Fails unless status is WR_OK. */
void assert_ok(wr_status status, const struct wr_error *error);
/* Fails unless status is `expected` and the text of the error is one line that begins with `start`
 * and contains `part`. Releases the error. */
void assert_error(wr_status status, struct wr_error *error, wr_status expected, const char *start,
                  const char *part);

struct wr_study *open_study(const char *path, enum wr_study_mode mode);
void assert_refused(const char *path, enum wr_study_mode mode, wr_status expected,
                    const char *part);

/* Compares everything that a sweep writes, except times. */
void assert_same_studies(const char *expected, const char *actual);

/* Makes a study one of schema 1, as Windrow 0.1 wrote it. Its trials must have learned by the
 * notebook's rule, without early stopping. */
void make_old(const char *path);

/* Adds trials with hidden 1 + i and seed i; all else is equal. */
#define MOST_TRIALS 64
void add_trials(struct wr_study *study, size_t count, struct wr_trial_state states[]);
/* Commits trial `id` as done, with that score and `count` parameters, each equal to the score. */
void commit_done(struct wr_study *study, int64_t id, float score, size_t count);
/* Makes a study of `count` such trials. */
void make_study(const char *path, size_t count);
/* Number of trials, and of those that are done. */
size_t trials_of(struct wr_study *study);
size_t done_of(struct wr_study *study);

/* A sweep of 12 trials over the series: hidden size 3 and 2, learning rate 1e-3 and 0.7, with which
 * a model diverges, seeds 0 to 2; 6 epochs. */
struct wr_sweep small_sweep(const struct wr_series *series);

/* Starts a process that calls the function, which returns whether all is well. A failed assertion
 * ends the process. Returns its id. */
pid_t start(bool (*function)(void *), void *context);
/* Waits for the process; returns its status as waitpid gives it. */
int finish(pid_t child);
/* Calls the function in a process of its own and checks that all is well. */
void assert_elsewhere(bool (*function)(void *), void *context);
/* For child processes: root can write anywhere until it gives that right up. */
void obey_permissions(void);

#endif
