/* The first half of split conformal prediction. The calibration fit sees fewer values than the full
 * fit. From many origins it forecasts values that it has not seen. interval.c takes its errors at
 * each step for those of the full fit. */
#include <math.h>
#include <stdlib.h>

#include "base/pool.h"
#include "data/panel.h"
#include "forecast/fit.h"
#include "forecast/spread.h"

#define MOST_ORIGINS   100
#define ALL_ORIGINS    200000 /* of all series together, but at least one each */
#define FEWEST_ORIGINS 19     /* so that there is a quantile at 95 % */

/* ---- held-out values ---- */

/* The values of a series that the calibration fit does not see: a fifth, or as many as
 * FEWEST_ORIGINS origins take if that is more, but at most half. If possible, as many values are
 * left as the method of the full fit needs: a season for seasonal naive, enough windows for models.
 * A quiet start does not count. Origins are `apart` steps apart. */
struct held {
    size_t from;  /* number of values that the calibration fit sees */
    size_t count; /* origins; 0: too short */
    size_t apart;
};

static struct held hold_out(size_t until, const struct fitted *series,
                            const struct wr_recipe *recipe, size_t most) {
    size_t quiet = series->scales.start;
    size_t kept =
        series->first_model == WR_NAIVE ? recipe->season : quiet + wr_recipe_shortest(recipe);
    size_t horizon = recipe->horizon, least = horizon + FEWEST_ORIGINS - 1;
    size_t active = (until - quiet) / 2 < horizon ? until : until - quiet;
    size_t held = active / 5;
    held = held > least ? held : least;
    held = held > horizon + 199 ? (least > horizon + 199 ? least : horizon + 199) : held;
    held = held < active / 2 ? held : active / 2;
    if (until >= kept + horizon && held > until - kept)
        held = until - kept;
    if (held < horizon || until - held < 2)
        return (struct held){.from = until};
    size_t places = held - horizon + 1;
    size_t apart = (places - 1) / most + 1;
    return (struct held){.from = until - held, .count = (places - 1) / apart + 1, .apart = apart};
}

struct calibrating {
    const struct wr_panel *panel;
    struct wr_panel *seen; /* as known at the current origins: later values fill no gap */
    const size_t *until;
    struct wr_fit *fit;  /* the full fit */
    struct wr_pool pool; /* holds the arrays */
    struct held *held;   /* (series) */
    size_t *origin;      /* (series) */
    double *points;      /* (series, horizon) */
};

/* Stores the errors of the forecasts from origin number o against the observed values. An error is
 * NaN if its value is a gap, filled or not. All errors are NaN if the value before the origin is a
 * gap: forecasts must be made from an observed value. */
static void note_errors(const struct calibrating *c, size_t o) {
    struct calibration *to = &c->fit->calibration;
    size_t K = c->fit->recipe.horizon;
    for (size_t s = 0; s < c->fit->count; s++) {
        if (o >= c->held[s].count)
            continue;
        const double *truth = wr_panel_observed(c->panel, s) + c->origin[s];
        double spread = to->spreads[s] > 0 ? to->spreads[s] : 1;
        for (size_t k = 0; k < K; k++) {
            double error = isnan(truth[-1]) ? (double)NAN : truth[k] - c->points[s * K + k];
            to->errors[(to->first[s] + o) * K + k] = (float)(error / spread);
        }
    }
}

/* Moves to origin number o. Series that have fewer origins stay at their last. */
static void move_to(struct calibrating *c, size_t o) {
    for (size_t s = 0; s < c->fit->count; s++) {
        const struct held *held = &c->held[s];
        size_t last = held->count > 0 ? held->count - 1 : 0;
        c->origin[s] = held->from + (o < last ? o : last) * held->apart;
    }
    wr_panel_asof_set(c->seen, c->panel, c->origin);
}

static wr_status forecast_origins(struct calibrating *c, const struct wr_fit *calibration_fit,
                                  struct wr_error *error) {
    struct wr_device *cpu = NULL;
    wr_status status = wr_device_open("cpu", NULL, &cpu, error);
    for (size_t o = 0; o < c->fit->calibration.origins && status == WR_OK; o++) {
        move_to(c, o);
        status =
            wr_fit_forecast_with_gaps(cpu, calibration_fit, c->seen, c->origin, c->points, error);
        if (status == WR_OK)
            note_errors(c, o);
    }
    wr_device_close(cpu);
    return status;
}

