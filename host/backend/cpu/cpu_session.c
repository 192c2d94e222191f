/* The memory of a session on the cpu backend: its sizes, and copies into it and out of it. */
#include "backend/cpu/cpu.h"

#include "layout.h"
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

static size_t whole_lines(size_t floats) {
    return times((floats - 1) / 16 + 1, 16); /* so that threads share no cache line */
}

/* The layout of a model in a block. */
static struct wr_layout block_layout(const struct wr_engine *engine, const struct wr_shape *shape,
                                     struct wr_layout layout) {
    size_t H = shape->hidden;
    if (engine->width > 0) {
        size_t width = wr_padded(H, engine->width);
        layout.w_hh = times(shape->inputs, width);
        layout.b_h = plus(layout.w_hh, times(H, width));
        layout.w_hy = plus(layout.b_h, width);
        layout.b_y = plus(layout.w_hy, times(shape->outputs, width));
        layout.count = whole_lines(plus(layout.b_y, shape->outputs));
        return layout;
    }
    size_t wider = times(H, wr_row_stride(H) - H);
    layout.b_h = plus(layout.b_h, wider);
    layout.w_hy = plus(layout.w_hy, wider);
    layout.b_y = plus(layout.b_y, wider);
    layout.count = plus(layout.count, wider);
    return layout;
}

/* Floats of a model's parameters in a block: P, then a second copy of W_hh with an engine of
 * rows. */
static size_t model_floats(const struct wr_engine *engine, const struct wr_shape *shape, size_t P) {
    size_t H = shape->hidden;
    return engine->width > 0 ? plus(P, times(H, wr_padded(H, engine->width))) : P;
}

/* Floats that a window of a model's batch takes in the stage buffers: h, da if the session trains,
 * y, loss. */
static size_t slot_floats(const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t steps = times(shape->seq_len, shape->hidden);
    return plus(times(wr_trains(ensemble) ? 2 : 1, steps), plus(shape->outputs, 1));
}

/* Number of lanes of all blocks: N L. */
static size_t lanes_of(const struct wr_engine *engine, size_t models) {
    return times((models - 1) / engine->lanes + 1, engine->lanes);
}

static size_t stage_floats(const struct wr_engine *engine, const struct wr_ensemble *ensemble,
                           size_t parameters) {
    size_t slots = times(ensemble->batch, slot_floats(ensemble));
    return times(lanes_of(engine, ensemble->stack.count),
                 plus(wr_trains(ensemble) ? parameters : 0, slots));
}

/* Number of windows whose h and da are kept at the same time: a segment if they take no more than
 * 512 KiB, otherwise fewer, but at least FEWEST, which share the loads of weights. */
static size_t at_once_of(const struct wr_engine *engine, const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    enum { FLOATS = 131072, FEWEST = 4 };
    if (engine->width == 0)
        return 1;
    size_t each = times(2, times(shape->seq_len, wr_padded(shape->hidden, engine->width)));
    size_t most = ensemble->batch < WR_SEGMENT ? ensemble->batch : WR_SEGMENT;
    size_t fit = FLOATS / each > FEWEST ? FLOATS / each : FEWEST;
    return fit < most ? fit : most;
}

static size_t scratch_floats(const struct wr_engine *engine, const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t T = shape->seq_len, outputs = times(4, shape->outputs);
    if (engine->width > 0) {
        size_t each = plus(times(2, times(T, wr_padded(shape->hidden, engine->width))), outputs);
        if (!wr_in_order(ensemble))
            each = plus(each, plus(times(T, shape->inputs), shape->outputs));
        return whole_lines(times(at_once_of(engine, ensemble), each));
    }
    return plus(times(T, plus(shape->inputs, times(2, shape->hidden))), outputs);
}

/* Floats between the workspaces of two threads. Cores slow each other down when the workspaces are
 * nearer, though no two threads write to one cache line: on two cores of Zen 5, 64 models of H = 32
 * trained at 3.9 million updates/s with 4 KiB between, 6.4 with 64 KiB, 7.9 with 256 KiB, and no
 * faster beyond. */
