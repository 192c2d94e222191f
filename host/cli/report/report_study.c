/* The data of a study's page. Groups are computed over all trials; the page holds the best trials
 * and an even sample of the others. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/io/json_write.h"
#include "cli/report/report.h"
#include "cli/report/report_rungs.h"
#include "cli/show/show_command.h"
#include "cli/study/fields.h"
#include "cli/study/stores.h"

enum {
    BEST_MOST = 1000, /* trials, best first */
    OTHERS_MOST = 1000,
    GROUPS_MOST = 200, /* values of an option */
    GROUP_LEAST = 4,   /* trials of a value, on average, where an option has many values */
    POINTS_MOST = 300, /* of a loss curve */
    WHY_MOST = 20      /* failed trials whose cause is told */
};

struct study_page {
    const struct source *source;
    struct wr_study *study;
    struct wr_study_counts counts;
    struct wr_trial_options first;  /* the value of each option that does not vary */
    bool varies[FIELD_OPTIONS];     /* whether trials differ in the option */
    struct wr_trial_options own;    /* a value of each option among the trials where it counts */
    bool counted[FIELD_OPTIONS];    /* whether it counts for any */
    bool own_varies[FIELD_OPTIONS]; /* whether these differ in it */
    struct rungs rungs;
    bool halves;   /* whether there is successive halving */
    int64_t *best; /* (best_count) ids, best first */
    size_t best_count;
    size_t ranked;  /* trials seen, best first */
    int64_t median; /* the trial whose score is the median; 0: none */
    json_t *object; /* NULL after an allocation failed */
};

static void put(struct study_page *page, const char *key, json_t *value) {
    page->object = wr_json_put(page->object, key, value);
}

/* ---- head ---- */

static wr_status put_setting(struct study_page *page, const char *name, json_t **settings) {
    char *value = NULL;
    wr_status status = wr_study_setting(page->study, name, &value, page->source->error);
    if (status == WR_OK && value != NULL)
        *settings = wr_json_put(*settings, name, json_text(value));
    if (status == WR_OK && strcmp(name, "halving") == 0)
        page->halves = value != NULL && strcmp(value, "none") != 0;
    free(value);
    return status;
}

static wr_status put_settings(struct study_page *page) {
    json_t *settings = json_object();
    wr_status status = put_setting(page, "halving", &settings);
    for (size_t i = 0; i < SHOW_SETTINGS && status == WR_OK; i++)
        status = put_setting(page, show_settings[i], &settings);
    put(page, "settings", settings);
    return status;
}

static wr_status read_counts(struct study_page *page) {
    struct wr_trial_options last;
    wr_status status = wr_study_count(page->study, &page->counts, page->source->error);
    if (status == WR_OK)
        status = wr_study_spans(page->study, &page->first, &last, page->source->error);
    for (unsigned option = 0; option < WR_OPTIONS && status == WR_OK; option++)
        page->varies[option] = wr_option_get(&page->first, option) != wr_option_get(&last, option);
    return status;
}

/* ---- options and their groups ---- */

struct groups {
    enum field option;
    size_t count, seen; /* values, and those told so far */
    json_t *list;       /* NULL after an allocation failed */
};

/* A group as an array, which is smaller than an object: page.js names the columns. */
static wr_status add_group(void *context, const struct wr_study_group *group) {
    struct groups *groups = context;
    char value[FIELD_TEXT];
    if (!report_samples(groups->seen++, groups->count, GROUPS_MOST))
        return WR_OK;
    field_value(groups->option, group->value, value);
    groups->list = wr_json_push(
        groups->list,
        json_pack("[o, I, I, I, I, o, o, o, o, o]", json_text(value), (json_int_t)group->trials,
                  (json_int_t)group->done, (json_int_t)group->diverged, (json_int_t)group->failed,
                  json_number(group->best), json_number(group->lower_quartile),
                  json_number(group->median), json_number(group->upper_quartile),
                  json_number(group->seconds)));
    return WR_OK;
}

/* Groups by an option that varies. An option of many values, each of few trials, has none. */
static wr_status read_groups(struct study_page *page, struct groups *groups) {
    struct wr_error *error = page->source->error;
    const char *name = field_name(groups->option);
    wr_status status =
        wr_study_values(page->study, name, page->counts.trials, &groups->count, error);
    bool few =
        groups->count <= FIELD_MANY_VALUES || page->counts.trials / groups->count >= GROUP_LEAST;
    groups->list = json_array();
    if (status == WR_OK && page->own_varies[groups->option] && few)
        status = wr_study_groups(page->study, name, add_group, groups, error);
    return status;
}

