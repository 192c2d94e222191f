/* Early stopping: computes the validation loss of every model from time to time, and keeps its best
 * parameters. */
#ifndef WR_VALIDATE_H
#define WR_VALIDATE_H

#include "base/pool.h"
#include "windrow/train.h"

/* Windows at a time: few, so that the session needs little memory. */
enum { WR_EVALUATED_AT_ONCE = 32 };
/* Adds the losses of the first `count` windows of each model to sums (M), in double and in window
 * order. losses (M, batch): room. */
wr_status wr_add_losses(struct wr_session *session, size_t models, size_t count, size_t batch,
                        float *losses, double *sums, struct wr_error *error);

/* All zero: there is no validation, and the calls below do nothing. */
struct wr_validator {
    const struct wr_validation *how;
    struct wr_session *trained; /* the caller's */
    struct wr_session *session; /* for the validation windows; runs forward only */
    size_t models, count;       /* M, P */
    size_t batch;               /* of `session` */
    size_t most_windows;        /* the largest number of validation windows of a model */
    struct wr_pool pool;        /* holds the arrays below */
    float *current, *best;      /* (M, P) */
    float *losses;              /* (M, batch) */
    double *means;              /* (M) of the current validation */
    size_t *waited;             /* (M) validations since the best */
    unsigned char *frozen;      /* (M) models that are out of patience */
    size_t validated_at;        /* epochs done at the last validation */
};

/* Sets *validator to zeros if there is no validation. Goes on from options->from. Allocates
 * result's validated, best_epoch and stopped_at (M). The caller closes the validator, also after a
 * failure. */
wr_status wr_validator_open(struct wr_validator *validator, const struct wr_train_options *options,
                            struct wr_session *trained, struct wr_train_result *result,
                            struct wr_error *error);
void wr_validator_close(struct wr_validator *validator);

/* Epochs until the next validation. */
size_t wr_validator_epochs_left(const struct wr_validator *validator, size_t done);
/* Validates after `done` epochs: keeps new best parameters and freezes models that are out of
 * patience. *over: no model trains any more. */
wr_status wr_validator_validate(struct wr_validator *validator, size_t done,
                                struct wr_train_result *result, bool *over, struct wr_error *error);
/* Copies best, validated, best_epoch and waited to the state. */
void wr_validator_keep(const struct wr_validator *validator, const struct wr_train_result *result,
                       struct wr_train_state *to);
/* Writes the best parameters to the trained session. */
wr_status wr_validator_finish(struct wr_validator *validator, const struct wr_train_result *result,
                              struct wr_error *error);

#endif