enum { APART = 65536 };

/* Floats of the rests of a thread's gradients: P, or 0. */
static size_t rest_floats(const struct wr_ensemble *ensemble, size_t P) {
    return wr_needs_rests(ensemble->batch) ? P : 0;
}

/* Floats of a thread's workspace. */
static size_t workspace_floats(const struct wr_engine *engine, const struct wr_ensemble *ensemble,
                               size_t P) {
    size_t model = model_floats(engine, &ensemble->stack.shape, P);
    size_t state = times(wr_rule_states(&ensemble->rule), P);
    size_t gradients = plus(P, rest_floats(ensemble, P));
    size_t floats = scratch_floats(engine, ensemble);
    if (wr_trains(ensemble))
        floats = plus(plus(plus(model, state), floats), gradients);
    return plus(whole_lines(times(floats, engine->lanes)), APART);
}

static size_t threads_of(const struct cpu_device *device, const struct wr_engine *engine,
                         const struct wr_ensemble *ensemble) {
    size_t blocks = (ensemble->stack.count - 1) / engine->lanes + 1;
    size_t segments = (ensemble->batch - 1) / WR_SEGMENT + 1;
    size_t most = wr_cpu_team(device, engine, ensemble) ? segments : blocks;
    return device->threads < most ? device->threads : most;
}

/* Floats from the sums of one segment to those of the next. */
static size_t sums_floats(const struct cpu_device *device, const struct wr_engine *engine,
                          const struct wr_ensemble *ensemble, size_t P) {
    size_t floats = whole_lines(times(plus(P, WR_SEGMENT), engine->lanes));
    if (!wr_trains(ensemble))
        return 0;
    return wr_cpu_team(device, engine, ensemble) ? floats : plus(floats, APART);
}

/* How many segments a team computes before it adds their sums: all of a batch if the sums take no
 * more than 1 MiB, otherwise fewer, but at least two for each thread. */
static size_t segments_of(const struct cpu_device *device, const struct wr_engine *engine,
                          const struct wr_ensemble *ensemble, size_t P) {
    enum { FLOATS = 262144 };
    size_t segments = (ensemble->batch - 1) / WR_SEGMENT + 1;
    size_t least = 2 * device->threads, fit = FLOATS / times(P, engine->lanes);
    if (!wr_cpu_team(device, engine, ensemble))
        return 1;
    fit = fit > least ? fit : least;
    return fit < segments ? fit : segments;
}

/* Floats of a session without its stage buffers. */
static size_t session_floats(const struct cpu_device *device, const struct wr_engine *engine,
                             const struct wr_ensemble *ensemble, size_t P) {
    size_t threads = threads_of(device, engine, ensemble);
    size_t segments = segments_of(device, engine, ensemble, P);
    size_t model = plus(model_floats(engine, &ensemble->stack.shape, P),
                        times(wr_rule_states(&ensemble->rule), P));
    size_t parameters = times(lanes_of(engine, ensemble->stack.count), model);
    size_t workspaces = times(threads, workspace_floats(engine, ensemble, P));
    size_t sums =
        times(segments > threads ? segments : threads, sums_floats(device, engine, ensemble, P));
    return plus(parameters, plus(workspaces, sums));
}

/* Bytes of a thread's list of the windows of a batch. */
static size_t visited_bytes(const struct wr_engine *engine, const struct wr_ensemble *ensemble) {
    return times(times(ensemble->batch, engine->lanes), sizeof(size_t));
}

