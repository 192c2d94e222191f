#include "windrow/train.h"

#include "backend/session.h"
#include "base/arithmetic.h"
#include "train/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The most losses of one chunk, which the host keeps; longer chunks are not worth more memory. */
enum { CHUNK_LOSSES = 1 << 22 };
/* A chunk lasts about this long, so that progress moves and a stop is seen soon. */
static const double chunk_seconds = 0.2;
static const double event_seconds = 0.1;

struct trainer {
    struct wr_session *session;
    const struct wr_train_options *options;
    struct wr_train_result *result;
    size_t models;
    size_t start, done; /* epochs done before this call, and by now */
    size_t capacity;    /* epochs that `losses` holds */
    float *losses;      /* (capacity, M) of the chunk */
    double began, last_event;
    wr_status event_status; /* what on_event returned */
    struct wr_error *error; /* of wr_train */
    const fenv_t *callers;  /* callbacks run in this arithmetic */
    bool enough;
    struct wr_validator validator;
    bool over; /* the validator has stopped every model */
};

static bool stop_wanted(const struct trainer *trainer) {
    return trainer->options->stop != NULL && *trainer->options->stop != 0;
}

/* Epochs after which patience ended a model; 0: it did not. */
static size_t stopped_at(const struct trainer *trainer, size_t m) {
    return trainer->result->stopped_at != NULL ? trainer->result->stopped_at[m] : 0;
}

/* The epochs that all models together will still train, after `reached` epochs of the training.
 * With early stopping models end with a rate that is estimated from those that have stopped, as if
 * one more had in the epochs of a whole training. */
static double epochs_left(const struct trainer *trainer, double reached) {
    double total = (double)trainer->options->epochs, left = total - reached, trained = 0;
    size_t stopped = 0, running = 0;
    for (size_t m = 0; m < trainer->models; m++) {
        size_t at = stopped_at(trainer, m);
        bool diverged = trainer->result->diverged_at[m] != WR_NOT_DIVERGED;
        stopped += at > 0;
        running += at == 0 && !diverged;
        trained += at > 0 ? (double)at : reached;
    }
    double rate = (double)(stopped + 1) / (trained + total);
    bool early = trainer->options->validation != NULL;
    return (double)running * (early ? (1 - exp(-rate * left)) / rate : left);
}

/* The epochs that all models together have trained in this call. */
static double epochs_made(const struct trainer *trainer, double reached) {
    double made = 0;
    for (size_t m = 0; m < trainer->models; m++) {
        size_t at = stopped_at(trainer, m);
        made += (at > 0 ? (double)at : reached) - (double)trainer->start;
    }
    return made;
}

/* reached: epochs done, and the part of the current one */
static wr_status send_event(struct trainer *trainer, size_t epochs, double reached) {
    const struct wr_train_options *options = trainer->options;
    double now = wr_seconds(), seconds = now - trainer->began;
    double made = epochs_made(trainer, reached);
    struct wr_train_event event = {.first_epoch = trainer->done,
                                   .epochs = epochs,
                                   .losses = trainer->losses,
                                   .epochs_total = options->epochs,
                                   .fraction = reached / (double)options->epochs,
                                   .seconds = seconds};
    if (made > 0)
        event.seconds_left = seconds * epochs_left(trainer, reached) / made;
    WR_ARITHMETIC_OF(trainer->callers);
    trainer->last_event = now;
    trainer->enough =
        epochs > 0 && options->enough != NULL && options->enough(options->context, &event);
    wr_status status =
        options->on_event != NULL ? options->on_event(options->context, &event) : WR_OK;
    return status == WR_OK ? WR_OK : wr_end_by_callback(status, "on_event", trainer->error);
}

static wr_status on_tick(void *context, double updates) {
    struct trainer *trainer = context;
    double epoch_updates = wr_session_epoch_updates(trainer->session);
    double reached = (double)trainer->done + updates / epoch_updates;
    if (wr_seconds() - trainer->last_event > event_seconds)
        trainer->event_status = send_event(trainer, 0, reached);
    if (trainer->event_status != WR_OK)
        return trainer->event_status;
    return stop_wanted(trainer) ? WR_ERR_STOPPED : WR_OK;
}

/* ---- losses of a chunk ---- */

/* The final loss of a model is its last one, or that of the epoch in which it diverged. Losses
 * after a divergence or a stop are NaN. */
