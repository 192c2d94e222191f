/* The variable WINDROW_TEST picks the cases of a test by their names, with * and ?. The linker
 * sends cmocka_run_group_tests of every test here (--wrap, in CMakeLists.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fnmatch.h>
#include <stdlib.h>

int __real__cmocka_run_group_tests(const char *group, const struct CMUnitTest *cases, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *cases, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);

int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *cases, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown) {
    const char *pattern = getenv("WINDROW_TEST");
    if (pattern == NULL || *pattern == '\0')
        return __real__cmocka_run_group_tests(group, cases, count, setup, teardown);
    struct CMUnitTest *picked = calloc(count, sizeof *picked);
    size_t number = 0;
    for (size_t i = 0; picked != NULL && i < count; i++) {
        if (fnmatch(pattern, cases[i].name, 0) == 0)
            picked[number++] = cases[i];
    }
    int failed = 1; /* cmocka finds nothing wrong with no case at all */
    if (number > 0) {
        failed = __real__cmocka_run_group_tests(group, picked, number, setup, teardown);
    } else {
        print_error("WINDROW_TEST=%s: no case of this name; there are:\n", pattern);
        for (size_t i = 0; i < count; i++)
            print_error("    %s\n", cases[i].name);
    }
    free(picked);
    return failed;
}
