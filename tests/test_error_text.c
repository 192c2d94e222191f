/* Fields in the library's texts, as the library and as the command write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/fields.h"
#include "cli/io/error_text.h"

static void assert_shown(const char *text, const char *expected) {
    char shown[1024];
    assert_ptr_equal(wr_fields_shown(text, shown, sizeof shown), shown);
    assert_string_equal(shown, expected);
}

static void test_library(void **state) {
    (void)state;
    wr_write_fields_by(NULL);
    assert_shown("", "");
    assert_shown("no field", "no field");
    assert_shown("take \1missing=drop\1, or \1tz\1", "take `missing=drop`, or `tz`");
}

static void test_command(void **state) {
    (void)state;
    wr_write_fields_by(option_of_field);
    assert_shown("\1missing\1", "--missing");
    assert_shown(
        "take \1missing=drop\1 or \1missing=interpolate\1; \1tz\1, as \1tz=Europe/Berlin\1",
        "take --missing drop or --missing interpolate; --tz, as --tz Europe/Berlin");
    assert_shown("\1decimal=,\1 reads, \1ignore=my store,item\1",
                 "--decimal , reads, --ignore my store,item");
    assert_shown("\1selector=opencl\1: see \1wr_devices_list\1",
                 "--device opencl: see `windrow devices`");
    assert_shown("\1calibrate=false\1, \1scale=true\1, \1wr_fit_save\1 makes one",
                 "--levels none, --scale standard, windrow forecast --save makes one");
    assert_shown("\1huber_delta\1 0, \1weight_decay=2\1", "--huber-delta 0, --weight-decay 2");
}

/* What users write between backticks is no field, also beside one and in one. */
static void test_other_text(void **state) {
    (void)state;
    struct wr_error error = {0};
    wr_write_fields_by(option_of_field);
    wr_fail(&error, WR_ERR_DATA, "%s: column %s; \1ignore=%s\1", "a `target`.csv", "`time`",
            "`tz`");
    assert_string_equal(error.text, "a `target`.csv: column `time`; --ignore `tz`");
    wr_fail(&error, WR_ERR_USAGE, "\1selector=%s\1: no", "a`target=x");
    assert_string_equal(error.text, "--device a`target=x: no");
    wr_error_release(&error);
}

static void test_cut_text(void **state) {
    (void)state;
    char shown[9], small[6];
    wr_write_fields_by(option_of_field);
    assert_shown("leave them out by \1ignore=store,it", "leave them out by --ignore store,it");
    assert_string_equal(wr_fields_shown("\1missing=drop\1", shown, sizeof shown), "--missin");
    assert_string_equal(wr_fields_shown("a \1tz\1", small, sizeof small), "a --t");
    assert_string_equal(wr_fields_shown("abcdefgh", small, sizeof small), "abcde");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_other_text),
        cmocka_unit_test(test_cut_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
