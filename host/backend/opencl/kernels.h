/* The list of kernels: the programs that contain each, its range, and its arguments. */
#ifndef WR_OPENCL_KERNELS_H
#define WR_OPENCL_KERNELS_H

#include <stddef.h>

/* ---- programs ---- */

/* The kinds of program; program.c has their files. */
enum wr_cl_kind {
    WR_CL_STAGES,
    WR_CL_TILED,
    WR_CL_FUSED,
    WR_CL_ROWS,
    WR_CL_WIDE,
    WR_CL_PEAK,
    WR_CL_KINDS
};

/* ---- buffers ---- */

enum wr_cl_buffer {
    WR_CL_TASKS,            /* (M) struct wr_model_task */
    WR_CL_PROGRESS,         /* (M) struct wr_model_progress */
    WR_CL_PARAMETERS,       /* (M, P) */
    WR_CL_INPUTS,           /* the view's */
    WR_CL_TARGETS,          /* the view's */
    WR_CL_WEIGHTS,          /* (O) */
    WR_CL_GRADIENT_FACTORS, /* (B + 1): wr_gradient_factor of a batch of n windows, at n */
    WR_CL_EPOCH_LOSSES,     /* (loss_rows, M) */
    WR_CL_STATE,            /* (M, S, P) the state of the optimizer */
    WR_CL_CORRECTIONS,      /* (pairs, 2): wr_corrections; Adam only */
    WR_CL_SCRATCH,          /* (M, ...): fused only; see fused.cl */
    WR_CL_GRADIENTS,        /* (M, P); this and all that follow: stages only */
    WR_CL_VISITED, /* (M, B) 64-bit window numbers; only where windows are not visited in order */
    WR_CL_SQUARES, /* (M, rows + 1): see clip.cl; only where the norm is clipped */
    WR_CL_HIDDEN,  /* (M, B, T, H) */
    WR_CL_DELTAS,  /* (M, B, T, H) */
    WR_CL_PREDICTIONS, /* (M, B, O) */
    WR_CL_LOSSES,      /* (M, B) */
    WR_CL_DY,          /* (M, B, O): this and the next: tiled only */
    WR_CL_SEGMENTS,    /* (M, slice, P) sums of the segments of a slice */
    WR_CL_RESTS,       /* (M, P): tiled, and only for batches of many segments */
    WR_CL_BUFFERS
};
#define WR_CL_FIRST_STAGE_BUFFER WR_CL_GRADIENTS

/* ---- kernels ---- */

enum wr_cl_kernel {
    WR_CL_FORWARD,
    WR_CL_BPTT_DELTAS,
    WR_CL_BPTT_GRADIENTS,
    WR_CL_CLIP_FACTORS,
    WR_CL_CLIP,
    WR_CL_UPDATE,
    WR_CL_EPOCH_VISIT,
    WR_CL_EPOCH_ADD,
    WR_CL_EPOCH_END,
    WR_CL_FORWARD_TILED,
    WR_CL_DELTAS_TILED,
    WR_CL_SEGMENTS_TILED,
    WR_CL_ADD_SEGMENTS,
    WR_CL_RUN_FUSED,
    WR_CL_RUN_ROWS,
    WR_CL_RUN_WIDE,
    WR_CL_KERNELS
};

/* An argument has the same name, type and value in every kernel that takes it. */
enum wr_cl_argument {
    WR_CL_ARG_NONE,    /* follows the last argument of a kernel */
    WR_CL_ARG_FIRST,   /* the batch's first window, */
    WR_CL_ARG_COUNT,   /* and its number of windows */
    WR_CL_ARG_SEGMENT, /* the first segment of a slice */
    WR_CL_ARG_ROW,     /* of epoch_losses */
    WR_CL_ARG_UPDATES, /* the most that a launch makes */
    WR_CL_ARG_BEGIN,   /* the epoch of row 0 of epoch_losses */
    WR_CL_ARG_END,     /* the epoch after the last one */
    WR_CL_ARG_MODELS,  /* this and the numbers below: the same in every launch of a session */
    WR_CL_ARG_BATCH,
    WR_CL_ARG_INPUT_STRIDE,
    WR_CL_ARG_TARGET_STRIDE,
    WR_CL_ARG_SLICE,
    WR_CL_ARG_PAIRS,
    WR_CL_ARG_TASKS, /* this and all below: a buffer each */
    WR_CL_ARG_PROGRESS,
    WR_CL_ARG_PARAMETERS,
    WR_CL_ARG_INPUTS,
    WR_CL_ARG_TARGETS,
    WR_CL_ARG_WEIGHTS,
    WR_CL_ARG_GRADIENT_FACTORS,
    WR_CL_ARG_EPOCH_LOSSES,
    WR_CL_ARG_KEPT,
    WR_CL_ARG_CORRECTIONS,
    WR_CL_ARG_SCRATCH,
    WR_CL_ARG_GRADIENTS,
    WR_CL_ARG_VISITED,
    WR_CL_ARG_SQUARES,
    WR_CL_ARG_HIDDEN,
    WR_CL_ARG_DELTAS,
    WR_CL_ARG_PREDICTIONS,
    WR_CL_ARG_LOSSES,
    WR_CL_ARG_DY,
    WR_CL_ARG_SEGMENTS,
    WR_CL_ARG_RESTS,
    WR_CL_ARGUMENTS
};

struct wr_cl_argument_row {
    const char *name, *type; /* as the kernels declare them; "float*" for a buffer of floats */
    size_t size;             /* for clSetKernelArg */
    enum {
        WR_CL_VARYING, /* a number that is set before each launch: wr_cl_set_argument */
        WR_CL_NUMBER,  /* a number that is set once */
        WR_CL_MEMORY   /* a buffer, which is set once */
    } source;
    enum wr_cl_buffer buffer; /* of WR_CL_MEMORY */
};
extern const struct wr_cl_argument_row wr_cl_arguments[WR_CL_ARGUMENTS];

/* The range of a kernel. */
enum wr_cl_range {
    WR_CL_WINDOW_TEAMS,  /* M * B teams */
    WR_CL_MODEL_TEAMS,   /* M teams, several in a work-group where a team is one work-item */
    WR_CL_MODEL_GROUPS,  /* M teams, each a work-group */
    WR_CL_MODEL_PACKS,   /* M teams, plan.rows.pack in a work-group */
    WR_CL_WINDOW_TILES,  /* M * plan.window_tiles work-groups, each a tile */
    WR_CL_SEGMENT_TILES, /* M * plan.slice * plan.gradient_tiles work-groups, each a tile */
    WR_CL_SLOTS,         /* M * B work-items */
    WR_CL_MODELS,        /* M work-items */
    WR_CL_ELEMENTS       /* M * P work-items */
};

#define WR_CL_MOST_ARGUMENTS 20 /* of a kernel, with WR_CL_ARG_NONE */

struct wr_cl_kernel_row {
    const char *name;
    unsigned kinds; /* of the programs that contain it: bits 1 << enum wr_cl_kind */
    enum wr_cl_range range;
    enum wr_cl_argument arguments[WR_CL_MOST_ARGUMENTS]; /* in the kernel's order */
};
extern const struct wr_cl_kernel_row wr_cl_kernels[WR_CL_KERNELS];

unsigned wr_cl_argument_count(enum wr_cl_kernel which);
/* The index of an argument, or the number of arguments if the kernel does not take it. */
unsigned wr_cl_argument_place(enum wr_cl_kernel which, enum wr_cl_argument argument);

#endif
