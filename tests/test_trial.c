/* The options of a trial, each of which goes the same ways: into a study and out of it, into groups
 * and spans, and past the checks. */
#include "study_support.h"

#include <math.h>
#include <sqlite3.h>
#include <unistd.h>

#include "sweep/store.h"
#include "sweep/trial.h"

#define STUDY "study.db"

static const struct wr_trial_options base = {.hidden = 3,
                                             .window = 4,
                                             .batch = 5,
                                             .init = WR_INIT_PYTORCH,
                                             .lr = 0.1f,
                                             .clip = 1,
                                             .seed = 7};

/* ---- the table and the schema ---- */

/* "id, hidden, ..., bias" of a table or view, as many columns as a trial has options, and id. */
static const char *first_columns(const char *table) {
    static char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info('%s')"
             " ORDER BY cid LIMIT %d)",
             table, 1 + WR_OPTIONS);
    return ask(STUDY, sql);
}

static void test_schema(void **state) {
    (void)state;
    char columns[512] = "id", check[256], sql[512];
    make_study(STUDY, 1);
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        size_t length = strlen(columns);
        snprintf(columns + length, sizeof columns - length, ", %s", wr_option_name(option));
        static const char *const types[] = {"INTEGER", "REAL", "TEXT"};
        snprintf(sql, sizeof sql, "SELECT type FROM pragma_table_info('trial') WHERE name = '%s'",
                 wr_option_name(option));
        assert_answer(STUDY, sql, types[wr_option_type(option)]);
        snprintf(sql, sizeof sql, "SELECT \"%s\" IS NOT NULL AND trials = 1 FROM by_%s",
                 wr_option_name(option), wr_option_name(option));
        assert_answer(STUDY, sql, "1");
    }
    assert_string_equal(first_columns("trial"), columns);
    assert_string_equal(first_columns("best"), columns);
    assert_string_equal(first_columns("diverged"), columns);
    char names[512] = "id, ", *end = names + 4;
    for (const char *at = WR_OPTION_COLUMNS; *at != '\0'; at++)
        if (*at != '"')
            *end++ = *at;
    *end = '\0';
    assert_string_equal(names, columns);

    char *schema = strdup(ask(STUDY, "SELECT sql FROM sqlite_schema WHERE name = 'trial'"));
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        if (wr_option_type(option) != WR_OPTION_WORD) {
            assert_null(wr_option_word(option, 0));
            continue;
        }
        bool quoted = option == WR_OPTION_ORDER;
        size_t length =
            (size_t)snprintf(check, sizeof check, "CHECK (%s%s%s IN (", quoted ? "\"" : "",
                             wr_option_name(option), quoted ? "\"" : "");
        for (unsigned word = 0, found; wr_option_word(option, word) != NULL; word++) {
            length += (size_t)snprintf(check + length, sizeof check - length, "%s'%s'",
                                       word > 0 ? ", " : "", wr_option_word(option, word));
            assert_true(wr_option_find_word(option, wr_option_word(option, word), &found));
            assert_int_equal(found, word);
        }
        snprintf(check + length, sizeof check - length, "))");
        if (strstr(schema, check) == NULL)
            fail_msg("%s is not in %s", check, schema);
        assert_false(wr_option_find_word(option, "none of them", &(unsigned){0}));
    }
    free(schema);
}

/* ---- every option ---- */

/* Values of each option, in ascending order of their texts and numbers. Numbers of the rule go with
 * `beside`. */
