#include "cli/train/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"
#include "base/json.h"
#include "base/number.h"
#include "cli/io/json_write.h"
#include "cli/train/setup.h"
#include "windrow/train.h"

static json_t *model_object(const struct setup *setup, const struct wr_train_result *result,
                            const float *parameters, size_t m) {
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64,
             wr_parameters_hash(&setup->stack.shape, parameters + m * setup->layout.count));
    json_t *model =
        json_pack("{s:I, s:I, s:o, s:b, s:s}", "seed", (json_int_t)(setup->seed + (uint32_t)m),
                  "hidden", (json_int_t)setup->stack.shape.hidden, "loss",
                  json_number(wr_number_of_float(result->losses[m])), "diverged",
                  (int)(result->diverged_at[m] != WR_NOT_DIVERGED), "hash", hash);
    if (result->validated != NULL) {
        model = wr_json_put(model, "validation_loss", json_number(result->validated[m]));
        model = wr_json_put(model, "best_epoch", json_integer((json_int_t)result->best_epoch[m]));
    }
    return model;
}

static json_t *model_array(const struct setup *setup, const struct wr_train_result *result,
                           const float *parameters) {
    json_t *models = json_array();
    for (size_t m = 0; m < setup->stack.count; m++)
        models = wr_json_push(models, model_object(setup, result, parameters, m));
    return models;
}

wr_status report_json(const struct setup *setup, const struct wr_device *device,
                      const struct wr_session *session, const struct wr_train_result *result,
                      const float *parameters, struct wr_error *error) {
    const struct wr_device_info *info = wr_device_get_info(device);
    double speed = result->seconds > 0 ? result->updates / result->seconds : 0;
    return json_print(json_pack("{s:{s:s, s:o}, s:s, s:I, s:I, s:I, s:f, s:f, s:o}", "device",
                                "backend", info->backend, "name", json_text(info->name), "schedule",
                                wr_schedule_name(wr_session_schedule(session)), "windows",
                                (json_int_t)setup->trained, "epochs", (json_int_t)setup->epochs,
                                "updates", (json_int_t)result->updates, "seconds", result->seconds,
                                "updates_per_second", speed, "models",
                                model_array(setup, result, parameters)),
                      "windrow.train/1", error);
}
