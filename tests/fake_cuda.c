/* A libcuda.so.1 without a GPU, for tests of scripts/gpu/cuda_run.c. The first line of a PTX names
 * the OpenCL source from which it was made (scripts/gpu/ptx.py); this library runs that source on
 * the first OpenCL device. FAKE_CUDA_SOURCES is the folder that holds kernels/. FAKE_CUDA_VENDORS
 * replaces OCL_ICD_VENDORS in such a program, so that other programs do not see that device. It
 * tests neither the PTX beyond its parameters, nor speed. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int CUresult;
typedef uint64_t CUdeviceptr;
enum { OK, INVALID_VALUE, NO_DEVICE = 100, INVALID_IMAGE = 200, NOT_FOUND = 500, FAILED = 900 };
enum { MOST_BUFFERS = 64, MOST_ARGUMENTS = 32, MOST_EVENTS = 16, POISON = 0xcd };
enum { UNITS = 16 };                 /* an attribute of devices */
#define APART ((CUdeviceptr)1 << 40) /* bytes from one buffer's address to the next one's */

/* Defines a function of the driver, after the prototype that the compiler demands. */
#define DRIVER(name, ...)                                                                          \
    CUresult name(__VA_ARGS__);                                                                    \
    CUresult name(__VA_ARGS__)

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;
static cl_program program;
static cl_kernel kernel;
static char image[1 << 20]; /* the PTX */
static size_t buffer_count, event_count;
static struct {
    cl_mem memory;
    size_t size;
} buffers[MOST_BUFFERS];
static double events[MOST_EVENTS];
static struct {
    cl_uint count;
    bool pointer[MOST_ARGUMENTS];
    size_t size[MOST_ARGUMENTS];
} arguments;

static CUresult result(cl_int code, const char *what) {
    if (code != CL_SUCCESS)
        fprintf(stderr, "fake_cuda: %s gives %d\n", what, code);
    return code == CL_SUCCESS ? OK : FAILED;
}

static CUresult wrong(const char *what, size_t which) {
    fprintf(stderr, "fake_cuda: %s (%zu)\n", what, which);
    return INVALID_VALUE;
}

/* ---- the device ---- */

DRIVER(cuInit, unsigned flags) {
    const char *vendors = getenv("FAKE_CUDA_VENDORS");
    cl_platform_id platform;
    cl_int code;
    (void)flags;
    if (vendors != NULL)
        setenv("OCL_ICD_VENDORS", vendors, 1);
    if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS)
        return NO_DEVICE;
    context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    if (code == CL_SUCCESS)
        queue = clCreateCommandQueue(context, device, 0, &code);
    return result(code, "clCreateContext or clCreateCommandQueue");
}

DRIVER(cuDriverGetVersion, int *version) {
    *version = 12000;
    return OK;
}

DRIVER(cuDeviceGet, int *number, int which) {
    *number = which;
    return which == 0 ? OK : NO_DEVICE;
}

DRIVER(cuDeviceGetName, char *name, int size, int which) {
    (void)which;
    snprintf(name, (size_t)size, "no GPU, but OpenCL behind tests/fake_cuda.c");
    return OK;
}

DRIVER(cuDeviceGetAttribute, int *value, int attribute, int which) {
    (void)which;
    *value = attribute == UNITS ? 1 : 0;
    return OK;
}

DRIVER(cuDevicePrimaryCtxRetain, void **made, int which) {
    (void)which;
    *made = context;
    return OK;
}

DRIVER(cuCtxSetCurrent, void *made) {
    return made == context ? OK : INVALID_VALUE;
}

DRIVER(cuCtxSynchronize, void) {
    return result(clFinish(queue), "clFinish");
}

DRIVER(cuGetErrorName, CUresult code, const char **name) {
    static char text[32];
    snprintf(text, sizeof text, "error %d of fake_cuda", code);
    *name = text;
    return OK;
}

/* ---- the kernel ---- */