static const struct {
    enum wr_option option;
    double values[3];
    unsigned count;
    enum wr_optimizer beside;
} cases[] = {
    {WR_OPTION_HIDDEN, {1, 3, UINT32_MAX}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_WINDOW, {1, 4, UINT32_MAX}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_BATCH, {0, 5, UINT32_MAX}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_INIT, {WR_INIT_NOTEBOOK, WR_INIT_PYTORCH}, 2, WR_OPTIMIZER_SGD},
    {WR_OPTION_LR, {0, 0.25, 3}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_CLIP, {0, 1, 2.5}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_SEED, {0, 7, UINT32_MAX}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_OPTIMIZER, {WR_OPTIMIZER_MOMENTUM, WR_OPTIMIZER_SGD}, 2, WR_OPTIMIZER_SGD},
    {WR_OPTION_MOMENTUM, {0, 0.5, 0.75}, 3, WR_OPTIMIZER_MOMENTUM},
    {WR_OPTION_BETA1, {0, 0.5, 0.875}, 3, WR_OPTIMIZER_ADAM},
    {WR_OPTION_BETA2, {0, 0.5, 0.9375}, 3, WR_OPTIMIZER_RMSPROP},
    {WR_OPTION_EPSILON, {0.5, 1, 16}, 3, WR_OPTIMIZER_ADAM},
    {WR_OPTION_WEIGHT_DECAY, {0, 0.5, 2}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_CLIP_BY, {WR_CLIPPING_NORM, WR_CLIPPING_VALUE}, 2, WR_OPTIMIZER_SGD},
    {WR_OPTION_LR_DECAY,
     {WR_DECAY_CONSTANT, WR_DECAY_COSINE, WR_DECAY_LINEAR},
     2,
     WR_OPTIMIZER_SGD},
    {WR_OPTION_ORDER, {WR_ORDER_SEQUENTIAL, WR_ORDER_SHUFFLED}, 2, WR_OPTIMIZER_SGD},
    {WR_OPTION_RECENCY, {1, 2, WR_MOST_RECENCY}, 3, WR_OPTIMIZER_SGD},
    {WR_OPTION_ACTIVATION,
     {WR_ACTIVATION_IDENTITY, WR_ACTIVATION_RELU, WR_ACTIVATION_TANH},
     3,
     WR_OPTIMIZER_SGD},
    {WR_OPTION_BIAS, {0, 2, 1}, 3, WR_OPTIMIZER_SGD},
};
enum { CASES = sizeof cases / sizeof *cases };

static struct wr_trial_options trial_of(size_t i, unsigned value) {
    struct wr_trial_options trial = base;
    wr_option_set(&trial, WR_OPTION_OPTIMIZER, cases[i].beside);
    wr_option_set(&trial, WR_OPTION_EPSILON, 0.125);
    if (cases[i].option == WR_OPTION_RECENCY)
        wr_option_set(&trial, WR_OPTION_ORDER, WR_ORDER_RECENT);
    wr_option_set(&trial, cases[i].option, cases[i].values[value]);
    assert_true(wr_option_get(&trial, cases[i].option) == cases[i].values[value]);
    assert_true(wr_option_counts(&trial, cases[i].option));
    return trial;
}

struct found {
    struct wr_trial_options options[4];
    size_t count;
};

static wr_status keep_options(void *context, const struct wr_trial *trial) {
    struct found *found = context;
    assert_true(found->count < 4);
    found->options[found->count++] = trial->options;
    return WR_OK;
}

struct groups {
    char values[4][32];
    size_t count, trials;
};

static wr_status keep_group(void *context, const struct wr_study_group *group) {
    struct groups *groups = context;
    assert_true(groups->count < 4);
    snprintf(groups->values[groups->count++], 32, "%s", group->value);
    groups->trials += group->trials;
    return WR_OK;
}

/* Trials that differ in one option are different trials; each is found again, in groups and
 * spans too. */
static void test_each_option(void **state) {
    (void)state;
    static const struct wr_trial_query all = {0};
    assert_int_equal(CASES, WR_OPTIONS);
    for (size_t i = 0; i < CASES; i++) {
        struct wr_error error = {0};
        struct wr_trial_options trials[3], settled, least, most;
        struct wr_trial_state states[3];
        struct found found = {.count = 0};
        struct groups groups = {.count = 0};
        unsigned count = cases[i].count;
        size_t added;
        char text[WR_NUMBER_TEXT];
        assert_int_equal(cases[i].option, i);
        for (unsigned value = 0; value < count; value++)
            trials[value] = trial_of(i, value);
        struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
        assert_ok(wr_study_add(study, trials, NULL, count, states, &added, &error), &error);
        assert_int_equal(added, count);
        assert_ok(wr_study_add(study, trials, NULL, count, states, &added, &error), &error);
        assert_int_equal(added, 0);
        assert_true(states[0].id == 1 && states[count - 1].id == (int64_t)count);
        wr_study_close(study);

        study = open_study(STUDY, WR_STUDY_READ);
        assert_ok(wr_study_trials(study, &all, keep_options, &found, &error), &error);
        assert_int_equal(found.count, count);
        const char *name = wr_option_name(cases[i].option);
        assert_ok(wr_study_groups(study, name, keep_group, &groups, &error), &error);
        assert_true(groups.count == count && groups.trials == count);
        for (unsigned value = 0; value < count; value++) {
            settled = trials[value];
            wr_trial_options_settle(&settled);
            for (unsigned option = 0; option < WR_OPTIONS; option++)
                assert_true(wr_option_get(&found.options[value], option) ==
                            wr_option_get(&settled, option));
            assert_int_equal(wr_trial_options_compare(&settled, &found.options[value]), 0);
            assert_int_equal(wr_trial_options_fit(&found.options[0], &settled),
                             value == 0 || i == WR_OPTION_INIT || i == WR_OPTION_LR ||
                                 i == WR_OPTION_CLIP || i == WR_OPTION_SEED);
            assert_string_equal(groups.values[value],
                                wr_option_text(&settled, cases[i].option, text));
        }
        assert_ok(wr_study_spans(study, &least, &most, &error), &error);
        for (unsigned option = 0; option < WR_OPTIONS; option++) {
            double first = INFINITY, last = -INFINITY;
            for (unsigned value = 0; value < count; value++) {
                settled = trials[value];
                wr_trial_options_settle(&settled);
                first = fmin(first, wr_option_get(&settled, option));
                last = fmax(last, wr_option_get(&settled, option));
            }
            assert_true(wr_option_get(&least, option) == first);
            assert_true(wr_option_get(&most, option) == last);
        }
        wr_study_close(study);
        assert_int_equal(unlink(STUDY), 0);
    }
}

