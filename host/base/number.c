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

/* Writes the value with so many digits as "%e" does, in the current locale: "-1.25e-07". */
static void write_digits(double value, int digits, char text[WR_NUMBER_TEXT]) {
    snprintf(text, WR_NUMBER_TEXT, "%.*e", digits - 1, value);
}

static bool is_double(const char *text, double value) {
    return strtod(text, NULL) == value;
}

static bool is_float(const char *text, double value) {
    return (double)strtof(text, NULL) == value;
}

/* Adds 1 to the last digit of the mantissa; false if it is a 9. */
static bool step_up(char *text) {
    char *last = strchr(text, 'e') - 1;
    if (*last == '9')
        return false;
    ++*last;
    return true;
}

/* Finds the fewest digits that read as the same finite value. A decimal of `safe` digits survives
 * in every normal number, so the search starts there: a shorter one ends in zeros. Below a power of
 * two, numbers are twice as dense as above it. There the nearest decimal may read as another number
 * while the next decimal above it reads as this one. */
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

/* Copies the digits of the mantissa, without zeros at the end, into `digits`. Returns the exponent
 * of the first digit. */
static int take_apart(const char *text, char digits[DOUBLE_MOST + 1]) {
    size_t count = 0;
    const char *at = text;
    for (; *at != 'e'; at++) /* skips the decimal point of any locale */
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
