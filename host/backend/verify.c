#include "backend/verify.h"

#include "backend/case.h"
#include "backend/optional.h"
#include "backend/registry.h"
#include "base/arithmetic.h"
#include "numerics.h"
#include "windrow/verify.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two sessions of one case: on the cpu backend, whose results are expected, and on the device. */
struct pair {
    struct wr_session *cpu, *device;
    float *expected, *found; /* (capacity) */
    size_t capacity;
    wr_verify_fn *on_row;
    void *context;
    const fenv_t *callers; /* its arithmetic, in which on_row is called */
    struct wr_verify_row row;
    wr_status ended;        /* what on_row returned, if that ended the call */
    bool differs;           /* any row so far */
    double deviation;       /* of the losses of the last run */
    struct wr_error *error; /* the first difference */
};

/* ---- comparing ---- */

static wr_status reserve(struct pair *pair, size_t count) {
    if (count <= pair->capacity)
        return WR_OK;
    free(pair->expected);
    free(pair->found);
    pair->capacity = 0;
    pair->expected = wr_alloc(count, sizeof(float), "values to compare", pair->error);
    pair->found = wr_alloc(count, sizeof(float), "values to compare", pair->error);
    if (pair->expected == NULL || pair->found == NULL)
        return WR_ERR_MEMORY;
    pair->capacity = count;
    return WR_OK;
}

static uint32_t bits(const float *value) {
    uint32_t pattern;
    memcpy(&pattern, value, sizeof pattern);
    return pattern;
}

static wr_status tell(struct pair *pair) {
    if (pair->on_row == NULL)
        return WR_OK;
    WR_ARITHMETIC_OF(pair->callers);
    return pair->ended = pair->on_row(pair->context, &pair->row);
}

/* Compares `count` values and fills the row. The first row that differs also fills the error. */
static wr_status compare(struct pair *pair, const char *what, const char *tensor, size_t count) {
    struct wr_verify_row *row = &pair->row;
    row->what = what;
    row->tensor = tensor;
    row->values = count;
    row->differing = 0;
    row->skipped = false;
    row->difference[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        uint32_t expected = bits(&pair->expected[i]), found = bits(&pair->found[i]);
        if (expected == found)
            continue;
        if (row->differing++ == 0)
            wr_format(row->difference, sizeof row->difference,
                      "[%zu] cpu %.9g (0x%08x), %s %.9g (0x%08x)", i, (double)pair->expected[i],
                      expected, pair->device->device->info.id, (double)pair->found[i], found);
    }
    if (row->differing > 0 && !pair->differs) {
        pair->differs = true;
        wr_fail(pair->error, WR_ERR_VERIFY, "%s: %s differ in %zu of %zu values (%s), first %s",
                what, tensor, row->differing, count, row->shape, row->difference);
    }
    return tell(pair);
}

static wr_status compare_tensor(struct pair *pair, const char *what, enum wr_tensor tensor) {
    size_t count = wr_session_tensor_size(pair->cpu, tensor);
    if (count == 0) /* no state */
        return WR_OK;
    wr_status status = reserve(pair, count);
    if (status == WR_OK)
        status = wr_session_read(pair->cpu, tensor, pair->expected, pair->error);
    if (status == WR_OK)
        status = wr_session_read(pair->device, tensor, pair->found, pair->error);
    if (status == WR_OK)
        status = compare(pair, what, wr_tensor_name(tensor), count);
    return status;
}

/* ---- stages ---- */

/* Compares the stages of one batch. Within the batch, each stage of the device gets what the stage
 * before it made on the device. */
static wr_status compare_stages(struct pair *pair, size_t first, size_t count) {
    static const struct {
        const char *name;
        wr_status (*run)(struct wr_session *, struct wr_error *);
        enum wr_tensor tensors[2];
        size_t tensor_count;
    } stages[] = {
        {"bptt", wr_session_bptt, {WR_DELTAS, WR_GRADIENTS}, 2},
        {"clip", wr_session_clip, {WR_GRADIENTS}, 1},
        {"update", wr_session_update, {WR_PARAMETERS, WR_STATE}, 2},
    };
    static const enum wr_tensor forward[] = {WR_HIDDEN, WR_PREDICTIONS, WR_LOSSES};
    wr_status status = wr_session_forward(pair->cpu, first, count, pair->error);
    if (status == WR_OK)
        status = wr_session_forward(pair->device, first, count, pair->error);
    for (size_t i = 0; i < sizeof forward / sizeof *forward && status == WR_OK; i++)
        status = compare_tensor(pair, "forward", forward[i]);
    for (size_t s = 0; s < sizeof stages / sizeof *stages && status == WR_OK; s++) {
        status = stages[s].run(pair->cpu, pair->error);
        if (status == WR_OK)
            status = stages[s].run(pair->device, pair->error);
        for (size_t i = 0; i < stages[s].tensor_count && status == WR_OK; i++)
            status = compare_tensor(pair, stages[s].name, stages[s].tensors[i]);
    }
    return status;
}

