/* Plans: the buffers of a session, their sizes, and what fused.cl keeps in local memory. */
#include "backend/opencl/opencl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fused_layout.h"
#include "layout.h"
#include "model/choices.h"
#include "rows_layout.h"
#include "wide_layout.h"

#define ALWAYS_FUSED   64         /* hidden sizes up to this one are fused on every device */
#define LOSS_ROWS      65536      /* epochs whose losses stay on the device */
#define LOSS_FLOATS    (1u << 20) /* floats of those losses, if there are many models */
#define UINT_LIMIT     (1u << 31) /* floats of a model that 32-bit indices are used for */
#define TILE_ROWS      32
#define TILE_COLUMNS   64               /* half as many if half of them would be idle */
#define TILED_BATCH    (WR_SEGMENT + 1) /* windows of a batch: tiles are faster from here on */
#define SEGMENT_FLOATS (1u << 24) /* of the sums of a slice's segments; at least one segment */

/* A size of one of the layouts that is less than this, computed in double, fits in size_t. */
#define COUNTABLE ((double)(SIZE_MAX / 2))

static const char *const buffer_names[WR_CL_BUFFERS] = {
    "the models' tasks",
    "the models' progress",
    "parameters",
    "inputs",
    "targets",
    "loss weights",
    "gradient factors",
    "epoch losses",
    "the optimizer's",
    "Adam's corrections",
    "the fused kernel's",
    "gradients",
    "the windows of a batch",
    "norms of gradients",
    "hidden states",
    "deltas",
    "predictions",
    "window losses",
    "loss gradients",
    "gradients of segments",
    "rests of gradients",
};

/* *bytes = 4 * a * b * c; false if it does not fit. */
static bool floats(size_t a, size_t b, size_t c, size_t *bytes) {
    return wr_size_mul(a, b, bytes) && wr_size_mul(*bytes, c, bytes) &&
           wr_size_mul(*bytes, sizeof(float), bytes);
}

/* *bytes of a view's array: ((count - 1) * stride + last) floats. */
static bool strided(size_t count, size_t stride, size_t last, size_t *bytes) {
    return wr_size_mul(count - 1, stride, bytes) && wr_size_add(*bytes, last, bytes) &&
           wr_size_mul(*bytes, sizeof(float), bytes);
}

/* *count = floats of a model's state in fused.cl; false if they do not fit. */
static bool state_floats(const struct wr_ensemble *ensemble, size_t *count) {
    const struct wr_shape *s = &ensemble->stack.shape;
    const size_t by_norm = ensemble->rule.clipping == WR_CLIPPING_NORM;
    *count = WR_FUSED_STATE(s->hidden, s->outputs, s->seq_len, by_norm);
    return WR_FUSED_STATE((double)s->hidden, (double)s->outputs, (double)s->seq_len,
                          (double)by_norm) < COUNTABLE;
}

static size_t choose_team(const struct wr_cl_device *device, size_t hidden) {
    if (device->forced_group)
        return device->forced_group;
    if (device->cpu)
        return 1;
    size_t team = device->warp;
    while (team < hidden && team < WR_CL_MOST_TEAM)
        team *= 2;
    return team < device->max_group ? team : device->max_group;
}

/* Puts `count` floats into local memory if they fit into what is left of it. */
static bool place(size_t count, size_t *left) {
    if (count > *left / sizeof(float))
        return false;
    *left -= count * sizeof(float);
    return true;
}

/* Decides what fused.cl keeps in local memory. *scratch = floats that a model needs in global
 * memory. */
static bool place_fused(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                        const struct wr_layout *layout, struct wr_cl_plan *plan, size_t *scratch) {
    size_t left = wr_cl_local_bytes(device);
    size_t state, sums;
    bool direct = ensemble->batch == 1 && wr_is_direct(&ensemble->rule);
    plan->sums = direct                            ? 0
                 : ensemble->batch <= WR_SEGMENT   ? 1
                 : wr_needs_rests(ensemble->batch) ? 3
                                                   : 2;
    if (!state_floats(ensemble, &state) || !wr_size_mul((size_t)plan->sums, layout->count, &sums))
        return false;
    plan->state_local = place(state, &left);
    plan->parameters_local = place(layout->count, &left);
    plan->sums_local = place(sums, &left);
    *scratch = WR_FUSED_SCRATCH(state, plan->state_local, sums, plan->sums_local);
    return *scratch >= (plan->sums_local ? 0 : sums); /* less: the sum did not fit */
}

