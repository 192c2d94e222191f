#include "windrow/train.h"

#include "backend/backend.h"

#include <stdlib.h>

wr_status wr_predict(const struct wr_shape *shape, size_t models, const float *parameters,
                     const struct wr_windows_view *windows, size_t first, size_t count,
                     float *predictions, struct wr_error *error) {
    if (count == 0 || first >= windows->count || count > windows->count - first)
        return wr_fail(error, WR_ERR_USAGE, "predictions for %zu windows from %zu on, of %zu",
                       count, first, windows->count);
    struct wr_windows_view part = *windows;
    part.count = count;
    part.inputs += first * windows->input_stride;
    part.targets += first * windows->target_stride;
    float *zeros = wr_alloc(models, sizeof *zeros, "learning rates", error);
    if (zeros == NULL)
        return WR_ERR_MEMORY;
    struct wr_ensemble ensemble = {.shape = *shape,
                                   .models = models,
                                   .batch = count,
                                   .schedule = WR_SCHEDULE_STAGED,
                                   .windows = part,
                                   .lr = zeros,
                                   .clip = zeros,
                                   .parameters = parameters};
    struct wr_device *cpu = NULL;
    struct wr_session *session = NULL;
    wr_status status = wr_device_open("cpu", NULL, &cpu, error);
    if (status == WR_OK)
        status = wr_session_open(cpu, &ensemble, &session, error);
    if (status == WR_OK)
        status = wr_session_forward(session, 0, count, error);
    if (status == WR_OK)
        status = wr_session_read(session, WR_PREDICTIONS, predictions, error);
    wr_session_close(session);
    wr_device_close(cpu);
    free(zeros);
    return status;
}
