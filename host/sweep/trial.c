#include "sweep/trial.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/choices.h"

/* ---- the table ---- */

static const char *const inits[] = {"notebook", "pytorch", "glorot", "orthogonal"};
static const char *const biases[] = {"both", "hidden", "head", "none"};
/* wr_rule.fixed of each of the biases. */
static const unsigned fixed[] = {0, WR_FIXED_HEAD_BIAS, WR_FIXED_HIDDEN_BIAS,
                                 WR_FIXED_HIDDEN_BIAS | WR_FIXED_HEAD_BIAS};
enum { INITS = sizeof inits / sizeof *inits, BIASES = sizeof biases / sizeof *biases };

/* Where a value stands in struct wr_trial_options. */
enum place { SIZE, SEED, FLOAT, INIT, CHOICE, NUMBER, BIAS };

#define OPTION_AT(field) offsetof(struct wr_trial_options, field)
static const struct {
    const char *name;
    enum wr_option_type type;
    enum place place;
    size_t at; /* of SIZE and FLOAT an offset; of CHOICE and NUMBER an index */
    double least;
} table[WR_OPTIONS] = {
    [WR_OPTION_HIDDEN] = {"hidden", WR_OPTION_WHOLE, SIZE, OPTION_AT(hidden), 1},
    [WR_OPTION_WINDOW] = {"window", WR_OPTION_WHOLE, SIZE, OPTION_AT(window), 1},
    [WR_OPTION_BATCH] = {"batch", WR_OPTION_WHOLE, SIZE, OPTION_AT(batch), 0},
    [WR_OPTION_INIT] = {"init", WR_OPTION_WORD, INIT, 0, 0},
    [WR_OPTION_LR] = {"lr", WR_OPTION_REAL, FLOAT, OPTION_AT(lr), 0},
    [WR_OPTION_CLIP] = {"clip", WR_OPTION_REAL, FLOAT, OPTION_AT(clip), 0},
    [WR_OPTION_SEED] = {"seed", WR_OPTION_WHOLE, SEED, 0, 0},
    [WR_OPTION_OPTIMIZER] = {"optimizer", WR_OPTION_WORD, CHOICE, WR_CHOICE_OPTIMIZER, 0},
    [WR_OPTION_MOMENTUM] = {"momentum", WR_OPTION_REAL, NUMBER, WR_NUMBER_MOMENTUM, 0},
    [WR_OPTION_BETA1] = {"beta1", WR_OPTION_REAL, NUMBER, WR_NUMBER_BETA1, 0},
    [WR_OPTION_BETA2] = {"beta2", WR_OPTION_REAL, NUMBER, WR_NUMBER_BETA2, 0},
    [WR_OPTION_EPSILON] = {"epsilon", WR_OPTION_REAL, NUMBER, WR_NUMBER_EPSILON, 0},
    [WR_OPTION_WEIGHT_DECAY] = {"weight_decay", WR_OPTION_REAL, NUMBER, WR_NUMBER_WEIGHT_DECAY, 0},
    [WR_OPTION_CLIP_BY] = {"clip_by", WR_OPTION_WORD, CHOICE, WR_CHOICE_CLIPPING, 0},
    [WR_OPTION_LR_DECAY] = {"lr_decay", WR_OPTION_WORD, CHOICE, WR_CHOICE_DECAY, 0},
    [WR_OPTION_ORDER] = {"order", WR_OPTION_WORD, CHOICE, WR_CHOICE_ORDER, 0},
    [WR_OPTION_RECENCY] = {"recency", WR_OPTION_WHOLE, NUMBER, WR_NUMBER_RECENCY, 0},
    [WR_OPTION_ACTIVATION] = {"activation", WR_OPTION_WORD, CHOICE, WR_CHOICE_ACTIVATION, 0},
    [WR_OPTION_BIAS] = {"bias", WR_OPTION_WORD, BIAS, 0, 0},
};

const char *wr_option_name(enum wr_option option) {
    return table[option].name;
}

enum wr_option_type wr_option_type(enum wr_option option) {
    return table[option].type;
}

double wr_option_least(enum wr_option option) {
    return table[option].least;
}

double wr_option_most(enum wr_option option) {
    return table[option].type == WR_OPTION_REAL ? (double)FLT_MAX : (double)UINT32_MAX;
}

