/* Chooses which models fused_wide.cl trains, and how. */
#include "backend/opencl/opencl.h"

#include "numerics.h"
#include "wide_layout.h"

/* Lanes that share a row of W_hh. With two, a lane holds at most 64 elements of a row and 64 of a
 * column, which fit in 255 registers. More lanes wait for each other more often. */
#define PARTS       2
#define MOST_HIDDEN 128
#define MOST_STEPS  16   /* a lane also holds h and da of all steps in registers */
#define MOST_ENDS   4096 /* limit of inputs and of outputs, so that byte counts do not overflow */

/* With this few registers a lane, a multiprocessor of an NVIDIA GPU trains two models of 96 units
 * at the same time: 1.4 times the updates by scripts/gpu/model.py; measurements on an H200 agree
 * (docs/gpu.md). With 72, 80 and 88 units, whose parts differ in size, more registers spill and
 * nothing is gained. */
#define TWO_HIDDEN    96
#define TWO_STEPS     6
#define TWO_REGISTERS 168

static bool takes(const struct wr_ensemble *ensemble) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    return ensemble->batch == 1 && wr_steps_alone(&ensemble->rule) && shape->hidden > WR_SEGMENT &&
           shape->hidden <= MOST_HIDDEN && shape->seq_len <= MOST_STEPS &&
           shape->inputs <= MOST_ENDS && shape->outputs <= MOST_ENDS;
}

void wr_cl_wide_choose(const struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                       struct wr_cl_wide *choice) {
    const struct wr_shape *s = &ensemble->stack.shape;
    size_t most = device->forced_group ? device->forced_group : device->max_group;
    *choice = (struct wr_cl_wide){0};
    if (!wr_cl_wants(device, WR_CL_WIDE) || !takes(ensemble) ||
        WR_WIDE_ITEMS(s->hidden, PARTS) > most)
        return;
    size_t near = WR_WIDE_NEAR(s->inputs, s->hidden, s->outputs, s->seq_len, PARTS);
    if (near * sizeof(float) > wr_cl_local_bytes(device))
        return;
    choice->parts = PARTS;
    if (device->nvidia && s->hidden == TWO_HIDDEN && s->seq_len <= TWO_STEPS)
        choice->nvidia.registers = TWO_REGISTERS;
}
