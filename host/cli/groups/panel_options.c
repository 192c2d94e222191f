#include "cli/groups/panel_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/groups/columns.h"
#include "data/calendar.h"
#include "data/panel.h"

/* ---- lists ---- */

static wr_status add_item(struct items *items, const char *text, struct wr_error *error) {
    char **grown = realloc(items->texts, (items->count + 1) * sizeof *grown);
    if (grown != NULL) {
        items->texts = grown;
        grown[items->count] = strdup(text);
    }
    if (grown == NULL || grown[items->count] == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a list of %zu", items->count + 1);
    items->count++;
    return WR_OK;
}

wr_status items_make(const char *option, const char *list, struct items *items,
                     struct wr_error *error) {
    const char *rest = list;
    char *item = wr_alloc(strlen(list) + 1, 1, "a list", error);
    wr_status status = item != NULL ? WR_OK : WR_ERR_MEMORY;
    while (status == WR_OK && rest != NULL) {
        if (!columns_cut(&rest, item))
            status = wr_fail(error, WR_ERR_USAGE, "--%s %s: a quote is out of place", option, list);
        else if (*item == '\0')
            status =
                wr_fail(error, WR_ERR_USAGE, "--%s %s: a part of the list is empty", option, list);
        else
            status = add_item(items, item, error);
    }
    free(item);
    return status;
}

void items_release(struct items *items) {
    for (size_t i = 0; i < items->count; i++)
        free(items->texts[i]);
    free(items->texts);
    *items = (struct items){0};
}

/* ---- panels ---- */

static const char *text_of(const struct option_text *option) {
    return option->given ? option->text : NULL;
}

/* The columns in --past, --future and --ignore. */
struct lists {
    struct items past, future, ignore;
};

static wr_status read_lists(const struct panel_options *options, struct lists *lists,
                            struct wr_error *error) {
    const struct option_text *ignore = &options->csv.ignore;
    wr_status status = WR_OK;
    if (options->past.given)
        status = items_make("past", options->past.text, &lists->past, error);
    if (status == WR_OK && options->future.given)
        status = items_make("future", options->future.text, &lists->future, error);
    if (status == WR_OK && ignore->given)
        status = items_make("ignore", ignore->text, &lists->ignore, error);
    return status;
}

static wr_status read_panel(const struct panel_options *options, const struct lists *lists,
                            const struct panel_times *usual, struct wr_panel **panel,
                            struct wr_error *error) {
    struct wr_panel_spec spec = {.layout = (enum wr_panel_layout)options->layout.value,
                                 .id = text_of(&options->id),
                                 .time = text_of(&options->time),
                                 .target = text_of(&options->target),
                                 .past = (const char *const *)lists->past.texts,
                                 .pasts = lists->past.count,
                                 .future = (const char *const *)lists->future.texts,
                                 .futures = lists->future.count,
                                 .ignore = (const char *const *)lists->ignore.texts,
                                 .ignores = lists->ignore.count,
                                 .missing = (enum wr_missing)options->missing.value,
                                 .freq = usual->freq,
                                 .tz = usual->tz};
    if (options->freq.given)
        spec.freq = options->freq.text;
    if (options->tz.given)
        spec.tz = options->tz.text;
    wr_status status = csv_read_options(&options->csv, &spec.csv, error);
    return status == WR_OK ? wr_panel_read(options->data.text, &spec, panel, error) : status;
}

static bool names_columns(const struct panel_options *options) {
    return options->id.given || options->time.given || options->target.given ||
           options->past.given || options->future.given || options->csv.ignore.given;
}

wr_status panel_read(const char *command, const struct panel_options *options,
                     const struct panel_times *usual, struct wr_panel **panel,
                     struct wr_error *error) {
    struct lists lists = {0};
    *panel = NULL;
    if (!options->data.given)
        return wr_fail(error, WR_ERR_USAGE, "%s needs a file: windrow %s --data FILE", command,
                       command);
    if (options->layout.value == WR_PANEL_WIDE && names_columns(options))
        return wr_fail(error, WR_ERR_USAGE,
                       "--layout wide has no columns to name: leave out --id, --time, --target, "
                       "--past, --future and --ignore");
    wr_status status = read_lists(options, &lists, error);
    if (status == WR_OK)
        status = read_panel(options, &lists, usual, panel, error);
    items_release(&lists.past);
    items_release(&lists.future);
    items_release(&lists.ignore);
    return status;
}

/* Reports missing values. They are used neither for intervals nor for scores. */
static void tell_missing(const struct wr_panel *panel) {
    size_t filled = 0, gaps = 0, all = 0;
    for (size_t s = 0; s < wr_panel_count(panel); s++) {
        const double *values = wr_panel_values(panel, s), *observed = wr_panel_observed(panel, s);
        for (size_t t = 0; t < wr_panel_length(panel, s); t++) {
            gaps += isnan(values[t]) ? 1 : 0;
            filled += isnan(observed[t]) && !isnan(values[t]) ? 1 : 0;
        }
        all += wr_panel_length(panel, s);
    }
    if (filled > 0)
        fprintf(stderr,
                "%zu of %zu values were missing and are filled in; intervals and scores come of "
                "the others alone\n",
                filled, all);
    if (gaps > 0)
        fprintf(stderr, "%zu of %zu values are missing; no model learns from windows with them\n",
                gaps, all);
}

/* Reports rows without a value at the ends of a series. These are not gaps: the forecast starts
 * after the last value. */
static void tell_ends(const struct wr_panel *panel) {
    size_t rows = 0, series = 0, first = 0;
    for (size_t s = wr_panel_count(panel); s-- > 0 && panel->header != NULL;) {
        rows += panel->series[s].left_out;
        series += panel->series[s].left_out > 0;
        first = panel->series[s].left_out > 0 ? s : first;
    }
    if (series == 0)
        return;
    fprintf(stderr,
            "%zu row%s without a value before the first or after the last one of a series, and "
            "left out; so a forecast begins after the last value: ",
            rows, rows == 1 ? "" : "s");
    wr_print_shown(stderr, wr_panel_id(panel, first));
    if (series > 1)
        fprintf(stderr, " and %zu more", series - 1);
    fputc('\n', stderr);
}

void panel_tell(const struct wr_panel *panel, bool quiet) {
    const char *path = wr_panel_path(panel);
    csv_warn(path, wr_panel_found(panel));
    if (quiet)
        return;
    wr_print_shown(stderr, path);
    fputs(": ", stderr);
    wr_panel_print_columns(stderr, panel);
    csv_print_found(stderr, wr_panel_found(panel));
    fputc('\n', stderr);
    wr_print_lines(stderr, wr_panel_notes(panel));
    tell_missing(panel);
    tell_ends(panel);
}

/* ---- the step of the time stamps ---- */

const char *panel_recipe(const struct wr_panel *panel, const char **step) {
    static const struct {
        double least; /* smallest step, in days */
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
