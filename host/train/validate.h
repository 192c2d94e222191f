/* Early stopping: looks at the validation loss of every model, and keeps its best parameters. */
#ifndef WR_VALIDATE_H
#define WR_VALIDATE_H

#include "windrow/train.h"

/* All zero: nothing is validated; the calls below then do nothing. */
struct wr_validator {
    const struct wr_validation *how;
    struct wr_session *trained; /* the caller's */
    struct wr_session *session; /* of the validation windows: forward alone */
    size_t models, count;       /* M, P */
    size_t batch, most_windows; /* of the session; the most that a model has */
    float *current, *best;      /* (M, P) */
    float *losses;              /* (M, batch) */
    double *means;              /* (M) of the look at hand */
    size_t *waited;             /* (M) looks since the best */
    size_t *stopped;            /* (M) epochs after which each model was frozen; 0: it trains */
    unsigned char *frozen;      /* (M) */
    size_t looked;              /* epochs done at the last look */
};

/* Nothing but zeros if how is NULL. Fills result's validated and best_epoch (M). The validator is
 * closed by the caller, whatever is returned. */
wr_status wr_validator_open(struct wr_validator *validator, const struct wr_validation *how,
                            struct wr_session *trained, struct wr_train_result *result,
                            struct wr_error *error);
void wr_validator_close(struct wr_validator *validator);

/* Epochs until the next look. */
size_t wr_validator_left(const struct wr_validator *validator, size_t done);
/* A look after `done` epochs: notes new bests and freezes models that are out of patience. *over:
 * no model trains any more. */
wr_status wr_validator_look(struct wr_validator *validator, size_t done,
                            struct wr_train_result *result, bool *over, struct wr_error *error);
/* Epochs that a model has trained when the training ends after `done`. */
size_t wr_validator_epochs(const struct wr_validator *validator, size_t model, size_t done);
/* Writes the best parameters into the trained session. */
wr_status wr_validator_finish(struct wr_validator *validator, const struct wr_train_result *result,
                              struct wr_error *error);

#endif
