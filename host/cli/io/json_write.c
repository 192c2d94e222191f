#include "cli/io/json_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "base/number.h"
#include "windrow/version.h"

json_t *json_text(const char *text) {
    return wr_json_text(text, "?");
}

json_t *json_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* ---- writing ---- */

static void write_value(const json_t *value);

/* Writes a string. jansson's strings are UTF-8. */
static void write_string(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < ' ')
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
    }
    putchar('"');
}

/* Writes 1 as 1.0. Some readers distinguish reals from integers; they then find a real. */
static void write_real(double value) {
    char text[WR_NUMBER_TEXT];
    fputs(wr_number_text(value, text), stdout);
    if (strpbrk(text, ".e") == NULL)
        fputs(".0", stdout);
}

static void write_array(const json_t *array) {
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value) {
        putchar(i == 0 ? '[' : ',');
        write_value(value);
    }
    fputs(json_array_size(array) == 0 ? "[]" : "]", stdout);
}

static void write_object(json_t *object) {
    const char *key;
    json_t *value;
    char before = '{';
    json_object_foreach(object, key, value) {
        putchar(before);
        before = ',';
        write_string(key);
        putchar(':');
        write_value(value);
    }
    fputs(before == '{' ? "{}" : "}", stdout);
}

/* Writes the value on stdout, without blanks and without a newline. Each number has the fewest
 * digits that give the same double when read; jansson can only use one number of digits for all.
 * Allocates nothing. main.c reports a failure of stdout when it closes it. */
static void write_value(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object((json_t *)value); /* jansson's loop takes no const */
        break;
    case JSON_ARRAY:
        write_array(value);
        break;
    case JSON_STRING:
        write_string(json_string_value(value));
        break;
    case JSON_INTEGER:
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(json_real_value(value));
        break;
    case JSON_TRUE:
        fputs("true", stdout);
        break;
    case JSON_FALSE:
        fputs("false", stdout);
        break;
    case JSON_NULL:
        fputs("null", stdout);
        break;
    }
}

/* ---- the object of --json ---- */

/* The object with the head before its own keys. Takes over the reference; NULL without memory. */
static json_t *with_head(json_t *object, const char *schema) {
    json_t *whole = json_pack("{s:s, s:s}", "windrow", wr_version(), "schema", schema);
    if (whole != NULL && (object == NULL || json_object_update(whole, object) != 0)) {
        json_decref(whole);
        whole = NULL;
    }
    json_decref(object);
    return whole;
}

wr_status json_print(json_t *object, const char *schema, struct wr_error *error) {
    json_t *whole = with_head(object, schema);
    if (whole == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the JSON object");
    write_value(whole);
    putchar('\n');
    json_decref(whole);
    return WR_OK;
}
