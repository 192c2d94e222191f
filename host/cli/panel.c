/* Options to a panel, and its file's layout. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/columns.h"
#include "cli/forecast.h"
#include "data/csv.h"
#include "data/series.h"

/* ---- lists ---- */

static wr_status add_part(struct parts *parts, const char *text, struct wr_error *error) {
    char **grown = realloc(parts->texts, (parts->count + 1) * sizeof *grown);
    if (grown != NULL) {
        parts->texts = grown;
        grown[parts->count] = strdup(text);
    }
    if (grown == NULL || grown[parts->count] == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a list of %zu", parts->count + 1);
    parts->count++;
    return WR_OK;
}

wr_status parts_make(const char *option, const char *list, struct parts *parts,
                     struct wr_error *error) {
    const char *rest = list;
    char *part = wr_alloc(strlen(list) + 1, 1, "a list", error);
    wr_status status = part != NULL ? WR_OK : WR_ERR_MEMORY;
    while (status == WR_OK && rest != NULL) {
        if (!columns_cut(&rest, part))
            status = wr_fail(error, WR_ERR_USAGE, "--%s %s: a quote is out of place", option, list);
        else if (*part == '\0')
            status =
                wr_fail(error, WR_ERR_USAGE, "--%s %s: a part of the list is empty", option, list);
        else
            status = add_part(parts, part, error);
    }
    free(part);
    return status;
}

void parts_release(struct parts *parts) {
    for (size_t i = 0; i < parts->count; i++)
        free(parts->texts[i]);
    free(parts->texts);
    *parts = (struct parts){0};
}

/* ---- what a file looks like ---- */

/* A cell of a record, for the questions below. */
static bool is_number(const char *cell) {
    char *end;
    size_t length = strspn(cell, " \t");
    (void)strtod(cell + length, &end);
    return end != cell + length && end[strspn(end, " \t")] == '\0' && strpbrk(cell, "xX") == NULL;
}

/* "2020-01..." */
static bool is_date(const char *cell) {
    for (size_t i = 0; i < 7; i++)
        if (i == 4 ? cell[i] != '-' : !isdigit((unsigned char)cell[i]))
            return false;
    return true;
}

/* "17", "V17" */
static bool is_place(const char *name) {
    name += *name == 'V';
    return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* What the header and the first record say. */
struct look {
    bool named; /* a column unique_id, ds or y */
    bool dated; /* a column of dates */
    bool wide;  /* a name, then numbers, under numbers or V1, V2, ... */
    bool plain; /* numbers alone, of one series then */
};

/* Sees the header (head) or the first record. */
static void see(struct look *look, const struct wr_csv *csv, bool head) {
    for (size_t i = 0; i < csv->count; i++) {
        const char *cell = wr_csv_cell(csv, i);
        bool known =
            strcmp(cell, "unique_id") == 0 || strcmp(cell, "ds") == 0 || strcmp(cell, "y") == 0;
        look->named |= head && known;
        look->dated |= !head && is_date(cell);
        look->plain &= head || is_number(cell);
        if (i == 0)
            look->wide &= csv->count > 2 && (head || !is_number(cell));
        else
            look->wide &= head ? is_place(cell) : *cell == '\0' || is_number(cell);
    }
}

static wr_status look_at(const char *path, struct look *look, struct wr_error *error) {
    struct wr_csv csv;
    bool more = true;
    *look = (struct look){.wide = true, .plain = true};
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return wr_fail(error, WR_ERR_DATA, "%s: cannot be opened: %s", path, strerror(errno));
    wr_csv_init(&csv, file, path);
    wr_status status = WR_OK;
    for (size_t record = 0; record < 2 && more && status == WR_OK; record++) {
        status = wr_csv_next(&csv, &more, error);
        if (status == WR_OK && more)
            see(look, &csv, record == 0);
    }
    wr_csv_release(&csv);
    fclose(file);
    return status;
}

static bool names_columns(const struct option_value *options) {
    return options[PANEL_ID].given || options[PANEL_TIME].given || options[PANEL_TARGET].given ||
           options[PANEL_PAST].given || options[PANEL_FUTURE].given;
}

static wr_status choose_layout(const struct option_value *options, bool *wide,
                               struct wr_error *error) {
    const char *path = options[PANEL_DATA].text;
    struct look look;
    *wide = strcmp(options[PANEL_LAYOUT].text, "wide") == 0;
    if (*wide && names_columns(options))
        return wr_fail(error, WR_ERR_USAGE,
                       "--layout wide has no columns to name: leave out --id, --time, --target, "
                       "--past and --future");
    if (*wide || strcmp(options[PANEL_LAYOUT].text, "long") == 0 || names_columns(options))
        return WR_OK;
    wr_status status = look_at(path, &look, error);
    if (status != WR_OK)
        return status;
    *wide = look.wide && !look.named && !look.dated;
    if (look.named || look.dated || look.plain || *wide)
        return WR_OK;
    return wr_fail(error, WR_ERR_DATA,
                   "%s: neither long (no column unique_id, ds or y, none of dates, no --id, --time "
                   "or --target) nor wide (a name, then numbers, under a header of numbers or V1, "
                   "V2, ...): --layout tells which",
                   path);
}

/* ---- panels ---- */

static const char *text_of(const struct option_value *option) {
    return option->given ? option->text : NULL;
}

static wr_status read_long(const struct option_value *options, const struct panel_times *usual,
                           struct wr_panel **panel, struct wr_error *error) {
    struct parts past = {0}, future = {0};
    wr_status status = WR_OK;
    if (options[PANEL_PAST].given)
        status = parts_make("past", options[PANEL_PAST].text, &past, error);
    if (status == WR_OK && options[PANEL_FUTURE].given)
        status = parts_make("future", options[PANEL_FUTURE].text, &future, error);
    struct wr_panel_spec spec = {.id = text_of(&options[PANEL_ID]),
                                 .time = text_of(&options[PANEL_TIME]),
                                 .target = text_of(&options[PANEL_TARGET]),
                                 .past = (const char *const *)past.texts,
                                 .pasts = past.count,
                                 .future = (const char *const *)future.texts,
                                 .futures = future.count,
                                 .missing = (enum wr_missing)options[PANEL_MISSING].choice,
                                 .freq = usual->freq,
                                 .tz = usual->tz};
    if (options[PANEL_FREQ].given)
        spec.freq = options[PANEL_FREQ].text;
    if (options[PANEL_TZ].given)
        spec.tz = options[PANEL_TZ].text;
    if (status == WR_OK)
        status = wr_panel_read_long(options[PANEL_DATA].text, &spec, panel, error);
    parts_release(&past);
    parts_release(&future);
    return status;
}

static wr_status read_wide(const struct option_value *options, struct wr_panel **panel,
                           struct wr_error *error) {
    for (size_t i = PANEL_FREQ; i <= PANEL_TZ; i++)
        if (options[i].given)
            return wr_fail(error, WR_ERR_USAGE,
                           "--%s goes with time stamps, but %s is wide, where steps are numbered; "
                           "leave it out, or say --layout long",
                           forecast_options[i].name, options[PANEL_DATA].text);
    return wr_panel_read_wide(options[PANEL_DATA].text,
                              (enum wr_missing)options[PANEL_MISSING].choice, panel, error);
}

wr_status panel_read(const char *command, const struct option_value *options,
                     const struct panel_times *usual, struct wr_panel **panel,
                     struct wr_error *error) {
    bool wide;
    *panel = NULL;
    if (!options[PANEL_DATA].given)
        return wr_fail(error, WR_ERR_USAGE, "%s needs a file: windrow %s --data FILE", command,
                       command);
    wr_status status = choose_layout(options, &wide, error);
    if (status != WR_OK)
        return status;
    return wide ? read_wide(options, panel, error) : read_long(options, usual, panel, error);
}

/* ---- the step of the time stamps ---- */

const char *panel_recipe(const struct wr_panel *panel, const char **step) {
    static const struct {
        double least; /* days */
        const char *recipe, *step;
    } steps[] = {{360, "yearly", "years"},  {85, "quarterly", "quarters"},
                 {28, "monthly", "months"}, {7, "weekly", "weeks"},
                 {1, "daily", "days"},      {0, "hourly", "parts of a day"}};
    double days = wr_panel_step_seconds(panel) / 86400;
    size_t i = 0;
    if (!(days > 0))
        return NULL;
    while (days < steps[i].least)
        i++;
    *step = panel_is_business(panel) ? "business days" : steps[i].step;
    return steps[i].recipe;
}

bool panel_is_business(const struct wr_panel *panel) {
    return strcmp(wr_panel_freq(panel), "B") == 0;
}
