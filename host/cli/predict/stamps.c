#include "cli/predict/stamps.h"

#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

/* Finds the step of the stamps, as the reader of panels does, and the stamp that follows the last.
 * Steps without a row are no matter. */
static wr_status continue_stamps(struct stamps *stamps, struct wr_error *error) {
    double *values = wr_alloc(stamps->rows, sizeof *values, "time stamps", error);
    struct wr_panel_arrays arrays = {
        .rows = stamps->rows, .stamps = stamps->texts, .target = values};
    struct wr_panel_spec spec = {.missing = WR_MISSING_DROP};
    struct wr_panel *panel = NULL;
    struct wr_error why = {0};
    if (values == NULL)
        return WR_ERR_MEMORY;
    wr_status status = wr_panel_of(&arrays, &spec, &panel, &why); /* the values are no matter */
    if (status == WR_OK)
        wr_panel_stamp(panel, 0, wr_panel_length(panel, 0), stamps->next);
    else if (status == WR_ERR_MEMORY)
        wr_fail(error, status, "%s", why.text);
    wr_error_release(&why);
    wr_panel_free(panel);
    free(values);
    return status == WR_ERR_MEMORY ? status : WR_OK;
}

wr_status stamps_make(const struct wr_series *series, struct stamps *stamps,
                      struct wr_error *error) {
    const char *text = series->texts;
    stamps->rows = series->rows;
    if (text == NULL)
        return WR_OK;
    stamps->texts = wr_alloc(series->rows, sizeof *stamps->texts, "time stamps", error);
    if (stamps->texts == NULL)
        return WR_ERR_MEMORY;
    for (size_t row = 0; row < series->rows; row++) {
        stamps->texts[row] = text;
        text += strlen(text) + 1;
    }
    return continue_stamps(stamps, error);
}

void stamps_print(FILE *file, const struct stamps *stamps, size_t row) {
    if (stamps->texts == NULL)
        fprintf(file, "%zu", row + 1);
    else
        wr_csv_print(file, row < stamps->rows ? stamps->texts[row] : stamps->next);
}

void stamps_release(struct stamps *stamps) {
    free(stamps->texts);
    *stamps = (struct stamps){0};
}
