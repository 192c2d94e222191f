/* Saves and loads a fit as one safetensors file: the stacked models, and all else in its
 * metadata. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "base/json.h"
#include "forecast/fit.h"
#include "model/tensors.h"
#include "windrow/version.h"

#define KEY         "windrow_fit"
#define FORMAT      3
#define OLD_FORMAT  2 /* of Windrow 0.1: see scales_from_json; its intervals are not read */
#define MOST_VALUES ((size_t)1 << 53) /* of a series, so that no sum of steps overflows */

/* ---- numbers as text ---- */

static json_t *reals_to_json(const double *values, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count && array != NULL; i++)
        array = wr_json_push(array, json_real(values[i]));
    return array;
}

/* The readers below return WR_ERR_DATA where something is missing or wrong. */
static wr_status reals_from_json(const json_t *array, size_t count, double **values) {
    *values = NULL;
    if (!json_is_array(array) || json_array_size(array) != count)
        return WR_ERR_DATA;
    *values = calloc(count > 0 ? count : 1, sizeof **values);
    if (*values == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (!json_is_number(json_array_get(array, i)))
            return WR_ERR_DATA;
        (*values)[i] = json_number_value(json_array_get(array, i));
    }
    return WR_OK;
}

/* Bits of floats in hexadecimal, 8 digits each. */
static json_t *floats_to_json(const float *values, size_t count) {
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(8 * count + 1);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int digit = 0; digit < 8; digit++)
            text[8 * i + (size_t)digit] = digits[bits >> (28 - 4 * digit) & 15];
    }
    json_t *string = json_stringn(text, 8 * count);
    free(text);
    return string;
}

static bool floats_from_json(const json_t *string, size_t count, float *values) {
    const char *text = json_string_value(string);
    if (text == NULL || json_string_length(string) != 8 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = 0;
        for (int digit = 0; digit < 8; digit++) {
            char c = text[8 * i + (size_t)digit];
            bool letter = c >= 'a' && c <= 'f';
            if (!letter && !(c >= '0' && c <= '9'))
                return false;
            bits = bits << 4 | (uint32_t)(letter ? c - 'a' + 10 : c - '0');
        }
        memcpy(&values[i], &bits, sizeof bits);
    }
    return true;
}

/* ---- hash ---- */

void wr_fit_hash(const char *text, const struct wr_stack *stack, char hash[17]) {
    struct wr_layout layout;
    uint64_t all = wr_hash(WR_HASH_START, text, strlen(text));
    bool possible = wr_parameters_layout(&stack->shape, &layout, NULL) == WR_OK;
    for (size_t m = 0; possible && m < stack->count; m++) {
        uint64_t one = wr_parameters_hash(&stack->shape, stack->parameters + m * layout.count);
        snprintf(hash, 17, "%016" PRIx64, one);
        all = wr_hash(all, hash, 16);
    }
    snprintf(hash, 17, "%016" PRIx64, all);
}

wr_status wr_fit_check_hash(const char *path, const char *key, const char *hash, bool required,
                            const char *flaw, struct wr_error *error) {
    char *kept;
    wr_status status = wr_metadata_load(path, key, &kept, error);
    if (status == WR_OK && (kept == NULL ? required : strcmp(kept, hash) != 0))
        status = wr_fail(error, WR_ERR_DATA, "%s: %s", path, flaw);
    free(kept);
    return status;
}

/* ---- writing ---- */

static json_t *scales_to_json(const struct wr_scales *scales) {
    return json_pack("{s:b, s:f, s:b, s:b, s:o, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "log",
                     scales->transform == WR_TRANSFORM_LOG, "reference", scales->reference,
                     "nonnegative", scales->nonnegative, "additive", scales->additive, "indices",
                     reals_to_json(scales->indices, scales->season), "intercept", scales->intercept,
                     "slope", scales->slope, "mean", scales->mean, "deviation", scales->deviation,
                     "usual", scales->usual, "means",
                     reals_to_json(scales->means, scales->covariates), "deviations",
                     reals_to_json(scales->deviations, scales->covariates));
}

static json_t *series_to_json(const struct wr_fit *fit, size_t s) {
    const struct fitted *series = &fit->series[s];
    const struct calibration *c = &fit->calibration;
    json_t *object = json_pack("{s:s, s:I, s:I, s:s, s:o}", "id", series->id, "window",
                               (json_int_t)series->window, "length", (json_int_t)series->length,
                               "last", series->last, "scales", scales_to_json(&series->scales));
    if (c->origins > 0) {
        size_t each = c->counts[s] * fit->recipe.horizon;
        const float *errors = c->errors + c->first[s] * fit->recipe.horizon;
        object = wr_json_put(object, "spread", json_real(c->spreads[s]));
        object = wr_json_put(object, "origins", json_integer((json_int_t)c->counts[s]));
        object = wr_json_put(object, "errors", floats_to_json(errors, each));
    }
    return object;
}

