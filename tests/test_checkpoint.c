/* Checkpoints of every learning rule, as a study keeps them, whole and damaged. */
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

enum { P = 3 * 1 + 3 * 3 + 3 + 3 + 1 };

/* A checkpoint of a trial that keeps S floats per parameter, with or without a best validation. */
struct model {
    struct wr_trial_checkpoint checkpoint;
    float parameters[P], optimizer[2 * P], best[P];
};

static void make_model(struct model *model, size_t states, bool best, bool waits) {
    for (size_t i = 0; i < P; i++) {
        model->parameters[i] = (float)i + 0.5f;
        model->best[i] = -(float)i;
    }
    for (size_t i = 0; i < (size_t)2 * P; i++)
        model->optimizer[i] = 1 / ((float)i + 1);
    model->checkpoint =
        (struct wr_trial_checkpoint){.id = 1,
                                     .epoch = 9,
                                     .parameters = model->parameters,
                                     .parameter_count = P,
                                     .optimizer = states > 0 ? model->optimizer : NULL,
                                     .best = best ? model->best : NULL,
                                     .best_epoch = best ? 4 : 0,
                                     .validated = best ? 0.1 : 0,
                                     .waited = best ? 2 : 0,
                                     .waits = waits,
                                     .score = waits ? 1.0 / 3 : 0,
                                     .seconds = 0.5};
}

static wr_status read_model(const char *path, struct wr_trial_checkpoint *checkpoint, void **memory,
                            struct wr_error *error) {
    struct wr_study *study = open_study(path, WR_STUDY_READ);
    wr_status status = wr_study_read_checkpoint(study, 1, checkpoint, memory, error);
    wr_study_close(study);
    return status;
}

static void check_model(const char *path, const struct model *model, size_t states) {
    const struct wr_trial_checkpoint *expected = &model->checkpoint;
    struct wr_error error = {0};
    struct wr_trial_checkpoint c;
    void *memory;
    assert_ok(read_model(path, &c, &memory, &error), &error);
    assert_true(c.id == 1 && c.epoch == 9 && c.parameter_count == P);
    assert_memory_equal(c.parameters, model->parameters, sizeof model->parameters);
    assert_int_equal(c.optimizer != NULL, states > 0);
    if (states > 0)
        assert_memory_equal(c.optimizer, model->optimizer, states * P * sizeof(float));
    assert_int_equal(c.best != NULL, expected->best != NULL);
    if (c.best != NULL) {
        assert_memory_equal(c.best, model->best, sizeof model->best);
        assert_true(c.validated == expected->validated);
    }
    assert_true(c.best_epoch == expected->best_epoch && c.waited == expected->waited);
    assert_true(c.waits == expected->waits && (!c.waits || c.score == expected->score));
    free(memory);
}

static void assert_damaged(void) {
    struct wr_error error = {0};
    struct wr_trial_checkpoint c;
    void *memory;
    wr_status status = read_model(STUDY, &c, &memory, &error);
    assert_error(status, &error, WR_ERR_DATA, STUDY ": ", "checkpoint of trial 1 is damaged");
    assert_null(memory);
}

static void assert_damage_is_found(const struct model *model, size_t parts) {
    static const char *const changes[] = {"epoch = 8",       "best_epoch = 5", "waited = 3",
                                          "validated = 0.2", "score = 0.5",    "score = NULL"};
    int bytes = (int)(sizeof(float) * P * parts) + WR_CHECKPOINT_HASH;
    char sql[96];
    for (int at = 0; at < bytes; at += at % 31 == 30 ? 1 : 5) {
        flip_bit(STUDY, "checkpoint", "parameters", 1, at);
        assert_damaged();
        flip_bit(STUDY, "checkpoint", "parameters", 1, at);
    }
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        bool of_best = i > 0 && i < 4, of_score = i >= 4;
        if ((of_best && model->checkpoint.best == NULL) || (of_score && !model->checkpoint.waits))
            continue;
        assert_int_equal(system("cp study.db whole"), 0);
        snprintf(sql, sizeof sql, "UPDATE checkpoint SET %s", changes[i]);
        spoil(STUDY, sql);
        assert_damaged();
        assert_int_equal(system("mv whole study.db"), 0);
    }
}

