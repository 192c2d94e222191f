/* The list of kernels. tests/test_kernels.c compares it with what the kernels declare. */
#include "backend/opencl/opencl.h"

/* Rows of the table below. The name and the type are those that the kernels declare. */
#define VARYING(name, type)                                                                        \
    { #name, #type, sizeof(cl_##type), WR_CL_VARYING, WR_CL_BUFFERS }
#define NUMBER(name)                                                                               \
    { #name, "ulong", sizeof(cl_ulong), WR_CL_NUMBER, WR_CL_BUFFERS }
#define BUFFER(name, type, which)                                                                  \
    { #name, #type "*", sizeof(cl_mem), WR_CL_MEMORY, WR_CL_##which }

const struct wr_cl_argument_row wr_cl_arguments[WR_CL_ARGUMENTS] = {
    [WR_CL_ARG_FIRST] = VARYING(first, ulong),
    [WR_CL_ARG_COUNT] = VARYING(count, ulong),
    [WR_CL_ARG_SEGMENT] = VARYING(segment, ulong),
    [WR_CL_ARG_ROW] = VARYING(row, ulong),
    [WR_CL_ARG_UPDATES] = VARYING(updates, ulong),
    [WR_CL_ARG_BEGIN] = VARYING(begin, uint),
    [WR_CL_ARG_END] = VARYING(end, uint),
    [WR_CL_ARG_MODELS] = NUMBER(models),
    [WR_CL_ARG_BATCH] = NUMBER(batch),
    [WR_CL_ARG_INPUT_STRIDE] = NUMBER(input_stride),
    [WR_CL_ARG_TARGET_STRIDE] = NUMBER(target_stride),
    [WR_CL_ARG_SLICE] = NUMBER(slice),
    [WR_CL_ARG_PAIRS] = NUMBER(pairs),
    [WR_CL_ARG_TASKS] = BUFFER(tasks, struct wr_model_task, TASKS),
    [WR_CL_ARG_PROGRESS] = BUFFER(progress, struct wr_model_progress, PROGRESS),
    [WR_CL_ARG_PARAMETERS] = BUFFER(parameters, float, PARAMETERS),
    [WR_CL_ARG_INPUTS] = BUFFER(inputs, float, INPUTS),
    [WR_CL_ARG_TARGETS] = BUFFER(targets, float, TARGETS),
    [WR_CL_ARG_WEIGHTS] = BUFFER(weights, float, WEIGHTS),
    [WR_CL_ARG_GRADIENT_FACTORS] = BUFFER(gradient_factors, float, GRADIENT_FACTORS),
    [WR_CL_ARG_EPOCH_LOSSES] = BUFFER(epoch_losses, float, EPOCH_LOSSES),
    [WR_CL_ARG_KEPT] = BUFFER(kept, float, STATE),
    [WR_CL_ARG_CORRECTIONS] = BUFFER(corrections, float, CORRECTIONS),
    [WR_CL_ARG_SCRATCH] = BUFFER(scratch, float, SCRATCH),
    [WR_CL_ARG_GRADIENTS] = BUFFER(gradients, float, GRADIENTS),
    [WR_CL_ARG_VISITED] = BUFFER(visited, ulong, VISITED),
    [WR_CL_ARG_SQUARES] = BUFFER(squares, float, SQUARES),
    [WR_CL_ARG_HIDDEN] = BUFFER(hidden, float, HIDDEN),
    [WR_CL_ARG_DELTAS] = BUFFER(deltas, float, DELTAS),
    [WR_CL_ARG_PREDICTIONS] = BUFFER(predictions, float, PREDICTIONS),
    [WR_CL_ARG_LOSSES] = BUFFER(losses, float, LOSSES),
    [WR_CL_ARG_DY] = BUFFER(dy, float, DY),
    [WR_CL_ARG_SEGMENTS] = BUFFER(segments, float, SEGMENTS),
    [WR_CL_ARG_RESTS] = BUFFER(rests, float, RESTS),
};

/* The kinds of program that contain a kernel, as bits. */
#define KIND(name) (1u << WR_CL_##name)
#define STAGED     (KIND(STAGES) | KIND(TILED))

#define A(name) WR_CL_ARG_##name

/* The arguments of the kernels that hold W_hh in registers. */
#define IN_REGISTERS                                                                               \
    {                                                                                              \
        A(UPDATES), A(BEGIN), A(END), A(MODELS), A(TASKS), A(PROGRESS), A(PARAMETERS), A(INPUTS),  \
            A(INPUT_STRIDE), A(TARGETS), A(TARGET_STRIDE), A(WEIGHTS), A(GRADIENT_FACTORS),        \
            A(EPOCH_LOSSES), A(KEPT), A(CORRECTIONS), A(PAIRS)                                     \
    }

const struct wr_cl_kernel_row wr_cl_kernels[WR_CL_KERNELS] = {
    [WR_CL_FORWARD] = {"wr_forward",
                       KIND(STAGES),
                       WR_CL_WINDOW_TEAMS,
                       {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS), A(VISITED),
                        A(PARAMETERS), A(INPUTS), A(INPUT_STRIDE), A(TARGETS), A(TARGET_STRIDE),
                        A(WEIGHTS), A(HIDDEN), A(PREDICTIONS), A(LOSSES)}},
    [WR_CL_BPTT_DELTAS] = {"wr_bptt_deltas",
                           KIND(STAGES),
                           WR_CL_WINDOW_TEAMS,
                           {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                            A(VISITED), A(PARAMETERS), A(TARGETS), A(TARGET_STRIDE),
                            A(GRADIENT_FACTORS), A(HIDDEN), A(PREDICTIONS), A(DELTAS)}},
    [WR_CL_BPTT_GRADIENTS] = {"wr_bptt_gradients",
                              KIND(STAGES),
                              WR_CL_ELEMENTS,
                              {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                               A(VISITED), A(INPUTS), A(INPUT_STRIDE), A(TARGETS), A(TARGET_STRIDE),
                               A(GRADIENT_FACTORS), A(HIDDEN), A(PREDICTIONS), A(DELTAS),
                               A(GRADIENTS)}},
    [WR_CL_CLIP_FACTORS] = {"wr_clip_factors",
                            STAGED,
                            WR_CL_MODEL_TEAMS,
                            {A(FIRST), A(COUNT), A(MODELS), A(TASKS), A(PROGRESS), A(GRADIENTS),
                             A(SQUARES)}},
    [WR_CL_CLIP] = {"wr_clip_gradients",
                    STAGED,
                    WR_CL_ELEMENTS,
                    {A(FIRST), A(COUNT), A(MODELS), A(TASKS), A(PROGRESS), A(SQUARES),
                     A(GRADIENTS)}},
    [WR_CL_UPDATE] = {"wr_update",
                      STAGED,
                      WR_CL_ELEMENTS,
                      {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS), A(GRADIENTS),
                       A(CORRECTIONS), A(PAIRS), A(KEPT), A(PARAMETERS)}},
    [WR_CL_EPOCH_VISIT] = {"wr_epoch_visit",
                           STAGED,
                           WR_CL_SLOTS,
                           {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                            A(VISITED)}},
    [WR_CL_EPOCH_ADD] = {"wr_epoch_add",
                         STAGED,
                         WR_CL_MODELS,
                         {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                          A(LOSSES)}},
    [WR_CL_EPOCH_END] = {"wr_epoch_end",
                         STAGED,
                         WR_CL_MODEL_TEAMS,
                         {A(ROW), A(MODELS), A(PROGRESS), A(PARAMETERS), A(EPOCH_LOSSES)}},
    [WR_CL_FORWARD_TILED] = {"wr_forward_tiled",
                             KIND(TILED),
                             WR_CL_WINDOW_TILES,
                             {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                              A(VISITED), A(PARAMETERS), A(INPUTS), A(INPUT_STRIDE), A(TARGETS),
                              A(TARGET_STRIDE), A(WEIGHTS), A(HIDDEN), A(PREDICTIONS), A(LOSSES)}},
    [WR_CL_DELTAS_TILED] = {"wr_bptt_deltas_tiled",
                            KIND(TILED),
                            WR_CL_WINDOW_TILES,
                            {A(FIRST), A(COUNT), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                             A(VISITED), A(PARAMETERS), A(TARGETS), A(TARGET_STRIDE),
                             A(GRADIENT_FACTORS), A(HIDDEN), A(PREDICTIONS), A(DELTAS), A(DY)}},
    [WR_CL_SEGMENTS_TILED] = {"wr_bptt_segments",
                              KIND(TILED),
                              WR_CL_SEGMENT_TILES,
                              {A(FIRST), A(COUNT), A(SEGMENT), A(SLICE), A(MODELS), A(BATCH),
                               A(TASKS), A(PROGRESS), A(VISITED), A(INPUTS), A(INPUT_STRIDE),
                               A(HIDDEN), A(DELTAS), A(DY), A(SEGMENTS)}},
    [WR_CL_ADD_SEGMENTS] = {"wr_bptt_add_segments",
                            KIND(TILED),
                            WR_CL_ELEMENTS,
                            {A(FIRST), A(COUNT), A(SEGMENT), A(SLICE), A(MODELS), A(TASKS),
                             A(PROGRESS), A(SEGMENTS), A(RESTS), A(GRADIENTS)}},
    [WR_CL_RUN_FUSED] = {"wr_fused",
                         KIND(FUSED),
                         WR_CL_MODEL_GROUPS,
                         {A(UPDATES), A(BEGIN), A(END), A(MODELS), A(BATCH), A(TASKS), A(PROGRESS),
                          A(PARAMETERS), A(INPUTS), A(INPUT_STRIDE), A(TARGETS), A(TARGET_STRIDE),
                          A(WEIGHTS), A(GRADIENT_FACTORS), A(SCRATCH), A(EPOCH_LOSSES), A(KEPT),
                          A(CORRECTIONS), A(PAIRS)}},
    [WR_CL_RUN_ROWS] = {"wr_fused_rows", KIND(ROWS), WR_CL_MODEL_PACKS, IN_REGISTERS},
    [WR_CL_RUN_WIDE] = {"wr_fused_wide", KIND(WIDE), WR_CL_MODEL_GROUPS, IN_REGISTERS},
};

unsigned wr_cl_argument_place(enum wr_cl_kernel which, enum wr_cl_argument argument) {
    const enum wr_cl_argument *arguments = wr_cl_kernels[which].arguments;
    unsigned place = 0;
    while (arguments[place] != argument && arguments[place] != WR_CL_ARG_NONE)
        ++place;
    return place;
}

unsigned wr_cl_argument_count(enum wr_cl_kernel which) {
    return wr_cl_argument_place(which, WR_CL_ARG_NONE);
}
