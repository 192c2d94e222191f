#include "cli/data.h"

#include <stdlib.h>

#include "base/base.h"

static wr_status read_series(struct data *data, const struct option_value *options,
                             struct wr_error *error) {
    if (options[DATA_FILE].given)
        return wr_series_read_csv(options[DATA_FILE].text, &data->series, error);
    return wr_series_ar2(options[DATA_LENGTH].size, (uint32_t)options[DATA_SEED].size,
                         &data->series, error);
}

/* Whether the series has the columns of numbers that an option which is not given names as its
 * default (of --init FILE). */
static bool has_columns(const struct data *data, const struct option_value *option) {
    struct columns columns = {0};
    const double *values;
    bool all = option->text != NULL &&
               columns_parse("", option->text, false, data->series, &columns, NULL) == WR_OK;
    for (size_t i = 0; all && i < columns.count; i++)
        all = wr_series_values(data->series, columns.index[i], &values, NULL) == WR_OK;
    columns_release(&columns);
    return all;
}

/* --inputs and --target, each by default what the other says, or the first column of numbers. */
static wr_status choose_columns(struct data *data, const struct option_value *options,
                                struct wr_error *error) {
    bool inputs = options[DATA_INPUTS].given, targets = options[DATA_TARGET].given;
    wr_status status = WR_OK;
    if (!inputs && !targets)
        inputs = targets =
            has_columns(data, &options[DATA_INPUTS]) && has_columns(data, &options[DATA_TARGET]);
    if (inputs)
        status = columns_parse("inputs", options[DATA_INPUTS].text, false, data->series,
                               &data->inputs, error);
    if (status == WR_OK && targets)
        status = columns_parse("target", options[DATA_TARGET].text, true, data->series,
                               &data->targets, error);
    if (status == WR_OK && !inputs && !targets) {
        size_t first;
        status = wr_series_first_numeric(data->series, &first, error);
        if (status == WR_OK)
            status = columns_one(first, &data->inputs, error);
    } else if (status == WR_OK && !inputs) {
        status = columns_copy(&data->targets, data->targets.count, &data->inputs, error);
    }
    if (status == WR_OK && !targets)
        status = columns_copy(&data->inputs, 1, &data->targets, error);
    if (status != WR_OK)
        return status;
    data->input_names = columns_text(&data->inputs, data->series);
    data->target_names = columns_text(&data->targets, data->series);
    if (data->input_names == NULL || data->target_names == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the names of columns");
    return WR_OK;
}

wr_status data_read(struct data *data, const struct option_value *options, struct wr_error *error) {
    wr_status status = read_series(data, options, error);
    return status == WR_OK ? choose_columns(data, options, error) : status;
}

void data_release(struct data *data) {
    wr_series_free(data->series);
    columns_release(&data->inputs);
    columns_release(&data->targets);
    free(data->input_names);
    free(data->target_names);
    *data = (struct data){0};
}
