/* What both backends take from a learning rule, computed once on the host in double. */
#include "backend/backend.h"

#include "model/choices.h"

#include <math.h>
#include <stdlib.h>

float wr_gradient_factor(enum wr_loss loss, size_t outputs, size_t windows) {
    return (float)((double)wr_loss_factor(loss) / ((double)outputs * (double)windows));
}

bool wr_needs_rests(size_t batch) {
    return (batch - 1) / WR_SEGMENT >= WR_PLAIN_SEGMENTS;
}

float wr_decay_per_update(const struct wr_session *session, size_t model) {
    double epochs = (double)session->ensemble.rule.decay_epochs;
    return epochs > 0 ? (float)(1.0 / (epochs * (double)session->epoch_steps[model])) : 0.0f;
}

/* Beyond these a correction differs from 1 by next to nothing, or hardly changes any more. */
#define MOST_PAIRS 1048576

wr_status wr_corrections(const struct wr_rule *rule, float **corrections, size_t *count,
                         struct wr_error *error) {
    bool corrected = wr_is_corrected(rule);
    double beta1 = corrected ? (double)rule->beta1 : 0;
    double beta2 = corrected ? (double)rule->beta2 : 0;
    double power1 = beta1, power2 = beta2;
    for (*count = 1; (power1 > 0x1p-26 || power2 > 0x1p-25) && *count < MOST_PAIRS; ++*count) {
        power1 *= beta1;
        power2 *= beta2;
    }
    float *pairs = *corrections = wr_alloc(*count, 2 * sizeof *pairs, "Adam's corrections", error);
    if (pairs == NULL)
        return WR_ERR_MEMORY;
    power1 = power2 = 1;
    for (size_t u = 0; u < *count; u++) {
        power1 *= beta1;
        power2 *= beta2;
        pairs[2 * u] = (float)(1 / (1 - power1));
        pairs[2 * u + 1] = (float)(1 / sqrt(1 - power2));
    }
    return WR_OK;
}
