#include "sweep/halving.h"

#include "base/base.h"
#include "base/pool.h"
#include "base/random.h"
#include "sweep/store.h"
#include "sweep/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- rungs ---- */

size_t wr_halving_epochs(const struct wr_sweep *sweep, size_t rung) {
    const struct wr_halving *halving = &sweep->halving;
    size_t epochs = sweep->epochs, every = sweep->patience > 0 ? sweep->validate_every : 1;
    if (halving->eta == 0 || rung >= halving->rungs)
        return epochs;
    for (size_t r = halving->rungs; r > rung && epochs > 0; r--)
        epochs = (epochs - 1) / halving->eta + 1;
    epochs = ((epochs - 1) / every + 1) * every;
    return epochs < sweep->epochs ? epochs : sweep->epochs;
}

wr_status wr_halving_check(const struct wr_sweep *sweep, struct wr_error *error) {
    const struct wr_halving *halving = &sweep->halving;
    if (halving->eta == 0)
        return WR_OK;
    if (halving->eta < 2 || halving->rungs < 1 || halving->bracket < 2 ||
        halving->eta > UINT32_MAX || halving->rungs > 32 || halving->bracket > WR_MOST_TRIALS)
        return wr_fail(error, WR_ERR_USAGE,
                       "\1eta\1 %zu, \1rungs\1 %zu, \1bracket\1 %zu: at least 2, 1 to 32, and 2 to "
                       "%d needed",
                       halving->eta, halving->rungs, halving->bracket, WR_MOST_TRIALS);
    for (size_t rung = 0; rung < halving->rungs; rung++)
        if (wr_halving_epochs(sweep, rung) >= wr_halving_epochs(sweep, rung + 1))
            return wr_fail(error, WR_ERR_USAGE,
                           "\1epochs\1 %zu are too few for \1rungs\1 %zu of \1eta\1 %zu: two rungs "
                           "would be after %zu epochs",
                           sweep->epochs, halving->rungs, halving->eta,
                           wr_halving_epochs(sweep, rung));
    return WR_OK;
}

/* ---- brackets ---- */

struct card {
    double key;
    size_t trial;
    const struct wr_trial_options *options;
};

static int compare_cards(const void *a, const void *b) {
    const struct card *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return wr_trial_options_compare(x->options, y->options);
}

static double key_of(const struct wr_trial_options *trial) {
    uint64_t hash = wr_trial_options_hash(WR_HASH_START, trial);
    return wr_uniform(WR_PURPOSE_BRACKET, (uint32_t)(hash >> 32), hash & UINT32_MAX);
}

