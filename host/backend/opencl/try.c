/* Checks whether a device works at all: builds and runs the smallest kernel. */
#include "backend/opencl/opencl.h"

#define ANSWER 42

static const char source[] = "kernel void answer(global uint *to) { *to = 42; }\n";

struct attempt {
    struct wr_cl_device *device;
    struct wr_error *error;
    cl_program program;
    cl_kernel kernel;
    cl_mem to;
};

static wr_status check(const struct attempt *attempt, const char *call, cl_int code) {
    return wr_cl_check(attempt->device, call, code, attempt->error);
}

static wr_status build(struct attempt *attempt) {
    const char *text = source;
    const struct wr_cl_device *device = attempt->device;
    cl_int code;
    attempt->program = clCreateProgramWithSource(device->context, 1, &text, NULL, &code);
    wr_status status = check(attempt, "clCreateProgramWithSource", code);
    if (status == WR_OK)
        status = check(attempt, "clBuildProgram",
                       clBuildProgram(attempt->program, 1, &device->id, "", NULL, NULL));
    if (status != WR_OK)
        return status;
    attempt->kernel = clCreateKernel(attempt->program, "answer", &code);
    status = check(attempt, "clCreateKernel", code);
    if (status != WR_OK)
        return status;
    attempt->to = clCreateBuffer(device->context, CL_MEM_READ_WRITE, sizeof(cl_uint), NULL, &code);
    return check(attempt, "clCreateBuffer", code);
}

static wr_status run(struct attempt *attempt) {
    cl_command_queue queue = attempt->device->queue;
    const size_t one = 1;
    cl_uint found = 0;
    wr_status status = check(attempt, "clSetKernelArg",
                             clSetKernelArg(attempt->kernel, 0, sizeof attempt->to, &attempt->to));
    if (status == WR_OK)
        status = check(
            attempt, "clEnqueueNDRangeKernel",
            clEnqueueNDRangeKernel(queue, attempt->kernel, 1, NULL, &one, &one, 0, NULL, NULL));
    if (status == WR_OK)
        status = check(attempt, "clEnqueueReadBuffer",
                       clEnqueueReadBuffer(queue, attempt->to, CL_TRUE, 0, sizeof found, &found, 0,
                                           NULL, NULL));
    if (status == WR_OK && found != ANSWER)
        status = wr_fail(attempt->error, WR_ERR_DEVICE,
                         "%s (%s): a kernel that was to write %d wrote %u; try \1selector=cpu\1",
                         attempt->device->base.info.id, attempt->device->base.info.name, ANSWER,
                         (unsigned)found);
    return status;
}

wr_status wr_cl_try(struct wr_device *device, struct wr_error *error) {
    struct attempt attempt = {.device = (struct wr_cl_device *)device, .error = error};
    wr_status status = build(&attempt);
    if (status == WR_OK)
        status = run(&attempt);
    if (attempt.to)
        clReleaseMemObject(attempt.to);
    if (attempt.kernel)
        clReleaseKernel(attempt.kernel);
    if (attempt.program)
        clReleaseProgram(attempt.program);
    return status;
}
