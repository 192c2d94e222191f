/* Looks at all trials of a study at once: the options in which they differ, and groups of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arithmetic.h"
#include "sweep/store.h"
#include "sweep/trial.h"

/* Finds the option whose column has that name. */
static wr_status find_option(const char *name, enum wr_option *option, struct wr_error *error) {
    unsigned found = 0;
    while (found < WR_OPTIONS && strcmp(wr_option_name(found), name) != 0)
        found++;
    *option = found;
    return found < WR_OPTIONS
               ? WR_OK
               : wr_fail(error, WR_ERR_USAGE,
                         "trials cannot be grouped by %s; " WR_OPTION_COLUMNS " would do", name);
}

/* ---- what all trials have ---- */

int64_t wr_study_data_version(struct wr_study *study) {
    int64_t version = -1;
    struct wr_query query = wr_query(study, "PRAGMA data_version");
    while (wr_query_row(&query))
        version = sqlite3_column_int64(query.statement, 0);
    wr_query_end(&query, WR_OK, "be read", NULL);
    return version;
}

/* Looks at all trials, unless nothing has changed since the last time. */
static wr_status look(struct wr_study *study, struct wr_error *error) {
    bool same = study->spans.known && study->spans.version == wr_study_data_version(study);
    return same ? WR_OK : wr_study_check_trials(study, error);
}

wr_status wr_study_spans(struct wr_study *study, struct wr_trial_options *least,
                         struct wr_trial_options *most, struct wr_error *error) {
    wr_status status = look(study, error);
    *least = *most = (struct wr_trial_options){0};
    for (unsigned option = 0; option < WR_OPTIONS && status == WR_OK; option++) {
        wr_option_set(least, option, study->spans.least[option]);
        wr_option_set(most, option, study->spans.most[option]);
    }
    return status;
}

wr_status wr_study_count(struct wr_study *study, struct wr_study_counts *counts,
                         struct wr_error *error) {
    wr_status status = look(study, error);
    *counts = (struct wr_study_counts){0};
    if (status != WR_OK)
        return status;
    const size_t *by_status = study->spans.by_status;
    *counts = (struct wr_study_counts){.trials = study->spans.trials,
                                       .pending = by_status[WR_TRIAL_PENDING],
                                       .done = by_status[WR_TRIAL_DONE],
                                       .diverged = by_status[WR_TRIAL_DIVERGED],
                                       .failed = by_status[WR_TRIAL_FAILED],
                                       .pruned = by_status[WR_TRIAL_PRUNED],
                                       .seconds = study->spans.seconds};
    struct wr_query query = wr_query(study, "SELECT total(seconds) FROM checkpoint");
    while (wr_query_row(&query))
        counts->seconds += wr_column_real(&query, 0);
    return wr_query_end(&query, WR_OK, "be read", error);
}

wr_status wr_study_values(struct wr_study *study, const char *option, size_t most, size_t *count,
                          struct wr_error *error) {
    enum wr_option found;
    char condition[WR_OPTION_CONDITION];
    *count = 0;
    wr_status status = find_option(option, &found, error);
    if (status != WR_OK)
        return status;
    char *sql = sqlite3_mprintf("SELECT count(*) FROM (SELECT DISTINCT \"%s\" FROM trial WHERE %s"
                                " LIMIT ?)",
                                option, wr_option_condition(found, condition));
    if (sql == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a query");
    struct wr_query query = wr_query(study, sql);
    wr_bind_size(&query, most);
    while (wr_query_row(&query))
        *count = wr_column_size(&query, 0);
    sqlite3_free(sql);
    return wr_query_end(&query, WR_OK, "be read", error);
}

/* ---- groups ---- */

/* What a group needs of a trial. */
struct member {
    double key;   /* the value of the option; of a word, its place in the alphabet */
    double score; /* of a trial that is done; else NaN */
    float seconds;
    unsigned char status;
};

struct members {
    struct member *list; /* (count) */
    size_t count, room;
};

/* By key, then by score, and those without one last. */
static int compare_members(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (isnan(x->score) || isnan(y->score))
        return isnan(x->score) - isnan(y->score);
    return (x->score > y->score) - (x->score < y->score);
}

/* The number of the option's words that stand before this one in the alphabet. */
static double place_of(enum wr_option option, const char *word) {
    double place = 0;
    const char *other;
    for (unsigned i = 0; (other = wr_option_word(option, i)) != NULL; i++)
        place += strcmp(other, word) < 0;
    return place;
}

static wr_status add_member(struct members *members, const struct member *member,
                            struct wr_error *error) {
    if (members->count == members->room) {
        size_t room = members->room * 2 + 1024;
        struct member *grown = realloc(members->list, room * sizeof *grown);
        if (grown == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "no memory for a table of %zu trials", room);
        members->list = grown;
        members->room = room;
    }
    members->list[members->count++] = *member;
    return WR_OK;
}

static wr_status read_members(struct wr_study *study, enum wr_option option,
                              struct members *members, struct wr_error *error) {
    char condition[WR_OPTION_CONDITION];
    char *sql = sqlite3_mprintf("SELECT \"%s\", status, score, seconds FROM trial WHERE %s",
                                wr_option_name(option), wr_option_condition(option, condition));
    if (sql == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a query");
    struct wr_query row = wr_query(study, sql);
    bool word = wr_option_type(option) == WR_OPTION_WORD;
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&row)) {
        enum wr_trial_status ended = wr_study_status(wr_column_text(&row, 1));
        struct member member = {
            .key = word ? place_of(option, wr_column_text(&row, 0)) : wr_column_real(&row, 0),
            .score = ended == WR_TRIAL_DONE ? wr_column_real(&row, 2) : (double)NAN,
            .seconds = (float)wr_column_real(&row, 3),
            .status = (unsigned char)ended};
        if (row.code == SQLITE_OK)
            status = add_member(members, &member, error);
    }
    sqlite3_free(sql);
    return wr_query_end(&row, status, "be read", error);
}

