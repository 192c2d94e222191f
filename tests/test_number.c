/* Numbers as text: known values; and many numbers are read back from the fewest digits. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"

static const struct {
    double value;
    const char *text;
} known[] = {{0, "0"},
             {-0.0, "-0"},
             {1, "1"},
             {-1.5, "-1.5"},
             {0.1, "0.1"},
             {0.1 + 0.2, "0.30000000000000004"},
             {1.0 / 3, "0.3333333333333333"},
             {100, "100"},
             {1e-4, "0.0001"},
             {0.00123, "0.00123"},
             {1e-5, "1e-5"},
             {1.25e-7, "1.25e-7"},
             {10000000000007, "10000000000007"},
             {1000000000.4375, "1000000000.4375"},
             {0x1p53 + 1, "9007199254740992"},
             {0x1p53 + 2, "9007199254740994"},
             {1e16, "10000000000000000"},
             {1e17, "1e17"},
             {1e22, "1e22"},
             {1e23, "1e23"},
             {5e-324, "5e-324"},
             {-5e-324, "-5e-324"},
             {1.5e-323, "1.5e-323"},
             {2.2250738585072011e-308, "2.225073858507201e-308"},
             {DBL_MIN, "2.2250738585072014e-308"},
             {DBL_MAX, "1.7976931348623157e308"},
             {-DBL_MAX, "-1.7976931348623157e308"},
             {0x1p-44, "5.684341886080802e-14"}, /* not the nearest of 16 digits */
             {HUGE_VAL, "inf"},
             {-HUGE_VAL, "-inf"}};
#define KNOWN (sizeof known / sizeof *known)

static void test_known(void **state) {
    (void)state;
    char text[WR_NUMBER_TEXT];
    for (size_t i = 0; i < KNOWN; i++)
        assert_string_equal(wr_number_text(known[i].value, text), known[i].text);
    assert_string_equal(wr_number_text((double)NAN, text), "nan");
    assert_string_equal(wr_number_text(-(double)NAN, text), "nan");
}

/* Whether text such as "1.5e3", of `digits` digits, plus `step` in the last digit, reads as the
 * value. */
static bool reads_as(double value, int digits, int step) {
    char text[64];
    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
    char *e = strchr(text, 'e');
    int exponent = (int)strtol(e + 1, NULL, 10);
    *e = '\0';
    char mantissa[40], *to = mantissa;
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '.')
            *to++ = *c;
    *to = '\0';
    unsigned long long whole = strtoull(mantissa, NULL, 10) + (unsigned long long)(long long)step;
    snprintf(text, sizeof text, "%llue%d", whole, exponent - digits + 1);
    return strtod(text, NULL) == fabs(value);
}

static int digits_of(const char *text) {
    char digits[WR_NUMBER_TEXT];
    int count = 0, first = 0;
    for (const char *c = text; *c != '\0' && *c != 'e'; c++)
        if (*c >= '0' && *c <= '9')
            digits[count++] = *c;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    while (first < count - 1 && digits[first] == '0')
        first++;
    return count - first;
}

/* Checks that no decimal with one digit less is the same number. */
static void check(double value) {
    char text[WR_NUMBER_TEXT];
    wr_number_text(value, text);
    double back = strtod(text, NULL);
    if (memcmp(&back, &value, sizeof back) != 0)
        fail_msg("%s is not %.17g", text, value);
    int less = digits_of(text) - 1;
    for (int step = -1; step <= 1 && less > 0; step++)
        if (reads_as(value, less, step))
            fail_msg("%s: %d digits are enough for %.17g", text, less, value);
}

static uint64_t random_bits(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t high = *state >> 32;
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return high << 32 | *state >> 32;
}

static void test_many(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int power = -1074; power < 1024; power++) {
        check(ldexp(1, power));
        check(-nextafter(ldexp(1, power), HUGE_VAL));
        check(nextafter(ldexp(1, power), 0));
    }
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_bits(&seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check(value);
        check(ldexp((double)(int64_t)bits, -60));
    }
}

/* The shortest decimal of a float reads as that float, and no shorter one does. */
static void test_floats(void **state) {
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {{0.1f, "0.1"},
                 {1e-4f, "0.0001"},
                 {-0.0f, "-0"},
                 {16777216, "16777216"},
                 {FLT_MAX, "3.4028235e38"},
                 {0x1p-149f, "1e-45"},
                 {FLT_MIN, "1.1754944e-38"},
                 {1226.48315f, "1226.4832"},
                 {(float)INFINITY, "inf"}};
    char text[WR_NUMBER_TEXT];
    uint64_t seed = 2;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(wr_number_text(wr_number_of_float(cases[i].value), text),
                            cases[i].text);
    assert_true(isnan(wr_number_of_float(NAN)));
    for (int i = 0; i < 20000; i++) {
        uint32_t bits = (uint32_t)random_bits(&seed);
        float value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        wr_number_text(wr_number_of_float(value), text);
        back = strtof(text, NULL);
        assert_memory_equal(&back, &value, sizeof value);
        int less = digits_of(text) - 1;
        snprintf(text, sizeof text, "%.*e", less > 0 ? less - 1 : 0, (double)value);
        if (less > 0 && strtof(text, NULL) == value)
            fail_msg("%s is enough for %.9g", text, (double)value);
    }
}

/* With a locale that has a decimal comma. */
static void test_locale(void **state) {
    static const char make[] =
        "localedef -i de_DE -f UTF-8 '" WR_TEST_BINARY_DIR "/de_DE.UTF-8' >/dev/null 2>&1";
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && system(make) == 0)
        setenv("LOCPATH", WR_TEST_BINARY_DIR, 1);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        print_message("tested in \"C\" alone: no locale de_DE, and none can be made\n");
    test_known(state);
    assert_true(wr_number_of_float(0.1f) == 0.1);
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