static cl_program build(const char *sources, const char *file, const char *words) {
    char text[1024], options[4096];
    const char *source = text;
    cl_int code;
    /* Without WR_WARP_SYNC, an instruction that only NVIDIA's GPUs have. */
    snprintf(text, sizeof text, "#undef WR_WARP_SYNC\n#include \"%s\"\n", file);
    snprintf(options, sizeof options, "-cl-std=CL1.2 -cl-kernel-arg-info -I %s -I %s/kernels %s",
             sources, sources, words);
    cl_program made = clCreateProgramWithSource(context, 1, &source, NULL, &code);
    if (code == CL_SUCCESS)
        code = clBuildProgram(made, 1, &device, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        static char log[1 << 16];
        clGetProgramBuildInfo(made, device, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
        fprintf(stderr, "fake_cuda: %s: %s\n", file, log);
        return NULL;
    }
    return made;
}

DRIVER(cuModuleLoadData, void **module, const void *data) {
    char file[128], words[2048] = "";
    const char *sources = getenv("FAKE_CUDA_SOURCES");
    snprintf(image, sizeof image, "%s", (const char *)data);
    if (sources == NULL || sscanf(image, "// %127s%2047[^\n]", file, words) < 1 ||
        strstr(image, ".entry") == NULL)
        return INVALID_IMAGE;
    program = build(sources, file, words);
    *module = program;
    return program != NULL ? OK : INVALID_IMAGE;
}

/* Fills the bytes of each parameter as the PTX declares it; returns their number. */
static size_t declared(const char *name, size_t sizes[MOST_ARGUMENTS]) {
    char head[128];
    snprintf(head, sizeof head, ".entry %s(", name);
    const char *at = strstr(image, head), *end = at != NULL ? strchr(at, ')') : NULL;
    size_t count = 0;
    while (end != NULL && count < MOST_ARGUMENTS && (at = strstr(at, ".param .")) != NULL &&
           at < end) {
        at += strlen(".param .") + 1; /* of .u64, the 64 */
        sizes[count++] = strtoul(at, NULL, 10) / 8;
    }
    return count;
}

/* Learns how to read the arguments of the kernel from what cuLaunchKernel gets. */
static CUresult learn_arguments(const char *name) {
    size_t sizes[MOST_ARGUMENTS], count = declared(name, sizes);
    cl_int code =
        clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof arguments.count, &arguments.count, NULL);
    if (arguments.count != count)
        return wrong("the PTX has another number of parameters than the kernel", count);
    for (cl_uint i = 0; i < arguments.count && code == CL_SUCCESS; i++) {
        cl_kernel_arg_address_qualifier space;
        char type[64] = "";
        code = clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space,
                                  NULL);
        if (code == CL_SUCCESS)
            code = clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof type, type, NULL);
        arguments.pointer[i] = space != CL_KERNEL_ARG_ADDRESS_PRIVATE;
        arguments.size[i] = arguments.pointer[i] || strcmp(type, "ulong") == 0 ? 8 : 4;
        if (code == CL_SUCCESS && arguments.size[i] != sizes[i])
            return wrong("the PTX has another type for the kernel's parameter", i);
    }
    return result(code, "clGetKernelArgInfo");
}

DRIVER(cuModuleGetFunction, void **function, void *module, const char *name) {
    cl_int code;
    kernel = clCreateKernel(module, name, &code);
    *function = kernel;
    return code == CL_SUCCESS ? learn_arguments(name) : NOT_FOUND;
}

DRIVER(cuFuncGetAttribute, int *value, int attribute, void *function) {
    (void)attribute, (void)function;
    *value = 0; /* registers, spilled bytes: unknown here */
    return OK;
}

/* ---- memory ---- */

static bool find(CUdeviceptr address, size_t bytes, size_t *which) {
    *which = (size_t)(address / APART) - 1;
    return address != 0 && address % APART == 0 && *which < buffer_count &&
           bytes <= buffers[*which].size;
}