static void test_checkpoints(void **state) {
    (void)state;
    for (enum wr_optimizer optimizer = 0; optimizer <= WR_OPTIMIZER_ADAM; optimizer++)
        for (int kind = 0; kind < 4; kind++) {
            struct wr_error error = {0};
            struct wr_trial_options trial = base;
            struct wr_trial_state states[1];
            struct wr_merge_report report;
            struct model model;
            wr_rule_init(&trial.rule, optimizer);
            size_t S = wr_rule_states(&trial.rule);
            make_model(&model, S, kind % 2 != 0, kind / 2 != 0);
            struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
            const struct wr_setting settings[] = {{"inputs", "x", true}, {"target", "x", true}};
            assert_ok(wr_study_settle(study, settings, 2, &error), &error);
            assert_ok(wr_study_add(study, &trial, NULL, 1, states, NULL, &error), &error);
            if (S > 0) {
                struct wr_trial_checkpoint less = model.checkpoint;
                less.optimizer = NULL;
                wr_status status = wr_study_commit(study, NULL, 0, &less, 1, &error);
                assert_error(status, &error, WR_ERR_USAGE, "trial 1: ", "optimizer's state");
            }
            assert_ok(wr_study_commit(study, NULL, 0, &model.checkpoint, 1, &error), &error);
            assert_ok(wr_study_add(study, &trial, NULL, 1, states, NULL, &error), &error);
            assert_true(states[0].epoch == 9 && states[0].status == WR_TRIAL_PENDING);
            assert_true(model.checkpoint.waits ? states[0].score == model.checkpoint.score
                                               : isnan(states[0].score));
            wr_study_close(study);
            check_model(STUDY, &model, S);
            assert_damage_is_found(&model, 1 + S + (kind % 2 != 0));

            study = open_study("merged.db", WR_STUDY_WRITE);
            struct wr_study *from = open_study(STUDY, WR_STUDY_READ);
            assert_ok(wr_study_merge(study, from, &report, &error), &error);
            assert_true(report.pending == 1 && report.added == 1 && report.taken == 0);
            wr_study_close(from);
            wr_study_close(study);
            check_model("merged.db", &model, S);
            assert_int_equal(system("rm ./*"), 0);
        }
}

/* The blob must have the parts that the other columns tell of. */
static void test_checkpoint_parts(void **state) {
    (void)state;
    static const char *const changes[] = {
        "UPDATE checkpoint SET best_epoch = NULL", "UPDATE trial SET optimizer = 'sgd'",
        "UPDATE trial SET optimizer = 'rmsprop'", "UPDATE trial SET hidden = 4"};
    struct wr_error error = {0};
    struct wr_trial_options trial = base;
    struct wr_trial_state states[1];
    struct model model;
    wr_rule_init(&trial.rule, WR_OPTIMIZER_ADAM);
    make_model(&model, 2, true, false);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
        const struct wr_setting settings[] = {{"inputs", "x", true}, {"target", "x", true}};
        assert_ok(wr_study_settle(study, settings, 2, &error), &error);
        assert_ok(wr_study_add(study, &trial, NULL, 1, states, NULL, &error), &error);
        assert_ok(wr_study_commit(study, NULL, 0, &model.checkpoint, 1, &error), &error);
        wr_study_close(study);
        spoil(STUDY, changes[i]);
        assert_refused(STUDY, WR_STUDY_READ, WR_ERR_DATA, "the checkpoint of trial 1 has ");
        assert_int_equal(system("rm ./*"), 0);
    }
}

/* A trial whose damaged checkpoint was removed begins anew, and so does its curve. */
static void test_curve_begins_anew(void **state) {
    (void)state;
    static const char curve[] = "SELECT group_concat(epoch || ' ' || loss) FROM curve";
    struct wr_error error = {0};
    struct model model;
    struct wr_trial_state states[1];
    const struct wr_curve_point points[] = {{0, 4}, {1, 3}, {2, NAN}, {3, 1e-7f}};
    make_model(&model, 0, false, false);
    struct wr_study *study = open_study(STUDY, WR_STUDY_WRITE);
    assert_ok(wr_study_add(study, &base, NULL, 1, states, NULL, &error), &error);
    model.checkpoint.curve = points;
    model.checkpoint.curve_count = 2;
    assert_ok(wr_study_commit(study, NULL, 0, &model.checkpoint, 1, &error), &error);
    wr_study_close(study);
    assert_answer(STUDY, curve, "0 4.0,1 3.0");
    spoil(STUDY, "DELETE FROM checkpoint");
    study = open_study(STUDY, WR_STUDY_WRITE);
    model.checkpoint.curve_count = 1;
    assert_ok(wr_study_commit(study, NULL, 0, &model.checkpoint, 1, &error), &error);
    const struct wr_trial_outcome outcome = {
        .id = 1, .status = WR_TRIAL_PRUNED, .epochs = 4, .curve = points + 1, .curve_count = 3};
    assert_ok(wr_study_commit(study, &outcome, 1, NULL, 0, &error), &error);
    wr_study_close(study);
    assert_answer(STUDY, curve, "0 4.0,1 3.0,3 1.00000001e-07");
    assert_answer(STUDY, "SELECT points FROM curves", "0,4,1,3,3,1.00000001e-07");
    assert_answer(STUDY, "SELECT status || epochs FROM trial", "pruned4");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_checkpoints),
        IN_FOLDER(test_checkpoint_parts),
        IN_FOLDER(test_curve_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
