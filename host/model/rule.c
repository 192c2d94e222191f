#include "windrow/rule.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"

void wr_rule_init(struct wr_rule *rule, enum wr_optimizer optimizer) {
    *rule = (struct wr_rule){.optimizer = optimizer,
                             .huber_delta = 1.0f,
                             .recency = 2,
                             .beta1 = 0.9f,
                             .beta2 = 0.999f,
                             .epsilon = 1e-8f,
                             .momentum = 0.9f};
    if (optimizer == WR_OPTIMIZER_RMSPROP)
        rule->beta2 = 0.99f;
}

static bool is_part(float value) {
    return value >= 0 && value < 1;
}

static bool is_positive(float value) {
    return value > 0 && isfinite(value);
}

static wr_status check_kinds(const struct wr_rule *rule, struct wr_error *error) {
    const struct {
        const char *what;
        unsigned value, kinds;
    } all[] = {{"activation", rule->activation, 3},
               {"loss", rule->loss, 3},
               {"clipping", rule->clipping, 2},
               {"optimizer", rule->optimizer, 4},
               {"decay", rule->decay, 3},
               {"order", rule->order, 3},
               {"fixed", rule->fixed, 4}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].value >= all[i].kinds)
            return wr_fail(error, WR_ERR_USAGE, "%s %u: 0 to %u needed", all[i].what, all[i].value,
                           all[i].kinds - 1);
    return WR_OK;
}

wr_status wr_rule_check(const struct wr_rule *rule, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status kinds = check_kinds(rule, error);
    if (kinds != WR_OK)
        return kinds;
    bool adaptive = rule->optimizer >= WR_OPTIMIZER_RMSPROP;
    if (rule->loss == WR_LOSS_HUBER && !is_positive(rule->huber_delta))
        return wr_fail(error, WR_ERR_USAGE, "huber's delta %g: finite and above 0 needed",
                       (double)rule->huber_delta);
    if (rule->optimizer == WR_OPTIMIZER_MOMENTUM && !is_part(rule->momentum))
        return wr_fail(error, WR_ERR_USAGE, "momentum %g: at least 0 and below 1 needed",
                       (double)rule->momentum);
    if (adaptive && !(is_part(rule->beta1) && is_part(rule->beta2)))
        return wr_fail(error, WR_ERR_USAGE, "betas %g, %g: at least 0 and below 1 needed",
                       (double)rule->beta1, (double)rule->beta2);
    if (adaptive && !(rule->epsilon >= 1e-12f && isfinite(rule->epsilon)))
        return wr_fail(error, WR_ERR_USAGE, "epsilon %g: finite and at least 1e-12 needed",
                       (double)rule->epsilon);
    if (!(rule->weight_decay >= 0 && isfinite(rule->weight_decay)))
        return wr_fail(error, WR_ERR_USAGE, "weight decay %g: finite and at least 0 needed",
                       (double)rule->weight_decay);
    if (rule->decay != WR_DECAY_CONSTANT && rule->decay_epochs == 0)
        return wr_fail(error, WR_ERR_USAGE, "a learning rate that decays over 0 epochs");
    if (rule->order == WR_ORDER_RECENT && (rule->recency == 0 || rule->recency > WR_MOST_RECENCY))
        return wr_fail(error, WR_ERR_USAGE, "recency %u: 1 to %d needed", rule->recency,
                       WR_MOST_RECENCY);
    return WR_OK;
}

void wr_rule_clear_fixed(const struct wr_rule *rule, const struct wr_shape *shape,
                         const struct wr_layout *layout, size_t models, float *parameters) {
    for (size_t m = 0; m < models; m++, parameters += layout->count) {
        if (rule->fixed & WR_FIXED_HIDDEN_BIAS)
            memset(parameters + layout->b_h, 0, shape->hidden * sizeof *parameters);
        if (rule->fixed & WR_FIXED_HEAD_BIAS)
            memset(parameters + layout->b_y, 0, shape->outputs * sizeof *parameters);
    }
}

size_t wr_rule_states(const struct wr_rule *rule) {
    static const size_t states[] = {0, 1, 1, 2};
    return states[rule->optimizer];
}

const char *wr_activation_name(enum wr_activation activation) {
    static const char *const names[] = {"tanh", "relu", "identity"};
    return names[activation];
}

const char *wr_loss_name(enum wr_loss loss) {
    static const char *const names[] = {"mse", "mae", "huber"};
    return names[loss];
}

const char *wr_optimizer_name(enum wr_optimizer optimizer) {
    static const char *const names[] = {"sgd", "momentum", "rmsprop", "adam"};
    return names[optimizer];
}

const char *wr_decay_name(enum wr_decay decay) {
    static const char *const names[] = {"constant", "linear", "cosine"};
    return names[decay];
}

const char *wr_order_name(enum wr_order order) {
    static const char *const names[] = {"sequential", "shuffled", "recent"};
    return names[order];
}
