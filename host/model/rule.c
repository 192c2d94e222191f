#include "model/choices.h"

#include <math.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"

/* ---- kinds ---- */

static const char *const activations[] = {WR_ACTIVATIONS(WR_NAME_OF)};
static const char *const losses[] = {WR_LOSSES(WR_NAME_OF)};
static const char *const clippings[] = {WR_CLIPPINGS(WR_NAME_OF)};
static const char *const optimizers[] = {WR_OPTIMIZERS(WR_NAME_OF)};
static const char *const decays[] = {WR_DECAYS(WR_NAME_OF)};
static const char *const orders[] = {WR_ORDERS(WR_NAME_OF)};

/* Users and kernels have the same numbers. */
#define SAME(choice, kind)               _Static_assert((int)choice##_##kind == WR_KIND_##kind, #kind);
#define SAME_ACTIVATION(kind, name)      SAME(WR_ACTIVATION, kind)
#define SAME_LOSS(kind, name, a, b)      SAME(WR_LOSS, kind)
#define SAME_CLIPPING(kind, name)        SAME(WR_CLIPPING, kind)
#define SAME_OPTIMIZER(kind, name, a, b) SAME(WR_OPTIMIZER, kind)
#define SAME_DECAY(kind, name)           SAME(WR_DECAY, kind)
#define SAME_ORDER(kind, name)           SAME(WR_ORDER, kind)
WR_ACTIVATIONS(SAME_ACTIVATION)
WR_LOSSES(SAME_LOSS)
WR_CLIPPINGS(SAME_CLIPPING)
WR_OPTIMIZERS(SAME_OPTIMIZER)
WR_DECAYS(SAME_DECAY)
WR_ORDERS(SAME_ORDER)

