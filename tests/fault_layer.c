/* An OpenCL layer (OPENCL_LAYERS, CL/cl_layer.h) that makes one chosen call fail: the
 * WR_FAULT_NTH-th call of the function WR_FAULT_CALL returns the code WR_FAULT_CODE. If
 * WR_FAULT_NTH ends in "+", all later calls fail too. The layer lies between the ICD loader and
 * every driver, so that a test needs no failing device. A release that "fails" still releases, to
 * avoid a leak. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl_layer.h>

#include <stdlib.h>
#include <string.h>

#include "fault_layer.h"

static const cl_icd_dispatch *target;
static cl_icd_dispatch dispatch;
static const char *fault_call;
static size_t fault_nth;
static int fault_for_ever;
static cl_int fault_code;
static int build_failed;

struct fault_layer_call fault_layer_calls[FAULT_LAYER_CALLS];

/* Counts the call; returns the code to fail with, or CL_SUCCESS. */
static cl_int count_call(const char *name) {
    struct fault_layer_call *call = fault_layer_calls;
    while (call->name != NULL && strcmp(call->name, name) != 0)
        call++; /* the table has more rows than this file has functions */
    call->name = name;
    call->count++;
    if (fault_call != NULL && strcmp(fault_call, name) == 0 &&
        (call->count == fault_nth || (fault_for_ever && call->count > fault_nth)))
        return fault_code;
    return CL_SUCCESS;
}

/* X(name, parameters, arguments): functions that return a code. */
#define STATUS_CALLS(X)                                                                            \
    X(clGetPlatformIDs, (cl_uint n, cl_platform_id * p, cl_uint * count), (n, p, count))           \
    X(clGetPlatformInfo, (cl_platform_id p, cl_platform_info i, size_t n, void *v, size_t *s),     \
      (p, i, n, v, s))                                                                             \
    X(clGetDeviceIDs,                                                                              \
      (cl_platform_id p, cl_device_type t, cl_uint n, cl_device_id * d, cl_uint * count),          \
      (p, t, n, d, count))                                                                         \
    X(clGetDeviceInfo, (cl_device_id d, cl_device_info i, size_t n, void *v, size_t *s),           \
      (d, i, n, v, s))                                                                             \
    X(clBuildProgram,                                                                              \
      (cl_program p, cl_uint n, const cl_device_id *d, const char *o,                              \
       void(CL_CALLBACK * f)(cl_program, void *), void *u),                                        \
      (p, n, d, o, f, u))                                                                          \
    X(clGetProgramInfo, (cl_program p, cl_program_info i, size_t n, void *v, size_t *s),           \
      (p, i, n, v, s))                                                                             \
    X(clGetKernelInfo, (cl_kernel k, cl_kernel_info i, size_t n, void *v, size_t *s),              \
      (k, i, n, v, s))                                                                             \
    X(clSetKernelArg, (cl_kernel k, cl_uint i, size_t n, const void *v), (k, i, n, v))             \
    X(clGetKernelWorkGroupInfo,                                                                    \
      (cl_kernel k, cl_device_id d, cl_kernel_work_group_info i, size_t n, void *v, size_t *s),    \
      (k, d, i, n, v, s))                                                                          \
    X(clEnqueueNDRangeKernel,                                                                      \
      (cl_command_queue q, cl_kernel k, cl_uint d, const size_t *o, const size_t *g,               \
       const size_t *l, cl_uint n, const cl_event *w, cl_event *e),                                \
      (q, k, d, o, g, l, n, w, e))                                                                 \
    X(clEnqueueReadBuffer,                                                                         \
      (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t s, void *p, cl_uint n,            \
       const cl_event *w, cl_event *e),                                                            \
      (q, m, b, o, s, p, n, w, e))                                                                 \
    X(clEnqueueWriteBuffer,                                                                        \
      (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t s, const void *p, cl_uint n,      \
       const cl_event *w, cl_event *e),                                                            \
      (q, m, b, o, s, p, n, w, e))                                                                 \
    X(clEnqueueFillBuffer,                                                                         \
      (cl_command_queue q, cl_mem m, const void *p, size_t z, size_t o, size_t s, cl_uint n,       \
       const cl_event *w, cl_event *e),                                                            \
      (q, m, p, z, o, s, n, w, e))                                                                 \
    X(clEnqueueCopyBuffer,                                                                         \
      (cl_command_queue q, cl_mem f, cl_mem t, size_t fo, size_t to, size_t s, cl_uint n,          \
       const cl_event *w, cl_event *e),                                                            \
      (q, f, t, fo, to, s, n, w, e))                                                               \
    X(clEnqueueUnmapMemObject,                                                                     \
      (cl_command_queue q, cl_mem m, void *p, cl_uint n, const cl_event *w, cl_event *e),          \
      (q, m, p, n, w, e))                                                                          \
    X(clEnqueueMarkerWithWaitList,                                                                 \
      (cl_command_queue q, cl_uint n, const cl_event *w, cl_event *e), (q, n, w, e))               \
    X(clEnqueueBarrierWithWaitList,                                                                \
      (cl_command_queue q, cl_uint n, const cl_event *w, cl_event *e), (q, n, w, e))               \
    X(clWaitForEvents, (cl_uint n, const cl_event *e), (n, e))                                     \
    X(clGetEventInfo, (cl_event e, cl_event_info i, size_t n, void *v, size_t *s),                 \
      (e, i, n, v, s))                                                                             \
    X(clGetEventProfilingInfo, (cl_event e, cl_profiling_info i, size_t n, void *v, size_t *s),    \
      (e, i, n, v, s))                                                                             \
    X(clFlush, (cl_command_queue q), (q))                                                          \
    X(clFinish, (cl_command_queue q), (q))

