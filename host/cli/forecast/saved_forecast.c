/* Feeds the predictions of models back, step by step. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/pool.h"
#include "cli/forecast/saved_models.h"
#include "cli/io/spread.h"
#include "windrow/session.h"

/* The models of one file. Window m * S + s is that of model m and series s. */
struct feeding {
    struct saved_models *saved;
    const struct wr_panel *panel;
    const struct model_file *file;
    double *paths; /* (M, S, horizon, O): the part of saved->paths */
    size_t models, series;
    struct wr_pool pool; /* holds the arrays below */
    float *inputs;       /* (M, S, T, I) */
    float *predictions;  /* (M, S, O) */
    struct wr_task *tasks;
    unsigned char *ended; /* (M, S): a prediction was not finite */
    struct wr_windows_view view;
    struct wr_session *session;
};

static const double *pair_of(const double *scales, size_t i) {
    static const double none[2] = {0, 1};
    return scales != NULL ? scales + 2 * i : none;
}

static float scaled(double value, const double pair[2]) {
    return (float)((value - pair[0]) / pair[1]);
}

/* Fills in the windows that end with each series' last value. */
static wr_status fill_windows(struct feeding *f, struct wr_error *error) {
    size_t T = f->file->stack.shape.seq_len, I = f->file->stack.shape.inputs,
           each = f->series * T * I;
    for (size_t s = 0; s < f->series; s++)
        for (size_t t = 0; t < T; t++)
            for (size_t i = 0; i < I; i++) {
                size_t row = wr_panel_length(f->panel, s) - T + t;
                float value = scaled(saved_models_value(f->saved, f->panel, s, i, row),
                                     pair_of(f->file->input_scales, i));
                if (!isfinite(value))
                    return wr_fail(error, WR_ERR_DATA,
                                   "%s: a value of series %s is too far from the mean that %s "
                                   "knows to be scaled",
                                   wr_panel_path(f->panel), wr_panel_id(f->panel, s),
                                   f->file->path);
                f->inputs[(s * T + t) * I + i] = value;
            }
    for (size_t m = 1; m < f->models; m++)
        memcpy(f->inputs + m * each, f->inputs, each * sizeof *f->inputs);
    return WR_OK;
}

/* Keeps the predictions of a step in the units of the file. */
static void keep_predictions(struct feeding *f, size_t step) {
    size_t O = f->saved->outputs, horizon = f->saved->horizon;
    for (size_t w = 0; w < f->models * f->series; w++)
        for (size_t o = 0; o < O; o++) {
            const double *pair = pair_of(f->file->target_scales, o);
            double value = pair[0] + pair[1] * (double)f->predictions[w * O + o];
            if (!isfinite(value))
                f->ended[w] = 1;
            f->paths[(w * horizon + step) * O + o] = f->ended[w] ? (double)NAN : value;
        }
}

/* What an input is in the row of a step: the prediction as it is where the target has the same
 * scale, so that nothing is rounded twice. */
static float next_input(const struct feeding *f, size_t w, size_t input, size_t step) {
    const struct saved_input *from = &f->saved->from[input];
    const double *scale = pair_of(f->file->input_scales, input);
    size_t s = w % f->series, O = f->saved->outputs;
    if (from->fed == SIZE_MAX)
        return scaled(
            saved_models_value(f->saved, f->panel, s, input, wr_panel_length(f->panel, s) + step),
            scale);
    const double *own = pair_of(f->file->target_scales, from->fed);
    if (own[0] == scale[0] && own[1] == scale[1])
        return f->predictions[w * O + from->fed];
    return scaled(f->paths[(w * f->saved->horizon + step) * O + from->fed], scale);
}

/* Moves each window by a row: that of the step that was just predicted. A window whose predictions
 * are not finite gets zeros, and its path has ended. */
static void move_windows(struct feeding *f, size_t step) {
    size_t T = f->file->stack.shape.seq_len, I = f->file->stack.shape.inputs;
    for (size_t w = 0; w < f->models * f->series; w++) {
        float *window = f->inputs + w * T * I, *row = window + (T - 1) * I;
        memmove(window, window + I, (T - 1) * I * sizeof *window);
        for (size_t i = 0; i < I; i++) {
            row[i] = f->ended[w] ? 0 : next_input(f, w, i, step);
            if (!isfinite(row[i])) {
                f->ended[w] = 1;
                row[i] = 0;
            }
        }
    }
}

