/* Finds from the head of a file whether it is long or wide. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/panel.h"

/* Whether the name numbers a step: "17", "V17". */
static bool is_step_name(const char *name) {
    size_t length;
    name = wr_cell_trim(name, &length);
    size_t digits = strspn(name + (*name == 'V'), "0123456789");
    return digits > 0 && digits + (*name == 'V') == length;
}

struct signs {
    bool named; /* a column unique_id, ds or y */
    bool dated; /* a column of dates */
    bool wide;  /* a name, then numbers, below a header of numbers or V1, V2, ... */
    bool plain; /* numbers only: one series */
    bool comma; /* numbers with the other decimal mark */
};

/* Reads the signs from the first record, which was read last, and the kinds below it. */
static struct signs find_signs(const struct wr_csv *csv) {
    struct signs signs = {.wide = csv->count > 2, .plain = true};
    for (size_t i = 0; i < csv->count; i++) {
        const char *cell = wr_csv_cell(csv, i);
        unsigned kind = i < csv->kind_count ? csv->kinds[i] : WR_CELL_MISSING;
        bool number = kind == WR_CELL_NUMBER || kind == WR_CELL_MISSING;
        signs.named =
            signs.named || (csv->found.header && (wr_cell_is(cell, "unique_id") ||
                                                  wr_cell_is(cell, "ds") || wr_cell_is(cell, "y")));
        signs.dated = signs.dated || kind == WR_CELL_DATE;
        signs.comma = signs.comma || kind == WR_CELL_COMMA;
        signs.plain = signs.plain && number;
        signs.wide = signs.wide && (i == 0 ? kind != WR_CELL_NUMBER : is_step_name(cell) && number);
    }
    return signs;
}

static const char *kind_text(unsigned kind) {
    static const char *const texts[] = {"no value", "numbers", "numbers by another decimal mark",
                                        "dates", "text"};
    return texts[kind];
}

/* Prints the columns and what they hold, as many as fit a message. */
static void print_found(FILE *file, const struct wr_csv *csv) {
    enum { SHOWN = 5 };
    char name[WR_EXCERPT], delimiter[8];
    for (size_t i = 0; i < csv->count && i < SHOWN; i++) {
        if (csv->found.header)
            fprintf(file, "%s\"%s\" (", i > 0 ? ", " : "", wr_excerpt(wr_csv_cell(csv, i), name));
        else
            fprintf(file, "%scolumn %zu (", i > 0 ? ", " : "", i + 1);
        fprintf(file, "%s)", kind_text(i < csv->kind_count ? csv->kinds[i] : WR_CELL_MISSING));
    }
    if (csv->count > SHOWN)
        fprintf(file, " and %zu more", csv->count - SHOWN);
    fprintf(file, ", by the delimiter %s", wr_csv_delimiter_text(csv->found.delimiter, delimiter));
}

static wr_status fail_neither(const struct wr_csv *csv, bool comma, struct wr_error *error) {
    struct wr_text found;
    FILE *file = wr_text_open(&found);
    if (file != NULL)
        print_found(file, csv);
    char *text = wr_text_close(file, &found);
    if (text == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its columns", csv->path);
    wr_status status = wr_fail(
        error, WR_ERR_DATA,
        "%s: neither long (no column unique_id, ds or y, none of dates, no \1id\1, \1time\1 or "
        "\1target\1) nor wide (a name, then numbers, under a header of numbers or V1, V2, "
        "...): \1layout\1 tells which%s; it has %s",
        csv->path, comma ? ", and \1decimal=,\1 reads decimal commas" : "", text);
    free(text);
    return status;
}

wr_status wr_panel_auto(struct wr_csv *csv, const struct wr_panel_spec *spec,
                        struct wr_panel **panel, struct wr_error *error) {
    if (spec->id != NULL || spec->time != NULL || spec->target != NULL || spec->pasts > 0 ||
        spec->futures > 0 || spec->ignores > 0)
        return wr_panel_long(csv, spec, panel, error);
    struct signs signs = find_signs(csv);
    if (signs.named || signs.dated || signs.plain)
        return wr_panel_long(csv, spec, panel, error);
    if (signs.wide)
        return wr_panel_wide(csv, spec, panel, error);
    return fail_neither(csv, signs.comma, error);
}
