#include "cli/rule_options.h"

#include <stdio.h>

#include "base/base.h"
#include "cli/tables.h"

#define BIT(choice) (1u << (choice))

static const struct option_spec specs[RULE_OPTIONS] = {RULE_TABLE(0, AS_IT_IS)};

/* Options that have a meaning only with certain choices of another option. */
static const struct {
    enum rule_option option, of;
    unsigned choices; /* a bit for each */
} dependents[] = {
    {RULE_MOMENTUM, RULE_OPTIMIZER, BIT(WR_OPTIMIZER_MOMENTUM)},
    {RULE_BETA1, RULE_OPTIMIZER, BIT(WR_OPTIMIZER_ADAM)},
    {RULE_BETA2, RULE_OPTIMIZER, BIT(WR_OPTIMIZER_ADAM) | BIT(WR_OPTIMIZER_RMSPROP)},
    {RULE_EPSILON, RULE_OPTIMIZER, BIT(WR_OPTIMIZER_ADAM) | BIT(WR_OPTIMIZER_RMSPROP)},
    {RULE_HUBER_DELTA, RULE_LOSS, BIT(WR_LOSS_HUBER)},
    {RULE_RECENCY, RULE_ORDER, BIT(WR_ORDER_RECENT)},
};
#define DEPENDENTS (sizeof dependents / sizeof *dependents)

static bool has_meaning(const struct option_value *options, size_t dependent) {
    return BIT(options[dependents[dependent].of].choice) & dependents[dependent].choices;
}

static wr_status check_dependents(const struct option_value *options, struct wr_error *error) {
    for (size_t i = 0; i < DEPENDENTS; i++) {
        const struct option_spec *spec = &specs[dependents[i].option];
        const struct option_spec *of = &specs[dependents[i].of];
        if (!options[dependents[i].option].given || has_meaning(options, i))
            continue;
        char list[64] = "";
        int length = 0;
        for (size_t choice = 0; of->choices[choice] != NULL; choice++)
            if (BIT(choice) & dependents[i].choices)
                length += snprintf(list + length, sizeof list - (size_t)length, "%s%s",
                                   length > 0 ? " or " : "", of->choices[choice]);
        return wr_fail(error, WR_ERR_USAGE, "--%s goes with --%s %s, found --%s %s", spec->name,
                       of->name, list, of->name, options[dependents[i].of].text);
    }
    return WR_OK;
}

unsigned rule_fixed(const struct option_value *bias) {
    static const unsigned fixed[] = {0, WR_FIXED_HEAD_BIAS, WR_FIXED_HIDDEN_BIAS,
                                     WR_FIXED_HIDDEN_BIAS | WR_FIXED_HEAD_BIAS};
    return fixed[bias->choice];
}

wr_status rule_read(const struct option_value *options, struct wr_rule *rule,
                    struct wr_error *error) {
    wr_status status = check_dependents(options, error);
    if (status != WR_OK)
        return status;
    wr_rule_init(rule, (enum wr_optimizer)options[RULE_OPTIMIZER].choice);
    const struct {
        enum rule_option option;
        float *to;
    } numbers[] = {{RULE_MOMENTUM, &rule->momentum},
                   {RULE_BETA1, &rule->beta1},
                   {RULE_BETA2, &rule->beta2},
                   {RULE_EPSILON, &rule->epsilon},
                   {RULE_HUBER_DELTA, &rule->huber_delta}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (options[numbers[i].option].given)
            *numbers[i].to = options[numbers[i].option].real;
    rule->weight_decay = options[RULE_WEIGHT_DECAY].real;
    rule->loss = (enum wr_loss)options[RULE_LOSS].choice;
    rule->clipping = (enum wr_clipping)options[RULE_CLIP_BY].choice;
    rule->decay = (enum wr_decay)options[RULE_LR_DECAY].choice;
    rule->decay_epochs = 1;
    rule->order = (enum wr_order)options[RULE_ORDER].choice;
    rule->recency = (unsigned)options[RULE_RECENCY].size;
    rule->activation = (enum wr_activation)options[RULE_ACTIVATION].choice;
    rule->fixed = rule_fixed(&options[RULE_BIAS]);
    return wr_rule_check(rule, error);
}

static bool is_told(const struct option_value *options, size_t option) {
    for (size_t i = 0; i < DEPENDENTS; i++)
        if (dependents[i].option == option)
            return has_meaning(options, i);
    return specs[option].kind == OPTION_CHOICE ? options[option].choice != 0
                                               : options[option].real > 0;
}

void rule_describe(const struct option_value *options, const struct wr_rule *rule,
                   struct rule_texts *texts) {
    const float defaults[RULE_OPTIONS] = {[RULE_MOMENTUM] = rule->momentum,
                                          [RULE_BETA1] = rule->beta1,
                                          [RULE_BETA2] = rule->beta2,
                                          [RULE_EPSILON] = rule->epsilon};
    texts->count = 0;
    for (size_t i = 0; i < RULE_OPTIONS; i++) {
        if (!is_told(options, i))
            continue;
        size_t n = texts->count++;
        snprintf(texts->numbers[n], sizeof texts->numbers[n], "%g", (double)defaults[i]);
        texts->name[n] = specs[i].name;
        texts->value[n] = options[i].text != NULL ? options[i].text : texts->numbers[n];
    }
}
