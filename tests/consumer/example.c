/* Four networks, trained side by side on one series: what a program needs of Windrow. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <windrow/windrow.h>

enum { MODELS = 4, HIDDEN = 20, SEQ_LEN = 5, EPOCHS = 50 };

/* Says what went wrong, if anything; returns main's exit code. */
static int report(wr_status status, struct wr_error *error) {
    if (status != WR_OK)
        fprintf(stderr, "example: %s: %s\n", wr_status_name(status), error->text);
    wr_error_release(error);
    return (int)status;
}

/* Trains and prints each model's total loss of the last epoch. */
static wr_status train(struct wr_device *device, const struct wr_ensemble *ensemble,
                       struct wr_error *error) {
    struct wr_session *session;
    wr_status status = wr_session_open(device, ensemble, &session, error);
    if (status != WR_OK)
        return status;
    struct wr_train_options options = {.epochs = EPOCHS};
    struct wr_train_result result;
    status = wr_train(session, &options, &result, error);
    if (status == WR_OK) {
        for (size_t m = 0; m < ensemble->models; m++)
            printf("model %zu: loss %.4f\n", m, (double)result.losses[m]);
        wr_train_result_release(&result);
    }
    wr_session_close(session);
    return status;
}

/* Gives the ensemble its start values, one seed per model. */
static wr_status train_from_seeds(struct wr_device *device, struct wr_windows *windows,
                                  struct wr_error *error) {
    const uint32_t seeds[MODELS] = {0, 1, 2, 3};
    const float lr[MODELS] = {1e-4f, 1e-4f, 1e-3f, 1e-3f};
    const float clip[MODELS] = {1, 1, 1, 1};
    struct wr_ensemble ensemble = {
        .shape = {.inputs = 1, .hidden = HIDDEN, .outputs = 1, .seq_len = SEQ_LEN},
        .models = MODELS,
        .batch = 1,
        .lr = lr,
        .clip = clip,
    };
    wr_windows_get(windows, &ensemble.windows);

    struct wr_layout layout;
    wr_status status = wr_layout_of(&ensemble.shape, &layout, error);
    if (status != WR_OK)
        return status;
    float *parameters = calloc(MODELS * layout.count, sizeof *parameters); /* (M, P) */
    if (parameters == NULL)
        return WR_ERR_MEMORY;
    ensemble.parameters = parameters;
    status =
        wr_parameters_init(&ensemble.shape, WR_INIT_NOTEBOOK, MODELS, seeds, parameters, error);
    if (status == WR_OK)
        status = train(device, &ensemble, error);
    free(parameters);
    return status;
}

int main(void) {
    struct wr_error error = {0};
    struct wr_series *series;
    wr_status status = wr_series_ar2(100, 0, &series, &error);
    if (status != WR_OK)
        return report(status, &error);

    const size_t column = 0; /* the series forecasts itself */
    struct wr_windows_spec spec = {.input_columns = &column,
                                   .inputs = 1,
                                   .target_columns = &column,
                                   .outputs = 1,
                                   .seq_len = SEQ_LEN};
    struct wr_windows *windows;
    status = wr_windows_make(series, &spec, &windows, &error);
    wr_series_free(series);
    if (status != WR_OK)
        return report(status, &error);

    struct wr_device *device;
    status = wr_device_open("auto", NULL, &device, &error);
    if (status == WR_OK) {
        status = train_from_seeds(device, windows, &error);
        wr_device_close(device);
    }
    wr_windows_free(windows);
    return report(status, &error);
}
