/* Finding, describing and opening OpenCL devices. */
#include "backend/opencl/opencl.h"

#include "backend/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLATFORM_NOT_FOUND (-1001) /* CL_PLATFORM_NOT_FOUND_KHR, of cl_khr_icd */
#define VENDOR_NVIDIA      0x10de  /* its number on the PCI bus */
#define MOST               64      /* limit of platforms, and of devices of a platform */

/* One entry of the enumeration: a device, or a platform that does not give its devices. */
struct place {
    cl_device_id id; /* NULL: code says why */
    cl_platform_id platform;
    unsigned p, d;
    const char *call;
    cl_int code;
};

/* Finds entry `index` in the order of the ICD loader: platform by platform, device by device. False
 * past the last. */
static bool find_place(size_t index, struct place *place) {
    cl_platform_id platforms[MOST];
    cl_uint platform_count = 0;
    cl_int code = clGetPlatformIDs(MOST, platforms, &platform_count);
    if (code == PLATFORM_NOT_FOUND)
        return false;
    if (code != CL_SUCCESS) {
        *place = (struct place){.call = "clGetPlatformIDs", .code = code};
        return index == 0;
    }
    if (platform_count > MOST)
        platform_count = MOST;
    for (unsigned p = 0; p < platform_count; ++p) {
        cl_device_id ids[MOST];
        cl_uint count = 0;
        *place = (struct place){.platform = platforms[p], .p = p};
        code = clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MOST, ids, &count);
        if (code == CL_DEVICE_NOT_FOUND)
            continue;
        if (code != CL_SUCCESS) {
            place->call = "clGetDeviceIDs";
            place->code = code;
            count = 1;
        }
        if (count > MOST)
            count = MOST;
        if (index < count) {
            place->d = (unsigned)index;
            place->id = code == CL_SUCCESS ? ids[index] : NULL;
            return true;
        }
        index -= count;
    }
    return false;
}

/* The properties of a device that we use. */
struct facts {
    cl_device_type type;
    cl_bool available, compiler, little_endian;
    cl_device_fp_config fp;
    cl_ulong memory, local_memory, max_buffer;
    cl_uint units, vendor;
    size_t max_group, max_items[16];
    char name[256], version[256], c_version[256], driver[128];
};

static wr_status ask(struct place *place, struct facts *facts) {
    const struct {
        cl_device_info what;
        size_t size;
        void *to;
        bool text;
    } questions[] = {
        {CL_DEVICE_TYPE, sizeof facts->type, &facts->type, false},
        {CL_DEVICE_AVAILABLE, sizeof facts->available, &facts->available, false},
        {CL_DEVICE_COMPILER_AVAILABLE, sizeof facts->compiler, &facts->compiler, false},
        {CL_DEVICE_ENDIAN_LITTLE, sizeof facts->little_endian, &facts->little_endian, false},
        {CL_DEVICE_SINGLE_FP_CONFIG, sizeof facts->fp, &facts->fp, false},
        {CL_DEVICE_GLOBAL_MEM_SIZE, sizeof facts->memory, &facts->memory, false},
        {CL_DEVICE_LOCAL_MEM_SIZE, sizeof facts->local_memory, &facts->local_memory, false},
        {CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof facts->max_buffer, &facts->max_buffer, false},
        {CL_DEVICE_MAX_COMPUTE_UNITS, sizeof facts->units, &facts->units, false},
        {CL_DEVICE_VENDOR_ID, sizeof facts->vendor, &facts->vendor, false},
        {CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof facts->max_group, &facts->max_group, false},
        {CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof facts->max_items, facts->max_items, false},
        {CL_DEVICE_NAME, sizeof facts->name - 1, facts->name, true},
        {CL_DEVICE_VERSION, sizeof facts->version - 1, facts->version, true},
        {CL_DEVICE_OPENCL_C_VERSION, sizeof facts->c_version - 1, facts->c_version, true},
        {CL_DRIVER_VERSION, sizeof facts->driver - 1, facts->driver, true},
    };
    memset(facts, 0, sizeof *facts);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; ++i) {
        cl_int code =
            clGetDeviceInfo(place->id, questions[i].what, questions[i].size, questions[i].to, NULL);
        if (code == CL_INVALID_VALUE && questions[i].text) { /* longer than our room for it */
            snprintf(questions[i].to, questions[i].size, "?");
            code = CL_SUCCESS;
        }
        if (code != CL_SUCCESS) {
            place->call = "clGetDeviceInfo";
            place->code = code;
            return WR_ERR_DEVICE;
        }
    }
    return WR_OK;
}

