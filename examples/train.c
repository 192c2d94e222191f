/* train [OUTPUT]: trains four networks side by side on one series, prints how well each has learnt
 * it, and saves them for PyTorch or for `windrow train --init FILE`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <windrow/windrow.h>

enum { MODELS = 4, HIDDEN = 20, SEQ_LEN = 5, EPOCHS = 50 };

/* Ends the program where a call has failed. */
static void check(wr_status status, struct wr_error *error) {
    if (status == WR_OK)
        return;
    fprintf(stderr, "train: %s: %s\n", wr_status_name(status), error->text);
    wr_error_release(error);
    exit((int)status);
}

/* The windows of the synthetic series: five values, and the one that follows. */
static struct wr_windows *make_windows(struct wr_error *error) {
    struct wr_series *series;
    check(wr_series_ar2(100, 0, &series, error), error);
    const size_t column = 0; /* the series forecasts itself */
    struct wr_windows_spec spec = {.input_columns = &column,
                                   .inputs = 1,
                                   .target_columns = &column,
                                   .outputs = 1,
                                   .seq_len = SEQ_LEN};
    struct wr_windows *windows;
    check(wr_windows_make(series, &spec, &windows, error), error);
    wr_series_free(series);
    return windows;
}

/* Trains the ensemble, and leaves the trained models where the start values were. */
static void train(const struct wr_ensemble *ensemble, struct wr_error *error) {
    struct wr_device *device;
    struct wr_session *session;
    check(wr_device_open("auto", NULL, &device, error), error); /* a GPU, else the CPU */
    check(wr_session_open(device, ensemble, &session, error), error);
    struct wr_train_options options = {.epochs = EPOCHS};
    struct wr_train_result result;
    check(wr_train(session, &options, &result, error), error);
    for (size_t m = 0; m < ensemble->stack.count; m++)
        printf("model %zu: loss %.4f\n", m, (double)result.losses[m]);
    check(wr_session_read(session, WR_PARAMETERS, ensemble->stack.parameters, error), error);
    wr_train_result_release(&result);
    wr_session_close(session);
    wr_device_close(device);
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "ensemble.safetensors";
    const uint32_t seeds[MODELS] = {0, 1, 2, 3};
    const struct wr_task tasks[MODELS] = {{.lr = 1e-4f, .clip = 1},
                                          {.lr = 1e-4f, .clip = 1},
                                          {.lr = 1e-3f, .clip = 1},
                                          {.lr = 1e-3f, .clip = 1}};
    struct wr_error error = {0};
    struct wr_windows *windows = make_windows(&error);
    struct wr_stack stack = {
        .shape = {.inputs = 1, .hidden = HIDDEN, .outputs = 1, .seq_len = SEQ_LEN},
        .count = MODELS,
    };
    struct wr_layout layout;
    check(wr_layout_of(&stack.shape, &layout, &error), &error);
    stack.parameters = calloc(MODELS * layout.count, sizeof *stack.parameters); /* (M, P) */
    if (stack.parameters == NULL)
        return WR_ERR_MEMORY;
    check(wr_parameters_init(&stack, WR_INIT_NOTEBOOK, seeds, &error), &error);

    struct wr_ensemble ensemble = {.stack = stack, .tasks = tasks, .batch = 1};
    wr_windows_get(windows, &ensemble.windows);
    train(&ensemble, &error);
    check(wr_parameters_save(path, &stack, NULL, 0, &error), &error);
    free(stack.parameters);
    wr_windows_free(windows);
    return 0;
}
