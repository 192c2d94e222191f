/* The contents of a study: settings, trials, how they end, whose parameters are kept, groups. */
#include "study_support.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "sweep/trial.h"
#include "windrow/version.h"

#define STUDY "study.db"

/* ---- settings ---- */

static void test_settings(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    const struct wr_setting first[] = {{"data", "0123 it's", true}, {"host", "a", false}};
    assert_ok(wr_study_settle(study, first, 2, &error), &error);
    const struct wr_setting more[] = {{"epochs", "500", true}}; /* no trials yet */
    assert_ok(wr_study_settle(study, more, 1, &error), &error);
    wr_study_close(study);

    study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[1];
    add_trials(study, 1, states);
    const struct wr_setting same[] = {
        {"epochs", "500", true}, {"host", "b", false}, {"data", "0123 it's", true}};
    assert_ok(wr_study_settle(study, same, 3, &error), &error);
    const struct wr_setting other[] = {{"new", "1", false}, {"epochs", "501", true}};
    wr_status status = wr_study_settle(study, other, 2, &error);
    assert_error(status, &error, WR_ERR_DATA, STUDY ": ", "epochs 500, not 501");
    const struct wr_setting late[] = {{"scale", "none", true}};
    status = wr_study_settle(study, late, 1, &error);
    assert_error(status, &error, WR_ERR_DATA, STUDY ": ", "scale");
    const struct wr_setting free_one[] = {{"note", "", false}};
    assert_ok(wr_study_settle(study, free_one, 1, &error), &error);

    char *value;
    assert_ok(wr_study_setting(study, "host", &value, &error), &error);
    assert_string_equal(value, "b"); /* the last one is kept */
    free(value);
    assert_ok(wr_study_setting(study, "new", &value, &error), &error);
    assert_null(value); /* all or nothing */
    assert_ok(wr_study_setting(study, "note", &value, &error), &error);
    assert_string_equal(value, "");
    free(value);
    wr_study_close(study);

    study = open_study(STUDY, WR_STUDY_READ); /* compares and stores nothing */
    assert_ok(wr_study_settle(study, same, 3, &error), &error);
    assert_ok(wr_study_settle(study, other, 1, &error), &error);
    status = wr_study_settle(study, other, 2, &error);
    assert_error(status, &error, WR_ERR_DATA, STUDY ": ", "epochs 500, not 501");
    wr_study_close(study);
    assert_answer(STUDY, "SELECT group_concat(name || fixed) FROM study",
                  "data1,epochs1,host0,note0");
}

/* ---- adding ---- */

struct seen {
    struct wr_trial trials[MOST_TRIALS];
    char why[MOST_TRIALS][32], device[MOST_TRIALS][32];
    size_t count, stop_after;
};

static wr_status see(void *context, const struct wr_trial *trial) {
    struct seen *seen = context;
    snprintf(seen->why[seen->count], sizeof *seen->why, "%s", trial->why);
    snprintf(seen->device[seen->count], sizeof *seen->device, "%s", trial->device);
    seen->trials[seen->count++] = *trial;
    return seen->count == seen->stop_after ? WR_ERR_STOPPED : WR_OK;
}

static struct seen look(struct wr_study *study, struct wr_trial_query query) {
    struct seen seen = {0};
    struct wr_error error = {0};
    assert_ok(wr_study_trials(study, &query, see, &seen, &error), &error);
    return seen;
}

static void assert_same_options(const struct wr_trial_options *a,
                                const struct wr_trial_options *b) {
    assert_int_equal(a->hidden, b->hidden);
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->batch, b->batch);
    assert_int_equal(a->init, b->init);
    assert_memory_equal(&a->lr, &b->lr, sizeof a->lr);
    assert_memory_equal(&a->clip, &b->clip, sizeof a->clip);
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(wr_trial_options_compare(a, b), 0);
}

