#include "cli/io/json_write.h"

#include <jansson.h>
#include <string.h>

#include "base/number.h"

/* Writes a string. jansson's strings are UTF-8. */
static void write_string(FILE *file, const char *text) {
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(file, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            fprintf(file, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, file);
    }
    fputc('"', file);
}

/* Writes 1 as 1.0. Some readers distinguish reals from integers; they then find a real. */
static void write_real(FILE *file, double value) {
    char text[WR_NUMBER_TEXT];
    fputs(wr_number_text(value, text), file);
    if (strpbrk(text, ".e") == NULL)
        fputs(".0", file);
}

static void write_array(FILE *file, const json_t *array) {
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value) {
        fputc(i == 0 ? '[' : ',', file);
        json_write(file, value);
    }
    fputs(json_array_size(array) == 0 ? "[]" : "]", file);
}

static void write_object(FILE *file, json_t *object) {
    const char *key;
    json_t *value;
    char before = '{';
    json_object_foreach(object, key, value) {
        fputc(before, file);
        before = ',';
        write_string(file, key);
        fputc(':', file);
        json_write(file, value);
    }
    fputs(before == '{' ? "{}" : "}", file);
}

void json_write(FILE *file, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(file, (json_t *)value); /* jansson's loop takes no const */
        break;
    case JSON_ARRAY:
        write_array(file, value);
        break;
    case JSON_STRING:
        write_string(file, json_string_value(value));
        break;
    case JSON_INTEGER:
        fprintf(file, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(file, json_real_value(value));
        break;
    case JSON_TRUE:
        fputs("true", file);
        break;
    case JSON_FALSE:
        fputs("false", file);
        break;
    case JSON_NULL:
        fputs("null", file);
        break;
    }
}
