/* The options of a learning rule. Those of its numbers come from the lists of kernels/rule/. */
#include "cli/groups/rule_options.h"

#define AT(field) OPTION_AT(struct rule_options, field)

/* The words of a choice of kernels/rule/, and the options of its numbers, in their order. */
#define CHOICE_OF(names)                                                                           \
    (const char *const[]) {                                                                        \
        names NULL                                                                                 \
    }
#define OF_REAL  .argument = "X"
#define OF_WHOLE .argument = "N", .least = 1
#define NUMBER(ID, field, type, kinds, range, words, value, shown, option, about)                  \
    , {                                                                                            \
        .name = (option), AT(field), OF_##type, .otherwise = (shown), .help = (about)              \
    }

static const struct option_spec rows[] = {
    {.section = "Learning rule",
     .name = "optimizer",
     AT(optimizer),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_OPTIMIZERS(WR_NAME_OF)),
     .fallback = "sgd",
     .help = WR_OPTIMIZER_HELP} WR_OPTIMIZER_NUMBERS(NUMBER) WR_WEIGHT_NUMBERS(NUMBER),
    {.name = "loss",
     AT(loss),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_LOSSES(WR_NAME_OF)),
     .fallback = "mse",
     .help = WR_LOSS_HELP} WR_LOSS_NUMBERS(NUMBER),
    {.name = "clip-by",
     AT(clip_by),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_CLIPPINGS(WR_NAME_OF)),
     .fallback = "value",
     .help = WR_CLIPPING_HELP},
    {.name = "lr-decay",
     AT(lr_decay),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_DECAYS(WR_NAME_OF)),
     .fallback = "constant",
     .help = WR_DECAY_HELP},
    {.name = "order",
     AT(order),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_ORDERS(WR_NAME_OF)),
     .fallback = "sequential",
     .help = WR_ORDER_HELP} WR_ORDER_NUMBERS(NUMBER),
    {.name = "activation",
     AT(activation),
     .argument = "HOW",
     .choices = CHOICE_OF(WR_ACTIVATIONS(WR_NAME_OF)),
     .fallback = "tanh",
     .help = WR_ACTIVATION_HELP},
    {.name = "bias",
     AT(bias),
     .argument = "WHICH",
     .choices = WORDS("both", "hidden", "head", "none"),
     .fallback = "both",
     .help = "The biases that models have; the others are set to 0 and stay so."},
};

const struct option_group rule_group = OPTION_GROUP(rows);