static wr_status note_losses(struct trainer *trainer, size_t epochs, struct wr_error *error) {
    struct wr_train_result *result = trainer->result;
    const float *last = trainer->losses + (epochs - 1) * trainer->models; /* (M) */
    bool suspect = false;
    for (size_t m = 0; m < trainer->models; m++) {
        bool known = result->diverged_at[m] != WR_NOT_DIVERGED || stopped_at(trainer, m) > 0;
        suspect |= !known && !isfinite(last[m]);
        if (!known && isfinite(last[m]))
            result->losses[m] = last[m];
    }
    if (!suspect)
        return WR_OK;
    wr_status status = wr_session_diverged(trainer->session, result->diverged_at, error);
    for (size_t m = 0; m < trainer->models && status == WR_OK; m++) {
        size_t epoch = result->diverged_at[m];
        if (epoch != WR_NOT_DIVERGED && epoch >= trainer->done)
            result->losses[m] = trainer->losses[(epoch - trainer->done) * trainer->models + m];
    }
    return status;
}

static void sum_up(struct trainer *trainer) {
    struct wr_train_result *result = trainer->result;
    result->epochs = trainer->done;
    for (size_t m = 0; m < trainer->models; m++) {
        bool diverged = result->diverged_at[m] != WR_NOT_DIVERGED;
        if (diverged && result->stopped_at != NULL)
            result->stopped_at[m] = 0; /* a validation saw what divergence had left */
        size_t epochs = stopped_at(trainer, m) > 0 ? stopped_at(trainer, m) : trainer->done;
        if (diverged)
            epochs = (size_t)result->diverged_at[m] + 1;
        result->diverged += diverged;
        result->updates +=
            (double)trainer->session->epoch_steps[m] * (double)(epochs - trainer->start);
    }
}

/* ---- chunks ---- */

static wr_status run_chunk(struct trainer *trainer, size_t epochs, struct wr_error *error) {
    double before = wr_seconds();
    wr_status status =
        wr_session_run(trainer->session, epochs, trainer->losses, on_tick, trainer, error);
    trainer->result->seconds += wr_seconds() - before;
    if (trainer->event_status != WR_OK)
        return trainer->event_status;
    if (status == WR_ERR_STOPPED || (status == WR_OK && stop_wanted(trainer)))
        return wr_fail(error, WR_ERR_STOPPED, "stopped after %zu of %zu epochs", trainer->done,
                       trainer->options->epochs);
    if (status == WR_OK)
        status = note_losses(trainer, epochs, error);
    if (status == WR_OK)
        status = send_event(trainer, epochs, (double)(trainer->done + epochs));
    return status;
}

/* Epochs of the next chunk: about chunk_seconds, at most four times the last chunk. */
static size_t next_chunk(const struct trainer *trainer, size_t last, double seconds) {
    double factor = seconds > 0 ? chunk_seconds / seconds : 4;
    double wanted = (double)last * (factor < 4 ? factor : 4);
    size_t left = trainer->options->epochs - trainer->done;
    size_t until_validation = wr_validator_epochs_left(&trainer->validator, trainer->done);
    left = left < until_validation ? left : until_validation;
    size_t epochs = wanted < 1 ? 1 : (size_t)wanted;
    epochs = epochs < trainer->capacity ? epochs : trainer->capacity;
    return epochs < left ? epochs : left;
}

static wr_status validate(struct trainer *trainer, struct wr_error *error) {
    return wr_validator_validate(&trainer->validator, trainer->done, trainer->result,
                                 &trainer->over, error);
}

/* ---- where a training stands ---- */

static wr_status check_state(const struct trainer *trainer, const struct wr_train_state *state,
                             const char *which, struct wr_error *error) {
    bool keeps = wr_rule_states(&trainer->session->ensemble.rule) > 0;
    if (state == NULL || (state->parameters != NULL && (!keeps || state->optimizer != NULL)))
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "the state %s has no %s", which,
                   state->parameters == NULL ? "parameters" : "optimizer");
}

/* Puts the session where the training is to go on. */
static wr_status begin(struct trainer *trainer, struct wr_error *error) {
    const struct wr_train_state *from = trainer->options->from;
    wr_status status = check_state(trainer, from, "to go on from", error);
    if (status == WR_OK)
        status = check_state(trainer, trainer->options->to, "to fill in", error);
    if (status == WR_OK && from == NULL && trainer->session->used)
        status = wr_fail(error, WR_ERR_USAGE,
                         "wr_train on a session whose models were trained or frozen before: write "
                         "parameters first");
    size_t start = from != NULL ? from->epochs : trainer->session->start;
    if (status == WR_OK && start >= trainer->options->epochs)
        status = wr_fail(error, WR_ERR_USAGE, "\1epochs\1 %zu after %zu: more needed",
                         trainer->options->epochs, start);
    if (status == WR_OK && from != NULL)
        status = wr_session_write_state(trainer->session, start, from->parameters, from->optimizer,
                                        error);
    trainer->start = trainer->done = start;
    return status;
}