const char *wr_option_word(enum wr_option option, unsigned word) {
    enum wr_choice choice = (enum wr_choice)table[option].at;
    switch (table[option].place) {
    case INIT:
        return word < INITS ? inits[word] : NULL;
    case BIAS:
        return word < BIASES ? biases[word] : NULL;
    case CHOICE:
        return word < wr_choice_kinds(choice) ? wr_kind_name(choice, word) : NULL;
    default:
        return NULL;
    }
}

bool wr_option_find_word(enum wr_option option, const char *text, unsigned *word) {
    const char *name = wr_option_word(option, *word = 0);
    while (name != NULL && strcmp(name, text) != 0)
        name = wr_option_word(option, ++*word);
    return name != NULL;
}

/* ---- values ---- */

static unsigned bias_of(unsigned fixed_biases) {
    unsigned bias = 0;
    while (bias < BIASES - 1 && fixed[bias] != fixed_biases)
        bias++;
    return bias;
}

double wr_option_get(const struct wr_trial_options *trial, enum wr_option option) {
    const char *at = (const char *)trial + table[option].at;
    size_t size;
    float real;
    switch (table[option].place) {
    case SIZE:
        memcpy(&size, at, sizeof size);
        return (double)size;
    case SEED:
        return trial->seed;
    case FLOAT:
        memcpy(&real, at, sizeof real);
        return (double)real;
    case INIT:
        return (double)trial->init;
    case CHOICE:
        return wr_chosen(&trial->rule, (enum wr_choice)table[option].at);
    case NUMBER:
        return wr_number_get(&wr_numbers[table[option].at], &trial->rule);
    case BIAS:
        return bias_of(trial->rule.fixed);
    }
    return 0;
}

void wr_option_set(struct wr_trial_options *trial, enum wr_option option, double value) {
    char *at = (char *)trial + table[option].at;
    switch (table[option].place) {
    case SIZE:
        memcpy(at, &(size_t){(size_t)value}, sizeof(size_t));
        return;
    case SEED:
        trial->seed = (uint32_t)value;
        return;
    case FLOAT:
        memcpy(at, &(float){(float)value}, sizeof(float));
        return;
    case INIT:
        trial->init = (enum wr_init)value;
        return;
    case CHOICE:
        wr_choose(&trial->rule, (enum wr_choice)table[option].at, (unsigned)value);
        return;
    case NUMBER:
        wr_number_set(&wr_numbers[table[option].at], &trial->rule, value);
        return;
    case BIAS:
        trial->rule.fixed = fixed[(unsigned)value];
        return;
    }
}

const char *wr_option_text(const struct wr_trial_options *trial, enum wr_option option,
                           char text[WR_NUMBER_TEXT]) {
    double value = wr_option_get(trial, option);
    if (table[option].type == WR_OPTION_WORD)
        return wr_option_word(option, (unsigned)value);
    if (table[option].type == WR_OPTION_REAL)
        return wr_number_text(wr_number_of_float((float)value), text);
    if (option == WR_OPTION_BATCH && value == WR_BATCH_ALL)
        return "all";
    snprintf(text, WR_NUMBER_TEXT, "%.0f", value);
    return text;
}

bool wr_option_counts(const struct wr_trial_options *trial, enum wr_option option) {
    return table[option].place != NUMBER ||
           wr_number_counts(&wr_numbers[table[option].at], &trial->rule);
}

const char *wr_option_condition(enum wr_option option, char sql[WR_OPTION_CONDITION]) {
    enum wr_option choice = 0;
    strcpy(sql, "1");
    if (table[option].place != NUMBER || wr_numbers[table[option].at].kinds == WR_ANY_KIND)
        return sql;
    const struct wr_number *number = &wr_numbers[table[option].at];
    while (table[choice].place != CHOICE || table[choice].at != number->of)
        choice++;
    int length = snprintf(sql, WR_OPTION_CONDITION, "\"%s\" IN (", table[choice].name);
    const char *word, *comma = "";
    for (unsigned kind = 0; (word = wr_option_word(choice, kind)) != NULL; kind++)
        if (number->kinds >> kind & 1) {
            length +=
                snprintf(sql + length, WR_OPTION_CONDITION - (size_t)length, "%s'%s'", comma, word);
            comma = ", ";
        }
    snprintf(sql + length, WR_OPTION_CONDITION - (size_t)length, ")");
    return sql;
}

