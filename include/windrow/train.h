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

/* Sent after each chunk of epochs, and with epochs = 0 from time to time during a long one. */
struct wr_train_event {
    size_t first_epoch;  /* of this chunk */
    size_t epochs;       /* in this chunk */
    const float *losses; /* (epochs, M) total losses; NaN after a model diverged or stopped */
    size_t epochs_total; /* of the whole training */
    double fraction;     /* of the work done, 0 .. 1 */
    double seconds;      /* of training so far */
    double seconds_left; /* estimated */
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

struct wr_train_options {
    size_t epochs;
    const struct wr_validation *validation; /* NULL: none */
    wr_train_fn *on_event;                  /* or NULL */
    /* Called after each chunk; true ends the training as if no more epochs had been asked for.
     * NULL: never. */
    bool (*enough)(void *context, const struct wr_train_event *event);
    void *context; /* of both */
    /* Set to non-zero (by a signal handler, say) to stop: WR_ERR_STOPPED. NULL: never. */
    const volatile sig_atomic_t *stop;
};

struct wr_train_result {
    size_t epochs;         /* done */
    double seconds;        /* training alone */
    double updates;        /* parameter updates made by all models */
    size_t diverged;       /* models */
    float *losses;         /* (M) total_loss of each model's last epoch */
    uint32_t *diverged_at; /* (M) epoch, or WR_NOT_DIVERGED. With validation, such a model still
                              gets its best parameters */
    /* With validation, else NULL: */
    double *validated;  /* (M) the best validation loss; NaN if no validation gave one */
    size_t *best_epoch; /* (M) epochs trained at the best validation; 0 if none gave a loss */
};

/* Trains the session's models. The session must be fresh: just opened, or its parameters just
 * written. *result is filled in only with WR_OK; release it with wr_train_result_release. */
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
