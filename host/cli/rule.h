/* The options of a learning rule. `options` are those of enum rule_option alone. */
#ifndef WR_CLI_RULE_H
#define WR_CLI_RULE_H

#include "cli/cli.h"

/* The rule that the options ask for; a decay lasts for one epoch until the caller sets
 * decay_epochs. WR_ERR_USAGE for a value out of its range, or one that has no meaning beside the
 * others. */
wr_status rule_read(const struct option_value *options, struct wr_rule *rule,
                    struct wr_error *error);

/* The option of a choice, and that of a number. */
extern const enum rule_option rule_choices[WR_CHOICES], rule_numbers[WR_NUMBERS];

/* The biases that models of this --bias lack: WR_FIXED_... */
unsigned rule_fixed(const struct option_value *bias);

/* The options in which a rule differs from the notebook's, with what they depend on. */
struct rule_texts {
    size_t count;
    const char *name[RULE_OPTIONS], *value[RULE_OPTIONS];
    char numbers[RULE_OPTIONS][24]; /* of values that are the optimizer's defaults */
};
void rule_describe(const struct option_value *options, const struct wr_rule *rule,
                   struct rule_texts *texts);

#endif
