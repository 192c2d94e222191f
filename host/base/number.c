#include "base/number.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOUBLE_SAFE = 15, DOUBLE_MOST = 17, FLOAT_SAFE = 6, FLOAT_MOST = 9, MOST_PLACES = 17 };

/* ---- which digits ---- */

/* The value with so many digits as "%e" writes it, in the locale at hand: "-1.25e-07". */
static void write_digits(double value, int digits, char text[WR_NUMBER_TEXT]) {
    snprintf(text, WR_NUMBER_TEXT, "%.*e", digits - 1, value);
}

static bool is_double(const char *text, double value) {
    return strtod(text, NULL) == value;
}

static bool is_float(const char *text, double value) {
    return (double)strtof(text, NULL) == value;
}

/* Makes the last digit of the mantissa one more; false where that is a 9. */
static bool step_up(char *text) {
    char *last = strchr(text, 'e') - 1;
    if (*last == '9')
        return false;
    ++*last;
    return true;
}

/* The fewest digits that are the value, finite. A decimal of `safe` digits survives in any normal
 * number, so that a shorter one shows as zeros at the end. Below a power of two the numbers are
 * twice as dense as above it: there the nearest decimal may be another number, where the next one
 * up is this. */
static void find_digits(double value, double least_normal, int safe, int most,
                        bool (*is)(const char *text, double value), char text[WR_NUMBER_TEXT]) {
    for (int digits = fabs(value) < least_normal ? 1 : safe; digits < most; digits++) {
        write_digits(value, digits, text);
        if (is(text, value) || (step_up(text) && is(text, value)))
            return;
    }
    write_digits(value, most, text);
}

double wr_number_of_float(float value) {
    char text[WR_NUMBER_TEXT];
    if (!isfinite(value))
        return (double)value;
    find_digits((double)value, (double)FLT_MIN, FLOAT_SAFE, FLOAT_MOST, is_float, text);
    return strtod(text, NULL);
}

/* ---- how they are laid out ---- */

/* The digits of the mantissa without zeros at the end, into `digits`; the exponent of the first. */
static int take_apart(const char *text, char digits[DOUBLE_MOST + 1]) {
    size_t count = 0;
    const char *at = text;
    for (; *at != 'e'; at++) /* whatever stands for the point is no digit */
        if (isdigit((unsigned char)*at))
            digits[count++] = *at;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    return (int)strtol(at + 1, NULL, 10);
}

static void lay_out(bool negative, const char *digits, int exponent, char text[WR_NUMBER_TEXT]) {
    int count = (int)strlen(digits), whole = exponent + 1; /* digits before the point */
    const char *sign = negative ? "-" : "";
    if (exponent < -4 || exponent >= MOST_PLACES)
        snprintf(text, WR_NUMBER_TEXT, "%s%c%s%se%d", sign, digits[0], count > 1 ? "." : "",
                 digits + 1, exponent);
    else if (whole <= 0)
        snprintf(text, WR_NUMBER_TEXT, "%s0.%.*s%s", sign, -whole, "000", digits);
    else if (whole >= count)
        snprintf(text, WR_NUMBER_TEXT, "%s%s%.*s", sign, digits, whole - count, "0000000000000000");
    else
        snprintf(text, WR_NUMBER_TEXT, "%s%.*s.%s", sign, whole, digits, digits + whole);
}

const char *wr_number_text(double value, char text[WR_NUMBER_TEXT]) {
    char digits[DOUBLE_MOST + 1];
    if (isnan(value)) /* printf would show its sign */
        return strcpy(text, "nan");
    if (isinf(value))
        return strcpy(text, value < 0 ? "-inf" : "inf");
    find_digits(value, DBL_MIN, DOUBLE_SAFE, DOUBLE_MOST, is_double, text);
    int exponent = take_apart(text, digits);
    lay_out(signbit(value) != 0, digits, exponent, text);
    return text;
}
