/* The opencl backend's table. A build without OpenCL has it too, for messages. */
#include "backend/registry.h"

#ifdef WINDROW_OPENCL
#include "backend/opencl/opencl.h"
#endif

const struct wr_backend wr_backend_opencl = {
    .name = "opencl",
    .title = "OpenCL",
    .ids = "opencl:P.D",
#ifndef WINDROW_OPENCL
    .missing = "this windrow was built without OpenCL (configure with -DWINDROW_OPENCL=ON)",
#else
    .probe_outside = true,
    .driver = "an OpenCL driver",
    .check_environment = wr_cl_check_environment,
    .describe = wr_cl_describe,
    .open_device = wr_cl_open_device,
    .close_device = wr_cl_close_device,
    .try_device = wr_cl_try,
    .explain = wr_cl_explain,
    .peak = wr_cl_peak,
    .fits_fused = wr_cl_fits_fused,
    .memory = wr_cl_memory,
    .session_size = sizeof(struct wr_cl_session),
    .open_session = wr_cl_open_session,
    .close_session = wr_cl_close_session,
    .read = wr_cl_read,
    .write_state = wr_cl_write_state,
    .write_windows = wr_cl_write_windows,
    .forward = wr_cl_forward,
    .bptt = wr_cl_bptt,
    .clip = wr_cl_clip,
    .update = wr_cl_update,
    .run = wr_cl_run,
    .freeze = wr_cl_freeze,
    .diverged = wr_cl_diverged,
#endif
};