static wr_status keep(struct trainer *trainer, struct wr_error *error) {
    struct wr_train_state *to = trainer->options->to;
    if (to == NULL)
        return WR_OK;
    to->epochs = trainer->done;
    wr_validator_keep(&trainer->validator, trainer->result, to);
    wr_status status = wr_session_read(trainer->session, WR_PARAMETERS, to->parameters, error);
    return status == WR_OK ? wr_session_read(trainer->session, WR_STATE, to->optimizer, error)
                           : status;
}

/* Whether the training is only paused: it stopped before its last epoch, and models are left. */
static bool is_pause(const struct trainer *trainer) {
    bool left = false;
    for (size_t m = 0; m < trainer->models; m++)
        left |= trainer->result->diverged_at[m] == WR_NOT_DIVERGED && stopped_at(trainer, m) == 0;
    return trainer->options->to != NULL && left && trainer->done < trainer->options->epochs;
}

/* Ends the training, or pauses it. */
static wr_status end(struct trainer *trainer, struct wr_error *error) {
    /* A parameter may have become infinite in the last epoch, which no loss shows. */
    wr_status status = wr_session_diverged(trainer->session, trainer->result->diverged_at, error);
    bool paused = is_pause(trainer);
    if (status == WR_OK && !paused)
        status = validate(trainer, error);
    if (status == WR_OK)
        status = keep(trainer, error);
    if (status == WR_OK && !paused)
        status = wr_validator_finish(&trainer->validator, trainer->result, error);
    return status;
}

/* ---- the whole training ---- */

static wr_status run_all(struct trainer *trainer, struct wr_error *error) {
    wr_status status = WR_OK;
    size_t every = wr_validator_epochs_left(&trainer->validator, 0);
    size_t chunk = 1;
    while (trainer->done < trainer->options->epochs && !trainer->enough && !trainer->over &&
           status == WR_OK) {
        double before = trainer->result->seconds;
        status = run_chunk(trainer, chunk, error);
        if (status == WR_OK) {
            trainer->done += chunk;
            if (wr_validator_epochs_left(&trainer->validator, trainer->done) == every)
                status = validate(trainer, error);
            chunk = next_chunk(trainer, chunk, trainer->result->seconds - before);
        }
    }
    return status == WR_OK ? end(trainer, error) : status;
}

static wr_status allocate(struct trainer *trainer, struct wr_error *error) {
    struct wr_train_result *result = trainer->result;
    size_t count;
    trainer->capacity = CHUNK_LOSSES / trainer->models + 1;
    if (trainer->capacity > trainer->options->epochs - trainer->start)
        trainer->capacity = trainer->options->epochs - trainer->start;
    if (!wr_size_mul(trainer->capacity, trainer->models, &count))
        return wr_fail(error, WR_ERR_MEMORY, "losses of %zu models overflow", trainer->models);
    trainer->losses = wr_alloc(count, sizeof(float), "losses of a chunk", error);
    result->losses = wr_alloc(trainer->models, sizeof(float), "final losses", error);
    result->diverged_at = wr_alloc(trainer->models, sizeof(uint32_t), "diverged epochs", error);
    if (trainer->losses == NULL || result->losses == NULL || result->diverged_at == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < trainer->models; m++)
        result->diverged_at[m] = WR_NOT_DIVERGED;
    return WR_OK;
}

wr_status wr_train(struct wr_session *session, const struct wr_train_options *options,
                   struct wr_train_result *result, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    *result = (struct wr_train_result){0};
    if (options->on_event != NULL)
        wr_error_release(error);
    if (options->epochs == 0 || options->epochs >= WR_NOT_DIVERGED)
        return wr_fail(error, WR_ERR_USAGE, "\1epochs\1 %zu: 1 to %u needed", options->epochs,
                       WR_NOT_DIVERGED - 1);
    wr_status status = wr_check_process(session->device, error);
    if (status != WR_OK)
        return status;
    struct trainer trainer = {.session = session,
                              .options = options,
                              .result = result,
                              .models = session->ensemble.stack.count,
                              .error = error,
                              .callers = &callers,
                              .began = wr_seconds(),
                              .last_event = wr_seconds()};
    status = begin(&trainer, error);
    if (status == WR_OK)
        status = allocate(&trainer, error);
    if (status == WR_OK)
        status = wr_validator_open(&trainer.validator, options, session, result, error);
    if (status == WR_OK)
        status = run_all(&trainer, error);
    free(trainer.losses);
    if (status == WR_OK)
        sum_up(&trainer);
    else
        wr_train_result_release(result);
    wr_validator_close(&trainer.validator);
    return status;
}

void wr_train_result_release(struct wr_train_result *result) {
    if (result == NULL)
        return;
    free(result->losses);
    free(result->diverged_at);
    free(result->validated);
    free(result->best_epoch);
    free(result->stopped_at);
    *result = (struct wr_train_result){0};
}