static wr_status open_session(struct feeding *f, enum wr_activation activation,
                              struct wr_device *device, struct wr_error *error) {
    const struct wr_shape *shape = &f->file->stack.shape;
    size_t windows, width, floats, results;
    if (!wr_size_mul(f->models, f->series, &windows) ||
        !wr_size_mul(shape->seq_len, shape->inputs, &width) ||
        !wr_size_mul(windows, width, &floats) || !wr_size_mul(windows, shape->outputs, &results))
        return wr_fail(error, WR_ERR_MEMORY, "the windows of %zu models overflow", f->models);
    f->inputs = wr_pool_take(&f->pool, floats, sizeof(float), "windows");
    f->predictions = wr_pool_take(&f->pool, results, sizeof(float), "predictions");
    f->tasks = wr_pool_take(&f->pool, f->models, sizeof *f->tasks, "tasks");
    f->ended = wr_pool_take(&f->pool, windows, 1, "predictions");
    wr_status status = wr_pool_status(&f->pool, error);
    if (status == WR_OK)
        status = fill_windows(f, error);
    if (status != WR_OK)
        return status;
    for (size_t m = 0; m < f->models; m++)
        f->tasks[m] = (struct wr_task){.first = m * f->series, .count = f->series};
    f->view =
        (struct wr_windows_view){.count = windows, .input_stride = width, .inputs = f->inputs};
    const struct wr_ensemble ensemble = {.stack = f->file->stack,
                                         .tasks = f->tasks,
                                         .batch = f->series,
                                         .schedule = WR_SCHEDULE_FORWARD,
                                         .windows = f->view,
                                         .rule = {.activation = activation}};
    return wr_session_open(device, &ensemble, &f->session, error);
}

static size_t count_broken(const struct feeding *f) {
    size_t broken = 0;
    for (size_t m = 0; m < f->models; m++) {
        size_t s = 0;
        while (s < f->series && !f->ended[m * f->series + s])
            s++;
        broken += s < f->series;
    }
    return broken;
}

static wr_status feed(struct feeding *f, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t step = 0; step < f->saved->horizon && status == WR_OK; step++) {
        if (step > 0) {
            move_windows(f, step - 1);
            status = wr_session_write_windows(f->session, &f->view, error);
        }
        if (status == WR_OK)
            status = wr_session_forward(f->session, 0, f->series, error);
        if (status == WR_OK)
            status = wr_session_read(f->session, WR_PREDICTIONS, f->predictions, error);
        if (status == WR_OK)
            keep_predictions(f, step);
    }
    return status;
}

wr_status saved_models_forecast(struct saved_models *saved, const struct wr_panel *panel,
                                struct wr_device *device, struct wr_error *error) {
    size_t each, all, done = 0;
    if (!wr_size_mul(saved->series, saved->horizon, &each) ||
        !wr_size_mul(each, saved->outputs, &each) || !wr_size_mul(saved->models, each, &all))
        return wr_fail(error, WR_ERR_MEMORY, "the forecasts of %zu models overflow memory",
                       saved->models);
    saved->paths = wr_alloc(all, sizeof *saved->paths, "forecasts", error);
    wr_status status = saved->paths != NULL ? WR_OK : WR_ERR_MEMORY;
    for (size_t i = 0; i < saved->count && status == WR_OK; i++) {
        const struct model_file *file = &saved->files[i];
        struct feeding f = {.saved = saved,
                            .panel = panel,
                            .file = file,
                            .paths = saved->paths + done * each,
                            .models = file->stack.count,
                            .series = saved->series};
        status = open_session(&f, saved->activation[i], device, error);
        if (status == WR_OK)
            status = feed(&f, error);
        if (status == WR_OK)
            saved->broken += saved->files_broken[i] = count_broken(&f);
        wr_session_close(f.session);
        wr_pool_release(&f.pool);
        done += file->stack.count;
    }
    return status;
}

wr_status saved_models_combine(const struct saved_models *saved, enum wr_combine how,
                               double *points, struct wr_error *error) {
    size_t O = saved->outputs, horizon = saved->horizon, each = saved->series * horizon * O;
    double *values = wr_alloc(saved->models, sizeof *values, "forecasts", error);
    if (values == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < saved->series; s++)
        for (size_t o = 0; o < O; o++)
            for (size_t k = 0; k < horizon; k++) {
                size_t count = 0;
                for (size_t m = 0; m < saved->models; m++) {
                    double value = saved->paths[m * each + (s * horizon + k) * O + o];
                    if (!isnan(value))
                        values[count++] = value;
                }
                points[(s * O + o) * horizon + k] =
                    mean_or_median(values, count, how == WR_COMBINE_MEDIAN);
            }
    free(values);
    return WR_OK;
}
