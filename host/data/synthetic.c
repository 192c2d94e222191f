#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/random.h"
#include "data/csv.h"
#include "data/series.h"

wr_status wr_series_ar2(size_t length, uint32_t seed, struct wr_series **series,
                        struct wr_error *error) {
    WR_ARITHMETIC(callers);
    static const char source[] = "synthetic series ar2";
    *series = NULL;
    if (length < 2)
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: a length of %zu is too short; it starts with 2 "
                       "given values",
                       source, length);
    struct wr_series *made;
    wr_status status = wr_series_new(source, 1, &made, error);
    if (status != WR_OK)
        return status;
    struct wr_column *column = made->column;
    column->values = wr_grow(NULL, &column->capacity, length, sizeof(double), source, error);
    column->name = strdup("x");
    if (column->values == NULL || column->name == NULL) {
        wr_series_free(made);
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for %zu values", source, length);
    }
    double *x = column->values; /* (length) */
    x[0] = 20;
    x[1] = 21;
    for (size_t t = 2; t < length; t++)
        x[t] = 0.7 * x[t - 1] + 0.2 * x[t - 2] + 0.5 * wr_normal(WR_PURPOSE_DATA, seed, t);
    made->rows = length;
    *series = made;
    return WR_OK;
}
