/* libFuzzer: any bytes as a long or a wide CSV give a panel that keeps the promises of its header
 * file, or an error of one line. The first three bytes choose how they are read. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/panel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds) {
    if (!holds)
        abort();
}

static void use_series(const struct wr_panel *panel, size_t s, int gaps) {
    size_t length = wr_panel_length(panel, s), known = wr_panel_known(panel, s);
    const double *values = wr_panel_values(panel, s);
    char stamp[WR_STAMP_SIZE];
    require(length >= 1 && known >= length && strlen(wr_panel_id(panel, s)) < SIZE_MAX);
    require(!isnan(values[0]) && !isnan(values[length - 1]));
    for (size_t i = 0; i < length; i++)
        require(wr_panel_line(panel, s, i) >= 1 &&
                (isfinite((float)values[i]) || (gaps && isnan(values[i]))));
    for (size_t c = 0; c < wr_panel_futures(panel); c++)
        for (size_t i = 0; i < known; i++)
            require(isfinite(wr_panel_future(panel, s, c)[i]) || (gaps && i < length));
    for (size_t step = 1; step != 0; step *= 2) {
        wr_panel_stamp(panel, s, step - 1, stamp);
        require(memchr(stamp, '\0', sizeof stamp) != NULL && *stamp != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static wr_panel_reader *const readers[] = {wr_panel_long, wr_panel_wide, wr_panel_auto};
    static const char *const columns[] = {"1", "2", "3", "y"};
    static const char delimiters[] = {0, 0, ',', ';'}, decimals[] = "\0.,,";
    if (size < 4)
        return 0;
    struct wr_error error = {0};
    struct wr_panel *panel;
    static const char *const freqs[] = {NULL, "D", "B",     "W-SUN", "ME",
                                        "BM", "Q", "15min", "500ms", "1"};
    struct wr_panel_spec spec = {.csv = {.delimiter = delimiters[data[1] & 3],
                                         .decimal = decimals[data[1] >> 2 & 3],
                                         .header = (enum wr_csv_header)((data[1] >> 4 & 3) % 3)},
                                 .missing = (enum wr_missing)(data[0] / 4 % 3)};
    spec.freq = data[0] & 1 ? NULL : freqs[data[0] / 12 % 10];
    spec.tz = data[0] >= 120 && !(data[0] & 1) ? "UTC" : NULL;
    const char *const future = "2";
    spec.id = data[0] & 2 ? "1" : NULL;
    spec.future = &future;
    spec.futures = data[0] / 2 % 2;
    spec.time = data[2] & 4 ? columns[data[2] & 3] : NULL;
    spec.target = data[2] & 8 ? columns[data[2] >> 4 & 3] : NULL;
    spec.ignore = &columns[data[0] >> 6];
    spec.ignores = data[2] >> 6 & 1;
    FILE *file = fmemopen((void *)(uintptr_t)(data + 3), size - 3, "r");
    if (file == NULL)
        return 0;
    wr_status status = wr_panel_read_stream(
        file, "fuzz.csv", readers[(data[0] & 1) + (data[2] >> 7)], &spec, &panel, &error);
    fclose(file);
    if (status == WR_OK) {
        require(wr_panel_count(panel) >= 1);
        for (size_t s = 0; s < wr_panel_count(panel); s++)
            use_series(panel, s, spec.missing == WR_MISSING_DROP);
        char *text = NULL;
        size_t length;
        FILE *words = open_memstream(&text, &length);
        require(words != NULL);
        wr_panel_print_columns(words, panel);
        require(fclose(words) == 0 && length > 0 && strpbrk(text, "\r\n") == NULL);
        free(text);
    } else {
        require((status == WR_ERR_DATA || status == WR_ERR_USAGE) && panel == NULL &&
                error.status == status && strpbrk(error.text, "\r\n") == NULL);
    }
    wr_panel_free(panel);
    return 0;
}