static void test_no_trials(void **state) {
    (void)state;
    static const struct wr_trial_options none = {0};
    struct wr_error error = {0};
    struct wr_trial_options least = base, most = base;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_spans(study, &least, &most, &error), &error);
    assert_memory_equal(&least, &none, sizeof none);
    assert_memory_equal(&most, &none, sizeof none);
    wr_status status = wr_study_groups(study, "epochs", keep_group, NULL, &error);
    assert_error(status, &error, WR_ERR_USAGE, "trials cannot be grouped by epochs", "clip_by");
    wr_study_close(study);
}

/* What means nothing beside a trial's other options makes it no other trial. */
static void test_settled(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_trial_state states[6];
    struct wr_trial_options trials[6] = {base, base, base, base, base, base};
    trials[1].rule.beta1 = 0.5f;
    trials[2].rule.momentum = NAN;
    trials[3].rule.recency = 3;
    trials[4].rule.decay_epochs = 9;
    trials[5].rule.loss = WR_LOSS_MAE; /* the study's settings tell it */
    size_t added;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_add(study, trials, NULL, 6, states, &added, &error), &error);
    assert_int_equal(added, 1);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(states[i].id, 1);
    for (enum wr_optimizer optimizer = 0; optimizer <= WR_OPTIMIZER_ADAM; optimizer++) {
        trials[optimizer] = base;
        trials[optimizer].rule = (struct wr_rule){.optimizer = optimizer,
                                                  .momentum = 0.5f,
                                                  .beta1 = 0.25f,
                                                  .beta2 = 0.75f,
                                                  .epsilon = 0.125f};
    }
    assert_ok(wr_study_add(study, trials, NULL, 4, states, &added, &error), &error);
    assert_int_equal(added, 3);
    wr_study_close(study);
    assert_answer(STUDY,
                  "SELECT group_concat(optimizer || ' ' || momentum || ' ' || beta1 || ' ' ||"
                  " beta2 || ' ' || epsilon, '; ') FROM (SELECT * FROM trial ORDER BY id)",
                  "sgd 0.0 0.0 0.0 0.0; momentum 0.5 0.0 0.0 0.0; rmsprop 0.0 0.0 0.75 0.125; "
                  "adam 0.0 0.25 0.75 0.125");
}

static void test_out_of_range(void **state) {
    (void)state;
    static const struct {
        struct wr_rule rule;
        const char *part;
    } bad[] = {
        {{.optimizer = WR_OPTIMIZER_MOMENTUM, .momentum = 1}, "momentum"},
        {{.optimizer = WR_OPTIMIZER_MOMENTUM, .momentum = NAN}, "momentum"},
        {{.optimizer = WR_OPTIMIZER_ADAM, .beta1 = -0.5f, .epsilon = 1}, "beta1"},
        {{.optimizer = WR_OPTIMIZER_ADAM, .beta2 = 1, .epsilon = 1}, "beta2"},
        {{.optimizer = WR_OPTIMIZER_RMSPROP}, "epsilon"},
        {{.weight_decay = -1}, "weight_decay"},
        {{.weight_decay = INFINITY}, "weight_decay"},
        {{.order = WR_ORDER_RECENT}, "recency"},
        {{.order = WR_ORDER_RECENT, .recency = WR_MOST_RECENCY + 1}, "recency"},
        {{.optimizer = (enum wr_optimizer)4}, "optimizer"},
        {{.decay = (enum wr_decay)9}, "decay"},
        {{.order = (enum wr_order)9}, "order"},
        {{.activation = (enum wr_activation)9}, "activation"},
        {{.clipping = (enum wr_clipping)9}, "clip"},
        {{.fixed = 4}, "fixed"},
    };
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wr_trial_options trials[] = {base, base};
        struct wr_trial_state states[2];
        size_t added = 1;
        trials[1].rule = bad[i].rule;
        wr_status status = wr_study_add(study, trials, NULL, 2, states, &added, &error);
        assert_error(status, &error, WR_ERR_USAGE, "", bad[i].part);
        assert_int_equal(added, 0);
    }
    wr_study_close(study);
    assert_answer(STUDY, "SELECT count(*) FROM trial", "0");
}

