/* The list of kernels that the OpenCL backend binds arguments by (host/backend/opencl/kernels.c):
 * compared with what the kernels declare, and a session that finds a difference. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/opencl/opencl.h"

static const char *lying_kernel; /* a kernel that seems to take one argument more; NULL: none */

cl_int __real_clGetKernelInfo(cl_kernel kernel, cl_kernel_info what, size_t size, void *value,
                              size_t *used);
cl_int __wrap_clGetKernelInfo(cl_kernel kernel, cl_kernel_info what, size_t size, void *value,
                              size_t *used);

cl_int __wrap_clGetKernelInfo(cl_kernel kernel, cl_kernel_info what, size_t size, void *value,
                              size_t *used) {
    char name[64] = "";
    cl_int code = __real_clGetKernelInfo(kernel, what, size, value, used);
    if (lying_kernel == NULL || code != CL_SUCCESS || what != CL_KERNEL_NUM_ARGS)
        return code;
    __real_clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    if (strcmp(name, lying_kernel) == 0)
        ++*(cl_uint *)value;
    return code;
}

/* The first usable OpenCL device, opened. */
static struct wr_device *open_device(void) {
    const char *id = test_opencl_device(0);
    if (id == NULL)
        skip();
    return test_device(id, 0);
}

/* Every index has an argument, and the row of each has a name, a type and a size. */
static void test_rows(void **state) {
    (void)state;
    for (int a = WR_CL_ARG_NONE + 1; a < WR_CL_ARGUMENTS; a++) {
        const struct wr_cl_argument_row *row = &wr_cl_arguments[a];
        assert_non_null(row->name);
        assert_true((row->source == WR_CL_MEMORY) == (row->type[strlen(row->type) - 1] == '*'));
        assert_true((row->source == WR_CL_MEMORY) == (row->buffer != WR_CL_BUFFERS));
        bool used = false;
        for (int k = 0; k < WR_CL_KERNELS; k++)
            used |= wr_cl_argument_place((enum wr_cl_kernel)k, (enum wr_cl_argument)a) <
                    wr_cl_argument_count((enum wr_cl_kernel)k);
        if (!used)
            fail_msg("no kernel takes %s", row->name);
    }
}

static void check_argument(const struct wr_cl_kernel_row *row, cl_kernel kernel, cl_uint i) {
    const struct wr_cl_argument_row *expected = &wr_cl_arguments[row->arguments[i]];
    char name[64] = "", type[64] = "";
    cl_kernel_arg_address_qualifier space = 0;
    assert_int_equal(
        clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_NAME, sizeof name, name, NULL) |
            clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof type, type, NULL) |
            clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space,
                               NULL),
        CL_SUCCESS);
    if (strcmp(name, expected->name) != 0 || strcmp(type, expected->type) != 0)
        fail_msg("%s: argument %u is %s %s, in the list %s %s", row->name, (unsigned)i, type, name,
                 expected->type, expected->name);
    assert_int_equal(space, expected->source == WR_CL_MEMORY ? CL_KERNEL_ARG_ADDRESS_GLOBAL
                                                             : CL_KERNEL_ARG_ADDRESS_PRIVATE);
}

