#include "cli/groups/data_options.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/fields.h"
#include "data/series.h"

static wr_status read_file(struct data *data, const struct data_options *options,
                           struct wr_error *error) {
    const struct option_text *ignore = &options->csv.ignore;
    struct wr_csv_options csv;
    wr_status status = csv_read_options(&options->csv, &csv, error);
    if (status == WR_OK)
        status =
            wr_series_read_csv_texts(options->file.text, &csv, data->texts, &data->series, error);
    if (status == WR_OK && ignore->given)
        status = columns_parse("ignore", ignore->text, false, data->series, &data->ignored, error);
    return status;
}

static wr_status read_series(struct data *data, const struct data_options *options,
                             struct wr_error *error) {
    const char *given = options_given(&csv_group, &options->csv);
    if (options->file.given)
        return read_file(data, options, error);
    if (given != NULL)
        return wr_fail(error, WR_ERR_USAGE, "--%s goes with --data FILE", given);
    return wr_series_ar2(options->length.value, (uint32_t)options->seed.value, &data->series,
                         error);
}

/* Whether the series has the numeric columns of an option that is not given. Its text is then a
 * default that comes from --init FILE. */
static bool has_columns(const struct data *data, const struct option_text *option) {
    struct columns columns = {0};
    const double *values;
    bool all = option->text != NULL &&
               columns_parse("", option->text, false, data->series, &columns, NULL) == WR_OK;
    for (size_t i = 0; all && i < columns.count; i++)
        all = wr_series_values(data->series, columns.index[i], &values, NULL) == WR_OK;
    columns_release(&columns);
    return all;
}

/* ---- columns ---- */

static bool is_in(const struct columns *columns, size_t column) {
    for (size_t i = 0; i < columns->count; i++)
        if (columns->index[i] == column)
            return true;
    return false;
}

static bool may_be_default(const struct data *data, size_t column) {
    const double *values;
    return !is_in(&data->ignored, column) && !wr_series_is_index(data->series, column) &&
           wr_series_values(data->series, column, &values, NULL) == WR_OK;
}

/* Why a column of numbers may hold ids instead of values, or NULL. */
static const char *id_reason(const struct wr_profile *profile) {
    return !profile->varies              ? "all the same, as ids are"
           : wr_profile_repeats(profile) ? "whole ones that repeat, as ids do"
                                         : NULL;
}

/* The first column of numbers. Fails if it looks like ids and the file has other numbers. */
static wr_status guess_column(const struct data *data, size_t *column, struct wr_error *error) {
    size_t count = 0;
    char text[96];
    for (size_t i = wr_series_columns(data->series); i-- > 0;)
        if (may_be_default(data, i)) {
            *column = i;
            count++;
        }
    if (count == 0)
        return wr_series_first_numeric(data->series, column, error);
    const struct wr_profile *profile = &data->series->column[*column].profile;
    const char *why = id_reason(profile);
    if (count == 1 || why == NULL)
        return WR_OK;
    return wr_fail(error, WR_ERR_DATA,
                   "%s: %s is the first column of numbers, but they are %s: name the target "
                   "(--target), or ignore the column (--ignore)",
                   data->series->source, wr_series_column_text(data->series, *column, text), why);
}

static wr_status check_ignored(const struct data *data, struct wr_error *error) {
    char text[96];
    for (size_t i = 0; i < data->ignored.count; i++) {
        size_t column = data->ignored.index[i];
        if (is_in(&data->inputs, column) || is_in(&data->targets, column))
            return wr_fail(error, WR_ERR_USAGE, "%s is asked for, and --ignore leaves it out",
                           wr_series_column_text(data->series, column, text));
    }
    return WR_OK;
}

/* Whether a column may name several series that follow one another: it has text in every row, in
 * blocks. */
static bool may_name_series(const struct wr_profile *profile) {
    return wr_profile_kind(profile) == WR_CELL_TEXT &&
           (profile->kinds & 1u << WR_CELL_MISSING) == 0 && wr_profile_in_blocks(profile);
}

/* Whether a column of dates continues over the whole file, so that the file is one series. */
static bool has_continuing_dates(const struct wr_series *series) {
    for (size_t i = 0; i < wr_series_columns(series); i++)
        if (wr_profile_dates_ordered(&series->column[i].profile))
            return true;
    return false;
}

