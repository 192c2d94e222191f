#include "data/series.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/cell.h"

wr_status wr_series_new(const char *source, size_t columns, struct wr_series **series,
                        struct wr_error *error) {
    *series = NULL;
    struct wr_series *made = calloc(1, sizeof *made);
    if (made == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for a series", source);
    size_t capacity = 0;
    made->source = strdup(source);
    made->column = wr_grow(NULL, &capacity, columns, sizeof *made->column, source, error);
    if (made->source == NULL || made->column == NULL) {
        wr_series_free(made); /* made->columns is still 0 */
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for %zu columns", source, columns);
    }
    memset(made->column, 0, columns * sizeof *made->column);
    made->columns = columns;
    made->texts_column = SIZE_MAX;
    *series = made;
    return WR_OK;
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

void wr_series_free(struct wr_series *series) {
    if (series == NULL)
        return;
    for (size_t i = 0; i < series->columns; i++) {
        free(series->column[i].name);
        free(series->column[i].values);
        free(series->column[i].bad_text);
        wr_profile_release(&series->column[i].profile);
    }
    free(series->column);
    free(series->texts);
    free(series->source);
    free(series);
}

size_t wr_series_rows(const struct wr_series *series) {
    return series->rows;
}

size_t wr_series_columns(const struct wr_series *series) {
    return series->columns;
}

const struct wr_csv_found *wr_series_found(const struct wr_series *series) {
    return series->file ? &series->found : NULL;
}

bool wr_series_is_unnamed(const struct wr_series *series, size_t column) {
    const char *name = series->column[column].name;
    return column == 0 && name != NULL && (*name == '\0' || strcmp(name, "Unnamed: 0") == 0);
}

bool wr_series_is_index(const struct wr_series *series, size_t column) {
    const struct wr_profile *profile = &series->column[column].profile;
    return wr_series_is_unnamed(series, column) &&
           (wr_profile_steps(profile) || wr_profile_rises(profile));
}

const char *wr_series_name(const struct wr_series *series, size_t column) {
    return column < series->columns ? series->column[column].name : NULL;
}

const char *wr_series_column_text(const struct wr_series *series, size_t column, char to[96]) {
    char name[WR_EXCERPT];
    if (series->column[column].name == NULL)
        snprintf(to, 96, "column %zu", column + 1);
    else
        snprintf(to, 96, "column \"%s\" (number %zu)",
                 wr_excerpt(series->column[column].name, name), column + 1);
    return to;
}

/* Writes `no header, and columns 1 to 3` or `the columns "date", "wind"`, shortened if it is too
 * long. */
static const char *columns_text(const struct wr_series *series, char to[512]) {
    if (series->column[0].name == NULL) {
        snprintf(to, 512, "no header, and columns 1 to %zu", series->columns);
        return to;
    }
    size_t length = (size_t)snprintf(to, 512, "the columns");
    for (size_t i = 0; i < series->columns; i++) {
        char name[WR_EXCERPT];
        const char *comma = i == 0 ? "" : ",";
        if (length > 512 - WR_EXCERPT - 64) {
            snprintf(to + length, 512 - length, "%s ... (%zu in all)", comma, series->columns);
            break;
        }
        length += (size_t)snprintf(to + length, 512 - length, "%s \"%s\"", comma,
                                   wr_excerpt(series->column[i].name, name));
    }
    return to;
}

/* The index of a column number from 1; `columns` if there is no such column. */
static size_t column_number(const char *text, size_t columns) {
    size_t number = 0;
    for (; *text >= '0' && *text <= '9' && number <= columns; text++)
        if (!wr_size_mul(number, 10, &number) ||
            !wr_size_add(number, (size_t)(*text - '0'), &number))
            return columns;
    return *text == '\0' && number >= 1 && number <= columns ? number - 1 : columns;
}

/* Counts the columns of this name, exactly or ignoring case, and finds the first two. */
static size_t count_named(const struct wr_series *series, const char *name, bool exactly,
                          size_t found[2]) {
    size_t count = 0;
    for (size_t i = 0; i < series->columns && *name != '\0'; i++) {
        const char *own = series->column[i].name;
        if (own == NULL || (exactly ? strcmp(own, name) : strcasecmp(own, name)) != 0)
            continue;
        if (count < 2)
            found[count] = i;
        count++;
    }
    return count;
}

wr_status wr_series_find(const struct wr_series *series, const char *column, size_t *index,
                         struct wr_error *error) {
    size_t found[2] = {0}, count = count_named(series, column, true, found);
    bool exactly = count > 0;
    char excerpt[WR_EXCERPT], list[512];
    if (!exactly)
        count = count_named(series, column, false, found);
    if (count > 1)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: columns %zu and %zu are both named \"%s\"%s; choose one by its number",
                       series->source, found[0] + 1, found[1] + 1, wr_excerpt(column, excerpt),
                       exactly ? "" : " but for case");
    if (count == 0)
        found[0] = column_number(column, series->columns);
    if (found[0] == series->columns)
        return wr_fail(error, WR_ERR_DATA, "%s: there is no column \"%s\"; it has %s",
                       series->source, wr_excerpt(column, excerpt), columns_text(series, list));
    *index = found[0];
    return WR_OK;
}

void wr_series_print_name(FILE *file, const struct wr_series *series, size_t column) {
    char excerpt[WR_EXCERPT];
    const char *name = series->column[column].name;
    if (name == NULL || *name == '\0')
        fprintf(file, "column %zu", column + 1);
    else
        fprintf(file, "\"%s\"", wr_excerpt(name, excerpt));
}

void wr_series_print_column(FILE *file, const struct wr_series *series, size_t column) {
    const char *name = wr_series_name(series, column);
    size_t found = series->columns;
    if (name == NULL || *name == '\0' || wr_series_find(series, name, &found, NULL) != WR_OK ||
        found != column) {
        fprintf(file, "%zu", column + 1);
        return;
    }
    wr_csv_print(file, name);
}

static wr_status bad_cell(const struct wr_series *series, size_t column, const char *advice,
                          struct wr_error *error) {
    const struct wr_column *c = &series->column[column];
    char text[96];
    return wr_fail(error, WR_ERR_DATA, "%s: %s %zu, %s: \"%s\" %s; %s", series->source,
                   series->file ? "line" : "row", c->bad_line,
                   wr_series_column_text(series, column, text), c->bad_text, c->bad_why, advice);
}

/* The column that is nearest to finite numbers only: one with missing cells, else one of numbers
 * with the other decimal mark, else the first. */
static size_t nearest_numeric(const struct wr_series *series) {
    static const enum wr_cell_kind nearest[] = {WR_CELL_NUMBER, WR_CELL_COMMA};
    for (size_t k = 0; k < sizeof nearest / sizeof *nearest; k++)
        for (size_t i = 0; i < series->columns; i++)
            if (series->column[i].bad_line != 0 &&
                wr_profile_kind(&series->column[i].profile) == nearest[k])
                return i;
    return 0;
}

wr_status wr_series_first_numeric(const struct wr_series *series, size_t *index,
                                  struct wr_error *error) {
    for (size_t i = 0; i < series->columns; i++)
        if (series->column[i].bad_line == 0 && !wr_series_is_index(series, i)) {
            *index = i;
            return WR_OK;
        }
    size_t shown = nearest_numeric(series);
    if (series->column[shown].bad_line == 0)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: no column holds finite numbers alone but the first, which has no name "
                       "and counts the rows",
                       series->source);
    return bad_cell(series, shown, "no column holds finite numbers alone", error);
}

wr_status wr_series_values(const struct wr_series *series, size_t column, const double **values,
                           struct wr_error *error) {
    if (column >= series->columns)
        return wr_fail(error, WR_ERR_USAGE, "%s: there is no column with index %zu, only %zu",
                       series->source, column, series->columns);
    if (series->column[column].bad_line != 0)
        return bad_cell(series, column,
                        series->file ? "mend the file, or choose another column"
                                     : "mend it, or choose another column",
                        error);
    *values = series->column[column].values;
    return WR_OK;
}

wr_status wr_series_values_known(const struct wr_series *series, size_t column,
                                 const double **values, struct wr_error *error) {
    if (column >= series->columns || series->column[column].flawed)
        return wr_series_values(series, column, values, error);
    *values = series->column[column].values;
    return WR_OK;
}