wr_status wr_halving_deal(const struct wr_sweep *sweep, const struct wr_trial_options *trials,
                          size_t count, size_t *brackets, struct wr_error *error) {
    struct card *cards = wr_alloc(count, sizeof *cards, "brackets", error);
    size_t hands = count > 0 ? (count - 1) / sweep->halving.bracket + 1 : 1;
    if (cards == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        cards[i] = (struct card){key_of(&trials[i]), i, &trials[i]};
    qsort(cards, count, sizeof *cards, compare_cards);
    for (size_t i = 0; i < count; i++)
        brackets[cards[i].trial] = i % hands;
    free(cards);
    return WR_OK;
}

static int compare_brackets(const void *x, const void *y, void *context) {
    const size_t *brackets = context;
    size_t a = *(const size_t *)x, b = *(const size_t *)y;
    if (brackets[a] != brackets[b])
        return brackets[a] < brackets[b] ? -1 : 1;
    return (a > b) - (a < b);
}

wr_status wr_halving_begin(struct wr_sweep_run *run, struct wr_error *error) {
    run->members = wr_alloc(run->count, sizeof *run->members, "brackets", error);
    run->hands = wr_alloc(run->count, sizeof *run->hands, "brackets", error);
    if (run->members == NULL || run->hands == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < run->count; i++) {
        run->members[i] = i;
        if (run->states[i].status == WR_TRIAL_FAILED) /* it is tried again */
            run->states[i].status = WR_TRIAL_PENDING;
    }
    qsort_r(run->members, run->count, sizeof *run->members, compare_brackets, run->groups);
    for (size_t i = 0; i < run->count; i++) {
        bool next = i == 0 || run->groups[run->members[i]] != run->groups[run->members[i - 1]];
        if (next)
            run->hands[run->hand_count++] = (struct wr_hand){.first = i};
        run->hands[run->hand_count - 1].count++;
    }
    return WR_OK;
}

/* ---- where trials stand ---- */

bool wr_halving_waits(const struct wr_trial_state *state) {
    return state->status == WR_TRIAL_PENDING && !isnan(state->score);
}

size_t wr_halving_until(const struct wr_sweep_run *run, size_t trial) {
    size_t rung = 0;
    while (rung < run->sweep->halving.rungs &&
           wr_halving_epochs(run->sweep, rung) <= run->states[trial].epoch)
        rung++;
    return wr_halving_epochs(run->sweep, rung);
}

double wr_halving_expected(const struct wr_sweep *sweep, size_t done) {
    double part = 1, expected = 0;
    for (size_t rung = 0; done < sweep->epochs; rung++) {
        size_t until = wr_halving_epochs(sweep, rung);
        if (until <= done)
            continue;
        expected += part * (double)(until - done);
        done = until;
        if (done < sweep->epochs)
            part /= (double)sweep->halving.eta;
    }
    return expected;
}

/* ---- a decision ---- */

/* The state of a bracket at the lowest rung where trials wait. */
struct decision {
    struct wr_sweep_run *run;
    const size_t *members; /* (count) */
    size_t count;
    size_t epoch;   /* of the rung */
    bool made;      /* earlier: others have gone on from this rung, or were pruned there */
    size_t *ranked; /* (count) trials that have reached it, best first */
    size_t ranked_count, kept;
    /* What is committed: */
    struct wr_pool pool;
    void **memory;                           /* (count) of checkpoints */
    struct wr_trial_outcome *outcomes;       /* (count) */
    struct wr_trial_checkpoint *checkpoints; /* (count) */
    size_t *pruned, *going;                  /* (count) trials */
    size_t pruned_count, going_count, memory_count;
};

/* Whether all of a hand have ended or wait; *epoch: the lowest rung where any waits, 0 if none. */
static bool is_ready(const struct wr_sweep_run *run, const struct wr_hand *hand, size_t *epoch) {
    *epoch = 0;
    for (size_t i = 0; i < hand->count; i++) {
        const struct wr_trial_state *state = &run->states[run->members[hand->first + i]];
        if (state->status == WR_TRIAL_PENDING && !wr_halving_waits(state))
            return false;
        if (wr_halving_waits(state) && (*epoch == 0 || state->epoch < *epoch))
            *epoch = state->epoch;
    }
    return true;
}

/* Whether the trial has gone beyond the rung, or was pruned there. */
static bool is_past(const struct wr_trial_state *state, size_t epoch) {
    if (state->status == WR_TRIAL_PRUNED)
        return state->epoch >= epoch;
    return (state->status == WR_TRIAL_DONE || state->status == WR_TRIAL_PENDING) &&
           state->epoch > epoch;
}

/* By score; equal scores by options. */
static int compare_scores(const void *x, const void *y, void *context) {
    const struct wr_sweep_run *run = context;
    size_t a = *(const size_t *)x, b = *(const size_t *)y;
    double p = run->states[a].score, q = run->states[b].score;
    if (p != q && !isnan(p) && !isnan(q))
        return p < q ? -1 : 1;
    if (isnan(p) != isnan(q))
        return isnan(p) ? 1 : -1;
    return wr_trial_options_compare(&run->trials[a], &run->trials[b]);
}

/* The number of a bracket's trials that go on from the rung. */
static size_t keep_of(const struct wr_sweep *sweep, size_t count, size_t epoch) {
    for (size_t rung = 0; rung < sweep->halving.rungs; rung++) {
        count /= sweep->halving.eta;
        if (wr_halving_epochs(sweep, rung) == epoch)
            break;
    }
    return count > 0 ? count : 1;
}

static wr_status rank(struct decision *d, struct wr_error *error) {
    d->ranked = wr_pool_take(&d->pool, d->count, sizeof *d->ranked, "a rung");
    d->memory = wr_pool_take(&d->pool, d->count, sizeof *d->memory, "a rung");
    d->outcomes = wr_pool_take(&d->pool, d->count, sizeof *d->outcomes, "a rung");
    d->checkpoints = wr_pool_take(&d->pool, d->count, sizeof *d->checkpoints, "a rung");
    d->pruned = wr_pool_take(&d->pool, d->count, sizeof *d->pruned, "a rung");
    d->going = wr_pool_take(&d->pool, d->count, sizeof *d->going, "a rung");
    wr_status status = wr_pool_status(&d->pool, error);
    if (status != WR_OK)
        return status;
    for (size_t i = 0; i < d->count; i++) {
        const struct wr_trial_state *state = &d->run->states[d->members[i]];
        d->made |= is_past(state, d->epoch);
        if (wr_halving_waits(state) ? state->epoch == d->epoch : state->status == WR_TRIAL_DONE)
            d->ranked[d->ranked_count++] = d->members[i];
    }
    qsort_r(d->ranked, d->ranked_count, sizeof *d->ranked, compare_scores, d->run);
    d->kept = d->made ? 0 : keep_of(d->run->sweep, d->count, d->epoch);
    return WR_OK;
}

/* Makes an outcome of a trial that does not go on, or a checkpoint that waits no more. */
static wr_status decide(struct decision *d, size_t trial, bool goes_on, struct wr_error *error) {
    struct wr_sweep_run *run = d->run;
    struct wr_trial_state *state = &run->states[trial];
    struct wr_trial_checkpoint *c = &d->checkpoints[d->going_count];
    void **memory = &d->memory[d->memory_count++];
    wr_status status = wr_study_read_checkpoint(run->study, state->id, c, memory, error);
    if (status != WR_OK)
        return status;
    c->waits = false;
    c->seconds = 0;
    if (goes_on) {
        d->going[d->going_count++] = trial;
        return WR_OK;
    }
    struct wr_shape shape = wr_sweep_shape(run->sweep, &run->trials[trial]);
    const float *parameters = c->best != NULL ? c->best : c->parameters;
    d->outcomes[d->pruned_count] =
        (struct wr_trial_outcome){.id = state->id,
                                  .status = WR_TRIAL_PRUNED,
                                  .epochs = d->epoch,
                                  .best_epoch = c->best_epoch,
                                  .loss = NAN,
                                  .validation_loss = run->sweep->validate > 0 ? state->score : NAN,
                                  .score = state->score,
                                  .hash = wr_parameters_hash(&shape, parameters),
                                  .device = wr_device_get_info(run->options->devices[0])->id};
    d->pruned[d->pruned_count++] = trial;
    return WR_OK;
}

static void note_pruned(struct decision *d) {
    for (size_t i = 0; i < d->pruned_count; i++) {
        d->run->states[d->pruned[i]].status = WR_TRIAL_PRUNED;
        d->run->result.pruned++;
        d->run->result.ran++;
    }
    for (size_t i = 0; i < d->going_count; i++)
        d->run->states[d->going[i]].score = NAN;
}

static wr_status settle(struct decision *d, struct wr_error *error) {
    wr_status status = rank(d, error);
    for (size_t i = 0; i < d->ranked_count && status == WR_OK; i++)
        if (wr_halving_waits(&d->run->states[d->ranked[i]]))
            status = decide(d, d->ranked[i], i < d->kept, error);
    if (status == WR_OK)
        status = wr_study_commit(d->run->study, d->outcomes, d->pruned_count, d->checkpoints,
                                 d->going_count, error);
    for (size_t i = 0; i < d->memory_count; i++)
        free(d->memory[i]);
    return status;
}

/* Decides for a hand whose lowest rung is `epoch`. The study's lock is held. */
static wr_status advance_hand(struct wr_sweep_run *run, const struct wr_hand *hand, size_t epoch,
                              struct wr_error *error) {
    struct decision d = {
        .run = run, .members = run->members + hand->first, .count = hand->count, .epoch = epoch};
    wr_status status = settle(&d, error);
    if (status == WR_OK) {
        pthread_mutex_lock(&run->lock);
        note_pruned(&d);
        status = wr_queue_put_trials(run, d.going, d.going_count, error);
        pthread_cond_broadcast(&run->changed);
        pthread_mutex_unlock(&run->lock);
    }
    wr_pool_release(&d.pool);
    return status;
}

wr_status wr_halving_advance(struct wr_sweep_run *run, struct wr_error *error) {
    wr_status status = WR_OK;
    if (run->sweep->halving.eta == 0)
        return WR_OK;
    pthread_mutex_lock(&run->study_lock); /* no other decision is made meanwhile */
    for (size_t h = 0; h < run->hand_count && status == WR_OK; h++) {
        size_t epoch = 0;
        do {
            pthread_mutex_lock(&run->lock);
            bool ready = !run->hands[h].over && is_ready(run, &run->hands[h], &epoch);
            run->hands[h].over |= ready && epoch == 0;
            epoch = ready ? epoch : 0;
            pthread_mutex_unlock(&run->lock);
            if (epoch > 0)
                status = advance_hand(run, &run->hands[h], epoch, error);
        } while (epoch > 0 && status == WR_OK);
    }
    pthread_mutex_unlock(&run->study_lock);
    return status;
}
