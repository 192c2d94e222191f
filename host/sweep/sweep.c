#include "windrow/sweep.h"

#include "base/arithmetic.h"
#include "base/base.h"
#include "sweep/halving.h"
#include "sweep/part.h"
#include "sweep/store.h"
#include "sweep/sweep_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENT_NANOSECONDS 100000000
enum { MOST_DEVICES = 64 }; /* bits of wr_slice.refused */

/* The caller's flag is no atomic variable: the calling thread alone reads it. */
static bool is_stop_wanted(const struct wr_sweep_run *run) {
    return run->options->stop != NULL && *run->options->stop != 0;
}

static bool is_budget_used(const struct wr_sweep_run *run) {
    double budget = run->options->budget_seconds;
    return budget > 0 && wr_seconds() - run->training > budget;
}

static void pass_stop_on(struct wr_sweep_run *run) {
    if (is_stop_wanted(run))
        run->stopped = true;
    if (is_budget_used(run))
        run->over_budget = true;
}

bool wr_sweep_ending(const struct wr_sweep_run *run) {
    return run->ending || run->stopped || run->over_budget ||
           (run->alone && (is_stop_wanted(run) || is_budget_used(run)));
}

void wr_sweep_end(struct wr_sweep_run *run, wr_status status, struct wr_error *error) {
    pthread_mutex_lock(&run->lock);
    if (run->status == WR_OK) {
        run->status = status;
        if (error != NULL)
            wr_error_move(error, run->error);
        else
            wr_end_by_callback(status, "on_event", run->error);
    }
    run->ending = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* ---- workers ---- */

static void *work(void *context) {
    struct wr_sweep_worker *worker = context;
    struct wr_sweep_run *run = worker->run;
    struct wr_slice slice;
    pthread_mutex_lock(&run->lock);
    while (!wr_sweep_ending(run) && !worker->lost) {
        if (wr_queue_take(worker, &slice)) {
            run->busy++;
            pthread_mutex_unlock(&run->lock);
            wr_ensemble_train(worker, &slice);
            pthread_mutex_lock(&run->lock);
            run->busy--;
            pthread_cond_broadcast(&run->changed);
        } else if (run->busy == 0) {
            break;
        } else { /* other workers may put something back */
            pthread_cond_wait(&run->changed, &run->lock);
        }
    }
    run->finished++;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

static struct wr_sweep_event event_now(const struct wr_sweep_run *run) {
    double cost = run->cost_done, seconds = wr_seconds() - run->began;
    for (size_t i = 0; i < run->worker_count; i++)
        cost += run->workers[i].in_flight;
    double fraction = run->cost > 0 ? cost / run->cost : 1;
    fraction = fraction < 1 ? fraction : 1;
    return (struct wr_sweep_event){.trials = run->count,
                                   .done = run->result.done,
                                   .diverged = run->result.diverged,
                                   .failed = run->result.failed,
                                   .pruned = run->result.pruned,
                                   .fraction = fraction,
                                   .seconds = seconds,
                                   .seconds_left =
                                       fraction > 0 ? seconds * (1 - fraction) / fraction : 0};
}

static wr_status call_back(const struct wr_sweep_run *run, const struct wr_sweep_event *event) {
    WR_ARITHMETIC_OF(run->callers);
    return run->options->on_event(run->options->context, event);
}

void wr_sweep_report(struct wr_sweep_run *run) {
    if (run->options->on_event == NULL || run->ending)
        return;
    pthread_mutex_lock(&run->lock);
    struct wr_sweep_event event = event_now(run);
    pthread_mutex_unlock(&run->lock);
    wr_status status = call_back(run, &event);
    if (status != WR_OK)
        wr_sweep_end(run, status, NULL);
}

/* Reports progress on the calling thread until all workers have finished. */
static void wait_for_workers(struct wr_sweep_run *run) {
    pthread_mutex_lock(&run->lock);
    while (run->finished < run->worker_count) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += EVENT_NANOSECONDS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        while (run->finished < run->worker_count &&
               pthread_cond_timedwait(&run->changed, &run->lock, &until) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&run->lock);
        wr_sweep_report(run);
        pass_stop_on(run);
        pthread_mutex_lock(&run->lock);
    }
    pthread_mutex_unlock(&run->lock);
}

/* Starts a thread for each device and waits until all workers have finished. A device without a
 * thread is not used. If there is no thread at all, the calling thread works for the first
 * device. */
static wr_status run_workers(struct wr_sweep_run *run) {
    size_t started = 0;
    run->training = wr_seconds();
    pass_stop_on(run);
    pthread_mutex_lock(&run->lock); /* no worker begins before all of them are known */
    while (started < run->worker_count &&
           pthread_create(&run->workers[started].thread, NULL, work, &run->workers[started]) == 0)
        started++;
    run->alone = started == 0;
    for (size_t i = started + run->alone; i < run->worker_count; i++) {
        run->workers[i].lost = true;
        run->lost++;
        run->finished++;
    }
    pthread_mutex_unlock(&run->lock);
    if (run->alone) {
        work(&run->workers[0]);
        pass_stop_on(run);
        wr_sweep_report(run);
    }
    wait_for_workers(run);
    for (size_t i = 0; i < started; i++)
        pthread_join(run->workers[i].thread, NULL);
    return run->status;
}

/* ---- a run ---- */

static void count_states(struct wr_sweep_run *run) {
    for (size_t i = 0; i < run->count; i++) {
        run->result.done += run->states[i].status == WR_TRIAL_DONE;
        run->result.diverged += run->states[i].status == WR_TRIAL_DIVERGED;
        run->result.pruned += run->states[i].status == WR_TRIAL_PRUNED;
    } /* those that failed are tried again */
    run->result.trials = run->count;
}

static wr_status choose_trials(struct wr_sweep_run *run, struct wr_error *error) {
    struct wr_part part;
    wr_status status = wr_part_make(&run->data, &part, &run->count, error);
    if (status == WR_OK)
        status = wr_part_choose(&run->data, run->options->known, &part, &run->count, error);
    run->trials = part.trials;
    run->ids = part.ids;
    run->groups = part.groups;
    return status;
}

static wr_status prepare(struct wr_sweep_run *run, struct wr_error *error) {
    const struct wr_sweep *sweep = run->sweep;
    const struct wr_sweep_options *options = run->options;
    if (options->device_count == 0 || options->device_count > MOST_DEVICES)
        return wr_fail(error, WR_ERR_USAGE, "%zu devices: 1 to %d allowed", options->device_count,
                       MOST_DEVICES);
    wr_status status = wr_sweep_data_make(sweep, &run->data, error);
    if (status == WR_OK)
        status = wr_sweep_settle(sweep, run->study, error);
    if (status == WR_OK)
        status = wr_sweep_settle_scale(&run->data, run->study, error);
    if (status == WR_OK)
        status = choose_trials(run, error);
    if (status != WR_OK)
        return status;
    run->states = wr_alloc(run->count, sizeof *run->states, "trials", error);
    run->workers = wr_alloc(options->device_count, sizeof *run->workers, "workers", error);
    if (run->states == NULL || run->workers == NULL)
        return WR_ERR_MEMORY;
    run->worker_count = options->device_count;
    for (size_t i = 0; i < run->worker_count; i++)
        run->workers[i] = (struct wr_sweep_worker){
            .run = run, .device = options->devices[i], .index = i, .most_floats = SIZE_MAX};
    status = wr_study_add(run->study, run->trials, run->ids, run->count, run->states, NULL, error);
    for (size_t i = 0; i < run->count && status == WR_OK; i++)
        if (!wr_trial_has_ended(run->states[i].status) && run->states[i].epoch >= sweep->epochs)
            status =
                wr_fail(error, WR_ERR_DATA,
                        "trial %lld has a checkpoint after %zu epochs, where it is to end after "
                        "%zu; name another study",
                        (long long)run->states[i].id, run->states[i].epoch, sweep->epochs);
    if (status == WR_OK)
        count_states(run);
    if (status == WR_OK && sweep->halving.eta > 0)
        status = wr_halving_begin(run, error);
    if (status == WR_OK)
        status = wr_queue_fill(run, error);
    return status == WR_OK ? wr_halving_advance(run, error) : status;
}

static void release(struct wr_sweep_run *run) {
    wr_sweep_data_release(&run->data);
    free(run->trials);
    free(run->states);
    free(run->ids);
    free(run->workers);
    free(run->groups);
    free(run->members);
    free(run->hands);
    free(run->order);
    free(run->slices);
    pthread_mutex_destroy(&run->lock);
    pthread_mutex_destroy(&run->study_lock);
    pthread_cond_destroy(&run->changed);
}

wr_status wr_sweep_run(const struct wr_sweep *sweep, struct wr_study *study,
                       const struct wr_sweep_options *options, struct wr_sweep_result *result,
                       struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_sweep_run run = {.sweep = sweep,
                               .study = study,
                               .options = options,
                               .callers = &callers,
                               .error = error,
                               .lock = PTHREAD_MUTEX_INITIALIZER,
                               .study_lock = PTHREAD_MUTEX_INITIALIZER,
                               .changed = PTHREAD_COND_INITIALIZER,
                               .began = wr_seconds()};
    wr_error_release(error);
    wr_status status = prepare(&run, error);
    if (status == WR_OK)
        status = run_workers(&run);
    if (status == WR_OK)
        status = wr_study_check_place(study, error);
    run.result.seconds = wr_seconds() - run.began;
    run.result.pending =
        run.count - run.result.done - run.result.diverged - run.result.pruned - run.result.failed;
    *result = run.result;
    if (status == WR_OK && run.result.pending > 0 && (run.stopped || !run.over_budget))
        status = wr_fail(error, WR_ERR_STOPPED, "stopped: %zu of %zu trials are left",
                         run.result.pending, run.count);
    release(&run);
    return status;
}