/* X(name, type): functions that release an object. */
#define RELEASE_CALLS(X)                                                                           \
    X(clReleaseContext, cl_context)                                                                \
    X(clReleaseCommandQueue, cl_command_queue)                                                     \
    X(clReleaseMemObject, cl_mem)                                                                  \
    X(clReleaseProgram, cl_program)                                                                \
    X(clReleaseKernel, cl_kernel)                                                                  \
    X(clReleaseEvent, cl_event)

/* X(type, name, parameters, arguments): functions that return an object and set *code. */
#define OBJECT_CALLS(X)                                                                            \
    X(cl_context, clCreateContext,                                                                 \
      (const cl_context_properties *c, cl_uint n, const cl_device_id *d,                           \
       void(CL_CALLBACK * f)(const char *, const void *, size_t, void *), void *u, cl_int *code),  \
      (c, n, d, f, u, code))                                                                       \
    X(cl_command_queue, clCreateCommandQueue,                                                      \
      (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int * code),                \
      (c, d, p, code))                                                                             \
    X(cl_mem, clCreateBuffer, (cl_context c, cl_mem_flags f, size_t n, void *p, cl_int *code),     \
      (c, f, n, p, code))                                                                          \
    X(cl_program, clCreateProgramWithSource,                                                       \
      (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *code),                    \
      (c, n, s, l, code))                                                                          \
    X(cl_kernel, clCreateKernel, (cl_program p, const char *name, cl_int *code), (p, name, code))  \
    X(void *, clEnqueueMapBuffer,                                                                  \
      (cl_command_queue q, cl_mem m, cl_bool b, cl_map_flags f, size_t o, size_t s, cl_uint n,     \
       const cl_event *w, cl_event *e, cl_int *code),                                              \
      (q, m, b, f, o, s, n, w, e, code))

#define STATUS_BODY(name, parameters, arguments)                                                   \
    static cl_int CL_API_CALL layer_##name parameters {                                            \
        cl_int fault = count_call(#name);                                                          \
        build_failed |= fault == CL_BUILD_PROGRAM_FAILURE;                                         \
        return fault != CL_SUCCESS ? fault : target->name arguments;                               \
    }
#define RELEASE_BODY(name, type)                                                                   \
    static cl_int CL_API_CALL layer_##name(type object) {                                          \
        cl_int fault = count_call(#name), done = target->name(object);                             \
        return fault != CL_SUCCESS ? fault : done;                                                 \
    }
#define OBJECT_BODY(type, name, parameters, arguments)                                             \
    static type CL_API_CALL layer_##name parameters {                                              \
        cl_int fault = count_call(#name);                                                          \
        if (fault == CL_SUCCESS)                                                                   \
            return target->name arguments;                                                         \
        if (code != NULL)                                                                          \
            *code = fault;                                                                         \
        return NULL;                                                                               \
    }
STATUS_CALLS(STATUS_BODY)
RELEASE_CALLS(RELEASE_BODY)
OBJECT_CALLS(OBJECT_BODY)

/* After a build that was made to fail, the log says so. */
static cl_int CL_API_CALL layer_clGetProgramBuildInfo(cl_program p, cl_device_id d,
                                                      cl_program_build_info i, size_t n, void *v,
                                                      size_t *s) {
    cl_int fault = count_call("clGetProgramBuildInfo");
    if (fault != CL_SUCCESS)
        return fault;
    if (!build_failed || i != CL_PROGRAM_BUILD_LOG)
        return target->clGetProgramBuildInfo(p, d, i, n, v, s);
    if (s != NULL)
        *s = sizeof FAULT_LAYER_LOG;
    if (v != NULL && n >= sizeof FAULT_LAYER_LOG)
        memcpy(v, FAULT_LAYER_LOG, sizeof FAULT_LAYER_LOG);
    return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info info, size_t size, void *value,
                                               size_t *size_ret) {
    const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (info != CL_LAYER_API_VERSION || (value != NULL && size < sizeof version))
        return CL_INVALID_VALUE;
    if (value != NULL)
        memcpy(value, &version, sizeof version);
    if (size_ret != NULL)
        *size_ret = sizeof version;
    return CL_SUCCESS;
}

#define STATUS_ENTRY(name, parameters, arguments)       dispatch.name = layer_##name;
#define RELEASE_ENTRY(name, type)                       dispatch.name = layer_##name;
#define OBJECT_ENTRY(type, name, parameters, arguments) dispatch.name = layer_##name;

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *next,
                                            cl_uint *entries_ret, const cl_icd_dispatch **layer) {
    const char *nth = getenv("WR_FAULT_NTH"), *code = getenv("WR_FAULT_CODE");
    if (entries < sizeof dispatch / sizeof(void *))
        return CL_INVALID_VALUE;
    target = next;
    dispatch = *next;
    STATUS_CALLS(STATUS_ENTRY)
    RELEASE_CALLS(RELEASE_ENTRY)
    OBJECT_CALLS(OBJECT_ENTRY)
    dispatch.clGetProgramBuildInfo = layer_clGetProgramBuildInfo;
    fault_call = getenv("WR_FAULT_CALL");
    fault_nth = nth != NULL ? strtoul(nth, NULL, 10) : 1;
    fault_for_ever = nth != NULL && strchr(nth, '+') != NULL;
    fault_code = code != NULL ? (cl_int)strtol(code, NULL, 10) : CL_OUT_OF_RESOURCES;
    *entries_ret = sizeof dispatch / sizeof(void *);
    *layer = &dispatch;
    return CL_SUCCESS;
}
