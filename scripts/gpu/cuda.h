/* NVIDIA's CUDA driver, loaded at run time, so that no CUDA header is needed; any failure ends the
 * program with its name. One GPU, one kernel. */
#ifndef WR_CUDA_H
#define WR_CUDA_H

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef int CUresult;
typedef uint64_t CUdeviceptr;
typedef void *CUhandle; /* of a context, module, function, stream or event */
enum { UNITS = 16, REGISTERS = 4, SPILLED = 3 }; /* attributes of devices and functions */

#define DRIVER(X)                                                                                  \
    X(cuInit, "cuInit", (unsigned))                                                                \
    X(cuDriverGetVersion, "cuDriverGetVersion", (int *))                                           \
    X(cuDeviceGet, "cuDeviceGet", (int *, int))                                                    \
    X(cuDeviceGetName, "cuDeviceGetName", (char *, int, int))                                      \
    X(cuDeviceGetAttribute, "cuDeviceGetAttribute", (int *, int, int))                             \
    X(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (CUhandle *, int))                     \
    X(cuCtxSetCurrent, "cuCtxSetCurrent", (CUhandle))                                              \
    X(cuCtxSynchronize, "cuCtxSynchronize", (void))                                                \
    X(cuModuleLoadData, "cuModuleLoadData", (CUhandle *, const void *))                            \
    X(cuModuleGetFunction, "cuModuleGetFunction", (CUhandle *, CUhandle, const char *))            \
    X(cuFuncGetAttribute, "cuFuncGetAttribute", (int *, int, CUhandle))                            \
    X(cuMemAlloc, "cuMemAlloc_v2", (CUdeviceptr *, size_t))                                        \
    X(cuMemcpyHtoD, "cuMemcpyHtoD_v2", (CUdeviceptr, const void *, size_t))                        \
    X(cuMemcpyDtoH, "cuMemcpyDtoH_v2", (void *, CUdeviceptr, size_t))                              \
    X(cuMemsetD32, "cuMemsetD32_v2", (CUdeviceptr, unsigned, size_t))                              \
    X(cuLaunchKernel, "cuLaunchKernel",                                                            \
      (CUhandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUhandle,   \
       void **, void **))                                                                          \
    X(cuEventCreate, "cuEventCreate", (CUhandle *, unsigned))                                      \
    X(cuEventRecord, "cuEventRecord", (CUhandle, CUhandle))                                        \
    X(cuEventSynchronize, "cuEventSynchronize", (CUhandle))                                        \
    X(cuEventElapsedTime, "cuEventElapsedTime", (float *, CUhandle, CUhandle))                     \
    X(cuGetErrorName, "cuGetErrorName", (CUresult, const char **))

#define DECLARE(name, symbol, arguments) static CUresult(*name) arguments;
DRIVER(DECLARE)

_Noreturn static void fail(const char *what, const char *why) {
    fprintf(stderr, "cuda_run: %s: %s\n", what, why);
    exit(4);
}

#define CHECK(call) check(#call, call)
static void check(const char *call, CUresult code) {
    const char *name = NULL;
    if (code == 0)
        return;
    if (!cuGetErrorName || cuGetErrorName(code, &name) != 0 || !name)
        name = "an unknown error";
    fail(call, name);
}

static void load_driver(void) {
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver)
        fail("no libcuda.so.1", dlerror());
#define LOAD(name, symbol, arguments)                                                              \
    *(void **)&name = dlsym(driver, symbol);                                                       \
    if (!name)                                                                                     \
        fail("libcuda.so.1 has no", symbol);
    DRIVER(LOAD)
}

/* PTX or cubin, with a 0 behind it, as PTX needs. */
static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    char *bytes = size < 0 ? NULL : calloc((size_t)size + 1, 1);
    if (!bytes || fseek(file, 0, SEEK_SET) != 0 ||
        fread(bytes, 1, (size_t)size, file) != (size_t)size)
        fail(path, "cannot be read");
    fclose(file);
    return bytes;
}

static struct {
    char name[128];
    int version, units;
    CUhandle function, began, ended;
} gpu;

static void open_gpu(const char *path, const char *kernel) {
    CUhandle context, module;
    int device;
    char *code = read_file(path);
    load_driver();
    CHECK(cuInit(0));
    CHECK(cuDriverGetVersion(&gpu.version));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDeviceGetName(gpu.name, sizeof gpu.name, device));
    CHECK(cuDeviceGetAttribute(&gpu.units, UNITS, device));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuModuleLoadData(&module, code));
    CHECK(cuModuleGetFunction(&gpu.function, module, kernel));
    CHECK(cuEventCreate(&gpu.began, 0));
    CHECK(cuEventCreate(&gpu.ended, 0));
    free(code);
}

static void launch(size_t groups, size_t items, void **arguments) {
    CHECK(cuLaunchKernel(gpu.function, (unsigned)groups, 1, 1, (unsigned)items, 1, 1, 0, NULL,
                         arguments, NULL));
}

static void begin_timing(void) {
    CHECK(cuEventRecord(gpu.began, NULL));
}

static double end_timing(void) {
    float milliseconds;
    CHECK(cuEventRecord(gpu.ended, NULL));
    CHECK(cuEventSynchronize(gpu.ended));
    CHECK(cuEventElapsedTime(&milliseconds, gpu.began, gpu.ended));
    return (double)milliseconds / 1000;
}

static void *alloc(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory)
        fail("no memory", "use fewer models");
    return memory;
}

static CUdeviceptr buffer(const void *from, size_t bytes) {
    CUdeviceptr made;
    CHECK(cuMemAlloc(&made, bytes));
    if (from)
        CHECK(cuMemcpyHtoD(made, from, bytes));
    return made;
}

#endif