/* ---- values that no sweep writes ---- */

static void test_hostile_numbers(void **state) {
    (void)state;
    static const char *const values[] = {"-1", "1e39", "9e999", "-9e999"};
    static const char *const columns[] = {"epochs", "best_epoch"};
    char sql[96], part[96];
    make_study(STUDY, 6);
    for (unsigned option = 0; option < WR_OPTIONS; option++)
        for (size_t v = 0; v < 4; v++) {
            bool real = wr_option_type(option) == WR_OPTION_REAL;
            if (wr_option_type(option) == WR_OPTION_WORD || (!real && v > 1))
                continue;
            const char *value = real || v == 0 ? values[v] : "4294967296";
            snprintf(sql, sizeof sql, "UPDATE trial SET \"%s\" = %s WHERE id = 4",
                     wr_option_name(option), value);
            snprintf(part, sizeof part, ": %s of trial 4 cannot be '", wr_option_name(option));
            assert_int_equal(system("cp study.db whole"), 0);
            spoil(STUDY, sql);
            assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, part);
            assert_refused(STUDY, WR_STUDY_WRITE, WR_ERR_DATA, part);
            assert_int_equal(system("rm study.db*; mv whole study.db"), 0);
        }
    for (size_t c = 0; c < 2; c++)
        for (size_t v = 0; v < 3; v++) {
            static const char *const counts[] = {"0", "-1", "4294967296"};
            snprintf(sql, sizeof sql, "UPDATE trial SET %s = %s WHERE id = 4", columns[c],
                     counts[v]);
            snprintf(part, sizeof part, ": %s of trial 4 cannot be '%s'", columns[c], counts[v]);
            assert_int_equal(system("cp study.db whole"), 0);
            spoil(STUDY, sql);
            assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, part);
            assert_int_equal(system("rm study.db*; mv whole study.db"), 0);
        }
    wr_study_close(open_study(STUDY, WR_STUDY_READ));
}

/* In a small file SQLite's own check of its pages finds them; in a large one the words are
 * compared. */
static void test_hostile_words(void **state) {
    (void)state;
    char sql[96], part[96];
    for (int large = 0; large < 2; large++) {
        make_study(STUDY, 6);
        if (large)
            spoil(STUDY, "INSERT INTO parameters VALUES (2, zeroblob(9 << 20));"
                         "DELETE FROM parameters WHERE trial = 2");
        for (unsigned option = 0; option < WR_OPTIONS; option++) {
            if (wr_option_type(option) != WR_OPTION_WORD)
                continue;
            snprintf(sql, sizeof sql, "UPDATE trial SET \"%s\" = 'odd' WHERE id = 4",
                     wr_option_name(option));
            snprintf(part, sizeof part, ": %s of trial 4 cannot be 'odd'", wr_option_name(option));
            assert_int_equal(system("cp study.db whole"), 0);
            spoil(STUDY, sql);
            assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, large ? part : "malformed");
            assert_int_equal(system("rm study.db*; mv whole study.db"), 0);
        }
        assert_int_equal(unlink(STUDY), 0);
    }
}

static void test_hostile_settings(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"patience", "-1"}, {"validate-every", "x"}, {"loss", "none"}, {"loss", ""}};
    struct wr_error error = {0};
    char sql[96], part[96];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
        const struct wr_setting setting = {bad[i][0], bad[i][1], true};
        wr_status status = wr_study_settle(study, &setting, 1, &error);
        assert_error(status, &error, WR_ERR_USAGE, STUDY ": the setting ", "cannot be '");
        wr_study_close(study);
        snprintf(sql, sizeof sql, "INSERT INTO study VALUES ('%s', '%s', 1)", bad[i][0], bad[i][1]);
        snprintf(part, sizeof part, "%s cannot be '%s'", bad[i][0], bad[i][1]);
        spoil(STUDY, sql);
        assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, part);
        assert_int_equal(system("rm study.db*"), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_schema),        IN_FOLDER(test_each_option),
        IN_FOLDER(test_no_trials),     IN_FOLDER(test_settled),
        IN_FOLDER(test_out_of_range),  IN_FOLDER(test_hostile_numbers),
        IN_FOLDER(test_hostile_words), IN_FOLDER(test_hostile_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