wr_status wr_calibration_room(struct calibration *calibration, size_t series, size_t horizon,
                              struct wr_error *error) {
    size_t all = 0, floats;
    calibration->first = wr_alloc(series, sizeof *calibration->first, "series", error);
    if (calibration->first == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < series; s++) {
        calibration->first[s] = all;
        if (!wr_size_add(all, calibration->counts[s], &all))
            return wr_fail(error, WR_ERR_MEMORY, "the origins of %zu series overflow", series);
    }
    if (!wr_size_mul(all, horizon, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "the errors of %zu series overflow memory", series);
    calibration->errors = wr_alloc(floats, sizeof(float), "errors of forecasts", error);
    calibration->spreads = wr_alloc(series, sizeof(double), "series", error);
    return calibration->errors != NULL && calibration->spreads != NULL ? WR_OK : WR_ERR_MEMORY;
}

static void find_origins(struct calibrating *c) {
    struct calibration *to = &c->fit->calibration;
    size_t most = ALL_ORIGINS / c->fit->count;
    most = most < 1 ? 1 : most > MOST_ORIGINS ? MOST_ORIGINS : most;
    for (size_t s = 0; s < c->fit->count; s++) {
        c->held[s] = hold_out(wr_used_length(c->panel, c->until, s), &c->fit->series[s],
                              &c->fit->recipe, most);
        to->counts[s] = c->held[s].count;
        to->origins = to->counts[s] > to->origins ? to->counts[s] : to->origins;
    }
}

/* Fails because no series is long enough: `horizon` values must be held out, and max(horizon, 2)
 * values must be left. */
static wr_status fail_short(const struct calibrating *c, struct wr_error *error) {
    size_t K = c->fit->recipe.horizon, longest = 0;
    for (size_t s = 0; s < c->fit->count; s++) {
        size_t length = wr_used_length(c->panel, c->until, s);
        longest = length > longest ? length : longest;
    }
    return wr_fail(error, WR_ERR_DATA,
                   "%s: every series is too short for intervals: %zu step%s ahead take%s %zu "
                   "values, and the longest has %zu; \1calibrate=false\1 forecasts without",
                   wr_panel_path(c->panel), K, K == 1 ? "" : "s", K == 1 ? "s" : "",
                   K + (K > 2 ? K : 2), longest);
}

static wr_status set_up(struct calibrating *c, struct wr_error *error) {
    struct calibration *to = &c->fit->calibration;
    size_t count = c->fit->count, K = c->fit->recipe.horizon;
    c->held = wr_pool_take(&c->pool, count, sizeof *c->held, "series");
    c->origin = wr_pool_take(&c->pool, count, sizeof *c->origin, "series");
    c->points = wr_pool_take(&c->pool, count * K, sizeof *c->points, "forecasts");
    to->counts = wr_alloc(count, sizeof *to->counts, "series", error);
    wr_status status = wr_pool_status(&c->pool, error);
    if (status != WR_OK)
        return status;
    if (to->counts == NULL)
        return WR_ERR_MEMORY;
    find_origins(c);
    if (to->origins == 0)
        return fail_short(c, error);
    status = wr_calibration_room(to, count, K, error);
    if (status == WR_OK)
        status = wr_panel_asof_open(c->panel, &c->seen, error);
    for (size_t s = 0; s < count && status == WR_OK; s++) {
        const double *values = wr_panel_observed(c->panel, s);
        size_t length = wr_used_length(c->panel, c->until, s), quiet;
        status = wr_quiet_start(values, length, &quiet, error);
        if (status == WR_OK)
            to->spreads[s] = wr_spread(values, length, quiet);
    }
    return status;
}

wr_status wr_fit_calibrate(struct wr_device *device, const struct wr_panel *panel,
                           const size_t *until, const struct wr_fit_options *options,
                           struct wr_fit *fit, struct wr_error *error) {
    struct calibrating c = {.panel = panel, .until = until, .fit = fit};
    struct wr_fit *calibration_fit = NULL;
    wr_status status = set_up(&c, error);
    if (status == WR_OK) {
        struct wr_fit_options second = *options;
        second.calibrate = false;
        move_to(&c, 0);
        status = wr_fit_checked(device, c.seen, &fit->recipe, c.origin, &second, fit,
                                &calibration_fit, error);
    }
    if (status == WR_OK) {
        fit->report.updates += calibration_fit->report.updates;
        fit->report.seconds += calibration_fit->report.seconds;
        status = forecast_origins(&c, calibration_fit, error);
    }
    for (size_t s = 0; s < fit->count && status == WR_OK; s++)
        fit->report.borrowed += wr_borrows(fit, s);
    wr_fit_free(calibration_fit);
    wr_panel_asof_close(c.seen);
    wr_pool_release(&c.pool);
    return status;
}
