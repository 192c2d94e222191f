/* forecast FILE TIME TARGET RECIPE HORIZON: fits an ensemble to each series of a CSV file, and
 * writes what comes next, with the interval that holds 80 % of it:
 *
 *     forecast seattle-weather.csv date temp_max daily 14
 *
 * TIME and TARGET are columns. A file of several series has their names in a column unique_id. */
#include <stdio.h>
#include <stdlib.h>

#include <windrow/windrow.h>

/* Ends the program where a call has failed. */
static void check(wr_status status, struct wr_error *error) {
    if (status == WR_OK)
        return;
    fprintf(stderr, "forecast: %s: %s\n", wr_status_name(status), error->text);
    wr_error_release(error);
    exit((int)status);
}

/* A line for each step of each series: points, low and high are (series, horizon). */
static void print(const struct wr_panel *panel, size_t horizon, const double *points,
                  const double *low, const double *high) {
    puts("unique_id,ds,forecast,low,high");
    for (size_t s = 0; s < wr_panel_count(panel); s++)
        for (size_t k = 0; k < horizon; k++) {
            char stamp[WR_STAMP_SIZE];
            size_t i = s * horizon + k;
            wr_panel_stamp(panel, s, wr_panel_length(panel, s) + k, stamp);
            printf("%s,%s,%.3f,%.3f,%.3f\n", wr_panel_id(panel, s), stamp, points[i], low[i],
                   high[i]);
        }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fputs("usage: forecast FILE TIME TARGET RECIPE HORIZON\n", stderr);
        return WR_ERR_USAGE;
    }
    struct wr_error error = {0};
    struct wr_panel_spec spec = {.time = argv[2], .target = argv[3]};
    struct wr_panel *panel;
    check(wr_panel_read(argv[1], &spec, &panel, &error), &error);

    struct wr_recipe recipe;
    check(wr_recipe_named(argv[4], &recipe, &error), &error);
    recipe.horizon = strtoul(argv[5], NULL, 10); /* wr_fit refuses 0 */

    struct wr_device *device;
    struct wr_fit *fit;
    struct wr_fit_options options = {.calibrate = true}; /* for the intervals */
    check(wr_device_open("auto", NULL, &device, &error), &error);
    check(wr_fit(device, panel, &recipe, NULL, &options, &fit, &error), &error);

    size_t count = wr_panel_count(panel) * recipe.horizon;
    double *points = calloc(3 * count, sizeof *points);
    if (points == NULL)
        return WR_ERR_MEMORY;
    double *low = points + count, *high = low + count;
    const double level = 80;
    check(wr_fit_forecast(fit, panel, NULL, points, &error), &error);
    check(wr_fit_intervals(fit, panel, NULL, points, &level, 1, low, high, &error), &error);
    print(panel, recipe.horizon, points, low, high);

    free(points);
    wr_fit_free(fit);
    wr_device_close(device);
    wr_panel_free(panel);
    return 0;
}
