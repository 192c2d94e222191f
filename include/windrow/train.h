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
    const float *losses; /* (epochs, M) total losses; NaN after a model has diverged */
    size_t epochs_total; /* asked for */
    double fraction;     /* of the work done, 0 .. 1 */
    double seconds;      /* of training so far */
    double seconds_left; /* estimated */
};
/* Return WR_OK to go on; anything else ends the training with that status. */
typedef wr_status wr_train_fn(void *context, const struct wr_train_event *event);

struct wr_train_options {
    size_t epochs;
    wr_train_fn *on_event; /* or NULL */
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
    uint32_t *diverged_at; /* (M) epoch, or WR_NOT_DIVERGED */
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
 * in double in window order, so that it has the same bits on every host too. Of the rule (NULL: the
 * notebook's) activation and loss count. */
wr_status wr_evaluate(const struct wr_shape *shape, const struct wr_rule *rule, size_t models,
                      const float *parameters, const struct wr_windows_view *windows, size_t first,
                      size_t count, double *mean_losses, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