static void test_add(void **state) {
    (void)state;
    struct wr_error error = {0};
    const struct wr_trial_options options[] = {
        {20, 5, 1, WR_INIT_NOTEBOOK, 1e-4f, 1, 0, {0}},
        {20, 5, WR_BATCH_ALL, WR_INIT_PYTORCH, 3e-7f, 0, UINT32_MAX, {0}},
        {UINT32_MAX, UINT32_MAX, UINT32_MAX, WR_INIT_NOTEBOOK, FLT_MAX, FLT_MIN, 7, {0}},
        {20, 5, 1, WR_INIT_NOTEBOOK, 0x1.000002p-13f, 0x1p-149f, 1, {0}},
        {20, 5, 1, WR_INIT_NOTEBOOK, 0, 0.1f, 2, {0}}};
    enum { COUNT = sizeof options / sizeof *options };
    struct wr_trial_state states[COUNT + 1];
    size_t added;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_add(study, options, NULL, 2, states, &added, &error), &error);
    assert_int_equal(added, 2);
    wr_study_close(study);

    /* A larger grid: the trials that exist keep their ids. */
    study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_add(study, options, NULL, COUNT, states, &added, &error), &error);
    assert_int_equal(added, COUNT - 2);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(states[i].id, i + 1);
        assert_int_equal(states[i].status, WR_TRIAL_PENDING);
        assert_int_equal(states[i].epoch, 0);
    }
    const struct wr_trial_options reversed[] = {options[4], options[0], options[4]};
    assert_ok(wr_study_add(study, reversed, NULL, 3, states, NULL, &error), &error);
    assert_int_equal(states[0].id, 5);
    assert_int_equal(states[1].id, 1);
    assert_int_equal(states[2].id, 5);

    struct seen seen = look(study, (struct wr_trial_query){0});
    assert_int_equal(seen.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(seen.trials[i].id, i + 1);
        assert_same_options(&seen.trials[i].options, &options[i]);
        assert_true(isnan(seen.trials[i].score) && isnan(seen.trials[i].loss));
        assert_string_equal(seen.why[i], "");
        assert_false(seen.trials[i].kept);
    }
    wr_study_close(study);
    assert_answer(STUDY, "SELECT lr FROM trial WHERE id = 1", "0.0001");
    assert_answer(STUDY, "SELECT lr FROM trial WHERE id = 2", "3.0e-07");
    assert_answer(STUDY, "SELECT clip FROM trial WHERE id = 5", "0.1");
    assert_answer(STUDY, "SELECT init || batch || seed FROM trial WHERE id = 2",
                  "pytorch04294967295");
    assert_answer(STUDY, "SELECT count(*) FROM trial WHERE lr = 0.0001", "1");
    assert_answer(STUDY, "SELECT group_concat(status || count) FROM progress", "pending5");
}

/* Every float is found again with the same bits, also with a locale that has a decimal comma. */
static void test_floats(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    static const char make[] =
        "localedef -i de_DE -f UTF-8 '" WR_TEST_BINARY_DIR "/de_DE.UTF-8' >/dev/null 2>&1";
    static struct wr_trial_options options[COUNT];
    static struct wr_trial_state states[COUNT], again[COUNT];
    struct wr_error error = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t bits = i * 2654435761u % 0x7f800000;
        options[i] = (struct wr_trial_options){.hidden = 1, .window = 1, .batch = 1, .seed = i};
        memcpy(&options[i].lr, &bits, sizeof bits);
        options[i].clip = (float)i / 1000;
    }
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_add(study, options, NULL, COUNT, states, NULL, &error), &error);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && system(make) == 0)
        setenv("LOCPATH", WR_TEST_BINARY_DIR, 1);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        print_message("tested in \"C\" alone: no locale de_DE, and none can be made\n");
    size_t added;
    wr_status status = wr_study_add(study, options, NULL, COUNT, again, &added, &error);
    setlocale(LC_ALL, "C");
    assert_ok(status, &error);
    assert_int_equal(added, 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(again[i].id, states[i].id);
        if (i % 100 != 0)
            continue;
        struct seen one = look(study, (struct wr_trial_query){.id = states[i].id});
        assert_int_equal(one.count, 1);
        assert_same_options(&one.trials[0].options, &options[i]);
    }
    wr_study_close(study);
}

