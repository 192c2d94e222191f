/* Draws the trials of a random search (J. Bergstra and Y. Bengio, "Random search for
 * hyper-parameter optimization", JMLR 13, 2012). */
#include "windrow/sweep.h"

#include <math.h>
#include <string.h>

#include "base/arithmetic.h"
#include "base/base.h"
#include "base/random.h"
#include "model/choices.h"
#include "sweep/trial.h"

/* Random numbers of a trial: one for each option, with room for later ones. */
#define DRAWS 64
_Static_assert(WR_OPTIONS <= DRAWS, "an option has no random number");

/* What draws need of an axis. */
struct drawn {
    enum wr_option option;
    bool whole;
    double first, width; /* of the range, or of its logarithm */
};

/* ---- checks ---- */

static bool is_taken(const struct drawn *drawn, size_t count, enum wr_option option) {
    for (size_t i = 0; i < count; i++)
        if (drawn[i].option == option)
            return true;
    return false;
}

static wr_status check_values(const struct drawn *d, const struct wr_axis *axis,
                              struct wr_error *error) {
    bool word = wr_option_type(d->option) == WR_OPTION_WORD, whole = d->whole || word;
    for (size_t i = 0; i < axis->count; i++) {
        double value = axis->values[i];
        double most = word ? UINT32_MAX : wr_option_most(d->option);
        bool fits = value >= wr_option_least(d->option) && value <= most &&
                    (!whole || value == floor(value)) &&
                    (!word || wr_option_word(d->option, (unsigned)value) != NULL);
        if (!fits)
            return wr_fail(error, WR_ERR_USAGE, "\1%s\1 %g is out of its range", axis->option,
                           value);
    }
    return WR_OK;
}

static wr_status check_range(const struct drawn *d, const struct wr_axis *axis,
                             struct wr_error *error) {
    bool number = wr_option_type(d->option) != WR_OPTION_WORD;
    bool whole = d->whole && (axis->least != floor(axis->least) || axis->most != floor(axis->most));
    if (number && !whole && axis->least <= axis->most &&
        axis->least >= wr_option_least(d->option) && axis->most <= wr_option_most(d->option) &&
        (!axis->logarithmic || axis->least > 0))
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE, "\1%s\1 cannot be drawn from %g to %g%s", axis->option,
                   axis->least, axis->most, axis->logarithmic ? " by its logarithm" : "");
}

/* Checks the axis and computes what draws need. taken (count): the axes before it. */
static wr_status prepare(struct drawn *d, const struct wr_axis *axis, const struct drawn *taken,
                         size_t count, struct wr_error *error) {
    unsigned option = 0;
    while (option < WR_OPTIONS && strcmp(wr_option_name(option), axis->option) != 0)
        option++;
    if (option == WR_OPTIONS)
        return wr_fail(error, WR_ERR_USAGE, "trials have no option %s; " WR_OPTION_COLUMNS " do",
                       axis->option);
    if (is_taken(taken, count, option))
        return wr_fail(error, WR_ERR_USAGE, "\1%s\1 has two axes", axis->option);
    *d = (struct drawn){option, wr_option_type(option) == WR_OPTION_WHOLE, 0, 0};
    wr_status status = axis->count > 0 ? check_values(d, axis, error) : check_range(d, axis, error);
    if (status != WR_OK || axis->count > 0)
        return status;
    double last = axis->most + (d->whole ? 1 : 0);
    d->first = axis->logarithmic ? wr_log(axis->least) : axis->least;
    d->width = (axis->logarithmic ? wr_log(last) : last) - d->first;
    return WR_OK;
}

/* ---- draws ---- */

static double draw(const struct drawn *d, const struct wr_axis *axis, uint32_t seed, size_t trial) {
    double u = wr_uniform(WR_PURPOSE_SAMPLE, seed, (uint64_t)trial * DRAWS + d->option);
    if (axis->count > 0)
        return axis->values[(size_t)(u * (double)axis->count)];
    double value = d->first + u * d->width;
    if (axis->logarithmic)
        value = wr_exp(value);
    if (d->whole)
        value = floor(value);
    /* Rounding may carry a value beyond an end. */
    value = value > axis->most ? axis->most : value;
    return value < axis->least ? axis->least : value;
}

static struct wr_trial_options draw_trial(const struct wr_trial_options *base,
                                          const struct drawn *drawn, const struct wr_axis *axes,
                                          size_t axis_count, uint32_t seed, size_t trial) {
    struct wr_trial_options options = *base;
    struct wr_rule defaults;
    double values[WR_OPTIONS];
    for (size_t a = 0; a < axis_count; a++) {
        values[a] = draw(&drawn[a], &axes[a], seed, trial);
        wr_option_set(&options, drawn[a].option, values[a]);
    }
    wr_rule_init(&defaults, options.rule.optimizer);
    for (size_t i = 0; i < WR_NUMBERS; i++)
        if (wr_numbers[i].of != WR_CHOICE_LOSS)
            wr_number_set(&wr_numbers[i], &options.rule, wr_number_get(&wr_numbers[i], &defaults));
    for (size_t a = 0; a < axis_count; a++) /* the numbers among them again */
        wr_option_set(&options, drawn[a].option, values[a]);
    wr_trial_options_settle(&options);
    return options;
}

wr_status wr_sample(const struct wr_trial_options *base, const struct wr_axis *axes,
                    size_t axis_count, uint32_t seed, struct wr_trial_options *trials, size_t count,
                    struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct drawn drawn[WR_OPTIONS] = {{.whole = false}};
    wr_status status = WR_OK;
    if (axis_count > WR_OPTIONS)
        return wr_fail(error, WR_ERR_USAGE, "%zu axes; trials have %d options", axis_count,
                       WR_OPTIONS);
    for (size_t a = 0; a < axis_count && status == WR_OK; a++)
        status = prepare(&drawn[a], &axes[a], drawn, a, error);
    for (size_t i = 0; i < count && status == WR_OK; i++) {
        trials[i] = draw_trial(base, drawn, axes, axis_count, seed, i);
        status = wr_trial_options_check(&trials[i], error);
    }
    return status;
}