/* ---- whole runs ---- */

/* The largest relative error of the losses found. */
static double furthest(const struct pair *pair, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        double expected = (double)pair->expected[i], found = (double)pair->found[i];
        double off = fabs(found - expected) / fmax(fabs(expected), (double)FLT_MIN);
        if (bits(&pair->expected[i]) == bits(&pair->found[i]))
            off = 0;
        most = off <= most ? most : isnan(off) ? INFINITY : off;
    }
    return most;
}

static wr_status compare_run(struct pair *pair, const char *what, size_t epochs) {
    size_t models = pair->cpu->ensemble.stack.count, count = epochs * models;
    wr_status status = reserve(pair, count);
    if (status == WR_OK)
        status = wr_session_run(pair->cpu, epochs, pair->expected, NULL, NULL, pair->error);
    if (status == WR_OK)
        status = wr_session_run(pair->device, epochs, pair->found, NULL, NULL, pair->error);
    if (status == WR_OK)
        status = compare(pair, what, "total losses", count);
    if (status != WR_OK)
        return status;
    pair->deviation = furthest(pair, count);
    uint32_t *epoch = wr_alloc(2 * models, sizeof *epoch, "diverged epochs", pair->error);
    if (epoch == NULL)
        return WR_ERR_MEMORY;
    status = wr_session_diverged(pair->cpu, epoch, pair->error);
    if (status == WR_OK)
        status = wr_session_diverged(pair->device, epoch + models, pair->error);
    if (status == WR_OK)
        status = reserve(pair, models);
    for (size_t m = 0; m < models && status == WR_OK; m++) {
        pair->expected[m] = (float)epoch[m];
        pair->found[m] = (float)epoch[models + m];
    }
    if (status == WR_OK)
        status = compare(pair, what, "diverged epochs", models);
    free(epoch);
    return status == WR_OK ? compare_tensor(pair, what, WR_PARAMETERS) : status;
}

/* ---- a case ---- */

static void close_pair(struct pair *pair) {
    wr_session_close(pair->cpu);
    wr_session_close(pair->device);
    pair->cpu = pair->device = NULL;
}

static void close_reference(struct wr_device *cpu) {
    if (cpu != NULL)
        cpu->backend->close_device(cpu);
}

static wr_status open_pair(struct pair *pair, const struct wr_case *made, struct wr_device *cpu,
                           struct wr_device *device, enum wr_schedule schedule) {
    wr_status status = wr_case_open(made, cpu, WR_SCHEDULE_STAGED, &pair->cpu, pair->error);
    if (status == WR_OK)
        status = wr_case_open(made, device, schedule, &pair->device, pair->error);
    return status;
}

/* Whether this is the rule of the notebook. The other numbers of a rule have no effect then. */
static bool is_notebook(const struct wr_rule *rule) {
    return !rule->activation && !rule->loss && !rule->clipping && !rule->optimizer &&
           !rule->decay && !rule->order && !rule->fixed && !(rule->weight_decay > 0);
}

static void describe_shape(struct pair *pair, const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    const struct wr_rule *rule = &ensemble->rule;
    int length = snprintf(pair->row.shape, sizeof pair->row.shape,
                          "I=%zu H=%zu O=%zu T=%zu B=%zu M=%zu", shape->inputs, shape->hidden,
                          shape->outputs, shape->seq_len, ensemble->batch, ensemble->stack.count);
    if (!is_notebook(rule))
        snprintf(pair->row.shape + length, sizeof pair->row.shape - (size_t)length, " %s %s %s",
                 wr_activation_name(rule->activation), wr_loss_name(rule->loss),
                 wr_optimizer_name(rule->optimizer));
}

