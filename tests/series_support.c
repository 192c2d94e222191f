#include "series_support.h"

wr_status read_by(const char *text, size_t size, const struct wr_csv_options *options,
                  struct wr_series **series, struct wr_error *error) {
    FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
    assert_non_null(file);
    wr_status status = wr_series_read_stream(file, "t.csv", options, series, error);
    fclose(file);
    return status;
}

wr_status read_bytes(const char *text, size_t size, struct wr_series **series,
                     struct wr_error *error) {
    return read_by(text, size, &(struct wr_csv_options){0}, series, error);
}

struct wr_series *read_text(const char *text) {
    struct wr_error error = {0};
    struct wr_series *series;
    if (read_bytes(text, strlen(text), &series, &error) != WR_OK)
        fail_msg("%s", error.text);
    return series;
}

void assert_column(const struct wr_series *series, const char *column, size_t rows,
                   const double *expected) {
    struct wr_error error = {0};
    size_t index;
    const double *values;
    if (wr_series_find(series, column, &index, &error) != WR_OK ||
        wr_series_values(series, index, &values, &error) != WR_OK)
        fail_msg("%s", error.text);
    assert_int_equal(wr_series_rows(series), rows);
    for (size_t i = 0; i < rows; i++)
        assert_true(values[i] == expected[i]);
}
