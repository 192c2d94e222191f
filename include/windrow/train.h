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

/* After each chunk of epochs, and (epochs = 0) now and then inside a long one. */
struct wr_train_event {
    size_t first_epoch;  /* of this chunk */
    size_t epochs;       /* in this chunk */
    const float *losses; /* (epochs, M) total losses; NaN after a model has diverged or stopped */
    size_t epochs_total; /* asked for */
    double fraction;     /* of the work done, 0 .. 1 */
    double seconds;      /* of training so far */
    double seconds_left; /* estimated */
};
/* Return WR_OK to go on; anything else ends the training with that status. */
typedef wr_status wr_train_fn(void *context, const struct wr_train_event *event);

/* Early stopping. After each `every` epochs, and after the last one, the mean loss of each model
 * over its validation windows (as wr_evaluate gives it) is looked at. The parameters of its best
 * look are kept, and are the session's in the end, as if just written. A model without a new best
 * for `patience` looks stops; the others go on with the bits they would have had. When none is
 * left, the training ends. L. Prechelt, "Early stopping - but when?", 1998. */
struct wr_validation {
    const size_t *first; /* (M) each model's: first .. first + count - 1 of the session's view */
    const size_t *count; /* (M) 0: none; such a model trains to the end, and that is its best */
    size_t every;        /* >= 1 */
    size_t patience;     /* >= 1 */
};

struct wr_train_options {
    size_t epochs;
    const struct wr_validation *validation; /* NULL: none */
    wr_train_fn *on_event;                  /* or NULL */
    /* Asked after each chunk: true ends the training there, as if no more epochs had been asked
     * for. NULL: never. */
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
    uint32_t *diverged_at; /* (M) epoch, or WR_NOT_DIVERGED; with validation, such a model has the
                              parameters of its best look all the same */
    /* With validation, else NULL: */
    double *validated;  /* (M) the best validation loss; NaN: no look gave one */
    size_t *best_epoch; /* (M) epochs that had been trained then; 0: no look gave one */
};

/* Trains the session's models; the session must be fresh (opened, or its parameters just written).
 * *result is filled on WR_OK alone; release with wr_train_result_release. */
wr_status wr_train(struct wr_session *session, const struct wr_train_options *options,
                   struct wr_train_result *result, struct wr_error *error);
void wr_train_result_release(struct wr_train_result *result);

/* Predictions of M models for `count` windows of the view from `first` on, computed on the host's
 * CPU with the bits that every exact device gives: predictions (M, count, O). */
wr_status wr_predict(const struct wr_shape *shape, enum wr_activation activation, size_t models,
                     const float *parameters, const struct wr_windows_view *windows, size_t first,
                     size_t count, float *predictions, struct wr_error *error);

/* The prediction of each model for a window of its own: model m's for window which[m]. predictions
 * (M, O). */
wr_status wr_predict_each(const struct wr_shape *shape, enum wr_activation activation,
                          size_t models, const float *parameters,
                          const struct wr_windows_view *windows, const size_t *which,
                          float *predictions, struct wr_error *error);

/* The mean loss of each model over the same windows: mean_losses (M), NaN where a loss is. Added up
 * in double in window order, so that it has the same bits on every host too. Its error is at most
 * count * 2^-53 of it. Of the rule (NULL: the notebook's) activation and loss count. */
wr_status wr_evaluate(const struct wr_shape *shape, const struct wr_rule *rule, size_t models,
                      const float *parameters, const struct wr_windows_view *windows, size_t first,
                      size_t count, double *mean_losses, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
