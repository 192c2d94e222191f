/* A session's memory on the cpu backend, and what goes in and out of it. */
#include "backend/cpu/cpu.h"

#include "numerics.h"

#include <stdlib.h>

/* ---- sizes, which saturate at SIZE_MAX ---- */

static size_t times(size_t a, size_t b) {
    size_t product;
    return wr_size_mul(a, b, &product) ? product : SIZE_MAX;
}

static size_t plus(size_t a, size_t b) {
    size_t sum;
    return wr_size_add(a, b, &sum) ? sum : SIZE_MAX;
}

/* The layout in a block. */
static struct wr_layout block_layout(const struct wr_shape *shape, struct wr_layout layout) {
    size_t H = shape->hidden, wider = times(H, wr_row_stride(H) - H);
    layout.b_h = plus(layout.b_h, wider);
    layout.w_hy = plus(layout.w_hy, wider);
    layout.b_y = plus(layout.b_y, wider);
    layout.count = plus(layout.count, wider);
    return layout;
}

/* Floats that a model's slot of a batch takes in the stage buffers: h, da, y, loss. */
static size_t slot_floats(const struct wr_shape *shape) {
    size_t steps = times(shape->seq_len, shape->hidden);
    return plus(times(2, steps), plus(shape->outputs, 1));
}

/* (N L): lanes in all. */
static size_t lanes_of(const struct wr_engine *engine, size_t models) {
    return times((models - 1) / engine->lanes + 1, engine->lanes);
}

static size_t stage_floats(const struct wr_engine *engine, const struct wr_ensemble *ensemble,
                           size_t parameters) {
    size_t slots = times(ensemble->batch, slot_floats(&ensemble->shape));
    return times(lanes_of(engine, ensemble->models), plus(parameters, slots));
}

/* Floats of a thread's workspace. */
static size_t workspace_floats(const struct wr_engine *engine, const struct wr_ensemble *ensemble,
                               size_t parameters) {
    const struct wr_shape *shape = &ensemble->shape;
    size_t scratch = plus(times(shape->seq_len, plus(shape->inputs, times(2, shape->hidden))),
                          times(4, shape->outputs));
    if (ensemble->batch > 1)
        scratch = plus(scratch, parameters);
    if (ensemble->batch > WR_RUN)
        scratch = plus(scratch, parameters);
    size_t floats = times(scratch, engine->lanes);
    return times((floats - 1) / 16 + 1, 16); /* threads share no cache line */
}

static size_t threads_of(const struct cpu_device *device, size_t models) {
    size_t blocks = (models - 1) / device->engine->lanes + 1;
    return device->threads < blocks ? device->threads : blocks;
}

wr_status wr_cpu_memory(struct wr_device *device, const struct wr_ensemble *ensemble, size_t *bytes,
                        struct wr_error *error) {
    const struct cpu_device *cpu = (const struct cpu_device *)device;
    struct wr_layout layout;
    wr_status status = wr_layout_of(&ensemble->shape, &layout, error);
    if (status != WR_OK)
        return status;
    layout = block_layout(&ensemble->shape, layout);
    size_t models = ensemble->models;
    size_t floats =
        plus(times(lanes_of(cpu->engine, models), plus(layout.count, 1)),
             times(threads_of(cpu, models), workspace_floats(cpu->engine, ensemble, layout.count)));
    if (ensemble->schedule == WR_SCHEDULE_STAGED)
        floats = plus(floats, stage_floats(cpu->engine, ensemble, layout.count));
    *bytes = plus(times(floats, sizeof(float)), times(models, sizeof(uint32_t)));
    return *bytes < SIZE_MAX ? WR_OK
                             : wr_fail(error, WR_ERR_MEMORY,
                                       "%zu models with hidden size %zu need more bytes than an "
                                       "address can count",
                                       models, ensemble->shape.hidden);
}

/* ---- open and close ---- */

wr_status wr_cpu_open(struct wr_session *session, struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    const struct cpu_device *device = (const struct cpu_device *)session->device;
    const struct wr_ensemble *ensemble = &session->ensemble;
    size_t lanes = lanes_of(device->engine, ensemble->models), P;
    s->layout = block_layout(&ensemble->shape, session->layout);
    P = s->layout.count;
    s->engine = device->engine;
    s->blocks = lanes / s->engine->lanes;
    s->threads = threads_of(device, ensemble->models);
    s->workspace = workspace_floats(s->engine, ensemble, P);
    s->parameters = wr_alloc(times(lanes, P), sizeof(float), "parameters", error);
    if (s->parameters == NULL)
        return WR_ERR_MEMORY;
    s->workspaces = wr_alloc(times(s->threads, s->workspace), sizeof(float), "workspaces", error);
    if (s->workspaces == NULL)
        return WR_ERR_MEMORY;
    s->totals = wr_alloc(lanes, sizeof(float), "losses", error);
    if (s->totals == NULL)
        return WR_ERR_MEMORY;
    s->frozen = wr_alloc(ensemble->models, sizeof *s->frozen, "models", error);
    if (s->frozen == NULL)
        return WR_ERR_MEMORY;
    return wr_cpu_write_parameters(session, ensemble->parameters, error);
}

