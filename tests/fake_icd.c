/* An OpenCL driver that misbehaves, for tests: one platform with one or more GPUs that can do
 * nothing.
 *
 *   WR_FAKE_AT    where: load, list, describe, context, build
 *   WR_FAKE_DOES  what: abort, crash, hang, exit, print (and go on), or fail with an error code
 *   WR_FAKE_WORDS orders: what it prints and its GPUs' name contain control sequences
 *   WR_FAKE_GPUS  how many GPUs; 1 if it is not set. Only the first misbehaves. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <CL/cl_icd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 8 };

/* Every object begins with the table through which the loader calls. */
struct object {
    cl_icd_dispatch *table;
};
static cl_icd_dispatch table;
static struct object platform = {&table}, gpus[MOST], context = {&table}, queue = {&table},
                     program = {&table}, buffer = {&table};

static bool is(const char *name, const char *text) {
    const char *value = getenv(name);
    return value != NULL && strcmp(value, text) == 0;
}

/* Whether the call at `place` is to fail. */
static bool misbehave(const char *place) {
    if (!is("WR_FAKE_AT", place))
        return false;
    printf("fake driver: on stdout, at %s\n", place);
    fflush(stdout);
    fprintf(stderr, "fake driver: at %s\n", place);
    if (is("WR_FAKE_WORDS", "orders"))
        fputs("\x1b[31m \x9b \xc2\x9b \u202e \u00e9 \u6f22\n", stderr);
    if (is("WR_FAKE_DOES", "abort"))
        abort();
    if (is("WR_FAKE_DOES", "crash"))
        raise(SIGSEGV);
    if (is("WR_FAKE_DOES", "exit"))
        exit(3);
    while (is("WR_FAKE_DOES", "hang"))
        pause();
    return is("WR_FAKE_DOES", "fail");
}

static cl_uint gpu_count(void) {
    const char *text = getenv("WR_FAKE_GPUS");
    return text != NULL ? (cl_uint)strtoul(text, NULL, 10) : 1;
}

/* ---- its answers ---- */

static cl_int answer(const void *value, size_t size, size_t room, void *to, size_t *needed) {
    if (needed != NULL)
        *needed = size;
    if (to != NULL && room < size)
        return CL_INVALID_VALUE;
    if (to != NULL)
        memcpy(to, value, size);
    return CL_SUCCESS;
}

static cl_int platform_info(cl_platform_id id, cl_platform_info what, size_t room, void *to,
                            size_t *needed) {
    const char *text = what == CL_PLATFORM_ICD_SUFFIX_KHR ? "FAKE"
                       : what == CL_PLATFORM_EXTENSIONS   ? "cl_khr_icd"
                       : what == CL_PLATFORM_PROFILE      ? "FULL_PROFILE"
                       : what == CL_PLATFORM_VERSION      ? "OpenCL 1.2 fake"
                                                          : "Fake";
    (void)id;
    return answer(text, strlen(text) + 1, room, to, needed);
}

static cl_int device_ids(cl_platform_id id, cl_device_type type, cl_uint room, cl_device_id *to,
                         cl_uint *count) {
    (void)id;
    if (misbehave("list"))
        return CL_OUT_OF_HOST_MEMORY;
    cl_uint found = (type & CL_DEVICE_TYPE_GPU) != 0 ? gpu_count() : 0;
    if (found == 0)
        return CL_DEVICE_NOT_FOUND;
    for (cl_uint i = 0; i < found && i < MOST; i++) {
        gpus[i].table = &table;
        if (to != NULL && i < room)
            to[i] = (cl_device_id)&gpus[i];
    }
    if (count != NULL)
        *count = found;
    return CL_SUCCESS;
}

static cl_int device_info(cl_device_id id, cl_device_info what, size_t room, void *to,
                          size_t *needed) {
    static const size_t items[3] = {64, 64, 64};
    const cl_device_type type = CL_DEVICE_TYPE_GPU;
    const cl_bool yes = CL_TRUE;
    const cl_device_fp_config fp = CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST;
    const cl_ulong bytes = 1u << 30;
    const cl_uint one = 1;
    const size_t group = 64;
    const char *text = "OpenCL C 1.2";
    if (what == CL_DEVICE_NAME && id == (cl_device_id)&gpus[0] && misbehave("describe"))
        return CL_OUT_OF_RESOURCES;
    switch (what) {
    case CL_DEVICE_TYPE:
        return answer(&type, sizeof type, room, to, needed);
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE:
        return answer(&yes, sizeof yes, room, to, needed);
    case CL_DEVICE_SINGLE_FP_CONFIG:
        return answer(&fp, sizeof fp, room, to, needed);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
    case CL_DEVICE_LOCAL_MEM_SIZE:
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        return answer(&bytes, sizeof bytes, room, to, needed);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
    case CL_DEVICE_VENDOR_ID:
        return answer(&one, sizeof one, room, to, needed);
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        return answer(&group, sizeof group, room, to, needed);
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
        return answer(items, sizeof items, room, to, needed);
    case CL_DEVICE_NAME:
        text = is("WR_FAKE_WORDS", "orders") ? "\x1b[31m \xc2\x9b \u202e \u00e9" : "Fake GPU";
        break;
    case CL_DEVICE_VERSION:
        text = "OpenCL 1.2 fake";
        break;
    }
    return answer(text, strlen(text) + 1, room, to, needed);
}