/* ---- whole trials ---- */

static wr_status check_shape(const struct wr_trial_options *o, struct wr_error *error) {
    static const enum wr_option sizes[] = {WR_OPTION_HIDDEN, WR_OPTION_WINDOW, WR_OPTION_BATCH};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double value = wr_option_get(o, sizes[i]), least = table[sizes[i]].least;
        if (value < least || value > UINT32_MAX)
            return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %.0f: %.0f to %u needed",
                           table[sizes[i]].name, value, least, UINT32_MAX);
    }
    return WR_OK;
}

wr_status wr_trial_options_check(const struct wr_trial_options *o, struct wr_error *error) {
    struct wr_rule rule = o->rule;
    wr_status status = check_shape(o, error);
    if (status != WR_OK)
        return status;
    if (!isfinite(o->lr) || o->lr < 0)
        return wr_fail(error, WR_ERR_USAGE, "\1lr\1 %g: finite and at least 0 needed",
                       (double)o->lr);
    if (!isfinite(o->clip) || o->clip < 0)
        return wr_fail(error, WR_ERR_USAGE, "\1clip\1 %g: finite and at least 0 needed",
                       (double)o->clip);
    if ((unsigned)o->init >= INITS)
        return wr_fail(error, WR_ERR_USAGE, "\1init\1 %d: 0 to %d needed", (int)o->init, INITS - 1);
    rule.decay_epochs = 1; /* the sweep's own epochs count */
    return wr_rule_check(&rule, error);
}

void wr_trial_options_settle(struct wr_trial_options *options) {
    for (unsigned option = 0; option < WR_OPTIONS; option++)
        if (!wr_option_counts(options, option))
            wr_option_set(options, option, 0);
    options->rule.decay_epochs = 0;
}

/* All but these decide which trials train together; the first three have trained first in the order
 * of a grid since 0.1. */
static const enum wr_option own[] = {WR_OPTION_INIT, WR_OPTION_LR, WR_OPTION_CLIP, WR_OPTION_SEED};
enum { OWN = sizeof own / sizeof *own };

static bool is_own(enum wr_option option) {
    for (size_t i = 0; i < OWN; i++)
        if (own[i] == option)
            return true;
    return false;
}

static int compare_option(const struct wr_trial_options *a, const struct wr_trial_options *b,
                          enum wr_option option) {
    double x = wr_option_get(a, option), y = wr_option_get(b, option);
    return (x > y) - (x < y);
}

/* The rules of most trials of a grid are the same. */
static bool same_rule(const struct wr_rule *a, const struct wr_rule *b) {
    return a->optimizer == b->optimizer && a->momentum == b->momentum && a->beta1 == b->beta1 &&
           a->beta2 == b->beta2 && a->epsilon == b->epsilon && a->weight_decay == b->weight_decay &&
           a->clipping == b->clipping && a->decay == b->decay && a->order == b->order &&
           a->recency == b->recency && a->activation == b->activation && a->fixed == b->fixed;
}

static int compare_shared(const struct wr_trial_options *a, const struct wr_trial_options *b) {
    unsigned options = same_rule(&a->rule, &b->rule) ? WR_OPTION_INIT : WR_OPTIONS;
    int order = 0;
    for (unsigned option = 0; option < options && order == 0; option++)
        if (!is_own(option))
            order = compare_option(a, b, option);
    return order;
}

int wr_trial_options_compare(const struct wr_trial_options *a, const struct wr_trial_options *b) {
    int order = compare_shared(a, b);
    for (size_t i = 0; i < OWN && order == 0; i++)
        order = compare_option(a, b, own[i]);
    return order;
}

bool wr_trial_options_fit(const struct wr_trial_options *a, const struct wr_trial_options *b) {
    return compare_shared(a, b) == 0;
}

uint64_t wr_trial_options_hash(uint64_t hash, const struct wr_trial_options *trial) {
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        double value = wr_option_get(trial, option);
        uint64_t bits;
        unsigned char bytes[sizeof bits];
        memcpy(&bits, &value, sizeof bits);
        for (size_t byte = 0; byte < sizeof bytes; byte++) /* lowest first on every host */
            bytes[byte] = (unsigned char)(bits >> 8 * byte & 0xff);
        hash = wr_hash(hash, bytes, sizeof bytes);
    }
    return hash;
}
