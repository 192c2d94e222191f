#include "reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double *zeros(size_t count) {
    double *p = calloc(count ? count : 1, sizeof *p);
    if (p == NULL) {
        perror("reference");
        abort();
    }
    return p;
}

struct reference *reference_new(const struct wr_shape *shape, size_t windows, size_t batch) {
    struct reference *r = calloc(1, sizeof *r);
    if (r == NULL) {
        perror("reference");
        abort();
    }
    size_t I = shape->inputs, H = shape->hidden, O = shape->outputs, T = shape->seq_len;
    r->inputs = I;
    r->hidden = H;
    r->outputs = O;
    r->seq_len = T;
    r->windows = windows;
    r->batch = batch;
    r->visit_count = windows;
    r->w_xh = 0;
    r->w_hh = r->w_xh + H * I;
    r->b_h = r->w_hh + H * H;
    r->w_hy = r->b_h + H;
    r->b_y = r->w_hy + O * H;
    r->count = r->b_y + O;
    r->x = zeros(windows * T * I);
    r->target = zeros(windows * O);
    r->weight = zeros(O);
    for (size_t o = 0; o < O; o++)
        r->weight[o] = 1.0 / (double)O;
    r->parameters = zeros(r->count);
    r->gradients = zeros(r->count);
    r->terms = zeros(r->count);
    r->mean = zeros(r->count);
    r->square = zeros(r->count);
    r->h = zeros(batch * T * H);
    r->da = zeros(batch * T * H);
    r->predictions = zeros(batch * O);
    r->losses = zeros(batch);
    return r;
}

void reference_free(struct reference *r) {
    if (r == NULL)
        return;
    free(r->x);
    free(r->target);
    free(r->weight);
    free(r->parameters);
    free(r->gradients);
    free(r->terms);
    free(r->mean);
    free(r->square);
    free(r->h);
    free(r->da);
    free(r->predictions);
    free(r->losses);
    free(r);
}

static double *h_at(const struct reference *r, size_t b, size_t t) {
    return r->h + (b * r->seq_len + t) * r->hidden;
}

static double *da_at(const struct reference *r, size_t b, size_t t) {
    return r->da + (b * r->seq_len + t) * r->hidden;
}

/* The window in slot b of the last forward. */
static size_t window_at(const struct reference *r, size_t b) {
    return r->visits != NULL ? r->visits[r->first + b] : r->first + b;
}

static const double *x_at(const struct reference *r, size_t b, size_t t) {
    return r->x + (window_at(r, b) * r->seq_len + t) * r->inputs;
}

static double error_at(const struct reference *r, size_t b, size_t o) {
    return r->predictions[b * r->outputs + o] - r->target[window_at(r, b) * r->outputs + o];
}

/* ---- losses and activations: each function and its derivative ---- */

static double loss_of(const struct wr_rule *rule, double e) {
    double delta = (double)rule->huber_delta;
    switch (rule->loss) {
    case WR_LOSS_MAE:
        return fabs(e);
    case WR_LOSS_HUBER:
        return fabs(e) <= delta ? e * e / 2 : delta * (fabs(e) - delta / 2);
    case WR_LOSS_QUANTILE:
        return fmax(-(double)rule->tau * e, (1 - (double)rule->tau) * e);
    default:
        return e * e;
    }
}

static double slope_of(const struct wr_rule *rule, double e) {
    double delta = (double)rule->huber_delta;
    switch (rule->loss) {
    case WR_LOSS_MAE:
        return (e > 0) - (e < 0);
    case WR_LOSS_HUBER:
        return fmax(-delta, fmin(delta, e));
    case WR_LOSS_QUANTILE:
        return (e > 0) - (e != 0) * (double)rule->tau;
    default:
        return 2 * e;
    }
}

static double activation_of(const struct wr_rule *rule, double a) {
    return rule->activation == WR_ACTIVATION_TANH   ? tanh(a)
           : rule->activation == WR_ACTIVATION_RELU ? fmax(a, 0)
                                                    : a;
}

/* The derivative, as a function of the activation's value h. */
static double derivative_of(const struct wr_rule *rule, double h) {
    return rule->activation == WR_ACTIVATION_TANH   ? 1.0 - h * h
           : rule->activation == WR_ACTIVATION_RELU ? (h > 0)
                                                    : 1.0;
}

/* ---- stages ---- */

static void forward_window(struct reference *r, size_t b) {
    size_t I = r->inputs, H = r->hidden, O = r->outputs, T = r->seq_len;
    const double *p = r->parameters;
    for (size_t t = 0; t < T; t++) {
        for (size_t j = 0; j < H; j++) {
            double a = p[r->b_h + j];
            for (size_t i = 0; i < I; i++)
                a += p[r->w_xh + j * I + i] * x_at(r, b, t)[i];
            for (size_t k = 0; k < H && t > 0; k++)
                a += p[r->w_hh + j * H + k] * h_at(r, b, t - 1)[k];
            h_at(r, b, t)[j] = activation_of(&r->rule, a);
        }
    }
    r->losses[b] = 0;
    for (size_t o = 0; o < O; o++) {
        double y = p[r->b_y + o];
        for (size_t k = 0; k < H; k++)
            y += p[r->w_hy + o * H + k] * h_at(r, b, T - 1)[k];
        r->predictions[b * O + o] = y;
        r->losses[b] += r->weight[o] * loss_of(&r->rule, error_at(r, b, o));
    }
}

void reference_forward(struct reference *r, size_t first, size_t n) {
    r->first = first;
    r->n = n;
    for (size_t b = 0; b < n; b++)
        forward_window(r, b);
}

