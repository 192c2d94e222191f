/* The library's texts as the command shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/io/error_text.h"

static void assert_shown(const char *text, const char *expected) {
    char shown[ERROR_SHOWN];
    assert_ptr_equal(text_with_options(text, shown, sizeof shown), shown);
    assert_string_equal(shown, expected);
}

static void test_fields(void **state) {
    (void)state;
    assert_shown("", "");
    assert_shown("no field", "no field");
    assert_shown("`missing`", "--missing");
    assert_shown("take `missing=drop` or `missing=interpolate`; `tz`, as `tz=Europe/Berlin`",
                 "take --missing drop or --missing interpolate; --tz, as --tz Europe/Berlin");
    assert_shown("`decimal=,` reads, `ignore=my store,item`",
                 "--decimal , reads, --ignore my store,item");
}

static void test_other_names(void **state) {
    (void)state;
    assert_shown("`selector=opencl`: see `wr_devices_list`",
                 "--device opencl: see `windrow devices`");
    assert_shown("`calibrate=false`, `scale=true`, `wr_fit_save` makes one",
                 "--levels none, --scale standard, windrow forecast --save makes one");
}

/* What the user's data hold between backticks is no field. */
static void test_other_text(void **state) {
    (void)state;
    assert_shown("series `a`, ``, `tim`, `times`, `=`", "series `a`, ``, `tim`, `times`, `=`");
    assert_shown("`calibrate=true`, `scale`", "`calibrate=true`, `scale`");
    assert_shown("a`b: `time`", "a`b: --time");
    assert_shown("`", "`");
}

static void test_cut_text(void **state) {
    (void)state;
    char shown[9], small[6];
    assert_shown("leave them out by `ignore=store,it", "leave them out by --ignore store,it");
    assert_shown("name it by `time", "name it by `time");
    assert_string_equal(text_with_options("`missing=drop`", shown, sizeof shown), "--missin");
    assert_string_equal(text_with_options("a `tz`", small, sizeof small), "a --t");
    assert_string_equal(text_with_options("abcdefgh", small, sizeof small), "abcde");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_other_text),
        cmocka_unit_test(test_cut_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
