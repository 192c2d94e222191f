/* The roles of a long file's columns: assigned before the records are read, and checked after all
 * of them are seen. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/panel.h"

/* ---- before the records ---- */

/* The column that was asked for, else the one with the usual name, else WR_NO_COLUMN. */
static wr_status find_column(const struct wr_panel *panel, const char *asked, const char *usual,
                             size_t *column, struct wr_error *error) {
    const struct wr_series *header = panel->header;
    *column = WR_NO_COLUMN;
    if (asked != NULL) {
        wr_status status = wr_series_find(header, asked, column, error);
        if (status == WR_OK && panel->role[*column] == WR_ROLE_IGNORED)
            return wr_fail(error, WR_ERR_USAGE,
                           "%s: column \"%s\" is asked for, and \1ignore\1 leaves it out",
                           panel->path, asked);
        return status;
    }
    for (size_t i = 0; i < header->columns; i++)
        if (header->column[i].name != NULL && wr_cell_is(header->column[i].name, usual) &&
            panel->role[i] != WR_ROLE_IGNORED)
            return wr_series_find(header, usual, column, error);
    return WR_OK;
}

static wr_status assign(struct wr_panel *panel, const char *asked, const char *usual,
                        enum wr_role role, size_t *column, struct wr_error *error) {
    wr_status status = find_column(panel, asked, usual, column, error);
    if (status != WR_OK || *column == WR_NO_COLUMN)
        return status;
    char text[96];
    if (role <= WR_ROLE_TARGET && panel->role[*column] != WR_ROLE_NONE)
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: %s is taken twice: \1id\1, \1time\1 and \1target\1 name three columns",
                       panel->path, wr_series_column_text(panel->header, *column, text));
    panel->role[*column] = role;
    return WR_OK;
}

wr_status wr_panel_take_columns(struct wr_panel *panel, const struct wr_panel_spec *spec,
                                struct wr_error *error) {
    wr_status status = WR_OK;
    size_t column, *covariate = panel->column + 1;
    for (size_t i = 0; status == WR_OK && i < spec->ignores; i++) {
        status = wr_series_find(panel->header, spec->ignore[i], &column, error);
        if (status == WR_OK)
            panel->role[column] = WR_ROLE_IGNORED;
    }
    if (status == WR_OK)
        status = assign(panel, spec->id, "unique_id", WR_ROLE_ID, &panel->id_column, error);
    if (status == WR_OK)
        status = assign(panel, spec->time, "ds", WR_ROLE_TIME, &panel->time_column, error);
    if (status == WR_OK)
        status = assign(panel, spec->target, "y", WR_ROLE_TARGET, &panel->column[0], error);
    for (size_t i = 0; status == WR_OK && i < spec->pasts; i++)
        status = assign(panel, spec->past[i], "", WR_ROLE_COVARIATE, covariate++, error);
    for (size_t i = 0; status == WR_OK && i < spec->futures; i++)
        status = assign(panel, spec->future[i], "", WR_ROLE_COVARIATE, covariate++, error);
    panel->guessed = panel->column[0] == WR_NO_COLUMN;
    panel->numbered = panel->time_column == WR_NO_COLUMN;
    return status;
}

wr_status wr_panel_guess_target(struct wr_panel *panel, const struct wr_csv *csv,
                                struct wr_error *error) {
    size_t found = 0, comma = WR_NO_COLUMN;
    char text[96];
    for (size_t i = panel->header->columns; i-- > 0;) {
        if (panel->role[i] != WR_ROLE_NONE || wr_series_is_unnamed(panel->header, i))
            continue;
        if (csv->kinds[i] == WR_CELL_COMMA)
            comma = i;
        if (csv->kinds[i] != WR_CELL_NUMBER)
            continue;
        panel->column[0] = i;
        found++;
    }
    if (found > 1 && !csv->found.header)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu is no header, since its cells are of the kinds of those "
                       "below, and more than one column holds numbers; name the target by its "
                       "number (\1target\1), or tell that there is a header (\1header=yes\1)",
                       panel->path, csv->record_line);
    if (found > 0) {
        panel->role[panel->column[0]] = WR_ROLE_TARGET;
        return WR_OK;
    }
    if (comma != WR_NO_COLUMN)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu, %s: no numbers by the decimal mark '%c'; \1decimal\1 names "
                       "another one, and marks of thousands are to be removed",
                       panel->path, csv->record_line,
                       wr_series_column_text(panel->header, comma, text), csv->found.decimal);
    return wr_fail(error, WR_ERR_DATA,
                   "%s: line %zu holds no number that could be the target, and there is no column "
                   "\"y\"; name the target (\1target\1)",
                   panel->path, csv->record_line);
}