wr_status wr_cpu_memory(struct wr_device *device, const struct wr_ensemble *ensemble, size_t *bytes,
                        struct wr_error *error) {
    const struct cpu_device *cpu = (const struct cpu_device *)device;
    struct wr_layout layout;
    wr_status status = wr_layout_of(&ensemble->stack.shape, &layout, error);
    if (status != WR_OK)
        return status;
    const struct wr_engine *engine = wr_cpu_engine(cpu, ensemble);
    layout = block_layout(engine, &ensemble->stack.shape, layout);
    size_t models = ensemble->stack.count;
    size_t floats = session_floats(cpu, engine, ensemble, layout.count);
    if (ensemble->schedule != WR_SCHEDULE_FUSED)
        floats = plus(floats, stage_floats(engine, ensemble, layout.count));
    *bytes = plus(times(floats, sizeof(float)), times(models, sizeof(uint32_t)));
    if (!wr_in_order(ensemble))
        *bytes =
            plus(*bytes, times(threads_of(cpu, engine, ensemble), visited_bytes(engine, ensemble)));
    return *bytes < SIZE_MAX ? WR_OK
                             : wr_fail(error, WR_ERR_MEMORY,
                                       "%zu models with hidden size %zu need more bytes than an "
                                       "address can count",
                                       models, ensemble->stack.shape.hidden);
}

/* ---- open and close ---- */

/* Allocates what only some learning rules need. */
static wr_status open_rule(struct cpu_session *s, size_t lanes, struct wr_error *error) {
    const struct wr_ensemble *ensemble = &s->base.ensemble;
    if (s->states > 0) {
        s->state = wr_alloc(times(lanes, times(s->states, s->layout.count)), sizeof *s->state,
                            "the optimizer's state", error);
        if (s->state == NULL)
            return WR_ERR_MEMORY;
    }
    if (!s->base.in_order) {
        s->visited = wr_alloc(s->threads, visited_bytes(s->engine, ensemble),
                              "the windows of a batch", error);
        if (s->visited == NULL)
            return WR_ERR_MEMORY;
    }
    return wr_corrections(&ensemble->rule, &s->corrections, &s->correction_count, error);
}

wr_status wr_cpu_open(struct wr_session *session, struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    const struct cpu_device *device = (const struct cpu_device *)session->device;
    const struct wr_ensemble *ensemble = &session->ensemble;
    s->engine = wr_cpu_engine(device, ensemble);
    s->layout = block_layout(s->engine, &ensemble->stack.shape, session->layout);
    size_t lanes = lanes_of(s->engine, ensemble->stack.count), P = s->layout.count;
    s->blocks = lanes / s->engine->lanes;
    s->model_size = model_floats(s->engine, &ensemble->stack.shape, P);
    s->threads = threads_of(device, s->engine, ensemble);
    s->team = wr_cpu_team(device, s->engine, ensemble);
    s->at_once = at_once_of(s->engine, ensemble);
    s->scratch = scratch_floats(s->engine, ensemble);
    s->states = wr_rule_states(&ensemble->rule);
    s->rests = rest_floats(ensemble, P);
    s->workspace = workspace_floats(s->engine, ensemble, P);
    s->segments = segments_of(device, s->engine, ensemble, P);
    s->sums_apart = sums_floats(device, s->engine, ensemble, P);
    s->parameters = wr_alloc(times(lanes, s->model_size), sizeof(float), "parameters", error);
    if (s->parameters == NULL)
        return WR_ERR_MEMORY;
    s->workspaces = wr_alloc(times(s->threads, s->workspace), sizeof(float), "workspaces", error);
    if (s->workspaces == NULL)
        return WR_ERR_MEMORY;
    s->sums = wr_alloc(times(s->segments > s->threads ? s->segments : s->threads, s->sums_apart),
                       sizeof(float), "sums", error);
    if (s->sums == NULL)
        return WR_ERR_MEMORY;
    s->frozen = wr_alloc(ensemble->stack.count, sizeof *s->frozen, "models", error);
    if (s->frozen == NULL)
        return WR_ERR_MEMORY;
    wr_status status = open_rule(s, lanes, error);
    if (status != WR_OK)
        return status;
    return wr_cpu_write_state(session, 0, ensemble->stack.parameters, NULL, error);
}

