/* The data of a fit's page: with --data the end of each series and its forecast, else the errors
 * that the fit's intervals come of. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/io/json_write.h"
#include "cli/report/report.h"
#include "forecast/fit.h"
#include "forecast/quantiles.h"

enum {
    SERIES_MOST = 300,
    HISTORY_MOST = 200 /* values of a series before its forecast */
};

static const double levels[] = {50, 80, 95}; /* of intervals, in percent */
enum { LEVELS = sizeof levels / sizeof *levels };

struct fit_page {
    const struct source *source;
    struct wr_fit *fit;
    struct wr_panel *panel; /* NULL: --data is not given */
    size_t horizon;
    double *points;     /* (series of the panel, horizon) */
    double *low, *high; /* (LEVELS, series of the panel, horizon); NULL: there are no intervals */
};

static json_t *numbers(const double *values, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count && array != NULL; i++)
        array = wr_json_push(array, json_number(values[i]));
    return array;
}

static json_t *levels_array(void) {
    return numbers(levels, LEVELS);
}

/* ---- forecasts ---- */

static wr_status forecast(struct fit_page *page) {
    struct wr_error *error = page->source->error;
    size_t size;
    if (!wr_size_mul(wr_panel_count(page->panel), page->horizon, &size))
        return wr_fail(error, WR_ERR_MEMORY, "the forecasts overflow memory");
    page->points = wr_alloc(size, sizeof *page->points, "forecasts", error);
    if (page->points == NULL)
        return WR_ERR_MEMORY;
    wr_status status = wr_fit_forecast(page->fit, page->panel, NULL, page->points, error);
    if (status != WR_OK || page->fit->calibration.origins == 0)
        return status;
    page->low = wr_alloc(size, LEVELS * sizeof *page->low, "intervals", error);
    page->high = wr_alloc(size, LEVELS * sizeof *page->high, "intervals", error);
    if (page->low == NULL || page->high == NULL)
        return WR_ERR_MEMORY;
    return wr_fit_intervals(page->fit, page->panel, NULL, page->points, levels, LEVELS, page->low,
                            page->high, error);
}

static wr_status read_panel(struct fit_page *page) {
    const struct wr_fit *fit = page->fit;
    const struct panel_times own = {.freq = *fit->freq != '\0' ? fit->freq : NULL,
                                    .tz = *fit->tz != '\0' ? fit->tz : NULL};
    wr_status status = panel_read("report", &page->source->options->panel, &own, &page->panel,
                                  page->source->error);
    if (status == WR_OK)
        panel_tell(page->panel, true); /* what is in doubt */
    return status == WR_OK ? forecast(page) : status;
}

static json_t *stamps(const struct wr_panel *panel, size_t series, size_t from, size_t to) {
    json_t *array = json_array();
    for (size_t t = from; t < to && array != NULL; t++) {
        char stamp[WR_STAMP_SIZE];
        wr_panel_stamp(panel, series, t, stamp);
        array = wr_json_push(array, json_text(stamp));
    }
    return array;
}

/* The bounds at each level: an array of arrays. */
static json_t *bounds(const struct fit_page *page, const double *all, size_t series) {
    size_t size = wr_panel_count(page->panel) * page->horizon;
    json_t *array = json_array();
    for (size_t i = 0; i < LEVELS && array != NULL && all != NULL; i++)
        array =
            wr_json_push(array, numbers(all + i * size + series * page->horizon, page->horizon));
    return array;
}

static json_t *forecast_object(const struct fit_page *page, size_t s) {
    const struct wr_panel *panel = page->panel;
    size_t length = wr_panel_length(panel, s), shown = 4 * page->horizon;
    shown = shown < 30 ? 30 : shown > HISTORY_MOST ? HISTORY_MOST : shown;
    shown = shown < length ? shown : length;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", json_text(wr_panel_id(panel, s)),
                     "ds", stamps(panel, s, length - shown, length), "y",
                     numbers(wr_panel_values(panel, s) + length - shown, shown), "next",
                     stamps(panel, s, length, length + page->horizon), "points",
                     numbers(page->points + s * page->horizon, page->horizon), "low",
                     bounds(page, page->low, s), "high", bounds(page, page->high, s));
}

/* ---- errors ---- */

/* Of one step, of a series: the mean of the absolute errors, then a quantile at each level; NaN
 * where too few errors are known. magnitudes: room for the errors of all origins. */