#define CHOICE(field, names)                                                                       \
    { #field, offsetof(struct wr_rule, field), sizeof(names) / sizeof *(names), names }
static const struct {
    const char *name;
    size_t offset;
    unsigned kinds;
    const char *const *names;
} choices[WR_CHOICES] = {
    [WR_CHOICE_ACTIVATION] = CHOICE(activation, activations),
    [WR_CHOICE_LOSS] = CHOICE(loss, losses),
    [WR_CHOICE_CLIPPING] = CHOICE(clipping, clippings),
    [WR_CHOICE_OPTIMIZER] = CHOICE(optimizer, optimizers),
    [WR_CHOICE_DECAY] = CHOICE(decay, decays),
    [WR_CHOICE_ORDER] = CHOICE(order, orders),
};

unsigned wr_chosen(const struct wr_rule *rule, enum wr_choice choice) {
    unsigned kind;
    memcpy(&kind, (const char *)rule + choices[choice].offset, sizeof kind);
    return kind;
}

void wr_choose(struct wr_rule *rule, enum wr_choice choice, unsigned kind) {
    memcpy((char *)rule + choices[choice].offset, &kind, sizeof kind);
}

unsigned wr_choice_kinds(enum wr_choice choice) {
    return choices[choice].kinds;
}

const char *wr_kind_name(enum wr_choice choice, unsigned kind) {
    return choices[choice].names[kind];
}

const char *wr_activation_name(enum wr_activation activation) {
    return activations[activation];
}

const char *wr_loss_name(enum wr_loss loss) {
    return losses[loss];
}

const char *wr_optimizer_name(enum wr_optimizer optimizer) {
    return optimizers[optimizer];
}

const char *wr_decay_name(enum wr_decay decay) {
    return decays[decay];
}

const char *wr_order_name(enum wr_order order) {
    return orders[order];
}

/* ---- what else the tables say of a kind ---- */

#define FACTOR_OF(kind, name, factor, degree) factor,
int wr_loss_factor(enum wr_loss loss) {
    static const int factors[] = {WR_LOSSES(FACTOR_OF)};
    return factors[loss];
}

#define DEGREE_OF(kind, name, factor, degree) degree,
int wr_loss_degree(enum wr_loss loss) {
    static const int degrees[] = {WR_LOSSES(DEGREE_OF)};
    return degrees[loss];
}

#define STATES_OF(kind, name, states, corrected) states,
size_t wr_rule_states(const struct wr_rule *rule) {
    static const size_t states[] = {WR_OPTIMIZERS(STATES_OF)};
    return states[rule->optimizer];
}

#define CORRECTED_OF(kind, name, states, corrected) corrected,
bool wr_is_corrected(const struct wr_rule *rule) {
    static const bool corrected[] = {WR_OPTIMIZERS(CORRECTED_OF)};
    return corrected[rule->optimizer];
}

/* ---- numbers ---- */

#define IS_REAL  false
#define IS_WHOLE true
#define NUMBER(choice, ID, field, type, kinds)                                                     \
    [WR_NUMBER_##ID] = {#ID, offsetof(struct wr_rule, field), IS_##type, choice, kinds},
#define OPTIMIZER_NUMBER(ID, field, type, kinds, ...)                                              \
    NUMBER(WR_CHOICE_OPTIMIZER, ID, field, type, kinds)
#define LOSS_NUMBER(ID, field, type, kinds, ...)  NUMBER(WR_CHOICE_LOSS, ID, field, type, kinds)
#define ORDER_NUMBER(ID, field, type, kinds, ...) NUMBER(WR_CHOICE_ORDER, ID, field, type, kinds)
const struct wr_number wr_numbers[WR_NUMBERS] = {
    WR_OPTIMIZER_NUMBERS(OPTIMIZER_NUMBER) WR_WEIGHT_NUMBERS(OPTIMIZER_NUMBER)
        WR_LOSS_NUMBERS(LOSS_NUMBER) WR_ORDER_NUMBERS(ORDER_NUMBER)};

bool wr_number_counts(const struct wr_number *number, const struct wr_rule *rule) {
    return number->kinds >> wr_chosen(rule, number->of) & 1;
}

double wr_number_get(const struct wr_number *number, const struct wr_rule *rule) {
    const char *at = (const char *)rule + number->offset;
    unsigned whole;
    float real;
    memcpy(&whole, at, sizeof whole);
    memcpy(&real, at, sizeof real);
    return number->whole ? whole : (double)real;
}

void wr_number_set(const struct wr_number *number, struct wr_rule *rule, double value) {
    char *at = (char *)rule + number->offset;
    if (number->whole)
        memcpy(at, &(unsigned){(unsigned)value}, sizeof(unsigned));
    else
        memcpy(at, &(float){(float)value}, sizeof(float));
}

float wr_loss_number(const struct wr_rule *rule) {
    for (size_t i = 0; i < WR_NUMBERS; i++)
        if (wr_numbers[i].of == WR_CHOICE_LOSS && wr_number_counts(&wr_numbers[i], rule))
            return (float)wr_number_get(&wr_numbers[i], rule);
    return 0;
}

#define KEEP(ID, field, ...) kept.field = rule->field;
struct wr_rule wr_rule_forward(const struct wr_rule *rule) {
    struct wr_rule kept = {.activation = rule->activation, .loss = rule->loss};
    WR_LOSS_NUMBERS(KEEP)
    return kept;
}

#define DEFAULT(ID, field, type, kinds, range, words, value, ...) rule->field = value;
void wr_rule_init(struct wr_rule *rule, enum wr_optimizer optimizer) {
    *rule = (struct wr_rule){.optimizer = optimizer};
    WR_EACH_NUMBER(DEFAULT)
}

/* ---- checks ---- */

#define IN_RANGE(ID, field, type, kinds, range, ...) [WR_NUMBER_##ID] = (range),
static bool is_in_range(enum wr_number_index number, float x) {
    const bool in_range[WR_NUMBERS] = {WR_EACH_NUMBER(IN_RANGE)};
    return in_range[number];
}

#define SAID_OF(ID, field, type, kinds, range, words, ...) [WR_NUMBER_##ID] = {#field, words},
static wr_status fail_number(const struct wr_number *number, double value, struct wr_error *error) {
    static const struct { const char *name, *range; } said[] = {WR_EACH_NUMBER(SAID_OF)};
    return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %.*g: %s needed", said[number - wr_numbers].name,
                   number->whole ? 10 : 6, value, said[number - wr_numbers].range);
}

static wr_status check_kind(const char *name, unsigned value, unsigned kinds,
                            struct wr_error *error) {
    return value < kinds
               ? WR_OK
               : wr_fail(error, WR_ERR_USAGE, "\1%s\1 %u: 0 to %u needed", name, value, kinds - 1);
}

static wr_status check_kinds(const struct wr_rule *rule, struct wr_error *error) {
    wr_status status = check_kind("fixed", rule->fixed, 4, error);
    for (unsigned c = 0; c < WR_CHOICES && status == WR_OK; c++)
        status = check_kind(choices[c].name, wr_chosen(rule, c), choices[c].kinds, error);
    return status;
}

wr_status wr_rule_check(const struct wr_rule *rule, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status kinds = check_kinds(rule, error);
    if (kinds != WR_OK)
        return kinds;
    for (unsigned i = 0; i < WR_NUMBERS; i++) {
        double value = wr_number_get(&wr_numbers[i], rule);
        if (wr_number_counts(&wr_numbers[i], rule) && !is_in_range(i, (float)value))
            return fail_number(&wr_numbers[i], value, error);
    }
    if (rule->decay != WR_DECAY_CONSTANT && rule->decay_epochs == 0)
        return wr_fail(error, WR_ERR_USAGE, "a learning rate that decays over 0 epochs");
    return WR_OK;
}

void wr_rule_clear_fixed(const struct wr_rule *rule, const struct wr_layout *layout,
                         struct wr_stack *stack) {
    const struct wr_shape *shape = &stack->shape;
    float *parameters = stack->parameters;
    for (size_t m = 0; m < stack->count; m++, parameters += layout->count) {
        if (rule->fixed & WR_FIXED_HIDDEN_BIAS)
            memset(parameters + layout->b_h, 0, shape->hidden * sizeof *parameters);
        if (rule->fixed & WR_FIXED_HEAD_BIAS)
            memset(parameters + layout->b_y, 0, shape->outputs * sizeof *parameters);
    }
}