/* Refuses a file that looks like several series. Training would join them end to end. */
static wr_status check_unused(const struct data *data, struct wr_error *error) {
    char text[96];
    if (has_continuing_dates(data->series))
        return WR_OK;
    for (size_t i = 0; i < wr_series_columns(data->series); i++) {
        if (is_in(&data->ignored, i) || !may_name_series(&data->series->column[i].profile))
            continue;
        struct columns one = {1, &i};
        char *name = columns_text(&one, data->series);
        if (name == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "no memory for the name of a column");
        wr_fail(error, WR_ERR_DATA,
                "%s: %s is text in blocks of rows, as the names of several series are, and these "
                "would be joined end to end; if the file is one series, --ignore %s leaves the "
                "column out; else give a file for each, or forecast them (windrow forecast)",
                data->series->source, wr_series_column_text(data->series, i, text), name);
        free(name);
        return WR_ERR_DATA;
    }
    return WR_OK;
}

/* Reads --inputs and --target. Each defaults to the other, both to the first numeric column. */
static wr_status choose_columns(struct data *data, const struct data_options *options,
                                struct wr_error *error) {
    bool inputs = options->inputs.given, targets = options->target.given;
    wr_status status = WR_OK;
    if (!inputs && !targets)
        inputs = targets =
            has_columns(data, &options->inputs) && has_columns(data, &options->target);
    if (inputs)
        status = columns_parse("inputs", options->inputs.text, false, data->series, &data->inputs,
                               error);
    if (status == WR_OK && targets)
        status = columns_parse("target", options->target.text, true, data->series, &data->targets,
                               error);
    if (status == WR_OK && !inputs && !targets) {
        size_t first;
        data->guessed = true;
        status = guess_column(data, &first, error);
        if (status == WR_OK)
            status = columns_one(first, &data->inputs, error);
    } else if (status == WR_OK && !inputs) {
        status = columns_copy(&data->targets, data->targets.count, &data->inputs, error);
    }
    if (status == WR_OK && !targets)
        status = columns_copy(&data->inputs, 1, &data->targets, error);
    if (status == WR_OK)
        status = check_ignored(data, error);
    if (status == WR_OK)
        status = check_unused(data, error);
    if (status != WR_OK)
        return status;
    data->input_names = columns_text(&data->inputs, data->series);
    data->target_names = columns_text(&data->targets, data->series);
    if (data->input_names == NULL || data->target_names == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the names of columns");
    return WR_OK;
}

wr_status data_read(struct data *data, const struct data_options *options, struct wr_error *error) {
    wr_status status = read_series(data, options, error);
    return status == WR_OK ? choose_columns(data, options, error) : status;
}

/* Prints the kind of a column that is not used, and why it is not numeric. */
static void tell_kind(const struct wr_series *series, size_t i) {
    const struct wr_column *column = &series->column[i];
    const char *kind = wr_profile_text(&column->profile);
    char why[256];
    if (wr_series_is_index(series, i))
        fputs(" (unnamed, it counts the rows: an index)", stderr);
    else if (column->bad_line != 0 && wr_profile_kind(&column->profile) == WR_CELL_NUMBER)
        fprintf(stderr, " (%s, but line %zu: \"%s\" %s)", kind, column->bad_line, column->bad_text,
                wr_fields_shown(column->bad_why, why, sizeof why));
    else
        fprintf(stderr, " (%s)", kind);
}

void data_tell(const struct data *data, bool quiet) {
    enum { SHOWN = 10 };
    const struct wr_series *series = data->series;
    const struct wr_csv_found *found = wr_series_found(series);
    size_t count = 0;
    if (found == NULL)
        return;
    csv_warn(series->source, found);
    if (quiet)
        return;
    wr_print_shown(stderr, series->source);
    fputs(": target ", stderr);
    wr_print_shown(stderr, data->target_names);
    fputs(data->guessed ? " (the first column of numbers)" : "", stderr);
    for (size_t i = 0; i < wr_series_columns(series); i++) {
        if (is_in(&data->inputs, i) || is_in(&data->targets, i) || is_in(&data->ignored, i) ||
            count++ >= SHOWN)
            continue;
        fputs(count > 1 ? ", " : "; not used: ", stderr);
        wr_series_print_name(stderr, series, i);
        tell_kind(series, i);
    }
    if (count > SHOWN)
        fprintf(stderr, " and %zu more", count - SHOWN);
    csv_print_found(stderr, found);
    fputc('\n', stderr);
}

void data_release(struct data *data) {
    wr_series_free(data->series);
    columns_release(&data->inputs);
    columns_release(&data->targets);
    columns_release(&data->ignored);
    free(data->input_names);
    free(data->target_names);
    *data = (struct data){0};
}
