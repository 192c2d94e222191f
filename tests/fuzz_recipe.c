/* libFuzzer: any change of a recipe is refused with one line, or trains and forecasts numbers. The
 * first byte chooses the recipe and the series; the rest is a JSON object of fields to change. A
 * recipe that would take long is checked but not trained.
 *
 *   fuzz_recipe -max_len=512 -max_total_time=120 NEW-CORPUS tests/corpus/recipe */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "forecast/fit.h"
#include "fuzz.h"
#include "windrow/forecast.h"

enum { LENGTH = 60, HORIZON = 3, WORK = 20000 };

static void check(int holds) {
    if (!holds)
        abort();
}

static int well(wr_status status, struct wr_error *error) {
    check(status == WR_OK || error->text[0] != '\0');
    check(strpbrk(error->text, "\r\n") == NULL);
    wr_error_release(error);
    return status == WR_OK;
}

/* Two series: one of the kinds below, and a second of a third of its length. */
static struct wr_panel *make_panel(unsigned kind) {
    struct fuzz_file file = fuzz_file_open();
    char line[64];
    fuzz_write(&file, "unique_id,ds,y\n", 15);
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < (s == 0 ? LENGTH : LENGTH / 3); i++) {
            double wave = 10 + i % 7 + 3 * sin(i), y = wave;
            if (kind == 1)
                y = i < LENGTH / 2 ? 0 : wave; /* a quiet start */
            if (kind == 2)
                y = wave * 1e300 * (i % 2 ? -1 : 1);
            if (kind == 3)
                y = i; /* a line */
            int length = snprintf(line, sizeof line, "s%d,%d,%.17g\n", s, i + 1, y);
            fuzz_write(&file, line, (size_t)length);
        }
    struct wr_error error = {0};
    struct wr_panel *panel = NULL;
    if (!well(wr_panel_read(file.path, &(struct wr_panel_spec){0}, &panel, &error), &error))
        panel = NULL; /* the values are too large for a series */
    close(file.descriptor);
    return panel;
}

/* Makes recipe `number` with the fields of the text, a JSON object. */
static int make_recipe(unsigned number, const char *text, size_t size, struct wr_recipe *recipe) {
    struct wr_error error = {0};
    size_t count = 0;
    while (wr_recipe_name(count, NULL) != NULL)
        count++;
    check(wr_recipe_named(wr_recipe_name(number % count, NULL), recipe, &error) == WR_OK);
    recipe->horizon = HORIZON;
    recipe->hidden = recipe->seeds = 2;
    recipe->updates = 3;
    json_t *changes = json_loadb(text, size, 0, NULL), *json = wr_recipe_to_json(recipe);
    check(json != NULL && (changes == NULL || json_object_update_existing(json, changes) == 0 ||
                           !json_is_object(changes)));
    int made = well(wr_recipe_from_json(json, "fuzz", recipe, &error), &error) &&
               well(wr_recipe_check(recipe, &error), &error);
    json_decref(changes);
    json_decref(json);
    return made;
}

/* Whether it trains in a moment. Factors are compared one by one, so that nothing overflows. */
static int is_small(const struct wr_recipe *recipe) {
    double passes = recipe->updates > 0 ? (double)recipe->updates
                                        : (double)recipe->epochs * LENGTH / (double)recipe->batch;
    double parameters = (double)recipe->hidden *
                        ((double)recipe->hidden + (double)recipe->chunk + (double)recipe->horizon);
    return passes * parameters * (double)recipe->seeds * (double)recipe->window *
               (double)(recipe->batch < LENGTH ? recipe->batch : LENGTH) <
           WORK;
}

static void forecast(const struct wr_panel *panel, const struct wr_recipe *recipe,
                     struct wr_device *device) {
    struct wr_error error = {0};
    struct wr_fit_options options = {.calibrate = true};
    struct wr_fit *fit = NULL;
    if (!well(wr_fit(device, panel, recipe, NULL, &options, &fit, &error), &error))
        return;
    const double level = 80;
    double *points = calloc(6 * recipe->horizon, sizeof *points);
    check(points != NULL);
    double *low = points + 2 * recipe->horizon, *high = low + 2 * recipe->horizon;
    if (well(wr_fit_forecast(fit, panel, NULL, points, &error), &error) &&
        well(wr_fit_intervals(fit, panel, NULL, points, &level, 1, low, high, &error), &error))
        for (size_t i = 0; i < 2 * recipe->horizon; i++) {
            check(isfinite(points[i]) && isnan(low[i]) == isnan(high[i]));
            check(isnan(low[i]) || (low[i] <= points[i] && points[i] <= high[i]));
        }
    free(points);
    wr_fit_free(fit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct wr_panel *panels[4];
    static struct wr_device *device;
    struct wr_error error = {0};
    if (device == NULL) {
        check(wr_device_open("cpu", &(struct wr_device_options){.threads = 1}, &device, &error) ==
              WR_OK);
        for (unsigned i = 0; i < 4; i++)
            panels[i] = make_panel(i);
    }
    struct wr_recipe recipe;
    if (size == 0 || !make_recipe(data[0] >> 2, (const char *)data + 1, size - 1, &recipe))
        return 0;
    if (panels[data[0] & 3] != NULL && is_small(&recipe))
        forecast(panels[data[0] & 3], &recipe, device);
    return 0;
}