/* "varies": whether trials differ in it, and so rows have it. "own": whether they differ where it
 * counts; else "value" is the value there. "values" are those where it counts. */
static wr_status add_option(struct study_page *page, enum field option, json_t **list) {
    struct groups groups = {.option = option, .count = 1};
    wr_status status = WR_OK;
    char number[WR_NUMBER_TEXT];
    const struct wr_trial_options *of = page->varies[option] ? &page->own : &page->first;
    const char *value = wr_option_text(of, (enum wr_option)option, number);
    if (page->varies[option])
        status = read_groups(page, &groups);
    else
        groups.list = json_array();
    *list = wr_json_push(
        *list, json_pack("{s:s, s:I, s:b, s:b, s:s, s:o}", "name", field_name(option), "values",
                         (json_int_t)groups.count, "varies", (int)page->varies[option], "own",
                         (int)page->own_varies[option], "value", value, "groups", groups.list));
    return status;
}

/* Options that all trials share are told where a command that trains them must name them. */
static wr_status put_options(struct study_page *page) {
    json_t *list = json_array();
    wr_status status = WR_OK;
    for (enum field option = 0; option < FIELD_OPTIONS && status == WR_OK; option++)
        if (page->varies[option] ||
            (page->counts.trials > 0 && field_is_needed(&page->first, option)))
            status = add_option(page, option, &list);
    put(page, "options", list);
    return status;
}

/* ---- trials ---- */

static wr_status see_best(void *context, const struct wr_trial *trial) {
    struct study_page *page = context;
    if (page->best_count < BEST_MOST)
        page->best[page->best_count++] = trial->id;
    if (page->ranked++ == (page->counts.done - 1) / 2)
        page->median = trial->id;
    return WR_OK;
}

static wr_status find_best(struct study_page *page) {
    size_t half = (page->counts.done + 1) / 2;
    struct wr_trial_query query = {.best = true, .most = half > BEST_MOST ? half : BEST_MOST};
    page->best = wr_alloc(BEST_MOST, sizeof *page->best, "trials", page->source->error);
    if (page->best == NULL)
        return WR_ERR_MEMORY;
    return wr_study_trials(page->study, &query, see_best, page, page->source->error);
}

static int compare_ids(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

struct sample {
    struct study_page *page;
    const int64_t *ids;  /* (page->best_count) of the best trials, ascending */
    size_t others, seen; /* trials that are not among them, and those seen so far */
    json_t *statuses;    /* how many trials have each status */
    json_t *rows, *whys;
};

static json_t *count_or_null(size_t count) {
    return count > 0 ? json_integer((json_int_t)count) : json_null();
}

/* A trial as an array: id, status, score, loss, validation loss, seconds, epoch in which it
 * diverged, epochs, best epoch, then the options that vary. */
static json_t *row_of(const struct study_page *page, const struct wr_trial *trial) {
    bool diverged = trial->status == WR_TRIAL_DIVERGED;
    json_t *row = json_pack("[I, s, o, o, o, o, o, o, o]", (json_int_t)trial->id,
                            wr_trial_status_name(trial->status), json_number(trial->score),
                            json_number(field_loss(trial)), json_number(trial->validation_loss),
                            json_number(trial->seconds),
                            diverged ? json_integer((json_int_t)trial->diverged_at) : json_null(),
                            count_or_null(trial->epochs), count_or_null(trial->best_epoch));
    for (enum field option = 0; option < FIELD_OPTIONS; option++)
        if (page->varies[option]) {
            char text[FIELD_TEXT];
            field_text(trial, option, 0, text);
            row = wr_json_push(row, json_text(text));
        }
    return row;
}

static void count_status(struct sample *sample, const char *name) {
    json_int_t count = json_integer_value(json_object_get(sample->statuses, name));
    sample->statuses = wr_json_put(sample->statuses, name, json_integer(count + 1));
}

static void see_options(struct study_page *page, const struct wr_trial_options *options) {
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        double value = wr_option_get(options, option);
        if (!page->varies[option] || page->own_varies[option] || !wr_option_counts(options, option))
            continue;
        page->own_varies[option] =
            page->counted[option] && value != wr_option_get(&page->own, option);
        page->counted[option] = true;
        wr_option_set(&page->own, option, value);
    }
}