static json_t *fit_to_json(const struct wr_fit *fit) {
    json_t *series = json_array();
    char *diverged = calloc(fit->stack.count + 1, 1);
    for (size_t s = 0; s < fit->count && series != NULL; s++)
        series = wr_json_push(series, series_to_json(fit, s));
    for (size_t m = 0; m < fit->stack.count && diverged != NULL; m++)
        diverged[m] = fit->diverged[m] ? '1' : '0';
    json_t *object = NULL;
    if (diverged != NULL && series != NULL)
        object = json_pack("{s:i, s:i, s:o, s:s, s:s, s:s, s:s, s:o}", "format", FORMAT, "numerics",
                           WR_NUMERICS_VERSION, "recipe", wr_recipe_to_json(&fit->recipe),
                           "covariates", fit->covariates, "freq", fit->freq, "tz", fit->tz,
                           "diverged", diverged, "series", series);
    else
        json_decref(series);
    free(diverged);
    return object;
}

wr_status wr_fit_save(const struct wr_fit *fit, const char *path, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    if (fit->stack.count == 0)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: there is no model to save: every series is forecast by seasonal naive",
                       path);
    json_t *object = fit_to_json(fit);
    size_t length;
    char *text = wr_json_write(object, JSON_COMPACT, &length);
    json_decref(object);
    if (text == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its metadata", path);
    char hash[17];
    wr_fit_hash(text, &fit->stack, hash);
    const struct wr_metadata metadata[] = {
        {"windrow", wr_version()}, {KEY, text}, {WR_FIT_HASH_KEY, hash}};
    wr_status status = wr_parameters_save(path, &fit->stack, metadata, 3, error);
    free(text);
    return status;
}

/* ---- reading ---- */