bool wr_cl_fits_fused(struct wr_device *base, const struct wr_ensemble *ensemble,
                      const char **why) {
    struct wr_cl_device *device = (struct wr_cl_device *)base;
    struct wr_layout layout;
    struct wr_cl_plan plan;
    size_t scratch;
    struct wr_cl_wide wide;
    wr_cl_wide_choose(device, ensemble, &wide);
    if (ensemble->stack.shape.hidden <= ALWAYS_FUSED || wide.parts > 0)
        return true;
    if (wr_layout_of(&ensemble->stack.shape, &layout, NULL) == WR_OK &&
        place_fused(device, ensemble, &layout, &plan, &scratch) && plan.state_local &&
        plan.parameters_local)
        return true;
    snprintf(device->refusal, sizeof device->refusal,
             "a model of hidden size %zu does not fit the %zu bytes of local memory of %s",
             ensemble->stack.shape.hidden, device->local_bytes, base->info.id);
    *why = device->refusal;
    return false;
}

/* Decides which kernels the stages take, and their tiles. */
static void plan_staged(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                        const struct wr_layout *layout, struct wr_cl_plan *plan) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t columns = shape->hidden <= TILE_COLUMNS / 2 ? TILE_COLUMNS / 2 : TILE_COLUMNS;
    size_t most = device->forced_group ? device->forced_group : device->max_group;
    size_t segments = WR_CEIL_DIV(ensemble->batch, WR_SEGMENT);
    bool wanted = device->forced_staged == WR_CL_KINDS ? ensemble->batch >= TILED_BATCH
                                                       : device->forced_staged == WR_CL_TILED;
    plan->tile_rows = TILE_ROWS;
    plan->tile_columns = columns;
    plan->staged = WR_CL_STAGES;
    if (!wanted || wr_cl_tile_items(plan) > most ||
        WR_TILE_BYTES(TILE_ROWS, columns) > wr_cl_local_bytes(device))
        return;
    plan->staged = WR_CL_TILED;
    plan->window_tiles = WR_WINDOW_TILES_OF(ensemble->batch, TILE_ROWS);
    plan->gradient_tiles =
        WR_GRADIENT_TILES_OF(shape->inputs, shape->hidden, shape->outputs, TILE_ROWS, columns);
    plan->slice = SEGMENT_FLOATS / layout->count / ensemble->stack.count;
    if (device->forced_staged == WR_CL_TILED) /* so that small tests use several slices */
        plan->slice = 2;
    if (plan->slice < 1)
        plan->slice = 1;
    if (plan->slice > segments)
        plan->slice = segments;
}

static bool tiled_bytes(const struct wr_ensemble *ensemble, const struct wr_layout *layout,
                        size_t slice, size_t bytes[WR_CL_BUFFERS]) {
    size_t M = ensemble->stack.count;
    return floats(M, ensemble->batch, ensemble->stack.shape.outputs, &bytes[WR_CL_DY]) &&
           floats(M, slice, layout->count, &bytes[WR_CL_SEGMENTS]) &&
           floats(wr_needs_rests(ensemble->batch) ? M : 0, layout->count, 1, &bytes[WR_CL_RESTS]);
}

/* The buffers that only some rules need: those of all kernels, then those of the stages. */
static bool rule_bytes(const struct wr_ensemble *ensemble, const struct wr_layout *layout,
                       size_t pairs, size_t bytes[WR_CL_BUFFERS]) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t M = ensemble->stack.count;
    if (!floats(M, wr_rule_states(&ensemble->rule), layout->count, &bytes[WR_CL_STATE]) ||
        !floats(pairs, 2, 1, &bytes[WR_CL_CORRECTIONS]))
        return false;
    if (!wr_in_order(ensemble) &&
        !floats(M, ensemble->batch, sizeof(uint64_t) / sizeof(float), &bytes[WR_CL_VISITED]))
        return false;
    return ensemble->rule.clipping != WR_CLIPPING_NORM ||
           floats(M, WR_SQUARES_OF(shape->hidden, shape->outputs, ensemble->rule.fixed), 1,
                  &bytes[WR_CL_SQUARES]);
}

