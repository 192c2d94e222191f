#include "backend/case.h"

#include "backend/session.h"
#include "base/random.h"

enum { CASE_SEED = 20 };

#define RULE(...)                                                                                  \
    { __VA_ARGS__ }
#define DECAYED(how) .decay = WR_DECAY_##how, .decay_epochs = 2
#define ADAM         .optimizer = WR_OPTIMIZER_ADAM, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f

const struct wr_case_spec wr_case_rules[WR_CASE_RULES] = {
    {{24, 8, 12, 3},
     18,
     1,
     30,
     true,
     0,
     RULE(ADAM, DECAYED(LINEAR), .loss = WR_LOSS_MAE, .order = WR_ORDER_SHUFFLED)},
    {{2, 20, 1, 5},
     5,
     4,
     23,
     true,
     11,
     RULE(ADAM, .weight_decay = 0.5f, DECAYED(COSINE), .clipping = WR_CLIPPING_NORM,
          .loss = WR_LOSS_HUBER, .huber_delta = 0.5f, .order = WR_ORDER_RECENT, .recency = 3)},
    {{1, 6, 1, 3},
     33,
     1,
     20,
     true,
     0,
     RULE(.optimizer = WR_OPTIMIZER_RMSPROP, .beta2 = 0.9f, .epsilon = 1e-7f,
          .order = WR_ORDER_SHUFFLED, .activation = WR_ACTIVATION_IDENTITY,
          .fixed = WR_FIXED_HIDDEN_BIAS)},
    {{3, 33, 2, 4},
     4,
     17,
     40,
     true,
     35,
     RULE(.optimizer = WR_OPTIMIZER_MOMENTUM, .momentum = 0.9f, .clipping = WR_CLIPPING_NORM,
          .activation = WR_ACTIVATION_RELU, .fixed = WR_FIXED_HEAD_BIAS)},
    {{2, 17, 3, 4}, 19, 1, 9, true, 14, RULE(DECAYED(LINEAR), .loss = WR_LOSS_MAE)},
    {{1, 100, 1, 3}, 2, 20, 50, false, 0, RULE(ADAM, .order = WR_ORDER_SHUFFLED)},
    {{2, 20, 3, 4}, 17, 1, 12, true, 0, RULE(.loss = WR_LOSS_QUANTILE, .tau = 0.9f)},
};

static void fill_normal(float *values, size_t count, uint64_t first_index) {
    for (size_t i = 0; i < count; i++)
        values[i] = (float)wr_normal(WR_PURPOSE_DATA, CASE_SEED, first_index + i);
}

static void fill_tasks(const struct wr_case_spec *spec, struct wr_task *tasks) {
    for (size_t m = 0; m < spec->models; m++) {
        struct wr_task *task = &tasks[m];
        *task = (struct wr_task){.first = spec->ragged ? m % 2 : 0,
                                 .visits = spec->visits > 0 ? spec->visits + m % 3 : 0,
                                 .lr = 0.01f * (float)(1 + m % 5),
                                 .clip = 0.02f * (float)(m % 3),
                                 .seed = (uint32_t)m};
        task->count = spec->windows - task->first;
        if (spec->ragged && task->count > m % 4)
            task->count -= m % 4;
    }
    if (spec->ragged)
        tasks[spec->models - 1].lr = 1e30f;
}

wr_status wr_case_make(const struct wr_case_spec *spec, struct wr_case *made,
                       struct wr_error *error) {
    const struct wr_shape *shape = &spec->shape;
    struct wr_layout layout;
    *made = (struct wr_case){0};
    wr_status status = wr_layout_of(shape, &layout, error);
    if (status != WR_OK)
        return status;
    size_t rows = spec->windows + shape->seq_len, models = spec->models, floats;
    size_t inputs = rows * shape->inputs, targets = spec->windows * shape->outputs;
    if (!wr_size_mul(models, layout.count, &floats))
        return wr_fail(error, WR_ERR_MEMORY, "a known case overflows memory");
    struct wr_pool *pool = &made->memory;
    struct wr_task *tasks = wr_pool_take(pool, models, sizeof *tasks, "a known case");
    uint32_t *seeds = wr_pool_take(pool, models, sizeof *seeds, "a known case");
    float *x = wr_pool_take(pool, inputs, sizeof *x, "a known case");
    float *y = wr_pool_take(pool, targets, sizeof *y, "a known case");
    float *weights = wr_pool_take(pool, shape->outputs, sizeof *weights, "a known case");
    float *start = wr_pool_take(pool, floats, sizeof *start, "a known case");
    status = wr_pool_status(pool, error);
    if (status != WR_OK)
        return status;
    fill_normal(x, inputs, 0);
    fill_normal(y, targets, inputs);
    fill_tasks(spec, tasks);
    for (size_t o = 0; o < shape->outputs; o++)
        weights[o] = 1.0f / (float)(shape->outputs + o);
    for (size_t m = 0; m < models; m++)
        seeds[m] = (uint32_t)m;
    made->ensemble = (struct wr_ensemble){.stack = {*shape, models, start},
                                          .tasks = tasks,
                                          .batch = spec->batch,
                                          .windows = {.count = spec->windows,
                                                      .input_stride = shape->inputs,
                                                      .target_stride = shape->outputs,
                                                      .inputs = x,
                                                      .targets = y,
                                                      .loss_weights = weights},
                                          .rule = spec->rule};
    return wr_parameters_init(&made->ensemble.stack, WR_INIT_PYTORCH, seeds, error);
}

void wr_case_release(struct wr_case *made) {
    wr_pool_release(&made->memory);
    *made = (struct wr_case){0};
}

wr_status wr_case_open(const struct wr_case *made, struct wr_device *device,
                       enum wr_schedule schedule, struct wr_session **session,
                       struct wr_error *error) {
    struct wr_ensemble ensemble = made->ensemble;
    ensemble.schedule = schedule;
    wr_status status = wr_session_open_with(device, &ensemble, NULL, session, error);
    if (status == WR_OK)
        (*session)->known_case = true;
    return status;
}
