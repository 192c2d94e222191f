/* The tables of kernels/rule/, for the host: what a rule can choose, and the numbers that go with
 * its choices. */
#ifndef WR_CHOICES_H
#define WR_CHOICES_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/rule.h"

#include "numerics.h"

#include "rule/activation.h"
#include "rule/decay.h"
#include "rule/loss.h"
#include "rule/optimizer.h"
#include "rule/order.h"

enum wr_choice {
    WR_CHOICE_ACTIVATION,
    WR_CHOICE_LOSS,
    WR_CHOICE_CLIPPING,
    WR_CHOICE_OPTIMIZER,
    WR_CHOICE_DECAY,
    WR_CHOICE_ORDER,
    WR_CHOICES
};

/* KIND of any table of kinds: the name, and a comma. */
#define WR_NAME_OF(kind, ...) WR_FIRST(__VA_ARGS__, 0),
#define WR_FIRST(first, ...)  first

unsigned wr_chosen(const struct wr_rule *rule, enum wr_choice choice);
void wr_choose(struct wr_rule *rule, enum wr_choice choice, unsigned kind);
unsigned wr_choice_kinds(enum wr_choice choice);
const char *wr_kind_name(enum wr_choice choice, unsigned kind);

#define WR_EACH_NUMBER(NUMBER)                                                                     \
    WR_OPTIMIZER_NUMBERS(NUMBER)                                                                   \
    WR_WEIGHT_NUMBERS(NUMBER)                                                                      \
    WR_LOSS_NUMBERS(NUMBER)                                                                        \
    WR_ORDER_NUMBERS(NUMBER)

enum wr_number_index {
#define WR_NUMBER_INDEX(ID, ...) WR_NUMBER_##ID,
    WR_EACH_NUMBER(WR_NUMBER_INDEX) WR_NUMBERS
};

struct wr_number {
    const char *id;
    size_t offset; /* in struct wr_rule */
    bool whole;    /* unsigned, not float */
    enum wr_choice of;
    unsigned kinds; /* a bit for each that it goes with */
};
extern const struct wr_number wr_numbers[WR_NUMBERS];

/* Whether it means something beside the rule's choices. */
bool wr_number_counts(const struct wr_number *number, const struct wr_rule *rule);
double wr_number_get(const struct wr_number *number, const struct wr_rule *rule);
void wr_number_set(const struct wr_number *number, struct wr_rule *rule, double value);

/* The number of the rule's loss, 0 where it has none. */
float wr_loss_number(const struct wr_rule *rule);
/* KIND's factor and degree in kernels/rule/loss.h. */
int wr_loss_factor(enum wr_loss loss);
int wr_loss_degree(enum wr_loss loss);
/* Whether the optimizer's first updates are corrected. */
bool wr_is_corrected(const struct wr_rule *rule);
/* What of a rule predictions and their losses need. */
struct wr_rule wr_rule_forward(const struct wr_rule *rule);

#endif
