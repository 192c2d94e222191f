/* The opencl backend's table. */
#include "backend/opencl/opencl.h"

const struct wr_backend wr_backend_opencl = {
    .name = "opencl",
    .check_environment = wr_cl_check_environment,
    .describe = wr_cl_describe,
    .open_device = wr_cl_open_device,
    .close_device = wr_cl_close_device,
    .try_device = wr_cl_try,
    .peak = wr_cl_peak,
    .fits_fused = wr_cl_fits_fused,
    .memory = wr_cl_memory,
    .session_size = sizeof(struct wr_cl_session),
    .open_session = wr_cl_open_session,
    .close_session = wr_cl_close_session,
    .read = wr_cl_read,
    .write_parameters = wr_cl_write_parameters,
    .write_windows = wr_cl_write_windows,
    .forward = wr_cl_forward,
    .bptt = wr_cl_bptt,
    .clip = wr_cl_clip,
    .update = wr_cl_update,
    .run = wr_cl_run,
    .freeze = wr_cl_freeze,
    .diverged = wr_cl_diverged,
};
