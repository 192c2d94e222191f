/* The trainer: epochs in chunks, progress, losses, stop. */
#ifndef WINDROW_TRAIN_H
#define WINDROW_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/session.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Epochs are counted from the start of a training, also where it goes on from a state. */

/* Sent after each chunk of epochs, and with epochs = 0 from time to time during a long one. */
struct wr_train_event {
    size_t first_epoch;  /* of this chunk */
    size_t epochs;       /* in this chunk */
    const float *losses; /* (epochs, M) total losses; NaN after a model diverged or stopped */
    size_t epochs_total; /* of the whole training */
    double fraction;     /* of the epochs of the whole training, 0 .. 1 */
    double seconds;      /* of this call so far */
    double seconds_left; /* of this call, estimated */
};
typedef wr_status wr_train_fn(void *context, const struct wr_train_event *event);

/* Early stopping (L. Prechelt, "Early stopping - but when?", 1998). A validation computes the mean
 * loss of each model over its validation windows, as wr_evaluate does, after every `every` epochs
 * and after the last one. The parameters with the lowest loss are kept, and are those of the
 * session at the end, as if just written. A model stops after `patience` validations without a new
 * best loss. The other models get the same bits as without it. The training ends when no model is
 * left. */
struct wr_validation {
    const size_t *first; /* (M) model m validates on windows first .. first + count - 1 of the
                            session's view */
    /* (M) 0: none; the model trains to the end and keeps its last parameters */
    const size_t *count;
    size_t every;    /* >= 1 */
    size_t patience; /* >= 1 */
};

/* Where a training stands between two epochs: all that the rest of it depends on beside ensemble
 * and options. The caller owns the arrays. Every model's part stands alone, so a training may go on
 * with some of the models, in another order, on another device, and each gets the same bits. */
struct wr_train_state {
    size_t epochs;     /* done by every model that has not ended */
    float *parameters; /* (M, P) now */
    float *optimizer;  /* (M, S, P) WR_STATE; not used, and may be NULL, if S is 0 */
    /* With validation; otherwise not used, and may be NULL: */
    float *best;        /* (M, P) parameters of the best validation; zeros if there is none */
    double *validated;  /* (M) the best validation loss; NaN if there is none */
    size_t *best_epoch; /* (M) epochs trained at the best validation; 0 if there is none */
    size_t *waited;     /* (M) validations since the best one, or since the start */
};

struct wr_train_options {
    size_t epochs;                          /* of the whole training */
    const struct wr_validation *validation; /* NULL: none */
    wr_train_fn *on_event;                  /* or NULL */
    /* Called after each chunk; true ends the training as if no more epochs had been asked for, or
     * with `to` pauses it. NULL: never. */
    bool (*enough)(void *context, const struct wr_train_event *event);
    void *context; /* of both */
    /* Set to non-zero (by a signal handler, say) to stop: WR_ERR_STOPPED. NULL: never. */
    const volatile sig_atomic_t *stop;
    /* Goes on from this state, which wr_train writes to the session. Leave out models that have
     * ended. `epochs` is larger than the state's. NULL: from where the session's models stand. */
    const struct wr_train_state *from;
    /* Receives where the training stands when it ends; may be *from. It has no meaning if wr_train
     * fails. NULL: not wanted.
     *
     * With it `enough` pauses the training: there is no validation but that of the schedule, and
     * the session keeps the current parameters, not the best. If wr_train goes on from there,
     * models end with the bits that they would have without the pause. A model has ended if it
     * diverged, was stopped, or has trained all epochs; `best` has the best parameters of those
     * that were stopped or diverged. If all have ended there is no pause. A training that reached
     * its last epoch has validated there: what goes on from it for more epochs has the bits of one
     * training only if `every` divides that epoch. */
    struct wr_train_state *to;
};

struct wr_train_result {
    size_t epochs;         /* done by models that have not ended earlier */
    double seconds;        /* of this call: training alone */
    double updates;        /* of this call: parameter updates made by all models */
    size_t diverged;       /* models */
    float *losses;         /* (M) total_loss of each model's last epoch */
    uint32_t *diverged_at; /* (M) epoch, or WR_NOT_DIVERGED. With validation, such a model still
                              gets its best parameters */
    /* With validation, else NULL: */
    double *validated;  /* (M) the best validation loss; NaN if no validation gave one */
    size_t *best_epoch; /* (M) epochs trained at the best validation; 0 if none gave a loss */
    size_t *stopped_at; /* (M) epochs after which patience ended the model; 0: it did not */
};

/* Trains the session's models. The session must be fresh: just opened, or its models just written,
 * unless there is a state to go on from. *result is filled in only with WR_OK; release it with
 * wr_train_result_release. */
wr_status wr_train(struct wr_session *session, const struct wr_train_options *options,
                   struct wr_train_result *result, struct wr_error *error);
void wr_train_result_release(struct wr_train_result *result);

/* Predictions (M, count, O) of the models for the windows first .. first + count - 1 of the view,
 * computed on the host's CPU. They have the bits that every exact device gives. The
 * targets of the windows are not used and may be NULL, here and in wr_predict_each. */
wr_status wr_predict(const struct wr_stack *stack, enum wr_activation activation,
                     const struct wr_windows_view *windows, size_t first, size_t count,
                     float *predictions, struct wr_error *error);

/* Predictions (M, O) of the models, each for its own window: model m for window which[m]. */
wr_status wr_predict_each(const struct wr_stack *stack, enum wr_activation activation,
                          const struct wr_windows_view *windows, const size_t *which,
                          float *predictions, struct wr_error *error);

/* The mean loss of each model over the same windows: mean_losses (M), NaN if a loss is NaN. The sum
 * is in double, in window order, and has the same bits on every host. Its relative error is at most
 * count * 2^-53. Only the rule's activation and loss matter (NULL: the notebook's rule). */
wr_status wr_evaluate(const struct wr_stack *stack, const struct wr_rule *rule,
                      const struct wr_windows_view *windows, size_t first, size_t count,
                      double *mean_losses, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
