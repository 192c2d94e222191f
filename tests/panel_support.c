#include "panel_support.h"

#include <math.h>

wr_status read_panel_text(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec,
                          struct wr_panel **panel, struct wr_error *error) {
    static const struct wr_panel_spec plain = {0};
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    wr_status status =
        wr_panel_read_stream(file, "p.csv", read, spec != NULL ? spec : &plain, panel, error);
    fclose(file);
    return status;
}

struct wr_panel *good(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    if (read_panel_text(text, read, spec, &panel, &error) != WR_OK)
        fail_msg("%s", error.text);
    if (read == wr_panel_long)
        same_from_arrays(text, spec, panel, NULL);
    return panel;
}

void bad(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec,
         const char *line, const char *what) {
    struct wr_error error = {0};
    struct wr_panel *panel;
    assert_int_equal(read_panel_text(text, read, spec, &panel, &error), WR_ERR_DATA);
    assert_null(panel);
    assert_memory_equal(error.text, "p.csv: ", 7);
    assert_null(strpbrk(error.text, "\r\n"));
    if (strstr(error.text, line) == NULL || strstr(error.text, what) == NULL)
        fail_msg("%s\nlacks \"%s\" or \"%s\"", error.text, line, what);
    if (read == wr_panel_long)
        same_from_arrays(text, spec, NULL, error.text);
}

wr_status panel_of_values(const char *id, const double *values, size_t length,
                          struct wr_panel **panel, struct wr_error *error) {
    const struct wr_panel_arrays arrays = {
        .name = id, .rows = length, .ids = &id, .id_count = 1, .target = values};
    return wr_panel_of(&arrays, &(struct wr_panel_spec){0}, panel, error);
}

void assert_doubles(const double *values, size_t count, const double *expected) {
    for (size_t i = 0; i < count; i++)
        assert_true(isnan(expected[i]) ? isnan(values[i]) : values[i] == expected[i]);
}

void assert_series(const struct wr_panel *panel, size_t series, const char *id, size_t length,
                   const double *expected) {
    assert_true(series < wr_panel_count(panel));
    assert_string_equal(wr_panel_id(panel, series), id);
    assert_int_equal(wr_panel_length(panel, series), length);
    assert_doubles(wr_panel_values(panel, series), length, expected);
}

void assert_stamp(const struct wr_panel *panel, size_t series, size_t step, const char *expected) {
    char stamp[WR_STAMP_SIZE];
    wr_panel_stamp(panel, series, step, stamp);
    assert_string_equal(stamp, expected);
}
