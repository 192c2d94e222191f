/* Writes and reads a recipe as JSON. One list of its fields serves both. */
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "forecast/fit.h"
#include "model/choices.h"

enum kind { SIZE, WORD, FLAG, CHOICE, REAL, SINGLE };

#define FIELD(name, kind)                                                                          \
    { #name, offsetof(struct wr_recipe, name), kind, 0, false, 0 }
#define ENUM(name, most)                                                                           \
    { #name, offsetof(struct wr_recipe, name), CHOICE, most, false, 0 }
#define ONE(kind, ...)    1,
#define KINDS(name, ones) ENUM(name, (int)sizeof((char[]){ones}) - 1)
#define FORM_OF_REAL      SINGLE
#define FORM_OF_WHOLE     WORD
#define NUMBER(ID, field, type, ...)                                                               \
    {"rule." #field,    offsetof(struct wr_recipe, rule.field), FORM_OF_##type, 0, false,          \
     WR_NUMBER_##ID + 1},

static const struct field {
    const char *name;
    size_t offset;
    enum kind kind;
    int most;        /* largest value of a CHOICE */
    bool later;      /* files of Windrow 0.1 lack it; then it is 0 */
    unsigned number; /* 1 + its index in wr_numbers, else 0. A file may lack a number that the rule
                        does not use */
} fields[] = {
    FIELD(window, SIZE),
    FIELD(chunk, SIZE),
    FIELD(horizon, SIZE),
    FIELD(recursive, FLAG),
    FIELD(season, SIZE),
    ENUM(transform, WR_TRANSFORM_AUTO),
    FIELD(adjust, FLAG),
    FIELD(detrend, FLAG),
    FIELD(difference, SIZE),
    FIELD(scale, FLAG),
    FIELD(residual, SIZE),
    ENUM(normalize, WR_NORMALIZE_STANDARD),
    FIELD(hidden, SIZE),
    FIELD(seeds, SIZE),
    FIELD(seed, WORD),
    ENUM(init, WR_INIT_ORTHOGONAL),
    FIELD(batch, SIZE),
    FIELD(updates, SIZE),
    FIELD(epochs, SIZE),
    FIELD(lr, SINGLE),
    FIELD(clip, SINGLE),
    KINDS(rule.activation, WR_ACTIVATIONS(ONE)),
    KINDS(rule.loss, WR_LOSSES(ONE)),
    WR_LOSS_NUMBERS(NUMBER) KINDS(rule.clipping, WR_CLIPPINGS(ONE)),
    KINDS(rule.optimizer, WR_OPTIMIZERS(ONE)),
    WR_OPTIMIZER_NUMBERS(NUMBER) WR_WEIGHT_NUMBERS(NUMBER) KINDS(rule.decay, WR_DECAYS(ONE)),
    KINDS(rule.order, WR_ORDERS(ONE)),
    WR_ORDER_NUMBERS(NUMBER) FIELD(rule.fixed, WORD),
    FIELD(validate, REAL),
    FIELD(validations, SIZE),
    FIELD(patience, SIZE),
    ENUM(combine, WR_COMBINE_MEDIAN),
    {"bound", offsetof(struct wr_recipe, bound), CHOICE, WR_BOUND_ZERO, true, 0},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static json_t *to_json(const struct wr_recipe *recipe, const struct field *field) {
    const char *at = (const char *)recipe + field->offset;
    size_t size;
    uint32_t word;
    int choice;
    float single;
    double real;
    switch (field->kind) {
    case SIZE:
        memcpy(&size, at, sizeof size);
        return json_integer((json_int_t)size);
    case WORD:
        memcpy(&word, at, sizeof word);
        return json_integer((json_int_t)word);
    case CHOICE:
        memcpy(&choice, at, sizeof choice);
        return json_integer(choice);
    case FLAG:
        return json_boolean(*(const bool *)(const void *)at);
    case SINGLE:
        memcpy(&single, at, sizeof single);
        return json_real((double)single);
    case REAL:
        memcpy(&real, at, sizeof real);
        return json_real(real);
    }
    return NULL;
}

json_t *wr_recipe_to_json(const struct wr_recipe *recipe) {
    json_t *object = json_pack("{s:s}", "name", recipe->name);
    for (size_t i = 0; i < FIELDS; i++)
        object = wr_json_put(object, fields[i].name, to_json(recipe, &fields[i]));
    return object;
}

static bool from_json(const json_t *value, const struct field *field, struct wr_recipe *recipe) {
    char *at = (char *)recipe + field->offset;
    json_int_t whole = json_integer_value(value);
    size_t size = (size_t)whole;
    uint32_t word = (uint32_t)whole;
    int choice = (int)whole;
    double real = json_number_value(value);
    float single = (float)real;
    bool flag = json_is_true(value), is_whole = json_is_integer(value) && whole >= 0;
    switch (field->kind) {
    case SIZE:
        memcpy(at, &size, sizeof size);
        return is_whole;
    case WORD:
        memcpy(at, &word, sizeof word);
        return is_whole && whole <= UINT32_MAX;
    case CHOICE:
        memcpy(at, &choice, sizeof choice);
        return is_whole && whole <= field->most;
    case FLAG:
        memcpy(at, &flag, sizeof flag);
        return json_is_boolean(value);
    case SINGLE:
        memcpy(at, &single, sizeof single);
        return json_is_number(value);
    case REAL:
        memcpy(at, &real, sizeof real);
        return json_is_number(value);
    }
    return false;
}

/* The rule's choices are read before their numbers. */
static bool may_lack(const struct field *field, const struct wr_rule *rule) {
    return field->later ||
           (field->number > 0 && !wr_number_counts(&wr_numbers[field->number - 1], rule));
}

wr_status wr_recipe_from_json(const json_t *json, const char *path, struct wr_recipe *recipe,
                              struct wr_error *error) {
    const char *name = json_string_value(json_object_get(json, "name"));
    *recipe = (struct wr_recipe){0};
    if (name == NULL || strlen(name) >= sizeof recipe->name)
        return wr_fail(error, WR_ERR_DATA, "%s: its recipe has no name", path);
    memcpy(recipe->name, name, strlen(name) + 1);
    for (size_t i = 0; i < FIELDS; i++) {
        const json_t *value = json_object_get(json, fields[i].name);
        if (value == NULL && may_lack(&fields[i], &recipe->rule))
            continue;
        if (!from_json(value, &fields[i], recipe))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: its recipe lacks \"%s\", or has none that this version knows", path,
                           fields[i].name);
    }
    return WR_OK;
}
