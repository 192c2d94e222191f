/* Chooses how fused_rows.cl is launched: rows of W_hh in a lane by a table of hidden sizes, and
 * models in a work-group by the warp of the device. */
#include "backend/opencl/opencl.h"

#include "rows_layout.h"

#define IDLE_WARP 0.1  /* fraction of a warp that may be idle where models share it */
#define IDLE      0.05 /* fraction of a work-group of several warps that may be idle */

/* For models up to a hidden size, on NVIDIA's GPUs: rows of W_hh in a lane, whether the backward
 * loop is unrolled, and the limit of registers for a lane, 0 for none. More rows save loads and
 * barriers, and need more registers. With fewer registers, more warps are resident and hide the
 * latency of memory. Measured on an H200 (docs/gpu.md), except the rows, which scripts/gpu/model.py
 * chose; at H = 20, one row and four rows were also measured and are slower. Other GPUs have fewer
 * registers for a lane: they get one row. */
static const struct {
    size_t hidden, rows;
    bool unrolled;
    unsigned registers;
} table[] = {
    {4, 4, true, 0}, {16, 2, true, 0}, {20, 2, true, 168}, {32, 1, false, 128}, {64, 1, false, 0}};

/* Whether fused_rows.cl trains the shape with no more than a few spilled registers:
 * tests/registers.txt. */
static bool takes(const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    return ensemble->batch == 1 && ((shape->hidden <= 32 && shape->seq_len <= 16) ||
                                    (shape->hidden <= 64 && shape->seq_len <= 6));
}

/* Takes the line of the table. Other shapes and rules leave registers for only one row a lane. */
static void choose_rows(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                        struct wr_cl_rows *choice) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    bool plain = device->nvidia && wr_steps_alone(&ensemble->rule) && shape->seq_len <= 6 &&
                 shape->inputs <= 2 && shape->outputs <= 2;
    size_t line = 0;
    while (shape->hidden > table[line].hidden)
        ++line;
    choice->rows = device->forced_rows ? device->forced_rows : plain ? table[line].rows : 1;
    if (shape->hidden % choice->rows != 0)
        choice->rows = 1;
    if (plain && choice->rows == table[line].rows) {
        choice->unrolled = table[line].unrolled;
        choice->nvidia.registers = table[line].registers;
    }
}

/* Whether the models that fit in one warp leave few enough of its work-items idle. */
static bool fills_warp(const struct wr_cl_device *device, size_t lanes) {
    size_t in_warp = device->warp / lanes;
    return in_warp > 0 && (double)(in_warp * lanes) >= (1 - IDLE_WARP) * (double)device->warp;
}

/* Bytes of local memory that one model needs. */
static size_t near_bytes(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                         size_t rows) {
    const struct wr_shape *s = &ensemble->stack.shape;
    const struct wr_rule *rule = &ensemble->rule;
    const size_t lanes = WR_ROWS_LANES(s->hidden, rows), pack = device->warp / lanes;
    const size_t width =
        fills_warp(device, lanes) ? WR_ROWS_WIDTH(s->hidden, rows, pack, device->warp) : s->hidden;
    size_t near =
        WR_ROWS_NEAR(s->inputs, s->hidden, width, s->outputs, s->seq_len, wr_rule_states(rule),
                     wr_steps_alone(rule), rule->clipping == WR_CLIPPING_NORM);
    return WR_ROWS_BYTES(near);
}

/* Chooses models and work-items of a work-group: the models that fill one warp; if they do not fill
 * it, the fewest models that fill several warps; if none do, the models that leave the smallest
 * fraction idle. */
static void choose_work_group(const struct wr_cl_device *device, size_t lanes, size_t most_items,
                              size_t most_models, struct wr_cl_rows *choice) {
    size_t in_warp = device->warp / lanes;
    double best = 0;
    choice->pack = 0;
    if (fills_warp(device, lanes) && in_warp <= most_models && device->warp <= most_items) {
        choice->pack = in_warp;
        choice->group = device->warp;
        return;
    }
    for (size_t n = 1; n <= most_models && n * lanes <= most_items; ++n) {
        size_t items = n * lanes, warps = (items + device->warp - 1) / device->warp;
        double used = (double)items / (double)(warps * device->warp);
        if (used > best && best < 1 - IDLE) {
            best = used;
            choice->pack = n;
            choice->group = items;
        }
    }
}

void wr_cl_rows_choose(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                       struct wr_cl_rows *choice) {
    size_t most = device->forced_group ? device->forced_group : WR_CL_MOST_TEAM;
    *choice = (struct wr_cl_rows){0};
    if (!wr_cl_wants(device, WR_CL_ROWS) || !takes(ensemble))
        return;
    choose_rows(device, ensemble, choice);
    most = most < device->max_group ? most : device->max_group;
    choose_work_group(device, WR_ROWS_LANES(ensemble->stack.shape.hidden, choice->rows), most,
                      wr_cl_local_bytes(device) / near_bytes(device, ensemble, choice->rows),
                      choice);
    choice->nvidia.warp_sync = device->nvidia && choice->pack > 0 &&
                               choice->group == device->warp && device->warp == WR_CL_WARP;
}
