/* The data of a backtest's and a bench's page, from what --json printed. Members that the page
 * draws are copied, each of the type that it must have; others are left out. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/report/report.h"

/* A member to copy. type: 'n' number, 's' string, 'b' boolean, 'a' array of texts; '?' behind it:
 * null would do. */
struct member {
    const char *key, *type;
};

static bool has_type(const json_t *value, const char *type) {
    if (json_is_null(value))
        return type[1] == '?';
    switch (type[0]) {
    case 'n':
        return json_is_number(value);
    case 's':
        return json_is_string(value);
    default:
        return json_is_boolean(value);
    }
}

static wr_status fail_member(const struct source *source, const char *key) {
    return wr_fail(source->error, WR_ERR_DATA,
                   "%s: not what windrow --json prints: \"%s\" is missing or of another type",
                   source->path, key);
}

/* Copies members (count) of an object. Takes over *to, which is NULL after an allocation failed. */
static wr_status copy(const struct source *source, const json_t *from, const struct member *members,
                      size_t count, json_t **to) {
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(from, members[i].key);
        if (value == NULL || !has_type(value, members[i].type))
            return fail_member(source, members[i].key);
        *to = wr_json_put(*to, members[i].key, json_incref(value));
    }
    return WR_OK;
}
#define COPY(source, from, members, to)                                                            \
    copy(source, from, members, sizeof(members) / sizeof *(members), to)

/* Makes an array of what `make` makes of each element of from[key]. */
static wr_status each(const struct source *source, const json_t *from, const char *key,
                      wr_status (*make)(const struct source *source, const json_t *element,
                                        json_t **made),
                      json_t **to) {
    const json_t *array = json_object_get(from, key);
    json_t *list = json_array();
    wr_status status = json_is_array(array) ? WR_OK : fail_member(source, key);
    for (size_t i = 0; i < json_array_size(array) && status == WR_OK; i++) {
        json_t *made = json_object();
        status = make(source, json_array_get(array, i), &made);
        list = wr_json_push(list, made);
    }
    *to = wr_json_put(*to, key, list);
    return status;
}

static json_t *start(const struct source *source, const char *kind) {
    return json_pack("{s:s, s:o}", "kind", kind, "file",
                     wr_json_text(source->options->file.text, "?"));
}

/* ---- windrow backtest --json ---- */

static wr_status make_interval(const struct source *source, const json_t *interval, json_t **made) {
    static const struct member members[] = {{"level", "n"}, {"coverage", "n?"}, {"width", "n?"}};
    return COPY(source, interval, members, made);
}

static wr_status make_method(const struct source *source, const json_t *method, json_t **made) {
    static const struct member members[] = {{"method", "s"}, {"mae", "n?"},  {"rmse", "n?"},
                                            {"smape", "n?"}, {"mase", "n?"}, {"crps", "n?"}};
    wr_status status = COPY(source, method, members, made);
    return status == WR_OK ? each(source, method, "intervals", make_interval, made) : status;
}

static wr_status make_name(const struct source *source, const json_t *name, json_t **made) {
    json_decref(*made);
    *made = json_incref((json_t *)name); /* json_incref takes no const */
    return json_is_string(name) ? WR_OK : fail_member(source, "recipes");
}

wr_status report_backtest_json(const struct source *source, const json_t *json, json_t **object) {
    static const struct member members[] = {
        {"windrow", "s"}, {"series", "n"}, {"horizon", "n"}, {"origins", "n"}, {"step", "n"},
        {"refit", "b"},   {"models", "n"}, {"naive", "n"},   {"updates", "n"}, {"seconds", "n"},
        {"values", "n"},  {"scored", "n"}, {"diverged", "n"}};
    json_t *made = start(source, "backtest");
    wr_status status = COPY(source, json, members, &made);
    if (status == WR_OK)
        status = each(source, json, "recipes", make_name, &made);
    if (status == WR_OK)
        status = each(source, json, "methods", make_method, &made);
    if (status == WR_OK)
        status = report_check_made(source, made);
    if (status == WR_OK)
        *object = made;
    else
        json_decref(made);
    return status;
}

/* ---- windrow bench --json ---- */

static wr_status make_row(const struct source *source, const json_t *row, json_t **made) {
    static const struct member members[] = {
        {"curve", "s"},    {"models", "n"},   {"hidden", "n"},   {"window", "n"},
        {"batch", "n"},    {"schedule", "s"}, {"refused", "s?"}, {"updates_per_second", "n?"},
        {"slowest", "n?"}, {"fastest", "n?"}, {"of_peak", "n?"}};
    return COPY(source, row, members, made);
}

static wr_status make_device(const struct source *source, const json_t *device, json_t **made) {
    static const struct member members[] = {
        {"id", "s"}, {"name", "s"}, {"detail", "s"}, {"peak_flops_per_second", "n"}};
    wr_status status = COPY(source, device, members, made);
    return status == WR_OK ? each(source, device, "rows", make_row, made) : status;
}

wr_status report_bench_json(const struct source *source, const json_t *json, json_t **object) {
    static const struct member members[] = {{"windrow", "s"}, {"seconds", "n"}, {"repeats", "n"}};
    json_t *made = start(source, "bench");
    wr_status status = COPY(source, json, members, &made);
    if (status == WR_OK)
        status = each(source, json, "devices", make_device, &made);
    if (status == WR_OK)
        status = report_check_made(source, made);
    if (status == WR_OK)
        *object = made;
    else
        json_decref(made);
    return status;
}