static bool size_from_json(const json_t *object, const char *key, size_t *size) {
    const json_t *value = json_object_get(object, key);
    *size = (size_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

/* Whether values can be divisors. */
static bool all_positive(const double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(values[i] > 0))
            return false;
    return true;
}

static bool read_real(const json_t *object, const char *name, double *real) {
    const json_t *value = json_object_get(object, name);
    *real = json_number_value(value);
    return json_is_number(value);
}

static bool read_flag(const json_t *object, const char *name, bool *flag) {
    const json_t *value = json_object_get(object, name);
    *flag = json_is_true(value);
    return json_is_boolean(value);
}

/* Reads what files of Windrow 0.1 lack. That version had no reference value, and always divided by
 * the indices. */
static bool read_new(const json_t *json, struct wr_scales *scales) {
    return read_real(json, "reference", &scales->reference) &&
           read_real(json, "usual", &scales->usual) &&
           read_flag(json, "nonnegative", &scales->nonnegative) &&
           read_flag(json, "additive", &scales->additive);
}

static wr_status scales_from_json(const json_t *json, bool old, struct wr_scales *scales) {
    const json_t *indices = json_object_get(json, "indices"),
                 *means = json_object_get(json, "means");
    bool log;
    if (!read_real(json, "intercept", &scales->intercept) ||
        !read_real(json, "slope", &scales->slope) || !read_real(json, "mean", &scales->mean) ||
        !read_real(json, "deviation", &scales->deviation) || !read_flag(json, "log", &log))
        return WR_ERR_DATA;
    scales->transform = log ? WR_TRANSFORM_LOG : WR_TRANSFORM_NONE;
    scales->reference = log ? 1 : 0;
    scales->usual = 1;
    if (!old && !read_new(json, scales))
        return WR_ERR_DATA;
    scales->season = json_array_size(indices);
    scales->covariates = json_array_size(means);
    wr_status status = reals_from_json(indices, scales->season, &scales->indices);
    if (status == WR_OK)
        status = reals_from_json(means, scales->covariates, &scales->means);
    if (status == WR_OK)
        status = reals_from_json(json_object_get(json, "deviations"), scales->covariates,
                                 &scales->deviations);
    if (status != WR_OK)
        return status;
    return all_positive(&scales->deviation, 1) && all_positive(&scales->usual, 1) &&
                   (!log || scales->reference > 0) &&
                   (scales->additive || all_positive(scales->indices, scales->season)) &&
                   all_positive(scales->deviations, scales->covariates)
               ? WR_OK
               : WR_ERR_DATA;
}

static wr_status series_from_json(const json_t *json, bool old, struct wr_fit *fit, size_t s) {
    struct fitted *series = &fit->series[s];
    const char *id = json_string_value(json_object_get(json, "id"));
    const char *last = json_string_value(json_object_get(json, "last"));
    if (id == NULL || last == NULL || strlen(last) >= sizeof series->last ||
        !size_from_json(json, "window", &series->window) ||
        !size_from_json(json, "length", &series->length) || series->window > fit->recipe.window ||
        series->length == 0 || series->length > MOST_VALUES)
        return WR_ERR_DATA;
    wr_status status = scales_from_json(json_object_get(json, "scales"), old, &series->scales);
    if (status != WR_OK)
        return status;
    memcpy(series->last, last, strlen(last) + 1);
    series->first_model = WR_NAIVE;
    if (series->window > 0) {
        series->first_model = fit->stack.count;
        fit->stack.count += fit->recipe.seeds;
    } else {
        fit->report.naive++;
    }
    fit->report.shorter += series->window > 0 && series->window < fit->recipe.window;
    series->id = strdup(id);
    return series->id != NULL ? WR_OK : WR_ERR_MEMORY;
}

/* Reads the number of origins of a series. It must agree with the length of the errors, so that a
 * wrong number takes no memory. */
static bool origins_from_json(const json_t *series, size_t horizon, size_t *origins) {
    size_t each = 8 * horizon, length = json_string_length(json_object_get(series, "errors"));
    *origins = 0;
    if (json_object_get(series, "origins") == NULL)
        return true;
    return size_from_json(series, "origins", origins) && length % each == 0 &&
           *origins == length / each;
}

static wr_status calibration_from_json(const json_t *series, struct wr_fit *fit) {
    struct calibration *c = &fit->calibration;
    size_t K = fit->recipe.horizon;
    c->counts = wr_alloc(fit->count, sizeof *c->counts, "intervals", NULL);
    if (c->counts == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < fit->count; s++) {
        if (!origins_from_json(json_array_get(series, s), K, &c->counts[s]))
            return WR_ERR_DATA;
        c->origins = c->counts[s] > c->origins ? c->counts[s] : c->origins;
    }
    wr_status status = wr_calibration_room(c, fit->count, K, NULL);
    if (status != WR_OK)
        return status;
    for (size_t s = 0; s < fit->count; s++) {
        const json_t *object = json_array_get(series, s);
        if (c->origins > 0 &&
            (!read_real(object, "spread", &c->spreads[s]) || !(c->spreads[s] >= 0)))
            return WR_ERR_DATA;
        if (c->counts[s] > 0 && !floats_from_json(json_object_get(object, "errors"),
                                                  c->counts[s] * K, c->errors + c->first[s] * K))
            return WR_ERR_DATA;
        fit->report.borrowed += wr_borrows(fit, s);
    }
    return WR_OK;
}

static wr_status damaged(const char *path, const char *what, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DATA, "%s: damaged: %s; fit again", path, what);
}

/* Reports the failure of a reader. */
static wr_status fail_reading(wr_status status, const char *path, const char *what,
                              struct wr_error *error) {
    return status == WR_ERR_MEMORY ? wr_fail(error, status, "%s: no memory for reading it", path)
                                   : damaged(path, what, error);
}

/* The text of a key, or "" if the file lacks it, as files of Windrow 0.1 do. */
static const char *text_or_none(const json_t *json, const char *key) {
    const char *text = json_string_value(json_object_get(json, key));
    return text != NULL ? text : "";
}

