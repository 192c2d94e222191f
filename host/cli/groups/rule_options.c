#include "cli/groups/rule_options.h"

#include <stdio.h>

#include "base/base.h"

/* The place of the option of each choice, and of each number. */
static const size_t choice_at[WR_CHOICES] = {
    [WR_CHOICE_ACTIVATION] = offsetof(struct rule_options, activation),
    [WR_CHOICE_LOSS] = offsetof(struct rule_options, loss),
    [WR_CHOICE_CLIPPING] = offsetof(struct rule_options, clip_by),
    [WR_CHOICE_OPTIMIZER] = offsetof(struct rule_options, optimizer),
    [WR_CHOICE_DECAY] = offsetof(struct rule_options, lr_decay),
    [WR_CHOICE_ORDER] = offsetof(struct rule_options, order),
};
#define NUMBER_AT(ID, field, ...) offsetof(struct rule_options, field),
static const size_t number_at[WR_NUMBERS] = {WR_EACH_NUMBER(NUMBER_AT)};

static const struct option_choice *choice_of(const struct rule_options *options, size_t choice) {
    return &option_at(options, choice_at[choice])->choice;
}

static const union option_value *number_of(const struct rule_options *options, size_t index) {
    return option_at(options, number_at[index]);
}

static const char *name_at(size_t at) {
    return option_spec_at(&rule_group, at).name;
}

/* Numbers mean something beside certain choices alone. */
static wr_status check_number(size_t index, const struct rule_options *options,
                              struct wr_error *error) {
    const struct wr_number *number = &wr_numbers[index];
    const struct option_choice *of = choice_of(options, number->of);
    if (!rule_gives(options, index) || number->kinds >> of->value & 1)
        return WR_OK;
    char list[64] = "";
    int length = 0;
    for (unsigned kind = 0; kind < wr_choice_kinds(number->of); kind++)
        if (number->kinds >> kind & 1)
            length += snprintf(list + length, sizeof list - (size_t)length, "%s%s",
                               length > 0 ? " or " : "", wr_kind_name(number->of, kind));
    const char *name = name_at(choice_at[number->of]);
    return wr_fail(error, WR_ERR_USAGE, "--%s goes with --%s %s, found --%s %s",
                   name_at(number_at[index]), name, list, name, of->text);
}

bool rule_gives(const struct rule_options *options, size_t index) {
    return number_of(options, index)->head.given;
}

/* wr_rule.fixed of each --bias. */
static const unsigned fixed[] = {0, WR_FIXED_HEAD_BIAS, WR_FIXED_HIDDEN_BIAS,
                                 WR_FIXED_HIDDEN_BIAS | WR_FIXED_HEAD_BIAS};

unsigned rule_fixed(const struct option_choice *bias) {
    return fixed[bias->value];
}

wr_status rule_read(const struct rule_options *options, struct wr_rule *rule,
                    struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; i < WR_NUMBERS && status == WR_OK; i++)
        status = check_number(i, options, error);
    if (status != WR_OK)
        return status;
    wr_rule_init(rule, (enum wr_optimizer)options->optimizer.value);
    for (unsigned c = 0; c < WR_CHOICES; c++)
        wr_choose(rule, c, (unsigned)choice_of(options, c)->value);
    for (size_t i = 0; i < WR_NUMBERS; i++) {
        const union option_value *option = number_of(options, i);
        if (option->head.given)
            wr_number_set(&wr_numbers[i], rule,
                          wr_numbers[i].whole ? (double)option->size.value
                                              : (double)option->real.value);
    }
    rule->decay_epochs = 1;
    rule->fixed = rule_fixed(&options->bias);
    return wr_rule_check(rule, error);
}

static void keep_choice(struct option_choice *option, size_t value, const char *text) {
    if (option->given)
        return;
    option->value = value;
    option->text = text;
}

void rule_keep(const struct wr_rule *rule, struct rule_options *options) {
    size_t bias = 0;
    for (unsigned c = 0; c < WR_CHOICES; c++)
        keep_choice(&option_in(options, choice_at[c])->choice, wr_chosen(rule, c),
                    wr_kind_name(c, wr_chosen(rule, c)));
    while (fixed[bias] != (rule->fixed & 3))
        bias++;
    keep_choice(&options->bias, bias, NULL);
}

static void tell(const char *name, const char *value, struct rule_texts *texts) {
    texts->name[texts->count] = name;
    texts->value[texts->count++] = value;
}

/* A number that goes with every choice is told unless it is 0. */
static void tell_number(size_t index, const char *name, const char *typed,
                        const struct wr_rule *rule, struct rule_texts *texts) {
    const struct wr_number *number = &wr_numbers[index];
    double value = wr_number_get(number, rule);
    char *text = texts->numbers[texts->count];
    snprintf(text, sizeof texts->numbers[0], "%g", value);
    if (wr_number_counts(number, rule) && (number->kinds != WR_ANY_KIND || value > 0))
        tell(name, typed != NULL ? typed : text, texts);
}

void rule_describe(const struct rule_options *options, const struct wr_rule *rule,
                   struct rule_texts *texts) {
    texts->count = 0;
    for (size_t option = 0; option < rule_group.count; option++) {
        const struct option_spec *spec = &rule_group.rows[option];
        const union option_value *value = option_at(options, spec->at);
        if (spec->kind == OPTION_CHOICE && value->choice.value != 0)
            tell(spec->name, value->choice.text, texts);
        for (size_t i = 0; i < WR_NUMBERS; i++)
            if (number_at[i] == spec->at)
                tell_number(i, spec->name, value->head.text, rule, texts);
    }
}
