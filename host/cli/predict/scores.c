#include "cli/predict/scores.h"

#include <math.h>
#include <stdlib.h>

#include "base/base.h"

void errors_add(struct errors *errors, double error) {
    errors->count++;
    errors->absolute += fabs(error);
    errors->squared += error * error;
}

double errors_mae(const struct errors *errors) {
    return errors->count > 0 ? errors->absolute / (double)errors->count : (double)NAN;
}

double errors_rmse(const struct errors *errors) {
    return errors->count > 0 ? sqrt(errors->squared / (double)errors->count) : (double)NAN;
}

wr_status scores_make(size_t outputs, size_t models, struct scores *scores,
                      struct wr_error *error) {
    scores->outputs = outputs;
    scores->models = models;
    scores->own = wr_alloc(outputs, sizeof *scores->own, "scores", error);
    scores->naive = wr_alloc(outputs, sizeof *scores->naive, "scores", error);
    scores->losses = wr_alloc(models, sizeof *scores->losses, "losses", error);
    scores->broken = wr_alloc(models, 1, "scores", error);
    bool all = scores->own && scores->naive && scores->losses && scores->broken;
    return all ? WR_OK : WR_ERR_MEMORY;
}

void scores_add(struct scores *scores, size_t output, double prediction, double value,
                double before) {
    if (isfinite(prediction) && isfinite(value))
        errors_add(&scores->own[output], prediction - value);
    if (isfinite(before) && isfinite(value))
        errors_add(&scores->naive[output], before - value);
}

double scores_loss(const struct scores *scores, size_t model) {
    return scores->scored > 0 ? scores->losses[model] / (double)scores->scored : (double)NAN;
}

size_t scores_broken(const struct scores *scores) {
    size_t count = 0;
    for (size_t m = 0; m < scores->models; m++)
        count += scores->broken[m] != 0;
    return count;
}

void scores_release(struct scores *scores) {
    free(scores->own);
    free(scores->naive);
    free(scores->losses);
    free(scores->broken);
    *scores = (struct scores){0};
}
