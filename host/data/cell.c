#include "data/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\n";

bool wr_cell_empty(const char *cell) {
    return cell[strspn(cell, blanks)] == '\0';
}

bool wr_cell_number(const char *cell, locale_t c, double *value) {
    cell += strspn(cell, blanks);
    char *end;
    *value = strtod_l(cell, &end, c);
    return end != cell && wr_cell_empty(end) && memchr(cell, 'x', (size_t)(end - cell)) == NULL &&
           memchr(cell, 'X', (size_t)(end - cell)) == NULL;
}

const char *wr_cell_value(const char *cell, locale_t c, double *value) {
    if (wr_cell_empty(cell))
        return "is empty";
    if (!wr_cell_number(cell, c, value))
        return "is not a number";
    /* 2^128 - 2^103 is the smallest that rounds to infinity; NaN fails too. */
    return fabs(*value) < 0x1.ffffffp127 ? NULL : "is not a finite number that fits a float";
}

const char *wr_cell_trim(const char *cell, size_t *length) {
    cell += strspn(cell, blanks);
    *length = strlen(cell);
    while (*length > 0 && strchr(blanks, cell[*length - 1]) != NULL)
        --*length;
    return cell;
}

bool wr_csv_is_header(const struct wr_csv *csv, locale_t c) {
    double value;
    for (size_t i = 0; i < csv->count; i++) {
        const char *cell = wr_csv_cell(csv, i);
        if (!wr_cell_empty(cell) && !wr_cell_number(cell, c, &value))
            return true;
    }
    return false;
}

wr_status wr_csv_check_count(const struct wr_csv *csv, size_t columns, struct wr_error *error) {
    if (csv->count == columns)
        return WR_OK;
    return wr_fail(error, WR_ERR_DATA,
                   "%s: the record on line %zu has %zu cells, the first record has %zu; give "
                   "every record the same number",
                   csv->path, csv->record_line, csv->count, columns);
}

wr_status wr_series_name_columns(struct wr_series *series, const struct wr_csv *csv,
                                 struct wr_error *error) {
    for (size_t i = 0; i < series->columns; i++) {
        size_t length;
        const char *cell = wr_cell_trim(wr_csv_cell(csv, i), &length);
        series->column[i].name = strndup(cell, length);
        if (series->column[i].name == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its header", series->source);
    }
    return WR_OK;
}