/* *pairs = pairs of Adam's corrections; 0 for other optimizers. */
static wr_status count_pairs(const struct wr_rule *rule, size_t *pairs, struct wr_error *error) {
    float *corrections;
    *pairs = 0;
    if (!wr_is_corrected(rule))
        return WR_OK;
    wr_status status = wr_corrections(rule, &corrections, pairs, error);
    if (status == WR_OK)
        free(corrections);
    return status;
}

static bool stage_bytes(const struct wr_ensemble *ensemble, const struct wr_layout *layout,
                        size_t bytes[WR_CL_BUFFERS]) {
    size_t M = ensemble->stack.count, trains = wr_trains(ensemble), units, steps;
    return wr_size_mul(M, ensemble->batch, &units) &&
           wr_size_mul(ensemble->stack.shape.seq_len, ensemble->stack.shape.hidden, &steps) &&
           floats(trains, M, layout->count, &bytes[WR_CL_GRADIENTS]) &&
           floats(units, steps, 1, &bytes[WR_CL_HIDDEN]) &&
           floats(trains, units, steps, &bytes[WR_CL_DELTAS]) &&
           floats(units, ensemble->stack.shape.outputs, 1, &bytes[WR_CL_PREDICTIONS]) &&
           floats(units, 1, 1, &bytes[WR_CL_LOSSES]);
}

static bool common_bytes(const struct wr_ensemble *ensemble, const struct wr_layout *layout,
                         size_t loss_rows, size_t bytes[WR_CL_BUFFERS]) {
    const struct wr_windows_view *view = &ensemble->windows;
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t M = ensemble->stack.count, trains = wr_trains(ensemble), last, gradient_factors;
    return wr_size_mul(M, sizeof(struct wr_model_task), &bytes[WR_CL_TASKS]) &&
           wr_size_mul(M, sizeof(struct wr_model_progress), &bytes[WR_CL_PROGRESS]) &&
           floats(M, layout->count, 1, &bytes[WR_CL_PARAMETERS]) &&
           wr_size_mul(shape->seq_len, shape->inputs, &last) &&
           strided(view->count, view->input_stride, last, &bytes[WR_CL_INPUTS]) &&
           strided(view->count, view->target_stride, shape->outputs, &bytes[WR_CL_TARGETS]) &&
           floats(shape->outputs, 1, 1, &bytes[WR_CL_WEIGHTS]) &&
           wr_size_add(ensemble->batch, 1, &gradient_factors) &&
           floats(trains, gradient_factors, 1, &bytes[WR_CL_GRADIENT_FACTORS]) &&
           floats(trains, loss_rows, M, &bytes[WR_CL_EPOCH_LOSSES]);
}

wr_status wr_cl_plan_make(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                          const struct wr_layout *layout, struct wr_cl_plan *plan,
                          struct wr_error *error) {
    size_t M = ensemble->stack.count, scratch = 0;
    *plan = (struct wr_cl_plan){.fused = ensemble->schedule == WR_SCHEDULE_FUSED};
    for (int kind = 0; kind < WR_CL_KINDS; ++kind)
        plan->team[kind] = choose_team(device, ensemble->stack.shape.hidden);
    wr_cl_rows_choose(device, ensemble, &plan->rows);
    if (plan->rows.pack == 0) /* rows is preferred if both can train the models */
        wr_cl_wide_choose(device, ensemble, &plan->wide);
    if (plan->wide.parts > 0)
        plan->team[WR_CL_WIDE] = WR_WIDE_ITEMS(ensemble->stack.shape.hidden, plan->wide.parts);
    plan_staged(device, ensemble, layout, plan);
    plan->loss_rows = LOSS_FLOATS / M;
    if (plan->loss_rows < 1)
        plan->loss_rows = 1;
    if (plan->loss_rows > LOSS_ROWS)
        plan->loss_rows = LOSS_ROWS;
    wr_status status = count_pairs(&ensemble->rule, &plan->pairs, error);
    if (status != WR_OK)
        return status;
    if (!common_bytes(ensemble, layout, plan->loss_rows, plan->bytes) ||
        !rule_bytes(ensemble, layout, plan->pairs, plan->bytes) ||
        !stage_bytes(ensemble, layout, plan->bytes) ||
        (plan->staged == WR_CL_TILED && wr_trains(ensemble) &&
         !tiled_bytes(ensemble, layout, plan->slice, plan->bytes)) ||
        !place_fused(device, ensemble, layout, plan, &scratch) ||
        !floats(M, plan->fused && scratch == 0 ? 1 : scratch, 1, &plan->bytes[WR_CL_SCRATCH]))
        return wr_fail(error, WR_ERR_MEMORY,
                       "%s: %zu models of hidden size %zu with batches of %zu windows need more "
                       "bytes than can be counted; use fewer models or a smaller batch",
                       device->base.info.id, M, ensemble->stack.shape.hidden, ensemble->batch);
    if (!plan->fused)
        plan->bytes[WR_CL_SCRATCH] = 0;
    return WR_OK;
}

