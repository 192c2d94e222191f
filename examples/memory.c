/* memory: fits two series that are in memory, and forecasts a week of each. No file is read or
 * written: the values come from arrays, and the results are arrays. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <windrow/windrow.h>

enum { SERIES = 2, DAYS = 84, ROWS = SERIES * DAYS, HORIZON = 7 };

/* Ends the program where a call has failed. */
static void check(wr_status status, struct wr_error *error) {
    if (status == WR_OK)
        return;
    fprintf(stderr, "memory: %s: %s\n", wr_status_name(status), error->text);
    wr_error_release(error);
    exit((int)status);
}

/* The panel of a table of two shops: a row for each day and shop. One value is not known. */
static struct wr_panel *make_panel(struct wr_error *error) {
    static const char *const shops[SERIES] = {"north", "south"};
    static int64_t shop[ROWS], day[ROWS]; /* seconds since 1970 */
    static double sales[ROWS];
    for (int row = 0; row < ROWS; row++) {
        int s = row % SERIES, t = row / SERIES;
        shop[row] = s;
        day[row] = (19723 + t) * (int64_t)86400; /* from 2024-01-01 */
        sales[row] = 20 + 10 * s + 3 * (t % 7) + t % 5;
    }
    sales[50] = NAN;
    const struct wr_panel_arrays table = {.name = "sales",
                                          .rows = ROWS,
                                          .ids = shops,
                                          .id_count = SERIES,
                                          .codes = shop,
                                          .times = day,
                                          .ticks = 1,
                                          .target = sales};
    const struct wr_panel_spec spec = {.missing = WR_MISSING_INTERPOLATE};
    struct wr_panel *panel;
    check(wr_panel_of(&table, &spec, &panel, error), error);
    return panel;
}

int main(void) {
    struct wr_error error = {0};
    struct wr_panel *panel = make_panel(&error);
    struct wr_recipe recipe;
    check(wr_recipe_named("daily", &recipe, &error), &error);
    recipe.horizon = HORIZON;

    struct wr_device *device;
    struct wr_fit *fit;
    const struct wr_fit_options options = {.calibrate = true}; /* for the intervals */
    check(wr_device_open("auto", NULL, &device, &error), &error);
    check(wr_fit(device, panel, &recipe, NULL, &options, &fit, &error), &error);

    double points[SERIES][HORIZON], low[1][SERIES][HORIZON], high[1][SERIES][HORIZON];
    const double level[1] = {80};
    check(wr_fit_forecast(fit, panel, NULL, points[0], &error), &error);
    check(wr_fit_intervals(fit, panel, NULL, points[0], level, 1, low[0][0], high[0][0], &error),
          &error);
    for (size_t s = 0; s < SERIES; s++)
        for (size_t k = 0; k < HORIZON; k++) {
            char stamp[WR_STAMP_SIZE];
            wr_panel_stamp(panel, s, wr_panel_length(panel, s) + k, stamp);
            printf("%s %s %.3f (%.3f to %.3f)\n", wr_panel_id(panel, s), stamp, points[s][k],
                   low[0][s][k], high[0][s][k]);
        }

    wr_fit_free(fit);
    wr_device_close(device);
    wr_panel_free(panel);
    return 0;
}
