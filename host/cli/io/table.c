#include "cli/io/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

void table_add(struct table *table, const char *text) {
    if (table->count == table->room) {
        size_t room = table->room < 64 ? 64 : 2 * table->room;
        void *grown = table->status == WR_OK ? realloc(table->cells, room * TABLE_CELL) : NULL;
        if (grown == NULL) {
            table->status = WR_ERR_MEMORY;
            return;
        }
        table->cells = grown;
        table->room = room;
    }
    wr_shown(*text != '\0' ? text : "-", table->cells[table->count++], TABLE_CELL);
}

static int width_of(const struct table *table, size_t column) {
    size_t width = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        size_t length = strlen(table->cells[i]);
        width = length > width ? length : width;
    }
    return (int)width;
}

wr_status table_print(struct table *table, struct wr_error *error) {
    wr_status status = table->status;
    int *widths =
        status == WR_OK ? wr_alloc(table->columns, sizeof *widths, "a table", error) : NULL;
    if (widths == NULL) {
        table_release(table);
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a table");
    }
    for (size_t c = 0; c < table->columns; c++)
        widths[c] = width_of(table, c);
    for (size_t i = 0, c = 0; i < table->count; i++) {
        bool last = c + 1 == table->columns;
        printf("%s%*s%s", c > 0 ? "  " : "", widths[c], table->cells[i], last ? "\n" : "");
        c = last ? 0 : c + 1;
    }
    free(widths);
    table_release(table);
    return WR_OK;
}

void table_release(struct table *table) {
    free(table->cells);
    *table = (struct table){.columns = table->columns};
}