void wr_cpu_close(struct wr_session *session) {
    struct cpu_session *s = (struct cpu_session *)session;
    free(s->parameters);
    free(s->workspaces);
    free(s->sums);
    free(s->frozen);
    free(s->state);
    free(s->visited);
    free(s->corrections);
    free(s->stages);
}

wr_status wr_cpu_need_stages(struct cpu_session *s, struct wr_error *error) {
    if (s->stages != NULL)
        return WR_OK;
    const struct wr_ensemble *ensemble = &s->base.ensemble;
    size_t P = s->layout.count, lanes = lanes_of(s->engine, ensemble->stack.count);
    size_t floats = stage_floats(s->engine, ensemble, P);
    s->stages = wr_alloc(floats, sizeof(float), "stage buffers", error);
    if (s->stages == NULL)
        return WR_ERR_MEMORY;
    size_t slots = lanes * ensemble->batch;
    size_t steps = slots * ensemble->stack.shape.seq_len * ensemble->stack.shape.hidden;
    float *next = s->stages;
    if (wr_trains(ensemble)) {
        s->gradients = next; /* first, so that it is aligned to whole vectors */
        s->deltas = s->gradients + lanes * P;
        next = s->deltas + steps;
    }
    s->hidden = next;
    s->predictions = s->hidden + steps;
    s->losses = s->predictions + slots * ensemble->stack.shape.outputs;
    return WR_OK;
}

/* ---- data in and out ---- */

/* Where a parameter tensor (rows, columns) is. Its element [j, k] is at flat + j * columns + k in
 * the parameters or gradients of a model, and at `at` + j * row + k * column in a block. */
struct placed {
    size_t flat, rows, columns, at, row, column;
};
enum { ONCE = 5, MOST_PLACED = 6 };

/* Fills `placed` and returns the number of its entries. W_hh has two entries where the parameters
 * have it twice; gradients have it once. */
static size_t place_tensors(const struct cpu_session *s, struct placed placed[MOST_PLACED]) {
    const struct wr_shape *shape = &s->base.ensemble.stack.shape;
    const struct wr_layout *flat = &s->base.layout, *at = &s->layout;
    size_t I = shape->inputs, H = shape->hidden, O = shape->outputs, width = s->engine->width;
    bool by_rows = width == 0;
    width = by_rows ? 0 : wr_padded(H, width);
    placed[0] = (struct placed){flat->w_xh, H, I, at->w_xh, by_rows ? I : 1, by_rows ? 1 : width};
    placed[1] = (struct placed){flat->b_h, H, 1, at->b_h, 1, 1};
    placed[2] = (struct placed){flat->w_hy, O, H, at->w_hy, by_rows ? H : width, 1};
    placed[3] = (struct placed){flat->b_y, O, 1, at->b_y, 1, 1};
    placed[4] = (struct placed){flat->w_hh,         H, H, at->w_hh, by_rows ? wr_row_stride(H) : 1,
                                by_rows ? 1 : width};
    placed[5] = (struct placed){flat->w_hh, H, H, at->count, width, 1};
    return by_rows ? ONCE : MOST_PLACED;
}

/* Writes a model's parameters, or as many floats of its optimizer's state, which has W_hh ONCE. */
static void write_model(const struct cpu_session *s, const float *model, bool once, float *lane) {
    struct placed placed[MOST_PLACED];
    size_t count = place_tensors(s, placed), L = s->engine->lanes;
    if (once)
        count = ONCE;
    for (const struct placed *p = placed; p < placed + count; p++)
        for (size_t j = 0; j < p->rows; j++)
            for (size_t k = 0; k < p->columns; k++)
                lane[(p->at + j * p->row + k * p->column) * L] =
                    model[p->flat + j * p->columns + k];
}