DRIVER(cuMemAlloc_v2, CUdeviceptr *address, size_t bytes) {
    const unsigned char poison = POISON; /* new memory holds anything */
    cl_int code;
    if (buffer_count == MOST_BUFFERS)
        return wrong("more buffers than it has room for", buffer_count);
    cl_mem memory = clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code == CL_SUCCESS)
        code = clEnqueueFillBuffer(queue, memory, &poison, 1, 0, bytes, 0, NULL, NULL);
    buffers[buffer_count].memory = memory;
    buffers[buffer_count].size = bytes;
    *address = APART * ++buffer_count;
    return result(code, "clCreateBuffer");
}

DRIVER(cuMemcpyHtoD_v2, CUdeviceptr to, const void *from, size_t bytes) {
    size_t i;
    if (!find(to, bytes, &i))
        return wrong("a copy to what is no buffer, or a smaller one", bytes);
    return result(
        clEnqueueWriteBuffer(queue, buffers[i].memory, CL_TRUE, 0, bytes, from, 0, NULL, NULL),
        "clEnqueueWriteBuffer");
}

DRIVER(cuMemcpyDtoH_v2, void *to, CUdeviceptr from, size_t bytes) {
    size_t i;
    if (!find(from, bytes, &i))
        return wrong("a copy from what is no buffer, or a smaller one", bytes);
    return result(
        clEnqueueReadBuffer(queue, buffers[i].memory, CL_TRUE, 0, bytes, to, 0, NULL, NULL),
        "clEnqueueReadBuffer");
}

DRIVER(cuMemsetD32_v2, CUdeviceptr to, unsigned value, size_t count) {
    size_t i;
    if (!find(to, 4 * count, &i))
        return wrong("what is set is no buffer, or a smaller one", count);
    return result(clEnqueueFillBuffer(queue, buffers[i].memory, &value, sizeof value, 0, 4 * count,
                                      0, NULL, NULL),
                  "clEnqueueFillBuffer");
}

/* ---- launches and their times ---- */

static CUresult set_argument(cl_uint i, const void *value) {
    size_t which;
    if (!arguments.pointer[i])
        return result(clSetKernelArg(kernel, i, arguments.size[i], value), "clSetKernelArg");
    CUdeviceptr address = *(const CUdeviceptr *)value;
    if (address != 0 && !find(address, 0, &which))
        return wrong("this argument is no buffer", i);
    cl_mem memory = address != 0 ? buffers[which].memory : NULL;
    return result(clSetKernelArg(kernel, i, sizeof memory, &memory), "clSetKernelArg");
}

DRIVER(cuLaunchKernel, void *function, unsigned groups, unsigned groups_y, unsigned groups_z,
       unsigned items, unsigned items_y, unsigned items_z, unsigned shared, void *stream,
       void **values, void **extra) {
    size_t local = items, global = (size_t)groups * items;
    (void)stream;
    if (function != kernel || groups_y * groups_z * items_y * items_z != 1 || shared != 0 || extra)
        return wrong("a launch of another kind", groups);
    for (cl_uint i = 0; i < arguments.count; i++)
        if (set_argument(i, values[i]) != OK)
            return INVALID_VALUE;
    return result(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL),
                  "clEnqueueNDRangeKernel");
}

DRIVER(cuEventCreate, void **event, unsigned flags) {
    (void)flags;
    if (event_count == MOST_EVENTS)
        return wrong("more events than it has room for", event_count);
    *event = &events[event_count++];
    return OK;
}

DRIVER(cuEventRecord, void *event, void *stream) {
    struct timespec now;
    (void)stream;
    cl_int code = clFinish(queue);
    clock_gettime(CLOCK_MONOTONIC, &now);
    *(double *)event = (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
    return result(code, "clFinish");
}

DRIVER(cuEventSynchronize, void *event) {
    (void)event;
    return OK;
}

DRIVER(cuEventElapsedTime, float *milliseconds, void *from, void *to) {
    *milliseconds = (float)(*(double *)to - *(double *)from);
    return OK;
}
