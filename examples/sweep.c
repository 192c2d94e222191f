/* sweep [STUDY]: which hidden size? Trains 4 sizes with 8 seeds each and holds out the last fifth
 * of the series. All trials are kept in the file STUDY: killed and run again, the program goes on,
 * and run once more it trains nothing. `windrow show STUDY` reads the file too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <windrow/windrow.h>

/* Ends the program where a call has failed. */
static void check(wr_status status, struct wr_error *error) {
    if (status == WR_OK)
        return;
    fprintf(stderr, "sweep: %s: %s\n", wr_status_name(status), error->text);
    wr_error_release(error);
    exit((int)status);
}

static wr_status print_size(void *context, const struct wr_study_group *group) {
    (void)context;
    printf("%6s  %5zu  %.4f  %.4f\n", group->value, group->done, group->best, group->median);
    return WR_OK;
}

static wr_status print_best(void *context, const struct wr_trial *trial) {
    (void)context;
    printf("best: trial %lld, hidden size %zu, seed %u, loss %.4f\n", (long long)trial->id,
           trial->options.hidden, (unsigned)trial->options.seed, trial->score);
    return WR_OK;
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "hidden.db";
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_device *device;
    struct wr_study *study;
    check(wr_series_ar2(100, 0, &series, &error), &error);
    check(wr_device_open("auto", NULL, &device, &error), &error);
    check(wr_study_open(path, WR_STUDY_WRITE, &study, &error), &error);

    const size_t hidden[] = {2, 4, 8, 16}, window = 5, batch = 1, column = 0;
    const uint32_t seeds[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const float lr = 1e-3f, clip = 1;
    const enum wr_init init = WR_INIT_NOTEBOOK;
    struct wr_sweep sweep = {.grid = {.hidden = hidden,
                                      .hidden_count = sizeof hidden / sizeof *hidden,
                                      .seeds = seeds,
                                      .seed_count = sizeof seeds / sizeof *seeds,
                                      .window = &window,
                                      .window_count = 1,
                                      .batch = &batch,
                                      .batch_count = 1,
                                      .lr = &lr,
                                      .lr_count = 1,
                                      .clip = &clip,
                                      .clip_count = 1,
                                      .init = &init,
                                      .init_count = 1},
                             .series = series,
                             .input_columns = &column,
                             .inputs = 1,
                             .target_columns = &column,
                             .outputs = 1,
                             .epochs = 200,
                             .validate = 0.2,
                             .checkpoint_seconds = 30};
    struct wr_sweep_options options = {.devices = &device, .device_count = 1};
    struct wr_sweep_result result;
    check(wr_sweep_run(&sweep, study, &options, &result, &error), &error);
    printf("%zu trials, %zu of them trained now\n", result.trials, result.ran);

    puts("hidden  seeds    best  median");
    check(wr_study_groups(study, "hidden", print_size, NULL, &error), &error);
    struct wr_trial_query query = {.best = true, .most = 1};
    check(wr_study_trials(study, &query, print_best, NULL, &error), &error);
    wr_study_close(study);
    wr_device_close(device);
    wr_series_free(series);
    return 0;
}