static void test_many(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    struct wr_trial_options *options = calloc(COUNT, sizeof *options);
    struct wr_trial_state *states = calloc(COUNT, sizeof *states);
    assert_true(options != NULL && states != NULL);
    for (uint32_t i = 0; i < COUNT; i++)
        options[i] = (struct wr_trial_options){.hidden = 1 + i / 10000,
                                               .window = 5,
                                               .batch = 1,
                                               .lr = (float)(1 + i / 1000 % 10) * 1e-4f,
                                               .clip = 1,
                                               .seed = i % 1000};
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    size_t added;
    assert_ok(wr_study_add(study, options, NULL, COUNT, states, &added, &error), &error);
    assert_int_equal(added, COUNT);
    assert_int_equal(states[COUNT - 1].id, COUNT);
    struct wr_study_counts counts;
    assert_ok(wr_study_count(study, &counts, &error), &error);
    assert_int_equal(counts.trials, COUNT);
    assert_int_equal(counts.pending, COUNT);
    wr_study_close(study);
    free(options);
    free(states);
}

/* ---- how trials end ---- */

/* Appends "epoch loss," to the text that context is. */
static wr_status write_point(void *context, const struct wr_curve_point *point) {
    char *text = context;
    size_t length = strlen(text);
    snprintf(text + length, 64 - length, "%zu %g,", point->epoch, (double)point->loss);
    return WR_OK;
}

/* The loss curve of a trial as text, valid until the next call. */
static const char *curve_of(struct wr_study *study, int64_t id) {
    static char text[64];
    struct wr_error error = {0};
    text[0] = '\0';
    assert_ok(wr_study_curve(study, id, write_point, text, &error), &error);
    return text;
}

static void test_outcomes(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[5];
    add_trials(study, 5, states);
    const float parameters[] = {1, -0.5f, NAN};
    const struct wr_curve_point curve[] = {{1, 2}, {2, INFINITY}, {3, 0.5f}, {4, NAN}};
    const struct wr_trial_outcome outcomes[] = {
        {.id = 2,
         .status = WR_TRIAL_DONE,
         .loss = 0.5,
         .validation_loss = NAN,
         .score = 0.25,
         .hash = 0x123456789abcdef,
         .parameters = parameters,
         .parameter_count = 3,
         .curve = curve,
         .curve_count = 4,
         .device = "opencl:0.0",
         .seconds = 1.5},
        {.id = 3,
         .status = WR_TRIAL_DIVERGED,
         .diverged_at = 4,
         .loss = INFINITY,
         .validation_loss = -INFINITY,
         .score = 1, /* only trials that are done are ranked */
         .hash = 7,
         .parameters = parameters,
         .parameter_count = 3,
         .device = "cpu",
         .seconds = INFINITY},
        {.id = 5, .status = WR_TRIAL_FAILED, .why = "it's too large", .loss = NAN, .score = NAN},
        {.id = 1, .status = WR_TRIAL_DONE, .loss = 1, .validation_loss = 2, .score = NAN}};
    assert_ok(wr_study_commit(study, outcomes, 4, NULL, 0, &error), &error);

    struct seen seen = look(study, (struct wr_trial_query){0});
    assert_int_equal(seen.count, 5);
    const struct wr_trial *trials = seen.trials;
    assert_int_equal(trials[0].status, WR_TRIAL_DONE);
    assert_true(trials[0].loss == 1 && trials[0].validation_loss == 2 && isnan(trials[0].score));
    assert_int_equal(trials[1].status, WR_TRIAL_DONE);
    assert_true(trials[1].loss == 0.5 && isnan(trials[1].validation_loss));
    assert_true(trials[1].score == 0.25 && trials[1].seconds == 1.5 && trials[1].kept);
    assert_true(trials[1].hash == 0x123456789abcdef);
    assert_string_equal(seen.device[1], "opencl:0.0");
    assert_int_equal(trials[2].status, WR_TRIAL_DIVERGED);
    assert_int_equal(trials[2].diverged_at, 4);
    assert_true(isnan(trials[2].loss) && isnan(trials[2].score) && !trials[2].kept);
    assert_string_equal(curve_of(study, 2), "1 2,3 0.5,"); /* finite losses alone */
    assert_string_equal(curve_of(study, 1), "");
    assert_string_equal(curve_of(study, 6), ""); /* no such trial */
    assert_int_equal(trials[3].status, WR_TRIAL_PENDING);
    assert_int_equal(trials[4].status, WR_TRIAL_FAILED);
    assert_string_equal(seen.why[4], "it's too large");
    assert_true(trials[4].hash == 0);

    struct wr_study_counts counts;
    assert_ok(wr_study_count(study, &counts, &error), &error);
    assert_true(counts.trials == 5 && counts.pending == 1 && counts.done == 2);
    assert_true(counts.diverged == 1 && counts.failed == 1 && counts.seconds == 1.5);

    float *kept;
    size_t count;
    assert_ok(wr_study_read_parameters(study, 2, &kept, &count, &error), &error);
    assert_int_equal(count, 3);
    uint32_t bits[3];
    memcpy(bits, kept, sizeof bits);
    free(kept);
    assert_true(bits[0] == 0x3f800000 && bits[1] == 0xbf000000 && bits[2] == 0x7fc00000);
    assert_ok(wr_study_read_parameters(study, 3, &kept, &count, &error), &error);
    assert_true(kept == NULL && count == 0);
    wr_study_close(study);

    assert_answer(STUDY, "SELECT hash FROM trial WHERE id = 2", "0123456789abcdef");
    assert_answer(STUDY, "SELECT hex(value) FROM parameters", "0000803F000000BF0000C07F");
    assert_answer(STUDY, "SELECT group_concat(trial || ' ' || epoch || ' ' || loss) FROM curve",
                  "2 1 2.0,2 3 0.5");
    assert_answer(STUDY,
                  "SELECT typeof(loss) || typeof(score) || typeof(seconds) FROM trial"
                  " WHERE id = 3",
                  "nullnullnull");
    assert_answer(STUDY, "SELECT typeof(hash) FROM trial WHERE id = 5", "null");
    assert_answer(STUDY, "SELECT version FROM trial WHERE id = 2", WR_VERSION);
    assert_answer(STUDY, "SELECT group_concat(id || ' ' || diverged_at) FROM diverged", "3 4");
    assert_answer(STUDY, "SELECT group_concat(id) FROM best", "2,1");
}

