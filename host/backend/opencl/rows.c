/* How fused_rows.cl shares work-groups among models: a table by hidden size, and what follows from
 * the device's warp. */
#include "backend/opencl/opencl.h"

#include "rows_layout.h"

#define IDLE_WARP 0.1  /* part of a warp that may lie idle where models share one */
#define IDLE      0.05 /* part of a work-group of several warps that may */

/* Rows of W_hh in a lane for models up to a hidden size. More rows make fewer loads and barriers
 * for each product, and keep more registers: beyond 20 units two rows no longer fit into 255. */
static const struct { size_t hidden, rows; } table[] = {{4, 4}, {20, 2}};

/* Whether fused_rows.cl takes the shape with at most a few spilled registers: tests/registers.sh.
 */
static bool takes(const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->shape;
    return ensemble->batch == 1 && ((shape->hidden <= 32 && shape->seq_len <= 16) ||
                                    (shape->hidden <= 64 && shape->seq_len <= 6));
}

/* Whether nothing but the gradient decides a parameter's step: rows.h. */
static bool is_direct(const struct wr_rule *rule) {
    return rule->optimizer == WR_OPTIMIZER_SGD && rule->clipping == WR_CLIPPING_VALUE;
}

static size_t choose_rows(const struct wr_cl_device *device, const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->shape;
    if (device->forced_rows)
        return shape->hidden % device->forced_rows == 0 ? device->forced_rows : 1;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i)
        if (shape->hidden <= table[i].hidden)
            return shape->hidden % table[i].rows == 0 && is_direct(&ensemble->rule) &&
                           shape->seq_len <= 6 && shape->inputs + shape->outputs <= 4
                       ? table[i].rows
                       : 1;
    return 1;
}

/* Bytes of local memory that one model takes. */
static size_t near_bytes(const struct wr_ensemble *ensemble, size_t rows) {
    const struct wr_shape *s = &ensemble->shape;
    const struct wr_rule *rule = &ensemble->rule;
    size_t floats =
        WR_ROWS_NEAR(s->inputs, s->hidden, s->outputs, s->seq_len, rows, wr_rule_states(rule),
                     is_direct(rule), rule->clipping == WR_CLIPPING_NORM);
    return floats * sizeof(float) + sizeof(cl_int);
}

/* Models and work-items of a group: as many models as fill one warp, where they do; else the fewest
 * that fill several; else those that leave the fewest work-items idle. */
static void choose_group(const struct wr_cl_device *device, size_t lanes, size_t most_items,
                         size_t most_models, struct wr_cl_rows *choice) {
    size_t in_warp = device->warp / lanes;
    double best = 0;
    choice->pack = 0;
    if (in_warp > 0 && in_warp <= most_models && device->warp <= most_items &&
        (double)(in_warp * lanes) >= (1 - IDLE_WARP) * (double)device->warp) {
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
    bool wanted =
        device->forced_fused == WR_CL_KINDS ? !device->cpu : device->forced_fused == WR_CL_ROWS;
    size_t most = device->forced_group ? device->forced_group : WR_CL_MOST_TEAM;
    size_t local =
        device->local_bytes > WR_CL_LOCAL_SPARE ? device->local_bytes - WR_CL_LOCAL_SPARE : 0;
    *choice = (struct wr_cl_rows){0};
    if (!wanted || !takes(ensemble))
        return;
    choice->rows = choose_rows(device, ensemble);
    most = most < device->max_group ? most : device->max_group;
    choose_group(device, ensemble->shape.hidden / choice->rows, most,
                 local / near_bytes(ensemble, choice->rows), choice);
    choice->warp_sync = device->nvidia && choice->pack > 0 && choice->group == device->warp &&
                        device->warp == WR_CL_WARP;
}
