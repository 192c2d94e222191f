/* The options of a learning rule. */
#ifndef WR_CLI_RULE_OPTIONS_H
#define WR_CLI_RULE_OPTIONS_H

#include "cli/options/options.h"
#include "model/choices.h"
#include "windrow/rule.h"

#define RULE_REAL                        struct option_real
#define RULE_WHOLE                       struct option_size
#define RULE_FIELD(ID, field, type, ...) RULE_##type field;
struct rule_options {
    struct option_choice optimizer;
    WR_OPTIMIZER_NUMBERS(RULE_FIELD)
    WR_WEIGHT_NUMBERS(RULE_FIELD)
    struct option_choice loss;
    WR_LOSS_NUMBERS(RULE_FIELD)
    struct option_choice clip_by, lr_decay, order;
    WR_ORDER_NUMBERS(RULE_FIELD)
    struct option_choice activation, bias;
};
extern const struct option_group rule_group;

/* Reads the rule. Its decay lasts one epoch until the caller sets decay_epochs. Returns
 * WR_ERR_USAGE for a value outside its range, and for an option that has no meaning with the
 * others. */
wr_status rule_read(const struct rule_options *options, struct wr_rule *rule,
                    struct wr_error *error);

/* Sets choices and biases that are not given to those of the rule. */
void rule_keep(const struct wr_rule *rule, struct rule_options *options);
/* Whether the option of number wr_numbers[index] is given. */
bool rule_gives(const struct rule_options *options, size_t index);

/* The biases that this --bias fixes at 0: WR_FIXED_... */
unsigned rule_fixed(const struct option_choice *bias);

/* The options that differ from the notebook's rule, and the options that depend on them. */
enum { RULE_TEXTS = WR_CHOICES + WR_NUMBERS + 1 };
struct rule_texts {
    size_t count;
    const char *name[RULE_TEXTS], *value[RULE_TEXTS];
    char numbers[RULE_TEXTS][24]; /* text of values that are the optimizer's defaults */
};
void rule_describe(const struct rule_options *options, const struct wr_rule *rule,
                   struct rule_texts *texts);

#endif
