/* Lists of values and ranges: "1,2,8..128*2", "1e-4,0.1..0.5:0.1". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/options/options.h"

/* One item of a list. A double holds every size and every float exactly. */
struct range {
    double first, last; /* both included; last only if a step ends there */
    double by;
    enum { SINGLE, STEPS, FACTORS } how;
    double slack; /* in steps: rounding may carry the last value this far beyond the end */
};

#define ITEM_MOST 63

/* Reads one number. A single real is rounded to float here, as for an option of one value. The
 * values of a range are rounded to float after they are computed. */
static bool read_number(const struct option_spec *spec, const char *text, bool in_range,
                        double *number) {
    if (spec->kind == OPTION_REALS) {
        float real;
        if (!option_read_real(text, &real))
            return false;
        *number = in_range ? strtod(text, NULL) : (double)real;
        return true;
    }
    size_t size;
    bool read = option_read_size(spec, text, &size);
    *number = (double)size;
    return read;
}

static wr_status fail_item(const struct option_spec *spec, const char *item,
                           struct wr_error *error) {
    if (spec->kind == OPTION_REALS)
        return wr_fail(error, WR_ERR_USAGE,
                       "--%s: '%s' is no number that is finite, not negative, and fits a float, "
                       "and no range of them, A..B:STEP or A..B*FACTOR",
                       spec->name, item);
    return wr_fail(error, WR_ERR_USAGE,
                   "--%s: '%s' is %s%s%sno whole number from %u to %u, and no range of them, A..B, "
                   "A..B:STEP or A..B*FACTOR",
                   spec->name, item, spec->word != NULL ? "not " : "",
                   spec->word != NULL ? spec->word : "", spec->word != NULL ? ", " : "",
                   (unsigned)spec->least, UINT32_MAX);
}

/* Reads a range, first..last:by or first..last*by. dots: its first "..". */
static wr_status read_range(const struct option_spec *spec, const char *item, const char *dots,
                            struct range *range, struct wr_error *error) {
    char text[ITEM_MOST + 1];
    struct option_spec any = *spec; /* a step or factor may be below spec->least */
    any.least = 0;
    strcpy(text, item);
    char *first = text, *last = text + (dots - item) + 2, *by = strpbrk(last, ":*");
    last[-2] = '\0';
    range->by = 1;
    range->how = by == NULL || *by == ':' ? STEPS : FACTORS;
    range->slack = spec->kind == OPTION_REALS ? 1e-6 : 0;
    if (by != NULL)
        *by++ = '\0';
    if (!read_number(spec, first, true, &range->first) ||
        !read_number(spec, last, true, &range->last) ||
        (by != NULL && !read_number(&any, by, true, &range->by)))
        return fail_item(spec, item, error);
    const char *wrong = NULL;
    if (range->last < range->first)
        wrong = "ends before it starts";
    else if (by == NULL && spec->kind == OPTION_REALS && spec->ranges)
        wrong = "stands in a list, where it needs a step or a factor, A..B:STEP or A..B*FACTOR";
    else if (by == NULL && spec->kind == OPTION_REALS)
        wrong = "needs a step or a factor, A..B:STEP or A..B*FACTOR";
    else if (range->how == STEPS && !(range->by > 0))
        wrong = "needs a step above 0";
    else if (range->how == FACTORS && !(range->by > 1))
        wrong = "needs a factor above 1";
    else if (range->how == FACTORS && !(range->first > 0))
        wrong = "needs a first value above 0, or no factor leads on";
    return wrong == NULL
               ? WR_OK
               : wr_fail(error, WR_ERR_USAGE, "--%s: the range '%s' %s", spec->name, item, wrong);
}

static wr_status read_item(const struct option_spec *spec, const char *item, struct range *range,
                           struct wr_error *error) {
    *range = (struct range){.how = SINGLE};
    if (*item == '\0')
        return wr_fail(error, WR_ERR_USAGE, "--%s: a value in its list is empty", spec->name);
    if (spec->kind == OPTION_CHOICES) {
        size_t choice;
        bool read = option_read_choice(spec, item, &choice);
        range->first = (double)choice;
        return read ? WR_OK : option_fail_choice(spec, item, error);
    }
    const char *dots = strstr(item, "..");
    if (dots != NULL)
        return read_range(spec, item, dots, range, error);
    range->first = -1; /* the word */
    if (spec->word != NULL && strcmp(item, spec->word) == 0)
        return WR_OK;
    return read_number(spec, item, false, &range->first) ? WR_OK : fail_item(spec, item, error);
}

/* Reads the next item of *list and moves *list behind its comma; *list becomes NULL after the last
 * item. */