static void test_commit_is_whole(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[3];
    add_trials(study, 3, states);
    const struct wr_trial_outcome outcomes[] = {{.id = 1, .status = WR_TRIAL_DONE},
                                                {.id = 99, .status = WR_TRIAL_DONE}};
    wr_status status = wr_study_commit(study, outcomes, 2, NULL, 0, &error);
    assert_error(status, &error, WR_ERR_USAGE, STUDY ": ", "99");
    const float parameter = 1;
    const struct wr_trial_checkpoint checkpoints[] = {
        {.id = 2, .epoch = 1, .parameters = &parameter, .parameter_count = 1},
        {.id = 98, .epoch = 1, .parameters = &parameter, .parameter_count = 1}};
    status = wr_study_commit(study, outcomes, 1, checkpoints, 2, &error);
    assert_error(status, &error, WR_ERR_USAGE, STUDY ": ", "has no trial 98");
    struct wr_study_counts counts;
    assert_ok(wr_study_count(study, &counts, &error), &error);
    assert_int_equal(counts.pending, 3);
    wr_study_close(study);
    assert_answer(STUDY, "SELECT count(*) FROM checkpoint", "0");
}

/* Whatever would make a study that cannot be opened again is refused before anything is written. */
static void test_unreadable(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[1];
    add_trials(study, 1, states);
    const struct wr_trial_options bad[] = {
        {0, 5, 1, WR_INIT_NOTEBOOK, 1, 1, 0, {0}},
        {SIZE_MAX, 5, 1, WR_INIT_NOTEBOOK, 1, 1, 0, {0}},
        {2, 0, 1, WR_INIT_NOTEBOOK, 1, 1, 0, {0}},
        {2, 5, SIZE_MAX, WR_INIT_NOTEBOOK, 1, 1, 0, {0}},
        {2, 5, 1, (enum wr_init)7, 1, 1, 0, {0}},
        {2, 5, 1, WR_INIT_NOTEBOOK, -1, 1, 0, {0}},
        {2, 5, 1, WR_INIT_NOTEBOOK, INFINITY, 1, 0, {0}},
        {2, 5, 1, WR_INIT_NOTEBOOK, 1, NAN, 0, {0}},
    };
    static const char *const fields[] = {"hidden", "hidden", "window", "batch",
                                         "init",   "lr",     "lr",     "clip"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char field[16];
        snprintf(field, sizeof field, "`%s` ", fields[i]);
        assert_error(wr_study_add(study, &bad[i], NULL, 1, states, NULL, &error), &error,
                     WR_ERR_USAGE, field, "needed");
    }
    const struct wr_setting settings[] = {{"epochs", "12x", false},
                                          {"validate", "2", false},
                                          {"validate", "0.5x", false},
                                          {"shard", "0/72057594037927936", false},
                                          {"note", "\xff", false}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        assert_error(wr_study_settle(study, &settings[i], 1, &error), &error, WR_ERR_USAGE,
                     STUDY ": the setting ", settings[i].name);
    assert_ok(wr_study_settle(study, &(struct wr_setting){"epochs", "20", false}, 1, &error),
              &error);
    const struct wr_trial_outcome outcomes[] = {
        {.id = 1, .status = WR_TRIAL_PENDING},
        {.id = 1, .status = (enum wr_trial_status)12},
        {.id = 1, .status = WR_TRIAL_DONE, .seconds = -1},
        {.id = 1, .status = WR_TRIAL_DIVERGED, .diverged_at = SIZE_MAX},
        {.id = 1, .status = WR_TRIAL_DONE, .epochs = SIZE_MAX},
        {.id = 1, .status = WR_TRIAL_PRUNED, .best_epoch = (size_t)UINT32_MAX + 1}};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        assert_error(wr_study_commit(study, &outcomes[i], 1, NULL, 0, &error), &error, WR_ERR_USAGE,
                     "trial 1: ", "cannot have");
    const float parameter = 1;
    static const size_t epochs[] = {0, 20, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        const struct wr_trial_checkpoint checkpoint = {
            .id = 1, .epoch = epochs[i], .parameters = &parameter, .parameter_count = 1};
        assert_error(wr_study_commit(study, NULL, 0, &checkpoint, 1, &error), &error, WR_ERR_USAGE,
                     "trial 1: ", "cannot be one after");
    }
    const struct wr_trial_checkpoint odd[] = {
        {.best_epoch = 3, .validated = 1},
        {.best_epoch = 3, .validated = NAN, .best = &parameter},
        {.waits = true, .score = INFINITY},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct wr_trial_checkpoint checkpoint = odd[i];
        checkpoint.id = 1;
        checkpoint.epoch = 5;
        checkpoint.parameters = &parameter;
        checkpoint.parameter_count = 1;
        assert_error(wr_study_commit(study, NULL, 0, &checkpoint, 1, &error), &error, WR_ERR_USAGE,
                     "trial 1: ", "a checkpoint cannot have best_epoch");
    }
    wr_study_close(study);
    study = open_study(STUDY, WR_STUDY_READ);
    wr_study_close(study);
    assert_answer(STUDY, "SELECT count(*) FROM trial WHERE status = 'pending'", "1");
    assert_error(wr_study_open(STUDY, (enum wr_study_mode)9, &study, &error), &error, WR_ERR_USAGE,
                 STUDY ": ", "mode 9");
}

static void test_checkpoints(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[2];
    add_trials(study, 2, states);
    float parameters[] = {1, 2, 3};
    struct wr_trial_checkpoint read;
    void *memory;
    const struct wr_curve_point points[] = {{1, 8}, {10, 4}, {20, 2}};
    struct wr_trial_checkpoint checkpoint = {.id = 2,
                                             .epoch = 10,
                                             .parameters = parameters,
                                             .parameter_count = 3,
                                             .curve = points,
                                             .curve_count = 2,
                                             .seconds = 1.5};
    assert_ok(wr_study_commit(study, NULL, 0, &checkpoint, 1, &error), &error);
    parameters[0] = 7;
    checkpoint.epoch = 15;
    checkpoint.curve_count = 0;
    checkpoint.seconds = 0.25;
    assert_ok(wr_study_commit(study, NULL, 0, &checkpoint, 1, &error), &error);
    wr_study_close(study);

    study = open_study(STUDY, WR_STUDY_WRITE);
    add_trials(study, 2, states);
    assert_true(states[0].epoch == 0 && states[1].epoch == 15);
    assert_int_equal(states[1].status, WR_TRIAL_PENDING);
    assert_ok(wr_study_read_checkpoint(study, 2, &read, &memory, &error), &error);
    assert_int_equal(read.id, 2);
    assert_int_equal(read.epoch, 15);
    assert_int_equal(read.parameter_count, 3);
    assert_memory_equal(read.parameters, parameters, sizeof parameters);
    assert_true(read.optimizer == NULL && read.best == NULL && read.best_epoch == 0);
    assert_true(read.waited == 0 && !read.waits);
    free(memory);
    wr_status status = wr_study_read_checkpoint(study, 1, &read, &memory, &error);
    assert_error(status, &error, WR_ERR_DATA, STUDY ": ", "trial 1 has no checkpoint");
    assert_null(memory);
    struct wr_study_counts counts;
    assert_ok(wr_study_count(study, &counts, &error), &error);
    assert_true(counts.seconds == 1.75);

    /* A trial that failed continues from it, too. */
    const struct wr_trial_outcome failed = {.id = 2, .status = WR_TRIAL_FAILED, .why = "memory"};
    assert_ok(wr_study_commit(study, &failed, 1, NULL, 0, &error), &error);
    add_trials(study, 2, states);
    assert_true(states[1].epoch == 15 && states[1].status == WR_TRIAL_FAILED);
    assert_ok(wr_study_count(study, &counts, &error), &error);
    assert_true(counts.seconds == 1.75);

    const struct wr_trial_outcome outcome = {
        .id = 2, .status = WR_TRIAL_DONE, .curve = points + 2, .curve_count = 1, .seconds = 4};
    assert_ok(wr_study_commit(study, &outcome, 1, NULL, 0, &error), &error);
    add_trials(study, 2, states);
    assert_true(states[1].epoch == 0 && states[1].status == WR_TRIAL_DONE);
    assert_string_equal(curve_of(study, 2), "1 8,10 4,20 2,");
    wr_study_close(study);
    assert_answer(STUDY, "SELECT count(*) FROM checkpoint", "0");
    assert_answer(STUDY, "SELECT seconds FROM trial WHERE id = 2", "5.75");
    assert_answer(STUDY, "SELECT group_concat(epoch || ' ' || loss) FROM curve",
                  "1 8.0,10 4.0,20 2.0");
}

/* ---- whose parameters are kept ---- */

/* Trials with equal scores, in every order of completion, with two divisions into commits. */
static void test_keep(void **state) {
    (void)state;
    enum { COUNT = 5, ORDERS = 120 };
    static const double scores[COUNT] = {2, 1, 2, NAN, 1};
    static const struct {
        size_t best;
        const char *kept;
    } cases[] = {{0, ""},      {1, "2"},       {2, "2,5"},
                 {3, "1,2,5"}, {4, "1,2,3,5"}, {SIZE_MAX, "1,2,3,4,5"}};
    struct wr_error error = {0};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int order = 0; order < ORDERS; order += c == 2 ? 1 : 17) {
            char path[32];
            snprintf(path, sizeof path, "%zu-%d.db", c, order);
            struct wr_study *study = open_study(path, WR_STUDY_WRITE);
            struct wr_trial_state states[COUNT];
            add_trials(study, COUNT, states);
            wr_study_keep(study, cases[c].best);
            struct wr_trial_outcome outcomes[COUNT];
            float parameters[COUNT];
            int left[COUNT] = {0, 1, 2, 3, 4};
            for (int i = 0, code = order; i < COUNT; i++) { /* order: factorial digits */
                int pick = code % (COUNT - i), trial = left[pick];
                code /= COUNT - i;
                left[pick] = left[COUNT - i - 1];
                parameters[i] = (float)trial;
                outcomes[i] = (struct wr_trial_outcome){.id = states[trial].id,
                                                        .status = WR_TRIAL_DONE,
                                                        .score = scores[trial],
                                                        .parameters = &parameters[i],
                                                        .parameter_count = 1};
            }
            const size_t step = order % 2 == 0 ? 1 : 2;
            for (size_t i = 0; i < COUNT; i += step)
                assert_ok(wr_study_commit(study, outcomes + i, COUNT - i < step ? COUNT - i : step,
                                          NULL, 0, &error),
                          &error);
            wr_study_close(study);
            assert_answer(path, "SELECT group_concat(trial) FROM parameters", cases[c].kept);
            assert_answer(path, "SELECT group_concat(id) FROM best", "2,5,1,3,4");
            remove(path);
        }
}

