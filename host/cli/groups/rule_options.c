#include "cli/groups/rule_options.h"

#include <stdio.h>

#include "base/base.h"
#include "cli/groups/tables.h"

static const struct option_spec specs[RULE_OPTIONS] = {RULE_TABLE(0, AS_IT_IS)};

const enum rule_option rule_choices[WR_CHOICES] = {
    [WR_CHOICE_ACTIVATION] = RULE_ACTIVATION, [WR_CHOICE_LOSS] = RULE_LOSS,
    [WR_CHOICE_CLIPPING] = RULE_CLIP_BY,      [WR_CHOICE_OPTIMIZER] = RULE_OPTIMIZER,
    [WR_CHOICE_DECAY] = RULE_LR_DECAY,        [WR_CHOICE_ORDER] = RULE_ORDER,
};
const enum rule_option rule_numbers[WR_NUMBERS] = {WR_EACH_NUMBER(RULE_OPTION)};

/* Numbers mean something beside certain choices alone. */
static wr_status check_number(size_t index, const struct option_value *options,
                              struct wr_error *error) {
    const struct wr_number *number = &wr_numbers[index];
    const struct option_spec *spec = &specs[rule_numbers[index]];
    const struct option_value *of = &options[rule_choices[number->of]];
    const char *name = specs[rule_choices[number->of]].name;
    if (!options[rule_numbers[index]].given || number->kinds >> of->choice & 1)
        return WR_OK;
    char list[64] = "";
    int length = 0;
    for (unsigned kind = 0; kind < wr_choice_kinds(number->of); kind++)
        if (number->kinds >> kind & 1)
            length += snprintf(list + length, sizeof list - (size_t)length, "%s%s",
                               length > 0 ? " or " : "", wr_kind_name(number->of, kind));
    return wr_fail(error, WR_ERR_USAGE, "--%s goes with --%s %s, found --%s %s", spec->name, name,
                   list, name, of->text);
}

unsigned rule_fixed(const struct option_value *bias) {
    static const unsigned fixed[] = {0, WR_FIXED_HEAD_BIAS, WR_FIXED_HIDDEN_BIAS,
                                     WR_FIXED_HIDDEN_BIAS | WR_FIXED_HEAD_BIAS};
    return fixed[bias->choice];
}

wr_status rule_read(const struct option_value *options, struct wr_rule *rule,
                    struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < WR_NUMBERS && status == WR_OK; i++)
        status = check_number(i, options, error);
    if (status != WR_OK)
        return status;
    wr_rule_init(rule, (enum wr_optimizer)options[RULE_OPTIMIZER].choice);
    for (unsigned c = 0; c < WR_CHOICES; c++)
        wr_choose(rule, c, (unsigned)options[rule_choices[c]].choice);
    for (size_t i = 0; i < WR_NUMBERS; i++) {
        const struct option_value *option = &options[rule_numbers[i]];
        if (option->given)
            wr_number_set(&wr_numbers[i], rule,
                          wr_numbers[i].whole ? (double)option->size : (double)option->real);
    }
    rule->decay_epochs = 1;
    rule->fixed = rule_fixed(&options[RULE_BIAS]);
    return wr_rule_check(rule, error);
}

static void tell(const char *name, const char *value, struct rule_texts *texts) {
    texts->name[texts->count] = name;
    texts->value[texts->count++] = value;
}

/* A number that goes with every choice is told unless it is 0. */
static void tell_number(size_t index, const struct option_value *option, const struct wr_rule *rule,
                        struct rule_texts *texts) {
    const struct wr_number *number = &wr_numbers[index];
    double value = wr_number_get(number, rule);
    char *text = texts->numbers[texts->count];
    snprintf(text, sizeof texts->numbers[0], "%g", value);
    if (wr_number_counts(number, rule) && (number->kinds != WR_ANY_KIND || value > 0))
        tell(specs[rule_numbers[index]].name, option->text != NULL ? option->text : text, texts);
}

void rule_describe(const struct option_value *options, const struct wr_rule *rule,
                   struct rule_texts *texts) {
    texts->count = 0;
    for (size_t option = 0; option < RULE_OPTIONS; option++) {
        if (specs[option].kind == OPTION_CHOICE && options[option].choice != 0)
            tell(specs[option].name, options[option].text, texts);
        for (size_t i = 0; i < WR_NUMBERS; i++)
            if (rule_numbers[i] == option)
                tell_number(i, &options[option], rule, texts);
    }
}
