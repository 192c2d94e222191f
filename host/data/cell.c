#include "data/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/calendar.h"

static const char blanks[] = " \t\n";

bool wr_cell_empty(const char *cell) {
    return cell[strspn(cell, blanks)] == '\0';
}

bool wr_cell_is(const char *cell, const char *word) {
    size_t length;
    cell = wr_cell_trim(cell, &length);
    return strlen(word) == length && strncasecmp(cell, word, length) == 0;
}

bool wr_cell_missing(const char *cell) {
    static const char *const words[] = {"NA",   "N/A", "#N/A", "<NA>", "NaN",
                                        "-NaN", "NaT", "null", "None"};
    cell += strspn(cell, blanks);
    if (*cell != '\0' && strchr("Nn#<-", *cell) == NULL) /* most cells */
        return false;
    bool missing = *cell == '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        missing = missing || wr_cell_is(cell, words[i]);
    return missing;
}

static bool read_number(const char *cell, locale_t c, double *value) {
    cell += strspn(cell, blanks);
    char *end;
    *value = strtod_l(cell, &end, c);
    return end != cell && wr_cell_empty(end) && memchr(cell, 'x', (size_t)(end - cell)) == NULL &&
           memchr(cell, 'X', (size_t)(end - cell)) == NULL;
}

/* Reads a number with a decimal comma. A number fits the buffer: more digits than that are not
 * needed. */
static bool read_comma_number(const char *cell, locale_t c, double *value) {
    char point[512];
    size_t length = strlen(cell);
    if (length >= sizeof point || strchr(cell, '.') != NULL)
        return false;
    memcpy(point, cell, length + 1);
    char *comma = strchr(point, ',');
    if (comma != NULL)
        *comma = '.';
    return read_number(point, c, value);
}

bool wr_csv_number(const struct wr_csv *csv, const char *cell, double *value) {
    return csv->found.decimal == ',' ? read_comma_number(cell, csv->c, value)
                                     : read_number(cell, csv->c, value);
}

/* Whether a cell is a number with the other decimal mark. */
static bool is_other_number(const struct wr_csv *csv, const char *cell) {
    double value;
    return csv->found.decimal == ',' ? read_number(cell, csv->c, &value)
                                     : read_comma_number(cell, csv->c, &value);
}

enum wr_cell_kind wr_csv_kind(const struct wr_csv *csv, const char *cell, double *value) {
    struct wr_stamp_form form;
    int64_t time;
    int nanosecond;
    bool missing = wr_cell_missing(cell);
    if (!missing && wr_csv_number(csv, cell, value))
        return WR_CELL_NUMBER;
    *value = NAN;
    if (missing)
        return WR_CELL_MISSING;
    if (is_other_number(csv, cell))
        return WR_CELL_COMMA;
    return wr_stamp_read(cell, &form, &time, &nanosecond) ? WR_CELL_DATE : WR_CELL_TEXT;
}

/* Whether a cell has only digits, marks between them, and perhaps a sign. */
static bool has_marks(const char *cell) {
    size_t length, digits = 0, marks = 0;
    cell = wr_cell_trim(cell, &length);
    for (size_t i = *cell == '-' || *cell == '+'; i < length; i++) {
        if (cell[i] >= '0' && cell[i] <= '9')
            digits++;
        else if (strchr(".,'", cell[i]) != NULL)
            marks++;
        else
            return false;
    }
    return digits > 0 && marks > 0;
}

const char *wr_value_flaw(double value) {
    /* 2^128 - 2^103 is the smallest number that rounds to infinity. NaN fails too. */
    return fabs(value) < 0x1.ffffffp127 ? NULL : "is not a finite number that fits a float";
}

const char *wr_csv_value(const struct wr_csv *csv, const char *cell, double *value) {
    if (wr_cell_empty(cell))
        return "is empty";
    if (!wr_csv_number(csv, cell, value)) {
        if (wr_cell_missing(cell))
            return "is a missing value";
        if (is_other_number(csv, cell) && csv->found.decimal != ',')
            return "is not a number; \1decimal=,\1 reads decimal commas, and marks of thousands "
                   "are "
                   "to be removed";
        return has_marks(cell) ? "is not a number; marks of thousands are to be removed, and "
                                 "\1decimal\1 names the decimal mark"
                               : "is not a number";
    }
    return wr_value_flaw(*value);
}

const char *wr_cell_trim(const char *cell, size_t *length) {
    cell += strspn(cell, blanks);
    *length = strlen(cell);
    while (*length > 0 && strchr(blanks, cell[*length - 1]) != NULL)
        --*length;
    return cell;
}

wr_status wr_csv_check_count(struct wr_csv *csv, size_t columns, struct wr_error *error) {
    char delimiter[8];
    if (csv->trailing && csv->count == columns + 1 && wr_cell_empty(wr_csv_cell(csv, columns)))
        csv->count = columns;
    if (csv->count != columns)
        return wr_fail(
            error, WR_ERR_DATA,
            "%s: the record on line %zu has %zu cells, the first record has %zu; give "
            "every record the same number, or name another \1delimiter\1 than %s, or the "
            "\1decimal\1 mark",
            csv->path, csv->record_line, csv->count, columns,
            wr_csv_delimiter_text(csv->found.delimiter, delimiter));
    return WR_OK;
}