/* Checks all kernels of one kind of program, and counts them. */
static size_t check_kind(struct wr_cl_device *device, const struct wr_ensemble *ensemble,
                         enum wr_cl_kind kind) {
    char options[WR_CL_OPTIONS + 32];
    struct wr_layout layout;
    struct wr_cl_plan plan;
    struct wr_error error = {0};
    cl_program program;
    size_t checked = 0;
    device->forced_fused = kind;
    device->forced_staged = kind;
    assert_int_equal(wr_layout_of(&ensemble->stack.shape, &layout, &error), WR_OK);
    assert_int_equal(wr_cl_plan_make(device, ensemble, &layout, &plan, &error), WR_OK);
    wr_cl_plan_options(&plan, ensemble, kind, options);
    strcat(options, " -cl-kernel-arg-info");
    if (wr_cl_program_get(device, kind, options, &program, &error) != WR_OK)
        fail_msg("%s: %s", error.text, error.log);
    for (int k = 0; k < WR_CL_KERNELS; k++) {
        const struct wr_cl_kernel_row *row = &wr_cl_kernels[k];
        cl_uint count = 0;
        cl_int code;
        if ((row->kinds & 1u << kind) == 0)
            continue;
        cl_kernel kernel = clCreateKernel(program, row->name, &code);
        assert_int_equal(code, CL_SUCCESS);
        assert_int_equal(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof count, &count, NULL),
                         CL_SUCCESS);
        if (count != wr_cl_argument_count((enum wr_cl_kernel)k))
            fail_msg("%s takes %u arguments", row->name, (unsigned)count);
        for (cl_uint i = 0; i < count; i++)
            check_argument(row, kernel, i);
        clReleaseKernel(kernel);
        checked++;
    }
    return checked;
}

static void test_declarations(void **state) {
    (void)state;
    static const struct test_case small = {{2, 20, 1, 3}, 3, 7, 1, 0.05f, 0.5f, true, true, false};
    static const struct test_case large = {{1, 96, 1, 2}, 2, 4, 1, 0.01f, 0.1f, false, true, false};
    struct wr_device *device = open_device();
    size_t checked = 0;
    for (int kind = 0; kind < WR_CL_PEAK; kind++) {
        struct test_ensemble e;
        test_ensemble_make(&e, kind == WR_CL_WIDE ? &large : &small);
        checked += check_kind((struct wr_cl_device *)device, &e.ensemble, (enum wr_cl_kind)kind);
        test_ensemble_free(&e);
    }
    assert_true(checked >= WR_CL_KERNELS);
    wr_device_close(device);
}

/* A kernel that takes another number of arguments is an error that names it. */
static void test_other_number(void **state) {
    (void)state;
    static const struct test_case small = {{1, 4, 1, 2}, 2, 4, 2, 0.05f, 0.5f, true, true, false};
    static const char *const names[] = {"wr_fused", "wr_update"};
    struct wr_device *device = open_device();
    struct test_ensemble e;
    test_ensemble_make(&e, &small);
    for (size_t i = 0; i < TEST_COUNT_OF(names); i++) {
        struct wr_session *session = NULL;
        struct wr_error error = {0};
        e.ensemble.schedule = i == 0 ? WR_SCHEDULE_FUSED : WR_SCHEDULE_STAGED;
        lying_kernel = names[i];
        wr_status status = wr_session_open(device, &e.ensemble, &session, &error);
        lying_kernel = NULL;
        assert_int_equal(status, WR_ERR_DEVICE);
        assert_null(session);
        if (strstr(error.text, names[i]) == NULL || strstr(error.text, "arguments") == NULL)
            fail_msg("%s", error.text);
        wr_error_release(&error);
    }
    test_ensemble_free(&e);
    wr_device_close(device);
}

/* An argument that a kernel does not take, or that does not vary, is refused by name. */
static void test_unknown_argument(void **state) {
    (void)state;
    static const struct {
        enum wr_cl_kernel kernel;
        enum wr_cl_argument argument;
        const char *text;
    } cases[] = {
        {WR_CL_EPOCH_END, WR_CL_ARG_FIRST, "kernel wr_epoch_end takes no first that varies"},
        {WR_CL_UPDATE, WR_CL_ARG_BATCH, "kernel wr_update takes no batch that varies"},
    };
    struct wr_cl_session session = {0};
    for (size_t i = 0; i < TEST_COUNT_OF(cases); i++) {
        struct wr_error error = {0};
        assert_int_equal(
            wr_cl_set_argument(&session, cases[i].kernel, cases[i].argument, 1, &error),
            WR_ERR_DEVICE);
        assert_string_equal(error.text, cases[i].text);
        wr_error_release(&error);
    }
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_other_number),
        cmocka_unit_test(test_unknown_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