void wr_cpu_close(struct wr_session *session) {
    struct cpu_session *s = (struct cpu_session *)session;
    free(s->parameters);
    free(s->workspaces);
    free(s->totals);
    free(s->frozen);
    free(s->stages);
}

wr_status wr_cpu_need_stages(struct cpu_session *s, struct wr_error *error) {
    if (s->stages != NULL)
        return WR_OK;
    const struct wr_ensemble *ensemble = &s->base.ensemble;
    size_t P = s->layout.count, lanes = lanes_of(s->engine, ensemble->models);
    size_t floats = stage_floats(s->engine, ensemble, P);
    s->stages = wr_alloc(floats, sizeof(float), "stage buffers", error);
    if (s->stages == NULL)
        return WR_ERR_MEMORY;
    size_t slots = lanes * ensemble->batch;
    size_t steps = slots * ensemble->shape.seq_len * ensemble->shape.hidden;
    s->hidden = s->stages;
    s->deltas = s->hidden + steps;
    s->gradients = s->deltas + steps;
    s->predictions = s->gradients + lanes * P;
    s->losses = s->predictions + slots * ensemble->shape.outputs;
    return WR_OK;
}

/* ---- data in and out ---- */

size_t wr_cpu_model(const struct cpu_session *s, size_t block, size_t lane) {
    size_t model = block * s->engine->lanes + lane, models = s->base.ensemble.models;
    return model < models ? model : models - 1;
}

/* Where element i of a model's parameters or gradients stands in a block's. */
static size_t place_of(const struct cpu_session *s, size_t i) {
    size_t H = s->base.ensemble.shape.hidden, w_hh = s->layout.w_hh;
    if (i < w_hh)
        return i;
    size_t row = (i - w_hh) / H < H ? (i - w_hh) / H : H;
    return i + row * (wr_row_stride(H) - H);
}

wr_status wr_cpu_write_parameters(struct wr_session *session, const float *values,
                                  struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    size_t count = session->layout.count, L = s->engine->lanes;
    (void)error;
    for (size_t block = 0; block < s->blocks; block++) {
        for (size_t l = 0; l < L; l++) {
            const float *from = values + wr_cpu_model(s, block, l) * count;
            float *to = s->parameters + block * s->layout.count * L + l;
            for (size_t i = 0; i < count; i++)
                to[place_of(s, i) * L] = from[i];
        }
    }
    for (size_t m = 0; m < session->ensemble.models; m++)
        s->frozen[m] = WR_NOT_DIVERGED;
    s->epoch = 0;
    return WR_OK;
}

/* The interleaved buffer of a tensor, NULL where it is not there yet; *count: floats per model. */
static const float *buffer_of(const struct cpu_session *s, enum wr_tensor tensor, size_t *count) {
    const struct wr_shape *shape = &s->base.ensemble.shape;
    size_t B = s->base.ensemble.batch;
    switch (tensor) {
    case WR_PARAMETERS:
        *count = s->layout.count;
        return s->parameters;
    case WR_GRADIENTS:
        *count = s->layout.count;
        return s->gradients;
    case WR_HIDDEN:
        *count = B * shape->seq_len * shape->hidden;
        return s->hidden;
    case WR_DELTAS:
        *count = B * shape->seq_len * shape->hidden;
        return s->deltas;
    case WR_PREDICTIONS:
        *count = B * shape->outputs;
        return s->predictions;
    case WR_LOSSES:
        *count = B;
        return s->losses;
    }
    *count = 0;
    return NULL;
}

wr_status wr_cpu_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                      struct wr_error *error) {
    const struct cpu_session *s = (const struct cpu_session *)session;
    bool flat = tensor == WR_PARAMETERS || tensor == WR_GRADIENTS;
    size_t stored, L = s->engine->lanes;
    const float *buffer = buffer_of(s, tensor, &stored);
    size_t count = flat ? session->layout.count : stored;
    (void)error;
    for (size_t m = 0; m < session->ensemble.models; m++) {
        float *to = values + m * count;
        if (buffer == NULL) {
            memset(to, 0, count * sizeof *to);
            continue;
        }
        const float *from = buffer + m / L * L * stored + m % L;
        for (size_t i = 0; i < count; i++)
            to[i] = wr_cpu_canonical(from[(flat ? place_of(s, i) : i) * L]);
    }
    return WR_OK;
}

wr_status wr_cpu_diverged(struct wr_session *session, uint32_t *diverged, struct wr_error *error) {
    const struct cpu_session *s = (const struct cpu_session *)session;
    (void)error;
    memcpy(diverged, s->frozen, session->ensemble.models * sizeof *diverged);
    return WR_OK;
}