static wr_status report_skipped(struct pair *pair, const char *what, const char *why) {
    pair->row.what = what;
    pair->row.tensor = "";
    pair->row.skipped = true;
    pair->row.values = pair->row.differing = 0;
    snprintf(pair->row.difference, sizeof pair->row.difference, "%s", why);
    return tell(pair);
}

static wr_status verify_schedule(struct pair *pair, const struct wr_case *made,
                                 struct wr_device *cpu, struct wr_device *device,
                                 enum wr_schedule schedule, bool stages) {
    const struct wr_ensemble *ensemble = &made->ensemble;
    const char *what = schedule == WR_SCHEDULE_FUSED ? "run fused" : "run staged", *why = "";
    if (schedule == WR_SCHEDULE_FUSED && !wr_device_fits_fused(device, ensemble, &why))
        return report_skipped(pair, what, why);
    wr_status status = open_pair(pair, made, cpu, device, schedule);
    size_t batch = ensemble->batch, visits = ensemble->tasks[0].visits;
    size_t windows = visits > 0 ? visits : ensemble->windows.count;
    if (stages && status == WR_OK) /* a full batch, then the last one, often short */
        status = compare_stages(pair, 0, batch);
    if (stages && status == WR_OK)
        status = compare_stages(pair, (windows - 1) / batch * batch, batch);
    if (status == WR_OK)
        status = compare_run(pair, what, 2);
    close_pair(pair);
    return status;
}

static wr_status verify_case(struct pair *pair, const struct wr_case_spec *spec,
                             struct wr_device *cpu, struct wr_device *device) {
    struct wr_case made;
    wr_status status = wr_case_make(spec, &made, pair->error);
    if (status == WR_OK) {
        describe_shape(pair, &made.ensemble);
        status = verify_schedule(pair, &made, cpu, device, WR_SCHEDULE_STAGED, true);
    }
    if (status == WR_OK)
        status = verify_schedule(pair, &made, cpu, device, WR_SCHEDULE_FUSED, false);
    wr_case_release(&made);
    return status;
}

/* ---- public ---- */

static const struct wr_case_spec specs[] = {
    /* I, H, O, T; models, batch, windows, ragged, visits, rule */
    {{1, 20, 1, 5}, 33, 1, 19, false, 0, {0}}, /* the notebook's shape */
    {{1, 20, 1, 5}, 5, 95, 95, false, 0, {0}}, /* its windows at once */
    {{1, 20, 1, 5}, 19, 1, 7, true, 0, {0}},   /* one window a batch */
    {{3, 17, 2, 4}, 33, 1, 6, true, 0, {0}},
    {{2, 33, 3, 7}, 5, 1, 5, true, 0, {0}},
    {{1, 64, 1, 6}, 2, 1, 9, false, 0, {0}},
    {{1, 1, 1, 1}, 3, 1, 5, false, 0, {0}},   /* the smallest */
    {{1, 20, 1, 5}, 17, 3, 20, true, 0, {0}}, /* some windows a batch */
    {{3, 17, 2, 4}, 7, 16, 33, true, 0, {0}}, /* a batch of one whole segment */
    {{20, 5, 3, 2}, 4, 17, 40, true, 0, {0}}, /* of more than one */
    {{2, 32, 1, 14}, 3, 64, 150, false, 0, {0}},
    {{2, 100, 2, 3}, 2, 18, 37, true, 0, {0}}, /* too large for the fused schedule of some devices
                                                */
};

wr_status wr_verify(struct wr_device *device, wr_verify_fn *on_row, void *context,
                    struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct wr_device *cpu = NULL;
    struct wr_error first = {0};
    struct pair pair = {.on_row = on_row, .context = context, .callers = &callers, .error = &first};
    wr_error_release(error);
    wr_status status = wr_reference_open(&cpu, &first);
    for (size_t i = 0; i < sizeof specs / sizeof *specs && status == WR_OK; i++)
        status = verify_case(&pair, &specs[i], cpu, device);
    for (size_t i = 0; i < WR_CASE_RULES && status == WR_OK; i++)
        status = verify_case(&pair, &wr_case_rules[i], cpu, device);
    close_reference(cpu);
    free(pair.expected);
    free(pair.found);
    if (pair.ended != WR_OK)
        status = wr_end_by_callback(pair.ended, "on_row", error);
    else if (status == WR_OK && pair.differs)
        status = WR_ERR_VERIFY;
    if (pair.ended == WR_OK)
        wr_error_move(&first, error);
    wr_error_release(&first);
    return status;
}