static wr_status fit_from_json(const json_t *json, const char *path, struct wr_fit *fit,
                               struct wr_error *error) {
    const json_t *series = json_object_get(json, "series");
    const char *diverged = json_string_value(json_object_get(json, "diverged"));
    const char *covariates = json_string_value(json_object_get(json, "covariates"));
    json_int_t format = json_integer_value(json_object_get(json, "format"));
    json_int_t numerics = json_integer_value(json_object_get(json, "numerics"));
    bool old = format == OLD_FORMAT;
    /* The order of the sums of a forecast has not changed since numerics 1. */
    if ((format != FORMAT && !old) || numerics < 1 || numerics > WR_NUMERICS_VERSION)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: a fit of format %d and numerics %d; this version reads format %d and "
                       "%d, and numerics up to %d: fit again",
                       path, (int)format, (int)numerics, OLD_FORMAT, FORMAT, WR_NUMERICS_VERSION);
    wr_status status =
        wr_recipe_from_json(json_object_get(json, "recipe"), path, &fit->recipe, error);
    if (status == WR_OK && wr_recipe_check(&fit->recipe, error) != WR_OK)
        return damaged(path, "its recipe is none that could be fitted", error);
    if (status != WR_OK)
        return status;
    if (covariates == NULL)
        return damaged(path, "it does not name its covariates", error);
    fit->covariates = strdup(covariates);
    fit->freq = strdup(text_or_none(json, "freq"));
    fit->tz = strdup(text_or_none(json, "tz"));
    if (fit->covariates == NULL || fit->freq == NULL || fit->tz == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its covariates", path);
    fit->count = json_array_size(series);
    fit->series = wr_alloc(fit->count, sizeof *fit->series, "series", error);
    if (fit->series == NULL)
        return WR_ERR_MEMORY;
    for (size_t s = 0; s < fit->count && status == WR_OK; s++)
        status = series_from_json(json_array_get(series, s), old, fit, s);
    if (status != WR_OK)
        return fail_reading(status, path, "a series lacks something", error);
    if (diverged == NULL || strlen(diverged) != fit->stack.count)
        return damaged(path, "it has other models than its series ask for", error);
    fit->uncalibrated = old;
    if (!old)
        status = calibration_from_json(series, fit);
    if (status != WR_OK)
        return fail_reading(status, path, "its calibration lacks something", error);
    fit->diverged = wr_alloc(fit->stack.count, 1, "models", error);
    if (fit->diverged == NULL)
        return WR_ERR_MEMORY;
    for (size_t m = 0; m < fit->stack.count; m++) {
        fit->diverged[m] = diverged[m] == '1';
        fit->report.diverged += fit->diverged[m];
    }
    fit->report.series = fit->count;
    fit->report.models = fit->stack.count;
    return wr_fit_index(fit, error);
}

static wr_status load_models(const char *path, struct wr_fit *fit, struct wr_error *error) {
    size_t models = fit->stack.count; /* by the metadata */
    wr_status status = wr_parameters_load(path, &fit->stack, NULL, error);
    if (status != WR_OK)
        return status;
    fit->stack.shape.seq_len = fit->recipe.window;
    if (fit->stack.count != models || fit->stack.shape.hidden != fit->recipe.hidden ||
        fit->stack.shape.outputs != wr_recipe_outputs(&fit->recipe) ||
        fit->stack.shape.inputs % fit->recipe.chunk != 0)
        return damaged(path, "its models are not of its recipe", error);
    for (size_t s = 0; s < fit->count; s++)
        if (fit->series[s].window > 0 &&
            fit->stack.shape.inputs / fit->recipe.chunk != 1 + fit->series[s].scales.covariates)
            return damaged(path, "its models see other covariates than its series have", error);
    return WR_OK;
}

static wr_status load(const char *path, const char *text, struct wr_fit *fit,
                      struct wr_error *error) {
    struct wr_json_flaw flaw;
    json_t *json = wr_json_read(text, strlen(text), &flaw);
    if (json == NULL)
        return fail_reading(flaw.exhausted ? WR_ERR_MEMORY : WR_ERR_DATA, path,
                            "its metadata are no JSON", error);
    wr_status status = fit_from_json(json, path, fit, error);
    json_decref(json);
    if (status == WR_OK && (fit->path = strdup(path)) == NULL)
        status = fail_reading(WR_ERR_MEMORY, path, "", error);
    if (status == WR_OK)
        status = load_models(path, fit, error);
    if (status != WR_OK)
        return status;
    char hash[17];
    wr_fit_hash(text, &fit->stack, hash);
    /* Files of Windrow 0.1 have no hash. */
    return wr_fit_check_hash(path, WR_FIT_HASH_KEY, hash, !fit->uncalibrated,
                             "damaged: it is not as it was written, by its hash; fit again", error);
}

wr_status wr_fit_load(const char *path, struct wr_fit **fit, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    char *text = NULL;
    *fit = NULL;
    wr_status status = wr_metadata_load(path, KEY, &text, error);
    if (status != WR_OK)
        return status;
    if (text == NULL)
        return wr_fail(error, WR_ERR_DATA,
                       "%s: no fit (its metadata have no \"" KEY "\"): \1wr_fit_save\1 makes "
                       "one",
                       path);
    struct wr_fit *loaded = wr_alloc(1, sizeof *loaded, "a fit", error);
    status = loaded != NULL ? load(path, text, loaded, error) : WR_ERR_MEMORY;
    free(text);
    if (status == WR_OK)
        *fit = loaded;
    else
        wr_fit_free(loaded);
    return status;
}