static bool little_endian_host(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* Why the device cannot be used at all, or NULL. */
static const char *unusable(const struct facts *facts) {
    int major = 0, minor = 0;
    if (!facts->available)
        return "the driver says that it is not available";
    if (!facts->compiler)
        return "it has no compiler for OpenCL C";
    if (sscanf(facts->c_version, "OpenCL C %d.%d", &major, &minor) == 2 &&
        (major < 1 || (major == 1 && minor < 2)))
        return "its OpenCL C is older than 1.2";
    if ((facts->little_endian == CL_TRUE) != little_endian_host())
        return "its byte order is not the host's";
    return NULL;
}

/* Why its arithmetic cannot be exact, or NULL. */
static const char *not_exact(const struct facts *facts) {
    if (!(facts->fp & CL_FP_DENORM))
        return "not exact: no subnormal numbers (CL_FP_DENORM)";
    if (!(facts->fp & CL_FP_ROUND_TO_NEAREST))
        return "not exact: does not round to nearest (CL_FP_ROUND_TO_NEAREST)";
    if (!(facts->fp & CL_FP_INF_NAN))
        return "not exact: no infinities and NaNs (CL_FP_INF_NAN)";
    return NULL;
}

static void fill_info(struct place *place, const struct facts *facts, struct wr_device_info *info) {
    *info = (struct wr_device_info){.backend = "opencl"};
    snprintf(info->id, sizeof info->id, "opencl:%u.%u", place->p, place->d);
    info->gpu = (facts->type & CL_DEVICE_TYPE_GPU) != 0;
    if (place->code != CL_SUCCESS) {
        snprintf(info->name, sizeof info->name, "%.127s", facts->name[0] ? facts->name : "unknown");
        snprintf(info->detail, sizeof info->detail, "%s failed with %s (%d)", place->call,
                 wr_cl_code_name(place->code), (int)place->code);
        return;
    }
    const char *useless = unusable(facts), *wrong = not_exact(facts);
    snprintf(info->name, sizeof info->name, "%.127s", facts->name);
    info->memory = (size_t)facts->memory;
    info->usable = useless == NULL;
    info->exact = info->usable && wrong == NULL;
    if (!info->exact)
        snprintf(info->detail, sizeof info->detail, "%s", useless ? useless : wrong);
    else
        snprintf(info->detail, sizeof info->detail, "%u compute units, %.100s, driver %.100s",
                 (unsigned)facts->units, facts->version, facts->driver);
}

/* Makes a driver's text safe to print on a terminal. */
static void make_shown(char *text, size_t size) {
    char shown[256];
    wr_shown(text, shown, size);
    memcpy(text, shown, size);
}

static wr_status no_such_device(size_t index, struct wr_error *error) {
    return index == 0 ? wr_cl_no_device(error)
                      : wr_fail(error, WR_ERR_DEVICE, "there are only %zu OpenCL devices", index);
}

wr_status wr_cl_describe(size_t index, struct wr_device_info *info, struct wr_error *error) {
    struct place place;
    struct facts facts = {0};
    if (!find_place(index, &place))
        return no_such_device(index, error);
    if (place.id)
        (void)ask(&place, &facts); /* a failure is kept in `place` */
    fill_info(&place, &facts, info);
    make_shown(info->name, sizeof info->name);
    make_shown(info->detail, sizeof info->detail);
    return WR_OK;
}

static wr_status open_queue(struct wr_cl_device *device, cl_platform_id platform,
                            struct wr_error *error) {
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)platform, 0};
    cl_int code;
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &code);
    if (code == CL_SUCCESS) {
        device->queue = clCreateCommandQueue(device->context, device->id, 0, &code);
        if (code == CL_SUCCESS &&
            (device->forced_queues ? device->forced_queues > 1 : !device->cpu))
            device->second = clCreateCommandQueue(device->context, device->id, 0, &code);
        return wr_cl_check(device, "clCreateCommandQueue", code, error);
    }
    return wr_cl_check(device, "clCreateContext", code, error);
}

wr_status wr_cl_open_device(size_t index, const struct wr_device_options *options,
                            struct wr_device **opened, struct wr_error *error) {
    struct place place;
    struct facts facts = {0};
    *opened = NULL;
    if (!find_place(index, &place))
        return no_such_device(index, error);
    struct wr_cl_device *device = wr_alloc(1, sizeof *device, "an OpenCL device", error);
    if (!device)
        return WR_ERR_MEMORY;
    if (place.id)
        (void)ask(&place, &facts);
    fill_info(&place, &facts, &device->base.info);
    device->base.backend = &wr_backend_opencl;
    device->base.process = getpid();
    if (options)
        device->base.options = *options;
    wr_status status = WR_OK;
    if (!device->base.info.usable)
        status = wr_fail(error, WR_ERR_DEVICE, "%s (%s) cannot be used: %s; try \1selector=cpu\1",
                         device->base.info.id, device->base.info.name, device->base.info.detail);
    device->id = place.id;
    device->cpu = (facts.type & CL_DEVICE_TYPE_CPU) != 0;
    device->max_group = facts.max_group < facts.max_items[0] ? facts.max_group : facts.max_items[0];
    device->nvidia = facts.vendor == VENDOR_NVIDIA;
    device->local_bytes = (size_t)facts.local_memory;
    device->max_buffer = (size_t)facts.max_buffer;
    if (status == WR_OK)
        status = wr_cl_read_variables(device, error);
    if (status == WR_OK)
        status = open_queue(device, place.platform, error);
    if (status != WR_OK) {
        wr_cl_close_device(&device->base);
        return status;
    }
    *opened = &device->base;
    return WR_OK;
}

void wr_cl_close_device(struct wr_device *base) {
    struct wr_cl_device *device = (struct wr_cl_device *)base;
    if (!device)
        return;
    if (!wr_is_ours(base)) { /* the driver's own state is in the other process */
        free(device);
        return;
    }
    wr_cl_programs_free(device);
    if (device->second)
        clReleaseCommandQueue(device->second);
    if (device->queue)
        clReleaseCommandQueue(device->queue);
    if (device->context)
        clReleaseContext(device->context);
    free(device);
}