/* Least multiply-adds in an epoch of the check of a device that reports that it is not exact. Some
 * such devices go wrong only after a while: Mesa's llvmpipe ends the loops of a kernel after 65,535
 * rounds. */
#define LONG_CHECK 1e5

/* A batch of more segments than are added plainly. Smaller batches do not test this code: it is in
 * kernels that they do not build, or behind a branch that they do not take. */
#define LONG_BATCH ((WR_PLAIN_SEGMENTS + 2) * WR_SEGMENT + 1)

/* The check of such a batch takes one epoch of it and of a short one. If a shape needs more
 * multiplications per window than LONG_COST, or more floats for all windows than LONG_ROOM, only
 * short batches are checked. */
#define LONG_COST 1e4
#define LONG_ROOM 6e7

/* Two models: each keeps the state and its error at every step, and the outputs. */
static bool is_long_cheap(const struct wr_shape *shape, double cost) {
    double head = (double)shape->hidden * (double)shape->outputs;
    double floats = 2 * (double)shape->seq_len * (double)shape->hidden + (double)shape->outputs;
    return cost + head < LONG_COST && 2 * LONG_BATCH * floats < LONG_ROOM;
}

static void choose_long_check(const struct wr_ensemble *ensemble, struct wr_case_spec *spec) {
    spec->models = 2;
    spec->batch = ensemble->batch < LONG_BATCH ? ensemble->batch : LONG_BATCH;
    spec->windows = spec->batch + WR_SEGMENT + 1;
}

/* Chooses the check at open, within a bounded cost: a full batch of more than one segment, and a
 * short one, where that is cheap. A fused program is built for single windows, for up to one
 * segment of them, or for more. The check builds the program of the session itself and compares its
 * bits. */
static void choose_check(const struct wr_device *device, const struct wr_ensemble *ensemble,
                         struct wr_case_spec *spec) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    double cost = (double)shape->seq_len * (double)shape->hidden *
                  ((double)shape->hidden + (double)shape->inputs);
    size_t batch = cost < 1e5 ? 17 : cost < 1e6 ? 3 : 1;
    if (batch < 17)
        batch = ensemble->batch > 16 ? 17 : 2;
    *spec = (struct wr_case_spec){.shape = *shape, .models = 3, .rule = ensemble->rule};
    if (spec->rule.decay_epochs > 0)
        spec->rule.decay_epochs = 2;
    spec->batch = ensemble->batch < batch ? ensemble->batch : batch;
    spec->windows = cost < 1e5 ? 2 * spec->batch + 1 : spec->batch + 1;
    if (wr_needs_rests(ensemble->batch) && is_long_cheap(shape, cost))
        choose_long_check(ensemble, spec);
    if (!device->info.exact && cost * (double)spec->windows < LONG_CHECK)
        spec->windows = (size_t)(LONG_CHECK / cost) + 1;
    if (ensemble->rule.order == WR_ORDER_SEQUENTIAL && !wr_in_order(ensemble))
        spec->visits = spec->windows + 1;
}

wr_status wr_check_exact(struct wr_device *device, const struct wr_ensemble *ensemble,
                         double *deviation, struct wr_error *error) {
    struct wr_case_spec spec;
    struct wr_device *cpu = NULL;
    struct wr_case made = {0};
    struct pair pair = {.error = error};
    choose_check(device, ensemble, &spec);
    wr_status status = wr_reference_open(&cpu, error);
    if (status == WR_OK)
        status = wr_case_make(&spec, &made, error);
    if (status == WR_OK) {
        describe_shape(&pair, &made.ensemble);
        status = open_pair(&pair, &made, cpu, device,
                           wr_trains(ensemble) ? ensemble->schedule : WR_SCHEDULE_STAGED);
    }
    if (status == WR_OK)
        status = compare_run(&pair, "known case", wr_needs_rests(spec.batch) ? 1 : 2);
    if (deviation != NULL)
        *deviation = pair.deviation;
    close_pair(&pair);
    wr_case_release(&made);
    close_reference(cpu);
    free(pair.expected);
    free(pair.found);
    return status == WR_OK && pair.differs ? WR_ERR_VERIFY : status;
}
