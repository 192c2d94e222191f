/* Groups of the trials of a study by an option: counts and quantiles of their scores. */
#include "study_support.h"

#include <math.h>

#define STUDY "study.db"

struct groups {
    struct wr_study_group groups[16];
    char values[16][32];
    size_t count;
};

static wr_status see_group(void *context, const struct wr_study_group *group) {
    struct groups *seen = context;
    snprintf(seen->values[seen->count], sizeof *seen->values, "%s", group->value);
    seen->groups[seen->count++] = *group;
    return WR_OK;
}

static struct groups group_by(struct wr_study *study, const char *option) {
    struct groups seen = {0};
    struct wr_error error = {0};
    assert_ok(wr_study_groups(study, option, see_group, &seen, &error), &error);
    return seen;
}

/* The quantile of type 7 of Hyndman and Fan: x is sorted, indices start at 0. */
static double quantile(const double *x, size_t n, double q) {
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;
    double above = below + 1 < n ? x[below + 1] : x[below];
    return x[below] + (at - (double)below) * (above - x[below]);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool close_to(double a, double b) {
    return fabs(a - b) <= 1e-12 * fabs(b);
}

/* Groups by hidden size of 0 to 7 trials that are done, one that diverged, one pending. */
static void test_groups(void **state) {
    (void)state;
    enum { SIZES = 8, EACH = SIZES + 1 };
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_options options[SIZES * EACH];
    struct wr_trial_state states[SIZES * EACH];
    double scores[SIZES][EACH];
    for (uint32_t i = 0; i < SIZES * EACH; i++)
        options[i] =
            (struct wr_trial_options){.hidden = 1 + i / EACH,
                                      .window = 5,
                                      .batch = i % 2,
                                      .init = i % 3 == 0 ? WR_INIT_PYTORCH : WR_INIT_NOTEBOOK,
                                      .lr = i % 2 == 0 ? 1e-5f : 0.25f,
                                      .clip = 1,
                                      .seed = i % EACH};
    assert_ok(wr_study_add(study, options, NULL, SIZES * EACH, states, NULL, &error), &error);
    for (size_t h = 0; h < SIZES; h++)
        for (size_t s = 0; s <= h; s++) {                 /* the last one diverged */
            double score = (double)((s * 5 + h) % 7) / 3; /* with ties */
            scores[h][s] = score;
            struct wr_trial_outcome outcome = {.id = states[h * EACH + s].id,
                                               .status = s < h ? WR_TRIAL_DONE : WR_TRIAL_DIVERGED,
                                               .score = score,
                                               .seconds = (double)s};
            assert_ok(wr_study_commit(study, &outcome, 1, NULL, 0, &error), &error);
        }
    struct groups seen = group_by(study, "hidden");
    assert_int_equal(seen.count, SIZES);
    for (size_t h = 0; h < SIZES; h++) {
        const struct wr_study_group *group = &seen.groups[h];
        qsort(scores[h], h, sizeof **scores, ascending);
        assert_int_equal(atoi(seen.values[h]), h + 1);
        assert_true(group->trials == EACH && group->done == h && group->diverged == 1);
        assert_int_equal(group->failed, 0);
        assert_true(close_to(group->seconds, (double)h / 2));
        if (h == 0) {
            assert_true(isnan(group->best) && isnan(group->median));
            assert_true(isnan(group->lower_quartile) && isnan(group->upper_quartile));
            continue;
        }
        assert_true(group->best == scores[h][0]);
        assert_true(close_to(group->lower_quartile, quantile(scores[h], h, 0.25)));
        assert_true(close_to(group->median, quantile(scores[h], h, 0.5)));
        assert_true(close_to(group->upper_quartile, quantile(scores[h], h, 0.75)));
    }

    static const struct {
        const char *option, *first, *last;
        size_t count;
    } others[] = {{"window", "5", "5", 1},  {"lr", "1e-5", "0.25", 2},
                  {"clip", "1", "1", 1},    {"batch", "all", "1", 2},
                  {"seed", "0", "8", EACH}, {"init", "notebook", "pytorch", 2}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        seen = group_by(study, others[i].option);
        assert_int_equal(seen.count, others[i].count);
        assert_string_equal(seen.values[0], others[i].first);
        assert_string_equal(seen.values[seen.count - 1], others[i].last);
        size_t trials = 0;
        for (size_t g = 0; g < seen.count; g++)
            trials += seen.groups[g].trials;
        assert_int_equal(trials, SIZES * EACH);
    }
    struct groups none = {0};
    wr_status status = wr_study_groups(study, "id; DROP", see_group, &none, &error);
    assert_error(status, &error, WR_ERR_USAGE, "trials", "id; DROP");
    wr_study_close(study);
    assert_answer(STUDY, "SELECT hidden FROM by_hidden ORDER BY median LIMIT 1 OFFSET 1", "2");
}

/* Trials for which an option means nothing are in none of its groups. */
static void test_meaningless(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_options options[4];
    struct wr_trial_state states[4];
    for (uint32_t i = 0; i < 4; i++) {
        options[i] = (struct wr_trial_options){.hidden = 4, .window = 5, .lr = 0.25f, .seed = i};
        wr_rule_init(&options[i].rule, WR_OPTIMIZER_SGD);
    }
    for (uint32_t i = 1; i < 4; i++) {
        wr_rule_init(&options[i].rule, WR_OPTIMIZER_ADAM);
        options[i].rule.beta1 = i == 1 ? 0.5f : 0.75f;
    }
    assert_ok(wr_study_add(study, options, NULL, 4, states, NULL, &error), &error);
    struct groups seen = group_by(study, "beta1");
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.values[0], "0.5");
    assert_int_equal(seen.groups[0].trials, 1);
    assert_int_equal(seen.groups[1].trials, 2);
    size_t count;
    assert_ok(wr_study_values(study, "beta1", 10, &count, &error), &error);
    assert_int_equal(count, 2);
    assert_int_equal(group_by(study, "optimizer").count, 2);
    assert_int_equal(group_by(study, "momentum").count, 0);
    wr_study_close(study);
}

static void test_no_groups(void **state) {
    (void)state;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_int_equal(group_by(study, "lr").count, 0);
    wr_study_close(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_groups),
        IN_FOLDER(test_meaningless),
        IN_FOLDER(test_no_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
