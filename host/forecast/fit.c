#include "forecast/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "base/environment.h"
#include "data/panel.h"
#include "forecast/scales.h"
#include "model/choices.h"

size_t wr_fit_parameters(const struct wr_fit *fit) {
    struct wr_layout layout;
    return wr_layout_of(&fit->stack.shape, &layout, NULL) == WR_OK ? layout.count : 0;
}

/* ---- series by name ---- */

struct named {
    const char *id;
    size_t index;
};

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

wr_status wr_fit_index(struct wr_fit *fit, struct wr_error *error) {
    struct named *names = wr_alloc(fit->count, sizeof *names, "names of series", error);
    fit->by_id = wr_alloc(fit->count, sizeof *fit->by_id, "names of series", error);
    if (names == NULL || fit->by_id == NULL) {
        free(names);
        return WR_ERR_MEMORY;
    }
    for (size_t s = 0; s < fit->count; s++)
        names[s] = (struct named){fit->series[s].id, s};
    qsort(names, fit->count, sizeof *names, by_name);
    for (size_t s = 0; s < fit->count; s++)
        fit->by_id[s] = names[s].index;
    free(names);
    return WR_OK;
}

const struct fitted *wr_fit_find(const struct wr_fit *fit, const char *id) {
    size_t low = 0, high = fit->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct fitted *series = &fit->series[fit->by_id[middle]];
        int order = strcmp(id, series->id);
        if (order == 0)
            return series;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- setting up ---- */

static bool has_gaps(const struct wr_panel *panel, size_t s, size_t until) {
    size_t covariates = wr_panel_pasts(panel) + wr_panel_futures(panel);
    for (size_t t = 0; t < until; t++) {
        if (isnan(wr_panel_values(panel, s)[t]))
            return true;
        for (size_t c = 0; c < covariates; c++)
            if (isnan(wr_covariate(panel, s, c)[t]))
                return true;
    }
    return false;
}

/* A series with gaps, for which a window is looked for. */
struct gaps {
    const struct wr_panel *panel;
    size_t series, until;
    const struct wr_scales *scales;
    struct wr_recipe recipe;
};

/* *whole: whether enough windows of this length touch no gap, and with `ends` the last window does
 * not either. If so, the same is true of shorter windows. */
static wr_status are_whole(struct gaps *gaps, size_t window, bool ends, bool *whole,
                           struct wr_error *error) {
    struct wr_prepared *prepared;
    gaps->recipe.window = window;
    wr_status status = wr_prepared_make(gaps->panel, gaps->series, gaps->until, &gaps->recipe,
                                        gaps->scales, &prepared, error);
    if (status != WR_OK)
        return status;
    *whole = wr_prepared_windows(prepared, 0) >= wr_recipe_fewest(&gaps->recipe) &&
             (!ends || wr_prepared_last(prepared, NULL, 0, NULL));
    wr_prepared_free(prepared);
    return WR_OK;
}

/* Finds by bisection the longest window of least .. most for which are_whole is true. 0: none. */
static wr_status find_longest(struct gaps *gaps, size_t least, size_t most, bool ends,
                              size_t *longest, struct wr_error *error) {
    wr_status status = WR_OK;
    size_t window = most; /* the most likely one first */
    *longest = 0;
    while (least <= most && status == WR_OK) {
        bool whole = false;
        status = are_whole(gaps, window, ends, &whole, error);
        if (whole)
            *longest = window, least = window + 1;
        else
            most = window - 1;
        window = least + (most - least) / 2;
    }
    return status;
}

/* Chooses the longest window, at most recipe->window, of which enough touch no gap. With `ends`,
 * one that can end with the last value is preferred if it is at least half as long. 0: there is
 * none. */
static wr_status between_gaps(struct gaps *gaps, bool ends, size_t *window,
                              struct wr_error *error) {
    size_t ending = 0;
    wr_status status = find_longest(gaps, 1, gaps->recipe.window, false, window, error);
    if (status == WR_OK && ends && *window > 0)
        status = find_longest(gaps, (*window + 1) / 2, *window, true, &ending, error);
    if (ending > 0)
        *window = ending;
    return status;
}

/* Chooses the window of a series; 0: seasonal naive. The window of a calibration fit is at most as
 * long as that of the full fit, and need not end with the last value, since forecasts start from
 * observed values. */
static wr_status choose_window(const struct wr_panel *panel, size_t s, size_t until,
                               const struct wr_fit *fit, const struct wr_fit *full, size_t *window,
                               struct wr_error *error) {
    const struct wr_scales *scales = &fit->series[s].scales;
    struct wr_recipe shorter;
    *window = 0;
    if (scales->constant || !wr_recipe_shorten(&fit->recipe, until - scales->start, &shorter))
        return WR_OK;
    if (full != NULL && full->series[s].window > 0 && full->series[s].window < shorter.window)
        shorter.window = full->series[s].window;
    *window = shorter.window;
    struct gaps gaps = {panel, s, until, scales, shorter};
    return has_gaps(panel, s, until) ? between_gaps(&gaps, full == NULL, window, error) : WR_OK;
}

static wr_status set_up_series(const struct wr_panel *panel, size_t s, size_t until,
                               const struct wr_fit *full, struct wr_fit *fit,
                               struct wr_error *error) {
    struct fitted *series = &fit->series[s];
    series->id = strdup(wr_panel_id(panel, s));
    if (series->id == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the names of series");
    series->first_model = WR_NAIVE;
    series->length = until;
    if (until == 0)
        return wr_fail(error, WR_ERR_USAGE, "series %s: a fit from 0 values", series->id);
    wr_panel_stamp(panel, s, until - 1, series->last);
    wr_status status = wr_scales_make(panel, s, until, &fit->recipe, &series->scales, error);
    if (status != WR_OK)
        return status;
    fit->report.quiet += series->scales.start > 0;
    status = choose_window(panel, s, until, fit, full, &series->window, error);
    if (status != WR_OK)
        return status;
    if (series->window == 0) {
        fit->report.naive++;
        return WR_OK;
    }
    series->first_model = fit->stack.count;
    fit->stack.count += fit->recipe.seeds;
    fit->report.shorter += series->window < fit->recipe.window;
    return WR_OK;
}

/* What has no effect gets the value that a file of the fit can hold. */
static struct wr_recipe plain_recipe(const struct wr_recipe *recipe) {
    struct wr_recipe plain = *recipe;
    struct wr_rule usual;
    wr_rule_init(&usual, recipe->rule.optimizer);
    if (isinf(plain.clip))
        plain.clip = 0; /* no bound, too */
    for (size_t i = 0; i < WR_NUMBERS; i++)
        if (!wr_number_counts(&wr_numbers[i], &plain.rule) &&
            !isfinite(wr_number_get(&wr_numbers[i], &plain.rule)))
            wr_number_set(&wr_numbers[i], &plain.rule, wr_number_get(&wr_numbers[i], &usual));
    return plain;
}

static wr_status set_up(const struct wr_panel *panel, const struct wr_recipe *recipe,
                        const size_t *until, const struct wr_fit *full, struct wr_fit *fit,
                        struct wr_error *error) {
    fit->recipe = plain_recipe(recipe);
    fit->stack.shape = (struct wr_shape){wr_recipe_inputs(recipe, panel), recipe->hidden,
                                         wr_recipe_outputs(recipe), recipe->window};
    fit->covariates = wr_panel_covariates(panel);
    fit->freq = strdup(wr_panel_freq(panel));
    fit->tz = strdup(wr_panel_tz(panel));
    if (fit->covariates == NULL || fit->freq == NULL || fit->tz == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the names of covariates");
    fit->count = wr_panel_count(panel);
    fit->series = wr_alloc(fit->count, sizeof *fit->series, "series", error);
    if (fit->series == NULL)
        return WR_ERR_MEMORY;
    wr_status status = WR_OK;
    for (size_t s = 0; s < fit->count && status == WR_OK; s++)
        status = set_up_series(panel, s, wr_used_length(panel, until, s), full, fit, error);
    struct wr_layout layout;
    size_t floats;
    if (status == WR_OK)
        status = wr_layout_of(&fit->stack.shape, &layout, error);
    if (status == WR_OK)
        status = wr_fit_index(fit, error);
    if (status != WR_OK)
        return status;
    if (!wr_size_mul(fit->stack.count, layout.count, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "%zu models overflow memory", fit->stack.count);
    fit->stack.parameters = wr_alloc(floats, sizeof *fit->stack.parameters, "parameters", error);
    fit->diverged = wr_alloc(fit->stack.count, 1, "models", error);
    fit->report.series = fit->count;
    fit->report.models = fit->stack.count;
    return fit->stack.parameters != NULL && fit->diverged != NULL ? WR_OK : WR_ERR_MEMORY;
}

/* ---- training ---- */

/* Lists the series that are still to be trained, *todo (*left). Those with the same window are
 * neighbours. */
static wr_status list_todo(const struct wr_fit *fit, const unsigned char *done, size_t **todo,
                           size_t *left, struct wr_error *error) {
    *left = 0;
    *todo = wr_alloc(fit->count, sizeof **todo, "series to train", error);
    if (*todo == NULL)
        return WR_ERR_MEMORY;
    for (size_t window = fit->recipe.window; window > 0; window--)
        for (size_t s = 0; s < fit->count; s++)
            if (fit->series[s].window == window && !done[s])
                (*todo)[(*left)++] = s;
    return WR_OK;
}

struct progress {
    const struct wr_fit_options *options;
    double began;
    size_t before, now, all; /* series done before this chunk, in it, in all */
};

static wr_status report_progress(void *context, double fraction) {
    const struct progress *progress = context;
    double total = ((double)progress->before + fraction * (double)progress->now) /
                   (double)(progress->all > 0 ? progress->all : 1);
    struct wr_fit_event event = {.fraction = total, .seconds = wr_seconds() - progress->began};
    event.seconds_left = total > 0 ? event.seconds * (1 - total) / total : 0;
    if (progress->options->on_event == NULL)
        return WR_OK;
    return progress->options->on_event(progress->options->context, &event);
}

static wr_status on_event_of_caller(void *context, const struct wr_fit_event *event) {
    const struct wr_fit_caller *caller = context;
    WR_ARITHMETIC_OF(caller->callers);
    return caller->options->on_event(caller->options->context, event);
}

struct wr_fit_options wr_fit_caller_options(struct wr_fit_caller *caller) {
    struct wr_fit_options options = *caller->options;
    if (options.on_event != NULL)
        options.on_event = on_event_of_caller;
    options.context = caller;
    return options;
}

static wr_status on_event_of_sequence(void *context, const struct wr_fit_event *event) {
    const struct wr_fit_sequence *sequence = context;
    double fraction = ((double)sequence->index + event->fraction) / (double)sequence->count;
    struct wr_fit_event all = {.fraction = fraction, .seconds = wr_seconds() - sequence->began};
    all.seconds_left = fraction > 0 ? all.seconds * (1 - fraction) / fraction : 0;
    return sequence->options->on_event(sequence->options->context, &all);
}

struct wr_fit_options wr_fit_sequence_options(struct wr_fit_sequence *sequence) {
    struct wr_fit_options own = *sequence->options;
    own.context = sequence;
    own.on_event = own.on_event != NULL ? on_event_of_sequence : NULL;
    return own;
}

static wr_status train_all(struct wr_device *device, const struct wr_panel *panel,
                           const size_t *until, const struct wr_fit_options *options,
                           struct wr_fit *fit, struct wr_error *error) {
    struct wr_parts parts;
    size_t *todo = NULL, left = 0, most = SIZE_MAX;
    unsigned char *done = wr_alloc(fit->count, 1, "series", error);
    if (done == NULL)
        return WR_ERR_MEMORY;
    wr_status status = wr_variable_number("WINDROW_CHUNK", 1, UINT32_MAX, &most, error);
    if (status == WR_OK)
        status = wr_parts_open(&parts, panel, until, fit, options->resume, done, error);
    if (status == WR_OK)
        status = list_todo(fit, done, &todo, &left, error);
    struct progress progress = {.options = options, .began = wr_seconds(), .all = left};
    for (size_t first = 0; first < left && status == WR_OK; first += progress.now) {
        progress.before = first;
        progress.now = wr_chunk_size(device, fit, panel, until, todo + first,
                                     left - first < most ? left - first : most);
        struct wr_chunk chunk = {.device = device,
                                 .panel = panel,
                                 .until = until,
                                 .fit = fit,
                                 .which = todo + first,
                                 .count = progress.now,
                                 .on_fraction = report_progress,
                                 .context = &progress,
                                 .stop = options->stop};
        status = wr_chunk_train(&chunk, error);
        if (status == WR_OK)
            status = wr_parts_add(&parts, fit, chunk.which, chunk.count, error);
    }
    if (status == WR_OK) { /* also where there was nothing to train */
        progress.before = progress.all = 1;
        status = report_progress(&progress, 0);
        if (status != WR_OK)
            wr_end_by_callback(status, "on_event", error);
    }
    for (size_t m = 0; m < fit->stack.count && status == WR_OK; m++)
        fit->report.diverged += fit->diverged[m] != 0;
    free(todo);
    free(done);
    return status;
}

wr_status wr_fit_checked(struct wr_device *device, const struct wr_panel *panel,
                         const struct wr_recipe *recipe, const size_t *until,
                         const struct wr_fit_options *options, const struct wr_fit *full,
                         struct wr_fit **fit, struct wr_error *error) {
    *fit = NULL;
    struct wr_fit *made = wr_alloc(1, sizeof *made, "a fit", error);
    if (made == NULL)
        return WR_ERR_MEMORY;
    struct wr_fit_sequence sequence = {
        .options = options, .count = options->calibrate ? 2 : 1, .began = wr_seconds()};
    const struct wr_fit_options own = wr_fit_sequence_options(&sequence);
    wr_status status = set_up(panel, recipe, until, full, made, error);
    if (status == WR_OK)
        status = train_all(device, panel, until, &own, made, error);
    sequence.index++;
    if (status == WR_OK && options->calibrate)
        status = wr_fit_calibrate(device, panel, until, &own, made, error);
    if (status != WR_OK) {
        wr_fit_free(made);
        return status;
    }
    *fit = made;
    return WR_OK;
}

wr_status wr_check_until(const struct wr_panel *panel, const size_t *until,
                         struct wr_error *error) {
    for (size_t s = 0; until != NULL && s < wr_panel_count(panel); s++)
        if (until[s] > wr_panel_length(panel, s))
            return wr_fail(error, WR_ERR_USAGE,
                           "%s: series %s: the first %zu values are asked for, and it has %zu",
                           wr_panel_path(panel), wr_panel_id(panel, s), until[s],
                           wr_panel_length(panel, s));
    return WR_OK;
}

wr_status wr_fit(struct wr_device *device, const struct wr_panel *panel,
                 const struct wr_recipe *recipe, const size_t *until,
                 const struct wr_fit_options *options, struct wr_fit **fit,
                 struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_fit_caller caller = {.options = options, .callers = &callers};
    const struct wr_fit_options wrapped = wr_fit_caller_options(&caller);
    *fit = NULL;
    wr_error_release(error);
    wr_status status = wr_recipe_check(recipe, error);
    if (status == WR_OK && recipe->horizon == 0)
        status = wr_fail(error, WR_ERR_USAGE, "recipe %s: no horizon is given", recipe->name);
    if (status == WR_OK)
        status = wr_check_until(panel, until, error);
    return status == WR_OK
               ? wr_fit_checked(device, panel, recipe, until, &wrapped, NULL, fit, error)
               : status;
}

void wr_fit_free(struct wr_fit *fit) {
    if (fit == NULL)
        return;
    for (size_t s = 0; s < fit->count && fit->series != NULL; s++) {
        free(fit->series[s].id);
        wr_scales_free(&fit->series[s].scales);
    }
    free(fit->series);
    free(fit->path);
    free(fit->covariates);
    free(fit->freq);
    free(fit->tz);
    free(fit->by_id);
    free(fit->stack.parameters);
    free(fit->diverged);
    free(fit->calibration.spreads);
    free(fit->calibration.counts);
    free(fit->calibration.first);
    free(fit->calibration.errors);
    free(fit);
}

void wr_fit_report(const struct wr_fit *fit, struct wr_fit_report *report) {
    *report = fit->report;
}

const struct wr_recipe *wr_fit_recipe(const struct wr_fit *fit) {
    return &fit->recipe;
}

void wr_fit_get_info(const struct wr_fit *fit, struct wr_fit_info *info) {
    *info = (struct wr_fit_info){.series = fit->count,
                                 .freq = fit->freq,
                                 .tz = fit->tz,
                                 .covariates = fit->covariates,
                                 .intervals = fit->calibration.origins > 0};
}

void wr_fit_get_series(const struct wr_fit *fit, size_t series, struct wr_fit_series *about) {
    *about = (struct wr_fit_series){0};
    if (series >= fit->count)
        return;
    const struct fitted *own = &fit->series[series];
    bool naive = own->first_model == WR_NAIVE;
    *about = (struct wr_fit_series){.id = own->id,
                                    .last = own->last,
                                    .length = own->length,
                                    .window = own->window,
                                    .naive = naive,
                                    .shorter = (!naive && own->window < fit->recipe.window),
                                    .quiet = (own->scales.start > 0),
                                    .borrowed = wr_borrows(fit, series)};
}