/* ---- during the records ---- */

static bool is_guess(const struct wr_panel *panel, size_t column) {
    return panel->guessed && column == panel->column[0];
}

wr_status wr_panel_profile_unused(struct wr_panel *panel, const struct wr_csv *csv,
                                  struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < panel->header->columns && status == WR_OK; i++)
        if (panel->role[i] == WR_ROLE_NONE || is_guess(panel, i))
            status =
                wr_profile_add(&panel->header->column[i].profile, csv, wr_csv_cell(csv, i), error);
    return status;
}

/* Whether an unused column may tell series apart. */
static bool may_be_id(const struct wr_panel *panel, size_t column) {
    const struct wr_profile *profile = &panel->header->column[column].profile;
    bool unused = panel->role[column] == WR_ROLE_NONE || is_guess(panel, column);
    return unused && profile->varies &&
           (wr_profile_kind(profile) == WR_CELL_TEXT || wr_profile_repeats(profile));
}

const char *wr_panel_id_hint(const struct wr_panel *panel, char hint[128]) {
    char name[WR_EXCERPT];
    *hint = '\0';
    for (size_t i = 0; i < panel->header->columns && *hint == '\0'; i++) {
        const char *own = wr_series_name(panel->header, i);
        if (!may_be_id(panel, i))
            continue;
        if (own == NULL || *own == '\0')
            snprintf(name, sizeof name, "%zu", i + 1);
        else
            wr_excerpt(own, name);
        if (panel->id_column == WR_NO_COLUMN)
            snprintf(hint, 128, "; or name the column that tells series apart: \1id=%s\1?", name);
        else
            snprintf(hint, 128,
                     "; or does \"%s\" tell series apart, too? Put it and the ids in one column",
                     name);
    }
    return hint;
}

/* ---- after the records ---- */

static size_t count_other_numbers(const struct wr_panel *panel) {
    size_t count = 0;
    for (size_t i = 0; i < panel->header->columns; i++)
        count += panel->role[i] == WR_ROLE_NONE && !wr_series_is_index(panel->header, i) &&
                 wr_profile_kind(&panel->header->column[i].profile) == WR_CELL_NUMBER;
    return count;
}

/* Whether the caller must say what a column is for. With time stamps, series that are read as one
 * would not be in time order, which is an error of its own; a caller who also named the target
 * knows the file. */
static bool needs_role(const struct wr_panel *panel, size_t column) {
    const struct wr_profile *profile = &panel->header->column[column].profile;
    /* If there are other numbers, the target must not look like ids or an index. */
    if (is_guess(panel, column))
        return (!profile->varies || wr_profile_repeats(profile) || wr_profile_steps(profile) ||
                (panel->numbered && wr_profile_rises(profile))) &&
               count_other_numbers(panel) > 0;
    if (panel->role[column] != WR_ROLE_NONE || !profile->varies ||
        wr_series_is_index(panel->header, column))
        return false;
    switch (wr_profile_kind(profile)) {
    case WR_CELL_DATE:
    case WR_CELL_TEXT:
    case WR_CELL_COMMA:
        return panel->numbered || panel->guessed;
    case WR_CELL_NUMBER:
        return panel->numbered && (wr_profile_repeats(profile) || wr_profile_rises(profile));
    case WR_CELL_MISSING:
        break;
    }
    return false;
}

