/* libFuzzer: any bytes as a CSV file give a series that keeps the promises of its header file, or
 * an error of one line. The first byte chooses how they are read. Built with clang
 * -fsanitize=fuzzer; WINDROW_FUZZ in CMake. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/series.h"
#include "windrow/windows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds) {
    if (!holds)
        abort();
}

static void use(const struct wr_series *series) {
    struct wr_error error = {0};
    require(wr_series_rows(series) >= 1 && wr_series_columns(series) >= 1);
    for (size_t c = 0; c < wr_series_columns(series); c++) {
        const char *name = wr_series_name(series, c);
        const double *values;
        size_t index;
        require((name == NULL) == (wr_series_name(series, 0) == NULL));
        if (wr_series_find(series, name != NULL ? name : "1", &index, &error) == WR_OK)
            require(index < wr_series_columns(series));
        if (wr_series_values(series, c, &values, &error) != WR_OK) {
            require(error.status == WR_ERR_DATA && strpbrk(error.text, "\r\n") == NULL);
            continue;
        }
        for (size_t i = 0; i < wr_series_rows(series); i++)
            require(isfinite(values[i]) && isfinite((float)values[i]));
    }
    size_t column;
    struct wr_windows *windows;
    if (wr_series_first_numeric(series, &column, &error) == WR_OK &&
        wr_windows_make(series,
                        &(struct wr_windows_spec){&column, 1, &column, 1, 1, WR_SCALE_STANDARD, 0},
                        &windows, &error) == WR_OK) {
        struct wr_windows_view view;
        wr_windows_get(windows, &view);
        for (size_t w = 0; w < view.count; w++)
            require(isfinite(view.inputs[w]) && isfinite(view.targets[w]));
        wr_windows_free(windows);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char delimiters[] = {0, 0, ',', ';', '\t', ' ', '|', 0}, decimals[] = "\0.,,";
    if (size < 1)
        return 0;
    struct wr_csv_options options = {.delimiter = delimiters[*data & 7],
                                     .decimal = decimals[*data >> 3 & 3],
                                     .header = (enum wr_csv_header)((*data >> 5 & 3) % 3)};
    struct wr_error error = {0};
    struct wr_series *series;
    FILE *file =
        size > 1 ? fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r") : fopen("/dev/null", "r");
    if (file == NULL)
        return 0;
    wr_status status = wr_series_read_stream(file, "fuzz.csv", &options, &series, &error);
    fclose(file);
    if (status == WR_OK) {
        const struct wr_csv_found *found = wr_series_found(series);
        require(options.delimiter == 0 || found->delimiter == options.delimiter);
        require(options.header == WR_HEADER_FIND ||
                found->header == (options.header == WR_HEADER_YES));
        require((wr_series_name(series, 0) != NULL) == found->header);
        use(series);
    } else {
        require(status == WR_ERR_DATA && series == NULL && error.status == status &&
                strpbrk(error.text, "\r\n") == NULL);
    }
    wr_series_free(series);
    return 0;
}