wr_status wr_cl_plan_check(const struct wr_cl_device *device, const struct wr_cl_plan *plan,
                           bool stages, size_t *bytes, struct wr_error *error) {
    const struct wr_device_info *info = &device->base.info;
    size_t sum = 0;
    char need[32], have[32];
    for (int i = 0; i < (stages ? (int)WR_CL_BUFFERS : (int)WR_CL_FIRST_STAGE_BUFFER); ++i) {
        if (plan->bytes[i] > device->max_buffer)
            return wr_fail(error, WR_ERR_MEMORY,
                           "%s (%s): %s need %s in one buffer, and the device allows %s; use "
                           "fewer models or a smaller batch",
                           info->id, info->name, buffer_names[i],
                           wr_bytes_text((double)plan->bytes[i], need),
                           wr_bytes_text((double)device->max_buffer, have));
        if (!wr_size_add(sum, plan->bytes[i], &sum))
            sum = SIZE_MAX;
    }
    if (sum > info->memory)
        return wr_fail(error, WR_ERR_MEMORY,
                       "%s (%s): %s are needed, and the device has %s; use fewer models or a "
                       "smaller batch",
                       info->id, info->name, wr_bytes_text((double)sum, need),
                       wr_bytes_text((double)info->memory, have));
    if (bytes)
        *bytes = sum;
    return WR_OK;
}

wr_status wr_cl_memory(struct wr_device *base, const struct wr_ensemble *ensemble, size_t *bytes,
                       struct wr_error *error) {
    struct wr_cl_device *device = (struct wr_cl_device *)base;
    struct wr_layout layout;
    struct wr_cl_plan plan;
    wr_status status = wr_layout_of(&ensemble->stack.shape, &layout, error);
    if (status == WR_OK)
        status = wr_cl_plan_make(device, ensemble, &layout, &plan, error);
    if (status == WR_OK)
        status = wr_cl_plan_check(device, &plan, !plan.fused, bytes, error);
    return status;
}

/* ---- build options ---- */

/* Appends to options. */
static void append(char options[WR_CL_OPTIONS], const char *name, unsigned value) {
    size_t length = strlen(options);
    snprintf(options + length, WR_CL_OPTIONS - length, " -D WR_%s=%uu", name, value);
}

/* Appends only what differs from the notebook's rule, so that programs of that rule stay the
 * same. */
static void append_rule(char options[WR_CL_OPTIONS], const struct wr_ensemble *ensemble) {
    static const char *const names[WR_CHOICES] = {[WR_CHOICE_ACTIVATION] = "ACTIVATION",
                                                  [WR_CHOICE_LOSS] = "LOSS",
                                                  [WR_CHOICE_CLIPPING] = "BY_NORM",
                                                  [WR_CHOICE_OPTIMIZER] = "OPTIMIZER",
                                                  [WR_CHOICE_DECAY] = "DECAY"};
    const struct wr_rule *rule = &ensemble->rule;
    for (unsigned c = 0; c < WR_CHOICES; c++)
        if (names[c] != NULL && wr_chosen(rule, c) != 0)
            append(options, names[c], wr_chosen(rule, c));
    for (size_t i = 0; i < WR_NUMBERS; i++) {
        const struct wr_number *number = &wr_numbers[i];
        double value = wr_number_get(number, rule);
        unsigned bits = number->whole ? (unsigned)value : wr_as_int((float)value);
        if (wr_number_counts(number, rule) && bits != 0)
            append(options, number->of == WR_CHOICE_LOSS ? "LOSS_NUMBER" : number->id, bits);
    }
    if (rule->fixed != 0)
        append(options, "FIXED", rule->fixed);
    if (!wr_in_order(ensemble))
        append(options, "ORDER", rule->order);
}