/* Prints the refused columns and what they hold, as many as fit a message. */
static void print_refused(FILE *file, const struct wr_panel *panel) {
    enum { SHOWN = 6 };
    size_t count = 0;
    for (size_t i = 0; i < panel->header->columns; i++) {
        if (!needs_role(panel, i) || count++ >= SHOWN)
            continue;
        fputs(count > 1 ? ", " : "", file);
        wr_series_print_name(file, panel->header, i);
        fprintf(file, " (%s)", wr_profile_text(&panel->header->column[i].profile));
    }
    if (count > SHOWN)
        fprintf(file, " and %zu more", count - SHOWN);
}

/* The field ignore, with the names of the columns. */
static void print_ignore(FILE *file, const struct wr_panel *panel) {
    const char *before = "\1ignore=";
    for (size_t i = 0; i < panel->header->columns; i++) {
        if (!needs_role(panel, i))
            continue;
        fputs(before, file);
        wr_series_print_column(file, panel->header, i);
        before = ",";
    }
    fputc('\1', file);
}

static void print_refusal(FILE *file, const struct wr_panel *panel) {
    bool commas = false;
    for (size_t i = 0; i < panel->header->columns; i++)
        commas = commas || (needs_role(panel, i) &&
                            wr_profile_kind(&panel->header->column[i].profile) == WR_CELL_COMMA);
    fputs("nobody says what these columns are for: ", file);
    print_refused(file, panel);
    fprintf(file, "; name them by%s%s \1target\1 or%s, or leave them out by ",
            panel->numbered ? " \1time\1 (time stamps)," : "",
            panel->id_column == WR_NO_COLUMN ? " \1id\1 (names of series)," : "",
            " \1past\1 (covariates)");
    print_ignore(file, panel);
    if (commas)
        fprintf(file, "; \1decimal=%s\1 reads the other decimal mark",
                panel->found.decimal == ',' ? "." : ",");
}

wr_status wr_panel_check_unused(const struct wr_panel *panel, struct wr_error *error) {
    struct wr_text refusal;
    bool any = false;
    for (size_t i = 0; i < panel->header->columns; i++)
        any = any || needs_role(panel, i);
    if (!any)
        return WR_OK;
    FILE *file = wr_text_open(&refusal);
    if (file != NULL)
        print_refusal(file, panel);
    char *text = wr_text_close(file, &refusal);
    if (text == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its columns", panel->path);
    wr_status status = wr_fail(error, WR_ERR_DATA, "%s: %s", panel->path, text);
    free(text);
    return status;
}

/* ---- words ---- */

static void print_list(FILE *file, const struct wr_panel *panel, enum wr_role role,
                       const char *what) {
    enum { SHOWN = 10 };
    size_t count = 0;
    for (size_t i = 0; i < panel->header->columns; i++) {
        if (panel->role[i] != role || count++ >= SHOWN)
            continue;
        fputs(count > 1 ? ", " : what, file);
        wr_series_print_name(file, panel->header, i);
        if (role == WR_ROLE_NONE && wr_series_is_index(panel->header, i))
            fputs(" (unnamed, it counts the rows: an index)", file);
    }
    if (count > SHOWN)
        fprintf(file, " and %zu more", count - SHOWN);
}

void wr_panel_print_columns(FILE *file, const struct wr_panel *panel) {
    if (panel->header == NULL) {
        fputs("wide, a line for each series", file);
        return;
    }
    fputs("target ", file);
    wr_series_print_name(file, panel->header, panel->column[0]);
    fputs(panel->guessed ? " (the first column of numbers)" : "", file);
    if (panel->id_column == WR_NO_COLUMN)
        fputs(", one series", file);
    else
        print_list(file, panel, WR_ROLE_ID, ", series by ");
    if (panel->numbered)
        fputs(", no time stamps", file);
    else
        print_list(file, panel, WR_ROLE_TIME, ", time stamps ");
    print_list(file, panel, WR_ROLE_COVARIATE, "; covariates ");
    print_list(file, panel, WR_ROLE_NONE, "; not used: ");
    print_list(file, panel, WR_ROLE_IGNORED, "; ignored: ");
}