/* Quartile q of n ascending scores has the rank q (n - 1), counted from 0. Each of the two scores
 * next to it has the weight 1 minus its distance. */
static double quartile(const struct member *ranked, size_t count, double q) {
    if (count == 0)
        return NAN;
    double rank = q * (double)(count - 1);
    size_t below = (size_t)rank;
    double sum = ranked[below].score * (1 - fabs((double)below - rank));
    if (below + 1 < count)
        sum += ranked[below + 1].score * (1 - fabs((double)(below + 1) - rank));
    return sum;
}

static struct wr_study_group group_of(const struct member *members, size_t count) {
    struct wr_study_group group = {.trials = count};
    size_t ended = 0, scored = 0;
    double seconds = 0;
    for (size_t i = 0; i < count; i++) {
        enum wr_trial_status status = members[i].status;
        group.done += status == WR_TRIAL_DONE;
        group.diverged += status == WR_TRIAL_DIVERGED;
        group.failed += status == WR_TRIAL_FAILED;
        group.pruned += status == WR_TRIAL_PRUNED;
        scored += isnan(members[i].score) ? 0 : 1;
        if (status != WR_TRIAL_PENDING && !isnan(members[i].seconds)) {
            seconds += (double)members[i].seconds;
            ended++;
        }
    }
    group.best = scored > 0 ? members[0].score : (double)NAN;
    group.lower_quartile = quartile(members, scored, 0.25);
    group.median = quartile(members, scored, 0.5);
    group.upper_quartile = quartile(members, scored, 0.75);
    group.seconds = ended > 0 ? seconds / (double)ended : (double)NAN;
    return group;
}

/* The value of a group as text. Numbers have the form that people write: 0.0001. */
static const char *value_text(enum wr_option option, double key, char number[WR_NUMBER_TEXT]) {
    struct wr_trial_options trial = {0};
    const char *word = NULL;
    if (wr_option_type(option) != WR_OPTION_WORD) {
        wr_option_set(&trial, option, key);
        return wr_option_text(&trial, option, number);
    }
    for (unsigned i = 0; (word = wr_option_word(option, i)) != NULL; i++)
        if (place_of(option, word) == key)
            break;
    return word != NULL ? word : "";
}

static wr_status call_back(wr_group_fn *on_group, void *context, const struct wr_study_group *group,
                           const fenv_t *callers) {
    WR_ARITHMETIC_OF(callers);
    return on_group(context, group);
}

wr_status wr_study_groups(struct wr_study *study, const char *option, wr_group_fn *on_group,
                          void *context, struct wr_error *error) {
    WR_ARITHMETIC(callers);
    enum wr_option by;
    struct members members = {0};
    wr_status status = find_option(option, &by, error);
    if (status == WR_OK)
        status = read_members(study, by, &members, error);
    if (status == WR_OK) {
        wr_error_release(error);
        if (members.count > 0)
            qsort(members.list, members.count, sizeof *members.list, compare_members);
        for (size_t first = 0, end; first < members.count && status == WR_OK; first = end) {
            char number[WR_NUMBER_TEXT];
            end = first + 1;
            while (end < members.count && members.list[end].key == members.list[first].key)
                end++;
            struct wr_study_group group = group_of(members.list + first, end - first);
            group.value = value_text(by, members.list[first].key, number);
            status = call_back(on_group, context, &group, &callers);
        }
        if (status != WR_OK)
            wr_end_by_callback(status, "on_group", error);
    }
    free(members.list);
    return status;
}