void wr_cl_plan_options(const struct wr_cl_plan *plan, const struct wr_ensemble *ensemble,
                        enum wr_cl_kind kind, char options[WR_CL_OPTIONS]) {
    const struct wr_shape *s = &ensemble->stack.shape;
    size_t per_model = (plan->bytes[WR_CL_PARAMETERS] / ensemble->stack.count) / sizeof(float),
           state;
    size_t limit = kind == WR_CL_TILED ? UINT_LIMIT / TILE_ROWS : UINT_LIMIT;
    bool wide = !state_floats(ensemble, &state) || state > limit || 2 * per_model > UINT_LIMIT ||
                s->seq_len > UINT_LIMIT / s->inputs;
    const char *suffix = wide ? "ul" : "u";
    int length =
        snprintf(options, WR_CL_OPTIONS,
                 "-D WR_INDEX=%s -D WR_I=%zu%s -D WR_H=%zu%s -D WR_O=%zu%s -D WR_T=%zu%s "
                 "-D WR_TEAM=%zu",
                 wide ? "ulong" : "uint", s->inputs, suffix, s->hidden, suffix, s->outputs, suffix,
                 s->seq_len, suffix,
                 kind == WR_CL_ROWS ? WR_ROWS_LANES(s->hidden, plan->rows.rows) : plan->team[kind]);
    const char *space[] = {"__global", "__local"};
    char *more = options + length;
    size_t room = WR_CL_OPTIONS - (size_t)length;
    if (kind == WR_CL_ROWS)
        snprintf(more, room,
                 " -D WR_PARAM_SPACE=__local -D WR_STATE_SPACE=__local"
                 " -D WR_PACK=%zu -D WR_ROWS=%zu -D WR_GROUP=%zu%s%s",
                 plan->rows.pack, plan->rows.rows, plan->rows.group,
                 plan->rows.unrolled ? " -D WR_UNROLLED=1" : "",
                 plan->rows.nvidia.warp_sync ? " -D WR_WARP_SYNC=1" : "");
    else if (kind == WR_CL_WIDE)
        snprintf(more, room, " -D WR_PARAM_SPACE=__local -D WR_STATE_SPACE=__local -D WR_PARTS=%zu",
                 plan->wide.parts);
    else if (kind == WR_CL_STAGES)
        snprintf(more, room, " -D WR_PARAM_SPACE=__global -D WR_STATE_SPACE=__global");
    else if (kind == WR_CL_TILED)
        snprintf(more, room,
                 " -D WR_PARAM_SPACE=__global -D WR_STATE_SPACE=__global"
                 " -D WR_TILE_ROWS=%zu -D WR_TILE_COLUMNS=%zu",
                 plan->tile_rows, plan->tile_columns);
    else
        snprintf(more, room,
                 " -D WR_PARAM_SPACE=%s -D WR_PARAM_LOCAL=%d -D WR_STATE_SPACE=%s"
                 " -D WR_STATE_LOCAL=%d -D WR_SUMS_SPACE=%s -D WR_SUMS_LOCAL=%d -D WR_SUMS=%d",
                 space[plan->parameters_local], plan->parameters_local, space[plan->state_local],
                 plan->state_local, space[plan->sums_local], plan->sums_local, plan->sums);
    append_rule(options, ensemble);
    length = (int)strlen(options);
    unsigned registers = kind == WR_CL_ROWS   ? plan->rows.nvidia.registers
                         : kind == WR_CL_WIDE ? plan->wide.nvidia.registers
                                              : 0;
    if (registers > 0)
        snprintf(options + length, WR_CL_OPTIONS - (size_t)length, " -cl-nv-maxrregcount=%u",
                 registers);
}
