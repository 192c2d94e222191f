#include "windrow/mix.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "forecast/fit.h"

wr_status wr_mix_new(size_t count, struct wr_mix *mix, struct wr_error *error) {
    *mix = (struct wr_mix){.count = count};
    mix->fits = wr_alloc(count, sizeof *mix->fits, "fits", error);
    if (mix->fits == NULL)
        mix->count = 0;
    return mix->fits != NULL ? WR_OK : WR_ERR_MEMORY;
}

void wr_mix_release(struct wr_mix *mix) {
    if (mix == NULL)
        return;
    for (size_t i = 0; i < mix->count; i++)
        wr_fit_free(mix->fits[i]);
    free(mix->fits);
    *mix = (struct wr_mix){0};
}

static wr_status check_horizon(size_t first, size_t other, struct wr_error *error) {
    return first == other
               ? WR_OK
               : wr_fail(error, WR_ERR_USAGE,
                         "forecasts of %zu and of %zu steps have no mean; take one horizon", first,
                         other);
}

/* ---- fitting ---- */

wr_status wr_mix_fit(struct wr_device *device, const struct wr_panel *panel,
                     const struct wr_recipe *recipes, size_t count, const size_t *until,
                     const struct wr_fit_options *options, struct wr_mix *mix,
                     struct wr_error *error) {
    struct wr_fit_sequence sequence = {.options = options, .count = count, .began = wr_seconds()};
    wr_status status = wr_mix_new(count, mix, error);
    if (status == WR_OK && count == 0)
        return wr_fail(error, WR_ERR_USAGE, "no recipe to fit");
    for (size_t i = 1; i < count && status == WR_OK; i++)
        status = check_horizon(recipes[0].horizon, recipes[i].horizon, error);
    for (size_t i = 0; i < count && status == WR_OK; i++) {
        sequence.index = i;
        struct wr_fit_options own = wr_fit_sequence_options(&sequence);
        status = wr_fit(device, panel, &recipes[i], until, &own, &mix->fits[i], error);
    }
    return status;
}

/* ---- results ---- */

/* The number of a fit that is missing; the mix's count if there is none. */
static size_t find_missing(const struct wr_mix *mix) {
    size_t i = 0;
    while (i < mix->count && mix->fits[i] != NULL)
        i++;
    return i;
}

size_t wr_mix_horizon(const struct wr_mix *mix) {
    return mix->count > 0 && mix->fits[0] != NULL ? mix->fits[0]->recipe.horizon : 0;
}

void wr_mix_report(const struct wr_mix *mix, struct wr_fit_report *report) {
    *report = (struct wr_fit_report){0};
    if (mix->count == 0 || find_missing(mix) < mix->count)
        return;
    const struct wr_fit *first = mix->fits[0];
    report->series = first->count;
    for (size_t i = 0; i < mix->count; i++) {
        struct wr_fit_report own;
        wr_fit_report(mix->fits[i], &own);
        report->models += own.models;
        report->diverged += own.diverged;
        report->updates += own.updates;
        report->seconds += own.seconds;
    }
    for (size_t s = 0; s < first->count; s++) {
        bool naive = false, shorter = false, quiet = false, borrowed = false;
        for (size_t i = 0; i < mix->count; i++) {
            if (s >= mix->fits[i]->count) /* fitted to another panel */
                continue;
            struct wr_fit_series series;
            wr_fit_get_series(mix->fits[i], s, &series);
            naive |= series.naive;
            shorter |= series.shorter;
            quiet |= series.quiet;
            borrowed |= series.borrowed;
        }
        report->naive += naive;
        report->shorter += shorter;
        report->quiet += quiet;
        report->borrowed += borrowed;
    }
}

static void add(double *sums, const double *values, size_t count, double weight) {
    for (size_t i = 0; i < count; i++)
        sums[i] += weight * values[i];
}

/* Puts the path of the failed fit before the message. */
static wr_status add_path(const struct wr_fit *fit, wr_status status, struct wr_error *error) {
    if (fit->path == NULL || error == NULL)
        return status;
    char why[sizeof error->text];
    memcpy(why, error->text, sizeof why);
    return wr_fail(error, status, "%s: %s", fit->path, why);
}

/* Adds the points and bounds of one fit to the means. own: room for (1 + 2 count) times `size`
 * values. */
static wr_status add_fit(const struct wr_mix *mix, size_t i, const struct wr_panel *panel,
                         const size_t *until, const double *levels, size_t count, size_t size,
                         double *own, double *const means[3], struct wr_error *error) {
    double weight = 1 / (double)mix->count;
    double *low = own + size, *high = low + count * size;
    wr_status status = wr_fit_forecast(mix->fits[i], panel, until, own, error);
    if (status == WR_OK && count > 0)
        status = wr_fit_intervals(mix->fits[i], panel, until, own, levels, count, low, high, error);
    if (status != WR_OK)
        return add_path(mix->fits[i], status, error);
    add(means[0], own, size, weight);
    add(means[1], low, count * size, weight);
    add(means[2], high, count * size, weight);
    return WR_OK;
}

wr_status wr_mix_forecast(const struct wr_mix *mix, const struct wr_panel *panel,
                          const size_t *until, const double *levels, size_t count, double *points,
                          double *low, double *high, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    double *const means[3] = {points, low, high};
    size_t size, room;
    wr_status status =
        mix->count > 0 ? WR_OK : wr_fail(error, WR_ERR_USAGE, "no fit to forecast with");
    if (status == WR_OK && find_missing(mix) < mix->count)
        status = wr_fail(error, WR_ERR_USAGE, "fit %zu of %zu is missing", find_missing(mix),
                         mix->count);
    for (size_t i = 1; i < mix->count && status == WR_OK; i++)
        status = check_horizon(wr_mix_horizon(mix), mix->fits[i]->recipe.horizon, error);
    if (status != WR_OK)
        return status;
    if (!wr_size_mul(wr_panel_count(panel), wr_mix_horizon(mix), &size) ||
        !wr_size_mul(size, 1 + 2 * count, &room))
        return wr_fail(error, WR_ERR_MEMORY, "the forecasts of %zu series overflow memory",
                       wr_panel_count(panel));
    double *own = wr_alloc(room, sizeof *own, "forecasts", error);
    if (own == NULL)
        return WR_ERR_MEMORY;
    memset(points, 0, size * sizeof *points);
    if (count > 0) {
        memset(low, 0, count * size * sizeof *low);
        memset(high, 0, count * size * sizeof *high);
    }
    for (size_t i = 0; i < mix->count && status == WR_OK; i++)
        status = add_fit(mix, i, panel, until, levels, count, size, own, means, error);
    free(own);
    return status;
}