static wr_status next_item(const struct option_spec *spec, const char **list, struct range *range,
                           struct wr_error *error) {
    char item[ITEM_MOST + 1];
    size_t length = strcspn(*list, ",");
    if (length > ITEM_MOST)
        return wr_fail(error, WR_ERR_USAGE, "--%s: '%.60s...' is too long for a value", spec->name,
                       *list);
    memcpy(item, *list, length);
    item[length] = '\0';
    *list = (*list)[length] == ',' ? *list + length + 1 : NULL;
    return read_item(spec, item, range, error);
}

/* The number of values in a range. Approximate where it is more than LIST_MOST. */
static double range_count(const struct range *range) {
    if (range->how == SINGLE)
        return 1;
    if (range->how == STEPS)
        return floor((range->last - range->first) / range->by + range->slack) + 1;
    double steps = log(range->last / range->first) / log(range->by);
    if (steps > LIST_MOST)
        return floor(steps) + 1;
    double value = range->first, end = range->last * (1 + range->slack * (range->by - 1));
    size_t count = 0;
    while (value <= end) {
        value *= range->by;
        count++;
    }
    return (double)count;
}

static void append(const struct option_spec *spec, union option_value *value, double number) {
    if (spec->kind == OPTION_REALS)
        value->reals.values[value->reals.count++] = (float)number;
    else
        value->sizes.values[value->sizes.count++] = number < 0 ? SIZE_MAX : (size_t)number;
}

/* Appends the values of a range. It uses neither log nor pow, because their bits depend on the
 * host's library. */
static void append_range(const struct option_spec *spec, union option_value *value,
                         const struct range *range) {
    size_t count = (size_t)range_count(range);
    double power = range->first;
    for (size_t i = 0; i < count; i++, power *= range->by) {
        double number = range->how == FACTORS ? power : range->first + (double)i * range->by;
        append(spec, value, range->how != SINGLE && number > range->last ? range->last : number);
    }
}

/* ---- ranges to draw from ---- */

static const char logarithm[] = "log:";

/* Whether the text is a range to draw from: A..B of reals, or log:A..B. */
static bool is_drawn(const struct option_spec *spec, const char *text) {
    bool named = strncmp(text, logarithm, sizeof logarithm - 1) == 0;
    bool plain = spec->kind == OPTION_REALS && strstr(text, "..") != NULL;
    return spec->ranges && spec->kind != OPTION_CHOICES &&
           (named || (plain && strpbrk(text, ":*,") == NULL));
}

static wr_status read_drawn(const struct option_spec *spec, const char *text,
                            struct option_range *drawn, struct wr_error *error) {
    char first[ITEM_MOST + 1];
    bool named = strncmp(text, logarithm, sizeof logarithm - 1) == 0;
    const char *range = named ? text + sizeof logarithm - 1 : text, *dots = strstr(range, "..");
    size_t length = dots != NULL ? (size_t)(dots - range) : SIZE_MAX;
    bool read = length <= ITEM_MOST;
    if (read) {
        memcpy(first, range, length);
        first[length] = '\0';
        read = read_number(spec, first, true, &drawn->least) &&
               read_number(spec, dots + 2, true, &drawn->most);
    }
    drawn->logarithmic = named;
    if (read && drawn->most > drawn->least && (!named || drawn->least > 0))
        return WR_OK;
    return wr_fail(error, WR_ERR_USAGE,
                   "--%s: '%.60s' is no range to draw from, A..B or log:A..B with A below B%s",
                   spec->name, text, named ? ", and above 0" : "");
}

wr_status option_read_list(const struct option_spec *spec, const char *text,
                           union option_value *value, struct wr_error *error) {
    struct range range;
    if (is_drawn(spec, text))
        return read_drawn(spec, text,
                          spec->kind == OPTION_REALS ? &value->reals.range : &value->sizes.range,
                          error);
    wr_status status = WR_OK;
    double count = 0;
    for (const char *list = text; list != NULL && status == WR_OK;) {
        status = next_item(spec, &list, &range, error);
        if (status == WR_OK)
            count += range_count(&range);
    }
    if (status != WR_OK)
        return status;
    if (count > LIST_MOST)
        return wr_fail(error, WR_ERR_USAGE, "--%s: %.60s is a list of %.*g values; %d is the most",
                       spec->name, text, count < 1e15 ? 15 : 3, count, LIST_MOST);
    bool reals = spec->kind == OPTION_REALS;
    void *values =
        wr_alloc((size_t)count, reals ? sizeof(float) : sizeof(size_t), "a list of values", error);
    if (values == NULL)
        return WR_ERR_MEMORY;
    if (reals)
        value->reals.values = values;
    else
        value->sizes.values = values;
    for (const char *list = text; list != NULL;) {
        next_item(spec, &list, &range, NULL);
        append_range(spec, value, &range);
    }
    return WR_OK;
}
