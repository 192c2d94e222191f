#include "cli/groups/columns.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "data/series.h"

bool columns_cut(const char **list, char *cell) {
    const char *from = *list;
    bool quoted = *from == '"';
    if (quoted)
        from++;
    while (*from != '\0' && (quoted || *from != ',')) {
        if (quoted && *from == '"') {
            if (from[1] != '"')
                break;
            from++;
        }
        *cell++ = *from++;
    }
    *cell = '\0';
    if (quoted && *from++ != '"')
        return false;
    *list = *from == ',' ? from + 1 : NULL;
    return *from == ',' || *from == '\0';
}

static wr_status add(struct columns *columns, size_t index, struct wr_error *error) {
    size_t *grown = realloc(columns->index, (columns->count + 1) * sizeof *grown);
    if (grown == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for %zu columns", columns->count + 1);
    columns->index = grown;
    columns->index[columns->count++] = index;
    return WR_OK;
}

static wr_status add_cell(const char *option, const char *cell, bool unique,
                          const struct wr_series *series, struct columns *columns,
                          struct wr_error *error) {
    size_t index;
    wr_status status = wr_series_find(series, cell, &index, error);
    for (size_t i = 0; status == WR_OK && unique && i < columns->count; i++)
        if (columns->index[i] == index)
            return wr_fail(error, WR_ERR_DATA, "--%s: column '%s' is in the list twice", option,
                           cell);
    return status == WR_OK ? add(columns, index, error) : status;
}

wr_status columns_parse(const char *option, const char *list, bool unique,
                        const struct wr_series *series, struct columns *columns,
                        struct wr_error *error) {
    const char *rest = list;
    *columns = (struct columns){0};
    char *cell = wr_alloc(strlen(list) + 1, 1, "a list of columns", error);
    wr_status status = cell != NULL ? WR_OK : WR_ERR_MEMORY;
    while (status == WR_OK && rest != NULL) {
        if (!columns_cut(&rest, cell))
            status = wr_fail(error, WR_ERR_USAGE, "--%s %s: a quote is out of place", option, list);
        else if (*cell == '\0')
            status = wr_fail(error, WR_ERR_USAGE, "--%s %s: a column in the list is empty", option,
                             list);
        else
            status = add_cell(option, cell, unique, series, columns, error);
    }
    free(cell);
    return status;
}

wr_status columns_one(size_t index, struct columns *columns, struct wr_error *error) {
    *columns = (struct columns){0};
    return add(columns, index, error);
}

wr_status columns_copy(const struct columns *from, size_t count, struct columns *columns,
                       struct wr_error *error) {
    *columns = (struct columns){0};
    wr_status status = WR_OK;
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = add(columns, from->index[i], error);
    return status;
}

void columns_release(struct columns *columns) {
    free(columns->index);
    *columns = (struct columns){0};
}

static void print_column(FILE *file, const struct wr_series *series, size_t column) {
    const char *name = wr_series_name(series, column);
    if (name != NULL && !wr_is_utf8(name, strlen(name)))
        fprintf(file, "%zu", column + 1);
    else
        wr_series_print_column(file, series, column);
}

char *columns_text(const struct columns *columns, const struct wr_series *series) {
    struct wr_text text;
    FILE *file = wr_text_open(&text);
    for (size_t i = 0; file != NULL && i < columns->count; i++) {
        fputs(i == 0 ? "" : ",", file);
        print_column(file, series, columns->index[i]);
    }
    return wr_text_close(file, &text);
}