static void step_errors(const struct calibration *c, size_t s, size_t horizon, size_t step,
                        double *magnitudes, double values[1 + LEVELS]) {
    const float *errors = c->errors + c->first[s] * horizon;
    size_t count = 0;
    double sum = 0;
    for (size_t origin = 0; origin < c->counts[s]; origin++) {
        double error = fabs((double)errors[origin * horizon + step]) * c->spreads[s];
        if (!isnan(error))
            magnitudes[count++] = error;
    }
    for (size_t i = 0; i < count; i++)
        sum += magnitudes[i];
    values[0] = count > 0 ? sum / (double)count : NAN;
    for (size_t i = 0; i < LEVELS; i++)
        values[1 + i] = count > 0 ? wr_quantile(magnitudes, count, levels[i] / 100) : NAN;
}

static json_t *errors_array(const struct fit_page *page, size_t s, double *magnitudes) {
    json_t *array = json_array();
    const struct calibration *c = &page->fit->calibration;
    for (size_t step = 0; step < page->horizon && c->origins > 0 && array != NULL; step++) {
        double values[1 + LEVELS];
        step_errors(c, s, page->horizon, step, magnitudes, values);
        array = wr_json_push(array, numbers(values, 1 + LEVELS));
    }
    return array;
}

static json_t *fitted_object(const struct fit_page *page, size_t s, double *magnitudes) {
    const struct wr_fit *fit = page->fit;
    const struct calibration *c = &fit->calibration;
    const struct fitted *series = &fit->series[s];
    return json_pack("{s:o, s:I, s:I, s:o, s:I, s:o, s:o}", "id", json_text(series->id), "length",
                     (json_int_t)series->length, "window", (json_int_t)series->window, "last",
                     json_text(series->last), "origins",
                     (json_int_t)(c->origins > 0 ? c->counts[s] : 0), "spread",
                     c->origins > 0 ? json_number(c->spreads[s]) : json_null(), "errors",
                     errors_array(page, s, magnitudes));
}

/* ---- all of it ---- */

static json_t *head(const struct fit_page *page, size_t count) {
    const struct wr_fit *fit = page->fit;
    const struct wr_recipe *recipe = &fit->recipe;
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", "fit", "file",
                  json_text(page->source->options->file.text), "recipe", json_text(recipe->name),
                  "freq", json_text(fit->freq), "tz", json_text(fit->tz), "covariates",
                  json_text(fit->covariates), "levels", levels_array());
    const struct {
        const char *key;
        size_t value;
    } sizes[] = {{"horizon", recipe->horizon}, {"steps", recipe->window},
                 {"chunk", recipe->chunk},     {"hidden", recipe->hidden},
                 {"seeds", recipe->seeds},     {"models", fit->stack.count},
                 {"naive", fit->report.naive}, {"series", count}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        object = wr_json_put(object, sizes[i].key, json_integer((json_int_t)sizes[i].value));
    return object;
}

static wr_status make(struct fit_page *page, json_t **object) {
    const struct calibration *c = &page->fit->calibration;
    size_t count = page->panel != NULL ? wr_panel_count(page->panel) : page->fit->count;
    double *magnitudes =
        wr_alloc(c->origins, sizeof *magnitudes, "the errors of a series", page->source->error);
    json_t *list = json_array();
    if (magnitudes == NULL) {
        json_decref(list);
        return WR_ERR_MEMORY;
    }
    for (size_t s = 0; s < count; s++)
        if (report_samples(s, count, SERIES_MOST))
            list = wr_json_push(list, page->panel != NULL ? forecast_object(page, s)
                                                          : fitted_object(page, s, magnitudes));
    free(magnitudes);
    json_t *made = head(page, count);
    made = wr_json_put(made, page->panel != NULL ? "forecasts" : "fitted", list);
    *object = made;
    return report_check_made(page->source, made);
}

wr_status report_fit(const struct source *source, json_t **object) {
    struct fit_page page = {.source = source};
    wr_status status = wr_fit_load(source->path, &page.fit, source->error);
    if (status == WR_OK)
        page.horizon = page.fit->recipe.horizon;
    const char *given = options_given(&panel_group, &source->options->panel);
    if (status == WR_OK && given != NULL)
        status = read_panel(&page);
    if (status == WR_OK)
        status = make(&page, object);
    free(page.points);
    free(page.low);
    free(page.high);
    wr_panel_free(page.panel);
    wr_fit_free(page.fit);
    return status;
}
