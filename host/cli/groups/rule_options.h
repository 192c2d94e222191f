/* Reads the options of a learning rule. In each function `options` are only those of enum
 * rule_option. */
#ifndef WR_CLI_RULE_OPTIONS_H
#define WR_CLI_RULE_OPTIONS_H

#include "cli/cli.h"
#include "windrow/rule.h"

/* Reads the rule. Its decay lasts one epoch until the caller sets decay_epochs. Returns
 * WR_ERR_USAGE for a value outside its range, and for an option that has no meaning with the
 * others. */
wr_status rule_read(const struct option_value *options, struct wr_rule *rule,
                    struct wr_error *error);

/* The option of each choice, and of each number. */
extern const enum rule_option rule_choices[WR_CHOICES], rule_numbers[WR_NUMBERS];

/* The biases that this --bias fixes at 0: WR_FIXED_... */
unsigned rule_fixed(const struct option_value *bias);

/* The options that differ from the notebook's rule, and the options that depend on them. */
struct rule_texts {
    size_t count;
    const char *name[RULE_OPTIONS], *value[RULE_OPTIONS];
    char numbers[RULE_OPTIONS][24]; /* text of values that are the optimizer's defaults */
};
void rule_describe(const struct option_value *options, const struct wr_rule *rule,
                   struct rule_texts *texts);

#endif
