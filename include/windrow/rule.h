/* A learning rule: how models learn from the gradients of their batches. All zero is the rule of
 * the notebook: tanh, mean squared error, each element of a gradient clipped, plain gradient
 * descent at a constant rate, windows in order.
 *
 * The formulas, in exact arithmetic, stand in kernels/numerics.h; the same bits everywhere. */
#ifndef WINDROW_RULE_H
#define WINDROW_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "windrow/model.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wr_activation { WR_ACTIVATION_TANH, WR_ACTIVATION_RELU, WR_ACTIVATION_IDENTITY };

/* Of an error e = prediction - target; a window's loss is the mean over its outputs. */
enum wr_loss {
    WR_LOSS_MSE,     /* e^2 */
    WR_LOSS_MAE,     /* |e| */
    WR_LOSS_HUBER,   /* e^2/2 where |e| <= delta, else delta (|e| - delta/2): P. J. Huber, "Robust
                       estimation of a location parameter", Ann. Math. Statist. 35, 1964 */
    WR_LOSS_QUANTILE /* -tau e where e < 0, else (1 - tau) e: R. Koenker and G. Bassett, "Regression
                        quantiles", Econometrica 46, 1978 */
};

/* What a model's clip bounds. */
enum wr_clipping {
    WR_CLIPPING_VALUE, /* each element of the gradient */
    WR_CLIPPING_NORM   /* its Euclidean norm: R. Pascanu et al., "On the difficulty of training
                          recurrent neural networks", ICML 2013 */
};

/* As PyTorch's torch.optim defines them. */
enum wr_optimizer {
    WR_OPTIMIZER_SGD,
    WR_OPTIMIZER_MOMENTUM, /* SGD(momentum=momentum) */
    WR_OPTIMIZER_RMSPROP,  /* RMSprop(alpha=beta2, eps=epsilon) */
    WR_OPTIMIZER_ADAM /* Adam(betas=(beta1, beta2), eps=epsilon): D. P. Kingma and J. Ba, "Adam: a
                         method for stochastic optimization", ICLR 2015 */
};

/* The learning rate over the first decay_epochs epochs, x = the part of their updates made. */
enum wr_decay {
    WR_DECAY_CONSTANT,
    WR_DECAY_LINEAR, /* lr (1 - x) */
    WR_DECAY_COSINE  /* lr (1 + cos(pi x)) / 2 */
};

/* Which of its windows a model visits, as a function of the model's seed and the number of its
 * visits so far alone. */
enum wr_order {
    WR_ORDER_SEQUENTIAL, /* in order, over and over */
    WR_ORDER_SHUFFLED,   /* every window once before any comes again; a new permutation each time */
    WR_ORDER_RECENT      /* drawn with replacement, the latest of `recency` uniform draws: with
                            density recency x^(recency - 1), x = 0 the oldest, 1 the newest */
};

#define WR_FIXED_HIDDEN_BIAS 1u
#define WR_FIXED_HEAD_BIAS   2u
#define WR_MOST_RECENCY      4

struct wr_rule {
    enum wr_activation activation;
    enum wr_loss loss;
    float huber_delta; /* > 0 with WR_LOSS_HUBER */
    float tau;         /* in (0, 1) with WR_LOSS_QUANTILE */
    enum wr_clipping clipping;
    enum wr_optimizer optimizer;
    float momentum;     /* in [0, 1) */
    float beta1, beta2; /* in [0, 1) */
    float epsilon;      /* >= 1e-12 with RMSprop and Adam */
    float weight_decay; /* decoupled, of any optimizer: parameters shrink by lr weight_decay before
                           each step (I. Loshchilov and F. Hutter, "Decoupled weight decay
                           regularization", ICLR 2019); >= 0 */
    enum wr_decay decay;
    size_t decay_epochs; /* >= 1 with a decay; later epochs have the rate of the end */
    enum wr_order order;
    unsigned recency; /* 1 .. WR_MOST_RECENCY with WR_ORDER_RECENT */
    unsigned fixed;   /* WR_FIXED_...: biases that training leaves as they are */
};

/* PyTorch's defaults for an optimizer (momentum 0.9), everything else as the notebook; huber_delta
 * 1, tau 0.5 and recency 2 for those who then choose them. */
void wr_rule_init(struct wr_rule *rule, enum wr_optimizer optimizer);
/* WR_ERR_USAGE, naming the value that is out of its range. */
wr_status wr_rule_check(const struct wr_rule *rule, struct wr_error *error);
/* Makes the biases that training leaves as they are (rule->fixed) 0, as in models that lack them.
 * layout is that of the stack's shape. */
void wr_rule_clear_fixed(const struct wr_rule *rule, const struct wr_layout *layout,
                         struct wr_stack *stack);
/* Floats of state per parameter that the optimizer keeps: 0, 1 or 2. */
size_t wr_rule_states(const struct wr_rule *rule);

const char *wr_activation_name(enum wr_activation activation);
const char *wr_loss_name(enum wr_loss loss);
const char *wr_optimizer_name(enum wr_optimizer optimizer);
const char *wr_decay_name(enum wr_decay decay);
const char *wr_order_name(enum wr_order order);

#ifdef __cplusplus
}
#endif
#endif
