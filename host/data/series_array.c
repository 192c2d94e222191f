/* Makes a series from an array in memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "data/cell.h"
#include "data/series.h"

static wr_status fail_memory(const struct wr_series *series, struct wr_error *error) {
    return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for it", series->source);
}

/* Notes the first value of a column that cannot be used. */
static wr_status note_flaw(struct wr_series *series, struct wr_column *column, size_t row,
                           double value, struct wr_error *error) {
    const char *why = wr_value_flaw(value);
    char text[32];
    column->flawed |= why != NULL && !isnan(value);
    if (why == NULL || column->bad_line != 0)
        return WR_OK;
    snprintf(text, sizeof text, "%g", value);
    column->bad_text = strdup(text);
    if (column->bad_text == NULL)
        return fail_memory(series, error);
    column->bad_line = row + 1;
    column->bad_why = why;
    return WR_OK;
}

static wr_status fill_column(struct wr_series *series, const struct wr_series_array *array,
                             size_t index, struct wr_error *error) {
    bool packed = array->row_stride == 0 && array->column_stride == 0;
    ptrdiff_t along = packed ? (ptrdiff_t)array->columns : array->row_stride;
    ptrdiff_t across = packed ? 1 : array->column_stride;
    struct wr_column *column = &series->column[index];
    const double *values = array->values + (ptrdiff_t)index * across;
    if (array->names != NULL && array->names[index] != NULL &&
        (column->name = strdup(array->names[index])) == NULL)
        return fail_memory(series, error);
    column->values = wr_alloc(array->rows, sizeof *values, series->source, error);
    wr_status status = column->values != NULL ? WR_OK : WR_ERR_MEMORY;
    for (size_t row = 0; row < array->rows && status == WR_OK; row++) {
        column->values[row] = values[(ptrdiff_t)row * along];
        status = note_flaw(series, column, row, column->values[row], error);
    }
    return status;
}

wr_status wr_series_of(const struct wr_series_array *array, struct wr_series **series,
                       struct wr_error *error) {
    WR_ARITHMETIC(callers);
    const char *name = array->name != NULL ? array->name : "memory";
    *series = NULL;
    if (array->rows == 0 || array->columns == 0)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: has %zu rows and %zu columns; a series needs one of each", name,
                       array->rows, array->columns);
    if (array->values == NULL)
        return wr_fail(error, WR_ERR_USAGE, "%s: has no values", name);
    struct wr_series *made;
    wr_status status = wr_series_new(name, array->columns, &made, error);
    for (size_t i = 0; i < array->columns && status == WR_OK; i++)
        status = fill_column(made, array, i, error);
    if (status != WR_OK) {
        wr_series_free(made);
        return status;
    }
    made->rows = array->rows;
    *series = made;
    return WR_OK;
}
