/* How far off predictions are, where values came. */
#ifndef WR_CLI_SCORES_H
#define WR_CLI_SCORES_H

#include "windrow/status.h"

#include <stddef.h>
#include <stdio.h>

/* Sums of errors. */
struct errors {
    size_t count;
    double absolute, squared;
};
void errors_add(struct errors *errors, double error);
/* NaN without errors. */
double errors_mae(const struct errors *errors);
double errors_rmse(const struct errors *errors);

/* Start with {0}. Call scores_release after a failure too. */
struct scores {
    size_t outputs, models;
    /* (O) of each target: the prediction, and the naive forecast, the value before, of the same
     * rows. */
    struct errors *own, *naive;
    size_t scored;         /* windows all of whose targets came */
    double *losses;        /* (M) the sum of each model's losses on these, in order */
    unsigned char *broken; /* (M) a prediction of the model was not finite */
};
wr_status scores_make(size_t outputs, size_t models, struct scores *scores, struct wr_error *error);
/* Adds a prediction of a target. A prediction, value or value before that is not finite does not
 * count. */
void scores_add(struct scores *scores, size_t output, double prediction, double value,
                double before);
/* A model's mean loss; NaN if nothing was scored. */
double scores_loss(const struct scores *scores, size_t model);
size_t scores_broken(const struct scores *scores);
void scores_release(struct scores *scores);

#endif