static void read_model(const struct cpu_session *s, const float *lane, float *model) {
    struct placed placed[MOST_PLACED];
    size_t L = s->engine->lanes;
    (void)place_tensors(s, placed);
    for (const struct placed *p = placed; p < placed + ONCE; p++)
        for (size_t j = 0; j < p->rows; j++)
            for (size_t k = 0; k < p->columns; k++)
                model[p->flat + j * p->columns + k] =
                    lane[(p->at + j * p->row + k * p->column) * L];
}

/* state (M, S, P) */
static void write_optimizer(const struct cpu_session *s, const float *state) {
    size_t L = s->engine->lanes, P = s->base.layout.count;
    for (size_t block = 0; block < s->blocks; block++)
        for (size_t l = 0; l < L; l++)
            for (size_t part = 0; part < s->states; part++)
                write_model(s, state + (wr_cpu_model(s, block, l) * s->states + part) * P, true,
                            s->state + (block * s->states + part) * s->layout.count * L + l);
}

wr_status wr_cpu_write_state(struct wr_session *session, size_t epochs, const float *parameters,
                             const float *state, struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    size_t L = s->engine->lanes;
    (void)error;
    for (size_t block = 0; block < s->blocks; block++)
        for (size_t l = 0; l < L; l++)
            write_model(s, parameters + wr_cpu_model(s, block, l) * session->layout.count, false,
                        s->parameters + block * s->model_size * L + l);
    for (size_t m = 0; m < session->ensemble.stack.count; m++)
        s->frozen[m] = WR_NOT_DIVERGED;
    if (s->states > 0) /* the padding too */
        memset(s->state, 0, s->blocks * s->states * s->layout.count * L * sizeof *s->state);
    if (state != NULL)
        write_optimizer(s, state);
    s->epoch = (uint32_t)epochs;
    return WR_OK;
}

wr_status wr_cpu_freeze(struct wr_session *session, const unsigned char *frozen,
                        struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    (void)error;
    for (size_t m = 0; m < session->ensemble.stack.count; m++)
        if (frozen[m] && s->frozen[m] == WR_NOT_DIVERGED)
            s->frozen[m] = WR_FROZEN;
    return WR_OK;
}

/* The interleaved buffer of a tensor; NULL if it is not allocated yet. *count: floats per model. */
static const float *buffer_of(const struct cpu_session *s, enum wr_tensor tensor, size_t *count) {
    const struct wr_shape *shape = &s->base.ensemble.stack.shape;
    size_t B = s->base.ensemble.batch;
    switch (tensor) {
    case WR_PARAMETERS:
        *count = s->model_size;
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
    case WR_STATE:
        *count = s->states * s->layout.count;
        return s->state;
    }
    *count = 0;
    return NULL;
}

wr_status wr_cpu_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                      struct wr_error *error) {
    const struct cpu_session *s = (const struct cpu_session *)session;
    size_t P = session->layout.count, parts = 1, stored, L = s->engine->lanes;
    bool flat = tensor == WR_PARAMETERS || tensor == WR_GRADIENTS || tensor == WR_STATE;
    const float *buffer = buffer_of(s, tensor, &stored);
    if (tensor == WR_STATE)
        parts = s->states;
    size_t count = flat ? parts * P : stored;
    (void)error;
    for (size_t m = 0; m < session->ensemble.stack.count; m++) {
        float *to = values + m * count;
        if (buffer == NULL) {
            memset(to, 0, count * sizeof *to);
            continue;
        }
        const float *from = buffer + m / L * L * stored + m % L;
        for (size_t part = 0; part < parts && flat; part++)
            read_model(s, from + part * s->layout.count * L, to + part * P);
        for (size_t i = 0; i < count && !flat; i++)
            to[i] = from[i * L];
    }
    return WR_OK;
}

wr_status wr_cpu_diverged(struct wr_session *session, uint32_t *diverged, struct wr_error *error) {
    const struct cpu_session *s = (const struct cpu_session *)session;
    (void)error;
    memcpy(diverged, s->frozen, session->ensemble.stack.count * sizeof *diverged);
    return WR_OK;
}