static void test_keep_by_default(void **state) {
    (void)state;
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[20];
    add_trials(study, 20, states);
    for (int i = 0; i < 20; i++)
        commit_done(study, states[i].id, (float)(i * 7 % 20), 3);
    wr_study_close(study);
    assert_answer(STUDY, "SELECT count(*) FROM parameters", "10");
    assert_answer(STUDY, "SELECT max(score) FROM trial JOIN parameters ON trial = id", "9.0");
}

/* ---- queries ---- */

static void test_queries(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_trial_state states[12];
    add_trials(study, 12, states);
    for (int i = 0; i < 10; i++)
        commit_done(study, states[i].id, (float)(i * 3 % 10), 1);
    struct seen seen = look(study, (struct wr_trial_query){.best = true});
    assert_int_equal(seen.count, 10);
    for (size_t i = 0; i < 10; i++)
        assert_true(seen.trials[i].score == (double)i);
    seen = look(study, (struct wr_trial_query){.best = true, .most = 3});
    assert_int_equal(seen.count, 3);
    seen = look(study, (struct wr_trial_query){.most = 4});
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.trials[3].id, 4);
    seen = look(study, (struct wr_trial_query){.hidden = 7});
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.trials[0].options.hidden, 7);
    seen = look(study, (struct wr_trial_query){.id = 3});
    assert_int_equal(seen.trials[0].id, 3);
    assert_int_equal(look(study, (struct wr_trial_query){.id = 13}).count, 0);
    assert_int_equal(look(study, (struct wr_trial_query){.hidden = 11, .best = true}).count, 0);
    seen = (struct seen){.stop_after = 2};
    struct wr_trial_query all = {0};
    assert_int_equal(wr_study_trials(study, &all, see, &seen, &error), WR_ERR_STOPPED);
    assert_int_equal(seen.count, 2);
    wr_study_close(study);
}

static void test_empty(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    struct wr_study_counts counts;
    assert_ok(wr_study_count(study, &counts, &error), &error);
    assert_true(counts.trials == 0 && counts.seconds == 0);
    assert_int_equal(look(study, (struct wr_trial_query){.best = true}).count, 0);
    assert_ok(wr_study_commit(study, NULL, 0, NULL, 0, &error), &error);
    assert_ok(wr_study_add(study, NULL, NULL, 0, NULL, NULL, &error), &error);
    wr_study_close(study);
    wr_study_close(NULL);
    assert_string_equal(wr_trial_status_name(WR_TRIAL_FAILED), "failed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_settings),   IN_FOLDER(test_add),
        IN_FOLDER(test_floats),     IN_FOLDER(test_many),
        IN_FOLDER(test_outcomes),   IN_FOLDER(test_commit_is_whole),
        IN_FOLDER(test_unreadable), IN_FOLDER(test_checkpoints),
        IN_FOLDER(test_keep),       IN_FOLDER(test_keep_by_default),
        IN_FOLDER(test_queries),    IN_FOLDER(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
