/* Measures the most that a device can compute: times kernels/peak.cl. */
#include "backend/opencl/opencl.h"

#include <stdio.h>

#include "peak_layout.h"

#define LAUNCHES       40    /* number of launches; the fastest counts */
#define LAUNCH_SECONDS 0.005 /* least time of a launch, so that its overhead is small */
#define ITEMS_A_UNIT   4096  /* work-items: more than a compute unit can hold at once */
#define GROUP          128

/* The arguments of wr_peak, in its order. */
enum { ROUNDS, FIRST, OUT };

struct peak {
    struct wr_cl_device *device;
    struct wr_error *error;
    cl_kernel kernel;
    cl_mem out;
    size_t items, group, width; /* number of work-items, work-group size, floats of a work-item */
};

static wr_status check(const struct peak *peak, const char *call, cl_int code) {
    return wr_cl_check(peak->device, call, code, peak->error);
}

/* Chooses the number of work-items and the vector width. */
static wr_status size_up(struct peak *peak) {
    cl_uint units = 1, width = 1;
    cl_device_id id = peak->device->id;
    cl_int code = clGetDeviceInfo(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
    if (code == CL_SUCCESS)
        code = clGetDeviceInfo(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
    for (peak->width = 1; peak->width < 16 && peak->width * 2 <= width;)
        peak->width *= 2;
    size_t largest = peak->device->max_group;
    peak->group = peak->device->cpu ? 1 : largest < GROUP ? largest : GROUP;
    peak->items = peak->device->cpu ? units : units * (ITEMS_A_UNIT / peak->group) * peak->group;
    return check(peak, "clGetDeviceInfo", code);
}

static wr_status make(struct peak *peak) {
    char options[WR_CL_OPTIONS];
    cl_program program;
    cl_int code;
    wr_status status = size_up(peak);
    if (status != WR_OK)
        return status;
    if (peak->width > 1)
        snprintf(options, sizeof options, "-D WR_VECTOR=float%zu", peak->width);
    else
        snprintf(options, sizeof options, "-D WR_VECTOR=float");
    status = wr_cl_program_get(peak->device, WR_CL_PEAK, options, &program, peak->error);
    if (status != WR_OK)
        return status;
    peak->kernel = clCreateKernel(program, "wr_peak", &code);
    status = check(peak, "clCreateKernel wr_peak", code);
    if (status != WR_OK)
        return status;
    peak->out = clCreateBuffer(peak->device->context, CL_MEM_WRITE_ONLY,
                               peak->items * peak->width * sizeof(cl_float), NULL, &code);
    return check(peak, "clCreateBuffer", code);
}

/* Times one launch, from an idle device until the device is idle again. */
static wr_status time_launch(struct peak *peak, cl_uint rounds, double *seconds) {
    const cl_float first = 1.0f;
    cl_int code = clSetKernelArg(peak->kernel, ROUNDS, sizeof rounds, &rounds);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(peak->kernel, FIRST, sizeof first, &first);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(peak->kernel, OUT, sizeof peak->out, &peak->out);
    wr_status status = check(peak, "clSetKernelArg", code);
    double began = wr_seconds();
    if (status == WR_OK)
        status = check(peak, "clEnqueueNDRangeKernel",
                       clEnqueueNDRangeKernel(peak->device->queue, peak->kernel, 1, NULL,
                                              &peak->items, &peak->group, 0, NULL, NULL));
    if (status == WR_OK)
        status = check(peak, "clFinish", clFinish(peak->device->queue));
    *seconds = wr_seconds() - began;
    return status;
}

static wr_status measure(struct peak *peak, double *flops_per_second) {
    cl_uint rounds = 256;
    double seconds = 0, best = 0;
    wr_status status = time_launch(peak, 1, &seconds); /* first: drivers delay work until then */
    for (seconds = 0; status == WR_OK && seconds < LAUNCH_SECONDS && rounds < 1u << 30; rounds *= 2)
        status = time_launch(peak, rounds, &seconds);
    for (int i = 0; i < LAUNCHES && status == WR_OK; i++) {
        status = time_launch(peak, rounds, &seconds);
        double rate = 2.0 * WR_PEAK_FMAS * (double)rounds / seconds;
        best = rate > best ? rate : best;
    }
    *flops_per_second = best * (double)peak->width * (double)peak->items;
    return status;
}

wr_status wr_cl_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error) {
    struct peak peak = {.device = (struct wr_cl_device *)device, .error = error};
    wr_status status = make(&peak);
    if (status == WR_OK)
        status = measure(&peak, flops_per_second);
    if (peak.out)
        clReleaseMemObject(peak.out);
    if (peak.kernel)
        clReleaseKernel(peak.kernel);
    return status;
}
