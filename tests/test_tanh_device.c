/* wr_tanh of every float, also negative ones and NaNs, on each OpenCL device: the bits of the
 * host. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/opencl/opencl.h"
#include "tanh_range.h"

#define CHUNK (UINT32_C(1) << 24) /* floats per launch: 64 MiB */

static char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    char *text = test_zeros(1 << 16, 1);
    assert_in_range(fread(text, 1, (1 << 16) - 1, file), 1, (1 << 16) - 2);
    fclose(file);
    return text;
}

static cl_kernel build(const struct wr_cl_device *device, cl_program *program) {
    char *texts[] = {read_text(WR_TEST_SOURCE_DIR "/../kernels/numerics.h"),
                     read_text(WR_TEST_SOURCE_DIR "/tanh.cl")};
    cl_int code;
    *program = clCreateProgramWithSource(device->context, 2, (const char **)texts, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    if (clBuildProgram(*program, 1, &device->id, "-cl-std=CL1.2", NULL, NULL) != CL_SUCCESS) {
        char log[4096] = "";
        clGetProgramBuildInfo(*program, device->id, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
        fail_msg("%s: %s", device->base.info.id, log);
    }
    cl_kernel kernel = clCreateKernel(*program, "tanh_range", &code);
    assert_int_equal(code, CL_SUCCESS);
    free(texts[0]);
    free(texts[1]);
    return kernel;
}

/* Compares count floats of the host with those of the device. */
static void compare(const char *id, uint32_t first, const uint32_t *device) {
    uint32_t wrong = CHUNK;
#pragma omp parallel for reduction(min : wrong)
    for (uint32_t start = 0; start < CHUNK; start += TANH_RANGE) {
        static _Thread_local uint32_t host[TANH_RANGE];
        tanh_range(first + start, host, TANH_RANGE);
        if (memcmp(host, device + start, sizeof host) == 0)
            continue;
        uint32_t i = 0;
        while (host[i] == device[start + i])
            i++;
        wrong = start + i < wrong ? start + i : wrong;
    }
    if (wrong != CHUNK) {
        uint32_t expected;
        tanh_range(first + wrong, &expected, 1);
        fail_msg("%s: tanh of the float 0x%08x is 0x%08x, on the host 0x%08x", id, first + wrong,
                 device[wrong], expected);
    }
}

static void check_device(const char *id) {
    struct wr_device *base = test_device(id, 0);
    struct wr_cl_device *device = (struct wr_cl_device *)base;
    size_t global = CHUNK, size = CHUNK * sizeof(uint32_t);
    uint32_t *bits = test_zeros(CHUNK, sizeof *bits);
    cl_program program;
    cl_kernel kernel = build(device, &program);
    cl_int code;
    cl_mem buffer = clCreateBuffer(device->context, CL_MEM_WRITE_ONLY, size, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    assert_int_equal(clSetKernelArg(kernel, 1, sizeof buffer, &buffer), CL_SUCCESS);
    uint32_t first = 0;
    do {
        assert_int_equal(clSetKernelArg(kernel, 0, sizeof first, &first), CL_SUCCESS);
        assert_int_equal(
            clEnqueueNDRangeKernel(device->queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL),
            CL_SUCCESS);
        assert_int_equal(
            clEnqueueReadBuffer(device->queue, buffer, CL_TRUE, 0, size, bits, 0, NULL, NULL),
            CL_SUCCESS);
        compare(id, first, bits);
        first += CHUNK;
    } while (first != 0);
    clReleaseMemObject(buffer);
    clReleaseKernel(kernel);
    clReleaseProgram(program);
    wr_device_close(base);
    free(bits);
}

static void test_every_float(void **state) {
    (void)state;
    const char *id;
    for (size_t n = 0; (id = test_opencl_device(n)) != NULL; n++) {
        check_device(id);
        print_message("%s: the host's bits for all 2^32 floats\n", id);
    }
}

int main(void) {
    test_setup();
    if (test_opencl_device(0) == NULL)
        test_skip("no usable OpenCL device");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_float)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
