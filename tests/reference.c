#include "reference.h"

#include <math.h>
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

static const double *x_at(const struct reference *r, size_t b, size_t t) {
    return r->x + ((r->first + b) * r->seq_len + t) * r->inputs;
}

static double error_at(const struct reference *r, size_t b, size_t o) {
    return r->predictions[b * r->outputs + o] - r->target[(r->first + b) * r->outputs + o];
}

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
            h_at(r, b, t)[j] = tanh(a);
        }
    }
    r->losses[b] = 0;
    for (size_t o = 0; o < O; o++) {
        double y = p[r->b_y + o];
        for (size_t k = 0; k < H; k++)
            y += p[r->w_hy + o * H + k] * h_at(r, b, T - 1)[k];
        r->predictions[b * O + o] = y;
        r->losses[b] += r->weight[o] * error_at(r, b, o) * error_at(r, b, o);
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
            sum += error_at(r, b, o) * error_at(r, b, o);
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
        double dy = 2.0 * error_at(r, b, o) / (double)(r->n * O);
        add_term(r, r->b_y + o, dy);
        for (size_t k = 0; k < H; k++) {
            add_term(r, r->w_hy + o * H + k, dy * h_at(r, b, T - 1)[k]);
            dh[k] += p[r->w_hy + o * H + k] * dy;
        }
    }
    for (size_t t = T; t-- > 0;) {
        double *da = da_at(r, b, t);
        for (size_t j = 0; j < H; j++) {
            double h = h_at(r, b, t)[j];
            da[j] = (1.0 - h * h) * dh[j];
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

void reference_clip(struct reference *r) {
    for (size_t i = 0; i < r->count && r->clip > 0; i++)
        r->gradients[i] = fmax(-r->clip, fmin(r->clip, r->gradients[i]));
}

void reference_update(struct reference *r) {
    for (size_t i = 0; i < r->count; i++)
        r->parameters[i] -= r->lr * r->gradients[i];
}

double reference_epoch(struct reference *r) {
    double total = 0;
    for (size_t first = 0; first < r->windows; first += r->batch) {
        size_t left = r->windows - first;
        reference_forward(r, first, left < r->batch ? left : r->batch);
        for (size_t b = 0; b < r->n; b++)
            total += r->losses[b];
        reference_bptt(r);
        reference_clip(r);
        reference_update(r);
    }
    return total;
}