double reference_objective(const struct reference *r) {
    double sum = 0;
    for (size_t b = 0; b < r->n; b++)
        for (size_t o = 0; o < r->outputs; o++)
            sum += loss_of(&r->rule, error_at(r, b, o));
    return sum / (double)(r->n * r->outputs);
}

static void add_term(struct reference *r, size_t parameter, double term) {
    r->gradients[parameter] += term;
    r->terms[parameter] += fabs(term);
}

static void bptt_window(struct reference *r, size_t b) {
    size_t I = r->inputs, H = r->hidden, O = r->outputs, T = r->seq_len;
    const double *p = r->parameters;
    double *dh = zeros(H);
    for (size_t o = 0; o < O; o++) {
        double dy = slope_of(&r->rule, error_at(r, b, o)) / (double)(r->n * O);
        add_term(r, r->b_y + o, dy);
        for (size_t k = 0; k < H; k++) {
            add_term(r, r->w_hy + o * H + k, dy * h_at(r, b, T - 1)[k]);
            dh[k] += p[r->w_hy + o * H + k] * dy;
        }
    }
    for (size_t t = T; t-- > 0;) {
        double *da = da_at(r, b, t);
        for (size_t j = 0; j < H; j++) {
            da[j] = derivative_of(&r->rule, h_at(r, b, t)[j]) * dh[j];
            add_term(r, r->b_h + j, da[j]);
            for (size_t i = 0; i < I; i++)
                add_term(r, r->w_xh + j * I + i, da[j] * x_at(r, b, t)[i]);
            for (size_t k = 0; k < H && t > 0; k++)
                add_term(r, r->w_hh + j * H + k, da[j] * h_at(r, b, t - 1)[k]);
        }
        for (size_t k = 0; k < H; k++) {
            dh[k] = 0;
            for (size_t j = 0; j < H; j++)
                dh[k] += p[r->w_hh + j * H + k] * da[j];
        }
    }
    free(dh);
}

void reference_bptt(struct reference *r) {
    memset(r->gradients, 0, r->count * sizeof *r->gradients);
    memset(r->terms, 0, r->count * sizeof *r->terms);
    for (size_t b = 0; b < r->n; b++)
        bptt_window(r, b);
}

/* Whether training does not change parameter i. */
static bool is_fixed(const struct reference *r, size_t i) {
    return (i >= r->b_h && i < r->w_hy && (r->rule.fixed & WR_FIXED_HIDDEN_BIAS)) ||
           (i >= r->b_y && (r->rule.fixed & WR_FIXED_HEAD_BIAS));
}

static double norm_of(const struct reference *r) {
    double sum = 0;
    for (size_t i = 0; i < r->count; i++)
        sum += is_fixed(r, i) ? 0 : r->gradients[i] * r->gradients[i];
    return sqrt(sum);
}

void reference_clip(struct reference *r) {
    if (r->clip <= 0)
        return;
    bool by_norm = r->rule.clipping == WR_CLIPPING_NORM;
    double factor = by_norm ? fmin(1, r->clip / norm_of(r)) : 1;
    double bound = by_norm ? (double)INFINITY : r->clip;
    for (size_t i = 0; i < r->count; i++)
        r->gradients[i] = fmax(-bound, fmin(bound, factor * r->gradients[i]));
}

/* The learning rate of the current update. */
static double rate_of(const struct reference *r) {
    double epoch = (double)((r->visit_count - 1) / r->batch + 1);
    double x = fmin(1, (double)r->updates / (epoch * (double)r->rule.decay_epochs));
    switch (r->rule.decay) {
    case WR_DECAY_LINEAR:
        return r->lr * (1 - x);
    case WR_DECAY_COSINE:
        return r->lr * (1 + cos(acos(-1) * x)) / 2;
    default:
        return r->lr;
    }
}

/* What the optimizer subtracts from parameter i, before the learning rate. */
static double step_of(struct reference *r, size_t i) {
    const struct wr_rule *rule = &r->rule;
    double g = r->gradients[i], u = (double)r->updates + 1;
    double b1 = (double)rule->beta1, b2 = (double)rule->beta2, epsilon = (double)rule->epsilon;
    r->square[i] = b2 * r->square[i] + (1 - b2) * g * g;
    switch (rule->optimizer) {
    case WR_OPTIMIZER_MOMENTUM:
        return r->mean[i] = (double)rule->momentum * r->mean[i] + g;
    case WR_OPTIMIZER_RMSPROP:
        return g / (sqrt(r->square[i]) + epsilon);
    case WR_OPTIMIZER_ADAM:
        r->mean[i] = b1 * r->mean[i] + (1 - b1) * g;
        return r->mean[i] / (1 - pow(b1, u)) / (sqrt(r->square[i] / (1 - pow(b2, u))) + epsilon);
    default:
        return g;
    }
}

void reference_update(struct reference *r) {
    double rate = rate_of(r), shrink = 1 - rate * (double)r->rule.weight_decay;
    for (size_t i = 0; i < r->count; i++)
        if (!is_fixed(r, i))
            r->parameters[i] = shrink * r->parameters[i] - rate * step_of(r, i);
    r->updates++;
}

double reference_epoch(struct reference *r) {
    double total = 0;
    for (size_t first = 0; first < r->visit_count; first += r->batch) {
        size_t left = r->visit_count - first;
        reference_forward(r, first, left < r->batch ? left : r->batch);
        for (size_t b = 0; b < r->n; b++)
            total += r->losses[b];
        reference_bptt(r);
        reference_clip(r);
        reference_update(r);
    }
    return total;
}