/* ---- its objects ---- */

static cl_context
create_context(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
               void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
               void *context_data, cl_int *code) {
    (void)properties, (void)count, (void)notify, (void)context_data;
    bool fails = devices[0] == (cl_device_id)&gpus[0] && misbehave("context");
    if (code != NULL)
        *code = fails ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
    return fails ? NULL : (cl_context)&context;
}

static cl_command_queue create_queue(cl_context in, cl_device_id device,
                                     cl_command_queue_properties properties, cl_int *code) {
    (void)in, (void)device, (void)properties;
    if (code != NULL)
        *code = CL_SUCCESS;
    return (cl_command_queue)&queue;
}

static cl_mem create_buffer(cl_context in, cl_mem_flags flags, size_t size, void *from,
                            cl_int *code) {
    (void)in, (void)flags, (void)size, (void)from;
    if (code != NULL)
        *code = CL_SUCCESS;
    return (cl_mem)&buffer;
}

static cl_int write_buffer(cl_command_queue on, cl_mem to, cl_bool blocking, size_t offset,
                           size_t size, const void *from, cl_uint waits, const cl_event *events,
                           cl_event *event) {
    (void)on, (void)to, (void)blocking, (void)offset, (void)size, (void)from;
    (void)waits, (void)events, (void)event;
    return CL_SUCCESS;
}

static cl_int fill_buffer(cl_command_queue on, cl_mem to, const void *pattern, size_t pattern_size,
                          size_t offset, size_t size, cl_uint waits, const cl_event *events,
                          cl_event *event) {
    (void)on, (void)to, (void)pattern, (void)pattern_size, (void)offset, (void)size;
    (void)waits, (void)events, (void)event;
    return CL_SUCCESS;
}

static cl_program create_program(cl_context in, cl_uint count, const char **texts,
                                 const size_t *lengths, cl_int *code) {
    (void)in, (void)count, (void)texts, (void)lengths;
    if (code != NULL)
        *code = CL_SUCCESS;
    return (cl_program)&program;
}

static cl_int build_program(cl_program which, cl_uint count, const cl_device_id *devices,
                            const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                            void *data) {
    (void)which, (void)count, (void)options, (void)notify, (void)data;
    if (devices[0] == (cl_device_id)&gpus[0])
        misbehave("build");
    return CL_BUILD_PROGRAM_FAILURE; /* it has no compiler */
}

static cl_int build_info(cl_program which, cl_device_id device, cl_program_build_info what,
                         size_t room, void *to, size_t *needed) {
    (void)which, (void)device, (void)what;
    return answer("no compiler", sizeof "no compiler", room, to, needed);
}

static cl_int release_context(cl_context which) {
    (void)which;
    return CL_SUCCESS;
}
static cl_int release_queue(cl_command_queue which) {
    (void)which;
    return CL_SUCCESS;
}
static cl_int finish(cl_command_queue which) {
    (void)which;
    return CL_SUCCESS;
}
static cl_int release_buffer(cl_mem which) {
    (void)which;
    return CL_SUCCESS;
}
static cl_int release_program(cl_program which) {
    (void)which;
    return CL_SUCCESS;
}

/* ---- the functions that the loader calls ---- */

static cl_int icd_platforms(cl_uint room, cl_platform_id *to, cl_uint *count) {
    if (misbehave("load"))
        return CL_OUT_OF_HOST_MEMORY;
    table.clGetPlatformInfo = platform_info;
    table.clGetDeviceIDs = device_ids;
    table.clGetDeviceInfo = device_info;
    table.clCreateContext = create_context;
    table.clReleaseContext = release_context;
    table.clCreateCommandQueue = create_queue;
    table.clReleaseCommandQueue = release_queue;
    table.clFinish = finish;
    table.clCreateBuffer = create_buffer;
    table.clReleaseMemObject = release_buffer;
    table.clEnqueueWriteBuffer = write_buffer;
    table.clEnqueueFillBuffer = fill_buffer;
    table.clCreateProgramWithSource = create_program;
    table.clBuildProgram = build_program;
    table.clGetProgramBuildInfo = build_info;
    table.clReleaseProgram = release_program;
    if (to != NULL && room > 0)
        to[0] = (cl_platform_id)&platform;
    if (count != NULL)
        *count = 1;
    return CL_SUCCESS;
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *name) {
    cl_int (*platforms)(cl_uint, cl_platform_id *, cl_uint *) = icd_platforms;
    void *address = NULL;
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        memcpy(&address, &platforms, sizeof address);
    return address;
}
CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *to,
                                                       cl_uint *count) {
    return icd_platforms(room, to, count);
}
CL_API_ENTRY cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id id, cl_platform_info what,
                                                  size_t room, void *to, size_t *needed) {
    return platform_info(id, what, room, to, needed);
}