static wr_status see_trial(void *context, const struct wr_trial *trial) {
    struct sample *sample = context;
    struct study_page *page = sample->page;
    wr_status status = page->halves ? rungs_add(&page->rungs, trial, page->source->error) : WR_OK;
    see_options(page, &trial->options);
    count_status(sample, wr_trial_status_name(trial->status));
    if (*trial->why != '\0' && json_array_size(sample->whys) < WHY_MOST)
        sample->whys = wr_json_push(
            sample->whys, json_pack("[I, o]", (json_int_t)trial->id, json_text(trial->why)));
    bool best = bsearch(&trial->id, sample->ids, page->best_count, sizeof *sample->ids,
                        compare_ids) != NULL;
    if (best || report_samples(sample->seen++, sample->others, OTHERS_MOST))
        sample->rows = wr_json_push(sample->rows, row_of(page, trial));
    return status;
}

static wr_status put_trials(struct study_page *page) {
    struct wr_error *error = page->source->error;
    const struct wr_study_counts *counts = &page->counts;
    int64_t *ids = wr_alloc(page->best_count, sizeof *ids, "trials", error);
    if (ids == NULL)
        return WR_ERR_MEMORY;
    memcpy(ids, page->best, page->best_count * sizeof *ids);
    qsort(ids, page->best_count, sizeof *ids, compare_ids);
    struct sample sample = {
        .page = page,
        .ids = ids,
        .others = counts->trials > page->best_count ? counts->trials - page->best_count : 0,
        .statuses = json_object(),
        .rows = json_array(),
        .whys = json_array()};
    wr_status status =
        wr_study_trials(page->study, &(struct wr_trial_query){0}, see_trial, &sample, error);
    put(page, "count", json_integer((json_int_t)counts->trials));
    put(page, "seconds", json_number(counts->seconds));
    put(page, "best", json_integer((json_int_t)page->best_count));
    put(page, "statuses", sample.statuses);
    put(page, "trials", sample.rows);
    put(page, "whys", sample.whys);
    put(page, "rungs", rungs_json(&page->rungs));
    free(ids);
    return status;
}

/* ---- loss curves ---- */

struct curve {
    size_t count, seen; /* points, and those told so far */
    json_t *points;
};

static wr_status count_point(void *context, const struct wr_curve_point *point) {
    struct curve *curve = context;
    (void)point;
    curve->count++;
    return WR_OK;
}

static wr_status add_point(void *context, const struct wr_curve_point *point) {
    struct curve *curve = context;
    bool end = curve->seen == 0 || curve->seen + 1 == curve->count;
    if (report_samples(curve->seen++, curve->count, POINTS_MOST) || end)
        curve->points = wr_json_push(
            curve->points, json_pack("[I, f]", (json_int_t)point->epoch, (double)point->loss));
    return WR_OK;
}

/* role: "best" or "median". */
static wr_status add_curve(struct study_page *page, int64_t id, const char *role, json_t **list) {
    struct wr_error *error = page->source->error;
    struct curve curve = {.points = json_array()};
    wr_status status = wr_study_curve(page->study, id, count_point, &curve, error);
    if (status == WR_OK)
        status = wr_study_curve(page->study, id, add_point, &curve, error);
    *list = wr_json_push(*list, json_pack("{s:I, s:s, s:o}", "trial", (json_int_t)id, "role", role,
                                          "points", curve.points));
    return status;
}

static wr_status put_curves(struct study_page *page) {
    size_t wanted = page->source->options->best.value;
    size_t count = wanted < page->best_count ? wanted : page->best_count;
    json_t *list = json_array();
    wr_status status = WR_OK;
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = add_curve(page, page->best[i], "best", &list);
    if (status == WR_OK && page->median != 0)
        status = add_curve(page, page->median, "median", &list);
    put(page, "curves", list);
    return status;
}

/* ---- all of it ---- */

static wr_status make(struct study_page *page) {
    wr_status status = put_settings(page);
    if (status == WR_OK)
        status = read_counts(page);
    if (status == WR_OK)
        status = find_best(page);
    if (status == WR_OK)
        status = put_trials(page);
    if (status == WR_OK)
        status = put_options(page);
    if (status == WR_OK)
        status = put_curves(page);
    return status == WR_OK ? report_check_made(page->source, page->object) : status;
}

wr_status report_study(const struct source *source, json_t **object) {
    struct study_page page = {.source = source};
    wr_status status = wr_study_open(source->path, WR_STUDY_READ, &page.study, source->error);
    if (status != WR_OK)
        return status;
    torn_tell(page.study, source->path, false);
    page.object =
        json_pack("{s:s, s:o}", "kind", "study", "file", json_text(source->options->file.text));
    status = make(&page);
    wr_study_close(page.study);
    free(page.best);
    rungs_release(&page.rungs);
    if (status == WR_OK)
        *object = page.object;
    else
        json_decref(page.object);
    return status;
}
